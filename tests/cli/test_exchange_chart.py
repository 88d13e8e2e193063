"""`exchange chart`: lines for people and programs, a file for a spreadsheet, what is public to be passed on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Fednet

NEED = {"type": "need", "themes": ["housing"], "countries": ["TH", "CL"]}


@pytest.fixture
def charted(node: Fednet) -> Fednet:
    for title, circle in (("=1+1", "public"), ("Beds for partners", "partners")):
        fields = json.dumps({**NEED, "titles": {"en": title}})
        assert node("add", "exchange", "--json", "-", "--circle", circle, given=fields).code == 0
    assert node("publish").code == 0
    return node


def test_each_line_is_an_entry_in_a_region_and_theme(charted: Fednet) -> None:
    said = charted("exchange", "chart", "--json")
    assert said.code == 0
    assert {(one["region"], one["theme"], one["state"]) for one in said.lines} == {
        ("005", "housing", "unmet"), ("035", "housing", "unmet"),
    }  # fmt: skip
    assert len(said.lines) == 4
    assert "2 needs, 2 of them unmet, 0 offers" in said.err and "--public" in said.err


def test_filters_leave_what_fits_them(charted: Fednet) -> None:
    said = charted("exchange", "chart", "--region", "Asia", "--public")
    header, *rows = said.out.splitlines()
    assert header.split("\t")[:3] == ["region", "theme", "type"]
    assert [row.split("\t")[:5] for row in rows] == [["Southeast Asia", "Housing", "need", "unmet", "=1+1"]]
    assert charted("exchange", "chart", "--type", "offer", "--json").lines == []
    assert charted("exchange", "chart", "--theme", "no such thing").code == 2


def test_a_file_for_a_spreadsheet_computes_nothing(charted: Fednet, tmp_path: Path) -> None:
    said = charted("exchange", "chart", "--public", "-o", "chart.csv")
    assert said.code == 0 and said.out == ""
    text = (tmp_path / "chart.csv").read_bytes().decode("utf-8-sig")
    titles = [line["title"] for line in csv.DictReader(io.StringIO(text))]
    assert titles == ["'=1+1", "'=1+1"] and "partners" not in text
