"""The feed resources as they travel: statuses, headers, codings, and the answer that waits."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import zstandard

from fednet.feed import note, tlog, tree, wire
from fednet.feed.checkpoint import parse_checkpoint
from fednet.feed.edition import parse_edition
from fednet.feed.follow import open_head
from fednet.feed.identity import parse_identity
from fednet.feed.proof import check, parse_proof
from fednet.feed.wire import PageName
from fednet.node import edits, publish
from fednet.node.home import Home
from fednet.web.app import create_app
from fednet.web.programs.feeds import BODIES, CHECKED, IMMUTABLE
from tests.node.nodes import NOW, Nodes, Served, add_many, heartbeat, held, published, synced


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Asker:
    """Asks one server about one network."""

    def __init__(self, served: Served, home: Home) -> None:
        self.netloc, self.home = urlsplit(served.url).netloc, home
        self.base = f"/feeds/{home.network.network}"

    def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        connection = http.client.HTTPConnection(self.netloc, timeout=30)
        path = path if path.startswith("/") else f"{self.base}/{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Accept-Encoding": "identity", **named})
        response = connection.getresponse()
        got = Got(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return got


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with Nodes(tmp_path) as made:
        yield made


@pytest.fixture
def home(nodes: Nodes) -> Home:
    made = nodes.home("Example", *(f"Member {i}" for i in range(8)))
    published(made, "Alpha")
    return made


@pytest.fixture
def ask(nodes: Nodes, home: Home) -> Asker:
    return Asker(nodes.served(home, create_app(home)), home)


def root_page(home: Home) -> str:
    edition = held(home, home).followed.edition
    assert edition is not None
    return str(PageName("", edition.state_root))


# --- what is answered


def test_every_resource_is_what_it_says(ask: Asker, home: Home) -> None:
    identity = parse_identity(ask.get("identity").body)
    assert identity == home.network.identity
    head = open_head(identity, "public", 1, note.parse(ask.get("public/1/checkpoint").body))
    (tile,) = tlog.tiles_of(head.size)
    leaves = tlog.parse_tile(tile, ask.get(f"public/1/{tile.path}").body)
    (bundle,) = tlog.tiles_of(head.size, -1)
    lines = tlog.parse_entries(bundle, ask.get(f"public/1/{bundle.path}").body)
    assert tlog.root_of(leaves) == head.root and leaves == list(map(tlog.leaf_hash, lines))
    answer = wire.parse_answer(ask.get("public/changes?since=0.0").body)
    assert answer.editions == tuple(lines) and len(answer.changes) == 9
    edition = parse_edition(lines[-1])
    page = wire.parse_page(
        ask.get(f"public/page/{root_page(home)}").body, "", tree.Node(edition.state_root), held(home, home).commitments
    )
    assert isinstance(page, wire.RecordsPage) and len(page.records) == 9
    handle = page.records[0].handle if hasattr(page.records[0], "handle") else ""
    assert check(parse_proof(ask.get(f"public/proof/{handle}").body)).verdict == "listed"
    assert check(parse_proof(ask.get(f"public/proof/{edits.new_handle()}").body)).verdict == "absent"


def test_the_first_address_to_ask_names_the_feed(ask: Asker, home: Home) -> None:
    got = ask.get("/.well-known/fednet")
    said = json.loads(got.body)
    assert (said["protocols"], said["network"], said["name"]) == ([1], home.network.network, "Example")
    assert said["feeds"] == {"public": f"{ask.base}/public/"} and said["follows"] == []
    assert ask.get(said["feeds"]["public"] + "1/checkpoint").status == 200


RESOURCES = {
    "/.well-known/fednet": (CHECKED, "application/json"),
    "identity": (CHECKED, "text/plain; charset=utf-8"),
    "public/1/checkpoint": (CHECKED, "text/plain; charset=utf-8"),
    "public/1/tile/0/000.p/2": (IMMUTABLE, "application/octet-stream"),
    "public/1/tile/entries/000.p/2": (IMMUTABLE, "application/octet-stream"),
    "public/changes?since=0.0": (BODIES, "text/plain; charset=utf-8"),
    "public/page/ROOT": (BODIES, "text/plain; charset=utf-8"),
    "public/proof/00000000-0000-4000-8000-000000000000": (BODIES, "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize("path", RESOURCES)
def test_headers_of_every_resource(ask: Asker, home: Home, path: str) -> None:
    cache, media = RESOURCES[path]
    path = path.replace("ROOT", root_page(home))
    got = ask.get(path)
    assert got.status == 200
    assert got.headers["cache-control"] == cache and got.headers["content-type"] == media
    assert "accept-encoding" in got.headers["vary"].lower() and got.headers["x-content-type-options"] == "nosniff"
    assert ("etag" in got.headers) == (cache != BODIES)
    assert "server" not in got.headers or "uvicorn" in got.headers["server"]
    head = ask.get(path, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(got.body)))


@pytest.mark.parametrize("path", [path for path, (cache, _) in RESOURCES.items() if cache != BODIES])
def test_what_is_known_already_is_not_sent_again(ask: Asker, home: Home, path: str) -> None:
    tag = ask.get(path).headers["etag"]
    for given in (tag, f'"other", {tag}'):
        got = ask.get(path, If_None_Match=given)
        assert (got.status, got.body, got.headers["etag"]) == (304, b"", tag)
    assert ask.get(path, If_None_Match='"other"').status == 200


def test_a_new_edition_has_a_new_tag(ask: Asker, home: Home) -> None:
    tag = ask.get("public/1/checkpoint").headers["etag"]
    heartbeat(home)
    got = ask.get("public/1/checkpoint", If_None_Match=tag)
    assert got.status == 200 and parse_checkpoint(note.parse(got.body).text).size == 3


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("zstd, gzip", "zstd"),
        ("gzip", "gzip"),
        ("gzip, zstd;q=0", "gzip"),
        ("ZSTD", "zstd"),
        ("br", None),
        ("", None),
        ("identity", None),
    ],
)
def test_codings_are_those_the_asker_takes(ask: Asker, accepted: str, coding: str | None) -> None:
    plain = ask.get("public/changes?since=0.0").body
    got = ask.get("public/changes?since=0.0", Accept_Encoding=accepted)
    assert got.headers.get("content-encoding") == coding
    match coding:
        case "zstd":
            assert zstandard.ZstdDecompressor().decompressobj().decompress(got.body) == plain
        case "gzip":
            assert gzip.decompress(got.body) == plain
        case _:
            assert got.body == plain
    assert coding is None or len(got.body) < len(plain)


def test_pages_of_entries_never_change_and_pages_of_bodies_are_never_kept(nodes: Nodes) -> None:
    home = nodes.home("Large")
    add_many(home, 600)
    publish.publish(home, NOW)
    ask = Asker(nodes.served(home), home)
    got = ask.get(f"public/page/{root_page(home)}")
    assert got.body.startswith(b"entries\n") and got.headers["cache-control"] == IMMUTABLE
    prefix, entry = next(
        (f"{digit:x}", wire.parse_entry(line)) for digit, line in enumerate(got.body.decode().split("\n")[1:17])
    )
    below = ask.get(f"public/page/{PageName(prefix, tree.entry_hash(entry))}")
    assert below.body.startswith(b"records\n") and below.headers["cache-control"] == BODIES


# --- what is refused


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("public/changes", 400, "malformed"),
        ("public/changes?since=", 400, "malformed"),
        ("public/changes?since=1", 400, "malformed"),
        ("public/changes?since=01.1", 400, "malformed"),
        ("public/changes?since=-1.1", 400, "malformed"),
        ("public/changes?since=1.99999999999999999999", 400, "malformed"),
        ("public/changes?since=0.7", 410, "gone"),
        ("public/changes?since=1.3", 409, "rolled-back"),
        ("public/changes?since=2.0", 409, "rolled-back"),
        ("public/page/root", 400, "malformed"),
        ("public/page/root-00", 400, "malformed"),
        (f"public/page/root-{'0' * 64}", 404, "not-found"),
        (f"public/page/ROOT-{'0' * 64}", 400, "malformed"),
        (f"public/page/{'a' * 25}-{'0' * 64}", 400, "malformed"),
        ("public/proof/x", 400, "malformed"),
        ("public/proof/00000000-0000-4000-8000-00000000000A", 400, "malformed"),
        ("public/2/checkpoint", 404, "not-found"),
        ("public/x/checkpoint", 400, "malformed"),
        ("public/01/checkpoint", 400, "malformed"),
        ("public/1/checkpoint?after=x", 400, "malformed"),
        ("public/1/checkpoint?after=1.2&wait=x", 400, "malformed"),
        ("public/1/tile/0/000", 404, "not-found"),
        ("public/1/tile/0/000.p/3", 404, "not-found"),
        ("public/1/tile/0/000.p/256", 400, "malformed"),
        ("public/1/tile/0/000.p/0", 400, "malformed"),
        ("public/1/tile/00/000", 400, "malformed"),
        ("public/1/tile/0/0", 400, "malformed"),
        ("public/1/tile/0/x000/000", 400, "malformed"),
        ("public/1/tile/0/%D9%A0%D9%A0%D9%A0", 400, "malformed"),
        ("public/1/tile/63/000", 404, "not-found"),
        ("public/1/tile/64/000", 400, "malformed"),
        ("public/2/tile/0/000.p/1", 404, "not-found"),
        ("public/1/nothing", 404, "not-found"),
        ("public/nothing", 404, "not-found"),
        ("nothing", 404, "not-found"),
        (f"/feeds/{'a' * 32}/identity", 404, "not-found"),
        ("/feeds/x/public/1/checkpoint", 404, "not-found"),
    ],
)
def test_what_makes_no_sense_is_answered_in_json(ask: Asker, path: str, status: int, word: str) -> None:
    got = ask.get(path)
    said = json.loads(got.body)
    assert (got.status, said["error"]) == (status, word) and said["detail"]
    assert got.headers["content-type"].startswith("application/json")


def test_whoever_is_ahead_is_shown_our_checkpoint(ask: Asker) -> None:
    said = json.loads(ask.get("public/changes?since=1.9").body)
    assert b64decode(said["checkpoint"]) == ask.get("public/1/checkpoint").body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_feeds_are_read_only(ask: Asker, method: str) -> None:
    assert ask.get("identity", method).status == 405


def test_a_restricted_circle_looks_like_one_that_does_not_exist(ask: Asker, home: Home) -> None:
    edits.add(home, "person", {"name": "Example Person"}, NOW)
    (done,) = publish.publish(home, NOW)
    assert done.circle == "partners"
    for path in (
        "changes?since=0.0", "1/checkpoint", "1/tile/0/000.p/1", "1/tile/entries/000.p/1", f"page/root-{'0' * 64}",
        "proof/00000000-0000-4000-8000-000000000000", "", "identity",
    ):  # fmt: skip
        for method in ("GET", "HEAD", "POST"):
            real, unknown = (ask.get(f"{circle}/{path}", method) for circle in ("partners", "nowhere"))
            assert (real.status, real.body) == (unknown.status, unknown.body) and real.status in (404, 405)
            assert _undated(real) == _undated(unknown)
    for path in ("/.well-known/fednet", "identity", "public/changes?since=0.0"):
        assert b"partners" not in ask.get(path).body and b"Example Person" not in ask.get(path).body


def _undated(got: Got) -> dict[str, str]:
    return {name: value for name, value in got.headers.items() if name != "date"}


def test_what_is_only_drafted_or_not_yet_verified_is_not_served(nodes: Nodes, home: Home, ask: Asker) -> None:
    edits.add(home, "organization", {"names": {"en": "Zyxwolfram"}}, NOW)
    assert b"Zyxwolfram" not in ask.get("public/changes?since=0.0").body
    other, _, follower = nodes.pair("Beta")
    there = Asker(nodes.served(follower), other)
    assert there.get("identity").status == 404 and there.get("public/1/checkpoint").status == 404
    assert synced(follower).verified
    assert there.get("public/1/checkpoint").status == 200


# --- the answer that waits


def waited(ask: Asker, served: Served, path: str, act: object) -> tuple[Got, float]:
    """Ask, act once the question has arrived, and the seconds from there to the answer."""
    arrived = threading.Event()
    served.before = lambda path: arrived.set()
    answers: list[Got] = []
    asking = threading.Thread(target=lambda: answers.append(ask.get(path)))
    asking.start()
    assert arrived.wait(10)
    began = time.monotonic()
    act()  # type: ignore[operator]
    asking.join(20)
    return answers[0], time.monotonic() - began


def size_in(got: Got) -> int:
    return parse_checkpoint(note.parse(got.body).text).size


@pytest.mark.clock
def test_a_waiting_asker_hears_of_a_new_edition_within_a_second(nodes: Nodes, home: Home) -> None:
    served = nodes.served(home, create_app(home))
    ask = Asker(served, home)
    other = Home(home.path)  # as another process would
    for size in (2, 3):
        got, seconds = waited(ask, served, f"public/1/checkpoint?after=1.{size}&wait=20", lambda: heartbeat(other))
        assert size_in(got) == size + 1 and seconds < 1.5
    other.close()


@pytest.mark.clock
def test_a_waiting_asker_is_answered_when_the_time_is_over(nodes: Nodes, home: Home) -> None:
    served = nodes.served(home, create_app(home))
    ask = Asker(served, home)
    got, seconds = waited(ask, served, "public/1/checkpoint?after=1.2&wait=1", lambda: None)
    assert size_in(got) == 2 and 0.8 < seconds < 3
    for path in ("after=1.1&wait=20", "after=0.0&wait=20", "after=1.2&wait=0", "after=1.2"):
        got, seconds = waited(ask, served, f"public/1/checkpoint?{path}", lambda: None)
        assert size_in(got) == 2 and seconds < 1
