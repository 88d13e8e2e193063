"""A follower against sources that lie: whatever is changed on the way is refused, or changes nothing that counts.

Most lies are told by a replay of honest answers with one of them changed; a sample goes through a proxy and sockets.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from urllib.request import urlopen

import msgspec
import pytest

from fednet.errors import NotFoundError
from fednet.feed import ed25519, identity, note, tlog, wire
from fednet.feed.checkpoint import Checkpoint, origin, parse_checkpoint
from fednet.feed.edition import Edition, parse_edition
from fednet.feed.note import Ed25519Signer
from fednet.feed.record import Drop, Put
from fednet.feed.text import base64_text
from fednet.node import answers, edits, fetch, publish, reading, sync
from fednet.node.fetch import Fetched
from fednet.node.following import unfollow
from fednet.node.home import Home
from fednet.store import feeds
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    Proxy,
    add_many,
    flipped,
    heartbeat,
    held,
    listing,
    move,
    network_of,
    pin,
    problems,
    published,
    same_view,
    searchable,
    synced,
)
from tests.node.test_publish import logs

Lie = Callable[[bytes], bytes]


class Replay:
    """Answers as an honest server once gave them, or those of `lies` (path -> body) in their place."""

    def __init__(self, answers: dict[str, Fetched]) -> None:
        self.answers, self.lies = answers, dict[str, bytes]()

    async def get(self, url: str, **how: object) -> Fetched:
        path = url.removeprefix("http://replay.example")
        if path in self.lies:
            return Fetched(200, self.lies[path], len(self.lies[path]))
        return self.answers.get(path, Fetched(404, b'{"error":"not-found","detail":"no"}', 0))

    async def post(self, url: str, body: bytes, **how: object) -> Fetched:
        return Fetched(404, b'{"error":"not-found","detail":"no"}', 0)


class Listening(fetch.Fetcher):
    """A fetcher that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__(allow_private=True)
        self.heard: dict[str, Fetched] = {}

    async def get(self, url: str, **how: object) -> Fetched:  # type: ignore[override]
        fetched = await super().get(url, **how)  # type: ignore[arg-type]
        self.heard["/" + url.split("/", 3)[3]] = fetched
        return fetched


def heard(follower: Home, origin: Home) -> Replay:
    """One honest sync, and what was answered in it."""

    async def listen() -> dict[str, Fetched]:
        async with Listening() as fetcher:
            (result,) = await sync.sync_network(follower, fetcher, network_of(follower, origin))
            assert result.verified, result.error
            return fetcher.heard

    return Replay(asyncio.run(listen()))


def replayed(follower: Home, origin: Home, replay: Replay) -> sync.Synced:
    fetcher: fetch.Fetcher = replay  # type: ignore[assignment]
    return asyncio.run(sync.sync_network(follower, fetcher, network_of(follower, origin)))[0]


def start_again(follower: Home, origin: Home) -> None:
    unfollow(follower, network_of(follower, origin))
    pin(follower, origin, "http://replay.example")


def hurried(home: Home) -> Home:
    """Without waiting for the disk: thousands of syncs."""
    with home.store._mine() as db:
        db.execute("PRAGMA synchronous=OFF")
    return home


