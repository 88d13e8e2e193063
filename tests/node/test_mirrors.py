"""Mirrors: whoever holds a feed can serve it, its bytes are judged the same, and what is gone here is gone there."""

from __future__ import annotations

import asyncio
import socket

import msgspec
import pytest

from fednet.errors import NotFoundError
from fednet.node import edits, following, publish, sync
from fednet.node.home import Home
from fednet.store import drafts, feeds, sources
from fednet.store.drafts import Draft
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    Served,
    add_many,
    held,
    listing,
    network_of,
    pin,
    problems,
    published,
    same_view,
    synced,
)


def converged(origin: Home, follower: Home) -> bool:
    return (
        held(follower, origin).followed.position == held(origin, origin).followed.position
        and same_view(origin, follower, origin)
        and not problems(follower)
    )


def nowhere() -> str:
    """An address at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def mirrored(nodes: Nodes, *words: str) -> tuple[Home, Served, Home, Served]:
    """An origin, its server, and a mirror that has synced, with its server."""
    origin = nodes.home("Origin", *words)
    served = nodes.served(origin)
    mirror = nodes.home("Mirror", "Of its own")
    pin(mirror, origin, served.url)
    assert synced(mirror).verified
    return origin, served, mirror, nodes.served(mirror)


def erase(home: Home, handle: str) -> None:
    with home.store.writing() as db:
        drafts.save(db, [Draft(handle, "public", "erase", None)], NOW)
    publish.publish(home, NOW)


def add_mirror(home: Home, origin: Home, url: str) -> None:
    with home.store.writing() as db:
        sources.add_mirror(db, network_of(home, origin), url)


# --- when the origin is down


def test_a_mirror_serves_when_the_origin_is_down(nodes: Nodes) -> None:
    origin, _, _, at_mirror = mirrored(nodes, "Alpha", "Beta")
    follower = nodes.home("Follower")
    pin(follower, origin, nowhere())
    assert "no connection" in str(synced(follower).error)
    add_mirror(follower, origin, at_mirror.url)
    result = synced(follower)
    assert result.verified and result.source == at_mirror.url and converged(origin, follower)


def test_the_origin_is_asked_first(nodes: Nodes) -> None:
    origin, served, _, at_mirror = mirrored(nodes, "Alpha")
    follower = nodes.home("Follower")
    pin(follower, origin)
    add_mirror(follower, origin, at_mirror.url)
    with follower.store.writing() as db:
        sources.add_origin(db, network_of(follower, origin), served.url)
        assert [tuple(place) for place in sources.named(db, network_of(follower, origin))] == [
            (served.url, "origin", ""),
            (at_mirror.url, "mirror", ""),
        ]
    assert synced(follower).source == served.url


def test_a_mirror_that_is_late_is_no_alarm(nodes: Nodes) -> None:
    origin, served, _, at_mirror = mirrored(nodes, "Alpha")
    follower = nodes.home("Follower")
    pin(follower, origin, served.url, at_mirror.url)
    published(origin, "Beta")
    assert synced(follower).edition == 2
    served.close()
    result = synced(follower)
    assert result.error and not result.refused and held(follower, origin).followed.position == (1, 2)


def test_a_lying_mirror_is_refused_and_an_honest_one_used(nodes: Nodes) -> None:
    origin = nodes.home("Origin")
    add_many(origin, 30)
    publish.publish(origin, NOW)
    honest = nodes.home("Honest")
    pin(honest, origin, nodes.served(origin).url)
    assert synced(honest).verified
    liar = nodes.proxy(nodes.served(honest).url)

    def lies(path: str, answer: Answer) -> Answer:
        return Answer(answer.status, answer.body.replace(b"Member 7", b"Member X"), answer.headers)

    liar.change = lies
    follower = nodes.home("Follower")
    pin(follower, origin, nowhere(), liar.url)
    result = synced(follower)
    assert result.refused and listing(follower, origin.network.network) == {}
    add_mirror(follower, origin, nodes.served(honest).url)
    assert synced(follower).verified and converged(origin, follower)
    assert b"Member X" not in b"".join(listing(follower, origin.network.network).values())


def test_a_mirror_cannot_hold_a_record_back_unseen(nodes: Nodes) -> None:
    origin, _, mirror, at_mirror = mirrored(nodes, "Alpha")
    follower = nodes.home("Follower")
    pin(follower, origin, nowhere(), at_mirror.url)
    assert synced(follower).verified
    add_many(origin, 5)
    publish.publish(origin, NOW)
    with mirror.store.writing() as db:
        network = network_of(mirror, origin)
        sources.set_origin(db, network, nodes.served(origin).url)
    assert synced(mirror).verified
    proxy = nodes.proxy(at_mirror.url)

    def holds_back(path: str, answer: Answer) -> Answer:
        lines = [line for line in answer.body.split(b"\n") if b"Member 3" not in line]
        return Answer(answer.status, b"\n".join(lines).replace(b"end 5", b"end 4"))

    proxy.change = holds_back
    with follower.store.writing() as db:
        db.execute("UPDATE source SET url = ? WHERE url = ?", (proxy.url, at_mirror.url))
    result = synced(follower)
    assert result.refused and held(follower, origin).followed.position == (1, 1)


def test_a_mirror_that_skipped_editions_serves_those_who_begin_there(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fednet.feed.wire.MAX_EDITION_LINES", 5)
    origin, _, mirror, at_mirror = mirrored(nodes, "Alpha")
    for i in range(8):
        published(origin, f"Beta {i}")
    assert synced(mirror).edition == 9
    newcomer = nodes.home("Newcomer")
    pin(newcomer, origin, at_mirror.url)
    assert synced(newcomer).verified and converged(origin, newcomer)


# --- what a mirror does not serve


def test_what_was_erased_is_not_in_what_a_mirror_serves(nodes: Nodes) -> None:
    word = b"Zyxwolfram"
    origin, _, mirror, at_mirror = mirrored(nodes, "Alpha")
    (handle,) = published(origin, word.decode())
    assert synced(mirror).verified and word in crawled(nodes, mirror, origin, at_mirror)
    erase(origin, handle)
    assert synced(mirror).verified
    assert word not in crawled(nodes, mirror, origin, at_mirror)


def crawled(nodes: Nodes, mirror: Home, origin: Home, at_mirror: Served) -> bytes:
    """Every byte that a newcomer is given when it follows the origin through the mirror, and then asks for changes."""
    proxy = nodes.proxy(at_mirror.url)
    given: list[bytes] = []

    def kept(path: str, answer: Answer) -> Answer:
        given.append(answer.body)
        return answer

    proxy.change = kept
    newcomer = nodes.home(f"Newcomer {len(list(nodes.directory.iterdir()))}")
    pin(newcomer, origin, proxy.url)
    assert synced(newcomer).verified and converged(origin, newcomer)
    given.append(proxy.upstream_answer(f"/feeds/{origin.network.network}/public/changes?since=0.0").body)
    given.append(proxy.upstream_answer(f"/feeds/{origin.network.network}/public/changes?since=1.1").body)
    return b"".join(given)


@pytest.mark.parametrize("how", ["block", "unfollow", "void"])
def test_what_is_not_shown_here_is_not_mirrored(nodes: Nodes, how: str) -> None:
    origin, _, mirror, at_mirror = mirrored(nodes, "Alpha")
    mirror.config = msgspec.structs.replace(mirror.config, introduce=True)
    network = network_of(mirror, origin)
    asking = nodes.proxy(at_mirror.url)
    base = f"/feeds/{network.network}"
    paths = [f"{base}/identity", f"{base}/public/1/checkpoint", f"{base}/public/changes?since=0.0"]
    assert [asking.upstream_answer(path).status for path in paths] == [200, 200, 200]
    assert network.network.encode() in asking.upstream_answer("/.well-known/fednet").body
    match how:
        case "block":
            following.block(mirror, network)
        case "unfollow":
            following.unfollow(mirror, network)
        case _:  # hidden: nothing that its network stands by is held
            with mirror.store.writing() as db:
                db.execute("UPDATE feed SET visible = 0 WHERE network_id = ?", (network.id,))
    unknown = asking.upstream_answer(f"/feeds/{'a' * 32}/identity")
    for path in paths:
        answer = asking.upstream_answer(path)
        assert (answer.status, answer.body) == (404, unknown.body)
    assert network.network.encode() not in asking.upstream_answer("/.well-known/fednet").body


def test_restricted_circles_are_not_mirrored(nodes: Nodes) -> None:
    origin, mirror = nodes.home("Origin"), nodes.home("Mirror", "Own")
    (house,) = published(origin, "Alpha")
    edits.add(origin, "contact", {"organization": house, "emails": ["zyxwolfram@example.org"]}, NOW)
    publish.publish(origin, NOW)
    for home, other in ((origin, mirror), (mirror, origin)):
        pin(home, other, nodes.served(other).url)
        following.partner(home, network_of(home, other))
    assert all(result.error is None for result in asyncio.run(sync.sync(mirror, allow_private=True)))
    with mirror.store.reading() as db:
        held_circles = {feed.circle for feed in feeds.feeds(db, network_of(mirror, origin))}
    assert held_circles == {"public", "partners"}
    third = nodes.home("Third")
    pin(third, origin, nodes.served(mirror).url)
    following.partner(third, network_of(third, origin))
    for _ in range(2):
        asyncio.run(sync.sync(third, allow_private=True))
    with third.store.reading() as db:
        assert {feed.circle for feed in feeds.feeds(db, network_of(third, origin))} == {"public"}
    assert converged(origin, third)


# --- found by mention


def mentioning(nodes: Nodes, origin: Home, mirror: Home, at_mirror: Served, url: str) -> Home:
    """A node that follows the origin at `url`, and the mirror, which says whom it follows."""
    mirror.config = msgspec.structs.replace(mirror.config, introduce=True)
    follower = nodes.home("Follower")
    pin(follower, origin, url)
    pin(follower, mirror, at_mirror.url)
    return follower


def both_synced(home: Home) -> dict[str, sync.Synced]:
    return {result.name: result for result in asyncio.run(sync.sync(home, allow_private=True))}


def test_a_peer_that_says_it_follows_a_network_is_the_last_resort(nodes: Nodes) -> None:
    origin, _, mirror, at_mirror = mirrored(nodes, "Alpha")
    follower = mentioning(nodes, origin, mirror, at_mirror, nowhere())
    result = both_synced(follower)["Origin"]
    assert result.verified and result.source == at_mirror.url and converged(origin, follower)
    with follower.store.reading() as db:
        (place,) = sources.mentioned(db, network_of(follower, origin))
    assert tuple(place) == (at_mirror.url, "mentioned", "Mirror")


def test_nobody_else_is_asked_while_the_origin_answers(nodes: Nodes) -> None:
    origin, served, mirror, at_mirror = mirrored(nodes, "Alpha")
    follower = mentioning(nodes, origin, mirror, at_mirror, served.url)
    both_synced(follower)
    at_mirror.asked.clear()
    assert both_synced(follower)["Origin"].source == served.url
    assert not any(f"{origin.network.network}/public/changes" in path for path in at_mirror.asked)


@pytest.mark.parametrize("why", ["blocked", "frozen", "silent"])
def test_peers_that_are_not_to_be_asked_are_not(nodes: Nodes, why: str) -> None:
    origin, _, mirror, at_mirror = mirrored(nodes, "Alpha")
    follower = mentioning(nodes, origin, mirror, at_mirror, nowhere())
    match why:
        case "blocked":
            following.block(follower, network_of(follower, mirror))
        case "frozen":
            with follower.store.writing() as db:
                feeds.freeze(db, network_of(follower, mirror), "split-view")
        case _:
            mirror.config = msgspec.structs.replace(mirror.config, introduce=False)
    at_mirror.asked.clear()
    result = both_synced(follower)["Origin"]
    assert result.error and listing(follower, origin.network.network) == {}
    assert not any(origin.network.network in path and "/public/" in path for path in at_mirror.asked)


def test_a_peer_that_lies_about_another_network_is_refused(nodes: Nodes) -> None:
    origin, _, mirror, at_mirror = mirrored(nodes, "Alpha")
    proxy = nodes.proxy(at_mirror.url)
    proxy.change = lambda path, answer: Answer(answer.status, answer.body.replace(b"Alpha", b"Alpaca"), answer.headers)
    follower = mentioning(nodes, origin, mirror, at_mirror, nowhere())
    with follower.store.writing() as db:
        sources.set_origin(db, network_of(follower, mirror), proxy.url)
        sources.remove(db, network_of(follower, mirror), at_mirror.url)
    result = both_synced(follower)["Origin"]
    assert result.error and listing(follower, origin.network.network) == {}


# --- addresses


def test_addresses_are_kept_in_the_order_in_which_they_are_tried(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    network = pin(follower, origin)

    def urls() -> list[str]:
        return [f"{place.kind} {place.url[-1]}" for place in sources.named(db, network)]

    with follower.store.writing() as db:
        for letter in "abab":
            sources.add_mirror(db, network, f"http://{letter}")
        assert urls() == ["mirror a", "mirror b"] and sources.origin(db, network) is None
        sources.add_origin(db, network, "http://b")
        assert urls() == ["origin b", "mirror a"]
        sources.add_origin(db, network, "http://c")
        assert urls() == ["origin b", "mirror a", "mirror c"]
        sources.set_origin(db, network, "http://c")
        assert urls() == ["origin c", "mirror a", "mirror b"]
        assert sources.remove(db, network, "http://c") and not sources.remove(db, network, "http://c")
        assert urls() == ["mirror a", "mirror b"]
    with pytest.raises(NotFoundError), follower.store.reading() as db:
        feeds.named(db, "Nobody")
