"""Restricted circles between real nodes: who is given what, and that everybody else finds nothing at all."""

from __future__ import annotations

import asyncio
import http.client
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from fednet.directory.search import OPERATOR, Query, search
from fednet.errors import MalformedError, NotFoundError, UsageError
from fednet.node import circles, edits, following, publish, signatures, sync
from fednet.node.home import Home
from fednet.node.signatures import Signer, signer
from fednet.store import circles as kept
from fednet.store import feeds
from fednet.store.feeds import Network
from fednet.web.app import create_app
from tests.node.nodes import NOW, Nodes, Served, network_of, organization, pin, published


class Got(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]


def ask(url: str, by: Signer | None = None, method: str = "GET", **headers: str) -> Got:
    """One request, signed by somebody or by nobody. Dates are left out of what came back."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.request(method, path, headers={**(by.headers(method, url) if by else {}), **headers})
    response = connection.getresponse()
    got = Got(response.status, response.read(), {k.lower(): v for k, v in response.getheaders() if k != "date"})
    connection.close()
    return got


def contact(home: Home, word: str, circle: str | None = None) -> str:
    """An organisation, and its contact in a restricted circle, both published; the handle of the contact."""
    about = edits.add(home, "organization", organization(word), NOW)
    fields = {"kind": "contact", "organization": about.handle, "emails": [f"{word.lower()}@closed.example"]}
    made = edits.add(home, "contact", fields, NOW, circle)
    publish.publish(home, NOW)
    return made.handle


def befriended(a: Home, b: Home, url: str) -> Network:
    """`a` follows `b` at an address, and counts it as a partner."""
    network = pin(a, b, url)
    following.partner(a, network)
    return network


def synced(home: Home) -> list[sync.Synced]:
    return asyncio.run(sync.sync(home, allow_private=True))


def found(home: Home, word: str) -> list[str]:
    """Circles of what the operator of a node finds."""
    return [hit.circle for hit in search(home.store, Query(text=word, kinds=("contact",)), OPERATOR, NOW).hits]


def held_circles(home: Home, network: Network) -> list[str]:
    with home.store.reading() as db:
        return sorted(feed.circle for feed in feeds.feeds(db, network))


class Pair(NamedTuple):
    """Two nodes, both served."""

    a: Home
    b: Home
    at_a: Served
    at_b: Served


@pytest.fixture
def pair(nodes: Nodes) -> Pair:
    a, b = nodes.home("A", "Alpha"), nodes.home("B", "Beta")
    return Pair(a, b, nodes.served(a, create_app(a)), nodes.served(b, create_app(b)))


# --- partners


def test_partners_find_each_others_contacts_and_nobody_else_does(nodes: Nodes, pair: Pair) -> None:
    a, b, at_a, at_b = pair
    third = nodes.home("Third")
    befriended(a, b, at_b.url)
    befriended(b, a, at_a.url)
    pin(third, a, at_a.url)
    befriended(third, b, at_b.url)  # which does not count it as one
    pin(b, third)
    contact(a, "Anemone")
    contact(b, "Bluebell")
    for home in (a, b, third):
        assert {result.error for result in synced(home)} <= {None, "Third has no address"}
    assert found(a, "bluebell") == found(b, "anemone") == ["partners"]
    assert found(third, "bluebell") == found(third, "anemone") == []
    for served in (at_a, at_b):
        for path in ("/?text=closed&kind=contact", "/api/v1/people?text=closed", "/networks"):
            got = ask(served.url + path)
            assert got.status == 200 and not [word for word in (b"anemone@", b"bluebell@") if word in got.body]
    assert held_circles(third, network_of(third, b)) == ["public"]


def test_changes_travel_and_so_does_their_end(pair: Pair) -> None:
    a, b, at_a, _ = pair
    network = befriended(b, a, at_a.url)
    following.partner(a, pin(a, b))
    handle = contact(a, "Anemone")
    assert [(r.circle, r.edition, r.error) for r in synced(b)] == [("public", 2, None), ("partners", 1, None)]
    edits.edit(a, handle, {"emails": ["moved@closed.example"]}, NOW)
    publish.publish(a, NOW)
    assert [(r.circle, r.edition) for r in synced(b)] == [("public", 2), ("partners", 2)]
    assert found(b, "moved") == ["partners"] and found(b, "anemone") == []
    following.partner(a, network_of(a, b), partner=False)
    assert [r.circle for r in synced(b)] == ["public"]
    assert found(b, "moved") == [] and held_circles(b, network) == ["public"]


def test_ending_a_partnership_destroys_what_was_given_in_confidence(pair: Pair) -> None:
    a, b, at_a, _ = pair
    network = befriended(b, a, at_a.url)
    following.partner(a, pin(a, b))
    contact(a, "Anemone")
    synced(b)
    assert found(b, "anemone") == ["partners"]
    following.partner(b, network, partner=False)
    assert found(b, "anemone") == [] and held_circles(b, network) == ["public"]


def test_what_is_held_of_a_network_that_is_no_partner_goes_with_the_next_sync(pair: Pair) -> None:
    a, b, at_a, at_b = pair
    befriended(a, b, at_b.url)
    befriended(b, a, at_a.url)
    contact(b, "Bluebell")
    synced(a)
    with a.store.writing() as db:  # as if it had come by another way than the partnership, or while that ended
        feeds.set_partner(db, network_of(a, b), False)
    assert found(a, "bluebell") == ["partners"]
    at_b.close()
    synced(a)
    assert found(a, "bluebell") == [] and held_circles(a, network_of(a, b)) == ["public"]


def test_what_answers_in_place_of_a_node_makes_nobody_forget(nodes: Nodes, pair: Pair) -> None:
    a, b, at_a, _ = pair
    proxy = nodes.proxy(at_a.url)
    network = befriended(b, a, at_a.url)
    following.partner(a, pin(a, b))
    contact(a, "Anemone")
    synced(b)
    proxy.change = lambda path, answer: answer._replace(status=404, body=b"<h1>nothing here</h1>")
    with b.store.writing() as db:
        db.execute("UPDATE source SET url = ? WHERE network_id = ?", (proxy.url, network.id))
    assert [bool(r.error) for r in synced(b)] == [True, True]
    assert found(b, "anemone") == ["partners"]


def test_restricted_circles_are_read_from_the_network_itself_only(nodes: Nodes, pair: Pair) -> None:
    a, b, at_a, at_b = pair
    befriended(b, a, at_a.url)
    following.partner(a, pin(a, b))
    contact(a, "Anemone")
    synced(b)
    third = nodes.home("Third")
    befriended(third, a, at_b.url)  # reads a's feed from b, who holds the restricted one too
    with third.store.writing() as db:
        db.execute("UPDATE source SET rank = 1")
    at_b.asked.clear()
    assert [r.circle for r in synced(third)] == ["public"]
    assert not any("partners" in path or "circles" in path for path in at_b.asked)


def test_an_asker_whose_clock_is_hours_off_is_told_and_comes_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, at_a, _ = pair
    befriended(b, a, at_a.url)
    following.partner(a, pin(a, b))
    contact(a, "Anemone")
    real = signatures.now
    monkeypatch.setattr(
        "fednet.node.sync.signer",
        lambda home: Signer(home.network.network, home.keys.transport_seed, clock=lambda: real() - timedelta(hours=5)),
    )
    assert [r.error for r in synced(b)] == [None, None]
    assert found(b, "anemone") == ["partners"]


def test_a_wrong_signature_is_told_and_destroys_nothing(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, at_a, _ = pair
    befriended(b, a, at_a.url)
    following.partner(a, pin(a, b))
    contact(a, "Anemone")
    synced(b)
    monkeypatch.setattr("fednet.node.sync.signer", lambda home: Signer(home.network.network, bytes(32)))
    results = synced(b)
    assert results[0].error is None and "401 unauthenticated" in (results[1].error or "")
    assert found(b, "anemone") == ["partners"]


def test_a_partner_that_does_not_know_us_is_told_of_and_public_sync_goes_on(pair: Pair) -> None:
    a, b, at_a, _ = pair
    befriended(b, a, at_a.url)
    contact(a, "Anemone")
    [public] = synced(b)
    assert public.verified and public.error is None
    assert "401 unauthenticated" in (public.hint or "") and "must follow us too" in (public.hint or "")


# --- named circles


def test_a_named_circle_is_for_its_members(nodes: Nodes, pair: Pair) -> None:
    a, b, at_a, _ = pair
    circles.add(a, "board", NOW)
    befriended(b, a, at_a.url)
    member = pin(a, b)
    contact(a, "Anemone", "board")
    assert [r.circle for r in synced(b)] == ["public"]
    circles.set_member(a, "board", member)
    assert [r.circle for r in synced(b)] == ["public", "board"]
    assert found(b, "anemone") == ["board"]
    following.partner(a, member)  # a partner reads both, when there is something
    contact(a, "Aster")
    assert sorted(r.circle for r in synced(b)) == ["board", "partners", "public"]
    circles.set_member(a, "board", member, False)
    assert sorted(r.circle for r in synced(b)) == ["partners", "public"]
    assert found(b, "anemone") == [] and found(b, "aster") == ["partners"]


def test_a_network_reads_its_own_feed_back_from_a_member(pair: Pair) -> None:
    a, b, at_a, at_b = pair
    befriended(b, a, at_a.url)
    following.partner(a, pin(a, b))
    contact(a, "Anemone")
    synced(b)
    path = f"{at_b.url}/feeds/{a.network.network}"
    assert ask(f"{path}/circles", signer(a)).body == b"partners\n"
    back = ask(f"{path}/partners/changes?since=0.0", signer(a))
    assert back.status == 200 and b"anemone@closed.example" in back.body
    assert ask(f"{path}/partners/changes?since=0.0", signer(b)).status == 404  # not even to who holds it


@pytest.mark.parametrize("act", [
    lambda home, network: circles.add(home, "public", NOW),
    lambda home, network: circles.add(home, "local", NOW),
    lambda home, network: circles.add(home, "partners", NOW),
    lambda home, network: circles.set_member(home, "board", network),
    lambda home, network: circles.set_member(home, "partners", network),
    lambda home, network: circles.set_member(home, "public", network),
    lambda home, network: edits.add(home, "organization", organization("X"), NOW, "board"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(pair: Pair, act: Callable[[Home, Network], object]) -> None:
    network = pin(pair.a, pair.b)
    with pytest.raises(UsageError):
        act(pair.a, network)


def test_a_circle_has_a_plain_name_and_one_of_it(pair: Pair) -> None:
    circles.add(pair.a, "board", NOW)
    with pytest.raises(UsageError, match="taken"):
        circles.add(pair.a, "board", NOW)
    for name in ("Board", "", "a" * 33, "bo/ard"):
        with pytest.raises(MalformedError):
            circles.add(pair.a, name, NOW)
    with pair.a.store.reading() as db:
        assert kept.names(db) == ["public", "partners", "board"]


def test_who_reads_more_than_whom(pair: Pair) -> None:
    a, b = pair.a, pair.b
    for name in ("board", "youth"):
        circles.add(a, name, NOW)
    network = pin(a, b)

    def reads(wide: str, narrow: str) -> bool:
        with a.store.reading() as db:
            return circles.reads(db, wide, narrow)

    assert reads("public", "partners") and reads("public", "public") and reads("board", "board")
    assert not reads("partners", "public") and not reads("board", "youth")  # empty today, not for ever
    circles.set_member(a, "board", network)
    assert not reads("partners", "board")
    following.partner(a, network)
    assert reads("partners", "board") and reads("board", "partners") and not reads("youth", "board")


# --- outsiders


PATHS = (
    "circles",
    "{}/changes?since=0.0",
    "{}/changes?since=1.1",
    "{}/changes?since=9.9",
    "{}/1/checkpoint",
    "{}/1/checkpoint?after=1.1&wait=20",
    "{}/1/tile/0/000.p/1",
    "{}/1/tile/entries/000.p/1",
    "{}/page/root-" + "0" * 64,
    "{}/proof/00000000-0000-4000-8000-000000000000",
    "{}/changes?since=what",
    "{}/page/what",
    "{}/what",
    "{}",
)


def plain(got: Got) -> Got:
    """Without the time of day that a 401 tells."""
    return got._replace(body=re.sub(rb"20[0-9TZ:-]+", b"", got.body))


def test_an_outsider_cannot_tell_a_circle_from_none(nodes: Nodes, pair: Pair) -> None:
    a, b, at_a, _ = pair
    outsider, stranger = nodes.home("Outsider"), nodes.home("Stranger")
    circles.add(a, "board", NOW)
    pin(a, outsider)
    circles.set_member(a, "board", pin(a, b))
    contact(a, "Anemone", "board")
    contact(a, "Aster")
    at = f"{at_a.url}/feeds/{a.network.network}"
    nowhere = f"{at_a.url}/feeds/{'a' * 32}"
    for path in PATHS:
        for asker in (None, signer(outsider)):
            for method in ("GET", "HEAD", "POST"):
                answers = {
                    str(ask(f"{base}/{path.format(circle)}", asker, method))
                    for base in (at, nowhere) for circle in ("board", "partners", "nothing", "z")
                }  # fmt: skip
                assert len(answers) == 1, (path, method)
        got = [ask(f"{at}/{path.format(circle)}", signer(stranger)) for circle in ("board", "other")]
        assert [one.status for one in got] in ([401, 401], [404, 404], [405, 405])
        assert plain(got[0]) == plain(got[1]._replace(body=got[1].body.replace(b"/other", b"/board")))
    got = ask(f"{at}/board/changes?since=0.0", signer(outsider))
    assert (got.status, got.headers["cache-control"]) == (404, "private, no-cache")
    assert ask(f"{at}/board/changes?since=0.0", signer(stranger)).status == 401
    assert ask(f"{at}/board/changes?since=0.0", signer(b)).status == 200


def test_a_blocked_partner_is_nobody(pair: Pair) -> None:
    a, b, at_a, _ = pair
    network = pin(a, b)
    following.partner(a, network)
    contact(a, "Anemone")
    at = f"{at_a.url}/feeds/{a.network.network}/partners/changes?since=0.0"
    assert ask(at, signer(b)).status == 200
    following.block(a, network)
    assert ask(at, signer(b)).status == 401


def test_restricted_answers_are_stored_by_nobody(pair: Pair) -> None:
    a, b, at_a, _ = pair
    following.partner(a, pin(a, b))
    contact(a, "Anemone")
    at = f"{at_a.url}/feeds/{a.network.network}"
    for path in ("circles", "partners/1/checkpoint", "partners/1/tile/0/000.p/1", "partners/changes?since=0.0"):
        got = ask(f"{at}/{path}", signer(b))
        assert got.status == 200 and got.headers["cache-control"] == "no-store" and "etag" not in got.headers
        assert "Signature" in got.headers["vary"]


def test_a_long_poll_ends_with_the_membership(nodes: Nodes, pair: Pair) -> None:
    a, b, at_a, _ = pair
    network = pin(a, b)
    following.partner(a, network)
    contact(a, "Anemone")
    at = f"{at_a.url}/feeds/{a.network.network}/partners/1/checkpoint?after=1.1&wait=30"

    asked = threading.Event()
    at_a.before = lambda path: asked.set()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, at, signer(b))
        assert asked.wait(10)
        following.partner(a, network, partner=False)
        assert waiting.result(20).status == 404


def test_a_restricted_edit_makes_no_public_edition(pair: Pair) -> None:
    a = pair.a
    contact(a, "Anemone")
    with a.store.reading() as db:
        before = feeds.public_feed(db, a.network.network).followed
    handle = edits.add(a, "person", {"name": "Somebody"}, NOW).handle
    publish.publish(a, NOW)
    edits.withdraw(a, handle, NOW)
    publish.publish(a, NOW)
    with a.store.reading() as db:
        assert feeds.public_feed(db, a.network.network).followed == before


def test_a_feed_that_nobody_may_read_is_no_feed(pair: Pair) -> None:
    a, b = pair.a, pair.b
    published(a, "Gamma")
    network = pin(a, b)
    with a.store.reading() as db:
        for asker in (None, network):
            for circle in ("partners", "nothing"):
                with pytest.raises(NotFoundError, match=r"^no such feed here$"):
                    circles.feed_for(db, a.network.network, circle, asker)
            with pytest.raises(NotFoundError, match=r"^no such feed here$"):
                circles.names_for(db, a.network.network, asker)
