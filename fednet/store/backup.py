"""Copying a whole database while others use it, and putting a copy in its place; what happens to edits in between."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO

import pysqlite3.dbapi2 as sqlite
from sqlite_utils import Database

from fednet.feed import wire
from fednet.feed.record import Drop, Put, key_of
from fednet.feed.text import utc_text
from fednet.store import accounts, destruction, drafts, records
from fednet.store.database import Store
from fednet.store.drafts import Draft
from fednet.store.feeds import Feed


def copied(db: Database, directory: Path) -> IO[bytes]:
    """The snapshot that `db` reads, as a database file in `directory`, whose name is gone when this returns.

    Nobody is signed in there, and no secret link works: whoever finds a backup cannot go on where somebody was.
    """
    descriptor, name = tempfile.mkstemp(dir=directory, prefix=".copy-")
    with closing(sqlite.connect(name, isolation_level=None)) as target:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "secure_delete=ON"):
            target.execute(f"PRAGMA {pragma}")
        db.conn.backup(target)
        accounts.drop_secrets(Database(target, execute_plugins=False))
    Path(name).unlink()
    file = os.fdopen(descriptor, "rb")
    file.seek(0)
    return file


def replace(store: Store, restored: Store) -> None:
    """Put all that `restored` holds in the place of what `store` holds, at once; others who use it see it whole."""
    with restored.reading() as db:
        store.overwrite(db)
    with store.writing() as db:  # the write-ahead log may hold what was there before
        destruction.owe(db, prompt=True)


def unprepare(db: Database, feed: Feed, now: datetime) -> int:
    """Make drafts again of an edition that was prepared and may no longer be signed; how many. Later drafts win."""
    prepared = drafts.prepared(db, feed.id)
    if prepared is None:
        return 0
    again = []
    for change in wire.parse_changes(prepared.changes, feed.commitments):
        if isinstance(change, Put):
            again.append(Draft(change.handle, feed.circle, "put", change.body))
        elif (held := records.record(db, feed.id, feed.commitments, change.key)) and isinstance(held, Put):
            again.append(Draft(held.handle, feed.circle, "drop" if isinstance(change, Drop) else "erase", None))
    again = [draft for draft in again if drafts.draft(db, draft.handle) is None]
    drafts.save(db, again, now)
    drafts.published(db, feed.id)
    return len(again)


def drop_signed(db: Database, feed: Feed) -> int:
    """Forget the drafts that the feed's newest edition already is; how many."""
    waiting = drafts.drafts(db, feed.circle)
    done = [draft for draft in waiting if drafts.listed(db, feed.id, draft.handle) == draft.body]
    drafts.settle(db, done)
    return len(done)


def drop_taken(db: Database, feed: Feed, count: int) -> int:
    """Forget the drafts that waited when the newest edition was signed, at most `count`; how many there were."""
    edition = feed.followed.edition
    until = utc_text(edition.issued_at) if edition else ""
    sql = "SELECT handle FROM draft WHERE circle = ? AND at <= ? ORDER BY handle LIMIT ?"
    taken = [handle for (handle,) in db.execute(sql, (feed.circle, until, count))]
    for handle in taken:
        drafts.discard(db, handle)
    return len(taken)


def counts(db: Database) -> Mapping[str, int]:
    """How much there is of everything that only this node has."""
    tables = (
        "draft", "prepared", "import", "imported", "circle", "member", "evidence", "witness", "receipt", "account",
        "application", "proposal", "hidden", "introduction",
    )  # fmt: skip
    return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def drop_gone(db: Database, feed: Feed) -> int:
    """Forget the drafts of records that were withdrawn or erased since: they are never listed again; how many."""
    sql = (
        "SELECT 1 FROM dropped WHERE feed_id = :feed AND key = :key "
        "UNION ALL SELECT 1 FROM record WHERE feed_id = :feed AND key = :key AND handle IS NULL"
    )
    gone = [
        draft
        for draft in drafts.drafts(db, feed.circle)
        if db.execute(sql, {"feed": feed.id, "key": key_of(draft.handle)}).fetchone()
    ]
    drafts.settle(db, gone)
    return len(gone)
