"""The state tree: a compact sparse Merkle tree over exactly the records that a network lists in one circle.

A record lies at its **key**, 256 bits, most significant bit first. An **entry** is what a subtree adds up to:

```
empty                       None                hashes to 32 zero bytes
leaf (key, commitment)      carried up alone    hashes to SHA-256(0x00 || key || commitment)
node (hash)                 two halves          hash = SHA-256(0x01 || left || right)
```
empty + empty = empty; empty + leaf = that leaf; everything else is a node. The root depends on the set alone.

Whoever combines entries that came from outside must have them in this tagged form and check that each leaf's key
lies where it is shown: with bare hashes, forged pages pass.

**Storage**: the tree is kept as pages, one for each hexadecimal prefix (a *branch* of 16 entries, or a *bucket* of at
most 64 leaves), reached through a function `read(prefix) -> bytes | None`. A change of k leaves writes
O(k log n) pages.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from operator import attrgetter
from struct import Struct

import msgspec

from fednet.errors import FednetError, LimitError, MalformedError, MisplacedLeafError
from fednet.feed.tlog import HASH_SIZE

KEY_BITS = 256
FANOUT = 16
MAX_NODE_DEPTH = 96  # a node below that bit is refused: no honest key set of 4 million reaches it
MAX_PAGE_DEPTH = MAX_NODE_DEPTH // 4
BUCKET = 64

_ZERO = bytes(HASH_SIZE)
_LOWEST_BIT = KEY_BITS - 1 - MAX_NODE_DEPTH  # weight of the bit that divides the deepest node


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """One record: where it lies and what it commits to, 32 bytes each."""

    key: bytes
    commitment: bytes

    @property
    def hash(self) -> bytes:
        return sha256(b"\x00" + self.key + self.commitment).digest()

    @property
    def count(self) -> int:
        return 1


class Node(msgspec.Struct, frozen=True, gc=False):
    """Two or more records. `count` is a hint when it came from outside, and takes no part in comparison."""

    hash: bytes
    count: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)


Entry = Leaf | Node | None
_key = attrgetter("key")
Read = Callable[[str], bytes | None]


def entry_hash(entry: Entry) -> bytes:
    return _ZERO if entry is None else entry.hash


def count(entry: Entry) -> int:
    return 0 if entry is None else entry.count


def combine(left: Entry, right: Entry) -> Entry:
    """What two halves add up to."""
    if left is None and not isinstance(right, Node):
        return right
    if right is None and not isinstance(left, Node):
        return left
    node = sha256(b"\x01" + entry_hash(left) + entry_hash(right)).digest()
    return Node(node, count(left) + count(right))


def fold(entries: Sequence[Entry]) -> Entry:
    """What the children of a subtree add up to; as many as a power of two, in order."""
    if all(isinstance(entry, Node) for entry in entries):  # most of a large tree: nothing is carried up
        hashes = [entry_hash(entry) for entry in entries]
        while len(hashes) > 1:
            hashes = [sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes), 2)]
        return Node(hashes[0], sum(map(count, entries)))
    while len(entries) > 1:
        entries = [combine(entries[i], entries[i + 1]) for i in range(0, len(entries), 2)]
    return entries[0]


def fold_leaves(leaves: Sequence[Leaf], prefix: str = "") -> Entry:
    """What leaves, strictly ascending by key and all below the prefix, add up to there.

    Raises LimitError when keys share so many bits that a node would lie below bit 96.
    """
    places = [int.from_bytes(leaf.key, "big") for leaf in leaves]
    digits = len(prefix)
    base = int(prefix or "0", 16) << (KEY_BITS - 4 * digits)
    end = base + (1 << (KEY_BITS - 4 * digits))
    if any(a >= b for a, b in pairwise(places)):
        raise MalformedError("keys must be strictly ascending")
    if places and not base <= places[0] <= places[-1] < end:
        raise MisplacedLeafError(f"a leaf does not lie below {prefix or 'the root'}")
    hashes = [sha256(b"\x00" + leaf.key + leaf.commitment).digest() for leaf in leaves]

    def below(low: int, high: int, start: int, bit: int) -> bytes:
        """Hash of a node over leaves[low:high], high - low > 1; `bit` is the weight of the next bit."""
        if bit < _LOWEST_BIT:
            raise LimitError(f"a node below bit {MAX_NODE_DEPTH} is refused")
        middle = start | 1 << bit
        split = bisect_left(places, middle, low, high)
        left = _ZERO if split == low else hashes[low] if split - low == 1 else below(low, split, start, bit - 1)
        right = _ZERO if split == high else hashes[split] if high - split == 1 else below(split, high, middle, bit - 1)
        return sha256(b"\x01" + left + right).digest()

    if not leaves:
        return None
    if len(leaves) == 1:
        return leaves[0]
    return Node(below(0, len(leaves), base, KEY_BITS - 4 * digits - 1), len(leaves))


def check_children(prefix: str, entries: Sequence[Entry]) -> None:
    """Raise MisplacedLeafError unless each leaf among 16 children lies below its own hexadecimal digit."""
    for digit, entry in enumerate(entries):
        if isinstance(entry, Leaf) and not entry.key.hex().startswith(f"{prefix}{digit:x}"):
            raise MisplacedLeafError(f"leaf {entry.key.hex()} is shown below {prefix}{digit:x}")


# --- pages as stored ------------------------------------------------------------------------------------------------

_NODE = Struct(">c32sI")
_BRANCH = b"B"
_LEAVES = b"L"


def _branch_bytes(entries: Sequence[Entry]) -> bytes:
    parts = [_BRANCH]
    for entry in entries:
        if entry is None:
            parts.append(b"-")
        elif isinstance(entry, Leaf):
            parts.append(b"l" + entry.key + entry.commitment)
        else:
            parts.append(_NODE.pack(b"n", entry.hash, entry.count))
    return b"".join(parts)


def _branch(page: bytes) -> list[Entry]:
    if page[1 :: _NODE.size] == b"n" * FANOUT and len(page) == 1 + _NODE.size * FANOUT:  # most of a large tree
        return [Node(node, below) for _, node, below in _NODE.iter_unpack(page[1:])]
    entries: list[Entry] = []
    at = 1
    while at < len(page):
        tag = page[at : at + 1]
        if tag == b"-":
            entries.append(None)
            at += 1
        elif tag == b"l":
            entries.append(Leaf(page[at + 1 : at + 33], page[at + 33 : at + 65]))
            at += 65
        else:
            entries.append(Node(page[at + 1 : at + 33], int.from_bytes(page[at + 33 : at + 37], "big")))
            at += 37
    return entries


def _bucket_bytes(leaves: Iterable[Leaf]) -> bytes:
    return _LEAVES + b"".join(leaf.key + leaf.commitment for leaf in leaves)


def _bucket(page: bytes) -> list[Leaf]:
    return [Leaf(page[i : i + 32], page[i + 32 : i + 64]) for i in range(1, len(page), 64)]


# --- reading ----------------------------------------------------------------------------------------------------------


def root(read: Read) -> Entry:
    """What the whole tree adds up to."""
    return entry_at(read, "")


def root_hash(entry: Entry) -> bytes:
    """The state root of an edition: the hash of the entry at the top; 32 zero bytes when nothing is listed."""
    return entry_hash(entry)


def entry_at(read: Read, prefix: str) -> Entry:
    """What lies below a hexadecimal prefix."""
    page = read("")
    for depth in range(len(prefix)):
        if page is None:
            return None
        if page[:1] == _LEAVES:
            break
        child = _branch(page)[int(prefix[depth], 16)]
        if not isinstance(child, Node):
            return child if child is not None and child.key.hex().startswith(prefix) else None
        if depth + 1 == len(prefix):
            return child
        page = read(prefix[: depth + 1])
    if page is None:
        return None
    if page[:1] == _BRANCH:
        return fold(_branch(page))
    return fold_leaves([leaf for leaf in _bucket(page) if leaf.key.hex().startswith(prefix)], prefix)


def children(read: Read, prefix: str) -> list[Entry]:
    """The 16 entries below a prefix."""
    page = read(prefix)
    if page is not None and page[:1] == _BRANCH:
        return _branch(page)
    return [entry_at(read, f"{prefix}{digit:x}") for digit in range(FANOUT)]


def leaves_below(read: Read, prefix: str = "") -> Iterator[Leaf]:
    """Every leaf below a prefix, ascending by key."""
    page = read(prefix)
    if page is None:
        yield from _leaves_in_bucket_above(read, prefix)
    elif page[:1] == _LEAVES:
        yield from _bucket(page)
    else:
        for digit, entry in enumerate(_branch(page)):
            if isinstance(entry, Leaf):
                yield entry
            elif entry is not None:
                yield from leaves_below(read, f"{prefix}{digit:x}")


def _leaves_in_bucket_above(read: Read, prefix: str) -> Iterator[Leaf]:
    """A prefix without a page of its own: it lies inside a bucket nearer the root, or is a single leaf, or empty."""
    for depth in range(len(prefix) - 1, -1, -1):
        page = read(prefix[:depth])
        if page is None:
            continue
        found = _bucket(page) if page[:1] == _LEAVES else [e for e in _branch(page) if isinstance(e, Leaf)]
        yield from (leaf for leaf in found if leaf.key.hex().startswith(prefix))
        return


def leaf_at(read: Read, key: bytes) -> Leaf | None:
    entry = entry_at(read, key.hex())
    return entry if isinstance(entry, Leaf) else None


def sound(read: Read, keys: Iterable[bytes], root: bytes) -> bool:
    """Whether the pages on the way to these keys add up, each to what the page above it says, the top to `root`.

    A changed tree that has the wrong root although this held before was given wrong changes.
    """
    seen: set[str] = set()
    for key in keys:
        prefix, said = "", root
        while True:
            page = read(prefix)
            if page is None:
                return not prefix and said == _ZERO
            if prefix not in seen and not _adds_up(page, prefix, said):
                return False
            seen.add(prefix)
            if page[:1] == _LEAVES:
                break
            digit = key.hex()[len(prefix)]
            child = _branch(page)[int(digit, 16)]
            if not isinstance(child, Node):
                break
            prefix, said = prefix + digit, child.hash
    return True


def _adds_up(page: bytes, prefix: str, said: bytes) -> bool:
    """A stored page may be damaged in any way; whole pages only are asked what they add up to."""
    try:
        if page[:1] == _LEAVES:
            return len(page) % 64 == 1 and entry_hash(fold_leaves(_bucket(page), prefix)) == said
        entries = _branch(page)
        whole = len(entries) == FANOUT and _branch_bytes(entries) == page
        return whole and entry_hash(fold(entries)) == said
    except (FednetError, ValueError):
        return False


# --- changing ---------------------------------------------------------------------------------------------------------

Changes = Mapping[bytes, bytes | None]


class Update(msgspec.Struct, frozen=True):
    """What a change of leaves does: the new entry at the root, and the pages to write (None: to remove)."""

    root: Entry
    pages: dict[str, bytes | None]


def updated(read: Read, changes: Changes) -> Update:
    """The tree after `changes` (key -> commitment, None removes). Nothing is written: the caller stores `pages`."""
    pages: dict[str, bytes | None] = {}
    ordered = sorted(changes.items())
    entry = _changed(read, pages, "", root_page_entry(read), ordered)
    return Update(entry, pages)


def root_page_entry(read: Read) -> Entry:
    """The root as a child is held in a branch; a lone leaf at the root is kept as a bucket of one."""
    page = read("")
    if page is None:
        return None
    return Node(_ZERO, 2)  # only its being a node matters: its page is read


def _changed(
    read: Read, pages: dict[str, bytes | None], prefix: str, old: Entry, changes: list[tuple[bytes, bytes | None]]
) -> Entry:
    """The entry at `prefix` after the changes below it."""
    page = read(prefix) if isinstance(old, Node) else None
    if page is None or page[:1] == _LEAVES:
        held = _bucket(page) if page is not None else [old] if isinstance(old, Leaf) else []
        after = {leaf.key: leaf.commitment for leaf in held}
        for key, commitment in changes:
            if commitment is None:
                after.pop(key, None)
            else:
                after[key] = commitment
        entry = _built(pages, prefix, [Leaf(*item) for item in sorted(after.items())])
        if page is not None and prefix not in pages:
            pages[prefix] = None
        return entry
    entries = _branch(page)
    for digit, below in _by_digit(changes, len(prefix)):
        entries[digit] = _changed(read, pages, f"{prefix}{digit:x}", entries[digit], below)
    if sum(map(count, entries)) > BUCKET:
        pages[prefix] = _branch_bytes(entries)
        return fold(entries)
    leaves = list(_collapsed(read, pages, prefix, entries))
    pages[prefix] = None
    return _built(pages, prefix, leaves)


def _collapsed(read: Read, pages: dict[str, bytes | None], prefix: str, entries: Sequence[Entry]) -> Iterator[Leaf]:
    """The leaves of a branch that has become small; its pages are given up."""
    for digit, entry in enumerate(entries):
        below = f"{prefix}{digit:x}"
        if isinstance(entry, Leaf):
            yield entry
        elif entry is not None:
            page = pages.get(below) or read(below) or _LEAVES
            yield from _bucket(page)
            pages[below] = None


def _built(pages: dict[str, bytes | None], prefix: str, leaves: Sequence[Leaf]) -> Entry:
    """The entry over ascending leaves where nothing was before; writes the pages it needs."""
    if not leaves:
        return None
    if len(leaves) == 1 and prefix:
        return leaves[0]
    if len(leaves) <= BUCKET or len(prefix) >= MAX_PAGE_DEPTH:
        pages[prefix] = _bucket_bytes(leaves)
        return fold_leaves(leaves, prefix)
    entries: list[Entry] = []
    start = 0
    for digit in range(FANOUT):
        last = bytes.fromhex(f"{prefix}{digit:x}".ljust(2 * HASH_SIZE, "f"))
        end = bisect_right(leaves, last, start, key=_key)
        entries.append(_built(pages, f"{prefix}{digit:x}", leaves[start:end]))
        start = end
    pages[prefix] = _branch_bytes(entries)
    return fold(entries)


def _by_digit(
    items: list[tuple[bytes, bytes | None]], depth: int
) -> Iterator[tuple[int, list[tuple[bytes, bytes | None]]]]:
    """Ascending items grouped by the hexadecimal digit of the key at `depth`."""
    byte, shift = depth // 2, 0 if depth % 2 else 4
    start = 0
    while start < len(items):
        digit = items[start][0][byte] >> shift & 15
        end = start + 1
        while end < len(items) and items[end][0][byte] >> shift & 15 == digit:
            end += 1
        yield digit, items[start:end]
        start = end


# --- paths: proof of presence and of absence --------------------------------------------------------------------------


def bit(key: bytes, depth: int) -> int:
    return key[depth // 8] >> (7 - depth % 8) & 1


class Path(msgspec.Struct, frozen=True):
    """Where a key leads: the siblings met on the way down from the root, and the entry at the end (a leaf or empty)."""

    siblings: tuple[Entry, ...]
    end: Leaf | None

    def root(self, key: bytes) -> Entry:
        """The root that this path leads to, for `key`. Every leaf shown must lie where it is shown."""
        if len(self.siblings) > KEY_BITS:
            raise MalformedError(f"a path of {len(self.siblings)} steps, at most {KEY_BITS} are possible")
        entry: Entry = self.end
        if self.end is not None:
            _check_beside(self.end, key, len(self.siblings))
        for depth in range(len(self.siblings) - 1, -1, -1):
            sibling = self.siblings[depth]
            if isinstance(sibling, Leaf):
                _check_beside(sibling, key, depth)
                if bit(sibling.key, depth) == bit(key, depth):
                    raise MisplacedLeafError(f"leaf {sibling.key.hex()} is shown beside itself")
            entry = combine(sibling, entry) if bit(key, depth) else combine(entry, sibling)
        return entry


def _check_beside(leaf: Leaf, key: bytes, bits: int) -> None:
    """The leaf must share the first `bits` bits with the key."""
    shift = KEY_BITS - bits
    if int.from_bytes(leaf.key, "big") >> shift != int.from_bytes(key, "big") >> shift:
        raise MisplacedLeafError(f"leaf {leaf.key.hex()} does not lie on the way to {key.hex()}")


def path(read: Read, key: bytes) -> Path:
    """The way from the root to `key`."""
    siblings: list[Entry] = []
    prefix = ""
    while (page := read(prefix)) is not None and page[:1] == _BRANCH:
        entries = _branch(page)
        digit = int(key.hex()[len(prefix)], 16)
        siblings += _nibble_siblings(entries, digit)
        child = entries[digit]
        prefix += f"{digit:x}"
        if not isinstance(child, Node):
            return _trimmed(siblings, child)
    leaves = list(leaves_below(read, prefix))
    depth = 4 * len(prefix)
    while len(leaves) > 1:
        own = [leaf for leaf in leaves if bit(leaf.key, depth) == bit(key, depth)]
        other = [leaf for leaf in leaves if bit(leaf.key, depth) != bit(key, depth)]
        siblings.append(_fold_at_bit(other, depth + 1))
        leaves, depth = own, depth + 1
    return _trimmed(siblings, leaves[0] if leaves else None)


def _nibble_siblings(entries: Sequence[Entry], digit: int) -> list[Entry]:
    """The four siblings met inside one branch, from the top."""
    found: list[Entry] = []
    low, high = 0, FANOUT
    while high - low > 1:
        middle = (low + high) // 2
        if digit < middle:
            found.append(fold(entries[middle:high]))
            high = middle
        else:
            found.append(fold(entries[low:middle]))
            low = middle
    return found


def _trimmed(siblings: list[Entry], end: Leaf | None) -> Path:
    """A leaf beside nothing is carried up, and so is a leaf that is found beside emptiness: the path ends there."""
    while siblings:
        last = siblings[-1]
        if last is None:
            siblings.pop()
        elif end is None and isinstance(last, Leaf):
            end = last
            siblings.pop()
        else:
            break
    return Path(tuple(siblings), end)


def _fold_at_bit(leaves: Sequence[Leaf], depth: int) -> Entry:
    """What leaves that share their first `depth` bits add up to at that depth."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else None
    halves: tuple[list[Leaf], list[Leaf]] = ([], [])
    for leaf in leaves:
        halves[bit(leaf.key, depth)].append(leaf)
    return combine(_fold_at_bit(halves[0], depth + 1), _fold_at_bit(halves[1], depth + 1))
