"""A week in a network: what changed, who joined, who is silent, what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fednet.directory.agenda import Agenda, Occurrence, agenda
from fednet.directory.changes import MAX_LIMIT, Change, recent
from fednet.directory.networks import Network, networks
from fednet.directory.query import Query
from fednet.directory.search import OPERATOR, Hit
from fednet.directory.waiting import LAST_BACKUP, LAST_REHEARSAL
from fednet.errors import NotFoundError
from fednet.store import drafts, introductions
from fednet.store.database import Store
from fednet.store.introductions import Figure

DAYS = 7
AHEAD = timedelta(days=14)
MAX_CHANGES = 2_000
"""Changes that are looked at; a busier week says that there were more."""
MAX_LISTED = 30


class Introductions(NamedTuple):
    """How many were asked for, answered, and came about."""

    asked: int
    answered: int
    introduced: int


class Week(NamedTuple):
    """`since` is the first day that counts. `changed`: own records that were listed or changed, the newest first, of
    `kinds` so many of each; `withdrawn` own ones. `others`: name of a network and how much of it changed, most first.
    `more`: more happened than was looked at. `introductions`: those in which this node
    has a part. `backup` and `rehearsal` are instants, None for never."""

    since: date
    changed: list[Hit]
    kinds: dict[str, int]
    withdrawn: int
    joined: list[Hit]
    others: list[tuple[str, int]]
    more: bool
    silent: list[Network]
    coming: list[Occurrence]
    introductions: Introductions
    backup: str | None
    rehearsal: str | None


def week(store: Store, zone: str, now: datetime, days: int = DAYS) -> Week:
    """What the secretariat should know of the last days, everything that this node may read included."""
    began = now - timedelta(days=days)
    found = list(_since(store, began, now))
    known = networks(store, OPERATOR, now, counted=False)
    own = {network.network for network in known if network.own}
    mine = [one for one in found if one.network in own]
    listed = [one.hit for one in mine if one.hit is not None]
    with store.reading() as db:
        made, rehearsed = drafts.setting(db, LAST_BACKUP), drafts.setting(db, LAST_REHEARSAL)
        introduced = _introductions(introductions.figures(db), began)
    today = now.astimezone(ZoneInfo(zone)).date()
    since = began.astimezone(ZoneInfo(zone)).date()
    return Week(
        since=since,
        changed=listed[:MAX_LISTED],
        kinds=dict(Counter(hit.kind for hit in listed).most_common()),
        withdrawn=sum(one.hit is None for one in mine),
        joined=[hit for hit in listed if hit.kind == "organization" and _since_day(hit) >= since.isoformat()],
        others=Counter(one.network_name for one in found if one.network not in own).most_common(MAX_LISTED),
        more=len(found) >= MAX_CHANGES,
        silent=[network for network in known if network.silent and not network.own and not network.blocked],
        coming=_coming(store, Agenda(since=today, until=today + AHEAD, zone=zone), now),
        introductions=introduced,
        backup=made,
        rehearsal=rehearsed,
    )


def _since(store: Store, began: datetime, now: datetime) -> Iterator[Change]:
    """Changes of the last days, newest first."""
    cursor, seen = None, 0
    while seen < MAX_CHANGES:
        page = recent(store, Query(limit=MAX_LIMIT, cursor=cursor), OPERATOR, now)
        for one in page.items:
            if one.at < began:
                return
            seen += 1
            yield one
        if page.next is None:
            return
        cursor = page.next


def _introductions(figures: list[Figure], began: datetime) -> Introductions:
    def since(at: str | None) -> bool:
        return at is not None and datetime.fromisoformat(at) >= began

    return Introductions(
        sum(since(one.asked_at) for one in figures),
        sum(since(one.answered_at) for one in figures),
        sum(since(one.introduced_at) for one in figures),
    )


def _since_day(hit: Hit) -> str:
    """Since when an organisation says that it is a member; empty when it says nothing."""
    said = hit.fields.get("membership")
    since = said.get("since") if isinstance(said, dict) else None
    return since if isinstance(since, str) else ""


def _coming(store: Store, asked: Agenda, now: datetime) -> list[Occurrence]:
    try:
        return [one for one in agenda(store, asked, OPERATOR, now) if not one.cancelled][:MAX_LISTED]
    except NotFoundError:
        return []
