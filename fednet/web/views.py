"""What pages show, made ready for templates: filters as links, times in two zones, months of a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from fednet import listing
from fednet.directory.agenda import Occurrence
from fednet.directory.query import DEFAULT_LIMIT, Query
from fednet.directory.search import Hit, Results
from fednet.formats.recurrence import RuleError, occurrences
from fednet.listing import Event, Listing, places
from fednet.web import show
from fednet.web.asking import Asked
from fednet.web.show import Times, address, times

MAX_FACET_VALUES = 48
NEXT_DATES = 6
NEXT_YEARS = 3

FACETS = (
    ("kind", "What", show.kind),
    ("service", "Services", show.term),
    ("client_group", "For whom", show.term),
    ("country", "Countries", show.country),
    ("language", "Languages spoken", show.language),
    ("network", "Listed by", str),
)
"""Filters of the search page in the order shown: parameter, heading, and what a code is called."""

CALLED = {name: called for name, _, called in FACETS} | {"region": show.country}

Pairs = list[tuple[str, str]]


class Entry(NamedTuple):
    """A record on a page: its provenance, and what it lists."""

    hit: Hit
    record: Listing


class Choice(NamedTuple):
    """A filter as a link that sets it or takes it off."""

    label: str
    count: int
    url: str


class Facet(NamedTuple):
    name: str
    label: str
    values: list[Choice]


class Line(NamedTuple):
    """One event in a calendar's list: in the asked zone, and in its own where that is another."""

    entry: Entry
    here: Times
    there: Times | None
    cancelled: bool
    first_of_day: bool


def entries(hits: Iterable[Hit]) -> list[Entry]:
    return [entry for hit in hits if (entry := entry_of(hit))]


def entry_of(hit: Hit) -> Entry | None:
    """A record that this version can read; None for any other."""
    record = listing.parse(msgspec.json.encode(hit.fields))
    return Entry(hit, record) if record else None


# --- search -----------------------------------------------------------------------------------------------------------


def pairs(query: Query) -> Pairs:
    """The parameters of a query, without its cursor: what `parse_query` reads back."""
    values = {
        "text": (query.text,),
        "country": query.countries,
        "region": query.regions,
        "service": query.services,
        "client_group": query.client_groups,
        "language": query.languages,
        "network": query.networks,
        "kind": query.kinds,
        "limit": (str(query.limit),) if query.limit != DEFAULT_LIMIT else (),
    }
    return [(name, value) for name, given in values.items() for value in given if value]


def facets(results: Results, query: Query, networks: Mapping[str, str]) -> list[Facet]:
    """Links that narrow the results, for each facet that is not chosen yet and tells them apart."""
    given = pairs(query)
    chosen = {name for name, _ in given}
    found = []
    for name, label, called in FACETS:
        counts = list(results.facets.get(name, {}).items())[:MAX_FACET_VALUES]
        if name in chosen or not counts or counts == [(counts[0][0], results.total)]:
            continue
        values = [
            Choice(networks.get(code) or called(code), count, address("/", [*given, (name, code)]))
            for code, count in counts
        ]
        found.append(Facet(name, label, values))
    return found


def chosen(query: Query, networks: Mapping[str, str]) -> list[Choice]:
    """The filters that are set, as links that take them off."""
    given = pairs(query)
    return [
        Choice(networks.get(value) or CALLED[name](value), 0, address("/", [one for one in given if one != (name, value)]))
        for name, value in given
        if name in CALLED
    ]


def pager(query: Query, results: Results) -> list[tuple[str, str]]:
    """Links to the first page and to the next."""
    given = pairs(query)
    first = [("First page", address("/", given))] if query.cursor else []
    following = [("Next page", address("/", [*given, ("cursor", results.next)]))] if results.next else []
    return first + following


def form(asked: Asked, query: Query | None) -> dict[str, Any]:
    """What the search form holds. What could not be read stays in its field, to be corrected."""
    given = pairs(query) if query else []
    return {
        "asked": asked,
        "text": " ".join(asked.get("text", [])),
        "region": query.regions[0] if query and query.regions else "",
        "regions": regions(),
        "hidden": [(name, value) for name, value in given if name not in ("text", "region")],
    }


def regions() -> list[tuple[str, str]]:
    """M49 regions by name, the world left out."""
    found = [(code, places.name(code)) for code in places.region_codes() if code != places.WORLD]
    return sorted(found, key=lambda one: one[1])


# --- calendar ---------------------------------------------------------------------------------------------------------


def months(found: Iterable[Occurrence], zone: str) -> list[tuple[str, list[Line]]]:
    """Occurrences in order, by the month in which they begin in a zone."""
    lines = []
    last = None
    for one in found:
        entry = entry_of(one.hit)
        if entry is None:
            continue
        line = _line(entry, one, zone)
        lines.append(line._replace(first_of_day=line.here.day != last))
        last = line.here.day
    by_month = groupby(lines, key=lambda line: f"{line.here.day:%B %Y}")
    return [(month, list(lines)) for month, lines in by_month]


def _line(entry: Entry, one: Occurrence, zone: str) -> Line:
    own = entry.hit.fields.get("zone") or zone
    here = times(one.start, one.end, one.all_day, zone)
    there = None if one.all_day or own == zone else times(one.start, one.end, one.all_day, own)
    return Line(entry, here, there if there and there[:2] != here[:2] else None, one.status == "cancelled", True)


class When(NamedTuple):
    """When an event takes place: each date in its own zone, then in the asked one (None where it is the same)."""

    dates: list[tuple[Times, Times | None]]
    repeats: bool


def when(event: Event, fields: dict[str, Any], zone: str, now: datetime) -> When | None:
    """The date of an event, or the next dates of one that repeats; None when they cannot be read."""
    repeats = bool(event.rrule or event.rdates)
    try:
        found = _next(fields, now) if repeats else []
        found = found or _only(fields)
    except RuleError:
        return None
    own = event.zone or "UTC"
    dates = [(times(*one, event.all_day, own), times(*one, event.all_day, zone)) for one in found]
    return When([(there, None if event.all_day or zone == own else here) for there, here in dates], repeats)


def _next(fields: dict[str, Any], now: datetime) -> list[tuple[datetime, datetime]]:
    return occurrences(fields, now, now + timedelta(days=366 * NEXT_YEARS), NEXT_DATES)


def _only(fields: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    plain = {name: value for name, value in fields.items() if name not in ("rrule", "rdates", "overrides", "exdates")}
    return occurrences(plain, datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC), 1)
