from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import NotFoundError, UsageError
from fednet.node import edits, terms
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.web.place import NOW

TODAY = date(2026, 11, 21)
_DAYS = st.dates(date(1970, 1, 1), date(2900, 1, 1))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "key.txt")
    yield made
    made.close()


def member(home: Home, name: str, until: str | None, **more: str) -> str:
    membership = {"category": "full", "since": "2020", **({"until": until} if until else {}), **more}
    return edits.add(home, "organization", {"names": {"en": name}, "membership": membership}, NOW).handle


def until(home: Home, handle: str) -> str:
    with home.store.reading() as db:
        found: str = edits.find(db, home, handle).fields["membership"]["until"]
    return found


@given(_DAYS, st.integers(1, 600))
def test_some_months_later_is_that_month_and_the_same_day_or_its_last(day: date, months: int) -> None:
    found = terms.later(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


def test_terms_that_end_are_told_drafts_as_they_stand_those_that_end_first_first(home: Home) -> None:
    late = member(home, "Late", "2026-11-01")
    soon = member(home, "Soon", "2027-01")
    member(home, "Far", "2027-01-21")
    member(home, "Never", None)
    publish(home, NOW)
    moved = member(home, "Moved", "2026-12-01")
    edits.edit(home, moved, {"membership": {"category": "full", "until": "2030"}}, NOW)
    gone = member(home, "Gone", "2026-12-01")
    edits.withdraw(home, gone, NOW)
    found = terms.ending(home, NOW, within=71)
    assert [one.title for one in found] == ["Late", "Far", "Soon"]
    assert (found[0].handle, found[0].until, found[0].left) == (late, date(2026, 11, 1), -20)
    assert (found[2].handle, found[2].until, found[2].left) == (soon, date(2027, 1, 31), 71)
    assert [one.title for one in terms.ending(home, NOW)] == ["Late"]
    one = terms.term_of(home, late, NOW)
    assert one is not None and (one.category, one.since) == ("full", "2020")
    assert terms.term_of(home, gone, NOW) is None


def test_renewing_goes_on_from_the_end_or_from_today_when_that_is_long_past(home: Home) -> None:
    soon, late = member(home, "Soon", "2026-12-31"), member(home, "Late", "2024-06-30")
    publish(home, NOW)
    terms.renew(home, [soon, late, soon], NOW, months=12)
    assert (until(home, soon), until(home, late)) == ("2027-12-31", "2027-11-21")


def test_all_are_renewed_or_none(home: Home) -> None:
    soon, never = member(home, "Soon", "2026-12-31"), member(home, "Never", None)
    with pytest.raises(UsageError):
        terms.renew(home, [soon, never], NOW)
    with pytest.raises(NotFoundError):
        terms.renew(home, [soon, edits.new_handle()], NOW)
    assert until(home, soon) == "2026-12-31"


def test_without_a_term_there_is_nothing_to_renew_for(home: Home) -> None:
    joining = msgspec.structs.replace(home.config.joining, term_months=0)
    home.config = msgspec.structs.replace(home.config, joining=joining)
    with pytest.raises(UsageError, match="no term"):
        terms.renew(home, [member(home, "Soon", "2026-12-31")], NOW)
