from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.directory import statements
from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.directory.statements import Asked
from fednet.errors import NotFoundError
from fednet.formats import hsds
from fednet.listing import vocabulary
from tests.directory.world import NOW, World, organization

PARTNER = Reader(frozenset({"partners"}))
SERVICES = ("legal-aid", "housing", "health")
GROUPS = ("women", "refugees")
SEATS: tuple[dict[str, Any], ...] = (
    {},
    {"seat": {"country": "TH"}},
    {"seat": {"place": "Mae Sot"}},
    {"seat": {"latitude_e6": 1, "longitude_e6": 2}},
    {"seat": {"latitude_e6": 1}},
    {"seat": {"country": "XX"}},
)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two networks, open and closed feeds, and organisations of every combination of services, groups and seats."""
    world = World(Path(tmp_path_factory.mktemp("crowd")))
    networks = [world.network("Own", own=True), world.network("Other")]
    for at, circle in enumerate(["public", "partners"] * 2):
        bodies = [
            organization(
                f"{'Lantern' if (at + number) % 3 else 'Harbour'} {number}",
                services=[code for bit, code in enumerate((*SERVICES, "teleport")) if number >> bit & 1],
                client_groups=[code for bit, code in enumerate(GROUPS) if (number // 3) >> bit & 1],
                **SEATS[number % len(SEATS)],
            )
            for number in range(16)
        ]
        issued = NOW - timedelta(days=at)
        world.lists(networks[at // 2], *bodies, circle=circle, issued=issued)
    return world


def everything(world: World, reader: Reader) -> list[hsds.Statement]:
    return list(statements.all_organizations(world.store, Asked(), reader, lambda: NOW, False))


def model(found: list[hsds.Statement], asked: Asked) -> list[tuple[str, str]]:
    """Each statement looked at by itself."""
    return [
        (one.id, code)
        for one in found
        for code in one.organization.services
        if code in vocabulary.SERVICES
        and (asked.codes is None or code in asked.codes)
        and (asked.client_groups is None or asked.client_groups & set(one.organization.client_groups))
        and (not asked.located or hsds.has_location(one.organization))
        and (asked.organization is None or asked.organization == one.id)
        and (not asked.text or asked.text in one.organization.names["en"].lower())
        and (asked.since is None or (one.modified or "") >= f"{asked.since:%Y-%m-%dT%H:%M:%S}")
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_page_is_a_part_of_what_each_statement_by_itself_gives(crowd: World, data: st.DataObject) -> None:
    reader = data.draw(st.sampled_from([PUBLIC, PARTNER, OPERATOR]))
    found = everything(crowd, reader)
    asked = Asked(
        text=data.draw(st.sampled_from(["", "lantern", "harbour", "nowhere"])),
        codes=data.draw(st.none() | st.frozensets(st.sampled_from(SERVICES))),
        client_groups=data.draw(st.none() | st.frozensets(st.sampled_from(GROUPS), min_size=1)),
        located=data.draw(st.booleans()),
        organization=data.draw(st.none() | st.sampled_from([one.id for one in found])),
        since=data.draw(st.none() | st.integers(0, 4).map(lambda days: NOW - timedelta(days=days))),
    )
    expected = model(found, asked)
    start, limit = data.draw(st.integers(0, 40)), data.draw(st.integers(1, 60))
    page = statements.services(crowd.store, asked, reader, NOW, start, limit, False)
    assert page.total == len(expected)
    assert [(one.id, code) for one, code in page.parts] == expected[start : start + limit]
    every = statements.all_services(crowd.store, asked, reader, lambda: NOW, False)
    assert [(one.id, code) for one, code in every] == expected


def test_a_reader_finds_by_id_what_is_in_the_readers_lists_and_nothing_else(crowd: World) -> None:
    for reader in (PUBLIC, PARTNER, OPERATOR):
        listed = {one.id for one in everything(crowd, reader)}
        for one in everything(crowd, OPERATOR):
            ids = [(statements.service, one.part("service", code)) for code in one.services]
            if hsds.has_location(one.organization):
                at = [one.part("service at location", code) for code in one.services]
                ids += [(statements.service_at_location, id) for id in at]
            for ask, id in ids:
                if one.id in listed:
                    assert ask(crowd.store, id.upper(), reader, NOW, False)[0].id == one.id
                else:
                    with pytest.raises(NotFoundError):
                        ask(crowd.store, id, reader, NOW, False)
            if one.id in listed:
                assert statements.organization(crowd.store, one.id, reader, NOW, False).id == one.id
            else:
                with pytest.raises(NotFoundError):
                    statements.organization(crowd.store, one.id, reader, NOW, False)


def test_words_in_a_name_come_before_words_in_a_text(world: World) -> None:
    own = world.network("Own", own=True)
    text = organization("Paper Boat", description={"en": "next to the lantern"}, services=["housing"])
    world.lists(own, text, organization("Lantern House", services=["housing"]))
    found = statements.organizations(world.store, Asked(text="lantern"), PUBLIC, NOW, 0, 10, False)
    assert [one.organization.names["en"] for one in found.statements] == ["Lantern House", "Paper Boat"]


def test_what_comes_later_is_found_by_its_id(world: World) -> None:
    own = world.network("Own", own=True)
    for number in range(3):
        world.lists(own, organization(f"Lantern {number}", services=["housing"]))
        for one in everything(world, PUBLIC):
            assert statements.organization(world.store, one.id, PUBLIC, NOW, False).id == one.id
            assert statements.service(world.store, one.part("service", "housing"), PUBLIC, NOW, False)[1] == "housing"
