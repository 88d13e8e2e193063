"""iCalendar in (RFC 5545, 7986): events out of files that real programs, and broken ones, have written.

The file is cut into its VEVENTs first and each is read by itself, so that one that makes no sense becomes a `RowError`
at the line of its BEGIN:VEVENT and every other is imported. An event is kept only if its recurrence can be expanded.

What is kept: UID, SEQUENCE, STATUS, SUMMARY, DESCRIPTION, LOCATION, GEO, URL, CONFERENCE, CATEGORIES, times with their
zone, RRULE, EXDATE, RDATE, RECURRENCE-ID overrides, and of RELATED-TO the event that it is a part of. What is not:
ORGANIZER, ATTENDEE and CONTACT, for they are people who were not asked, alarms, and events that are marked private.
Markup in texts becomes plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html import unescape
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from fednet.errors import FednetError
from fednet.formats import eventkinds
from fednet.formats.admission import admitted
from fednet.formats.clock import Clock, Moment, duration
from fednet.formats.contentlines import Component, ContentLine, PropertyError, Scan, unescaped
from fednet.formats.encodings import decoded
from fednet.formats.markup import plain_text
from fednet.formats.reading import Entry, Reading, RowError, bounded, identity, shown
from fednet.formats.recurrence import RuleError, comes_true, local_text, occurrences, rule_parts
from fednet.formats.tongues import language_of
from fednet.listing.event import MAX_GIVEN_SEQUENCE, MIN_UID
from fednet.listing.fields import MAX_E6

__all__ = ["occurrences", "read_calendar"]

MAX_TITLE_CHARACTERS = 500
MAX_DESCRIPTION_CHARACTERS = 8 << 10
MAX_MARKUP_CHARACTERS = 64 << 10
MAX_ADDRESS_CHARACTERS = 2_048
MAX_HOPELESS_RULES = 20
"""Rules of one file that never come true: to find that out takes long, so after these no elaborate rule is tried."""
_EXPANDED_ONCE = timedelta(days=8)
_DAY = timedelta(days=1)

_CONFERENCES = ("CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL")
_STATUSES = {"TENTATIVE": "tentative", "CONFIRMED": "confirmed", "CANCELLED": "cancelled"}
_MEETING_ADDRESS = re.compile(
    r"https?://[\w.-]{0,100}(?:zoom\.us|teams\.microsoft\.com|teams\.live\.com|meet\.google\.com|webex\.com|jit\.si"
    r"|gotomeeting\.com|gotowebinar\.com|whereby\.com|bigbluebutton)[^\s<>\"']*"
)
_GEO = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,15})?)\s*[;,]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)")
_Read = TypeVar("_Read")


class _Found(NamedTuple):
    """A VEVENT that was read. `replaces` is the local start of the occurrence that it stands for, or empty."""

    line: int
    fields: dict[str, Any]
    replaces: str


def read_calendar(content: bytes) -> Reading:
    """Every event of a file that can be imported; the others are refused one by one. Raises nothing on any bytes."""
    notes: list[str] = []
    refused: list[RowError] = []
    scan = Scan(decoded(content, notes), refused)
    clock = Clock(scan, notes)
    events: list[_Found] = []
    for component in scan.events:
        try:
            events.append(_Event(component, clock, scan, refused).read())
        except PropertyError as error:
            refused.append(RowError(component.line, error.column, shown(error.found), error.detail))
    if not scan.events and not refused:
        refused.append(RowError(1, "", "", "no event was found in this file"))
    _note_left_out(scan, notes)
    if rooms := sum(one.fields.get("zone") == "UTC" and "place" in one.fields for one in events):
        notes.append(f"{rooms} event(s) at a place are in UTC: what the clocks there show, the file does not say")
    entries = [entry for entry in _entries(_one_per_uid(events, notes), refused) if entry]
    return Reading(entries, bounded(sorted(refused, key=lambda error: error.line), notes), notes)


def _entries(events: Iterator[tuple[int, str, dict[str, Any]]], refused: list[RowError]) -> Iterator[Entry | None]:
    hopeless = 0
    for line, source, fields in events:
        try:
            if hopeless > MAX_HOPELESS_RULES and "BY" in fields.get("rrule", ""):
                raise RuleError("too many rules in this file never come true; this one was not tried")
            hopeless += not comes_true(fields)
            _expand_once(fields)
        except RuleError as error:
            refused.append(RowError(line, "RRULE", shown(fields.get("rrule", "")), error.detail))
        else:
            yield admitted(line, source, fields, refused)


def _expand_once(fields: dict[str, Any]) -> None:
    """What a reader of the calendar will do some day: an event for which that fails is not let in."""
    begin = datetime.fromisoformat(fields["start"]).replace(tzinfo=UTC)
    try:
        occurrences(fields, begin - 2 * _DAY, begin + _EXPANDED_ONCE, 1)
    except OverflowError as error:
        raise RuleError("the event lies outside the years 1 to 9999") from error


def _note_left_out(scan: Scan, notes: list[str]) -> None:
    for name, words in _OTHERS.items():
        if count := scan.others[name]:
            notes.append(f"{count} {words} left out: only events are imported")


_OTHERS = {"VTODO": "to-do(s)", "VJOURNAL": "journal entries", "VFREEBUSY": "free/busy list(s)"}


class _Event:
    """Reads one VEVENT. Times are brought to the zone of its start."""

    def __init__(self, component: Component, clock: Clock, scan: Scan, refused: list[RowError]) -> None:
        self._component = component
        self._clock = clock
        self._cancelled = scan.method == "CANCEL"
        self._refused = refused

    def read(self) -> _Found:
        """What it says. Raises PropertyError when an event without that property makes no sense."""
        c = self._component
        if c.text("CLASS").upper() in {"PRIVATE", "CONFIDENTIAL"}:
            raise PropertyError("CLASS", c.text("CLASS"), "the event is marked private, so it was left out")
        fields: dict[str, Any] = {"kind": "event"} | self._texts() | self._times()
        fields |= self._recurrence(fields) | self._standing()
        fields |= eventkinds.guessed(fields, self._categories())
        recurrence_id = c.first("RECURRENCE-ID")
        replaces = self._local(self._clock.moment(recurrence_id)) if recurrence_id else ""
        return _Found(c.line, fields, replaces)

    @cached_property
    def _start(self) -> Moment:
        line = self._component.first("DTSTART")
        if line is None:
            raise PropertyError("DTSTART", "", "the event has no start")
        found = self._clock.moment(line)
        # Google writes single events in UTC, and the calendar's zone at its head; a rule repeats where it is written.
        if found.zone == "UTC" and not any(map(self._component.every, ("RRULE", "RDATE", "RECURRENCE-ID"))):
            return self._clock.at_home(found)
        return found

    def _local(self, moment: Moment) -> str:
        """A time as the record has it: a date for an all-day event, else the wall clock in the zone of the start."""
        start = self._start
        if not start.zone:
            return moment.local.date().isoformat()
        if not moment.zone:  # a bare date in a timed event means that day's occurrence
            return local_text(datetime.combine(moment.local.date(), start.local.time()))
        try:
            placed = moment.local.replace(tzinfo=ZoneInfo(moment.zone)).astimezone(ZoneInfo(start.zone))
        except OverflowError:
            raise PropertyError("DTSTART", str(moment.local), "lies outside the years 1 to 9999") from None
        # Within one zone the wall clock is kept as written, even where the clocks change.
        return local_text(moment.local if moment.zone == start.zone else placed.replace(tzinfo=None))

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
                raise PropertyError("DTEND", line.value, "is a date where the start is a time, or the other way round")
            if not start.zone:
                return "" if moment.local <= start.local + _DAY else self._local(moment)
            return self._local(moment)
        if line := c.first("DURATION"):
            return self._after(start, duration(line))
        return ""

    def _after(self, start: Moment, length: timedelta) -> str:
        try:
            if not start.zone:
                return (start.local + length).date().isoformat() if length > _DAY else ""
            return local_text(start.local + length)
        except OverflowError:
            raise PropertyError("DURATION", str(length), "is longer than time itself") from None

    def _recurrence(self, fields: dict[str, Any]) -> dict[str, Any]:
        c = self._component
        found: dict[str, Any] = {}
        if rules := [line for line in c.every("RRULE") if line.value]:
            if len(rules) > 1:
                self._refuse("RRULE", rules[1].value, "is a second rule; only the first was kept")
            try:
                found["rrule"] = ";".join(f"{k}={v}" for k, v in rule_parts(rules[0].value).items())
            except FednetError as error:
                raise PropertyError("RRULE", rules[0].value, error.detail) from None
        for name, field in (("EXDATE", "exdates"), ("RDATE", "rdates")):
            times = {self._local(m) for line in c.every(name) for m in self._tolerated(self._clock.moments, line) or []}
            if times:
                found[field] = sorted(times)
        if periods := list(self._periods(fields, found.get("exdates", ()))):
            found["overrides"] = periods
        if c.every("EXRULE"):
            self._refuse(
                "EXRULE", c.text("EXRULE"), "is a rule of exceptions, which the standard gave up; it was left out"
            )
        return found

    def _periods(self, fields: dict[str, Any], gone: Collection[str]) -> Iterator[dict[str, str]]:
        """Additional dates that say how long they last (RDATE as PERIOD), as changed occurrences where that differs."""
        usual = _lasts(fields)
        for line in self._component.every("RDATE"):
            for value in line.value.split(",") if fields.get("zone") else ():
                found = self._tolerated(self._period, value, line) if "/" in value else None
                if found and found[0] not in gone and _lasts({"start": found[0], "end": found[1]}) != usual:
                    yield {"recurrence_id": found[0], "start": found[0], "end": found[1]}

    def _period(self, value: str, line: ContentLine) -> tuple[str, str]:
        begin, _, rest = value.partition("/")
        start = self._clock.read(begin, line)
        if rest.strip()[:1] in "Pp+-":
            end = Moment(start.local + duration(line._replace(value=rest)), start.zone)
        else:
            end = self._clock.read(rest, line)
        if not start.zone or not end.zone or end.local <= start.local:
            raise PropertyError(line.name, value, "is no period of time")
        return self._local(start), self._local(end)

    def _texts(self) -> dict[str, Any]:
        c = self._component
        title = " ".join(plain_text(c.text("SUMMARY")).split("\n"))[:MAX_TITLE_CHARACTERS].strip()
        if not title:
            raise PropertyError("SUMMARY", "", "the event has no title")
        written = c.text("DESCRIPTION")[:MAX_MARKUP_CHARACTERS]
        description = plain_text(written)[:MAX_DESCRIPTION_CHARACTERS].strip()
        language = _stated_language(c.first("SUMMARY")) or language_of(f"{title} {description}"[:2000], "en", least=2)
        fields: dict[str, Any] = {"titles": {language: title}, "original": language}
        if description:
            fields["description"] = {_stated_language(c.first("DESCRIPTION")) or language: description}
        return fields | self._addresses(unescape(written))

    def _addresses(self, description: str) -> dict[str, Any]:
        c = self._component
        place, page = c.text("LOCATION")[:MAX_TITLE_CHARACTERS], c.text("URL")[:MAX_ADDRESS_CHARACTERS]
        fields: dict[str, Any] = {}
        stated = [line.value for name in _CONFERENCES for line in c.every(name) if _is_web(line.value)]
        join = stated[0] if stated else ""
        if _is_web(place):
            join, place = join or place, ""
        if not join and (found := _MEETING_ADDRESS.search(f"{page} {description}")):
            join = found[0]
        if page and page != join and _is_web(page):
            fields["website"] = page
        if join:
            fields["join_url"] = join
            fields["mode"] = "hybrid" if place else "online"
        at = self._tolerated(_coordinates, c.first("GEO"))
        return fields | ({"place": {"place": place} | at if at and place else at or place} if place or at else {})

    def _standing(self) -> dict[str, Any]:
        c = self._component
        fields: dict[str, Any] = {}
        if uid := c.text("UID"):
            fields["uid"] = uid[:255]
        above = [
            line.value for line in c.every("RELATED-TO") if line.parameters.get("RELTYPE", "PARENT").upper() == "PARENT"
        ]
        if above and len(above[0]) >= MIN_UID and " " not in above[0]:
            fields["parent"] = unescaped(above[0])[:255]
        status = "cancelled" if self._cancelled else _STATUSES.get(c.text("STATUS").upper(), "")
        if status:
            fields["status"] = status
        sequence = c.text("SEQUENCE")
        number = int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) <= 20 else 0
        if number > MAX_GIVEN_SEQUENCE:
            reason = f"is too high: up to {MAX_GIVEN_SEQUENCE}, so that the event can still be revised"
            self._refuse("SEQUENCE", sequence, reason)
        elif number:
            fields["sequence"] = number
        return fields

    def _categories(self) -> list[str]:
        values = [line.value for name in ("CATEGORIES", "CONCEPT") for line in self._component.every(name)]
        return [unescaped(part) for value in values for part in re.split(r"(?<!\\),", value) if part.strip()][:50]

    def _tolerated(self, read: Callable[..., _Read], *arguments: Any) -> _Read | None:
        """What `read` answers; a value that it refuses is reported and left out, and the event stays."""
        try:
            return read(*arguments)
        except PropertyError as error:
            self._refuse(error.column, error.found, error.detail)
            return None

    def _refuse(self, column: str, found: str, reason: str) -> None:
        self._refused.append(RowError(self._component.line, column, shown(found), reason))


def _lasts(fields: dict[str, Any]) -> timedelta:
    start = datetime.fromisoformat(fields["start"])
    return datetime.fromisoformat(fields.get("end") or fields["start"]) - start


def _coordinates(line: ContentLine | None) -> dict[str, int] | None:
    """GEO (RFC 5545, 3.8.1.6) in millionths of a degree; 0;0, which programs write for nowhere, is nothing."""
    if line is None:
        return None
    found = _GEO.fullmatch(line.value.strip())
    latitude, longitude = (round(float(part) * MAX_E6) for part in found.groups()) if found else (0, 181 * MAX_E6)
    if abs(latitude) > 90 * MAX_E6 or abs(longitude) > 180 * MAX_E6:
        raise PropertyError("GEO", line.value, "is no place on earth")
    return {"latitude_e6": latitude, "longitude_e6": longitude} if latitude or longitude else None


def _is_web(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s<>\"']{1,2000}", text) is not None


def _stated_language(line: ContentLine | None) -> str:
    stated = line.parameters.get("LANGUAGE", "") if line else ""
    return stated if re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", stated) else ""


def _one_per_uid(events: list[_Found], notes: list[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Line, source and fields of each event, overrides put into the event they belong to.

    Some calendars give one UID to events that are simply different. If their SEQUENCE differs they are versions, and
    the newest counts; else each start is an event of its own: the earliest keeps the UID, the others get one made
    from it.
    """
    by_uid: dict[str, list[_Found]] = {}
    for event in events:
        by_uid.setdefault(event.fields.get("uid") or _made_source(event.fields), []).append(event)
    shared = alone = 0
    for source, group in by_uid.items():
        masters = [event for event in group if not event.replaces]
        overrides = [event for event in group if event.replaces]
        shared += len(masters) > 1
        alone += 0 if masters else len(overrides)
        yield from _series(source, masters, overrides) if masters else _detached(source, overrides)
    if shared:
        notes.append(
            f"{shared} UIDs are shared by several events: of versions the newest was kept, each other start apart"
        )
    if alone:
        notes.append(f"{alone} event(s) change one that is not in the file; each was read by itself")


