"""What is told of the introductions of a year, to whoever knows the rules and asks for every period and network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory.introduced import ANSWERS, OUTCOMES, Introduced, Networked, by_year, introduced
from fednet.directory.suppressing import FEW, MANY, UNTOLD
from fednet.store.introductions import Figure
from tests.directory.attack import up_to, worked_out

NAMES = "abc"


def figure(answer: str = "accepted", network: str = "a", asked: str = "2026-03-01", **more: str | None) -> Figure:
    """An introduction with its answer; of those without any, as it stands."""
    state = {"accepted": "introduced", "declined": "declined", "taken-back": "taken-back"}.get(answer, "waiting")
    said = answer if answer in ("accepted", "declined") else None
    base = Figure("i", "asker", network, state, f"{asked}T12:00:00Z", None, said, None, None, None, None)  # type: ignore[arg-type]
    return base._replace(**more)  # type: ignore[arg-type]


ONE = {(network, answer): figure(answer, network) for network in NAMES for answer in ANSWERS}


def shown(table: tuple[int, ...], networks: int, answers: tuple[str, ...]) -> Introduced:
    """What a report tells of a table of networks by answers."""
    at = iter(table)
    figures = [ONE[network, answer] for network in NAMES[:networks] for answer in answers for _ in range(next(at))]
    return introduced(2026, figures, NAMES[:networks])


@pytest.mark.parametrize(
    ("networks", "answers", "most"),
    [
        (1, ANSWERS, 14),
        (2, ("accepted", "declined"), 18),
        (2, ("accepted", "declined", "unanswered"), 11),
        (3, ("accepted", "declined"), 11),
    ],
)
def test_no_small_count_is_worked_out_from_all_that_is_told(
    networks: int, answers: tuple[str, ...], most: int
) -> None:  # fmt: skip
    """Neither of a network with an answer, nor of a network, nor of an answer."""
    cells, size = networks * len(answers), len(answers)

    def with_sums(table: tuple[int, ...]) -> tuple[int, ...]:
        rows = [table[at : at + size] for at in range(0, cells, size)]
        return (*table, *map(sum, rows), *map(sum, zip(*rows, strict=True)))

    everything = map(with_sums, up_to(most, cells))
    found = worked_out(everything, lambda table: shown(table[:cells], networks, answers), largest=3 * (most - 4))
    assert not list(found)


@given(
    st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(NAMES), st.integers(2024, 2026)), max_size=40),
    st.lists(st.integers(2024, 2026), min_size=2, max_size=2).map(sorted),
)
def test_whatever_the_period_a_year_says_the_same(told: list[tuple[str, str, int]], ends: list[int]) -> None:
    figures = [figure(answer, network, f"{year}-05-01") for answer, network, year in told]
    every = {one.year: one for one in by_year(figures, NAMES, range(2024, 2027))}
    assert list(by_year(figures, NAMES, range(ends[0], ends[1] + 1))) == [
        every[year] for year in range(ends[0], ends[1] + 1)
    ]


def test_a_year_of_many_is_told_as_it_is() -> None:
    figures = [figure(outcome="met", answered_at="2026-03-09T12:00:00Z")] * 6 + [figure("declined", "b")] * 5
    found = introduced(2026, figures, "ab")
    assert (found.asked, found.answers["accepted"], found.answers["declined"], found.days) == (11, 6, 5, 8)
    assert found.outcomes == {"met": 6, "partly-met": 0, "not-met": 0, "not-told": 0}
    assert found.networks == {"a": Networked(6, 6), "b": Networked(5, 0)}


def test_of_fewer_than_five_nothing_is_told_but_that() -> None:
    found = introduced(2026, [figure(outcome="met")] * 3, "ab")
    assert found.asked == FEW and set(found.answers.values()) == {FEW} and found.days is None
    assert set(found.outcomes.values()) == {UNTOLD}
    assert set(found.networks.values()) == {Networked(UNTOLD, UNTOLD)}


def test_a_network_with_which_there_is_nothing_looks_like_one_with_which_there_is() -> None:
    figures = [figure("accepted", "a")] * 6 + [figure("declined", "b")]
    assert len({found for name, found in introduced(2026, figures, NAMES).networks.items() if name in "bc"}) == 1


def test_what_came_of_the_accepted_ones_counts_and_nothing_else() -> None:
    figures = [figure(outcome="met")] * 7 + [figure("declined", outcome="met")] * 5 + [figure(outcome="none-yet")] * 2
    found = introduced(2026, figures, "a")
    assert found.outcomes == dict.fromkeys(OUTCOMES, 0) | {"met": MANY, "not-told": FEW}


def test_what_was_taken_back_unanswered_is_no_answer() -> None:
    later = figure("accepted")._replace(state="taken-back")
    found = introduced(2026, [figure("taken-back")] * 5 + [later] * 5, "a")
    assert (found.answers["accepted"], found.answers["taken-back"]) == (5, 5)
