"""Files of the trade, in and out: CSV, XLSX, iCalendar, GeoJSON, JSON lines, vCard.

Everything here works on bytes and paths: nothing touches the database, the node or the clock.

>>> reading = read(Path("members.csv"), "organization", {"Sigle": "acronym"})   # doctest: +SKIP
>>> reading.entries[0].fields["names"]                                          # doctest: +SKIP
{'fr': 'Conseil canadien pour les réfugiés'}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fednet.errors import UsageError
from fednet.formats.calendar import read_calendar
from fednet.formats.columns import FIELDS, Table, understood
from fednet.formats.export import write
from fednet.formats.geojson import features_in, table_of_features, table_of_objects
from fednet.formats.jsonlines import is_record, objects_in, read_bodies
from fednet.formats.organizations import read_organizations
from fednet.formats.reading import (
    MAX_FILE_BYTES,
    Entry,
    Reading,
    RowError,
    UnreadableFileError,
    bounded,
    joined,
    merge,
    unknown_choice,
)
from fednet.formats.records import read_records
from fednet.formats.recurrence import occurrences
from fednet.formats.table import Sheet, decoded, sheets
from fednet.formats.tongues import language_of
from fednet.listing import languages, record

__all__ = [
    "Entry",
    "Reading",
    "RowError",
    "UnreadableFileError",
    "merge",
    "occurrences",
    "read",
    "read_many",
    "write",
]

_EDITION = re.compile(r".+[-_. ]([a-z]{2})", re.IGNORECASE)
_EDITIONS = frozenset(
    [
        "ar",
        "en",
        "es",
        "fa",
        "fr",
        "he",
        "hi",
        "ja",
        "ko",
        "my",
        "pt",
        "ru",
        "th",
        "tr",
        "uk",
        "ur",
        "zh",
        "de",
        "it",
        "nl",
    ]
)
_LATIN_EDITIONS = frozenset(["en", "es", "fr", "pt", "tr", "de", "it", "nl"])


def read(path: Path, kind: str | None = None, mapping: dict[str, str] | None = None) -> Reading:
    """Everything a file holds, as far as it can be understood.

    `kind` is what the rows are (organization, person, event, exchange, resource) when the file does not say; `mapping`
    is header -> field for columns whose meaning was not guessed. Raises UnreadableFileError for a file that is not what
    it seems, UsageError for a kind, a column or a field that does not exist.
    """
    if kind is not None and kind not in record.KINDS:
        raise unknown_choice("kind", kind, list(record.KINDS))
    return _read_content(_content(path), path.name, kind, dict(mapping or {}))


def read_many(paths: list[Path], kind: str | None = None, mapping: dict[str, str] | None = None) -> Reading:
    """Several files as one, such as the language editions of one file: entries with the same source are merged."""
    return joined([read(path, kind, mapping) for path in paths])


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFileError(
            f"cannot read {path.name}: {error.strerror}", hint="check the name of the file"
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(f"{path.name} is larger than {MAX_FILE_BYTES >> 20} MiB", hint="split it into parts")
    return content


def _read_content(content: bytes, name: str, kind: str | None, mapping: dict[str, str]) -> Reading:
    suffix = Path(name).suffix.lower()
    beginning = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if suffix in {".ics", ".ical", ".ifb", ".icalendar"} or beginning[:15].upper() == b"BEGIN:VCALENDAR":
        return read_calendar(content)
    if suffix in {".json", ".jsonl", ".ndjson", ".geojson"} or (
        suffix not in _TABLES and beginning[:1] in {b"{", b"["}
    ):
        return _read_json(content, name, kind, mapping)
    if suffix not in _TABLES and not content.startswith(b"PK\x03\x04") and b"\0" in content[:4096]:
        raise UnreadableFileError(f"{name} is no format we read", hint="give a .csv, .xlsx, .ics, .json or .jsonl file")
    notes: list[str] = []
    return _read_sheets(sheets(content, suffix, notes), name, kind, mapping, notes)


_TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm"})


# JSON


def _read_json(content: bytes, name: str, kind: str | None, mapping: dict[str, str]) -> Reading:
    notes: list[str] = []
    refused: list[RowError] = []
    text = decoded(content, notes)
    try:
        document = json.loads(text)
    except RecursionError:
        raise UnreadableFileError(f"{name} is nested too deeply") from None
    except ValueError:
        document = None
    if features := features_in(document):
        return _read_sheets([table_of_features(features)], name, kind, mapping, notes)
    if isinstance(document, list):
        objects = [(n, one) for n, one in enumerate(document, 1) if isinstance(one, dict)]
    else:
        objects = [(1, document)] if isinstance(document, dict) else objects_in(text, refused)
    if not objects and text.strip():
        raise UnreadableFileError(f"{name} holds no JSON object", hint="one object a line, or an array of objects")
    if not objects or any(is_record(value, kind) for _, value in objects):
        entries = read_bodies(objects, kind, refused)
        return Reading(entries, bounded(refused, notes), notes)
    return _read_sheets([table_of_objects([value for _, value in objects])], name, kind, mapping, notes, refused)


# Tables


def _read_sheets(
    found: list[Sheet],
    name: str,
    kind: str | None,
    mapping: dict[str, str],
    notes: list[str],
    refused: list[RowError] | None = None,
) -> Reading:
    if kind is not None and kind not in FIELDS:
        raise UsageError(f"a table cannot hold records of kind {kind}", hint="choose one of: " + ", ".join(FIELDS))
    refused = [] if refused is None else refused
    sheet = _most_fitting(found, kind, mapping, notes)
    refused += (
        RowError(line, "", "", "a cell in this row is too long: is a quotation mark missing?")
        for line in sheet.too_long
    )
    entries: list[Entry] = []
    columns: dict[str, str] = {}
    for table in _tables(sheet, kind, mapping, notes):
        columns |= {c.header: f"{c.field}:{c.language}" if c.language else c.field for c in table.columns}
        notes.extend(_told(table))
        entries += _read_table(table, name, refused, notes)
    if not columns:
        notes.append("no column was understood; say what a column is with --map COLUMN=FIELD")
    repeated = len(entries) - len({(entry.fields["kind"], entry.source) for entry in entries})
    if repeated:
        notes.append(f"{repeated} rows repeat what an earlier row names; they were joined")
    whole = Reading(entries, bounded(sorted(refused, key=lambda error: error.line), notes), notes, columns)
    return joined([whole]) if repeated else whole


def _most_fitting(found: list[Sheet], kind: str | None, mapping: dict[str, str], notes: list[str]) -> Sheet:
    filled = [sheet for sheet in found if sheet.rows]
    if not filled:
        raise UnreadableFileError("there is nothing in this file")
    if len(filled) == 1:
        return filled[0]
    best = max(filled, key=lambda sheet: _fitness(sheet, kind, mapping))
    others = ", ".join(repr(sheet.name) for sheet in filled if sheet is not best)
    notes.append(f"sheet {best.name!r} was read; not {others}")
    return best


def _fitness(sheet: Sheet, kind: str | None, mapping: dict[str, str]) -> tuple[int, int]:
    try:
        table = understood(sheet, kind, mapping)
    except UsageError:  # this sheet lacks a column that --map names
        return (0, 0)
    return (len({column.field for column in table.columns}), len(table.rows))


def _tables(sheet: Sheet, kind: str | None, mapping: dict[str, str], notes: list[str]) -> list[Table]:
    """The sheet as one table, or as one for each kind when a column says what each row is."""
    kinds = _kind_column(sheet) if kind is None else {}
    if not kinds:
        return [understood(sheet, kind, mapping)]
    header = sheet.rows[0]
    others = {one: len(rows) for one, rows in kinds.items() if one not in FIELDS}
    notes.extend(f"{n} row(s) of kind {one!r} were left out: a table cannot hold them" for one, n in others.items())
    known = {one: [header, *rows] for one, rows in kinds.items() if one in FIELDS}
    return [understood(Sheet(sheet.name, rows, []), one, mapping) for one, rows in known.items()]


def _kind_column(sheet: Sheet) -> dict[str, list[Any]]:
    """Rows by the kind that a column `kind`, as exports write it, gives them; empty when there is none."""
    header = [cell.casefold() for cell in sheet.rows[0].cells]
    if "kind" not in header:
        return {}
    at = header.index("kind")
    by_kind: dict[str, list[Any]] = {}
    for row in sheet.rows[1:]:
        by_kind.setdefault(row.cells[at].casefold() if at < len(row.cells) else "", []).append(row)
    return by_kind if by_kind.keys() & record.KINDS.keys() else {}


MAX_COLUMNS_NAMED = 12


def _told(table: Table) -> Iterator[str]:
    """What a person should know of a guess: columns that were left out, and the language that texts are taken for."""
    if table.columns and table.left_out:
        named = ", ".join(repr(header) for header in table.left_out[:MAX_COLUMNS_NAMED])
        more = f" and {len(table.left_out) - MAX_COLUMNS_NAMED} more" * (len(table.left_out) > MAX_COLUMNS_NAMED)
        yield f"columns left out: {named}{more}; say what one is with --map COLUMN=FIELD"
    if table.language != "en":
        yield f"the headers are taken for {languages.name(table.language)}: texts that tell no language, too"


def _read_table(table: Table, name: str, refused: list[RowError], notes: list[str]) -> list[Entry]:
    edition = _edition(table, name)
    if table.kind == "organization":
        return read_organizations(table, name, edition, refused, notes)
    return read_records(table, edition, refused)


def _edition(table: Table, name: str) -> str:
    """The language of the whole file by the end of its name (`services-ar.json`), if its texts bear that out."""
    found = _EDITION.fullmatch(Path(name).stem)
    tag = found[1].lower() if found else ""
    if tag not in _EDITIONS:
        return ""
    sample = " ".join(cell for row in table.rows[:40] for cell in row.cells)[:4000]
    headers = " ".join(column.header for column in table.columns)
    if tag in _LATIN_EDITIONS:
        return tag if language_of(sample, tag) in _LATIN_EDITIONS else ""
    native = "".join(char for char in f"{headers} {sample}" if char.isalpha() and not char.isascii())
    return tag if native and language_of(native, "") == tag else ""