def test_a_wrong_answer_does_not_make_us_hash_everything_anew(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta")
    path = f"/feeds/{origin.network.network}/public/changes?since={held(follower, origin).followed.position}"
    with urlopen(served.url + path) as answer:
        honest = answer.read()
    replay = Replay({path: Fetched(200, honest.replace(b"Beta", b"Beda"), len(honest))})
    with follower.store.writing() as db:
        db.execute("UPDATE source SET url = 'http://replay.example'")
    monkeypatch.setattr(reading, "problems", lambda *_: pytest.fail("everything was hashed anew"))
    assert replayed(follower, origin, replay).refused
    assert list(listing(follower, origin.network.network).values()) != []


# --- one flipped bit


def test_no_flipped_bit_of_a_changes_answer_is_believed(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair()
    alpha, _ = published(origin, "Alpha", "Beta")
    synced(follower)
    edits.withdraw(origin, alpha, NOW)
    published(origin, "Gamma")
    heartbeat(origin)
    before = held(follower, origin)
    shown = searchable(follower, origin.network.network)
    replay = _honest_changes(follower, origin)
    (path,) = replay.answers
    body = replay.answers[path].body
    hurried(follower)
    for position in range(len(body)):
        replay.lies[path] = flipped(body, position)
        result = replayed(follower, origin, replay)
        assert result.refused, (position, body[position - 20 : position + 20])
        now = held(follower, origin)
        assert (now.followed, now.records, now.erased) == (before.followed, before.records, before.erased)
    assert searchable(follower, origin.network.network) == shown and problems(follower) == []
    replay.lies.clear()
    assert replayed(follower, origin, replay).verified and same_view(origin, follower, origin)


def _honest_changes(follower: Home, origin: Home) -> Replay:
    """The changes answer that the follower would be given; it is read from there from now on."""
    feed = held(follower, origin)
    with origin.store.reading() as db:
        body = answers.changes(db, held(origin, origin), feed.followed.position)
    move(follower, origin, "http://replay.example")
    path = f"/feeds/{origin.network.network}/public/changes?since={feed.followed.position}"
    return Replay({path: Fetched(200, body, len(body))})


def test_no_flipped_bit_of_a_first_sync_is_believed(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair()
    add_many(origin, 600)
    publish.publish(origin, NOW)
    heartbeat(origin)
    replay = heard(follower, origin)
    expected = listing(origin, origin.network.network)
    hurried(follower)
    kinds = {path: body.body for path, body in replay.answers.items()}
    assert sum("/page/" in path for path in kinds) == 17
    pages = sorted((path for path in kinds if "/page/" in path and "root" not in path), key=lambda p: len(kinds[p]))
    for path, body in kinds.items():
        if path in pages[1:]:
            continue  # one page of records stands for all
        for position in _sample(len(body), 24):
            start_again(follower, origin)
            replay.lies = {path: flipped(body, position)}
            result = replayed(follower, origin, replay)
            if result.refused:
                assert listing(follower, origin.network.network) == {}
                continue
            assert result.verified, (path, position, result.error)
            assert "well-known" in path or "/page/root" in path, (path, position)
            assert listing(follower, origin.network.network) == expected
    assert problems(follower) == []


def _sample(size: int, count: int) -> Iterator[int]:
    """Positions spread over an answer, its ends among them."""
    step = max(size // count, 1)
    yield from range(0, size, step)
    yield size - 1


def test_counts_of_a_page_of_entries_decide_nothing(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair()
    add_many(origin, 600)
    publish.publish(origin, NOW)
    replay = heard(follower, origin)
    path = next(path for path in replay.answers if "/page/root" in path)
    lines = replay.answers[path].body.decode().split("\n")
    changed = [line.rpartition(" ")[0] + " 4000000000" if line.startswith("node") else line for line in lines]
    start_again(follower, origin)
    replay.lies[path] = "\n".join(changed).encode()
    assert replayed(follower, origin, replay).verified
    assert same_view(origin, follower, origin) and problems(follower) == []


def test_a_signature_of_a_stranger_decides_nothing(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta")
    replay = _honest_changes(follower, origin)
    (path,) = replay.answers
    answer = wire.parse_answer(replay.answers[path].body)
    stranger = Ed25519Signer("stranger.example", bytes(32)).signature(answer.checkpoint.text)
    noted = answer.checkpoint.with_signatures([msgspec.structs.replace(stranger, value=bytes(64))])
    replay.lies[path] = msgspec.structs.replace(answer, checkpoint=noted).encoded
    assert replayed(follower, origin, replay).verified and same_view(origin, follower, origin)
    assert problems(follower) == []


def test_bits_flipped_by_a_proxy_never_reach_what_is_shown(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha", "Beta")
    proxy = nodes.proxy(served.url)
    start_again(follower, origin)
    move(follower, origin, proxy.url)
    for number in range(40):
        proxy.change = lambda path, answer, number=number: _flipped_answer(answer, number)  # type: ignore[misc]
        result = synced(follower)
        assert not result.verified or same_view(origin, follower, origin)
    proxy.change = lambda path, answer: answer
    assert synced(follower).verified and same_view(origin, follower, origin)
    refused = 0
    for number in range(40):
        published(origin, f"Gamma {number}")
        proxy.change = lambda path, answer, number=number: _flipped_answer(answer, number)  # type: ignore[misc]
        result = synced(follower)
        refused += result.refused
        assert result.error or same_view(origin, follower, origin)  # the head's reason phrase means nothing
    assert refused > 20 and problems(follower) == []
    proxy.change = lambda path, answer: answer
    assert synced(follower).verified and same_view(origin, follower, origin)


def _flipped_answer(answer: Answer, number: int) -> bytes:
    """Any bit of an answer, of its HTTP head too."""
    raw = answer.encoded
    return flipped(raw, (number * 7919) % len(raw))


# --- lies of the network itself: signed with its own key


def forged(origin: Home, replay: Replay, lie: Callable[[wire.Answer, Ed25519Signer], wire.Answer]) -> None:
    """Let the replay tell a changes answer that the origin's own log key signs."""
    (path,) = replay.answers
    answer = wire.parse_answer(replay.answers[path].body)
    replay.lies[path] = lie(answer, signer(origin)).encoded


def signer(home: Home) -> Ed25519Signer:
    return home.keys.log_signer(origin(home.network.network, "public", 1))


def resigned(answer: wire.Answer, key: Ed25519Signer, before: tlog.Frontier, *lines: bytes) -> wire.Answer:
    frontier = before.extended(map(tlog.leaf_hash, lines))
    checkpoint = note.sign(Checkpoint(key.name, frontier.size, frontier.root).text, key)
    return msgspec.structs.replace(answer, checkpoint=checkpoint, editions=lines)


EDITION_LIES: dict[str, Callable[[Edition], Edition]] = {
    "an edition number too high": lambda e: msgspec.structs.replace(e, edition=e.edition + 1),
    "an edition number repeated": lambda e: msgspec.structs.replace(e, edition=e.edition - 1),
    "more records than there are": lambda e: msgspec.structs.replace(e, records=e.records + 1),
    "erasures that are not there": lambda e: msgspec.structs.replace(e, erased=7),
    "another state": lambda e: msgspec.structs.replace(e, state="A" * 43 + "="),
}


@pytest.mark.parametrize("lie", EDITION_LIES.values(), ids=EDITION_LIES)
def test_an_edition_that_does_not_fit_is_refused(nodes: Nodes, lie: Callable[[Edition], Edition]) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta")
    replay = _honest_changes(follower, origin)
    before = held(follower, origin).followed

    def told(answer: wire.Answer, key: Ed25519Signer) -> wire.Answer:
        return resigned(answer, key, before.frontier, lie(parse_edition(answer.editions[0])).line)

    forged(origin, replay, told)
    assert replayed(follower, origin, replay).refused
    assert held(follower, origin).followed == before and problems(follower) == []
    replay.lies.clear()
    assert replayed(follower, origin, replay).verified and same_view(origin, follower, origin)


def test_changes_left_out_or_added_are_refused(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta", "Gamma")
    replay = _honest_changes(follower, origin)
    before, shown = held(follower, origin).followed, searchable(follower, origin.network.network)
    first, second = wire.parse_answer(replay.answers[next(iter(replay.answers))].body).changes
    assert isinstance(first, Put)
    for changes in ((), (first,), (second, Drop(first.key)), (first, second, Drop(bytes(32)))):
        forged(origin, replay, lambda answer, _, c=changes: msgspec.structs.replace(answer, changes=c))  # type: ignore[misc]
        result = replayed(follower, origin, replay)
        if changes[2:]:  # to drop what was never there changes nothing
            assert result.verified and same_view(origin, follower, origin)
        else:
            assert result.refused and held(follower, origin).followed == before
            assert searchable(follower, origin.network.network) == shown
    assert problems(follower) == []


# --- two histories, and an older one


def twins(nodes: Nodes) -> tuple[Home, Home, Home, Proxy]:
    """One network with two homes that know nothing of each other, and a follower of the first."""
    first, served, follower = nodes.pair("Alpha")
    with first.store.writing() as db:
        db.execute("SELECT 1")
    with first.store._mine() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(first.path, nodes.directory / "twin")
    second = nodes.again(Home(nodes.directory / "twin"))
    second.mark.adopt(second.network.network, logs(second))
    proxy = nodes.proxy(served.url)
    move(follower, first, proxy.url)
    assert synced(follower).verified
    return first, second, follower, proxy


@pytest.mark.parametrize("longer", [0, 2], ids=["of one size", "of another size"])
def test_two_histories_of_one_network_are_a_split_view(nodes: Nodes, longer: int) -> None:
    first, second, follower, proxy = twins(nodes)
    published(first, "Beta")
    published(second, "Gamma")
    for _ in range(longer):
        heartbeat(second)
    assert synced(follower).verified
    before = held(follower, first).followed
    proxy.upstream = nodes.served(second).url
    result = synced(follower)
    assert result.refused and result.error
    assert longer or "two logs of size 2" in result.error
    assert held(follower, first).followed == before
    assert same_view(first, follower, first) and problems(follower) == []


def test_a_split_view_met_while_pages_are_read_is_refused(nodes: Nodes) -> None:
    first, second, follower, proxy = twins(nodes)
    published(first, "Beta")
    synced(follower)
    for word in ("Gamma", "Delta"):
        published(second, word)
    before = held(follower, first).followed
    upstream = nodes.served(second).url
    proxy.upstream = upstream
    gone = Answer(410, b'{"error":"gone","detail":"gone"}')
    proxy.change = lambda path, answer: gone if "changes" in path else answer
    result = synced(follower)
    assert result.refused
    assert held(follower, first).followed == before and problems(follower) == []


def test_an_origin_that_went_back_is_refused(nodes: Nodes) -> None:
    first, second, follower, proxy = twins(nodes)
    published(first, "Beta")
    synced(follower)
    before = held(follower, first).followed
    proxy.upstream = nodes.served(second).url
    result = synced(follower)
    assert result.refused and held(follower, first).followed == before
    gone = Answer(410, b'{"error":"gone","detail":"gone"}')
    proxy.change = lambda path, answer: gone if "changes" in path else answer
    result = synced(follower)
    assert result.refused and held(follower, first).followed == before and problems(follower) == []


def test_an_old_answer_told_again_is_refused(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta")
    (old,) = _honest_changes(follower, origin).answers.values()
    move(follower, origin, served.url)
    synced(follower)
    published(origin, "Gamma")
    replay = _honest_changes(follower, origin)
    replay.lies[next(iter(replay.answers))] = old.body
    assert replayed(follower, origin, replay).refused and problems(follower) == []


def test_a_fork_of_the_identity_freezes_the_network(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    seed = bytes(range(32))
    chain = origin.network.identity
    statement = chain.current
    forked = identity.begun(
        identity.sign_statement(
            msgspec.structs.replace(statement, name="Thief", recovery_keys=(_public(seed),)), [seed]
        )
    )
    proxy = nodes.proxy(served.url)
    move(follower, origin, proxy.url)
    proxy.change = lambda path, answer: Answer(200, forked.encoded) if path.endswith("/identity") else answer
    result = synced(follower)
    assert result.refused and "expected network" in (result.error or "")
    assert network_of(follower, origin).identity == chain


def _public(seed: bytes) -> str:
    return base64_text(ed25519.public_key(seed))


def test_what_is_stored_of_a_refused_first_sync_is_shown_to_nobody(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair()
    add_many(origin, 600)
    publish.publish(origin, NOW)
    proxy = nodes.proxy(served.url)
    move(follower, origin, proxy.url)
    proxy.change = lambda path, answer: (
        Answer(200, flipped(answer.body, 1_000)) if "/page/f" in path else answer
    )  # fmt: skip
    result = synced(follower)
    assert result.refused and listing(follower, origin.network.network) == {}
    with follower.store.reading() as db, pytest.raises(NotFoundError):
        feeds.public_feed(db, origin.network.network)
    move(follower, origin, served.url)
    assert synced(follower).verified and same_view(origin, follower, origin) and problems(follower) == []


def test_a_checkpoint_is_only_believed_for_its_own_log(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta")
    replay = _honest_changes(follower, origin)
    key = signer(origin)
    other = Ed25519Signer(key.name.replace("/public/", "/partners/"), key.seed)

    def told(answer: wire.Answer, _: Ed25519Signer) -> wire.Answer:
        head = parse_checkpoint(answer.checkpoint.text)
        return msgspec.structs.replace(
            answer, checkpoint=note.sign(Checkpoint(other.name, head.size, head.root).text, other)
        )

    forged(origin, replay, told)
    assert replayed(follower, origin, replay).refused
