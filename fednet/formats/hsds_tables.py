"""HSDS 3.0 in its tabular form: a folder or a .zip of CSV files (`organizations.csv`, `services.csv`, ...), read into
the objects that `fednet.formats.hsds_reading` understands.

Rows point to each other by ids (`organization_id`, `service_id`, `location_id`, ...); here each is put into the object
it belongs to (HSDS 3.0, "Publication formats: tabular data packages").
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from fednet.formats.encodings import decoded
from fednet.formats.hsds_reading import read_documents
from fednet.formats.reading import MAX_CELL_CHARACTERS, MAX_FILE_BYTES, MAX_ROWS, Reading, RowError, UnreadableFileError
from fednet.formats.table import cleaned
from fednet.formats.workbook import DAMAGED

Row = dict[str, Any]
Tables = dict[str, list[Row]]

ROOT = "organizations"
MAX_MEMBERS = 1_000
MAX_UNPACKED = 256 << 20
MAX_RATIO = 200  # of unpacked to packed bytes; CSV packs to a tenth, repetition to a thousandth

TABLES = (
    "organizations",
    "services",
    "locations",
    "service_at_location",
    "addresses",
    "phones",
    "contacts",
    "languages",
    "attributes",
    "taxonomy_terms",
    "service_areas",
    "organization_identifiers",
    "schedules",
)
"""The files that are read; `service_at_locations.csv` is taken for `service_at_location.csv`."""


def is_package(content: bytes) -> bool:
    """Whether bytes are an archive that holds `organizations.csv`, and so no workbook."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(_table(name) == ROOT for name in archive.namelist()[:MAX_MEMBERS])
    except DAMAGED:
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder holds `organizations.csv`."""
    return path.is_dir() and (path / f"{ROOT}.csv").is_file()


def is_tables(document: Any) -> bool:
    """Whether a JSON document is the tabular form in one object: file name to rows."""
    return isinstance(document, dict) and isinstance(document.get(f"{ROOT}.csv"), list)


def read_package(content: bytes, name: str) -> Reading:
    """The organisations in an archive. Raises UnreadableFileError for one that is damaged or too large unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {table: _unpacked(archive, one) for table, one in _members(archive)}
            others = sorted({table for name in archive.namelist() if (table := _table(name)) and table not in TABLES})
    except DAMAGED as error:
        raise UnreadableFileError("the archive is damaged", hint="pack the files again") from error
    return _read(files, name, [f"not read: {', '.join(others[:20])}; records have no field for that"] if others else [])


def packed(path: Path) -> bytes:
    """The CSV files of a folder as an archive, so that a folder is read as one file is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one in sorted(path.glob("*.csv")):
            if _table(one.name):
                if out.tell() + one.stat().st_size > MAX_UNPACKED:
                    raise UnreadableFileError(f"the files in {path.name} are too large", hint="import it in parts")
                archive.write(one, one.name)
    return out.getvalue()


def read_tables(document: Mapping[str, Any], name: str) -> Reading:
    """The organisations in the tabular form as one JSON object."""
    tables = {_table(file): [row for row in rows if isinstance(row, dict)] for file, rows in _lists(document)}
    return _joined(tables, name, [], [])


def _lists(document: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield from ((file, rows) for file, rows in document.items() if isinstance(rows, list))


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise UnreadableFileError(f"more than {MAX_MEMBERS:,} files in the archive", hint="pack the CSV files alone")
    wanted = [(table, one) for one in members if (table := _table(one.filename)) in TABLES]
    unpacked = sum(one.file_size for _, one in wanted)
    packed = sum(one.compress_size for _, one in wanted)
    if unpacked > MAX_UNPACKED or (unpacked > 1 << 20 and unpacked > MAX_RATIO * packed):
        raise UnreadableFileError("the archive is too large when unpacked", hint="import it in parts")
    yield from wanted


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member: never more than its size as stated, which is what was counted."""
    with archive.open(member) as file:
        content = file.read(min(member.file_size, MAX_FILE_BYTES) + 1)
    if len(content) > min(member.file_size, MAX_FILE_BYTES):
        raise UnreadableFileError(f"{member.filename[:60]} is too large when unpacked", hint="import it in parts")
    return content


def _table(file_name: str) -> str:
    stem, _, suffix = PurePosixPath(file_name.replace("\\", "/")).name.lower().rpartition(".")
    return {"service_at_locations": "service_at_location"}.get(stem, stem) if suffix == "csv" else ""


