from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.directory.agenda import Agenda, Occurrence, agenda, announced, parse_agenda, surroundings
from fednet.directory.occurring import MAX_PER_EVENT
from fednet.directory.query import parse_query
from fednet.directory.search import OPERATOR, PUBLIC, search
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.formats.calendar_writer import uid_of
from tests.directory.world import LONG_AGO, NOW, World, event, organization

UID = "2026-consultation@calendar.example"


def shown(world: World, **asked: Any) -> list[Occurrence]:
    return agenda(world.store, parse_agenda(**asked), PUBLIC, NOW)


def starts(world: World, **asked: Any) -> list[str]:
    return [f"{at.start:%Y-%m-%d %H:%M}" for at in shown(world, **asked)]


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("UTC", "2017-03-22 14:00"),
        ("Asia/Bangkok", "2017-03-22 21:00"),
        ("Europe/Zurich", "2017-03-22 15:00"),
        ("America/New_York", "2017-03-22 10:00"),
    ],
)
def test_the_seminar_of_22_march_2017_is_at_its_hour_in_every_zone(world: World, zone: str, start: str) -> None:
    seminar = event("Seminar", "2017-03-22T10:00", end="2017-03-22T11:30", zone="America/New_York")
    world.lists(world.network("CPC"), seminar)
    [at] = shown(world, since="2017-03-22", until="2017-03-22", zone=zone)
    assert f"{at.start:%Y-%m-%d %H:%M}" == start
    assert str(at.start.tzinfo) == str(at.end.tzinfo) == zone
    assert at.end - at.start == timedelta(minutes=90)


def test_an_event_belongs_to_the_day_it_has_in_the_zone_asked_for(world: World) -> None:
    world.lists(world.network("A"), event("Late", "2026-12-01T22:00", end="2026-12-01T23:00", zone="America/New_York"))
    assert starts(world, since="2026-12-01", until="2026-12-01", zone="America/New_York") == ["2026-12-01 22:00"]
    assert starts(world, since="2026-12-01", until="2026-12-01", zone="Asia/Bangkok") == []
    assert starts(world, since="2026-12-02", until="2026-12-02", zone="Asia/Bangkok") == ["2026-12-02 10:00"]


def test_without_days_it_is_from_today_for_ninety_days(world: World) -> None:
    days = ("2026-11-20", "2026-11-21", "2027-02-19", "2027-02-20")
    world.lists(world.network("A"), *(event(day, f"{day}T12:00", zone="UTC") for day in days))
    assert [at.title for at in shown(world)] == ["2026-11-21", "2027-02-19"]


def test_a_weekly_meeting_stays_at_its_hour_when_the_clocks_change(world: World) -> None:
    weekly = event("Weekly", "2026-10-14T10:00", end="2026-10-14T11:00", zone="Europe/Zurich", rrule="FREQ=WEEKLY")
    world.lists(world.network("A"), weekly)
    span = {"since": "2026-10-20", "until": "2026-10-29"}
    assert starts(world, zone="Europe/Zurich", **span) == ["2026-10-21 10:00", "2026-10-28 10:00"]
    assert starts(world, zone="UTC", **span) == ["2026-10-21 08:00", "2026-10-28 09:00"]


def test_exceptions_and_changes_of_a_recurrence_are_shown(world: World) -> None:
    world.lists(
        world.network("A"),
        event(
            "Weekly",
            "2026-12-02T10:00",
            end="2026-12-02T11:00",
            zone="Asia/Bangkok",
            rrule="FREQ=WEEKLY;COUNT=5",
            exdates=["2026-12-09T10:00"],
            overrides=[
                {"recurrence_id": "2026-12-16T10:00", "start": "2026-12-17T15:00", "titles": {"en": "Moved"}},
                {"recurrence_id": "2026-12-23T10:00", "status": "cancelled"},
            ],
        ),
    )
    found = [(f"{at.start:%m-%d %H:%M}", at.title, at.status) for at in shown(world, zone="Asia/Bangkok")]
    assert found == [
        ("12-02 10:00", "Weekly", "confirmed"),
        ("12-17 15:00", "Moved", "confirmed"),
        ("12-23 10:00", "Weekly", "cancelled"),
        ("12-30 10:00", "Weekly", "confirmed"),
    ]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Zurich"])
