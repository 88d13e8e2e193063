"""Publishing: what is acknowledged is signed, once, in one order, whatever breaks on the way."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fednet.errors import BrokenStoreError, FednetError, NotFoundError, RollbackError
from fednet.feed import wire
from fednet.feed.record import key_of
from fednet.node import edits, mark, publish, standing, verify
from fednet.node.home import DATABASE, Home
from fednet.store import drafts
from tests.node.nodes import NOW, Nodes, add, held, listing, organization, problems, public, published, tampered

SALT = bytes(range(32))


def signed(home: Home) -> bytes:
    """The newest checkpoint note."""
    checkpoint = held(home, home).followed.checkpoint
    assert checkpoint is not None
    return checkpoint.encoded


def mine(home: Home) -> dict[str, bytes]:
    return listing(home, home.network.network)


def size(home: Home) -> int:
    return public(home, home.network).followed.frontier.size


# --- what an edition holds


def test_an_acknowledged_edit_is_in_the_next_edition(nodes: Nodes) -> None:
    home = nodes.home()
    own = edits.add(home, "organization", organization("Alpha"), NOW)
    assert mine(home) == {}
    (done,) = publish.publish(home, NOW)
    assert (done.circle, done.changes, done.edition.records) == ("public", 1, 1)
    assert mine(home) == {own.handle: own.body} and problems(home) == []


def test_editions_are_consecutive_whatever_they_hold(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    for number, words in enumerate((["Beta"], [], ["Gamma", "Delta"], []), 2):
        published(home, *words)
        edition = held(home, home).followed.edition
        assert edition is not None and edition.edition == number == size(home)
    assert problems(home) == []


def test_the_order_of_drafts_does_not_matter(nodes: Nodes) -> None:
    made = [(edits.new_handle(), edits.body_of(organization(word))) for word in ("Alpha", "Beta", "Gamma")]
    orders = set()
    for name, order in (("One", made), ("Two", made[::-1])):
        home = nodes.home(name)
        with home.store.writing() as db:
            drafts.save(db, [drafts.Draft(handle, "public", "put", body) for handle, body in order], NOW)
        publish.publish(home, NOW, salt=lambda: SALT)
        with home.store.reading() as db:
            orders.add(tuple(row[0] for row in db.execute("SELECT handle FROM record ORDER BY id").fetchall()))
    assert len(orders) == 1


def test_later_edits_of_one_handle_win_and_count_once(nodes: Nodes) -> None:
    home = nodes.home()
    own = edits.add(home, "organization", organization("Alpha"), NOW)
    edits.edit(home, own.handle, {"acronym": "AA"}, NOW)
    last = edits.edit(home, own.handle, {"countries": None}, NOW)
    (done,) = publish.publish(home, NOW)
    assert done.changes == 1 and mine(home) == {own.handle: last.body}
    assert last.fields["acronym"] == "AA" and "countries" not in last.fields


def test_a_draft_withdrawn_before_it_was_signed_leaves_nothing(nodes: Nodes) -> None:
    home = nodes.home()
    (handle,) = add(home, "Alpha")
    edits.withdraw(home, handle, NOW)
    publish.publish(home, NOW)
    assert mine(home) == {}
    with pytest.raises(NotFoundError):
        edits.withdraw(home, handle, NOW)


def test_an_edit_that_changes_nothing_waits_for_nothing(nodes: Nodes) -> None:
    home = nodes.home()
    (handle,) = published(home, "Alpha")
    edits.edit(home, handle, {"countries": ["TH"]}, NOW)
    assert publish.publish(home, NOW) == []


def test_what_is_for_partners_makes_no_public_edition(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    edits.add(home, "person", {"name": "Example Person"}, NOW)
    (done,) = publish.publish(home, NOW)
    assert (done.circle, done.edition.edition) == ("partners", 1)
    assert size(home) == 1 and len(mine(home)) == 1 and problems(home) == []


def test_a_large_import_becomes_several_editions(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "MAX_CHANGES", 2)
    home = nodes.home()
    add(home, *"ABCDE")
    (done,) = publish.publish(home, NOW)
    assert (done.changes, done.edition.edition, done.edition.records) == (5, 3, 5)


def test_a_clock_that_goes_back_does_not_date_editions_back(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    add(home, "Beta")
    (done,) = publish.publish(home, NOW - timedelta(days=400))
    assert done.edition.issued_at == NOW


def test_the_heartbeat_renews_when_half_of_the_life_is_gone(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    assert publish.renew(home, NOW + timedelta(days=14)) == []
    (done,) = publish.renew(home, NOW + timedelta(days=15))
    assert done.changes == 0 and done.edition.edition == 2
    assert done.edition.expires_at == NOW + timedelta(days=45)
    assert publish.renew(home, NOW + timedelta(days=15)) == []


# --- what is not as it was signed


def test_what_is_not_as_it_was_signed_is_not_signed_onwards(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha", "Beta")
    before = signed(home)
    tampered(home)
    add(home, "Gamma")
    with pytest.raises(BrokenStoreError, match="not what edition 1 signs"):
        publish.publish(home, NOW)
    with pytest.raises(BrokenStoreError):
        publish.renew(home, NOW + timedelta(days=15))
    assert signed(home) == before
    with home.store.reading() as db:
        assert drafts.circles_prepared(db) == [] and len(drafts.drafts(db, "public")) == 1


def test_a_page_that_is_damaged_where_an_edit_meets_it_is_not_signed_onwards(nodes: Nodes) -> None:
    """Also below the root, which says nothing of it."""
    home = nodes.home("Example")
    handles = published(home, *(f"Member {number}" for number in range(200)))
    with home.store.writing() as db:
        (prefix,) = db.execute("SELECT prefix FROM page WHERE prefix <> '' ORDER BY prefix LIMIT 1").fetchone()
        cut = "CAST(substr(page, 1, length(page) - 1) || x'00' AS BLOB)"
        db.execute(f"UPDATE page SET page = {cut} WHERE prefix = ?", (prefix,))
    met = next(handle for handle in handles if key_of(handle).hex().startswith(prefix))
    edits.edit(home, met, {"acronym": "AA"}, NOW)
    with pytest.raises(BrokenStoreError, match="not what edition 1 signs"):
        publish.publish(home, NOW)


def test_a_prepared_edition_that_does_not_add_up_is_not_signed(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    home = nodes.home("Example", "Alpha")
    before = signed(home)
    add(home, "Beta")
    with monkeypatch.context() as crash:
        crash.setattr(publish, "_signed", None)
        with pytest.raises(TypeError):
            publish.publish(home, NOW)
    with home.store.writing() as db:
        db.execute("UPDATE prepared SET changes = x''")
    with pytest.raises(BrokenStoreError, match="does not add up"):
        publish.publish(home, NOW)
    assert signed(home) == before


# --- the high-water mark


def copied(home: Home, to: Path) -> None:
    """Keep the database as it is now."""
    with home.store.reading():
        pass
    with home.store._mine() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(home.path / DATABASE, to)


def rolled_back(nodes: Nodes, home: Home, copy: Path) -> Home:
    home.close()
    for left in home.path.glob(f"{DATABASE}*"):
        left.unlink()
    shutil.copy(copy, home.path / DATABASE)
    return nodes.again(home)


def test_a_database_rolled_back_signs_nothing(nodes: Nodes, tmp_path: Path) -> None:
    home = nodes.home("Example", "Alpha")
    copied(home, tmp_path / "copy.db")
    published(home, "Beta")
    after = home.mark.path.read_bytes()
    home = rolled_back(nodes, home, tmp_path / "copy.db")
    add(home, "Gamma")
    before = signed(home)
    for _ in range(2):
        with pytest.raises(RollbackError, match="high-water mark"):
            publish.publish(home, NOW)
    with pytest.raises(RollbackError):
        publish.renew(home, NOW + timedelta(days=20))
    assert signed(home) == before and size(home) == 1
    assert home.mark.path.read_bytes() == after
    with pytest.raises(RollbackError):
        home.mark.adopt(home.network.network, logs(home))


def logs(home: Home) -> dict[str, Any]:
    with home.store.reading() as db:
        return standing.logs(db, home.network)


def test_a_node_without_its_mark_signs_nothing_until_adopted(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    home.mark.path.unlink()
    add(home, "Beta")
    with pytest.raises(RollbackError, match="missing"):
        publish.publish(home, NOW)
    assert size(home) == 1
    home.mark.adopt(home.network.network, logs(home))
    publish.publish(home, NOW)
    assert size(home) == 2


def test_a_copied_home_signs_nothing_until_adopted(nodes: Nodes, tmp_path: Path) -> None:
    home = nodes.home("Example", "Alpha")
    copied(home, tmp_path / "unused.db")
    shutil.copytree(home.path, tmp_path / "twin")
    twin = Home(tmp_path / "twin")
    add(twin, "Beta")
    with pytest.raises(RollbackError, match="copied"):
        publish.publish(twin, NOW)
    twin.mark.adopt(twin.network.network, logs(twin))
    publish.publish(twin, NOW)
    assert size(twin) == 2 and problems(twin) == []
    twin.close()


def test_a_mark_that_is_not_one_is_named(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    home.mark.path.write_bytes(b"{")
    add(home, "Beta")
    with pytest.raises(BrokenStoreError, match=mark.NAME):
        publish.publish(home, NOW)


# --- crashes between the steps


class CrashError(Exception):
    pass


def crash(*_: object, **__: object) -> Any:
    raise CrashError


def crash_after(act: Callable[..., Any]) -> Callable[..., Any]:
    def crashing(*arguments: Any, **named: Any) -> Any:
        act(*arguments, **named)
        raise CrashError

    return crashing


STEPS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "while it is prepared": ("fednet.store.drafts.settle", lambda act: crash),
    "before the mark": ("fednet.node.mark.Mark.advance", lambda act: crash),
    "while the mark is written": ("fednet.node.files.os.fsync", lambda act: crash),
    "after the mark": ("fednet.node.mark.Mark.advance", crash_after),
    "after the signature": ("fednet.node.publish.sign", crash_after),
    "before it is accepted": ("fednet.node.publish.accept", lambda act: crash),
    "while records are applied": ("fednet.store.records._write_rows", crash_after),
    "while the index is written": ("fednet.store.index.add", lambda act: crash),
    "before the switch": ("fednet.store.feeds.accept", lambda act: crash),
    "after the switch": ("fednet.store.feeds.accept", crash_after),
    "before it is forgotten": ("fednet.store.drafts.published", crash_after),
}


@pytest.mark.parametrize(("place", "broken"), STEPS.values(), ids=STEPS)
def test_a_crash_anywhere_restarts_into_the_same_path(
    nodes: Nodes, place: str, broken: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home("Example", "Alpha")
    alpha = next(iter(mine(home)))
    (beta,) = add(home, "Beta")
    edits.edit(home, alpha, {"acronym": "AA"}, NOW)
    signatures: list[bytes] = []
    real = publish.sign

    def remembered(text: bytes, *signers: Any) -> Any:
        note = real(text, *signers)
        signatures.append(note.encoded)
        return note

    monkeypatch.setattr(publish, "sign", remembered)
    with monkeypatch.context() as breaking:
        target = publish.sign if place.endswith("publish.sign") else _resolved(place)
        breaking.setattr(place, broken(target))
        with pytest.raises(CrashError):
            publish.publish(home, NOW)
    home = nodes.again(home)
    with home.store.reading() as db:
        kept = drafts.prepared(db, public(home, home.network).id)
    assert size(home) == 1 and problems(home) == []
    assert edits_are_known(home, alpha, beta)
    publish.publish(home, NOW + timedelta(days=1))
    edition = held(home, home).followed.edition
    assert edition is not None and edition.edition == size(home) == 2
    assert kept is None or edition.line == kept.line
    assert len(set(signatures)) == 1 and signatures[-1] == signed(home)
    assert set(mine(home)) == {alpha, beta} and b"AA" in mine(home)[alpha]
    assert problems(home) == []


def _resolved(place: str) -> Any:
    import importlib

    module, _, name = place.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        outer, _, inner = module.rpartition(".")
        return getattr(getattr(importlib.import_module(outer), inner), name)


def edits_are_known(home: Home, alpha: str, beta: str) -> bool:
    with home.store.reading() as db:
        found = [edits.find(db, home, handle) for handle in (alpha, beta)]
    return found[0].fields["acronym"] == "AA" and found[1].fields["names"]["en"] == "Beta Legal Aid"


def interrupted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave an edition prepared and not signed."""
    with monkeypatch.context() as breaking:
        breaking.setattr(mark.Mark, "advance", crash)
        with pytest.raises(CrashError):
            publish.publish(home, NOW)


