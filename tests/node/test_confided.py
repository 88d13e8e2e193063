"""What two networks tell each other of an introduction is in no third hand, and is gone when it is forgotten."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyrage
import pytest
import zstandard

from fednet.feed import bundle
from fednet.feed.bundle import Resource
from fednet.node import bundles, cosigning, erasure, following, introductions, publish, signatures, sites
from fednet.node.fetch import Fetcher
from fednet.node.home import Home, now
from fednet.node.sync import sync
from fednet.web.app import create_app
from tests.asgi import Client
from tests.node.nodes import Nodes, network_of, pin
from tests.node.pairs import SAYS, WORDS, Pair, listed

PATHS = (
    "/", "/?text=interpreters", "/exchange", "/exchange/chart", "/exchange/chart.csv", "/twinnings", "/networks",
    "/status", "/about", "/feed.json", "/calendar.ics", "/.well-known/fednet", "/evidence", "/healthz", "/readyz",
    "/openapi.json", "/api/v1/exchanges", "/api/v1/networks", "/api/v1/chart", "/hsds/organizations", "/metrics",
    "/workspace/introductions", "/messages", "/introductions",
)  # fmt: skip
RESOURCES = (
    "identity", "circles", "public/changes?since=0.0", "public/1/checkpoint", "partners/changes?since=0.0",
    "partners/1/checkpoint",
)  # fmt: skip


class Confided(Pair):
    """A pair whose two sides are introduced, and a third that follows and mirrors both, their partner and witness."""

    def __init__(self, nodes: Nodes) -> None:
        super().__init__(nodes, a_reachable=True, b_reachable=True)
        self.third = nodes.home("Third Network")
        self.at_third = self.serve(self.third)
        for home, served in ((self.a, self.at_a), (self.b, self.at_b)):
            assert served
            pin(self.third, home, served.url)
            pin(home, self.third, self.at_third.url)
            following.partner(home, network_of(home, self.third))
            following.partner(self.third, network_of(self.third, home))
            asyncio.run(cosigning.add(home, self.at_third.url, None, allow_private=True))
        self.id = self.ask()
        self.everybody_syncs()
        self.accept(self.id)
        self.everybody_syncs()
        assert self.introduced(self.id)
        self.traces = [trace for word in (*WORDS, self.id) for trace in spellings(word)]

    def everybody_syncs(self) -> None:
        for home in (self.a, self.b, self.third):
            asyncio.run(sync(home, allow_private=True))

    def found(self, places: Iterable[tuple[str, bytes]]) -> list[str]:
        return [f"{where}: {trace!r}" for where, content in places for trace in self.traces if trace in content]


async def ask_witnesses(home: Home) -> None:
    async with Fetcher(allow_private=True) as fetcher:
        await cosigning.ask_missing(home, fetcher)


def spellings(word: str) -> Iterator[bytes]:
    yield word.encode()
    yield word.encode().hex().encode()
    yield b64encode(word.encode()).rstrip(b"=")[:-1]


def files(directory: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()


def parts(raw: bytes, *, sealed: bool = False) -> Iterator[tuple[str, bytes]]:
    """All that is in a bundle, unfolded."""
    text = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
    for part in bundle.unpacked([text], sealed=sealed):
        if isinstance(part, Resource):
            path = part.path
        else:
            yield path, part


@pytest.fixture
def confided(nodes: Nodes) -> Confided:
    return Confided(nodes)


def answers(pair: Confided, home: Home) -> Iterator[tuple[str, bytes]]:
    """What a node answers to anybody, and to the third network, which is its partner."""
    handles = (pair.offer, pair.need)
    paths = [*PATHS, *(f"/exchange/{one}" for one in handles), *(f"/api/v1/exchanges/{one}/matches" for one in handles)]
    for network in (pair.a.network.network, pair.b.network.network):
        paths += [f"/feeds/{network}/{rest}" for rest in RESOURCES]
    client = Client(create_app(home), host="127.0.0.1")
    signer = signatures.signer(pair.third)
    for path in paths:
        for how, headers in (("open", {}), ("signed", signer.headers("GET", f"http://127.0.0.1{path}"))):
            answer = client.get(path, **headers)
            yield f"{home.network.name} {how} {path}", answer.body.replace(path.encode(), b"")


def carried_away(pair: Confided, home: Home) -> Iterator[tuple[str, bytes]]:
    """What leaves a node in files: a site, a bundle for everybody, and one for the third network."""
    place = home.path.parent / f"away-{home.path.name}"
    sites.write(home, place / "site", now(), mirrors=True)
    yield from files(place)
    for reader in (None, network_of(home, pair.third)):
        bundles.write(home, place / "b.fednet", recipient=reader, mirrors=True)
        for path, content in parts((place / "b.fednet").read_bytes()):
            yield f"{home.network.name}, bundle, {path}", content
            if path == bundle.SEALED:
                inner = pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(pair.third.keys.bundle)])
                yield from parts(inner, sealed=True)


def test_no_third_hand_holds_a_word_of_an_introduction(confided: Confided, caplog: pytest.LogCaptureFixture) -> None:
    pair = confided
    with caplog.at_level(logging.DEBUG):
        for home in (pair.a, pair.b):
            listed(home, "need", "One thing more")
            asyncio.run(ask_witnesses(home))
        pair.everybody_syncs()
        told = pair.written(pair.a, pair.third)
        pair.read(pair.third, told)
        for home in (pair.a, pair.b):
            for places in (answers(pair, home), carried_away(pair, home)):
                assert pair.found(places) == []
    assert pair.found(files(pair.third.path)) == []
    assert pair.found([("log", caplog.text.encode())]) == []
    for home in (pair.a, pair.b):  # what was looked for could have been found
        assert {line.rpartition(": ")[2] for line in pair.found(files(home.path))} >= {repr(SAYS.encode())}


def test_nothing_is_left_of_what_is_forgotten_or_of_an_entry_that_is_erased(confided: Confided) -> None:
    pair = confided
    introductions.forget(pair.a, pair.id, now())
    erasure.erase(pair.b, pair.need, now())
    publish.publish(pair.b, now())
    pair.everybody_syncs()
    for home in (pair.a, pair.b):
        assert erasure.settle(home)
        left = pair.found(files(home.path))
        assert {line.rpartition(": ")[2] for line in left} <= {
            repr(pair.id.encode())
        }  # that there was one, for figures
