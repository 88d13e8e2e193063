"""Whom this node asks to cosign its public log, and what is known of who cosigned others'."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlite_utils import Database

from fednet.feed.note import Note, Verifier, parse_vkey
from fednet.feed.text import utc_text
from fednet.store.feeds import Feed, Network


class Witness(msgspec.Struct, frozen=True):
    """A witness: `url` is its submission prefix, `key` its verifier key, `network` who it is when it is a fednet node.

    `error` is the last failure, None after a success.
    """

    url: str
    name: str
    key: str
    network: str | None
    added_at: str
    asked_at: str | None = None
    error: str | None = None

    @property
    def verifier(self) -> Verifier:
        return parse_vkey(self.key)


def witnesses(db: Database) -> list[Witness]:
    """All that are asked, oldest first."""
    rows = db.execute("SELECT url, name, key, network, added_at, asked_at, error FROM witness ORDER BY added_at, url")
    return [Witness(*row) for row in rows]


def add(db: Database, witness: Witness) -> None:
    """Ask this one from now on; again for an address that is known, it replaces its name and key."""
    db.execute(
        "INSERT INTO witness (url, name, key, network, added_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (url) DO UPDATE SET name = excluded.name, key = excluded.key, network = excluded.network",
        (witness.url, witness.name, witness.key, witness.network, witness.added_at),
    )


def remove(db: Database, url: str) -> None:
    db.execute("DELETE FROM witness WHERE url = ?", (url,))


def asked(db: Database, url: str, now: datetime, error: str | None) -> None:
    """Remember how a witness answered."""
    db.execute("UPDATE witness SET asked_at = ?, error = ? WHERE url = ?", (utc_text(now), error, url))


def cosigned(db: Database, feed: Feed, checkpoint: Note) -> None:
    """Put a checkpoint with more cosignatures in the place of the same one with fewer."""
    db.execute("UPDATE feed SET checkpoint = ? WHERE id = ?", (checkpoint.encoded, feed.id))


def set_policy(db: Database, network: Network, policy: bytes | None) -> None:
    """Whose cosignatures make a quorum for a network's logs: a C2SP tlog-policy file, or None for nobody's."""
    db.execute("UPDATE network SET policy = ? WHERE id = ?", (policy, network.id))
    db.execute("UPDATE feed SET witnessed = NULL WHERE network_id = ?", (network.id,))


def witnessed(db: Database, feed: Feed, size: int) -> None:
    """The newest size of a feed's log whose cosignatures satisfy its policy."""
    db.execute("UPDATE feed SET witnessed = ? WHERE id = ?", (size, feed.id))
