"""What pages show, made ready for templates: filters as links, times in two zones, months of a calendar."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from fednet import listing
from fednet.directory.agenda import DEFAULT_DAYS, Agenda, Occurrence, Surroundings
from fednet.directory.search import Hit
from fednet.formats.recurrence import RuleError, occurrences
from fednet.listing import Event, Listing
from fednet.web import show
from fednet.web.show import Text, Times, address, times
from fednet.web.wording import weekday, weekday_narrow

LINES_BYTES = 41_000
"""What all occurrences on one page of the calendar may take."""
LINE = 560  # bytes of one of them beside its names
LONG_ADDRESS = 250
"""Characters of a question above which the days of a month are no links: there are many on a page."""
MAX_DIFFERS = 8
MAX_SESSIONS = 40
"""Copies of an event that differ, and its parts, that its page shows."""
NEXT_DATES = 6
NEXT_YEARS = 3

_DAY = timedelta(days=1)

Pairs = list[tuple[str, str]]
"""Parameters of a question."""


class Entry(NamedTuple):
    """A record on a page: its provenance, and what it lists."""

    hit: Hit
    record: Listing


class Line(NamedTuple):
    """One event in a calendar's list: in the asked zone, and in its own where that is another."""

    entry: Entry
    title: Text
    here: Times
    there: Times | None
    cancelled: bool
    first_of_day: bool
    disputed: bool = False


def entries(hits: Iterable[Hit]) -> list[Entry]:
    return [entry for hit in hits if (entry := entry_of(hit))]


def entry_of(hit: Hit) -> Entry | None:
    """A record that this version can read; None for any other. Fields are in the order in which they were signed."""
    record = listing.parse(msgspec.json.encode(hit.fields))
    return Entry(hit, record) if record else None


# --- calendar ---------------------------------------------------------------------------------------------------------


def months(found: Iterable[Occurrence], zone: str) -> list[tuple[date, list[Line]]]:
    """Occurrences in order, by the first day of the month in which they begin in a zone."""
    lines = []
    last = None
    for one in found:
        entry = entry_of(one.hit)
        if entry is None:
            continue
        line = _line(entry, one, zone)
        lines.append(line._replace(first_of_day=line.here.day != last))
        last = line.here.day
    by_month = groupby(lines, key=lambda line: line.here.day.replace(day=1))
    return [(month, list(lines)) for month, lines in by_month]


def _line(entry: Entry, one: Occurrence, zone: str) -> Line:
    own = entry.hit.fields.get("zone") or zone
    here = times(one.start, one.end, one.all_day, zone)
    there = None if one.all_day or own == zone else times(one.start, one.end, one.all_day, own)
    there = there if there and there[:2] != here[:2] else None
    return Line(entry, title_of(entry, one), here, there, one.cancelled, True, bool(one.differs))


def title_of(entry: Entry, one: Occurrence) -> Text:
    """One occurrence may be called otherwise than its event."""
    found = show.names(entry.record)
    same = (name for name in found if name.text == one.title)
    return next(same, found[0] if not one.title else Text(None, show.fit(one.title, show.LIST_NAMES)))


class Day(NamedTuple):
    """A day of a month at a glance: how many events begin on it, and where they stand, on this page or another."""

    day: date
    total: int
    url: str


class Overview(NamedTuple):
    """A month at a glance: its weeks, and the links to all of it and to those beside it."""

    first: date
    weekdays: list[tuple[str, str]]
    weeks: list[list[Day | None]]
    before: str
    whole: str
    after: str


def overview(
    found: Iterable[Occurrence], listed: Iterable[Occurrence], since: date, query: Agenda, begins: int = 0
) -> Overview:
    """The month in which the page begins, in weeks from weekday `begins` (0: Monday). What takes place on a day that is
    not on this page is a link away."""
    counted = Counter(one.start.date() for one in found if not one.cancelled)
    here = {one.start.date() for one in listed}
    given = [*asked_pairs(query), ("zone", query.zone)]
    reachable = len(address("/events", given)) < LONG_ADDRESS

    def shown(day: date) -> Day:
        elsewhere = address("/events", [("from", day.isoformat()), *given]) if counted[day] and reachable else ""
        return Day(day, counted[day], f"#d{day.isoformat()}" if day in here else elsewhere)

    first = since.replace(day=1)
    weeks = Calendar(begins).monthdatescalendar(since.year, since.month)
    names = [(weekday(day), weekday_narrow(day)) for day in weeks[0]]
    in_month = [[shown(day) if day.month == since.month else None for day in week] for week in weeks]
    return Overview(first, names, in_month, *(_month(given, at) for at in (first - _DAY, first, first + 31 * _DAY)))


