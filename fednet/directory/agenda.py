"""The shared calendar: what takes place when, in the zone of whoever asks, whichever networks announce it.

Recurring events are expanded here, within bounds that hold per network: one that publishes a flood drowns only itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from time import thread_time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory.query import Parameter, many, one, read_parameters
from fednet.directory.query import zone as zone_asked
from fednet.directory.search import Head, Hit, Reader, among, heads_of, readable, shown
from fednet.directory.words import clauses
from fednet.errors import FednetError, UsageError
from fednet.listing import Event, Override, vocabulary
from fednet.listing.check import day, language, term
from fednet.listing.evidence import evidence
from fednet.store import index
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Clause, Listed, Source

DEFAULT_DAYS = 90
MAX_DAYS = 5 * 366
MAX_PER_EVENT = 1_000
MAX_PER_FEED = 5_000
"""Occurrences shown of one event, and of one feed."""
MAX_RULES = 1_000
MAX_SECONDS = 2.0
"""Recurrences expanded of one feed, and processor time for it; of its other events only the first date is shown."""

OLDEST_YEAR, NEWEST_YEAR = 1900, 2200

CANCELLED = "cancelled"
_DAY = timedelta(days=1)
_SLACK = timedelta(days=2)
"""A day is a day everywhere: no zone is further than this from where an event was announced."""
_RECURRENCE = frozenset({"rrule", "rdates", "exdates", "overrides"})
_EVENT = listing.KIND_NUMBERS["event"]


class Agenda(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: days in `zone`, both included; types, languages and networks, any of each; words."""

    since: date | None = None
    until: date | None = None
    types: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    zone: str = "UTC"
    languages: tuple[str, ...] = ()
    text: str = ""


class Occurrence(msgspec.Struct, frozen=True):
    """One time that an event takes place. `start` and `end` (exclusive) are aware, in the zone asked for.

    One that lasts whole days begins at midnight of the day that its announcement says, in whatever zone that was.
    `status` is `confirmed`, `tentative` or `cancelled`. `hit.networks` are all that announce it for this very time;
    `hit` itself is the copy of this node's own network or else of the one pinned first.
    """

    start: datetime
    end: datetime
    all_day: bool
    status: str
    title: str
    hit: Hit

    @property
    def cancelled(self) -> bool:
        return self.status == CANCELLED


def parse_agenda(**asked: Any) -> Agenda:
    """What people give: `since` or `from`, `until` or `to` (days), `type`, `network`, `zone`, `language`, `text`.

    Names of terms in any language we carry will do. Raises UsageError with what was probably meant.
    """
    return Agenda(**read_parameters(asked, PARAMETERS))


def agenda(store: Store, query: Agenda, reader: Reader, now: datetime) -> list[Occurrence]:
    """All that this reader may see between the two days, by start. Without days: from today for 90 days.

    Raises UsageError for days in the wrong order or too many of them, NotFoundError for a network not shown here.
    """
    span = _span(query, now)
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        candidates = _candidates(db, query, span, sources)
    copies = _copies(_times(candidates, sources, query.types, span), sources)
    heads = heads_of(sources, now)
    found = [_occurrence(times, sources, heads) for times in copies]
    return sorted(found, key=lambda one: (one.start, not one.all_day, one.title))


class _Span(msgspec.Struct, frozen=True):
    zone: ZoneInfo
    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + _DAY, time.min, self.zone)


class _Time(NamedTuple):
    """An occurrence of one network's copy of an event."""

    listed: Listed
    event: Event
    start: datetime
    end: datetime
    status: str
    title: str

    @property
    def what(self) -> object:
        """Equal for copies of one event at one time. A copy that says "cancelled" is none of one that does not."""
        same = evidence(self.event) or (self.listed.feed_id, self.listed.handle)
        return same, self.start, self.event.all_day, self.status == CANCELLED


def _span(query: Agenda, now: datetime) -> _Span:
    zone = ZoneInfo(query.zone)
    first = query.since or now.astimezone(zone).date()
    last = query.until or first + timedelta(days=DEFAULT_DAYS)
    if last < first:
        raise UsageError(f"the last day, {last}, lies before the first, {first}", hint="say from when and to when")
    if (last - first).days > MAX_DAYS:
        raise UsageError(f"{first} to {last} is more than {MAX_DAYS} days", hint="ask for less at once")
    return _Span(zone, first, last)


