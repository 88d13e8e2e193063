"""The records of a feed and the state tree over them: applying changes, and reading them back for those who ask.

`apply` is the one way in, for this node's own editions as for everybody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlite_utils import Database

from fednet.errors import FednetError
from fednet.feed import tree
from fednet.feed.record import Change, Commitments, Drop, Erase, Put, erase
from fednet.feed.tree import Entry, Read, Update
from fednet.store import destruction, index

BATCH = 500


class Totals(NamedTuple):
    """What a feed adds up to after changes: the root entry, live records, tombstones."""

    root: Entry
    records: int
    erased: int


class Held(NamedTuple):
    """A row that a change meets: its id, and its body (None for a tombstone)."""

    id: int
    body: bytes | None


def tree_reader(db: Database, feed_id: int) -> Read:
    """`read(prefix)` over the stored pages of a feed's state tree."""
    execute = db.conn.execute

    def read(prefix: str) -> bytes | None:
        row = execute("SELECT page FROM page WHERE feed_id = ? AND prefix = ?", (feed_id, prefix)).fetchone()
        return None if row is None else row[0]

    return read


def planned(db: Database, feed_id: int, changes: Sequence[Change]) -> Update:
    """What the tree becomes with these changes; nothing is written."""
    commitments = {change.key: None if isinstance(change, Drop) else change.commitment for change in changes}
    return tree.updated(tree_reader(db, feed_id), commitments)


def totals_after(db: Database, feed_id: int, changes: Sequence[Change], root: Entry) -> Totals:
    """Counts and root as they will be after `changes`, whose root is already known."""
    return _totals(db, feed_id, changes, _held(db, feed_id, changes), root)


def apply(
    db: Database,
    feed_id: int,
    changes: Sequence[Change],
    edition: int,
    *,
    issued: str | None = None,
    fresh: bool = False,
) -> Totals:
    """Apply changes (each key once) to tree, rows and index; the caller decides whether the result may stay.

    Rows of bodies and salts that are replaced, dropped or erased are destroyed at once, and what else is left of them
    is owed (`fednet.store.destruction`). `edition` stamps the rows; nothing in it counts as confirmed later than it was
    `issued`. `fresh` spares the search for rows that the changes meet, when the caller knows that there are none.
    """
    changes = sorted(changes, key=lambda change: change.key)
    update = planned(db, feed_id, changes)
    _write_pages(db, feed_id, update)
    held = {} if fresh else _held(db, feed_id, changes)
    totals = _totals(db, feed_id, changes, held, update.root)
    _write_rows(db, feed_id, changes, held, edition, issued)
    db.execute("UPDATE feed SET records = ?, erased = ? WHERE id = ?", (totals.records, totals.erased, feed_id))
    return totals


def sound(db: Database, feed_id: int, keys: Sequence[bytes], root: bytes) -> bool:
    """Whether tree and rows agree, and with the signed root, wherever changes of these keys meet them: O(k log n)."""
    read = tree_reader(db, feed_id)
    if not tree.sound(read, keys, root):
        return False
    records, erased = db.execute("SELECT records, erased FROM feed WHERE id = ?", (feed_id,)).fetchone()
    sql = "SELECT 1 FROM record WHERE feed_id = ? AND key = ?"
    return records + erased == tree.count(tree.root(read)) and all(
        (tree.leaf_at(read, key) is None) == (db.conn.execute(sql, (feed_id, key)).fetchone() is None) for key in keys
    )


def _write_pages(db: Database, feed_id: int, update: Update) -> None:
    db.conn.executemany(
        "DELETE FROM page WHERE feed_id = ? AND prefix = ?",
        [(feed_id, prefix) for prefix, page in update.pages.items() if page is None],
    )
    db.conn.executemany(
        "INSERT INTO page (feed_id, prefix, page) VALUES (?, ?, ?) "
        "ON CONFLICT (feed_id, prefix) DO UPDATE SET page = excluded.page",
        [(feed_id, prefix, page) for prefix, page in update.pages.items() if page is not None],
    )


def _held(db: Database, feed_id: int, changes: Sequence[Change]) -> dict[bytes, Held]:
    """The rows that the changes meet. An empty feed is not asked."""
    if not db.conn.execute("SELECT 1 FROM record WHERE feed_id = ? LIMIT 1", (feed_id,)).fetchone():
        return {}
    execute = db.conn.execute
    sql = "SELECT id, body FROM record WHERE feed_id = ? AND key = ?"
    found = ((change.key, execute(sql, (feed_id, change.key)).fetchone()) for change in changes)
    return {key: Held(*row) for key, row in found if row is not None}


