"""`exchange list`, `exchange match`, `exchange dismiss`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Fednet

LEGAL: dict[str, Any] = {"themes": ["legal-aid"], "modality": "training", "countries": ["TH"]}


def add(node: Fednet, type_: str, title: str, **fields: Any) -> str:
    body = {"type": type_, "titles": {"en": title}, **fields}
    return node("add", "exchange", "--json", "-", given=json.dumps(body)).out.strip()


@pytest.fixture
def listed(node: Fednet) -> dict[str, str]:
    handles = {
        "need": add(node, "need", "Course in law", **LEGAL),
        "boat": add(node, "need", "A boat", themes=["logistics"], open_until="2099-01-31"),
        "offer": add(node, "offer", "Clinic teaches", organization="Delta Desk", **LEGAL),
        "old": add(node, "offer", "Old course", open_until="2020-01-31", **LEGAL),
    }
    assert node("publish").code == 0
    return handles


def test_list_shows_unmet_needs_first_with_what_fits_each(node: Fednet, listed: dict[str, str]) -> None:
    rows = [line.split("\t") for line in node("exchange", "list").out.splitlines()]
    assert [row[0] for row in rows] == ["title", "A boat", "Course in law", "Clinic teaches"]
    boat, course, offer = rows[1:]
    assert (boat[2], boat[5]) == ("unmet until 2099-01-31", "nothing yet")
    assert course[5].startswith("1, best ") and offer[3] == "Delta Desk" and offer[6] == listed["offer"]


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        (["--unmet"], ["A boat"]),
        (["--state", "over"], ["Old course"]),
        (["clinic"], ["Clinic teaches"]),
        (["--type", "offer", "--theme", "aide juridique", "--state", "all"], ["Clinic teaches", "Old course"]),
        (["--modality", "training", "--country", "Thailand", "--type", "need"], ["Course in law"]),
        (["--stage", "emerging"], []),
    ],
)
def test_list_narrows(node: Fednet, listed: dict[str, str], options: list[str], titles: list[str]) -> None:
    assert [line["title"] for line in node("exchange", "list", *options, "--json").lines] == titles


def test_list_pages_and_counts(node: Fednet, listed: dict[str, str]) -> None:
    first = node("exchange", "list", "--limit", "2")
    cursor = first.err.rpartition("--cursor ")[2].strip()
    rest = node("exchange", "list", "--limit", "2", "--cursor", cursor, "--json")
    assert [line["title"] for line in rest.lines] == ["Clinic teaches"] and "--cursor" not in rest.err
    counts = node("exchange", "list", "--facets", "--json").lines
    assert {"facet": "type", "code": "need", "count": 2} in counts


def test_match_says_why_in_words_and_with_points(node: Fednet, listed: dict[str, str]) -> None:
    said = node("exchange", "match", listed["need"], "--why")
    assert "both are about Legal aid (+34)" in said.out and listed["offer"] in said.out
    assert "at most 100" in said.err
    (match,) = node("exchange", "match", listed["need"], "--json").lines
    assert (match["need"]["handle"], match["offer"]["handle"]) == (listed["need"], listed["offer"])
    assert match["score"] == sum(reason["points"] for reason in match["reasons"])


def test_match_without_a_handle_shows_every_own_entry_unmet_needs_first(node: Fednet, listed: dict[str, str]) -> None:
    said = node("exchange", "match")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert [(row[0], row[5]) for row in rows[1:]] == [
        ("A boat", "nothing fits yet"),
        ("Course in law", "Clinic teaches"),
        ("Clinic teaches", "Course in law"),
    ]
    assert "1 of 3 own entries" in node("exchange", "match", "--entries", "1").err
    [(_, title, *_, other)] = [row[4:] for row in rows[2:3]]
    assert (title, other) == ("Clinic teaches", listed["offer"])


def test_a_dismissed_pair_is_shown_only_when_asked_for_and_comes_back(node: Fednet, listed: dict[str, str]) -> None:
    pair = listed["need"], listed["offer"]
    assert node("exchange", "dismiss", *pair).code == 0
    assert node("exchange", "match", pair[0][:8], "--json").lines == []
    (gone,) = node("exchange", "match", "--dismissed", "--json", pair[0]).lines
    assert len(node("exchange", "match", "--dismissed", "--entries", "1", "--json").lines) == 1
    assert gone["dismissed"] and "Course in law" in node("exchange", "list", "--unmet").out
    assert node("exchange", "dismiss", *pair, "--undo").code == 0
    assert len(node("exchange", "match", pair[0], "--json").lines) == 1


def test_whoever_posts_is_told_what_they_may_not_have_meant(node: Fednet) -> None:
    body = {"type": "need", "titles": {"en": "A lawyer"}, "organization": "Aster House", "open_until": "2020-01-01"}
    said = node("add", "exchange", "--json", "-", given=json.dumps(body)).err
    assert "lists no organisation 'Aster House'" in said and "open until 2020-01-01, which is past" in said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["match", "00000000-0000-4000-8000-000000000000"], 1),
        (["match", "nobody"], 2),
        (["match", "0000"], 1),
        (["dismiss", "nobody", "nobody"], 2),
        (["list", "--state", "shut"], 2),
        (["list", "--type", "gift"], 2),
        (["list", "--cursor", "x"], 2),
        (["lend"], 2),
    ],
)
def test_what_cannot_be_is_refused(node: Fednet, arguments: list[str], code: int) -> None:
    assert node("exchange", *arguments).code == code
