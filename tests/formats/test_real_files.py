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


def test_every_cell_of_the_columns_that_were_read_is_understood_or_refused_in_words() -> None:
    for path in sorted((REAL / "organisations").iterdir()):
        found = formats.read(path)
        for column in found.seen:
            assert column.understood == column.filled or not column.field or found.refused, (path.name, column)


def test_a_list_of_terms_without_a_header_says_that_nothing_was_understood() -> None:
    found = formats.read(REAL / "organisations/unhcr-jordan-terms-en-ar.csv")
    assert (found.entries, found.refused, len(found.seen)) == ([], [], 2)
    assert found.notes[0] == "no column was understood; say what a column is with --map COLUMN=FIELD"
    assert found.notes[1].startswith("does the file begin with data? then add a row above it")