def _read(files: Mapping[str, bytes], name: str, notes: list[str]) -> Reading:
    refused: list[RowError] = []
    tables = {table: list(_rows(table, content, refused, notes)) for table, content in files.items()}
    if not tables.get(ROOT):
        raise UnreadableFileError(f"{name} holds no organisations", hint=f"{ROOT}.csv must have a row for each")
    return _joined(tables, name, refused, notes)


def _rows(table: str, content: bytes, refused: list[RowError], notes: list[str]) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(decoded(content, notes), newline=""))
    try:
        headers = [cleaned(cell).lower() for cell in next(reader, [])]
        for number, cells in enumerate(reader, 1):
            if number > MAX_ROWS:
                raise UnreadableFileError(f"more than {MAX_ROWS:,} rows in {table}.csv", hint="import it in parts")
            if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
                refused.append(RowError(reader.line_num, f"{table}.csv", "", "a cell in this row is too long"))
            elif row := {header: text for header, cell in zip(headers, cells, strict=False) if (text := cleaned(cell))}:
                yield row
    except csv.Error as error:
        raise UnreadableFileError(f"{table}.csv is no CSV file: {error}", hint="export it again") from error


# --- rows into objects ------------------------------------------------------------------------------------------------


def _joined(tables: Tables, name: str, refused: list[RowError], notes: list[str]) -> Reading:
    whole = _Package(tables)
    reading = read_documents([whole.organization(row) for row in tables.get(ROOT, [])], name, refused)
    reading.notes[:0] = notes
    return reading


class _Package:
    """The tables by the ids that their rows point to."""

    def __init__(self, tables: Tables) -> None:
        self._by: dict[tuple[str, str], dict[str, list[Row]]] = {}
        self._tables = tables
        self._terms = {row["id"]: row for row in tables.get("taxonomy_terms", []) if isinstance(row.get("id"), str)}
        self._locations = {row["id"]: row for row in tables.get("locations", []) if isinstance(row.get("id"), str)}

    def of(self, table: str, column: str, row: Row) -> list[Row]:
        """The rows of a table whose column names that row."""
        index = self._by.get((table, column))
        if index is None:
            index = self._by[table, column] = defaultdict(list)
            for one in self._tables.get(table, []):
                if isinstance(id := one.get(column), str):
                    index[id].append(one)
        return index.get(str(row.get("id")), [])

    def organization(self, row: Row) -> Row:
        services = [self._service(one) for one in self.of("services", "organization_id", row)]
        return row | _filled(
            services=services,
            locations=[self._location(one) for one in self.of("locations", "organization_id", row)],
            contacts=self._contacts("organization_id", row),
            phones=self._phones("organization_id", row),
            organization_identifiers=self.of("organization_identifiers", "organization_id", row),
            attributes=self._attributes(row),
        )

    def _service(self, row: Row) -> Row:
        ats = (
            at | _filled(location=self._location(place) if place else None)
            for at in self.of("service_at_location", "service_id", row)
            for place in [self._locations.get(str(at.get("location_id")))]
        )
        return row | _filled(
            service_at_locations=list(ats),
            service_areas=self.of("service_areas", "service_id", row),
            languages=self.of("languages", "service_id", row),
            contacts=self._contacts("service_id", row),
            phones=self._phones("service_id", row),
            attributes=self._attributes(row),
        )

    def _location(self, row: Row) -> Row:
        return row | _filled(
            addresses=self.of("addresses", "location_id", row),
            languages=self.of("languages", "location_id", row),
            phones=self._phones("location_id", row),
            contacts=self._contacts("location_id", row),
            schedules=self.of("schedules", "location_id", row),
        )

    def _contacts(self, column: str, row: Row) -> list[Row]:
        return [one | _filled(phones=self.of("phones", "contact_id", one)) for one in self.of("contacts", column, row)]

    def _phones(self, column: str, row: Row) -> list[Row]:
        """Those that are nobody's in particular: a contact has its own."""
        return [one for one in self.of("phones", column, row) if not one.get("contact_id")]

    def _attributes(self, row: Row) -> list[Row]:
        return [
            one | _filled(taxonomy_term=self._terms.get(str(one.get("taxonomy_term_id"))))
            for one in self.of("attributes", "link_id", row)
        ]


def _filled(**fields: Any) -> Row:
    return {name: value for name, value in fields.items() if value}
