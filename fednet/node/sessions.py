"""Sessions: who is signed in, for how long, and by which secret.

A session is a row of the database and a secret in a cookie; the row holds the SHA-256 of the secret. It ends after a
time without a request, in any case after some months, and at once when its account ends, changes its password or gets
another role.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.store import accounts
from fednet.store.accounts import STAFF, Account, Session

SEEN_EVERY = timedelta(minutes=5)
"""How old `seen_at` may be before it is written anew."""
HALF = timedelta(minutes=15)
"""How long the second factor is waited for."""


class Term(NamedTuple):
    """How long a session lasts without a request, and in all."""

    idle: timedelta
    whole: timedelta


STAFF_TERM = Term(timedelta(hours=12), timedelta(days=30))
MEMBER_TERM = Term(timedelta(days=30), timedelta(days=90))


def fresh_secret() -> str:
    """256 bits from the system's generator, as 43 characters that an address or a cookie may hold."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is kept of a secret that was handed out."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def term(account: Account) -> Term:
    return STAFF_TERM if account.role in STAFF else MEMBER_TERM


def begin(db: Database, account: Account, now: datetime, *, whole: bool) -> str:
    """The secret of a new session. Not `whole`: the second factor is still to come."""
    secret = fresh_secret()
    accounts.begin(db, digest(secret), account.id, whole, now)
    accounts.arrive(db, account.id, now)
    return secret


def find(db: Database, secret: str, now: datetime) -> Session | None:
    """The session of a cookie; None when there is none, it has lasted too long, or its account has ended."""
    found = accounts.session(db, digest(secret))
    return found if found is not None and not is_over(found, now) else None


def is_over(session: Session, now: datetime) -> bool:
    """Whether a session has lasted as long as it may."""
    made, seen = datetime.fromisoformat(session.made_at), datetime.fromisoformat(session.seen_at)
    if not session.whole:
        return now >= made + HALF
    lasts = term(session.account)
    return now >= made + lasts.whole or now >= seen + lasts.idle


def is_seen_late(session: Session, now: datetime) -> bool:
    """Whether `seen_at` should be written."""
    return now >= datetime.fromisoformat(session.seen_at) + SEEN_EVERY


def seen(db: Database, secret: str, now: datetime) -> None:
    accounts.seen(db, digest(secret), now)


def end(db: Database, secret: str) -> None:
    """Sign out here."""
    accounts.end_session(db, digest(secret))


def end_all(db: Database, account_id: int, *, but: str | None = None) -> None:
    """Sign an account out everywhere, but for the session of one secret."""
    accounts.end_sessions(db, account_id, digest(but) if but else None)


def sweep(db: Database, now: datetime) -> None:
    """Take out sessions and links that work no more; rows only, so that what is left tells of nobody's past."""
    accounts.sweep(db, utc_text(now), utc_text(now - MEMBER_TERM.idle), utc_text(now - MEMBER_TERM.whole))
