"""All of a follower's verification: what is known of one feed, and what may advance it.

`Followed` is trusted state that only verified bytes can move. `advance` takes an answer and gives a `Step`: the state
that follows if the changes, applied, add up to the root that the step names. The caller applies them, computes the
root, and calls `Step.confirmed`; nothing becomes visible before. No clock is read: an old or far date is shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from fednet.errors import (
    LimitError,
    MalformedError,
    RefusedError,
    RollbackError,
    SplitViewError,
    StateMismatchError,
)
from fednet.feed import tlog
from fednet.feed.checkpoint import Checkpoint, open_checkpoint
from fednet.feed.edition import MAX_EDITIONS, NOTHING_CLOSED, Closes, Edition, parse_edition
from fednet.feed.identity import Identity
from fednet.feed.note import Note, Verifier
from fednet.feed.text import base64_bytes
from fednet.feed.tlog import Frontier
from fednet.feed.wire import Answer, Position


class Followed(msgspec.Struct, frozen=True):
    """What a follower holds of one feed. `edition` is None until a first edition was accepted.

    `closes` is where the log's epoch begins: the `closes` of its first edition (zeros in epoch 1).
    """

    network: str
    circle: str
    epoch: int
    frontier: Frontier = Frontier()
    edition: Edition | None = None
    checkpoint: Note | None = None
    closes: Closes = NOTHING_CLOSED

    @property
    def position(self) -> Position:
        return Position(self.epoch if self.edition else 0, self.edition.edition if self.edition else 0)

    def expired(self, now: datetime) -> bool:
        return self.edition is not None and self.edition.expires_at <= now


class Step(msgspec.Struct, frozen=True):
    """A verified way forward, to be believed once the state adds up. `leaves` are the new leaf hashes of the log."""

    before: Followed
    after: Followed
    leaves: Sequence[bytes]
    lines: dict[int, bytes]  # edition lines that came along, by leaf index

    def confirmed(self, state_root: bytes, records: int, erased: int) -> Followed:
        """The new trusted state, if what was applied adds up to what was signed."""
        edition = self.after.edition
        if edition is None:
            raise StateMismatchError("nothing was signed that could be confirmed")
        if state_root != edition.state_root:
            raise StateMismatchError(
                f"edition {edition.edition} signs the state {edition.state_root.hex()}, found {state_root.hex()}"
            )
        if (records, erased) != (edition.records, edition.erased):
            raise StateMismatchError(
                f"edition {edition.edition} signs {edition.records} records and {edition.erased} erased, "
                f"found {records} and {erased}"
            )
        return self.after


def open_head(
    identity: Identity, circle: str, epoch: int, note: Note, witnesses: Iterable[Verifier] = ()
) -> Checkpoint:
    """The checkpoint of a network's log, signed by the key that its identity names for that epoch."""
    checkpoint = open_checkpoint(note, identity.log_verifier(circle, epoch), witnesses)
    if checkpoint.size > MAX_EDITIONS:
        raise LimitError(f"a log of {checkpoint.size} editions, at most {MAX_EDITIONS} make an epoch")
    return checkpoint


def advance(followed: Followed, identity: Identity, answer: Answer, witnesses: Iterable[Verifier] = ()) -> Step:
    """Verify an answer to `changes?since=<followed.position>`; raises the RefusedError that fits."""
    if (answer.network, answer.circle) != (followed.network, followed.circle):
        raise MalformedError(f"expected {followed.network} {followed.circle}, found {answer.network} {answer.circle}")
    if answer.since != followed.position:
        raise MalformedError(f"expected changes since {followed.position}, found {answer.since}")
    epoch = answer.epoch
    checkpoint = open_head(identity, followed.circle, epoch, answer.checkpoint, witnesses)
    start = _start(followed, identity, epoch)
    check_not_behind(start, checkpoint)
    if checkpoint.size == start.frontier.size:
        return _unchanged(followed, start, checkpoint, answer)
    check_open(identity, followed.circle, epoch, checkpoint)
    editions = [parse_edition(line) for line in answer.editions]
    newest = editions[-1] if editions else None
    if newest is None:
        raise MalformedError("the log has grown, but no edition came along")
    if answer.leaves or answer.inclusion:
        leaves = _skipped_leaves(start, checkpoint, answer, editions)
        lines = {checkpoint.size - 1: answer.editions[-1]}
    else:
        leaves = tuple(map(tlog.leaf_hash, answer.editions))
        lines = {start.frontier.size + i: line for i, line in enumerate(answer.editions)}
    frontier = start.frontier.extended(leaves)
    _check_root(start, frontier, checkpoint)
    closes = _check_numbers(start, identity, editions, frontier.size)
    after = Followed(followed.network, followed.circle, epoch, frontier, newest, answer.checkpoint, closes)
    return Step(followed, after, leaves, lines)


