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
from typing import NamedTuple

import msgspec

from fednet.formats.reading import MAX_CELL_CHARACTERS, MAX_ROWS, UnreadableFileError
from fednet.formats.workbook import MAX_COLUMNS, worksheets

MAX_LINE = 8 << 20
"""Characters in one line of a CSV file: 256 columns of the longest cells."""
_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 60
_OURS = re.compile("kind([,;\t|])network\\1handle\\1")
"""How a file begins that `export` wrote, as spreadsheets save it again: no text in it is taken for its delimiter."""

_ODD_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200b\u2060\ufeff]")


class Row(NamedTuple):
    line: int
    cells: list[str]


class Sheet(msgspec.Struct, frozen=True):
    """Rows with something in them. `too_long` are lines left out because a cell was longer than the limit.

    `notes`: what was repaired, in words; `raw`: cells as they were written, by line and column (from 0), where that is
    worth showing.
    """

    name: str
    rows: list[Row]
    too_long: list[int]
    notes: list[str] = []
    raw: dict[tuple[int, int], str] = {}


def sheets(content: bytes, suffix: str, notes: list[str]) -> list[Sheet]:
    """The sheets of a file: one for CSV. What had to be guessed is added to `notes`."""
    if content.startswith(b"PK\x03\x04"):
        return [_sheet(title, records) for title, records in worksheets(content)]
    if suffix in {".xlsx", ".xlsm"}:
        raise UnreadableFileError("this is not an XLSX workbook", hint="save it again as .xlsx or .csv")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFileError("this is an old XLS workbook", hint="open it and save it as .xlsx or .csv")
    return [_text_table(decoded(content, notes), suffix, notes)]


def decoded(content: bytes, notes: list[str]) -> str:
    """Text of unknown encoding: a byte order mark decides, else UTF-8, else UTF-16 by its zeros, else Windows-1252."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace").removeprefix("\ufeff")
    sample = content[:4096]
    if (zeros := sample.count(0)) * 4 > len(sample):  # every other byte of Western text in UTF-16
        return content.decode("utf-16-le" if sample[1::2].count(0) * 2 > zeros else "utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        notes.append("the file is not UTF-8; it was read as Windows-1252 (Western European)")
        return content.decode("cp1252", "replace")


def cleaned(text: str) -> str:
    """One cell as people mean it: no control or zero-width-space characters, ordinary spaces, NFC, trimmed."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", _ODD_SPACES.sub(" ", text))).strip()


def _text_table(text: str, suffix: str, notes: list[str]) -> Sheet:
    skipped = 0
    if text[:4].lower() == "sep=" and len(text) > 5:  # Excel's own way to name the delimiter
        delimiter, text, skipped = text[4], text[text.find("\n") + 1 :], 1
    else:
        ours = _OURS.match(text)
        delimiter = ours[1] if ours else "\t" if suffix == ".tsv" else _delimiter(text)
    try:
        return _sheet("", _records(text, delimiter, skipped))
    except csv.Error:
        notes.append("a quotation mark is never closed; quotation marks were read as ordinary characters")
        plain = ((n, line.split(delimiter)) for n, line in enumerate(text.splitlines(), 1 + skipped))
        return _sheet("", plain)


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


def _sheet(name: str, records: Iterable[tuple[int, Iterable[str]]]) -> Sheet:
    rows: list[Row] = []
    too_long: list[int] = []
    for line, raw in records:
        cells = [cleaned(cell) for cell in raw][:MAX_COLUMNS]
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
    return Sheet(name, rows, too_long)
