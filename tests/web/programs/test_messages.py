"""`POST /messages`: networks that are followed tell and are told, and nobody learns anything else from the address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyrage
import pytest

from fednet.feed import message
from fednet.feed.identity import begun, sign_statement
from fednet.feed.message import Message
from fednet.node import home as homes
from fednet.node import messages
from fednet.node.publish import publish
from fednet.node.receipts import Receipt
from fednet.node.signatures import Signer
from fednet.store import blocks, feeds
from fednet.web.app import create_app
from fednet.web.members import introducing
from tests.asgi import Answer, Client
from tests.feed.network import Network, first_statement, seed
from tests.web.place import NOW

BASE = "http://node.example"
NAMES = ("Follower", "Blocked", "Frozen", "Stranger")
KEYS = {name: pyrage.x25519.Identity.generate() for name in NAMES}
TOO_LONG = b"x" * (messages.MAX_SEALED + 1)


def peer(name: str) -> Network:
    """A network that can open what is sealed to it."""
    found = Network(name)
    statement = msgspec.structs.replace(first_statement(name), bundle_key=str(KEYS[name].to_public()))
    found.identity = begun(sign_statement(statement, found.recovery_seeds))
    found.id = found.identity.network
    return found


PEERS = {name: peer(name) for name in NAMES}


class Place:
    """A node that follows some, and clients that send messages as somebody."""

    def __init__(self, path: Path) -> None:
        self.home, _ = homes.create(path / "node", "Example Network", BASE, path / "recovery.txt")
        with self.home.store.writing() as db:
            for name in NAMES[:3]:
                found = feeds.pin(db, PEERS[name].identity, NOW)
                feeds.freeze(db, found, "split-view" if name == "Frozen" else None)
            blocks.block(db, PEERS["Blocked"].id, NOW)
        publish(self.home, NOW)
        self.client = Client(create_app(self.home, clock=lambda: NOW))

    def note(self, by: str, to: str | None = None, text: bytes | None = None) -> bytes:
        empty = Message(PEERS[by].id, to or self.home.network.network, NOW)
        return message.write(empty, message.signer(PEERS[by].id, seed(f"{by} transport 1")))

    def sealed(self, raw: bytes) -> bytes:
        return messages.sealed(raw, self.home.network)

    def post(self, body: bytes, by: str | None = "Follower", path: str = "/messages") -> Answer:
        headers = {}
        if by is not None:
            signer = Signer(PEERS[by].id, seed(f"{by} transport 1"), clock=lambda: NOW)
            headers = signer.headers("POST", f"{BASE}{path}", body)
        return self.client.post(path, body, **headers)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("messages"))
    yield made
    made.home.close()


def test_a_message_is_answered_by_one_that_only_its_writer_can_open(place: Place) -> None:
    answer = place.post(place.sealed(place.note("Follower")))
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-type"] == "application/octet-stream"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(answer.body, [KEYS["Stranger"]])
    opened = pyrage.decrypt(answer.body, [KEYS["Follower"]])
    found = message.read(opened, place.home.network.identity, PEERS["Follower"].id)
    assert (found.sides, found.seen) == ((), ())


@pytest.mark.parametrize("by", [None, "Stranger", "Blocked"])
def test_nobody_else_is_listened_to_and_all_hear_the_words_of_a_receipt(place: Place, by: str | None) -> None:
    body = place.sealed(place.note(by or "Stranger"))
    receipt = Receipt(place.home.network.network, "public", 1, 1).encoded
    told, confirmed = place.post(body, by), place.post(receipt, by, "/receipt")
    assert (told.status, told.json["error"]) == (401, "unauthenticated")
    assert told.json["detail"].replace("/messages", "/receipt") == confirmed.json["detail"]
    assert {**told.headers, "content-length": ""} == {**confirmed.headers, "content-length": ""}


def test_a_network_that_said_two_things_is_not_listened_to(place: Place) -> None:
    answer = place.post(place.sealed(place.note("Frozen")), "Frozen")
    assert (answer.status, answer.json["error"]) == (401, "unauthenticated")


def test_each_refusal_has_its_own_word(place: Place) -> None:
    stranger = messages.sealed(b"x", place.home.network)[:-1]
    other = pyrage.encrypt(place.note("Follower"), [KEYS["Stranger"].to_public()])
    for status, word, body in (
        (422, "wrong-key", b"nonsense"),
        (422, "wrong-key", stranger),
        (422, "wrong-key", other),
        (413, "too-much", messages.AGE + b"-> X25519 A\n" * 300),
        (422, "bad-signature", place.sealed(place.note("Stranger"))),
        (422, "refused", place.sealed(place.note("Follower", to=PEERS["Stranger"].id))),
        (400, "malformed", place.sealed(b"nonsense")),
        (413, "too-much", place.sealed(b"x" * (message.MAX_MESSAGE + 1))),
        (413, "too-much", TOO_LONG),
    ):
        answer = place.post(body)
        assert (answer.status, answer.json["error"]) == (status, word), body[:60]
        assert answer.headers["cache-control"] == ("private, no-cache" if status != 401 else "no-store")


def test_a_body_that_is_too_long_is_read_from_nobody(place: Place) -> None:
    answer = place.client.post("/messages", TOO_LONG, **{"Signature": "x", "Signature-Input": "x"})
    assert (answer.status, answer.json["error"]) == (413, "too-much")


def test_browsers_find_nothing_there(place: Place) -> None:
    answer = place.client.get("/messages", Accept="text/html")
    assert answer.status == 405 and answer.headers["content-type"] == "application/json"


def test_pages_have_a_sentence_for_every_trouble() -> None:
    assert introducing.TROUBLES.keys() == messages.TROUBLES.keys()
