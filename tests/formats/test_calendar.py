from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.formats.calendar import read_calendar
from fednet.formats.contentlines import ContentLine, content_line, unescaped
from tests.formats.files import calendar, vevent

AT_TEN = "DTSTART;TZID=America/New_York:20170322T100000"


def only(content: bytes) -> dict[str, Any]:
    found = read_calendar(content)
    assert len(found.entries) == 1, found.refused
    return found.entries[0].fields


def test_an_event_is_read_with_its_zone() -> None:
    text = vevent(
        AT_TEN,
        "DTEND;TZID=America/New_York:20170322T113000",
        "STATUS:CONFIRMED",
        "SEQUENCE:2",
        "LOCATION:Room 1\\, Main Street",
        "DESCRIPTION:First line\\nsecond",
        " line",
        "URL:https://networks.example/events/1",
        "CATEGORIES:Webinar,Legal aid",
        "ORGANIZER;CN=Ada Example:mailto:ada@networks.example",
        "ATTENDEE:mailto:bob@networks.example",
    )
    assert only(calendar(text)) == {
        "kind": "event",
        "uid": "1@networks.example",
        "titles": {"en": "Spring consultation"},
        "original": "en",
        "type": "webinar",
        "themes": ["legal-aid"],
        "start": "2017-03-22T10:00",
        "end": "2017-03-22T11:30",
        "zone": "America/New_York",
        "status": "confirmed",
        "sequence": 2,
        "place": "Room 1, Main Street",
        "description": {"en": "First line\nsecondline"},
        "website": "https://networks.example/events/1",
    }


def test_one_broken_event_costs_only_itself() -> None:
    found = read_calendar(
        calendar(
            vevent(AT_TEN, uid="1"),
            vevent("DTSTART:2017", uid="2"),
            vevent("DTSTART:20170322T100000Z", "RRULE:FREQ=SECONDLY", uid="3"),
            vevent("DTSTART:20170322T100000Z", uid="4"),
        )
    )
    assert [entry.source for entry in found.entries] == ["1", "4"]
    assert [(error.line, error.column) for error in found.refused] == [(8, "DTSTART"), (13, "RRULE")]


def test_an_event_that_is_cut_off_is_said_and_the_next_one_read() -> None:
    text = "BEGIN:VEVENT\nSUMMARY:Lost\nDTSTART:20170322T100000Z"
    found = read_calendar(calendar(text, vevent(AT_TEN)))
    assert [entry.source for entry in found.entries] == ["1@networks.example"]
    assert found.refused[0].line == 3
    assert "cut off" in found.refused[0].reason


def test_a_time_without_zone_is_refused_unless_the_calendar_names_one() -> None:
    floating = vevent("DTSTART:20170322T100000")
    assert "no time zone" in read_calendar(calendar(floating)).refused[0].reason
    assert only(calendar(floating, before="X-WR-TIMEZONE:Asia/Bangkok\n"))["zone"] == "Asia/Bangkok"


def test_all_day_keeps_the_exclusive_end_of_the_standard() -> None:
    fields = only(calendar(vevent("DTSTART;VALUE=DATE:20260512", "DTEND;VALUE=DATE:20260515")))
    assert (fields["start"], fields["end"], fields["all_day"]) == ("2026-05-12", "2026-05-15", True)
    assert "end" not in only(calendar(vevent("DTSTART;VALUE=DATE:20260512", "DTEND;VALUE=DATE:20260513")))


def test_an_end_in_another_zone_is_brought_to_that_of_the_start() -> None:
    fields = only(calendar(vevent(AT_TEN, "DTEND:20170322T153000Z")))
    assert fields["end"] == "2017-03-22T11:30"


def test_duration_makes_the_end() -> None:
    assert only(calendar(vevent(AT_TEN, "DURATION:PT1H30M")))["end"] == "2017-03-22T11:30"


