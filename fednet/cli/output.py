"""What commands print: tables on a terminal, tab-separated lines in a pipe, one JSON object a line with `--json`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from fednet.feed.text import plain as plain

if TYPE_CHECKING:
    from fednet.node.edits import Difference


def say(text: str) -> None:
    """Talk to the person at the terminal; never data."""
    click.echo(plain(text), err=True)


# What `plain` takes out is escaped in JSON: the same text to a program, and nothing that a terminal obeys.
_UNSAFE = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def show_json(values: Iterable[Any]) -> None:
    """One JSON object a line; structs and mappings alike."""
    for value in values:
        click.echo(_UNSAFE.sub(_escaped, msgspec.json.encode(value).decode()))


def show_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows for people: ruled on a terminal, tab-separated with a header line elsewhere."""
    cells = [[plain("" if cell is None else cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _show_on_terminal(headers, cells)
        return
    for row in [list(headers), *cells]:
        click.echo("\t".join(row))


def _show_on_terminal(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def show_entries(headers: Sequence[str], rows: Iterable[Sequence[object]], heading: int) -> None:
    """Long rows for people: on a terminal each is a paragraph, its first `heading` cells being its first line."""
    if not sys.stdout.isatty():
        show_table(headers, rows)
        return
    for row in rows:
        cells = [plain("" if cell is None else cell) for cell in row]
        first = [click.style(cells[0], bold=True), *cells[1:heading]]
        more = [f"{name} {cell}" for name, cell in zip(headers[heading:], cells[heading:], strict=True) if cell]
        click.echo("  ".join(filter(None, first)))
        for line in more:
            click.echo(f"    {click.style(line, dim=True)}")


def show_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Name and value, a line each; what is empty is left out."""
    filled = [(name, plain(value)) for name, value in fields if value not in (None, "", [], {}, ())]
    width = max((len(name) for name, _ in filled), default=0)
    for name, value in filled:
        click.echo(f"{name:<{width}}  {value}")


def written(value: Any) -> str:
    """A field of a record in words: `en: Detention; fr: Détention`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return "; ".join(f"{name}: {written(inner)}" for name, inner in value.items())
        case list() | tuple():
            return "; ".join(written(inner) for inner in value)
        case _:
            return str(value)


def differing(found: Iterable[Difference]) -> str:
    """What changes in a record, each value cut short: `acronym: (nothing) -> AH; seat: country: TH -> country: MM`."""
    return "; ".join(f"{one.field}: {_value(one.before)} -> {_value(one.after)}" for one in found)


def _value(value: Any) -> str:
    return short(written(value)) if value not in (None, "", [], {}) else "(nothing)"


def short(text: str, most: int = 60) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 record`, `1,203 records`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
