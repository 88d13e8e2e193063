from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fednet.directory.planning import Planning, asked_of, parse_plan, part_of_day, planning, zones_of
from fednet.directory.search import OPERATOR, PUBLIC
from fednet.errors import FednetError, UsageError
from tests.directory.world import NOW, World, event

SEMINAR = {"start": "2017-03-22T10:00", "end": "2017-03-22T11:30", "zone": "America/New_York"}


def planned(world: World, **asked: Any) -> Planning:
    return planning(world.store, parse_plan(**asked), PUBLIC, NOW)


def test_the_seminar_of_22_march_2017_has_its_hour_in_every_country(world: World) -> None:
    found = planned(world, **SEMINAR, country=["Switzerland", "Thailand"])
    assert found.dates[0].astimezone(UTC).hour == 14
    rows = [(row.country, row.zone, f"{row.start:%H:%M}-{row.end:%H:%M}", row.part) for row in found.places]
    assert rows == [
        ("CH", "Europe/Zurich", "15:00-16:30", "work"),
        ("TH", "Asia/Bangkok", "21:00-22:30", "night"),
    ]
    assert found.warnings[0].text == "15:00 in Zurich on 2017-03-22, but 16:00 the week after"


def test_a_weekly_meeting_warns_of_every_change_of_the_clocks_elsewhere(world: World) -> None:
    weekly = {"start": "2026-10-14T15:00", "zone": "Europe/Zurich", "rrule": "FREQ=WEEKLY"}
    found = planned(world, **weekly, country="TH")
    assert [(one.zone, one.text) for one in found.warnings] == [
        ("Asia/Bangkok", "20:00 in Bangkok on 2026-10-21, 21:00 from 2026-10-28 on"),
        ("Asia/Bangkok", "21:00 in Bangkok on 2027-03-24, 20:00 from 2027-03-31 on"),
    ]
    assert planned(world, **weekly, country="DE").warnings == ()


@pytest.mark.parametrize(
    ("start", "text"),
    [("2027-03-28T02:30", "02:30 is skipped in Zurich"), ("2026-10-25T02:30", "02:30 comes twice in Zurich")],
)
def test_an_hour_that_there_is_not_or_twice_is_told(world: World, start: str, text: str) -> None:
    assert planned(world, start=start, zone="Europe/Zurich").warnings[0].text.startswith(text)


def test_a_country_of_many_zones_has_a_row_for_each_of_its_times() -> None:
    summer, winter = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert zones_of("CA", winter) == [
        "America/Vancouver",
        "America/Edmonton",
        "America/Winnipeg",
        "America/Toronto",
        "America/Halifax",
        "America/St_Johns",
    ]
    assert zones_of("TH", summer) == ["Asia/Bangkok"]
    assert len(zones_of("035", summer)) == 4  # a region has all times of its countries, from Yangon to Jayapura


@pytest.mark.parametrize(
    ("country", "at", "part"),
    [
        ("TH", "2026-12-01T09:00", "work"),
        ("TH", "2026-12-01T18:00", "early or late"),
        ("TH", "2026-12-01T22:00", "night"),
        ("TH", "2026-12-01T06:59", "night"),
        ("TH", "2026-12-05T10:00", "day off"),
        ("EG", "2026-12-04T10:00", "day off"),
        ("EG", "2026-12-06T10:00", "work"),
    ],
)
def test_working_time_and_night_are_marked(country: str, at: str, part: str) -> None:
    assert part_of_day(datetime.fromisoformat(at), country) == part


def test_the_hours_that_suit_are_those_when_nobody_sleeps(world: World) -> None:
    found = planned(world, start="2026-12-01T03:00", zone="Europe/Zurich", country="CH,TH")
    assert [len(row.hours) for row in found.places] == [24, 24]
    assert found.best == ("09:00", "10:00", "11:00") and found.suits == "working time for all"
    assert found.places[0].hours[10] == ("10:00", "work") and found.places[1].hours[10] == ("16:00", "work")


