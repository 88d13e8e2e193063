"""Whether the database is whole, and agrees with itself: what `fednet doctor` asks of it."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

import pysqlite3.dbapi2 as sqlite
from sqlite_utils import Database

from fednet.feed.text import shown
from fednet.store import drafts, index
from fednet.store.feeds import Feed
from fednet.store.schema import migrations

MAX_PROBLEMS = 20


class Counted(NamedTuple):
    """Live records and tombstones of a feed, counted row by row."""

    records: int
    erased: int


class Index(NamedTuple):
    """The search index: shown records in the text index and in the facet rows, and facet rows whose record is gone."""

    searched: int
    facets: int
    strays: int
    version: int


def problems(db: Database) -> list[str]:
    """What SQLite itself finds wrong with pages, indexes and references, and what is not of our making; else empty."""
    rows = db.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})")
    found = [said for (said,) in rows if said != "ok"]
    broken = db.execute("PRAGMA foreign_key_check").fetchmany(MAX_PROBLEMS)
    found += [f"a row of {table} refers to a row of {parent} that is not there" for table, _, parent, _ in broken]
    return found + _foreign(db)


def _foreign(db: Database) -> list[str]:
    """Tables, triggers and views that are not those of `store/schema.py`: they could change what we write."""
    with closing(sqlite.connect(":memory:", isolation_level=None)) as conn:
        ours = Database(conn, execute_plugins=False)
        migrations.apply(ours)
        wanted, found = _objects(ours), _objects(db)
    names = sorted({name for _, name, _ in wanted ^ found})
    return [f"{shown(name)} in the database is not as this program makes it" for name in names[:MAX_PROBLEMS]]


def _objects(db: Database) -> set[tuple[str, str, str | None]]:
    return set(db.execute("SELECT type, name, sql FROM sqlite_master").fetchall())


def counted(db: Database, feed: Feed) -> Counted:
    row = db.execute("SELECT count(body), count(*) - count(body) FROM record WHERE feed_id = ?", (feed.id,)).fetchone()
    return Counted(*row)


def index_state(db: Database) -> Index:
    """How the index stands beside the records. A database that was never rebuilt has the version it was made with."""
    searched = sum(db.execute(f"SELECT count(*) FROM {table}_docsize").fetchone()[0] for table in index.TABLES)
    (facets,) = db.execute("SELECT count(*) FROM facet").fetchone()
    (strays,) = db.execute(
        "SELECT count(*) FROM facet WHERE NOT EXISTS (SELECT 1 FROM record WHERE id = record_id AND body IS NOT NULL)"
    ).fetchone()
    return Index(searched, facets, strays, int(drafts.setting(db, "index") or index.VERSION))
