"""What a time zone is, for calendar programs that do not know it: VTIMEZONE (RFC 5545, 3.6.5).

Past changes of the clocks are listed one by one; those that come back every year by one rule are written as that rule,
so that a definition does not end. `DTSTART` and `RDATE` of an observance are local times *before* the change, as 3.6.5
asks: the clocks of New York go forward at 02:00, not at 03:00.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fednet.formats.calendar_lines import line

FIRST_YEAR = 1970
"""Before it, definitions have what held at its beginning: a file with a year 1 in every zone must not cost minutes."""
RULED_FROM = 2030
RULED_UNTIL = 2050
"""Years over which a change of the clocks must follow one rule to be written as that rule."""
LAST_YEAR = 2100
"""Changes that follow no rule are listed up to here (Morocco's, by the moon, are known to 2087)."""

_STEP = timedelta(days=5)  # no clock has changed twice in less, since 1970
_SECOND = timedelta(seconds=1)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Change(NamedTuple):
    """The clocks change at `local` (as they showed before it) from one offset to another."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    summer: bool

    @property
    def kind(self) -> tuple[timedelta, timedelta, str, bool]:
        return self[1:]

    @property
    def rule(self) -> tuple[int, str, object]:
        """When in a year: month, day as BYDAY has it, time of day. Of a fourth week that is the last one: the last."""
        left = monthrange(self.local.year, self.local.month)[1] - self.local.day
        week = -1 if left < 7 else (self.local.day - 1) // 7 + 1
        return self.local.month, f"{week}{_DAYS[self.local.weekday()]}", self.local.time()


@lru_cache(maxsize=1024)
def definition(key: str, first_year: int) -> bytes:
    """The VTIMEZONE of an IANA zone, right from `first_year` (or 1970) on. Raises nothing for a known zone."""
    begin = datetime(min(max(first_year, FIRST_YEAR), RULED_FROM) - 1, 12, 31)
    changes = [change for change in _changes(key) if change.local >= begin]
    ruled = _ruled(key)
    written = [line("BEGIN", "VTIMEZONE"), line("TZID", key)]
    written += _observance(_standing(ZoneInfo(key), begin), [begin], "")
    for kind, same in _by_kind(change for change in changes if change.local.year < RULED_FROM or not ruled):
        written += _observance(kind, [change.local for change in same], "")
    for change in changes:
        if ruled and change.local.year == RULED_FROM:
            month, day, _ = change.rule
            written += _observance(change, [change.local], f"FREQ=YEARLY;BYMONTH={month};BYDAY={day}")
    return b"".join([*written, line("END", "VTIMEZONE")])


def _by_kind(changes: Iterable[Change]) -> list[tuple[Change, list[Change]]]:
    ordered = sorted(changes, key=lambda change: (change.kind, change.local))
    groups = [list(same) for _, same in groupby(ordered, key=lambda change: change.kind)]
    return sorted(((same[0], same) for same in groups), key=lambda group: group[0].local)


def _observance(change: Change, times: list[datetime], rule: str) -> list[bytes]:
    name = "DAYLIGHT" if change.summer else "STANDARD"
    written = [line("BEGIN", name), line("DTSTART", _local(times[0]))]
    if rule:
        written.append(line("RRULE", rule))
    if times[1:]:
        written.append(line("RDATE", ",".join(map(_local, times[1:]))))
    written += [line("TZOFFSETFROM", _offset(change.before)), line("TZOFFSETTO", _offset(change.after))]
    return [*written, line("TZNAME", change.name), line("END", name)]


def _local(when: datetime) -> str:
    return when.isoformat(timespec="seconds").replace("-", "").replace(":", "")


def _offset(offset: timedelta) -> str:
    seconds = abs(int(offset.total_seconds()))
    sign = "-" if offset < timedelta(0) else "+"
    rest = f"{seconds % 60:02}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02}{seconds % 3600 // 60:02}{rest}"


def _standing(zone: ZoneInfo, begin: datetime) -> Change:
    """What holds at the beginning, as a change from itself to itself."""
    at = begin.replace(tzinfo=zone)
    offset = at.utcoffset() or timedelta(0)
    return Change(begin, offset, offset, at.tzname() or "", (at.dst() or timedelta(0)) > timedelta(0))


@lru_cache(maxsize=1024)
def _ruled(key: str) -> bool:
    """Whether the changes of each coming year follow the same rules."""
    years: dict[int, list[object]] = {year: [] for year in range(RULED_FROM, RULED_UNTIL)}
    for change in _changes(key):
        if change.local.year in years:
            years[change.local.year].append((change.rule, change.kind))
    found = list(years.values())
    return bool(found[0]) and all(one == found[0] for one in found)


@lru_cache(maxsize=1024)
def _changes(key: str) -> tuple[Change, ...]:
    """Every change of a zone's clocks from 1969 to the last year that is looked at."""
    zone = ZoneInfo(key)
    found = []
    at, end = datetime(FIRST_YEAR - 1, 12, 1, tzinfo=UTC), datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
    here = _state(zone, at)
    while at < end:
        there = _state(zone, at + _STEP)
        if there != here:
            local = (_instant(zone, at, at + _STEP) + here[0]).replace(tzinfo=None)
            # Ireland and Morocco call their winter the exception; calendar programs expect the summer to be it.
            found.append(Change(local, here[0], there[0], there[1], there[0] > here[0]))
        at, here = at + _STEP, there
    return tuple(found)


def _state(zone: ZoneInfo, at: datetime) -> tuple[timedelta, str]:
    local = at.astimezone(zone)
    return local.utcoffset() or timedelta(0), local.tzname() or ""


def _instant(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second at which what holds after a change holds."""
    before = _state(zone, low)
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if _state(zone, middle) == before else (low, middle)
    return high
