"""Who a network is: a chain of statements, each signed by the recovery keys that the one before it names.

A statement is a signed note whose text is one line of JSON. Statement 0, the genesis, is signed by its own threshold;
the **network id** is the first 32 characters of base32(SHA-256(genesis text)), and that is what others pin. Online keys
(log, cosigner, transport, bundle) sign no statements: whoever steals them cannot speak for the identity.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from fednet.errors import IdentityError, IdentityForkError, LimitError, MalformedError
from fednet.feed import ed25519
from fednet.feed.checkpoint import MAX_EPOCH, origin
from fednet.feed.edition import NOTHING_CLOSED, Closes
from fednet.feed.note import COSIGNATURE_V1, Ed25519Signer, Note, Verifier, open_note, parse, sign
from fednet.feed.text import base64_bytes, base64_text, json_value, shown

MAX_STATEMENTS = 1_000
MAX_IDENTITY = 2 * 1024 * 1024  # of the `identity` resource: also bounds the keys and signatures that are checked
MAX_RECOVERY_KEYS = 16
MAX_NAME = 200
RECOVERY = "fednet/recovery"

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}", re.ASCII)  # bech32 of an X25519 key


class Statement(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """One statement, fields in the order in which they are written. Keys are base64 of 32 raw Ed25519 bytes."""

    sequence: int
    network: str | None = None
    name: str
    epoch: int
    log_key: str
    cosigner_key: str
    transport_key: str
    bundle_key: str
    recovery_keys: tuple[str, ...]
    threshold: int
    previous: str | None = None
    closes: Closes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.sequence < MAX_STATEMENTS or not 1 <= self.epoch <= MAX_EPOCH:
            raise IdentityError(f"statement {self.sequence}, epoch {self.epoch}: impossible numbers")
        if not 1 <= len(self.name) <= MAX_NAME or any(c < " " or "\x7f" <= c <= "\x9f" for c in self.name):
            raise IdentityError(f"a network's name has 1 to {MAX_NAME} characters and no control characters")
        if not _RECIPIENT.fullmatch(self.bundle_key):
            raise IdentityError("the bundle key is not an age recipient")
        if not 1 <= self.threshold <= len(self.recovery_keys) <= MAX_RECOVERY_KEYS:
            raise IdentityError(f"threshold {self.threshold} of {len(self.recovery_keys)} recovery keys is impossible")
        keys = (self.log_key, self.cosigner_key, self.transport_key, *self.recovery_keys)
        for key in keys:
            ed25519.check_key(base64_bytes(key, ed25519.KEY_SIZE, "key"))
        if len(set(keys)) != len(keys):
            raise IdentityError("all keys of a statement must be distinct")

    @property
    def text(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the text, newline included: what the next statement calls `previous`."""
        return sha256(self.text).hexdigest()

    @property
    def recovery_verifiers(self) -> tuple[Verifier, ...]:
        return tuple(Verifier(RECOVERY, base64_bytes(key)) for key in self.recovery_keys)

    @property
    def online_keys(self) -> tuple[str, ...]:
        return self.log_key, self.cosigner_key, self.transport_key, self.bundle_key


_decoder = msgspec.json.Decoder(Statement)


def parse_statement(text: bytes) -> Statement:
    statement = json_value(_decoder, text, "identity statement")
    if statement.text != text:
        raise MalformedError(f"not the one spelling of an identity statement: {shown(text)}")
    return statement


def network_id(genesis: Statement) -> str:
    return b32encode(sha256(genesis.text).digest()).decode()[:32].lower()


def fingerprint(network: str) -> str:
    """The network id as people compare it: 8 groups of 4."""
    return " ".join(network[i : i + 4] for i in range(0, len(network), 4))


class Identity(msgspec.Struct, frozen=True):
    """A verified chain. Made by `begun` and `extended` only; `notes` are the statements as they were signed."""

    network: str
    statements: tuple[Statement, ...]
    notes: tuple[Note, ...]

    @property
    def current(self) -> Statement:
        return self.statements[-1]

    @property
    def epoch(self) -> int:
        return self.current.epoch

    @property
    def encoded(self) -> bytes:
        """The `identity` resource: one base64 note a line, oldest first."""
        return "".join(base64_text(note.encoded) + "\n" for note in self.notes).encode()

    def opening(self, epoch: int) -> Statement:
        """The statement that opened an epoch."""
        for statement in self.statements:
            if statement.epoch == epoch:
                return statement
        raise IdentityError(f"no statement of {self.network} opens epoch {epoch}")

    def until(self, sequence: int) -> Identity:
        """The chain as it was when statement `sequence` was its newest."""
        return Identity(self.network, self.statements[: sequence + 1], self.notes[: sequence + 1])

    def log_verifier(self, circle: str, epoch: int) -> Verifier:
        """The key that signs a circle's checkpoints in an epoch."""
        return Verifier(origin(self.network, circle, epoch), base64_bytes(self.opening(epoch).log_key))

    @property
    def cosigner(self) -> Verifier:
        """The key under which this network witnesses others' logs."""
        return Verifier(cosigner_name(self.network), base64_bytes(self.current.cosigner_key), COSIGNATURE_V1)


def cosigner_name(network: str) -> str:
    return f"fednet/{network}/witness"


