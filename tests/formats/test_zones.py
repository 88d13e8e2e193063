from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from fednet.formats.zones import zone_behaving_like, zone_name, zone_told_by


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("Asia/Bangkok", "Asia/Bangkok"),
        ("asia/bangkok", "Asia/Bangkok"),
        ("America/Los Angeles", "America/Los_Angeles"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Z", "UTC"),
        ("/Europe/CUSTOM", None),
        ("Moon/Sea", None),
        ("", None),
    ],
)
def test_a_zone_as_calendars_write_it(written: str, zone: str | None) -> None:
    assert zone_name(written) == zone


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("(UTC+07:00) Bangkok, Hanoi, Jakarta", "Asia/Bangkok"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("GMT+3", "Etc/GMT-3"),
        ("UTC+05:45", None),
        ("(UTC+09:00) Bangkok", "Etc/GMT-9"),
        ("my zone", None),
    ],
)
def test_a_description_tells_the_zone_only_when_its_offset_agrees(written: str, zone: str | None) -> None:
    assert zone_told_by(written) == zone


def test_a_definition_is_the_zone_that_behaves_like_it() -> None:
    bangkok = timezone(timedelta(hours=7))
    assert zone_behaving_like(bangkok, datetime(2026, 1, 1), "Office") == "Asia/Bangkok"
    assert zone_behaving_like(bangkok, datetime(2026, 1, 1), "Jakarta office, Asia/Jakarta") == "Asia/Jakarta"
    assert zone_behaving_like(timezone(timedelta(minutes=7)), datetime(2026, 1, 1), "Office") is None
