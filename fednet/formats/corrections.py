"""Rows that were refused, as a file to correct and import again; and such a file when it comes back.

Two columns stand before those of the file it was made from: why each row is in it, and the line it was on. The header
of an empty one behind them says, in JSON, by what its rows were read, so that they land as if they had been right:

    why refused,line,Name,Country,"fednet {""source"":""members"",""kind"":""organization"",...}"
    Country: Wakanda is no country we know,3,Birch Clinic,Wakanda,

Rows that tell of the same record as a refused one come along without a reason: it was made of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fednet.errors import UsageError
from fednet.formats.export import csv_of, workbook_of
from fednet.formats.reading import Context, Entry, RowError, Rows, unknown_choice
from fednet.formats.rows import bare
from fednet.formats.table import Row, Sheet

WHY = "why refused"
LINE = "line"
_STATED = "fednet "

MAX_WIDTH = 60
MAX_ROWS_MEASURED = 500


def corrected(rows: Sequence[Rows], refused: Sequence[RowError], entries: Sequence[Entry], suffix: str) -> bytes | None:
    """The rows that were refused, in whole or in part, as a file of that suffix; None when there are none.

    Raises UsageError for a suffix that is no table, and when rows of several files were refused.
    """
    check_suffix(suffix)
    concerned = [one for one in rows if any(error.line in one.rows for error in refused)]
    if len({one.context.source for one in concerned}) > 1:
        raise UsageError("rows of several files were refused", hint="import the files one by one")
    if not concerned:
        return None
    table = _table(concerned, refused, entries)
    if suffix == ".xlsx":
        return workbook_of(table, _widths(table), as_written=True)
    # Cells are as they stood in the file: one that was defused there is not defused twice.
    bared = ([bare(cell) for cell in cells] for cells in table)
    # The spreadsheet that wrote semicolons is the one that will open this.
    return csv_of(bared, ";" if concerned[0].delimiter == ";" else ",")


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    """Of the columns of a workbook, in characters; the last one is of no concern to people."""
    shown = [max(len(cell) for cell in column[:MAX_ROWS_MEASURED]) for column in zip(*table, strict=True)]
    return [min(max(width + 2, 8), MAX_WIDTH) for width in shown[:-1]] + [10]


def check_suffix(suffix: str) -> None:
    if suffix not in {".csv", ".xlsx"}:
        raise unknown_choice("format", suffix or "without an ending", [".csv", ".xlsx"])


def _table(concerned: Sequence[Rows], refused: Sequence[RowError], entries: Sequence[Entry]) -> list[list[str]]:
    first = concerned[0]
    reasons: dict[int, list[str]] = {}
    for error in refused:
        reasons.setdefault(error.line, []).append(_reason(error))
    lines = set(reasons)
    for entry in entries:
        if not lines.isdisjoint(entry.lines):
            lines.update(entry.lines)
    kept = {line: cells for one in concerned for line, cells in one.rows.items() if line in lines}
    table = [[WHY, LINE, *first.headers]]
    if first.tags:
        table.append(["", "", *first.tags])
    table += ([_joined(reasons.get(line, [])), str(line), *kept[line]] for line in sorted(kept))
    width = max(map(len, table)) + 1  # rows of one width tell a reader where cells are cut
    whole = [[*cells, *[""] * (width - len(cells))] for cells in table]
    whole[0][-1] = _STATED + msgspec.json.encode(first.context).decode()
    return whole


def _reason(error: RowError) -> str:
    column, found = f"{error.column}: " * bool(error.column), f"{error.found} " * bool(error.found)
    return f"{column}{found}{error.reason}"


def _joined(reasons: list[str]) -> str:
    return "; ".join(dict.fromkeys(reasons))[:4_000]


def opened(sheet: Sheet, notes: list[str]) -> tuple[Sheet, Context | None]:
    """The sheet without our columns, and what its rows are read by; any other sheet as it is, and None."""
    header = sheet.rows[0].cells
    stated = next((at for at, cell in enumerate(header) if cell.startswith(_STATED + "{")), None)
    why = next((at for at, cell in enumerate(header) if cell.casefold() == WHY), None)
    if why is None and stated is None:
        return sheet, None
    line = next((at for at, cell in enumerate(header) if cell.casefold() == LINE), None)
    ours = {why, line, stated}
    rows = [Row(row.line, [c for at, c in enumerate(row.cells) if at not in ours]) for row in sheet.rows]
    rows[0] = rows[0]._replace(cells=[bare(cell) for cell in rows[0].cells])
    context = _context(header[stated]) if stated is not None else None
    if context is None:
        notes.append("the column that says from which file these rows are was changed: they were read as a new file")
    return msgspec.structs.replace(sheet, rows=[row for row in rows if any(row.cells)]), context


def _context(header: str) -> Context | None:
    try:
        return msgspec.json.decode(header.removeprefix(_STATED), type=Context)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
