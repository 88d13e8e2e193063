"""The tables that `export` writes, and how they are read back: each cell as exactly the value it was written from.

A row begins with kind, network, handle and circle; a column is a field, `field:language` for a text, `outer.inner` for
what is nested. Whatever a cell cannot hold faithfully (a control character, a code that nobody knows, more text than a
spreadsheet takes) is in `extra`, as JSON. So nothing is guessed of these rows, as it is of anybody else's table; but
what a person corrected in them is understood as everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec

from fednet.formats import values
from fednet.formats.admission import admitted
from fednet.formats.columns import FIELDS, Column, Table
from fednet.formats.reading import Entry, RowError, shown
from fednet.formats.rows import RowReader, bare
from fednet.formats.table import Row, Sheet, cleaned
from fednet.formats.writing import degrees
from fednet.listing import KINDS
from fednet.listing.check import is_handle

LEADING = ("kind", "network", "handle", "circle")
EXTRA = "extra"
MAX_CELL = 32_000
"""Characters of a cell: Excel takes 32,767."""
MAX_COLUMNS = 200
"""More than that, and the languages that hardly any row has are in `extra`."""

FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""What a spreadsheet may take for a formula (OWASP, CSV injection), apostrophes before it or not."""

_TAG = re.compile("[A-Za-z0-9-]{1,35}")
_NOT_KEPT = re.compile("[\r\x7f-\x9f\ud800-\udfff\ufffe\uffff]|^#|_x[0-9A-Fa-f]{4}_")
"""What is not for a cell: what XML has no place for, and what a workbook takes for an error or an escape of its own."""
_DAY = timedelta(days=1)

_MORE_SHAPES = {
    "contact": {
        "organization": "text",
        "emails": "emails",
        "phones": "phones",
        "address": "text",
        "hours": "text",
        "person": "text",
    },
    "group": {"names": "translated", "type": "text", "description": "translated"},
    "twinning": {
        "titles": "translated",
        "organizations": "json",
        "goals": "translated",
        "start": "date",
        "end": "date",
        "activities": "json",
        "outcome": "translated",
        "state": "twinning-state",
        "themes": "themes",
        "resources": "texts",
        "exchanges": "texts",
        "uid": "text",
        "original": "text",
    },
}
_REFERRING = {"contact": "organization", "person": "organization", "exchange": "organization"}


@cache
def shapes(kind: str) -> dict[str, str]:
    """How cells of a kind's columns are read, by field. Columns that only other people's tables have are none of them.

    Of a kind that is not known there are none: all of it is in `extra`.
    """
    own = set(KINDS[kind].__struct_fields__) if kind in KINDS else set()
    known = {field: spec.shape for field, spec in FIELDS.get(kind, {}).items()} | _MORE_SHAPES.get(kind, {})
    return {field: shape for field, shape in known.items() if field.partition(".")[0] in own}


# --- out --------------------------------------------------------------------------------------------------------------


class Flat(msgspec.Struct):
    """A record as cells by column, and what no cell holds."""

    kind: str
    cells: dict[str, str]
    extra: dict[str, Any]


def flat(fields: Mapping[str, Any]) -> Flat:
    """The cells of a record's fields, each of which reads back as what it was."""
    found = Flat(str(fields.get("kind", "")), {}, {})
    for name, value in fields.items():
        if name != "kind":
            _add(found, name, value, bool(fields.get("all_day")))
    return found


def _add(found: Flat, name: str, value: Any, all_day: bool) -> None:
    shape = shapes(found.kind).get(name)
    if shape == "translated" and isinstance(value, dict):
        kept = {tag: text for tag, text in value.items() if _TAG.fullmatch(tag) and _is_kept("text", text, text)}
        found.cells |= {f"{name}:{tag}": text for tag, text in kept.items()}
        if left := {tag: text for tag, text in value.items() if tag not in kept}:
            found.extra[name] = left
        return
    inner = value if isinstance(value, dict) and value else {}
    nested = {f"{name}.{part}": one for part, one in inner.items() if f"{name}.{part}" in shapes(found.kind)}
    cells = {field: written(shapes(found.kind)[field], one) for field, one in nested.items()}
    if nested and len(nested) == len(inner):
        if all(_is_kept(shapes(found.kind)[field], cells[field], one) for field, one in nested.items()):
            found.cells |= cells
            return
    elif shape is not None:
        shown_value = _last_day(value) if name == "end" and all_day else value
        cell = written(shape, shown_value)
        if shown_value is not None and _is_kept(shape, cell, shown_value):
            found.cells[name] = cell
            return
    found.extra[name] = value


