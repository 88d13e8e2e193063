"""Where two statements about one organisation really differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.listing import Organization, Twinning, check
from fednet.listing.differences import FIELDS, Compared, agree, compared


def organization(**fields: Any) -> Organization:
    found = check({"kind": "organization", "names": {"en": "Aster House"}} | fields)
    assert isinstance(found, Organization)
    return found


def at(latitude: int, longitude: int) -> dict[str, int]:
    return {"latitude_e6": latitude, "longitude_e6": longitude}


def field(name: str, *values: Any) -> Compared | None:
    """A field over statements with these values; None for one in which nobody says anything."""
    found = compared([organization(**({} if value is None else {name: value})) for value in values])
    return next((one for one in found if one.name == name), None)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("names", {"en": "Aster House"}, {"fr": "Maison Aster"}),
        ("names", {"en": "Aster House"}, {"en": "ASTER  HOUSE."}),
        ("names", {"en": "Aster House", "fr": "Maison Aster"}, {"en": "Aster house"}),
        ("acronym", "A.H.", "AH"),
        ("description", {"en": "For all."}, {"en": "for all"}),
        ("website", "https://www.aster.example/", "http://aster.example"),
        ("website", "https://aster.example/en", "https://Aster.example/fr/index.html"),
        ("website", "https://aster.example/work/", "https://aster.example/work"),
        ("seat", {"country": "TH"}, {"country": "TH", "place": "Mae Sot"}),
        ("seat", {"place": "Mae-Sot"}, {"country": "TH", "place": "mae sot"}),
        ("seat", at(16_700_000, 179_999_000), at(16_710_000, -179_999_000)),
        ("services", ["legal-aid", "health"], ["health", "legal-aid"]),
        ("languages", ["zh-Hant", "en"], ["en", "zh"]),
        ("identifiers", [{"scheme": "TH-MOI", "value": "0994000-1"}], [{"scheme": "th-moi", "value": "0994 0001"}]),
        ("identifiers", [{"scheme": "TH-MOI", "value": "1"}], [{"scheme": "GB-CHC", "value": "2"}]),
        ("former_names", ["Border Desk"], ["Frontier Desk"]),
        ("membership", {"category": "full"}, {"category": "observer"}),
        ("refugee_led", True, None),
        ("website", "https://aster.example", None),
    ],
)  # fmt: skip
def test_what_is_only_written_otherwise_is_no_difference(name: str, one: Any, other: Any) -> None:
    found = field(name, one, other)
    assert found is not None and found.differs == ()


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("names", {"en": "Paper Boat Legal Aid Centre"}, {"en": "Paper Boat Legal Aid Center"}),
        ("acronym", "AH", "AHR"),
        ("website", "https://aster.example", "https://aster-house.example"),
        ("website", "https://aster.example/work", "https://aster.example/about"),
        ("seat", {"country": "TH"}, {"country": "MM"}),
        ("seat", {"country": "TH", "place": "Mae Sot"}, {"country": "TH", "place": "Bangkok"}),
        ("seat", at(16_700_000, 98_500_000), at(13_700_000, 98_500_000)),
        ("type", "ngo", "funder"),
        ("services", ["legal-aid"], ["legal-aid", "health"]),
        ("countries", ["TH"], ["MM"]),
        ("identifiers", [{"scheme": "TH-MOI", "value": "1"}], [{"scheme": "TH-MOI", "value": "2"}]),
        ("refugee_led", True, False),
        ("description", {"th": "ช่วยเหลือ"}, {"th": "ช่วยกัน"}),
    ],
)  # fmt: skip
def test_a_contradiction_is_a_difference(name: str, one: Any, other: Any) -> None:
    found = field(name, one, other)
    assert found is not None and found.differs == (0, 1)


def test_the_ones_that_contradict_another_one_are_named() -> None:
    found = field("website", "https://a.example", None, "https://a.example/", "https://b.example")
    assert found is not None
    assert found.differs == (0, 2, 3)
    assert [(said.value, said.by) for said in found.said] == [
        ("https://a.example", (0, 2)),
        ("https://b.example", (3,)),
    ]


def test_what_is_said_adds_up_with_who_says_it() -> None:
    found = field("services", ["legal-aid", "health"], ["housing", "legal-aid"])
    assert found is not None
    assert found.said == (("legal-aid", (0, 1)), ("health", (0,)), ("housing", (1,)))


def test_of_two_spellings_the_newest_statements_is_kept() -> None:
    found = field("acronym", "A.H.", "AH")
    assert found is not None and found.said == (("A.H.", (0, 1)),)


def test_a_name_of_signs_alone_is_still_a_name() -> None:
    found = field("acronym", "!!!", "???")
    assert found is not None and found.differs == (0, 1)


words = st.sampled_from(["Aster", "aster", "Ästér", "Rose", "House.", "", "港灣", "ศูนย์", "!"])
texts = st.dictionaries(st.sampled_from(["en", "fr", "th"]), words.filter(bool), max_size=3)
organizations = st.builds(
    Organization,
    names=texts.filter(bool),
    acronym=words,
    description=texts,
    website=st.sampled_from([None, "https://a.example", "http://www.a.example/", "https://a.example/x", "http://b"]),
    services=st.lists(st.sampled_from(["legal-aid", "health", "housing"]), unique=True).map(tuple),
    languages=st.lists(st.sampled_from(["en", "zh", "zh-Hant"]), unique=True).map(tuple),
    type=st.sampled_from([None, "ngo", "funder"]),
    refugee_led=st.sampled_from([None, True, False]),
)


@given(organizations, organizations)
def test_differing_is_mutual_and_nobody_differs_from_themselves(one: Organization, other: Organization) -> None:
    for name in FIELDS:
        assert agree(name, getattr(one, name), getattr(other, name)) == agree(
            name, getattr(other, name), getattr(one, name)
        )
        assert agree(name, getattr(one, name), getattr(one, name))
    assert all(not found.differs for found in compared([one, one]))


@given(st.lists(organizations, min_size=1, max_size=4))
def test_everything_that_somebody_says_is_said_by_them(statements: list[Organization]) -> None:
    found = {one.name: one for one in compared(statements)}
    for at, statement in enumerate(statements):
        for service in statement.services:
            assert any(said.value == service and at in said.by for said in found["services"].said)
        assert any(at in said.by for said in found["names"].said)
    for one in found.values():
        assert all(said.by == tuple(sorted(set(said.by))) and said.by for said in one.said)
        assert set(one.differs) <= {at for said in one.said for at in said.by} and len(one.differs) != 1


# --- twinnings --------------------------------------------------------------------------------------------------------


def twinned(**fields: Any) -> Twinning:
    found = check({"kind": "twinning", "organizations": [{"name": "Aster House"}, {"name": "Cedar"}]} | fields)
    assert isinstance(found, Twinning)
    return found


@pytest.mark.parametrize(
    ("name", "one", "other", "differs"),
    [
        ("goals", {"en": "To learn."}, {"en": "to learn", "fr": "Apprendre"}, False),
        ("goals", {"en": "To learn."}, {"en": "To teach."}, True),
        ("start", "2026", "2026-10-05", False),
        ("start", "2026-10", "2026-11", True),
        ("state", "active", "ended", True),
        ("state", "active", None, False),
        ("themes", ["legal-aid", "health"], ["health", "legal-aid"], False),
        ("themes", ["legal-aid"], ["health"], True),
        ("activities", [{"date": "2026-10", "text": {"en": "A call"}}], [{"text": {"en": "A visit"}}], False),
    ],
)  # fmt: skip
def test_statements_of_a_twinning_differ_where_both_cannot_be_true(
    name: str, one: Any, other: Any, differs: bool
) -> None:
    statements = [twinned(**({} if value is None else {name: value})) for value in (one, other)]
    for order in (statements, statements[::-1]):
        [found] = [field for field in compared(order) if field.name == name]
        assert bool(found.differs) is differs


def test_what_both_do_adds_up_and_is_told_once() -> None:
    call, visit = {"date": "2026-10", "text": {"en": "A call"}}, {"date": "2026-11", "text": {"en": "A visit"}}
    again = {"date": "2026-10", "text": {"en": "a call."}}
    [found] = [
        field
        for field in compared([twinned(activities=[call]), twinned(activities=[again, visit])])
        if field.name == "activities"
    ]
    assert [said.by for said in found.said] == [(0, 1), (1,)]
