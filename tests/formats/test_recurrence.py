from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.errors import FednetError
from fednet.formats.recurrence import RuleError, occurrences, rule_parts

YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def starts(fields: dict[str, Any], since: datetime = YEAR[0], until: datetime = YEAR[1], limit: int = 100) -> list[str]:
    return [begin.isoformat() for begin, _ in occurrences(fields, since, until, limit)]


def test_one_event_is_the_same_moment_in_every_zone() -> None:
    seminar = {"start": "2017-03-22T10:00", "end": "2017-03-22T11:00", "zone": "America/New_York"}
    [(begin, end)] = occurrences(seminar, datetime(2017, 3, 1, tzinfo=UTC), datetime(2017, 4, 1, tzinfo=UTC), 5)
    assert begin.astimezone(UTC).hour == 14
    assert begin.astimezone(ZoneInfo("Asia/Bangkok")).hour == 21
    assert begin.astimezone(ZoneInfo("Europe/Zurich")).hour == 15
    assert end - begin == timedelta(hours=1)


def test_a_weekly_meeting_stays_at_its_hour_when_the_clocks_change() -> None:
    weekly = {"start": "2026-03-25T10:00", "zone": "Europe/Zurich", "rrule": "FREQ=WEEKLY;COUNT=2"}
    assert starts(weekly) == ["2026-03-25T10:00:00+01:00", "2026-04-01T10:00:00+02:00"]


def test_exceptions_additions_and_changes_count() -> None:
    weekly = {
        "start": "2026-01-05T10:00",
        "end": "2026-01-05T11:00",
        "zone": "UTC",
        "rrule": "FREQ=WEEKLY;COUNT=4",
        "exdates": ["2026-01-12T10:00"],
        "rdates": ["2026-03-01T09:00"],
        "overrides": [
            {"recurrence_id": "2026-01-19T10:00", "start": "2026-01-20T15:00", "end": "2026-01-20T17:00"},
            {"recurrence_id": "2026-01-26T10:00", "status": "cancelled"},
        ],
    }
    assert starts(weekly) == ["2026-01-05T10:00:00+00:00", "2026-01-20T15:00:00+00:00", "2026-03-01T09:00:00+00:00"]
    assert occurrences(weekly, *YEAR, 5)[1][1].hour == 17


def test_the_end_of_an_all_day_event_is_not_part_of_it() -> None:
    [(begin, end)] = occurrences({"start": "2026-05-01", "end": "2026-05-03", "all_day": True}, *YEAR, 5)
    assert end - begin == timedelta(days=2)
    [(begin, end)] = occurrences({"start": "2026-05-01", "all_day": True}, *YEAR, 5)
    assert end - begin == timedelta(days=1)


def test_an_event_that_is_going_on_is_found_and_one_that_is_over_is_not() -> None:
    event = {"start": "2025-12-31T23:00", "end": "2026-01-01T01:00", "zone": "UTC"}
    assert len(starts(event)) == 1
    assert starts(event | {"end": "2026-01-01T00:00"}) == []


def test_a_meeting_of_many_years_is_found_from_far_on() -> None:
    fields = {"start": "1601-01-01T10:00", "zone": "UTC", "rrule": "FREQ=DAILY;INTERVAL=3"}
    slow = [datetime(1601, 1, 1, 10, tzinfo=UTC) + timedelta(days=3 * n) for n in range(52_000)]
    expected = [d.isoformat() for d in slow if YEAR[0] <= d < YEAR[1]]
    assert starts(fields, limit=500) == expected


def test_a_rule_that_ends_in_utc_ends_there_in_local_time() -> None:
    fields = {"start": "2026-01-05T01:00", "zone": "Asia/Bangkok", "rrule": "FREQ=DAILY;UNTIL=20260106T180000Z"}
    assert len(starts(fields)) == 3


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;COUNT=3", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;INTERVAL=0",
             "FREQ=DAILY;UNTIL=soon", "RSCALE=CHINESE;FREQ=YEARLY", "", "FREQ=YEARLY;BYDAY=60MO",
             "FREQ=DAILY;BYMONTH=13", "FREQ=DAILY;BYMONTH=-1", "FREQ=HOURLY;BYHOUR=24",
             "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=DAILY;BYMINUTE=x"],
)  # fmt: skip
def test_a_rule_that_cannot_be_followed_is_refused(rule: str) -> None:
    with pytest.raises(RuleError):
        rule_parts(rule)
        occurrences({"start": "2026-01-05T01:00", "zone": "UTC", "rrule": rule}, *YEAR, 5)


