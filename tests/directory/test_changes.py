"""What changed lately: newest first, to those who may read it, and nothing of what was erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fednet.directory.changes import Change, recent
from fednet.directory.query import parse_query
from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.errors import UsageError
from fednet.node import edits, erasure
from fednet.node.home import Home, create
from fednet.node.publish import publish
from tests.web.place import followed

NOW = datetime.fromisoformat("2026-11-21T18:00:00+00:00")
PARTNERS = Reader(frozenset({"partners"}))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = create(tmp_path / "node", "Example Network", None, None)[0]
    yield found
    found.close()


def listed(home: Home, name: str, at: datetime, circle: str | None = None, **fields: object) -> str:
    own = edits.add(home, "organization", {"names": {"en": name}, **fields}, at, circle)
    publish(home, at)
    return own.handle


def changes(home: Home, reader: Reader = PUBLIC, **asked: str) -> list[Change]:
    """All pages of an answer."""
    found: list[Change] = []
    cursor: str | None = None
    while True:
        page = recent(home.store, parse_query(**{"limit": "2", **asked, "cursor": cursor}), reader, NOW)
        found += page.items
        if page.next is None:
            return found
        cursor = page.next


def titles(found: list[Change]) -> list[str]:
    return [one.hit.title if one.hit else "withdrawn" for one in found]


def test_the_newest_come_first_each_when_its_edition_was_signed(home: Home) -> None:
    days = [NOW - timedelta(days=back) for back in (5, 3, 1)]
    for at, name in zip(days, ("Aster", "Birch", "Cedar"), strict=True):
        listed(home, name, at)
    found = changes(home)
    assert titles(found) == ["Cedar", "Birch", "Aster"]
    assert [one.at for one in found] == days[::-1]
    assert [one.edition for one in found] == [3, 2, 1]


def test_a_record_that_changes_is_told_once_where_it_changed_last(home: Home) -> None:
    aster = listed(home, "Aster", NOW - timedelta(days=5))
    listed(home, "Birch", NOW - timedelta(days=3))
    edits.edit(home, aster, {"acronym": "AH"}, NOW - timedelta(days=1))
    publish(home, NOW - timedelta(days=1))
    assert titles(changes(home)) == ["Aster", "Birch"]


def test_what_was_withdrawn_is_told_without_its_name_and_what_was_erased_not_at_all(home: Home) -> None:
    aster = listed(home, "Aster", NOW - timedelta(days=5))
    birch = listed(home, "Birch", NOW - timedelta(days=4))
    listed(home, "Cedar", NOW - timedelta(days=3))
    edits.withdraw(home, aster, NOW - timedelta(days=2))
    publish(home, NOW - timedelta(days=2))
    found = changes(home)
    assert titles(found) == ["withdrawn", "Cedar", "Birch"]
    assert found[0].hit is None and aster not in str(found[0]) and found[0].edition == 4
    erasure.erase(home, birch, NOW - timedelta(days=1))
    publish(home, NOW - timedelta(days=1))
    assert titles(changes(home)) == ["withdrawn", "Cedar"]
    assert titles(changes(home, country="TH")) == titles(changes(home, text="Cedar", country="TH")) == []
    assert titles(changes(home, text="Cedar")) == ["Cedar"]


def test_nobody_is_told_of_what_they_may_not_read(home: Home) -> None:
    listed(home, "Aster", NOW - timedelta(days=5))
    closed = listed(home, "Birch", NOW - timedelta(days=4), "partners")
    assert titles(changes(home)) == ["Aster"] and titles(changes(home, PARTNERS)) == ["Birch", "Aster"]
    edits.withdraw(home, closed, NOW - timedelta(days=1))
    publish(home, NOW - timedelta(days=1))
    assert titles(changes(home)) == ["Aster"]
    assert titles(changes(home, PARTNERS)) == titles(changes(home, OPERATOR)) == ["withdrawn", "Aster"]


def test_filters_are_those_of_a_search(home: Home) -> None:
    listed(home, "Aster", NOW - timedelta(days=5), countries=["TH"], services=["legal-aid"])
    listed(home, "Birch", NOW - timedelta(days=4), countries=["TH"])
    listed(home, "Cedar", NOW - timedelta(days=3), countries=["CA"])
    assert titles(changes(home, country="TH")) == ["Birch", "Aster"]
    assert titles(changes(home, country="TH", service="legal-aid")) == ["Aster"]
    assert titles(changes(home, kind="event")) == []


def test_networks_are_told_side_by_side_and_by_name(home: Home) -> None:
    listed(home, "Aster", NOW)
    other = followed(home, "River Network", [{"kind": "organization", "names": {"en": "Quay"}}])
    found = changes(home)
    assert {one.network_name for one in found} == {"Example Network", "River Network"}
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert titles(changes(home, network="River")) == ["Quay"]
    assert changes(home, network="River")[0].network == other.identity.network


def test_no_change_is_dated_later_than_it_was_verified(home: Home) -> None:
    listed(home, "Aster", NOW + timedelta(days=30))
    (found,) = changes(home)
    with home.store.reading() as db:
        (verified,) = db.execute("SELECT verified_at FROM feed WHERE circle = 'public'").fetchone()
    assert found.at <= datetime.fromisoformat(verified)


def test_pages_are_stable_while_something_new_comes(home: Home) -> None:
    for at in range(6):
        listed(home, f"House {at}", NOW - timedelta(days=9 - at))
    first = recent(home.store, parse_query(limit="3"), PUBLIC, NOW)
    listed(home, "Newest", NOW)
    rest = recent(home.store, parse_query(limit="100", cursor=first.next), PUBLIC, NOW)
    assert titles([*first.items, *rest.items]) == [f"House {at}" for at in (5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "WzEsMl0", "ÿ", "WyJhIiwxLDIsMyw0XQ"])
def test_a_cursor_that_is_none_is_refused(home: Home, cursor: str) -> None:
    with pytest.raises(UsageError, match="is no cursor"):
        recent(home.store, parse_query(cursor=cursor), PUBLIC, NOW)


def test_a_limit_out_of_range_is_refused(home: Home) -> None:
    with pytest.raises(UsageError, match="a limit of 201"):
        recent(home.store, parse_query(limit="201"), PUBLIC, NOW)
