from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory import library
from fednet.directory.library import Wanted, roles_on
from fednet.directory.search import OPERATOR, PUBLIC, Query, search
from fednet.errors import NotFoundError, UsageError
from fednet.listing.group import Role
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.web.place import NOW, followed

RESOURCES = [
    {"kind": "resource", "titles": {"en": "Zebra guide"}, "type": "guide", "date": "2026-03", "language": "en"},
    {"kind": "resource", "titles": {"en": "Alpha guide"}, "type": "guide", "date": "2026-03", "themes": ["legal-aid"]},
    {"kind": "resource", "titles": {"en": "Old recording"}, "type": "recording", "date": "2019"},
    {"kind": "resource", "titles": {"en": "Undated policy"}, "type": "policy"},
    {"kind": "resource", "titles": {"fr": "Guide récent"}, "type": "guide", "date": "2026-11-02", "language": "fr"},
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    path: Path = tmp_path_factory.mktemp("library")
    home, _ = homes.create(path / "node", "Example Network", None, path / "recovery.txt")
    for fields in RESOURCES[:3]:
        edits.add(home, "resource", fields, NOW)
    edits.add(home, "resource", {"kind": "resource", "titles": {"en": "Minutes for partners"}}, NOW, "partners")
    person = edits.add(home, "person", {"name": "Individual member 07 (fictitious)"}, NOW).handle
    roles = [{"role": "chair", "holder": person, "since": "2020"}]
    group = edits.add(
        home, "group", {"names": {"en": "Detention"}, "type": "working-group", "roles": roles}, NOW
    ).handle
    edits.add(home, "group", {"names": {"en": "Board"}, "type": "committee"}, NOW)
    edits.add(home, "organization", {"names": {"en": "Paper Boat"}, "groups": [group]}, NOW)
    publish(home, NOW)
    followed(home, "Other Network", RESOURCES[3:])
    yield home
    home.close()


def titles(home: Home, wanted: Wanted = Wanted(), start: int = 0, most: int = 10) -> list[str]:  # noqa: B008
    return [hit.title for hit in library.resources(home.store, wanted, PUBLIC, NOW, start, most).hits]


def test_resources_come_newest_first_and_those_without_a_date_last(home: Home) -> None:
    assert titles(home) == ["Guide récent", "Alpha guide", "Zebra guide", "Old recording", "Undated policy"]


def test_pages_of_resources_follow_each_other(home: Home) -> None:
    assert titles(home, most=2) + titles(home, start=2, most=2) + titles(home, start=4, most=2) == titles(home)
    assert library.resources(home.store, Wanted(), PUBLIC, NOW, 0, 2).total == 5


def test_resources_are_narrowed_by_type_language_theme_network_and_words(home: Home) -> None:
    assert titles(home, Wanted(types=("guide",))) == ["Guide récent", "Alpha guide", "Zebra guide"]
    assert titles(home, Wanted(languages=("fr",))) == ["Guide récent"]
    assert titles(home, Wanted(themes=("legal-aid",))) == ["Alpha guide"]
    assert titles(home, Wanted(networks=("Other Network",))) == ["Guide récent", "Undated policy"]
    assert titles(home, Wanted(text="zebra")) == ["Zebra guide"]
    with pytest.raises(NotFoundError):
        titles(home, Wanted(networks=("nobody",)))


def test_a_flood_of_one_network_drowns_only_itself(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MAX_LOOKED_AT", 4)
    found = library.resources(home.store, Wanted(), PUBLIC, NOW, 0, 10).hits
    assert [sum(hit.network_name == name for hit in found) for name in ("Example Network", "Other Network")] == [2, 2]
    assert len(titles(home, Wanted(networks=("Example Network",)))) == 3


def test_a_resource_for_partners_is_nobody_elses(home: Home) -> None:
    assert library.resources(home.store, Wanted(), OPERATOR, NOW, 0, 10).total == 6
    assert "Minutes for partners" not in titles(home)


def test_names_of_terms_are_read_in_any_language() -> None:
    assert library.parse_wanted(type="enregistrement", theme="aide juridique", language="français") == Wanted(
        types=("recording",), themes=("legal-aid",), languages=("fr",)
    )
    with pytest.raises(UsageError):
        library.parse_wanted(type="nonsense")


def test_groups_come_by_type_and_name_with_those_who_take_part(home: Home) -> None:
    found = library.groups(home.store, PUBLIC, NOW).hits
    assert [hit.title for hit in found] == ["Board", "Detention"]
    assert [hit.title for hit in library.members_of(home.store, found[1], PUBLIC, NOW, 9)] == ["Paper Boat"]
    assert library.members_of(home.store, found[0], PUBLIC, NOW, 9) == []


def test_the_roles_of_a_person_are_found_from_their_record(home: Home) -> None:
    (hit,) = search(home.store, Query(kinds=("person",)), OPERATOR, NOW).hits
    ((group, roles),) = library.roles_of(home.store, hit, OPERATOR, NOW, 9)
    assert group.title == "Detention" and [role.role for role in roles] == ["chair"]


days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
partial = st.builds(lambda day, length: day.isoformat()[:length], days, st.sampled_from([4, 7, 10]))


@given(st.lists(st.builds(Role, st.just("chair"), since=st.none() | partial, until=st.none() | partial)), days)
def test_each_role_is_held_was_held_or_will_be(roles: list[Role], day: date) -> None:
    found = roles_on(roles, day)
    assert sorted(map(repr, [*found.now, *found.before, *found.later])) == sorted(map(repr, roles))
    for role in found.now:
        assert role.since is None or first_day(role.since) <= day
        assert role.until is None or role.until[:4] >= str(day.year)


def first_day(text: str) -> date:
    return date.fromisoformat(text + "-01-01"[len(text) - 4 :])


def test_a_role_until_a_year_is_held_through_its_last_day() -> None:
    role = Role("chair", since="2025", until="2026")
    assert roles_on([role], date(2026, 12, 31)).now == (role,)
    assert roles_on([role], date(2027, 1, 1)).before == (role,)
    assert roles_on([role], date(2024, 12, 31)).later == (role,)
