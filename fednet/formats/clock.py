"""Times of an iCalendar file in the zones that it names or defines, and lengths of time (RFC 5545, 3.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fednet.formats.contentlines import ContentLine, PropertyError, Scan, unescaped, zone_key
from fednet.formats.reading import shown
from fednet.formats.zones import zone_behaving_like, zone_name, zone_told_by

MAX_ZONE_GUESSES = 200
"""Different zones, by name and year, that are looked for in one file; times in others are changed to UTC."""
MAX_DEFINITIONS = 50
"""VTIMEZONEs of one file that are worked out."""
MAX_NOTES = 100

_TIME = re.compile(r"(\d{8})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?", re.IGNORECASE)
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?", re.IGNORECASE
)
_PLAIN_RULE = re.compile(
    r"RRULE:(?:FREQ=YEARLY|INTERVAL=1|WKST=[A-Z]{2}|BYMONTH=\d{1,2}|BYDAY=[+-]?\d?[A-Z]{2}|UNTIL=\w{8,16}|COUNT=\d{1,3}"
    r"|BYMONTHDAY=[\d,-]{1,40}|BYHOUR=\d{1,2}|BYMINUTE=\d{1,2}|BYSECOND=0|[;\s])+"
)


class Moment(NamedTuple):
    """A time as written: `local` without offset; `zone` IANA, or empty for a date."""

    local: datetime
    zone: str


class Clock:
    """Reads times in the zones of one calendar. Every guess about a zone is noted once."""

    def __init__(self, scan: Scan, notes: list[str]) -> None:
        self._definitions = scan.definitions
        self._default = scan.default_zone
        self._notes = notes
        self._known: dict[tuple[str, int], str] = {}
        self._defined: dict[str, tzinfo | None] = {}

    def moment(self, line: ContentLine) -> Moment:
        """The time of a DTSTART, DTEND or RECURRENCE-ID line."""
        return self.read(line.value, line)

    def at_home(self, moment: Moment) -> Moment:
        """The same moment in the zone that the calendar names, if it names one."""
        if not self._default:
            return moment
        try:
            placed = moment.local.replace(tzinfo=ZoneInfo(moment.zone)).astimezone(ZoneInfo(self._default))
        except OverflowError:
            return moment
        return Moment(placed.replace(tzinfo=None), self._default)

    def moments(self, line: ContentLine) -> list[Moment]:
        """The times of an EXDATE or RDATE line; of a period its start."""
        return [self.read(value.split("/")[0], line) for value in line.value.split(",") if value.strip()]

    def read(self, value: str, line: ContentLine) -> Moment:
        """One time `value` of a line, in the zone that the line gives it. Raises PropertyError when it is none."""
        found = _TIME.fullmatch(value.strip())
        if not found:
            raise PropertyError(line.name, value, "is no date or time")
        try:
            local = datetime.strptime(found[1] + "".join(part or "00" for part in found.groups()[1:4]), "%Y%m%d%H%M%S")
        except ValueError:
            raise PropertyError(line.name, value, "is a date or time that does not exist") from None
        if found[2] is None:
            return Moment(local, "")
        if found[5]:
            return Moment(local, "UTC")
        return self._placed(local, line)

    def _placed(self, local: datetime, line: ContentLine) -> Moment:
        written = unescaped(line.parameters.get("TZID", "")).strip("\"' ")
        if not written:
            if self._default:
                self._note(f"times without a zone were taken to be in {self._default}, the zone the calendar names")
                return Moment(local, self._default)
            reason = "has no time zone, so nobody can tell when it is: add a zone to it or to the calendar"
            raise PropertyError(line.name, line.value, reason)
        return self._in_zone(local, written, line)

    def _in_zone(self, local: datetime, written: str, line: ContentLine) -> Moment:
        if known := zone_name(written):
            return Moment(local, known)
        key = (written, local.year)
        if key not in self._known:
            self._known[key] = self._found(written, local)
        if self._known[key]:
            return Moment(local, self._known[key])
        defined = self._definition(written)
        if defined is None:
            raise PropertyError(line.name, written, "is no time zone we know, and the file does not say what it is")
        self._note(f"zone {shown(written)!r} behaves like no zone we know; its times were changed to UTC")
        try:
            return Moment(local.replace(tzinfo=defined).astimezone(UTC).replace(tzinfo=None), "UTC")
        except Exception:  # a tzinfo built from a hostile VTIMEZONE may fail in any way
            raise PropertyError(line.name, written, "is a time zone whose definition makes no sense") from None

    def _found(self, written: str, local: datetime) -> str:
        """An IANA name by the file's own definition, by what the name tells, or by the calendar's zone; or empty."""
        if len(self._known) >= MAX_ZONE_GUESSES:
            return ""
        defined = self._definition(written)
        found: str | None
        if defined is None:
            found = zone_told_by(written) or self._default
        else:
            found = zone_behaving_like(defined, datetime(min(max(local.year, 1970), 9000), 1, 1), written)
        if found:
            self._note(f"zone {shown(written)!r} was read as {found}")
        return found or ""

    def _definition(self, written: str) -> tzinfo | None:
        key = zone_key(written)
        if key not in self._defined:
            lines = self._definitions.get(key) if len(self._defined) < MAX_DEFINITIONS else None
            self._defined[key] = _zone_definition(lines) if lines else None
        return self._defined[key]

    def _note(self, text: str) -> None:
        if text not in self._notes and len(self._notes) < MAX_NOTES:
            self._notes.append(text)


def _zone_definition(lines: list[str]) -> tzinfo | None:
    """The zone that a VTIMEZONE defines, if its rules are the yearly ones that such definitions have."""
    from icalendar import Timezone

    # icalendar expands these rules to 2038 at once: one that repeats every second would never end.
    if any(line.upper().startswith("RRULE") and not _PLAIN_RULE.fullmatch(line.upper()) for line in lines):
        return None
    try:
        zone = Timezone.from_ical("\r\n".join(lines) + "\r\n")
        return zone.to_tz(lookup_tzid=False) if isinstance(zone, Timezone) else None
    except Exception:  # icalendar raises whatever the text led it into; to us it is one thing: no definition
        return None


def duration(line: ContentLine) -> timedelta:
    """The length that a DURATION line gives (RFC 5545, 3.3.6)."""
    found = _DURATION.fullmatch(line.value.strip())
    if not found or found[1] == "-" or not any(found.groups()[1:]):
        raise PropertyError("DURATION", line.value, "is no length of time")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