def _candidates(db: Database, query: Agenda, span: _Span, sources: Mapping[int, Source]) -> list[Listed]:
    """Events that may fall into the span, the copies of this node's own network first."""
    feeds = among(sources, query.networks)
    low, high = (int(at.timestamp()) // 60 for at in (span.since - _SLACK, span.until + _SLACK))
    found = index_search.events(db, low, high, feeds)
    asked = list(clauses(query.text))
    if query.languages:
        asked.append(Clause(words=tuple(index.language_token(tag.partition("-")[0]) for tag in query.languages)))
    if asked:
        asked.append(Clause(words=(index.kind_token(_EVENT),)))
        fitting = {row[0] for row in index_search.matches(db, asked, [_EVENT], feeds)}
        found = [record_id for record_id in found if record_id in fitting]
    return index_search.listed(db, found)


# --- when an event takes place ----------------------------------------------------------------------------------------


def _times(
    candidates: Iterable[Listed], sources: Mapping[int, Source], types: Collection[str], span: _Span
) -> Iterator[_Time]:
    """All times of the candidates, within the bounds of each feed."""
    taken: Counter[int] = Counter()
    rules: Counter[int] = Counter()
    spent: dict[int, float] = {}
    for listed in candidates:
        event = _event(listed, sources[listed.feed_id])
        if event is None or (types and event.type not in types):
            continue
        feed_id, began = listed.feed_id, thread_time()
        if taken[feed_id] >= MAX_PER_FEED:
            continue
        rules[feed_id] += event.rrule is not None
        once = rules[feed_id] > MAX_RULES or spent.get(feed_id, 0.0) >= MAX_SECONDS
        dates = _dates(listed, event, span, once)
        del dates[MAX_PER_FEED - taken[feed_id] :]
        spent[feed_id] = spent.get(feed_id, 0.0) + thread_time() - began
        taken[feed_id] += len(dates)
        yield from dates


def _event(listed: Listed, source: Source) -> Event | None:
    """The event with the UID under which calendars know it, so that whoever imported ours lists the same one."""
    from fednet.formats.calendar_writer import uid_of

    event = listing.parse(listed.body)
    if not isinstance(event, Event):
        return None
    return event if event.uid else msgspec.structs.replace(event, uid=uid_of(source.network, listed.handle, {}))


def _dates(listed: Listed, event: Event, span: _Span, once: bool) -> list[_Time]:
    """When one event takes place: of a recurrence that cannot be followed its first date, of no real time nothing."""
    fields: dict[str, Any] = msgspec.json.decode(listed.body)
    first_only = {name: value for name, value in fields.items() if name not in _RECURRENCE}
    for told in [first_only] if once else [fields, first_only]:
        try:
            return list(_told(listed, event, told, span))
        except (FednetError, OverflowError):  # the latter: beyond the years 1 to 9999
            continue
    return []


def _told(listed: Listed, event: Event, fields: dict[str, Any], span: _Span) -> Iterator[_Time]:
    from fednet.formats.recurrence import occurrences

    low, high = (span.since - _SLACK, span.until + _SLACK) if event.all_day else (span.since, span.until)
    changed = dict(_changed(event, fields))
    times = [(start, end, changed.get(start)) for start, end in occurrences(fields, low, high, MAX_PER_EVENT)]
    # `occurrences` leaves out what is called off; a calendar shows it, or people would come.
    times += [(start, start + _lasts(event), one) for start, one in changed.items() if one.status == CANCELLED]
    for start, end, override in times:
        start, end = (_day(start, span.zone), _day(end, span.zone)) if event.all_day else _moved(start, end, span.zone)
        if start < span.until and (end > span.since or start >= span.since):
            yield _Time(listed, event, start, end, _status(event, override), _title(event, override))


def _lasts(event: Event) -> timedelta:
    from fednet.formats.recurrence import moment

    return max(moment(event.end or event.start) - moment(event.start), _DAY if event.all_day else timedelta())


def _changed(event: Event, fields: dict[str, Any]) -> Iterator[tuple[datetime, Override]]:
    """The occurrences that differ, by when they start now."""
    from fednet.formats.recurrence import moment, zone_of

    for override in event.overrides if "overrides" in fields else ():
        if override.recurrence_id not in event.exdates:
            zone = zone_of({"zone": override.zone or event.zone})
            yield moment(override.start or override.recurrence_id).replace(tzinfo=zone), override


def _day(at: datetime, zone: ZoneInfo) -> datetime:
    """Midnight of a day that is the same day everywhere."""
    return datetime.combine(at.date(), time.min, zone)


def _moved(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return start.astimezone(zone), end.astimezone(zone)


def _status(event: Event, override: Override | None) -> str:
    own = override.status if override else None
    if CANCELLED in (event.status, own):
        return CANCELLED
    status = own or event.status
    return status if status in vocabulary.EVENT_STATUSES.codes else "confirmed"


def _title(event: Event, override: Override | None) -> str:
    return listing.display((override and override.titles) or event.titles, event.original)


# --- one copy of each -------------------------------------------------------------------------------------------------


def _copies(times: Iterable[_Time], sources: Mapping[int, Source]) -> Iterable[list[_Time]]:
    """The copies of each event at each time, in the order of `sources`."""
    order = {feed_id: at for at, feed_id in enumerate(sources)}
    found: dict[object, list[_Time]] = {}
    for copy in sorted(times, key=lambda at: order[at.listed.feed_id]):
        found.setdefault(copy.what, []).append(copy)
    return found.values()


def _occurrence(copies: list[_Time], sources: Mapping[int, Source], heads: Mapping[int, Head]) -> Occurrence:
    first = copies[0]
    feed_id = first.listed.feed_id
    networks = {sources[at.listed.feed_id].network: sources[at.listed.feed_id].name for at in copies}
    hit = shown(first.listed, sources[feed_id], heads[feed_id], networks)
    return Occurrence(first.start, first.end, first.event.all_day, first.status, first.title, hit)


# --- what people type -------------------------------------------------------------------------------------------------


def _date(given: Any, name: str) -> date | None:
    if isinstance(given, date):
        return given
    found = day(one(given, name), name)
    if found and not OLDEST_YEAR <= int(found[:4]) <= NEWEST_YEAR:
        raise UsageError(f"{name}: {found} is not between the years {OLDEST_YEAR} and {NEWEST_YEAR}")
    return date.fromisoformat(found) if found else None


PARAMETERS: dict[str, Parameter] = {
    "since": ("since", _date),
    "from": ("since", _date),
    "until": ("until", _date),
    "to": ("until", _date),
    "type": ("types", many(term(vocabulary.EVENT_TYPES))),
    "network": ("networks", many(one)),
    "zone": ("zone", zone_asked),
    "language": ("languages", many(language)),
    "text": ("text", one),
}
