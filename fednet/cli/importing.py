"""`import`: files of the trade become drafts of this network's records, and can be taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from fednet.cli.options import circle_option, json_option, opened
from fednet.cli.output import counted, plain, say, show_json, show_table
from fednet.errors import FednetError, UsageError

if TYPE_CHECKING:
    from fednet.node.imports import Imported, Undone

MAX_SHOWN = 20
"""Refusals and tried records shown to a person; `--json` gives all."""

LATEST = "latest"


@click.command("import")
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--as", "kind", metavar="KIND", help="What the rows are: organization, person, event, exchange, resource."
)
@click.option(
    "--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help="What a column is, where it was not guessed."
)
@circle_option
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@click.option(
    "--undo", is_flag=False, flag_value=LATEST, metavar="[ID]", help="Take back an import: the latest, or number ID."
)
@json_option
def import_(
    files: tuple[Path, ...],
    kind: str | None,
    mapping: tuple[str, ...],
    circle: str | None,
    dry_run: bool,
    undo: str | None,
    as_json: bool,
) -> None:
    """Read CSV, XLSX, ICS, GeoJSON or JSON lines into this network's records.

    Several files are read as one, such as the language editions of one list. The same file again changes nothing; a
    newer version updates.

    \b
        fednet import members.csv --map "Sigle=acronym" --dry-run
        fednet import members-en.csv members-fr.csv
        fednet import --undo
    """
    if undo is not None:
        if files:
            raise UsageError("--undo takes the number of an import, not files", hint="fednet import --undo")
        if dry_run:
            raise UsageError("--undo is done or not done: it has no --dry-run", hint="fednet import --undo")
        _undo(undo, as_json)
        return
    if not files:
        raise UsageError("no file is named", hint="fednet import members.csv")
    _import(files, kind, _mapping(mapping), circle, dry_run, as_json)


def _import(
    files: tuple[Path, ...], kind: str | None, mapping: dict[str, str], circle: str | None, dry_run: bool, as_json: bool
) -> None:
    from fednet import formats
    from fednet.node.home import now
    from fednet.node.imports import import_reading

    home = opened()
    reading = formats.read_many(list(files), kind, mapping)
    name = ", ".join(file.name for file in files)
    imported = import_reading(home, reading, name, now(), circle, dry_run)
    if as_json:
        show_json([_summary(imported, dry_run)])
    else:
        _show(imported, dry_run)
    if not imported.records:
        table = any(file.suffix.lower() in {".csv", ".tsv", ".xlsx", ".txt"} for file in files)
        hint = "say what a column is with --map COLUMN=FIELD" if table else None
        raise FednetError(f"nothing in {name} could be read", hint=hint)


def _mapping(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.rpartition("=") for pair in given]
    for column, _, field in pairs:
        if not column or not field:
            raise UsageError(f"--map {column or field}: expected COLUMN=FIELD", hint='--map "Sigle=acronym"')
    return {column: field for column, _, field in pairs}


def _summary(imported: Imported, dry_run: bool) -> dict[str, Any]:
    summary = {
        "import": imported.id,
        "dry_run": dry_run,
        "added": imported.count("added"),
        "changed": imported.count("changed"),
        "unchanged": imported.count("unchanged"),
        "kinds": imported.kinds,
        "refused": imported.refused,
        "notes": imported.notes,
        "columns": imported.columns,
    }
    return summary | {"records": imported.records} if dry_run else summary


def _show(imported: Imported, dry_run: bool) -> None:
    if dry_run:
        differing = [record for record in imported.records if record.outcome == "changed"]
        differing += [record for record in imported.records if record.outcome == "added"]
        rows = [(r.outcome, r.kind, r.circle, r.title, ", ".join(r.fields)) for r in differing[:MAX_SHOWN]]
        if rows:
            show_table(["outcome", "kind", "circle", "title", "fields"], rows)
        _say_rest(len(differing), "records")
    if imported.refused:
        say("not understood:")
        rows_refused = [(r.line or "", r.column, r.found, r.reason) for r in imported.refused[:MAX_SHOWN]]
        show_table(["line", "column", "found", "reason"], rows_refused)
        _say_rest(len(imported.refused), "refusals")
    for note in imported.notes:
        say(f"note: {note}")
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in imported.kinds.items())
    click.echo(
        f"{imported.count('added'):,} added, {imported.count('changed'):,} changed, "
        f"{imported.count('unchanged'):,} unchanged, {len(imported.refused):,} refused"
        + plain(f" ({kinds})" * bool(kinds))
    )
    if imported.id is not None:
        say(f"hint: fednet publish signs it; fednet import --undo {imported.id} takes it back")
    elif dry_run:
        say("nothing was written")


def _say_rest(total: int, what: str) -> None:
    if total > MAX_SHOWN:
        say(f"... and {total - MAX_SHOWN:,} more {what}; --json shows all")


def _undo(chosen: str, as_json: bool) -> None:
    from fednet.node import imports
    from fednet.node.home import now

    if chosen != LATEST and not chosen.isdecimal():
        raise UsageError(f"{chosen!r} is no number of an import", hint="fednet import --undo takes back the latest")
    undone = imports.undo(opened(), None if chosen == LATEST else int(chosen), now())
    if as_json:
        show_json([msgspec.to_builtins(undone)])
    else:
        _show_undone(undone)


def _show_undone(undone: Undone) -> None:
    click.echo(
        f"import {undone.id} of {plain(undone.name)} taken back: {counted(undone.withdrawn, 'record')} withdrawn, "
        f"{undone.restored:,} as before, {len(undone.kept):,} left alone"
    )
    if undone.kept:
        show_table(["handle", "title", "why it was left alone"], [(k.handle, k.title, k.reason) for k in undone.kept])
    say("hint: fednet publish signs it")
