"""Opening the database, and the two ways to use it: `reading` one snapshot, `writing` one transaction.

WAL, `synchronous=FULL`, foreign keys, 4 KiB pages, secure deletion. SQLite comes from pysqlite3 (>= 3.51.3): older
ones cannot securely delete from a search index and have a WAL bug.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

import pysqlite3.dbapi2 as sqlite
from sqlite_utils import Database

from fednet.errors import BrokenStoreError, BusyError, FednetError
from fednet.store.schema import migrations

OLDEST_SQLITE = (3, 51, 3)
BUSY_SECONDS = 15.0
PAGE_SIZE = 4 * 1024
CACHE_KIB = 4 * 1024
WAL_PAGES = 16_000


class Store:
    """One database file, for any number of threads: each has its own connection; SQLite lets one write at a time."""

    def __init__(self, path: Path) -> None:
        if sqlite.sqlite_version_info < OLDEST_SQLITE:
            raise BrokenStoreError(f"SQLite {sqlite.sqlite_version} is too old, 3.51.3 is needed")
        self.path = path
        self._local = threading.local()
        self._connections: WeakSet[Database] = WeakSet()  # a connection ends with its thread
        with _named_errors():
            db = self._database()
            if migrations.pending(db):
                migrations.apply(db)

    def _database(self) -> Database:
        db: Database | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = _connect(self.path)
            self._connections.add(db)
        return db

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One snapshot: whatever others write meanwhile is not seen. Inside `writing`, the transaction itself."""
        db = self._database()
        if db.conn.in_transaction:
            yield db
            return
        with _named_errors():
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.conn.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction, durable when the block ends, rolled back when it raises. Waits for another writer."""
        db = self._database()
        with _named_errors():
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.conn.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def changed(self) -> int:
        """A number that differs after another connection, of any process, has committed."""
        version: int = self._database().execute("PRAGMA data_version").fetchone()[0]
        return version

    def close(self) -> None:
        for db in list(self._connections):
            db.conn.close()
        self._connections.clear()
        self._local = threading.local()


def _connect(path: Path) -> Database:
    conn = sqlite.connect(str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    for pragma in (
        f"page_size={PAGE_SIZE}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"cache_size=-{CACHE_KIB}",
        "temp_store=MEMORY",
        f"wal_autocheckpoint={WAL_PAGES}",
        "recursive_triggers=ON",
    ):
        conn.execute(f"PRAGMA {pragma}")
    return Database(conn, execute_plugins=False)


@contextmanager
def _named_errors() -> Iterator[None]:
    """SQLite's errors in our words; what the disk refuses is said as it is."""
    try:
        yield
    except FednetError:
        raise
    except sqlite.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise BusyError("another process is writing to this node", hint="try again in a moment") from error
        raise BrokenStoreError(f"the database says: {error}", hint="fednet doctor") from error
    except sqlite.DatabaseError as error:
        raise BrokenStoreError(f"the database says: {error}", hint="fednet doctor") from error
