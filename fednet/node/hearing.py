"""What other networks say in introductions, held against the rules; and what this node tells them.

Whatever breaks the rules, or is beyond the limits, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError
from fednet.feed import introduction as rules
from fednet.feed.introduction import (
    MAX_ASKS_A_DAY,
    MAX_WAITING,
    Held,
    Role,
    Seen,
    Side,
    Spoken,
)
from fednet.feed.record import key_of
from fednet.feed.text import utc_text
from fednet.listing import Exchange
from fednet.listing.exchange import is_closed, is_over, open_day
from fednet.node.entries import (
    Entry,
    body_of,
    organization_handle,
    own_entry,
    readers_of,
)
from fednet.node.home import Home
from fednet.store import destruction, drafts, feeds
from fednet.store import introductions as stored
from fednet.store import search as index_search
from fednet.store.circles import PUBLIC
from fednet.store.feeds import Network
from fednet.store.introductions import Body, Kept, Step

RESTORING = timedelta(days=90)
"""How long after a restore others are believed about what this node has said."""
RESTORED = "introductions_restored"
"""A setting: when this node was restored from a backup last."""


def sides_for(db: Database, network: Network) -> tuple[Side, ...]:
    """What this node says in every introduction with a network: first what that has not confirmed, oldest first."""
    return tuple(said for said in _told(db, network) if isinstance(said, Side))


def unanswered(db: Database, network: Network) -> tuple[Seen, ...]:
    """The introductions of which this node holds the other's word and has none of its own to tell."""
    return tuple(said for said in _told(db, network) if isinstance(said, Seen))


def _told(db: Database, network: Network) -> list[Side | Seen]:
    told = (rules.telling(kept.held) for kept in stored.shown_with(db, network.network))
    return [said for said in told if said is not None]


def taken(home: Home, network: Network, sides: Sequence[Side], seen: Sequence[Seen], now: datetime) -> None:
    """What a network says, in one transaction; whatever breaks the rules, or is beyond the limits, changes nothing.

    Nor does anything of a network that was blocked or frozen while its answer was on its way.
    """
    with home.store.writing() as db:
        network = feeds.again(db, network)
        if network.blocked or network.frozen:
            return
        restored = _restored_lately(db, now)
        for side in sides:
            with suppress(FednetError, ValueError):
                _take(db, home, network, side, now, restored)
        for introduction_id, version in seen:
            with suppress(FednetError, ValueError):
                _confirmed(db, network, introduction_id, version, now, restored)


def _restored_lately(db: Database, now: datetime) -> str:
    """When this node was restored from a backup, if others may still tell it what it said before; else empty."""
    at = drafts.setting(db, RESTORED)
    return at if at and at > utc_text(now - RESTORING) else ""


def _take(db: Database, home: Home, network: Network, side: Side, now: datetime, restored: str) -> None:
    kept = stored.one(db, side.introduction)
    at = utc_text(now)
    if kept is not None:
        if kept.network != network.network or kept.role == "both":
            return  # somebody else's
        held = rules.taking(kept.held, side, at, restored)
        if kept.emptied_at is not None:  # what comes after everything was forgotten is not kept either
            held = rules.without_texts(held)
        if held != kept.held:
            _replaced(db, kept, stored.advance(db, kept, held, now), side, now)
        return
    if _is_too_much(db, network, now):
        return
    begun = rules.taking(None, side, at, restored)
    if begun.role == "asker":  # it was asked here before a restore, and nobody knows of it any more
        kept = _new(network, side, begun, "asker", now)._replace(name="")
        stored.empty(db, stored.advance(db, kept, begun, now), now)
    else:
        _begun(db, home, network, side, begun, now)


def _replaced(db: Database, before: Kept, kept: Kept, side: Side, now: datetime) -> None:
    """What the other side takes away is destroyed here as well, with the handle of an entry that it erased."""
    theirs, said = (kept.asking, side.own.handle) if kept.role == "asked" else (kept.about, side.about)
    gone = bool(theirs) and said == rules.erased(theirs)
    if gone:
        stored.forget_handle(db, kept, theirs, now)
    if gone or rules.words(before.held) - rules.words(kept.held):
        destruction.owe(db, prompt=kept.state == "taken-back")


def _is_too_much(db: Database, network: Network, now: datetime) -> bool:
    lately = stored.asked_since(db, network.network, now - timedelta(days=1))
    return lately >= MAX_ASKS_A_DAY or stored.unanswered_of(db, network.network) >= MAX_WAITING


def _begun(db: Database, home: Home, network: Network, side: Side, held: Held, now: datetime) -> None:
    """Somebody asks. About what is not here, or not for them, the node answers by itself, and shows it to nobody."""
    entry = _entry_for(db, home, network, side.about)
    kept = _new(network, side, held, "asked", now)
    if entry is None:
        held = rules.declining(held, utc_text(now)) if held.state == "waiting" else held
        stored.empty(db, stored.advance(db, kept._replace(name=""), held, now), now)
        return
    asker = _named_entry(db, network, side.own.handle)
    kept = kept._replace(body=body_of(held, entry, asker))
    steps = []
    if held.state == "waiting" and (is_closed(entry.record) or is_over(entry.record, open_day(now).isoformat())):
        held = rules.declining(held, utc_text(now))
        steps = [Step(utc_text(now), "closed")]
    stored.advance(db, kept, held, now, *steps)


def _new(network: Network, side: Side, held: Held, role: Role, now: datetime) -> Kept:
    at = utc_text(now)
    asking = side.own.handle if role == "asked" else ""
    return Kept(
        side.introduction, network.network, network.name, role, asking, side.about, "waiting", Body(held), at, at
    )  # fmt: skip


def _entry_for(db: Database, home: Home, network: Network, handle: str) -> Entry | None:
    """The own entry of that handle, if the asking network may read it; None alike for whatever is not there, or is
    hidden."""
    readers = readers_of(db, home, network.network)
    with suppress(FednetError):
        entry = own_entry(db, home, handle, readers)
        return entry if entry.circle in readers else None
    return None


def _named_entry(db: Database, network: Network, handle: str) -> Entry | None:
    """The entry for which somebody asks, if it is readable here."""
    if not handle:
        return None
    mine = [source for source in index_search.sources(db) if source.network == network.network]
    row = index_search.by_key(db, key_of(handle), [source.feed_id for source in mine])
    record = listing.parse(row.body) if row else None
    if not isinstance(record, Exchange):
        return None
    return Entry(network.network, network.name, False, handle, PUBLIC, record, Spoken(), organization_handle(record))


def _confirmed(db: Database, network: Network, id_: str, version: int, now: datetime, restored: str) -> None:
    kept = stored.one(db, id_)
    if kept is None or kept.network != network.network or kept.role == "both":
        return
    held = rules.acknowledged(kept.held, version, utc_text(now), restored)
    if held != kept.held:
        stored.advance(db, kept, held, now)


# --- a backup is restored ---------------------------------------------------------------------------------------------


def after_restore(db: Database, live: Sequence[Kept] | None, now: datetime) -> None:
    """In a database that was restored: `live` is what the one that it replaces held, None when that is lost.

    What was said stays said: it is kept as it was, or heard again from those to whom it was said.
    """
    if live is not None:
        stored.put_kept(db, live)
        return
    drafts.set_setting(db, RESTORED, utc_text(now))
    stored.mark_restored(db, now)
