"""Having one's own log cosigned: before an edition is visible, within a deadline, by those who are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import UsageError
from fednet.feed import wire, witness
from fednet.feed.note import Note, open_note
from fednet.node import background, cosigning, mark, publish, witnessing
from fednet.node.background import Background
from fednet.node.fetch import Fetcher
from fednet.node.home import Home
from fednet.store import drafts, feeds, witnesses
from fednet.store.witnesses import Witness
from fednet.web.app import create_app
from tests.feed.network import Network
from tests.feed.network import witness as cosigner
from tests.node.nodes import NOW, Answer, Nodes, Served, add, held, network_of, pin, problems, published, synced
from tests.node.test_background import until

Post = Callable[[bytes], Answer]


def serving(nodes: Nodes, node: Home) -> Served:
    return nodes.served(node, create_app(node, clock=lambda: NOW))


def witnessed(nodes: Nodes) -> tuple[Home, Served, Home, Served]:
    """A node with one witness, which follows it; both serve."""
    node, here = nodes.home("Example", "Alpha"), nodes.home("Witness", "Own")
    served, witness_served = serving(nodes, node), serving(nodes, here)
    pin(here, node, served.url)
    pin(node, here, witness_served.url)
    asyncio.run(cosigning.add(node, witness_served.url, None, allow_private=True))
    return node, served, here, witness_served


def publishing(node: Home, *words: str) -> None:
    add(node, *words)
    publish.publish(node, NOW, cosign=cosigning.by_witnesses(node, allow_private=True))


def checkpoint(node: Home) -> Note:
    found = held(node, node).followed.checkpoint
    assert found is not None
    return found


def cosigners(node: Home, *others: Home) -> list[bool]:
    """Which of these have cosigned the newest public edition of a node; each of the signatures is verified."""
    known = [other.network.identity.cosigner for other in others]
    log = node.network.identity.log_verifier("public", 1)
    vouching = open_note(checkpoint(node), [log, *known])
    return [one in vouching for one in known]


def problem(node: Home) -> str | None:
    with node.store.reading() as db:
        (one,) = witnesses.witnesses(db)
    return one.error


# --- the honest case


def test_an_edition_bears_its_cosignature_when_it_becomes_visible(nodes: Nodes, monkeypatch: pytest.MonkeyPatch):
    node, _, here, _ = witnessed(nodes)
    accept, signatures = publish.accept, []

    def accepting(db: Any, feed: Any, identity: Any, answer: wire.Answer, *rest: Any, **named: Any) -> Any:
        signatures.append(len(answer.checkpoint.signatures))
        return accept(db, feed, identity, answer, *rest, **named)

    monkeypatch.setattr(publish, "accept", accepting)
    for count, word in enumerate(("Beta", "Gamma", "Delta"), 2):
        publishing(node, word)
        assert cosigners(node, here) == [True]
        assert held(node, node).followed.frontier.size == count
    assert signatures == [2, 2, 2]
    assert problem(node) is None
    assert problems(node) == []


def test_a_witness_is_asked_once_an_edition_and_twice_when_it_missed_some(nodes: Nodes):
    node, _, here, served = witnessed(nodes)
    publishing(node, "Beta")  # it knows nothing of edition 1
    served.asked.clear()
    publishing(node, "Gamma")
    assert served.asked == ["/witness/add-checkpoint"]
    published(node, "Delta")
    published(node, "Epsilon")
    served.asked.clear()
    publishing(node, "Zeta")
    assert served.asked == ["/witness/add-checkpoint"] * 2
    assert cosigners(node, here) == [True]


def test_two_nodes_are_witnesses_of_each_other(nodes: Nodes):
    node, served, here, _ = witnessed(nodes)
    asyncio.run(cosigning.add(here, served.url, None, allow_private=True))
    publishing(node, "Beta")
    publishing(here, "Beta")
    assert cosigners(node, here) == cosigners(here, node) == [True]


def test_followers_see_the_cosignature_and_count_it(nodes: Nodes):
    node, served, here, witness_served = witnessed(nodes)
    publishing(node, "Beta")
    follower = nodes.home("Follower", "Own")
    pin(follower, node, served.url)
    vkey = here.network.identity.cosigner.vkey
    with follower.store.writing() as db:
        policy = f"witness w {vkey} {witness_served.url}/witness\nquorum w\n".encode()
        witnesses.set_policy(db, network_of(follower, node), policy)
    assert synced(follower).verified
    assert held(follower, node).witnessed == 2
    published(node, "Gamma")
    assert synced(follower).verified
    assert (held(follower, node).witnessed, held(follower, node).followed.frontier.size) == (2, 3)
    assert missing_asked(node) == 1
    assert synced(follower).verified
    assert held(follower, node).witnessed == 3


def missing_asked(node: Home) -> int:
    async def ask() -> int:
        async with Fetcher(allow_private=True) as fetcher:
            return await cosigning.ask_missing(node, fetcher)

    return asyncio.run(ask())


def test_whoever_was_not_there_is_asked_again_later(nodes: Nodes):
    node, _, here, served = witnessed(nodes)
    published(node, "Beta")
    assert cosigners_now(node, here) is False
    assert missing_asked(node) == 1
    assert cosigners(node, here) == [True]
    served.asked.clear()
    assert missing_asked(node) == 0
    assert served.asked == []


def cosigners_now(node: Home, here: Home) -> bool:
    names = {one.name for one in checkpoint(node).signatures}
    return here.network.identity.cosigner.name in names


# --- what goes wrong with a witness costs a few seconds at most


class Odd:
    """A witness that answers as a test says."""

    def __init__(self, nodes: Nodes, node: Home, post: Post) -> None:
        async def answered(request: Request) -> Response:
            found = post(await request.body())
            return Response(found.body, found.status, headers=dict(found.headers))

        app = Starlette(routes=[Route("/add-checkpoint", answered, methods=["POST"])])
        self.served = nodes.served(node, app)
        key = cosigner().verifier
        with node.store.writing() as db:
            witnesses.add(db, Witness(self.served.url, key.name, key.vkey, None, "2026-11-21T18:00:00Z"))


SIZE = (("Content-Type", "text/x.tlog.size"),)


@pytest.mark.parametrize(
    "answer, said",
    [
        (Answer(200, b""), "signature"),
        (Answer(200, b"\xff\n"), "UTF-8"),
        (Answer(200, b"x" * 20_000), "more than"),
        (Answer(200, "— witness.example AAAAAAAAAAAAAAAA\n".encode()), "signature"),
        (Answer(404, b""), "answers 404"),
        (Answer(409, b"0\n"), "answers 409"),  # without its content type
        (Answer(409, b"0\n", SIZE), "answers 409"),  # again and again
        (Answer(409, b"7\n", SIZE), "has cosigned edition 7"),
        (Answer(409, b"-1\n", SIZE), "decimal"),
        (Answer(409, b"x" * 100, SIZE), "decimal"),
        (Answer(422, b'{"error":"bad-proof","detail":"no"}'), "bad-proof"),
        (Answer(500, b""), "answers 500"),
        (Answer(302, b"", (("Location", "https://elsewhere.example/"),)), "not followed"),
    ],
)
def test_an_odd_witness_is_remembered_and_the_edition_published(nodes: Nodes, answer: Answer, said: str):
    node = nodes.home("Example", "Alpha")
    Odd(nodes, node, lambda raw: answer)
    publishing(node, "Beta")
    assert said in str(problem(node))
    assert len(checkpoint(node).signatures) == 1
    assert problems(node) == []


def test_a_cosignature_of_another_text_is_not_taken(nodes: Nodes):
    node = nodes.home("Example", "Alpha")
    other = Network().checkpoint(0).text
    Odd(nodes, node, lambda raw: Answer(200, cosigner().signature(other).line.encode()))
    publishing(node, "Beta")
    assert "does not verify" in str(problem(node))
    assert len(checkpoint(node).signatures) == 1


def test_of_one_witness_one_cosignature_is_kept_the_newest(nodes: Nodes):
    node = nodes.home("Example", "Alpha")
    moments = iter(range(1_795_000_000, 1_795_000_100))

    def many(raw: bytes) -> Answer:
        text = witness.parse_request(raw).note.text
        lines = [cosigner(moment=next(moments)).signature(text).line for _ in range(5)]
        return Answer(200, ("— stranger.example AAAAAAAA\n" + "".join(lines)).encode())

    Odd(nodes, node, many)
    publishing(node, "Beta")
    assert [one.name for one in checkpoint(node).signatures[1:]] == ["witness.example"]


def test_a_witness_that_stalls_is_waited_for_once_a_pass(nodes: Nodes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cosigning, "DEADLINE", 0.2)
    monkeypatch.setattr(publish, "MAX_CHANGES", 1)
    node = nodes.home("Example", "Alpha")
    asked: list[int] = []

    async def stalling(*_: object) -> None:
        asked.append(1)
        await asyncio.Event().wait()

    monkeypatch.setattr(cosigning, "_submitted", stalling)
    key = cosigner().verifier
    with node.store.writing() as db:
        witnesses.add(db, Witness("http://127.0.0.1:1", key.name, key.vkey, None, "2026-11-21T18:00:00Z"))
    publishing(node, "Beta", "Gamma", "Delta")
    assert held(node, node).followed.frontier.size == 4
    assert asked == [1]
    assert "no answer within" in str(problem(node))


def test_a_crash_after_the_witness_has_signed_ends_in_the_same_edition(nodes: Nodes, monkeypatch: pytest.MonkeyPatch):
    node, _, here, _ = witnessed(nodes)
    add(node, "Beta")
    with monkeypatch.context() as breaking:
        breaking.setattr(publish, "accept", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publishing(node)
    name = node.network.identity.log_verifier("public", 1).name
    cosigned = witnessing._read(here.path).logs[name]
    assert (cosigned.size, held(node, node).followed.frontier.size) == (2, 1)
    publishing(node)
    assert cosigners(node, here) == [True]
    assert witnessing._read(here.path).logs[name].root == cosigned.root


def test_a_witness_is_asked_for_nothing_that_the_mark_refuses(nodes: Nodes, monkeypatch: pytest.MonkeyPatch):
    node, _, _, served = witnessed(nodes)
    add(node, "Beta")
    served.asked.clear()
    with monkeypatch.context() as breaking:
        breaking.setattr(mark.Mark, "advance", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publishing(node)
    assert served.asked == []


def test_restricted_circles_have_no_witnesses(nodes: Nodes):
    node, _, _, served = witnessed(nodes)
    publishing(node)
    served.asked.clear()
    with node.store.writing() as db:
        body = b'{"kind":"contact","organization":"7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e"}'
        drafts.save(db, [drafts.Draft("0b7e2f7c-95f1-4b62-9c55-6f1d1f3f2d11", "partners", "put", body)], NOW)
    publishing(node)
    assert served.asked == []


# --- whom to ask


def test_a_witness_is_a_node_that_is_followed_or_a_key(nodes: Nodes):
    node, here = nodes.home("Example", "Alpha"), nodes.home("Witness", "Own")
    served = serving(nodes, here)
    with pytest.raises(UsageError):
        asyncio.run(cosigning.add(node, served.url, None, allow_private=True))
    log = here.network.identity.log_verifier("public", 1)
    with pytest.raises(UsageError):
        asyncio.run(cosigning.add(node, served.url, log.vkey, allow_private=True))
    key = here.network.identity.cosigner
    added = asyncio.run(cosigning.add(node, f"{served.url}/witness", key.vkey, allow_private=True))
    assert (added.name, added.network) == (key.name, None)
    pin(node, here, served.url)
    added = asyncio.run(cosigning.add(node, served.url, None, allow_private=True))
    assert (added.url, added.network) == (f"{served.url}/witness", here.network.network)


def test_so_many_witnesses_are_asked_and_no_more(nodes: Nodes):
    node = nodes.home("Example", "Alpha")
    for number in range(cosigning.MAX_WITNESSES + 1):
        key = cosigner(f"w{number}").verifier.vkey
        url = f"https://w{number}.example"
        if number < cosigning.MAX_WITNESSES:
            asyncio.run(cosigning.add(node, url, key, allow_private=True))
        else:
            with pytest.raises(UsageError):
                asyncio.run(cosigning.add(node, url, key, allow_private=True))


def test_the_state_of_a_witness_is_in_no_database(nodes: Nodes, tmp_path: Path):
    node, _, here, _ = witnessed(nodes)
    publishing(node, "Beta")
    with here.store.reading() as db:
        assert feeds.feed(db, network_of(here, node), "public").followed.checkpoint is None  # type: ignore[union-attr]
    assert (here.path / witnessing.STATE).exists()


# --- while serving


@pytest.mark.clock
def test_a_node_that_serves_has_its_editions_cosigned_and_asks_again(nodes: Nodes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(background, "DEBOUNCE", 0.1)
    monkeypatch.setattr(background, "LOOK_AGAIN", 0.3)
    monkeypatch.setattr(background, "ASK_AGAIN", 0.2)
    node, _, here, served = witnessed(nodes)
    url = f"{served.url}/witness"
    publishing(node, "Beta")
    with node.store.writing() as db:
        db.execute("UPDATE witness SET url = 'http://127.0.0.1:1/witness'")
    act = Background(node, allow_private=True)
    act.start()
    try:
        add(node, "Gamma")
        until(lambda: held(node, node).followed.frontier.size == 3, "the edition")
        assert cosigners_now(node, here) is False
        with node.store.writing() as db:
            db.execute("UPDATE witness SET url = ?", (url,))
        until(lambda: cosigners_now(node, here), "the cosignature that was missing")
        add(node, "Delta")
        until(lambda: held(node, node).followed.frontier.size == 4, "the next edition")
        assert cosigners(node, here) == [True]
    finally:
        act.stop()
    assert problems(node) == []
