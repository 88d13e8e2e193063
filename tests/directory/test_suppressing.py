"""From all that is told of a table, and by the rule that told it, no count from 1 to 4 can be worked out."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory.suppressing import FEW, FEWEST, MANY, UNTOLD, Told, alone, parts, told, within
from tests.directory.attack import worked_out

SORTS = ("accepted", "declined", "taken-back", "unanswered")


def test_small_counts_are_not_told_but_none_is() -> None:
    assert [told(count) for count in (0, 1, 4, 5, 6)] == [0, FEW, FEW, 5, 6]


def totalled(counts: tuple[int, ...]) -> tuple[int, ...]:
    return (*counts, sum(counts))


@pytest.mark.parametrize("sorts", [1, 2, 3, 4])
def test_no_part_and_no_total_is_worked_out(sorts: int) -> None:
    names = SORTS[:sorts]
    tables = map(totalled, product(range(10), repeat=sorts))
    found = worked_out(tables, lambda table: parts(dict(zip(names, table, strict=False))))
    assert not list(found)


def exactly(total: int, sorts: int) -> list[tuple[int, ...]]:
    return [table for table in product(range(total + 1), repeat=sorts) if sum(table) == total]


@pytest.mark.parametrize("sorts", [2, 3, 4, 5])
@pytest.mark.parametrize("total", [5, 6, 7, 8, 9, 10, 12])
def test_no_part_of_a_total_that_everybody_knows_is_worked_out(total: int, sorts: int) -> None:
    if (total + 1) ** sorts > 200_000:
        total = 9
    names = [str(at) for at in range(sorts)]
    tables = exactly(total, sorts)
    assert not list(worked_out(tables, lambda table: within(total, dict(zip(names, table, strict=True)))))
    if sorts > 2:
        assert not list(worked_out(tables, lambda table: alone(total, dict(zip(names, table, strict=True)))))


@given(st.dictionaries(st.sampled_from(SORTS), st.integers(0, 30), min_size=1))
def test_what_is_told_is_true(counts: dict[str, int]) -> None:
    found = parts(counts)
    total = sum(counts.values())
    assert is_true(found.total, total) and all(is_true(found.of[name], count) for name, count in counts.items())
    for of in (within(found.total, counts), alone(found.total, counts)):
        assert all(is_true(of[name], count) for name, count in counts.items())
        assert total >= FEWEST or not total or set(of.values()) == {UNTOLD}


def is_true(said: Told, count: int) -> bool:
    match said:
        case int():
            return said == count
        case "few":
            return count < FEWEST
        case "many":
            return count >= FEWEST
    return True


def test_a_single_missing_outcome_does_not_hide_that_many_were_met() -> None:
    counts = {"met": 7, "not-met": 0, "partly-met": 0, "not-told": 2}
    assert alone(9, counts) == {"met": MANY, "not-met": 0, "partly-met": 0, "not-told": FEW}
