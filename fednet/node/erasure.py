"""Erasure: a record is destroyed here with the edition that says so, and at every follower as it arrives (SPEC 7.9).

```
erase     what waits, and what imports remember of the record, goes at once; a draft says that it is erased
publish   the next edition replaces the record by a tombstone: the row is destroyed in that transaction
settle    words, old pages and the write-ahead log are destroyed; only then it is done, and a follower says so
```
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.errors import BusyError, FednetError, NotFoundError, UsageError
from fednet.feed.record import Put, check_handle, key_of
from fednet.feed.wire import Position
from fednet.node import revisions, uploads
from fednet.node.edits import Own, find
from fednet.node.home import Home
from fednet.store import (
    accounts,
    acts,
    applications,
    circles,
    destruction,
    drafts,
    exchanges,
    feeds,
    hidden,
    introductions,
    proposals,
    receipts,
    records,
)
from fednet.store.drafts import Draft
from fednet.store.feeds import Feed, Network
from fednet.store.receipts import Told


class Erasing(NamedTuple):
    """A record that is going to be erased from `circle` by the next edition; None: it was never signed, and is gone."""

    handle: str
    circle: str | None


def erase(home: Home, handle: str, now: datetime) -> Erasing:
    """Destroy one of this network's records everywhere: see above. Also one that was withdrawn before.

    Raises NotFoundError for a record that is not this network's, UsageError for one that is erased already.
    """
    check_handle(handle)
    with home.store.writing() as db:
        found = _circle_of(db, home.network, handle)
        waiting, kept = drafts.draft(db, handle), hidden.taken_out(db, handle)
        if found is None and waiting is None and kept is None:
            raise NotFoundError(f"this network lists no record {handle}", hint="fednet search, or fednet show HANDLE")
        kind = None
        with suppress(NotFoundError):  # withdrawn already
            own = Own(handle, kept.circle, kept.body, False) if kept else find(db, home, handle)
            kind = own.fields["kind"]
            revisions.forget(db, home.network.network, own)
        hidden.forget(db, handle)
        drafts.discard(db, handle)
        drafts.forget_imports(db, handle)
        applications.forget(db, handle)
        proposals.forget(db, handle, kind)
        introductions.end(db, handle, now, erased=True)
        accounts.forget(db, handle)
        acts.forget(db, handle)
        exchanges.forget(db, handle)
        if found is not None:
            drafts.save(db, [Draft(handle, found, "erase", None)], now)
        destruction.owe(db, prompt=True)
    uploads.clear(home)
    settle(home)
    return Erasing(handle, found)


def _circle_of(db: Database, own: Network, handle: str) -> str | None:
    """The own circle whose log has ever listed the handle, as far as this node knows."""
    key = key_of(handle)
    for feed in feeds.feeds(db, own):
        if any(isinstance(change, Put) and change.key == key for change in drafts.prepared_changes(db, feed)):
            return feed.circle
        edition = records.tombstone(db, feed.id, key)
        if edition is not None:
            raise UsageError(f"{handle} is erased already, since edition {edition}", hint=f"fednet show {handle}")
        if drafts.listed(db, feed.id, handle) is not None or records.was_dropped(db, feed.id, key):
            return feed.circle
    return None


def can_be_erased(db: Database, home: Home, handle: str) -> bool:
    """Whether an own circle has ever listed the handle, and none has erased it."""
    try:
        return _circle_of(db, home.network, check_handle(handle)) is not None
    except FednetError:
        return False


def settle(home: Home) -> bool:
    """Destroy what is left of all that was taken out; False when others read or write for so long that it waits.

    Then it remains owed, and whoever serves this node, or changes it next, tries again.
    """
    try:
        destruction.settle(home.store)
    except BusyError:
        return False
    return True


def settle_promptly(home: Home) -> bool:
    """`settle` where something was erased or let go of; what was replaced waits for an occasion."""
    with home.store.reading() as db:
        owed = destruction.is_owed(db)
    return settle(home) if owed else True


# --- what became of an erasure ----------------------------------------------------------------------------------------


class Confirmation(NamedTuple):
    """Whether a network has confirmed that it destroyed a record, and the newest edition that it said it holds."""

    network: Network
    confirmed: bool
    told: Told | None


class Erased(NamedTuple):
    """A record that was erased. `confirmations` are of those who may read our circle; others' records have none.

    `done` when this node has destroyed every copy of whatever was erased.
    """

    handle: str
    network: Network
    circle: str
    position: Position
    done: bool
    confirmations: tuple[Confirmation, ...]


def erased(home: Home, handle: str) -> Erased | None:
    """What became of a record that its network, ours or one that is followed, has erased; None when it has not."""
    key = key_of(check_handle(handle))
    with home.store.reading() as db:
        for feed in feeds.feeds(db):
            edition = records.tombstone(db, feed.id, key)
            if edition is not None and feed.visible:
                confirmations = tuple(_confirmations(db, feed, edition)) if feed.network.own else ()
                position, done = Position(_epoch_of(feed, edition), edition), not destruction.is_owed(db)
                return Erased(handle, feed.network, feed.circle, position, done, confirmations)
    return None


def _epoch_of(feed: Feed, edition: int) -> int:
    """The epoch whose log has the edition; of earlier ones, the last that was closed."""
    closes = feed.followed.closes
    return feed.followed.epoch if edition > closes.edition else closes.epoch


def _confirmations(db: Database, feed: Feed, edition: int) -> list[Confirmation]:
    said = receipts.told(db, feed.circle)
    return [Confirmation(n, holds(feed, said.get(n.id), edition), said.get(n.id)) for n in audience(db, feed.circle)]


def holds(feed: Feed, told: Told | None, edition: int) -> bool:
    """Whether an edition is part of what a network told us it holds: not when that was in a log that ended before."""
    if told is None or told.position.edition < edition:
        return False
    return edition <= feed.followed.closes.edition or told.position.epoch == feed.followed.epoch


def audience(db: Database, circle: str) -> list[Network]:
    """The pinned networks whose receipts are waited for: those who may read an own circle."""
    followed = feeds.peers(db)
    if circle == circles.PUBLIC:
        return followed
    readers = circles.audience(db, circle)
    return [network for network in followed if network.id in readers]
