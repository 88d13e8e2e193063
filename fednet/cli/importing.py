"""`import`: files of the trade become drafts of this network's records, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from fednet.cli.options import agreed, circle_option, json_option, may_write, opened, yes_option
from fednet.cli.output import counted, differing, plain, say, short, show_json, show_table
from fednet.errors import FednetError, UsageError

if TYPE_CHECKING:
    from fednet.formats.reading import Seen
    from fednet.node.home import Home
    from fednet.node.import_plan import Imported
    from fednet.node.imports import Choices, File
    from fednet.node.undo import Undone

MAX_SHOWN = 20
"""Refusals, tried records and missing ones shown to a person; `--json` gives all."""

MAX_CHANGED = 10
"""Records that an import changed or withdrew, shown to a person once it is done."""

MAX_EXAMPLE = 40
SIGNS = "fednet publish signs it; a node that serves does so by itself"
LATEST = "latest"


@click.command("import")
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--as", "--kind", "kind", metavar="KIND", help="What the rows are: organization, person, event, exchange, resource."
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a column is (names:fr, services, ..., ignore). Remembered for the next version of the file.",
)
@click.option("--source", metavar="NAME", default="", help="What the file is a version of, if its name does not tell.")
@circle_option
@click.option("--keep-zawgyi", is_flag=True, help="Leave Burmese that was typed in Zawgyi as it is.")
@click.option("--dry-run", is_flag=True, help="Show how each column is read and what would happen; change nothing.")
@click.option(
    "--refused-to",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the rows that were refused, with the reasons, to a .csv or .xlsx: correct it, and import it.",
)
@click.option(
    "--withdraw-missing", is_flag=True, help="Withdraw what the last version of the file named and this one does not."
)
@click.option("--all-rows", is_flag=True, help="Take other networks' records of an export, too, as this network's own.")
@click.option(
    "--most-are-gone", is_flag=True, help="With --withdraw-missing: also when that is more than half of what it named."
)
@yes_option
@click.option(
    "--undo", is_flag=False, flag_value=LATEST, metavar="[ID]", help="Take back an import: the latest, or number ID."
)
@click.option("--history", "past", is_flag=True, help="List past imports.")
@click.option("--mappings", is_flag=True, help="List what is remembered of the columns of each source.")
@click.option("--forget-mapping", "forget", metavar="SOURCE", help="Guess the columns of a source again.")
@json_option
def import_(
    files: tuple[Path, ...],
    kind: str | None,
    mapping: tuple[str, ...],
    source: str,
    circle: str | None,
    keep_zawgyi: bool,
    dry_run: bool,
    refused_to: Path | None,
    withdraw_missing: bool,
    all_rows: bool,
    most_are_gone: bool,
    yes: bool,
    undo: str | None,
    past: bool,
    mappings: bool,
    forget: str | None,
    as_json: bool,
) -> None:
    """Read CSV, XLSX, ICS, GeoJSON, HSDS or JSON lines into this network's records.

    Several files are read as one, such as the language editions of one list. The same file again changes nothing; a
    newer version updates, and lists what has disappeared from it.

    \b
        fednet import members.csv --map "Sigle=acronym" --dry-run
        fednet import members-en.csv members-fr.csv --refused-to refused.xlsx
        fednet import --undo
    """
    from fednet.node.imports import Choices

    asked = [undo is not None, past, mappings, forget is not None]
    if any(asked):
        if files or sum(asked) > 1:
            raise UsageError("--undo, --history, --mappings and --forget-mapping stand alone, without files")
        if dry_run:
            raise UsageError("this is done or not done: it has no --dry-run")
    if undo is not None:
        _undo(undo, as_json)
    elif past:
        _show_history(opened(), as_json)
    elif mappings:
        _show_mappings(opened(), as_json)
    elif forget is not None:
        _forget(forget)
    elif not files:
        raise UsageError("no file is named", hint="fednet import members.csv")
    else:
        if most_are_gone and not withdraw_missing:
            raise UsageError("--most-are-gone says more of --withdraw-missing", hint="give both, or neither")
        said = kind, _mapping(mapping), source, circle, keep_zawgyi, withdraw_missing, all_rows, most_are_gone
        choices = Choices(*said)
        _import(files, choices, dry_run, refused_to, yes, as_json)


def _import(
    paths: tuple[Path, ...], choices: Choices, dry_run: bool, refused_to: Path | None, yes: bool, as_json: bool
) -> None:
    from fednet import formats
    from fednet.node import imports
    from fednet.node.home import now

    home = opened()
    if refused_to and not _may_write_refused(home, refused_to, yes):
        return
    files = [imports.File(path.name, formats.content_of(path)) for path in paths]
    remembered: dict[str, Any] = {}
    if dry_run:
        previewed = imports.preview(home, files, choices, now())
        imported, remembered = previewed.tried, previewed.remembered
    else:
        if choices.withdraw_missing and not _agreed_to_withdraw(home, files, choices, yes):
            return
        imported = imports.import_files(home, files, choices, now())
    corrected = _write_refused(imported, refused_to) if refused_to else False
    if as_json:
        show_json([_summary(imported, remembered, dry_run)])
    else:
        _show(imported, remembered, dry_run)
    if corrected:
        say(f"hint: correct {refused_to}, then: fednet import {refused_to}")
    if not imported.records and not imported.left_out:
        table = any(path.suffix.lower() in {".csv", ".tsv", ".xlsx", ".txt"} for path in paths)
        hint = "say what a column is with --map COLUMN=FIELD; without a header row, add one" if table else None
        raise FednetError(f"nothing in {', '.join(path.name for path in paths)} could be read", hint=hint)


def _mapping(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.rpartition("=") for pair in given]
    for column, _, field in pairs:
        if not column or not field:
            raise UsageError(f"--map {column or field}: expected COLUMN=FIELD", hint='--map "Sigle=acronym"')
    return {column: field for column, _, field in pairs}


def _agreed_to_withdraw(home: Home, files: list[File], choices: Choices, yes: bool) -> bool:
    """Whether what has disappeared may be withdrawn; nobody is asked when nothing has."""
    from fednet.node import imports

    tried = imports.preview(home, files, choices).tried
    gone = [(one.kind, one.title, one.handle) for one in tried.records if one.outcome == "withdrawn"]
    if not gone:
        return True
    if not yes:
        say("this file does not name any more:")
        show_table(["kind", "title", "handle"], gone)
    return agreed(f"Withdraw {counted(len(gone), 'record')}?", yes)


def _may_write_refused(home: Home, file: Path, yes: bool) -> bool:
    from fednet.formats.corrections import check_suffix

    check_suffix(file.suffix.lower())
    return may_write(home, file, yes)


def _write_refused(imported: Imported, file: Path) -> bool:
    """Whether there were refused rows, and they were written."""
    from fednet.formats.corrections import corrected
    from fednet.node.files import write_atomically

    reading = imported.reading
    content = corrected(reading.rows, imported.refused, reading.entries, file.suffix.lower())
    if content is None:
        say(f"no row of a table was refused: {file} was not written")
        return False
    write_atomically(file, content)
    return True


def _summary(imported: Imported, remembered: dict[str, Any], dry_run: bool) -> dict[str, Any]:
    summary = {
        "import": imported.id,
        "dry_run": dry_run,
        "added": imported.count("added"),
        "changed": imported.count("changed"),
        "unchanged": imported.count("unchanged"),
        "withdrawn": imported.count("withdrawn"),
        "kinds": imported.kinds,
        "left_out": imported.left_out,
        "refused": imported.refused,
        "missing": imported.missing,
        "notes": imported.notes,
        "columns": imported.columns,
        "joined": [{"source": e.source, "lines": e.lines} for e in imported.reading.entries if len(e.lines) > 1],
    }
    if dry_run:
        return summary | {"seen": imported.seen, "remembered": remembered, "records": imported.records}
    return summary | {"records": [one for one in imported.records if one.outcome in {"changed", "withdrawn"}]}


def _show(imported: Imported, remembered: dict[str, Any], dry_run: bool) -> None:
    if dry_run:
        _show_columns(imported.seen)
        for source, said in remembered.items():
            say(f"note: remembered of {source!r}: {_said(said)}; --map says otherwise")
        _show_records(imported, ("withdrawn", "changed", "added"), MAX_SHOWN)
    else:
        _show_records(imported, ("withdrawn", "changed"), MAX_CHANGED)
    if imported.refused:
        say("not understood:")
        rows_refused = [(r.line or "", r.column, r.found, r.reason) for r in imported.refused[:MAX_SHOWN]]
        show_table(["line", "column", "found", "reason"], rows_refused)
        _say_rest(len(imported.refused), "refusals")
    if imported.missing:
        say("listed here, and not in this version of the file any more (--withdraw-missing withdraws them):")
        show_table(["kind", "title", "handle"], [(m.kind, m.title, m.handle) for m in imported.missing[:MAX_SHOWN]])
        _say_rest(len(imported.missing), "missing records")
    for note in imported.notes:
        say(f"note: {note}")
    click.echo(_counts(imported))
    if imported.id is not None:
        say(f"hint: {SIGNS}; fednet import --undo {imported.id} takes it back")
    elif dry_run:
        say("nothing was written")


def _counts(imported: Imported) -> str:
    kinds = ", ".join(counted(number, kind) for kind, number in imported.kinds.items())
    withdrawn = f"{imported.count('withdrawn'):,} withdrawn, " if imported.count("withdrawn") else ""
    missing = f", {len(imported.missing):,} missing" if imported.missing else ""
    return (
        f"{imported.count('added'):,} added, {imported.count('changed'):,} changed, {withdrawn}"
        f"{imported.count('unchanged'):,} unchanged, {len(imported.refused):,} refused{missing}"
        + plain(f"; in the file: {kinds}" * bool(kinds))
    )


def _show_columns(seen: tuple[Seen, ...]) -> None:
    if not seen:
        return
    rows = [
        (
            one.header,
            f"{one.field} ({one.language})" if one.language else one.field or "(left out)",
            one.why,
            f"{one.understood:,} of {one.filled:,}" if one.field else f"{one.filled:,}",
            ", ".join(_examples(one)),
        )
        for one in seen
    ]
    show_table(["column", "read as", "because of", "cells understood", "for example"], rows)


def _examples(seen: Seen) -> Iterator[str]:
    for example in seen.examples:
        raw, becomes = short(example.raw, MAX_EXAMPLE), short(example.becomes, MAX_EXAMPLE)
        yield raw if not seen.field or raw == becomes else f"{raw} -> {becomes or '?'}"


def _show_records(imported: Imported, order: tuple[str, ...], most: int) -> None:
    changed = [record for outcome in order for record in imported.records if record.outcome == outcome]
    rows = [(r.outcome, r.kind, r.circle, r.title, differing(r.changes)) for r in changed[:most]]
    if rows:
        show_table(["outcome", "kind", "circle", "title", "what changes"], rows)
    _say_rest(len(changed), "records", most)


def _say_rest(total: int, what: str, most: int = MAX_SHOWN) -> None:
    if total > most:
        say(f"... and {total - most:,} more {what}; --json shows all")


# --- past imports, and what is remembered -----------------------------------------------------------------------------


def _show_history(home: Home, as_json: bool) -> None:
    from fednet.node import imports

    past = imports.history(home)
    if as_json:
        show_json(
            {
                "id": one.id,
                "at": one.at,
                "name": one.name,
                "sources": one.sources,
                "summary": one.summary,
                "undone_at": one.undone_at,
            }
            for one in past
        )
        return
    counts = ("added", "changed", "withdrawn", "refused")
    show_table(
        ["id", "at", "file", *counts, "taken back"],
        [(one.id, one.at, one.name, *(one.summary.get(name, 0) for name in counts), one.undone_at) for one in past],
    )


def _show_mappings(home: Home, as_json: bool) -> None:
    from fednet.node import imports

    found = imports.mappings(home)
    if as_json:
        show_json({"source": one.source, **one.said, "at": one.at} for one in found)
    else:
        show_table(["source", "what was said", "at"], [(one.source, _said(one.said), one.at) for one in found])


def _said(said: dict[str, Any]) -> str:
    kind = [f"--as {said['kind']}"] if "kind" in said else []
    return ", ".join([*kind, *(f"{column}={field}" for column, field in said.get("columns", {}).items())])


def _forget(source: str) -> None:
    from fednet.node import imports

    imports.forget_mapping(opened(), source)
    click.echo(f"the columns of {plain(source)} will be guessed again")


def _undo(chosen: str, as_json: bool) -> None:
    from fednet.node import undo
    from fednet.node.home import now

    if chosen != LATEST and not chosen.isdecimal():
        raise UsageError(f"{chosen!r} is no number of an import", hint="fednet import --history lists them")
    undone = undo.undo(opened(), None if chosen == LATEST else int(chosen), now())
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
        rows = [(k.handle, k.title, ", ".join(k.fields) or "all", k.reason) for k in undone.kept]
        show_table(["handle", "title", "fields", "why they were left alone"], rows)
    say(f"hint: {SIGNS}")
