"""JSON-LD out, in the words of schema.org: what search engines and other programs read in a page, or ask for.

```
{"@context": "https://schema.org", "@type": "NGO", "@id": "https://node.example/organizations/0190a6a4-...",
 "name": {"@language": "fr", "@value": "Maison du port"}, "identifier": {"@type": "PropertyValue", ...}}
```
Pure: fields of records in, plain values out. Times have their offset; a day is a day. Whatever makes no sense (a peer
may have published anything) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from fednet.errors import FednetError
from fednet.formats.hsds import identifier
from fednet.formats.recurrence import moment, rule_parts, zone_of
from fednet.formats.writing import Exported, PageOf, without_controls
from fednet.listing import languages, places, vocabulary
from fednet.listing.check import is_handle

CONTEXT = "https://schema.org"
MEDIA_TYPE = "application/ld+json"

_TYPES = {
    "state-body": "GovernmentOrganization",
    "research-institute": "ResearchOrganization",
    "funder": "FundingAgency",
    "media": "NewsMediaOrganization",
    "legal-firm": "LegalService",
    "private-sector": "Organization",
    "military": "Organization",
    "un-agency": "Organization",
    "international-organization": "Organization",
    "other": "Organization",
}
"""Types of organisations that are no NGO; what says nothing of itself is one, as nearly all are."""
_EVENTS = {
    "conference": "BusinessEvent",
    "training": "EducationEvent",
    "webinar": "EducationEvent",
    "workshop": "EducationEvent",
}
_STATUSES = {"cancelled": "EventCancelled", "postponed": "EventPostponed", "confirmed": "EventScheduled"}
_MODES = {
    "in-person": "OfflineEventAttendanceMode",
    "online": "OnlineEventAttendanceMode",
    "hybrid": "MixedEventAttendanceMode",
}
_PERIODS = {"DAILY": "P{}D", "WEEKLY": "P{}W", "MONTHLY": "P{}M", "YEARLY": "P{}Y"}
_WEEKDAYS = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip


class Party(NamedTuple):
    """Somebody whom a record names: what they are called, and their page here, if they have one."""

    name: str
    url: str | None = None


def document(rows: Iterable[Exported], *, page: PageOf | None = None) -> dict[str, Any]:
    """All organisations, events, persons and entries of the exchange among the rows as one document.

    Where several networks list something under one handle, none of it is told by the page of that handle: what has one
    `@id` is one thing to whoever reads this.
    """
    listed = list(rows)
    networks: dict[str, set[str]] = {}
    for network, handle, _ in listed:
        networks.setdefault(handle, set()).add(network)
    pages = {handle: page if len(several) == 1 else None for handle, several in networks.items()}
    found = [one for row in listed if (one := _node(row, pages[row[1]]))]
    return {"@context": CONTEXT, "@graph": without_controls(found)}


def _node(row: Exported, page: PageOf | None) -> dict[str, Any] | None:
    network, handle, fields = row
    kind = str(fields.get("kind"))
    url = (page(kind, handle) if page else None) or f"urn:uuid:{identifier(network, handle)}"
    match kind:
        case "organization":
            return organization(fields, url)
        case "event":
            return event(fields, url, parent=_page(page, "event", fields.get("parent")))
        case "person":
            return person(fields, url)
        case "exchange":
            return exchange(fields, url)
        case _:
            return None


def _page(page: PageOf | None, kind: str, handle: Any) -> str | None:
    return page(kind, handle) if page and isinstance(handle, str) and handle else None


def standing_alone(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node as a document of its own."""
    return {"@context": CONTEXT, **without_controls(dict(node))}


def in_page(node: Mapping[str, Any]) -> str:
    """A document as it can stand in a `script` element: nothing in it ends the element or begins another."""
    written = msgspec.json.encode(standing_alone(node)).decode()
    for char in "<>&\u2028\u2029":
        written = written.replace(char, f"\\u{ord(char):04x}")
    return written


# --- organisations and persons ----------------------------------------------------------------------------------------


