"""One-time codes from an app on a telephone (RFC 6238): six digits, a new one every thirty seconds."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32decode, b32encode
from binascii import Error as Base32Error
from datetime import datetime

from pyotp import TOTP

from fednet.errors import UsageError

STEP = 30  # seconds (RFC 6238, 5.2)
SLACK = 1
"""Steps by which a telephone's clock may be wrong."""
KEY_BYTES = 20  # as long as the hash, SHA-1 (RFC 4226, 4)


def fresh_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def spelled(key: bytes) -> str:
    """A key as people type it: base32 in groups of four."""
    text = b32encode(key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def read_key(text: str) -> bytes:
    """A key that `spelled` wrote; raises UsageError."""
    try:
        key = b32decode("".join(text.split()).upper())
    except (Base32Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise UsageError("this is no key of ours", hint="reload the page, and begin again")
    return key


def address(key: bytes, name: str, site: str) -> str:
    """What the QR code says to an app: `otpauth://totp/...`."""
    return _totp(key).provisioning_uri(name=name, issuer_name=site.replace(":", " "))


def step_of(key: bytes, code: str, after: int, now: datetime) -> int | None:
    """The time step whose code this is, if it is later than one that was used; else None."""
    given = "".join(code.split())
    present = int(now.timestamp()) // STEP
    for step in range(present - SLACK, present + SLACK + 1):
        right = hmac.compare_digest(_totp(key).generate_otp(step).encode(), given.encode("utf-8", "surrogatepass"))
        if right and step > after:
            return step
    return None


def _totp(key: bytes) -> TOTP:
    return TOTP(b32encode(key).decode())
