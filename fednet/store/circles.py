"""Who may read this node's own circles: partners by their mark, members of named circles by a list.

What is asked here is always answered by one statement, so that it takes as long for those who may read as for others.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.store import feeds
from fednet.store.feeds import Feed, Network

PUBLIC, PARTNERS = "public", "partners"
ALWAYS = (PUBLIC, PARTNERS)

_ALLOWED = "n.network NOT IN (SELECT network FROM blocked)"
_READER = (
    "(f.circle = 'partners' AND n.partner OR "
    "EXISTS (SELECT 1 FROM member m WHERE m.circle = f.circle AND m.network_id = n.id))"
)
_READABLE = (  # feeds f that network n may read, `public` aside: ours by its circles, and whatever is its own
    f"FROM feed f JOIN network o ON o.id = f.network_id JOIN network n ON n.id = ? AND {_ALLOWED} "
    "WHERE o.network = ? AND f.circle <> 'public' AND f.visible AND f.edition IS NOT NULL "
    f"AND (o.id = n.id OR o.own AND {_READER})"
)


class Circle(NamedTuple):
    """An own circle; `members` are those who may read it (of `public` that is everybody, and nobody is named)."""

    circle: str
    made_at: str | None
    members: tuple[Network, ...]


def names(db: Database) -> list[str]:
    """The own circles, the two that every node has first."""
    return [*ALWAYS, *(name for (name,) in db.execute("SELECT name FROM circle ORDER BY name"))]


def circles(db: Database) -> list[Circle]:
    made = dict(db.execute("SELECT name, made_at FROM circle").fetchall())
    known = {network.id: network for network in feeds.networks(db)}
    return [
        Circle(name, made.get(name), tuple(n for id_, n in known.items() if id_ in audience(db, name)))
        for name in names(db)
    ]


def add(db: Database, name: str, now: datetime) -> None:
    db.table("circle").insert({"name": name, "made_at": utc_text(now)})


def set_member(db: Database, name: str, network: Network, member: bool = True) -> None:
    if member:
        db.execute("INSERT OR IGNORE INTO member (circle, network_id) VALUES (?, ?)", (name, network.id))
    else:
        db.execute("DELETE FROM member WHERE circle = ? AND network_id = ?", (name, network.id))


def leave(db: Database, network: Network) -> None:
    """The network is a member of no circle any more."""
    db.execute("DELETE FROM member WHERE network_id = ?", (network.id,))


def trusted(db: Database) -> set[tuple[str, str]]:
    """(circle, network id) of everybody who may read a restricted circle of ours."""
    rows = db.execute(
        "SELECT 'partners', network FROM network WHERE partner UNION "
        "SELECT circle, network FROM member JOIN network ON network.id = network_id"
    )
    return set(rows.fetchall())


def audience(db: Database, name: str) -> set[int]:
    """The rows of the networks that may read a restricted circle."""
    if name == PARTNERS:
        rows = db.execute(f"SELECT id FROM network n WHERE partner AND NOT own AND {_ALLOWED}")
    else:
        rows = db.execute(
            f"SELECT n.id FROM member m JOIN network n ON n.id = m.network_id WHERE m.circle = ? AND {_ALLOWED}",
            (name,),
        )
    return {id_ for (id_,) in rows}


def readable(db: Database, network_id: str, asker: Network) -> list[str]:
    """The restricted circles of a network that the asker may read from this node, those with something in them."""
    rows = db.execute(f"SELECT f.circle {_READABLE} ORDER BY f.circle", (asker.id, network_id))
    return [circle for (circle,) in rows]


def readable_feed(db: Database, network_id: str, circle: str, asker: Network) -> Feed | None:
    """That feed, if the asker may read it from this node; None alike for whatever is not there."""
    may = db.execute(f"SELECT 1 {_READABLE} AND f.circle = ?", (asker.id, network_id, circle)).fetchone()
    owner = feeds.pinned(db, network_id) if may else None
    return feeds.feed(db, owner, circle) if owner else None


def own_circles_of(db: Database, asker: Network) -> frozenset[str]:
    """This node's own circles that the asker may read, whether or not there is anything in them."""
    partner = {PARTNERS} if asker.id in audience(db, PARTNERS) else set()
    rows = db.execute("SELECT circle FROM member WHERE network_id = ?", (asker.id,))
    return frozenset(partner | {circle for (circle,) in rows}) if not asker.blocked else frozenset()
