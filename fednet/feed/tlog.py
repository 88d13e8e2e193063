"""RFC 6962 section 2.1: the append-only Merkle tree of a log, its proofs, and its C2SP tiles.

```
MTH({})     = SHA-256("")
leaf hash   = SHA-256(0x00 || entry)
node hash   = SHA-256(0x01 || left || right)
```
Everything here is algebra on 32-byte hashes; nothing is fetched or stored. A log is held as its **frontier**: the
roots of the perfect subtrees that the binary digits of its size name, largest first. It is all that appending needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import overload

import msgspec

from fednet.errors import LimitError, MalformedError, ProofError
from fednet.feed.text import shown

HASH_SIZE = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_TILE_LEVEL = 63
MAX_SIZE = 1 << 62

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Hashes(Sequence[bytes]):
    """Hashes of 32 bytes in one piece of memory: those of a million editions are 32 MB. A slice copies nothing."""

    def __init__(self, packed: bytes | bytearray | memoryview = b"") -> None:
        self.packed = memoryview(packed)

    def __len__(self) -> int:
        return len(self.packed) // HASH_SIZE

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Hashes: ...
    def __getitem__(self, at: int | slice) -> bytes | Hashes:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step != 1:
                raise ValueError("hashes are cut out in order")
            return Hashes(self.packed[start * HASH_SIZE : max(start, stop) * HASH_SIZE])
        start = range(len(self))[at] * HASH_SIZE
        return bytes(self.packed[start : start + HASH_SIZE])

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.packed), HASH_SIZE):
            yield bytes(self.packed[start : start + HASH_SIZE])


class Frontier(msgspec.Struct, frozen=True):
    """The right edge of a log of `size` leaves: one hash for each 1 in the binary digits of the size, largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise LimitError(f"a log of size {self.size}, expected 0 to {MAX_SIZE}")
        if len(self.hashes) != self.size.bit_count():
            raise MalformedError(f"a frontier of {len(self.hashes)} hashes cannot be of size {self.size}")

    @property
    def root(self) -> bytes:
        """MTH of the whole log."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def extended(self, leaf_hashes: Iterable[bytes]) -> Frontier:
        """The frontier after these leaves are appended."""
        hashes, size = list(self.hashes), self.size
        for new in leaf_hashes:
            carry, low = new, size
            while low & 1:
                carry = node_hash(hashes.pop(), carry)
                low >>= 1
            hashes.append(carry)
            size += 1
        return Frontier(size, tuple(hashes))


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """MTH over leaves that are given by their hashes."""
    return Frontier().extended(leaf_hashes).root


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (RFC 6962's k), for size > 1."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(index, D[n]) of RFC 6962 section 2.1.1, from the leaf's sibling up to the child of the root."""
    size = len(leaf_hashes)
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a log of size {size}")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaf_hashes[middle:high]))
            high = middle
        else:
            path.append(root_of(leaf_hashes[low:middle]))
            low = middle
    return path[::-1]


def check_inclusion(proof: Sequence[bytes], size: int, root: bytes, index: int, leaf: bytes) -> None:
    """Raise ProofError unless `leaf` is leaf `index` of the log of that size and root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a log of size {size}")
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while position & 1 == 0 and position:
                position >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofError("the inclusion proof is too short")
    if found != root:
        raise ProofError(f"the inclusion proof leads to {found.hex()}, expected {root.hex()}")


def consistency_ranges(old_size: int, size: int) -> list[tuple[int, int]]:
    """The ranges [start, end) of leaves whose hashes are the consistency proof, in its order."""
    if not 0 < old_size <= size:
        raise ProofError(f"no consistency proof from size {old_size} to size {size}")
    low, high, complete, ranges = 0, size, True, []
    while old_size < high:
        middle = low + _split(high - low)
        if old_size <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, complete = middle, False
    if not complete:
        ranges.append((low, high))
    return ranges[::-1]


def consistency_proof(old_size: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(old_size, D[n]) of RFC 6962 section 2.1.2; empty when the sizes are equal."""
    return [root_of(leaf_hashes[start:end]) for start, end in consistency_ranges(old_size, len(leaf_hashes))]


def check_consistency(proof: Sequence[bytes], old_size: int, old_root: bytes, size: int, root: bytes) -> None:
    """Raise ProofError unless the first log is a prefix of the second (RFC 9162 section 2.1.4.2)."""
    if not 0 < old_size <= size:
        raise ProofError(f"no consistency proof from size {old_size} to size {size}")
    if old_size == size:
        if proof or old_root != root:
            raise ProofError("two logs of one size must have one root and an empty proof")
        return
    seeded = [old_root, *proof] if old_size & (old_size - 1) == 0 else proof
    if joined_roots(seeded, old_size, size) != (old_root, root):
        raise ProofError("the consistency proof does not join the two roots")


