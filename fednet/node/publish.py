"""Publishing: drafts become a signed edition (SPEC section 6).

```
prepare   one durable transaction: salts, changes and the edition line leave the drafts
read back what is signed is what the disk holds
mark      the high-water mark allows this one (epoch, size, root), durably
sign      Ed25519 is deterministic: signing again after a crash signs the same
switch    the answer goes through the same `accept` as everybody else's
```
A crash anywhere restarts into the same path: a prepared edition is always finished before another is begun, and a
statement that is about to be published (`fednet.node.epochs`) before either.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import BrokenStoreError, BusyError
from fednet.feed import tree, wire
from fednet.feed.checkpoint import Checkpoint, origin
from fednet.feed.edition import MAX_A_DAY, NOTHING_CLOSED, Closes, Edition, edition, parse_edition
from fednet.feed.follow import Followed
from fednet.feed.identity import Identity, extended
from fednet.feed.note import Note, parse, sign
from fednet.feed.record import SALT_SIZE, Change, Commitments, Drop, erase, key_of, put
from fednet.feed.text import base64_bytes, base64_text
from fednet.feed.tlog import HASH_SIZE, Frontier, leaf_hash
from fednet.feed.wire import Answer, Position
from fednet.node import keys, tombstones
from fednet.node.accept import accept
from fednet.node.erasure import settle_promptly
from fednet.node.files import alone
from fednet.node.home import Home
from fednet.node.keys import Keys
from fednet.node.mark import DAMAGED
from fednet.node.standing import log
from fednet.store import drafts, feeds, records
from fednet.store.drafts import Draft, Prepared
from fednet.store.feeds import Feed, Network

MAX_CHANGES = 20_000  # an edition; a larger import becomes several
STATEMENT = "statement"  # the setting that holds one about to be published
HOLD = "hold"  # the setting that says that a person decides when drafts are signed

Salt = Callable[[], bytes]


def fresh_salt() -> bytes:
    return os.urandom(SALT_SIZE)


Leaves = Callable[[], Sequence[bytes]]
Cosign = Callable[[Note, Leaves], Note]
"""Gives a checkpoint back, perhaps with more signatures; may ask for the hashes of the log's leaves. Never raises."""


def uncosigned(checkpoint: Note, leaves: Leaves) -> Note:
    return checkpoint


class Published(NamedTuple):
    """A circle's newest edition after publishing, and how many changes it took."""

    circle: str
    edition: Edition
    changes: int


def publish(
    home: Home, now: datetime, *, circles: Collection[str] | None = None, salt: Salt = fresh_salt,
    cosign: Cosign = uncosigned, only: Collection[str] | None = None,
) -> list[Published]:  # fmt: skip
    """Sign everything that waits, circle by circle; the public circle also when it has no edition at all yet.

    With `circles`, only what waits in those, and with `only`, edits of these handles alone: the others go on waiting.
    The public one comes first, and waits for no other. `cosign` is shown every public checkpoint before anybody else is
    (fednet.node.cosigning).
    """
    with alone(home.path):  # `serve` and a command may publish at the same moment
        finish(home, now)
        with home.store.reading() as db:
            wanted = waits(db, home.network)
        chosen = wanted if circles is None else [circle for circle in wanted if circle in circles]
        published = [_publish_circle(home, circle, now, salt, cosign, only) for circle in chosen]
    settle_promptly(home)  # what these editions erase
    return published


def waits(db: Database, own: Network) -> dict[str, str]:
    """The circles of which something waits to be signed, `public` first, each with words that differ after an edit."""
    found = dict.fromkeys(drafts.circles_prepared(db), "prepared") | drafts.waiting(db)
    public = feeds.feed(db, own, "public")
    if public is None or public.followed.edition is None:
        found.setdefault("public", "nothing is signed yet")
    return dict(sorted(found.items(), key=lambda one: (one[0] != "public", one[0])))


def is_held(db: Database) -> bool:
    """Whether drafts wait until a person says that they are to be signed; editions are renewed all the same."""
    return drafts.setting(db, HOLD) is not None


def hold(home: Home, on: bool) -> None:
    """Let drafts wait for a person from now on, or no longer. Whoever is told to publish signs them still."""
    with home.store.writing() as db:
        if on:
            drafts.set_setting(db, HOLD, "1")
        else:
            drafts.forget_setting(db, HOLD)


def _publish_circle(
    home: Home, circle: str, now: datetime, salt: Salt, cosign: Cosign, only: Collection[str] | None
) -> Published:
    total, newest = 0, None
    while newest is None or waiting(home, circle, only):
        newest, count = _publish_once(home, circle, now, salt, cosign, only)
        total += count
    return Published(circle, newest, total)


def renew(home: Home, now: datetime, *, cosign: Cosign = uncosigned) -> list[Published]:
    """The heartbeat: an edition without changes for each own circle whose newest has lived half of its life."""
    published = []
    with alone(home.path):
        finish(home, now)
        with home.store.reading() as db:
            own, only = feeds.feeds(db, home.network), () if is_held(db) else None
        for feed in own:
            newest = feed.followed.edition
            if newest is not None and now >= newest.issued_at + (newest.expires_at - newest.issued_at) / 2:
                done = _publish_once(home, feed.circle, now, fresh_salt, cosign, only)
                published.append(Published(feed.circle, *done))
    return published


