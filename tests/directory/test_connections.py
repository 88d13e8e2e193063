from __future__ import annotations

from collections.abc import Iterator

import pytest

from fednet.directory.connections import Line, connections
from fednet.directory.search import OPERATOR, PUBLIC
from fednet.feed.identity import cosigner_name
from fednet.feed.note import Cosigner, Note, Signature
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import blocks, feeds, sources, witnesses
from tests.feed.network import Network, seed
from tests.web.place import NOW, followed

STRANGER = "z" * 32


@pytest.fixture
def home(tmp_path: object) -> Iterator[Home]:
    home, _ = homes.create(tmp_path / "node", "Own Network", None, tmp_path / "recovery.txt")  # type: ignore[operator]
    edits.add(home, "organization", {"names": {"en": "Paper Boat"}}, NOW)
    publish(home, NOW)
    for name in ("Alpha", "Beta"):
        followed(home, name, [{"kind": "organization", "names": {"en": f"{name} House"}}])
    yield home
    home.close()


def ids(home: Home) -> dict[str, str]:
    with home.store.reading() as db:
        return {network.name: network.network for network in feeds.networks(db)}


def mentions(home: Home, name: str, *networks: tuple[str, str]) -> None:
    with home.store.writing() as db:
        by = feeds.named(db, name)
        sources.mention(db, by, [(network, called, ["https://node.example"]) for network, called in networks])


def test_this_node_follows_what_it_shows(home: Home) -> None:
    known = ids(home)
    found = connections(home.store, PUBLIC, NOW)
    assert [point.name for point in found.points] == ["Own Network", "Alpha", "Beta"]
    assert found.lines == tuple(Line(known["Own Network"], "follows", known[name]) for name in ("Alpha", "Beta"))


def test_whom_others_follow_is_told_of_networks_that_are_shown_here(home: Home) -> None:
    known = ids(home)
    mentions(home, "Alpha", (known["Beta"], "whatever Alpha calls it"), (STRANGER, "A name to put onto your page"))
    found = connections(home.store, PUBLIC, NOW)
    assert Line(known["Alpha"], "follows", known["Beta"]) in found.lines
    assert "A name to put onto your page" not in str(found) and "whatever" not in str(found)
    told = connections(home.store, OPERATOR, NOW)
    assert Line(known["Alpha"], "follows", STRANGER) in told.lines
    assert [point.known for point in told.points if point.id == STRANGER] == [False]


def test_a_blocked_network_is_nowhere(home: Home) -> None:
    known = ids(home)
    mentions(home, "Alpha", (known["Beta"], "Beta"), (STRANGER, "Stranger"))
    with home.store.writing() as db:
        blocks.block(db, known["Beta"], NOW)
        blocks.block(db, STRANGER, NOW)
    for reader in (PUBLIC, OPERATOR):
        assert "Beta" not in str(connections(home.store, reader, NOW))
        assert STRANGER not in str(connections(home.store, reader, NOW))


def cosigned(home: Home, name: str, signature: Signature | Cosigner) -> None:
    """Put a signature below the newest checkpoint of a network's public feed."""
    with home.store.writing() as db:
        feed = feeds.feed(db, feeds.named(db, name), "public")
        assert feed is not None and feed.followed.checkpoint is not None
        note: Note = feed.followed.checkpoint
        one = signature.signature(note.text) if isinstance(signature, Cosigner) else signature
        witnesses.cosigned(db, feed, note.with_signatures([one]))


def witness(name: str) -> Cosigner:
    network = Network(name)
    return Cosigner(cosigner_name(network.id), seed(f"{name} cosigner 1"), int(NOW.timestamp()))


def test_a_cosignature_that_verifies_makes_a_witness(home: Home) -> None:
    known = ids(home)
    cosigned(home, "Own Network", witness("Alpha"))
    cosigned(home, "Beta", witness("Alpha"))
    lines = connections(home.store, PUBLIC, NOW).lines
    assert Line(known["Alpha"], "witnesses", known["Own Network"]) in lines
    assert Line(known["Alpha"], "witnesses", known["Beta"]) in lines
    assert sum(line.how == "witnesses" for line in lines) == 2


def test_a_cosignature_that_fails_or_is_nobodys_makes_none(home: Home) -> None:
    true = witness("Alpha")
    forged = true.signature(b"another text\n")
    cosigned(home, "Own Network", forged)
    cosigned(home, "Beta", witness("Nobody"))
    assert not any(line.how == "witnesses" for line in connections(home.store, PUBLIC, NOW).lines)


def test_what_touches_a_network_is_all_that_its_page_tells(home: Home) -> None:
    known = ids(home)
    mentions(home, "Alpha", (known["Beta"], "Beta"))
    found = connections(home.store, PUBLIC, NOW)
    around = found.around(known["Beta"])
    assert around.points[0].name == "Beta"
    assert set(around.lines) == {line for line in found.lines if known["Beta"] in (line.one, line.other)}
