"""A sheet as records: which sheet of a file, which kind of record, what each column holds, and then row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fednet.errors import UsageError
from fednet.formats import corrections, exported, zawgyi
from fednet.formats.columns import FIELDS, IGNORE, REQUIRED, Table, understood
from fednet.formats.organizations import presence_of, read_organizations
from fednet.formats.reading import (
    Context,
    Entry,
    Example,
    Reading,
    Refusals,
    RowError,
    Rows,
    Seen,
    Told,
    UnreadableFileError,
    bounded,
    joined,
    key,
    shown,
    source_of,
)
from fednet.formats.records import read_records
from fednet.formats.rows import RowReader
from fednet.formats.table import Row, Sheet
from fednet.formats.tongues import language_of
from fednet.listing import languages, record

MAX_COLUMNS_NAMED = 12
NO_HEADER = "does the file begin with data? then add a row above it that names each column: name, country, services"

_EDITION = re.compile(r".+[-_. ]([a-z]{2})", re.IGNORECASE)
_LATIN_EDITIONS = frozenset(["en", "es", "fr", "pt", "tr", "de", "it", "nl"])
_EDITIONS = _LATIN_EDITIONS | {"ar", "fa", "he", "hi", "ja", "ko", "my", "ru", "th", "uk", "ur", "zh"}


def read_sheets(
    found: list[Sheet], name: str, told: Told, notes: list[str], refused: list[RowError] | None = None
) -> Reading:
    """The records of the sheet that fits best. `name` is that of the file, which may tell a language or a country."""
    if told.kind is not None and told.kind not in FIELDS:
        raise UsageError(f"a table cannot hold records of kind {told.kind}", hint="choose one of: " + ", ".join(FIELDS))
    sheet, context = corrections.opened(_most_fitting(found, told, notes), notes)
    return _Sheet(sheet, name, told, context, notes, Refusals() if refused is None else refused).reading()


class _Sheet:
    """One sheet while it is read. `context` is that of the file whose refused rows this one corrects, if it does."""

    def __init__(
        self,
        sheet: Sheet,
        name: str,
        told: Told,
        context: Context | None,
        notes: list[str],
        refused: list[RowError],
    ) -> None:
        self.context, self.name, self.notes, self.refused = context, name, notes, refused
        self.kind = told.kind or (context.kind if context else None)
        self.mapping = told.mapping
        self.remembered = {**told.remembered, **(context.columns if context else {})}
        self.source = told.source or (context.source if context else "") or source_of(name)
        self.exported = not self.mapping and exported.is_exported(sheet, self.kind)
        self.sheet = sheet if told.keep_zawgyi or self.exported else zawgyi.in_unicode(sheet)
        notes.extend(self.sheet.notes)
        refused += (
            RowError(line, "", "", "a cell in this row is too long: is a quotation mark missing?")
            for line in sheet.too_long
        )

    def reading(self) -> Reading:
        entries: list[Entry] = []
        rows: list[Rows] = []
        seen: list[Seen] = []
        columns: dict[str, str] = {}
        if self.exported:
            columns = self._exported(entries, rows, seen)
        tables = self._tables() if self.sheet.rows else []
        for table in tables:
            self.notes.extend(_remarks(table))
            context = self._context(table)
            reader = RowReader(table, context.edition, self.refused, context.day_first, self.sheet.raw)
            if table.columns and not _is_named(table, context):
                self._look(reader)
            elif table.kind == "organization":
                entries += read_organizations(reader, context, self.notes)
            else:
                entries += read_records(reader)
            seen += reader.seen(self.name) if table.columns else _unknown(self.sheet, self.name)
            ignored = self._ignored() if len(tables) == 1 else None
            rows.append(_kept(table, reader, context, ignored, self.sheet.delimiter))
        columns |= {column.header: column.target for table in tables for column in table.columns}
        if not columns:
            self.notes.append("no column was understood; say what a column is with --map COLUMN=FIELD")
            self.notes.append(NO_HEADER)
        return self._whole(entries, columns, seen, rows)

    def _ignored(self) -> dict[str, str]:
        said = {**self.remembered, **self.mapping}
        return {header: target for header, target in said.items() if target == IGNORE}

    def _look(self, reader: RowReader) -> None:
        """Read the cells of a table without names, for what can be told of them: no row can become a record."""
        for row in reader.table.rows:
            reader.read(row)
        kind = reader.table.kind
        self.notes.append(
            f"no column was taken for the name of each {kind}: say which one it is with --map COLUMN={REQUIRED[kind]}"
        )
        self.notes.append(NO_HEADER)

    def _exported(self, entries: list[Entry], rows: list[Rows], seen: list[Seen]) -> dict[str, str]:
        """Read the rows that an export of ours wrote, and leave those that a person added; the columns."""
        columns: dict[str, str] = {}
        for table in exported.tables(self.sheet):
            reader = RowReader(table, "", self.refused) if table.kind in FIELDS else None
            entries += exported.read_rows(table, reader, self.refused)
            seen += reader.seen(self.name) if reader else ()
            read = {row.line: row.cells for row in table.rows}
            rows.append(Rows(table.headers, [], read, Context(self.source), self.sheet.delimiter))
            columns |= {column.header: column.target for column in table.columns}
        self.sheet = exported.without_handle(self.sheet)
        return columns

    def _whole(self, entries: list[Entry], columns: dict[str, str], seen: list[Seen], rows: list[Rows]) -> Reading:
        keys = frozenset(key(entry) for entry in entries)
        if repeated := len(entries) - len(keys):
            self.notes.append(f"{repeated} rows repeat what an earlier row names; they were joined")
        refused = bounded(self.refused, self.notes)
        whole = Reading(
            entries,
            refused,
            self.notes,
            columns,
            tuple(seen),
            {self.source: keys},
            self.context is not None or self.exported,
            tuple(rows),
        )
        return joined([whole]) if repeated else whole

    def _tables(self) -> list[Table]:
        """The sheet as one table, or as one for each kind when a column says what each row is."""
        kinds = _kind_column(self.sheet) if self.kind is None else {}
        if not kinds:
            return [understood(self.sheet, self.kind, self.mapping, self.remembered)]
        header = self.sheet.rows[0]
        others = {one: len(rows) for one, rows in kinds.items() if one not in FIELDS}
        self.notes += (
            f"{n} row(s) of kind {one!r} were left out: a table cannot hold them" for one, n in others.items()
        )
        known = {one: [header, *rows] for one, rows in kinds.items() if one in FIELDS}
        return [
            understood(Sheet(self.sheet.name, rows, []), one, self.mapping, self.remembered)
            for one, rows in known.items()
        ]

    def _context(self, table: Table) -> Context:
        """What the rows are read by: as the file that is corrected here was, else as its name and all its rows tell."""
        if self.context is not None and self.context.presence is not None:
            return self.context
        edition = _edition(table, self.name)
        is_presence, country = False, None
        if table.kind == "organization":
            is_presence, country = presence_of(table, self.name, self.notes)
        return Context(self.source, presence=is_presence, country=country, edition=edition)


def _is_named(table: Table, context: Context) -> bool:
    """Whether a column names the records; in a table of presence an acronym does."""
    fields = {column.field for column in table.columns}
    instead = {"person": {"first_name", "last_name"}, "organization": {"acronym"} if context.presence else set[str]()}
    return REQUIRED[table.kind] in fields or bool(fields & instead.get(table.kind, set()))


def _kept(table: Table, reader: RowReader, context: Context, ignored: dict[str, str] | None, delimiter: str) -> Rows:
    """The rows as a corrected file takes them. Where kinds share a sheet, a column says which, and that is enough."""
    if ignored is not None:
        columns = ignored | {column.header: column.target for column in reversed(table.columns)}
        whole = Context(
            context.source,
            table.kind,
            columns,
            bool(context.presence),
            context.country,
            context.edition,
            reader.day_first,
        )
    else:
        whole = Context(context.source)
    return Rows(table.headers, table.tags, {row.line: row.cells for row in table.rows}, whole, delimiter)


def _unknown(sheet: Sheet, name: str) -> Iterator[Seen]:
    """The columns of a sheet of which nothing was understood, as its first row names them."""
    for at, header in enumerate(sheet.rows[0].cells if sheet.rows else []):
        below = [text for row in sheet.rows[1:] if at < len(row.cells) and (text := row.cells[at])]
        examples = tuple(Example(shown(text), "") for text in list(dict.fromkeys(below))[:3])
        yield Seen(name, header, "", "", "nobody knows this header", len(below), 0, examples)


def _most_fitting(found: list[Sheet], told: Told, notes: list[str]) -> Sheet:
    filled = [sheet for sheet in found if sheet.rows]
    if not filled:
        raise UnreadableFileError("there is nothing in this file")
    if len(filled) == 1:
        return filled[0]
    best = max(filled, key=lambda sheet: _fitness(sheet, told.kind, told.mapping, told.remembered))
    others = ", ".join(repr(sheet.name) for sheet in filled if sheet is not best)
    notes.append(f"sheet {best.name!r} was read; not {others}")
    return best


def _fitness(
    sheet: Sheet, kind: str | None, mapping: Mapping[str, str], remembered: Mapping[str, str]
) -> tuple[int, int]:
    try:
        table = understood(sheet, kind, mapping, remembered)
    except UsageError:  # this sheet lacks a column that --map names
        return (0, 0)
    return (len({column.field for column in table.columns}), len(table.rows))


def _kind_column(sheet: Sheet) -> dict[str, list[Row]]:
    """Rows by the kind that a column `kind`, as exports write it, gives them; empty when there is none."""
    header = [cell.casefold() for cell in sheet.rows[0].cells]
    if "kind" not in header:
        return {}
    at = header.index("kind")
    by_kind: dict[str, list[Row]] = {}
    for row in sheet.rows[1:]:
        by_kind.setdefault(row.cells[at].casefold() if at < len(row.cells) else "", []).append(row)
    return by_kind if by_kind.keys() & record.KINDS.keys() else {}


def _remarks(table: Table) -> Iterator[str]:
    """What a person should know of a guess: columns that were left out, and the language that texts are taken for."""
    left_out = [header for header, _ in table.left_out.values()]
    if table.columns and left_out:
        named = ", ".join(repr(header) for header in left_out[:MAX_COLUMNS_NAMED])
        more = len(left_out) - MAX_COLUMNS_NAMED
        told = f"columns left out: {named} and {more} more" if more > 0 else f"columns left out: {named}"
        yield f"{told}; say what one is with --map COLUMN=FIELD"
    if table.lost:
        named = ", ".join(repr(header) for header in table.lost)
        yield f"columns that you explained before are not in this file any more: {named}"
    if table.language != "en":
        spoken = languages.name(table.language)
        yield (
            f"the headers are in {spoken}, so texts whose language cannot be seen are taken for {spoken}, too; "
            "a column is in another language with, for example, --map COLUMN=names:en"
        )


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
