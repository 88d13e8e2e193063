"""Searching, the calendar and exports of one's own node; every answer says what it rests on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Fednet

RECORDS = """
{"kind": "organization", "original": "en", "names": {"en": "Aster House"}, "seat": {"country": "TH"}, "services": ["legal-aid"], "languages": ["my"]}
{"kind": "organization", "original": "en", "names": {"en": "Birch Clinic"}, "seat": {"country": "CA"}, "services": ["health"]}
{"kind": "event", "original": "en", "titles": {"en": "Online seminar"}, "type": "webinar", "start": "2017-03-22T10:00", "end": "2017-03-22T11:00", "zone": "America/New_York"}
{"kind": "event", "original": "en", "titles": {"en": "Assembly"}, "type": "general-meeting", "start": "2017-03-24", "end": "2017-03-26", "all_day": true}
"""  # noqa: E501


@pytest.fixture
def listing(node: Fednet, tmp_path: Path) -> Fednet:
    (tmp_path / "records.jsonl").write_text(RECORDS.lstrip())
    assert node("import", "records.jsonl").code == 0
    assert node("publish").code == 0
    return node


def test_a_hit_says_who_lists_it_in_which_edition_and_when_that_was_verified(listing: Fednet) -> None:
    (hit,) = listing("search", "aster", "--json").lines
    assert (hit["title"], hit["epoch"], hit["edition"]) == ("Aster House", 1, 1)
    assert [network["name"] for network in hit["networks"]] == ["Example Network"]
    assert hit["verified_at"]
    row = listing("search", "aster").out.splitlines()[1].split("\t")
    assert row[:4] == ["Aster House", "organization", "TH", "Example Network"]
    assert row[4].startswith("1.1, verified 20")


@pytest.mark.parametrize(
    "filters",
    [
        ("--country", "Thaïlande"),
        ("--region", "South-eastern Asia"),
        ("--service", "aide juridique"),
        ("--language", "Burmese"),
        ("--kind", "organization", "--service", "legal-aid", "--network", "Example"),
    ],
)
def test_filters_take_names_in_any_language(listing: Fednet, filters: tuple[str, ...]) -> None:
    assert [hit["title"] for hit in listing("search", *filters, "--json").lines] == ["Aster House"]


def test_facets_are_objects_with_names_and_counts(listing: Fednet) -> None:
    facets = listing("search", "--facets", "--json").lines
    assert {"facet": "country", "code": "TH", "name": "Thailand", "count": 1} in facets
    assert {line["name"] for line in facets if line["facet"] == "network"} == {"Example Network"}
    assert "facet\tcode\tname\tcount" in listing("search", "--facets").out


def test_a_misspelt_filter_is_a_matter_of_usage(listing: Fednet) -> None:
    said = listing("search", "--country", "Thailande")
    assert said.code in (0, 2)
    assert listing("search", "--country", "Wakanda").code == 2
    assert listing("search", "--limit", "0").code == 2


def test_nothing_found_is_no_failure(listing: Fednet) -> None:
    said = listing("search", "zzz")
    assert (said.code, said.out) == (0, "")
    assert "0 records found" in said.err


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Asia/Bangkok", "2017-03-22T21:00:00+07:00"),
        ("Europe/Zurich", "2017-03-22T15:00:00+01:00"),
        ("UTC", "2017-03-22T14:00:00+00:00"),
    ],
)
def test_the_seminar_of_2017_is_at_the_right_hour_everywhere(listing: Fednet, zone: str, start: str) -> None:
    found = listing("agenda", "--from", "2017-03-22", "--to", "2017-03-22", "--zone", zone, "--json").lines
    assert [(one["title"], one["start"], one["type"]) for one in found] == [("Online seminar", start, "webinar")]
    assert (found[0]["edition"], found[0]["networks"][0]["name"]) == (1, "Example Network")


def test_days_do_not_shift_with_the_zone(listing: Fednet) -> None:
    asked = ("agenda", "--from", "2017-03-24", "--to", "2017-03-30", "--zone", "Pacific/Auckland")
    (one,) = listing(*asked, "--json").lines
    assert (one["start"], one["end"], one["all_day"]) == ("2017-03-24", "2017-03-26", True)
    assert listing(*asked).out.splitlines()[1].startswith("2017-03-24 to 2017-03-25\tAssembly\t")


def test_an_empty_calendar_says_so(listing: Fednet) -> None:
    assert "nothing takes place" in listing("agenda", "--from", "1999-01-01", "--to", "1999-01-02").err
    assert listing("agenda", "--from", "soon").code == 2
    assert listing("agenda", "--zone", "Mars/Olympus").code == listing("agenda", "--zone", " ").code == 2


@pytest.mark.parametrize(
    ("file", "count"), [("all.csv", 4), ("all.xlsx", 4), ("all.jsonl", 4), ("all.ics", 2), ("all.vcf", 2)]
)
def test_an_export_comes_back_without_a_change(listing: Fednet, file: str, count: int) -> None:
    assert f"{count} records in {file}" in listing("export", file).err
    if file != "all.vcf":
        (summary,) = listing("import", file, "--json").lines
        assert (summary["added"], summary["changed"], summary["unchanged"]) == (0, 0, count)


def test_an_export_narrows_as_a_search_does(listing: Fednet) -> None:
    assert "1 record in th.csv" in listing("export", "th.csv", "--country", "TH", "--as", "organization").err
    assert "1 record in aster.jsonl" in listing("export", "aster.jsonl", "aster").err


def test_an_export_of_contacts_comes_back_to_their_organisations(listing: Fednet) -> None:
    (aster,) = listing("search", "aster", "--kind", "organization", "--json").lines
    contact = {"organization": aster["handle"], "emails": ["info@aster.example"]}
    listing("add", "contact", "--json", "-", given=json.dumps(contact))
    listing("publish")
    listing("export", "people.csv", "--as", "contact", "--as", "organization")
    (summary,) = listing("import", "people.csv", "--json").lines
    assert (summary["added"], summary["changed"], summary["refused"]) == (0, 0, [])
    assert "1 record in ngo.csv" in listing("export", "ngo.csv", "--as", "contact", "--network", "Example").err
    assert "0 records in none.csv" in listing("export", "none.csv", "--seat", "NO").err


def test_an_export_replaces_nothing_unasked(listing: Fednet) -> None:
    listing("export", "all.csv")
    assert listing("export", "all.csv").code == 2
    assert listing("export", "all.csv", "--yes").code == 0
    assert listing("export", "all.pdf").code == 2


def test_an_export_says_when_it_holds_what_is_not_public(listing: Fednet, tmp_path: Path) -> None:
    assert "not public" not in listing("export", "open.csv").err
    listing("add", "person", "--json", "-", given='{"name": "Example Person"}')
    listing("publish")
    assert "not public: 1 of them (circle partners)" in listing("export", "closed.csv").err
    assert (tmp_path / "closed.csv").stat().st_mode & 0o077 == 0
