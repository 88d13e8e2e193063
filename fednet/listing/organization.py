"""Organisations: the members a network lists."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fednet.listing.fields import (
    MAX_E6,
    Code,
    CountryCode,
    Handle,
    LanguageTag,
    PartialDate,
    Record,
    RequiredTexts,
    Texts,
    Url,
)

Latitude = Annotated[int, Meta(ge=-90 * MAX_E6, le=90 * MAX_E6)]
Longitude = Annotated[int, Meta(ge=-180 * MAX_E6, le=180 * MAX_E6)]


class Identifier(msgspec.Struct, frozen=True, gc=False):
    """A number in a register: `scheme` is an org-id.guide list code (`CA-CRA_ACR`), `value` the number there."""

    scheme: str
    value: str


class Place(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A coarse place: country, town, and coordinates in millionths of a degree (WGS 84)."""

    country: CountryCode | None = None
    place: str = ""
    latitude_e6: Latitude | None = None
    longitude_e6: Longitude | None = None


class Membership(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What kind of member of the listing network it is, and since and until when."""

    category: str = ""
    since: PartialDate | None = None
    until: PartialDate | None = None


class Organization(Record, frozen=True):
    """An organisation: its names by language, what it does, where, for whom and in which languages.

    `countries` are those it serves (ISO 3166 codes or UN M49 regions), `groups` the handles of groups it belongs to,
    `refugee_led` only ever what the organisation says of itself.
    """

    names: RequiredTexts
    acronym: str = ""
    former_names: tuple[str, ...] = ()
    description: Texts = msgspec.field(default_factory=dict)
    website: Url | None = None
    identifiers: tuple[Identifier, ...] = ()
    type: Code | None = None
    seat: Place | None = None
    countries: tuple[CountryCode, ...] = ()
    services: tuple[Code, ...] = ()
    client_groups: tuple[Code, ...] = ()
    languages: tuple[LanguageTag, ...] = ()
    groups: tuple[Handle, ...] = ()
    membership: Membership | None = None
    refugee_led: bool | None = None


def missing(organization: Organization) -> tuple[str, ...]:
    """What a complete entry says and this one does not: `place`, `services`, `languages`, `website`; names it has.

    `place` is the country of its seat or a country served, `services` at least one, or its type. Instead of a website
    a contact will do, which is a record of its own: see `fednet.directory.freshness`.
    """
    said = {
        "place": bool(organization.countries or (organization.seat and organization.seat.country)),
        "services": bool(organization.services or organization.type),
        "languages": bool(organization.languages),
        "website": bool(organization.website),
    }
    return tuple([name for name, is_said in said.items() if not is_said])