def test_a_day_is_the_same_day_everywhere(world: World, zone: str) -> None:
    days = event("Conference", "2026-12-10", end="2026-12-12", all_day=True, zone="America/New_York")
    yearly = event("Refugee Day", "2001-06-20", all_day=True, rrule="FREQ=YEARLY")
    world.lists(world.network("A"), days, yearly)
    [at] = shown(world, zone=zone)
    assert (at.start.date(), at.end.date(), at.all_day) == (date(2026, 12, 10), date(2026, 12, 12), True)
    assert str(at.start.tzinfo) == zone
    assert starts(world, zone=zone, since="2026-12-11", until="2026-12-11") == ["2026-12-10 00:00"]
    assert starts(world, zone=zone, since="2026-12-12", until="2026-12-20") == []
    assert starts(world, zone=zone, since="2027-06-20", until="2027-06-20") == ["2027-06-20 00:00"]


def test_one_event_of_two_networks_is_shown_once_and_names_both(world: World) -> None:
    a, own = world.network("A"), world.network("Own", own=True)
    consultation = event("Consultation", "2026-12-01T16:00", zone="Asia/Bangkok", uid=UID)
    world.lists(a, consultation)
    world.lists(own, event("Our consultation", "2026-12-01T10:00", zone="Europe/Zurich", uid=UID))
    [at] = shown(world)
    assert at.title == "Our consultation"
    assert [name for _, name in at.hit.networks] == ["Own", "A"]


