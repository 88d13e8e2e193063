"""Which records name which other ones by their handles: a contact its organisation, an event its hosts. Events are
found by their UIDs as well, and by that of the event that they are a part of.

Derived from bodies, and holding none of their text: the key of a handle is its hash, which a tombstone has as well.
`store/index.py` puts rows in and takes them out with the records; `store/search.py` asks (`naming`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from fednet.feed.record import key_of
from fednet.listing import Event, Listing
from fednet.listing.event import MIN_UID
from fednet.listing.references import named

Row = tuple[bytes, int]
"""The key that is named, and the id of the record that names it."""


def keys(listing: Listing) -> tuple[bytes, ...]:
    """The keys of the handles that a record names, and of an event's UIDs."""
    found = [key_of(handle) for handle in named(listing)]
    if isinstance(listing, Event):
        found += [of_uid(listing.uid)] if listing.uid and len(listing.uid) >= MIN_UID else []
        found += [of_parent(listing.parent)] if listing.parent else []
    return tuple(found)


def of_uid(uid: str) -> bytes:
    """The key under which the events of a UID are found. No handle has it."""
    return key_of(f"uid {uid}")


def of_parent(parent: str) -> bytes:
    """The key under which the parts of an event are found, which say its handle or its UID."""
    return key_of(f"part of {parent}")


def add(db: Database, rows: Iterable[Row]) -> None:
    db.conn.executemany("INSERT OR IGNORE INTO reference (key, record_id) VALUES (?, ?)", rows)


def remove(db: Database, rows: Iterable[Row]) -> None:
    db.conn.executemany("DELETE FROM reference WHERE key = ? AND record_id = ?", rows)


def clear(db: Database) -> None:
    db.execute("DELETE FROM reference")


def is_erased(db: Database, handle: str) -> bool:
    """Whether any feed holds a tombstone in place of the record of that handle."""
    sql = "SELECT 1 FROM record WHERE feed_id IN (SELECT id FROM feed) AND key = ? AND handle IS NULL"
    return db.conn.execute(sql, (key_of(handle),)).fetchone() is not None