def _totals(db: Database, feed_id: int, changes: Sequence[Change], held: dict[bytes, Held], root: Entry) -> Totals:
    records, erased = db.execute("SELECT records, erased FROM feed WHERE id = ?", (feed_id,)).fetchone()
    for row in held.values():
        if row.body is None:
            erased -= 1
        else:
            records -= 1
    records += sum(isinstance(change, Put) for change in changes)
    erased += sum(isinstance(change, Erase) for change in changes)
    return Totals(root, records, erased)


def _write_rows(
    db: Database,
    feed_id: int,
    changes: Sequence[Change],
    held: dict[bytes, Held],
    edition: int,
    issued: str | None,
) -> None:
    conn = db.conn
    index.remove(db, [(row.id, feed_id, row.body) for row in held.values() if row.body is not None])
    _owe(db, feed_id, changes, held)
    conn.executemany("DELETE FROM record WHERE id = ?", [(row.id,) for row in held.values()])
    first = index.next_id(db)
    rows: list[tuple[Any, ...]] = []
    for record_id, change in enumerate((c for c in changes if not isinstance(c, Drop)), first):
        if isinstance(change, Put):
            rows.append((record_id, feed_id, change.key, change.handle, change.salt, change.body, edition))
        else:
            rows.append((record_id, feed_id, change.key, None, None, None, edition))
    conn.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    index.add(db, [(row[0], feed_id, row[5]) for row in rows if row[5] is not None], issued)
    dropped = [(feed_id, change.key, edition) for change in changes if isinstance(change, Drop) and change.key in held]
    conn.executemany("INSERT OR REPLACE INTO dropped VALUES (?, ?, ?)", dropped)
    back = [(feed_id, row[2]) for row in rows]
    if conn.execute("SELECT 1 FROM dropped WHERE feed_id = ? LIMIT 1", (feed_id,)).fetchone():
        conn.executemany("DELETE FROM dropped WHERE feed_id = ? AND key = ?", back)


def _owe(db: Database, feed_id: int, changes: Sequence[Change], held: dict[bytes, Held]) -> None:
    """Note what of the bodies taken out remains to be destroyed.

    An erasure is always prompt: a transaction that a crash cut may have left what was never accepted. Of a record that
    was dropped before it was erased, words may be left.
    """
    erased = [change.key for change in changes if isinstance(change, Erase)]
    if erased or any(row.body is not None for row in held.values()):
        listed = any(key in held and held[key].body is not None for key in erased)
        words = listed or any(was_dropped(db, feed_id, key) for key in erased)
        destruction.owe(db, prompt=bool(erased), words=words)


# --- reading ----------------------------------------------------------------------------------------------------------


def records_below(db: Database, feed_id: int, feed: Commitments, prefix: str) -> list[Put | Erase]:
    """Every record below a hexadecimal prefix of the key, tombstones included, ascending by key."""
    low = bytes.fromhex(prefix.ljust(64, "0"))
    high = bytes.fromhex(prefix.ljust(64, "f"))
    rows = db.conn.execute(
        "SELECT key, handle, salt, body FROM record WHERE feed_id = ? AND key BETWEEN ? AND ? ORDER BY key",
        (feed_id, low, high),
    )
    return [_record(feed, *row) for row in rows]


def _record(feed: Commitments, key: bytes, handle: str | None, salt: bytes, body: bytes) -> Put | Erase:
    """A row as a change. It was checked when it came in; its commitment is computed from what the row holds now."""
    return erase(feed, key) if handle is None else Put(key, feed.record(handle, salt, body), handle, salt, body)


def record(db: Database, feed_id: int, feed: Commitments, key: bytes) -> Put | Erase | None:
    row = db.conn.execute(
        "SELECT key, handle, salt, body FROM record WHERE feed_id = ? AND key = ?", (feed_id, key)
    ).fetchone()
    return None if row is None else _record(feed, *row)


def tombstone(db: Database, feed_id: int, key: bytes) -> int | None:
    """The edition at which this node accepted that a record is erased; None when it is not."""
    row = db.conn.execute(
        "SELECT edition FROM record WHERE feed_id = ? AND key = ? AND handle IS NULL", (feed_id, key)
    ).fetchone()
    return None if row is None else int(row[0])


def was_dropped(db: Database, feed_id: int, key: bytes) -> bool:
    """Whether a record was listed here once, and is no more."""
    sql = "SELECT 1 FROM dropped WHERE feed_id = ? AND key = ?"
    return db.conn.execute(sql, (feed_id, key)).fetchone() is not None


def holds(db: Database, feed_id: int, key: bytes) -> bool:
    """Whether there is a row at a key, a tombstone included."""
    sql = "SELECT 1 FROM record WHERE feed_id = ? AND key = ?"
    return db.conn.execute(sql, (feed_id, key)).fetchone() is not None


