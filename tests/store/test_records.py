"""Applying changes, against the slow obvious model: a dictionary of what is listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from fednet.feed import record as feed_record
from fednet.feed import tree
from fednet.feed.identity import begun, sign_statement
from fednet.feed.record import Change, Commitments, Drop, Erase, Put, key_of
from fednet.feed.tree import Leaf
from fednet.store import destruction, feeds, records
from fednet.store.database import Store
from tests.feed.network import BEGAN, first_statement, handle, seed


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(tmp_path_factory.mktemp("store") / "some.db")
    with made._mine() as db:
        db.execute("PRAGMA synchronous=OFF")
    with made.writing() as db:
        chain = begun(sign_statement(first_statement(recovery=1), [seed("Example Network recovery 0")]))
        feeds.open_feed(db, feeds.pin(db, chain, BEGAN, own=True), "public", visible=True)
    yield made
    made.close()


class RolledBackError(Exception):
    pass


def body(number: int, version: int) -> bytes:
    kinds = (
        b'{"countries":["TH"],"kind":"organization","names":{"en":"Example %d version %d"}}',
        b'{"kind":"something-new","number":%d,"version":%d}',
        b"not json %d %d",
        b'{"kind":"organization","names":{"th":"\xe0\xb8\xa8\xe0\xb8\xb9\xe0\xb8\x99\xe0\xb8\xa2\xe0\xb9\x8c %d %d"}}',
    )
    return kinds[number % 4] % (number, version)


def shown(raw: bytes) -> bool:
    return b'"organization"' in raw


changes = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["put", "put", "put", "drop", "erase"]), st.integers(0, 90), st.integers(0, 3)),
        max_size=60,
        unique_by=lambda change: change[1],
    ),
    min_size=1,
    max_size=5,
)


def made(feed: Commitments, what: str, number: int, version: int) -> Change:
    if what == "put":
        return feed_record.put(feed, handle(number), seed(f"{number} {version}"), body(number, version))
    key = key_of(handle(number))
    return feed_record.erase(feed, key) if what == "erase" else Drop(key)


@given(changes)
def test_records_are_what_the_model_says(store: Store, editions: list[list[tuple[str, int, int]]]) -> None:
    with pytest.raises(RolledBackError), store.writing() as db:
        feed = feeds.feeds(db)[0]
        model: dict[bytes, Put | Erase] = {}
        since: dict[bytes, int] = {}
        for edition, wanted in enumerate(editions, 1):
            batch = [made(feed.commitments, *change) for change in wanted]
            planned = records.planned(db, feed.id, batch).root
            foreseen = records.totals_after(db, feed.id, batch, planned)
            totals = records.apply(db, feed.id, batch, edition)
            assert totals == foreseen
            for change in batch:
                since[change.key] = edition
                if isinstance(change, Drop):
                    model.pop(change.key, None)
                else:
                    model[change.key] = change
            check(db, feed, model, totals)
        told = records.changed_since(db, feed.id, feed.commitments, len(editions) - 1)
        assert len({change.key for change in told}) == len(told)
        for change in told:
            assert since[change.key] >= len(editions) - (0 if len(editions) > 1 else 1)
            assert isinstance(change, Drop) or model[change.key] == change
        before = root_of(model)
        assert records.replant(db, feed.id, feed.commitments).root == before
        check(db, feed, model, records.Totals(before, *counts(model)))
        records.forget(db, feed.id)
        check(db, feed, {}, records.Totals(None, 0, 0))
        raise RolledBackError


def root_of(model: dict[bytes, Put | Erase]) -> tree.Entry:
    return tree.fold_leaves([Leaf(key, model[key].commitment) for key in sorted(model)])


def counts(model: dict[bytes, Put | Erase]) -> tuple[int, int]:
    live = sum(isinstance(found, Put) for found in model.values())
    return live, len(model) - live


def check(db: Database, feed: feeds.Feed, model: dict[bytes, Put | Erase], totals: records.Totals) -> None:
    root = root_of(model)
    assert totals.root == root == tree.root(records.tree_reader(db, feed.id))
    assert (totals.records, totals.erased) == counts(model)
    assert dict(records.stored(db, feed.id, feed.commitments)) == model
    listed = {found.handle for found in model.values() if isinstance(found, Put) and shown(found.body)}
    facets = db.execute("SELECT handle FROM facet JOIN record ON record.id = record_id").fetchall()
    assert sorted(found for (found,) in facets) == sorted(listed)
    assert db.execute("SELECT count(*) FROM search_docsize").fetchone() == (len(listed),)
    versions = {found.body for found in model.values() if isinstance(found, Put) and b"Example" in found.body}
    words = {b"Example %d version %d" % (n, v) for n in range(91) for v in range(4)}
    for word in sorted(words)[:: len(words) // 6]:
        phrase = f'"{word.decode()}"'
        found = db.execute("SELECT count(*) FROM search WHERE search MATCH ?", (phrase,)).fetchone()[0]
        assert found == sum(word + b'"' in raw for raw in versions)


def test_pages_and_ranges_read_what_lies_below(store: Store) -> None:
    with pytest.raises(RolledBackError), store.writing() as db:
        feed = feeds.feeds(db)[0]
        puts = [made(feed.commitments, "put", number, 0) for number in range(50)]
        records.apply(db, feed.id, puts, 1)
        for prefix in ("", "a", "0f", puts[0].key.hex()):
            below = records.records_below(db, feed.id, feed.commitments, prefix)
            assert below == sorted((p for p in puts if p.key.hex().startswith(prefix)), key=lambda p: p.key)
        assert records.record(db, feed.id, feed.commitments, puts[3].key) == puts[3]
        assert records.record(db, feed.id, feed.commitments, bytes(32)) is None
        raise RolledBackError


def test_bodies_of_unknown_kind_are_kept_byte_for_byte_and_not_shown(store: Store) -> None:
    odd = b'{ "kind" : "future-thing", "b":1,\xc2\xa0"a":1e5}'
    with pytest.raises(RolledBackError), store.writing() as db:
        feed = feeds.feeds(db)[0]
        change = feed_record.put(feed.commitments, handle(1), seed("salt"), odd)
        records.apply(db, feed.id, [change], 1)
        assert records.record(db, feed.id, feed.commitments, change.key) == change
        assert db.execute("SELECT count(*) FROM facet").fetchone() == (0,)
        raise RolledBackError


@pytest.mark.parametrize("end", ["drop", "erase", "replace"])
def test_what_goes_is_destroyed_in_the_file(tmp_path: Path, end: str) -> None:
    store = Store(tmp_path / "some.db")
    with store.writing() as db:
        chain = begun(sign_statement(first_statement(recovery=1), [seed("Example Network recovery 0")]))
        feed = feeds.open_feed(db, feeds.pin(db, chain, BEGAN, own=True), "public", visible=True)
    others = [made(feed.commitments, "put", 4 * number, 0) for number in range(1, 60)]
    salt = seed("secret salt")
    secret = b'{"kind":"organization","names":{"en":"Zyxwolfram House"}}'
    with store.writing() as db:
        records.apply(db, feed.id, [*others, feed_record.put(feed.commitments, handle(0), salt, secret)], 1)
    assert all(trace in on_disk(store) for trace in (b"Zyxwolfram", b"zyxwolfram", salt))
    with store.writing() as db:
        last = made(feed.commitments, "put" if end == "replace" else end, 0, 1)
        records.apply(db, feed.id, [last], 2)
    destruction.settle(store)
    left = on_disk(store)
    assert b"Zyxwolfram" not in left and salt not in left
    if end == "erase":  # of an erased record no word may stay either
        assert b"zyxwolfram" not in left
    store.close()


def on_disk(store: Store) -> bytes:
    with store._mine() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*"))
