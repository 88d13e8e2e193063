"""Needs, offers and sources of funding as they are compared, a small row each; and pairs that a person dismissed.

Rows of `exchange` follow from bodies: `store/index.py` puts them in and takes them out with the records. They hold
masks of terms and hashes of words, none of their text. `dismissed` names handles and nothing else.

```
compared   PACKED: what `fednet.listing.features` finds, and where the title stands in the alphabet
languages  tags separated by spaces
words      four bytes each, little-endian
```
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.listing import Exchange
from fednet.listing.features import features, subregions
from fednet.listing.vocabulary import EXCHANGE_STATES
from fednet.store import references
from fednet.store.database import integers

PACKED = "<BBBBBBxxiiIIqqqqq32s32s"
"""Type, state, modality, whether it is said, stage, whether for the whole world; since, until; organisation, regions;
services, services named, client groups, client groups named, title; countries, countries named."""

OPEN, INTRODUCED, MATCHED, CLOSED = map(EXCHANGE_STATES.codes.index, ("open", "introduced", "matched", "closed"))


class Compared(NamedTuple):
    """The columns of a row behind its ids."""

    packed: bytes
    languages: str
    words: bytes


def compared(record: Exchange, title: int) -> Compared:
    """A record as it is compared; `title` is where its title stands in the alphabet."""
    found = features(record)
    state = EXCHANGE_STATES.codes.index(record.state) if record.state in EXCHANGE_STATES else OPEN
    return Compared(
        struct.pack(
            PACKED,
            found.type,
            state,
            found.modality,
            found.modality_said,
            found.stage,
            found.everywhere,
            found.since,
            found.until,
            found.organization,
            sum(1 << bit for bit, (_, mask) in enumerate(subregions()) if mask & found.countries),
            found.services,
            found.services_named,
            found.groups,
            found.groups_named,
            title,
            found.countries.to_bytes(32, "little"),
            found.countries_named.to_bytes(32, "little"),
        ),
        " ".join(sorted(found.languages)),
        struct.pack(f"<{len(found.words)}I", *sorted(found.words)),
    )


class Row(NamedTuple):
    record_id: int
    feed_id: int
    handle: str
    packed: bytes
    languages: str
    words: bytes
    own: bool = False
    """Whether this node's own network lists it."""


def add(db: Database, rows: Iterable[tuple[int, int, Compared]]) -> None:
    """Put in rows, given with record id and feed id."""
    values = [(record_id, feed_id, *compared) for record_id, feed_id, compared in rows]
    if values and _is_here(db):
        db.conn.executemany("INSERT INTO exchange VALUES (?, ?, ?, ?, ?)", values)


def remove(db: Database, record_ids: Iterable[int]) -> None:
    db.conn.executemany("DELETE FROM exchange WHERE record_id = ?", [(record_id,) for record_id in record_ids])


def clear(db: Database) -> None:
    if _is_here(db):
        db.execute("DELETE FROM exchange")


def _is_here(db: Database) -> bool:
    """Whether the database has these tables already: an older one is indexed before they are made."""
    return db.conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'exchange'").fetchone() is not None


Stamp = tuple[int, bytes]


def stamp(db: Database) -> Stamp:
    """Another one after whatever is shown has changed."""
    row = db.conn.execute("SELECT stamp, mark FROM reindexed ORDER BY stamp DESC LIMIT 1").fetchone()
    return (int(row[0]), bytes(row[1])) if row else (0, b"")


def was(db: Database, stamp: Stamp) -> bool:
    """Whether the database, and no other one, has had that stamp; not known of very old ones."""
    return db.conn.execute("SELECT 1 FROM reindexed WHERE stamp = ? AND mark = ?", stamp).fetchone() is not None


def record_ids(db: Database) -> list[int]:
    """All that are shown, ascending."""
    return [record_id for (record_id,) in db.conn.execute("SELECT record_id FROM exchange ORDER BY record_id")]


def rows(db: Database, record_ids: Sequence[int] | None = None) -> list[Row]:
    """Rows by ascending id: all, or those of some records."""
    where = "" if record_ids is None else f"WHERE x.record_id IN ({integers(record_ids)})"
    found = db.conn.execute(
        "SELECT x.record_id, x.feed_id, r.handle, x.compared, x.languages, x.words, n.own "
        "FROM exchange x JOIN record r ON r.id = x.record_id JOIN feed f ON f.id = x.feed_id "
        f"JOIN network n ON n.id = f.network_id {where} ORDER BY x.record_id"
    )
    return [Row(*row) for row in found]


def beginning(db: Database, text: str, limit: int = 2) -> list[str]:
    """The handles of entries, own drafts among them, that begin so."""
    found = db.conn.execute(
        "SELECT r.handle FROM exchange x JOIN record r ON r.id = x.record_id "
        "WHERE r.handle >= :from AND r.handle < :to UNION "
        "SELECT handle FROM draft WHERE handle >= :from AND handle < :to "
        'AND instr(body, CAST(\'"kind":"exchange"\' AS BLOB)) ORDER BY 1 LIMIT :limit',
        {"from": text, "to": f"{text}g", "limit": limit},
    )
    return [handle for (handle,) in found]


# --- pairs that a person dismissed ------------------------------------------------------------------------------------


def dismiss(db: Database, need: str, offer: str, now: datetime) -> None:
    db.execute("INSERT OR IGNORE INTO dismissed VALUES (?, ?, ?)", (need, offer, utc_text(now)))


def put_back(db: Database, need: str, offer: str) -> bool:
    """Whether it was dismissed."""
    return db.execute("DELETE FROM dismissed WHERE need = ? AND offer = ?", (need, offer)).rowcount > 0


def dismissed(db: Database) -> list[tuple[str, str]]:
    """Handles of need and offer, the newest first."""
    return db.conn.execute("SELECT need, offer FROM dismissed ORDER BY at DESC, need, offer").fetchall()


def forget(db: Database, handle: str) -> None:
    """A record is erased: nothing is left that names it."""
    db.execute("DELETE FROM dismissed WHERE need = ? OR offer = ?", (handle, handle))


def forget_erased(db: Database) -> None:
    """The same, of all records that any network has erased since."""
    named = "SELECT need FROM dismissed UNION SELECT offer FROM dismissed"
    for (handle,) in db.execute(named).fetchall():
        if references.is_erased(db, handle):
            forget(db, handle)


def repoint(db: Database, old: str, new: str) -> None:
    """A record goes on under another handle."""
    db.execute("UPDATE OR REPLACE dismissed SET need = ? WHERE need = ?", (new, old))
    db.execute("UPDATE OR REPLACE dismissed SET offer = ? WHERE offer = ?", (new, old))
