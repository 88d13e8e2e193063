"""A network with two faces: found out by followers that have a witness, a mirror or a peer in common, and by nobody's
word but its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import pytest

from fednet.errors import UnreachableError
from fednet.feed import note as notes
from fednet.feed.checkpoint import Checkpoint
from fednet.feed.evidence import check, parse_evidence
from fednet.feed.note import sign
from fednet.node import cosigning, descent, epochs, evidence, gossip, publish, sync, witnessing
from fednet.node.accept import accept
from fednet.node.evidence import contradiction
from fednet.node.fetch import Fetched
from fednet.node.home import Home
from fednet.store import evidence as held_evidence
from fednet.store import feeds, witnesses
from fednet.store.witnesses import Witness
from fednet.web.app import create_app
from tests.feed.network import Network
from tests.feed.test_evidence import split
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    Served,
    add,
    held,
    listing,
    move,
    network_of,
    pin,
    problems,
    published,
)
from tests.node.test_epochs import seeds_of
from tests.node.test_theft import stolen


class Faces(NamedTuple):
    """A network that shows one history at one address and another at the other, and whom it shows them."""

    one: Home
    other: Home
    one_served: Served
    other_served: Served
    first: Home
    second: Home


def serving(nodes: Nodes, node: Home) -> Served:
    """All that a node serves, feeds and witness and evidence."""
    return nodes.served(node, create_app(node, clock=lambda: NOW))


@pytest.fixture
def faces(nodes: Nodes) -> Iterator[Faces]:
    one = nodes.home("Two Faces", "Alpha", "Beta")
    published(one, "Gamma")
    other = stolen(nodes, one)
    first, second = nodes.home("First", "Own"), nodes.home("Second", "Own")
    found = Faces(one, other, serving(nodes, one), serving(nodes, other), first, second)
    for follower, served in ((first, found.one_served), (second, found.other_served)):
        pin(follower, one, served.url)
        assert synced_with(follower, one).verified
    yield found


def synced_with(follower: Home, origin: Home) -> sync.Synced:
    """One sync of one of several networks that are followed."""
    return asyncio.run(sync.sync(follower, [network_of(follower, origin)], allow_private=True))[0]


def caught(follower: Home, origin: Home) -> bool:
    """Whether the follower holds evidence that stands by itself, and has frozen the network."""
    with follower.store.reading() as db:
        files = [one.file for one in held_evidence.evidence(db, origin.network.network)]
    return network_of(follower, origin).frozen == "split-view" and all(
        check(parse_evidence(raw)).kind == "split-view" for raw in files
    )


def follow(follower: Home, other: Home, served: Served) -> None:
    pin(follower, other, served.url)
    assert synced_with(follower, other).verified


# --- one gossip path


@pytest.mark.parametrize("behind", ["the same size", "the other is shorter", "the other is longer"])
def test_a_follower_that_follows_another_one_finds_it_out(nodes: Nodes, faces: Faces, behind: str):
    published(faces.one, "For the first")
    published(faces.other, "For the second")
    if behind == "the other is shorter":
        published(faces.one)
        published(faces.one)
    if behind == "the other is longer":
        published(faces.other)
        published(faces.other)
    assert synced_with(faces.second, faces.other).verified
    follow(faces.first, faces.second, serving(nodes, faces.second))
    before = listing(faces.first, faces.one.network.network)
    result = synced_with(faces.first, faces.one)
    assert result.refused
    assert "frozen" in str(result.error)
    assert caught(faces.first, faces.one)
    assert len(before) == 3
    assert len(listing(faces.first, faces.one.network.network)) == 4  # what was agreed last stays readable
    assert problems(faces.first) == []


def test_what_is_frozen_is_not_advanced_and_everybody_else_is(nodes: Nodes, faces: Faces):
    published(faces.one, "For the first")
    published(faces.other, "For the second")
    assert synced_with(faces.second, faces.other).verified
    served = serving(nodes, faces.second)
    follow(faces.first, faces.second, served)
    assert synced_with(faces.first, faces.one).refused
    at = held(faces.first, faces.one).followed
    published(faces.one, "More")
    again = synced_with(faces.first, faces.one)
    assert again.refused
    assert "frozen" in str(again.error)
    assert "fednet evidence show" in str(again.hint)
    assert held(faces.first, faces.one).followed == at
    published(faces.second, "Honest")
    assert synced_with(faces.first, faces.second).verified
    assert len(listing(faces.first, faces.second.network.network)) == 2


def test_a_mirror_shows_what_the_origin_hides(nodes: Nodes, faces: Faces):
    published(faces.one, "For the first")
    published(faces.other, "For the second")
    assert synced_with(faces.second, faces.other).verified
    pin(faces.first, faces.one, serving(nodes, faces.second).url)  # a second address of the same network
    assert synced_with(faces.first, faces.one).refused
    assert caught(faces.first, faces.one)


def test_the_other_follower_takes_the_evidence_over(nodes: Nodes, faces: Faces):
    published(faces.one, "For the first")
    published(faces.other, "For the second")
    assert synced_with(faces.second, faces.other).verified
    follow(faces.first, faces.second, serving(nodes, faces.second))
    assert synced_with(faces.first, faces.one).refused
    follow(faces.second, faces.first, serving(nodes, faces.first))
    assert synced_with(faces.second, faces.other).refused
    assert caught(faces.second, faces.other)


def test_an_address_that_shows_another_history_later_makes_evidence(nodes: Nodes, faces: Faces):
    published(faces.one, "For the first")
    assert synced_with(faces.first, faces.one).verified
    for _ in range(2):
        published(faces.other)
    with faces.first.store.writing() as db:
        db.execute("UPDATE source SET url = ?", (faces.other_served.url,))
    result = synced_with(faces.first, faces.one)
    assert result.refused
    assert caught(faces.first, faces.one)


def test_an_origin_that_is_behind_with_another_history_makes_evidence(nodes: Nodes, faces: Faces):
    published(faces.one, "For the first")
    published(faces.one)
    assert synced_with(faces.first, faces.one).verified
    published(faces.other, "For the second")
    with faces.first.store.writing() as db:
        db.execute("UPDATE source SET url = ?", (faces.other_served.url,))
    assert synced_with(faces.first, faces.one).refused
    assert caught(faces.first, faces.one)


def test_an_origin_that_is_only_behind_is_no_liar(nodes: Nodes, faces: Faces):
    published(faces.one, "For the first")
    assert synced_with(faces.first, faces.one).verified
    with faces.first.store.writing() as db:
        db.execute("UPDATE source SET url = ?", (faces.other_served.url,))
    assert synced_with(faces.first, faces.one).refused
    assert network_of(faces.first, faces.one).frozen is None


def test_the_side_that_a_person_refused_is_not_read_anew(nodes: Nodes, faces: Faces, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(descent, "BATCH_RECORDS", 1)
    network = faces.one.network.network
    published(faces.one, "Refused")
    published(faces.other, "Accepted")
    assert synced_with(faces.first, faces.one).verified
    move(faces.first, faces.one, faces.other_served.url)
    assert synced_with(faces.first, faces.one).refused
    shown = held(faces.other, faces.other).followed.frontier.root.hex()
    evidence.resolve(faces.first, network_of(faces.first, faces.one), shown[:16], NOW)
    move(faces.first, faces.one, faces.one_served.url)
    for _ in range(2):
        assert synced_with(faces.first, faces.one).word == "split-view"
        assert held(faces.first, faces.one).records == 0
        published(faces.one, "More")
    assert network_of(faces.first, faces.one).frozen is None
    move(faces.first, faces.one, faces.other_served.url)
    assert synced_with(faces.first, faces.one).verified
    assert listing(faces.first, network) == listing(faces.other, network)


def test_a_new_epoch_ends_the_freeze_everywhere(nodes: Nodes, faces: Faces):
    """The second face was a thief's: the network, which has its recovery keys, says so."""
    published(faces.one, "For the first")
    published(faces.other, "Forged")
    assert synced_with(faces.second, faces.other).verified
    follow(faces.first, faces.second, serving(nodes, faces.second))
    follow(faces.second, faces.first, serving(nodes, faces.first))
    assert synced_with(faces.first, faces.one).refused
    assert synced_with(faces.second, faces.other).refused
    epochs.rotate(faces.one, seeds_of(faces.one), NOW)
    published(faces.one, "Again")
    assert synced_with(faces.first, faces.one).verified
    synced_with(faces.second, faces.other)  # its origin is the thief; who follows the network knows of the new epoch
    pin(faces.second, faces.one, faces.one_served.url)
    assert synced_with(faces.second, faces.one).verified
    for follower in (faces.first, faces.second):
        assert network_of(follower, faces.one).frozen is None
        assert listing(follower, faces.one.network.network) == listing(faces.one, faces.one.network.network)
        with follower.store.reading() as db:
            kept = held_evidence.evidence(db, faces.one.network.network)
        assert "epoch 2" in str(kept[0].verdict)


