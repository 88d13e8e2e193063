"""Own records that were taken out of every circle in an emergency, kept to be put back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet.feed.record import key_of
from fednet.feed.text import utc_text

_COLUMNS = "handle, why, circle, body, after, at"


class Hidden(NamedTuple):
    """A record as it was when it was hidden. `why`: the handle or country that was hidden in that act.

    `after` is None of one that was taken out; of one that stays, having named what was, it is what was left of it.
    """

    handle: str
    why: str
    circle: str
    body: bytes
    after: bytes | None
    at: str


def keep(db: Database, rows: Iterable[tuple[str, str, str, bytes, bytes | None]], now: datetime) -> None:
    """Keep what is hidden: handle, why, circle, body and after of each."""
    at = utc_text(now)
    db.conn.executemany(f"INSERT INTO hidden ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", [(*row, at) for row in rows])


def hidden(db: Database, why: str | None = None) -> list[Hidden]:
    """All that is hidden, or what was in one act; acts in the order in which they were done."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM hidden WHERE ? IS NULL OR why = ? ORDER BY at, why, after NOT NULL, handle", (why, why)
    )
    return [Hidden(*row) for row in rows]


def taken_out(db: Database, handle: str) -> Hidden | None:
    """The record with that handle, if it is hidden as a whole."""
    row = db.execute(f"SELECT {_COLUMNS} FROM hidden WHERE handle = ? AND after IS NULL", (handle,)).fetchone()
    return None if row is None else Hidden(*row)


def remove(db: Database, rows: Sequence[Hidden]) -> None:
    """These are put back."""
    db.conn.executemany("DELETE FROM hidden WHERE handle = ? AND why = ?", [(row.handle, row.why) for row in rows])


def revise(db: Database, revised: Callable[[bytes], bytes]) -> None:
    """Change all that is kept, in the way in which what is listed was changed."""
    db.conn.executemany(
        "UPDATE hidden SET body = ?, after = ? WHERE handle = ? AND why = ?",
        [(revised(r.body), r.after and revised(r.after), r.handle, r.why) for r in hidden(db)],
    )


def rewrite(db: Database, row: Hidden, body: bytes, after: bytes | None) -> None:
    """Let something else be kept of a record."""
    db.execute("UPDATE hidden SET body = ?, after = ? WHERE handle = ? AND why = ?", (body, after, row.handle, row.why))


def rename(db: Database, old: str, new: str) -> None:
    """A record goes on under another handle: what is kept of it is of that one."""
    db.execute("UPDATE OR REPLACE hidden SET handle = ? WHERE handle = ?", (new, old))
    db.execute("UPDATE OR REPLACE hidden SET why = ? WHERE why = ?", (new, old))


def forget(db: Database, handle: str) -> bool:
    """Destroy what is kept of a record; whether there was anything."""
    return db.execute("DELETE FROM hidden WHERE handle = ?", (handle,)).rowcount > 0


def dropped_at(db: Database, feed_id: int, handles: Iterable[str]) -> int | None:
    """The edition that took the last of these out of a feed; None while one of them is still in it.

    0 when the feed does not know any more, or never listed any.
    """
    newest = 0
    for key in map(key_of, handles):
        if db.execute("SELECT 1 FROM record WHERE feed_id = ? AND key = ?", (feed_id, key)).fetchone():
            return None
        row = db.execute("SELECT edition FROM dropped WHERE feed_id = ? AND key = ?", (feed_id, key)).fetchone()
        newest = max(newest, row[0] if row else 0)
    return newest
