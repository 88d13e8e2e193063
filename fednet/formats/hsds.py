"""HSDS 3.0, the Human Services Data Specification of Open Referral: records as its objects.

One *statement*, a network's record of an organisation with the contacts that the reader may see, becomes one HSDS
organisation; each of its service codes a service, its seat a location. Ids are UUIDs of version 5 (RFC 9562, 5.5) in
`NAMESPACE` over the lines network id, handle and part, so they stay the same over editions and are the same on every
node.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid5

import msgspec

from fednet import listing
from fednet.formats import hsds_terms
from fednet.formats.hsds_objects import (
    NAMESPACE,
    Address,
    Attribute,
    Confirmation,
    Contact,
    Language,
    Location,
    Membership,
    Organization,
    OrganizationIdentifier,
    Phone,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    Source,
)
from fednet.listing import languages, places, vocabulary

# --- ids --------------------------------------------------------------------------------------------------------------


def identifier(network: str, handle: str, *part: str) -> str:
    """The id of a record (of its network), or of a part of what it became."""
    return str(uuid5(NAMESPACE, "\n".join((network, handle, *part))))


def service_id(network: str, handle: str, code: str) -> str:
    return identifier(network, handle, "service", code)


def service_at_location_id(network: str, handle: str, code: str) -> str:
    return identifier(network, handle, "service at location", code)


# --- a statement and what becomes of it -------------------------------------------------------------------------------


class Told(msgspec.Struct, frozen=True):
    """A contact record of an organisation that the reader may see."""

    handle: str
    circle: str
    contact: listing.Contact


class Statement(msgspec.Struct, frozen=True):
    """One network's record of an organisation, and what is known around it.

    `source` says where it comes from, `modified` when the edition was signed with which it came (RFC 3339); `same_as`
    are the HSDS ids of what other networks say of the same organisation. With `profile` its fields are written.
    """

    organization: listing.Organization
    source: Source
    circle: str
    contacts: tuple[Told, ...] = ()
    same_as: tuple[str, ...] = ()
    profile: bool = False
    modified: str | None = None

    @property
    def id(self) -> str:
        return self.part()

    @property
    def services(self) -> list[str]:
        """The codes that are services here: those that we know, each once."""
        return [code for code in dict.fromkeys(self.organization.services) if code in vocabulary.SERVICES]

    def part(self, *part: str) -> str:
        return identifier(self.source.network, self.source.handle, *part)


def basic(statement: Statement) -> Organization:
    """An organisation with the fields that hold one value, as lists of organisations show it."""
    listed = statement.organization
    name = listing.display(listed.names, listed.original)
    spoken = next((tag for tag, text in listed.names.items() if text == name), None)
    plain = Organization(
        id=statement.id,
        name=name,
        description=listing.display(listed.description, spoken),
        alternate_name=listed.acronym,
        email=_own_email(statement),
        website=uri(listed.website),
    )
    return msgspec.structs.replace(plain, **_profile(statement)) if statement.profile else plain


def full(statement: Statement, full_services: bool = False) -> Organization:
    """An organisation with everything in it; its services whole, or with their names alone."""
    return msgspec.structs.replace(
        _nested(statement),
        services=[
            _service(statement, code) if full_services else named_service(statement, code)
            for code in statement.services
        ],
    )


def basic_service(statement: Statement, code: str) -> Service:
    """A service with the fields that hold one value, and those of its organisation."""
    return msgspec.structs.replace(_plain_service(statement, code), organization=basic(statement))


def full_service(statement: Statement, code: str) -> Service:
    """A service with everything in it."""
    return msgspec.structs.replace(_service(statement, code), organization=_nested(statement))


def named_service(statement: Statement, code: str) -> Service:
    """Id, name and status: all that a service must have."""
    plain = _plain_service(statement, code)
    return Service(plain.id, plain.name, plain.status)


def basic_at_location(statement: Statement, code: str) -> ServiceAtLocation:
    """A service where the organisation has its seat; both with the fields that hold one value."""
    place = location(statement)
    basic_place = place and Location(place.id, place.location_type, place.name, place.latitude, place.longitude)
    return _at_location(statement, code, basic_place, basic_service(statement, code))


def full_at_location(statement: Statement, code: str) -> ServiceAtLocation:
    """A service where the organisation has its seat, with everything in both."""
    whole = msgspec.structs.replace(full_service(statement, code), service_at_locations=[])
    return _at_location(statement, code, location(statement), whole)


def location(statement: Statement) -> Location | None:
    """The seat, with the addresses and hours that contacts tell; None when nothing of it is known."""
    seat = statement.organization.seat
    postal = [told for told in statement.contacts if told.contact.address]
    hours = [told for told in statement.contacts if told.contact.hours]
    if not (seat or postal or hours):
        return None
    city, country = (seat.place, seat.country or "") if seat else ("", "")
    addresses = [_address(statement.part("location", "address"), "", city, country, "physical")] if seat else []
    addresses += [
        _address(statement.part(told.handle, "address"), told.contact.address, city, country, "postal")
        for told in postal
    ]
    return Location(
        id=statement.part("location"),
        location_type="physical" if seat else "postal",
        name=city,
        latitude=_degrees(seat.latitude_e6 if seat else None),
        longitude=_degrees(seat.longitude_e6 if seat else None),
        languages=_languages(statement, "location"),
        addresses=addresses,
        schedules=[Schedule(statement.part(told.handle, "hours"), told.contact.hours) for told in hours],
    )


def has_location(organization: listing.Organization) -> bool:
    """Whether its services are at a location: the country of its seat is known, or where on the map it is."""
    seat = organization.seat
    on_map = seat is not None and seat.latitude_e6 is not None and seat.longitude_e6 is not None
    return on_map or (seat is not None and bool(seat.country) and places.is_country(seat.country or ""))


def _nested(statement: Statement) -> Organization:
    """All of an organisation but its services."""
    listed = statement.organization
    place = location(statement)
    kind = [("organization-types", listed.type)] if listed.type else []
    terms = [*kind, *(("client-groups", code) for code in listed.client_groups)]
    return msgspec.structs.replace(
        basic(statement),
        contacts=list(_contacts(statement)),
        phones=[_phone(statement, told, number) for told in _general(statement) for number in told.contact.phones],
        locations=[place] if place else [],
        organization_identifiers=[
            OrganizationIdentifier(
                statement.part("identifier", one.scheme, one.value), one.scheme, one.scheme, one.value
            )
            for one in dict.fromkeys(listed.identifiers)
        ],
        attributes=list(_attributes(statement, "organization", statement.id, terms)),
    )


def _plain_service(statement: Statement, code: str) -> Service:
    listed = statement.organization
    known = vocabulary.SERVICES.term(code)
    groups = [vocabulary.CLIENT_GROUPS.name(group) for group in listed.client_groups]
    return Service(
        id=service_id(statement.source.network, statement.source.handle, code),
        name=vocabulary.SERVICES.name(code),
        status="active",
        organization_id=statement.id,
        description=known.definition if known else "",
        eligibility_description="; ".join(groups),
        assured_date=listed.confirmed.at[:10] if listed.confirmed else None,
        last_modified=statement.modified,
    )


def _service(statement: Statement, code: str) -> Service:
    """All of a service but its organisation."""
    listed = statement.organization
    plain = _plain_service(statement, code)
    known = vocabulary.SERVICES.term(code)
    terms = [("services", code)]
    terms += [(hsds_terms.OPEN_ELIGIBILITY, known.hsds)] if known and known.hsds else []
    terms += [("client-groups", group) for group in listed.client_groups]
    place = location(statement) if has_location(listed) else None
    return msgspec.structs.replace(
        plain,
        service_areas=[
            ServiceArea(statement.part("service", code, "area", area), places.name(area), area, "text")
            for area in dict.fromkeys(listed.countries)
        ],
        service_at_locations=[_at_location(statement, code, place, None)] if place else [],
        languages=_languages(statement, "service", code),
        attributes=list(_attributes(statement, "service", plain.id, terms)),
    )


def _at_location(statement: Statement, code: str, place: Location | None, service: Service | None) -> ServiceAtLocation:
    at = service_at_location_id(statement.source.network, statement.source.handle, code)
    offered = service_id(statement.source.network, statement.source.handle, code)
    return ServiceAtLocation(at, offered, place.id if place else None, place, service)


def _attributes(statement: Statement, entity: str, link: str, terms: Iterable[tuple[str, str]]) -> Iterator[Attribute]:
    """The terms that we know of those given as (taxonomy, code), each once."""
    for taxonomy, code in dict.fromkeys(terms):
        known = hsds_terms.term(taxonomy, code)
        if known:
            yield Attribute(
                id=statement.part(entity, link, "attribute", taxonomy, code),
                link_type=_LINK_TYPES[taxonomy],
                link_entity=entity,
                value=known.name,
                link_id=link,
                taxonomy_term_id=known.id,
                taxonomy_term=known,
            )


_LINK_TYPES = {
    "services": "service type",
    hsds_terms.OPEN_ELIGIBILITY: "service type",
    "client-groups": "eligibility",
    "organization-types": "organization type",
}


def _languages(statement: Statement, *part: str) -> list[Language]:
    return [
        Language(statement.part(*part, "language", tag), languages.name(tag), tag)
        for tag in dict.fromkeys(statement.organization.languages)
    ]


def _general(statement: Statement) -> Sequence[Told]:
    """Contacts that name no person: they are the organisation's own e-mail address and telephone."""
    return [told for told in statement.contacts if not told.contact.person]


