"""Importing: what a reader understood of a file becomes drafts of this network's records, and can be taken back.

An entry's source key finds the record that it became before, so a file that comes again updates instead of doubling:
languages of texts are joined, given fields replace, all others stay, and what comes out the same is not touched. Lists
of codes are gathered over several files: one file's countries do not take away those of another, but what a newer
version of the same file no longer says goes. One import is one transaction.

Versions of one file are one *source*. What a person said of its columns is remembered with it, and so is which records
it names: those that its newest version does not name any more are told, and withdrawn only when a person says so.
`node/undo.py` takes an import back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import NotFoundError
from fednet.formats.reading import Reading, Told, joined, source_of
from fednet.node.home import Home
from fednet.node.import_plan import Imported, Plan
from fednet.store import drafts


class File(NamedTuple):
    """A file to import, as it was uploaded or read."""

    name: str
    content: bytes


class Choices(msgspec.Struct, frozen=True):
    """What a person says of an import, all of it optional.

    `kind`: what the rows are; `mapping`: header -> field; both are remembered for the source. `source`: what the file
    is a version of, where its name does not tell; `circle`: where new records go, by default to the usual one of their
    kind. `withdraw_missing`: records that this source named and does not any more are withdrawn. `all_rows`: records
    that an export says are those of other networks are taken, too, and become this network's own. `most_are_gone`: they
    are withdrawn even when they are more than half of what the source named.
    """

    kind: str | None = None
    mapping: dict[str, str] = {}
    source: str = ""
    circle: str | None = None
    keep_zawgyi: bool = False
    withdraw_missing: bool = False
    all_rows: bool = False
    most_are_gone: bool = False


class Preview(msgspec.Struct, frozen=True):
    """What importing files would do, for a person to judge. `remembered`: source -> what was said of it before."""

    remembered: dict[str, dict[str, Any]]
    tried: Imported


def preview(home: Home, files: Sequence[File], choices: Choices, now: datetime | None = None) -> Preview:
    """Read files as they would be imported at that time, and change nothing. Raises as `import_files`.

    Without a time, confirmations on days to come are not refused.
    """
    reading, remembered = _read(home, files, choices)
    with home.store.reading() as db:
        plan = _plan(db, home, reading, files, choices, now)
        return Preview(remembered, plan.imported(None))


def import_files(home: Home, files: Sequence[File], choices: Choices, now: datetime) -> Imported:
    """Bring this network's records up to files, read as one, such as the language editions of a list.

    Raises UnreadableFileError for a file that is not what it seems, UsageError for choices that do not fit.
    """
    reading, remembered = _read(home, files, choices)
    said = {}
    if (choices.mapping and reading.columns) or choices.kind:
        said = {source: _said(remembered.get(source, {}), choices) for source in reading.named}
    with home.store.writing() as db:
        plan = _plan(db, home, reading, files, choices, now)
        for source, one in said.items():
            drafts.save_mapping(db, source, one, now)
        return plan.imported(plan.write(now))


def _plan(
    db: Database, home: Home, reading: Reading, files: Sequence[File], choices: Choices, now: datetime | None
) -> Plan:  # fmt: skip
    return Plan(
        db,
        home,
        reading,
        _name(files),
        choices.circle,
        choices.withdraw_missing,
        choices.all_rows,
        choices.most_are_gone,
        now,
    )


def import_reading(
    home: Home,
    reading: Reading,
    name: str,
    now: datetime,
    circle: str | None = None,
    dry_run: bool = False,
    withdraw_missing: bool = False,
    all_rows: bool = False,
    most_are_gone: bool = False,
) -> Imported:
    """Bring this network's records up to a reading. `name` is what the import is remembered as.

    A dry run answers the same and writes nothing.
    """
    if dry_run:
        with home.store.reading() as db:
            plan = Plan(db, home, reading, name, circle, withdraw_missing, all_rows, most_are_gone, now)
            return plan.imported(None)
    with home.store.writing() as db:
        plan = Plan(db, home, reading, name, circle, withdraw_missing, all_rows, most_are_gone, now)
        return plan.imported(plan.write(now))


def _read(home: Home, files: Sequence[File], choices: Choices) -> tuple[Reading, dict[str, dict[str, Any]]]:
    """The files as one reading, and what was remembered of their sources."""
    from fednet import formats  # with every library of every format

    remembered: dict[str, dict[str, Any]] = {}
    readings = []
    for file in files:
        source = choices.source or source_of(file.name)
        with home.store.reading() as db:
            known = drafts.mapping(db, source)
        said = known.said if known else {}
        if said:
            remembered[source] = said
        told = Told(
            choices.kind or said.get("kind"),
            choices.mapping,
            said.get("columns", {}),
            choices.source,
            choices.keep_zawgyi,
        )
        readings.append(formats.read_file(file.name, file.content, told))
    return joined(readings), remembered


def _said(before: dict[str, Any], choices: Choices) -> dict[str, Any]:
    """What is remembered of a source after a person said more, or something else, of it."""
    columns = {**before.get("columns", {}), **choices.mapping}
    kind = choices.kind or before.get("kind")
    return {"columns": columns} | ({"kind": kind} if kind else {})


def _name(files: Sequence[File]) -> str:
    return ", ".join(file.name for file in files)


def history(home: Home) -> list[drafts.Import]:
    """Past imports, newest first, those that were taken back too."""
    with home.store.reading() as db:
        return drafts.imports(db)


def mappings(home: Home) -> list[drafts.Mapping]:
    """What people said of the rows and columns of sources."""
    with home.store.reading() as db:
        return drafts.mappings(db)


def forget_mapping(home: Home, source: str) -> None:
    """Guess the columns of a source again; raises NotFoundError when nothing is remembered of it."""
    with home.store.writing() as db:
        if not drafts.forget_mapping(db, source):
            raise NotFoundError(f"nothing is remembered of {source!r}", hint="fednet import --mappings")
