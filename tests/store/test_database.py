"""The store: one snapshot for reading, one durable transaction for writing, and SQLite's errors in our words."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from fednet.errors import BrokenStoreError, BusyError
from fednet.listing import encode
from fednet.store import blocks, database, drafts, index
from fednet.store.database import Store
from fednet.store.schema import FIRST, TRUST, migrations, statements
from tests.feed.network import Network


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "some.db")
    yield made
    made.close()


def name(store: Store) -> str | None:
    with store.reading() as db:
        return drafts.setting(db, "name")


def put(store: Store, value: str) -> None:
    with store.writing() as db:
        drafts.set_setting(db, "name", value)


def test_what_was_written_is_read(store: Store) -> None:
    assert name(store) is None
    put(store, "one")
    put(store, "two")
    assert name(store) == "two"


def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    put(store, "one")
    with pytest.raises(ZeroDivisionError), store.writing() as db:
        drafts.set_setting(db, "name", "two")
        raise ZeroDivisionError
    assert name(store) == "one"
    put(store, "three")
    assert name(store) == "three"


def test_a_reader_sees_one_snapshot(store: Store) -> None:
    put(store, "one")
    with store.reading() as db:
        assert drafts.setting(db, "name") == "one"
        writer = threading.Thread(target=put, args=(store, "two"))
        writer.start()
        writer.join()
        assert drafts.setting(db, "name") == "one"
    assert name(store) == "two"


def test_reading_inside_writing_sees_what_is_being_written(store: Store) -> None:
    with store.writing() as db:
        drafts.set_setting(db, "name", "one")
        assert name(store) == "one"


def test_a_second_writer_waits_and_is_told_when_it_takes_too_long(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    told: list[BaseException] = []

    def write() -> None:
        try:
            put(store, "two")
        except BusyError as error:
            told.append(error)

    with store.writing() as db:
        drafts.set_setting(db, "name", "one")
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert len(told) == 1 and name(store) == "one"


def test_changes_by_others_are_noticed(store: Store) -> None:
    before = store.changed()
    assert store.changed() == before
    other = Store(store.path)
    put(other, "one")
    other.close()
    assert store.changed() != before


def test_what_the_database_promises(store: Store) -> None:
    with store.reading() as db:
        said = {
            pragma: db.execute(f"PRAGMA {pragma}").fetchone()[0]
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "page_size")
        }
    assert said == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "page_size": database.PAGE_SIZE,
    }  # fmt: skip


def test_a_connection_ends_with_its_thread(store: Store) -> None:
    before = len(store._connections)
    for _ in range(20):
        reader = threading.Thread(target=name, args=(store,))
        reader.start()
        reader.join()
    gc.collect()
    assert len(store._connections) <= before + 1


def test_a_file_that_is_no_database_is_named_broken(tmp_path: Path) -> None:
    (tmp_path / "some.db").write_bytes(b"no database " * 1_000)
    with pytest.raises(BrokenStoreError):
        Store(tmp_path / "some.db")


def test_a_mistake_in_sql_is_ours_to_name(store: Store) -> None:
    with pytest.raises(BrokenStoreError), store.writing() as db:
        db.execute("SELECT * FROM nothing_like_that")


def test_migrations_run_once_and_keep_what_is_there(store: Store) -> None:
    put(store, "one")
    again = Store(store.path)
    with again.reading() as db:
        assert not migrations.pending(db)
        tables = {found for (found,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"network", "feed", "record", "page", "leaf", "draft", "prepared", "setting"} <= tables
    assert name(again) == "one"
    again.close()


def test_a_first_database_keeps_its_blocks_and_moves_what_is_restricted_to_another_index(tmp_path: Path) -> None:
    first = Database(str(tmp_path / "some.db"))
    migrations.apply(first, stop_before="m002_trust")
    identity, body = Network("Theirs").identity.encoded, encode({"kind": "organization", "names": {"en": "Legal Aid"}})
    with first.conn:
        first.execute("INSERT INTO network VALUES (1, 'theirs', 'Theirs', 0, ?, 1, 1, '2026-11-21')", [identity])
        first.execute(
            "INSERT INTO feed (id, network_id, circle, epoch) VALUES (1, 1, 'public', 1), (2, 1, 'partners', 1)"
        )
        for feed_id in (1, 2):
            key = bytes([feed_id]) * 32
            first.execute("INSERT INTO record VALUES (?, ?, ?, 'handle', x'00', ?, 1)", [feed_id, feed_id, key, body])
        index_before = (
            "INSERT INTO search (rowid, names, text, facets) VALUES (1, 'legal aid', '', ''), (2, 'legal aid', '', '')"
        )
        first.execute(index_before)
    first.close()
    store = Store(tmp_path / "some.db")
    with store.reading() as db:
        assert blocks.is_blocked(db, "theirs") and not blocks.is_blocked(db, "others")
        found = {
            table: db.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH 'legal'").fetchall()
            for table in index.TABLES
        }
    assert found == {"search": [(1,)], "closed": [(2,)]}
    store.close()


def test_every_statement_of_the_schema_is_one_statement() -> None:
    found = statements(FIRST) + statements(TRUST)
    begins = (
        "CREATE ",
        "ALTER TABLE ",
        "INSERT INTO search",
        "INSERT INTO closed",
        "INSERT INTO blocked",
    )
    assert all(statement.startswith(begins) for statement in found)
    assert not any("--" in statement or ";\n" in statement for statement in found)
