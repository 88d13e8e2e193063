"""Publishing: drafts become a signed edition (SPEC section 6).

```
prepare   one durable transaction: salts, changes and the edition line leave the drafts
read back what is signed is what the disk holds
mark      the high-water mark allows this one (epoch, size, root), durably
sign      Ed25519 is deterministic: signing again after a crash signs the same
switch    the answer goes through the same `accept` as everybody else's
```
A crash anywhere restarts into the same path: a prepared edition is always finished before another is begun.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.errors import BrokenStoreError
from fednet.feed import tree, wire
from fednet.feed.checkpoint import Checkpoint, origin
from fednet.feed.edition import Edition, edition, parse_edition
from fednet.feed.note import sign
from fednet.feed.record import SALT_SIZE, Change, Commitments, Drop, erase, key_of, put
from fednet.feed.tlog import leaf_hash
from fednet.feed.wire import Answer
from fednet.node.accept import accept
from fednet.node.files import alone
from fednet.node.home import Home
from fednet.store import drafts, feeds, records
from fednet.store.drafts import Draft, Prepared
from fednet.store.feeds import Feed

MAX_CHANGES = 20_000  # an edition; a larger import becomes several

Salt = Callable[[], bytes]


def fresh_salt() -> bytes:
    return os.urandom(SALT_SIZE)


class Published(NamedTuple):
    """A circle's newest edition after publishing, and how many changes it took."""

    circle: str
    edition: Edition
    changes: int


def publish(home: Home, now: datetime, *, salt: Salt = fresh_salt) -> list[Published]:
    """Sign everything that waits, circle by circle; the public circle also when it has no edition at all yet."""
    with alone(home.path):  # `serve` and a command may publish at the same moment
        with home.store.reading() as db:
            circles = {*drafts.circles_with_drafts(db), *drafts.circles_prepared(db)}
            public = feeds.feed(db, home.network, "public")
        if public is None or public.followed.edition is None:
            circles.add("public")
        return [_publish_circle(home, circle, now, salt) for circle in sorted(circles, reverse=True)]


def _publish_circle(home: Home, circle: str, now: datetime, salt: Salt) -> Published:
    total, newest = 0, None
    while newest is None or waiting(home, circle):
        newest, count = _publish_once(home, circle, now, salt)
        total += count
    return Published(circle, newest, total)


def renew(home: Home, now: datetime) -> list[Published]:
    """The heartbeat: an edition without changes for each own circle whose newest has lived half of its life."""
    published = []
    with alone(home.path):
        with home.store.reading() as db:
            own = feeds.feeds(db, home.network)
        for feed in own:
            newest = feed.followed.edition
            if newest is not None and now >= newest.issued_at + (newest.expires_at - newest.issued_at) / 2:
                published.append(Published(feed.circle, *_publish_once(home, feed.circle, now, fresh_salt)))
    return published


def waiting(home: Home, circle: str) -> bool:
    with home.store.reading() as db:
        return bool(drafts.drafts(db, circle, limit=1)) or circle in drafts.circles_prepared(db)


def _publish_once(home: Home, circle: str, now: datetime, salt: Salt) -> tuple[Edition, int]:
    home.mark.check_place()
    with home.store.writing() as db:
        feed = feeds.open_feed(db, home.network, circle, visible=True)
        if drafts.prepared(db, feed.id) is None:
            _prepare(db, feed, now, salt)
    with home.store.reading() as db:
        prepared = drafts.prepared(db, feed.id)
    if prepared is None:
        raise BrokenStoreError("the edition that was prepared is not there", hint="fednet doctor")
    answer = _signed(home, feed, prepared)
    with home.store.writing() as db:
        accept(db, feed, home.network.identity, answer, now, source=None)
        drafts.published(db, feed.id)
    return parse_edition(prepared.line), len(answer.changes)


def _prepare(db: Database, feed: Feed, now: datetime, salt: Salt) -> None:
    """Choose what the next edition says, and make it durable in the surrounding transaction."""
    taken = drafts.drafts(db, feed.circle, limit=MAX_CHANGES)
    changes = [_change(draft, feed.commitments, salt) for draft in taken]
    totals = records.totals_after(db, feed.id, changes, records.planned(db, feed.id, changes).root)
    last = feed.followed.edition
    line = edition(
        last.edition + 1 if last else feed.followed.closes.edition + 1,
        max(now, last.issued_at) if last else now,
        totals.records,
        totals.erased,
        tree.root_hash(totals.root),
    ).line
    drafts.prepare(db, feed.id, Prepared(line, b"".join(map(wire.change_line, changes))))
    drafts.settle(db, taken)


def _change(draft: Draft, feed: Commitments, salt: Salt) -> Change:
    key = key_of(draft.handle)
    if draft.action == "put" and draft.body is not None:
        return put(feed, draft.handle, salt(), draft.body)
    return erase(feed, key) if draft.action == "erase" else Drop(key)


def _signed(home: Home, feed: Feed, prepared: Prepared) -> Answer:
    """The answer that leads from the last edition to the prepared one, signed after the mark allows it."""
    before = feed.followed
    frontier = before.frontier.extended([leaf_hash(prepared.line)])
    name = origin(before.network, feed.circle, before.epoch)
    home.mark.advance(feed.circle, before.epoch, before.frontier, frontier.size, frontier.root)
    checkpoint = sign(Checkpoint(name, frontier.size, frontier.root).text, home.keys.log_signer(name))
    return Answer(
        network=before.network,
        circle=feed.circle,
        since=before.position,
        epoch=before.epoch,
        checkpoint=checkpoint,
        editions=(prepared.line,),
        changes=wire.parse_changes(prepared.changes, feed.commitments),
    )
