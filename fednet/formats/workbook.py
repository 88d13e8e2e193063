"""XLSX workbooks (ECMA-376) that cost no more than a large table does, whatever they were made to cost.

A workbook is an archive of XML. openpyxl keeps trees of it in memory and trusts what it reads; so all of it is read
once before, without keeping anything: how large it becomes, how deep, how many cells; and that nothing in it is
declared that expands. What passes takes at most some seconds and some hundred MiB.
"""

from __future__ import annotations

import io
import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from xml.parsers import expat

from fednet.formats.reading import MAX_ROWS, UnreadableFileError

MAX_COLUMNS = 256
"""Columns of a row that are read; what stands to the right of them is left out."""
MAX_SHEETS = 32
MAX_BYTES = 256 << 20
"""All parts together, unpacked."""
MAX_MEMBERS = 10_000
MAX_RATIO = 250
"""How much larger than packed a part of more than `RATIO_FROM` bytes may be. Tables reach 100, deflate can do 1,032."""
RATIO_FROM = 8 << 20
MAX_CELLS = 4_000_000
MAX_ROW_CELLS = 16_384
MAX_STRINGS = 2_000_000
MAX_ELEMENTS = 1_000_000
"""Of a part that is neither a sheet nor the table of strings."""
MAX_DEPTH = 64
MAX_GAP = 1 << 20
"""Bytes without an element: Excel allows 32,767 characters in a cell."""

_CHUNK = 256 << 10
_SMALLER = "save only the sheet you need as .csv"
_AGAIN = "open it and save it again"


def worksheets(content: bytes) -> Iterator[tuple[str, Iterator[tuple[int, list[str]]]]]:
    """Title and rows (line from 1, text cells) of each visible sheet; raises UnreadableFileError for what is none."""
    _check(content)
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of drawings and validations, which do not concern us
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            for sheet in visible[:MAX_SHEETS]:
                yield sheet.title, _records(sheet)
    except UnreadableFileError:
        raise
    except Exception as error:  # openpyxl raises whatever the XML led it into; to us all of it is one thing
        raise UnreadableFileError("the workbook is damaged", hint=_AGAIN) from error


def _records(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    # In some exports the stated size of the sheet is wrong; the rows themselves tell.
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, max_row=MAX_ROWS * 2, values_only=True), 1):
        if cells.count(None) < len(cells):  # one cell far below gives a million empty rows
            yield line, ["" if cell is None else _text(cell) for cell in cells]


def _text(value: object) -> str:
    match value:
        case str():
            return "" if value.startswith("#") and value in _FORMULA_ERRORS else value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case datetime():
            return value.replace(microsecond=0).isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


_FORMULA_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})


# --- before it is opened ----------------------------------------------------------------------------------------------


DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
)
"""What `zipfile` raises for an archive that is damaged, encrypted, or packed in a way that it does not know."""


def _check(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_sizes(members)
            scan = _Scan()
            for member in members:
                with archive.open(member) as part:
                    scan.part(part)
    except DAMAGED as error:
        raise UnreadableFileError("the workbook is damaged", hint=_AGAIN) from error


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    swollen = any(one.file_size > max(RATIO_FROM, MAX_RATIO * one.compress_size) for one in members)
    if swollen or len(members) > MAX_MEMBERS or sum(one.file_size for one in members) > MAX_BYTES:
        raise UnreadableFileError("the workbook is too large when unpacked", hint=_SMALLER)


class _Scan:
    """Counts what is in the parts of one workbook."""

    def __init__(self) -> None:
        self._cells = 0
        self._strings = 0

    def part(self, part: Any) -> None:
        chunk = part.read(_CHUNK)
        if not chunk.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
            return  # a picture or the like
        self._elements = self._depth = self._row = self._at = 0
        self._root = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._begins
        self._parser.EndElementHandler = self._ends
        self._parser.StartDoctypeDeclHandler = self._declares
        try:
            while chunk:
                self._parser.Parse(chunk, False)
                if self._parser.CurrentByteIndex - self._at > MAX_GAP + _CHUNK:
                    self._too_large()
                chunk = part.read(_CHUNK)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise UnreadableFileError("the workbook is damaged", hint=_AGAIN) from error

    def _begins(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._root = self._root or name
        self._elements += 1
        self._depth += 1
        self._passed()
        if self._depth > MAX_DEPTH:
            self._too_large()
        if self._root == "worksheet":
            if name == "c":
                self._row += 1
                self._cells += 1
            elif name == "row":
                self._row = 0
                self._cells += 1
            if self._row > MAX_ROW_CELLS or self._cells > MAX_CELLS or self._elements > 8 * MAX_CELLS:
                self._too_large()
        elif self._root == "sst":
            self._strings += name == "si"
            if self._strings > MAX_STRINGS or self._elements > 8 * MAX_STRINGS:
                self._too_large()
        elif self._elements > MAX_ELEMENTS:
            self._too_large()

    def _ends(self, _name: str) -> None:
        self._depth -= 1
        self._passed()

    def _passed(self) -> None:
        at = self._parser.CurrentByteIndex
        if at - self._at > MAX_GAP:
            self._too_large()
        self._at = at

    def _declares(self, *_: object) -> None:
        raise UnreadableFileError(
            "the workbook declares what no spreadsheet program would (a document type)", hint=_AGAIN
        )

    def _too_large(self) -> None:
        raise UnreadableFileError("the workbook is too large when unpacked", hint=_SMALLER)
