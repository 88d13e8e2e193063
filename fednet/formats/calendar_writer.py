"""iCalendar out (RFC 5545, 7986): events of the directory as a file that calendar programs subscribe to.

UIDs are those an event came with, else made from handle and network, so they never change; a cancelled event stays in
the file with STATUS:CANCELLED, for only so do subscribers hear of it. Every zone used has its VTIMEZONE.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from fednet.errors import FednetError
from fednet.formats.recurrence import moment, rule_parts, zone_of
from fednet.listing import vocabulary

if TYPE_CHECKING:
    from icalendar import Event as VEvent

Exported = tuple[str, str, dict[str, Any]]
"""Network, handle and fields of one record."""

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
"""DTSTAMP of events when the caller names no moment: files made from the same records are the same."""


def calendar_of(rows: Iterable[Exported], *, name: str = "", now: datetime = UNDATED) -> bytes:
    """One VCALENDAR with the events among `rows`. Of events with one UID the one with the highest SEQUENCE is given.

    An event whose times cannot be read (a peer may have published anything) is left out.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//fednet//fednet//EN")
    calendar.add("version", "2.0")
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
    for network, handle, fields in _newest_of_each_uid(rows):
        for component in _components(network, handle, fields, now):
            calendar.add_component(component)
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def uid_of(network: str, handle: str, fields: dict[str, Any]) -> str:
    """The UID under which subscribers know the event, for ever."""
    return str(fields.get("uid") or f"{handle}@{network}.fednet")


def _newest_of_each_uid(rows: Iterable[Exported]) -> list[Exported]:
    newest: dict[str, Exported] = {}
    for row in rows:
        if row[2].get("kind") != "event":
            continue
        known = newest.setdefault(uid_of(*row), row)
        if row[2].get("sequence", 0) > known[2].get("sequence", 0):
            newest[uid_of(*row)] = row
    return list(newest.values())


def _components(network: str, handle: str, fields: dict[str, Any], now: datetime) -> list[VEvent]:
    try:
        main = _component(fields, uid_of(network, handle, fields), now)
        _add_recurrence(main, fields)
        overrides = [o for o in fields.get("overrides", []) if isinstance(o, dict) and o.get("recurrence_id")]
        return [main, *(_override(fields, override, uid_of(network, handle, fields), now) for override in overrides)]
    except (FednetError, ValueError, TypeError, AttributeError):
        return []


def _override(fields: dict[str, Any], override: dict[str, Any], uid: str, now: datetime) -> VEvent:
    changed = fields | {"start": override["recurrence_id"]} | override
    if "end" not in override:
        changed.pop("end", None)
        if fields.get("end") and not fields.get("all_day"):
            length = moment(fields["end"]) - moment(fields["start"])
            changed["end"] = (moment(changed["start"]) + length).isoformat()
    component = _component(changed, uid, now)
    component.add("recurrence-id", _when(fields, override["recurrence_id"]))
    return component


def _component(fields: dict[str, Any], uid: str, now: datetime) -> VEvent:
    from icalendar import Event as VEvent

    component = VEvent()
    component.add("uid", uid)
    component.add("dtstamp", now)
    component.add("dtstart", _when(fields, fields["start"]))
    if fields.get("end"):
        component.add("dtend", _when(fields, fields["end"]))
    _add_text(component, "summary", fields, "titles")
    _add_text(component, "description", fields, "description")
    if place := _place(fields.get("place")):
        component.add("location", place)
    if fields.get("registration_url"):
        component.add("url", fields["registration_url"])
    if fields.get("join_url"):
        component.add("conference", fields["join_url"], parameters={"VALUE": "URI"})
    if fields.get("status") in {"tentative", "confirmed", "cancelled"}:
        component.add("status", fields["status"].upper())
    component.add("sequence", int(fields.get("sequence", 0)))
    component.add("categories", _categories(fields))
    return component


def _when(fields: dict[str, Any], text: str) -> datetime | date:
    local = moment(text)
    if fields.get("all_day"):
        return local.date()
    zone = zone_of(fields)
    return local.replace(tzinfo=UTC if zone.key == "UTC" else zone)


def _add_recurrence(component: VEvent, fields: dict[str, Any]) -> None:
    from icalendar import vRecur

    if rule := fields.get("rrule"):
        component.add("rrule", vRecur.from_ical(";".join(f"{k}={v}" for k, v in rule_parts(rule).items())))
    for name, field in (("exdate", "exdates"), ("rdate", "rdates")):
        if times := fields.get(field):
            component.add(name, [_when(fields, text) for text in times])


def _add_text(component: VEvent, name: str, fields: dict[str, Any], field: str) -> None:
    """The original text; RFC 5545 has room for one language only."""
    texts = fields.get(field)
    if not texts:
        return
    original = str(fields.get("original"))
    language = original if original in texts else next(iter(texts))
    component.add(name, texts[language], parameters={"LANGUAGE": language} if language != "und" else {})


def _place(place: Any) -> str:
    if isinstance(place, dict):
        return ", ".join(str(place[part]) for part in ("place", "country") if place.get(part))
    return place if isinstance(place, str) else ""


def _categories(fields: dict[str, Any]) -> list[str]:
    types, themes = vocabulary.EVENT_TYPES, vocabulary.THEMES
    return [types.name(fields.get("type", "meeting")), *(themes.name(code) for code in fields.get("themes", ()))]
