"""Nothing that was taken out is left in any byte of the database: not in older pages, nor between their cells."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.errors import BrokenStoreError, BusyError
from fednet.feed import record as feed_record
from fednet.feed.identity import begun, sign_statement
from fednet.feed.record import Change, Drop, erase, key_of
from fednet.store import destruction, drafts, feeds, gaps, records
from fednet.store.database import Store
from fednet.store.drafts import Draft, ImportRow
from fednet.store.feeds import Feed
from tests.feed.network import BEGAN, first_statement, handle, seed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "some.db")
    with made.writing() as db:
        chain = begun(sign_statement(first_statement(recovery=1), [seed("Example Network recovery 0")]))
        feeds.open_feed(db, feeds.pin(db, chain, BEGAN, own=True), "public", visible=True)
    yield made
    made.close()


def feed_of(store: Store) -> Feed:
    with store.reading() as db:
        return feeds.feeds(db)[0]


def body(word: str, length: int = 0) -> bytes:
    return f'{{"kind":"organization","names":{{"en":"{word} House"}},"note":"{"x" * length}{word}"}}'.encode()


def put(feed: Feed, number: int, word: str, length: int = 0) -> Change:
    return feed_record.put(feed.commitments, handle(number), seed(f"salt {word}"), body(word, length))


def apply(store: Store, *changes: Change, edition: int = 1) -> None:
    with store.writing() as db:
        records.apply(db, feed_of(store).id, changes, edition)


def on_disk(store: Store) -> bytes:
    return b"".join(path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*"))


def owed(store: Store, *, prompt: bool = True) -> bool:
    with store.reading() as db:
        return destruction.is_owed(db, prompt=prompt)


def test_moved_cells_leave_no_copy_when_their_rows_are_gone(store: Store) -> None:
    """secure_delete alone leaves some of these: cells that had moved to a neighbouring page."""
    feed, chance = feed_of(store), random.Random(3)
    words = {number: "q" + "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=11)) for number in range(1_500)}
    left = list(words)
    for edition in range(1, 6):
        new = [left.pop() for _ in range(300)]
        rows = [ImportRow(handle(n), "public", None, body(words[n], chance.randrange(900))) for n in new]
        chance.shuffle(rows)
        with store.writing() as db:
            drafts.save(db, [Draft(row.handle, "public", "put", row.after) for row in rows], BEGAN)
            drafts.add_import(db, "list.csv", {}, rows, BEGAN)
        puts = [put(feed, n, words[n], chance.randrange(900)) for n in new]
        apply(store, *puts, edition=edition)
        gone = chance.sample(new, 250)
        apply(store, *(erase(feed.commitments, key_of(handle(n))) for n in gone), edition=edition)
    with store.reading() as db:
        alive = {found for (found,) in db.execute("SELECT handle FROM record WHERE handle IS NOT NULL")}
    other = Store(store.path)
    with other.reading() as db:  # pages as they were before are in its cache
        db.execute("SELECT sum(length(body)) FROM record").fetchone()
        db.execute("SELECT sum(length(after)) FROM import_row").fetchone()
    destruction.settle(store)
    with other.writing() as db:
        db.execute("UPDATE record SET edition = edition + 1")
        db.execute("UPDATE import_row SET before = 'x'")
    other.close()
    raw = on_disk(store)
    assert not [word for n, word in words.items() if handle(n) not in alive and word[4:].encode() in raw]
    assert all(word.encode() in raw for n, word in words.items() if handle(n) in alive)
    with store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(("end", "prompt"), [("drop", False), ("replace", False), ("erase", True)])
def test_what_was_erased_is_owed_promptly_and_what_was_replaced_at_leisure(
    store: Store, end: str, prompt: bool
) -> None:
    feed = feed_of(store)
    apply(store, put(feed, 0, "Zyxwolfram"))
    assert not owed(store, prompt=False)
    ends = {"drop": Drop(key_of(handle(0))), "replace": put(feed, 0, "Other"),
            "erase": erase(feed.commitments, key_of(handle(0)))}  # fmt: skip
    apply(store, ends[end], edition=2)
    assert (owed(store), owed(store, prompt=False)) == (prompt, True)
    assert b"Zyxwolfram" in on_disk(store)  # in the write-ahead log
    destruction.settle(store)
    assert not owed(store, prompt=False)
    assert b"Zyxwolfram" not in on_disk(store)


def test_a_reader_of_an_old_snapshot_puts_destruction_off_and_it_stays_owed(store: Store) -> None:
    feed = feed_of(store)
    apply(store, put(feed, 0, "Zyxwolfram"))
    other = Store(store.path)
    with other.reading() as db:
        assert db.execute("SELECT count(*) FROM record WHERE body IS NOT NULL").fetchone() == (1,)
        apply(store, erase(feed.commitments, key_of(handle(0))), edition=2)
        with pytest.raises(BusyError):
            destruction.settle(store)
        assert owed(store)
    destruction.settle(store)
    assert not owed(store) and b"yxwolfram" not in on_disk(store)
    other.close()


def test_what_is_owed_meanwhile_is_not_taken_for_done(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = feed_of(store)
    apply(store, put(feed, 0, "Zyxwolfram"), put(feed, 1, "Quokka"))
    apply(store, erase(feed.commitments, key_of(handle(0))), edition=2)
    scrubbed = destruction._scrub

    def met(store: Store) -> None:
        scrubbed(store)
        apply(store, erase(feed.commitments, key_of(handle(1))), edition=3)

    with monkeypatch.context() as patched:
        patched.setattr(destruction, "_scrub", met)
        destruction.settle(store)
    assert owed(store)
    destruction.settle(store)
    assert not owed(store) and b"quokka" not in on_disk(store)


def test_words_of_a_dropped_record_go_when_it_is_erased(store: Store) -> None:
    feed = feed_of(store)
    apply(store, put(feed, 0, "Zyxwolfram"), put(feed, 1, "Other"))
    apply(store, Drop(key_of(handle(0))), edition=2)
    apply(store, erase(feed.commitments, key_of(handle(0))), edition=3)
    destruction.settle(store)
    assert b"zyxwolfram" not in on_disk(store)


def test_a_scrubbed_index_finds_what_it_found_before(store: Store) -> None:
    feed = feed_of(store)
    apply(store, *(put(feed, number, f"Word{number}") for number in range(200)))
    apply(store, *(erase(feed.commitments, key_of(handle(number))) for number in range(0, 200, 2)), edition=2)
    destruction.settle(store)
    with store.reading() as db:
        for number in range(200):
            found = db.execute("SELECT count(*) FROM search WHERE search MATCH ?", (f"word{number}",)).fetchone()
            assert found == (number % 2,)
        db.execute("INSERT INTO search (search) VALUES ('integrity-check')")


def test_an_erased_record_can_be_listed_again_when_its_erasure_was_void(store: Store) -> None:
    feed = feed_of(store)
    apply(store, put(feed, 0, "Zyxwolfram"))
    apply(store, erase(feed.commitments, key_of(handle(0))), edition=2)
    destruction.settle(store)
    apply(store, put(feed, 0, "Zyxwolfram"), edition=3)
    with store.reading() as db:
        assert db.execute("SELECT count(*) FROM search WHERE search MATCH 'zyxwolfram'").fetchone() == (1,)
        assert db.execute("SELECT records, erased FROM feed").fetchone() == (1, 0)
        assert records.tombstone(db, feed.id, key_of(handle(0))) is None


def test_a_gap_lies_between_pointers_and_cells() -> None:
    leaf = bytes([13, 0, 0, 0, 2, 0, 60, 0, 0, 70, 0, 60]) + b"old" + bytes(85)
    assert gaps.gap(leaf) == (8 + 4, 60)
    assert gaps.gap(bytes([5, *leaf[1:]])) == (12 + 4, 60)
    assert gaps.gap(bytes(100)) == gaps.gap(bytes([1]) * 100) == (0, 0)


def test_only_gaps_are_zeroed_and_the_records_read_as_before(store: Store) -> None:
    feed = feed_of(store)
    apply(store, *(put(feed, number, f"Word{number}", 37 * number % 800) for number in range(300)))
    apply(store, *(Drop(key_of(handle(number))) for number in range(0, 300, 3)), edition=2)
    with store.reading() as db:
        before = db.execute("SELECT * FROM record ORDER BY id").fetchall()
    destruction.settle(store)
    with store.reading() as db:
        assert db.execute("SELECT * FROM record ORDER BY id").fetchall() == before
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store.close()
    assert gaps.zero(str(store.path)) <= 1  # of settings, where it is noted that all is done


def test_a_failure_to_zero_is_told_and_stays_owed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(store, erase(feed_of(store).commitments, key_of(handle(0))))
    with monkeypatch.context() as patched:
        patched.setattr(gaps, "__file__", "/nowhere.py")
        with pytest.raises(BrokenStoreError):
            destruction.settle(store)
    assert owed(store)
