from __future__ import annotations

from typing import Any

import pytest

from fednet.directory.search import PUBLIC, parse_query, search
from tests.directory.world import NOW, World, organization


@pytest.fixture
def boat(world: World) -> World:
    world.lists(
        world.network("Asia Pacific Network"),
        organization(
            {"en": "Paper Boat Legal Centre", "th": "ศูนย์กฎหมายเรือกระดาษ"},
            acronym="PBLC",
            former_names=["Kite House"],
            description={"en": "Help at the river crossing."},
            seat={"country": "TH", "place": "Mae Sot", "latitude_e6": 16_713_000, "longitude_e6": 98_575_000},
            countries=["MM"],
            services=["legal-aid"],
            client_groups=["refugees"],
            languages=["th", "my"],
            type="ngo",
            confirmed={"at": "2026-10-01"},
        ),
    )
    return world


def why(world: World, text: str = "", **asked: Any) -> list[str]:
    [hit] = search(world.store, parse_query(text=text, why=True, **asked), PUBLIC, NOW).hits
    return list(hit.why)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("boat", '"boat" stands in the name in English: Paper Boat Legal Centre'),
        ("เรือ", '"เรือ" stands in the name in Thai: ศูนย์กฎหมายเรือกระดาษ'),
        ("pblc", '"pblc" is the acronym'),
        ("paper boat legal centre", '"paper boat legal centre" is the name in English'),
        ("kite", '"kite" stands in a former name: Kite House'),
        ("river", '"river" stands in the description in English'),
        ("mae sot", '"mae sot" is the place'),
        ("aide juridique", '"aide juridique" names a service that is listed: Legal aid'),
        ("Myanmar", '"Myanmar" names Myanmar (Burma): works in Myanmar (Burma)'),
        ("ไทย", '"ไทย" names Thailand: the seat is in Thailand'),
    ],
)
def test_each_word_says_where_it_stands_or_what_it_names(boat: World, asked: str, reason: str) -> None:
    assert reason in why(boat, asked)


def test_filters_say_what_fits_and_who_says_so(boat: World) -> None:
    assert why(boat, country="TH", service="legal-aid", language="Burmese", type="ngo")[0].startswith(
        "Asia Pacific Network says: the seat is in Thailand"
    )


def test_distance_and_confirmation_are_told(boat: World) -> None:
    assert why(boat, near="16.713,98.6")[-2:] == ["3 km from the place asked for", "confirmed on 2026-10-01"]
    assert "0 km from Mae Sot" in why(boat, near="Mae Sot")


def test_nothing_is_explained_unless_it_is_asked_for(boat: World) -> None:
    [hit] = search(boat.store, parse_query(text="boat"), PUBLIC, NOW).hits
    assert hit.why == ()


@pytest.mark.parametrize("kind", ["person", "group", "event", "exchange", "resource", "opinion", "contact"])
def test_records_of_every_kind_can_be_explained(world: World, kind: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "person": {"name": "Lantern", "role": "lawyer"},
        "group": {"names": {"en": "Lantern"}, "type": "working-group"},
        "event": {"titles": {"en": "Lantern"}, "type": "webinar", "start": "2027-01-01"},
        "exchange": {"type": "need", "titles": {"en": "Lantern"}},
        "resource": {"type": "guide", "titles": {"en": "Lantern"}, "url": "https://guide.example/"},
        "opinion": {
            "subjects": [{"network": "n", "handle": "a"}, {"network": "n", "handle": "b"}],
            "verdict": "same",
            "reason": "lantern",
        },
        "contact": {"organization": "Lantern", "person": "Lantern"},
    }
    world.lists(world.network("A"), {"kind": kind, **bodies[kind]})
    found = search(world.store, parse_query(text="lantern", kind=kind, why=True), PUBLIC, NOW).hits
    assert all(hit.why for hit in found)
