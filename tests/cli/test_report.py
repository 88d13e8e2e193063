"""`report`: answers for people, a table, an object for programs; days as people write them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import Fednet


@pytest.fixture
def posted(node: Fednet) -> Fednet:
    for number in range(5):
        fields = json.dumps(
            {"type": "need", "titles": {"en": f"Beds {number}"}, "themes": ["housing"], "countries": ["TH"]}
        )
        assert node("add", "exchange", "--json", "-", given=fields).code == 0
    assert node("publish").code == 0
    return node


def test_both_questions_are_answered_for_the_last_twelve_months(posted: Fednet) -> None:
    said = posted("report")
    assert said.code == 0
    assert "Is there a need for matching needs and offers?" in said.out
    assert "Of 5 needs posted, 0 had a match and 5 had none." in said.out
    assert "Most needs without a match are about Housing: 5 of 5." in said.out
    assert "Introductions between other networks are not known here." in said.out
    assert "Southeast Asia" in said.out and "all networks" in said.err


def test_programs_get_one_object_with_the_sentences_and_their_figures(posted: Fednet) -> None:
    [found] = posted("report", "--json").lines
    assert found["public"]["all"]["needs"] == 5 and found["network"] is None
    assert found["is_needed"][0]["code"] == "needs" and found["is_needed"][0]["text"].startswith("Of 5 needs")
    assert [one["asked"] for one in found["introduced"]] == [0, 0]


def test_a_period_is_whole_days_and_a_network_one_that_is_shown(posted: Fednet) -> None:
    [before] = posted("report", "--from", "2020-01-01", "--to", "2020-12-31", "--json").lines
    assert before["public"]["all"]["needs"] == 0
    [until] = posted("report", "--to", "2020-12-31", "--json").lines
    assert (until["since"], until["until"]) == ("2020-01-01", "2020-12-31")
    assert posted("report", "--from", "yesterday").code == 2
    assert posted("report", "--from", "2021-01-01", "--to", "2020-01-01").code == 2
    assert posted("report", "--network", "nobody at all").code == 1


def test_a_table_has_one_figure_a_line(posted: Fednet) -> None:
    said = posted("report", "--csv")
    rows = list(csv.reader(io.StringIO(said.out.removeprefix("\ufeff"))))
    assert rows[0] == ["part", "of", "what", "count"] and ["theme", "Housing", "needs without a match", "5"] in rows
    assert posted("report", "--csv", "--json").code == 2
