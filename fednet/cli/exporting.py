"""`export`: the global directory into a file to work with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from fednet.cli.directory import parsed
from fednet.cli.options import filters, may_write, more_filters, opened
from fednet.cli.output import counted, say
from fednet.errors import UsageError

if TYPE_CHECKING:
    from fednet.node.home import Home

KINDS_OF = {
    ".csv": (),
    ".xlsx": (),
    ".jsonl": (),
    ".jsonld": ("organization", "event", "person"),
    ".ics": ("event",),
    ".vcf": ("organization", "contact", "person", "group"),
}
"""What each sort of file takes; empty for all kinds that `search` shows."""

PAGE = 1_000
SERVED = "JSON and HSDS are at /api/v1/ and /hsds/ of a node that serves"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("text", required=False, default="")
@filters
@more_filters
@click.option("--as", "--kind", "kinds", multiple=True, metavar="KIND", help="Only records of this kind.")
@click.option("--yes", is_flag=True, help="Replace a file that is there already.")
def export(file: Path, text: str, kinds: tuple[str, ...], yes: bool, **asked: Any) -> None:
    """Write what this node lists and follows to a .csv, .xlsx, .ics, .vcf, .jsonl or .jsonld file; filters as search.

    A .csv or .xlsx can be corrected and imported again: what was not touched in it stays as it was. Contacts are on the
    cards of a .vcf, and in other files when they are asked for: --as contact. JSON and HSDS are at /api/v1/ and /hsds/
    of a node that serves.

    \b
        fednet export organisations.csv --as organization --country TH
        fednet export calendar.ics
    """
    from fednet.formats import write
    from fednet.node.files import write_atomically
    from fednet.node.home import now

    suffix = file.suffix.lower()
    if suffix not in KINDS_OF:
        hint = f"use {', '.join(KINDS_OF)}; {SERVED}"
        raise UsageError(f"{file.name}: {suffix or 'no suffix'} is no format", hint=hint)
    home = opened()
    if not may_write(home, file, yes):
        return
    moment = now()
    asked["kinds"] = kinds or KINDS_OF[suffix]
    circles: dict[tuple[str, str], str] = {}

    def save(path: Path, content: bytes) -> None:
        write_atomically(path, content, mode=0o600 if set(circles.values()) - {"public"} else 0o644)

    written = write(file, _rows(home, text, asked, moment, circles), now=moment, circles=circles, save=save)
    say(f"{counted(written, 'record')} in {file}")
    closed = [circle for circle in circles.values() if circle != "public"]
    if closed:
        said = ", ".join(sorted(set(closed)))
        say(f"hint: not public: {len(closed):,} of them (circle {said}); mind who gets the file")


def _rows(
    home: Home, text: str, asked: dict[str, Any], moment: datetime, circles: dict[tuple[str, str], str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Network, handle and fields of all that is found, page by page; `circles` gets who may read each."""
    from fednet.directory.search import OPERATOR, search
    from fednet.store import columns

    columns.keep(home.store)  # page after page
    cursor: str | None = None
    while True:
        query = msgspec.structs.replace(parsed(text, PAGE, asked, cursor), apart=True)
        found = search(home.store, query, OPERATOR, moment, facets=())
        circles.update(((hit.network, hit.handle), hit.circle) for hit in found.hits)
        yield from ((hit.network, hit.handle, hit.fields) for hit in found.hits)
        if found.next is None:
            return
        cursor = found.next
