"""Ed25519 (RFC 8032): signing and verifying through `cryptography`, and which public keys may be pinned.

OpenSSL accepts public keys of small order, under which a signature can be made for any message by anyone, and
spellings of one point as two byte strings. A key that is written into an identity must be neither.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from fednet.errors import MalformedError

KEY_SIZE = 32
SIGNATURE_SIZE = 64

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)

# 5L - 1 is -1 modulo L and 0 modulo 8: times a point of the curve it is the opposite of its part of prime order. And it
# is the scalar of an X25519 exchange as it stands (RFC 7748, section 5), which OpenSSL does 10 times as fast as Python.
_OPPOSITE = X25519PrivateKey.from_private_bytes((5 * _L - 1).to_bytes(32, "little"))


def public_key(seed: bytes) -> bytes:
    """The 32 raw bytes of the public key that belongs to a 32-byte private seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """Deterministic: signing the same message again gives the same 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def check_key(key: bytes) -> None:
    """Raise MalformedError unless the key is the canonical encoding of a point of prime order."""
    if len(key) != KEY_SIZE:
        raise MalformedError(f"an Ed25519 key has {KEY_SIZE} bytes, found {len(key)}")
    y = _decoded(key)
    if y is None:
        raise MalformedError("the Ed25519 key is not the canonical encoding of a curve point")
    if not _is_of_prime_order(y):
        raise MalformedError("the Ed25519 key is not of prime order")


def _decoded(key: bytes) -> int | None:
    """The y of a point, by RFC 8032 section 5.1.3, refusing y >= p and a sign bit on x = 0; None for no point."""
    encoded = int.from_bytes(key, "little")
    sign_bit, y = encoded >> 255, encoded & (2**255 - 1)
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if (v * x * x - u) % _P:
        x = x * _SQRT_M1 % _P
    if (v * x * x - u) % _P or (x == 0 and sign_bit):
        return None
    return y


def _is_of_prime_order(y: int) -> bool:
    """Whether the two curve points of this y, each other's opposites, have no part of small order.

    They are compared by the u of Montgomery's form of the curve (RFC 7748, section 4.1), which opposites share.
    """
    u = (1 + y) * pow(1 - y, -1, _P) % _P if y != 1 else 0
    raw = u.to_bytes(32, "little")
    try:
        return _OPPOSITE.exchange(X25519PublicKey.from_public_bytes(raw)) == raw
    except ValueError:  # the exchange ended at the neutral element: nothing of the point is of prime order
        return False
