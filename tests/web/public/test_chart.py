"""The chart on a page, as CSV and for programs: what the reader may read, the rest marked, nothing computed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.web.app import create_app
from tests.asgi import Answer, Client
from tests.web.place import NOW, followed
from tests.web.public.test_pages import LARGEST, text_of
from tests.web.signed_in import client_as

FORMULA = '=HYPERLINK("http://evil.example")'
SECRET = "A need for partners alone"


class World(NamedTuple):
    home: Home
    app: Any
    browser: Client


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("chart")
    home, _ = homes.create(path / "node", "Example Network", None, path / "recovery.txt")
    need = {"type": "need", "themes": ["housing", "women"], "countries": ["TH", "CL"], "organization": "Paper Boat"}
    edits.add(home, "exchange", {**need, "titles": {"en": "Beds"}, "open_until": "2027-01-31"}, NOW)
    edits.add(home, "exchange", {**need, "titles": {"en": SECRET}}, NOW, "partners")
    publish(home, NOW)
    offer = {
        "kind": "exchange",
        "type": "offer",
        "themes": ["legal-aid"],
        "countries": ["KE"],
        "titles": {"en": FORMULA},
    }
    followed(home, "Other Network", [offer])
    app = create_app(home, clock=lambda: NOW)
    yield World(home, app, Client(app, accept="text/html,*/*"))
    home.close()


def cells(answer: Answer) -> list[list[str]]:
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))


def sections(page: str) -> dict[str, list[str]]:
    """The labels of rows, by the heading above them."""
    parts = re.split(r'<h2 id="s\d+"', page)[1:]
    return {
        text_of("<h2" + part.partition("</h2>")[0]): [
            text_of(one) for one in re.findall(r'<th scope="row">.*?</th>', part, re.S)
        ]
        for part in parts
    }


def test_rows_are_themes_within_regions_or_regions_within_themes(world: World) -> None:
    by_region = sections(world.browser.get("/exchange/chart").text)
    assert by_region == {
        "Eastern Africa": ["Legal aid"],
        "South America": ["Housing", "Women"],
        "Southeast Asia": ["Housing", "Women"],
    }
    by_theme = sections(world.browser.get("/exchange/chart?by=theme").text)
    assert by_theme["Housing"] == ["South America", "Southeast Asia"] and by_theme["Legal aid"] == ["Eastern Africa"]


def test_unmet_needs_are_marked_in_words_and_totals_count_each_entry_once(world: World) -> None:
    page = world.browser.get("/exchange/chart").text
    told = text_of(page)
    assert "1 need ·" in told or "1 need 1" in told
    assert told.count("nobody meets it yet") == 4
    assert "open until 31 January 2027" in told and "Paper Boat" in told and "nothing yet" in told
    assert "As of 21 November 2026 18:30 UTC, from the lists of" in told


def test_filters_go_along_and_lead_back_to_the_list(world: World) -> None:
    page = world.browser.get("/exchange/chart?region=142&type=need").text
    assert sections(page) == {"Southeast Asia": ["Housing", "Women"]}
    for path in ("/exchange?type=need&amp;region=142", "/exchange/chart.csv?type=need&amp;region=142"):
        assert f'href="{path}"' in page
    wrong = world.browser.get("/exchange/chart?by=colour")
    assert wrong.status == 400 and "colour" in wrong.text


def test_what_is_not_public_is_on_the_chart_of_those_who_may_read_it_and_marked(world: World) -> None:
    staff = client_as(world.home, "editor", app=world.app)
    page = staff.get("/exchange/chart").text
    assert SECRET in page and "1 entry here is not public" in text_of(page) and "not public" in text_of(page)
    narrow = staff.get("/exchange/chart?only=public").text
    assert SECRET not in narrow and "Only what is public is shown." in text_of(narrow)
    assert SECRET in staff.get("/exchange/chart.csv").text
    assert SECRET not in staff.get("/exchange/chart.csv?only=public").text
    for url in ("/exchange/chart", "/exchange/chart.csv", "/api/v1/chart", "/api/v1/chart?format=csv"):
        answer = world.browser.get(url)
        assert answer.status == 200 and SECRET not in answer.text, url
    assert staff.get("/exchange/chart.csv").headers["cache-control"] == "no-store"


def test_the_file_computes_nothing_and_names_things_in_the_readers_language(world: World) -> None:
    header, *lines = cells(world.browser.get("/exchange/chart.csv", accept_language="fr"))
    assert header[:5] == ["region", "theme", "type", "state", "title"]
    assert [line[:4] for line in lines] == [
        ["Afrique orientale", "Aide juridique", "offer", "open"],
        ["Amérique du Sud", "Logement", "need", "unmet"],
        ["Amérique du Sud", "Femmes", "need", "unmet"],
        ["Asie du Sud-Est", "Logement", "need", "unmet"],
        ["Asie du Sud-Est", "Femmes", "need", "unmet"],
    ]
    assert lines[0][4] == f"'{FORMULA}"


def test_programs_are_told_the_same(world: World) -> None:
    found = world.browser.get("/api/v1/chart?by=theme").json
    assert found["by"] == "theme" and found["totals"] == {
        "needs": 1, "unmet": 1, "offers": 1, "funding": 0, "restricted": 0,
    }  # fmt: skip
    assert [(one["theme"], one["region"], one["state"]) for one in found["items"]] == [
        ("legal-aid", "014", "open"), ("housing", "005", "unmet"), ("housing", "035", "unmet"),
        ("women", "005", "unmet"), ("women", "035", "unmet"),
    ]  # fmt: skip
    assert {one["name"] for one in found["networks"]} == {"Example Network", "Other Network"}
    posted = world.browser.post("/api/v1/chart", b'{"by": "theme"}', content_type="application/json")
    assert posted.json == found
    assert world.browser.get("/api/v1/chart?by=colour").status == 400
    assert world.browser.get("/api/v1/chart?color=red").status == 400
    assert world.browser.get("/api/v1/chart?limit=3").status == 400


def test_a_long_chart_goes_on_with_every_row_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednet.web.public.chart.PAGE_BYTES", 1_000)
    seen: list[tuple[str, str]] = []
    url = "/exchange/chart"
    while url:
        page = world.browser.get(url).text
        seen += [(heading.removesuffix(" (goes on)"), row) for heading, rows in sections(page).items() for row in rows]
        following = re.search(r'href="([^"]*start=\d+)"[^>]*>Next page', page)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 5


def test_cells_with_very_many_entries_lead_to_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednet.web.public.chart.MAX_CELL", 1)
    page = client_as(world.home, "editor", app=world.app).get("/exchange/chart").text
    assert "and 1 more" in text_of(page)
    assert 'href="/exchange?region=005&amp;theme=housing&amp;type=need"' in page
    assert len(page.encode()) < LARGEST
