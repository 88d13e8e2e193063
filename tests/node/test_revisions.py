"""The `sequence` of own events: what subscribers go by."""

from __future__ import annotations

from typing import Any

import pytest

from fednet.formats.calendar import read_calendar
from fednet.formats.reading import Entry, Reading
from fednet.listing import ListingError
from fednet.listing.event import MAX_GIVEN_SEQUENCE
from fednet.node import edits
from fednet.node.erasure import erase
from fednet.node.home import Home
from fednet.node.imports import import_reading
from fednet.node.publish import publish
from fednet.node.undo import undo
from fednet.store import drafts
from tests.formats.files import calendar, vevent
from tests.node.nodes import NOW, Nodes

CALL = {"titles": {"en": "Call"}, "type": "meeting", "start": "2026-12-01T10:00", "zone": "UTC"}


def standing(home: Home, handle: str) -> dict[str, Any]:
    with home.store.reading() as db:
        return edits.find(db, home, handle).fields


def test_a_draft_has_not_been_told_to_anybody(nodes: Nodes) -> None:
    home = nodes.home()
    handle = edits.add(home, "event", CALL, NOW).handle
    edits.edit(home, handle, {"start": "2026-12-02T10:00"}, NOW)
    assert "sequence" not in standing(home, handle)


def test_several_edits_before_an_edition_are_one_revision(nodes: Nodes) -> None:
    home = nodes.home()
    handle = edits.add(home, "event", CALL, NOW).handle
    publish(home, NOW)
    for start in ("2026-12-02T10:00", "2026-12-03T10:00"):
        edits.edit(home, handle, {"start": start}, NOW)
    assert standing(home, handle)["sequence"] == 1
    publish(home, NOW)
    edits.edit(home, handle, {"status": "cancelled"}, NOW)
    assert standing(home, handle)["sequence"] == 2


def test_a_sequence_that_is_given_stands(nodes: Nodes) -> None:
    home = nodes.home()
    handle = edits.add(home, "event", CALL, NOW).handle
    publish(home, NOW)
    edits.edit(home, handle, {"start": "2026-12-02T10:00", "sequence": 7}, NOW)
    assert standing(home, handle)["sequence"] == 7


@pytest.mark.parametrize("given", [0, 3, None])
def test_a_lower_sequence_that_is_given_is_raised(nodes: Nodes, given: int | None) -> None:
    home = nodes.home()
    handle = edits.add(home, "event", {**CALL, "sequence": 7}, NOW).handle
    publish(home, NOW)
    edits.edit(home, handle, {"sequence": given}, NOW)
    assert standing(home, handle)["sequence"] == 7
    edits.edit(home, handle, {"start": "2026-12-02T10:00", "sequence": given}, NOW)
    assert standing(home, handle)["sequence"] == 8


def imported(home: Home, start: str, sequence: int, name: str = "events.ics") -> str:
    text = calendar(vevent(f"DTSTART:{start}T100000Z", f"SEQUENCE:{sequence}"))
    return import_reading(home, read_calendar(text), name, NOW).records[0].handle


def test_taking_back_a_published_import_is_a_revision(nodes: Nodes) -> None:
    home = nodes.home()
    handle = imported(home, "20261202", 0)
    publish(home, NOW)
    imported(home, "20261209", 1)
    publish(home, NOW)
    assert not undo(home, None, NOW).kept
    fields = standing(home, handle)
    assert (fields["start"], fields["sequence"]) == ("2026-12-02T10:00", 2)


def test_taking_back_an_import_that_nobody_saw_leaves_nothing_to_sign(nodes: Nodes) -> None:
    home = nodes.home()
    handle = imported(home, "20261202", 0)
    publish(home, NOW)
    imported(home, "20261209", 5)
    undo(home, None, NOW)
    assert "sequence" not in standing(home, handle)
    with home.store.reading() as db:
        assert drafts.draft(db, handle) is None


def test_imports_that_are_taken_back_out_of_order_never_lower_it(nodes: Nodes) -> None:
    home = nodes.home()
    handle = imported(home, "20261201", 0, "one.ics")
    seen = [0]
    for step, start in enumerate(("20261202", "20261203", "20261204"), 1):
        publish(home, NOW)
        imported(home, start, step, f"{step}.ics")
    for number in (3, 2, 4):
        publish(home, NOW)
        seen.append(standing(home, handle)["sequence"])
        undo(home, number, NOW)
    seen.append(standing(home, handle)["sequence"])
    assert seen == sorted(seen)
    assert standing(home, handle)["start"] == "2026-12-01T10:00"
    assert seen[-1] > seen[-2]


