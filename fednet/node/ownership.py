"""Which records are a member's own: what an organisation's administrator, and an individual, may change."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError
from fednet.node import edits
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.store import drafts, feeds, search
from fednet.store.accounts import STAFF, Account
from fednet.store.circles import PARTNERS, PUBLIC

OF_ORGANIZATION = frozenset({"contact", "exchange"})
"""Kinds whose field `organization` says whose they are. A person's entry is that person's, not the organisation's."""

OF_MEMBERS = frozenset({PUBLIC, PARTNERS})
"""Circles of which members may know; others are the network's own affair."""


def owns(db: Database, home: Home, account: Account, handle: str) -> bool:
    """Whether an own record, as it stands, is a member's to change; never so for one that is not listed.

    An organisation's administrator owns its entry, its contacts, needs and offers, and the events that it hosts; an
    individual their own entry.
    """
    if account.role == "individual":
        return account.person is not None and account.person == handle and is_listed(db, home, handle)
    if account.role != "organization" or account.organization is None:
        return False
    own = _own(db, home, handle)
    return own is not None and keeps(account.organization, own)


def keeps(organization: str, own: Own) -> bool:
    """Whether a record as it stands is an organisation's to change, and to know of: what else the network keeps about
    it in circles that members do not read is not."""
    readable = own.circle in OF_MEMBERS or own.handle == organization
    return readable and belongs(own.fields, own.handle, organization)


def belongs(fields: dict[str, Any], handle: str, organization: str) -> bool:
    """Whether a record of these fields is of an organisation, by its handle."""
    match fields.get("kind"):
        case "organization":
            return handle == organization
        case "event":
            return organization in fields.get("hosts", ())
        case kind:
            return kind in OF_ORGANIZATION and fields.get("organization") == organization


def is_standing(db: Database, home: Home, account: Account) -> bool:
    """Whether an account may be used: a member's not while its organisation is withdrawn, erased or hidden."""
    if account.ended_at is not None:
        return False
    if account.role in STAFF or (account.role == "individual" and account.organization is None):
        return True
    return account.organization is not None and is_listed(db, home, account.organization)


def is_listed(db: Database, home: Home, handle: str) -> bool:
    """Whether this network lists a record, drafts included."""
    return _own(db, home, handle) is not None


def organizations(db: Database, home: Home) -> list[tuple[str, str]]:
    """Handle and name of each organisation of this network as it stands, drafts included."""
    mine = feeds.feeds(db, home.network)
    kind = listing.KIND_NUMBERS["organization"]
    bodies = {one.handle: one.body for one in search.of_kind(db, kind, [feed.id for feed in mine])}
    for circle in drafts.circles_with_drafts(db):
        for draft in drafts.drafts(db, circle):
            bodies.pop(draft.handle, None)
            if draft.body is not None and b'"organization"' in draft.body:
                bodies[draft.handle] = draft.body
    found = ((handle, listing.parse(body)) for handle, body in bodies.items())
    return [(handle, listing.title(one)) for handle, one in found if isinstance(one, listing.Organization)]


def _own(db: Database, home: Home, handle: str) -> Own | None:
    try:
        return edits.find(db, home, handle)
    except FednetError:  # not listed, or no handle at all
        return None