def publish_prepared(home: Home, now: datetime) -> None:
    """Sign the editions that a crash left unsigned, and nothing else. The caller is alone in the home."""
    with home.store.reading() as db:
        circles = drafts.circles_prepared(db)
    for circle in circles:
        _publish_once(home, circle, now, fresh_salt)


def waiting(home: Home, circle: str, only: Collection[str] | None = None) -> bool:
    """Whether an edition is to be signed; with `only`, whether one with edits of these handles is."""
    with home.store.reading() as db:
        return bool(_taken(db, circle, only, limit=1)) or circle in drafts.circles_prepared(db)


def _taken(db: Database, circle: str, only: Collection[str] | None, limit: int) -> list[Draft]:
    if only is None:
        return drafts.drafts(db, circle, limit=limit)
    return [draft for draft in drafts.drafts(db, circle) if draft.handle in only][:limit]


def _publish_once(
    home: Home, circle: str, now: datetime, salt: Salt, cosign: Cosign = uncosigned,
    only: Collection[str] | None = None,
) -> tuple[Edition, int]:  # fmt: skip
    with home.store.writing() as db:
        feed = feeds.open_feed(db, home.network, circle, visible=True)
        home.mark.check(circle, log(db, feed))
        prepared = drafts.prepared(db, feed.id)
        if prepared is None:
            _prepare(db, feed, now, salt, only)
        else:
            _check_adds_up(db, feed, prepared)
    with home.store.reading() as db:
        prepared = drafts.prepared(db, feed.id)
    if prepared is None:
        raise BrokenStoreError("the edition that was prepared is not there", hint="fednet doctor")
    identity = feed.network.identity
    answer = _signed(home, feed, prepared, identity, home.keys)
    if circle == "public":
        checkpoint = cosign(answer.checkpoint, lambda: _leaves(home, feed, answer))
        answer = msgspec.structs.replace(answer, checkpoint=checkpoint)
    with home.store.writing() as db:
        accept(db, feed, identity, answer, now, source=None)
        drafts.published(db, feed.id)
    return parse_edition(prepared.line), len(answer.changes)


def _leaves(home: Home, feed: Feed, answer: Answer) -> list[bytes]:
    """The leaf hashes of the log that an own answer leads to."""
    with home.store.reading() as db:
        before = feeds.leaf_hashes(db, feed) if feed.followed.epoch == answer.epoch else ()
    return [*before, *map(leaf_hash, answer.editions)]


def _prepare(db: Database, feed: Feed, now: datetime, salt: Salt, only: Collection[str] | None = None) -> None:
    """Choose what the next edition says, and make it durable in the surrounding transaction."""
    _check_pace(db, feed, now)
    taken = _taken(db, feed.circle, only, limit=MAX_CHANGES)
    changes = [_change(draft, feed.commitments, salt) for draft in taken if not _was_erased(db, feed, draft)]
    check_signed(db, feed, changes)
    drafts.prepare(db, feed.id, next_edition(db, feed, changes, now, _closes(feed)))
    drafts.settle(db, taken)


def check_signed(db: Database, feed: Feed, changes: Sequence[Change] = ()) -> None:
    """Raise BrokenStoreError unless what is stored is what the newest edition signs, wherever changes meet it.

    What was damaged, or changed by other hands, must not be signed onwards: followers could not follow, and newcomers
    would take it for ours. Cheap: the whole is hashed by `fednet verify`, and after a restore.
    """
    edition = feed.followed.edition
    keys = [bytes(HASH_SIZE), *(change.key for change in changes)]
    if edition is not None and not (
        (feed.records, feed.erased) == (edition.records, edition.erased)
        and records.sound(db, feed.id, keys, edition.state_root)
    ):
        raise _broken(feed, f"what is stored is not what edition {edition.edition} signs")


def _check_adds_up(db: Database, feed: Feed, prepared: Prepared) -> None:
    """Raise BrokenStoreError unless a prepared edition follows on what the newest one signs."""
    changes = wire.parse_changes(prepared.changes, feed.commitments)
    check_signed(db, feed, changes)
    if tree.root_hash(records.planned(db, feed.id, changes).root) != parse_edition(prepared.line).state_root:
        raise _broken(feed, "the edition that was prepared does not add up")


def _broken(feed: Feed, detail: str) -> BrokenStoreError:
    return BrokenStoreError(f"circle {feed.circle}: {detail}, so nothing is signed", hint=DAMAGED)


def _check_pace(db: Database, feed: Feed, now: datetime) -> None:
    """Raise BusyError when the edition that lies MAX_A_DAY back is not a day old: every follower keeps every leaf."""
    back = feed.followed.frontier.size - MAX_A_DAY
    line = feeds.edition_lines(db, feed, back, back + 1)[0] if back >= 0 else None
    if line is not None and abs(now - parse_edition(line).issued_at) < timedelta(days=1):
        raise BusyError(f"{MAX_A_DAY:,} editions were signed within a day", hint="edits are kept, for the next one")


