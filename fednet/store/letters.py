"""Letters that wait to be sent, and what somebody was reminded of. A letter is gone once it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text

TROUBLE = 3
"""Tries that may fail before the desk hears of it."""

_COLUMNS = "id, recipient, subject, text, at, about, until, tries, due_at, error, stopped"


class Outgoing(NamedTuple):
    """A letter in plain text. `about`: see the schema; `error`: a word and perhaps a code, never what a server said."""

    id: int
    recipient: str
    subject: str
    text: str
    at: str
    about: str
    until: str | None
    tries: int
    due_at: str
    error: str | None
    stopped: bool


def put(
    db: Database, recipient: str, subject: str, text: str, now: datetime, about: str = "", until: datetime | None = None
) -> None:
    """A letter more; nobody gets the same one twice while the first still waits."""
    at, last = utc_text(now), until and utc_text(until)
    db.execute("DELETE FROM outgoing WHERE recipient = ? AND subject = ? AND text = ?", (recipient, subject, text))
    db.execute(
        "INSERT INTO outgoing (recipient, subject, text, at, about, until, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (recipient, subject, text, at, about, last, at),
    )


def due(db: Database, now: datetime, limit: int) -> list[Outgoing]:
    """Letters to try now, those that wait longest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM outgoing WHERE NOT stopped AND due_at <= ? ORDER BY due_at, id LIMIT ?",
        (utc_text(now), limit),
    )
    return [_outgoing(row) for row in rows]


def sent(db: Database, id_: int) -> None:
    """A letter is gone: nothing of it stays here."""
    db.execute("DELETE FROM outgoing WHERE id = ?", (id_,))


def failed(db: Database, id_: int, error: str, due: datetime, *, stopped: bool) -> None:
    db.execute(
        "UPDATE outgoing SET tries = tries + 1, error = ?, due_at = ?, stopped = ? WHERE id = ?",
        (error, utc_text(due), stopped, id_),
    )


def again(db: Database, id_: int, now: datetime) -> bool:
    """Try a letter as if it were new; whether there is one."""
    at = utc_text(now)
    cursor = db.execute("UPDATE outgoing SET at = ?, due_at = ?, tries = 0, stopped = 0 WHERE id = ?", (at, at, id_))
    return bool(cursor.rowcount)


def sweep(db: Database, now: datetime, stopped_before: datetime) -> None:
    """Drop letters that are worth nothing any more, and those given up so long ago."""
    db.execute(
        "DELETE FROM outgoing WHERE until < ? OR (stopped AND due_at < ?)", (utc_text(now), utc_text(stopped_before))
    )


def waiting(db: Database, limit: int = 200) -> list[Outgoing]:
    """All letters, those in trouble first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM outgoing ORDER BY stopped DESC, tries DESC, id LIMIT ?", (limit,))
    return [_outgoing(row) for row in rows]


def stuck(db: Database) -> list[Outgoing]:
    """Letters that could not be sent: nobody tries any more, or several tries have failed."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM outgoing WHERE stopped OR tries >= ? ORDER BY id", (TROUBLE,))
    return [_outgoing(row) for row in rows]


def since(db: Database, recipient: str, about: str) -> int:
    """How many letters about something wait for somebody."""
    row = db.execute("SELECT count(*) FROM outgoing WHERE recipient = ? AND about = ?", (recipient, about)).fetchone()
    return int(row[0])


def forget(db: Database, about: str) -> None:
    """Destroy what waits to be said about something."""
    db.execute("DELETE FROM outgoing WHERE about = ?", (about,))


def forget_to(db: Database, recipient: str) -> None:
    """Destroy what waits to be said to somebody (ASCII letters of either case)."""
    db.execute("DELETE FROM outgoing WHERE recipient = ? COLLATE NOCASE", (recipient,))


def _outgoing(row: tuple[object, ...]) -> Outgoing:
    found = Outgoing(*row)  # type: ignore[arg-type]
    return found._replace(stopped=bool(found.stopped))


# --- what somebody was reminded of ------------------------------------------------------------------------------------


def reminded(db: Database, about: str, subject: str) -> str | None:
    """When somebody was last reminded of that."""
    row = db.execute("SELECT at FROM reminded WHERE about = ? AND subject = ?", (about, subject)).fetchone()
    return None if row is None else row[0]


def remember(db: Database, about: str, subject: str, now: datetime) -> None:
    db.execute("INSERT OR REPLACE INTO reminded (about, subject, at) VALUES (?, ?, ?)", (about, subject, utc_text(now)))


def reminders(db: Database, about: str, handle: str) -> list[tuple[str, str]]:
    """Subject and time of all that was said about a record, the latest first."""
    rows = db.execute(
        "SELECT subject, at FROM reminded WHERE about = ? AND subject >= ? AND subject < ? ORDER BY at DESC, subject",
        (about, handle, f"{handle}\uffff"),
    )
    return [(subject, at) for subject, at in rows]


def forget_reminder(db: Database, about: str, subject: str) -> None:
    """Somebody was not reminded of that."""
    db.execute("DELETE FROM reminded WHERE about = ? AND subject = ?", (about, subject))


def sweep_reminders(db: Database, about: str, before: datetime) -> None:
    """Take out what somebody was reminded of before a moment."""
    db.execute("DELETE FROM reminded WHERE about = ? AND at < ?", (about, utc_text(before)))


def repoint(db: Database, old: str, new: str) -> None:
    """Letters and reminders are of a record that goes on under another handle."""
    db.execute("UPDATE outgoing SET about = ? WHERE about = ?", (new, old))
    db.execute(
        "UPDATE OR REPLACE reminded SET subject = replace(subject, ?1, ?2) WHERE subject >= ?1 AND subject < ?3",
        (old, new, f"{old}\uffff"),
    )


def forget_reminded(db: Database, handle: str) -> None:
    """Nobody was reminded of a record: subjects begin with its handle."""
    db.execute("DELETE FROM reminded WHERE subject >= ? AND subject < ?", (handle, f"{handle}\uffff"))


def handles(db: Database) -> list[str]:
    """All records that letters or reminders speak of."""
    rows = db.execute("SELECT about FROM outgoing UNION SELECT substr(subject, 1, 36) FROM reminded")
    return [found for (found,) in rows]
