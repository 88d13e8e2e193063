from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Timezone

from fednet.formats.calendar_zones import definition

ZONES = [
    "Europe/Zurich", "America/New_York", "America/Toronto", "Europe/Dublin", "Asia/Bangkok", "Asia/Yangon",
    "Asia/Tehran", "Africa/Casablanca", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Auckland", "UTC",
]  # fmt: skip


@pytest.mark.parametrize("key", ZONES)
def test_a_definition_has_the_offsets_of_its_zone_from_its_first_year_on(key: str) -> None:
    found = Timezone.from_ical(definition(key, 2017))
    assert isinstance(found, Timezone)
    defined, zone = found.to_tz(lookup_tzid=False), ZoneInfo(key)
    at = datetime(2017, 1, 1, tzinfo=UTC)
    while at.year < 2035:
        assert at.astimezone(defined).utcoffset() == at.astimezone(zone).utcoffset(), at
        at += timedelta(hours=19, minutes=10)


def test_a_change_of_the_clocks_begins_as_they_showed_before_it() -> None:
    written = definition("America/New_York", 2026).decode()
    assert "DTSTART:20260308T020000\r\n" in written  # not 03:00: RFC 5545, 3.6.5
    assert "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU" in written and "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU" in written


def test_the_last_sunday_of_a_month_is_the_last() -> None:
    assert "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" in definition("Europe/Zurich", 2026).decode()


def test_a_zone_whose_clocks_never_change_has_one_offset() -> None:
    assert definition("Asia/Bangkok", 2026).decode().count("BEGIN:STANDARD") == 1