def test_a_rule_that_never_comes_true_leaves_the_start() -> None:
    fields = {"start": "2026-01-06T10:00", "zone": "UTC", "rrule": "FREQ=YEARLY;BYYEARDAY=300;BYMONTH=1"}
    assert starts(fields) == ["2026-01-06T10:00:00+00:00"]


RULES = st.builds(
    lambda freq, parts: ";".join([f"FREQ={freq}", *parts]),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.lists(
        st.sampled_from(["INTERVAL=2", "COUNT=9", "BYDAY=MO,TH", "BYMONTH=3,11", "BYMONTHDAY=7,-1", "BYHOUR=9,17"]),
        max_size=3,
        unique_by=lambda part: part.split("=")[0],
    ),
)


@settings(max_examples=40, deadline=None)
@given(RULES, st.sampled_from(["Asia/Bangkok", "America/New_York", "UTC"]))
def test_expansion_agrees_with_recurring_ical_events(rule: str, zone: str) -> None:
    import icalendar
    import recurring_ical_events

    from fednet.formats.calendar_writer import calendar_of

    fields = {"kind": "event", "type": "meeting", "titles": {"en": "A"}, "start": "2026-02-03T09:00", "zone": zone}
    fields |= {"end": "2026-02-03T10:30", "rrule": rule}
    written = icalendar.Calendar.from_ical(calendar_of([("n", "h", fields)]))
    expected = {event.start for event in recurring_ical_events.of(written).between(*YEAR)}
    assert {begin for begin, _ in occurrences(fields, *YEAR, 10_000)} == expected


JUNK = st.one_of(st.none(), st.text(max_size=30), st.lists(st.text(max_size=20), max_size=3), st.integers())


CHANGES = st.lists(st.dictionaries(st.sampled_from(["recurrence_id", "start", "end"]), JUNK))
EDGES = st.sampled_from(["9999-12-31T23:59", "0001-01-01T00:00", "2026-05-01T10:00"])
PUBLISHED = {"start": JUNK | EDGES, "end": JUNK | EDGES, "zone": JUNK | st.just("Asia/Bangkok"), "rrule": JUNK | RULES}
PUBLISHED |= {"exdates": JUNK, "rdates": JUNK, "overrides": JUNK | CHANGES}


@given(st.fixed_dictionaries({}, optional=PUBLISHED))
@settings(deadline=None)
def test_whatever_a_peer_published_is_expanded_or_refused(fields: dict[str, Any]) -> None:
    with contextlib.suppress(FednetError):
        occurrences(fields, *YEAR, 3)


GAPS = [("America/New_York", "2027-03-07"), ("Antarctica/Troll", "2027-03-21"), ("Australia/Lord_Howe", "2027-09-26")]


@pytest.mark.parametrize(("zone", "day"), GAPS)
@settings(max_examples=40)
@given(hour=st.integers(0, 4), minute=st.sampled_from([0, 15, 30, 45]), lasts=st.integers(0, 20))
def test_where_clocks_go_forward_nothing_ends_before_it_begins(
    zone: str, day: str, hour: int, minute: int, lasts: int
) -> None:
    import icalendar
    import recurring_ical_events

    begin = datetime.fromisoformat(f"{day}T{hour:02}:{minute:02}")
    length = timedelta(minutes=15 * lasts)
    fields = {"start": begin.isoformat(), "end": (begin + length).isoformat(), "zone": zone}
    span = (datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
    found = occurrences(fields | {"rrule": "FREQ=WEEKLY;COUNT=3"}, *span, 5)
    calendar, event = icalendar.Calendar(), icalendar.Event()
    event.add("uid", "one@example")
    event.add("dtstart", begin.replace(tzinfo=ZoneInfo(zone)))
    event.add("dtend", (begin + length).replace(tzinfo=ZoneInfo(zone)))
    event.add("rrule", icalendar.vRecur.from_ical("FREQ=WEEKLY;COUNT=3"))
    calendar.add_component(event)
    told = recurring_ical_events.of(calendar).between(*span)
    expected = sorted((one.start.astimezone(UTC), one.end.astimezone(UTC)) for one in told)
    # The judge ends by the clock, even if that is before the start.
    expected = [(start, end if end > start else start + length) for start, end in expected]
    assert [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in found] == expected
    assert all(end.astimezone(UTC) >= start.astimezone(UTC) for start, end in found)
