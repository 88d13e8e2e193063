"""The probe finds nothing wrong with a served node, and finds what a dishonest one serves."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from suite.network import Response, compact, drop, erase, put, refusal
from suite.probe import CHECKS, probe
from suite.server import Server
from suite.trial import example

from tests.node import nodes


def wrong(url: str) -> dict[str, str]:
    """The checks that failed, and why."""
    return {name: why for name, why in probe(url) if why}


def test_a_served_node_is_as_it_must_be(tmp_path: Path) -> None:
    with nodes.Nodes(tmp_path) as made:
        origin = made.home("Origin", "First", "Second")
        nodes.published(origin, "Third")
        nodes.heartbeat(origin)
        assert list(probe(made.served(origin).url)) == [(name, "") for name in NAMES]


def test_a_large_node_is_as_it_must_be(tmp_path: Path) -> None:
    with nodes.Nodes(tmp_path) as made:
        origin = made.home("Origin", "First")
        nodes.add_many(origin, 700)
        nodes.published(origin)
        assert wrong(made.served(origin).url) == {}


NAMES = [check.__name__.replace("_", "-") for check in CHECKS]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def serve(server: Server, part: str, lie: Callable[[Response], Response]) -> dict[str, str]:
    """What the probe finds when answers below `part` of an address are changed."""
    network = example()
    network.open_epoch()
    network.publish(put(30), drop(3), erase(4))
    server.answer = lambda target: lie(network.resource(target)) if part in target else network.resource(target)
    return wrong(server.url)


def flipped(answer: Response) -> Response:
    """The body with one bit changed in the middle."""
    body = bytearray(answer.body)
    body[len(body) // 2] ^= 1
    return answer._replace(body=bytes(body))


def test_the_suites_own_networks_are_as_they_must_be(server: Server) -> None:
    assert serve(server, "nowhere", flipped) == {}


def test_a_static_host_is_as_it_must_be(server: Server) -> None:
    assert serve(server, "/changes", lambda good: Response(404, b"<h1>404</h1>")) == {}


@pytest.mark.parametrize(
    ("part", "check"),
    [
        ("/identity", "identity"),
        ("/checkpoint", "checkpoint"),
        ("/tile/0/", "tiles"),
        ("/tile/entries/", "editions"),
        ("/page/", "state"),
        ("/changes", "changes-from-the-beginning"),
    ],
)
def test_a_flipped_bit_is_found(server: Server, part: str, check: str) -> None:
    assert list(serve(server, part, flipped)) == [check]


def anyway(good: Response) -> Response:
    return Response(200, b"anything") if good.status != 200 else good


NOT_JSON = Response(404, b"gone fishing")


@pytest.mark.parametrize(
    ("part", "lie", "check"),
    [
        ("/changes?since=1", lambda good: anyway(good), "malformed-positions"),
        ("/page/", anyway, "malformed-names"),
        ("/no-such-circle/", lambda good: NOT_JSON, "missing-things"),
        ("/partners/", lambda good: refusal(404, "not-found", "not for you"), "missing-things"),
        ("/changes", lambda good: good._replace(headers=()), "caching"),
    ],
)
def test_a_careless_server_is_found(server: Server, part: str, lie: Callable[[Response], Response], check: str) -> None:
    assert check in serve(server, part, lie)


def test_another_networks_identity_is_found(server: Server) -> None:
    network = example()
    stranger = base64.b64encode(network.notes[0].replace(b"Example", b"Exemple")) + b"\n"
    found = serve(server, "/identity", lambda good: good._replace(body=stranger))
    assert list(found) == ["identity"]


def test_an_address_without_a_node_is_found(server: Server) -> None:
    assert list(serve(server, "/", lambda good: Response(404, compact({})))) == ["well-known"]
