"""Blocked networks: by network id, so that one that is not pinned here can be refused too, whoever speaks of it."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from fednet.errors import UsageError
from fednet.feed.text import utc_text


def block(db: Database, network: str, now: datetime) -> None:
    db.execute("INSERT OR IGNORE INTO blocked (network, at) VALUES (?, ?)", (network, utc_text(now)))


def unblock(db: Database, network: str) -> None:
    db.execute("DELETE FROM blocked WHERE network = ?", (network,))


def is_blocked(db: Database, network: str) -> bool:
    return db.execute("SELECT 1 FROM blocked WHERE network = ?", (network,)).fetchone() is not None


def blocked(db: Database) -> set[str]:
    """The network ids that are blocked."""
    return {network for (network,) in db.execute("SELECT network FROM blocked")}


def check(db: Database, network: str, name: str) -> None:
    """Raise UsageError for a network that is blocked: nothing of it is taken, and nobody is asked about it."""
    if is_blocked(db, network):
        raise UsageError(f"{name} is blocked", hint=f"fednet block {network} --undo")


def unpinned(db: Database) -> list[str]:
    """Network ids that are blocked and not pinned."""
    rows = db.execute("SELECT network FROM blocked WHERE network NOT IN (SELECT network FROM network) ORDER BY network")
    return [network for (network,) in rows]
