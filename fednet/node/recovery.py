"""Recovery from a theft or a loss: a new epoch that closes the old logs before what is not to be believed (SPEC 3.3).

After the theft of the online keys alone, this database holds the true state, and all of it is listed again, whatever
the thief signed elsewhere. After the theft of the whole machine it may hold forged records of its own: a person says
which (`forged`). What a forged edit replaced or erased here is gone; it comes back from a backup or with an import. A
restored database that is older than what was signed is listed as it is, and closes where the high-water mark stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import BrokenStoreError, NotFoundError, RollbackError, UsageError
from fednet.feed.edition import Closes, parse_edition
from fednet.feed.record import Change, Drop, Erase, Put, check_handle, key_of
from fednet.feed.text import base64_text
from fednet.feed.tlog import root_of
from fednet.feed.wire import Position
from fednet.node import keys, publish
from fednet.node.epochs import First, Opened, closes_newest, open_epoch, to_move
from fednet.node.erasure import settle_promptly
from fednet.node.files import alone
from fednet.node.home import Home
from fednet.node.mark import Content
from fednet.store import drafts, feeds, records
from fednet.store.feeds import Feed, Network

Forged = Collection[str] | Literal["all"]
"""Handles of records that are not this network's own words; or all that was changed after the close."""


class Later(msgspec.Struct, frozen=True):
    """A change that came after the close: in an edition that becomes void, or (`signed` false) in none yet."""

    circle: str
    action: Literal["put", "drop", "erase"]
    key: str
    handle: str | None  # known of what is listed, not of what is gone
    signed: bool
    body: bytes | None = None


class Closing(NamedTuple):
    """Up to which position each circle's log is believed; None is the newest that this node knows to have signed.

    Other circles than `public` must be named where `public` is closed before its newest edition.
    """

    public: Position | None = None
    others: Mapping[str, Position | None] = {}


def recover(
    home: Home, seeds: Sequence[bytes], closing: Closing, forged: Forged | None, now: datetime, *,
    as_restored: bool = False,
) -> Opened:  # fmt: skip
    """Open an epoch with new online keys; of the old logs nothing after `closing` is believed any more.

    `forged` must be given when the database holds changes that came after the close. The home may be a copy or a
    restored one, and its old keys may be lost. `as_restored` must be said where a backup may be older than what was
    published: all that it lists is listed again, also what was erased since.
    """
    with alone(home.path):
        publish.finish(home, now)
        stopped = home.mark.stopped(home.network.identity.epoch)
        if stopped is not None and stopped.kind == "restored" and not as_restored:
            raise RollbackError(
                "this node was restored from a backup: what was erased or withdrawn since would be listed again",
                hint="fednet restore --from URL asks a follower first; if nobody can be asked, add --as-restored, and "
                "look through what is listed",
            )
        signers = keys.usable(seeds, home.network.identity.current)
        marked = home.mark.read()
        with home.store.reading() as db:
            unclear = [] if forged is not None else list(_later(db, home.network, closing, marked))
        if unclear:
            raise UsageError(
                f"{_counted(len(unclear))} came after the close: what of that is forged?",
                hint="--dry-run lists it; then --forged HANDLE for each of those, or --forged all, or --forged none",
            )

        def chosen(db: Database, network: Network) -> Iterable[First]:
            return _chosen(db, network, closing, forged or (), marked)

        opened = open_epoch(home, signers, chosen, now)
    settle_promptly(home)  # what was left out as forged
    return opened


def _counted(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes:,} changes"


def later(home: Home, closing: Closing) -> list[Later]:
    """What was changed here after the close, and what waits to be signed."""
    with home.store.reading() as db:
        return list(_later(db, home.network, closing, home.mark.read()))


# --- where to close ---------------------------------------------------------------------------------------------------


def _closes(db: Database, own: Iterable[Feed], closing: Closing, marked: Content | None) -> dict[str, Closes]:
    """Circle -> where its log is closed."""
    found = {feed.circle: feed for feed in own}
    public = found["public"]
    closes = {"public": _closes_at(db, public, closing.public, marked)}
    early = closing.public is not None and closes["public"] != _closes_signed(public, marked)
    for circle in closing.others:
        if circle not in found:
            raise NotFoundError(f"this network has no circle {circle!r}", hint="fednet status")
    for circle, feed in found.items():
        if early and feed.followed.edition is not None and circle not in {"public", *closing.others}:
            raise UsageError(
                f"where is circle {circle} to be closed? Its newest edition is {feed.followed.position}",
                hint=f"--closes {circle}={_suggested(db, public, feed, closes['public'])}, as far as its dates can be "
                f"trusted; or --closes {circle}=last-good",
            )
        if circle != "public":
            closes[circle] = _closes_at(db, feed, closing.others.get(circle), marked)
    return closes


def _suggested(db: Database, public: Feed, feed: Feed, closes: Closes) -> Position:
    """The newest position of a circle that was issued, as it says, no later than the edition at which public closes."""
    followed = feed.followed
    closing = feeds.edition_lines(db, public, closes.size - 1, closes.size) if closes.size else []
    until = max((parse_edition(line).issued for line in closing if line is not None), default="")
    lines = feeds.edition_lines(db, feed, 0, followed.frontier.size)
    before = [edition.edition for edition in map(parse_edition, filter(None, lines)) if edition.issued <= until]
    return Position(followed.epoch, max(before, default=followed.closes.edition))


