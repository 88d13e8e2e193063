"""`agenda`, `plan`, and what `edit` and `withdraw` do to events, as a secretariat gives them."""

from __future__ import annotations

import json

from tests.cli.conftest import Fednet

DAY = "2037-12-01"
THEN = ("--from", DAY, "--to", DAY)
CALL = {
    "titles": {"en": "Detention call"},
    "type": "webinar",
    "start": f"{DAY}T10:00",
    "end": f"{DAY}T11:00",
    "zone": "UTC",
    "languages": ["en"],
    "themes": ["detention"],
}


def added(node: Fednet, **fields: str) -> str:
    handle = node("add", "event", "--json", "-", given=json.dumps(CALL | fields)).out.strip()
    assert node("publish").code == 0
    return handle


def test_an_event_that_is_cancelled_stays_in_the_calendar_and_says_so(node: Fednet) -> None:
    handle = added(node)
    said = node("withdraw", handle, "--cancel")
    assert said.code == 0 and "cancelled" in said.err
    node("publish")
    [found] = node("agenda", *THEN, "--json").lines
    assert (found["status"], found["sequence"], found["handle"]) == ("cancelled", 1, handle)


def test_whoever_withdraws_an_event_that_is_to_come_hears_of_cancelling(node: Fednet) -> None:
    handle = added(node, start="2026-01-06T10:00", end="2026-01-06T11:00", rrule="FREQ=WEEKLY")
    said = node("withdraw", handle)
    assert said.code == 2 and "--cancel" in said.err
    assert node("withdraw", handle, "--yes").code == 0
    node("publish")
    assert node("agenda", *THEN, "--json").lines == []


def test_only_events_are_cancelled(node: Fednet) -> None:
    clinic = json.dumps({"names": {"en": "Clinic"}})
    handle = node("add", "organization", "--json", "-", given=clinic).out.strip()
    assert node("withdraw", handle, "--cancel").code == 2


def test_a_floating_time_is_refused_with_what_to_do(node: Fednet) -> None:
    floating = {name: value for name, value in CALL.items() if name != "zone"}
    said = node("add", "event", "--json", "-", given=json.dumps(floating))
    assert said.code == 2 and "zone" in said.err and "Asia/Bangkok" in said.err


def test_the_agenda_is_asked_as_the_search_is(node: Fednet) -> None:
    added(node)
    assert [one["title"] for one in node("agenda", "detention", *THEN, "--language", "English", "--json").lines]
    assert node("agenda", *THEN, "--service", "legal-aid", "--json").lines == []


def test_a_plan_shows_clashes_hours_and_the_month(node: Fednet) -> None:
    handle = added(node)
    asked = (
        "--start",
        f"{DAY}T10:30",
        "--end",
        f"{DAY}T11:30",
        "--zone",
        "UTC",
        "--country",
        "TH",
        "--theme",
        "detention",
    )
    [found] = node("plan", *asked, "--json").lines
    assert [(one["handle"], one["shared"]) for one in found["clashes"]] == [(handle, ["theme: detention"])]
    assert found["places"][0]["start"] == f"{DAY}T17:30:00+07:00" and len(found["places"][0]["hours"]) == 24
    assert [list(days) for days in found["overview"].values()] == [[DAY]]
    said = node("plan", *asked)
    assert "Asia/Bangkok" in said.out and "Detention call" in said.out and "1 clash" in said.err


def test_an_event_in_a_file_is_planned_before_it_is_added(node: Fednet) -> None:
    [found] = node("plan", "--event", "-", "--json", given=json.dumps(CALL)).lines
    assert found["clashes"] == [] and len(found["dates"]) == 1
    assert node("plan", "--zone", "UTC").code == 2


def test_a_plan_without_a_zone_says_which_one_it_is_in_and_that_its_date_is_over(node: Fednet) -> None:
    said = node("plan", "--start", "2020-12-01T10:00", "--country", "TH")
    assert "node.toml" in said.err and "is over" in said.err
    assert "node.toml" not in node("plan", "--start", f"{DAY}T10:00", "--zone", "UTC").err


def test_a_rule_that_no_calendar_can_follow_is_refused(node: Fednet) -> None:
    for rule, says in (("FREQ=SOMETIMES", "hourly"), ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no such month")):
        said = node("add", "event", "--json", "-", given=json.dumps({**CALL, "rrule": rule}))
        assert said.code == 2 and says in said.err and "FREQ=WEEKLY" in said.err


def test_a_part_names_an_event_and_nothing_else(node: Fednet) -> None:
    refused = node("add", "event", "--json", "-", given=json.dumps(CALL | {"parent": "nope"}))
    assert refused.code == 2 and "parent" in refused.err and "agenda" in refused.err
    assert node("add", "event", "--json", "-", given=json.dumps(CALL | {"parent": "1@networks.example"})).code == 0
