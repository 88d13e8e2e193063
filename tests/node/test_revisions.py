"""The `sequence` of own events: what subscribers go by."""

from __future__ import annotations

from typing import Any

from fednet.formats.calendar import read_calendar
from fednet.node import edits
from fednet.node.home import Home
from fednet.node.imports import import_reading
from fednet.node.publish import publish
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
