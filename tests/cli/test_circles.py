"""Audiences, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fednet.node.home import Home
from fednet.store import feeds
from tests.cli.conftest import Fednet
from tests.cli.test_records import added
from tests.feed.network import BEGAN, Network


@pytest.fixture
def peer(node: Fednet, tmp_path: Path) -> Network:
    """A network that the node follows."""
    network = Network("Peer Network")
    home = Home(tmp_path / "node")
    with home.store.writing() as db:
        feeds.pin(db, network.identity, BEGAN)
    home.close()
    return network


def members(node: Fednet) -> dict[str, list[str]]:
    return {one["circle"]: one["members"] for one in node("circle", "list", "--json").lines}


def test_a_circle_is_made_and_given_members(node: Fednet, peer: Network) -> None:
    assert members(node) == {"public": [], "partners": []}
    assert node("circle", "add", "board").code == 0
    assert node("circle", "member", "board", "Peer", "--yes").code == 0
    assert node("partner", "Peer", "--yes").code == 0
    assert members(node) == {"public": [], "partners": ["Peer Network"], "board": ["Peer Network"]}
    assert "everybody" in node("circle", "list").out
    assert node("circle", "member", "board", peer.id, "--remove", "--yes").code == 0
    assert node("partner", peer.id, "--undo", "--yes").code == 0
    assert members(node) == {"public": [], "partners": [], "board": []}


@pytest.mark.parametrize("command", [
    ("circle", "member", "board", "Peer"),
    ("partner", "Peer"),
    ("partner", "Peer", "--undo"),
])  # fmt: skip
def test_who_reads_what_is_never_changed_unasked(node: Fednet, peer: Network, command: tuple[str, ...]) -> None:
    node("circle", "add", "board")
    said = node(*command)
    assert said.code == 2 and "--yes" in said.err and members(node)["board"] == members(node)["partners"] == []


@pytest.mark.parametrize(("command", "says"), [
    (("circle", "add", "partners"), "taken"),
    (("circle", "add", "Board of 12"), "no circle"),
    (("circle", "member", "youth", "Peer", "--yes"), "there is no circle 'youth'"),
    (("circle", "member", "partners", "Peer", "--yes"), "fednet partner"),
    (("partner", "Nobody", "--yes"), "no network called"),
    (("partner", "Example", "--yes"), "no partner of itself"),
    (("add", "organization", "--circle", "youth", "--json", "-"), "fednet circle add"),
    (("add", "organization", "--circle", "Youth", "--json", "-"), "fednet circle list"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_what_to_do(
    node: Fednet, peer: Network, command: tuple[str, ...], says: str
) -> None:
    said = node(*command, given='{"names": {"en": "X"}}')
    assert said.code in (1, 2) and says in said.err


def test_a_record_is_moved_and_status_tells_both_circles(node: Fednet) -> None:
    handle = added(node)
    node("publish")
    node("circle", "add", "board")
    said = node("edit", handle, "--circle", "board")
    moved = said.out.strip()
    assert moved != handle and "new handle" in said.err
    assert node("show", moved, "--json").lines[0]["circle"] == "board"
    assert {line["circle"]: line["drafts"] for line in node("status", "--json").lines} == {"public": 1, "board": 1}
    node("publish")
    assert {line["circle"]: (line["records"], line["erased"]) for line in node("status", "--json").lines} == {
        "public": (0, 1),
        "board": (1, 0),
    }
    again = node("edit", moved, "--circle", "board")
    assert (again.out.strip(), again.code) == (moved, 0) and "nothing differs" in again.err
    assert node("edit", moved).code == 2


def test_an_import_goes_to_a_circle_that_there_is(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text("Name,Country\nAster House,Thailand\n")
    assert node("import", "members.csv", "--circle", "board").code == 2
    node("circle", "add", "board")
    assert node("import", "members.csv", "--circle", "board").code == 0
    assert [line["drafts"] for line in node("circle", "list", "--json").lines] == [0, 0, 1]
