"""The two trees, by the slow recursions of their definitions: the log (RFC 6962) and the state (SPEC section 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

NOTHING = sha256(b"").digest()
EMPTY = bytes(32)
WIDTH = 256  # hashes or entries of a full tile


def leaf_hash(line: bytes) -> bytes:
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def log_root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else NOTHING
    k = split(len(leaves))
    return node_hash(log_root(leaves[:k]), log_root(leaves[k:]))


def inclusion(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """From the leaf's sibling up."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), log_root(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), log_root(leaves[:k])]


def tile_name(index: int) -> str:
    """`x001/234/067` is spelled in groups of three digits, all but the last with an x."""
    text = f"{index:03d}"
    text = text.zfill(-(-len(text) // 3) * 3)
    groups = [text[i : i + 3] for i in range(0, len(text), 3)]
    return "/".join([*("x" + group for group in groups[:-1]), groups[-1]])


# --- the state


class Leaf(NamedTuple):
    key: bytes
    commitment: bytes

    @property
    def hash(self) -> bytes:
        return sha256(b"\x00" + self.key + self.commitment).digest()

    @property
    def line(self) -> str:
        return f"leaf {self.key.hex()} {self.commitment.hex()}"


class Node(NamedTuple):
    hash: bytes
    count: int

    @property
    def line(self) -> str:
        return f"node {self.hash.hex()} {self.count}"


Entry = Leaf | Node | None


def entry_hash(entry: Entry) -> bytes:
    return EMPTY if entry is None else entry.hash


def entry_line(entry: Entry) -> str:
    return "-" if entry is None else entry.line


def combined(left: Entry, right: Entry) -> Entry:
    """Two halves: an empty one leaves a leaf as it is, everything else is a node."""
    if left is None and right is None:
        return None
    if left is None and isinstance(right, Leaf):
        return right
    if right is None and isinstance(left, Leaf):
        return left
    count = sum(e.count if isinstance(e, Node) else e is not None for e in (left, right))
    return Node(node_hash(entry_hash(left), entry_hash(right)), count)


def bit(key: bytes, depth: int) -> int:
    return key[depth >> 3] >> (7 - (depth & 7)) & 1


def entry_of(leaves: Sequence[Leaf], depth: int = 0) -> Entry:
    """What leaves that share their first `depth` bits add up to there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else None
    halves: tuple[list[Leaf], list[Leaf]] = ([], [])
    for leaf in leaves:
        halves[bit(leaf.key, depth)].append(leaf)
    return combined(entry_of(halves[0], depth + 1), entry_of(halves[1], depth + 1))


def folded(entries: Sequence[Entry]) -> Entry:
    """What the entries of a page, side by side, add up to."""
    if len(entries) == 1:
        return entries[0]
    middle = len(entries) // 2
    return combined(folded(entries[:middle]), folded(entries[middle:]))


def below(leaves: Sequence[Leaf], prefix: str) -> list[Leaf]:
    return [leaf for leaf in leaves if leaf.key.hex().startswith(prefix)]
