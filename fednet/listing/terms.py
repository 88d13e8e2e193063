"""What the search index and the facets need to know of a record, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from fednet.listing import places
from fednet.listing.client_groups import CLIENT_GROUPS
from fednet.listing.contact import Contact
from fednet.listing.event import Event
from fednet.listing.exchange import Exchange
from fednet.listing.fields import Texts
from fednet.listing.group import Group
from fednet.listing.initials import initials
from fednet.listing.network import Network
from fednet.listing.opinion import Opinion
from fednet.listing.organization import Organization, Place
from fednet.listing.person import Person
from fednet.listing.record import Listing
from fednet.listing.resource import Resource
from fednet.listing.services import SERVICES
from fednet.listing.text import fold
from fednet.listing.transliteration import is_latin, sounds
from fednet.listing.twinning import Twinning, called

KIND_NUMBERS = {
    "organization": 1,
    "contact": 2,
    "person": 3,
    "group": 4,
    "event": 5,
    "exchange": 6,
    "resource": 7,
    "opinion": 8,
    "network": 9,
    "twinning": 10,
}
"""How the index writes a kind; a number never changes."""

_EPOCH = datetime(1970, 1, 1)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_NO_TIME = timedelta(0)


class Terms(msgspec.Struct, frozen=True, gc=False):
    """A record as the index sees it.

    `title` is shown, in the original language; `names` and `text` are folded for FTS5, with the names what people make
    of them: initials, and how they sound in Latin letters. `countries` are alpha-2 codes, regions taken apart into
    their countries (but not the world); `languages` primary subtags. `starts` and `ends` are minutes since 1970 UTC of
    an event's first start and last possible end; `ends` is None when nobody can tell without expanding the recurrence,
    both are None when it is no event. Days without zone count as UTC. `type` is a code of the types of its kind.
    """

    kind: int
    title: str
    names: str
    text: str
    countries: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    client_groups: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    starts: int | None = None
    ends: int | None = None
    type: str = ""


def terms(listing: Listing) -> Terms:
    """What to index of a record. Names of vocabulary terms are not in the text: those are found by code."""
    return _TERMS[type(listing)](listing)


def title(listing: Listing) -> str:
    """The title of a record alone, which is a small part of the work of `terms`."""
    match listing:
        case Organization() | Group() | Network():
            return display(listing.names, listing.original)
        case Event() | Exchange() | Resource():
            return display(listing.titles, listing.original)
        case Person():
            return listing.name
        case Contact():
            return reached_as(listing)
        case Opinion():
            return listing.verdict
        case Twinning():
            return display(listing.titles, listing.original) or called(listing)


def reached_as(record: Contact) -> str:
    """What a contact is called: its person, else the first of its addresses."""
    return next(filter(None, (record.person, *record.emails, *record.phones, record.address)), "")


def display(texts: Texts, language: str | None) -> str:
    """The text to show: in `language` if it is there, else in English, else the first."""
    if language in texts:
        return texts[language]
    return texts.get("en") or next(iter(texts.values()), "")


def _organization(record: Organization) -> Terms:
    seat = record.seat
    names = _joined(*record.names.values(), record.acronym, *record.former_names)
    return Terms(
        1,
        display(record.names, record.original),
        fold(names) + _made_of(record.names, record.acronym, short=True),
        fold(_joined(*record.description.values(), seat.place if seat else "")),
        _countries(seat.country if seat else None, record.countries),
        record.services,
        record.client_groups,
        _languages(record.languages),
        type=record.type or "",
    )


def _contact(record: Contact) -> Terms:
    reached = _joined(*record.emails, *record.phones, record.address)
    return Terms(2, reached_as(record), fold(record.person), fold(reached))


def _person(record: Person) -> Terms:
    known_for = _joined(record.role, *record.expertise, record.organization)
    countries = _countries(record.country, ())
    names = fold(record.name) + _made_of({"": record.name})
    return Terms(3, record.name, names, fold(known_for), countries, languages=_languages(record.languages))


def _group(record: Group) -> Terms:
    held = [part for role in record.roles for part in (role.role, role.holder)]
    text = _joined(*record.description.values(), *held)
    names = fold(_joined(*record.names.values())) + _made_of(record.names, short=True)
    roles = tuple(role.country for role in record.roles if role.country)
    countries = _countries(None, record.countries + roles)
    return Terms(4, display(record.names, record.original), names, fold(text), countries, type=record.type or "")


def _event(record: Event) -> Terms:
    place, country = _place(record.place)
    starts = _minute(record.start, record.zone)
    text = _joined(*record.description.values(), place, *record.hosts, *record.convenors, *record.speakers)
    return Terms(
        5,
        display(record.titles, record.original),
        fold(_joined(*record.titles.values())) + _made_of(record.titles),
        fold(text),
        _countries(country, ()),
        *_themes(record.themes),
        _languages(record.languages),
        starts,
        _last_minute(record, starts),
        record.type,
    )


def _exchange(record: Exchange) -> Terms:
    services, client_groups = _themes(record.themes)
    return Terms(
        6,
        display(record.titles, record.original),
        fold(_joined(*record.titles.values())) + _made_of(record.titles),
        fold(_joined(*record.description.values(), record.organization)),
        _countries(None, record.countries),
        services,
        tuple(dict.fromkeys(record.client_groups + client_groups)),
        _languages(record.languages),
        type=record.type,
    )


def _resource(record: Resource) -> Terms:
    return Terms(
        7,
        display(record.titles, record.original),
        fold(_joined(*record.titles.values())) + _made_of(record.titles),
        fold(_joined(*record.description.values())),
        (),
        *_themes(record.themes),
        _languages((record.language,) if record.language else ()),
        type=record.type or "",
    )


def _opinion(record: Opinion) -> Terms:
    return Terms(8, record.verdict, "", fold(record.reason))


def _network(record: Network) -> Terms:
    return Terms(
        9,
        display(record.names, record.original),
        fold(_joined(*record.names.values())),
        fold(_joined(*record.description.values())),
        _countries(None, record.countries),
        languages=_languages(record.languages),
    )


def _twinning(record: Twinning) -> Terms:
    names = {str(at): twin.name for at, twin in enumerate(record.organizations)}
    told = (text for activity in record.activities for text in activity.text.values())
    return Terms(
        10,
        title(record),
        fold(_joined(*record.titles.values(), *names.values())) + _made_of(record.titles) + _made_of(names, short=True),
        fold(_joined(*record.goals.values(), *told, *record.outcome.values())),
        (),
        *_themes(record.themes),
    )


_TERMS: dict[type[Listing], Callable[[Any], Terms]] = {
    Organization: _organization,
    Contact: _contact,
    Person: _person,
    Group: _group,
    Event: _event,
    Exchange: _exchange,
    Resource: _resource,
    Opinion: _opinion,
    Network: _network,
    Twinning: _twinning,
}


def _made_of(names: Texts, acronym: str = "", *, short: bool = False) -> str:
    """What people make of names: initials where no acronym is given, and Latin letters where no name has any."""
    made: list[str] = []
    latin = False
    for name in names.values():
        latin = latin or is_latin(name)
        if short and not acronym:
            made += initials(name)
    if not latin:
        made += map(sounds, names.values())
    return fold("\n" + " ".join(made)) if made else ""


def _joined(*parts: str) -> str:
    return "\n".join(filter(None, parts))


def _countries(first: str | None, others: tuple[str, ...]) -> tuple[str, ...]:
    found = [first] if first and places.is_country(first) else []
    for code in others:
        found += _taken_apart(code)
    return tuple(dict.fromkeys(found))


@lru_cache(1024)
def _taken_apart(code: str) -> tuple[str, ...]:
    """The countries that a code stands for: itself, those of a region, or none."""
    if code == places.WORLD or not code.isdigit():
        return (code,) if places.is_country(code) else ()
    return tuple(sorted(places.countries_in(code))) if code in places.region_codes() else ()


@lru_cache(65536)
def _languages(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.partition("-")[0] for tag in tags))


@lru_cache(65536)
def _themes(themes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Services and client groups among themes; a code that is both (youth) counts as both."""
    known = tuple(code for code in themes if code not in CLIENT_GROUPS or code in SERVICES)
    return known, tuple(code for code in themes if code in CLIENT_GROUPS)