def _last_day(end: Any) -> str | None:
    """In a table the end of an event that lasts whole days is its last day; in a record it is the day after."""
    try:
        last = (date.fromisoformat(end) - _DAY).isoformat()
    except (ValueError, TypeError, OverflowError):
        return None
    return last if _day_after(last) == end else None


def _day_after(last: str) -> str:
    try:
        return (date.fromisoformat(last[:10]) + _DAY).isoformat()
    except (ValueError, OverflowError):
        return last


def written(shape: str, value: Any) -> str:
    """A value as a person reads it in a cell."""
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case int() if shape == "degrees":
            return degrees(value)
        case int():
            return str(value)
        case list() | tuple() if shape == "identifiers" and all(map(_is_identifier, value)):
            return "; ".join(f"{one['scheme']}:{one['value']}" for one in value)
        case list() | tuple() if shape != "json" and all(_is_plain(one) for one in value):
            return "; ".join(value)
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _is_identifier(one: Any) -> bool:
    return isinstance(one, dict) and one.keys() == {"scheme", "value"}


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and not value.startswith("[") and not any(mark in value for mark in ";|\n•")


def _is_kept(shape: str, cell: Any, value: Any) -> bool:
    """Whether a cell comes back as it is, and reads as that value."""
    if not isinstance(cell, str) or not 0 < len(cell) <= MAX_CELL or cleaned(cell) != cell or _NOT_KEPT.search(cell):
        return False
    read = values.read(shape, cell)
    return not read.refused and type(read.value) is type(value) and bool(read.value == value)


