from __future__ import annotations

from pathlib import Path

import pytest

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


SPREADSHEET = """Type,What,Organisation,Themes,For whom,Kind of exchange,Countries,Languages,Until
Need,Trainer in mediation,Harbour House,Training,Refugees; asylum seekers,Training,Thailand,"English, Thai",31/03/2027
We offer,Two placements,HH,"Legal aid, detention",Unaccompanied minors,Internship,Canada,French,June 2027
Funding,Participation fund,Somebody Else,,Youth,Conference,,,2027
,Something,,,,,,,
Need,,Harbour House,,,,,,
Hope,Other,,Telepathy,,,,,
"""


def test_a_secretariats_own_spreadsheet_of_needs_and_offers_is_understood_as_it_is(tmp_path: Path) -> None:
    found = reading(tmp_path, SPREADSHEET)
    assert {column.field for column in found.seen} == {
        "type", "titles", "organization", "themes", "client_groups", "modality", "countries", "languages", "open_until",
    }  # fmt: skip
    need, offer, funding = [entry.fields for entry in found.entries]
    assert (need["type"], offer["type"], funding["type"]) == ("need", "offer", "funding")
    assert (need["client_groups"], need["languages"]) == (["refugees", "asylum-seekers"], ["en", "th"])
    assert (offer["themes"], offer["modality"]) == (["legal-aid", "detention"], "placement")
    assert [one["open_until"] for one in (need, offer, funding)] == ["2027-03-31", "2027-06-30", "2027-12-31"]


def test_a_french_list_with_amounts_is_understood_and_what_has_no_field_is_told_in_the_description(
    tmp_path: Path,
) -> None:
    row = "financement,Fonds de voyage,logement,réfugiés,fin mars 2027,5 000 $"
    table = f"Type,Titre,Thématiques,Public,Échéance,Montant\n{row}\n"
    [fund] = [entry.fields for entry in reading(tmp_path, table).entries]
    assert (fund["themes"], fund["client_groups"]) == (["housing"], ["refugees"])
    assert (fund["open_until"], fund["description"]) == ("2027-03-31", {"fr": "Montant: 5 000 $"})


def test_rows_that_say_nothing_of_what_they_are_are_refused_once_and_in_plain_words(tmp_path: Path) -> None:
    told = {(one.line, one.column, one.found, one.reason) for one in reading(tmp_path, SPREADSHEET).refused}
    assert told == {
        (5, "Type", "", "the row says neither need nor offer nor funding"),
        (6, "What", "", "the row gives no name to this exchange"),
        (7, "Type", "Hope", "is no exchange type we know"),
        (7, "Themes", "Telepathy", "is no theme we know"),
    }


def test_a_table_of_needs_alone_needs_no_column_that_says_so(tmp_path: Path) -> None:
    found = reading(tmp_path, "Organisation,Needs,Deadline\nHarbour House,A van,05/2027\n")
    assert [(one.fields["kind"], one.fields["type"]) for one in found.entries] == [("exchange", "need")]
    assert found.entries[0].fields["open_until"] == "2027-05-31"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Besoin ou offre;Quoi;Organisme;Thèmes;Pour qui;Type d'échange;Où;Langues;Jusqu'au",
         "Nous cherchons;Formation en médiation;HH;Formation;Réfugiés;Formation;Thaïlande;anglais;31 mars 2027"),
        ("Tipo;Qué;Organización;Temas;Para quién;Tipo de intercambio;Países;Idiomas;Hasta",
         "Buscamos;Formación en mediación;HH;Formación;Refugiados;Formación;Tailandia;inglés;31/03/2027"),
        ("النوع;ماذا;المنظمة;المواضيع;لمن;نوع التبادل;البلدان;اللغات;حتى",
         "احتياج;مدرب في الوساطة;HH;التدريب;اللاجئون;تدريب;تايلاند;الإنجليزية;2027-03-31"),
    ],
)  # fmt: skip
def test_it_is_understood_in_each_of_our_languages(tmp_path: Path, header: str, row: str) -> None:
    (entry,) = reading(tmp_path, f"{header}\n{row}\n").entries
    known = {name: found for name, found in entry.fields.items() if name not in ("titles", "original")}
    assert known == {
        "kind": "exchange",
        "type": "need",
        "organization": {"source": "hh", "name": "HH"},
        "themes": ["training"],
        "client_groups": ["refugees"],
        "modality": "training",
        "countries": ["TH"],
        "languages": ["en"],
        "open_until": "2027-03-31",
    }
