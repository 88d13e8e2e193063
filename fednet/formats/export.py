"""Records out to files, by suffix: CSV and XLSX to work on in a spreadsheet and import again, JSON lines for programs,
iCalendar and vCard for calendars and address books.

A cell that a spreadsheet would take for a formula gets an apostrophe before it; the import takes it off again.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from fednet.formats.calendar_writer import UNDATED, Exported, calendar_of
from fednet.formats.columns import FIELDS
from fednet.formats.reading import unknown_choice
from fednet.formats.vcard import cards_of

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_LEADING = ("kind", "network", "handle")
MAX_XLSX_CELL = 32_767
_SPACING = dict.fromkeys((0x09, 0x0A))
_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - _SPACING.keys())


def write(
    path: Path,
    rows: Iterable[Exported],
    *,
    now: datetime = UNDATED,
    save: Callable[[Path, bytes], object] = Path.write_bytes,
) -> int:
    """Write (network, handle, fields) of records to a new file in the format of its suffix; the number of rows given.

    Calendars take events only, address books organisations, contacts, persons and groups. Raises UsageError for a
    suffix we do not write. `now` is when the file is made, for formats that state it; `save` is called once all rows
    were read.
    """
    formats: dict[str, Callable[[list[Exported]], bytes]] = {
        ".csv": as_csv,
        ".xlsx": as_xlsx,
        ".jsonl": as_json_lines,
        ".ics": lambda listed: calendar_of(listed, now=now),
        ".vcf": cards_of,
    }
    suffix = path.suffix.lower()
    if suffix not in formats:
        raise unknown_choice("format", suffix or path.name, list(formats))
    listed = list(rows)
    if suffix != ".jsonl":  # where they are written as escapes
        listed = [(network, handle, _without_controls(fields)) for network, handle, fields in listed]
    save(path, formats[suffix](listed))
    return len(listed)


def _without_controls(value: Any) -> Any:
    """A value whose texts hold no control character but tab and line end, and its names none at all."""
    match value:
        case str():
            return value.translate(_CONTROLS)
        case dict():
            return {name.translate(_CONTROLS | _SPACING): _without_controls(inner) for name, inner in value.items()}
        case list():
            return [_without_controls(one) for one in value]
        case _:
            return value


def as_json_lines(rows: list[Exported]) -> bytes:
    """One object a line: the body with `handle` and `network` beside its fields."""
    lines = (msgspec.json.encode({"network": n, "handle": h} | fields, order="sorted") for n, h, fields in rows)
    return b"".join(line + b"\n" for line in lines)


def as_csv(rows: list[Exported]) -> bytes:
    """UTF-8 with a byte order mark (Excel needs it to see that), one column a field, one a language of each text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for cells in table_of(rows):
        writer.writerow([defused(cell) for cell in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def as_xlsx(rows: list[Exported]) -> bytes:
    """The same table as a workbook; every cell is text, so that nothing is computed or turned into a date."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("fednet")
    for cells in table_of(rows):
        written = []
        for cell in cells:
            one = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", defused(cell))[:MAX_XLSX_CELL])
            one.data_type = "s"
            written.append(one)
        sheet.append(written)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def defused(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def table_of(rows: list[Exported]) -> list[list[str]]:
    """Header and rows of text cells. Columns: kind, network, handle, then fields in the order of `columns.FIELDS`."""
    flat = [_flat(network, handle, fields) for network, handle, fields in rows]
    order = {field: at for at, field in enumerate(dict.fromkeys(f for fields in FIELDS.values() for f in fields))}
    used = dict.fromkeys(header for row in flat for header in row if header not in _LEADING)
    headers = [*_LEADING, *sorted(used, key=lambda header: (order.get(header.partition(":")[0], len(order)), header))]
    return [headers, *([row.get(header, "") for header in headers] for row in flat)]


def _flat(network: str, handle: str, fields: dict[str, Any]) -> dict[str, str]:
    kind = str(fields.get("kind", ""))
    shapes = {field: spec.shape for field, spec in FIELDS.get(kind, {}).items()}
    row = {"kind": kind, "network": network, "handle": handle}
    extra: dict[str, Any] = {}
    for name, value in _as_entered(fields).items():
        if name == "kind":
            continue
        nested = [f"{name}.{inner}" for inner in value] if isinstance(value, dict) else []
        if shapes.get(name) == "translated" and isinstance(value, dict):
            row |= {f"{name}:{language}": str(text) for language, text in value.items()}
        elif nested and all(field in shapes for field in nested):
            row |= {field: _cell(shapes[field], value[field.partition(".")[2]]) for field in nested}
        elif name in shapes and name != "source":
            row[name] = _cell(shapes[name], value)
        else:
            extra[name] = value
    if extra:
        row["extra"] = _json(extra)
    return row


def _as_entered(fields: dict[str, Any]) -> dict[str, Any]:
    """In a table the end of an event that lasts whole days is its last day; in a record it is the day after."""
    if not (fields.get("all_day") and fields.get("end")):
        return fields
    try:
        return fields | {"end": (date.fromisoformat(fields["end"][:10]) - timedelta(days=1)).isoformat()}
    except (ValueError, TypeError, OverflowError):
        return fields


def _cell(shape: str, value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case int() if shape == "degrees":
            return f"{value / 1_000_000:.6f}".rstrip("0").rstrip(".")
        case int():
            return str(value)
        case list() | tuple() if shape == "identifiers":
            return "; ".join(f"{one['scheme']}:{one['value']}" for one in value)
        case list() | tuple() if shape != "json" and all(_is_plain(one) for one in value):
            return "; ".join(value)
        case _:
            return _json(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and not value.startswith("[") and not any(mark in value for mark in ";|\n•")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
