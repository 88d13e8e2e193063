from __future__ import annotations

import pytest

from fednet.errors import UsageError
from fednet.formats.columns import understood
from fednet.formats.table import Row, Sheet


def fields(*rows: list[str], kind: str | None = None, mapping: dict[str, str] | None = None) -> dict[str, str]:
    sheet = Sheet("", [Row(n, row) for n, row in enumerate(rows, 1)], [])
    return {c.header: f"{c.field}:{c.language}".rstrip(":") for c in understood(sheet, kind, mapping or {}).columns}


@pytest.mark.parametrize(
    "headers",
    [
        ["name", "acronym", "country", "website", "email", "services"],
        ["Nom de l'organisation", "Sigle", "Pays", "Site Web", "Courriel", "Services offerts"],
        ["NOMBRE", "Siglas", "País", "Sitio web", "Correo electrónico", "Servicios"],
        ["Nome", "Sigla", "País", "Site", "E-mail", "Serviços"],
        ["اسم المنظمة", "الاختصار", "البلد", "الموقع الإلكتروني", "البريد الإلكتروني", "الخدمات"],
    ],
)
def test_headers_are_understood_in_five_languages(headers: list[str]) -> None:
    expected = ["names", "acronym", "seat.country", "website", "contact.emails", "services"]
    assert list(fields(headers, ["A"]).values()) == expected


@pytest.mark.parametrize("header", ["name:fr", "name_fr", "nom (fr)", "Name [fr]", "Name (French)"])
def test_a_header_may_name_the_language_of_its_texts(header: str) -> None:
    assert fields([header, "acronym"], ["A"])[header] == "names:fr"


def test_camel_case_is_cut_into_words() -> None:
    assert fields(["partnerName", "TypeOrganisation"], ["A"]) == {"partnerName": "names", "TypeOrganisation": "type"}


def test_titles_above_the_header_are_skipped() -> None:
    rows = [["Members of the network, 2026"], ["as of May"], ["name", "country"], ["A", "Canada"]]
    assert fields(*rows) == {"name": "names", "country": "seat.country"}


def test_hxl_tags_tell_what_unknown_headers_mean() -> None:
    rows = [["Colonne 1", "Colonne 2", "Colonne 3"], ["#org", "#org+acronym", "#sector"], ["A", "B", "Santé"]]
    assert list(fields(*rows).values()) == ["names", "acronym", "services"]


def test_hxl_tags_above_the_header_count_too() -> None:
    rows = [["#org", "#country"], ["Organisation", "Where"], ["A", "Chad"]]
    assert fields(*rows) == {"Organisation": "names", "Where": "countries"}


def test_hxl_tags_alone_are_a_header() -> None:
    assert fields(["#org", "#adm1+name"], ["A", "Kanem"]) == {"#org": "names", "#adm1+name": "area"}


def test_place_codes_are_recognised_whatever_their_column_is_called() -> None:
    rows = [["Organisation", "Title"], *([f"O{n}", f"TD{n:02}"] for n in range(5))]
    assert fields(*rows)["Title"] == "area_code"


def test_mapping_overrules_the_guess() -> None:
    found = fields(["name", "Full title"], ["a", "b"], mapping={"Full title": "names:en", "name": "acronym"})
    assert found == {"name": "acronym", "Full title": "names:en"}


def test_mapping_of_an_unknown_column_names_the_columns() -> None:
    with pytest.raises(UsageError) as refusal:
        fields(["name", "pays"], ["a", "b"], mapping={"nam": "names"})
    assert "name, pays" in (refusal.value.hint or "")


def test_mapping_to_an_unknown_field_names_the_fields() -> None:
    with pytest.raises(UsageError) as refusal:
        fields(["name"], ["a"], mapping={"name": "nme"})
    assert "names" in (refusal.value.hint or "")


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (["title", "start", "end", "zone"], "event"),
        (["first name", "last name", "role", "organisation"], "person"),
        (["organisation", "country", "services"], "organization"),
        (["type", "title", "open until", "modality"], "exchange"),
    ],
)
def test_the_kind_of_record_is_guessed(headers: list[str], kind: str) -> None:
    sheet = Sheet("", [Row(1, headers), Row(2, ["x"] * len(headers))], [])
    assert understood(sheet, None, {}).kind == kind


def test_of_two_columns_for_one_value_the_one_with_the_fields_name_counts() -> None:
    assert fields(["organisation", "names", "name:fr"], ["a", "b", "c"]) == {"names": "names", "name:fr": "names:fr"}


def test_mapping_a_translation_leaves_the_original_alone() -> None:
    found = fields(["name", "in French"], ["a", "b"], mapping={"in French": "names:fr"})
    assert found == {"name": "names", "in French": "names:fr"}