def genesis(
    *, name: str, log_key: bytes, cosigner_key: bytes, transport_key: bytes, bundle_key: str,
    recovery_keys: Sequence[bytes], threshold: int = 1,
) -> Statement:  # fmt: skip
    """Statement 0 of a new network: public keys of 32 bytes, and an age recipient."""
    return Statement(
        sequence=0,
        name=name,
        epoch=1,
        log_key=base64_text(log_key),
        cosigner_key=base64_text(cosigner_key),
        transport_key=base64_text(transport_key),
        bundle_key=bundle_key,
        recovery_keys=tuple(base64_text(key) for key in recovery_keys),
        threshold=threshold,
    )


def sign_statement(statement: Statement, recovery_seeds: Sequence[bytes]) -> Note:
    return sign(statement.text, *(Ed25519Signer(RECOVERY, seed) for seed in recovery_seeds))


def begun(note: Note) -> Identity:
    """The identity that a genesis begins."""
    statement = parse_statement(note.text)
    later = (statement.network, statement.previous, statement.closes)
    if statement.sequence != 0 or statement.epoch != 1 or any(field is not None for field in later):
        raise IdentityError("a genesis has sequence 0 and epoch 1, and no network, previous or closes")
    _check_threshold(note, statement)
    return Identity(network_id(statement), (statement,), (note,))


def extended(identity: Identity, note: Note) -> Identity:
    """The chain with one more statement, signed by the threshold of the last one's recovery keys.

    If the recovery keys or their threshold change, the new threshold must have signed too (TUF's rule for roots).
    """
    last, statement = identity.current, parse_statement(note.text)
    if statement.sequence != last.sequence + 1:
        raise IdentityError(f"expected statement {last.sequence + 1}, found {statement.sequence}")
    if statement.network != identity.network:
        raise IdentityError(f"expected a statement of {identity.network}, found one of {shown(str(statement.network))}")
    if statement.previous != last.digest:
        raise IdentityError(f"statement {statement.sequence} does not follow from the statement before it")
    _check_threshold(note, last)
    if (set(statement.recovery_keys), statement.threshold) != (set(last.recovery_keys), last.threshold):
        _check_threshold(note, statement)
    _check_epoch(identity, statement)
    return Identity(identity.network, (*identity.statements, statement), (*identity.notes, note))


def _check_threshold(note: Note, authority: Statement) -> None:
    vouching = open_note(note, authority.recovery_verifiers)
    if len(vouching) < authority.threshold:
        raise IdentityError(f"expected signatures of {authority.threshold} recovery keys, found {len(vouching)}")


def _check_epoch(identity: Identity, statement: Statement) -> None:
    """Any change of an online key opens the next epoch and says up to where the old log is believed."""
    last = identity.current
    if statement.epoch == last.epoch:
        if statement.online_keys != last.online_keys:
            raise IdentityError("a change of an online key must open a new epoch")
        if statement.closes is not None:
            raise IdentityError("closes belongs to a statement that opens an epoch")
    elif statement.epoch != last.epoch + 1:
        raise IdentityError(f"expected epoch {last.epoch} or {last.epoch + 1}, found {statement.epoch}")
    elif statement.closes is None or statement.closes.epoch != last.epoch:
        raise IdentityError(f"a statement that opens epoch {statement.epoch} closes epoch {last.epoch}")
    else:
        began = identity.opening(last.epoch).closes or NOTHING_CLOSED
        if statement.closes.edition != began.edition + statement.closes.size:
            raise IdentityError(
                f"epoch {last.epoch} closed at size {statement.closes.size} ends with edition "
                f"{began.edition + statement.closes.size}, the statement says {statement.closes.edition}"
            )


def parse_identity(raw: bytes, held: Identity | None = None) -> Identity:
    """The `identity` resource, verified from the genesis on, or from where a verified chain that is held ends."""
    if len(raw) > MAX_IDENTITY:
        raise LimitError(f"an identity of {len(raw)} bytes, at most {MAX_IDENTITY} are read")
    lines = raw.split(b"\n")
    if lines[-1] or len(lines) < 2:
        raise MalformedError("an identity is one base64 note a line, each ended by a newline")
    if len(lines) - 1 > MAX_STATEMENTS:
        raise LimitError(f"an identity of {len(lines) - 1} statements, at most {MAX_STATEMENTS} are read")
    notes = [parse(base64_bytes(line, what="identity")) for line in lines[:-1]]
    identity = held if held is not None and tuple(notes[: len(held.notes)]) == held.notes else begun(notes[0])
    for note in notes[len(identity.notes) :]:
        identity = extended(identity, note)
    return identity


def check_pinned(identity: Identity, network: str) -> Identity:
    """Raise IdentityError unless the chain is that of the network that was pinned."""
    if identity.network != network:
        raise IdentityError(f"expected network {network}, found {identity.network}")
    return identity


def newer(held: Identity, served: Identity) -> Identity:
    """The longer of two verified chains of one network; raises IdentityForkError where they differ."""
    check_pinned(served, held.network)
    for ours, theirs in zip(held.statements, served.statements, strict=False):
        if ours != theirs:
            raise IdentityForkError(
                f"two statements {ours.sequence} of {held.network} both verify",
                hint=f"ask the network by another way, then: fednet evidence resolve {held.network}",
            )
    return served if len(served.statements) > len(held.statements) else held
