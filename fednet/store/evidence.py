"""Evidence that this node holds: kept for ever, also when the network that it speaks of is let go of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.feed.text import utc_text


class Held(msgspec.Struct, frozen=True):
    """A file of evidence, and what a person decided about it (`verdict`, None until then)."""

    id: int
    network: str
    kind: str
    digest: str
    file: bytes
    found_at: str
    resolved_at: str | None
    verdict: str | None

    @property
    def place(self) -> str:
        return place_of(self.file)


def place_of(file: bytes) -> str:
    """What a file is about, its first line: of each network, kind, and epoch or statement one is kept."""
    return file.partition(b"\n")[0].decode("utf-8", "replace")


_HELD = "SELECT id, network, kind, digest, file, found_at, resolved_at, verdict FROM evidence"


def _held(row: Sequence[Any]) -> Held:
    return Held(*row)


def evidence(db: Database, network: str | None = None) -> list[Held]:
    """All that is held, or what is held about one network (id), oldest first."""
    where, given = ("WHERE network = ?", (network,)) if network else ("", ())
    return [_held(row) for row in db.execute(f"{_HELD} {where} ORDER BY id", given)]


class Named(NamedTuple):
    """Evidence without its file."""

    kind: str
    network: str
    digest: str
    place: str


def named(db: Database) -> list[Named]:
    """All that is held, without the files."""
    return [Named(*row) for row in db.execute("SELECT kind, network, digest, place FROM evidence ORDER BY id")]


def undecided(db: Database, network: str) -> list[str]:
    """The places of what nobody has decided yet about a network."""
    rows = db.execute("SELECT place FROM evidence WHERE network = ? AND resolved_at IS NULL", (network,))
    return [place for (place,) in rows]


def count(db: Database, network: str) -> int:
    """How many files are held about a network."""
    (found,) = db.execute("SELECT count(*) FROM evidence WHERE network = ?", (network,)).fetchone()
    return int(found)


def found(db: Database, digest: str) -> Held | None:
    """The evidence whose file has this hex SHA-256."""
    row = db.execute(f"{_HELD} WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else _held(row)


def keep(db: Database, network: str, kind: str, file: bytes, now: datetime) -> bool:
    """Keep a file, unless one about the same place is held already; True when it was new."""
    place = place_of(file)
    if db.execute("SELECT 1 FROM evidence WHERE network = ? AND place = ?", (network, place)).fetchone():
        return False
    db.execute(
        "INSERT INTO evidence (network, kind, digest, file, found_at, place) VALUES (?, ?, ?, ?, ?, ?)",
        (network, kind, sha256(file).hexdigest(), file, utc_text(now), place),
    )
    return True


def resolve(db: Database, network: str, verdict: str, now: datetime) -> int:
    """Write down a decision about all that is unresolved of a network; how many files that were."""
    return db.execute(
        "UPDATE evidence SET resolved_at = ?, verdict = ? WHERE network = ? AND resolved_at IS NULL",
        (utc_text(now), verdict, network),
    ).rowcount
