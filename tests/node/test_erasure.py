"""An erased record is destroyed here and at every follower, its erasure is signed, and nobody else can do it."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from fednet.errors import NotFoundError, UsageError
from fednet.feed.record import Put, key_of
from fednet.node import background, edits, erasure, publish
from fednet.node.background import Background
from fednet.node.home import Home
from fednet.node.receipts import received
from fednet.node.sync import sync
from fednet.node.tombstones import reapply
from fednet.store import destruction, drafts, feeds, records
from fednet.store.drafts import Draft, ImportRow
from fednet.web.app import create_app
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    add,
    add_many,
    heartbeat,
    held,
    listing,
    network_of,
    organization,
    pin,
    problems,
    published,
    same_view,
    searchable,
    synced,
)
from tests.node.test_background import until

SECRET = "Zyxwolfram"


def erased(home: Home, handle: str) -> None:
    erasure.erase(home, handle, NOW)
    publish.publish(home, NOW)


def on_disk(home: Home) -> bytes:
    return b"".join(path.read_bytes() for path in home.path.glob("fednet.db*"))


def traces(home: Home, word: str = SECRET) -> list[str]:
    """What is left of a word in the database and its side files: as it was written, or as it is indexed.

    The index leaves out what a word shares with the one before it, here the letter of the initials ZLA.
    """
    raw = on_disk(home)
    return [form for form in (word, word[1:].lower(), word[4:]) if form.encode() in raw]


def owed(home: Home) -> bool:
    with home.store.reading() as db:
        return destruction.is_owed(db)


def tombstone(home: Home, origin: Home, handle: str) -> int | None:
    with home.store.reading() as db:
        return records.tombstone(db, held(home, origin).id, key_of(handle))


def test_an_erased_record_leaves_a_signed_tombstone_and_no_byte_here(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha", "Beta")
    (handle,) = published(origin, SECRET)
    assert len(traces(origin)) == 3
    assert erasure.erase(origin, handle, NOW).circle == "public"
    assert handle in listing(
        origin, origin.network.network
    )  # what was signed goes on being served until the next edition
    publish.publish(origin, NOW)
    assert traces(origin) == [] and not owed(origin) and problems(origin) == []
    feed = held(origin, origin)
    assert (feed.records, feed.erased, feed.followed.edition.edition) == (2, 1, 3)
    found = erasure.erased(origin, handle)
    assert found and found.done and found.position == (1, 3) and found.confirmations == ()


def test_a_follower_destroys_what_is_erased_with_the_sync_that_brings_it(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha", SECRET)
    assert synced(follower).verified and len(traces(follower)) == 3
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    erased(origin, handle)
    assert synced(follower).verified
    assert traces(follower) == [] and not owed(follower) and same_view(origin, follower, origin)
    found = erasure.erased(follower, handle)
    assert found and found.network.network == origin.network.network and found.position == (1, 2)


def test_a_follower_that_has_to_read_pages_destroys_it_as_well(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair(SECRET)
    add_many(origin, 700)
    publish.publish(origin, NOW)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    erased(origin, handle)
    with origin.store.writing() as db:
        db.execute("UPDATE feed SET floor = 100")  # what changed is not told any more
    assert synced(follower).verified and served.pages() > 0
    assert traces(follower) == [] and not owed(follower) and same_view(origin, follower, origin)


@pytest.mark.parametrize("end", ["withdraw", "edit"])
def test_what_was_withdrawn_or_replaced_leaves_no_body_either(nodes: Nodes, end: str) -> None:
    origin, _, follower = nodes.pair("Alpha", SECRET)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    if end == "edit":
        edits.edit(origin, handle, organization("Other"), NOW)
    else:
        edits.withdraw(origin, handle, NOW)
    publish.publish(origin, NOW)
    assert synced(follower).verified
    for home in (origin, follower):
        assert not owed(home)  # it is done at leisure
        assert erasure.settle(home)
        assert SECRET not in traces(home)


def test_a_record_that_was_withdrawn_can_still_be_erased(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha", SECRET)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    edits.withdraw(origin, handle, NOW)
    publish.publish(origin, NOW)
    erased(origin, handle)
    assert synced(follower).verified
    assert traces(origin) == traces(follower) == []
    assert tombstone(origin, origin, handle) == tombstone(follower, origin, handle) == 3


def test_what_was_never_signed_is_destroyed_at_once(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    (handle,) = add(origin, SECRET)
    assert erasure.erase(origin, handle, NOW).circle is None
    assert traces(origin) == []
    publish.publish(origin, NOW)
    assert tombstone(origin, origin, handle) is None


def test_edits_and_what_imports_remember_of_the_record_go_too(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    (handle,) = published(origin, SECRET)
    before, after = (edits.body_of(organization(f"{SECRET}{n}")) for n in (1, 2))
    with origin.store.writing() as db:
        drafts.save(db, [Draft(handle, "public", "put", after)], NOW)
        drafts.add_import(db, "list.csv", {}, [ImportRow(handle, "public", before, after)], NOW)
        drafts.remember_imported(db, [(f"organization:{SECRET.lower()}", handle)])
    erased(origin, handle)
    assert traces(origin) == []
    with pytest.raises(NotFoundError):
        edits.edit(origin, handle, {"acronym": "X"}, NOW)


def test_an_edition_that_was_being_signed_is_finished_and_then_erased(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    (handle,) = add(origin, SECRET)
    with origin.store.writing() as db:
        feed = feeds.open_feed(db, origin.network, "public", visible=True)
        publish._prepare(db, feed, NOW, publish.fresh_salt)
    erased(origin, handle)
    assert traces(origin) == [] and problems(origin) == []
    assert tombstone(origin, origin, handle) == 3


def test_an_erased_record_is_not_erased_again_and_an_unknown_one_not_at_all(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    (handle,) = published(origin, SECRET)
    erased(origin, handle)
    with pytest.raises(UsageError, match="erased already, since edition 3"):
        erasure.erase(origin, handle, NOW)
    with pytest.raises(NotFoundError):
        erasure.erase(origin, edits.new_handle(), NOW)


def test_an_edit_out_of_an_old_database_does_not_bring_an_erased_record_back(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    (handle,) = published(origin, SECRET)
    erased(origin, handle)
    body = edits.body_of(organization(SECRET))
    with origin.store.writing() as db:
        drafts.save(db, [Draft(handle, "public", "put", body)], NOW)
        drafts.add_import(db, "list.csv", {}, [ImportRow(handle, "public", None, body)], NOW)
        destruction.owe(db, prompt=True)
    publish.publish(origin, NOW)
    assert tombstone(origin, origin, handle) == 3 and traces(origin) == []


def test_a_database_of_an_older_day_destroys_again_what_the_mark_names(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    (handle,) = published(origin, SECRET)
    old = {path.name: path.read_bytes() for path in origin.path.glob("fednet.db*")}
    erased(origin, handle)
    origin.close()
    for name, content in old.items():
        (origin.path / name).write_bytes(content)
    origin = nodes.again(origin)
    assert len(traces(origin)) == 3
    assert reapply(origin) == 1 and erasure.settle(origin)
    assert traces(origin) == []
    with origin.store.reading() as db, pytest.raises(NotFoundError):
        feeds.public_feed(db, origin.network.network)  # nothing of it is served until it was read again


def test_pages_kept_for_an_unfinished_repair_do_not_outlive_an_erasure(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha", SECRET)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    with follower.store.writing() as db:
        records.stage(db, held(follower, origin).id, "root-00", f"put {handle} {SECRET}".encode())
    erased(origin, handle)
    assert synced(follower).verified and traces(follower) == []


def test_an_unfinished_destruction_is_finished_after_a_restart(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, _, follower = nodes.pair("Alpha", SECRET)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    with monkeypatch.context() as cut:
        cut.setattr(destruction, "settle", lambda store: None)
        erased(origin, handle)
        synced(follower)
    for home in (origin, follower):
        again = nodes.again(home)
        found = erasure.erased(again, handle)
        assert found and not found.done and owed(again)
        assert erasure.settle_promptly(again) and traces(again) == []


def test_a_mirror_cannot_erase_what_the_network_did_not(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha", SECRET)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    proxy = nodes.proxy(served.url)
    third = nodes.home("Third")
    pin(third, origin, proxy.url)
    published(origin, "Gamma")

    def erasing(path: str, answer: Answer) -> Answer:
        lines = [line for line in answer.body.split(b"\n") if not line.startswith(f"put {handle}".encode())]
        lines = [b"end 2" if line == b"end 1" else line for line in lines]
        gone = f"erase {key_of(handle).hex()}".encode()
        at = next((i for i, line in enumerate(lines) if line.startswith(b"put ")), len(lines))
        return answer._replace(body=b"\n".join([*lines[:at], gone, *lines[at:]]))

    proxy.change = lambda path, answer: erasing(path, answer) if "/changes" in path or "/page/" in path else answer
    with follower.store.writing() as db:
        db.execute("UPDATE source SET url = ? WHERE network_id = ?", (proxy.url, network_of(follower, origin).id))
    assert synced(follower).refused
    assert handle in listing(follower, origin.network.network) and problems(follower) == []
    assert synced(third).error and listing(third, origin.network.network) == {}
    proxy.change = lambda path, answer: answer
    assert synced(follower).verified and synced(third).verified
    assert same_view(origin, follower, origin) and same_view(origin, third, origin)


def test_an_erasure_that_is_void_is_undone_by_the_followers(nodes: Nodes) -> None:
    """As after a recovery: the state of the new epoch lists the record again, whoever holds the tombstone takes it."""
    origin, _, follower = nodes.pair("Alpha", SECRET)
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    with origin.store.reading() as db:
        feed = held(origin, origin)
        put = records.record(db, feed.id, feed.commitments, key_of(handle))
    assert isinstance(put, Put)
    erased(origin, handle)
    assert synced(follower).verified and traces(follower) == []
    with follower.store.writing() as db:
        records.apply(db, held(follower, origin).id, [put], 3)
    assert len(searchable(follower, origin.network.network)) == 2
    assert erasure.erased(follower, handle) is None


def test_a_restricted_record_is_erased_for_its_own_circle_only(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    own = edits.add(origin, "person", {"name": SECRET, "country": "TH"}, NOW)
    publish.publish(origin, NOW)
    assert erasure.erase(origin, own.handle, NOW).circle == "partners"
    public = held(origin, origin).followed
    publish.publish(origin, NOW)
    assert traces(origin) == [] and held(origin, origin).followed == public


@pytest.mark.clock
def test_serving_destroys_what_a_command_left_and_tells_the_origin(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LOOK_AGAIN", 0.2)
    monkeypatch.setattr(background, "PAUSE", 0.05)
    origin, follower = nodes.home("Origin", "Alpha", SECRET), nodes.home("Follower", "Beta")
    pin(follower, origin, nodes.served(origin, create_app(origin)).url)
    pin(origin, follower)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    erased(origin, handle)
    act = Background(follower, allow_private=True)
    with closing(Home(follower.path)) as reader, reader.store.reading() as db:
        db.execute("SELECT count(*) FROM record").fetchone()
        assert synced(follower).verified and owed(follower)
        act.start()
    try:
        until(lambda: [str(one.told.position) for one in received(origin)] == ["1.2"], "the receipt")
    finally:
        act.stop()
    assert not owed(follower) and traces(follower) == []


def test_a_sync_finishes_what_readers_put_off(nodes: Nodes) -> None:
    """One pass over all networks ends with the destruction that an earlier one could not finish."""
    origin, _, follower = nodes.pair("Alpha", SECRET)
    assert synced(follower).verified
    (handle,) = (h for h, body in listing(origin, origin.network.network).items() if SECRET.encode() in body)
    erased(origin, handle)
    with closing(Home(follower.path)) as reader, reader.store.reading() as db:
        db.execute("SELECT count(*) FROM record").fetchone()
        assert synced(follower).verified and owed(follower)
    heartbeat(origin)
    asyncio.run(sync(follower, allow_private=True))
    assert not owed(follower) and traces(follower) == []
