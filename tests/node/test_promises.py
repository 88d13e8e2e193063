"""Promises of the protocol, attacked over real sockets: who speaks, what people are shown, and what things cost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fednet.cli import status
from fednet.cli.directory import edition_of
from fednet.directory.search import OPERATOR, Query, search
from fednet.feed import wire
from fednet.feed.checkpoint import origin as log_name
from fednet.feed.note import Note, parse, sign
from fednet.node import edits, publish, sync
from fednet.web.app import create_app
from tests.asgi import Client
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    add_many,
    held,
    listing,
    move,
    network_of,
    pin,
    problems,
    published,
    same_view,
    synced,
)
from tests.node.test_theft import stolen

ROOT = Path(__file__).parents[2]

# --- a host that signs by itself


@pytest.mark.parametrize("first", [True, False], ids=["first sync", "later"])
def test_nobody_speaks_for_another_network(nodes: Nodes, first: bool) -> None:
    """All adds up in what it shows, and every checkpoint is signed; just not by the key of the network it names."""
    origin, _, follower = nodes.pair("Alpha")
    if not first:
        assert synced(follower).verified
    before = listing(follower, origin.network.network)
    copy, mallory = stolen(nodes, origin), nodes.home("Mallory")
    published(copy, "Forged")
    proxy = nodes.proxy(nodes.served(copy).url)
    log = log_name(origin.network.network, "public", 1)

    def signed_by_mallory(note: Note) -> Note:
        return sign(note.text, mallory.keys.log_signer(log))

    def speaking(path: str, answer: Answer) -> Answer:
        if path.endswith("/checkpoint"):
            return Answer(200, signed_by_mallory(parse(answer.body)).encoded)
        if "/changes" in path and answer.status == 200:
            told = wire.parse_answer(answer.body)
            return Answer(200, msgspec.structs.replace(told, checkpoint=signed_by_mallory(told.checkpoint)).encoded)
        return answer

    move(follower, origin, proxy.url)
    proxy.change = speaking
    result = synced(follower)
    assert result.refused and "sign" in (result.error or "")
    assert listing(follower, origin.network.network) == before
    proxy.change = lambda path, answer: answer  # the same from the key itself is believed: nothing else was wrong
    assert synced(follower).verified and len(listing(follower, origin.network.network)) == 2


# --- a host that shows the same for ever


def test_a_host_that_stands_still_is_seen_to(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds back a withdrawal, and even the heartbeats; everything that it shows is truly signed."""
    origin, served, follower = nodes.pair()
    (withdrawn,) = published(origin, "Alpha")
    synced(follower)
    proxy = nodes.proxy(served.url)
    past: dict[str, Answer] = {}
    proxy.change = past.setdefault
    with follower.store.writing() as db:
        db.execute("UPDATE source SET url = ?", (proxy.url,))
    assert synced(follower).verified
    edits.withdraw(origin, withdrawn, NOW)
    publish.publish(origin, NOW)
    assert synced(follower).verified and withdrawn in listing(follower, origin.network.network)

    for days, expired in ((29, False), (31, True)):
        later = NOW + timedelta(days=days)
        monkeypatch.setattr("fednet.node.home.now", lambda later=later: later)
        (line,) = [line for line in status.lines(follower) if not line.own]
        assert line.expired is expired and (line.hint == "fednet sync") is expired
        (hit,) = search(follower.store, Query(text="alpha"), OPERATOR, later).hits
        assert hit.expired is expired
        client = Client(create_app(follower, clock=lambda later=later: later), accept="text/html")
        (item,) = client.get("/api/v1/organizations?text=alpha").json["items"]
        assert item["expired"] is expired
        for page in ("/?text=alpha", f"/organizations/{withdrawn}"):
            assert ("has not renewed this" in client.get(page).text) is expired, page
    pin(follower, origin, served.url)  # any honest address ends it
    with follower.store.writing() as db:
        db.execute("DELETE FROM source WHERE url = ?", (proxy.url,))
    assert synced(follower).verified and withdrawn not in listing(follower, origin.network.network)


