from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.directory.agenda import Agenda, Occurrence, agenda, announced, parse_agenda, surroundings
from fednet.directory.copies import Copy, read, together
from fednet.directory.occurring import MAX_PER_EVENT
from fednet.directory.query import parse_query
from fednet.directory.search import OPERATOR, PUBLIC, readable, search
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.formats.calendar_writer import uid_of
from fednet.listing.event import MAX_GIVEN_SEQUENCE
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


def test_sessions_side_by_side_are_two_though_others_list_one_of_them_each(world: World) -> None:
    address = {"zone": "UTC", "join_url": "https://meet.example/room"}
    one, two = (event(at, "2026-12-01T10:00", uid=f"{at}-{UID}", **address) for at in ("One", "Two"))
    for name, listed in (("A", (one, two)), ("B", (one,)), ("C", (two,))):
        world.lists(world.network(name), *listed)
    assert [(at.title, len(at.hit.networks)) for at in shown(world)] == [("One", 2), ("Two", 2)]


def test_sessions_side_by_side_part_no_others(world: World) -> None:
    a, b, c = (world.network(name) for name in "ABC")
    address = {"zone": "UTC", "join_url": "https://meet.example/room"}
    [handle] = world.lists(a, event("Call", "2026-12-01T10:00", **address))
    world.lists(b, event("Call", "2026-12-01T10:00", **address))
    copied = uid_of(a.network, handle, {})
    world.lists(c, *(event(title, "2026-12-01T10:00", **address) for title in ("P", "Q")))
    world.lists(c, event("Call", "2026-12-01T10:00", uid=copied, **address))
    assert [(at.title, len(at.hit.networks)) for at in shown(world)] == [("Call", 3), ("P", 1), ("Q", 1)]


ROOMS = [f"https://meet.example/{room}" for room in "ab"]


@pytest.mark.parametrize("of_one", [{"join_url": ROOMS[0]}, {"uid": UID}])
@pytest.mark.parametrize("first", [True, False])
def test_an_event_with_the_signs_of_two_does_not_bring_them_together(
    world: World, of_one: dict[str, str], first: bool
) -> None:
    """Nor is a meeting hidden below another title, without a word, by who announces one at its address."""
    names = ["Evil", "A", "B"] if first else ["A", "B", "Evil"]
    networks = {name: world.network(name) for name in names}
    when = {"start": "2026-12-01T10:00", "zone": "UTC"}
    world.lists(networks["A"], event("Children webinar", **when, **of_one))
    world.lists(networks["B"], event("Detention call", **when, join_url=ROOMS[1]))
    both = {"join_url": ROOMS[0], **of_one, "registration_url": ROOMS[1]}
    world.lists(networks["Evil"], event("Pay here", **when, **both))
    found = shown(world)
    assert len(found) == 2
    named = [sorted({name for _, name in at.hit.networks} | {one.network_name for one in at.differs}) for at in found]
    assert not any({"A", "B"} <= set(names) for names in named)
    titles = {at.title for at in found} | {one.title for at in found for one in at.differs}
    assert {"Children webinar", "Detention call"} <= titles


def test_a_copy_of_an_event_cannot_move_it_to_where_another_one_is(world: World) -> None:
    """Of an event that was made in fednet the network that made it says where it is."""
    a, b, c = (world.network(name) for name in "ABC")
    when = {"start": "2026-12-01T10:00", "zone": "UTC"}
    [handle] = world.lists(a, event("Children webinar", **when, join_url=ROOMS[0]))
    world.lists(b, event("Children webinar", **when, join_url=ROOMS[0]))
    world.lists(b, event("Detention call", **when, join_url=ROOMS[1]))
    world.lists(c, event("Pay here", **when, join_url=ROOMS[1], uid=uid_of(a.network, handle, {})))
    assert [at.title for at in shown(world)] == ["Children webinar", "Detention call"]


