"""Rows of a table as values of fields, whatever kind of record they make."""

from __future__ import annotations

from typing import Any

from fednet.formats import values
from fednet.formats.columns import FIELDS, Column, Table
from fednet.formats.reading import RowError, shown
from fednet.formats.table import Row
from fednet.formats.tongues import language_of

_DEFUSED = ("'=", "'+", "'-", "'@")


class RowReader:
    """Reads the rows of one table. `edition` is the language the whole file is known to be in, or empty."""

    def __init__(self, table: Table, edition: str, refused: list[RowError]) -> None:
        self.table = table
        self.edition = edition
        self.refused = refused
        self._shapes = {field: spec.shape for field, spec in FIELDS[table.kind].items()}
        self._day_first = {
            column.at: values.day_first_in([cell(row, column) for row in table.rows])
            for column in table.columns
            if self._shapes[column.field] in {"moment", "date"}
        }
        self._headers = {column.field.split(".")[0]: column.header for column in reversed(table.columns)}

    @property
    def headers(self) -> dict[str, str]:
        """Top-level field -> the header it came from, for the words of refusals."""
        return self._headers

    def read(self, row: Row) -> dict[str, Any]:
        """Field (dotted where nested) -> value, for what the row has; refused parts are reported."""
        found: dict[str, Any] = {}
        doubtful: list[tuple[Column, tuple[tuple[str, str], ...]]] = []
        for column in self.table.columns:
            if not (text := cell(row, column)):
                continue
            value, refused = values.read(self._shapes[column.field], text, day_first=self._day_first.get(column.at))
            if value is not None:
                self._put(found, column, value)
            if refused:
                doubtful.append((column, refused))
        for column, refused in doubtful:
            # A sector's code may be unknown where its name is known: together they say enough.
            if column.field not in found or len(self.table.having(column.field)) == 1:
                self.refused += (RowError(row.line, column.header, shown(part), reason) for part, reason in refused)
        return found

    def _put(self, found: dict[str, Any], column: Column, value: Any) -> None:
        if self._shapes[column.field] == "translated":
            language = column.language or self.edition or language_of(value, self.table.language)
            found.setdefault(column.field, {}).setdefault(language, value)
        elif isinstance(value, list) and isinstance(found.get(column.field), list):
            found[column.field] = [*found[column.field], *(v for v in value if v not in found[column.field])]
        else:
            found.setdefault(column.field, value)


def cell(row: Row, column: Column) -> str:
    """The text of a cell, without the apostrophe that keeps spreadsheets from taking it for a formula."""
    text = row.cells[column.at] if column.at < len(row.cells) else ""
    return text[1:] if text.startswith(_DEFUSED) else text


def nested(kind: str, flat: dict[str, Any]) -> dict[str, Any]:
    """A body from dotted fields; `source` and what belongs to a contact are left out, `extra` is spread out."""
    fields: dict[str, Any] = {"kind": kind}
    for name, value in flat.items():
        outer, dot, inner = name.partition(".")
        if name in {"source", "extra"} or outer == "contact":
            continue
        if dot:
            fields.setdefault(outer, {})[inner] = value
        else:
            fields[name] = value
    extra = flat.get("extra")
    return (extra | fields) if isinstance(extra, dict) else fields


def stated_source(table: Table, flat: dict[str, Any]) -> str:
    """The key that the file itself gives a row, when it is one that no other file would use for something else."""
    written = flat.get("source")
    if not written:
        return ""
    if any(column.field == "source" and column.header.casefold() == "handle" for column in table.columns):
        return f"handle:{written}"
    # "17" is a row number in one list and another organisation in the next.
    return "" if written.isdecimal() and len(written) < 6 else f"id:{written}"
