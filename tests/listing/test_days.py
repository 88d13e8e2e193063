from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.listing.days import first_day, last_day

_DAYS = st.dates(date(1970, 1, 1), date(9999, 11, 30))


@given(_DAYS)
def test_a_month_or_a_year_begins_with_its_first_day_and_ends_with_its_last(day: date) -> None:
    assert first_day(day.isoformat()) == last_day(day.isoformat()) == day
    assert (first_day(f"{day:%Y-%m}"), first_day(f"{day.year:04}")) == (day.replace(day=1), date(day.year, 1, 1))
    month = last_day(f"{day:%Y-%m}")
    assert last_day(f"{day.year:04}") == date(day.year, 12, 31)
    assert month is not None and month >= day and (month + timedelta(days=1)).day == 1


def test_the_last_year_that_a_date_can_say_ends_too() -> None:
    assert last_day("9999") == last_day("9999-12") == date(9999, 12, 31)


@pytest.mark.parametrize("said", [None, "", "soon", "0000", "2026-13", "2026-02-30", "26-1-1", "20266"])
def test_what_is_no_day_begins_and_ends_nothing(said: str | None) -> None:
    assert (first_day(said), last_day(said)) == (None, None)