@settings(max_examples=40, deadline=None)
@given(
    listed=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from([None, *ROOMS]),
            st.sampled_from([None, *ROOMS]),
            st.sampled_from([None, "11111111@x.example", "22222222@x.example"]),
            st.sampled_from(["10:00", "12:00"]),
        ),
        max_size=8,
    )
)
def test_by_addresses_only_those_are_one_that_agree_each_with_each(
    tmp_path_factory: Any, listed: list[tuple[int, str | None, str | None, str | None, str]]
) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    networks = [world.network(name) for name in "ABCD"]
    for network, join, register, uid, hour in listed:
        given = {"join_url": join, "registration_url": register, "uid": uid, "zone": "UTC"}
        world.lists(networks[network], event("Call", f"2026-12-01T{hour}", **{k: v for k, v in given.items() if v}))
    with world.store.reading() as db:
        sources = readable(db, PUBLIC, LONG_AGO)
        copies = read(db, [row[0] for row in db.execute("SELECT id FROM record")], sources)
        cards = together(db, copies, sources)
        assert sorted(copy.listed.record_id for card in cards for copy in card) == sorted(
            copy.listed.record_id for copy in copies
        )
        for card in cards:
            for one, other in combinations(card, 2):
                assert one.uid == other.uid or _address(one) & _address(other)
    world.store.close()


def _address(copy: Copy) -> set[tuple[str, str]]:
    event = copy.event
    return {(url, event.start) for url in (event.join_url, event.registration_url, event.website) if url}


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


def test_what_all_spend_together_is_bounded_and_each_has_its_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    weekly = {"zone": "UTC", "rrule": "FREQ=WEEKLY;COUNT=3"}
    for name in "ABC":
        world.lists(
            world.network(name), *(event(f"{name}{at}", f"2026-12-0{at}T10:00", **weekly) for at in range(1, 6))
        )
    clock = iter(range(1000))  # each event takes a second
    monkeypatch.setattr("fednet.directory.occurring.thread_time", lambda: next(clock))
    monkeypatch.setattr("fednet.directory.occurring.MAX_SECONDS", 4)
    monkeypatch.setattr("fednet.directory.occurring.MAX_SECONDS_TOGETHER", 6)
    followed = Counter(at.title[0] for at in shown(world) if at.start.month == 12 and at.start.day > 14)
    found = Counter(at.title for at in shown(world))
    assert sum(found.values()) == 15 + 2 * (4 + 2 + 2)
    assert set(followed) == {"A", "B", "C"}


def test_an_event_in_the_gap_of_summer_time_does_not_end_before_it_begins(world: World) -> None:
    gap = {"zone": "America/New_York", "rrule": "FREQ=WEEKLY;COUNT=3"}
    off = {"overrides": [{"recurrence_id": "2027-03-14T02:30", "status": "cancelled", "titles": {"en": "Off"}}]}
    world.lists(
        world.network("A"),
        event("Gap", "2027-03-07T02:30", end="2027-03-07T03:00", **gap),
        event("Other", "2027-03-07T02:30", end="2027-03-07T03:00", **gap, **off),
    )
    found = shown(world, since="2027-03-14", until="2027-03-14")
    assert [(at.title, f"{at.start:%H:%M}", f"{at.end:%H:%M}") for at in found] == [
        ("Gap", "07:30", "08:00"),
        ("Off", "07:30", "08:00"),
    ]


def test_a_sequence_out_of_reach_counts_no_more_than_one_that_an_edit_can_have(world: World) -> None:
    uid = {"uid": "uid-of-a-call-elsewhere", "zone": "UTC"}
    world.lists(world.network("Evil"), event("Gone", "2027-12-01T10:00", **uid, sequence=2**31 - 1))
    later = NOW + timedelta(hours=1)
    own = event("Call", "2026-12-01T10:00", **uid, sequence=MAX_GIVEN_SEQUENCE)
    world.lists(world.network("A"), own, issued=later)
    assert [at.title for at in shown(world)] == ["Call"]


def test_a_flood_of_one_network_leaves_the_file_of_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednet.directory.agenda.MAX_ANNOUNCED", 20)
    yearly = {"zone": "UTC", "rrule": "FREQ=YEARLY"}
    world.lists(
        world.network("Flood"),
        *(event(f"spam {at}", "1990-02-01T10:00", **yearly) for at in range(50)),
        event("spam next", "1995-11-22T10:00", **yearly),
    )
    world.lists(world.network("A"), *(event(f"Call {at}", f"2027-12-{at:02}T10:00", zone="UTC") for at in range(1, 9)))
    found = files(world)
    assert len(found) == 20
    assert [title for title in found if title.startswith("Call")] == [f"Call {at}" for at in range(1, 9)]
    assert "spam next" in found


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
