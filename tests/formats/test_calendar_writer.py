from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.formats.calendar import read_calendar
from fednet.formats.calendar_writer import About, Entry, calendar_file, calendar_of

SIGNED = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
SEMINAR: dict[str, Any] = {
    "kind": "event",
    "titles": {"fr": "Séminaire ; en ligne", "en": "Online seminar"},
    "original": "fr",
    "type": "webinar",
    "start": "2017-03-22T10:00",
    "end": "2017-03-22T11:30",
    "zone": "America/New_York",
    "status": "confirmed",
    "sequence": 2,
    "place": {"place": "Bangkok", "country": "TH", "latitude_e6": 13_756_331, "longitude_e6": 100_501_762},
    "join_url": "https://meet.example/a",
    "themes": ["legal-aid"],
}


def lines(fields: dict[str, Any], **entry: Any) -> list[str]:
    written = calendar_file([Entry(network="n", handle="h", fields=fields, signed=SIGNED, **entry)], About())
    return written.decode().replace("\r\n ", "").split("\r\n")


def parsed(*rows: dict[str, Any]) -> list[Any]:
    found = icalendar.Calendar.from_ical(calendar_of(("n", f"h{at}", fields) for at, fields in enumerate(rows)))
    assert isinstance(found, icalendar.Calendar)
    return list(found.events)


def test_an_event_has_the_properties_of_the_standard() -> None:
    found = lines(SEMINAR, networks=("Network A", "B, C"), page="https://a.example/events/h", parent="above@n.fednet")
    for line in (
        "UID:h@n.fednet",
        "DTSTAMP:20261121T180000Z",
        "LAST-MODIFIED:20261121T180000Z",
        "SEQUENCE:2",
        "DTSTART;TZID=America/New_York:20170322T100000",
        "DTEND;TZID=America/New_York:20170322T113000",
        "SUMMARY;LANGUAGE=fr:Séminaire \\; en ligne",
        "STATUS:CONFIRMED",
        "LOCATION:Bangkok\\, TH",
        "GEO:13.756331;100.501762",
        "URL:https://a.example/events/h",
        "CONFERENCE;VALUE=URI:https://meet.example/a",
        "CATEGORIES:Webinar,Legal aid",
        "CONTACT:Network A\\, B\\, C",
        "RELATED-TO;RELTYPE=PARENT:above@n.fednet",
        "TZID:America/New_York",
    ):
        assert line in found, line
    assert not any(line.startswith(("ORGANIZER", "ATTENDEE", "COLOR", "METHOD")) for line in found)


def test_a_calendar_says_what_it_is_and_when_to_look_again() -> None:
    about = About(name="Webinars", source="https://a.example/calendar.ics", page="https://a.example/", refresh="PT1H")
    assert calendar_file([], about).decode().split("\r\n")[4:-2] == [
        "NAME:Webinars",
        "X-WR-CALNAME:Webinars",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "SOURCE;VALUE=URI:https://a.example/calendar.ics",
        "URL:https://a.example/",
    ]


def test_the_same_events_make_the_same_bytes() -> None:
    assert calendar_of([("n", "h", SEMINAR)]) == calendar_of([("n", "h", dict(SEMINAR))])


def test_exceptions_and_changes_are_said_in_the_zone_of_the_series() -> None:
    series = SEMINAR | {
        "rrule": "FREQ=WEEKLY;UNTIL=20170412",
        "exdates": ["2017-03-29T10:00"],
        "overrides": [
            {"recurrence_id": "2017-04-05T10:00", "start": "2017-04-06T16:00", "zone": "Europe/Zurich"},
            {"recurrence_id": "2017-04-12T10:00", "status": "cancelled"},
        ],
    }
    found = lines(series)
    assert "EXDATE;TZID=America/New_York:20170329T100000" in found
    assert "RECURRENCE-ID;TZID=America/New_York:20170405T100000" in found
    assert "DTSTART;TZID=Europe/Zurich:20170406T160000" in found
    assert "DTEND;TZID=Europe/Zurich:20170406T173000" in found  # as long as the others
    assert "RRULE:FREQ=WEEKLY;UNTIL=20170412T140000Z" in found  # RFC 5545, 3.3.10: in UTC when the start has a zone
    assert found.count("STATUS:CANCELLED") == 1 and "TZID:Europe/Zurich" in found


def test_days_are_days_and_so_are_their_exceptions() -> None:
    days = {"kind": "event", "titles": {"en": "Days"}, "type": "conference", "start": "2026-05-01", "all_day": True}
    days |= {"end": "2026-05-03", "rrule": "FREQ=YEARLY;UNTIL=20280501T000000Z", "exdates": ["2027-05-01"]}
    days |= {"overrides": [{"recurrence_id": "2028-05-01", "start": "2028-05-08"}]}
    found = lines(days)
    for line in (
        "DTSTART;VALUE=DATE:20260501",
        "EXDATE;VALUE=DATE:20270501",
        "RRULE:FREQ=YEARLY;UNTIL=20280501",
        "DTSTART;VALUE=DATE:20280508",
        "DTEND;VALUE=DATE:20280510",
    ):
        assert line in found, line


