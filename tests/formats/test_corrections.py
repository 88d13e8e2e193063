"""Rows that were refused go out to be corrected, and land as if they had been right at first."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet import formats
from fednet.errors import UsageError
from fednet.formats.corrections import WHY, corrected
from fednet.formats.reading import Entry, Reading, RowError, Told, key
from tests.formats.files import workbook

MEMBERS = (
    "Nom,Pays,Services\n"
    "Maison Aster,Thaïlande,aide juridique\n"
    "Clinique Bouleau,Wakanda,santé\n"
    ",Tchad,santé\n"
    "Réseau Cèdre,Tchad,helth\n"
)


def read(content: bytes | str, name: str = "membres.csv", told: Told | None = None) -> Reading:
    return formats.read_file(name, content if isinstance(content, bytes) else content.encode(), told or Told())


def refused_file(reading: Reading, suffix: str = ".csv") -> bytes:
    content = corrected(reading.rows, reading.refused, reading.entries, suffix)
    assert content is not None
    return content


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def written(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def by_key(reading: Reading) -> dict[str, dict[str, object]]:
    return {key(entry): entry.fields for entry in reading.entries}


def test_the_file_holds_the_refused_rows_with_the_reason_and_their_line() -> None:
    table = cells(refused_file(read(MEMBERS)))
    assert table[0][:-1] == [WHY, "line", "Nom", "Pays", "Services"]
    assert [row[1] for row in table[1:]] == ["3", "4", "5"]
    assert table[1][0] == "Pays: Wakanda is no country we know"
    assert table[2][0] == "Nom: the row names no organisation"
    assert table[3][0] == "Services: helth is no service we know; did you mean “Health”?"


def test_nothing_is_written_when_nothing_was_refused() -> None:
    reading = read("Nom,Pays\nMaison Aster,Tchad\n")
    assert corrected(reading.rows, reading.refused, reading.entries, ".csv") is None


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_corrected_rows_land_as_if_they_had_been_right_at_first(suffix: str, tmp_path: Path) -> None:
    content = refused_file(read(MEMBERS), suffix)
    if suffix == ".xlsx":
        import openpyxl

        book = openpyxl.load_workbook(io.BytesIO(content))
        table = [["" if cell is None else str(cell) for cell in row] for row in book.worksheets[0].values]
    else:
        table = cells(content)
    table[1][3], table[2][2], table[3][4] = "Ghana", "Clinique du Lac", "santé"
    sent = workbook(fednet=table) if suffix == ".xlsx" else written(table)  # type: ignore[arg-type]
    again = read(sent, f"refused{suffix}")
    right = MEMBERS.replace("Wakanda", "Ghana").replace("\n,", "\nClinique du Lac,").replace("helth\n", "santé\n")
    whole = by_key(read(right))
    assert again.refused == []
    assert by_key(again) == {name: whole[name] for name in list(whole)[1:]}
    assert (again.partial, list(again.named)) == (True, ["membres"])


def test_what_a_person_said_of_columns_is_said_for_the_corrected_rows_too() -> None:
    told = Told("organization", {"zzz": "acronym", "=x": "description:fr"})
    first = read("name,country,zzz,=x\nAster House,Wakanda,AH,bonjour\n", "odd.csv", told)
    table = cells(refused_file(first))
    assert table[0][5] == "'=x"  # no spreadsheet computes it
    table[1][3] = "Chad"
    fields = next(iter(by_key(read(written(table), "corrected.csv")).values()))
    assert fields["acronym"] == "AH" and fields["description"] == {"fr": "bonjour"}


def test_all_rows_of_an_organisation_come_along_and_it_is_still_a_table_of_presence() -> None:
    rows = "".join(f"Aster House,Chad,{area},health\n" for area in ("Kanem", "Lac", "Guera"))
    first = read(
        f"org,country,admin1,sector\n{rows}Birch,Chad,Lac,health\nBirch,Chad,Batha,hea lth xx\n", "presence.csv"
    )
    assert [refusal.line for refusal in first.refused] == [6]
    table = cells(refused_file(first))
    assert [row[1] for row in table[1:]] == ["5", "6"]
    table[2][5] = "shelter"
    again = by_key(read(written(table), "x.csv"))
    assert again["organization:birch"]["services"] == ["health", "shelter"]
    assert again["organization:birch"]["description"] == {"en": "Works in Lac, Batha"}
    assert "seat" not in again["organization:birch"]


def test_a_date_that_only_other_rows_explain_stays_explained() -> None:
    events = "title,date,zone,type\nA,25/03/2027,Asia/Bangkok,webinar\nB,4/3/2027,,teleparty\n"
    first = read(events, "events.csv")
    table = cells(refused_file(first))
    table[1][-2] = "webinar"
    assert by_key(read(written(table), "x.csv"))["event:b|2027-03-04"]["start"] == "2027-03-04"


def test_tags_under_the_header_come_along() -> None:
    first = read("Colonne 1,Colonne 2\n#org,#country\nA,Chad\nB,Wakanda\n")
    table = cells(refused_file(first))
    assert table[1] == ["", "", "#org", "#country", ""]
    table[2][3] = "Chad"
    assert by_key(read(written(table), "x.csv"))["organization:b"]["countries"] == ["TD"]


def test_a_changed_context_makes_it_a_new_file_and_that_is_said() -> None:
    table = cells(refused_file(read(MEMBERS)))
    table[0][-1] = 'fednet {"source": 3}'
    again = read(written(table), "changed.csv")
    assert (again.partial, list(again.named)) == (False, ["changed"])
    assert any("read as a new file" in note for note in again.notes)


def test_the_column_that_says_from_where_the_rows_are_may_be_deleted() -> None:
    again = read(written([row[:-1] for row in cells(refused_file(read(MEMBERS)))]), "cut.csv")
    assert (again.partial, list(again.named)) == (False, ["cut"])
    assert [one.header for one in again.seen] == ["Nom", "Pays", "Services"]
    assert any("read as a new file" in note for note in again.notes)


@pytest.mark.parametrize(("given", "expected"), [(";", ";"), (",", ","), ("\t", ",")])
def test_the_delimiter_is_that_of_the_spreadsheet_that_wrote_the_file(given: str, expected: str) -> None:
    first = read("Nom,Pays,Services\nMaison Aster,Wakanda,santé\n".replace(",", given))
    content = refused_file(first)
    assert content.decode("utf-8-sig").startswith(f"{WHY}{expected}line{expected}Nom{expected}")
    assert [told(one) for one in read(content, "x.csv").refused] == [told(one) for one in first.refused]


def test_a_workbook_to_correct_has_columns_wide_enough_and_no_apostrophes() -> None:
    import openpyxl

    content = refused_file(read("Name,Country,Phone\nAster House,Wakanda,+49 30 555\n=1+1,Wakanda,\n"), ".xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    phone, formula = sheet["E2"], sheet["C3"]
    assert (phone.value, formula.value, formula.data_type) == ("+49 30 555", "=1+1", "s")
    assert 30 < sheet.column_dimensions["A"].width <= 60 and sheet.column_dimensions["C"].width > 10
    assert sheet.column_dimensions["F"].width == 10
    assert len(read(content, "refused.xlsx").refused) == 2


def test_rows_of_several_files_are_not_written_into_one() -> None:
    both = formats.joined([read(MEMBERS, "one.csv"), read(MEMBERS, "two members.csv")])
    with pytest.raises(UsageError, match="several files"):
        corrected(both.rows, both.refused, both.entries, ".csv")
    with pytest.raises(UsageError, match="format"):
        corrected(both.rows, both.refused, both.entries, ".pdf")


names = st.text(st.sampled_from("abc =+@'é ိ"), max_size=4)
countries = st.sampled_from(["Chad", "Ghana", "Wakanda", "Atlantis", ""])
services = st.lists(st.sampled_from(["health", "shelter", "nonsense"]), max_size=2).map("; ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, countries, services), min_size=1, max_size=6))
def test_a_file_that_comes_back_as_it_was_says_the_same_again(rows: list[tuple[str, str, str]]) -> None:
    """The same refusals, and the same records of the rows in it as at first."""
    first = read(written([["name", "country", "services"], *map(list, rows)]), "list.csv")
    content = corrected(first.rows, first.refused, first.entries, ".csv")
    if content is None:
        assert not any(refusal.line for refusal in first.refused)
        return
    again = read(content, "refused.csv")
    assert [told(refusal) for refusal in again.refused] == [told(refusal) for refusal in first.refused]
    whole = by_key(first)
    assert {name: whole.get(name) for name in by_key(again)} == by_key(again)


def told(refusal: RowError) -> tuple[str, str, str]:
    return refusal.column, refusal.found, refusal.reason


def test_lines_of_an_entry_are_all_of_which_it_was_made() -> None:
    found = read("org,country,admin1\nA,Chad,Lac\nB,Chad,Lac\nA,Chad,Batha\n")
    assert {entry.source: entry.lines for entry in found.entries} == {"a": (2, 4), "b": (3,)}
    assert Entry("x", {"kind": "organization"}).lines == ()
