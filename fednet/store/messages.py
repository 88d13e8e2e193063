"""Networks that could not be told of introductions: so that a restart neither floods nor forgets anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text, utc_time
from fednet.store.feeds import Network


class Tried(NamedTuple):
    """The last try, which failed: when, not before when the next may be, how many did since one did not, and why."""

    at: datetime
    due: datetime
    failed: int
    error: str


def tried(db: Database, network: Network) -> Tried | None:
    """None when the last one went well, or nothing was ever told."""
    row = db.execute(
        "SELECT tried_at, due_at, tries, error FROM delivery WHERE network_id = ?", (network.id,)
    ).fetchone()
    return None if row is None else Tried(utc_time(row[0]), utc_time(row[1]), *row[2:])


def told(db: Database, network: Network) -> None:
    """It went well: whatever comes next may be told at once."""
    db.execute("DELETE FROM delivery WHERE network_id = ?", (network.id,))


def failed(db: Database, network: Network, error: str, now: datetime, first: timedelta, longest: timedelta) -> None:
    """It went wrong: not again before a pause, which is `first` once and doubles each time."""
    before = tried(db, network)
    failures = before.failed if before else 0
    due = now + min(first * 2 ** min(failures, 20), longest)
    db.execute(
        "INSERT OR REPLACE INTO delivery (network_id, tried_at, due_at, tries, error) VALUES (?, ?, ?, ?, ?)",
        (network.id, utc_text(now), utc_text(due), failures + 1, error),
    )