def _contacts(statement: Statement) -> Iterator[Contact]:
    """A contact for each person; every further e-mail address, for which HSDS has no room, is one more."""
    own = _own_email(statement)
    for told in statement.contacts:
        person = told.contact.person
        emails: list[str | None] = [email for email in told.contact.emails if person or email != own]
        phones = [_phone(statement, told, number) for number in told.contact.phones] if person else []
        if person or emails:
            yield Contact(statement.part(told.handle), person, emails[0] if emails else None, phones)
        for email in emails[1:]:
            yield Contact(statement.part(told.handle, "email", str(email)), person, email)


def _own_email(statement: Statement) -> str | None:
    return next((email for told in _general(statement) for email in told.contact.emails), None)


def _phone(statement: Statement, told: Told, number: str) -> Phone:
    return Phone(statement.part(told.handle, "phone", number), number)


def _address(id: str, street: str, city: str, country: str, address_type: str) -> Address:
    return Address(id, street, city, "", "", country, address_type)


def _degrees(e6: int | None) -> float | None:
    return None if e6 is None else e6 / 1_000_000


def _profile(statement: Statement) -> dict[str, Any]:
    """The fields that the profile adds."""
    listed = statement.organization
    member, confirmed = listed.membership, listed.confirmed
    said = Confirmation(confirmed.at, confirmed.by) if confirmed else None
    return {
        "names": dict(listed.names),
        "descriptions": dict(listed.description),
        "original_language": listed.original,
        "former_names": list(listed.former_names),
        "countries_served": list(listed.countries),
        "languages_spoken": list(listed.languages),
        "groups": list(listed.groups),
        "refugee_led": listed.refugee_led,
        "membership": Membership(member.category, member.since, member.until) if member else None,
        "circle": statement.circle,
        "source": msgspec.structs.replace(statement.source, confirmed=said),
        "same_as": list(statement.same_as),
    }


# --- addresses of the web ---------------------------------------------------------------------------------------------

_URI = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:[/?#][A-Za-z0-9\-._~:/?#@!$&()*+,;=%]*)?")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def uri(address: str | None) -> str | None:
    """An address as a URI (RFC 3986): ASCII, the host in Punycode, the rest escaped; None for what is none."""
    if not address:
        return None
    try:
        parts = urlsplit(_BROKEN_ESCAPE.sub("%25", address))
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
        safe = "-._~:/?@!$&()*+,;=%"
        found = urlunsplit(
            (
                parts.scheme,
                host + port,
                quote(parts.path, safe),
                quote(parts.query, safe),
                quote(parts.fragment, safe),
            )
        )
    except (UnicodeError, ValueError):
        return None
    return found if host and _URI.fullmatch(found) else None
