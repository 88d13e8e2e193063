"""Edits of members that wait for the network's approval, and for a while what became of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple

from sqlite_utils import Database

from fednet.feed.record import key_of
from fednet.feed.text import utc_text
from fednet.listing.check import is_handle

State = Literal["waits", "approved", "declined", "withdrawn"]

_COLUMNS = "id, proposer, handle, kind, circle, before, body, account_id, at, state, reason, decided_at"


class Proposal(NamedTuple):
    """An entry as a member would have it. `handle` is None for a new one, `circle` empty where it stays as it is.

    `proposer` is the organisation or person that it comes from, or `by_account`, or `by_link`; `before` the body that
    it was made from. Both bodies are gone once it is approved or taken back.
    """

    id: int
    proposer: str
    handle: str | None
    kind: str
    circle: str
    before: bytes | None
    body: bytes | None
    account_id: int | None
    at: str
    state: State
    reason: str | None
    decided_at: str | None

    @property
    def version(self) -> str:
        """A word that differs when something else is proposed."""
        return sha256(b"\n".join([self.circle.encode(), self.before or b"", self.body or b""])).hexdigest()[:32]


def add(
    db: Database,
    *,
    proposer: str,
    handle: str | None,
    kind: str,
    circle: str,
    before: bytes | None,
    body: bytes,
    account_id: int | None,
    now: datetime,
) -> Proposal:
    """A proposal that waits."""
    row = db.execute(
        "INSERT INTO proposal (proposer, handle, kind, circle, before, body, account_id, at, state) "
        f"VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waits') RETURNING {_COLUMNS}",
        (proposer, handle, kind, circle, before, body, account_id, utc_text(now)),
    ).fetchone()
    return Proposal(*row)


def proposal(db: Database, id_: int) -> Proposal | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM proposal WHERE id = ?", (id_,)).fetchone()
    return None if row is None else Proposal(*row)


def waiting(db: Database) -> list[Proposal]:
    """What waits, the oldest first."""
    return [Proposal(*row) for row in db.execute(f"SELECT {_COLUMNS} FROM proposal WHERE state = 'waits' ORDER BY id")]


def latest(db: Database, limit: int = 50) -> list[Proposal]:
    """What was decided, the newest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM proposal WHERE state <> 'waits' ORDER BY decided_at DESC, id DESC LIMIT ?", (limit,)
    )
    return [Proposal(*row) for row in rows]


def by(db: Database, proposer: str) -> list[Proposal]:
    """What comes from an organisation or a person, the newest first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM proposal WHERE proposer = ? ORDER BY id DESC", (proposer,))
    return [Proposal(*row) for row in rows]


def by_account(account_id: int) -> str:
    """The proposer of what comes from somebody who has no entry yet."""
    return f"account {account_id}"


def by_link(handle: str) -> str:
    """The proposer of what comes from somebody who holds a link to an entry, and is nobody in particular."""
    return f"link {handle}"


def waiting_new(db: Database, kind: str, proposer: str) -> Proposal | None:
    """A new entry of a kind that somebody proposed, if it waits."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM proposal WHERE handle IS NULL AND kind = ? AND proposer = ? AND state = 'waits'",
        (kind, proposer),
    ).fetchone()
    return None if row is None else Proposal(*row)


def waiting_for(db: Database, handle: str, proposer: str) -> Proposal | None:
    """What somebody proposed for an entry, if it waits."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM proposal WHERE handle = ? AND proposer = ? AND state = 'waits'", (handle, proposer)
    ).fetchone()
    return None if row is None else Proposal(*row)


def count(db: Database, state: State) -> int:
    found: int = db.execute("SELECT count(*) FROM proposal WHERE state = ?", (state,)).fetchone()[0]
    return found


def decide(db: Database, id_: int, state: State, now: datetime, reason: str | None = None) -> bool:
    """Let a proposal wait no longer; False when it did not wait. What is declined stays, to be corrected."""
    kept = ", before = NULL, body = NULL" if state != "declined" else ""
    done = db.execute(
        f"UPDATE proposal SET state = ?, decided_at = ?, reason = ?{kept} WHERE id = ? AND state = 'waits'",
        (state, utc_text(now), reason, id_),
    )
    return done.rowcount == 1


def became(db: Database, id_: int, handle: str) -> None:
    """The record that an approved proposal is."""
    db.execute("UPDATE proposal SET handle = ? WHERE id = ?", (handle, id_))


def revise(db: Database, id_: int, circle: str, body: bytes, account_id: int | None, now: datetime) -> None:
    """Let one that waits say something else, of the same `before`."""
    db.execute(
        "UPDATE proposal SET circle = ?, body = ?, account_id = ?, at = ? WHERE id = ? AND state = 'waits'",
        (circle, body, account_id, utc_text(now), id_),
    )


def stay(db: Database, handle: str) -> None:
    """The network has moved a record to another circle: what waits for it moves it nowhere else."""
    db.execute("UPDATE proposal SET circle = '' WHERE handle = ? AND state = 'waits'", (handle,))


def repoint(db: Database, old: str, new: str) -> None:
    """A record has a new handle, or whoever proposed something has one now."""
    db.execute("UPDATE proposal SET handle = ? WHERE handle = ?", (new, old))
    db.execute("UPDATE proposal SET proposer = ? WHERE proposer = ?", (new, old))
    db.execute("UPDATE proposal SET proposer = ? WHERE proposer = ?", (by_link(new), by_link(old)))
    db.execute(
        "UPDATE proposal SET before = CAST(replace(before, ?, ?) AS BLOB), body = CAST(replace(body, ?, ?) AS BLOB) "
        "WHERE instr(before, ?) OR instr(body, ?)",
        (old, new, old, new, old.encode(), old.encode()),
    )


def forget(db: Database, handle: str, kind: str | None = None) -> None:
    """Destroy what was proposed for a record, by it, and whatever names it.

    Besides, whatever was declined of new entries of its kind (None: of any): it may be what it was before somebody
    corrected it, and nobody looks into them for what they say.
    """
    sought = handle.encode()
    db.execute(
        "DELETE FROM proposal WHERE handle = ? OR proposer IN (?, ?) OR instr(before, ?) OR instr(body, ?)",
        (handle, handle, by_link(handle), sought, sought),
    )
    db.execute(
        "DELETE FROM proposal WHERE handle IS NULL AND state <> 'waits' AND (? IS NULL OR kind = ?)", (kind, kind)
    )


def forget_of(db: Database, account_id: int) -> None:
    """Destroy what somebody proposed who has no entry."""
    db.execute("DELETE FROM proposal WHERE proposer = ?", (by_account(account_id),))


def forget_erased(db: Database, erased: Collection[bytes]) -> None:
    """Destroy what speaks of records with these keys: they come back with a database of an older day."""
    rows = db.execute("SELECT handle FROM proposal WHERE handle NOT NULL UNION SELECT proposer FROM proposal")
    for handle in [handle for (handle,) in rows if is_handle(handle) and key_of(handle) in erased]:
        forget(db, handle)


def sweep(db: Database, before: datetime) -> int:
    """Destroy what was decided before a day; how many these were."""
    return db.execute("DELETE FROM proposal WHERE decided_at < ?", (utc_text(before),)).rowcount