def organization(
    fields: Mapping[str, Any], url: str, *, same: Iterable[str] = (), contacts: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """An organisation. `same` are other addresses of it, `contacts` the records that say how it is reached."""
    seat = _mapping(fields.get("seat"))
    website = fields.get("website")
    return _filled(
        {
            "@type": _TYPES.get(str(fields.get("type")), "NGO"),
            "@id": url,
            "name": _texts(fields.get("names")),
            "alternateName": [*_given(fields.get("acronym")), *_list(fields.get("former_names"))],
            "description": _texts(fields.get("description")),
            "url": website or (url if url.startswith("http") else None),
            "sameAs": list(dict.fromkeys(one for one in same if one != url)),
            "identifier": [_identifier(one) for one in _list(fields.get("identifiers")) if isinstance(one, dict)],
            "address": _address(seat),
            "location": _located(seat),
            "areaServed": [_area(code) for code in _list(fields.get("countries"))],
            "knowsLanguage": _list(fields.get("languages")),
            "makesOffer": _offers(fields),
            "contactPoint": [_contact(one) for one in contacts],
        }
    )


def person(fields: Mapping[str, Any], url: str) -> dict[str, Any]:
    """An individual member."""
    return _filled(
        {
            "@type": "Person",
            "@id": url,
            "name": fields.get("name"),
            "jobTitle": fields.get("role"),
            "knowsAbout": _list(fields.get("expertise")),
            "knowsLanguage": _list(fields.get("languages")),
            "address": _address({"country": fields.get("country")}),
        }
    )


def _identifier(one: Mapping[str, Any]) -> dict[str, Any]:
    return _filled({"@type": "PropertyValue", "propertyID": one.get("scheme"), "value": one.get("value")})


def _offers(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What it does, for whom: each service as an offer of a service."""
    groups = [vocabulary.CLIENT_GROUPS.name(code) for code in _list(fields.get("client_groups"))]
    audience = [{"@type": "Audience", "audienceType": name} for name in groups]
    return [
        {
            "@type": "Offer",
            "itemOffered": _filled(
                {
                    "@type": "Service",
                    "serviceType": vocabulary.SERVICES.name(code),
                    "identifier": code,
                    "audience": audience,
                }
            ),
        }
        for code in _list(fields.get("services"))
    ]


def _contact(fields: Mapping[str, Any]) -> dict[str, Any]:
    return _filled(
        {
            "@type": "ContactPoint",
            "email": _list(fields.get("emails")),
            "telephone": _list(fields.get("phones")),
            "description": fields.get("hours"),
        }
    )


def _address(place: Mapping[str, Any]) -> dict[str, Any] | None:
    found = _filled(
        {
            "@type": "PostalAddress",
            "addressLocality": place.get("place"),
            "addressCountry": place.get("country"),
        }
    )
    return found if len(found) > 1 else None


def _located(place: Mapping[str, Any]) -> dict[str, Any] | None:
    latitude, longitude = place.get("latitude_e6"), place.get("longitude_e6")
    if latitude is None or longitude is None:
        return None
    return {
        "@type": "Place",
        "geo": {"@type": "GeoCoordinates", "latitude": latitude / 1_000_000, "longitude": longitude / 1_000_000},
    }


def _area(code: str) -> dict[str, Any]:
    kind = "AdministrativeArea" if code.isdecimal() else "Country"
    return {"@type": kind, "identifier": code, "name": places.name(code)}


# --- events -----------------------------------------------------------------------------------------------------------


def event(
    fields: Mapping[str, Any],
    url: str,
    *,
    hosts: Iterable[Party] | None = None,
    parent: str | None = None,
) -> dict[str, Any]:
    """An event. `hosts` are those whom it names, where the caller knows more of them than their names, or handles;
    `parent` is the page of the event that it is a part of."""
    named = [Party(name) for name in _list(fields.get("hosts")) if not is_handle(name)]
    parties = named if hosts is None else list(hosts)
    start, end = _times(fields)
    mode = _MODES.get(str(fields.get("mode")))
    return _filled(
        {
            "@type": _EVENTS.get(str(fields.get("type")), "Event"),
            "@id": url,
            "url": url if url.startswith("http") else None,
            "sameAs": fields.get("website"),
            "name": _texts(fields.get("titles")),
            "description": _texts(fields.get("description")),
            "identifier": fields.get("uid"),
            "startDate": start,
            "endDate": end,
            "eventSchedule": _schedule(fields, start),
            "eventStatus": _schema(_STATUSES.get(str(fields.get("status") or "confirmed"))),
            "eventAttendanceMode": _schema(mode),
            "location": _locations(fields),
            "organizer": [_filled({"@type": "Organization", "name": one.name, "url": one.url}) for one in parties],
            "superEvent": {"@type": "Event", "@id": parent, "url": parent} if parent else None,
            "inLanguage": _list(fields.get("languages")),
            "about": [vocabulary.THEMES.name(code) for code in _list(fields.get("themes"))],
            "audience": [{"@type": "Audience", "audienceType": one} for one in _list(fields.get("audience"))],
        }
    )


def _schema(name: str | None) -> str | None:
    return f"{CONTEXT}/{name}" if name else None


def _times(fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """When it begins and ends. The last day of one that lasts whole days is part of it, unlike in a record."""
    try:
        if fields.get("all_day"):
            first = date.fromisoformat(str(fields["start"])[:10])
            after = date.fromisoformat(str(fields["end"])[:10]) if fields.get("end") else first
            return first.isoformat(), max(first, after - timedelta(days=1)).isoformat()
        end = fields.get("end")
        return _instant(fields, str(fields["start"])), _instant(fields, str(end)) if end else None
    except (FednetError, ValueError, OverflowError, KeyError):
        return None, None


def _instant(fields: Mapping[str, Any], local: str) -> str:
    at = moment(local)
    aware = at.replace(tzinfo=zone_of(dict(fields))) if at.tzinfo is None else at
    return datetime.isoformat(aware)


def _schedule(fields: Mapping[str, Any], start: str | None) -> dict[str, Any] | None:
    """The rule of one that repeats, as far as schema.org has words for it."""
    try:
        rule = rule_parts(str(fields["rrule"])) if fields.get("rrule") and start else {}
    except FednetError:
        return None
    period = _PERIODS.get(str(rule.get("FREQ")))
    if not period:
        return None
    return _filled(
        {
            "@type": "Schedule",
            "repeatFrequency": period.format(rule.get("INTERVAL", 1)),
            "repeatCount": int(str(rule["COUNT"])) if str(rule.get("COUNT", "")).isdecimal() else None,
            "startDate": start,
            "byDay": [_schema(_WEEKDAYS[day]) for day in str(rule.get("BYDAY", "")).split(",") if day in _WEEKDAYS],
            "scheduleTimezone": fields.get("zone"),
            "exceptDate": _exceptions(fields),
        }
    )


def _exceptions(fields: Mapping[str, Any]) -> list[str]:
    try:
        return [_instant(fields, text) if "T" in text else text for text in map(str, _list(fields.get("exdates")))]
    except (FednetError, ValueError, OverflowError):
        return []


def _locations(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    place = fields.get("place")
    found: list[dict[str, Any]] = []
    if isinstance(place, str) and place:
        found.append({"@type": "Place", "name": place})
    elif isinstance(place, dict) and (address := _address(place)):
        found.append({**(_located(place) or {"@type": "Place"}), "address": address})
    if fields.get("join_url"):
        found.append({"@type": "VirtualLocation", "url": fields["join_url"]})
    return found


# --- needs, offers and funding ----------------------------------------------------------------------------------------

_EXCHANGES = {"need": "Demand", "offer": "Offer", "funding": "MonetaryGrant"}
_BY = {"Offer": "offeredBy", "MonetaryGrant": "funder"}


def exchange(fields: Mapping[str, Any], url: str, *, by: Party | None = None) -> dict[str, Any] | None:
    """A need, an offer or a source of funding; None for another type. `by`: whose it is, where the caller knows more of
    that than the record says, which may be a handle alone."""
    kind = _EXCHANGES.get(str(fields.get("type")))
    if kind is None:
        return None
    said = str(fields.get("organization") or "")
    whose = by or (Party(said) if said and not is_handle(said) else None)
    party = _filled({"@type": "Organization", "name": whose.name, "url": whose.url}) if whose else None
    node = {
        "@type": kind,
        "@id": url,
        "url": url if url.startswith("http") else None,
        "name": _texts(fields.get("titles")),
        "description": _texts(fields.get("description")),
    }
    if party:
        node |= {_BY[kind]: party} if kind in _BY else {"@reverse": {"seeks": party}}
    if kind != "MonetaryGrant":
        node |= {
            "itemOffered": _sought(fields),
            "areaServed": [_area(code) for code in _list(fields.get("countries"))],
            "validFrom": fields.get("posted"),
            "validThrough": fields.get("open_until"),
        }
    return _filled(node)


def _sought(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is needed or offered, of each theme, for whom."""
    groups = [vocabulary.CLIENT_GROUPS.name(code) for code in _list(fields.get("client_groups"))]
    audience = [{"@type": "Audience", "audienceType": name} for name in groups]
    return [
        _filled({"@type": "Service", "serviceType": vocabulary.THEMES.name(code), "identifier": code,
                 "audience": audience})
        for code in _list(fields.get("themes"))
    ]  # fmt: skip


# --- values -----------------------------------------------------------------------------------------------------------


def _filled(node: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty; a list of one is that one."""
    kept = {name: value for name, value in node.items() if value not in (None, "", [], {})}
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in kept.items()}


def _texts(texts: Any) -> Any:
    """A text in its languages (JSON-LD 1.1, 4.2.4), or plain where nobody said which."""
    return [
        {"@language": tag, "@value": text} if languages.find(tag) == tag and tag != "und" else text
        for tag, text in _mapping(texts).items()
        if isinstance(text, str) and text.strip()
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _given(value: Any) -> list[Any]:
    return [value] if value else []
