"""Opening the database, and the two ways to use it: `reading` one snapshot, `writing` one transaction.

WAL, `synchronous=FULL`, foreign keys, 4 KiB pages, secure deletion. SQLite comes from pysqlite3 (>= 3.51.3): older
ones cannot securely delete from a search index and have a WAL bug.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from weakref import WeakSet

import pysqlite3.dbapi2 as sqlite
from sqlite_utils import Database

from fednet.errors import BrokenStoreError, BusyError, FednetError
from fednet.store.schema import migrations

OLDEST_SQLITE = (3, 51, 3)
BUSY_SECONDS = 15.0
CLOSING_SECONDS = 5.0
EMPTYING_MS = 1_000  # others who write wait so long, too
PAGE_SIZE = 4 * 1024
CACHE_KIB = 4 * 1024
FORGET_AFTER = timedelta(days=90)
WAL_PAGES = 16_000


class Store:
    """One database file, for any number of threads: each has its own connection; SQLite lets one write at a time.

    Feeds of others that expired longer than `forget_after` ago are in no view; after twice that their records go.
    """

    def __init__(self, path: Path, *, forget_after: timedelta = FORGET_AFTER) -> None:
        if sqlite.sqlite_version_info < OLDEST_SQLITE:
            raise BrokenStoreError(f"SQLite {sqlite.sqlite_version} is too old, 3.51.3 is needed")
        self.path, self.forget_after = path, forget_after
        self._local = threading.local()
        self._connections: WeakSet[_Held] = WeakSet()  # a connection ends with its thread
        with _named_errors(), self._mine() as db:
            if migrations.pending(db):
                migrations.apply(db)

    @contextmanager
    def _mine(self) -> Iterator[Database]:
        """This thread's connection, which nobody closes meanwhile."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = _Held(self.path)
            self._connections.add(held)
        with held.lock:
            yield held.db

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One snapshot: whatever others write meanwhile is not seen. Inside `writing`, the transaction itself."""
        with _named_errors(), self._mine() as db:
            if db.conn.in_transaction:
                yield db
                return
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.conn.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction, durable when the block ends, rolled back when it raises. Waits for another writer."""
        with _named_errors(), self._mine() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.conn.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def overwrite(self, other: Database) -> None:
        """Replace everything in this database by the snapshot that `other` reads, in one transaction."""
        with _named_errors(), self._mine() as db:
            other.conn.backup(db.conn)

    @contextmanager
    def emptied(self) -> Iterator[Database]:
        """As `writing`, with the whole database in its file, an empty write-ahead log, and no page in the cache.

        Afterwards nobody goes on with pages read before. Raises BusyError when others read or write for long.
        """
        with _named_errors():
            db = _connect(self.path)
            try:
                db.execute(f"PRAGMA busy_timeout={EMPTYING_MS}")
                (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                db.execute("BEGIN IMMEDIATE")
                if busy or self.path.with_name(f"{self.path.name}-wal").stat().st_size:
                    raise BusyError("others are reading or writing", hint="try again in a moment")
                yield db
                db.execute("COMMIT")
            finally:
                db.conn.close()

    def changed(self) -> int:
        """A number that differs after another connection, of any process, has committed."""
        with self._mine() as db:
            version: int = db.execute("PRAGMA data_version").fetchone()[0]
        return version

    def written(self) -> int:
        """How many rows this thread has written so far, also in transactions that were rolled back."""
        with self._mine() as db:
            rows: int = db.conn.total_changes
        return rows

    def close(self) -> None:
        """Close the connections of all threads; one that is at work for long is left to the end of the process."""
        for held in list(self._connections):
            if held.lock.acquire(timeout=CLOSING_SECONDS):
                held.db.conn.close()
                held.lock.release()
        self._connections.clear()
        self._local = threading.local()


class _Held:
    """A thread's connection, and the lock that it holds while it is at work: closing under it would crash."""

    def __init__(self, path: Path) -> None:
        self.db = _connect(path)
        self.lock = threading.RLock()


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


def integers(numbers: Iterable[int]) -> str:
    """Numbers for an SQL list: integers of our own, never text from outside."""
    return ",".join(map(str, map(int, numbers)))
