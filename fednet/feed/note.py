"""C2SP signed-note v1.0.0: a text and the signatures that vouch for it.

```
fednet/<network id>/public/1
3
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— fednet/<network id>/public/1 Uw2QOkn8srV1yJGh2VYR...
```
`sign` makes a note, `open_note` gives the text back only when a known key vouches for it. A signature of an unknown key
is ignored; a failing signature of a known key refuses the whole note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

import msgspec

from fednet.errors import LimitError, MalformedError, SignatureError
from fednet.feed import ed25519
from fednet.feed.text import base64_bytes, base64_text, shown, utf8

MAX_NOTE = 64 * 1024
MAX_SIGNATURES = 32

ED25519 = 0x01
COSIGNATURE_V1 = 0x04

_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_SIGNATURE_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")


def check_name(name: str) -> None:
    """Key names are non-empty Unicode text without spaces, plus or control characters."""
    if not _NAME.fullmatch(name):
        raise MalformedError(f"{shown(name)} cannot be the name of a key")


def key_id(name: str, algorithm: int, key: bytes) -> bytes:
    """SHA-256(name || 0x0A || algorithm || key)[:4]; an identifier, not a strong hash."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + key).digest()[:4]


class Verifier(msgspec.Struct, frozen=True):
    """A public key as it is known to whoever checks: under which name, for which kind of signature."""

    name: str
    key: bytes
    algorithm: int = ED25519

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.algorithm not in (ED25519, COSIGNATURE_V1):
            raise MalformedError(f"signature type {self.algorithm} is not spoken here")
        ed25519.check_key(self.key)

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.algorithm, self.key)

    @property
    def vkey(self) -> str:
        """`<name>+<key id in hex>+<base64(algorithm || key)>`."""
        return f"{self.name}+{self.id.hex()}+{base64_text(bytes([self.algorithm]) + self.key)}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether `signature` (without its key id) is this key's over the note text."""
        if self.algorithm == ED25519:
            return ed25519.verifies(self.key, signature, text)
        if len(signature) != 8 + ed25519.SIGNATURE_SIZE or signature[0] & 0x80:
            return False
        moment = int.from_bytes(signature[:8], "big")
        return ed25519.verifies(self.key, signature[8:], cosigned_message(text, moment))


def parse_vkey(vkey: str) -> Verifier:
    name, _, rest = vkey.partition("+")
    identifier, _, encoded = rest.partition("+")
    material = base64_bytes(encoded, what="verifier key")
    if not material:
        raise MalformedError("the verifier key is empty")
    verifier = Verifier(name, material[1:], material[0])
    if verifier.id.hex() != identifier:
        raise MalformedError(f"the verifier key says {shown(identifier)}, expected {verifier.id.hex()}")
    return verifier


def cosigned_message(text: bytes, moment: int) -> bytes:
    """What a cosignature/v1 signs: two lines before the note text; `moment` in POSIX seconds."""
    return b"cosignature/v1\ntime %d\n" % moment + text


class Signature(msgspec.Struct, frozen=True):
    """One signature line: `value` is what follows the 4-byte key id."""

    name: str
    id: bytes
    value: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {base64_text(self.id + self.value)}\n"


class Signer(Protocol):
    """Whoever can put a signature under a note text."""

    def signature(self, text: bytes) -> Signature: ...


class Ed25519Signer(msgspec.Struct, frozen=True):
    """A private key (32-byte seed) with the name it signs under."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, ed25519.public_key(self.seed))

    def signature(self, text: bytes) -> Signature:
        return Signature(self.name, self.verifier.id, ed25519.sign(self.seed, text))


class Cosigner(msgspec.Struct, frozen=True):
    """A witness's private key at a moment (POSIX seconds): makes cosignature/v1 signatures."""

    name: str
    seed: bytes
    moment: int

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, ed25519.public_key(self.seed), COSIGNATURE_V1)

    def signature(self, text: bytes) -> Signature:
        value = self.moment.to_bytes(8, "big") + ed25519.sign(self.seed, cosigned_message(text, self.moment))
        return Signature(self.name, self.verifier.id, value)


class Note(msgspec.Struct, frozen=True):
    """A parsed note. Nothing is said yet about who vouches for it: that is `open_note`."""

    text: bytes
    signatures: tuple[Signature, ...]

    @property
    def encoded(self) -> bytes:
        return self.text + b"\n" + "".join(s.line for s in self.signatures).encode()

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """The same text with further signatures; one already there is not repeated."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *more))))


def sign(text: bytes, *signers: Signer) -> Note:
    """A note over `text`, which must end in a newline."""
    _check_text(text)
    return Note(text, tuple(signer.signature(text) for signer in signers))


def parse(raw: bytes, limit: int = MAX_NOTE) -> Note:
    """The parts of a note: the last empty line separates the text from the signature lines."""
    if len(raw) > limit:
        raise LimitError(f"a note of {len(raw)} bytes, at most {limit} are read")
    utf8(raw, "note")
    text, separator, block = raw.rpartition(b"\n\n")
    if not separator or not block.endswith(b"\n"):
        raise MalformedError("a note is a text, an empty line and signature lines, each ended by a newline")
    text += b"\n"
    _check_text(text)
    lines = block.decode().split("\n")[:-1]
    if len(lines) > MAX_SIGNATURES:
        raise LimitError(f"a note with {len(lines)} signatures, at most {MAX_SIGNATURES} are read")
    return Note(text, tuple(_parse_signature(line) for line in lines))


def _check_text(text: bytes) -> None:
    utf8(text, "note")
    if not text.endswith(b"\n") or _CONTROL.search(text):
        raise MalformedError("the text of a note ends in a newline and has no other control characters")


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise MalformedError(f"not a signature line: {shown(line)}")
    check_name(match[1])
    raw = base64_bytes(match[2], what="signature")
    if len(raw) < 5:
        raise MalformedError("a signature has at least 5 bytes, key id included")
    return Signature(match[1], raw[:4], raw[4:])


def open_note(note: Note, verifiers: Iterable[Verifier]) -> frozenset[Verifier]:
    """Which of these keys vouch for the note: each counts once, however often it signed.

    Raises SignatureError when a signature of one of them fails, or when none of them signed at all.
    """
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    vouching = set()
    for signature in dict.fromkeys(note.signatures):
        verifier = known.get((signature.name, signature.id))
        if verifier is None:
            continue
        if not verifier.accepts(note.text, signature.value):
            raise SignatureError(f"the signature of {verifier.name} does not verify")
        vouching.add(verifier)
    if not vouching:
        names = ", ".join(sorted({v.name for v in known.values()})) or "no key"
        raise SignatureError(f"expected a signature of {names}, found none")
    return frozenset(vouching)
