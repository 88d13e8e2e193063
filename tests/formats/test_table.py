from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError
from fednet.formats import table
from fednet.formats.reading import UnreadableFileError
from tests.formats.files import workbook


def cells(content: bytes, suffix: str = ".csv") -> list[list[str]]:
    return [row.cells for row in table.sheets(content, suffix, [])[0].rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encoding_is_recognised(encoding: str) -> None:
    text = "nom,sigle\nRéseau d’été,RÉ\n" + "Conseil,C\n" * 20
    assert cells(text.encode(encoding))[:2] == [["nom", "sigle"], ["Réseau d’été", "RÉ"]]


def test_reading_as_windows_1252_is_said() -> None:
    notes: list[str] = []
    table.sheets("nom\nété\n".encode("cp1252"), ".csv", notes)
    assert "Windows-1252" in notes[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_recognised_even_when_cells_hold_others(delimiter: str) -> None:
    rows = [["name", "services"], ["A", "x. y"], ["B", '"a, b; c | d"']]
    assert cells("\n".join(delimiter.join(row) for row in rows).encode())[2] == ["B", "a, b; c | d"]


def test_lines_count_from_the_file_though_cells_hold_line_ends_and_rows_are_empty() -> None:
    sheet = table.sheets(b'name,note\nA,"two\nlines"\n\n,,\nB,x\n', ".csv", [])[0]
    assert [(row.line, row.cells) for row in sheet.rows] == [
        (1, ["name", "note"]),
        (2, ["A", "two\nlines"]),
        (6, ["B", "x"]),
    ]


def test_excels_own_delimiter_line_is_obeyed() -> None:
    assert cells(b"sep=|\nname|a;b;c\nA|1;2;3\n") == [["name", "a;b;c"], ["A", "1;2;3"]]


def test_non_breaking_and_zero_width_spaces_are_ordinary_or_gone() -> None:
    assert cells("name,x\n\u00a0Élément\u00a0,a\u200bb\u00a0 c\n".encode())[1] == ["Élément", "ab  c"]


def test_a_quotation_mark_never_closed_does_not_swallow_the_file() -> None:
    notes: list[str] = []
    sheet = table.sheets(b'name,x\n"A,1\n' + b"B,2\n" * 60_000, ".csv", notes)[0]
    assert len(sheet.rows) == 60_002
    assert "quotation mark" in notes[0]


def test_a_cell_too_long_costs_its_row_only() -> None:
    long = "x" * (table.MAX_CELL_CHARACTERS + 1)
    sheet = table.sheets(f"name,x\nA,{long}\nB,1\n".encode(), ".csv", [])[0]
    assert sheet.too_long == [2]
    assert sheet.rows[-1].cells == ["B", "1"]


def test_workbook_cells_are_text_with_iso_dates_and_whole_numbers() -> None:
    from datetime import datetime

    content = workbook(
        Members=[["name", "since", "n"], ["A", datetime(2026, 5, 31), 17.0], ["B", datetime(2026, 5, 31, 9, 30), 1.5]]
    )
    assert cells(content, ".xlsx")[1:] == [["A", "2026-05-31", "17"], ["B", "2026-05-31T09:30:00", "1.5"]]


def test_a_workbook_that_unpacks_too_large_is_refused_before_it_is_opened() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as member,
    ):
        for _ in range(260):
            member.write(b"\0" * (1 << 20))
    with pytest.raises(UnreadableFileError, match="too large"):
        table.sheets(out.getvalue(), ".xlsx", [])


def test_an_old_workbook_says_what_to_do() -> None:
    with pytest.raises(UnreadableFileError) as refusal:
        table.sheets(b"\xd0\xcf\x11\xe0" + b"\0" * 600, ".csv", [])
    assert "xlsx" in (refusal.value.hint or "")


@given(st.binary(max_size=300), st.sampled_from([".csv", ".tsv", ".xlsx"]))
def test_no_bytes_raise_anything_but_a_refusal(content: bytes, suffix: str) -> None:
    for beginning in (b"", b"PK\x03\x04", b"sep=", b"\xff\xfe"):
        with contextlib.suppress(FednetError):
            table.sheets(beginning + content, suffix, [])