def test_what_is_read_back_is_what_was_written() -> None:
    parent = {"kind": "event", "titles": {"en": "All"}, "type": "consultation", "start": "2017-03-22", "all_day": True}
    written = calendar_of([("n", "up", parent), ("n", "h", SEMINAR | {"parent": "up"})])
    session = next(one.fields for one in read_calendar(written).entries if one.fields["start"] == SEMINAR["start"])
    for name in ("start", "end", "zone", "status", "sequence", "join_url", "type", "themes"):
        assert session[name] == SEMINAR[name], name
    assert (session["parent"], session["titles"]) == ("up@n.fednet", {"fr": "Séminaire ; en ligne"})
    assert session["place"] == {"place": "Bangkok, TH", "latitude_e6": 13_756_331, "longitude_e6": 100_501_762}


def test_a_parent_is_named_by_the_uid_that_calendars_know() -> None:
    up = "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e"
    parent = SEMINAR | {"uid": "spring-2017@calendar.example"}
    [main, session] = [icalendar.Event(one) for one in parsed(parent, SEMINAR | {"parent": "h0"})]
    assert session["RELATED-TO"] == main["UID"] == "spring-2017@calendar.example"
    assert parsed(SEMINAR | {"parent": up})[0]["RELATED-TO"] == f"{up}@n.fednet"
    assert parsed(SEMINAR | {"parent": "elsewhere@b.example"})[0]["RELATED-TO"] == "elsewhere@b.example"


@pytest.mark.parametrize(
    "odd",
    [
        {"start": "never"},
        {"zone": "Moon/Base"},
        {"rrule": "FREQ=SOMETIMES"},
        {"rrule": 7},
        {"themes": 7},
        {"overrides": [{"recurrence_id": []}]},
        {"sequence": "x"},
        {"titles": 3},
        {"start": "0001-01-01T00:00", "zone": "Pacific/Kiritimati"},
    ],
)
def test_an_event_that_makes_no_sense_costs_no_other(odd: dict[str, Any]) -> None:
    found = parsed(SEMINAR | odd, SEMINAR | {"uid": "even"})
    assert "even" in [str(one["UID"]) for one in found]


def test_a_file_has_as_many_events_as_there_is_room_for() -> None:
    entries = [Entry(network="n", handle=f"h{at}", fields=SEMINAR) for at in range(50)]
    found = icalendar.Calendar.from_ical(calendar_file(entries, About(), 5_000))
    assert isinstance(found, icalendar.Calendar)
    assert 5 < len(found.events) < 20


def test_the_room_is_shared_fairly_and_what_takes_place_next_comes_first() -> None:
    flood = [
        Entry(network="flood", handle=f"f{at}", fields=SEMINAR | {"description": {"en": "x" * 300}}, turn=50 - at)
        for at in range(50)
    ]
    entries = [*flood, *(Entry(network="n", handle=f"n{at}", fields=SEMINAR) for at in range(5))]
    found = icalendar.Calendar.from_ical(calendar_file(entries, About(), 8_000))
    assert isinstance(found, icalendar.Calendar)
    handles = [str(one["UID"]).partition("@")[0] for one in found.events]
    assert [one for one in handles if one[0] == "n"] == [f"n{at}" for at in range(5)]
    first = [one for one in handles if one[0] == "f"]
    assert first == [f"f{at}" for at in range(50 - len(first), 50)] and first


JUNK = st.one_of(st.none(), st.text(max_size=30), st.lists(st.text(max_size=20), max_size=3), st.integers())
TEXTS = st.dictionaries(st.sampled_from(["en", "fr", "und"]), st.text(max_size=200), min_size=1)
ODD = dict.fromkeys(("start", "end", "zone", "rrule", "exdates", "rdates", "status", "uid", "parent", "themes"), JUNK)
ODD |= {"titles": TEXTS, "description": TEXTS | JUNK, "place": JUNK, "join_url": JUNK, "sequence": JUNK}
ODD |= {"overrides": st.lists(st.dictionaries(st.sampled_from(["recurrence_id", "start", "end", "titles"]), JUNK))}


@given(st.fixed_dictionaries({}, optional=ODD))
@settings(deadline=None, max_examples=150)
def test_whatever_a_peer_published_makes_a_file_that_others_read(odd: dict[str, Any]) -> None:
    written = calendar_of([("n", "h0", {**SEMINAR, **odd}), ("n", "h1", SEMINAR)])
    found = icalendar.Calendar.from_ical(written)
    assert isinstance(found, icalendar.Calendar)
    assert "h1@n.fednet" in [str(event["UID"]) for event in found.events] and not found.errors
    assert all(len(part) <= 75 for part in written.split(b"\r\n"))