def _series(source: str, masters: list[_Found], overrides: list[_Found]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    newest = max(event.fields.get("sequence", 0) for event in masters)
    current = {e.fields["start"]: e for e in masters if e.fields.get("sequence", 0) == newest}
    first, *others = (current[start] for start in sorted(current))
    yield first.line, source, first.fields | _with_overrides(first.fields, overrides)
    for event in others:
        own = f"{source}-{event.fields['start']}"
        yield event.line, own, event.fields | {"uid": own}


def _detached(source: str, overrides: list[_Found]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for event in overrides:
        own = f"{source}-{event.replaces}"
        yield event.line, own, event.fields | {"uid": own}


def _with_overrides(fields: dict[str, Any], overrides: list[_Found]) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {one["recurrence_id"]: one for one in fields.get("overrides", ())}
    for event in sorted(overrides, key=lambda event: event.fields.get("sequence", 0)):
        recurrence_id = _on_clock_of(fields, event.fields, event.replaces)
        changed = {k: v for k, v in event.fields.items() if k in _OVERRIDDEN and v != fields.get(k)}
        # The times of an occurrence are always its own, for the series gives them only for its first.
        times = {k: event.fields[k] for k in ("start", "end") if k in event.fields}
        changes[recurrence_id] = {"recurrence_id": recurrence_id} | changed | times
    return {"overrides": [changes[key] for key in sorted(changes)]} if changes else {}


def _on_clock_of(series: dict[str, Any], override: dict[str, Any], written: str) -> str:
    """The start that the occurrence would have had in the zone of the series; the override gives it in its own."""
    there, here = override.get("zone"), series.get("zone")
    if not here:
        return written[:10]
    if len(written) == 10:
        return f"{written}T{series['start'][11:]}"
    if not there or there == here:
        return written
    when = datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(there))
    return local_text(when.astimezone(ZoneInfo(here)).replace(tzinfo=None))


_OVERRIDDEN = frozenset({"zone", "titles", "description", "status", "place", "join_url"})


def _made_source(fields: dict[str, Any]) -> str:
    return f"{identity(next(iter(fields['titles'].values())))}@{fields['start']}"
