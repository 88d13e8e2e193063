from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fednet.node import edits
from fednet.node.home import create
from fednet.node.publish import publish
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import FOLLOWED, NOW, OWN

ORGANIZATIONS = sum(fields["kind"] == "organization" for fields in (*OWN, *FOLLOWED)) - 1
"""Two networks list Paper Boat, which counts once."""


def test_an_answer_has_total_items_facets_and_next(program: Client) -> None:
    answer = program.get("/api/v1/organizations?limit=2").json
    assert answer.keys() == {"total", "items", "facets", "next", "understood"}
    assert answer["total"] == ORGANIZATIONS and len(answer["items"]) == 2
    assert answer["facets"]["country"] == {"TH": 1, "CA": 1, "HK": 1, "MM": 1, "MY": 1}


def test_an_item_carries_its_provenance_and_the_fields_of_its_record(program: Client) -> None:
    (item,) = program.get("/api/v1/organizations?q=Paper+Boat&language=my").json["items"]
    assert item["names"]["en"] == "Paper Boat Legal Aid Centre" and item["kind"] == "organization"
    assert item["network"] == item["networks"][0]["network"]
    assert [network["name"] for network in item["networks"]] == [
        "Asia Pacific Example Network",
        "Canadian Example Council",
    ]
    assert (item["epoch"], item["edition"], item["verified_at"]) == (1, 1, "2026-11-21T18:30:00Z")
    assert len(item["handle"]) == 36 and item["expired"] is False


def test_no_field_of_a_record_overrules_its_provenance(program: Client) -> None:
    items = program.get("/api/v1/events?from=2026-12-01&to=2026-12-01").json["items"]
    (forged,) = [item for item in items if item["hosts"]]
    assert forged["verified_at"] == "2026-11-21T18:30:00Z" and forged["edition"] == 1
    assert forged["network"] == forged["networks"][0]["network"] != "forged"


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("country=TH,HK&service=legal-aid", 2),
        ("country=TH&country=HK", 2),
        ("country=Thaïlande", 1),
        ("region=035", 2),
        ("service=aide+juridique&network=Canadian+Example+Council", 1),
        ("text=港灣", 1),
        ("text=ผู้ลี้ภัย", 3),  # refugees, whoever serves them
        ("text=%22ผู้ลี้ภัย%22", 1),
        ("client_group=women", 1),
    ],
)
def test_filters_narrow_by_codes_and_by_names(program: Client, asked: str, names: int) -> None:
    assert program.get(f"/api/v1/organizations?{asked}").json["total"] == names


def test_the_pages_of_an_answer_are_all_of_it(program: Client) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        answer = program.get(f"/api/v1/organizations?limit=3&cursor={cursor}").json
        seen += [item["handle"] for item in answer["items"]]
        cursor = answer["next"]
    assert len(set(seen)) == len(seen) == ORGANIZATIONS


@pytest.mark.parametrize("name", ["organizations", "events", "people", "exchanges", "resources", "networks"])
def test_post_answers_what_get_answers(program: Client, name: str) -> None:
    asked = {"text": "a"} if name == "networks" else {"text": "legal aid", "limit": 3}
    wanted = program.get(f"/api/v1/{name}?{urlencode(asked)}")
    as_json = program.post(f"/api/v1/{name}", json.dumps(asked).encode(), content_type="application/json")
    as_form = program.post(
        f"/api/v1/{name}", urlencode(asked).encode(), content_type="application/x-www-form-urlencoded"
    )
    assert wanted.status == 200 and as_json.body == as_form.body == wanted.body


def test_a_body_may_give_several_values_as_a_list(program: Client) -> None:
    answer = program.post("/api/v1/organizations", b'{"country": ["TH", "HK"], "limit": 10, "text": null}')
    assert answer.json["total"] == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/api/v1/organizations?colour=red", "colour"),
        ("/api/v1/organizations?country=Thaland", "Thaland"),
        ("/api/v1/organizations?service=juggling", "juggling"),
        ("/api/v1/organizations?limit=0", "limit"),
        ("/api/v1/organizations?limit=many", "many"),
        ("/api/v1/organizations?cursor=xyz", "xyz"),
        ("/api/v1/organizations?kind=event", "kind"),
        ("/api/v1/events?zone=Asia/Bangcock", "Bangcock"),
        ("/api/v1/events?from=yesterday", "yesterday"),
        ("/api/v1/events?limit=100000", "limit"),
        ("/api/v1/events?cursor=-1", "cursor"),
        ("/api/v1/networks?country=TH", "country"),
    ],
)
def test_what_is_not_understood_is_named_with_what_is_accepted(program: Client, url: str, said: str) -> None:
    answer = program.get(url)
    assert answer.status == 400 and answer.headers["content-type"] == "application/json"
    assert answer.json.keys() <= {"error", "detail", "hint"} and said in answer.json["detail"]


