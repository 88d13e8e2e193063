"""Keys from seeds, so that a world is the same in every process. Not for use outside of tests."""

from __future__ import annotations

from collections.abc import Callable

from fednet.feed.text import base64_text
from fednet.node.keys import Keys

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_IDENTITY = "age-secret-key-"


def online_keys(randbytes: Callable[[int], bytes]) -> Keys:
    log, cosigner, transport = (base64_text(randbytes(32)) for _ in range(3))
    return Keys(log, cosigner, transport, bundle=bech32(_IDENTITY, randbytes(32)).upper())


def bech32(prefix: str, data: bytes) -> str:
    """BIP 173, as age writes its keys."""
    number = int.from_bytes(data, "big") << (-len(data) * 8 % 5)
    count = (len(data) * 8 + 4) // 5
    words = [number >> 5 * i & 31 for i in reversed(range(count))]
    head = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    sums = _polymod([*head, *words, *(0,) * 6]) ^ 1
    words += [sums >> 5 * (5 - i) & 31 for i in range(6)]
    return f"{prefix}1{''.join(_ALPHABET[word] for word in words)}"


def _polymod(words: list[int]) -> int:
    found = 1
    for word in words:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ word
        for bit, term in enumerate(_GENERATOR):
            found ^= term if top >> bit & 1 else 0
    return found
