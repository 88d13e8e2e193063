"""Erasing from the command line, and what `show` and `status` tell of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from fednet.node import receipts
from fednet.node.home import Home, now
from fednet.node.receipts import Receipt
from fednet.store import destruction, feeds
from tests.cli.conftest import Fednet
from tests.cli.test_records import added
from tests.feed.network import BEGAN, Network

PEERS = [Network("Northern Network"), Network("Southern Network")]


def test_a_record_is_erased_and_show_tells_who_has_confirmed(node: Fednet) -> None:
    handle = added(node)
    added(node, '{"names": {"en": "Other House"}}')
    node("publish")
    with closing(Home(Path("node"))) as home, home.store.writing() as db:
        for peer in PEERS:
            feeds.pin(db, peer.identity, BEGAN)
    said = node("erase", handle, "--yes")
    assert said.code == 0 and "hint: fednet publish" in said.err
    assert node("show", handle, "--json").lines[0]["draft"] == "erase"
    assert "its erasure waits to be signed" in node("show", handle).out
    node("publish")
    with closing(Home(Path("node"))) as home:
        with home.store.reading() as db:
            north = feeds.named(db, "Northern")
        receipts.take(home, north, Receipt(home.network.network, "public", 1, 2), now())
    (shown,) = node("show", handle, "--json").lines
    assert (shown["erased"], shown["destroyed"], shown["epoch"], shown["edition"]) == (True, True, 1, 2)
    assert shown["fields"] == {} and shown["kind"] is None
    confirmed = {one["name"]: (one["confirmed"], one["newest"]) for one in shown["receipts"]}
    assert confirmed == {"Northern Network": (True, "1.2"), "Southern Network": (False, None)}
    words = node("show", handle).out
    assert "erased by" in words and "Northern Network (holds 1.2 since" in words
    assert "unconfirmed by" in words and "Southern Network (never sent a receipt)" in words
    (own, *_) = node("status", "--json").lines
    (receipt,) = own["receipts"]
    assert (receipt["network"], receipt["newest"], own["destroying"]) == (PEERS[0].id, "1.2", False)
    assert "Northern Network holds 1.2" in node("status").err


def test_erasing_asks_and_without_a_terminal_says_which_option_decides(node: Fednet) -> None:
    handle = added(node)
    said = node("erase", handle)
    assert said.code == 2 and "Erase 'Aster House' for good?" in said.err and "hint: add --yes" in said.err
    assert node("show", handle).code == 0


def test_a_draft_is_gone_at_once_and_a_second_erasure_says_what_was_done(node: Fednet) -> None:
    handle = added(node)
    assert "it was never signed, and is gone" in node("erase", handle, "--yes").err
    assert node("show", handle).code == 1 and node("erase", handle, "--yes").code == 1
    other = added(node)
    node("publish")
    node("withdraw", other, "--yes")
    assert node("erase", other, "--yes").code == 0  # a withdrawal that waits becomes an erasure
    node("publish")
    said = node("erase", other, "--yes")
    assert said.code == 2 and "is erased already, since edition 2" in said.err


def test_status_says_when_something_is_not_wholly_destroyed(node: Fednet) -> None:
    added(node)
    node("publish")
    with closing(Home(Path("node"))) as home, home.store.writing() as db:
        destruction.owe(db, prompt=True)
    assert node("status", "--json").lines[0]["destroying"] is True
    assert "not wholly destroyed yet" in node("status").err
    node("publish")
    assert node("status", "--json").lines[0]["destroying"] is False