def test_two_chains_of_one_network_freeze_it_until_a_person_chooses(nodes: Nodes, faces: Faces):
    for face in (faces.one, faces.other):
        epochs.rotate(face, seeds_of(faces.one), NOW)
    network = faces.one.network.network
    assert synced_with(faces.first, faces.one).verified
    pin(faces.first, faces.one, faces.other_served.url)
    with faces.first.store.writing() as db:
        db.execute("UPDATE source SET rank = 1 - rank")
    before = listing(faces.first, network)
    published(faces.other, "For nobody yet")
    assert synced_with(faces.first, faces.one).refused
    assert network_of(faces.first, faces.one).frozen == "identity-fork"
    assert listing(faces.first, network) == before
    assert held(faces.first, faces.one).followed == held(faces.one, faces.one).followed
    chosen = faces.other.network.identity.current.digest
    evidence.resolve(faces.first, network_of(faces.first, faces.one), chosen, NOW)
    assert synced_with(faces.first, faces.one).verified
    assert listing(faces.first, network) == listing(faces.other, network)


def test_members_of_a_restricted_circle_compare_as_well(nodes: Nodes, faces: Faces):
    one, other = Network("Partner", circle="partners"), Network("Partner", circle="partners")
    one.publish(one.put(1))
    other.publish(other.put(2))
    with faces.first.store.writing() as db:
        feed = feeds.open_feed(db, feeds.pin(db, one.identity, NOW), "partners")
        accept(db, feed, one.identity, one.answer(feed.followed), NOW, None)
    assert not asyncio.run(gossip.weigh(faces.first, feed.network, one.checkpoint(), circle="partners"))
    assert asyncio.run(gossip.weigh(faces.first, feed.network, other.checkpoint(), circle="partners"))
    with faces.first.store.reading() as db:
        assert evidence.freeze_of(db, feed.network, "partners") == "split-view"
        assert len(held_evidence.evidence(db)) == 1
    assert evidence.listed(faces.first) == b""
    result = asyncio.run(sync.sync_from(faces.first, [Silent()], feed.network, "partners"))
    assert result.refused and "frozen" in str(result.error)
    result = asyncio.run(sync.sync_from(faces.first, [Silent()], feed.network))
    assert not result.refused and "frozen" not in str(result.error)


