"""Blocked networks: by network id, so that one that is not pinned here can be refused too, whoever speaks of it."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.store.feeds import Feed


def block(db: Database, network: str, now: datetime) -> None:
    db.execute("INSERT OR IGNORE INTO blocked (network, at) VALUES (?, ?)", (network, utc_text(now)))
    db.execute("UPDATE network SET blocked = 1 WHERE network = ?", (network,))


def unblock(db: Database, network: str) -> None:
    db.execute("DELETE FROM blocked WHERE network = ?", (network,))
    db.execute("UPDATE network SET blocked = 0 WHERE network = ?", (network,))


def is_blocked(db: Database, network: str) -> bool:
    return db.execute("SELECT 1 FROM blocked WHERE network = ?", (network,)).fetchone() is not None


def hide(db: Database, feed: Feed) -> None:
    """Show and serve a feed no more; how far its log was verified is remembered."""
    db.execute("UPDATE feed SET visible = 0 WHERE id = ?", (feed.id,))


def unpinned(db: Database) -> list[str]:
    """Network ids that are blocked and not pinned."""
    rows = db.execute("SELECT network FROM blocked WHERE network NOT IN (SELECT network FROM network) ORDER BY network")
    return [network for (network,) in rows]