def test_a_network_that_is_not_followed_is_not_found(program: Client) -> None:
    answer = program.get("/api/v1/organizations?network=Nobody")
    assert (answer.status, answer.json["error"]) == (404, "not-found")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"a":' * 10_000, b"\xff", b'{"text": {"en": 1}}', b'{"limit": true}'])
def test_a_body_that_is_no_object_of_parameters_is_refused(program: Client, body: bytes) -> None:
    assert program.post("/api/v1/organizations", body).status == 400


def test_a_post_takes_nothing_from_its_address(program: Client) -> None:
    assert program.post("/api/v1/organizations?text=x", b"{}").status == 400


def test_a_large_body_is_refused(program: Client) -> None:
    answer = program.post("/api/v1/organizations", b'{"text": "' + b"x" * 65_536 + b'"}')
    assert (answer.status, answer.json["error"]) == (413, "too-much")


def test_events_are_occurrences_in_the_zone_asked_for(program: Client) -> None:
    answer = program.get("/api/v1/events?zone=Asia/Bangkok&type=webinar&from=2026-12-02&to=2026-12-03").json
    (item,) = answer["items"]
    assert item["occurrence"] == {
        "start": "2026-12-02T22:00:00+07:00",
        "end": "2026-12-02T23:30:00+07:00",
        "zone": "Asia/Bangkok",
        "all_day": False,
        "status": "confirmed",
    }
    assert (item["start"], item["zone"]) == ("2026-12-02T10:00", "America/New_York")


def test_a_cancelled_occurrence_is_shown_as_cancelled(program: Client) -> None:
    items = program.get("/api/v1/events?type=working-group-meeting&limit=100").json["items"]
    assert [item["occurrence"]["status"] for item in items].count("cancelled") == 1 and len(items) == 6


def test_the_pages_of_the_calendar_are_all_of_it(program: Client) -> None:
    whole = program.get("/api/v1/events").json
    first = program.get("/api/v1/events?limit=4").json
    rest = program.get(f"/api/v1/events?limit=100&cursor={first['next']}").json
    assert first["items"] + rest["items"] == whole["items"] and rest["next"] is None
    assert whole["facets"]["type"]["working-group-meeting"] == 6


def test_an_event_that_comes_in_between_repeats_nothing(tmp_path: Path) -> None:
    home, _ = create(tmp_path, "Own", None, None)
    call = {"type": "webinar", "zone": "UTC"}
    for day in range(2, 7):
        edits.add(home, "event", {**call, "titles": {"en": f"E{day}"}, "start": f"2026-12-0{day}T10:00"}, NOW)
    publish(home, NOW)
    client = Client(create_app(home, clock=lambda: NOW))
    first = client.get("/api/v1/events?limit=2").json
    edits.add(home, "event", {**call, "titles": {"en": "New"}, "start": "2026-12-01T10:00"}, NOW)
    publish(home, NOW)
    rest = client.get(f"/api/v1/events?limit=9&cursor={first['next']}").json
    assert [item["title"] for item in first["items"] + rest["items"]] == ["E2", "E3", "E4", "E5", "E6"]
    home.close()


def test_networks_are_listed_with_their_fingerprints(program: Client) -> None:
    answer = program.get("/api/v1/networks").json
    own, other = answer["items"]
    assert own["own"] and not other["own"] and other["name"] == "Canadian Example Council"
    assert own["fingerprint"].replace(" ", "") == own["network"] and len(own["network"]) == 32
    assert own["kinds"]["organization"] == 3 and own["edition"] == 1
    assert program.get("/api/v1/networks?network=Canadian").json["items"] == [other]


def test_what_is_for_partners_is_nowhere(program: Client) -> None:
    assert program.get("/api/v1/people").json["total"] == 0
    for name in ("organizations", "events", "exchanges", "resources", "people", "networks"):
        body = program.get(f"/api/v1/{name}").text
        assert "closed@" not in body and "Individual member" not in body
