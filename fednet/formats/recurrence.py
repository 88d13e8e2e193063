"""When an event happens: RFC 5545 recurrence over the fields of an event record, bounded whatever the rule says.

Fields used: `start`, `end` (local times without offset, or dates with `all_day`; the end is exclusive), `zone`,
`rrule`, `exdates`, `rdates`, `overrides`. An override is `{"recurrence_id": LOCAL START IT REPLACES, ...}` with the
fields that differ; with `"status": "cancelled"` that one occurrence does not take place. Local times are expanded on
the wall clock and only then set in their zone, as RFC 5545 3.3.10 asks, so that "every Wednesday at 10" stays at 10.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fednet.errors import FednetError

if TYPE_CHECKING:
    from dateutil.rrule import rrule  # type: ignore[import-untyped,unused-ignore]

MAX_STEPS = 100_000
"""Dates of one rule that are looked at, from its start, to find those in the asked span."""
MAX_RULE_CHARACTERS = 1_024
MAX_LIST = 2_000
"""Entries of `exdates`, `rdates` and `overrides` that are honoured."""

_FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"})
_PARTS = (
    "FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY",
    "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST",
)  # fmt: skip
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?")


class RuleError(FednetError):
    """A recurrence rule, or a time of an event, that cannot be expanded."""

    word = "bad-recurrence"
    status = 422


def occurrences(
    fields: dict[str, Any], since: datetime, until: datetime, limit: int
) -> list[tuple[datetime, datetime]]:
    """Start and end of what takes place in [since, until), at most `limit`, earliest first, in the event's own zone.

    `since` and `until` are aware. All-day events run from midnight to midnight in their `zone`, or in UTC without one.
    Raises RuleError when a time, the zone or the rule cannot be read.
    """
    zone = zone_of(fields)
    start = moment(fields.get("start"))
    length = _length(fields, start)
    if not any(fields.get(name) for name in ("rrule", "rdates", "overrides")):
        one = set_in(zone, start, length)
        return [one] if limit > 0 and _touches(one, since, until) else []
    try:
        found = {one for one in _expanded(fields, zone, start, length, since, until) if _touches(one, since, until)}
    except OverflowError as error:
        raise RuleError("the event lies outside the years 1 to 9999") from error
    return sorted(found)[:limit]


def is_to_come(fields: dict[str, Any], now: datetime) -> bool:
    """Whether it is an event that is not cancelled and takes place, or goes on, within a year from now."""
    if fields.get("kind") != "event" or fields.get("status") == "cancelled":
        return False
    try:
        return bool(occurrences(fields, now, now + timedelta(days=366), 1))
    except RuleError:
        return False


def comes_true(fields: dict[str, Any]) -> bool:
    """Whether an event's rule, if it has one, names any date. Raises RuleError as `occurrences` does."""
    if not fields.get("rrule"):
        return True
    return _ever_true(_written(rule_parts(fields["rrule"])), moment(fields.get("start")), zone_of(fields).key)


def zone_of(fields: dict[str, Any]) -> ZoneInfo:
    """The event's zone; UTC for an all-day event without one."""
    try:
        return ZoneInfo(fields.get("zone") or "UTC")
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise RuleError(f"{fields.get('zone')!r} is no time zone we know") from error


def moment(text: object) -> datetime:
    """A local time or a date of a record as a naive datetime, to the second."""
    if not isinstance(text, str):
        raise RuleError("an event needs a start")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)
    except ValueError as error:
        raise RuleError(f"{text[:40]!r} is no date or local time") from error


def local_text(when: datetime) -> str:
    """A local time as records have it: `2026-05-31T14:30`, with seconds only where there are any."""
    return when.isoformat(timespec="seconds" if when.second else "minutes")


def _length(fields: dict[str, Any], start: datetime) -> timedelta:
    """How long an event takes; one day for an all-day event without an end."""
    end = moment(fields["end"]) if fields.get("end") else start
    return max(end - start, timedelta(days=1 if fields.get("all_day") else 0))