def joined_roots(path: Sequence[bytes], old_size: int, size: int) -> tuple[bytes, bytes]:
    """The roots at `old_size` and at `size` (0 < old_size < size) that a consistency proof leads to.

    `path` is the proof, with the root at `old_size` before it when that size is a power of two (RFC 9162 section
    2.1.4.2). Whatever leads to the root of a log at `size` leads to the root of that log's own first leaves.
    """
    if not path:
        raise ProofError("the consistency proof is empty")
    position, last = old_size - 1, size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position & 1 == 0 and position:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofError("the consistency proof is too short")
    return old, new


# --- tiles: C2SP tlog-tiles ---------------------------------------------------------------------------------------


class Tile(msgspec.Struct, frozen=True):
    """The name of a tile: `tile/<level>/<index>[.p/<width>]`; level -1 stands for `tile/entries/...`."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def start(self) -> int:
        """Index of its first hash (or entry), counted at its own level."""
        return self.index * TILE_WIDTH

    @property
    def path(self) -> str:
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level < 0 else self.level}/{name}{partial}"


_TILE_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


def parse_tile_path(path: str) -> Tile:
    match = _TILE_PATH.fullmatch(path)
    if match is None:
        raise MalformedError(f"{shown(path)} names no tile")
    level = -1 if match[1] == "entries" else int(match[1])
    groups = match[2].replace("x", "").split("/")
    width = int(match[3]) if match[3] else TILE_WIDTH
    tile = Tile(level, int("".join(groups)), width)
    if level > MAX_TILE_LEVEL or (match[3] and width >= TILE_WIDTH) or tile.path != path:
        raise MalformedError(f"{shown(path)} names no tile")
    return tile


def tiles_of(size: int, level: int = 0) -> list[Tile]:
    """The tiles of one level (0: leaf hashes, -1: entries) that make up a log of this size, in order."""
    full, rest = divmod(size >> (TILE_HEIGHT * max(level, 0)), TILE_WIDTH)
    tiles = [Tile(level, index) for index in range(full)]
    return [*tiles, Tile(level, full, rest)] if rest else tiles


def perfect_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The perfect subtrees that make up the leaves [start, end), as (height, index at that height), from the left."""
    found = []
    while start < end:
        height = min((start & -start).bit_length() - 1 if start else MAX_TILE_LEVEL, (end - start).bit_length() - 1)
        found.append((height, start >> height))
        start += 1 << height
    return found


def tile_of(height: int, index: int, size: int) -> Tile:
    """The tile of a log of `size` leaves that holds a perfect subtree, or all that it is made of."""
    level = height // TILE_HEIGHT
    number = (index << height % TILE_HEIGHT) // TILE_WIDTH
    return Tile(level, number, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH))


def range_root(start: int, end: int, hashes: Callable[[Tile], Sequence[bytes]], size: int) -> bytes:
    """The hash of leaves [start, end), a range of RFC 6962's recursion, from the tiles of a log of `size` leaves."""
    found = []
    for height, index in perfect_subtrees(start, end):
        tile = tile_of(height, index, size)
        first = (index << height % TILE_HEIGHT) - tile.start
        found.append(root_of(hashes(tile)[first : first + (1 << height % TILE_HEIGHT)]))
    return Frontier(end - start, tuple(found)).root


def tile_bytes(tile: Tile, leaf_hashes: Sequence[bytes]) -> bytes:
    """The content of a hash tile, given the hashes of the leaves it spans (`256 ** level` for each of its hashes)."""
    span = TILE_WIDTH**tile.level
    if len(leaf_hashes) != span * tile.width:
        raise MalformedError(f"{tile.path} spans {span * tile.width} leaves, found {len(leaf_hashes)}")
    return b"".join(root_of(leaf_hashes[i : i + span]) for i in range(0, len(leaf_hashes), span))


def parse_tile(tile: Tile, data: bytes) -> list[bytes]:
    """The hashes of a tile, exactly `tile.width` of 32 bytes."""
    if len(data) != tile.width * HASH_SIZE:
        raise MalformedError(f"{tile.path}: expected {tile.width * HASH_SIZE} bytes, found {len(data)}")
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


def entries_bytes(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry after its length as big-endian uint16."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_entries(tile: Tile, data: bytes) -> list[bytes]:
    """The entries of a bundle, exactly `tile.width` of them."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data) or len(entries) == tile.width:
            raise MalformedError(f"{tile.path}: the entries do not end where the bytes do")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) != tile.width:
        raise MalformedError(f"{tile.path}: expected {tile.width} entries, found {len(entries)}")
    return entries
