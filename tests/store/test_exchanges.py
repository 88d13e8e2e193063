"""Rows of needs and offers as they are compared: they come with the index, also of databases made before that."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from sqlite_utils import Database

from fednet.listing import encode
from fednet.listing.features import features
from fednet.store import exchanges, feeds, index
from fednet.store.database import Store
from fednet.store.schema import migrations
from tests.feed.network import Network
from tests.listing.entries import parsed

NEED = {"kind": "exchange", "type": "need", "titles": {"en": "Legal aid"}, "themes": ["legal-aid"], "languages": ["th"]}


@pytest.mark.parametrize("last", ["m002_trust", "m005_exchange"])
def test_an_older_database_is_indexed_with_its_needs_and_offers(tmp_path: Path, last: str) -> None:
    older = Database(str(tmp_path / "some.db"))
    migrations.apply(older, stop_before=last)
    with older.conn:
        identity = Network("Theirs").identity.encoded
        older.execute(
            "INSERT INTO network (id, network, name, own, identity, pinned_at) "
            "VALUES (1, 'theirs', 'Theirs', 0, ?, '2026-11-21')",
            [identity],
        )
        older.execute("INSERT INTO feed (id, network_id, circle, epoch) VALUES (1, 1, 'public', 1)")
        older.execute("INSERT INTO record VALUES (7, 1, ?, 'handle', x'00', ?, 1)", [bytes(32), encode(NEED)])
    older.close()
    store = Store(tmp_path / "some.db")
    with store.reading() as db:
        (row,) = exchanges.rows(db)
        assert feeds.peers(db) is not None
    assert (row.record_id, row.feed_id, row.handle, row.languages) == (7, 1, "handle", "th")
    store.close()


def test_a_row_holds_what_is_compared_and_none_of_its_text() -> None:
    found = exchanges.compared(parsed(NEED), 5)
    wanted = features(parsed(NEED))
    values = struct.unpack(exchanges.PACKED, found.packed)
    assert values[:5] == (wanted.type, exchanges.OPEN, 0, 0, 0) and values[10:15] == (wanted.services, 0, 0, 0, 5)
    assert struct.unpack("<2I", found.words) == tuple(sorted(wanted.words))
    assert b"egal" not in found.packed + found.words


def test_an_index_of_this_version_holds_them() -> None:
    assert index.VERSION >= 3
