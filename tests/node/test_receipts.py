"""Who holds what: a follower says so, signed, when what was erased is destroyed there; an origin believes no more."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest

from fednet.errors import GoneError, MalformedError, NotFoundError, RollbackError
from fednet.feed.wire import Position
from fednet.node import confirming, edits, erasure, publish, receipts
from fednet.node.fetch import Fetcher
from fednet.node.home import Home
from fednet.node.receipts import Receipt, parse_receipt
from fednet.node.sync import sync
from fednet.store import feeds
from fednet.store import receipts as stored
from fednet.web.app import create_app
from tests.node.nodes import NOW, Nodes, Served, add, heartbeat, held, listing, network_of, pin, published, synced


def mutual(nodes: Nodes, *words: str) -> tuple[Home, Served, Home]:
    """An origin that lists these, its whole server, and a follower that it follows back."""
    origin, follower = nodes.home("Origin", *words), nodes.home("Follower")
    served = nodes.served(origin, create_app(origin))
    pin(follower, origin, served.url)
    pin(origin, follower)
    return origin, served, follower


def confirmed(origin: Home) -> dict[str, str]:
    """What of each circle was confirmed to an origin by anybody."""
    return {one.circle: str(one.told.position) for one in receipts.received(origin)}


def erase(origin: Home) -> str:
    handle = min(listing(origin, origin.network.network))
    erasure.erase(origin, handle, NOW)
    publish.publish(origin, NOW)
    return handle


def test_a_sync_tells_the_origin_how_much_is_held(nodes: Nodes) -> None:
    origin, _, follower = mutual(nodes, "Alpha", "Beta")
    assert confirmed(origin) == {}
    assert synced(follower).verified
    assert confirmed(origin) == {"public": "1.1"} and held(follower, origin).receipted == "1.1"
    published(origin, "Gamma")
    assert synced(follower).verified and confirmed(origin) == {"public": "1.2"}


def test_an_erasure_is_unconfirmed_until_the_follower_has_destroyed_it(nodes: Nodes) -> None:
    origin, _, follower = mutual(nodes, "Alpha", "Beta")
    silent = nodes.home("Silent")
    pin(origin, silent)
    assert synced(follower).verified
    handle = erase(origin)

    def standing() -> dict[str, tuple[bool, str | None]]:
        found = erasure.erased(origin, handle)
        assert found is not None and found.position == (1, 2)
        return {c.network.name: (c.confirmed, str(c.told.position) if c.told else None) for c in found.confirmations}

    assert standing() == {"Follower": (False, "1.1"), "Silent": (False, None)}
    with closing(Home(follower.path)) as reader, reader.store.reading() as db:
        db.execute("SELECT count(*) FROM record").fetchone()  # a reader keeps the old pages alive
        assert synced(follower).verified
    assert standing()["Follower"] == (False, "1.1")
    assert synced(follower).verified
    assert standing() == {"Follower": (True, "1.2"), "Silent": (False, None)}


def test_one_receipt_is_sent_for_a_feed_and_none_again_for_the_same_edition(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    app = create_app(origin)
    sent: list[str] = []

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        sent.extend([scope["path"]] if scope["type"] == "http" and scope["path"] == "/receipt" else [])
        await app(scope, receive, send)

    pin(follower, origin, nodes.served(origin, counted).url)
    pin(origin, follower)
    assert synced(follower).verified and synced(follower).verified
    assert sent == ["/receipt"]
    heartbeat(origin)
    assert synced(follower).verified
    assert sent == ["/receipt", "/receipt"]


def test_a_follower_that_the_origin_does_not_know_syncs_all_the_same(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    pin(follower, origin, nodes.served(origin, create_app(origin)).url)
    assert synced(follower).verified
    assert confirmed(origin) == {} and held(follower, origin).receipted is None
    pin(origin, follower)
    assert synced(follower).verified  # nothing new came, but the receipt is still wanted
    assert confirmed(origin) == {"public": "1.1"}


def test_an_origin_that_takes_no_receipts_harms_no_sync(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")  # serves feeds only, as a static host would
    assert synced(follower).verified and held(follower, origin).receipted is None


def test_a_receipt_goes_to_the_origin_and_not_to_a_mirror(nodes: Nodes) -> None:
    origin, served, follower = mutual(nodes, "Alpha")
    mirror = nodes.home("Mirror")
    pin(mirror, origin, served.url)
    assert synced(mirror).verified
    mirroring = nodes.served(mirror, create_app(mirror))
    with follower.store.writing() as db:
        db.execute("UPDATE source SET rank = 1 WHERE network_id = ?", (network_of(follower, origin).id,))
        network = network_of(follower, origin).id
        db.execute("INSERT INTO source (network_id, url, rank) VALUES (?, ?, 0)", (network, "http://127.0.0.1:1"))
        db.execute("UPDATE source SET url = ? WHERE network_id = ? AND rank = 1", (mirroring.url, network))
    assert synced(follower).verified
    assert confirmed(origin) == {} and confirmed(mirror) == {} and held(follower, origin).receipted is None


def test_a_restricted_circle_is_confirmed_by_its_members_only(nodes: Nodes) -> None:
    origin, _, follower = mutual(nodes, "Alpha")
    edits.add(origin, "person", {"name": "Individual member 07 (fictitious)", "country": "TH"}, NOW)
    publish.publish(origin, NOW)
    with origin.store.writing() as db:
        feeds.set_partner(db, network_of(origin, follower), True)
    with follower.store.writing() as db:
        feeds.set_partner(db, network_of(follower, origin), True)
    asyncio.run(sync(follower, allow_private=True))
    assert confirmed(origin) == {"public": "1.1", "partners": "1.1"}
    with origin.store.writing() as db:
        feeds.set_partner(db, network_of(origin, follower), False)
    receipt = Receipt(origin.network.network, "partners", 1, 1)
    with pytest.raises(NotFoundError) as no_longer:
        receipts.take(origin, network_of(origin, follower), receipt, NOW)
    with pytest.raises(NotFoundError) as never:
        receipts.take(origin, network_of(origin, follower), Receipt(origin.network.network, "nothing", 1, 1), NOW)
    assert no_longer.value.detail == never.value.detail
    assert confirmed(origin) == {"public": "1.1"}


def test_a_receipt_for_what_was_never_signed_is_refused_and_older_ones_change_nothing(nodes: Nodes) -> None:
    origin, _, follower = mutual(nodes, "Alpha")
    published(origin, "Beta")
    asker, network = network_of(origin, follower), origin.network.network
    receipts.take(origin, asker, Receipt(network, "public", 1, 2), NOW)
    receipts.take(origin, asker, Receipt(network, "public", 1, 1), NOW)
    assert confirmed(origin) == {"public": "1.2"}
    for epoch, edition in ((1, 3), (2, 1), (1, 2**80)):
        with pytest.raises(RollbackError):
            receipts.take(origin, asker, Receipt(network, "public", epoch, edition), NOW)
    with pytest.raises(NotFoundError):
        receipts.take(origin, asker, Receipt(follower.network.network, "public", 1, 1), NOW)
    with pytest.raises(NotFoundError):
        receipts.take(origin, origin.network, Receipt(network, "public", 1, 1), NOW)


def test_what_an_epoch_has_closed_is_no_longer_confirmed(nodes: Nodes) -> None:
    origin, _, follower = mutual(nodes, "Alpha", "Beta")
    for _ in range(2):
        heartbeat(origin)
    asker, network = network_of(origin, follower), origin.network.network
    receipts.take(origin, asker, Receipt(network, "public", 1, 3), NOW)
    with origin.store.writing() as db:  # as after a recovery that closed epoch 1 at edition 1
        feed = held(origin, origin)
        db.execute(
            "UPDATE feed SET epoch = 2, closes = ? WHERE id = ?",
            (b'{"epoch":1,"size":1,"root":"%s","edition":1}' % (b"A" * 43 + b"="), feed.id),
        )
    with pytest.raises(GoneError):
        receipts.take(origin, asker, Receipt(network, "public", 1, 2), NOW)
    receipts.take(origin, asker, Receipt(network, "public", 1, 1), NOW)
    feed = held(origin, origin)
    told = stored.Told(Position(1, 3), "2026-11-21T18:00:00Z")
    assert erasure.holds(feed, told, 1) and not erasure.holds(feed, told, 2)
    assert erasure.holds(feed, told._replace(position=Position(2, 2)), 2)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"network":1,"circle":"public","epoch":1,"edition":1}',
     b'{"network":"a","circle":"public","epoch":1.5,"edition":1}', b"[" * 5_000,
     b'{"network":"a","circle":"public","epoch":true,"edition":1}', b"\xff",
     b'{"network":"a","circle":"public","epoch":1,"edition":1,"more":1}'],
)  # fmt: skip
def test_what_is_no_receipt_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_receipt(raw)


def test_receipts_that_did_not_arrive_are_sent_by_the_next_pass(nodes: Nodes) -> None:
    origin, _, follower = mutual(nodes, "Alpha")
    add(origin, "Beta")
    synced(follower)
    with follower.store.writing() as db:
        db.execute("UPDATE feed SET receipted = NULL")
    with origin.store.writing() as db:
        db.execute("DELETE FROM receipt")

    async def run() -> None:
        async with Fetcher(allow_private=True) as fetcher:
            await confirming.confirm_all(follower, fetcher)

    asyncio.run(run())
    assert confirmed(origin) == {"public": "1.1"}
