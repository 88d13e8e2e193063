"""Groups: working groups, committees, networks inside networks."""

from __future__ import annotations

import msgspec

from fednet.listing.fields import Code, PartialDate, Record, RequiredTexts, Texts


class Role(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who holds a role (chair, focal person) in a group, from when to when. `holder` is a handle or a name."""

    role: str
    holder: str = ""
    since: PartialDate | None = None
    until: PartialDate | None = None


class Group(Record, frozen=True):
    """A working group, committee, youth network, or a national network inside a regional one."""

    names: RequiredTexts
    type: Code | None = None
    description: Texts = msgspec.field(default_factory=dict)
    roles: tuple[Role, ...] = ()
