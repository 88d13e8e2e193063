from __future__ import annotations

from pathlib import Path

from tests.formats.files import reading


def test_date_time_and_zone_of_an_event_are_brought_together(tmp_path: Path) -> None:
    header = "title,date,time,end time,zone"
    row = 'Online seminar on detention,"Wednesday, March 22, 2017",10am,11:30am,America/New_York'
    found = reading(tmp_path, f"{header}\n{row}\n")
    assert found.entries[0].fields == {
        "kind": "event",
        "titles": {"en": "Online seminar on detention"},
        "original": "en",
        "type": "webinar",
        "start": "2017-03-22T10:00",
        "end": "2017-03-22T11:30",
        "zone": "America/New_York",
    }


def test_a_time_without_a_zone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    found = reading(tmp_path, "title,start\nCaucus,2026-05-31 14:00\nForum,2026-06-01\n")
    assert [entry.fields["start"] for entry in found.entries] == ["2026-06-01"]
    assert "add a column" in found.refused[0].reason


def test_the_last_day_in_a_table_is_part_of_the_event(tmp_path: Path) -> None:
    found = reading(tmp_path, "title,start,end\nConsultation,2026-11-12,2026-11-14\n")
    assert found.entries[0].fields["end"] == "2026-11-15"


def test_a_time_with_an_offset_becomes_utc(tmp_path: Path) -> None:
    found = reading(tmp_path, "title,start\nCaucus,2026-05-31T14:00:00+07:00\nForum,2026-05-31T14:00Z\n")
    assert [(e.fields["start"], e.fields["zone"]) for e in found.entries] == [
        ("2026-05-31T07:00", "UTC"),
        ("2026-05-31T14:00", "UTC"),
    ]


def test_an_end_before_the_start_costs_only_the_end(tmp_path: Path) -> None:
    found = reading(tmp_path, "title,start,end\nConsultation,2026-11-12,2026-11-02\n")
    assert "end" not in found.entries[0].fields
    assert found.refused[0].column == "end"


def test_a_person_keeps_the_organisation_as_a_reference(tmp_path: Path) -> None:
    table = "first name,last name,role,organisation,email\nAda,Example,Chair,Harbour House,ada@house.example\n"
    person, contact = reading(tmp_path, table).entries
    assert person.fields["name"] == "Ada Example"
    assert person.fields["organization"] == {"source": "harbour house", "name": "Harbour House"}
    assert contact.fields["kind"] == "contact"
    assert contact.fields["person"] == "Ada Example"


def test_needs_and_offers_are_read(tmp_path: Path) -> None:
    table = "type,title,open until,country\nneed,Interpreters wanted,2026-12-31,Thailand\nhope,Other,2026-12-31,\n"
    found = reading(tmp_path, table)
    assert [entry.fields["type"] for entry in found.entries] == ["need"]
    assert {error.line for error in found.refused} == {3}
