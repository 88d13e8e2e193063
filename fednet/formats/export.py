"""Records out to files, by suffix: CSV and XLSX to work on in a spreadsheet and import again, JSON lines for programs,
JSON-LD for search engines, iCalendar and vCard for calendars and address books.

A table reads back without change (`exported` says how). A cell that a spreadsheet would take for a formula gets an
apostrophe before it; the import takes it off again.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from fednet.formats import writing
from fednet.formats.calendar_writer import UNDATED, calendar_of
from fednet.formats.columns import FIELDS
from fednet.formats.exported import LEADING, MAX_COLUMNS, defused, extra_header, flat, in_extra
from fednet.formats.linked import document
from fednet.formats.reading import unknown_choice
from fednet.formats.vcard import cards_of
from fednet.formats.writing import Circles, Exported

MAX_XLSX_CELL = 32_767
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 (2.2, Char) cannot hold: one of them makes a workbook unreadable."""


def write(
    path: Path,
    rows: Iterable[Exported],
    *,
    now: datetime = UNDATED,
    circles: Circles | None = None,
    save: Callable[[Path, bytes], object] = Path.write_bytes,
) -> int:
    """Write (network, handle, fields) of records to a new file in the format of its suffix; the number of rows given.

    Calendars take events only, address books organisations, contacts, persons and groups. Raises UsageError for a
    suffix we do not write. `now` is when the file is made, for formats that state it; `circles` says who may read a
    record, for tables and JSON lines; `save` is called once all rows were read.
    """
    known = circles if circles is not None else {}
    formats: dict[str, Callable[[list[Exported]], bytes]] = {
        ".csv": lambda listed: as_csv(listed, known),
        ".xlsx": lambda listed: as_xlsx(listed, known),
        ".jsonl": lambda listed: as_json_lines(listed, known),
        ".jsonld": lambda listed: msgspec.json.encode(document(listed)),
        ".ics": lambda listed: calendar_of(without_controls(listed), now=now),
        ".vcf": lambda listed: cards_of(without_controls(listed)),
    }
    suffix = path.suffix.lower()
    if suffix not in formats:
        raise unknown_choice("format", suffix or path.name, list(formats))
    listed = list(rows)
    save(path, formats[suffix](listed))
    return len(listed)


def without_controls(rows: Iterable[Exported]) -> list[Exported]:
    """The rows without control characters but tab and line end, for formats that have no escapes for them."""
    return [(network, handle, writing.without_controls(fields)) for network, handle, fields in rows]


def as_json_lines(rows: list[Exported], circles: Circles | None = None) -> bytes:
    """One object a line: the body with `handle`, `network` and `circle`, which no field of it overrules."""
    told = (fields | _told(network, handle, circles) for network, handle, fields in rows)
    lines = (msgspec.json.encode(one, order="sorted") for one in told)
    return b"".join(line + b"\n" for line in lines)


def _told(network: str, handle: str, circles: Circles | None) -> dict[str, str]:
    circle = (circles or {}).get((network, handle))
    return {"network": network, "handle": handle} | ({"circle": circle} if circle else {})


def as_csv(rows: list[Exported], circles: Circles | None = None) -> bytes:
    """One column a field, one a language of each text."""
    return csv_of(table_of(rows, circles))


def as_xlsx(rows: list[Exported], circles: Circles | None = None) -> bytes:
    """The same table as a workbook."""
    return workbook_of(table_of(rows, circles))


def csv_of(table: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """A table as CSV: UTF-8 with a byte order mark, for Excel needs it to see that."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([defused(cell) for cell in cells] for cells in table)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def workbook_of(table: list[list[str]], widths: Sequence[int] = (), *, as_written: bool = False) -> bytes:
    """A table as a workbook; every cell is text, so that nothing is computed or turned into a date.

    `widths` are those of its first columns, in characters. `as_written`: cells get no apostrophe, which only a table
    that is saved as CSV from there would need.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = UNDATED.replace(tzinfo=None)
    sheet = book.create_sheet("fednet")
    sheet.freeze_panes = "A2"
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    plain: Any = WriteOnlyCell(sheet)
    plain.number_format = "@"

    def written(cell: str) -> Any:
        one: Any = WriteOnlyCell(sheet, _NO_XML.sub("", cell if as_written else defused(cell))[:MAX_XLSX_CELL])
        one.data_type = "s"
        one._style = plain._style  # one style for all: to set it cell by cell takes as long as all the rest
        return one

    for cells in table:
        sheet.append([written(cell) if cell else None for cell in cells])
    out = io.BytesIO()
    with _Undated(out, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    return out.getvalue()


class _Undated(zipfile.ZipFile):
    """An archive that does not say when it was made: the same table makes the same bytes."""

    def writestr(self, name: Any, data: Any, *_: Any) -> None:
        super().writestr(self._undated(name), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any) -> None:
        with Path(filename).open("rb") as part, self.open(self._undated(arcname or filename), "w") as member:
            shutil.copyfileobj(part, member)

    def _undated(self, name: Any) -> zipfile.ZipInfo:
        member = zipfile.ZipInfo(str(name))
        member.compress_type = self.compression
        return member


def table_of(rows: list[Exported], circles: Circles | None = None) -> list[list[str]]:
    """Header and rows of text cells. Columns: kind, network, handle, circle, then fields in the order of `FIELDS`."""
    found = [flat(fields) for _, _, fields in rows]
    columns = _columns(Counter(header for one in found for header in one.cells))
    for one in found:
        for header in one.cells.keys() - columns.keys():  # one of very many languages
            name, _, tag = header.partition(":")
            one.extra.setdefault(name, {})[tag] = one.cells.pop(header)
    extras = [in_extra(one.extra) for one in found]
    wide = max(map(len, extras), default=0)
    table = [[*LEADING, *columns, *map(extra_header, range(1, wide + 1))]]
    for (network, handle, _), one, extra in zip(rows, found, extras, strict=True):
        leading = [one.kind, network, handle, (circles or {}).get((network, handle), "")]
        cells = [one.cells.get(header, "") for header in columns]
        table.append([*leading, *cells, *extra, *[""] * (wide - len(extra))])
    return table


def _columns(used: Counter[str]) -> dict[str, None]:
    """The columns in their order; of too many those that most rows fill, but every one that is no text's language."""
    order = {field: at for at, field in enumerate(dict.fromkeys(f for fields in FIELDS.values() for f in fields))}
    plain = [header for header in used if ":" not in header]
    tagged = sorted((header for header in used if ":" in header), key=lambda header: (-used[header], header))
    kept = [*plain, *tagged[: MAX_COLUMNS - len(plain)]]
    return dict.fromkeys(sorted(kept, key=lambda header: (order.get(header.partition(":")[0], len(order)), header)))
