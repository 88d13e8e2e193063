from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fednet.web.access.pauses import ACCOUNT, CLIENT, LETTERS, Patience, Pauses

NOW = datetime.fromisoformat("2026-11-21T18:30:00+00:00")
NONE = timedelta()


def test_nobody_waits_who_failed_seldom_and_nobody_longer_than_the_longest() -> None:
    for patience in (ACCOUNT, CLIENT, LETTERS):
        pauses, now = Pauses(), NOW
        for _ in range(patience.free):
            assert pauses.left("a", patience, now) == NONE
            pauses.failed("a", now)
        for _ in range(100):
            left = pauses.left("a", patience, now)
            assert NONE < left <= patience.longest and pauses.left("b", patience, now) == NONE
            now += left
            assert pauses.left("a", patience, now) == NONE
            pauses.failed("a", now)
        assert left == patience.longest


def test_a_success_or_a_long_time_ends_it() -> None:
    pauses = Pauses()
    for _ in range(50):
        pauses.failed("a", NOW)
        pauses.failed("b", NOW)
    pauses.succeeded("a")
    assert pauses.left("a", ACCOUNT, NOW) == NONE < pauses.left("b", ACCOUNT, NOW)
    assert pauses.left("b", ACCOUNT, NOW + timedelta(hours=6)) == NONE
    pauses.failed("b", NOW + timedelta(hours=6))
    assert pauses.left("b", ACCOUNT, NOW + timedelta(hours=6)) == NONE


def test_however_many_names_there_are_memory_is_bounded_and_the_newest_are_kept() -> None:
    pauses = Pauses(most=10)
    for number in range(1_000):
        for _ in range(6):
            pauses.failed(number, NOW)
    assert len(pauses._failed) == 10
    assert pauses.left(999, ACCOUNT, NOW) > NONE == pauses.left(0, ACCOUNT, NOW)


def test_an_attempt_counts_before_it_is_judged_and_not_at_all_once_it_succeeded() -> None:
    pauses = Pauses()
    assert [pauses.begin("a", ACCOUNT, NOW) for _ in range(9)].count(NONE) == ACCOUNT.free
    pauses.succeeded("a")
    assert pauses.begin("a", ACCOUNT, NOW) == NONE


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(0, 4_000)), max_size=60),
    st.integers(1, 4),
    st.integers(1, 900),
)
def test_pauses_are_those_of_the_slow_obvious_model(acts: list[tuple[str, bool, int]], free: int, longest: int) -> None:
    """Doubling from a second, counted since the last success or long quiet."""
    patience, pauses, now = Patience(free, timedelta(seconds=longest)), Pauses(), NOW
    failures: dict[str, list[datetime]] = {"a": [], "b": []}
    for name, fails, seconds in acts:
        now += timedelta(seconds=seconds)
        if fails:
            pauses.failed(name, now)
            if failures[name] and now >= failures[name][-1] + timedelta(hours=6):
                failures[name] = []
            failures[name].append(now)
        else:
            pauses.succeeded(name)
            failures[name] = []
        for one, known in failures.items():
            wait = NONE
            if len(known) >= free and now < known[-1] + timedelta(hours=6):
                pause = timedelta(seconds=min(2 ** (len(known) - free), longest))
                wait = max(known[-1] + pause - now, NONE)
            assert pauses.left(one, patience, now) == wait