def test_what_is_edited_while_an_edition_is_signed_builds_on_that_edition(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home()
    (alpha,) = published(home, "Alpha")
    edits.edit(home, alpha, {"acronym": "AA"}, NOW)
    (beta,) = add(home, "Beta")
    interrupted(home, monkeypatch)
    own = edits.edit(home, alpha, {"languages": ["th"]}, NOW)
    assert own.fields["acronym"] == "AA"
    edits.withdraw(home, beta, NOW)
    publish.publish(home, NOW)
    assert mine(home) == {alpha: own.body} and problems(home) == []


def test_a_withdrawal_that_is_being_signed_is_a_withdrawal(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    home = nodes.home()
    (alpha,) = published(home, "Alpha")
    edits.withdraw(home, alpha, NOW)
    interrupted(home, monkeypatch)
    with pytest.raises(NotFoundError):
        edits.edit(home, alpha, {"acronym": "AA"}, NOW)


def test_several_publish_at_once_and_nothing_is_lost(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    failures: list[BaseException] = []
    acknowledged: list[str] = ["Alpha Legal Aid"]

    def edit(name: str) -> None:
        own = Home(home.path)
        try:
            for i in range(6):
                made = edits.add(own, "organization", organization(f"{name} {i}"), NOW)
                acknowledged.append(made.fields["names"]["en"])
                publish.publish(own, NOW)
        except FednetError as error:
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=edit, args=(name,)) for name in ("One", "Two", "Three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    publish.publish(home, NOW)
    names = sorted(name for body in mine(home).values() for name in acknowledged if f'"{name}"'.encode() in body)
    assert names == sorted(acknowledged)
    assert problems(home) == []


def test_verify_is_not_content_with_a_log_that_is_not_the_signed_one(nodes: Nodes) -> None:
    damages = (
        "UPDATE leaf SET hash = zeroblob(32) WHERE position = 0",
        "DELETE FROM leaf WHERE position = 1",
        "UPDATE leaf SET line = x'7b7d' WHERE position = 0",
        "UPDATE feed SET checkpoint = CAST(replace(checkpoint, 'fednet/', 'Fednet/') AS BLOB)",
    )
    for number, damage in enumerate(damages):
        home = nodes.home(f"Example {number}", "Alpha")
        published(home, "Beta")
        assert problems(home) == []
        with home.store.writing() as db:
            db.execute(damage)
        assert problems(home), damage
        assert [one.ok for one in verify.verify(home)] == [False]


def test_what_was_prepared_is_what_receivers_read(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    home = nodes.home()
    add(home, "Alpha")
    interrupted(home, monkeypatch)
    feed = public(home, home.network)
    with home.store.reading() as db:
        prepared = drafts.prepared(db, feed.id)
    assert prepared is not None
    assert len(wire.parse_changes(prepared.changes, feed.commitments)) == 1