class Silent:
    """A source that never answers."""

    name, origin = "nobody", False

    async def get(self, path: str, **_: object) -> Fetched:
        raise UnreachableError("no answer")


# --- one witness


def ask(node: Home, witness: Home, served: Served) -> None:
    """Have a node's public log cosigned by another node."""
    with node.store.writing() as db:
        cosigner = witness.network.identity.cosigner
        witnesses.add(db, Witness(f"{served.url}/witness", cosigner.name, cosigner.vkey, None, "2026-11-21T18:00:00Z"))


def cosigned(node: Home, *words: str) -> publish.Published:
    """One more edition, shown to the witnesses first."""
    add(node, *words)
    return publish.publish(node, NOW, cosign=cosigning.by_witnesses(node, allow_private=True))[0]


def policy(follower: Home, origin: Home, witness: Home, served: Served) -> None:
    """Have the follower ask for the cosignature of that witness, which it need not follow."""
    vkey = witness.network.identity.cosigner.vkey
    with follower.store.writing() as db:
        text = f"witness w {vkey} {served.url}/witness\nquorum w\n"
        witnesses.set_policy(db, network_of(follower, origin), text.encode())


@pytest.fixture
def witness(nodes: Nodes, faces: Faces) -> tuple[Home, Served]:
    """A witness that follows the network at its first face."""
    here = nodes.home("Witness", "Own")
    pin(here, faces.one, faces.one_served.url)
    return here, serving(nodes, here)


