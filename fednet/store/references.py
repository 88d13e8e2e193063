"""Which records name which other ones by their handles: a contact its organisation, an event its hosts.

Derived from bodies, and holding none of their text: the key of a handle is its hash, which a tombstone has as well.
`store/index.py` puts rows in and takes them out with the records; `store/search.py` asks (`naming`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from fednet.feed.record import key_of
from fednet.listing import Listing
from fednet.listing.references import named

Row = tuple[bytes, int]
"""The key that is named, and the id of the record that names it."""


def keys(listing: Listing) -> tuple[bytes, ...]:
    """The keys of the handles that a record names."""
    return tuple([key_of(handle) for handle in named(listing)])


def add(db: Database, rows: Iterable[Row]) -> None:
    db.conn.executemany("INSERT OR IGNORE INTO reference (key, record_id) VALUES (?, ?)", rows)


def remove(db: Database, rows: Iterable[Row]) -> None:
    db.conn.executemany("DELETE FROM reference WHERE key = ? AND record_id = ?", rows)


def clear(db: Database) -> None:
    db.execute("DELETE FROM reference")
