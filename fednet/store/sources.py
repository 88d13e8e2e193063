"""Where a network's feed can be read: at its own address, at mirrors that a person named, at peers that speak of it.

The network's own address, its origin, has rank 0; what others serve has higher ranks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.store.feeds import Network

MAX_MENTIONED = 3
"""Peers that are asked for a network because they say that they follow it."""


class Place(NamedTuple):
    """A base URL, and what it is: `origin`, `mirror`, or `mentioned` by the peer of that name."""

    url: str
    kind: str
    by: str = ""

    @property
    def origin(self) -> bool:
        return self.kind == "origin"


def named(db: Database, network: Network) -> list[Place]:
    """Where a person said that a network can be read: its origin, then mirrors."""
    rows = db.execute("SELECT url, rank FROM source WHERE network_id = ? ORDER BY rank", (network.id,))
    return [Place(url, "mirror" if rank else "origin") for url, rank in rows]


def urls(db: Database, network: Network) -> list[str]:
    """The addresses of `named`."""
    return [place.url for place in named(db, network)]


def origin(db: Database, network: Network) -> str | None:
    """The network's own address, if it is known."""
    return next((place.url for place in named(db, network) if place.origin), None)


def add_mirror(db: Database, network: Network, url: str) -> None:
    """One more address to read a network from; one that is known stays what it is."""
    db.execute(
        "INSERT OR IGNORE INTO source (network_id, url, rank) VALUES (?, ?, "
        "(SELECT coalesce(max(rank), 0) + 1 FROM source WHERE network_id = ?))",
        (network.id, url, network.id),
    )


def add_origin(db: Database, network: Network, url: str) -> None:
    """The network itself answers at `url`; if it has an origin already, this is one more address to read it from."""
    if origin(db, network) is None:
        set_origin(db, network, url)
    else:
        add_mirror(db, network, url)


def set_origin(db: Database, network: Network, url: str) -> None:
    """The network itself answers at `url`; what was its origin before becomes the last of the mirrors."""
    row = db.execute("SELECT url FROM source WHERE network_id = ? AND rank = 0", (network.id,)).fetchone()
    remove(db, network, url)
    if row is not None and row[0] != url:
        remove(db, network, row[0])
        add_mirror(db, network, row[0])
    db.execute("INSERT INTO source (network_id, url, rank) VALUES (?, ?, 0)", (network.id, url))


def remove(db: Database, network: Network, url: str) -> bool:
    """Whether it was known."""
    return bool(db.execute("DELETE FROM source WHERE network_id = ? AND url = ?", (network.id, url)).rowcount)


# --- mentions ---------------------------------------------------------------------------------------------------------


class Mention(msgspec.Struct, frozen=True):
    """A network that a followed network, the one with the name `by`, speaks of."""

    network: str
    name: str
    urls: tuple[str, ...]
    by: str


def mention(db: Database, by: Network, offered: Iterable[tuple[str, str, Sequence[str]]]) -> None:
    """Replace what a network offers, as (network id, name, urls)."""
    db.execute("DELETE FROM mention WHERE by_network_id = ?", (by.id,))
    db.conn.executemany(
        "INSERT OR IGNORE INTO mention (network, by_network_id, name, urls) VALUES (?, ?, ?, ?)",
        [(network, by.id, name, msgspec.json.encode(list(urls)).decode()) for network, name, urls in offered],
    )


def mentions(db: Database) -> list[Mention]:
    """Networks that followed networks offer and that are not pinned here."""
    rows = db.execute(
        "SELECT i.network, i.name, i.urls, n.name FROM mention i JOIN network n ON n.id = i.by_network_id "
        "WHERE i.network NOT IN (SELECT network FROM network) AND i.network NOT IN (SELECT network FROM blocked) "
        "ORDER BY i.name, n.name"
    )
    return [Mention(network, name, tuple(msgspec.json.decode(urls)), by) for network, name, urls, by in rows]


def mentioned(db: Database, network: Network) -> list[Place]:
    """Peers that say they follow a network, at addresses that nobody named for it: a last resort."""
    rows = db.execute(
        "SELECT s.url, n.name FROM mention i JOIN network n ON n.id = i.by_network_id "
        "JOIN source s ON s.network_id = n.id AND s.rank = 0 "
        "WHERE i.network = ? AND n.network != i.network AND n.frozen IS NULL "
        "AND n.network NOT IN (SELECT network FROM blocked) "
        "AND s.url NOT IN (SELECT url FROM source WHERE network_id = ?) ORDER BY n.id LIMIT ?",
        (network.network, network.id, MAX_MENTIONED),
    )
    return [Place(url, "mentioned", name) for url, name in rows]


def spoken_of(db: Database, most: int) -> list[tuple[int, str]]:
    """(Row of a network, id of one that it says it follows), pinned here or not, blocked ones left out; of each network
    `most` at the most."""
    rows = db.execute(
        "SELECT by_network_id, network FROM (SELECT by_network_id, network, "
        "row_number() OVER (PARTITION BY by_network_id ORDER BY network) AS place FROM mention) "
        "WHERE place <= ? AND network NOT IN (SELECT network FROM blocked) ORDER BY by_network_id, network",
        (most,),
    )
    return [(by, network) for by, network in rows]
