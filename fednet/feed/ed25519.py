"""Ed25519 (RFC 8032): signing and verifying through `cryptography`, and which public keys may be pinned.

OpenSSL accepts public keys of small order, under which a signature can be made for any message by anyone, and
spellings of one point as two byte strings. A key that is written into an identity must be neither.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fednet.errors import MalformedError

KEY_SIZE = 32
SIGNATURE_SIZE = 64

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]  # extended homogeneous coordinates X, Y, Z, T
_IDENTITY: _Point = (0, 1, 1, 0)


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
    point = _decoded(key)
    if point is None:
        raise MalformedError("the Ed25519 key is not the canonical encoding of a curve point")
    if _is_identity(point) or not _is_identity(_times(_L, point)):
        raise MalformedError("the Ed25519 key is not of prime order")


def _decoded(key: bytes) -> _Point | None:
    """RFC 8032 section 5.1.3, refusing y >= p and a sign bit on x = 0."""
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
    if x & 1 != sign_bit:
        x = _P - x
    return x, y, 1, x * y % _P


def _sum(a: _Point, b: _Point) -> _Point:
    """RFC 8032 section 5.1.4."""
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    c, d = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = t - s, d - c, d + c, t + s
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: _Point) -> _Point:
    total = _IDENTITY
    while factor:
        if factor & 1:
            total = _sum(total, point)
        point = _sum(point, point)
        factor >>= 1
    return total


def _is_identity(point: _Point) -> bool:
    return point[0] % _P == 0 and (point[1] - point[2]) % _P == 0
