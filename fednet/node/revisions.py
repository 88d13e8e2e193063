"""SEQUENCE of own events (RFC 5545, 3.8.7.4): under one UID it never goes back, whatever is edited, taken back,
withdrawn or listed again. Calendar programs believe what has the higher one.

Of an event that was withdrawn only a hash of its UID and the number are kept, until it is erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.feed.record import check_body
from fednet.formats.calendar_writer import uid_of
from fednet.listing import ListingError
from fednet.listing.event import MAX_GIVEN_SEQUENCE, MAX_SEQUENCE, revised, sequence_of
from fednet.store import drafts, references

if TYPE_CHECKING:
    from fednet.node.edits import Own


def check_given(fields: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Refuse a `sequence` that leaves no room for revisions; one that a record has already stays."""
    given = sequence_of(fields)
    if fields.get("kind") == "event" and given > MAX_GIVEN_SEQUENCE and given > sequence_of(before):
        raise ListingError(
            "sequence",
            given,
            f"is too high: up to {MAX_GIVEN_SEQUENCE}, so that the event can still be revised",
            hint="leave it out: it rises by itself",
        )


def body_above(db: Database, network: str, own: Own, signed: bytes | None) -> bytes:
    """The body of a record as it may be signed next: an event's `sequence` above that of the signed version where it
    says something else of when and where, and above that of any withdrawn event with its UID."""
    fields = own.fields
    if fields.get("kind") != "event":
        return own.body
    raised = above_withdrawn(db, network, own.handle, fields)
    if signed is not None:
        raised = revised(raised, msgspec.json.decode(signed))
    return own.body if raised == fields else check_body(listing.encode(raised))


def above_withdrawn(db: Database, network: str, handle: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An event that is listed under a UID; with a higher `sequence` than it had when it was withdrawn."""
    known = drafts.withdrawn_sequence(db, _key(network, handle, fields)) if fields.get("kind") == "event" else None
    if known is None or sequence_of(fields) > known:
        return dict(fields)
    return {**fields, "sequence": min(known + 1, MAX_SEQUENCE)}


def remember_withdrawn(db: Database, network: str, own: Own, signed: bytes) -> None:
    """A signed event is withdrawn."""
    fields = msgspec.json.decode(signed)
    if fields.get("kind") == "event":
        highest = max(sequence_of(fields), drafts.withdrawn_sequence(db, _key(network, own.handle, fields)) or 0)
        drafts.remember_withdrawn(db, _key(network, own.handle, fields), own.handle, highest)


def forget(db: Database, network: str, own: Own) -> None:
    """An event is erased: that of the same UID which was withdrawn before is it, too."""
    drafts.forget_withdrawn(db, own.handle, _key(network, own.handle, own.fields))


def _key(network: str, handle: str, fields: Mapping[str, Any]) -> bytes:
    return references.of_uid(uid_of(network, handle, fields))
