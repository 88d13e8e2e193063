"""iCalendar out (RFC 5545, 7986): events of the directory as a file that calendar programs subscribe to.

UIDs are those an event came with, else made from handle and network, so they never change; a cancelled event stays in
the file with STATUS:CANCELLED, for only so do subscribers hear of it. Every zone used has its VTIMEZONE, right from the
year before the first event on. The same events make the same bytes: DTSTAMP is when an edition signed the record. There
is no ORGANIZER, which is for invitations (3.8.4.3); CONTACT names the networks that announce the event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec

from fednet.errors import FednetError
from fednet.formats.calendar_lines import line, text, uri
from fednet.formats.calendar_zones import definition
from fednet.formats.recurrence import local_text, moment, rule_parts, zone_of
from fednet.formats.sharing import fairly
from fednet.formats.writing import Exported
from fednet.listing import vocabulary
from fednet.listing.check import is_handle

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
"""DTSTAMP of events when the caller names no moment: files made from the same records are the same."""

PRODUCT = "-//fednet//fednet//EN"
MAX_BYTES = 1 << 30
MAX_CATEGORIES = 40
MAX_TIMES = 2_000
"""Exceptions, additional dates and changed occurrences of one event that are written."""
MAX_E6 = 1_000_000

_STATUSES = frozenset({"tentative", "confirmed", "cancelled"})
_DAY = timedelta(days=1)
_UNREADABLE = (FednetError, ValueError, TypeError, AttributeError, KeyError, OverflowError)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event in a file. `signed`: when the edition that has it was signed; `networks`: the names of all that announce
    it; `page`: an address with more about it; `parent`: the UID of the event that it is a part of. `turn`: the smaller,
    the sooner it is given room among those of its network."""

    network: str
    handle: str
    fields: dict[str, Any]
    signed: datetime = UNDATED
    networks: tuple[str, ...] = ()
    page: str = ""
    parent: str = ""
    turn: int = 0


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar says of itself (RFC 7986, section 5): its name, its address, how often to read it, its page."""

    name: str = ""
    source: str = ""
    page: str = ""
    refresh: str = ""


def calendar_of(rows: Iterable[Exported], *, name: str = "", now: datetime = UNDATED) -> bytes:
    """One VCALENDAR with the events among `rows`. Of events with one UID the one with the highest SEQUENCE is given.

    An event whose times cannot be read (a peer may have published anything) is left out.
    """
    newest = _newest_of_each_uid(rows)
    uids = {handle: uid_of(network, handle, fields) for network, handle, fields in newest}
    entries = [
        Entry(network=network, handle=handle, fields=fields, signed=now, parent=parent_uid(network, fields, uids))
        for network, handle, fields in newest
    ]
    return calendar_file(entries, About(name=name))


def calendar_file(entries: Iterable[Entry], about: About, room: int = MAX_BYTES) -> bytes:
    """One VCALENDAR with these events, in their order, as many as there is room for, in bytes, shared fairly among the
    networks.

    An event whose times cannot be read is left out.
    """
    given = list(entries)
    parts: dict[int, _Part] = {}
    zones: dict[str, int] = {}

    def size(at: int) -> int:
        if at not in parts:
            parts[at] = _written(given[at])
        return len(parts[at].text)

    chosen: Sequence[int] = range(len(given))
    if any(total > room for total in accumulate(map(size, chosen))):
        pressing = sorted(chosen, key=lambda at: given[at].turn)
        chosen = sorted(fairly(pressing, lambda at: given[at].network, size, room))
    for at in chosen:
        for key, year in parts[at].zones.items():
            zones[key] = min(year, zones.get(key, year))
    head = [line("BEGIN", "VCALENDAR"), line("VERSION", "2.0"), line("PRODID", PRODUCT), line("CALSCALE", "GREGORIAN")]
    head += _about(about)
    head += [definition(key, year) for key, year in sorted(zones.items())]
    return b"".join([*head, *(parts[at].text for at in chosen), line("END", "VCALENDAR")])


def uid_of(network: str, handle: str, fields: Mapping[str, Any]) -> str:
    """The UID under which subscribers know the event, for ever."""
    return str(fields.get("uid") or f"{handle}@{network}.fednet")


def handle_and_network(uid: str) -> tuple[str, str]:
    """Those of the record whose UID `uid_of` made; empty when it came from elsewhere."""
    handle, at, rest = uid.partition("@")
    network, dot, last = rest.rpartition(".")
    return (handle, network) if at and dot and last == "fednet" and is_handle(handle) else ("", "")


def parent_uid(network: str, fields: Mapping[str, Any], uids: Mapping[str, str]) -> str:
    """The UID of the event that one is a part of, empty for none; `uids` are those of known events, by handle."""
    parent = fields.get("parent")
    if not isinstance(parent, str) or not parent:
        return ""
    return uids.get(parent) or (uid_of(network, parent, {}) if is_handle(parent) else parent)


def _newest_of_each_uid(rows: Iterable[Exported]) -> list[Exported]:
    newest: dict[str, Exported] = {}
    for row in rows:
        if row[2].get("kind") != "event":
            continue
        known = newest.setdefault(uid_of(*row), row)
        if _sequence(row[2]) > _sequence(known[2]):
            newest[uid_of(*row)] = row
    return list(newest.values())


def _sequence(fields: Mapping[str, Any]) -> int:
    found = fields.get("sequence")
    return found if isinstance(found, int) and found > 0 else 0


def _about(about: About) -> Iterator[bytes]:
    if about.name:
        yield line("NAME", text(about.name))
        yield line("X-WR-CALNAME", text(about.name))
    if about.refresh:
        yield line("REFRESH-INTERVAL", about.refresh, VALUE="DURATION")
        yield line("X-PUBLISHED-TTL", about.refresh)
    if about.source:
        yield line("SOURCE", uri(about.source), VALUE="URI")
    if about.page:
        yield line("URL", uri(about.page))


# --- one event --------------------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """An event in a file; `zones` are those that it uses, with the first year."""

    text: bytes
    zones: dict[str, int]


def _written(entry: Entry) -> _Part:
    """The VEVENT of an event and those of its changed occurrences; empty when it cannot be."""
    used: dict[str, int] = {}
    try:
        written = b"".join(_components(entry, used))
        for key, year in used.items():
            definition(key, year)
    except _UNREADABLE:
        return _Part(b"", {})
    return _Part(written, used)


def _components(entry: Entry, zones: dict[str, int]) -> Iterator[bytes]:
    fields = entry.fields
    yield _component(entry, fields, zones, list(_recurrence(fields, zones)))
    overrides = fields.get("overrides") or []
    for override in overrides[:MAX_TIMES]:
        if isinstance(override, dict) and override.get("recurrence_id"):
            replaced = _time("RECURRENCE-ID", fields, override["recurrence_id"], zones)
            yield _component(entry, _changed(fields, override), zones, [replaced])


def _changed(fields: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """The fields of one occurrence: it lasts as long as the others unless it says when it ends."""
    changed = fields | {"start": override["recurrence_id"]} | override
    if "end" not in override and fields.get("end"):
        end = moment(changed["start"]) + (moment(fields["end"]) - moment(fields["start"]))
        changed["end"] = end.date().isoformat() if fields.get("all_day") else local_text(end)
    return changed


def _component(entry: Entry, fields: dict[str, Any], zones: dict[str, int], more: list[bytes]) -> bytes:
    stamp = entry.signed.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    written = [
        line("BEGIN", "VEVENT"),
        line("UID", text(uid_of(entry.network, entry.handle, entry.fields))),
        line("DTSTAMP", stamp),
        line("LAST-MODIFIED", stamp),
        line("SEQUENCE", str(_sequence(fields))),
        *_times(fields, zones),
        *more,
        *_texts(fields),
        *_addresses(entry, fields),
    ]
    if fields.get("status") in _STATUSES:
        written.append(line("STATUS", fields["status"].upper()))
    if entry.parent:
        written.append(line("RELATED-TO", text(entry.parent), RELTYPE="PARENT"))
    if entry.networks:
        written.append(line("CONTACT", text(", ".join(entry.networks))))
    return b"".join([*written, line("CATEGORIES", ",".join(map(text, _categories(fields)))), line("END", "VEVENT")])


def _times(fields: dict[str, Any], zones: dict[str, int]) -> Iterator[bytes]:
    yield _time("DTSTART", fields, fields["start"], zones)
    if fields.get("end") and moment(fields["end"]) > moment(fields["start"]):
        yield _time("DTEND", fields, fields["end"], zones)


def _time(name: str, fields: dict[str, Any], given: str, zones: dict[str, int]) -> bytes:
    return _moments(name, fields, [given], zones)


def _moments(name: str, fields: dict[str, Any], given: list[str], zones: dict[str, int]) -> bytes:
    """One line with times of an event: days, UTC, or local times of its zone."""
    local = [moment(one) for one in given]
    if fields.get("all_day"):
        return line(name, ",".join(one.strftime("%Y%m%d").rjust(8, "0") for one in local), VALUE="DATE")
    written = [one.isoformat(timespec="seconds").replace("-", "").replace(":", "") for one in local]
    key = zone_of(fields).key
    if key == "UTC":
        return line(name, ",".join(f"{one}Z" for one in written))
    zones[key] = min([one.year for one in local] + [zones[key]] if key in zones else [one.year for one in local])
    return line(name, ",".join(written), TZID=key)


def _recurrence(fields: dict[str, Any], zones: dict[str, int]) -> Iterator[bytes]:
    if rule := fields.get("rrule"):
        yield line("RRULE", ";".join(f"{name}={value}" for name, value in _ruled(rule, fields).items()))
    for name, field in (("EXDATE", "exdates"), ("RDATE", "rdates")):
        if times := fields.get(field):
            yield _moments(name, fields, list(times[:MAX_TIMES]), zones)


def _ruled(rule: str, fields: dict[str, Any]) -> dict[str, str]:
    """The parts of a rule, its UNTIL as RFC 5545 (3.3.10) wants it: a day for days, else UTC."""
    parts = rule_parts(rule)
    until = parts.get("UNTIL", "")
    if not until:
        return parts
    if fields.get("all_day"):
        return parts | {"UNTIL": until[:8]}
    if until.endswith("Z"):
        return parts
    # Many write a bare day, and mean that it still takes place on it.
    local = datetime.strptime(until, "%Y%m%dT%H%M%S") if "T" in until else _on_day(until, moment(fields["start"]))
    return parts | {"UNTIL": local.replace(tzinfo=zone_of(fields)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")}


def _on_day(day: str, start: datetime) -> datetime:
    return datetime.combine(datetime.strptime(day, "%Y%m%d").date(), start.time())


def _texts(fields: dict[str, Any]) -> Iterator[bytes]:
    """The original texts; RFC 5545 has room for one language only."""
    for name, field in (("SUMMARY", "titles"), ("DESCRIPTION", "description")):
        if texts := fields.get(field):
            original = str(fields.get("original"))
            language = original if original in texts else next(iter(texts))
            yield line(name, text(texts[language]), LANGUAGE="" if language == "und" else language)


def _addresses(entry: Entry, fields: dict[str, Any]) -> Iterator[bytes]:
    place = fields.get("place")
    if named := _place(place):
        yield line("LOCATION", text(named))
    if isinstance(place, dict) and isinstance(place.get("latitude_e6"), int):
        yield line("GEO", f"{_degrees(place['latitude_e6'])};{_degrees(place.get('longitude_e6', 0))}")
    if page := fields.get("website") or fields.get("registration_url") or entry.page:
        yield line("URL", uri(page))
    if join := fields.get("join_url"):
        yield line("CONFERENCE", uri(join), VALUE="URI")


def _degrees(e6: int) -> str:
    return f"{int(e6) / MAX_E6:.6f}"


def _place(place: Any) -> str:
    if isinstance(place, dict):
        return ", ".join(str(place[part]) for part in ("place", "country") if place.get(part))
    return place if isinstance(place, str) else ""


def _categories(fields: dict[str, Any]) -> list[str]:
    types, themes = vocabulary.EVENT_TYPES, vocabulary.THEMES
    named = [types.name(fields.get("type", "meeting")), *(themes.name(code) for code in fields.get("themes", ()))]
    return named[:MAX_CATEGORIES]
