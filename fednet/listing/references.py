"""References between records: handles in a body, wherever they stand.

A handle is random and never reused, so whatever equals one is a reference to it: in fields of every kind, in those that
a newer version may know as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from fednet.listing.check import is_handle
from fednet.listing.contact import Contact
from fednet.listing.event import Event
from fednet.listing.exchange import Exchange
from fednet.listing.group import Group
from fednet.listing.opinion import Opinion
from fednet.listing.organization import Organization
from fednet.listing.person import Person
from fednet.listing.record import Listing, encode, parse
from fednet.listing.twinning import Twinning

_HANDLE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_NAMED = 64
"""Handles that are looked for in one record."""


def repointed(body: bytes, old: str, new: str | None) -> bytes | None:
    """The body with references to `old` pointing to `new`; for None they are taken out.

    None when what is left is no record of its kind: a contact is nothing without its organisation, a twinning nothing
    without either of the two.
    """
    before = msgspec.json.decode(body)
    if new is None and is_twin(before, old):
        return None
    written = encode(_replaced(before, old, new))
    return None if parse(written) is None and parse(body) is not None else written


def is_twin(fields: Mapping[str, Any], handle: str) -> bool:
    """Whether a record's fields are those of a twinning of the organisation under that handle."""
    return fields.get("kind") == "twinning" and any(one.get("handle") == handle for one in fields["organizations"])


def handles(body: bytes) -> list[str]:
    """All that looks like a handle in a body, wherever it stands."""
    return _HANDLE.findall(body.decode())


def named(listing: Listing) -> tuple[str, ...]:
    """The handles that a record names where its kind has fields for them, each once."""
    match listing:
        case Organization():
            found = listing.groups
        case Contact() | Person() | Exchange():
            found = (listing.organization,)
        case Group():
            found = tuple([role.holder for role in listing.roles])
        case Event():
            found = (*listing.hosts, *listing.convenors, *listing.speakers, listing.parent or "")
        case Opinion():
            found = tuple([subject.handle for subject in listing.subjects])
        case Twinning():
            found = (*[twin.handle for twin in listing.organizations], *listing.resources, *listing.exchanges)
        case _:
            return ()
    return tuple(dict.fromkeys(one for one in found[:MAX_NAMED] if is_handle(one)))


def moved(value: Any, handles: Mapping[str, str]) -> Any:
    """Fields, or a part of them, whose references point to new handles, given by the old ones."""
    match value:
        case dict():
            return {name: moved(found, handles) for name, found in value.items()}
        case list():
            return [moved(found, handles) for found in value]
        case str():
            return handles.get(value, value)
        case _:
            return value


def _replaced(value: Any, old: str, new: str | None) -> Any:
    match value:
        case dict():
            kept = {name: _replaced(found, old, new) for name, found in value.items() if new or found != old}
            return {name: found for name, found in kept.items() if found != [] or value[name] == []}
        case list():
            return [_replaced(found, old, new) for found in value if new or found != old]
        case _:
            return new if value == old else value
