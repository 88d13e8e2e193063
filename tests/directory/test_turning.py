from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory.agenda import Occurrence, place_of
from fednet.directory.search import Hit
from fednet.directory.turning import page
from fednet.errors import UsageError

BEGIN = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
HIT = Hit("one", "event", "Call", "n1", "Network", (), "public", 1, 1, None, False, {})


def at(hours: int, title: str, uid: int, all_day: bool = False, parent: str = "") -> Occurrence:
    start = BEGIN + timedelta(hours=hours)
    return Occurrence(
        start, start + timedelta(hours=1), all_day, "confirmed", title, HIT, f"uid-of-event-{uid}", parent
    )  # fmt: skip


OCCURRENCES = st.builds(
    at, st.integers(0, 3), st.sampled_from(["Call", "Anruf", "x" * 60]), st.integers(0, 5), st.booleans(),
    st.sampled_from(["", "p"]),
)  # fmt: skip
CALENDARS = st.lists(OCCURRENCES, max_size=12, unique_by=place_of).map(lambda found: sorted(found, key=place_of))


@given(st.lists(CALENDARS, min_size=1, max_size=8), st.integers(1, 4))
def test_while_events_come_and_go_nothing_is_repeated_and_what_stays_is_shown(
    calendars: list[list[Occurrence]], limit: int
) -> None:
    shown: list[Occurrence] = []
    cursor: str | None = ""
    asked = []
    while cursor is not None:
        found = calendars[min(len(asked), len(calendars) - 1)]
        asked.append(found)
        items, cursor = page(found, limit, cursor)
        assert len(items) <= limit
        shown += items
    places = [place_of(one) for one in shown]
    assert places == sorted(set(places))
    assert {place_of(one) for one in asked[0] if all(one in found for found in asked)} <= set(places)


@pytest.mark.parametrize(
    "cursor", ["1", "-1", "ü", "x" * 2_000, *(urlsafe_b64encode(one).decode() for one in (b"[1]", b"{}", b"\xff"))]
)
def test_what_was_never_given_is_no_cursor(cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        page([], 10, cursor)
