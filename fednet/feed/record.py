"""Records: a handle, a body, and the commitment by which the state tree holds them.

```
commitment = SHA-256("fednet record v1\\n" network "\\n" circle "\\n" handle "\\n" base64(salt) "\\n" body "\\n")
erased     = SHA-256("fednet erased v1\\n" network "\\n" circle "\\n" hex(key) "\\n")
key        = SHA-256(handle)
```
The bytes that travelled are hashed; nothing is re-encoded. What a body says is not this module's matter.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

import msgspec

from fednet.errors import LimitError, MalformedError
from fednet.feed.text import base64_text, shown, utf8

MAX_BODY = 64 * 1024
SALT_SIZE = 32

HANDLE = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_HANDLE = re.compile(HANDLE, re.ASCII)
_CONTROL = re.compile(rb"[\x00-\x1f]")


def check_handle(handle: str) -> str:
    """A random UUID (version 4) in lower case."""
    if not _HANDLE.fullmatch(handle):
        raise MalformedError(f"{shown(handle)} is no handle: expected a lower-case UUID of version 4")
    return handle


def check_body(body: bytes) -> bytes:
    """All that a receiver refuses: invalid UTF-8, bytes below 0x20, emptiness and excess length."""
    if len(body) > MAX_BODY:
        raise LimitError(f"a body of {len(body)} bytes, at most {MAX_BODY} are kept")
    if not body or _CONTROL.search(body):
        raise MalformedError("a body is one line of UTF-8 without control characters")
    utf8(body, "body")
    return body


def key_of(handle: str) -> bytes:
    return sha256(handle.encode()).digest()


@lru_cache(maxsize=1024)
def _record_prefix(network: str, circle: str) -> bytes:
    return f"fednet record v1\n{network}\n{circle}\n".encode()


class Commitments(msgspec.Struct, frozen=True):
    """Commits to records of one feed: a network's circle."""

    network: str
    circle: str

    @property
    def record_prefix(self) -> bytes:
        return _record_prefix(self.network, self.circle)

    def record(self, handle: str, salt: bytes, body: bytes) -> bytes:
        return sha256(
            b"%s%s\n%s\n%s\n" % (self.record_prefix, handle.encode(), base64_text(salt).encode(), body)
        ).digest()

    def erased(self, key: bytes) -> bytes:
        return sha256(f"fednet erased v1\n{self.network}\n{self.circle}\n{key.hex()}\n".encode()).digest()


class Put(msgspec.Struct, frozen=True, gc=False):
    """A record as listed now. `key` and `commitment` follow from the rest and are computed by whoever made this."""

    key: bytes
    commitment: bytes
    handle: str
    salt: bytes
    body: bytes


class Erase(msgspec.Struct, frozen=True, gc=False):
    """A tombstone: the record at `key` was erased, and that is signed."""

    key: bytes
    commitment: bytes


class Drop(msgspec.Struct, frozen=True, gc=False):
    """The record at `key` is no longer listed; nothing remembers it."""

    key: bytes


Change = Put | Erase | Drop


def put(feed: Commitments, handle: str, salt: bytes, body: bytes) -> Put:
    """A record with its key and commitment; refuses what no receiver would take."""
    check_handle(handle)
    check_body(body)
    if len(salt) != SALT_SIZE:
        raise MalformedError(f"a salt has {SALT_SIZE} bytes, found {len(salt)}")
    return Put(key_of(handle), feed.record(handle, salt, body), handle, salt, body)


def erase(feed: Commitments, key: bytes) -> Erase:
    return Erase(key, feed.erased(key))