def test_an_edition_of_a_day_to_come_is_shown_as_that(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would not expire for fifty years, and so could hide a host that stands still."""
    origin, _, follower = nodes.pair()
    add_many(origin, 1)
    publish.publish(origin, NOW + timedelta(days=50 * 365))
    assert synced(follower).verified  # it is no reason to refuse what was signed
    monkeypatch.setattr("fednet.node.home.now", lambda: NOW)
    (line,) = [line for line in status.lines(follower) if not line.own]
    assert line.ahead and not line.expired
    status.show(status.lines(follower))
    (hit,) = search(follower.store, Query(text="legal"), OPERATOR, NOW).hits
    assert hit.ahead and edition_of(hit).endswith("dated in the future")
    client = Client(create_app(follower, clock=lambda: NOW), accept="text/html")
    (item,) = client.get("/api/v1/organizations").json["items"]
    assert item["ahead"]
    network = f"/networks/{origin.network.network}"
    for page in ("/?text=legal", f"/organizations/{hit.handle}", "/networks", network):
        assert "in the future" in client.get(page).text, page


# --- two processes on one home

PUBLISHER = """
import sys
from pathlib import Path
from fednet.node import edits, publish
from fednet.node.home import Home
from tests.faults import publisher
from tests.node.nodes import NOW, organization

home, word = Home(Path(sys.argv[1])), sys.argv[2]
publish.sign = publisher.told
publisher.tell("ready")
sys.stdin.readline()
for number in range(8):
    edits.add(home, "organization", organization(f"{word} {number}"), NOW)
    publish.publish(home, NOW)
"""


def test_two_processes_on_one_home_sign_one_history(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    command = [sys.executable, "-c", PUBLISHER, str(origin.path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    started = [subprocess.Popen([*command, word], **pipes) for word in ("Beta", "Gamma")]
    for one in started:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate(timeout=60)[0].splitlines() for one in started]
    assert [one.returncode for one in started] == [0, 0] and all(told)
    signed = {line for lines in told for line in lines}
    assert len(signed) == len({line.split()[1] for line in signed})  # one root for each size
    assert len(listing(origin, origin.network.network)) == 17 and problems(origin) == []


# --- cost follows the change


def test_what_travels_follows_the_change_and_not_the_size(nodes: Nodes) -> None:
    cost = {}
    for size in (50, 2_500):
        origin = nodes.home(f"Origin of {size}")
        follower = nodes.home(f"Follower of {size}")
        handles = add_many(origin, size)
        publish.publish(origin, NOW)
        pin(follower, origin, nodes.served(origin).url)
        synced(follower)
        for handle in handles[:10]:
            edits.edit(origin, handle, {"countries": ["MY"]}, NOW)
        edits.withdraw(origin, handles[10], NOW)
        publish.publish(origin, NOW)
        result = synced(follower)
        assert result.changed == 11 and result.requests == 1 and same_view(origin, follower, origin)
        cost[size] = result.bytes
    assert cost[2_500] < 1.1 * cost[50]


def test_a_record_that_changes_often_travels_once(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha", "Beta")
    synced(follower)
    handle = min(listing(origin, origin.network.network))
    for number in range(30):
        edits.edit(origin, handle, {"acronym": f"A{number}"}, NOW)
        publish.publish(origin, NOW)
    result = synced(follower)
    assert (result.requests, result.changed, result.edition) == (1, 1, 31)
    assert same_view(origin, follower, origin)


def test_a_repair_reads_the_pages_that_differ_and_no_others(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair()
    add_many(origin, 2_500)
    publish.publish(origin, NOW)
    synced(follower)
    whole = served.pages()
    with follower.store.writing() as db:
        feed = held(follower, origin).id
        damaged = "SELECT id FROM record WHERE feed_id = ? ORDER BY key LIMIT 2"
        db.execute(f"UPDATE record SET body = CAST('{{}}' AS BLOB) WHERE id IN ({damaged})", (feed,))
    assert len([problem for problem in problems(follower) if problem.startswith("record ")]) == 2
    served.asked.clear()
    assert asyncio.run(sync.repair(follower, network_of(follower, origin), allow_private=True)).verified
    assert whole == 17 and served.pages() <= 2  # both lie below one page of records
    assert problems(follower) == [] and same_view(origin, follower, origin)
