"""Needs and offers for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.node import edits
from fednet.node.home import Home, create
from fednet.node.publish import publish
from fednet.web.app import create_app
from tests.asgi import Client
from tests.directory.world import NOW

LEGAL = {"themes": ["legal-aid"], "modality": "training", "countries": ["TH"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = create(Path(tmp_path_factory.mktemp("exchanges")) / "node", "Example Network", None, None)[0]
    for type_, title, fields in (
        ("need", "Course in law", LEGAL),
        ("need", "A boat", {"themes": ["logistics"]}),
        ("offer", "Law clinic teaches", LEGAL | {"organization": "Delta Desk"}),
        ("offer", "Old course", LEGAL | {"open_until": "2026-01-31"}),
    ):
        edits.add(home, "exchange", {"type": type_, "titles": {"en": title}, **fields}, NOW)
    edits.add(home, "exchange", {"type": "offer", "titles": {"en": "Secret course"}, **LEGAL}, NOW, "partners")
    publish(home, NOW)
    yield home
    home.close()


@pytest.fixture
def program(home: Home) -> Client:
    return Client(create_app(home, clock=lambda: NOW), accept="*/*")


def titles(program: Client, asked: str) -> list[str]:
    return [item["title"] for item in program.get(f"/api/v1/exchanges?{asked}").json["items"]]


def test_an_item_says_how_it_stands_beside_what_its_network_signed(program: Client) -> None:
    boat, course, offer = program.get("/api/v1/exchanges").json["items"]
    assert (boat["title"], boat["unmet"], boat["matches"], boat["best"], boat["state"]) == (
        "A boat",
        True,
        0,
        0,
        "open",
    )
    assert (course["matches"], course["unmet"], offer["best"]) == (1, False, course["best"])
    assert (offer["organization"], offer["organization_name"]) == ("Delta Desk", "Delta Desk")
    assert course["themes"] == ["legal-aid"] and course["edition"] == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("unmet=yes", ["A boat"]),
        ("type=offer&state=all", ["Law clinic teaches", "Old course"]),
        ("state=over", ["Old course"]),
        ("theme=legal-aid&type=need", ["Course in law"]),
        ("modality=training&country=TH", ["Course in law", "Law clinic teaches"]),
        ("stage=emerging", []),
        ("text=clinic", ["Law clinic teaches"]),
    ],
)
def test_filters_narrow(program: Client, asked: str, found: list[str]) -> None:
    assert titles(program, asked) == found
    body = json.dumps(dict(part.split("=") for part in asked.split("&"))).encode()
    posted = program.post("/api/v1/exchanges", body, content_type="application/json")
    assert [item["title"] for item in posted.json["items"]] == found


def test_matches_come_with_points_and_words_and_tell_of_nothing_restricted(program: Client) -> None:
    course = program.get("/api/v1/exchanges?text=course&type=need").json["items"][0]["handle"]
    answer = program.get(f"/api/v1/exchanges/{course}/matches").json
    (match,) = answer["items"]
    assert answer["total"] == 1 and match["offer"]["title"] == "Law clinic teaches"
    assert match["score"] == sum(reason["points"] for reason in match["reasons"])
    assert {"code": "themes", "terms": ["legal-aid"], "points": 34, "text": "both are about Legal aid"} in match[
        "reasons"
    ]
    assert program.post(f"/api/v1/exchanges/{course}/matches", b"{}").json == answer
    assert "Secret" not in json.dumps(answer)


def test_files_hold_what_fits_the_filters(program: Client) -> None:
    told = program.get("/api/v1/exchanges?format=csv&type=need").text
    assert "A boat" in told and "Course in law" in told and "clinic" not in told
    page = program.get("/api/v1/exchanges?format=jsonl&limit=1")
    assert len(page.text.splitlines()) == 1 and 'rel="next"' in page.headers["link"]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/v1/exchanges?kind=event", 400),
        ("/api/v1/exchanges?state=shut", 400),
        ("/api/v1/exchanges?type=ngo", 400),
        ("/api/v1/exchanges?sort=title", 400),
        ("/api/v1/exchanges/00000000-0000-4000-8000-000000000000/matches", 404),
        ("/api/v1/exchanges/nobody/matches", 404),
    ],
)
def test_what_cannot_be_is_refused(program: Client, url: str, status: int) -> None:
    assert program.get(url).status == status
