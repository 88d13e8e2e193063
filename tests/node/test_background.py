"""What `serve` does by itself: drafts are signed after a pause, and followers hear of it within seconds."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest

from fednet.node import background, mark, publish
from fednet.node.background import Background
from fednet.node.fetch import Fetched, Fetcher
from fednet.node.following import unfollow
from fednet.node.home import Home
from fednet.node.sync import Synced
from fednet.store.database import Store
from fednet.store.feeds import Network
from tests.node.nodes import NOW, Nodes, Served, add, held, listing, network_of, pin, problems, published
from tests.node.pairs import Pair

WAIT = 10.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "DEBOUNCE", 0.3)
    monkeypatch.setattr(background, "PAUSE", 0.05)
    monkeypatch.setattr(background, "LOOK_AGAIN", 0.5)


def until(true: Callable[[], bool], what: str) -> None:
    """Look again and again, at most so long."""
    again = threading.Event()
    for _ in range(int(WAIT / 0.05)):
        if true():
            return
        again.wait(0.05)
    pytest.fail(f"{what} did not come within {WAIT:.0f} s")


def edition(home: Home, origin: Home) -> int:
    return held(home, origin).followed.position.edition


@pytest.mark.clock
def test_edits_are_signed_after_a_pause_and_heard_of_by_followers(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin"), nodes.home("Follower")
    served = Served(origin)
    pin(follower, origin, served.url)
    acts = [Background(home, allow_private=True) for home in (origin, follower)]
    for act in acts:
        act.start()
    try:
        until(lambda: edition(follower, origin) == 1, "the first edition")
        editor = Home(origin.path)
        handles = [handle for word in ("Alpha", "Beta", "Gamma") for handle in add(editor, word)]
        until(lambda: edition(follower, origin) == 2, "the edition with the edits")
        assert sorted(listing(follower, origin.network.network)) == sorted(handles)
        editor.close()
    finally:
        for act in acts:
            act.stop()
        served.close()
    assert edition(origin, origin) == 2  # one edition took all three
    assert problems(origin) == problems(follower) == []


@pytest.mark.clock
def test_a_network_followed_later_is_synced_and_one_let_go_is_left_alone(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower", "Beta")
    served = Served(origin)
    act = Background(follower, allow_private=True)
    act.start()
    person = Home(follower.path)  # as a command beside `serve`
    try:
        pin(person, origin, served.url)
        until(lambda: edition(person, origin) == 1, "the first sync")
        unfollow(person, network_of(person, origin))
        served.asked.clear()
        published(origin, "Gamma")
        until(lambda: listing(person, origin.network.network) == {}, "letting go")
    finally:
        act.stop()
        served.close()
        person.close()
    assert problems(follower) == []


@pytest.mark.clock
def test_a_letter_under_way_keeps_nobody_from_ending(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks the mail server may lose the request to end, as asyncio.wait_for does."""
    sending = threading.Event()

    async def deliver(home: Home, now: object) -> int:
        sending.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(WAIT)
        return 0

    monkeypatch.setattr("fednet.node.post.deliver", deliver)
    monkeypatch.setattr(background, "LOOK_AGAIN", WAIT)
    act = Background(nodes.home("Origin"), allow_private=True)
    act.start()
    assert sending.wait(WAIT)
    act.stop()
    assert act._loop.is_closed()


