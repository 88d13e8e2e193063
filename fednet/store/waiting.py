"""How much of each thing waits for somebody of the secretariat, counted where it lies."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.store.drafts import Import, imports


class Counted(NamedTuple):
    """Applications and edits of members that wait for a word, drafts that wait to be signed, witnesses asked."""

    applications: int
    edits: int
    drafts: int
    witnesses: int


def counted(db: Database) -> Counted:
    row = db.execute(
        "SELECT (SELECT count(*) FROM application WHERE state = 'waits'), "
        "(SELECT count(*) FROM proposal WHERE state = 'waits'), "
        "(SELECT count(*) FROM draft), (SELECT count(*) FROM witness)"
    ).fetchone()
    return Counted(*row)


def refused(db: Database) -> list[Import]:
    """Imports with rows that were refused and that nobody has seen to, newest first.

    A later import of the same source, such as of the corrected rows, takes the place of an earlier one.
    """
    found, seen = [], set[str]()
    for one in imports(db):
        if one.undone_at is not None:
            continue
        if one.summary.get("refused") and not one.summary.get("settled") and seen.isdisjoint(one.sources):
            found.append(one)
        seen.update(one.sources)
    return found


def settle_refused(db: Database, import_id: int) -> bool:
    """The refused rows of an import need nobody any more; whether there is such an import."""
    summary = next((one.summary for one in imports(db) if one.id == import_id), None)
    if summary is None:
        return False
    said = msgspec.json.encode({**summary, "settled": 1}).decode()
    db.execute("UPDATE import SET summary = ? WHERE id = ?", (said, import_id))
    return True
