from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.directory.search import PUBLIC, parse_query, search
from fednet.errors import UsageError
from tests.directory.world import NOW, World, organization


@pytest.fixture
def three(world: World) -> World:
    world.lists(world.network("A"), *(organization(f"House {number}") for number in range(3)))
    return world


def cursor_of(world: World, **asked: Any) -> str:
    found = search(world.store, parse_query(**asked, limit=1), PUBLIC, NOW).next
    assert found is not None
    return found


OLD = urlsafe_b64encode(b"%09d" % 20).decode()
"""As cursors were before they held a position in the order."""


@pytest.mark.parametrize("cursor", ["0", "x" * 5_000, "éé", "", OLD, "bnVsbA==", "W10=", "e30="])
def test_what_is_no_cursor_is_refused(three: World, cursor: str) -> None:
    from msgspec.structs import replace

    with pytest.raises(UsageError, match="no cursor"):
        search(three.store, replace(parse_query(), cursor=cursor), PUBLIC, NOW)


def test_a_cursor_is_for_the_question_it_came_with(three: World) -> None:
    with pytest.raises(UsageError, match="another question"):
        search(three.store, parse_query(text="house", cursor=cursor_of(three)), PUBLIC, NOW)
    assert search(three.store, parse_query(limit=5, why="yes", cursor=cursor_of(three)), PUBLIC, NOW).hits


@given(at=st.integers(0, 400), character=st.characters(min_codepoint=32, max_codepoint=126))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_cursor_finds_something_or_is_refused(three: World, at: int, character: str) -> None:
    plain = list(urlsafe_b64decode(cursor_of(three)).decode())
    plain[at % len(plain)] = character
    try:
        cursor = urlsafe_b64encode("".join(plain).encode()).decode()
        assert search(three.store, parse_query(cursor=cursor), PUBLIC, NOW).total == 3
    except UsageError:
        pass


def test_a_cursor_holds_no_record_id_and_what_was_shown_anyway(three: World) -> None:
    hit = search(three.store, parse_query(limit=1), PUBLIC, NOW).hits[0]
    said = urlsafe_b64decode(cursor_of(three)).decode()
    assert hit.handle in said
    assert "house 1" not in said


def test_what_is_stale_stays_so_from_page_to_page(world: World) -> None:
    """A confirmation that runs out between two pages moves nothing."""
    confirmed = {"at": (NOW - timedelta(days=365)).date().isoformat()}
    world.lists(world.network("A"), *(organization(f"House {number}", confirmed=confirmed) for number in range(3)))
    world.lists(world.network("B"), organization("Anybody"))
    first = search(world.store, parse_query(limit=2), PUBLIC, NOW)
    rest = search(world.store, parse_query(limit=2, cursor=first.next), PUBLIC, NOW + timedelta(days=2))
    assert [hit.title for hit in (*first.hits, *rest.hits)] == ["House 0", "House 1", "House 2", "Anybody"]
