from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from fednet import formats
from fednet.errors import UsageError
from fednet.formats.calendar import read_calendar
from fednet.formats.calendar_writer import calendar_of
from fednet.formats.export import as_csv
from fednet.formats.exported import defused
from fednet.formats.hsds import identifier
from fednet.formats.vcard import cards_of

HANDLE = "0190a6a4-0000-7000-8000-00000000000"

ORGANIZATION: dict[str, Any] = {
    "kind": "organization",
    "names": {"fr": "Maison du port", "th": "บ้านท่าเรือ"},
    "original": "fr",
    "acronym": "MDP",
    "former_names": ["Port; maison", "=Port"],
    "description": {"fr": "Première ligne\ndeuxième, « citée »"},
    "identifiers": [{"scheme": "CA-CRA_ACR", "value": "118833714RR0001"}],
    "type": "ngo",
    "seat": {"country": "CA", "place": "Montréal", "latitude_e6": 45_500_000, "longitude_e6": -73_561_234},
    "countries": ["CA", "035"],
    "services": ["legal-aid", "housing"],
    "client_groups": ["refugees"],
    "languages": ["fr", "th"],
    "membership": {"category": "full", "since": "2020-01-31"},
    "refugee_led": False,
    "confirmed": {"at": "2026-05-01", "by": "secretariat"},
    "website": "https://port.example",
    "future": {"x": [1, 2]},
}
EVENT: dict[str, Any] = {
    "kind": "event",
    "titles": {"en": "Spring consultation"},
    "original": "en",
    "type": "consultation",
    "start": "2026-05-12T10:00",
    "end": "2026-05-12T12:00",
    "zone": "Asia/Bangkok",
    "rrule": "FREQ=WEEKLY;COUNT=4",
    "exdates": ["2026-05-19T10:00"],
    "overrides": [{"recurrence_id": "2026-05-26T10:00", "start": "2026-05-27T10:00", "end": "2026-05-27T12:00"}],
    "status": "cancelled",
    "sequence": 3,
    "uid": "1@networks.example",
    "mode": "hybrid",
    "place": "Room 1, Main Street",
    "join_url": "https://meet.example/1",
    "website": "https://networks.example/1",
    "themes": ["detention"],
}
ALL_DAY: dict[str, Any] = {
    "kind": "event",
    "titles": {"ar": "مشاورات"},
    "original": "ar",
    "type": "meeting",
    "start": "2026-05-12",
    "end": "2026-05-15",
    "all_day": True,
    "uid": "2@networks.example",
}
ROWS = [("n", HANDLE + "1", ORGANIZATION), ("n", HANDLE + "2", EVENT), ("n", HANDLE + "3", ALL_DAY)]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
def test_what_is_written_reads_back_without_change(tmp_path: Path, suffix: str) -> None:
    assert formats.write(tmp_path / f"all{suffix}", ROWS) == 3
    found = formats.read(tmp_path / f"all{suffix}")
    assert found.refused == []
    assert {entry.source: entry.fields for entry in found.entries} == {f"handle:{h}": f for _, h, f in ROWS}


def test_events_read_back_from_a_calendar_without_change() -> None:
    found = read_calendar(calendar_of(ROWS))
    assert [entry.fields for entry in found.entries] == [EVENT, ALL_DAY]


@pytest.mark.parametrize("cell", ["=1+1", "+1 514", "-2", "@sum", "\t=1"])
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


def test_a_table_in_excel_is_seen_as_unicode() -> None:
    assert as_csv(ROWS).startswith(b"\xef\xbb\xbf")


def test_a_format_we_do_not_write_names_those_we_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        formats.write(tmp_path / "all.pdf", ROWS)
    assert ".xlsx" in (refusal.value.hint or "")


def test_a_calendar_has_its_zones_and_is_the_same_each_time() -> None:
    written = calendar_of(ROWS)
    assert written == calendar_of(ROWS)
    assert [str(zone["TZID"]) for zone in Calendar.from_ical(written).walk("VTIMEZONE")] == ["Asia/Bangkok"]
    assert max(len(line) for line in written.split(b"\r\n")) <= 75


def test_uids_never_change_and_cancelled_events_stay() -> None:
    lines = calendar_of(ROWS).decode().splitlines()
    assert "UID:1@networks.example" in lines
    assert "STATUS:CANCELLED" in lines
    without = {name: value for name, value in EVENT.items() if name != "uid"}
    assert f"UID:{HANDLE}2@n.fednet" in calendar_of([("n", HANDLE + "2", without)]).decode().splitlines()


