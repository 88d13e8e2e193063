"""This node as a witness (C2SP tlog-witness) of the public logs of the networks that it follows.

What was cosigned last of each log is in `witness.json`, beside the high-water mark: never in the database and never in
a backup, so that no restore makes this witness forget. It is compared and replaced under a lock of its own, and durable
before anything is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from fednet.errors import (
    BrokenStoreError,
    BusyError,
    FednetError,
    NotFoundError,
    ProofError,
    RefusedError,
    SignatureError,
    SplitViewError,
)
from fednet.feed import evidence as proofs
from fednet.feed import note as notes
from fednet.feed import tlog, witness
from fednet.feed.checkpoint import Checkpoint
from fednet.feed.follow import open_head
from fednet.feed.identity import Identity, cosigner_name
from fednet.feed.note import Cosigner, Note, Signature, Verifier
from fednet.feed.text import base64_bytes, base64_text, shown
from fednet.feed.witness import Request
from fednet.node import evidence
from fednet.node.files import alone, write_atomically
from fednet.node.home import Home
from fednet.store import blocks, feeds
from fednet.store.feeds import Feed, Network

STATE = "witness.json"
LOCK = "witness.lock"


class UnknownLogError(NotFoundError):
    """This node is no witness of that log."""


class UntrustedError(FednetError):
    """No key that this witness trusts for the log has signed, or a signature by one fails."""

    word = "bad-signature"
    status = 403


class ConflictError(FednetError):
    """The request begins at another size than the longest that is known here, which is `size`."""

    word = "conflict"
    status = 409

    def __init__(self, size: int) -> None:
        super().__init__(f"the size that is known here is {size}")
        self.size = size


class Seen(msgspec.Struct, frozen=True):
    """The checkpoint of one log that was cosigned last: the note, with the log's signature and ours."""

    size: int
    root: str
    note: str


class State(msgspec.Struct, frozen=True):
    """`witness.json`: by origin."""

    logs: dict[str, Seen] = {}


NOTHING = Seen(0, "", "")


def add_checkpoint(home: Home, raw: bytes, now: datetime) -> bytes:
    """Cosign a checkpoint that only adds to the log: the signature line to answer with.

    A log that is followed further than it was cosigned must go on from there. Raises MalformedError, UnknownLogError,
    UntrustedError, ConflictError, or ProofError and SplitViewError, in the order of C2SP tlog-witness. Two checkpoints
    that contradict each other are kept as evidence, whatever size the request begins at.
    """
    request = witness.parse_request(raw)
    network, epoch = _log(home, request.checkpoint.origin)
    head = _opened(network.identity, epoch, request.note)
    _check_place(home)
    with _state_alone(home.path) as state:
        seen = state.logs.get(head.origin, NOTHING)
        feed = _check_agreed(home, network, request, seen, now)
        size, root = _known(feed, epoch, seen)
        if request.old != size:
            raise ConflictError(size)
        witness.check_growth(request, root)
        mine = _cosigner(home, now).signature(request.note.text)
        _remember(home, state, network.identity.log_verifier("public", epoch), request, mine)
    return mine.line.encode()


def latest(home: Home, origin_hash: str) -> bytes:
    """The checkpoint of a log that was cosigned last, with the log's signature and ours; none of a blocked network."""
    logs = _read(home.path).logs
    origin = next((origin for origin in logs if witness.origin_hash(origin) == origin_hash), None)
    with home.store.reading() as db:
        if origin is None or blocks.is_blocked(db, witness.parse_origin(origin)[0]):
            raise UnknownLogError("this witness has never cosigned a checkpoint of that log")
    return logs[origin].note.encode()


def cosigned(home: Home, origin: str) -> Note | None:
    """The checkpoint of a log that this node cosigned last, None when it never did."""
    seen = _read(home.path).logs.get(origin)
    return None if seen is None else notes.parse(seen.note.encode())


def asking(home: Home) -> frozenset[str]:
    """The ids of the networks whose logs this node has cosigned: they ask it to."""
    return frozenset(witness.parse_origin(origin)[0] for origin in _read(home.path).logs)


