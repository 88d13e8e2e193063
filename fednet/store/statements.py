"""Organisations as one statement of one network each, for those who ask by ids of another standard."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlite_utils import Database

from fednet.store import feeds

Row = tuple[int, str, str, int]
"""Record id, network id, handle, bit mask of services."""


def after(db: Database, record_id: int, kind: int) -> Iterator[Row]:
    """What identifies each shown record of a kind, from the one after `record_id` on, in order."""
    yield from db.conn.execute(
        "SELECT f.record_id, n.network, r.handle, f.services FROM facet f JOIN record r ON r.id = f.record_id "
        "JOIN feed ON feed.id = f.feed_id JOIN network n ON n.id = feed.network_id "
        "WHERE f.record_id > ? AND +f.kind = ? ORDER BY f.record_id",  # + keeps the planner on the order of ids
        (record_id, kind),
    )


def since(db: Database, feed_ids: Collection[int], moment: datetime) -> list[int]:
    """Ids of the records of those feeds that came with an edition signed at that moment or later, ascending.

    A network dates its editions itself: from the first one that is late enough on, all count.
    """
    found: list[int] = []
    for feed_id in feed_ids:
        rows = db.conn.execute("SELECT edition, min(id) FROM record WHERE feed_id = ? GROUP BY edition", (feed_id,))
        editions = {record_id: edition for edition, record_id in rows}
        late = [editions[one] for one, signed in feeds.signed(db, editions).items() if signed >= moment]
        if late:
            sql = "SELECT id FROM record WHERE feed_id = ? AND edition >= ?"
            found += [record_id for (record_id,) in db.conn.execute(sql, (feed_id, min(late)))]
    return sorted(found)
