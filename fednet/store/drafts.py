"""This node's own editing: edits no edition has signed yet, the edition about to be signed, and what imports did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.feed import wire
from fednet.feed.record import Change, key_of
from fednet.feed.text import utc_text
from fednet.store.feeds import Feed

Action = Literal["put", "drop", "erase"]


class Draft(NamedTuple):
    """An acknowledged edit: durable, and part of the next edition of its circle."""

    handle: str
    circle: str
    action: Action
    body: bytes | None


def save(db: Database, drafts: Iterable[Draft], now: datetime) -> None:
    """Keep edits; a later edit of a handle replaces an earlier one."""
    at = utc_text(now)
    db.conn.executemany(
        "INSERT OR REPLACE INTO draft (handle, circle, action, body, at) VALUES (?, ?, ?, ?, ?)",
        [(*draft, at) for draft in drafts],
    )


def drafts(db: Database, circle: str, limit: int = -1) -> list[Draft]:
    """What waits for the next edition of a circle, at most `limit` (-1: all)."""
    rows = db.execute(
        "SELECT handle, circle, action, body FROM draft WHERE circle = ? ORDER BY handle LIMIT ?", (circle, limit)
    )
    return [Draft(*row) for row in rows]


def circles_with_drafts(db: Database) -> list[str]:
    return [circle for (circle,) in db.execute("SELECT DISTINCT circle FROM draft ORDER BY circle DESC")]


def waiting(db: Database) -> dict[str, str]:
    """Circle -> words that are others after the next edit in that circle, for circles with drafts."""
    rows = db.execute("SELECT circle, count(*), max(at), sum(length(body)) FROM draft GROUP BY circle")
    return {circle: f"{count} {at} {size}" for circle, count, at, size in rows}


def draft(db: Database, handle: str) -> Draft | None:
    row = db.execute("SELECT handle, circle, action, body FROM draft WHERE handle = ?", (handle,)).fetchone()
    return None if row is None else Draft(*row)


def settle(db: Database, done: Sequence[Draft]) -> None:
    """Forget drafts that a prepared edition now holds; in the transaction that prepares it."""
    db.conn.executemany("DELETE FROM draft WHERE handle = ?", [(draft.handle,) for draft in done])


def mentioning(db: Database, feed_id: int, handle: str) -> list[str]:
    """Handles of drafts, and of records that a feed lists, whose bodies mention another handle."""
    sought = handle.encode()
    rows = db.execute(
        "SELECT handle FROM record WHERE feed_id = ? AND instr(body, ?) UNION "
        "SELECT handle FROM draft WHERE instr(body, ?)",
        (feed_id, sought, sought),
    )
    return [found for (found,) in rows]


def bodies_with(db: Database, feed_ids: Iterable[int], text: str) -> Iterator[tuple[str, bytes]]:
    """Handle and body of each record of these feeds, then of each draft, in whose body a text stands."""
    sought = text.encode()
    for feed_id in feed_ids:
        yield from db.execute(
            "SELECT handle, body FROM record WHERE feed_id = ? AND instr(body, ?)", (feed_id, sought)
        ).fetchall()
    yield from db.execute("SELECT handle, body FROM draft WHERE instr(body, ?)", (sought,)).fetchall()


def discard(db: Database, handle: str) -> None:
    db.execute("DELETE FROM draft WHERE handle = ?", (handle,))


def listed(db: Database, feed_id: int, handle: str) -> bytes | None:
    """The body that the feed's newest edition lists under a handle."""
    row = db.execute("SELECT body FROM record WHERE feed_id = ? AND key = ?", (feed_id, key_of(handle))).fetchone()
    return None if row is None else row[0]


# --- an edition about to be signed ------------------------------------------------------------------------------------


class Prepared(NamedTuple):
    line: bytes
    changes: bytes


def prepare(db: Database, feed_id: int, prepared: Prepared) -> None:
    db.execute("INSERT INTO prepared (feed_id, line, changes) VALUES (?, ?, ?)", (feed_id, *prepared))


def prepared(db: Database, feed_id: int) -> Prepared | None:
    row = db.execute("SELECT line, changes FROM prepared WHERE feed_id = ?", (feed_id,)).fetchone()
    return None if row is None else Prepared(*row)


def prepared_changes(db: Database, feed: Feed) -> tuple[Change, ...]:
    """What the edition about to be signed changes; nothing when there is none."""
    found = prepared(db, feed.id)
    return wire.parse_changes(found.changes, feed.commitments) if found else ()


def circles_prepared(db: Database) -> list[str]:
    """Circles with an edition that a crash left unsigned."""
    return [circle for (circle,) in db.execute("SELECT circle FROM prepared JOIN feed ON feed.id = feed_id")]


def published(db: Database, feed_id: int) -> None:
    db.execute("DELETE FROM prepared WHERE feed_id = ?", (feed_id,))


# --- imports ----------------------------------------------------------------------------------------------------------


class ImportRow(NamedTuple):
    """What an import did to one record; `before` is None when it added it, `after` when it withdrew it.

    Both are None when it named it and changed nothing.
    """

    handle: str
    circle: str
    before: bytes | None
    after: bytes | None