@pytest.mark.parametrize("published", [True, False])
def test_what_is_listed_again_under_its_uid_is_newer_than_what_was_withdrawn(nodes: Nodes, published: bool) -> None:
    home = nodes.home()
    first = imported(home, "20261202", 3)
    publish(home, NOW)
    edits.edit(home, first, {"start": "2026-12-03T10:00"}, NOW)
    publish(home, NOW)
    edits.withdraw(home, first, NOW)
    if published:
        publish(home, NOW)
    again = imported(home, "20261202", 1)
    assert again != first
    assert standing(home, again)["sequence"] == 5
    uid = standing(home, again)["uid"]
    edits.withdraw(home, again, NOW)
    added = edits.add(home, "event", {**CALL, "uid": uid, "sequence": 2}, NOW)
    assert added.fields["sequence"] == 5


def test_an_import_that_added_an_event_is_taken_back_and_made_again(nodes: Nodes) -> None:
    home = nodes.home()
    imported(home, "20261202", 3)
    publish(home, NOW)
    undo(home, None, NOW)
    publish(home, NOW)
    assert standing(home, imported(home, "20261205", 3))["sequence"] == 4


def test_of_a_withdrawn_event_nothing_is_remembered_once_it_is_erased(nodes: Nodes) -> None:
    home = nodes.home()
    first = imported(home, "20261202", 3)
    publish(home, NOW)
    edits.withdraw(home, first, NOW)
    publish(home, NOW)
    second = imported(home, "20261202", 3)
    publish(home, NOW)
    with home.store.reading() as db:
        assert db["withdrawn"].count == 1
    erase(home, second, NOW)
    with home.store.reading() as db:
        assert db["withdrawn"].count == 0


def test_a_sequence_that_leaves_no_room_for_revisions_is_refused(nodes: Nodes) -> None:
    home = nodes.home()
    with pytest.raises(ListingError, match="too high: up to 2146483647"):
        edits.add(home, "event", {**CALL, "sequence": 2**31 - 1}, NOW)
    handle = edits.add(home, "event", {**CALL, "sequence": MAX_GIVEN_SEQUENCE}, NOW).handle
    publish(home, NOW)
    with pytest.raises(ListingError, match="too high"):
        edits.edit(home, handle, {"sequence": MAX_GIVEN_SEQUENCE + 1}, NOW)
    for more, start in enumerate(("2026-12-02T10:00", "2026-12-03T10:00"), 1):
        edits.edit(home, handle, {**standing(home, handle), "start": start}, NOW)
        assert standing(home, handle)["sequence"] == MAX_GIVEN_SEQUENCE + more
        publish(home, NOW)


def test_a_file_with_such_a_sequence_is_read_without_it(nodes: Nodes) -> None:
    home = nodes.home()
    handle = imported(home, "20261202", 4)
    publish(home, NOW)
    text = calendar(vevent("DTSTART:20261209T100000Z", "SEQUENCE:2147483647"))
    found = import_reading(home, read_calendar(text), "events.ics", NOW)
    assert [(one.column, one.found) for one in found.refused] == [("SEQUENCE", "2147483647")]
    assert standing(home, handle)["sequence"] == 5


def test_a_table_with_such_a_sequence_is_refused(nodes: Nodes) -> None:
    home = nodes.home()
    entry = Entry("event:x", {"kind": "event", **CALL, "sequence": 2**31 - 1}, (2,))
    found = import_reading(home, Reading([entry], [], []), "events.csv", NOW)
    assert [(one.column, one.line) for one in found.refused] == [("sequence", 2)]
    assert not found.records


def test_a_newer_file_says_alone_when_an_event_takes_place(nodes: Nodes) -> None:
    home = nodes.home()
    series = vevent("DTSTART:20261201T100000Z", "DTEND:20261201T110000Z", "RRULE:FREQ=WEEKLY", "LOCATION:Room 1")
    once = vevent("DTSTART:20261208T100000Z")
    added = import_reading(home, read_calendar(calendar(series)), "events.ics", NOW)
    handle = added.records[0].handle
    publish(home, NOW)
    import_reading(home, read_calendar(calendar(once)), "events.ics", NOW)
    fields = standing(home, handle)
    assert (fields["start"], fields["place"], fields["sequence"]) == ("2026-12-08T10:00", "Room 1", 1)
    assert not {"end", "rrule"} & fields.keys()
    again = import_reading(home, read_calendar(calendar(once)), "events.ics", NOW)
    assert again.records[0].outcome == "unchanged"
