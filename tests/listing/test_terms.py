"""What the index is told of a record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fednet import listing
from fednet.listing import Terms, check, terms
from fednet.listing.record import KINDS
from fednet.listing.terms import KIND_NUMBERS

EVENT = {
    "kind": "event",
    "titles": {"en": "Seminar"},
    "type": "webinar",
    "start": "2017-03-22T10:00",
    "zone": "America/New_York",
}


def of(**fields: Any) -> Terms:
    found = terms(check(fields))
    assert found.kind == KIND_NUMBERS[fields["kind"]]
    return found


def minute(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) // 60  # type: ignore[arg-type,misc]


def test_kinds_have_numbers_that_never_change() -> None:
    assert list(KIND_NUMBERS) == list(KINDS)
    assert list(KIND_NUMBERS.values()) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_an_organisation_is_found_by_every_name_and_shown_by_its_own() -> None:
    found = of(
        kind="organization",
        original="th",
        names={"en": "Refugee Law Centre", "th": "ผู้ลี้ภัย"},
        acronym="RLC",
        former_names=["Border Desk"],
        description={"fr": "Aide à la frontière"},
        seat={"country": "TH", "place": "Mae Sot"},
        countries=["MM", "TH"],
        services=["legal-aid"],
        client_groups=["children"],
        languages=["my", "fr-CA", "fr"],
    )
    assert found.kind == 1
    assert found.title == "ผู้ลี้ภัย"
    assert all(word in found.names for word in ("Refugee Law Centre", "RLC", "Border Desk", " ล "))
    assert found.text.split() == ["Aide", "à", "la", "frontière", "Mae", "Sot"]
    assert found.countries == ("TH", "MM")
    assert (found.services, found.client_groups) == (("legal-aid",), ("children",))
    assert found.languages == ("my", "fr")
    assert (found.starts, found.ends) == (None, None)


def test_a_region_served_counts_for_each_of_its_countries_but_the_world_does_not() -> None:
    assert "TH" in of(kind="organization", names="x", countries=["South-eastern Asia"]).countries
    assert of(kind="organization", names="x", countries=["world"]).countries == ()


def test_codes_that_no_country_has_are_not_indexed() -> None:
    peer = listing.parse(
        '{"countries":["XX","th","999","\u0661"],"kind":"organization","names":{"en":"x"},"seat":{"country":"?"}}'.encode()
    )
    assert peer is not None
    assert terms(peer).countries == ()


def test_the_seminar_of_2017_starts_at_14_utc() -> None:
    found = of(**EVENT, end="2017-03-22T11:00")
    assert found.starts == minute(2017, 3, 22, 14)
    assert found.ends == minute(2017, 3, 22, 15)


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({}, minute(2017, 3, 22, 14)),
        ({"rrule": "FREQ=WEEKLY"}, None),
        ({"rrule": "FREQ=WEEKLY;COUNT=3"}, minute(2017, 4, 19, 14)),
        ({"rrule": "FREQ=WEEKLY;UNTIL=nonsense"}, None),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20170405T140000Z", "end": "2017-03-22T11:30"}, minute(2017, 4, 5, 15, 30)),
        ({"rdates": ["2017-06-01T10:00"]}, minute(2017, 6, 1, 14)),
        ({"overrides": [{"recurrence_id": "2017-03-22T10:00", "start": "2017-07-01T10:00"}]}, minute(2017, 7, 1, 14)),
        ({"start": "2017-03-22", "zone": None}, minute(2017, 3, 23)),
        ({"start": "2017-03-22", "end": "2017-03-25", "zone": None}, minute(2017, 3, 25)),
    ],
)
def test_an_event_ends_when_it_is_surely_over(fields: dict[str, Any], ends: int | None) -> None:
    assert of(**EVENT | fields).ends == ends


@pytest.mark.parametrize(
    ("start", "zone"),
    [
        ("1883-11-18T12:30:59", "America/New_York"),  # the day of two noons
        ("1899-12-31T00:00", "Asia/Bangkok"),  # local mean time, an offset with seconds
        ("1969-12-31T23:59:30", "UTC"),
        ("2027-03-28T02:30", "Europe/Berlin"),  # skipped by summer time
        ("2027-10-31T02:30", "Europe/Berlin"),  # twice
        ("2027-03-05T10:00", "Asia/Kathmandu"),
        ("2027-03-05", "Pacific/Kiritimati"),
    ],
)
def test_minutes_are_those_of_the_zone_on_that_day(start: str, zone: str) -> None:
    at = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    assert of(**EVENT | {"start": start, "zone": zone}).starts == int(at.timestamp()) // 60


def test_an_offset_in_the_end_of_a_recurrence_is_passed_over() -> None:
    assert of(**EVENT, rrule="FREQ=WEEKLY;UNTIL=20170405T100000+0900").ends == minute(2017, 4, 5, 14)


def test_times_that_do_not_exist_are_unknown_and_unknown_zones_count_as_utc() -> None:
    for start, starts in (
        ("2017-02-31T10:00", None),
        ("0001-01-01T00:00", None),
        ("2017-03-22T10:00", minute(2017, 3, 22, 10)),
    ):
        body = f'{{"kind":"event","start":"{start}","titles":{{"en":"x"}},"type":"webinar","zone":"Mars/Olympus"}}'
        event = listing.parse(body.encode())
        assert event is not None
        if start.startswith("0001"):
            terms(event)
        else:
            assert terms(event).starts == starts


def test_themes_are_services_and_client_groups() -> None:
    found = of(**EVENT, themes=["detention", "refugees", "youth"], place={"country": "CA", "place": "Toronto"})
    assert found.services == ("detention", "youth")
    assert found.client_groups == ("refugees", "youth")
    assert found.countries == ("CA",)
    need = of(kind="exchange", type="need", titles="x", themes=["women"], client_groups=["women", "children"])
    assert need.client_groups == ("women", "children")


def test_every_kind_has_terms() -> None:
    handle = "7e6d8c1e-0b1c-4f5a-8c1e-0b1c55aa7e6d"
    assert of(kind="contact", organization=handle, person="Front desk", address="1 Quay").text == "1 Quay"
    assert of(kind="person", name="Individual member", role="Researcher", country="MY").countries == ("MY",)
    assert of(kind="group", names={"en": "Youth Network", "fr": "Réseau des jeunes"}).title == "Youth Network"
    assert of(kind="resource", titles="Guide", language="fr").languages == ("fr",)
    subjects = [{"network": "a", "handle": handle}, {"network": "b", "handle": handle}]
    assert (
        of(kind="opinion", verdict="same", subjects=subjects, reason="one register number").text
        == "one register number"
    )


def test_a_group_is_found_by_its_countries_and_by_who_holds_what_for_which() -> None:
    found = of(
        kind="group",
        names={"en": "Linkages"},
        countries=["MY"],
        roles=[{"role": "focal person", "holder": "Paper Boat", "country": "BD"}, {"role": "chair"}],
    )
    assert found.countries == ("MY", "BD") and "focal person" in found.text and "Paper Boat" in found.text