def _month(given: Pairs, day: date) -> str:
    """The address of the month of a day."""
    first = day.replace(day=1)
    last = (first + 31 * _DAY).replace(day=1) - _DAY
    return address("/events", [("from", first.isoformat()), ("to", last.isoformat()), *given])


class Around(NamedTuple):
    """What surrounds an event on its page: copies that differ (network, its name, times, status, title), sessions."""

    differs: list[tuple[str, str, Times, str, str]]
    sessions: list[tuple[Entry, Times | None]]
    more: int


def around(found: Surroundings, zone: str) -> Around:
    differs = [
        (one.network, one.network_name, times(one.start, one.end, one.all_day, zone), one.status, one.title)
        for one in found.differs[:MAX_DIFFERS]
    ]
    entries_shown = entries(found.sessions[:MAX_SESSIONS])
    sessions = [(entry, _first_time(entry.hit.fields, zone)) for entry in entries_shown]
    return Around(differs, sessions, max(len(found.sessions) - MAX_SESSIONS, 0))


def _first_time(fields: dict[str, Any], zone: str) -> Times | None:
    try:
        found = _only(fields)
    except RuleError:
        return None
    return times(*found[0], bool(fields.get("all_day")), zone) if found else None


class Period(NamedTuple):
    """The days that a calendar page shows, both included, and the links to what comes before and after."""

    since: date
    until: date
    earlier: str
    later: str


def period(query: Agenda, today: date, upto: date | None) -> Period:
    """`upto`: the last day that is shown when the page is full before the asked days are over."""
    since = query.since or today
    until = upto or query.until or since + timedelta(days=DEFAULT_DAYS)
    days = until - since + _DAY
    given = [pair for pair in agenda_pairs(query) if pair[0] not in ("from", "to")]
    earlier = [("from", (since - days).isoformat()), ("to", (since - _DAY).isoformat())]
    later = [("from", (until + _DAY).isoformat())]
    return Period(since, until, address("/events", [*given, *earlier]), address("/events", [*given, *later]))


def agenda_pairs(query: Agenda) -> Pairs:
    """The parameters of a question to the calendar."""
    days = [(name, when.isoformat()) for name, when in (("from", query.since), ("to", query.until)) if when]
    return [*days, *zoned_pairs(query)]


def zoned_pairs(query: Agenda) -> Pairs:
    """The same without days."""
    return [*asked_pairs(query), ("zone", query.zone)]


def asked_pairs(query: Agenda) -> Pairs:
    """The same without days and zone: what a subscription goes on asking."""
    lists = {
        "type": query.types,
        "network": query.networks,
        "country": query.countries,
        "region": query.regions,
        "service": query.services,
        "client_group": query.client_groups,
        "language": query.languages,
    }
    return [*((name, value) for name, values in lists.items() for value in values), ("text", query.text)]


def page_of(found: Sequence[Occurrence]) -> tuple[Sequence[Occurrence], date | None]:
    """What fits on one page, whole days as far as possible, and the last day shown when not all fits."""
    fitting = _fitting(found)
    if fitting == len(found):
        return found, None
    first_left = found[fitting].start.date()
    whole = [one for one in found[:fitting] if one.start.date() < first_left]
    return (whole, first_left - _DAY) if whole else (found[:fitting], first_left)


def _fitting(found: Sequence[Occurrence]) -> int:
    """How many occurrences make a page that is still light."""
    left = LINES_BYTES
    for at, one in enumerate(found):
        entry = entry_of(one.hit)
        texts = [name.text for name in show.names(entry.record)] + [show.where(entry.record)[:200]] if entry else []
        texts += [name for _, name in one.hit.networks[:4]]
        left -= LINE + sum(map(show.weight, texts))
        if left < 0:
            return max(at, 1)
    return len(found)


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