def test_the_hours_that_suit_hold_for_as_long_as_the_meeting_lasts_and_for_whoever_calls(world: World) -> None:
    long = {"start": "2026-12-01T03:00", "end": "2026-12-01T05:30", "zone": "Europe/Zurich"}
    assert planned(world, **long, country="CH,TH").best == ("09:00",)  # 11:30 in Zurich, 17:30 in Bangkok
    six = {"start": "2026-12-01T09:00", "end": "2026-12-01T15:00", "zone": "America/Toronto"}
    canada = planned(world, **six, country="CA")
    assert canada.best == ("10:00", "11:00", "12:00") and canada.suits.startswith("working time in 4 of 6 places")
    abroad = planned(world, start="2026-12-01T10:00", end="2026-12-01T11:30", zone="America/Toronto", country="CH,TH")
    assert "04:00" not in abroad.best and "places" in abroad.suits
    assert planned(world, **{**six, "zone": "UTC"}, country="TH").best == ("02:00", "03:00", "04:00", "05:00")
    odd = planned(world, start="2026-12-01T03:00", end="2026-12-01T03:30", zone="UTC", country="NP")
    assert odd.best[0] == "04:00" and odd.best[-1] == "11:00"  # 09:45 and 16:45 in Kathmandu


def test_what_takes_place_at_that_time_for_the_same_people_clashes(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    utc = {"zone": "UTC"}
    world.lists(
        a,
        event("In Thai", "2026-12-01T10:30", end="2026-12-01T11:30", languages=["th"], themes=["detention"], **utc),
        event("In French", "2026-12-01T10:30", end="2026-12-01T11:30", languages=["fr"], **utc),
        event("Before", "2026-12-01T09:00", end="2026-12-01T10:00", languages=["th"], **utc),
        event("Off", "2026-12-01T10:00", languages=["th"], status="cancelled", **utc),
    )
    world.lists(b, event("All week", "2026-11-30", end="2026-12-05", all_day=True, hosts=["Paper Boat"]))
    secret = event("Secret", "2026-12-01T10:00", languages=["th"], **utc)
    world.lists(b, secret, circle="partners")
    plan = {"start": "2026-12-01T10:00", "end": "2026-12-01T11:00", "zone": "UTC"}
    found = planned(world, **plan, language="Thai", theme="detention", host="paper boat")
    assert [(one.title, one.shared) for one in found.clashes] == [
        ("In Thai", ("theme: detention", "language: th")),
        ("All week", ("host or speaker: paper boat",)),
    ]
    assert {one.title for one in planned(world, **plan).clashes} == {"In Thai", "In French", "All week"}
    everything = planning(world.store, parse_plan(**plan, language="th"), OPERATOR, NOW)
    assert {one.title for one in everything.clashes} == {"In Thai", "Secret"}


def test_each_date_of_a_recurrence_is_looked_at_and_the_plan_is_no_clash_with_itself(world: World) -> None:
    a = world.network("A")
    uid = "weekly-call@calendar.example"
    weekly = event("Call", "2026-12-01T10:00", zone="UTC", rrule="FREQ=WEEKLY;COUNT=4", uid=uid)
    world.lists(a, weekly, event("Other", "2026-12-15T10:00", end="2026-12-15T12:00", zone="UTC"))
    found = planned(world, **asked_of(weekly))
    assert [(one.title, f"{one.date:%d}") for one in found.clashes] == [("Other", "15")]
    assert len(found.dates) == 4


def test_the_month_is_counted_by_network_and_day(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    shared = {"zone": "UTC", "uid": "shared-2026@calendar.example"}
    world.lists(a, event("One", "2026-12-01T10:00", **shared), event("Two", "2026-12-01T12:00", zone="UTC"))
    world.lists(b, event("One", "2026-12-01T10:00", **shared), event("Next month", "2027-01-01T12:00", zone="UTC"))
    found = planned(world, start="2026-12-24T10:00", zone="UTC")
    assert found.overview == {a.network: {"2026-12-01": 2}, b.network: {"2026-12-01": 1}}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "start"),
        ({"start": "2026-12-01"}, "time of day"),
        ({"start": "2026-12-01T10:00", "end": "2026-12-01T09:00"}, "before"),
        ({"start": "0001-01-01T00:00"}, "1900"),
        ({"start": "2026-12-01T10:00", "zone": "Asia/Bankok"}, "Asia/Bangkok"),
        ({"start": "2026-12-01T10:00", "country": "Thailnd"}, "Thailand"),
        ({"start": "2026-12-01T10:00", "rrule": "FREQ=SECONDLY"}, "hourly"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_what_was_meant(world: World, asked: Any, says: str) -> None:
    with pytest.raises(FednetError) as refused:
        planned(world, **asked)
    assert says in f"{refused.value.detail} {refused.value.hint}"
    assert isinstance(refused.value, UsageError) or "rrule" in asked