def test_a_witness_cosigns_one_history_only(nodes: Nodes, faces: Faces, witness: tuple[Home, Served]):
    for face in (faces.one, faces.other):
        ask(face, *witness)
    cosigned(faces.one, "For the first")
    cosigned(faces.other, "For the second")
    checkpoints = [held(face, faces.one).followed.checkpoint for face in (faces.one, faces.other)]
    assert [len(found.signatures) for found in checkpoints if found] == [2, 1]
    with faces.other.store.reading() as db:
        (asked,) = witnesses.witnesses(db)
    assert "split-view" in str(asked.error)
    assert caught(witness[0], faces.one)  # it asked the witness to sign both


def test_a_witness_that_was_shown_another_history_finds_it_out(
    nodes: Nodes, faces: Faces, witness: tuple[Home, Served]
):
    here, _ = witness
    assert synced_with(here, faces.one).verified
    ask(faces.other, *witness)
    cosigned(faces.other, "For the witness")  # it goes on from what the witness follows
    assert witnessing.cosigned(here, held(faces.other, faces.one).network.identity.log_verifier("public", 1).name)
    published(faces.one, "For everybody")
    assert not synced_with(here, faces.one).verified
    assert caught(here, faces.one)


def test_two_followers_with_one_witness_find_it_out(nodes: Nodes, faces: Faces, witness: tuple[Home, Served]):
    ask(faces.one, *witness)
    cosigned(faces.one, "For the first")
    published(faces.other, "For the second")
    for follower in (faces.first, faces.second):
        policy(follower, faces.one, *witness)
    assert synced_with(faces.first, faces.one).verified
    assert held(faces.first, faces.one).witnessed == 3
    assert synced_with(faces.second, faces.other).refused  # the witness has seen another history
    assert caught(faces.second, faces.other)
    assert held(faces.second, faces.other).witnessed is None


def test_followers_of_the_witness_take_its_evidence_over(nodes: Nodes, faces: Faces, witness: tuple[Home, Served]):
    for face in (faces.one, faces.other):
        ask(face, *witness)
    cosigned(faces.one, "For the first")
    cosigned(faces.other, "For the second")
    for follower in (faces.first, faces.second):
        follow(follower, *witness)
        assert synced_with(follower, faces.one).refused
        assert caught(follower, faces.one)


# --- nobody else can freeze a network


def test_a_peer_cannot_freeze_a_network_by_its_word(nodes: Nodes, faces: Faces):
    liar = nodes.home("Liar", "Own")
    pin(liar, faces.one, faces.one_served.url)
    assert synced_with(liar, faces.one).verified
    proxy = nodes.proxy(serving(nodes, liar).url)
    pin(faces.first, liar, proxy.url)
    honest = faces.one.network.identity.log_verifier("public", 1).name
    forged = sign(Checkpoint(honest, 2, bytes(32)).text, liar.keys.log_signer(honest)).encoded
    signed = held(faces.one, faces.one).followed.checkpoint
    assert signed is not None
    moved = notes.Note(Checkpoint(honest, 2, bytes(32)).text, signed.signatures).encoded
    other = held(liar, liar).followed.checkpoint
    assert other is not None
    for body in (forged, moved, other.encoded, b"", b"\xff" * 100, b"split-view x y\n" * 10):
        proxy.change = lambda path, answer, body=body: Answer(200, body)  # type: ignore[misc]
        assert synced_with(faces.first, faces.one).verified
        assert network_of(faces.first, faces.one).frozen is None