def test_an_event_imported_from_our_calendar_is_ours(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    [handle] = world.lists(a, event("Call", "2026-12-01T10:00", zone="UTC"))
    exported = uid_of(a.network, handle, {})
    world.lists(b, event("Call of A", "2026-12-01T10:00", zone="UTC", uid=exported))
    [at] = shown(world)
    assert (at.title, [name for _, name in at.hit.networks]) == ("Call", ["A", "B"])


def told(world: World, **asked: Any) -> list[tuple[int, str, list[str], list[tuple[str, int, str]]]]:
    """Hour, status, the networks that say so, and what others say."""
    return [
        (
            at.start.hour,
            at.status,
            [name for _, name in at.hit.networks],
            [(other.network_name, other.start.hour, other.status) for other in at.differs],
        )
        for at in shown(world, **asked)
    ]


def test_of_copies_that_disagree_the_most_revised_is_shown_and_the_others_told(world: World) -> None:
    a, b, c = world.network("A"), world.network("B"), world.network("C")
    world.lists(a, event("Consultation", "2026-12-01T10:00", zone="UTC", uid=UID))
    world.lists(b, event("Consultation", "2026-12-01T12:00", zone="UTC", uid=UID, sequence=1))
    world.lists(c, event("Consultation", "2026-12-01T10:00", zone="UTC", uid=UID, status="cancelled", sequence=1))
    assert told(world) == [(12, "confirmed", ["B"], [("A", 10, "confirmed"), ("C", 10, "cancelled")])]
    world.lists(c, event("Consultation", "2026-12-01T10:00", zone="UTC", uid=UID, status="cancelled", sequence=2))
    assert told(world)[0][:3] == (10, "cancelled", ["C"])


def test_of_equally_revised_copies_the_one_signed_last_is_shown(world: World) -> None:
    a, own = world.network("A"), world.network("Own", own=True)
    world.lists(own, event("Call", "2026-12-01T10:00", zone="UTC", uid=UID), issued=LONG_AGO)
    world.lists(a, event("Call", "2026-12-01T12:00", zone="UTC", uid=UID))
    assert told(world) == [(12, "confirmed", ["A"], [("Own", 10, "confirmed")])]


def test_a_network_has_the_last_word_on_the_event_that_it_made(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    [handle] = world.lists(a, event("Call", "2026-12-01T10:00", zone="UTC"))
    copy = event("Call", "2026-12-01T10:00", zone="UTC", uid=uid_of(a.network, handle, {}), status="cancelled")
    world.lists(b, copy | {"sequence": 99})
    assert told(world) == [(10, "confirmed", ["A"], [("B", 10, "cancelled")])]
    assert told(world, network="B") == told(world)


def test_a_copy_that_was_moved_out_of_sight_hides_the_one_that_was_not(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    world.lists(a, event("Consultation", "2026-12-01T10:00", zone="UTC", uid=UID))
    world.lists(b, event("Consultation", "2027-12-01T10:00", zone="UTC", uid=UID, sequence=1))
    assert told(world) == []


def test_what_a_reader_may_not_see_changes_nothing_for_them(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    world.lists(a, event("Call", "2026-12-01T10:00", zone="UTC", uid=UID))
    before = told(world)
    secret = event("Call", "2026-12-01T12:00", zone="UTC", uid=UID, sequence=9)
    world.lists(b, secret, circle="partners")
    assert told(world) == before == [(10, "confirmed", ["A"], [])]


def test_copies_in_other_zones_agree(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    world.lists(a, event("Call", "2026-12-01T16:00", end="2026-12-01T17:00", zone="Asia/Bangkok", uid=UID))
    world.lists(b, event("Call", "2026-12-01T10:00", end="2026-12-01T11:00", zone="Europe/Zurich", uid=UID, sequence=3))
    assert told(world) == [(9, "confirmed", ["B", "A"], [])]


def test_what_is_joined_at_one_address_at_one_time_is_one_event(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    address = {"zone": "UTC", "join_url": "https://meet.example/room"}
    world.lists(a, event("Detention call", "2026-12-01T10:00", **address), event("Next", "2026-12-08T10:00", **address))
    world.lists(b, event("Call on detention", "2026-12-01T10:00", languages=["th"], **address))
    assert [(at.title, len(at.hit.networks)) for at in shown(world)] == [("Detention call", 2), ("Next", 1)]
    assert [len(at.hit.networks) for at in shown(world, language="Thai")] == [2]


def test_who_shares_an_address_with_an_event_cannot_revise_it(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    address = {"zone": "UTC", "join_url": "https://meet.example/room"}
    world.lists(a, event("Call", "2026-12-01T10:00", **address))
    world.lists(b, event("Call", "2026-12-01T10:00", status="cancelled", sequence=99, **address))
    assert told(world) == [(10, "confirmed", ["A"], [("B", 10, "cancelled")])]


def test_sessions_side_by_side_are_not_taken_for_one(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    address = {"zone": "UTC", "registration_url": "https://register.example/"}
    world.lists(a, *(event(title, "2026-12-01T10:00", **address) for title in ("One", "Two")))
    world.lists(b, event("Two", "2026-12-01T10:00", **address))
    assert sorted(at.title for at in shown(world)) == ["One", "Two", "Two"]


def test_the_same_title_time_and_place_alone_make_two_events(world: World) -> None:
    for name in "AB":
        world.lists(world.network(name), event("Assembly", "2026-12-01T10:00", zone="UTC", place="Bangkok"))
    assert len(shown(world)) == 2


def test_sessions_follow_the_event_that_they_are_a_part_of(world: World) -> None:
    a = world.network("A")
    [parent] = world.lists(a, event("Consultation", "2026-12-01T09:00", end="2026-12-02T17:00", zone="UTC"))
    world.lists(
        a,
        event("Closing", "2026-12-02T16:00", zone="UTC", parent=parent),
        event("Assembly", "2026-12-01T09:00", zone="UTC", parent=parent),
    )
    assert [(at.title, at.parent) for at in shown(world)] == [
        ("Consultation", ""),
        ("Assembly", parent),
        ("Closing", parent),
    ]
    around = surroundings(world.store, shown(world)[0].hit, "UTC", PUBLIC, NOW)
    assert [hit.title for hit in around.sessions] == ["Assembly", "Closing"]


def test_sessions_are_those_of_the_networks_that_list_the_event(world: World) -> None:
    a, b, c = world.network("A"), world.network("B"), world.network("C")
    world.lists(a, event("Consultation", "2026-12-01T09:00", zone="UTC", uid=UID))
    world.lists(b, event("Consultation", "2026-12-01T09:00", zone="UTC", uid=UID))
    opening = event("Opening", "2026-12-01T09:00", zone="UTC", parent=UID, uid="opening-2026@calendar.example")
    for network in (a, b):
        world.lists(network, opening)
    world.lists(b, event("Evening", "2026-12-01T20:00", zone="UTC", parent=UID))
    world.lists(c, event("Something to sell", "2026-12-01T21:00", zone="UTC", parent=UID))
    around = surroundings(world.store, shown(world)[0].hit, "UTC", PUBLIC, NOW)
    assert [(hit.title, len(hit.networks)) for hit in around.sessions] == [("Opening", 2), ("Evening", 1)]


def files(world: World, **asked: Any) -> list[str]:
    return [one.hit.title for one in announced(world.store, parse_agenda(**asked), PUBLIC, NOW)]


def test_a_file_has_what_is_to_come_and_of_ninety_days_what_is_over(world: World) -> None:
    a = world.network("A")
    weekly = {"zone": "UTC", "rrule": "FREQ=WEEKLY"}
    world.lists(
        a,
        event("Long over", "2026-08-01T10:00", zone="UTC"),
        event("Over", "2026-10-01T10:00", zone="UTC"),
        event("Weekly", "2020-01-01T10:00", **weekly),
        event("Counted out", "2020-01-01T10:00", zone="UTC", rrule="FREQ=WEEKLY;COUNT=10"),
        event("Far off", "2036-01-01T10:00", zone="UTC"),
    )
    assert files(world) == ["Weekly", "Over", "Far off"]
    assert files(world, since="2026-01-01") == ["Weekly", "Long over", "Over", "Far off"]


def test_a_cancelled_event_stays_in_the_file_for_ninety_days(world: World) -> None:
    off = event("Off", "2026-08-01T10:00", zone="UTC", status="cancelled")
    world.lists(world.network("A"), off)
    world.lists(world.network("B"), off | {"titles": {"en": "Long off"}}, issued=NOW - timedelta(days=91))
    assert files(world) == ["Off"]


def test_an_event_of_the_file_says_when_it_was_signed(world: World) -> None:
    world.lists(world.network("A"), event("Call", "2026-12-01T10:00", zone="UTC"), issued=LONG_AGO)
    [one] = announced(world.store, Agenda(), PUBLIC, NOW)
    assert one.signed == LONG_AGO


def test_two_events_without_uid_or_with_a_counter_for_one_are_two(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    for network in (a, b):
        world.lists(network, event("Meeting", "2026-12-01T10:00", zone="UTC"))
        world.lists(network, event("Call", "2026-12-01T11:00", zone="UTC", uid="17"))
    assert len(shown(world)) == 4


def test_a_cancelled_event_is_shown_as_cancelled(world: World) -> None:
    world.lists(world.network("A"), event("Off", "2026-12-01T10:00", zone="UTC", status="cancelled"))
    [at] = shown(world)
    assert at.cancelled


def test_what_is_asked_for_narrows(world: World) -> None:
    a, b = world.network("Alpha"), world.network("Beta")
    world.lists(
        a,
        event("Detention webinar", "2026-12-01T10:00", zone="UTC", languages=["th"], themes=["detention"]),
        event("Working group", "2026-12-02T10:00", zone="UTC", type="working-group-meeting", languages=["fr"]),
        organization("Detention House"),
    )
    world.lists(b, event("Gathering", "2026-12-03T10:00", zone="UTC", languages=["th", "fr"]))

    def found(**asked: Any) -> list[str]:
        return [at.title for at in shown(world, **asked)]

    assert found(type="webinaire") == ["Detention webinar", "Gathering"]
    assert found(language="Thai") == ["Detention webinar", "Gathering"]
    assert found(network="beta") == ["Gathering"]
    assert found(text="détention") == ["Detention webinar"]
    assert found(text="group", language="fr") == ["Working group"]
    assert found(**{"from": "2026-12-02", "to": "2026-12-02"}) == ["Working group"]


def test_the_public_sees_no_events_of_another_circle(world: World) -> None:
    world.lists(world.network("A"), event("Closed", "2026-12-01T10:00", zone="UTC"), circle="partners")
    assert shown(world) == []
    assert [at.title for at in agenda(world.store, Agenda(), OPERATOR, NOW)] == ["Closed"]


def test_a_rule_nobody_can_follow_leaves_the_first_date_and_the_other_events(world: World) -> None:
    world.lists(
        world.network("A"),
        event("Odd", "2026-12-01T10:00", zone="UTC", rrule="FREQ=SOMETIMES"),
        event("Nowhere", "2026-12-01T11:00", zone="Moon/Base"),
        event("Never", "2026-02-31T11:00", zone="UTC"),
        event("Even", "2026-12-01T12:00", zone="UTC"),
    )
    assert [at.title for at in shown(world) if at.title in ("Odd", "Even", "Never")] == ["Odd", "Even"]


def test_a_flood_of_occurrences_is_cut(world: World) -> None:
    world.lists(world.network("A"), event("Flood", "2026-11-01T00:00", zone="UTC", rrule="FREQ=HOURLY"))
    assert len(shown(world)) == MAX_PER_EVENT


def test_rules_that_take_too_long_cost_their_own_network_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    weekly = {"zone": "UTC", "rrule": "FREQ=WEEKLY;COUNT=3"}
    world.lists(
        world.network("A"), event("Slow", "2026-12-01T10:00", **weekly), event("Late", "2026-12-02T10:00", **weekly)
    )
    world.lists(world.network("B"), event("Other", "2026-12-03T10:00", **weekly))
    monkeypatch.setattr("fednet.directory.occurring.MAX_SECONDS", 1e-9)
    assert Counter(at.title for at in shown(world)) == {"Slow": 3, "Late": 1, "Other": 3}


def test_an_event_under_way_is_shown_and_one_that_ended_at_midnight_is_not(world: World) -> None:
    world.lists(
        world.network("A"),
        event("Over", "2026-11-20T10:00", end="2026-11-21T00:00", zone="UTC"),
        event("Going on", "2026-11-20T10:00", end="2026-11-21T00:01", zone="UTC"),
    )
    assert [at.title for at in shown(world)] == ["Going on"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"since": "2026-12-02", "until": "2026-12-01"}, "before"),
        ({"since": "2026-12-02", "until": "2090-12-01"}, "less"),
        ({"since": "soon"}, "2026-11-21"),
        ({"since": "0001-01-01"}, "1900"),
        ({"zone": "Asia/Bankok"}, "Asia/Bangkok"),
        ({"type": "webinnar"}, "webinar"),
    ],
)
def test_a_wrong_question_is_refused_with_what_was_meant(world: World, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        shown(world, **asked)
    assert says in f"{refused.value.detail} {refused.value.hint}"


def test_a_network_that_is_not_shown_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        shown(world, network="Nobody")


LOCAL = st.one_of(
    st.datetimes().map(lambda at: at.isoformat(timespec="minutes")),
    st.dates().map(str),
    st.sampled_from(["2026-12-01T10:00", "2026-02-31", "0001-01-01T00:00", "9999-12-31T23:59"]),
)


@given(
    start=LOCAL,
    end=LOCAL | st.none(),
    zone=st.sampled_from(["UTC", "Asia/Bangkok", "Nowhere/Land", None]),
    all_day=st.booleans(),
    rrule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;UNTIL=20270101", "?", None]
    ),
    override=LOCAL | st.none(),
    status=st.sampled_from(["cancelled", "odd"]),
)
@settings(max_examples=25, deadline=None)
def test_no_published_event_breaks_the_calendar(
    tmp_path_factory: pytest.TempPathFactory, override: str | None, status: str, **fields: Any
) -> None:
    world = World(tmp_path_factory.mktemp("odd"))
    given_fields = {name: value for name, value in fields.items() if value is not None}
    overrides = [{"recurrence_id": override, "status": status}] if override else []
    world.lists(
        world.network("A"),
        event("Odd", given_fields.pop("start"), overrides=overrides, **given_fields),
        event("Even", "2026-12-01T12:00", zone="UTC"),
    )
    try:
        assert "Even" in [at.title for at in shown(world)]
    except FednetError as error:
        pytest.fail(str(error))


@pytest.mark.parametrize(
    "text", ["detention", "détention", "detenton", '"working group"', "meeting -webinar", "call th"]
)
def test_the_calendar_finds_the_events_that_the_search_finds(world: World, text: str) -> None:
    world.lists(
        world.network("A"),
        event("Detention webinar", "2026-12-01T10:00", zone="UTC", languages=["th"], themes=["detention"]),
        event("Meeting of the working group", "2026-12-02T10:00", zone="UTC", type="working-group-meeting"),
        event("Meeting before the webinar", "2026-12-03T10:00", zone="UTC", description={"en": "A call."}),
        organization("Detention House"),
    )
    found = search(world.store, parse_query(text=text, kind="event"), PUBLIC, NOW)
    assert {at.hit.handle for at in shown(world, text=text)} == {hit.handle for hit in found.hits}
