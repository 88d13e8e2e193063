"""iCalendar in (RFC 5545, 7986): events out of files that real programs, and broken ones, have written.

The file is cut into its VEVENTs first and each is read by itself, so that one that makes no sense becomes a `RowError` at
the line of its BEGIN:VEVENT and every other is imported. An event is kept only if its recurrence can be expanded.

What is kept: UID, SEQUENCE, STATUS, SUMMARY, DESCRIPTION, LOCATION, URL, CONFERENCE, CATEGORIES, times with their zone,
RRULE, EXDATE, RDATE and RECURRENCE-ID overrides. What is not: ORGANIZER, ATTENDEE and CONTACT, for they are people who were not
asked, alarms, and events that are marked private.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fednet.errors import FednetError
from fednet.formats import eventkinds
from fednet.formats.admission import admitted
from fednet.formats.reading import Entry, Reading, RowError, bounded, identity, shown
from fednet.formats.recurrence import occurrences, rule_parts
from fednet.formats.table import cleaned, decoded
from fednet.formats.tongues import language_of
from fednet.formats.zones import fixed_offset_zone, zone_behaving_like, zone_name

__all__ = ["occurrences", "read_calendar"]

MAX_EVENTS = 50_000
MAX_LINE_CHARACTERS = 256 << 10
MAX_DESCRIPTION_CHARACTERS = 8 << 10
MAX_TIMEZONE_LINES = 2_000
_EXPANDED_ONCE = timedelta(days=400)
_DAY = timedelta(days=1)

_TIME = re.compile(r"(\d{8})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?", re.IGNORECASE)
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?", re.IGNORECASE
)
_NAME = re.compile(r"\s*([A-Za-z0-9-]+)\s*(?=[;:])")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*=\s*((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_ESCAPED = re.compile(r"\\([\\;,nN])")
_STATUSES = {"TENTATIVE": "tentative", "CONFIRMED": "confirmed", "CANCELLED": "cancelled"}
_MEETING_ADDRESS = re.compile(
    r"https?://[\w.-]*(?:zoom\.us|teams\.microsoft\.com|teams\.live\.com|meet\.google\.com|webex\.com|jit\.si"
    r"|gotomeeting\.com|gotowebinar\.com|whereby\.com|bigbluebutton)[^\s<>\"]*"
)


class ContentLine(NamedTuple):
    name: str
    parameters: dict[str, str]
    value: str


class Component(NamedTuple):
    """The unfolded lines between BEGIN and END, without those of the components inside; `line` is that of BEGIN."""

    name: str
    line: int
    lines: list[ContentLine]

    def first(self, name: str) -> ContentLine | None:
        return next((line for line in self.lines if line.name == name), None)

    def every(self, name: str) -> list[ContentLine]:
        return [line for line in self.lines if line.name == name]

    def text(self, name: str) -> str:
        line = self.first(name)
        return unescaped(line.value) if line else ""


class Moment(NamedTuple):
    """A time as written: `local` without offset; `zone` IANA, or empty for a date."""

    local: datetime
    zone: str


class _RefusedError(FednetError):
    """An event, or a value of it, that is left out: `column` is the property, `found` what it held."""

    def __init__(self, column: str, found: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.found = found


def read_calendar(content: bytes) -> Reading:
    """Every event of a file that can be imported; the others are refused one by one. Raises nothing on any bytes."""
    notes: list[str] = []
    refused: list[RowError] = []
    scan = _Scan(decoded(content, notes), refused)
    clock = _Clock(scan, notes)
    events: list[tuple[int, dict[str, Any], str]] = []
    for component in scan.events:
        try:
            fields, recurrence_id = _Event(component, clock, scan, refused).read()
        except _RefusedError as error:
            refused.append(RowError(component.line, error.column, shown(error.found), error.detail))
        else:
            events.append((component.line, fields, recurrence_id))
    if not scan.events and not refused:
        refused.append(RowError(1, "", "", "no event was found in this file"))
    _note_left_out(scan, notes)
    entries = [entry for entry in _entries(_one_per_uid(events, notes), refused) if entry]
    return Reading(entries, bounded(sorted(refused, key=lambda error: error.line), notes), notes)


def _entries(events: Iterator[tuple[int, str, dict[str, Any]]], refused: list[RowError]) -> Iterator[Entry | None]:
    for line, source, fields in events:
        start = ZoneInfo(fields.get("zone") or "UTC")
        begin = datetime.fromisoformat(fields["start"]).replace(tzinfo=start)
        try:
            occurrences(fields, begin - timedelta(days=2), begin + _EXPANDED_ONCE, 1)
        except FednetError as error:
            refused.append(RowError(line, "RRULE", shown(fields.get("rrule", "")), error.detail))
        except OverflowError:
            refused.append(RowError(line, "DTSTART", fields["start"], "it lies outside the years 1 to 9999"))
        else:
            yield admitted(line, source, fields, refused)


def _note_left_out(scan: _Scan, notes: list[str]) -> None:
    words = {
        "VTODO": "to-dos",
        "VJOURNAL": "journal entries",
        "VFREEBUSY": "free/busy lists",
        "VAVAILABILITY": "availabilities",
    }
    notes.extend(
        f"{count} {words[name]} were left out: only events are imported"
        for name, count in scan.others.items()
        if name in words
    )


# -- Lines and components ------------------------------------------------------------------------------------------------


def content_line(text: str) -> ContentLine | None:
    """One unfolded line cut into name, parameters (names upper case, quotes removed) and raw value; None if it is none."""
    head = _NAME.match(text)
    if not head:
        return None
    at = head.end()
    parameters: dict[str, str] = {}
    while found := _PARAMETER.match(text, at):
        parameters.setdefault(found[1].upper(), found[2].strip().replace('"', ""))
        at = found.end()
    colon = text.find(":", at)
    return ContentLine(head[1].upper(), parameters, text[colon + 1 :].strip()) if colon >= 0 else None


def unescaped(value: str) -> str:
    r"""TEXT of RFC 5545 3.3.11: `\n`, `\,`, `\;` and `\\` undone."""
    return cleaned(_ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined with their continuations (which begin with a space or a tab), each with the number of its first."""
    number, parts = 0, [""]
    for count, line in enumerate(re.split("\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and number:
            parts.append(line[1:])
            continue
        if number:
            yield number, "".join(parts)[:MAX_LINE_CHARACTERS]
        number, parts = count, [line]
    if number:
        yield number, "".join(parts)[:MAX_LINE_CHARACTERS]


class _Scan:
    """One walk over the file: its events, its zone definitions, what the calendar says of itself, what else there is."""

    def __init__(self, text: str, refused: list[RowError]) -> None:
        self.events: list[Component] = []
        self.definitions: dict[str, list[str]] = {}
        self.default_zone = ""
        self.method = ""
        self.others: Counter[str] = Counter()
        self._refused = refused
        self._open: list[Component] = []
        self._definition: list[str] = []
        for number, line in _unfolded(text):
            self._take(number, line)
        for component in self._open:
            self._unclosed(component)

    def _take(self, number: int, text: str) -> None:
        upper = text.strip().upper()
        if any(component.name == "VTIMEZONE" for component in self._open):
            self._definition.append(text)
        if upper.startswith("BEGIN:"):
            self._begin(number, upper.removeprefix("BEGIN:").strip())
        elif upper.startswith("END:"):
            self._end(upper.removeprefix("END:").strip())
        elif (line := content_line(text)) is not None:
            self._property(line)

    def _begin(self, number: int, name: str) -> None:
        if name == "VEVENT":
            for component in self._open:
                self._unclosed(component)
            self._open = [component for component in self._open if component.name == "VCALENDAR"]
        if name == "VTIMEZONE":
            self._definition = ["BEGIN:VTIMEZONE"]
        if len(self._open) < 16:
            self._open.append(Component(name, number, []))

    def _end(self, name: str) -> None:
        if not any(component.name == name for component in self._open):
            return None
        while self._open:
            component = self._open.pop()
            if component.name == name:
                return self._closed(component)
        return None

    def _closed(self, component: Component) -> None:
        if component.name == "VEVENT" and len(self.events) < MAX_EVENTS:
            self.events.append(component)
        elif component.name == "VEVENT":
            self._refused.append(RowError(component.line, "", "", f"more than {MAX_EVENTS:,} events in one file"))
        elif component.name == "VTIMEZONE":
            if len(self._definition) <= MAX_TIMEZONE_LINES:
                self.definitions.setdefault(_zone_key(component.text("TZID")), self._definition)
        else:
            self.others[component.name] += 1

    def _unclosed(self, component: Component) -> None:
        if component.name == "VEVENT":
            title = shown(component.text("SUMMARY"))
            self._refused.append(RowError(component.line, "END", title, "the event is cut off: it has no END:VEVENT"))

    def _property(self, line: ContentLine) -> None:
        if self._open and self._open[-1].name != "VCALENDAR":
            self._open[-1].lines.append(line)
        elif line.name == "X-WR-TIMEZONE" and not self.default_zone:
            self.default_zone = zone_name(unescaped(line.value)) or ""
        elif line.name == "METHOD":
            self.method = line.value.upper()


# -- Times ---------------------------------------------------------------------------------------------------------------


def _zone_key(written: str) -> str:
    return unescaped(written).strip("\"' ").casefold()


class _Clock:
    """Reads times in the zones of one calendar. Every guess about a zone is noted once."""

    def __init__(self, scan: _Scan, notes: list[str]) -> None:
        self._definitions = scan.definitions
        self._default = scan.default_zone
        self._notes = notes
        self._known: dict[tuple[str, int], str] = {}
        self._defined: dict[str, tzinfo | None] = {}

    def moment(self, line: ContentLine) -> Moment:
        """The time of a DTSTART, DTEND or RECURRENCE-ID line."""
        return self.read(line.value, line)

    def moments(self, line: ContentLine) -> list[Moment]:
        """The times of an EXDATE or RDATE line; of a period its start."""
        return [self.read(value.split("/")[0], line) for value in line.value.split(",") if value.strip()]

    def read(self, value: str, line: ContentLine) -> Moment:
        found = _TIME.fullmatch(value.strip())
        if not found:
            raise _RefusedError(line.name, value, "is no date or time")
        try:
            local = datetime.strptime(
                found[1] + (found[2] or "00") + (found[3] or "00") + (found[4] or "00"), "%Y%m%d%H%M%S"
            )
        except ValueError:
            raise _RefusedError(line.name, value, "is a date or time that does not exist") from None
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
            raise _RefusedError(
                line.name,
                line.value,
                "has no time zone, so nobody can tell when it is: add a zone to it or to the calendar",
            )
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
            raise _RefusedError(line.name, written, "is no time zone we know, and the file does not say what it is")
        self._note(f"zone {shown(written)!r} behaves like no zone we know; its times were changed to UTC")
        try:
            return Moment(local.replace(tzinfo=defined).astimezone(UTC).replace(tzinfo=None), "UTC")
        except Exception:  # a tzinfo built from a hostile VTIMEZONE may fail in any way
            raise _RefusedError(line.name, written, "is a time zone whose definition makes no sense") from None

    def _found(self, written: str, local: datetime) -> str:
        """An IANA name by the file's own definition, by an offset in the name, or by the calendar's zone; or empty."""
        defined = self._definition(written)
        if defined is not None:
            found = zone_behaving_like(defined, datetime(max(local.year, 1970), 1, 1)) if local.year < 9000 else None
        else:
            found = fixed_offset_zone(written) or self._default or None
        if found:
            self._note(f"zone {shown(written)!r} was read as {found}")
        return found or ""

    def _definition(self, written: str) -> tzinfo | None:
        key = _zone_key(written)
        if key not in self._defined:
            lines = self._definitions.get(key)
            self._defined[key] = _zone_definition(lines) if lines else None
        return self._defined[key]

    def _note(self, text: str) -> None:
        if text not in self._notes and len(self._notes) < 100:
            self._notes.append(text)


def _zone_definition(lines: list[str]) -> tzinfo | None:
    from icalendar import Timezone

    try:
        zone = Timezone.from_ical("\r\n".join(lines) + "\r\n")
        return zone.to_tz(lookup_tzid=False) if isinstance(zone, Timezone) else None
    except Exception:  # icalendar raises whatever the text led it into; to us it is one thing: no definition
        return None


# -- One event -----------------------------------------------------------------------------------------------------------


class _Event:
    """Reads one VEVENT. Times are brought to the zone of its start."""

    def __init__(self, component: Component, clock: _Clock, scan: _Scan, refused: list[RowError]) -> None:
        self._component = component
        self._clock = clock
        self._cancelled = scan.method == "CANCEL"
        self._refused = refused

    def read(self) -> tuple[dict[str, Any], str]:
        """Its fields, and the local start of the occurrence it replaces (empty for an event of its own)."""
        c = self._component
        if c.text("CLASS").upper() in {"PRIVATE", "CONFIDENTIAL"}:
            raise _RefusedError("CLASS", c.text("CLASS"), "the event is marked private, so it was left out")
        fields: dict[str, Any] = {"kind": "event"} | self._texts() | self._times()
        fields |= self._recurrence(fields) | self._standing()
        fields |= eventkinds.guessed(fields, self._categories())
        recurrence_id = c.first("RECURRENCE-ID")
        return fields, self._local(self._clock.moment(recurrence_id)) if recurrence_id else ""

    @cached_property
    def _start(self) -> Moment:
        line = self._component.first("DTSTART")
        if line is None:
            raise _RefusedError("DTSTART", "", "the event has no start")
        return self._clock.moment(line)

    def _local(self, moment: Moment) -> str:
        """A time in the words of the record: a date for an all-day event, else the wall clock in the zone of the start."""
        start = self._start
        if not start.zone:
            return moment.local.date().isoformat()
        if not moment.zone:  # a bare date in a timed event means that day's occurrence
            return datetime.combine(moment.local.date(), start.local.time()).isoformat()
        try:
            placed = moment.local.replace(tzinfo=ZoneInfo(moment.zone)).astimezone(ZoneInfo(start.zone))
        except OverflowError:
            raise _RefusedError("DTSTART", str(moment.local), "lies outside the years 1 to 9999") from None
        # Within one zone the wall clock is kept as written, even where the clocks change.
        return (moment.local if moment.zone == start.zone else placed.replace(tzinfo=None)).isoformat()

    def _times(self) -> dict[str, Any]:
        start = self._start
        fields: dict[str, Any] = {"start": self._local(start)}
        if start.zone:
            fields["zone"] = start.zone
        else:
            fields["all_day"] = True
        end = self._tolerated(self._end)
        if end and end < fields["start"]:
            self._refuse("DTEND", end, "is before the start, so the end was left out")
        elif end and end != fields["start"]:
            fields["end"] = end
        return fields

    def _end(self) -> str:
        c, start = self._component, self._start
        if line := c.first("DTEND"):
            moment = self._clock.moment(line)
            if bool(moment.zone) != bool(start.zone):
                raise _RefusedError("DTEND", line.value, "is a date where the start is a time, or the other way round")
            if not start.zone:
                return "" if moment.local <= start.local + _DAY else self._local(moment)
            return self._local(moment)
        if line := c.first("DURATION"):
            return self._after(start, _duration(line))
        return ""

    def _after(self, start: Moment, length: timedelta) -> str:
        try:
            if not start.zone:
                return (start.local + length).date().isoformat() if length > _DAY else ""
            return (start.local + length).isoformat()
        except OverflowError:
            raise _RefusedError("DURATION", str(length), "is longer than time itself") from None

    def _recurrence(self, fields: dict[str, Any]) -> dict[str, Any]:
        c = self._component
        found: dict[str, Any] = {}
        if rules := [line for line in c.every("RRULE") if line.value]:
            if len(rules) > 1:
                self._refuse("RRULE", rules[1].value, "is a second rule; only the first was kept")
            try:
                found["rrule"] = ";".join(f"{k}={v}" for k, v in rule_parts(rules[0].value).items())
            except FednetError as error:
                raise _RefusedError("RRULE", rules[0].value, error.detail) from None
        for name, field in (("EXDATE", "exdates"), ("RDATE", "rdates")):
            times = {self._local(m) for line in c.every(name) for m in self._tolerated(self._clock.moments, line) or []}
            if times:
                found[field] = sorted(times)
        if c.every("EXRULE"):
            self._refuse(
                "EXRULE", c.text("EXRULE"), "is a rule of exceptions, which the standard gave up; it was left out"
            )
        return found

    def _texts(self) -> dict[str, Any]:
        c = self._component
        title = c.text("SUMMARY")
        if not title:
            raise _RefusedError("SUMMARY", "", "the event has no title")
        description = c.text("DESCRIPTION")[:MAX_DESCRIPTION_CHARACTERS]
        language = _stated_language(c.first("SUMMARY")) or language_of(f"{title} {description}"[:2000], "en")
        fields: dict[str, Any] = {"titles": {language: title}, "original": language}
        if description:
            fields["description"] = {_stated_language(c.first("DESCRIPTION")) or language: description}
        return fields | self._addresses(description)

    def _addresses(self, description: str) -> dict[str, Any]:
        c = self._component
        place, page = c.text("LOCATION"), c.text("URL")
        fields: dict[str, Any] = {}
        join = next((line.value for line in c.every("CONFERENCE") if _is_web(line.value)), "")
        join = join or next(
            (c.text(n) for n in ("X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL") if _is_web(c.text(n))), ""
        )
        if _is_web(place):
            join, place = join or place, ""
        if not join and (found := _MEETING_ADDRESS.search(f"{page} {description}")):
            join = found[0]
        if page and page != join and _is_web(page):
            fields["registration_url"] = page
        if join:
            fields["join_url"] = join
            fields["mode"] = "hybrid" if place else "online"
        return fields | ({"place": place} if place else {})

    def _standing(self) -> dict[str, Any]:
        c = self._component
        fields: dict[str, Any] = {}
        if uid := c.text("UID"):
            fields["uid"] = uid[:255]
        status = "cancelled" if self._cancelled else _STATUSES.get(c.text("STATUS").upper(), "")
        if status:
            fields["status"] = status
        sequence = c.text("SEQUENCE")
        if sequence.isascii() and sequence.isdigit() and 0 < int(sequence[:10]) < 2**31:
            fields["sequence"] = int(sequence)
        return fields

    def _categories(self) -> list[str]:
        values = [line.value for name in ("CATEGORIES", "CONCEPT") for line in self._component.every(name)]
        return [unescaped(part) for value in values for part in re.split(r"(?<!\\),", value) if part.strip()][:50]

    def _tolerated(self, read: Any, *arguments: Any) -> Any:
        """What `read` answers; a value that it refuses is reported and left out, and the event stays."""
        try:
            return read(*arguments)
        except _RefusedError as error:
            self._refuse(error.column, error.found, error.detail)
            return None

    def _refuse(self, column: str, found: str, reason: str) -> None:
        self._refused.append(RowError(self._component.line, column, shown(found), reason))


def _duration(line: ContentLine) -> timedelta:
    found = _DURATION.fullmatch(line.value.strip())
    if not found or found[1] == "-" or not any(found.groups()[1:]):
        raise _RefusedError("DURATION", line.value, "is no length of time")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _is_web(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s<>\"']{1,2000}", text) is not None


def _stated_language(line: ContentLine | None) -> str:
    stated = line.parameters.get("LANGUAGE", "") if line else ""
    return stated if re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", stated) else ""


# -- Events of one UID ---------------------------------------------------------------------------------------------------


def _one_per_uid(
    events: list[tuple[int, dict[str, Any], str]], notes: list[str]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Line, source and fields of each event, overrides put into the event they belong to.

    Some calendars give one UID to events that are simply different. If their SEQUENCE differs they are versions, and the
    newest counts; else each start is an event of its own: the earliest keeps the UID, the others get one made from it.
    """
    by_uid: dict[str, list[tuple[int, dict[str, Any], str]]] = {}
    for event in events:
        by_uid.setdefault(event[1].get("uid") or _made_source(event[1]), []).append(event)
    for source, group in by_uid.items():
        masters = [event for event in group if not event[2]]
        overrides = [event for event in group if event[2]]
        yield from _masters(source, masters, overrides, notes)


def _masters(
    source: str,
    masters: list[tuple[int, dict[str, Any], str]],
    overrides: list[tuple[int, dict[str, Any], str]],
    notes: list[str],
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    newest = max((fields.get("sequence", 0) for _, fields, _ in masters), default=0)
    current = {fields["start"]: (line, fields) for line, fields, _ in masters if fields.get("sequence", 0) == newest}
    if len(masters) > 1:
        notes.append(f"{len(masters)} events share the UID {shown(source, 60)!r}; {len(current)} of them were kept")
    for number, start in enumerate(sorted(current)):
        line, fields = current[start]
        if number == 0:
            yield line, source, fields | _with_overrides(fields, overrides)
        else:
            yield line, f"{source}-{start}", fields | {"uid": f"{source}-{start}"}
    if not masters:
        for line, fields, recurrence_id in overrides:
            notes.append(f"the event at line {line} changes one that is not in the file; it was read by itself")
            own = f"{source}-{recurrence_id}"
            yield line, own, fields | {"uid": own}


def _with_overrides(fields: dict[str, Any], overrides: list[tuple[int, dict[str, Any], str]]) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {}
    for _, override, written in sorted(overrides, key=lambda o: o[1].get("sequence", 0)):
        recurrence_id = _on_clock_of(fields, override, written)
        changed = {k: v for k, v in override.items() if v != fields.get(k) and k in _OVERRIDDEN}
        # The times of an occurrence are always its own, for the series gives them only for its first.
        times = {k: override[k] for k in ("start", "end") if k in override}
        changes[recurrence_id] = {"recurrence_id": recurrence_id} | changed | times
    return {"overrides": [changes[key] for key in sorted(changes)]} if changes else {}


def _on_clock_of(series: dict[str, Any], override: dict[str, Any], written: str) -> str:
    """The start that an occurrence would have had, which the override gives in its own zone, in the zone of the series."""
    there, here = override.get("zone"), series.get("zone")
    if not here:
        return written[:10]
    if len(written) == 10:
        return f"{written}T{series['start'][11:]}"
    if not there or there == here:
        return written
    when = datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(there))
    return when.astimezone(ZoneInfo(here)).replace(tzinfo=None).isoformat()


_OVERRIDDEN = frozenset({"zone", "titles", "description", "status", "place", "join_url"})


def _made_source(fields: dict[str, Any]) -> str:
    return f"{identity(next(iter(fields['titles'].values())))}@{fields['start']}"
