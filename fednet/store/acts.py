"""The audit log: who did what, when, to what, and how it ended. Names and handles, never what a record says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.store.accounts import Account


class Act(NamedTuple):
    """`account_id` is None for whoever had not signed in; `outcome` is empty while it is under way."""

    id: int
    at: str
    account_id: int | None
    name: str
    role: str
    act: str
    subject: str
    outcome: str


def begin(
    db: Database, account: Account | None, act: str, subject: str, now: datetime, *, role: str = "anybody"
) -> int:
    """Note that somebody sets about something; the number of the entry. `role`: of whoever has no account."""
    who = (account.id, account.name, account.role) if account else (None, "", role)
    row = db.execute(
        "INSERT INTO act (at, account_id, name, role, act, subject) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (utc_text(now), *who, act, subject),
    ).fetchone()
    return int(row[0])


def each(db: Database, account: Account | None, act: str, subjects: Iterable[str], now: datetime) -> None:
    """Note of one act what was done by it to each of several: entries of their own."""
    for subject in subjects:
        end(db, begin(db, account, act, subject, now), "done")


def end(db: Database, act: int, outcome: str, account: Account | None = None, subject: str | None = None) -> None:
    """Note how it ended; and who it was, and about what (empty: nothing), where that turned out only then."""
    db.execute("UPDATE act SET outcome = ? WHERE id = ?", (outcome, act))
    if account is not None:
        db.execute(
            "UPDATE act SET account_id = ?, name = ?, role = ? WHERE id = ?",
            (account.id, account.name, account.role, act),
        )
    if subject is not None:
        db.execute("UPDATE act SET subject = ? WHERE id = ?", (subject, act))


def drop(db: Database, act: int) -> None:
    """Take an entry out that never became an act."""
    db.execute("DELETE FROM act WHERE id = ?", (act,))


class Wanted(NamedTuple):
    """Which entries somebody asks for; what is empty narrows nothing. Days are of UTC, as `YYYY-MM-DD`, both included.

    `who` is a part of a name or role, as written.
    """

    who: str = ""
    act: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""


_FITS = (
    "(:who = '' OR instr(lower(name), lower(:who)) OR role = :who) AND (:act = '' OR act = :act) "
    "AND (:subject = '' OR subject = :subject) AND (:since = '' OR at >= :since) "
    "AND (:until = '' OR at < :until || 'U')"  # after every time of that day, which goes on with a T
)
_ENTRY = "id, at, account_id, name, role, act, subject, outcome"


def latest(db: Database, before: int | None = None, limit: int = 100, wanted: Wanted | None = None) -> list[Act]:
    """The newest entries first, of numbers below `before`."""
    rows = db.execute(
        f"SELECT {_ENTRY} FROM act WHERE id < :before AND {_FITS} ORDER BY id DESC LIMIT :limit",
        {**(wanted or Wanted())._asdict(), "before": before or 2**62, "limit": limit},
    )
    return [Act(*row) for row in rows]


def every(db: Database, wanted: Wanted) -> list[Act]:
    """All entries that are asked for, the oldest first."""
    rows = db.execute(f"SELECT {_ENTRY} FROM act WHERE {_FITS} ORDER BY id", wanted._asdict())
    return [Act(*row) for row in rows]


def names(db: Database) -> list[str]:
    """The acts that the log holds."""
    return [name for (name,) in db.execute("SELECT DISTINCT act FROM act ORDER BY act")]


def forget(db: Database, subject: str) -> None:
    """Keep that something was done, and forget to what: it is erased."""
    db.execute("UPDATE act SET subject = '' WHERE subject = ?", (subject,))


def repoint(db: Database, old: str, new: str) -> None:
    """A record goes on under another handle: what was done to it was done to that one."""
    db.execute("UPDATE act SET subject = ? WHERE subject = ?", (new, old))


def handles(db: Database) -> list[str]:
    """Handles of records that entries are about, and other subjects."""
    return [subject for (subject,) in db.execute("SELECT DISTINCT subject FROM act WHERE subject != ''")]
