from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.directory.matches import found_matches
from fednet.directory.matching import bring_up_to_date
from fednet.directory.search import OPERATOR
from fednet.node import edits
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.web.place import HOSTILE_NAMES, NOW, followed, node
from tests.web.signed_in import client_as

TWINS = (
    {"kind": "organization", "names": {"en": "Harbour Kapok Legal Aid Centre"}, "seat": {"country": "HK"}},
    {"kind": "organization", "names": {"en": HOSTILE_NAMES[0]}, "acronym": HOSTILE_NAMES[1][:60],
     "website": "https://kapok.example/"},
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    edits.add(found, "organization", {"names": {"en": "Another"}, "website": "https://kapok.example"}, NOW)
    publish(found, NOW)
    followed(found, "Third Example Network", TWINS)
    bring_up_to_date(found.store)
    yield found
    found.close()


def total(home: Home, everything: bool = False) -> int:
    return found_matches(home.store, OPERATOR, NOW, everything=everything).total


def test_pairs_are_shown_side_by_side_and_what_is_said_of_them_can_be_taken_back(home: Home) -> None:
    browser = client_as(home, "editor")
    before = total(home)
    assert before > 0
    page = browser.get("/workspace/matches").text
    assert "What speaks for it:" in page and "<script>alert" not in page
    pair = re.findall(r'name="of" value="([^"]+)"', page)[:2]
    answer = browser.form("/workspace/matches", verdict="different", of=pair, reason="two towns <i>")
    assert answer.headers["location"] == "/workspace/matches?done=different"
    assert total(home) == before - 1  # at once, though nothing is signed yet
    page = browser.get("/workspace/matches?done=different").text
    assert re.findall(r'name="of" value="([^"]+)"', page)[:2] != pair
    assert "Take back what we said" in browser.get("/workspace/matches?all=1").text
    publish(home, NOW)
    bring_up_to_date(home.store)
    assert total(home) == before - 1
    page = browser.get("/workspace/matches?all=1").text
    assert "Take back what we said" in page
    assert browser.form("/workspace/matches", verdict="back", of=pair, all="1").status == 303
    publish(home, NOW)
    bring_up_to_date(home.store)
    assert total(home) == before


def test_only_a_verdict_on_two_records_is_taken(home: Home) -> None:
    browser = client_as(home, "editor")
    for given in ({}, {"verdict": "same"}, {"verdict": "same", "of": ["a", "b"]}, {"verdict": "x", "of": ["a", "b"]}):
        answer = browser.form("/workspace/matches", given)
        assert answer.status >= 400 and 'role="alert"' in answer.text
    assert client_as(home, "auditor").form("/workspace/matches", {}).status == 403


def test_whose_word_counts_can_be_chosen(home: Home) -> None:
    browser = client_as(home, "auditor")
    for scope in ("own", "followed", "all", "nobody"):
        assert browser.get(f"/workspace/matches?opinions={scope}").status == 200