def test_an_event_listed_by_two_networks_is_written_once_in_its_newest_form() -> None:
    rows = [("a", "1", EVENT), ("b", "2", EVENT | {"sequence": 4, "overrides": []})]
    events = Calendar.from_ical(calendar_of(rows)).walk("VEVENT")
    assert [event["SEQUENCE"] for event in events] == [4]


@pytest.mark.parametrize(
    "fault",
    [
        {"start": "soon"},
        {"zone": "Moon/Sea"},
        {"rrule": "FREQ=NEVER"},
        {"overrides": [{"recurrence_id": "x"}]},
        {"sequence": "x"},
        {"titles": 7},
        {"exdates": 7},
        {"status": []},
        {"place": 7},
    ],
)
def test_an_event_that_makes_no_sense_does_not_stop_the_calendar(fault: dict[str, Any]) -> None:
    written = calendar_of([("n", "1", EVENT | fault), ("n", "3", ALL_DAY)])
    assert b"UID:2@networks.example" in written


def test_contacts_are_on_the_card_of_their_organisation() -> None:
    contact = {
        "kind": "contact",
        "organization": HANDLE + "1",
        "emails": ["info@port.example"],
        "phones": ["+1 514 555 0100"],
    }
    lines = cards_of([*ROWS, ("n", HANDLE + "4", contact)]).decode().replace("\r\n ", "").split("\r\n")
    assert lines[:6] == [
        "BEGIN:VCARD",
        "VERSION:4.0",
        f"UID:urn:uuid:{identifier('n', f'{HANDLE}1')}",
        "KIND:org",
        "FN;ALTID=1;LANGUAGE=fr;PREF=1:Maison du port",
        "FN;ALTID=1;LANGUAGE=th:บ้านท่าเรือ",
    ]
    assert "EMAIL:info@port.example" in lines
    assert "NOTE;LANGUAGE=fr:Première ligne\\ndeuxième\\, « citée »" in lines
    assert "GEO:geo:45.5,-73.561234" in lines
    assert lines.count("BEGIN:VCARD") == 1


def test_cards_are_folded_between_characters() -> None:
    name = "บ้านท่าเรือ" * 20
    lines = cards_of([("n", HANDLE, {"kind": "person", "name": name})]).split(b"\r\n")
    assert all(len(line) <= 75 and line.decode() is not None for line in lines)
    assert f"FN:{name}" in b"\r\n".join(lines).decode().replace("\r\n ", "").split("\r\n")


def test_no_value_of_a_card_begins_a_line_of_its_own() -> None:
    fields = {"kind": "organization", "names": {"en": "A\r\nB"}, "website": "https://a.example/\r\nTEL:1"}
    lines = cards_of([("n", HANDLE, fields)]).decode().split("\r\n")
    assert "FN;LANGUAGE=en:A\\nB" in lines and "URL:https://a.example/TEL:1" in lines


def test_rows_of_a_kind_that_nobody_knows_here_are_refused_when_a_table_is_read(tmp_path: Path) -> None:
    formats.write(tmp_path / "all.csv", [*ROWS, ("n", HANDLE + "4", {"kind": "ballot", "names": {"en": "x"}})])
    found = formats.read(tmp_path / "all.csv")
    assert len(found.entries) == 3
    assert [(error.column, error.found) for error in found.refused] == [("kind", "ballot")]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".ics", ".vcf"])
def test_no_control_character_that_a_peer_published_is_in_a_file(tmp_path: Path, suffix: str) -> None:
    tag = "en\r\nTEL:+1"
    hostile = "\x1b]0;title\x07 \x9b31m \x00 \x7f\r\nTEL:+1"
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("n", HANDLE + "1", {"kind": "organization", "names": {tag: hostile}, "languages": [tag]}),
        ("n", HANDLE + "2", {"kind": "event", "titles": {"en": hostile}, "start": "2026-05-12T10:00", "zone": "UTC"}),
    ]
    assert formats.write(tmp_path / f"hostile{suffix}", rows) == 2
    written = (tmp_path / f"hostile{suffix}").read_bytes()
    if suffix != ".xlsx":
        assert not {char for char in written.decode() if char < " " or "\x7f" <= char < "\xa0"} - set("\t\r\n")
    if suffix != ".csv":  # where a line end within a cell is quoted
        assert not [line for line in written.splitlines() if line.startswith(b"TEL:")]
