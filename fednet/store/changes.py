"""What was listed, changed and dropped lately, newest edition first: read from the rows that editions stamped.

A node keeps the newest version of a record only. So it can tell that an edition listed or changed it, not which of the
two; of what was dropped it knows the key, and of what was erased nothing at all is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.store import feeds
from fednet.store.database import integers


class Stamp(NamedTuple):
    """One change of a feed: the edition with which it came here, the record (0: it was dropped), and its key."""

    edition: int
    record_id: int
    key: bytes


def listed(db: Database, feed_id: int, kinds: Collection[int]) -> Iterator[Stamp]:
    """The records of a feed that are shown, newest edition first, then those that came last."""
    sql = (
        "SELECT r.edition, r.id, r.key FROM record r WHERE r.feed_id = ? "
        f"AND (SELECT f.kind FROM facet f WHERE f.record_id = r.id) IN ({integers(kinds)}) "
        "ORDER BY r.edition DESC, r.id DESC"
    )
    return (Stamp(*row) for row in db.conn.execute(sql, (feed_id,)))


def dropped(db: Database, feed_id: int) -> Iterator[Stamp]:
    """The keys that left a feed and are not back, newest edition first."""
    sql = "SELECT edition, 0, key FROM dropped WHERE feed_id = ? ORDER BY edition DESC, key"
    return (Stamp(*row) for row in db.conn.execute(sql, (feed_id,)))


def stamps(db: Database, record_ids: Collection[int]) -> list[tuple[int, Stamp]]:
    """Feed and change of each of those records, in no order."""
    found: list[tuple[int, Stamp]] = []
    ids = list(record_ids)
    for start in range(0, len(ids), 500):
        part = integers(ids[start : start + 500])
        rows = db.conn.execute(f"SELECT feed_id, edition, id, key FROM record WHERE id IN ({part})")
        found += [(feed_id, Stamp(edition, record_id, key)) for feed_id, edition, record_id, key in rows]
    return found


class Signed:
    """When editions were signed; each is looked up once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[tuple[int, int], datetime | None] = {}

    def at(self, feed_id: int, edition: int) -> datetime | None:
        """The moment that the edition itself says; of one whose line this node never saw, that of the next it did."""
        if (feed_id, edition) not in self._known:
            self._known[feed_id, edition] = feeds.edition_signed(self._db, feed_id, edition)
        return self._known[feed_id, edition]
