"""The objects of HSDS 3.0, with the fields of theirs that records fill; what is empty is not written.

They are typed by the schemas of HSDS (`schema/*.json`). Fields that only our profile has, which are told in
`fednet.formats.hsds_profile`, stay empty unless they are asked for.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

VERSION = "3.0"
NAMESPACE = UUID("b37d8bfa-e41e-56b3-bae0-3a3656e280b6")
"""Of all ids; it never changes. It is itself of version 5, of the URL `https://fednet.example/hsds/3.0`."""

Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Uri = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Email = Annotated[str, Meta(extra_json_schema={"format": "email"})]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Taxonomy(msgspec.Struct, frozen=True, omit_defaults=True):
    """A list of terms."""

    id: Id
    name: str
    description: str
    uri: Uri | None = None
    version: str | None = None


class TaxonomyTerm(msgspec.Struct, frozen=True, omit_defaults=True):
    """One term of a taxonomy."""

    id: Id
    code: str
    name: str
    description: str
    parent_id: Id | None = None
    taxonomy: str | None = None
    taxonomy_detail: Taxonomy | None = None
    language: str | None = None
    taxonomy_id: Id | None = None


class Attribute(msgspec.Struct, frozen=True, omit_defaults=True):
    """That a term applies to the object it stands in."""

    id: Id
    link_type: str
    link_entity: str
    value: str
    link_id: Id
    taxonomy_term_id: Id
    taxonomy_term: TaxonomyTerm


class Language(msgspec.Struct, frozen=True, omit_defaults=True):
    """A language that is spoken: BCP 47 tag and English name."""

    id: Id
    name: str
    code: str


class Phone(msgspec.Struct, frozen=True, omit_defaults=True):
    """A telephone number, as it was entered."""

    id: Id
    number: str


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """An address; HSDS wants all of it, so what is not known is empty."""

    id: Id
    address_1: str
    city: str
    state_province: str
    postal_code: str
    country: str
    address_type: str


class Schedule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hours in words."""

    id: Id
    description: str


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person, or an address that is nobody's in particular."""

    id: Id
    name: str = ""
    email: Email | None = None
    phones: list[Phone] = []


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the organisation has its seat, as coarse as its network says it."""

    id: Id
    location_type: str
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    languages: list[Language] = []
    addresses: list[Address] = []
    schedules: list[Schedule] = []


class ServiceArea(msgspec.Struct, frozen=True, omit_defaults=True):
    """A country or region that is served; `extent` is its ISO 3166 or UN M49 code."""

    id: Id
    name: str
    extent: str
    extent_type: str


class OrganizationIdentifier(msgspec.Struct, frozen=True, omit_defaults=True):
    """A number in a register; both scheme and type are the org-id.guide list code."""

    id: Id
    identifier_scheme: str
    identifier_type: str
    identifier: str


class Membership(msgspec.Struct, frozen=True, omit_defaults=True):
    """Profile: what kind of member of the listing network the organisation is, since and until when."""

    category: str = ""
    since: str | None = None
    until: str | None = None


class Confirmation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Profile: when and by whom it was last said that all is still right."""

    at: str
    by: str = ""


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Profile: which network says all this, in which signed edition, and when this node verified that edition."""

    network: str
    network_name: str
    handle: str
    epoch: int
    edition: int
    verified_at: str | None = None
    confirmed: Confirmation | None = None
    expired: bool = False
    frozen: bool = False


class Organization(msgspec.Struct, frozen=True, omit_defaults=True):
    """An organisation; after `services` the fields that the profile adds."""

    id: Id
    name: str
    description: str
    alternate_name: str = ""
    email: Email | None = None
    website: Uri | None = None
    contacts: list[Contact] = []
    phones: list[Phone] = []
    locations: list[Location] = []
    organization_identifiers: list[OrganizationIdentifier] = []
    attributes: list[Attribute] = []
    services: list[Service] = []
    names: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    original_language: str | None = None
    former_names: list[str] = []
    countries_served: list[str] = []
    languages_spoken: list[str] = []
    groups: list[str] = []
    refugee_led: bool | None = None
    membership: Membership | None = None
    circle: str | None = None
    source: Source | None = None
    same_as: list[Id] = []


PROFILE_FIELDS = frozenset(
    "names descriptions original_language former_names countries_served languages_spoken groups refugee_led membership "
    "circle source same_as".split()
)
"""The fields of `Organization` that HSDS does not have."""


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service of an organisation: one code of the vocabulary, offered by all of the organisation."""

    id: Id
    name: str
    status: str
    organization_id: Id | None = None
    description: str = ""
    eligibility_description: str = ""
    assured_date: str | None = None
    last_modified: Instant | None = None
    service_areas: list[ServiceArea] = []
    service_at_locations: list[ServiceAtLocation] = []
    languages: list[Language] = []
    organization: Organization | None = None
    attributes: list[Attribute] = []


class ServiceAtLocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """That a service can be had at a location."""

    id: Id
    service_id: Id | None = None
    location_id: Id | None = None
    location: Location | None = None
    service: Service | None = None
