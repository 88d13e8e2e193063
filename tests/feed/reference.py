"""The slow and obvious models: the recursion of RFC 6962, and the state tree sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from fednet.feed.tree import Entry, Leaf, Node


def h(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def k_of(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1: MTH(D[n])."""
    if len(d) == 0:
        return h()
    if len(d) == 1:
        return h(b"\x00", d[0])
    k = k_of(len(d))
    return h(b"\x01", mth(d[:k]), mth(d[k:]))


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1: PATH(m, D[n])."""
    if len(d) == 1:
        return []
    k = k_of(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: Sequence[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.2: PROOF(m, D[n])."""
    return subproof(m, d, True)


def subproof(m: int, d: Sequence[bytes], b: bool) -> list[bytes]:
    n = len(d)
    if m == n:
        return [] if b else [mth(d)]
    k = k_of(n)
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def bits(key: bytes) -> str:
    return f"{int.from_bytes(key, 'big'):0{8 * len(key)}b}"


def state(leaves: dict[bytes, bytes], prefix: str = "") -> Entry:
    """The state tree below a prefix of bits: empty, a lone leaf carried up, or a node over two halves."""
    return spelled({bits(key): Leaf(key, commitment) for key, commitment in leaves.items()}, prefix)


def spelled(leaves: dict[str, Leaf], prefix: str) -> Entry:
    below = {key: leaf for key, leaf in leaves.items() if key.startswith(prefix)}
    if not below:
        return None
    if len(below) == 1:
        [leaf] = below.values()
        return leaf
    left, right = spelled(below, prefix + "0"), spelled(below, prefix + "1")
    return Node(h(b"\x01", state_hash(left), state_hash(right)), len(below))


def state_hash(entry: Entry) -> bytes:
    match entry:
        case None:
            return bytes(32)
        case Leaf(key=key, commitment=commitment):
            return h(b"\x00", key, commitment)
        case Node(hash=node):
            return node


def hex_bits(prefix: str) -> str:
    """A hexadecimal prefix as bits."""
    return "".join(f"{int(digit, 16):04b}" for digit in prefix)