class Import(NamedTuple):
    """An import that was done; `sources` is empty for those of the time before sources were told apart."""

    id: int
    at: str
    name: str
    summary: dict[str, Any]
    undone_at: str | None
    sources: tuple[str, ...]


def add_import(
    db: Database,
    name: str,
    summary: dict[str, Any],
    rows: Iterable[ImportRow],
    now: datetime,
    sources: Iterable[str] = (),
) -> int:
    cursor = db.execute(
        "INSERT INTO import (at, name, summary, sources) VALUES (?, ?, ?, ?)",
        (utc_text(now), name, msgspec.json.encode(summary).decode(), msgspec.json.encode(sorted(sources)).decode()),
    )
    import_id: int = cursor.lastrowid or 0
    set_import_rows(db, import_id, rows)
    return import_id


def set_import_rows(db: Database, import_id: int, rows: Iterable[ImportRow]) -> None:
    db.conn.executemany(
        "INSERT OR REPLACE INTO import_row (import_id, handle, circle, before, after) VALUES (?, ?, ?, ?, ?)",
        [(import_id, *row) for row in rows],
    )


def imports(db: Database) -> list[Import]:
    """Past imports, newest first."""
    rows = db.execute("SELECT id, at, name, summary, undone_at, sources FROM import ORDER BY id DESC")
    return [
        Import(id_, at, name, msgspec.json.decode(summary), undone, tuple(msgspec.json.decode(sources or "[]")))
        for id_, at, name, summary, undone, sources in rows
    ]


def import_rows(db: Database, import_id: int) -> list[ImportRow]:
    rows = db.execute("SELECT handle, circle, before, after FROM import_row WHERE import_id = ?", (import_id,))
    return [ImportRow(*row) for row in rows]


def later_rows(db: Database, import_id: int, handle: str) -> list[tuple[int, ImportRow]]:
    """What later imports did to a record, oldest first, with their numbers."""
    rows = db.execute(
        "SELECT import_id, handle, circle, before, after FROM import_row "
        "WHERE handle = ? AND import_id > ? ORDER BY import_id",
        (handle, import_id),
    )
    return [(id_, ImportRow(*row)) for id_, *row in rows]


def forget_import_row(db: Database, import_id: int, handle: str) -> None:
    db.execute("DELETE FROM import_row WHERE import_id = ? AND handle = ?", (import_id, handle))


def mark_undone(db: Database, import_id: int, now: datetime) -> None:
    """The import is taken back: what it did need not be known any more."""
    db.execute("UPDATE import SET undone_at = ? WHERE id = ?", (utc_text(now), import_id))
    db.execute("DELETE FROM import_row WHERE import_id = ?", (import_id,))


def imported(db: Database, sources: Iterable[str]) -> dict[str, str]:
    """Which record each source key became, where one did."""
    execute = db.conn.execute
    found = (
        (source, execute("SELECT handle FROM imported WHERE source = ?", (source,)).fetchone()) for source in sources
    )
    return {source: row[0] for source, row in found if row is not None}


def imported_below(db: Database, prefix: str) -> dict[str, str]:
    """The imported source keys that begin with `prefix`, and the record that each became."""
    rows = db.execute(
        "SELECT source, handle FROM imported WHERE source >= ? AND source < ?", (prefix, f"{prefix}\uffff")
    )
    return dict(rows.fetchall())


def remember_imported(db: Database, pairs: Iterable[tuple[str, str]]) -> None:
    db.conn.executemany("INSERT OR REPLACE INTO imported (source, handle) VALUES (?, ?)", list(pairs))


def forget_imported(db: Database, handles: Iterable[str]) -> None:
    """No source names these records any more."""
    gone = [(handle,) for handle in handles]
    db.conn.executemany("DELETE FROM imported WHERE handle = ?", gone)
    db.conn.executemany("DELETE FROM named WHERE handle = ?", gone)


def move_imported(db: Database, old: str, new: str, circle: str) -> None:
    """A record goes on in another circle, perhaps under another handle: what imports did with it is of that one now."""
    db.execute("UPDATE imported SET handle = ? WHERE handle = ?", (new, old))
    db.execute("UPDATE OR REPLACE named SET handle = ? WHERE handle = ?", (new, old))
    db.execute("UPDATE import_row SET handle = ?, circle = ? WHERE handle = ?", (new, circle, old))


def revise_imported(db: Database, handle: str, revised: Callable[[bytes], bytes]) -> None:
    """Change what imports remember of a record, before and after, in the way in which it is changed itself."""
    rows = db.execute("SELECT import_id, before, after FROM import_row WHERE handle = ?", (handle,)).fetchall()
    db.conn.executemany(
        "UPDATE import_row SET before = ?, after = ? WHERE import_id = ? AND handle = ?",
        [(before and revised(before), after and revised(after), id_, handle) for id_, before, after in rows],
    )


