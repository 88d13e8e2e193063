"""Files that nobody on this project wrote, where they are at hand: they are not part of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from fednet import formats
from tests.formats.files import organizations

REAL = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the real files are not on this machine")


@pytest.mark.parametrize(
    ("name", "count", "countries"),
    [
        ("hdx-operational-presence.csv", 724, {"SO", "TD", "CD", "ET"}),
        ("hdx-chad-3w.xlsx", 208, {"TD"}),
        ("hdx-somalia-3w.xlsx", 205, {"SO"}),
        ("hdx-organisations.csv", 719, set()),
    ],
)
def test_a_spreadsheet_of_organisations_is_understood_without_refusals(
    name: str, count: int, countries: set[str]
) -> None:
    found = formats.read(REAL / "organisations" / name)
    listed = organizations(found)
    assert (len(listed), found.refused) == (count, [])
    assert {country for one in listed for country in one.get("countries", [])} == countries  # type: ignore[attr-defined]


def test_the_same_services_in_two_languages_are_one_set() -> None:
    paths = [REAL / f"organisations/unhcr-jordan-services-{language}.json" for language in ("en", "ar")]
    found = formats.read_many(paths)
    assert (len(found.entries), found.refused) == (44, [])
    assert all(entry.fields["names"].keys() == {"en", "ar"} for entry in found.entries)
    assert all(entry.fields["description"].keys() == {"en", "ar"} for entry in found.entries)


def test_a_conference_programme_is_imported_whole() -> None:
    readings = [formats.read(path) for path in sorted((REAL / "calendars/pycon-us-2025").glob("*.ics"))]
    assert sum(len(found.entries) for found in readings) == 464
    assert not any(found.refused for found in readings)


def test_every_calendar_gives_events_or_says_why_not() -> None:
    for path in sorted((REAL / "calendars").rglob("*.ics")):
        found = formats.read(path)
        assert found.entries or found.refused, path.name
