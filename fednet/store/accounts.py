"""The people who sign in: their accounts, sessions, passkeys and secret links."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text

Role = Literal["administrator", "editor", "auditor", "organization", "individual"]

_COLUMNS = "a.id, a.name, a.email, a.role, a.organization, a.person, a.language, a.made_at, a.ended_at"


class Account(NamedTuple):
    """Who somebody is here, and what for: `organization` and `person` are handles of own records."""

    id: int
    name: str
    email: str
    role: Role
    organization: str | None
    person: str | None
    language: str | None
    made_at: str
    ended_at: str | None


class Session(NamedTuple):
    """Somebody who is signed in. Not `whole`: the second factor is still to come."""

    account: Account
    made_at: str
    seen_at: str
    whole: bool


def session(db: Database, digest: bytes) -> Session | None:
    """The session whose cookie has this SHA-256, unless its account has ended."""
    row = db.execute(
        f"SELECT {_COLUMNS}, s.made_at, s.seen_at, s.whole FROM session s JOIN account a ON a.id = s.account_id "
        "WHERE s.digest = ? AND a.ended_at IS NULL",
        (digest,),
    ).fetchone()
    return None if row is None else Session(Account(*row[:-3]), row[-3], row[-2], bool(row[-1]))


def begin(db: Database, digest: bytes, account_id: int, whole: bool, now: datetime) -> None:
    """A new session."""
    at = utc_text(now)
    db.execute(
        "INSERT INTO session (digest, account_id, made_at, seen_at, whole) VALUES (?, ?, ?, ?, ?)",
        (digest, account_id, at, at, whole),
    )


def is_any(db: Database) -> bool:
    """Whether anybody could sign in as administrator."""
    found = db.execute("SELECT 1 FROM account WHERE role = 'administrator' AND ended_at IS NULL LIMIT 1")
    return found.fetchone() is not None
