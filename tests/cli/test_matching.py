"""`matches`, `same`, `different`: two networks, their records in a file, and what people say of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import Fednet, Said

HOUSE = {"names": {"en": "Aster House"}, "seat": {"country": "TH"}}
SITE = {**HOUSE, "website": "https://aster.example"}
HOUR = {"titles": {"en": "Aster hour"}, "type": "webinar", "start": "2026-12-01T10:00", "zone": "UTC"}


class Pair:
    """A node and another one, whose network it follows by files."""

    def __init__(self, node: Fednet) -> None:
        self.node, self.files = node, 0
        node("init", "--name", "Peer Network", node="peer")

    def peer(self, *arguments: str, given: str = "") -> Said:
        return self.node(*arguments, given=given, node="peer")

    def lists(self, fields: object, circle: str = "public", kind: str = "organization", node: str = "node") -> str:
        said = self.node("add", kind, "--json", "-", "--circle", circle, given=json.dumps(fields), node=node)
        return said.out.strip()

    def meet(self) -> None:
        """Both publish; what the peer has signed is carried over."""
        self.files += 1
        file = f"{self.files}.fednet"
        assert self.node("publish").code == self.peer("publish").code == 0
        assert self.peer("bundle", "write", file).code == 0
        hints = [str(line["hint"]) for line in self.node("bundle", "read", file, "--json").lines if line["hint"]]
        if hints:
            assert self.node("bundle", "read", file, "--fingerprint", hints[0].split('"')[1]).code == 0

    def networks(self, text: str = "aster") -> list[list[str]]:
        """The networks on each card that is found."""
        hits = self.node("search", text, "--kind", "organization", "--json").lines
        return [sorted(network["name"] for network in hit["networks"]) for hit in hits]


@pytest.fixture
def pair(node: Fednet) -> Pair:
    return Pair(node)


BOTH = [["Example Network", "Peer Network"]]


def test_evidence_joins_by_itself_and_a_word_undoes_it_and_can_be_taken_back(pair: Pair) -> None:
    one, other = pair.lists(SITE), pair.lists(SITE, node="peer")
    pair.meet()
    assert pair.networks() == BOTH
    assert pair.node("matches", "--json").lines == []
    [joined] = pair.node("matches", "--all", "--json").lines
    assert joined["state"] == "joined" and joined["reasons"][0] == "the same website"
    assert {joined["one"]["handle"], joined["other"]["handle"]} == {one, other}
    said = pair.node("different", one, other, "--reason", "two houses of that name", "--json")
    assert said.lines[0]["reason"] == "two houses of that name" and said.lines[0]["circle"] == "public"
    pair.node("publish")
    assert sorted(pair.networks()) == [["Example Network"], ["Peer Network"]]
    [told] = pair.node("matches", "--all", "--json").lines
    assert told["state"] == "said" and told["different"] == ["Example Network"]
    assert pair.node("different", one, other, "--withdraw").code == 0
    pair.node("publish")
    assert pair.networks() == BOTH


def test_a_suggestion_waits_until_somebody_says_same(pair: Pair) -> None:
    one, other = pair.lists(HOUSE), pair.lists(HOUSE, node="peer")
    pair.meet()
    assert len(pair.networks()) == 2
    [waits] = pair.node("matches", "--json").lines
    assert waits["state"] == "suggested" and waits["reasons"] == ["the same name", "one country"]
    shown = pair.node("matches")
    assert "Aster House (Example Network, TH)" in shown.out and "hint: fednet same" in shown.err
    assert pair.node("same", one, other).code == 0
    pair.node("publish")
    assert pair.networks() == BOTH
    assert pair.node("matches", "--json").lines == []


def test_what_another_network_says_counts_when_the_reader_lets_it(pair: Pair) -> None:
    one, other = pair.lists(HOUSE), pair.lists({**HOUSE, "names": {"en": "Aster Gate"}}, node="peer")
    pair.meet()
    pair.lists({"verdict": "same", "subjects": subjects(pair, one, other)}, kind="opinion", node="peer")
    pair.meet()
    assert pair.networks() == BOTH
    found = {scope: len(pair.node("matches", "--all", "--opinions", scope, "--json").lines) for scope in ("own", "all")}
    assert found["all"] == 1
    assert pair.node("different", one, other).code == 0
    pair.node("publish")
    assert len(pair.networks()) == 2


def subjects(pair: Pair, one: str, other: str) -> list[dict[str, str]]:
    ids = {line["name"]: line["network"] for line in pair.node("peers", "--json").lines}
    own = pair.node("status", "--json").lines[0]["network"]
    return [{"network": own, "handle": one}, {"network": ids["Peer Network"], "handle": other}]


def test_saying_the_contrary_changes_the_one_opinion(pair: Pair) -> None:
    one, other = pair.lists(HOUSE), pair.lists(HOUSE)
    first = pair.node("same", one, other).out
    assert pair.node("different", other, one).out == first
    pair.node("publish")
    assert pair.node("different", one, other, "--reason", "asked them").out == first
    pair.node("publish")
    [found] = pair.node("matches", "--all", "--json").lines
    assert found["state"] == "said" and found["same"] == [] and found["different"] == ["Example Network"]


def test_an_opinion_survives_that_a_record_is_imported_again(pair: Pair) -> None:
    one, other = pair.lists(HOUSE), pair.lists(SITE, node="peer")
    pair.meet()
    pair.node("same", one, other)
    pair.meet()
    pair.peer("edit", other, "--json", "-", given='{"acronym": "AH"}')
    pair.meet()
    assert pair.networks() == BOTH


def test_an_opinion_on_what_not_everybody_may_read_is_for_partners(pair: Pair) -> None:
    one, other = pair.lists(HOUSE), pair.lists(HOUSE, circle="partners")
    refused = pair.node("same", one, other, "--circle", "public")
    assert refused.code == 2 and "everybody would learn of it" in refused.err
    [said] = pair.node("same", one, other, "--json").lines
    assert said["circle"] == "partners"


@pytest.mark.parametrize(
    ("given", "code", "word"),
    [
        (lambda one, hour: (one, one), 2, "given twice"),
        (lambda one, hour: (one, hour), 2, "cannot be the same"),
        (lambda one, hour: (one, "nonsense"), 1, "is listed here"),
        (lambda one, hour: (one, f"Nobody:{one}"), 1, "no network called"),
        (lambda one, hour: (one, f"Example:{hour}x"), 1, "is listed here"),
    ],
)
def test_what_cannot_be_said(pair: Pair, given: Callable[[str, str], tuple[str, str]], code: int, word: str) -> None:
    one, hour = pair.lists(HOUSE), pair.lists(HOUR, kind="event")
    said = pair.node("same", *given(one, hour))
    assert said.code == code and word in said.err and "hint:" in said.err


def test_nothing_is_taken_back_that_was_not_said(pair: Pair) -> None:
    one, other = pair.lists(HOUSE), pair.lists(HOUSE)
    assert pair.node("same", one, other, "--withdraw").code == 1