def set_in(zone: ZoneInfo, start: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """Start and end of what begins at a local time. It ends by the clock there, and never before it begins.

    A time that is skipped when the clocks go forward is shown as the time it really is (RFC 5545, 3.3.5), and what
    would be over by then lasts as long as ever. Raises RuleError for years beyond 1 to 9999.
    """
    try:
        begin, end = (
            local.replace(tzinfo=zone).astimezone(UTC) for local in (start, start + length)
        )  # UTC, or Python would compare what the clocks say
        end = end if end > begin else begin + length
        return begin.astimezone(zone), end.astimezone(zone)
    except OverflowError as error:
        raise RuleError("the event lies outside the years 1 to 9999") from error


def _touches(one: tuple[datetime, datetime], since: datetime, until: datetime) -> bool:
    begin, end = one
    return begin < until and (end > since or begin >= since)


def _expanded(
    fields: dict[str, Any], zone: ZoneInfo, start: datetime, length: timedelta, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    gone = {moment(text) for text in _texts(fields.get("exdates"))}
    overrides = {moment(o.get("recurrence_id")): o for o in _dicts(fields.get("overrides"))}
    # The start counts even where the rule does not name it (RFC 5545, 3.8.5.3).
    starts = {start, *(moment(text) for text in _texts(fields.get("rdates")))}
    # One day of slack on both sides covers every offset; what is outside is cut by the caller.
    slack = timedelta(days=1)
    low = max(_naive(since), datetime.min + length + slack) - length - slack
    high = min(_naive(until), datetime.max - slack) + slack
    if fields.get("rrule"):
        starts.update(_by_rule(fields["rrule"], start, zone, low, high))
    starts -= gone | overrides.keys()
    yield from (set_in(zone, one, length) for one in starts if low <= one <= high)
    for original, override in overrides.items():
        if override.get("status") == "cancelled" or original in gone:
            continue
        changed = fields | override
        begin = moment(override["start"]) if override.get("start") else original
        own_zone = zone_of(changed)
        if override.get("end"):
            yield set_in(own_zone, begin, _length(changed | {"start": begin.isoformat()}, begin))
        else:
            yield set_in(own_zone, begin, length)


def _texts(value: object) -> list[str]:
    return [text for text in value[:MAX_LIST] if isinstance(text, str)] if isinstance(value, list | tuple) else []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value[:MAX_LIST] if isinstance(one, dict)] if isinstance(value, list | tuple) else []


def _naive(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(tzinfo=None)


def _by_rule(text: str, start: datetime, zone: ZoneInfo, low: datetime, high: datetime) -> Iterator[datetime]:
    parts = rule_parts(text)
    rule = _written(parts)
    if not _ever_true(rule, start, zone.key):
        return
    for one in _dates(rule, _nearer(parts, start, low), zone.key):
        if one > high:
            return
        if one >= low:
            yield one


def _written(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _dates(rule: str, start: datetime, zone: str) -> Iterator[datetime]:
    try:
        yield from islice(_rule(rule, start, zone), MAX_STEPS)
    except (ValueError, IndexError, TypeError, OverflowError) as error:  # some rules fail only when followed
        raise RuleError(f"its recurrence rule cannot be followed: {rule[:80]}") from error


@lru_cache(maxsize=4096)
def _ever_true(rule: str, start: datetime, zone: str) -> bool:
    """Whether the rule names any date at all. Finding that it does not takes up to a second, so it is remembered."""
    return next(_dates(rule, start, zone), None) is not None


def _nearer(parts: dict[str, str], start: datetime, low: datetime) -> datetime:
    """A later start with the same phase, so that a weekly meeting of twenty years is not counted from its first."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"])
    if days is None or "COUNT" in parts or low <= start:
        return start
    step = days * int(parts.get("INTERVAL", "1"))
    # One step back: a weekly rule may name days before that of its start.
    return start + timedelta(days=max(0, (low - start).days // step - 1) * step)


def rule_parts(text: str) -> dict[str, str]:
    """The parts of an RRULE, checked, in the order of RFC 5545.

    Raises RuleError for what is no rule or repeats too fast to be an event.
    """
    if not isinstance(text, str) or len(text) > MAX_RULE_CHARACTERS:
        raise RuleError("the recurrence rule is too long")
    pairs = [part.partition("=") for part in text.upper().replace(" ", "").removeprefix("RRULE:").split(";") if part]
    parts = {name: value for name, _, value in pairs}
    if unknown := parts.keys() - set(_PARTS):
        raise RuleError(f"its recurrence rule has a part we do not know: {sorted(unknown)[0][:40]}")
    if parts.get("FREQ") not in _FREQUENCIES:
        raise RuleError(
            f"it repeats {parts.get('FREQ', '')[:20].lower() or 'in no known way'}: hourly is the most we take"
        )
    for name in ("COUNT", "INTERVAL"):
        if name in parts and not (parts[name].isascii() and parts[name].isdigit() and 0 < int(parts[name][:6]) < 10**5):
            raise RuleError(f"its recurrence rule has a {name} we cannot use: {parts[name][:20]}")
    if "UNTIL" in parts and not _UNTIL.fullmatch(parts["UNTIL"]):
        raise RuleError(f"its recurrence ends at {parts['UNTIL'][:20]!r}, which is no date")
    _check_numbers(parts)
    _check_possible(parts)
    return {name: parts[name] for name in _PARTS if name in parts}


_HIGHEST = {
    "BYSECOND": 60, "BYMINUTE": 59, "BYHOUR": 23, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYMONTH": 12,
    "BYSETPOS": 366,
}  # fmt: skip
_FROM_ZERO = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR"})
_FROM_THE_END = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")


def _check_numbers(parts: dict[str, str]) -> None:
    """Refuse numbers that RFC 5545 (3.3.10) does not have: dateutil would look for a thirteenth month for seconds."""
    for name, highest in _HIGHEST.items():
        for text in parts[name].split(",") if name in parts else ():
            number = int(text) if _NUMBER.fullmatch(text) else -highest - 1
            lowest = -highest if name in _FROM_THE_END else 0 if name in _FROM_ZERO else 1
            if not lowest <= number <= highest or (number == 0 and name not in _FROM_ZERO):
                raise RuleError(f"its recurrence rule has a {name} we cannot use: {text[:20]}")


def _check_possible(parts: dict[str, str]) -> None:
    """Refuse the rules that can never match: dateutil would search them until the year 9999."""
    frequency, interval = parts["FREQ"], int(parts.get("INTERVAL", "1"))
    months = [int(m) for m in parts.get("BYMONTH", "").split(",") if m.isascii() and m.isdigit()]
    days = [abs(int(d)) for d in parts.get("BYMONTHDAY", "").split(",") if d.lstrip("+-").isdecimal() and d.isascii()]
    longest = max((calendar.monthrange(2024, m)[1] for m in months if 1 <= m <= 12), default=31)
    if days and min(days) > longest:
        raise RuleError("it repeats on a day that no such month has")
    if frequency in {"DAILY", "HOURLY", "WEEKLY"} and parts.keys() & {"BYYEARDAY", "BYWEEKNO", "BYSETPOS"}:
        raise RuleError("its recurrence rule picks days in a way we cannot follow")
    choosy = parts.keys() & {"BYHOUR", "BYDAY", "BYMONTHDAY", "BYMONTH"}
    if choosy and ((frequency == "HOURLY" and interval > 1) or (frequency == "DAILY" and interval % 7 == 0)):
        raise RuleError("its recurrence rule picks days in a way we cannot follow")


@lru_cache(maxsize=512)
def _rule(text: str, start: datetime, zone: str) -> rrule:
    from dateutil.rrule import rrule, rrulestr

    try:
        rule = rrulestr(_with_local_end(text, start, ZoneInfo(zone)), dtstart=start)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise RuleError(f"its recurrence rule cannot be read: {text[:80]}") from error
    if not isinstance(rule, rrule):
        raise RuleError(f"its recurrence rule cannot be read: {text[:80]}")
    return rule


def _with_local_end(text: str, start: datetime, zone: ZoneInfo) -> str:
    """The rule with UNTIL in local time. RFC 5545 gives it in UTC when the start has a zone; many write a bare date."""
    parts = rule_parts(text)
    written = parts.get("UNTIL")
    if not written:
        return text
    if len(written) == 8:
        end = datetime.combine(datetime.strptime(written, "%Y%m%d").date(), start.time())
    else:
        end = datetime.strptime(written[:15], "%Y%m%dT%H%M%S")
        if written.endswith("Z"):
            end = end.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    return _written(parts | {"UNTIL": end.strftime("%Y%m%dT%H%M%S")})
