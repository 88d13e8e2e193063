"""When an event takes place between two moments: its recurrence expanded, within bounds per feed and for all together.

A day is a day everywhere: what lasts whole days is on the day that its announcement says, in whatever zone that was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from time import thread_time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from fednet import listing
from fednet.directory.copies import CANCELLED, Card
from fednet.errors import FednetError
from fednet.formats.recurrence import moment, occurrences, set_in, zone_of
from fednet.listing import Event, Override, vocabulary
from fednet.store.search import Listed

MAX_PER_EVENT = 1_000
MAX_PER_FEED = 5_000
"""Occurrences shown of one event, and of one feed."""
MAX_RULES = 1_000
MAX_SECONDS = 1.0
"""Recurrences expanded of one feed, and processor time for it; of its other events only the first date is shown."""
MAX_SECONDS_TOGETHER = 3.0
"""Processor time for all feeds: when it is spent, those go on that have not had their equal part of it."""

_DAY = timedelta(days=1)
SLACK = timedelta(days=2)
"""A day is a day everywhere: no zone is further than this from where an event was announced."""
_RECURRENCE = frozenset({"rrule", "rdates", "exdates", "overrides"})


class Span(msgspec.Struct, frozen=True):
    """Days in a zone, both included. `low` and `high` are far enough out for the days of any other zone."""

    zone: ZoneInfo
    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + _DAY, time.min, self.zone)

    @property
    def low(self) -> datetime:
        return self.since - SLACK

    @property
    def high(self) -> datetime:
        return self.until + SLACK


class Time(NamedTuple):
    """One occurrence of an event, in the zone asked for."""

    start: datetime
    end: datetime
    status: str
    title: str


def times(cards: Iterable[Card], span: Span) -> Iterator[tuple[Card, list[Time]]]:
    """All times of each event, within the bounds of each feed."""
    cards = list(cards)
    budget = _Budget(cards)
    taken: Counter[int] = Counter()
    for card in cards:
        listed, event, *_ = card[0]
        feed_id = listed.feed_id
        if taken[feed_id] >= MAX_PER_FEED:
            continue
        once = not budget.follows(card)
        with budget.spending(feed_id):
            dates = _dates(listed, event, span, once)
        del dates[MAX_PER_FEED - taken[feed_id] :]
        taken[feed_id] += len(dates)
        yield card, dates


def pressing(cards: Iterable[Card], at: datetime) -> list[Card]:
    """What goes on at a moment or comes next first, then what is over, the latest first, within the bounds of `times`.

    What does not come within a year, or cannot be told, comes last.
    """
    cards = list(cards)
    budget = _Budget(cards)
    found: list[tuple[tuple[int, float], int]] = []
    for card in cards:
        listed, event, *_ = card[0]
        once = not budget.follows(card)
        with budget.spending(listed.feed_id):
            found.append((_rank(listed, event, at, once), len(found)))
    return [cards[number] for _, number in sorted(found)]


_AHEAD = (timedelta(days=8), timedelta(days=93), timedelta(days=366))
"""How far to look for the next time: most meetings are weekly."""


def _rank(listed: Listed, event: Event, at: datetime, once: bool) -> tuple[int, float]:
    """Comes, is over, or cannot be told; and how long until then, or since."""
    fields: dict[str, Any] = msgspec.json.decode(listed.body)
    try:
        start, end = set_in(zone_of(fields), moment(event.start), lasts(event))
        if max(start, end) >= at:
            return 0, (start - at).total_seconds()
        if once or not _RECURRENCE & fields.keys():
            return 1, (at - start).total_seconds()
        for ahead in _AHEAD:
            if found := occurrences(fields, at, at + ahead, 1):
                return 0, (found[0][0] - at).total_seconds()
    except (FednetError, OverflowError):
        pass
    return 2, 0.0


class _Budget:
    """Recurrences that may still be followed: so many of each feed, and for so much time of it and of all."""

    def __init__(self, cards: Sequence[Card]) -> None:
        self._rules: Counter[int] = Counter()
        self._spent = dict.fromkeys((card[0].listed.feed_id for card in cards), 0.0)
        self._together = 0.0

    def follows(self, card: Card) -> bool:
        """Whether there is time to expand one more event."""
        feed_id = card[0].listed.feed_id
        self._rules[feed_id] += card[0].event.rrule is not None
        own = MAX_SECONDS
        if self._together >= MAX_SECONDS_TOGETHER:
            own = min(own, MAX_SECONDS_TOGETHER / len(self._spent))
        return self._rules[feed_id] <= MAX_RULES and self._spent[feed_id] < own

    @contextmanager
    def spending(self, feed_id: int) -> Iterator[None]:
        began = thread_time()
        yield
        spent = thread_time() - began
        self._spent[feed_id] += spent
        self._together += spent


def _dates(listed: Listed, event: Event, span: Span, once: bool) -> list[Time]:
    """When one event takes place: of a recurrence that cannot be followed its first date, of no real time nothing."""
    fields: dict[str, Any] = msgspec.json.decode(listed.body)
    first_only = {name: value for name, value in fields.items() if name not in _RECURRENCE}
    for told in [first_only] if once else [fields, first_only]:
        try:
            return list(_told(event, told, span))
        except (FednetError, OverflowError):  # the latter: beyond the years 1 to 9999
            continue
    return []


def _told(event: Event, fields: dict[str, Any], span: Span) -> Iterator[Time]:
    low, high = (span.low, span.high) if event.all_day else (span.since, span.until)
    taking_place = list(_changed(event, fields))
    changed = {start: override for start, _, override in taking_place}
    times = [(start, end, changed.get(start)) for start, end in occurrences(fields, low, high, MAX_PER_EVENT)]
    # `occurrences` leaves out what is called off; a calendar shows it, or people would come.
    times += [one for one in taking_place if one[2].status == CANCELLED]
    for start, end, override in times:
        start, end = in_zone(event, start, end, span.zone)
        if start < span.until and (end > span.since or start >= span.since):
            yield Time(start, end, status_of(event, override), _title(event, override))


def lasts(event: Event) -> timedelta:
    """How long each occurrence is, of whole days one at least."""
    return max(moment(event.end or event.start) - moment(event.start), _DAY if event.all_day else timedelta())


def _changed(event: Event, fields: dict[str, Any]) -> Iterator[tuple[datetime, datetime, Override]]:
    """The occurrences that differ, with when they start now, and end if they last as long as the others."""
    for override in event.overrides if "overrides" in fields else ():
        if override.recurrence_id not in event.exdates:
            zone = zone_of({"zone": override.zone or event.zone})
            yield *set_in(zone, moment(override.start or override.recurrence_id), lasts(event)), override


def in_zone(event: Event, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The same moments in a zone; of what lasts whole days midnight there of the same days."""
    if event.all_day:
        return datetime.combine(start.date(), time.min, zone), datetime.combine(end.date(), time.min, zone)
    return start.astimezone(zone), end.astimezone(zone)


def status_of(event: Event, override: Override | None) -> str:
    """`confirmed`, `tentative` or `cancelled`; of an occurrence that is changed its own, unless all is cancelled."""
    own = override.status if override else None
    if CANCELLED in (event.status, own):
        return CANCELLED
    status = own or event.status
    return status if status in vocabulary.EVENT_STATUSES.codes else "confirmed"


def _title(event: Event, override: Override | None) -> str:
    return listing.display((override and override.titles) or event.titles, event.original)
