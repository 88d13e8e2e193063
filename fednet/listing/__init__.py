"""What a network lists: organisations, people, events, needs and offers; their words, places, languages and scripts.

Pure: bytes and plain values in, the same out. `parse` reads what peers published and hides only what cannot be read;
`check` and `normalize` read what our own users enter and say plainly what is wrong; `encode` writes a body; `terms`
says what the index needs. Vocabularies are in `vocabulary`, countries in `places`, tags in `languages`, folding in
`text`.
"""

from __future__ import annotations

from fednet.listing.check import check, normalize
from fednet.listing.contact import Contact
from fednet.listing.event import Event, Override
from fednet.listing.exchange import Exchange, is_closed, is_over
from fednet.listing.fields import Confirmed, ListingError
from fednet.listing.group import Group, Role
from fednet.listing.network import Network
from fednet.listing.opinion import Opinion, Subject
from fednet.listing.organization import Identifier, Membership, Organization, Place
from fednet.listing.person import Person
from fednet.listing.record import KINDS, Listing, encode, parse
from fednet.listing.resource import Resource
from fednet.listing.terms import KIND_NUMBERS, Terms, display, terms, title
from fednet.listing.twinning import Activity, Twin, Twinning

__all__ = [
    "KINDS",
    "KIND_NUMBERS",
    "Activity",
    "Confirmed",
    "Contact",
    "Event",
    "Exchange",
    "Group",
    "Identifier",
    "Listing",
    "ListingError",
    "Membership",
    "Network",
    "Opinion",
    "Organization",
    "Override",
    "Person",
    "Place",
    "Resource",
    "Role",
    "Subject",
    "Terms",
    "Twin",
    "Twinning",
    "check",
    "display",
    "encode",
    "is_closed",
    "is_over",
    "normalize",
    "parse",
    "terms",
    "title",
]
