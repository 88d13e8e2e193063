"""Organisations that ask to join, members who speak for them, and what was asked and answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.store import letters

State = Literal["waits", "asked", "approved", "declined", "withdrawn"]
OPEN: tuple[State, ...] = ("waits", "asked")
"""Of an application that nobody has decided yet; `asked`: the applicant is to answer."""

_COLUMNS = "id, state, fields, email, language, at, messages, decided_at, reason, handle"


class Message(msgspec.Struct, frozen=True):
    """`by` is "network" or "applicant"."""

    by: Literal["network", "applicant"]
    at: str
    text: str


class Application(NamedTuple):
    """`fields` as filled in, empty once they are destroyed; `handle` of the record that it became."""

    id: int
    state: State
    fields: dict[str, Any]
    email: str
    language: str
    at: str
    messages: tuple[Message, ...]
    decided_at: str | None
    reason: str | None
    handle: str | None

    @property
    def open(self) -> bool:
        return self.state in OPEN


class Endorsement(NamedTuple):
    """`organization` is the handle of a member; `verdict` None until it has said."""

    application_id: int
    organization: str
    asked_at: str | None
    verdict: Literal["endorsed", "declined"] | None
    said_at: str | None
    said_by: str | None


def add(db: Database, fields: dict[str, Any], email: str, language: str, now: datetime) -> int:
    """A new application, which waits; its number."""
    row = db.execute(
        "INSERT INTO application (state, fields, email, language, at, messages) "
        "VALUES ('waits', ?, ?, ?, ?, '[]') RETURNING id",
        (msgspec.json.encode(fields), email, language, utc_text(now)),
    ).fetchone()
    return int(row[0])


def application(db: Database, id_: int) -> Application | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM application WHERE id = ?", (id_,)).fetchone()
    return None if row is None else _application(row)


def of_state(db: Database, states: Collection[State], limit: int = 500) -> list[Application]:
    """Applications in these states: of open ones the oldest first, else the latest decisions."""
    marks = ",".join("?" * len(states))
    order = "at, id" if set(states) <= set(OPEN) else "decided_at DESC, id DESC"
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM application WHERE state IN ({marks}) ORDER BY {order} LIMIT ?", (*states, limit)
    )
    return [_application(row) for row in rows]


def count(db: Database, state: State) -> int:
    return int(db.execute("SELECT count(*) FROM application WHERE state = ?", (state,)).fetchone()[0])


def count_open(db: Database, email: str | None = None) -> int:
    """How many applications nobody has decided, in all or of one address."""
    found = db.execute(
        "SELECT count(*) FROM application WHERE state IN ('waits', 'asked') AND (? IS NULL OR lower(email) = lower(?))",
        (email, email),
    ).fetchone()
    return int(found[0])


def turn(
    db: Database,
    id_: int,
    before: Collection[State],
    after: State,
    now: datetime,
    reason: str | None = None,
    handle: str | None = None,
) -> bool:
    """Compare and swap: from one of these states to another. False when it is in none of them (any more)."""
    marks = ",".join("?" * len(before))
    decided = None if after in OPEN else utc_text(now)
    cursor = db.execute(
        "UPDATE application SET state = ?, decided_at = ?, reason = coalesce(?, reason), handle = coalesce(?, handle) "
        f"WHERE id = ? AND state IN ({marks})",
        (after, decided, reason, handle, id_, *before),
    )
    return bool(cursor.rowcount)


def refill(db: Database, id_: int, fields: dict[str, Any], email: str) -> None:
    """The applicant has changed what was filled in."""
    db.execute("UPDATE application SET fields = ?, email = ? WHERE id = ?", (msgspec.json.encode(fields), email, id_))


def say(db: Database, id_: int, message: Message) -> None:
    """A question or an answer more."""
    row = db.execute("SELECT messages FROM application WHERE id = ?", (id_,)).fetchone()
    said = [*msgspec.json.decode(row[0], type=list[Message]), message]
    db.execute("UPDATE application SET messages = ? WHERE id = ?", (msgspec.json.encode(said), id_))


def empty(db: Database, id_: int) -> None:
    """Destroy what was filled in and said, and where the applicant is reached; that there was an application stays."""
    db.execute("UPDATE application SET fields = '{}', email = '', messages = '[]', reason = NULL WHERE id = ?", (id_,))
    db.execute("DELETE FROM endorsement WHERE application_id = ?", (id_,))
    forget_links(db, id_)
    letters.forget(db, about(id_))


def decided_before(db: Database, day: datetime) -> list[int]:
    """Applications about which was decided before then, and that still hold what was filled in or said."""
    rows = db.execute(
        "SELECT id FROM application WHERE decided_at < ? AND (fields <> '{}' OR email <> '' OR messages <> '[]')",
        (utc_text(day),),
    )
    return [id_ for (id_,) in rows]


def closed_of(db: Database, email: str) -> list[int]:
    """Applications of an address that were declined or taken back."""
    rows = db.execute(
        "SELECT id FROM application WHERE lower(email) = lower(?) AND state IN ('declined', 'withdrawn')", (email,)
    )
    return [id_ for (id_,) in rows]


def without_contact(db: Database, id_: int) -> None:
    """Destroy what an application says of people and where they are reached."""
    db.execute(
        "UPDATE application SET fields = CAST(json_set(fields, '$.contact', json('{}')) AS BLOB), email = '' "
        "WHERE id = ?",
        (id_,),
    )


def about(id_: int) -> str:
    """What letters about an application are filed under."""
    return f"application {id_}"


def _application(row: Sequence[Any]) -> Application:
    id_, state, fields, email, language, at, messages, *decision = row
    said = tuple(msgspec.json.decode(messages, type=list[Message]))
    return Application(id_, state, msgspec.json.decode(fields), email, language, at, said, *decision)


# --- endorsements -----------------------------------------------------------------------------------------------------

_ENDORSEMENT = "application_id, organization, asked_at, verdict, said_at, said_by"


def name_endorsers(db: Database, id_: int, handles: Iterable[str]) -> None:
    """The members whom an applicant names, in place of those before; what these have said stays."""
    named = list(handles)
    marks = ",".join("?" * len(named))
    db.execute(f"DELETE FROM endorsement WHERE application_id = ? AND organization NOT IN ({marks})", (id_, *named))
    for handle in named:
        db.execute("INSERT OR IGNORE INTO endorsement (application_id, organization) VALUES (?, ?)", (id_, handle))


def unsay(db: Database, id_: int) -> None:
    """Nobody has spoken for what the applicant has filled in now."""
    db.execute("UPDATE endorsement SET verdict = NULL, said_at = NULL, said_by = NULL WHERE application_id = ?", (id_,))


def endorsements(db: Database, id_: int) -> list[Endorsement]:
    rows = db.execute(f"SELECT {_ENDORSEMENT} FROM endorsement WHERE application_id = ? ORDER BY organization", (id_,))
    return [Endorsement(*row) for row in rows]


def asked_of(db: Database, handle: str) -> list[Endorsement]:
    """What a member was asked to endorse, of applications that nobody has decided."""
    rows = db.execute(
        f"SELECT {_ENDORSEMENT} FROM endorsement JOIN application ON application.id = application_id "
        "WHERE organization = ? AND asked_at NOT NULL AND state IN ('waits', 'asked') ORDER BY asked_at, id",
        (handle,),
    )
    return [Endorsement(*row) for row in rows]


def ask(db: Database, id_: int, handle: str, now: datetime) -> None:
    """A member is asked, perhaps again."""
    db.execute(
        "UPDATE endorsement SET asked_at = ? WHERE application_id = ? AND organization = ?",
        (utc_text(now), id_, handle),
    )


def endorse(db: Database, id_: int, handle: str, verdict: str, by: str, now: datetime) -> bool:
    """A member has said; False when it had already, was not asked, or the application is decided."""
    cursor = db.execute(
        "UPDATE endorsement SET verdict = ?, said_at = ?, said_by = ? "
        "WHERE application_id = ? AND organization = ? AND verdict IS NULL AND asked_at NOT NULL "
        "AND EXISTS (SELECT 1 FROM application WHERE id = ? AND state IN ('waits', 'asked'))",
        (verdict, utc_text(now), by, id_, handle, id_),
    )
    return bool(cursor.rowcount)


# --- records that move or go ------------------------------------------------------------------------------------------


def repoint(db: Database, old: str, new: str) -> None:
    """A record goes on under another handle."""
    db.execute("UPDATE application SET handle = ? WHERE handle = ?", (new, old))
    db.execute("UPDATE OR REPLACE endorsement SET organization = ? WHERE organization = ?", (new, old))
    db.execute("UPDATE link SET subject = replace(subject, ?, ?) WHERE purpose = 'endorse'", (old, new))
    letters.repoint(db, old, new)


def forget(db: Database, handle: str) -> None:
    """Destroy the applications that became a record, what it has said of others, and letters that speak of it."""
    ids = [id_ for (id_,) in db.execute("SELECT id FROM application WHERE handle = ?", (handle,)).fetchall()]
    for id_ in ids:
        letters.forget(db, about(id_))
        forget_links(db, id_)
        db.execute("DELETE FROM application WHERE id = ?", (id_,))
    db.execute("DELETE FROM endorsement WHERE organization = ?", (handle,))
    db.execute("DELETE FROM link WHERE purpose = 'endorse' AND substr(subject, -36) = ?", (handle,))
    letters.forget(db, handle)
    letters.forget_reminded(db, handle)


def forget_links(db: Database, id_: int) -> None:
    """Links to an application lead nowhere any more."""
    db.execute("DELETE FROM link WHERE purpose = 'apply' AND subject = ?", (str(id_),))
    db.execute("DELETE FROM link WHERE purpose = 'endorse' AND subject LIKE ?", (f"{id_} %",))


def handles(db: Database) -> list[str]:
    """All records that applications, endorsements, letters and reminders speak of."""
    rows = db.execute("SELECT handle FROM application WHERE handle NOT NULL UNION SELECT organization FROM endorsement")
    return [found for (found,) in rows] + letters.handles(db)
