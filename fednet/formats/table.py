"""Cells out of CSV and XLSX, whatever a spreadsheet program or an export made of them.

Bytes in, sheets of text cells out: nothing here knows what a column means. Every cell is NFC text with ordinary
spaces, without space around it; dates come as ISO 8601, whole numbers without a fraction. Lines count from 1 as the
program that opens the file shows them.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from fednet.formats.encodings import decoded
from fednet.formats.reading import MAX_CELL_CHARACTERS, MAX_ROWS, UnreadableFileError
from fednet.formats.workbook import MAX_COLUMNS, worksheets

MAX_LINE = 8 << 20
"""Characters in one line of a CSV file: 256 columns of the longest cells."""
_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 60
_OURS = re.compile("(?:kind(?=(?P<cut>[,;\t|])network(?P=cut)handle)|why refused(?=[,;\t|]line[,;\t|]))([,;\t|])")
"""How a file begins that `export` or `--refused-to` wrote, as spreadsheets save it again: no text in it is taken for
its delimiter."""

_ODD_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they can make a text read as another
_INVISIBLE = re.compile(f"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200b\u2060\ufeff{_DIRECTIONS}]")
_ODD = re.compile(f"[\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff{_DIRECTIONS}]")
_LOST = "\ufffd"


class Row(NamedTuple):
    line: int
    cells: list[str]


class Sheet(msgspec.Struct, frozen=True):
    """Rows with something in them. `too_long` are lines left out because a cell was longer than the limit.

    `notes`: what was repaired, in words; `raw`: cells as they were written, by line and column (from 0), where that is
    worth showing. `delimiter`: between the cells of a text file.
    """

    name: str
    rows: list[Row]
    too_long: list[int]
    notes: list[str] = []
    raw: dict[tuple[int, int], str] = {}
    delimiter: str = ""


def sheets(content: bytes, suffix: str, notes: list[str]) -> list[Sheet]:
    """The sheets of a file: one for CSV. What had to be guessed is added to `notes`."""
    if content.startswith(b"PK\x03\x04"):
        if suffix not in {".xlsx", ".xlsm"} and b"[Content_Types].xml" not in content:
            raise UnreadableFileError(
                "this archive is no XLSX workbook", hint="unpack it, or save the table in it as .xlsx or .csv"
            )
        return [_sheet(title, records) for title, records in worksheets(content)]
    if suffix in {".xlsx", ".xlsm"}:
        raise UnreadableFileError("this is not an XLSX workbook", hint="save it again as .xlsx or .csv")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFileError("this is an old XLS workbook", hint="open it and save it as .xlsx or .csv")
    return [_text_table(decoded(content, notes), suffix, notes)]


def cleaned(text: str) -> str:
    """One cell as people mean it: no control, direction or zero-width-space characters, ordinary spaces, NFC, trimmed.

    The zero-width joiners stay: Persian and Burmese are spelt with them.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", _ODD_SPACES.sub(" ", text))).strip()


def _text_table(text: str, suffix: str, notes: list[str]) -> Sheet:
    skipped = 0
    if text[:4].lower() == "sep=" and len(text) > 5:  # Excel's own way to name the delimiter
        delimiter, text, skipped = text[4], text[text.find("\n") + 1 :], 1
    else:
        ours = _OURS.match(text)
        delimiter = ours[2] if ours else "\t" if suffix == ".tsv" else _delimiter(text)
    try:
        sheet = _sheet("", _records(text, delimiter, skipped))
    except csv.Error:
        notes.append("a quotation mark is never closed; quotation marks were read as ordinary characters")
        plain = ((n, line.split(delimiter)) for n, line in enumerate(text.splitlines(), 1 + skipped))
        sheet = _sheet("", plain)
    return msgspec.structs.replace(sheet, delimiter=delimiter)


def _records(text: str, delimiter: str, skipped: int = 0) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_lines(text), delimiter=delimiter)
    line = 1
    for cells in reader:
        yield line + skipped, cells
        line = reader.line_num + 1


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, as `csv` wants them."""
    for number, found in enumerate(_LINE.finditer(text), 1):
        if found.end() - found.start() > MAX_LINE:
            raise UnreadableFileError(f"line {number} has more than {MAX_LINE:,} characters", hint="is it a table?")
        yield found[0]


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first rows into the same number (> 1) of cells."""
    sample = text[: 256 << 10]

    def score(delimiter: str) -> tuple[int, int]:
        widths: Counter[int] = Counter()
        try:
            for number, (_, cells) in enumerate(_records(sample, delimiter)):
                if number == _SNIFFED_ROWS:
                    break
                widths[len(cells)] += 1
        except csv.Error:
            return (0, 0)
        widths.pop(0, None)
        width, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
        return (rows, width) if width > 1 else (0, 0)

    return max(_DELIMITERS, key=score)


class _Odd:
    """Characters that a person does not see in a file, and ought to be told of."""

    def __init__(self) -> None:
        self._unseen: list[int] = []
        self._lost: list[int] = []

    def look(self, line: int, cells: list[str]) -> None:
        row = "\t".join(cells)
        if not row.isascii():
            self._unseen += [line] * bool(_ODD.search(row))
            self._lost += [line] * (_LOST in row)

    @property
    def notes(self) -> list[str]:
        found = []
        if self._unseen:
            rows, line = len(self._unseen), self._unseen[0]
            found.append(
                f"{rows} rows held non-breaking spaces, direction marks or other characters that nobody sees: "
                f"they were taken out (first in line {line})"
            )
        if self._lost:
            rows, line = len(self._lost), self._lost[0]
            found.append(
                f"in {rows} rows letters were lost before this file was written, and \ufffd stands for them "
                f"(first in line {line})"
            )
        return found


def _sheet(name: str, records: Iterable[tuple[int, Iterable[str]]]) -> Sheet:
    rows: list[Row] = []
    too_long: list[int] = []
    odd = _Odd()
    for line, written in records:
        raw = list(islice(written, MAX_COLUMNS))
        odd.look(line, raw)
        cells = [cleaned(cell) for cell in raw]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if len(rows) == MAX_ROWS:
            raise UnreadableFileError(f"more than {MAX_ROWS:,} rows", hint="split the file and import its parts")
        if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
            too_long.append(line)
        else:
            rows.append(Row(line, cells))
    return Sheet(name, rows, too_long, odd.notes)