def changed_since(db: Database, feed_id: int, feed: Commitments, edition: int) -> list[Change]:
    """Each change accepted after `edition`, once, at its newest version. Since 0: everything, drops left out."""
    rows = db.conn.execute(
        "SELECT key, handle, salt, body FROM record WHERE feed_id = ? AND edition > ? ORDER BY key", (feed_id, edition)
    )
    changes: list[Change] = [_record(feed, *row) for row in rows]
    if edition:
        gone = db.conn.execute("SELECT key FROM dropped WHERE feed_id = ? AND edition > ?", (feed_id, edition))
        changes += [Drop(key) for (key,) in gone]
    return changes


def weight_below(db: Database, feed_id: int, prefix: str) -> int:
    """No less than `records_below` would take on the wire, in bytes."""
    low = bytes.fromhex(prefix.ljust(64, "0"))
    high = bytes.fromhex(prefix.ljust(64, "f"))
    row = db.conn.execute(
        "SELECT 8 + coalesce(sum(coalesce(length(body), 0) + 87), 0) FROM record "
        "WHERE feed_id = ? AND key BETWEEN ? AND ?",
        (feed_id, low, high),
    ).fetchone()
    return int(row[0])


def weight_since(db: Database, feed_id: int, edition: int) -> int:
    """About how many bytes `changed_since` would take on the wire."""
    row = db.execute(
        "SELECT coalesce(sum(coalesce(length(body), 0) + 130), 0) FROM record WHERE feed_id = ? AND edition > ?",
        (feed_id, edition),
    ).fetchone()
    return int(row[0])


def stored(db: Database, feed_id: int, feed: Commitments) -> Iterator[tuple[bytes, Put | Erase | None]]:
    """Every row of a feed with its key, ascending, a batch in memory at a time; None for one that is spoiled."""
    after = b""
    while True:
        rows = db.conn.execute(
            "SELECT key, handle, salt, body FROM record WHERE feed_id = ? AND key > ? ORDER BY key LIMIT ?",
            (feed_id, after, BATCH),
        ).fetchall()
        yield from ((row[0], _unspoiled(feed, row)) for row in rows)
        if len(rows) < BATCH:
            return
        after = rows[-1][0]


def _unspoiled(feed: Commitments, row: tuple[Any, ...]) -> Put | Erase | None:
    try:
        found = _record(feed, *row)
    except (FednetError, TypeError):
        return None
    return found if found.key == row[0] else None


def replant(db: Database, feed_id: int, feed: Commitments) -> Totals:
    """Build tree, counts and index anew from the rows, whatever they are; spoiled rows go.

    Afterwards the tree says truly what is here, so that comparing it with what was signed finds each difference.
    """
    commitments: dict[bytes, bytes | None] = {}
    spoiled: list[bytes] = []
    live = 0
    for key, found in stored(db, feed_id, feed):
        if found is None:
            spoiled.append(key)
        else:
            commitments[key] = found.commitment
            live += isinstance(found, Put)
    db.conn.executemany("DELETE FROM record WHERE feed_id = ? AND key = ?", [(feed_id, key) for key in spoiled])
    db.execute("DELETE FROM page WHERE feed_id = ?", (feed_id,))
    update = tree.updated(tree_reader(db, feed_id), commitments)
    _write_pages(db, feed_id, update)
    erased = len(commitments) - live
    db.execute("UPDATE feed SET records = ?, erased = ? WHERE id = ?", (live, erased, feed_id))
    index.rebuild(db)
    return Totals(update.root, live, erased)


def forget(db: Database, feed_id: int) -> None:
    """Take every record of a feed out of rows and index; the feed itself stays, empty."""
    rows = db.conn.execute("SELECT id, feed_id, body FROM record WHERE feed_id = ? AND body IS NOT NULL", (feed_id,))
    while batch := rows.fetchmany(BATCH):
        index.remove(db, batch)
    destruction.owe(db, prompt=True, words=True)
    for table in ("record", "page", "dropped", "staged"):
        db.execute(f"DELETE FROM {table} WHERE feed_id = ?", (feed_id,))
    db.execute("UPDATE feed SET records = 0, erased = 0 WHERE id = ?", (feed_id,))


# --- pages staged for a repair ----------------------------------------------------------------------------------------


def stage(db: Database, feed_id: int, name: str, page: bytes) -> None:
    db.table("staged").upsert({"feed_id": feed_id, "name": name, "page": page}, pk=("feed_id", "name"))


def staged_page(db: Database, feed_id: int, name: str) -> bytes | None:
    row = db.execute("SELECT page FROM staged WHERE feed_id = ? AND name = ?", (feed_id, name)).fetchone()
    return None if row is None else row[0]


def unstage(db: Database, feed_id: int) -> None:
    db.execute("DELETE FROM staged WHERE feed_id = ?", (feed_id,))