def _start(followed: Followed, identity: Identity, epoch: int) -> Followed:
    """Where verification begins: at what is held, or at the empty log of a later epoch."""
    if epoch == followed.epoch or (followed.edition is None and epoch == identity.epoch):
        return followed if epoch == followed.epoch else Followed(followed.network, followed.circle, epoch)
    if epoch < followed.epoch:
        raise RollbackError(f"offered epoch {epoch}, epoch {followed.epoch} is already accepted")
    return Followed(followed.network, followed.circle, epoch)


def check_not_behind(followed: Followed, checkpoint: Checkpoint) -> None:
    """A size below the accepted one is a rollback; the accepted size with another root is a split view."""
    if checkpoint.size < followed.frontier.size:
        raise RollbackError(
            f"offered a log of {checkpoint.size} editions, {followed.frontier.size} are already accepted"
        )
    if checkpoint.size == followed.frontier.size and checkpoint.root != followed.frontier.root:
        raise SplitViewError(
            f"{checkpoint.origin} shows two logs of size {checkpoint.size}: accepted root "
            f"{followed.frontier.root.hex()}, offered {checkpoint.root.hex()}"
        )


def check_open(identity: Identity, circle: str, epoch: int, checkpoint: Checkpoint) -> None:
    """A log whose epoch the identity has closed is believed only as it was closed: a thief may hold its key.

    What a restricted circle's log was closed with is said in the first edition of its next one, not here.
    """
    if epoch >= identity.epoch:
        return
    closes = identity.opening(epoch + 1).closes
    if circle != "public" or closes is None or (checkpoint.size, checkpoint.root) != (closes.size, closes_root(closes)):
        raise RollbackError(
            f"{checkpoint.origin} size {checkpoint.size}: epoch {epoch} is closed, the network is in {identity.epoch}"
        )


def _unchanged(followed: Followed, start: Followed, checkpoint: Checkpoint, answer: Answer) -> Step:
    if answer.editions or answer.changes or answer.leaves or answer.inclusion:
        raise MalformedError("the log has not grown, but the answer brings changes")
    if start.edition is None:
        after = Followed(followed.network, followed.circle, answer.epoch, checkpoint=answer.checkpoint)
        return Step(followed, after, (), {})
    return Step(followed, msgspec.structs.replace(start, checkpoint=answer.checkpoint), (), {})


def _skipped_leaves(
    start: Followed, checkpoint: Checkpoint, answer: Answer, editions: Sequence[Edition]
) -> tuple[bytes, ...]:
    """The new leaf hashes when only the newest edition came, with the hashes of those skipped."""
    if len(editions) != 1:
        raise MalformedError("with leaves, an answer carries the newest edition only")
    leaf = tlog.leaf_hash(answer.editions[0])
    tlog.check_inclusion(answer.inclusion, checkpoint.size, checkpoint.root, checkpoint.size - 1, leaf)
    leaves = (*answer.leaves, leaf)
    if len(leaves) != checkpoint.size - start.frontier.size:
        raise MalformedError(f"expected {checkpoint.size - start.frontier.size} new leaves, found {len(leaves)}")
    return leaves