DEFINED = """BEGIN:VTIMEZONE
TZID:Our office
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:{offset}
TZOFFSETTO:{offset}
{rule}END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("offset", "zone", "start"), [("+0700", "Asia/Bangkok", "2026-05-12T10:00"), ("+0711", "UTC", "2026-05-12T02:49")]
)
def test_a_zone_of_the_files_own_becomes_a_known_one_or_utc(offset: str, zone: str, start: str) -> None:
    event = vevent("DTSTART;TZID=Our office:20260512T100000")
    found = read_calendar(calendar(event, before=DEFINED.format(offset=offset, rule="")))
    assert (found.entries[0].fields["zone"], found.entries[0].fields["start"]) == (zone, start)
    assert "Our office" in found.notes[0]


def test_a_zone_definition_that_would_never_end_is_not_followed() -> None:
    event = vevent("DTSTART;TZID=Our office:20260512T100000")
    found = read_calendar(calendar(event, before=DEFINED.format(offset="+0700", rule="RRULE:FREQ=SECONDLY\n")))
    assert "no time zone we know" in found.refused[0].reason


def test_changed_occurrences_are_put_into_their_series() -> None:
    series = vevent(AT_TEN, "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=America/New_York:20170329T100000")
    moved = vevent("DTSTART:20170406T140000Z", "RECURRENCE-ID:20170405T140000Z", summary="Moved")
    off = vevent(
        AT_TEN.replace("0322", "0412"), "RECURRENCE-ID;TZID=America/New_York:20170412T100000", "STATUS:CANCELLED"
    )
    fields = only(calendar(moved, series, off))
    assert fields["rrule"] == "FREQ=WEEKLY;COUNT=4"
    assert fields["exdates"] == ["2017-03-29T10:00"]
    assert fields["overrides"] == [
        {"recurrence_id": "2017-04-05T10:00", "zone": "UTC", "titles": {"en": "Moved"}, "start": "2017-04-06T14:00"},
        {"recurrence_id": "2017-04-12T10:00", "status": "cancelled", "start": "2017-04-12T10:00"},
    ]


def test_versions_of_one_uid_are_one_event_and_other_starts_are_others() -> None:
    old = vevent(AT_TEN, summary="Old")
    new = vevent(AT_TEN, "SEQUENCE:1", summary="New")
    assert only(calendar(new, old))["titles"] == {"en": "New"}
    again = vevent(AT_TEN.replace("0322", "0323"))
    found = read_calendar(calendar(again, vevent(AT_TEN)))
    assert [entry.source for entry in found.entries] == ["1@networks.example", "1@networks.example-2017-03-23T10:00"]


def test_private_events_stay_private() -> None:
    found = read_calendar(calendar(vevent(AT_TEN, "CLASS:PRIVATE")))
    assert not found.entries
    assert found.refused[0].column == "CLASS"


def test_a_published_cancellation_cancels() -> None:
    assert only(calendar(vevent(AT_TEN), before="METHOD:CANCEL\n"))["status"] == "cancelled"


def test_a_meeting_address_makes_an_event_online() -> None:
    fields = only(calendar(vevent(AT_TEN, "DESCRIPTION:Join at https://example.zoom.us/j/123 please")))
    assert (fields["join_url"], fields["mode"]) == ("https://example.zoom.us/j/123", "online")


def test_only_web_addresses_are_kept() -> None:
    assert "website" not in only(calendar(vevent(AT_TEN, "URL:javascript:alert(1)")))


@pytest.mark.parametrize(
    ("summary", "kind"),
    [("Webinaire sur la détention", "webinar"), ("Working Group on Protection", "working-group-meeting"),
     ("Asamblea general 2026", "general-meeting"), ("Board", "meeting"), ("Reconference", "meeting")],
)  # fmt: skip
def test_the_kind_of_event_is_told_by_its_title(summary: str, kind: str) -> None:
    assert only(calendar(vevent(AT_TEN, summary=summary)))["type"] == kind


def test_content_lines_are_cut_as_the_standard_says() -> None:
    assert content_line('DTSTART;TZID="a;b:c";X=1:20170322T100000') == ContentLine(
        "DTSTART", {"TZID": "a;b:c", "X": "1"}, "20170322T100000"
    )
    assert content_line("no line at all") is None
    assert unescaped(r"a\, b\; c\\d\ne") == "a, b; c\\d\ne"


PIECES = st.sampled_from(
    """BEGIN:VCALENDAR|END:VCALENDAR|BEGIN:VEVENT|END:VEVENT|BEGIN:VTIMEZONE|END:VTIMEZONE|BEGIN:STANDARD|END:STANDARD
TZOFFSETFROM:+0100|TZOFFSETTO:+9900|TZID:Office|SUMMARY:A|UID:1|DTSTART:20170322T140000Z|DTSTART:99991231T235959Z
DTSTART;TZID=Office:20260101T000000|DTSTART;VALUE=DATE:00010101|DTEND:20170322T150000Z|DURATION:P99999W|SEQUENCE:²
RRULE:FREQ=DAILY|RRULE:FREQ=YEARLY;BYDAY=99MO|EXDATE:20170101|RDATE:20170101T000000Z/PT1H|SEQUENCE:9999999999999
RECURRENCE-ID:20170322T140000Z|STATUS:\x00| folded|\x00\xff""".replace("\n", "|").split("|")
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=25))
def test_no_order_of_lines_raises(lines: list[str]) -> None:
    found = read_calendar("\r\n".join(lines).encode("latin-1"))
    assert found.entries or found.refused


@given(st.binary(max_size=400))
def test_no_bytes_raise(content: bytes) -> None:
    assert read_calendar(content).refused
    read_calendar(calendar(vevent(AT_TEN)).replace(b"SUMMARY:", content))


def test_many_rules_that_never_come_true_do_not_hold_up_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednet.formats.calendar.MAX_HOPELESS_RULES", 1)
    hopeless = "RRULE:FREQ=YEARLY;BYYEARDAY=300;BYMONTH=1"
    found = read_calendar(calendar(*(vevent(f"DTSTART:2026010{n}T100000Z", hopeless, uid=str(n)) for n in range(1, 6))))
    assert [entry.source for entry in found.entries] == ["1", "2"]
    assert {error.reason for error in found.refused} == {
        "too many rules in this file never come true; this one was not tried"
    }
