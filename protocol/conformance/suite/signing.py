"""Keys from fixed seeds, base64, and signed notes (SPEC section 2.1). Nothing here is random."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()


def seed(*words: object) -> bytes:
    """32 bytes that stand for randomness."""
    return sha256(" ".join(map(str, ("conformance", *words))).encode()).digest()


class Key:
    """An Ed25519 key pair made from words."""

    def __init__(self, *words: object) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed(*words))
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def key_id(name: str, public: bytes, kind: int = 1) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def signature_line(name: str, identifier: bytes, signature: bytes) -> bytes:
    return f"— {name} {b64(identifier + signature)}\n".encode()


def signed(text: bytes, name: str, *keys: Key) -> bytes:
    """A note: the text, an empty line, one signature a key, all under one name."""
    return text + b"\n" + b"".join(signature_line(name, key_id(name, key.public), key.sign(text)) for key in keys)
