"""Groups: working groups, committees, networks inside networks."""

from __future__ import annotations

import msgspec

from fednet.listing.fields import Code, CountryCode, PartialDate, Record, RequiredTexts, Texts


class Role(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who holds a role (chair, focal person) in a group, from when to when. `holder` is a handle or a name.

    `country` is what it is held for: the focal person for Bangladesh.
    """

    role: str
    holder: str = ""
    country: CountryCode | None = None
    since: PartialDate | None = None
    until: PartialDate | None = None


class Group(Record, frozen=True):
    """A working group, committee, youth network, or a national network inside a regional one.

    `countries` are those it works for or in (ISO 3166 codes or UN M49 regions).
    """

    names: RequiredTexts
    type: Code | None = None
    countries: tuple[CountryCode, ...] = ()
    description: Texts = msgspec.field(default_factory=dict)
    roles: tuple[Role, ...] = ()
