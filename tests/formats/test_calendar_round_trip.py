"""Every calendar at hand, in and out again: icalendar and recurring-ical-events find the same occurrences in both.

Compared are the start and end of each occurrence as instants (of days as days), and whether it is cancelled.
"""

from __future__ import annotations

import warnings
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from fednet.formats.calendar import read_calendar
from fednet.formats.calendar_writer import calendar_of, uid_of

REAL = Path(__file__).parents[2] / "../shared/data/calendars"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the real files are not on this machine")

SPAN = datetime(1996, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
FILES, EVENTS, OCCURRENCES = 350, 2_700, 20_000
"""At least so many must be there, be compared and be the same: nothing is left out by mistake."""

Times = Counter[tuple[str, str, bool]]
Span = tuple[datetime, datetime]

LARGE = {"calcard/226.ics": (datetime(2004, 1, 1, tzinfo=UTC), datetime(2009, 1, 1, tzinfo=UTC))}
"""A file with 1,321 events, of which the judge makes seconds for each decade."""

_NO_START = "the judge stops at another event of the file that has no start"
_TWO_STARTS = "the judge stops at an event with two starts; we read the first"
_PARSER = "the judge cannot parse a line of the file, which costs us that line alone"
_PERIODS = "an exception that stands alone has additional dates: the judge takes it for one date"
_RDATE = "one of two additional dates is none; the judge drops the event, we drop the date"
DIFFERENT = {
    "calcard/006.ics": "floating times: the judge does not ask X-WR-TIMEZONE for the zone of the calendar",
    "calcard/008.ics": "a negative DURATION: the judge drops the event, we drop the duration",
    "calcard/014.ics": "DTEND is a day although DTSTART is a time: we drop the end",
    "calcard/022.ics": "a day with a TZID: the judge makes midnight there of it, we keep the day",
    "calcard/038.ics": "a day that is not said to be one (VALUE=DATE): the judge drops the event",
    "calcard/046.ics": "two calendars in one file have the same event: one of them counts",
    "calcard/084.ics": _NO_START,
    "calcard/086.ics": _PARSER,
    "calcard/088.ics": _PERIODS,
    "calcard/108.ics": _NO_START,
    "calcard/148.ics": "events without UID: the judge finds none of them",
    "calcard/162.ics": "a time without an hour: the judge makes midnight of it, we keep the day",
    "calcard/220.ics": _NO_START,
    "icalendar-tests/fuzzing/corpus/america_new_york.ics": _TWO_STARTS,
    "icalendar-tests/fuzzing/corpus/issue_464_invalid_rdate.ics": _RDATE,
    "icalendar-tests/fuzzing/corpus/pacific_fiji.ics": _TWO_STARTS,
    "icalendar-tests/tests/calendars/america_new_york_forward_reference.ics": _TWO_STARTS,
    "icalendar-tests/tests/calendars/created_calendar_with_unicode_fields.ics": _NO_START,
    "icalendar-tests/tests/calendars/example.ics": "days that end on the day on which they begin: we take them for one",
    "icalendar-tests/tests/calendars/invalid_duration.ics": "a DURATION longer than time: the judge drops the event",
    "icalendar-tests/tests/calendars/issue_104_broken_calendar.ics": _PARSER,
    "icalendar-tests/tests/calendars/issue_156_RDATE_with_PERIOD_TZID_khal.ics": _PERIODS,
    "icalendar-tests/tests/calendars/issue_156_RDATE_with_PERIOD_TZID_khal_2.ics": _PERIODS,
    "icalendar-tests/tests/calendars/issue_165_missing_event.ics": "BYDAY with spaces: the judge drops the event",
    "icalendar-tests/tests/calendars/issue_722_missing_timezones.ics": _NO_START,
    "icalendar-tests/tests/calendars/pacific_fiji.ics": _TWO_STARTS,
    "icalendar-tests/tests/events/issue_464_invalid_rdate.ics": _RDATE,
    "pycon-us-2025/open_spaces.ics": "several events under one UID: the judge keeps one of them, we keep all",
}
"""Files in which something differs, and why it may."""


@pytest.fixture(autouse=True)
def forgiving() -> Any:
    """What the judges warn of in files that are broken on purpose is not our matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def occurrences(calendar: Any, span: Span = SPAN) -> dict[str, Times]:
    """All that takes place in the span, by UID."""
    found: dict[str, Times] = {}
    for event in recurring_ical_events.of(calendar, skip_bad_series=True).between(*span):
        off = str(event.get("STATUS", "")).upper() == "CANCELLED"
        found.setdefault(str(event.get("UID", "")), Counter())[plain(event.start), plain(event.end), off] += 1
    return found


def plain(at: date) -> str:
    if not isinstance(at, datetime):
        return at.isoformat()
    return at.astimezone(UTC).isoformat() if at.tzinfo else f"{at.isoformat()} floating"


def original(content: bytes, span: Span) -> dict[str, Times]:
    found: dict[str, Times] = {}
    for calendar in icalendar.Calendar.from_ical(content, multiple=True):
        for uid, times in occurrences(calendar, span).items():
            found.setdefault(uid, Counter()).update(times)
    return found


def compared(content: bytes, span: Span = SPAN) -> tuple[int, int, list[str]]:
    """Events that were imported, occurrences that are the same, and the UIDs of events with others."""
    rows = [("n", f"h{at}", entry.fields) for at, entry in enumerate(read_calendar(content).entries)]
    if not rows:
        return 0, 0, []
    ours = occurrences(icalendar.Calendar.from_ical(calendar_of(rows)), span)
    try:
        theirs = original(content, span)
    except (ValueError, KeyError, AttributeError) as error:
        return len(rows), 0, [f"the judge: {type(error).__name__}"]
    mine: dict[str, Times] = {}
    for row in rows:
        mine.setdefault(base(row, theirs), Counter()).update(ours.get(uid_of(*row), Counter()))
    differing = [uid for uid, times in mine.items() if times != theirs.get(uid, Counter())]
    same = sum(times.total() for uid, times in mine.items() if uid not in differing)
    return len(rows), same, differing


def base(row: tuple[str, str, dict[str, Any]], theirs: dict[str, Times]) -> str:
    """The UID in the original: several events under one become events of their own, with their starts in the UID."""
    uid: str = row[2].get("uid", "")
    return next((known for known in theirs if uid == known.strip() or (known and uid.startswith(f"{known}-20"))), uid)


def test_what_goes_out_takes_place_when_what_came_in_does() -> None:
    paths = sorted(REAL.rglob("*.ics"))
    named = {path.relative_to(REAL).as_posix(): path.read_bytes() for path in paths}
    found = {name: compared(content, LARGE.get(name, SPAN)) for name, content in named.items()}
    assert len(found) >= FILES
    assert sum(events for events, _, _ in found.values()) >= EVENTS
    assert sum(same for _, same, _ in found.values()) >= OCCURRENCES
    unexpected = {name: differing for name, (_, _, differing) in found.items() if differing and name not in DIFFERENT}
    assert not unexpected
    assert {name for name, (_, _, differing) in found.items() if differing} == DIFFERENT.keys()