def _check_root(start: Followed, frontier: Frontier, checkpoint: Checkpoint) -> None:
    if frontier.size != checkpoint.size:
        raise MalformedError(f"expected {checkpoint.size - start.frontier.size} editions, found "
                             f"{frontier.size - start.frontier.size}")  # fmt: skip
    if frontier.root != checkpoint.root:
        raise SplitViewError(
            f"{checkpoint.origin} size {checkpoint.size}: the editions lead to {frontier.root.hex()}, "
            f"the checkpoint signs {checkpoint.root.hex()}"
        )


def _check_numbers(start: Followed, identity: Identity, editions: Sequence[Edition], size: int) -> Closes:
    """Editions are consecutive: leaf i of an epoch is edition `closes.edition` + 1 + i. Returns the epoch's closes."""
    first_index = size - len(editions)
    closes = start.closes
    if start.frontier.size == 0:
        closes = first_closes(identity, start.circle, start.epoch, editions[0] if first_index == 0 else None)
    for index, edition in enumerate(editions, first_index):
        _check_number(edition, closes, start.epoch, index)
    return closes


def _check_number(edition: Edition, closes: Closes, epoch: int, index: int) -> None:
    if edition.edition != closes.edition + 1 + index:
        raise RefusedError(f"expected edition {closes.edition + 1 + index}, found {edition.edition}")
    if (edition.closes is not None) != (index == 0 and epoch > 1):
        raise RefusedError(f"edition {edition.edition}: closes belongs to the first edition of a later epoch")


def first_closes(identity: Identity, circle: str, epoch: int, first: Edition | None) -> Closes:
    """Where an epoch's log begins. For `public` the identity's statement says so and the first edition must agree."""
    if epoch == 1:
        return NOTHING_CLOSED
    stated = identity.opening(epoch).closes
    if circle == "public":
        if first is not None and first.closes != stated:
            raise RefusedError("the first edition of the epoch and the identity statement close different logs")
        if stated is None:
            raise RefusedError(f"no statement says where epoch {epoch} begins")
        return stated
    if first is None or first.closes is None:
        raise RefusedError(f"the first edition of epoch {epoch} does not say what it closes")
    return first.closes


def begin(
    identity: Identity, circle: str, epoch: int, note: Note, leaves: Sequence[bytes], first: bytes, newest: bytes,
    held: Followed | None = None, witnesses: Iterable[Verifier] = (),
) -> Step:  # fmt: skip
    """Verify a feed from its static resources: checkpoint, leaf hashes (level-0 tiles), first and newest edition line.

    With `held`, what was accepted before must be a prefix: its size and root are compared, nothing is rolled back.
    """
    before = held or Followed(identity.network, circle, epoch)
    checkpoint = open_head(identity, circle, epoch, note, witnesses)
    start = _start(before, identity, epoch)
    check_not_behind(start, checkpoint)
    if len(leaves) != checkpoint.size:
        raise MalformedError(f"expected {checkpoint.size} leaf hashes, found {len(leaves)}")
    known = Frontier().extended(leaves[: start.frontier.size])
    if known.root != start.frontier.root:
        raise SplitViewError(
            f"{checkpoint.origin}: the first {start.frontier.size} editions are not those accepted before"
        )
    if checkpoint.size > start.frontier.size:
        check_open(identity, circle, epoch, checkpoint)
    frontier = known.extended(leaves[start.frontier.size :])
    _check_root(start, frontier, checkpoint)
    if not leaves:
        return Step(before, Followed(identity.network, circle, epoch, checkpoint=note), (), {})
    if tlog.leaf_hash(newest) != leaves[-1] or tlog.leaf_hash(first) != leaves[0]:
        raise SplitViewError(f"{checkpoint.origin}: an edition line is not the leaf that the log holds")
    opening, edition = parse_edition(first), parse_edition(newest)
    closes = first_closes(identity, circle, epoch, opening)
    _check_number(opening, closes, epoch, 0)
    _check_number(edition, closes, epoch, len(leaves) - 1)
    after = Followed(identity.network, circle, epoch, frontier, edition, note, closes)
    return Step(before, after, leaves[start.frontier.size :], {0: first, len(leaves) - 1: newest})


def closes_root(closes: Closes) -> bytes:
    return base64_bytes(closes.root, tlog.HASH_SIZE, "closes root")