def _closes_at(db: Database, feed: Feed, wanted: Position | None, marked: Content | None) -> Closes:
    """The close of a log at a position, or at the newest that was signed."""
    newest = _closes_signed(feed, marked)
    if wanted is None:
        return newest
    held = closes_newest(feed)
    began = held.edition - held.size
    size = wanted.edition - began
    if wanted.epoch != newest.epoch or not 0 <= size <= newest.size:
        raise UsageError(
            f"{wanted} is no position of circle {feed.circle} that can be closed",
            hint=f"choose one from {newest.epoch}.{began} to {newest.epoch}.{newest.edition}",
        )
    if size == newest.size:
        return newest
    if size > held.size:
        raise UsageError(
            f"this node holds the editions of circle {feed.circle} up to {held.epoch}.{held.edition} only",
            hint=f"choose one from {held.epoch}.{began} to {held.epoch}.{held.edition}, or {newest.epoch}."
            f"{newest.edition}, which it knows to have signed",
        )
    return Closes(wanted.epoch, size, base64_text(_root_at(db, feed, size)), wanted.edition)


def _root_at(db: Database, feed: Feed, size: int) -> bytes:
    """The root of the log when it had this size; what is signed must not rest on a damaged row."""
    leaves = feeds.leaf_hashes(db, feed)
    if root_of(leaves) != feed.followed.frontier.root:
        raise BrokenStoreError("the log in the database is damaged", hint="fednet verify; restore the newest backup")
    return root_of(leaves[:size])


def _closes_signed(feed: Feed, marked: Content | None) -> Closes:
    """The newest end of a circle's log that is known here: the high-water mark may know more than the database."""
    held = closes_newest(feed)
    signed = marked.logs.get(feed.circle) if marked else None
    if signed is None or signed.epoch != held.epoch or signed.size <= held.size:
        return held
    return Closes(signed.epoch, signed.size, signed.root, held.edition - held.size + signed.size)


# --- what to list -----------------------------------------------------------------------------------------------------


def _chosen(
    db: Database, network: Network, closing: Closing, forged: Forged, marked: Content | None
) -> Iterator[First]:
    _check_own(db, network, forged)
    moving = to_move(db, network)
    closes = _closes(db, moving, closing, marked)
    named = frozenset[bytes]() if forged == "all" else frozenset(map(key_of, forged))
    for feed in moving:
        out = _keys_after(db, feed, closes[feed.circle]) if forged == "all" else named
        yield First(feed, closes[feed.circle], _without(db, feed, out, keep_prepared=forged != "all"))
    _discard_edits(db, forged, named)


def _keys_after(db: Database, feed: Feed, closes: Closes) -> frozenset[bytes]:
    changed = records.changed_since(db, feed.id, feed.commitments, closes.edition)
    return frozenset(change.key for change in changed)


def _check_own(db: Database, network: Network, forged: Forged) -> None:
    own = feeds.feeds(db, network)
    for handle in () if forged == "all" else forged:
        key = key_of(check_handle(handle))
        listed = any(records.record(db, feed.id, feed.commitments, key) is not None for feed in own)
        if not listed and drafts.draft(db, handle) is None:
            raise NotFoundError(f"this network lists no record {handle}", hint="--dry-run lists what was changed")


def _without(db: Database, feed: Feed, out: frozenset[bytes], *, keep_prepared: bool) -> list[Change]:
    """What the first edition changes: what was prepared and is kept, and what is left out as forged."""
    kept = drafts.prepared_changes(db, feed) if keep_prepared else ()
    listed = (key for key in sorted(out) if records.record(db, feed.id, feed.commitments, key) is not None)
    return [*(change for change in kept if change.key not in out), *map(Drop, listed)]


def _discard_edits(db: Database, forged: Forged, named: frozenset[bytes]) -> None:
    """Forget edits that wait and are forged, and which import they came from."""
    circles = drafts.circles_with_drafts(db)
    waiting = [draft for circle in circles for draft in drafts.drafts(db, circle)]
    gone = [draft.handle for draft in waiting if forged == "all" or key_of(draft.handle) in named]
    for handle in gone:
        drafts.discard(db, handle)
    drafts.forget_imported(db, [*gone, *(() if forged == "all" else forged)])


def _later(db: Database, network: Network, closing: Closing, marked: Content | None) -> Iterator[Later]:
    """Nothing came after the newest, and then what waits is nobody's concern either."""
    own = feeds.feeds(db, network)
    if closing == Closing() or not any(feed.circle == "public" for feed in own):
        return
    closes = _closes(db, own, closing, marked)
    for feed in own:
        for change in records.changed_since(db, feed.id, feed.commitments, closes[feed.circle].edition):
            yield _shown(feed.circle, change, signed=True)
        for change in drafts.prepared_changes(db, feed):
            yield _shown(feed.circle, change, signed=False)
    for circle in drafts.circles_with_drafts(db):
        for draft in drafts.drafts(db, circle):
            yield Later(circle, draft.action, key_of(draft.handle).hex(), draft.handle, False, draft.body)


def _shown(circle: str, change: Change, *, signed: bool) -> Later:
    match change:
        case Put():
            return Later(circle, "put", change.key.hex(), change.handle, signed, change.body)
        case Erase():
            return Later(circle, "erase", change.key.hex(), None, signed)
        case Drop():
            return Later(circle, "drop", change.key.hex(), None, signed)
