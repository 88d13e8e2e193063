"""`POST /receipt`: signed by a pinned network, about what this one has signed; everything else is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fednet.node import edits, receipts
from fednet.node import home as homes
from fednet.node.publish import publish
from fednet.node.receipts import Receipt
from fednet.node.signatures import Signer
from fednet.store import blocks, feeds
from fednet.web.app import create_app
from tests.asgi import Answer, Client
from tests.feed.network import Network, seed
from tests.web.place import NOW

BASE = "http://node.example"
PEERS = {name: Network(name) for name in ("Follower", "Blocked", "Stranger")}


class Place:
    """A node that knows a follower, and clients that send receipts as somebody."""

    def __init__(self, path: Path) -> None:
        self.home, _ = homes.create(path / "node", "Example Network", BASE, path / "recovery.txt")
        with self.home.store.writing() as db:
            for name in ("Follower", "Blocked"):
                feeds.pin(db, PEERS[name].identity, NOW)
            blocks.block(db, PEERS["Blocked"].id, NOW)
        for kind, circle in (("organization", "public"), ("person", "partners")):
            names = {"names": {"en": "Alpha"}} if kind == "organization" else {"name": "Member 07 (fictitious)"}
            edits.add(self.home, kind, names, NOW, circle)
        publish(self.home, NOW)
        self.client = Client(create_app(self.home, clock=lambda: NOW))

    def receipt(self, **changed: Any) -> bytes:
        receipt = Receipt(self.home.network.network, "public", 1, 1)
        return msgspec.structs.replace(receipt, **changed).encoded

    def post(self, body: bytes, by: str | None = "Follower", signed: bytes | None = None) -> Answer:
        headers = {}
        if by is not None:
            signer = Signer(PEERS[by].id, seed(f"{by} transport 1"), clock=lambda: NOW)
            headers = signer.headers("POST", f"{BASE}/receipt", body if signed is None else signed)
        return self.client.post("/receipt", body, **headers)

    @property
    def received(self) -> list[tuple[str, str]]:
        return [(one.network.name, str(one.told.position)) for one in receipts.received(self.home)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.home.close()


def test_a_receipt_of_a_pinned_network_is_kept(place: Place) -> None:
    answer = place.post(place.receipt())
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (204, b"", "no-store")
    assert place.received == [("Follower", "1.1")]


@pytest.mark.parametrize("by", [None, "Stranger", "Blocked"])
def test_nobody_else_is_listened_to(place: Place, by: str | None) -> None:
    answer = place.post(place.receipt(), by)
    assert (answer.status, answer.json["error"]) == (401, "unauthenticated")
    assert place.received == []


def test_a_receipt_that_was_changed_on_the_way_is_refused(place: Place) -> None:
    answer = place.post(place.receipt(), signed=place.receipt(edition=2))
    assert (answer.status, answer.json["error"], place.received) == (401, "unauthenticated", [])


def test_each_refusal_has_its_own_word(place: Place) -> None:
    for status, word, body in (
        (400, "malformed", b"nonsense"),
        (400, "malformed", place.receipt(edition=-1)),
        (400, "malformed", place.receipt(edition=0)),
        (400, "malformed", place.receipt(epoch=0)),
        (413, "too-much", b'{"network":"%s"}' % (b"a" * 2_000)),
        (404, "not-found", place.receipt(network=PEERS["Follower"].id)),
        (404, "not-found", place.receipt(circle="partners")),
        (404, "not-found", place.receipt(circle="no such circle")),
        (409, "rolled-back", place.receipt(edition=2)),
    ):
        answer = place.post(body)
        assert (answer.status, answer.json["error"]) == (status, word), body
    assert place.received == []
    assert place.client.get("/receipt").status == 405


def test_a_restricted_circle_is_answered_like_one_that_is_not_there(place: Place) -> None:
    there, nowhere = (place.post(place.receipt(circle=circle)) for circle in ("partners", "nowhere"))
    assert (there.status, there.body, there.headers) == (nowhere.status, nowhere.body, nowhere.headers)
