"""A month of the calendar as a table: whole weeks, as the reader is used to them, with what takes place each day."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from fednet.directory.agenda import Agenda, Occurrence
from fednet.web import show, translation
from fednet.web.public import views
from fednet.web.show import Text, address
from fednet.web.wording import weekday, weekday_short

MAX_A_DAY = 3
"""Events that a day shows; the others are a link away."""
TITLE = 80  # bytes of a title
SPOKEN_EVERYWHERE = "en"
"""Of this language nobody's weeks are the usual ones: they begin on Monday (ISO 8601) where no country is named."""

_DAY = timedelta(days=1)


class Mark(NamedTuple):
    """An event on a day: `time` is empty for whole days and for those after its first, which `goes_on` tells."""

    url: str
    title: Text
    time: str
    goes_on: bool
    cancelled: bool


class Cell(NamedTuple):
    """A day of the table. `more`: events beyond those shown; `url`: the day in the agenda."""

    day: date
    inside: bool
    today: bool
    marks: list[Mark]
    more: int
    url: str


class Month(NamedTuple):
    """`total`: events in the month itself; weekdays as (short, long) names; links to the months beside it."""

    name: str
    total: int
    weekdays: list[tuple[str, str]]
    weeks: list[list[Cell]]
    before: str
    after: str


def days(first: date, begins: int) -> list[list[date]]:
    """The weeks of a month, whole, from weekday `begins` (0: Monday)."""
    return Calendar(begins).monthdatescalendar(first.year, first.month)


def month(
    found: Iterable[Occurrence], first: date, weeks: Sequence[Sequence[date]], today: date, query: Agenda
) -> Month:  # fmt: skip
    """The table of a month, of all that takes place in its weeks."""
    shown = [day for week in weeks for day in week]
    by_day: dict[date, list[Mark]] = {day: [] for day in shown}
    inside = 0
    for one in found:
        covered = _covered(one, shown)
        inside += any(day.month == first.month for day in covered)
        for day in covered:
            if mark := _mark(one, day, query.zone):
                by_day[day].append(mark)
    given = views.zoned_pairs(query)

    def cell(day: date) -> Cell:
        marks = by_day[day]
        alone = [("from", day.isoformat()), ("to", day.isoformat()), *given]
        more = max(0, len(marks) - MAX_A_DAY)
        return Cell(day, day.month == first.month, day == today, marks[:MAX_A_DAY], more, address("/events", alone))

    return Month(
        show.month(first),
        inside,
        [(weekday_short(day), weekday(day)) for day in weeks[0]],
        [[cell(day) for day in week] for week in weeks],
        _link(first - _DAY, given),
        _link(first + 31 * _DAY, given),
    )


def _link(day: date, given: views.Pairs) -> str:
    return address("/events", [("view", "month"), ("from", day.replace(day=1).isoformat()), *given])


def _covered(one: Occurrence, shown: Sequence[date]) -> list[date]:
    """Those of the days shown on which it takes place."""
    first = one.start.date()
    last = max(first, (one.end - timedelta(microseconds=1)).date()) if one.end > one.start else first
    return [day for day in shown if first <= day <= last]


def _mark(one: Occurrence, day: date, zone: str) -> Mark | None:
    entry = views.entry_of(one.hit)
    if entry is None:
        return None
    title = views.title_of(entry, one)
    goes_on = day != one.start.date()
    return Mark(
        url=address(f"/events/{one.hit.handle}", [("zone", zone)]),
        title=Text(title.tag, show.fit(title.text, TITLE)),
        time="" if one.all_day or goes_on else f"{one.start:%H:%M}",
        goes_on=goes_on,
        cancelled=one.cancelled,
    )


def week_begins(accept_language: str) -> int:
    """The first day of the week (0: Monday) in the country that the reader's browser names with their language, else in
    the one where most speak it (CLDR)."""
    language = translation.speaking()
    for part in accept_language.split(",")[:20]:
        tag = part.partition(";")[0].strip().replace("-", "_")
        if tag.partition("_")[0].lower() == language and "_" in tag:
            try:
                return Locale.parse(tag).first_week_day
            except (ValueError, UnknownLocaleError):
                continue
    if language == SPOKEN_EVERYWHERE:
        return 0
    return Locale.parse(get_global("likely_subtags").get(language, language)).first_week_day
