"""Receipts: who has told us that they hold an edition of ours, and what we told others."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.feed.wire import Position
from fednet.store.feeds import Feed, Network


class Told(NamedTuple):
    """The newest position of a circle of ours that a network has confirmed, and when."""

    position: Position
    at: str


def keep(db: Database, network: Network, circle: str, position: Position, now: datetime) -> None:
    """Remember what a network confirms; an older position than before changes nothing."""
    db.execute(
        "INSERT INTO receipt (network_id, circle, epoch, edition, at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (network_id, circle) DO UPDATE SET epoch = excluded.epoch, edition = excluded.edition, "
        "at = excluded.at WHERE (excluded.epoch, excluded.edition) > (epoch, edition)",
        (network.id, circle, *position, utc_text(now)),
    )


def told(db: Database, circle: str) -> dict[int, Told]:
    """By the row of each network: what it has confirmed of a circle of ours."""
    rows = db.execute("SELECT network_id, epoch, edition, at FROM receipt WHERE circle = ?", (circle,))
    return {id_: Told(Position(epoch, edition), at) for id_, epoch, edition, at in rows}


def confirmed(db: Database) -> set[int]:
    """The rows of the networks that have sent us a receipt: they hold something of ours."""
    return {id_ for (id_,) in db.execute("SELECT DISTINCT network_id FROM receipt")}


def sent(db: Database, feed: Feed, position: Position) -> None:
    """Remember that the feed's network took our receipt for a position."""
    db.execute("UPDATE feed SET receipted = ? WHERE id = ?", (str(position), feed.id))