def in_extra(extra: Mapping[str, Any]) -> list[str]:
    """What no other cell holds, as JSON in one cell; in several, to be read as one, where it is longer than a cell."""
    if not extra:
        return []
    plain = json.dumps(extra, ensure_ascii=False, sort_keys=True)
    if len(plain) <= MAX_CELL and cleaned(plain) == plain and not _NOT_KEPT.search(plain):
        return [plain]
    # Spaces, too, are written as escapes: then no cut falls beside one, and none is lost.
    safe = json.dumps(extra, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    safe = safe.replace(" ", "\\u0020").replace("_", "\\u005f")
    return [safe[at : at + MAX_CELL] for at in range(0, len(safe), MAX_CELL)]


def extra_header(number: int) -> str:
    """`extra`, `extra.2`, ..."""
    return EXTRA if number == 1 else f"{EXTRA}.{number}"


def defused(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula; `rows.bare` takes the apostrophe off again."""
    return f"'{cell}" if FORMULA.match(cell) else cell


# --- in ---------------------------------------------------------------------------------------------------------------


def is_exported(sheet: Sheet, kind: str | None = None) -> bool:
    """Whether a sheet is one that `export` wrote, and all of that kind, if one is said.

    Its header tells, and that a cell says which kind a row is; columns may have been moved or taken out.
    """
    header = sheet.rows[0].cells if sheet.rows else []
    if not {"kind", "handle"} <= set(header):
        return False
    at = header.index("kind")
    kinds = {_cell(row, at).casefold() for row in sheet.rows[1:]} - {""}
    return bool(kinds & KINDS.keys()) and (kind is None or kinds == {kind})


def tables(sheet: Sheet) -> list[Table]:
    """The rows that name a record by its handle, as a table for each kind, with what its columns say."""
    header = sheet.rows[0].cells
    kind, handle = header.index("kind"), header.index("handle")
    by_kind: dict[str, list[Row]] = {}
    for row in sheet.rows[1:]:
        if _cell(row, handle):
            by_kind.setdefault(_cell(row, kind).casefold(), []).append(row)
    return [
        Table(sheet.name, found, _columns(header, found), rows, "en", headers=header) for found, rows in by_kind.items()
    ]


def _columns(header: list[str], kind: str) -> list[Column]:
    known = shapes(kind)
    found = []
    for at, name in enumerate(header):
        field, _, tag = name.partition(":")
        if field in known and bool(tag) == (known[field] == "translated"):
            found.append(Column(at, name, field, tag, "an export wrote it"))
    return found


def read_rows(table: Table, reader: RowReader | None, refused: list[RowError]) -> Iterator[Entry]:
    """The records of such a table. `reader` reads their cells, where there is one for the kind."""
    header = table.headers
    handle = header.index("handle")
    circle, network = (header.index(name) if name in header else None for name in ("circle", "network"))
    extras = [at for at, name in enumerate(header) if name == EXTRA or re.fullmatch(EXTRA + r"\.\d+", name)]
    for row in table.rows:
        if table.kind not in KINDS:
            refused.append(RowError(row.line, "kind", shown(table.kind), "is no kind of record we know"))
            continue
        found = reader.read(row) if reader else _read(table, row, refused)
        extra = _extra(row, [header[at] for at in extras], "".join(bare(_cell(row, at)) for at in extras), refused)
        fields = _linked(_fields(table.kind, found, extra))
        headers = {column.field.partition(".")[0]: column.header for column in reversed(table.columns)}
        entry = admitted(row.line, f"handle:{_cell(row, handle)}", fields, refused, headers)
        if entry is not None:
            told = [_cell(row, at) if at is not None else "" for at in (circle, network)]
            yield msgspec.structs.replace(entry, circle=told[0] or None, network=told[1] or None)


def without_handle(sheet: Sheet) -> Sheet:
    """The rows that a person added below, under the same header."""
    at = sheet.rows[0].cells.index("handle")
    rows = [row for row in sheet.rows[1:] if not _cell(row, at)]
    return msgspec.structs.replace(sheet, rows=[sheet.rows[0], *rows] if rows else [])


def _cell(row: Row, at: int) -> str:
    return row.cells[at] if at < len(row.cells) else ""


def _read(table: Table, row: Row, refused: list[RowError]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in table.columns:
        text = bare(_cell(row, column.at))
        if not text:
            continue
        value, wrong = values.read(shapes(table.kind)[column.field], text)
        refused += (RowError(row.line, column.header, shown(part), reason) for part, reason in wrong)
        if value is not None and column.language:
            found.setdefault(column.field, {})[column.language] = value
        elif value is not None:
            found[column.field] = value
    return found


def _extra(row: Row, headers: Iterable[str], text: str, refused: list[RowError]) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    refused.append(RowError(row.line, next(iter(headers), EXTRA), shown(text), "cannot be read: leave it as it was"))
    return {}


def _fields(kind: str, found: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A body from dotted fields and what no cell held."""
    fields: dict[str, Any] = {"kind": kind}
    for name, value in found.items():
        outer, dot, inner = name.partition(".")
        if dot:
            fields.setdefault(outer, {})[inner] = value
        else:
            fields[name] = value
    if fields.get("all_day") and isinstance(fields.get("end"), str):
        fields["end"] = _day_after(fields["end"])
    for name, value in extra.items():
        known = fields.get(name)
        fields[name] = {**value, **known} if isinstance(known, dict) and isinstance(value, dict) else value
    return fields | {"kind": kind}


def _linked(fields: dict[str, Any]) -> dict[str, Any]:
    """With its organisation as a row of this file, if it is one: imported elsewhere, that gets another handle."""
    name = _REFERRING.get(fields["kind"])
    about = fields.get(name) if name else None
    if name is None or not is_handle(about):
        return fields
    return fields | {name: {"source": f"handle:{about}", "name": about}}
