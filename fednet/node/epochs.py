"""Changing keys: a new epoch with new online keys, or other recovery keys (SPEC section 3).

```
decide    one durable transaction: the next statement, and the first edition of each circle's new log; before it, the
          new online keys lie beside the old ones
finish    `publish.finish`: the mark allows, the first editions are signed, statement and editions are switched to in
          one transaction, and the new keys take the place of the old ones
```
A crash before the decision leaves nothing, a crash after it restarts into `finish`: one statement of a number is ever
published, and nothing is signed twice. After a theft or a loss, `fednet.node.recovery` chooses what to close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from sqlite_utils import Database

from fednet.feed import ed25519
from fednet.feed.edition import NOTHING_CLOSED, Closes
from fednet.feed.identity import Identity, Statement, extended, sign_statement
from fednet.feed.note import Note
from fednet.feed.record import Change
from fednet.feed.text import base64_text
from fednet.feed.tlog import Frontier
from fednet.node import keys, publish, sheet
from fednet.node.files import alone
from fednet.node.home import Home
from fednet.node.standing import log
from fednet.store import drafts, feeds
from fednet.store.feeds import Feed, Network


class Opened(msgspec.Struct, frozen=True):
    """An epoch that was opened: `closes` and `position` are of the public log, before and after."""

    network: str
    name: str
    statement: int
    epoch: int
    closes: str
    position: str


class First(msgspec.Struct, frozen=True):
    """What the first edition of a circle's new log closes, and what it changes."""

    feed: Feed
    closes: Closes
    changes: Sequence[Change] = ()


Choice = Callable[[Database, Network], Iterable[First]]
"""The first editions of a new epoch, chosen in the transaction that decides."""


def rotate(home: Home, seeds: Sequence[bytes], now: datetime) -> Opened:
    """New online keys. The old logs are believed up to their newest editions; edits that wait go on waiting.

    Raises UsageError when the recovery keys are too few, RollbackError when more was signed than the database holds,
    BrokenStoreError when that is not what it holds.
    """
    with alone(home.path):
        publish.finish(home, now)
        home.mark.check_place()
        signers = keys.usable(seeds, home.network.identity.current)
        publish.publish_prepared(home, now)

        def newest(db: Database, network: Network) -> Iterable[First]:
            for feed in to_move(db, network):
                home.mark.check(feed.circle, log(db, feed))
                publish.check_signed(db, feed)
                yield First(feed, closes_newest(feed))

        return open_epoch(home, signers, newest, now)


def open_epoch(home: Home, signers: Sequence[bytes], choice: Choice, now: datetime) -> Opened:
    """Decide on the next epoch, and finish it. `signers` are recovery keys that suffice; the caller is alone."""
    before = home.network.identity
    home.mark.check_stated(before.current.sequence + 1)
    online = keys.fresh()
    keys.keep_next(home.path, online)
    with home.store.writing() as db:
        firsts = list(choice(db, home.network))
        closes = next(first.closes for first in firsts if first.feed.circle == "public")
        statement = _following(before, epoch=before.epoch + 1, closes=closes)
        note = _signed(before, _with_keys(statement, online.public), signers)
        publish.state(db, note, home.mark.here)
        for first in firsts:
            drafts.published(db, first.feed.id)
            prepared = publish.next_edition(db, first.feed, list(first.changes), now, first.closes)
            drafts.prepare(db, first.feed.id, prepared)
    publish.finish(home, now)
    with home.store.reading() as db:
        network = feeds.own(db)
        public = feeds.feed(db, network, "public")
    return Opened(
        network=network.network,
        name=network.name,
        statement=statement.sequence,
        epoch=statement.epoch,
        closes=f"{closes.epoch}.{closes.edition}",
        position=str(public.followed.position) if public else "0.0",
    )


def to_move(db: Database, network: Network) -> list[Feed]:
    """The circles whose logs end with the epoch, and `public` always: its first edition comes with the statement.

    A circle of which nothing was signed yet begins in the new epoch when it is published.
    """
    feeds.open_feed(db, network, "public", visible=True)
    own = feeds.feeds(db, network)
    return [feed for feed in own if feed.circle == "public" or feed.followed.edition or drafts.prepared(db, feed.id)]


def closes_newest(feed: Feed) -> Closes:
    """The end of a circle's log as the database holds it."""
    identity, followed = feed.network.identity, feed.followed
    if feed.circle != "public":
        return publish.closed_at(followed)
    began = identity.opening(identity.epoch).closes or NOTHING_CLOSED
    frontier = followed.frontier if followed.epoch == identity.epoch else Frontier()
    return Closes(identity.epoch, frontier.size, base64_text(frontier.root), began.edition + frontier.size)


def _following(identity: Identity, *, epoch: int, closes: Closes | None) -> Statement:
    """The statement after the newest of a chain: the same but for its number, the epoch and what it closes."""
    current = identity.current
    return msgspec.structs.replace(
        current,
        sequence=current.sequence + 1,
        network=identity.network,
        previous=current.digest,
        epoch=epoch,
        closes=closes,
    )


def _with_keys(statement: Statement, online: keys.OnlineKeys) -> Statement:
    return msgspec.structs.replace(
        statement,
        log_key=base64_text(online.log),
        cosigner_key=base64_text(online.cosigner),
        transport_key=base64_text(online.transport),
        bundle_key=online.bundle,
    )


def _signed(before: Identity, statement: Statement, seeds: Sequence[bytes]) -> Note:
    """The statement signed; it is checked as followers will check it."""
    note = sign_statement(statement, list(dict.fromkeys(seeds)))
    extended(before, note)
    return note


# --- recovery keys ----------------------------------------------------------------------------------------------------


def change_recovery(
    home: Home, seeds: Sequence[bytes], out: Path, *, recovery_keys: int, threshold: int, now: datetime
) -> tuple[Path, ...]:
    """Other recovery keys, on new sheets; the epoch stays. The old keys sign for the last time.

    Returns the files of the new sheets. Raises UsageError when the old keys are too few.
    """
    sheet.check_shares(recovery_keys, threshold)
    texts = sheet.places(out, recovery_keys)
    sheet.check_places(home.path, texts)
    with alone(home.path):
        publish.finish(home, now)
        home.mark.check_place()
        before = home.network.identity
        home.mark.check_stated(before.current.sequence + 1)
        signers = keys.usable(seeds, before.current)
        fresh = [keys.fresh_recovery() for _ in texts]
        public = tuple(base64_text(ed25519.public_key(seed)) for seed in fresh)
        statement = msgspec.structs.replace(
            _following(before, epoch=before.epoch, closes=None), recovery_keys=public, threshold=threshold
        )
        note = _signed(before, statement, [*signers, *fresh])
        sheet.write(sheet.sheets(statement.name, before.network, fresh, threshold), texts)
        _decide(home, note, texts)
        publish.finish(home, now)
    return tuple(texts)


def _decide(home: Home, note: Note, texts: Sequence[Path]) -> None:
    """Decide on a statement whose recovery keys are on these sheets; undecided, the sheets are of no use."""
    try:
        with home.store.writing() as db:
            publish.state(db, note, home.mark.here)
    except BaseException:
        sheet.destroy(texts)
        raise