def _place(place: str | Place | None) -> tuple[str, str | None]:
    if isinstance(place, Place):
        return place.place, place.country
    return place or "", None


def _minute(local: str | None, zone: str | None) -> int | None:
    """Minutes since 1970 UTC of a wall-clock time, or of the midnight that begins a day; None for no real time."""
    if local is None:
        return None
    try:
        clock = datetime.fromisoformat(local)
        return (clock - _EPOCH - (_zone(zone).utcoffset(clock) or _NO_TIME)) // _MINUTE
    except (ValueError, OverflowError):
        return None


def _last_minute(event: Event, begins: int | None) -> int | None:
    """When the event is surely over; None while its recurrence has no end that can be read off."""
    ends = _minute(event.end, event.zone) or begins
    if begins is None or ends is None:
        return None
    lasts = max(ends - begins, 24 * 60 if event.all_day else 0)
    if not (event.rrule or event.rdates or event.overrides):
        return begins + lasts
    last = begins
    if event.rrule:
        until = _until(event.rrule, event.zone) or _counted(event.rrule, begins)
        if until is None:
            return None
        last = max(last, until)
    starts = [last, *(_minute(day, event.zone) for day in event.rdates)]
    moved = [_minute(at, one.zone or event.zone) for one in event.overrides for at in (one.start, one.end)]
    return max([minute + lasts for minute in starts if minute is not None] + [at for at in moved if at is not None])


def _until(rrule: str, zone: str | None) -> int | None:
    """The UNTIL of a recurrence rule (RFC 5545, 3.3.10) as a minute; None when it goes on or counts."""
    parts = dict(part.partition("=")[::2] for part in rrule.upper().removeprefix("RRULE:").split(";"))
    until = parts.get("UNTIL", "")
    try:
        clock = datetime.fromisoformat(until.rstrip("Z")).replace(tzinfo=None)
    except ValueError:
        return None
    minute = _minute(clock.isoformat(), "UTC" if until.endswith("Z") else zone)
    return minute if "T" in until or minute is None else minute + _DAY // _MINUTE


_MINUTES = {"HOURLY": 60, "DAILY": 24 * 60, "WEEKLY": 7 * 24 * 60}


def _counted(rrule: str, begins: int) -> int | None:
    """The last minute at which a rule that counts can begin, for those of which every period has a date; else None."""
    parts = dict(part.partition("=")[::2] for part in rrule.upper().removeprefix("RRULE:").split(";"))
    every = [parts.get("INTERVAL", "1"), parts.get("COUNT", "")]
    minutes = _MINUTES.get(parts.get("FREQ", ""))
    choosy = {name for name in parts if name.startswith("BY")} - ({"BYDAY"} if parts.get("FREQ") == "WEEKLY" else set())
    if minutes is None or choosy or not all(number.isascii() and number.isdigit() for number in every):
        return None
    interval, count = (int(number[:6]) for number in every)
    return begins + (count + 1) * interval * minutes


@lru_cache(1024)
def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