@pytest.mark.clock
def test_what_goes_wrong_in_one_task_ends_nothing_else(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, bad, follower = nodes.home("Origin", "Alpha"), nodes.home("Bad", "Beta"), nodes.home("Follower")
    served = Served(origin)
    pin(follower, bad, "http://127.0.0.1:1")
    pin(follower, origin, served.url)
    sync_network, fsync = background.sync_network, os.fsync
    full = [True]

    async def stumbling(home: Home, fetcher: Fetcher, network: Network) -> list[Synced]:
        if network.name == "Bad":
            raise KeyError("a mistake of ours")
        return await sync_network(home, fetcher, network)

    def on_a_full_disk(descriptor: int) -> None:
        if full:
            full.clear()
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(background, "sync_network", stumbling)
    monkeypatch.setattr("fednet.node.files.os.fsync", on_a_full_disk)
    act = Background(follower, allow_private=True)
    act.start()
    try:
        until(lambda: edition(follower, origin) == 1, "the edition of the good peer")
        until(lambda: edition(follower, follower) == 1, "the own edition")
    finally:
        act.stop()
        served.close()
    assert problems(follower) == []


@pytest.mark.clock
def test_what_a_crash_left_unsigned_is_signed_at_the_next_start(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    home = nodes.home("Example", "Alpha")
    add(home, "Beta")
    with monkeypatch.context() as breaking:
        breaking.setattr(mark.Mark, "advance", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish.publish(home, NOW)
    act = Background(home, allow_private=True)
    act.start()
    try:
        until(lambda: edition(home, home) == 2, "the edition")
    finally:
        act.stop()
    assert problems(home) == []


class Static:
    """A source that lets nobody wait, as a static host."""

    name, origin = "http://static.example", True

    def __init__(self, checkpoint: bytes) -> None:
        self.checkpoint, self.asked = checkpoint, 0

    async def get(self, path: str, **options: object) -> Fetched:
        self.asked += 1
        return Fetched(200, self.checkpoint, len(self.checkpoint))


def test_a_static_host_is_not_asked_without_pause(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = nodes.home("Origin", "Alpha")
    feed = held(origin, origin)
    assert feed.followed.checkpoint is not None
    host, pauses = Static(feed.followed.checkpoint.encoded), list[float]()

    async def paused(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            host.checkpoint = b"something else"

    monkeypatch.setattr("fednet.node.background.asyncio.sleep", paused)
    act = Background(origin, allow_private=True)
    act._loop.run_until_complete(act._news_of(host, feed))  # type: ignore[arg-type]
    act._loop.close()
    assert host.asked == 4 and all(background.POLL - 5 < pause <= background.POLL for pause in pauses[:3])


def test_news_are_waited_for_where_the_feed_was_read_last(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    feed = held(origin, origin)
    for source, told_by in (
        (None, "http://origin.example"),
        ("b.fednet", "http://origin.example"),
        ("http://mirror.example", "http://mirror.example"),
    ):
        read = msgspec.structs.replace(feed, source=source)
        assert background._told_by(read, "http://origin.example") == told_by
        restricted = msgspec.structs.replace(read, followed=msgspec.structs.replace(read.followed, circle="partners"))
        assert background._told_by(restricted, "http://origin.example") == "http://origin.example"
    assert background._told_by(msgspec.structs.replace(feed, source="b.fednet"), None) is None


@pytest.mark.clock
def test_what_comes_is_matched_step_by_step_and_a_mistake_there_ends_nothing_else(nodes: Nodes) -> None:
    home = nodes.home("Origin")
    steps: list[bool] = [True, True, False]
    taken: list[int] = []

    def match(store: Store) -> bool:
        taken.append(len(taken))
        if len(taken) == 2:
            raise ValueError("a mistake of ours")
        return steps[min(len(taken) - 1, 2)]

    act = Background(home, allow_private=True, match=match)
    act.start()
    try:
        until(lambda: len(taken) >= 3, "the third step")
        add(home, "Alpha")
        until(lambda: edition(home, home) == 2, "the edition with the edit")
    finally:
        act.stop()


def test_nothing_is_due_while_signing_is_on_hold(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    add(origin, "Beta")
    act = Background(origin, allow_private=True)
    assert list(act._edited({})) == ["public"]
    publish.hold(origin, True)
    assert act._edited({}) == {}
    publish.hold(origin, False)
    assert list(act._edited({})) == ["public"]
    act._loop.close()


@pytest.mark.clock
def test_what_is_said_in_an_introduction_is_told_within_seconds(nodes: Nodes) -> None:
    pair = Pair(nodes, a_reachable=True, b_reachable=True)
    acts = [Background(home, allow_private=True) for home in (pair.a, pair.b)]
    for act in acts:
        act.start()
    try:
        id_ = pair.ask()
        until(lambda: not pair.waiting(pair.a), "the ask")
        pair.accept(id_)
        until(lambda: pair.introduced(id_), "the answer, and then the details")
    finally:
        for act in acts:
            act.stop()
