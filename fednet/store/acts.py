"""The audit log: who did what, when, to what, and how it ended. Names and handles, never what a record says."""

from __future__ import annotations

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


def begin(db: Database, account: Account | None, act: str, subject: str, now: datetime) -> int:
    """Note that somebody sets about something; the number of the entry."""
    who = (account.id, account.name, account.role) if account else (None, "", "anybody")
    row = db.execute(
        "INSERT INTO act (at, account_id, name, role, act, subject) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (utc_text(now), *who, act, subject),
    ).fetchone()
    return int(row[0])


def end(db: Database, act: int, outcome: str) -> None:
    """Note how it ended."""
    db.execute("UPDATE act SET outcome = ? WHERE id = ?", (outcome, act))


def latest(db: Database, before: int | None = None, limit: int = 100) -> list[Act]:
    """The newest entries first, of numbers below `before`."""
    rows = db.execute(
        "SELECT id, at, account_id, name, role, act, subject, outcome FROM act WHERE id < ? ORDER BY id DESC LIMIT ?",
        (before or 2**62, limit),
    )
    return [Act(*row) for row in rows]
