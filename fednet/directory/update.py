"""The printed update of a network: who joined, what was held and what comes, needs, offers and resources of a period.

Paper goes anywhere, so it says nothing but what everybody may read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.directory.agenda import Agenda, Occurrence, agenda
from fednet.directory.changes import MAX_LIMIT, recent
from fednet.directory.query import Query
from fednet.directory.search import PUBLIC, Hit, readable, search
from fednet.errors import UsageError
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Source

USUAL = timedelta(days=91)
LONGEST = timedelta(days=366)
AHEAD = timedelta(days=91)
MAX_SEEN = 2_000
"""Changes that are looked at for new resources."""


class Part(NamedTuple):
    """A part of the update: what it lists, and how many there are in all."""

    listed: list[Any]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.listed)


class Repeated(NamedTuple):
    """An event with all days of the period on which it begins, in the zone asked for; `at` is the first time."""

    at: Occurrence
    days: tuple[date, ...]


class Limits(NamedTuple):
    """So many of each fit on two pages of A4 when each takes two lines."""

    members: int = 20
    held: int = 8
    coming: int = 10
    exchanges: int = 10
    resources: int = 8
    countries: int = 8


class Update(NamedTuple):
    """The days count in the network's zone, both included. `countries` are codes with the number of members there."""

    since: date
    until: date
    members: Part
    held: Part
    coming: Part
    exchanges: Part
    resources: Part
    organizations: int
    countries: Part
    events: int


def update(
    store: Store, network: str, since: date, until: date, zone: str, now: datetime, limits: Limits | None = None
) -> Update:
    """The update of this node's own network. Raises UsageError for days in the wrong order, or too many."""
    if until < since or until - since > LONGEST:
        raise UsageError("from and to: days in order, a year at most")
    limits = limits or Limits()
    with store.reading() as db:
        sources = {feed_id: one for feed_id, one in readable(db, PUBLIC, now - store.forget_after).items() if one.own}
        members = _members(db, sources, since, until)
        organizations = sum(index_search.counts(db, feed_id).get(_ORGANIZATION, 0) for feed_id in sources)
    held = _together(one for one in _events(store, network, since, until, zone, now) if one.end <= now)
    coming = _together(one for one in _events(store, network, until, until + AHEAD, zone, now) if one.end > now)
    found = search(store, Query(networks=(network,), kinds=("organization",), limit=1), PUBLIC, now, ("country",))
    countries = list(found.facets.get("country", {}).items())
    return Update(
        since=since,
        until=until,
        members=_part(members, limits.members),
        held=_part(held, limits.held),
        coming=_part(coming, limits.coming),
        exchanges=_part(_exchanges(store, network, now), limits.exchanges),
        resources=_part(_resources(store, network, since, until, now), limits.resources),
        organizations=organizations,
        countries=_part(countries, limits.countries),
        events=len(held),
    )


_ORGANIZATION = listing.KIND_NUMBERS["organization"]


def _part(found: list[Any], most: int) -> Part:
    return Part(found[:most], len(found))


def _members(db: Database, sources: dict[int, Source], since: date, until: date) -> list[listing.Organization]:
    """Organisations whose membership began in the period, by name."""
    found: list[listing.Organization] = []
    for one in index_search.of_kind(db, _ORGANIZATION, list(sources)):
        record = listing.parse(one.body) if b'"since":' in one.body else None
        if isinstance(record, listing.Organization) and since.isoformat() <= _since(record) <= until.isoformat():
            found.append(record)
    return sorted(found, key=lambda one: listing.title(one).casefold())


def _since(record: listing.Organization) -> str:
    return (record.membership.since if record.membership else None) or ""


def _events(store: Store, network: str, since: date, until: date, zone: str, now: datetime) -> list[Occurrence]:
    asked = Agenda(since=since, until=until, zone=zone, networks=(network,))
    return [one for one in agenda(store, asked, PUBLIC, now) if not one.cancelled]


def _together(found: Iterable[Occurrence]) -> list[Repeated]:
    """What repeats once, in the order of the first times."""
    times: dict[tuple[str, str], list[Occurrence]] = {}
    for one in found:
        times.setdefault((one.hit.handle, one.title), []).append(one)
    return [Repeated(ones[0], tuple(dict.fromkeys(one.start.date() for one in ones))) for ones in times.values()]


def _exchanges(store: Store, network: str, now: datetime) -> list[Hit]:
    """Needs and offers that are still open, needs first."""
    query = Query(networks=(network,), kinds=("exchange",), limit=500)
    found = [hit for hit in search(store, query, PUBLIC, now, ()).hits if _is_open(hit, now)]
    return sorted(found, key=lambda hit: hit.fields.get("type") != "need")


def _is_open(hit: Hit, now: datetime) -> bool:
    until = hit.fields.get("open_until")
    ended = isinstance(until, str) and until < now.date().isoformat()
    return not ended and hit.fields.get("state") not in ("matched", "closed")


def _resources(store: Store, network: str, since: date, until: date, now: datetime) -> list[Hit]:
    """Resources that were listed or changed in the period, the newest first."""
    found: list[Hit] = []
    cursor = None
    for _ in range(MAX_SEEN // MAX_LIMIT):
        query = Query(networks=(network,), kinds=("resource",), limit=MAX_LIMIT, cursor=cursor)
        page = recent(store, query, PUBLIC, now)
        found += [one.hit for one in page.items if one.hit and since <= one.at.date() <= until]
        cursor = page.next
        if cursor is None or (page.items and page.items[-1].at.date() < since):
            break
    return found