def name_records(db: Database, source: str, said: dict[str, dict[str, str] | None], *, whole: bool) -> None:
    """A source names the records with these handles, and says of each what has these hashes, by field.

    When this is the `whole` of its newest version, it names the others no longer.
    """
    if whole:
        db.execute("UPDATE named SET still = 0 WHERE source = ?", (source,))
    db.conn.executemany(
        "INSERT OR REPLACE INTO named (source, handle, still, said) VALUES (?, ?, 1, ?)",
        [(source, handle, one and msgspec.json.encode(one).decode()) for handle, one in said.items()],
    )


def said_before(db: Database, source: str) -> dict[str, dict[str, str]]:
    """By handle what a source said when it last named the record: a hash by field."""
    rows = db.execute("SELECT handle, said FROM named WHERE source = ? AND said NOT NULL", (source,))
    return {handle: msgspec.json.decode(said) for handle, said in rows}


def forget_said(db: Database, sources: Iterable[str]) -> None:
    """What these sources said is taken back: to say it again says something new."""
    db.conn.executemany("UPDATE named SET said = NULL WHERE source = ?", [(source,) for source in sources])


def named_before(db: Database, source: str) -> list[str]:
    """Handles of all records that a source has named, now or in older versions."""
    rows = db.execute("SELECT handle FROM named WHERE source = ? ORDER BY handle", (source,))
    return [handle for (handle,) in rows]


def named_elsewhere(db: Database, handle: str, source: str) -> bool:
    """Whether the newest version of another source names a record."""
    row = db.execute("SELECT 1 FROM named WHERE handle = ? AND source <> ? AND still LIMIT 1", (handle, source))
    return row.fetchone() is not None


def forget_imports(db: Database, handle: str) -> None:
    """Destroy what imports remember of a record: it cannot be taken back to what it was, nor found by its source."""
    db.execute("DELETE FROM import_row WHERE handle = ?", (handle,))
    forget_imported(db, [handle])
    forget_withdrawn(db, handle)


def forget_erased(db: Database) -> set[bytes]:
    """Destroy edits, and what imports remember, of records that this network has erased.

    They come back with a database of an older day, and with its own feed when it is read from others. Returns the keys
    of all records that it has erased.
    """
    erased = {
        key
        for (key,) in db.execute(
            "SELECT key FROM record JOIN feed ON feed.id = feed_id JOIN network ON network.id = network_id "
            "WHERE own AND record.handle IS NULL"
        )
    }
    rows = db.execute(
        "SELECT handle FROM draft UNION SELECT handle FROM import_row UNION SELECT handle FROM imported "
        "UNION SELECT handle FROM named UNION SELECT handle FROM withdrawn UNION SELECT handle FROM hidden"
    )
    for handle in [handle for (handle,) in rows if key_of(handle) in erased]:
        db.execute("DELETE FROM draft WHERE handle = ? AND action <> 'erase'", (handle,))
        db.execute("DELETE FROM hidden WHERE handle = ?", (handle,))
        forget_imports(db, handle)
    return erased


# --- events that were withdrawn ---------------------------------------------------------------------------------------


def remember_withdrawn(db: Database, key: bytes, handle: str, sequence: int) -> None:
    """An event whose UID has this key (`references.of_uid`) was withdrawn when it had that `sequence`."""
    db.execute("INSERT OR REPLACE INTO withdrawn (key, handle, sequence) VALUES (?, ?, ?)", (key, handle, sequence))


def withdrawn_sequence(db: Database, key: bytes) -> int | None:
    row = db.execute("SELECT sequence FROM withdrawn WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def forget_withdrawn(db: Database, handle: str, key: bytes = b"") -> None:
    """Nothing was withdrawn under this handle, nor under the UID with this key."""
    db.execute("DELETE FROM withdrawn WHERE handle = ? OR key = ?", (handle, key))


# --- what a person said of the columns of a source --------------------------------------------------------------------


class Mapping(NamedTuple):
    """`said` holds `kind`, when the person said one, and `columns`: header -> field."""

    source: str
    said: dict[str, Any]
    at: str


def mappings(db: Database) -> list[Mapping]:
    rows = db.execute("SELECT source, said, at FROM mapping ORDER BY source")
    return [Mapping(source, msgspec.json.decode(said), at) for source, said, at in rows]


def mapping(db: Database, source: str) -> Mapping | None:
    row = db.execute("SELECT source, said, at FROM mapping WHERE source = ?", (source,)).fetchone()
    return None if row is None else Mapping(row[0], msgspec.json.decode(row[1]), row[2])


def save_mapping(db: Database, source: str, said: dict[str, Any], now: datetime) -> None:
    row = {"source": source, "said": msgspec.json.encode(said).decode(), "at": utc_text(now)}
    db.table("mapping").upsert(row, pk="source")


def forget_mapping(db: Database, source: str) -> bool:
    """Whether there was one."""
    return db.execute("DELETE FROM mapping WHERE source = ?", (source,)).rowcount > 0


# --- settings ---------------------------------------------------------------------------------------------------------


def setting(db: Database, name: str) -> str | None:
    row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def set_setting(db: Database, name: str, value: str) -> None:
    db.table("setting").upsert({"name": name, "value": value}, pk="name")


def forget_setting(db: Database, name: str) -> None:
    db.execute("DELETE FROM setting WHERE name = ?", (name,))
