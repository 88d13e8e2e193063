from __future__ import annotations

from typing import Any

import pytest

from fednet.listing.event import MATTERING, WHEN, Event, revised

CALL: dict[str, Any] = {"titles": {"en": "Call"}, "start": "2026-12-01T10:00", "zone": "UTC", "sequence": 3}


@pytest.mark.parametrize("field", sorted(MATTERING))
def test_what_those_who_come_must_hear_of_raises_the_sequence_by_one(field: str) -> None:
    assert field in Event.__struct_fields__
    assert revised(CALL | {field: "other"}, CALL)["sequence"] == 4


@pytest.mark.parametrize("change", [{"titles": {"en": "New"}}, {"themes": ["detention"]}, {"status": "confirmed"}, {}])
def test_other_changes_do_not(change: dict[str, Any]) -> None:
    assert revised(CALL | change, CALL) == CALL | change


def test_a_sequence_never_falls_and_one_that_is_higher_stays() -> None:
    assert revised(CALL | {"sequence": 1, "start": "2026-12-02T10:00"}, CALL)["sequence"] == 4
    assert revised(CALL | {"sequence": 1}, CALL)["sequence"] == 3
    assert revised(CALL | {"sequence": 9, "start": "2026-12-02T10:00"}, CALL)["sequence"] == 9


def test_an_event_that_was_never_revised_says_no_sequence() -> None:
    plain = {"titles": {"en": "Call"}, "start": "2026-12-01"}
    assert revised(plain | {"place": ""}, plain) == plain | {"place": ""}


def test_a_field_that_is_taken_away_is_a_change() -> None:
    assert {"end", "rrule"} <= WHEN
    assert revised(CALL, CALL | {"end": "2026-12-01T11:00"})["sequence"] == 4
