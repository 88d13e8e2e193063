from __future__ import annotations

from pathlib import Path

from fednet.formats import RowError
from tests.formats.files import organizations, reading

MEMBERS = """Nom;Sigle;Pays;Ville;Services offerts;Langues;Courriel
Maison du port;MDP;Canada;Montréal;aide juridique, hébergement;français, anglais;info@port.example
Foyer des rives;;Wakanda;Lyon;hébergement;français;
;X;Canada;;;;
"""


def test_a_list_of_members_becomes_organisations_with_their_seat(tmp_path: Path) -> None:
    found = reading(tmp_path, MEMBERS)
    assert organizations(found)[0] == {
        "kind": "organization",
        "names": {"fr": "Maison du port"},
        "original": "fr",
        "acronym": "MDP",
        "seat": {"country": "CA", "place": "Montréal"},
        "services": ["legal-aid", "housing"],
        "languages": ["fr", "en"],
    }


def test_a_wrong_value_is_refused_and_its_row_kept(tmp_path: Path) -> None:
    found = reading(tmp_path, MEMBERS)
    assert RowError(3, "Pays", "Wakanda", "is no country we know") in found.refused
    assert organizations(found)[1]["seat"] == {"place": "Lyon"}


def test_a_row_without_a_name_is_refused_and_the_others_kept(tmp_path: Path) -> None:
    found = reading(tmp_path, MEMBERS)
    assert RowError(4, "Nom", "", "the row names no organisation") in found.refused
    assert len(organizations(found)) == 2


def test_what_reaches_people_is_a_record_of_its_own(tmp_path: Path) -> None:
    found = reading(tmp_path, MEMBERS)
    contact = next(entry for entry in found.entries if entry.fields["kind"] == "contact")
    assert contact.source == "maison du port|CA#contact"
    assert contact.fields["organization"] == {"source": "maison du port|CA", "name": "Maison du port"}
    assert contact.fields["emails"] == ["info@port.example"]
    assert "info@port.example" not in str(organizations(found))


PRESENCE = """location_code,admin1_name,org_acronym,org_name,org_type_description,sector_code,sector_name
COD,Bas-Uele,HL,Harbour Lights,International NGO,HEA,Health
COD,Ituri,HL,HARBOUR LIGHTS,International NGO,NUT,Nutrition
TCD,Kanem,HL,Harbour Lights,International NGO,XYZ,Health
TCD,Kanem,RC,River Committee,National NGO,WSH,Water Sanitation Hygiene
"""


def test_rows_of_one_organisation_are_joined(tmp_path: Path) -> None:
    found = reading(tmp_path, PRESENCE)
    assert organizations(found)[0] == {
        "kind": "organization",
        "names": {"en": "Harbour Lights"},
        "original": "en",
        "acronym": "HL",
        "type": "international-ngo",
        "countries": ["CD", "TD"],
        "services": ["health", "nutrition"],
        "description": {"en": "Works in Bas-Uele, Ituri, Kanem"},
    }
    assert found.notes == ["4 rows became 2 organisations"]


def test_a_sector_code_is_not_refused_where_its_name_is_known(tmp_path: Path) -> None:
    assert reading(tmp_path, PRESENCE).refused == []


def test_reading_again_gives_the_same_keys_whatever_the_order_of_rows(tmp_path: Path) -> None:
    header, *rows = PRESENCE.splitlines()
    other = reading(tmp_path, "\n".join([header, *reversed(rows)]), "other.csv")
    assert {e.source for e in other.entries} == {e.source for e in reading(tmp_path, PRESENCE).entries}


def test_the_country_is_taken_from_place_codes(tmp_path: Path) -> None:
    rows = [f"TD{n:02},Santé,Comité du fleuve,ONG Nationale" for n in range(1, 6)]
    found = reading(tmp_path, "\n".join(["Title,Cluster,Organisation,TypeOrganisation", *rows]))
    assert organizations(found)[0]["countries"] == ["TD"]
    assert "place codes in column 'Title'" in found.notes[0]


def test_the_country_is_taken_from_the_name_of_the_file_last_and_that_is_said(tmp_path: Path) -> None:
    table = "Organisation,Province,Cluster\nComité,Kanem,Santé\nComité,Lac,Nutrition\n"
    found = reading(tmp_path, table, "who-what-where_south-sudan_2026.csv")
    assert organizations(found)[0]["countries"] == ["SS"]
    assert "South Sudan was taken from the name of the file" in found.notes[0]


def test_an_acronym_after_a_name_is_told_apart_from_it(tmp_path: Path) -> None:
    found = reading(tmp_path, "name,country\nHarbour Lights Council (HLC),Canada\nHouse (of the river),Canada\n")
    assert [(one["names"], one.get("acronym")) for one in organizations(found)] == [
        ({"en": "Harbour Lights Council"}, "HLC"),
        ({"en": "House (of the river)"}, None),
    ]


def test_two_members_of_one_name_in_two_countries_stay_two(tmp_path: Path) -> None:
    found = reading(tmp_path, "name,country\nHarbour House,Canada\nHarbour House,Thailand\n")
    assert [entry.source for entry in found.entries] == ["harbour house|CA", "harbour house|TH"]


def test_names_in_several_languages_are_one_organisation(tmp_path: Path) -> None:
    found = reading(tmp_path, "name:en,name:th,name\nHarbour House,บ้านท่าเรือ,\n,,ท่าเรือ\n")
    assert [one["names"] for one in organizations(found)] == [
        {"en": "Harbour House", "th": "บ้านท่าเรือ"},
        {"th": "ท่าเรือ"},
    ]


def test_row_numbers_are_no_identity_but_member_numbers_are(tmp_path: Path) -> None:
    found = reading(tmp_path, "id,name\n17,Harbour House\nCCR-0042,River House\n")
    assert [entry.source for entry in found.entries] == ["harbour house", "id:CCR-0042"]


def test_a_region_or_a_place_code_in_a_list_of_members_is_their_seat(tmp_path: Path) -> None:
    rows = "\n".join(f"House {n},Kanem,TD0{n}" for n in range(1, 5))
    found = reading(tmp_path, f"name,region,pcode\n{rows}\n")
    assert organizations(found)[0]["seat"] == {"country": "TD", "place": "Kanem"}


def test_several_contacts_in_several_rows_leave_the_seat_where_it_is(tmp_path: Path) -> None:
    table = "name,country,countries served,contact person,email\n"
    rows = [f"Harbour House,Canada,Thailand; Malaysia,Person {n},p{n}@house.example" for n in range(3)]
    found = reading(tmp_path, table + "\n".join(rows))
    assert organizations(found)[0]["seat"] == {"country": "CA"}
    assert organizations(found)[0]["countries"] == ["TH", "MY"]
    assert len(found.entries) == 4
