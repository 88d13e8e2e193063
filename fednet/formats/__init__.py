"""Files of the trade, in and out: CSV, XLSX, iCalendar, GeoJSON, HSDS, JSON lines, vCard.

Everything here works on bytes and paths: nothing touches the database, the node or the clock.

>>> reading = read(Path("members.csv"), "organization", {"Sigle": "acronym"})   # doctest: +SKIP
>>> reading.entries[0].fields["names"]                                          # doctest: +SKIP
{'fr': 'Conseil canadien pour les réfugiés'}
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from fednet.formats.calendar import read_calendar
from fednet.formats.encodings import decoded
from fednet.formats.export import write
from fednet.formats.foreign import check_known
from fednet.formats.geojson import features_in, table_of_features, table_of_objects
from fednet.formats.hsds_reading import is_hsds, read_documents
from fednet.formats.hsds_tables import is_folder, is_package, is_tables, packed, read_package, read_tables
from fednet.formats.jsonlines import is_record, objects_in, read_bodies
from fednet.formats.reading import (
    MAX_FILE_BYTES,
    Entry,
    Reading,
    Refusals,
    RowError,
    Told,
    UnreadableFileError,
    bounded,
    joined,
    key,
    merge,
    source_of,
    unknown_choice,
)
from fednet.formats.recurrence import occurrences
from fednet.formats.sheets import read_sheets
from fednet.formats.table import sheets
from fednet.listing import record

__all__ = [
    "Entry",
    "Reading",
    "RowError",
    "Told",
    "UnreadableFileError",
    "content_of",
    "joined",
    "merge",
    "occurrences",
    "read",
    "read_file",
    "read_many",
    "write",
]


def read(path: Path, kind: str | None = None, mapping: dict[str, str] | None = None) -> Reading:
    """Everything a file holds, as far as it can be understood.

    `kind` is what the rows are (organization, person, event, exchange, resource) when the file does not say; `mapping`
    is header -> field for columns whose meaning was not guessed. Raises UnreadableFileError for a file that is not what
    it seems, UsageError for a kind, a column or a field that does not exist.
    """
    return read_file(path.name, content_of(path), Told(kind, dict(mapping or {})))


def read_many(paths: list[Path], kind: str | None = None, mapping: dict[str, str] | None = None) -> Reading:
    """Several files as one, such as the language editions of one file: entries with the same source are merged."""
    return joined([read(path, kind, mapping) for path in paths])


def read_file(name: str, content: bytes, told: Told) -> Reading:
    """As `read`, of a file that is at hand already, with all that can be told of it."""
    if told.kind is not None and told.kind not in record.KINDS:
        raise unknown_choice("kind", told.kind, list(record.KINDS))
    reading = _read_content(content, name, told)
    if reading.named:
        return reading
    named = {told.source or source_of(name): frozenset(key(entry) for entry in reading.entries)}
    ours = any(entry.source.startswith("handle:") for entry in reading.entries)  # an export, and mostly of a part
    return msgspec.structs.replace(reading, named=named, partial=ours)


def content_of(path: Path) -> bytes:
    """The bytes of a file to import; raises UnreadableFileError when there are none, or too many.

    A folder of tabular HSDS becomes an archive of its files.
    """
    if is_folder(path):
        return packed(path)
    if path.is_dir():
        raise UnreadableFileError(
            f"{path.resolve().name} is a folder, and holds no HSDS tables (organizations.csv)",
            hint="name the files in it",
        )
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


def _read_content(content: bytes, name: str, told: Told) -> Reading:
    check_known(content, name)
    suffix = Path(name).suffix.lower()
    beginning = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if suffix in {".ics", ".ical", ".ifb", ".icalendar"} or beginning[:15].upper() == b"BEGIN:VCALENDAR":
        return read_calendar(content)
    if suffix in {".json", ".jsonl", ".ndjson", ".geojson"} or (
        suffix not in _TABLES and beginning[:1] in {b"{", b"["}
    ):
        return _read_json(content, name, told)
    if is_package(content):
        return read_package(content, name)
    if suffix not in _TABLES and not content.startswith(b"PK\x03\x04") and b"\0" in content[:4096]:
        raise UnreadableFileError(f"{name} is no format we read", hint="give a .csv, .xlsx, .ics, .json or .jsonl file")
    notes: list[str] = []
    return read_sheets(sheets(content, suffix, notes), name, told, notes)


_TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm"})


# JSON


def _read_json(content: bytes, name: str, told: Told) -> Reading:
    notes: list[str] = []
    refused = Refusals()
    text = decoded(content, notes)
    try:
        document = json.loads(text)
    except RecursionError:
        raise UnreadableFileError(f"{name} is nested too deeply") from None
    except ValueError:
        document = None
    if features := features_in(document):
        return read_sheets([table_of_features(features)], name, told, notes)
    if is_tables(document):
        return read_tables(document, name)
    if is_hsds(document):
        return read_documents([document], name, refused)
    if isinstance(document, list):
        objects = [(n, one) for n, one in enumerate(document, 1) if isinstance(one, dict)]
    else:
        objects = [(1, document)] if isinstance(document, dict) else objects_in(text, refused)
    if not objects and text.strip():
        raise UnreadableFileError(f"{name} holds no JSON object", hint="one object a line, or an array of objects")
    if is_hsds([value for _, value in objects]):
        return read_documents([value for _, value in objects], name, refused)
    if not objects or any(is_record(value, told.kind) for _, value in objects):
        entries = read_bodies(objects, told.kind, refused)
        return Reading(entries, bounded(refused, notes), notes)
    return read_sheets([table_of_objects([value for _, value in objects])], name, told, notes, refused)
