"""Rows of a table as values of fields, whatever kind of record they make."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fednet.formats import values
from fednet.formats.columns import FIELDS, Column, Table
from fednet.formats.reading import Example, RowError, Seen, shown
from fednet.formats.table import Row
from fednet.formats.tongues import language_of

_DEFUSED = re.compile("'+[=+\\-@＝＋－＠]")


EXAMPLES = 3
"""Cells shown of each column: those that came out different from what was written go first."""


EXPLAINED = 1_000
"""Refused values of a file of which it is said what was probably meant."""


class _Tally(msgspec.Struct):
    """What was read of one column so far."""

    filled: int = 0
    understood: int = 0
    languages: Counter[str] = msgspec.field(default_factory=Counter)
    changed: dict[str, str] = {}
    same: dict[str, str] = {}

    def add(self, raw: str, value: Any, understood: bool) -> None:
        self.filled += 1
        self.understood += understood
        if len(self.changed) < EXAMPLES:
            becomes = written(value)
            into = self.same if becomes == raw else self.changed
            if len(into) < EXAMPLES:
                into.setdefault(shown(raw), shown(becomes))

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(Example(*pair) for pair in [*self.changed.items(), *self.same.items()][:EXAMPLES])


class RowReader:
    """Reads the rows of one table. `edition` is the language the whole file is known to be in, or empty.

    `day_first`: header -> whether its dates begin with the day, where that is known from elsewhere; `raw` are cells as
    they were written, by line and column, where something in them was repaired.
    """

    def __init__(
        self,
        table: Table,
        edition: str,
        refused: list[RowError],
        day_first: Mapping[str, bool] | None = None,
        raw: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        self.table = table
        self.edition = edition
        self.refused = refused
        self._raw = raw or {}
        self._shapes = {field: spec.shape for field, spec in FIELDS[table.kind].items()}
        self._day_first = {
            column.at: (day_first or {}).get(
                column.header, values.day_first_in([cell(row, column) for row in table.rows])
            )
            for column in table.columns
            if self._shapes[column.field] in values.DATES
        }
        self._headers = {column.field.split(".")[0]: column.header for column in reversed(table.columns)}
        self._tallies = {column.at: _Tally() for column in table.columns}

    @property
    def day_first(self) -> dict[str, bool]:
        """Header -> whether its dates begin with the day, for the columns that tell."""
        headers = {column.at: column.header for column in self.table.columns}
        return {headers[at]: first for at, first in self._day_first.items() if first is not None}

    def seen(self, file: str) -> Iterator[Seen]:
        """What was made of each column, those that were left out too; to be asked when all rows were read."""
        found = {column.at: self._seen(column, file) for column in self.table.columns}
        found |= {at: self._left_out(at, *told, file) for at, told in self.table.left_out.items()}
        return (found[at] for at in sorted(found))

    def _seen(self, column: Column, file: str) -> Seen:
        tally = self._tallies[column.at]
        language = column.language or ", ".join(sorted(tally.languages))
        return Seen(
            file, column.header, column.field, language, column.why, tally.filled, tally.understood, tally.examples
        )

    def _left_out(self, at: int, header: str, why: str, file: str) -> Seen:
        filled = [text for row in self.table.rows if at < len(row.cells) and (text := row.cells[at])]
        examples = tuple(Example(shown(text), "") for text in list(dict.fromkeys(filled))[:EXAMPLES])
        return Seen(file, header, "", "", why, len(filled), 0, examples)

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
            near = len(self.refused) < EXPLAINED
            day_first = self._day_first.get(column.at)
            value, refused = values.read(self._shapes[column.field], text, day_first=day_first, near=near)
            raw = self._raw.get((row.line, column.at), text)
            self._tallies[column.at].add(raw, value, not refused and value is not None)
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
            self._tallies[column.at].languages[language] += 1
            found.setdefault(column.field, {}).setdefault(language, value)
        elif isinstance(value, list) and isinstance(found.get(column.field), list):
            found[column.field] = [*found[column.field], *(v for v in value if v not in found[column.field])]
        else:
            found.setdefault(column.field, value)


def written(value: Any) -> str:
    """A value as a person reads it: `legal-aid; shelter`, `yes`."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case list() if all(isinstance(one, str) for one in value):
            return "; ".join(value)
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True)


def cell(row: Row, column: Column) -> str:
    """The text of a cell, without the apostrophe that keeps spreadsheets from taking it for a formula."""
    return bare(row.cells[column.at]) if column.at < len(row.cells) else ""


def bare(text: str) -> str:
    """A cell without the apostrophe that `exported.defused` set before it."""
    return text[1:] if _DEFUSED.match(text) else text


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