def test_false_evidence_freezes_nobody(nodes: Nodes, faces: Faces):
    liar = nodes.home("Liar", "Own")
    proxy = nodes.proxy(serving(nodes, liar).url)
    pin(faces.first, liar, proxy.url)
    published(faces.other, "For the second")
    found = _evidence(faces)
    digests = iter("0123456789abcdef")
    lists = b"split-view %s " % faces.one.network.network.encode()

    def lying(raw: bytes) -> None:
        digest = next(digests) * 64
        proxy.change = lambda path, answer: (
            Answer(200, lists + digest.encode() + b"\n") if path == "/evidence"
            else Answer(200, raw) if path.startswith("/evidence/") else answer
        )  # fmt: skip

    for raw in (b"", found[:-2], found.replace(b"split-view", b"broken-close"), found[:100], b"\n" * 100):
        lying(raw)
        assert synced_with(faces.first, faces.one).verified
        assert network_of(faces.first, faces.one).frozen is None
    lying(found)
    assert synced_with(faces.first, faces.one).refused
    assert caught(faces.first, faces.one)


def test_evidence_about_restricted_circles_is_taken_from_nobody(nodes: Nodes, faces: Faces):
    one, other = (Network("Partner", circle="board") for _ in range(2))
    for number, network in enumerate((one, other)):
        network.publish(network.put(number))
    with faces.first.store.writing() as db:
        partner = feeds.pin(db, one.identity, NOW)
    found = split(one, other)
    listed = f"{found.kind} {one.id} {sha256(found.encoded).hexdigest()}\n".encode()

    class Peer:
        async def get(self, url: str, **_: object) -> Fetched:
            return Fetched(200, listed if url.endswith("/evidence") else found.encoded, 0)

    peer: Any = Peer()
    assert not asyncio.run(gossip._evidence(faces.first, peer, partner, "https://peer.example"))
    with faces.first.store.reading() as db:
        assert held_evidence.evidence(db) == []


def _evidence(faces: Faces) -> bytes:
    """True evidence, made by somebody else."""
    published(faces.one, "For the first")
    assert synced_with(faces.first, faces.one).verified
    feed, shown = held(faces.first, faces.one), held(faces.other, faces.other).followed.checkpoint
    assert shown is not None
    with faces.first.store.reading() as db:
        found = contradiction(db, feed, shown)
    assert found is not None
    return found.encoded


def test_a_peer_that_stalls_costs_little(nodes: Nodes, faces: Faces, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gossip, "GOSSIP_SECONDS", 0.2)
    slow = nodes.home("Slow", "Own")
    proxy = nodes.proxy(serving(nodes, slow).url)
    pin(faces.first, slow, proxy.url)

    def stalling(path: str, answer: Answer) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        proxy.over.wait(5)

    proxy.change = stalling
    monkeypatch.setattr(sync, "IDENTITY_SECONDS", 0.2)
    assert synced_with(faces.first, faces.one).verified


def test_a_witness_that_is_not_there_delays_nothing(nodes: Nodes, faces: Faces, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cosigning, "DEADLINE", 0.3)
    with faces.one.store.writing() as db:
        key = faces.first.network.identity.cosigner
        witnesses.add(db, Witness("http://127.0.0.1:1/witness", key.name, key.vkey, None, "2026-11-21T18:00:00Z"))
    assert cosigned(faces.one, "Delta").edition.edition == 3
    with faces.one.store.reading() as db:
        (asked,) = witnesses.witnesses(db)
    assert "no connection" in str(asked.error)
