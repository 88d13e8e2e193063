"""Introductions, in the words of the shell: between two members of one node, and to another node by files."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fednet.feed.introduction import Details
from fednet.node import introductions
from fednet.node.home import Home
from tests.cli.conftest import Fednet

NEED = '{"type": "need", "titles": {"en": "Interpreters"}, "themes": ["legal-aid"]}'
OFFER = '{"type": "offer", "titles": {"en": "Two interpreters"}, "organization": "Hilltop Aid"}'
ASKS = ("--name", "Front Desk", "--email", "desk@asker.example")


def listed(node: Fednet, body: str) -> str:
    return node("add", "exchange", "--json", "-", given=body).out.strip()


def one(node: Fednet, id_: str) -> dict[str, Any]:
    (found,) = node("exchange", "introductions", id_, "--json").lines
    return dict(found)


def test_two_members_are_introduced_and_it_can_be_forgotten(node: Fednet) -> None:
    need, offer = listed(node, NEED), listed(node, OFFER)
    ask = ("exchange", "introduce", offer, "--for", need, "--text", "Could you help?", *ASKS)
    unasked = node(*ask)
    assert unasked.code == 2 and "add --yes" in unasked.err and "Could you help?" in unasked.out
    (asked,) = node(*ask, "--yes", "--json").lines
    id_ = asked["id"][:8]
    again = node(*ask, "--yes")
    assert again.code == 1 and id_ in again.err
    assert node("exchange", "introductions").err.splitlines()[-1].startswith("1 introduction to answer")
    assert "Front Desk" not in node("exchange", "introductions", id_).out
    accepted = node("exchange", "accept", id_, "--name", "Bo", "--phone", "+66 2 123 4567", "--yes")
    assert accepted.code == 0
    shown = node("exchange", "introductions", id_).out
    assert all(word in shown for word in ("Front Desk", "desk@asker.example", "+66 2 123 4567", "Hilltop Aid", "both"))
    assert node("exchange", "outcome", id_, "met", "--json").lines[0]["outcome"] == "met"
    assert node("exchange", "decline", id_, "--yes").code == 1
    assert node("exchange", "forget", id_, "--yes").code == 0
    found = one(node, id_)
    assert found["emptied"] and found["outcome"] == "met" and found["asker"]["details"] is None


def test_what_cannot_be_done_says_what_to_do(node: Fednet) -> None:
    offer = listed(node, OFFER)
    for arguments, code, why in (
        (("introduce", offer, "--yes"), 2, "give a name"),
        (("introduce", offer, "--from-contact", "--yes"), 2, "--name"),
        (("introduce", "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e", *ASKS, "--yes"), 1, "exchange list"),
        (("introductions", "0123abcd"), 1, "exchange introductions"),
        (("accept", "0123abcd", *ASKS, "--yes"), 1, "exchange introductions"),
    ):
        refused = node("exchange", *arguments)
        assert (refused.code, why in refused.err) == (code, True), refused.err


def test_two_nodes_that_exchange_only_files_are_introduced(fednet: Fednet, tmp_path: Path) -> None:
    file = str(tmp_path / "carried.fednet")
    for name in ("asking", "asked"):
        assert fednet("init", "--name", f"{name.title()} Network", node=name).code == 0

    def carried(source: str, to: str, *options: str) -> None:
        assert fednet("bundle", "write", file, "--yes", *options, node=source).code == 0
        assert fednet("bundle", "read", file, "--yes", node=to).code == 0

    def said(home: str, *arguments: str) -> dict[str, Any]:
        (found,) = fednet("exchange", *arguments, "--json", node=home).lines
        return dict(found)

    need, offer = (
        fednet("add", "exchange", "--json", "-", given=body, node=home).out.strip()
        for home, body in (("asking", NEED), ("asked", OFFER))
    )
    for source, to in (("asking", "asked"), ("asked", "asking")):
        assert fednet("publish", node=source).code == 0
        carried(source, to)
    asked = said("asking", "introduce", offer, "--for", need, *ASKS, "--yes")
    assert asked["undelivered"]
    carried("asking", "asked", "--for", "Asked Network")
    said("asked", "decline", asked["id"], "--text", "Not before June.", "--yes")
    carried("asked", "asking", "--for", "Asking Network")
    found = said("asking", "introductions", asked["id"])
    assert (found["state"], found["asked"]["text"]) == ("declined", "Not before June.")
    assert "asked here" in fednet("exchange", "introductions", asked["id"], node="asking").out
    said("asking", "take-back", asked["id"], "--yes")
    carried("asking", "asked", "--for", "Asked Network")
    assert said("asked", "introductions", asked["id"])["state"] == "taken-back"


def test_a_node_that_nobody_serves_forgets_what_is_long_over_when_it_is_used(node: Fednet, tmp_path: Path) -> None:
    offer = listed(node, '{"type": "offer", "titles": {"en": "A place"}}')
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for command in (["publish"], ["sync"], ["bundle", "write", str(tmp_path / "out.fednet")]):
        with closing(Home(Path("node"))) as home:
            id_ = introductions.ask(home, offer, "", "Canary", "en", Details("Ana", ("a@x.example",)), "", long_ago).id
            introductions.take_back(home, id_, long_ago, "")
        node(*command)
        assert one(node, id_)["emptied"] and "Canary" not in str(one(node, id_))


def test_what_is_forgotten_is_listed_as_such(node: Fednet) -> None:
    need, offer = listed(node, NEED), listed(node, OFFER)
    (asked,) = node("exchange", "introduce", offer[:8], "--for", need[:8], *ASKS, "--yes", "--json").lines
    assert node("exchange", "forget", asked["id"][:8], "--yes").code == 0
    row = node("exchange", "introductions").out.splitlines()[1].split("\t")
    assert row[3:5] == ["destroyed", "destroyed"]
