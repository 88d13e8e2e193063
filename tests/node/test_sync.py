"""Sync over real sockets: what it costs, what it survives, and that it always ends at what was signed."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator

import pytest

from fednet.node import edits, fetch, following, publish, reading, sync
from fednet.node.home import Home
from fednet.store import sources
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    add_many,
    heartbeat,
    held,
    listing,
    move,
    network_of,
    organization,
    pin,
    problems,
    published,
    same_view,
    searchable,
    synced,
)


def converged(origin: Home, follower: Home) -> bool:
    """Same edition, same listing, same search rows, and nothing wrong on either side."""
    at = held(origin, origin).followed
    return (
        held(follower, origin).followed.position == at.position
        and same_view(origin, follower, origin)
        and not problems(origin)
        and not problems(follower)
    )


# --- what it costs


def test_first_sync_takes_what_the_origin_lists(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha", "Beta")
    result = synced(follower)
    assert result.verified and not result.error and (result.epoch, result.edition, result.records) == (1, 1, 2)
    assert len(searchable(follower, origin.network.network)) == 2
    assert converged(origin, follower)


def test_incremental_sync_is_one_request(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta")
    published(origin, "Gamma")
    served.asked.clear()
    result = synced(follower)
    assert len(served.asked) == result.requests == 1
    assert result.changed == 2 and converged(origin, follower)


def test_nothing_new_is_one_request(nodes: Nodes) -> None:
    _, served, follower = nodes.pair("Alpha")
    synced(follower)
    served.asked.clear()
    result = synced(follower)
    assert len(served.asked) == 1 and result.changed == 0 and result.verified


def test_an_empty_edition_is_followed(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair()
    published(origin)
    assert synced(follower).records == 0 and converged(origin, follower)
    published(origin, "Alpha")
    assert synced(follower).records == 1 and converged(origin, follower)


def test_a_network_that_has_published_nothing_is_waited_for(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair()
    result = synced(follower)
    assert result.error and not result.refused and not result.verified
    published(origin, "Alpha")
    assert synced(follower).verified and converged(origin, follower)


def test_dropped_edited_and_returned_records_arrive_so(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair()
    alpha, beta = published(origin, "Alpha", "Beta")
    synced(follower)
    edits.withdraw(origin, alpha, NOW)
    edits.edit(origin, beta, {"countries": ["MY"]}, NOW)
    publish.publish(origin, NOW)
    assert synced(follower).changed == 2 and converged(origin, follower)
    assert list(listing(follower, origin.network.network)) == [beta]
    edits.withdraw(origin, beta, NOW)
    publish.publish(origin, NOW)
    published(origin, "Gamma")
    assert synced(follower).records == 1 and converged(origin, follower)


def test_more_editions_than_one_answer_tells_come_as_leaves(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednet.feed.wire.MAX_EDITION_LINES", 5)
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    for i in range(8):
        published(origin, f"Beta {i}")
    served.asked.clear()
    assert synced(follower).changed == 8
    assert [path.rpartition("/public/")[2] for path in served.asked] == ["changes", "1/tile/entries/000.p/9"]
    assert converged(origin, follower)
    published(origin, "Gamma")
    assert synced(follower).verified and converged(origin, follower)


def test_a_log_of_several_tiles_is_followed_from_its_middle(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    for _ in range(255):
        heartbeat(origin)
    synced(follower)
    assert converged(origin, follower)
    for _ in range(3):
        heartbeat(origin)
    published(origin, "Beta")
    assert synced(follower).edition == 260 and converged(origin, follower)


@pytest.mark.parametrize("history", range(5))
def test_any_history_synced_at_any_time_converges(nodes: Nodes, history: int) -> None:
    chance = random.Random(history)
    origin, _, follower = nodes.pair()
    late = nodes.home("Late")
    mirrored = nodes.served(follower)
    pin(late, origin, mirrored.url)
    listed: list[str] = []
    for step in range(25):
        match chance.choice(["add", "add", "edit", "withdraw", "publish", "publish", "sync", "late"]):
            case "add":
                listed += add_many(origin, chance.choice([1, 3, 40]), f"Step {step}")
            case "edit" if listed:
                edits.edit(origin, chance.choice(listed), {"acronym": f"S{step}"}, NOW)
            case "withdraw" if listed:
                edits.withdraw(origin, listed.pop(chance.randrange(len(listed))), NOW)
            case "publish":
                publish.publish(origin, NOW)
            case "sync":
                synced(follower)
            case "late":
                synced(late)
    publish.publish(origin, NOW)
    assert synced(follower).verified and converged(origin, follower)
    assert synced(late).verified and converged(origin, late)


# --- cuts


def pages_of(nodes: Nodes, count: int) -> tuple[Home, Home]:
    origin = nodes.home("Origin")
    add_many(origin, count)
    publish.publish(origin, NOW)
    return origin, nodes.home("Follower")


class Cut:
    """Lets so many bytes through, of all answers together, and cuts off whatever comes after."""

    def __init__(self, left: int) -> None:
        self.left, self.sent = left, 0
        self._lock = threading.Lock()

    def __call__(self, path: str, answer: Answer) -> bytes:
        with self._lock:
            sent = answer.encoded[: max(self.left - self.sent, 0)]
            self.sent += len(sent)
        return sent


def test_a_cut_at_any_byte_costs_only_the_pages_it_hit(nodes: Nodes) -> None:
    origin, whole = pages_of(nodes, 3_000)
    proxy = nodes.proxy(nodes.served(origin).url)
    pin(whole, origin, proxy.url)
    proxy.change = everything = Cut(10**9)
    every, total = synced(whole).requests, everything.sent
    for number, share in enumerate((0.001, 0.01, 0.3, 0.6, 0.9999)):
        follower = nodes.home(f"Follower {number}")
        pin(follower, origin, proxy.url)
        proxy.change = Cut(int(total * share))
        result = synced(follower)
        assert result.error and not result.verified
        assert listing(follower, origin.network.network) == {} == dict(searchable(follower, origin.network.network))
        kept = held(follower, origin).records // (3_000 // 16 + 50)  # whole pages, at least
        proxy.change = everything
        again = synced(follower)
        assert again.verified and converged(origin, follower)
        assert again.requests <= every - kept, share
        assert share < 0.6 or kept > 4


def test_small_answers_cut_at_every_byte_never_pass(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    proxy = nodes.proxy(served.url)
    synced(follower)
    move(follower, origin, proxy.url)
    published(origin, "Beta")
    before = held(follower, origin).followed
    size = len(_changes(served.url, origin))

    for at in range(0, size, 23):
        proxy.change = lambda path, answer, at=at: Answer(200, answer.body[:at])  # type: ignore[misc]
        result = synced(follower)
        assert result.refused, at
        assert held(follower, origin).followed == before
    proxy.change = lambda path, answer: answer
    assert synced(follower).verified and converged(origin, follower)


def _changes(url: str, origin: Home) -> bytes:
    async def read() -> bytes:
        async with fetch.Fetcher(allow_private=True) as fetcher:
            path = f"{url}/feeds/{origin.network.network}/public/changes?since=1.1"
            return (await fetcher.get(path)).body

    return asyncio.run(read())


# --- a state that moves on


def test_publishing_between_pages_still_converges(nodes: Nodes) -> None:
    origin, follower = pages_of(nodes, 1_500)
    served = nodes.served(origin)
    pin(follower, origin, served.url)
    left = iter(["Beta", "Gamma", "Delta"])
    writer = nodes.again(origin)

    def publish_meanwhile(path: str) -> None:
        if "/page/" in path and len(served.asked) % 5 == 0 and (word := next(left, None)):
            published(writer, word)

    served.before = publish_meanwhile
    result = synced(follower)
    assert result.verified, result.error
    synced(follower)
    assert held(follower, origin).records == 1_503 and converged(origin, follower)


def test_a_state_that_never_stands_still_is_given_up_for_now(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ATTEMPTS", 3)
    origin, served, follower = nodes.pair("Alpha")
    proxy = nodes.proxy(served.url)
    move(follower, origin, proxy.url)
    proxy.change = lambda path, answer: Answer(404, b"{}") if "/page/" in path else answer
    result = synced(follower)
    assert result.error and not result.refused
    assert sum("checkpoint" in path for path in proxy.asked) == 3


# --- when changes cannot tell


def test_below_the_floor_of_a_mirror_pages_are_read(nodes: Nodes) -> None:
    origin, served, late = nodes.pair("Alpha")
    synced(late)
    published(origin, "Beta")
    published(origin, "Gamma")
    mirror = nodes.home("Mirror")
    pin(mirror, origin, served.url)
    synced(mirror)
    mirrored = nodes.served(mirror)
    move(late, origin, mirrored.url)
    assert synced(late).verified
    assert [path.rsplit("/", 1)[-1] for path in mirrored.asked[:2]] == ["changes", "identity"]
    assert converged(origin, late)
    published(origin, "Delta")
    synced(mirror)
    mirrored.asked.clear()
    assert synced(late).changed == 1 and len(mirrored.asked) == 1


def test_a_mirror_of_a_mirror_serves_first_syncs_too(nodes: Nodes) -> None:
    origin, _, first = nodes.pair("Alpha")
    published(origin, "Beta")
    synced(first)
    second = nodes.home("Second")
    pin(second, origin, nodes.served(first).url)
    assert synced(second).verified and converged(origin, second)


def test_a_source_behind_what_was_accepted_is_refused(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    mirror = nodes.home("Mirror")
    pin(mirror, origin, served.url)
    synced(mirror)
    published(origin, "Beta")
    synced(follower)
    move(follower, origin, nodes.served(mirror).url)
    before = held(follower, origin).followed
    result = synced(follower)
    assert result.refused and "behind" in (result.error or "")
    assert held(follower, origin).followed == before


def test_the_next_source_is_asked_when_the_first_fails(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    proxy = nodes.proxy(served.url)
    proxy.change = lambda path, answer: Answer(500, b"")
    move(follower, origin, proxy.url)
    pin(follower, origin, served.url)
    result = synced(follower)
    assert result.verified and result.source == served.url and result.error is None and converged(origin, follower)


# --- repair

DAMAGES = {
    "the root page": "DELETE FROM page WHERE feed_id = ? AND prefix = ''",
    "a deep page": "DELETE FROM page WHERE feed_id = ? AND prefix = (SELECT max(prefix) FROM page)",
    "a page's bytes": "UPDATE page SET page = CAST(substr(page, 1, 33) || zeroblob(32) || substr(page, 66) AS BLOB) "
    "WHERE feed_id = ? AND prefix = (SELECT max(prefix) FROM page)",
    "a page cut short": "UPDATE page SET page = substr(page, 1, 40) WHERE feed_id = ? AND prefix = ''",
    "a body": "UPDATE record SET body = CAST(replace(body, 'Member', 'Nember') AS BLOB) "
    "WHERE id = (SELECT max(id) FROM record WHERE feed_id = ?)",
    "a body that is none": "UPDATE record SET body = x'' WHERE id = (SELECT max(id) FROM record WHERE feed_id = ?)",
    "a salt": "UPDATE record SET salt = zeroblob(32) WHERE id = (SELECT max(id) FROM record WHERE feed_id = ?)",
    "a row": "DELETE FROM record WHERE id = (SELECT max(id) FROM record WHERE feed_id = ?)",
    "the hash of a leaf": "UPDATE leaf SET hash = zeroblob(32) WHERE feed_id = ? AND position = 0",
    "a leaf": "DELETE FROM leaf WHERE feed_id = ? AND position = 1",
    "an edition line": "UPDATE leaf SET line = x'7b7d' WHERE feed_id = ? AND position = 1",
    "a count": "UPDATE feed SET records = records + 1 WHERE id = ?",
    "a row and its page": "DELETE FROM record WHERE feed_id = ? AND hex(key) LIKE '7%'",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found_and_repaired(nodes: Nodes, damage: str) -> None:
    origin, follower = pages_of(nodes, 200)
    heartbeat(origin)
    served = nodes.served(origin)
    pin(follower, origin, served.url)
    synced(follower)
    heartbeat(origin)
    synced(follower)
    with follower.store.writing() as db:
        db.execute(damage, (held(follower, origin).id,))
        if "LIKE '7%'" in damage:
            db.execute("DELETE FROM page WHERE prefix = '7'")
    assert problems(follower)
    result = asyncio.run(sync.repair(follower, network_of(follower, origin), allow_private=True))
    assert result.verified, result.error
    assert converged(origin, follower)


@pytest.mark.parametrize("where", ["true", "prefix <> ''"])
def test_damage_that_changes_meet_is_repaired_by_the_sync_itself(nodes: Nodes, where: str) -> None:
    origin, follower = pages_of(nodes, 200)
    pin(follower, origin, nodes.served(origin).url)
    synced(follower)
    with follower.store.writing() as db:
        db.execute(f"DELETE FROM page WHERE feed_id = ? AND {where}", (held(follower, origin).id,))
    published(origin, "Beta")
    assert synced(follower).verified and converged(origin, follower)


def test_repairing_what_is_whole_fetches_nothing(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    served.asked.clear()
    assert asyncio.run(sync.repair(follower, network_of(follower, origin), allow_private=True)).verified
    assert served.asked == [] and converged(origin, follower)


# --- several at once


def test_a_blocked_network_is_not_asked(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    following.block(follower, network_of(follower, origin))
    assert asyncio.run(sync.sync(follower, allow_private=True)) == []
    assert served.asked == []


def test_a_network_without_address_says_so(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    pin(follower, origin)
    result = synced(follower)
    assert "no address" in (result.error or "") and result.hint == "fednet follow URL"


def test_two_syncs_at_once_never_go_back(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    published(origin, "Beta")
    other = nodes.again(follower)

    async def both() -> list[list[sync.Synced]]:
        async with fetch.Fetcher(allow_private=True) as fetcher:
            network = network_of(other, origin)
            return list(await asyncio.gather(*(sync.sync_network(other, fetcher, network) for _ in range(4))))

    results = [result for (result,) in asyncio.run(both())]
    assert all(result.verified for result in results), results
    assert converged(origin, other)


def test_an_answer_that_was_overtaken_is_not_believed_over_a_newer_one(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    heartbeat(origin)
    proxy = nodes.proxy(served.url)
    move(follower, origin, proxy.url)
    rival = Home(follower.path)
    overtaken = []

    def overtake(path: str, answer: Answer) -> Answer:
        if not overtaken:
            overtaken.append(path)
            heartbeat(origin)
            synced(rival)
        return answer

    proxy.change = overtake
    result = synced(follower)
    rival.close()
    assert result.verified and result.edition == 3, result.error


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "SYNC_SECONDS", 1.0)
    get = fetch.Fetcher.get

    async def hurried(self: fetch.Fetcher, url: str, **how: object) -> fetch.Fetched:
        return await get(self, url, **{**how, "seconds": 0.5})  # type: ignore[arg-type]

    monkeypatch.setattr(fetch.Fetcher, "get", hurried)


def trickle(answer: Answer, over: threading.Event) -> Iterator[bytes]:
    for byte in answer.encoded:
        yield bytes([byte])
        if over.wait(0.05):
            return


def hang(answer: Answer, over: threading.Event) -> Iterator[bytes]:
    over.wait(20)
    yield b""


@pytest.mark.clock
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("manner", [trickle, hang])
def test_a_slow_peer_is_cut_off_and_delays_nobody(nodes: Nodes, manner: object) -> None:
    slow, served, follower = nodes.pair("Alpha")
    proxy = nodes.proxy(served.url)
    move(follower, slow, proxy.url)
    proxy.change = lambda path, answer: manner(answer, proxy.over)  # type: ignore[operator]
    quick = nodes.home("Quick", "Beta")
    pin(follower, quick, nodes.served(quick).url)
    by_name = {result.name: result for result in asyncio.run(sync.sync(follower, allow_private=True))}
    assert by_name["Quick"].verified and by_name["Quick"].seconds < 0.5
    assert by_name["Origin"].error and by_name["Origin"].seconds < 2.5


def test_a_peer_that_says_nonsense_costs_only_itself(nodes: Nodes) -> None:
    bad, served, follower = nodes.pair("Alpha")
    proxy = nodes.proxy(served.url)
    move(follower, bad, proxy.url)
    good = nodes.home("Good", "Beta")
    pin(follower, good, nodes.served(good).url)
    for raw in (
        b"",
        b"\x00\xff" * 100,
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nshort",
        b"HTTP/1.1 302 Found\r\nLocation: http://[x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnope",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 30\r\n\r\n" + b"[" * 30,
        b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff=\x01;;=\r\nContent-Length: 2\r\n\r\n{}",
    ):
        proxy.change = lambda path, answer, raw=raw: raw  # type: ignore[misc]
        by_name = {result.name: result for result in asyncio.run(sync.sync(follower, allow_private=True))}
        assert by_name["Good"].verified and by_name["Origin"].error, raw[:60]
    assert problems(follower) == []


def test_hints_that_make_no_sense_are_no_hints(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    proxy = nodes.proxy(served.url)
    move(follower, origin, proxy.url)
    other = "a" * 32
    for hints in (
        b"",
        b"[]",
        b'{"protocols":[1],"network":"x","follows":7}',
        b'{"protocols":[1],"network":"%s","follows":[{"network":"%s","urls":["http://[x"]}]}',
        b'{"protocols":[1],"network":"%s","follows":[{"network":"%s","name":"\\ud800","urls":["http://x.example"]}]}',
        b'{"protocols":[1],"network":"%s","follows":[{"network":"%s","urls":["javascript:alert(1)"]}]}',
        b'{"protocols":[9],"network":"%s"}',
    ):
        body = hints.replace(b"%s", origin.network.network.encode(), 1).replace(b"%s", other.encode())
        proxy.change = lambda path, answer, body=body: Answer(200, body) if "well-known" in path else answer  # type: ignore[misc]
        following.unfollow(follower, network_of(follower, origin))
        pin(follower, origin, proxy.url)
        assert synced(follower).verified, hints
        with follower.store.reading() as db:
            urls = [url for mentioned in sources.mentions(db) for url in mentioned.urls]
        assert all(url.startswith(("http://x.example", "https://")) for url in urls)


def test_an_unknown_address_is_told_not_raised(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    for url in ("http://127.0.0.1:1", "http://nowhere.invalid", "http://127.0.0.1:99999"):
        move(follower, origin, url)
        result = synced(follower)
        assert result.error and not result.refused


def test_organizations_are_found_in_search_after_sync(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair()
    edits.add(origin, "organization", organization("Beta"), NOW)
    publish.publish(origin, NOW)
    synced(follower)
    assert [row[2] for row in searchable(follower, origin.network.network)] == ["TH"]


def test_errors_are_kept_with_the_feed_until_the_next_success(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    move(follower, origin, "http://127.0.0.1:1")
    synced(follower)
    assert held(follower, origin).error
    move(follower, origin, served.url)
    synced(follower)
    assert held(follower, origin).error is None


def test_another_network_under_the_address_is_refused(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    other = nodes.home("Other", "Beta")
    served = nodes.served(other)
    move(follower, origin, served.url)
    assert synced(follower).error
    swapped = nodes.proxy(served.url)
    move(follower, origin, swapped.url)
    wanted, given = origin.network.network, other.network.network
    swapped.change = lambda path, answer: swapped.upstream_answer(path.replace(wanted, given))
    result = synced(follower)
    assert result.refused and listing(follower, wanted) == {} == listing(follower, given)


def test_pages_of_a_shown_feed_are_kept_aside_until_all_are_there(nodes: Nodes) -> None:
    origin, follower = pages_of(nodes, 1_500)
    proxy = nodes.proxy(nodes.served(origin).url)
    pin(follower, origin, proxy.url)
    assert synced(follower).verified
    shown = searchable(follower, origin.network.network)
    add_many(origin, 200, "Later")
    publish.publish(origin, NOW)
    gone = Answer(410, b'{"error":"gone","detail":"gone"}')

    def cut(path: str, answer: Answer) -> Answer | bytes:
        late = any(f"/page/{digit}" in path for digit in "89abcdef")
        return gone if "changes" in path else answer.encoded[:500] if late else answer

    proxy.change = cut
    result = synced(follower)
    assert result.error and not result.verified
    assert searchable(follower, origin.network.network) == shown and not problems(follower)
    proxy.change = lambda path, answer: gone if "changes" in path else answer
    again = synced(follower)
    assert again.verified and again.changed == 200 and converged(origin, follower)
    assert again.requests <= 5 + 1 + 10  # the first half was here
    with follower.store.reading() as db:
        assert db.execute("SELECT count(*) FROM staged").fetchone() == (0,)


def test_two_processes_may_begin_the_same_first_sync(nodes: Nodes) -> None:
    origin, follower = pages_of(nodes, 1_200)
    pin(follower, origin, nodes.served(origin).url)
    results: list[sync.Synced] = []

    def run() -> None:
        own = Home(follower.path)
        results.append(synced(own))
        own.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result.verified for result in results), results
    assert converged(origin, follower)


def test_who_is_between_two_editions_of_a_mirror_is_not_told_half(nodes: Nodes) -> None:
    """What came and went between them is unknown to the mirror, whether it read changes or pages."""
    for number, by_pages in enumerate((False, True)):
        origin = nodes.home(f"Origin {number}", "Alpha")
        mirror, third, served = nodes.home(f"Mirror {number}"), nodes.home(f"Third {number}"), nodes.served(origin)
        proxy = nodes.proxy(served.url)
        if by_pages:
            proxy.change = lambda path, answer: answer._replace(status=410) if "changes" in path else answer
        pin(mirror, origin, proxy.url)
        pin(third, origin, served.url)
        assert synced(mirror).verified
        (beta,) = published(origin, "Beta")
        assert synced(third).verified
        edits.withdraw(origin, beta, NOW)
        publish.publish(origin, NOW)
        published(origin, "Gamma")
        assert synced(mirror).verified
        move(third, origin, nodes.served(mirror).url)
        result = synced(third)
        assert result.verified and converged(origin, third), result
