from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fednet.directory.update import Limits, Update, update
from fednet.errors import UsageError
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.web.place import NOW

SINCE, UNTIL = date(2026, 8, 22), date(2026, 11, 21)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "key.txt")
    yield made
    made.close()


def asked(home: Home, **more: Any) -> Update:
    publish(home, NOW)
    given = {"since": SINCE, "until": UNTIL, "zone": "UTC", "now": NOW, **more}
    return update(home.store, home.network.network, **given)


def event(home: Home, title: str, start: str, circle: str | None = None, **more: Any) -> None:
    fields = {"titles": {"en": title}, "type": "webinar", "start": start, "zone": "UTC", **more}
    edits.add(home, "event", fields, NOW, circle)


def member(home: Home, name: str, since: str, circle: str | None = None) -> None:
    fields = {"names": {"en": name}, "countries": ["TH"], "membership": {"category": "full", "since": since}}
    edits.add(home, "organization", fields, NOW, circle)


def test_members_who_joined_in_the_time_are_named(home: Home) -> None:
    for name, since in (
        ("Before", "2026-08-21"),
        ("First", "2026-08-22"),
        ("Last", "2026-11-21"),
        ("After", "2026-11-22"),
    ):
        member(home, name, since)
    found = asked(home)
    assert [one.names["en"] for one in found.members.listed] == ["First", "Last"]
    assert found.organizations == 4 and found.countries.listed == [("TH", 4)]


def test_events_are_held_or_to_come_by_the_hour(home: Home) -> None:
    event(home, "Long ago", "2026-08-01T10:00")
    event(home, "Held", "2026-09-01T10:00", end="2026-09-01T11:00")
    event(home, "This morning", "2026-11-21T08:00", end="2026-11-21T09:00")
    event(home, "Tonight", "2026-11-21T20:00", end="2026-11-21T21:00")
    event(home, "Called off", "2026-12-01T10:00", status="cancelled")
    event(home, "Next year", "2027-01-10T10:00")
    found = asked(home)
    assert [one.at.title for one in found.held.listed] == ["Held", "This morning"] and found.events == 2
    assert [one.at.title for one in found.coming.listed] == ["Tonight", "Next year"]


def test_what_repeats_is_told_once_with_all_its_days(home: Home) -> None:
    event(home, "Clinic", "2026-11-25T18:00", rrule="FREQ=WEEKLY;COUNT=3")
    event(home, "Between", "2026-11-26T18:00")
    found = asked(home)
    assert [(one.at.title, [day.day for day in one.days]) for one in found.coming.listed] == [
        ("Clinic", [25, 2, 9]),
        ("Between", [26]),
    ]


def test_only_needs_and_offers_that_are_open_are_told_needs_first(home: Home) -> None:
    for type_, title, more in (
        ("offer", "A room", {}),
        ("need", "A lawyer", {"open_until": "2026-11-21"}),
        ("need", "Too late", {"open_until": "2026-11-20"}),
        ("need", "Found", {"state": "matched"}),
    ):
        edits.add(home, "exchange", {"type": type_, "titles": {"en": title}, **more}, NOW)
    assert [hit.title for hit in asked(home).exchanges.listed] == ["A lawyer", "A room"]


def test_paper_says_nothing_that_not_everybody_may_read(home: Home) -> None:
    member(home, "Secret House", "2026-09-01", "partners")
    event(home, "Secret meeting", "2026-12-01T10:00", "partners")
    edits.add(home, "exchange", {"type": "need", "titles": {"en": "Secret need"}}, NOW, "partners")
    edits.add(home, "resource", {"titles": {"en": "Secret guide"}}, NOW, "partners")
    found = asked(home)
    parts = (found.members, found.held, found.coming, found.exchanges, found.resources, found.countries)
    assert [part.total for part in parts] == [0] * 6 and found.organizations == 0


def test_long_lists_are_cut_and_say_how_many_there_are_more(home: Home) -> None:
    for number in range(9):
        member(home, f"Member {number}", "2026-10-01")
        edits.add(home, "resource", {"titles": {"en": f"Guide {number}"}}, NOW)
    found = asked(home, limits=Limits(members=4, resources=3))
    assert (len(found.members.listed), found.members.total, found.members.more) == (4, 9, 5)
    assert (len(found.resources.listed), found.resources.more) == (3, 6)


@pytest.mark.parametrize("since, until", [(UNTIL, SINCE), (SINCE, SINCE + timedelta(days=367))])
def test_days_in_the_wrong_order_or_too_many_are_refused(home: Home, since: date, until: date) -> None:
    with pytest.raises(UsageError, match="days in order"):
        asked(home, since=since, until=until)