def _cosigner(home: Home, now: datetime) -> Cosigner:
    return Cosigner(cosigner_name(home.network.network), home.keys.cosigner_seed, int(now.timestamp()))


# --- whose logs -------------------------------------------------------------------------------------------------------


def _log(home: Home, origin: str) -> tuple[Network, int]:
    """The followed network whose public log this is, and the epoch."""
    unknown = UnknownLogError(f"{shown(origin)} is no log that this node follows")
    try:
        network_id, circle, epoch = witness.parse_origin(origin)
    except RefusedError:
        raise unknown from None
    with home.store.reading() as db:
        known = feeds.pinned(db, network_id)
    if known is None or known.own or known.blocked or circle != "public" or not 1 <= epoch <= known.identity.epoch:
        raise unknown
    if epoch < known.identity.epoch:
        raise UntrustedError(f"epoch {epoch} is closed, {known.name} is in epoch {known.identity.epoch}")
    if known.frozen:
        raise UntrustedError(f"{known.name} is frozen here: {known.frozen}")
    return known, epoch


def _opened(identity: Identity, epoch: int, signed: Note) -> Checkpoint:
    try:
        return open_head(identity, "public", epoch, signed)
    except SignatureError as error:
        raise UntrustedError(error.detail) from None


def _check_place(home: Home) -> None:
    """A copied home must not cosign: the other copy may have cosigned another history."""
    try:
        home.mark.check_place()
    except FednetError as error:
        raise BusyError(f"this witness does not sign at present: {error.detail}") from None


def _known(feed: Feed | None, epoch: int, seen: Seen) -> tuple[int, bytes]:
    """The size and root that a log must go on from: what was cosigned last, or what is followed when that is longer."""
    if feed is not None and feed.followed.epoch == epoch and feed.followed.frontier.size > seen.size:
        return feed.followed.frontier.size, feed.followed.frontier.root
    return seen.size, base64_bytes(seen.root) if seen.size else tlog.EMPTY_ROOT


def _check_agreed(home: Home, network: Network, request: Request, seen: Seen, now: datetime) -> Feed | None:
    """Raise SplitViewError, and keep the evidence, where what is asked, cosigned and followed here contradict.

    Returns what is followed.
    """
    shown = [request.note, *([notes.parse(seen.note.encode())] if seen.size else [])]
    with home.store.reading() as db:
        feed = feeds.feed(db, network, "public")
        found = next(filter(None, (evidence.contradiction(db, feed, one) for one in shown)), None) if feed else None
    if found is None and seen.size == request.checkpoint.size and seen.size:
        with suppress(ProofError):  # the same root
            found = proofs.split_view(network.identity, "public", network.identity.epoch, shown[1], request.note, ())
    if found is not None:
        with home.store.writing() as db:
            evidence.keep(db, network, found, now)
        raise SplitViewError(proofs.check(found).says)
    return feed


# --- what was cosigned ------------------------------------------------------------------------------------------------


def _remember(home: Home, state: State, log: Verifier, request: Request, mine: Signature) -> None:
    theirs = [one for one in request.note.signatures if (one.name, one.id) == (log.name, log.id)]
    head = request.checkpoint
    signed = Note(request.note.text, (theirs[0], mine)).encoded.decode()
    logs = state.logs | {head.origin: Seen(head.size, base64_text(head.root), signed)}
    write_atomically(home.path / STATE, msgspec.json.format(msgspec.json.encode(State(logs))) + b"\n")


@contextmanager
def _state_alone(path: Path) -> Iterator[State]:
    """What was cosigned, while nobody else of any thread or process looks or cosigns."""
    (path / LOCK).touch(mode=0o600)
    with alone(path / LOCK):
        yield _read(path)


def _read(path: Path) -> State:
    try:
        return msgspec.json.decode((path / STATE).read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenStoreError(f"{path / STATE}: {error}", hint="fednet doctor") from None