def next_edition(db: Database, feed: Feed, changes: Sequence[Change], now: datetime, closes: Closes | None) -> Prepared:
    """What the feed's next edition says; `closes` when it is the first of a later epoch."""
    totals = records.totals_after(db, feed.id, changes, records.planned(db, feed.id, changes).root)
    last = feed.followed.edition
    before = closes or feed.followed.closes
    line = edition(
        last.edition + 1 if last and closes is None else before.edition + 1,
        max(now, last.issued_at) if last else now,
        totals.records,
        totals.erased,
        tree.root_hash(totals.root),
        closes,
    ).line
    return Prepared(line, b"".join(map(wire.change_line, changes)))


def _closes(feed: Feed) -> Closes | None:
    """What the next edition closes: nothing in a log that has begun, or when there was none before."""
    followed, identity = feed.followed, feed.network.identity
    if identity.epoch == 1 or (followed.edition is not None and followed.epoch == identity.epoch):
        return None
    return identity.opening(identity.epoch).closes if feed.circle == "public" else closed_at(followed)


def closed_at(followed: Followed) -> Closes:
    """A log as it stands, as the first edition of the next one speaks of it."""
    if followed.edition is None:
        return NOTHING_CLOSED
    frontier = followed.frontier
    return Closes(followed.epoch, frontier.size, base64_text(frontier.root), followed.edition.edition)


def _was_erased(db: Database, feed: Feed, draft: Draft) -> bool:
    """An edit of a record that is erased, out of a database of an older day: an erased handle is never listed again."""
    return draft.action != "erase" and records.tombstone(db, feed.id, key_of(draft.handle)) is not None


def _change(draft: Draft, feed: Commitments, salt: Salt) -> Change:
    key = key_of(draft.handle)
    if draft.action == "put" and draft.body is not None:
        return put(feed, draft.handle, salt(), draft.body)
    return erase(feed, key) if draft.action == "erase" else Drop(key)


def _signed(home: Home, feed: Feed, prepared: Prepared, identity: Identity, online: Keys) -> Answer:
    """The answer that leads from the last edition to the prepared one, signed after the mark allows it."""
    before, epoch = feed.followed, identity.epoch
    start = before.frontier if before.epoch == epoch else Frontier()
    frontier = start.extended([leaf_hash(prepared.line)])
    name = origin(before.network, feed.circle, epoch)
    changes = wire.parse_changes(prepared.changes, feed.commitments)
    home.mark.advance(feed.circle, epoch, start, frontier.size, frontier.root)
    tombstones.keep(home.path, feed, Position(epoch, parse_edition(prepared.line).edition), changes)
    checkpoint = sign(Checkpoint(name, frontier.size, frontier.root).text, online.log_signer(name))
    return Answer(
        network=before.network,
        circle=feed.circle,
        since=before.position,
        epoch=epoch,
        checkpoint=checkpoint,
        editions=(prepared.line,),
        changes=changes,
    )


# --- a statement about to be published --------------------------------------------------------------------------------


def state(db: Database, statement: Note, place: str) -> None:
    """Decide durably, in the surrounding transaction and at this place, that the network's next statement is this."""
    drafts.set_setting(db, STATEMENT, f"{place} {base64_text(statement.encoded)}")


def unfinished(home: Home) -> bool:
    """Whether a statement, or the keys of the epoch it opens, wait to be published."""
    with home.store.reading() as db:
        return drafts.setting(db, STATEMENT) is not None or keys.awaiting(home.path, home.network.identity)


def finish(home: Home, now: datetime) -> None:
    """Publish the statement that was decided, with the first edition of every log that it opens; if there is one.

    The caller is alone in the home. Nothing of it can be seen before all of it can.
    """
    with home.store.reading() as db:
        decided = drafts.setting(db, STATEMENT)
    if decided is not None:
        place, _, statement = decided.partition(" ")
        if place != home.mark.here:  # copied in the midst of it: two homes must not open one epoch
            home.mark.check_place()
        _publish_statement(home, parse(base64_bytes(statement, what=STATEMENT)), now)
    keys.settle(home.path, home.network.identity)


def _publish_statement(home: Home, statement: Note, now: datetime) -> None:
    network = home.network
    identity = extended(network.identity, statement)
    home.mark.state(network.network, identity.current.sequence)
    answers = _first_answers(home, identity) if identity.epoch > network.identity.epoch else []
    with home.store.writing() as db:
        feeds.pin(db, identity, now)
        for feed, answer in answers:
            accept(db, feed, identity, answer, now, source=None)
            drafts.published(db, feed.id)
        drafts.forget_setting(db, STATEMENT)


def _first_answers(home: Home, identity: Identity) -> list[tuple[Feed, Answer]]:
    """For each circle with an edition prepared, the answer that crosses into the new epoch."""
    online = keys.read_next(home.path, identity.current)
    with home.store.reading() as db:
        found = [(feed, drafts.prepared(db, feed.id)) for feed in feeds.feeds(db, home.network)]
    return [(feed, _signed(home, feed, prepared, identity, online)) for feed, prepared in found if prepared]
