"""Introductions as this node holds them: both sides, who did what here, and the dates that a report needs.

What they say can be destroyed (`emptied`). That there was one stays: with which network, when, and what came of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.feed import introduction as rules
from fednet.feed.introduction import Held, Role, Spoken, State
from fednet.feed.text import utc_text
from fednet.store import references

MAX_TOLD = 256
"""Introductions that one message speaks of."""

ASK_AFTER = timedelta(days=30)
"""How long after an introduction somebody should say what came of it."""

SOME = 5
"""Earlier introductions that are shown before somebody asks again."""

OurRole = Literal["asker", "asked", "both"]

GONE = "gone"
"""In the place of the handle of an organisation whose record was erased: nobody's name is kept on that side."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was done here: by whom (the name of an account; empty: the command line, or the node itself).

    `side`: for which side; empty where it was for neither.
    """

    at: str
    act: str
    by: str = ""
    side: Role | Literal[""] = ""


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is destroyed with an introduction. `entry`: what was asked about, as it was called then.

    `asking_of`, `about_of`: the handles of the organisations that are named on the two sides, as far as they are known
    here. Of two members of this node `held` is as the asker holds it.
    """

    held: Held
    entry: Spoken = Spoken()
    steps: tuple[Step, ...] = ()
    asking_of: str = ""
    about_of: str = ""


class Kept(NamedTuple):
    """An introduction. `network` is the other's id, or this node's own; the instants are by this node's clock.

    `undelivered`: since when the other has not confirmed what this side says. `name` is empty of those that are
    answered and shown to nobody: they ask about nothing that is listed here, or were lost with an older database.
    """

    id: str
    network: str
    name: str
    role: OurRole
    asking: str
    about: str
    state: State
    body: Body
    asked_at: str
    changed_at: str
    undelivered: str | None = None
    answered_at: str | None = None
    answer: Literal["accepted", "declined"] | None = None
    introduced_at: str | None = None
    ended_at: str | None = None
    outcome: str | None = None
    outcome_at: str | None = None
    emptied_at: str | None = None

    @property
    def held(self) -> Held:
        return self.body.held


class Figure(NamedTuple):
    """What the report may know of an introduction: never which entries it was about, nor what anybody wrote."""

    id: str
    role: OurRole
    network: str
    state: State
    asked_at: str
    answered_at: str | None
    answer: Literal["accepted", "declined"] | None
    introduced_at: str | None
    ended_at: str | None
    outcome: str | None
    outcome_at: str | None


_COLUMNS = ", ".join(Kept._fields)
_CONCEALED = (  # an own entry is hidden; what the node itself declines is told alike, whatever it asks about
    "introduction.name <> '' AND EXISTS (SELECT 1 FROM hidden h WHERE h.after IS NULL AND "
    "(role <> 'asked' AND h.handle = asking OR role <> 'asker' AND h.handle = about))"
)
_SHOWN = f"name <> '' AND NOT ({_CONCEALED})"
_ASKING_OF, _ABOUT_OF = (f"json_extract(CAST(body AS TEXT), '$.{field}')" for field in ("asking_of", "about_of"))
_OF_ENTRY = "(role <> 'asked' AND asking = :entry OR role <> 'asker' AND about = :entry)"  # an own one, on its own side
_body = msgspec.json.Decoder(Body)


def _kept(row: Iterable[object]) -> Kept:
    found = dict(zip(Kept._fields, row, strict=True))
    return Kept(**{**found, "body": _body.decode(found["body"])})  # type: ignore[arg-type]


def _where(db: Database, condition: str, *values: object, **named: object) -> list[Kept]:
    sql = f"SELECT {_COLUMNS} FROM introduction WHERE {condition}"
    return [_kept(row) for row in db.execute(sql, named or values)]


# --- reading ----------------------------------------------------------------------------------------------------------


def one(db: Database, id_: str) -> Kept | None:
    """The introduction of that id, concealed or not."""
    return next(iter(_where(db, "id = ?", id_)), None)


def beginning(db: Database, text: str, limit: int = 2) -> list[Kept]:
    """Those whose ids begin so, without those of entries that are hidden."""
    return _where(db, f"id >= ? AND id < ? AND {_SHOWN} ORDER BY id LIMIT ?", text, f"{text}g", limit)


def introductions(db: Database, entry: str | None = None) -> list[Kept]:
    """All, or those of an own entry, newest first; without those of entries that are hidden."""
    return _where(db, f"(:entry IS NULL OR {_OF_ENTRY}) AND {_SHOWN} ORDER BY asked_at DESC, id", entry=entry)


def shown_with(db: Database, network: str) -> list[Kept]:
    """Those with a network that it may be told of: undelivered ones first, oldest first, then what changed last."""
    return _where(
        db,
        f"network = ? AND role <> 'both' AND NOT ({_CONCEALED}) "
        f"ORDER BY undelivered IS NULL, undelivered, changed_at DESC, id LIMIT {MAX_TOLD}",
        network,
    )


def between(db: Database, network: str, asking: str, about: str) -> Kept | None:
    """The one that goes on between two entries, whoever asked: neither declined nor taken back."""
    found = _where(
        db,
        "network = :network AND state NOT IN ('declined', 'taken-back') AND "
        "(role <> 'asked' AND asking = :asking AND about = :about "
        "OR role <> 'asker' AND asking = :about AND about = :asking) ORDER BY asked_at DESC LIMIT 1",
        network=network, asking=asking, about=about,
    )  # fmt: skip
    return next(iter(found), None)


def versions(db: Database, network: str) -> dict[str, int]:
    """Which version of a network's side is held of each introduction with it."""
    held = ((one.id, one.held.other) for one in _where(db, "network = ? AND role <> 'both'", network))
    return {id_: other.version for id_, other in held if other is not None}


def about_one(db: Database, network: str, entry: str) -> list[Kept]:
    """Those with a network in which that is its entry, whoever asked; newest first, some at most."""
    return _where(
        db,
        "network = :network AND (role <> 'asked' AND about = :entry OR role <> 'asker' AND asking = :entry) "
        f"AND {_SHOWN} ORDER BY asked_at DESC, id LIMIT {SOME}",
        network=network, entry=entry,
    )  # fmt: skip


def asked_since(db: Database, network: str, since: datetime) -> int:
    """How many a network has begun here since then."""
    row = db.execute(
        "SELECT count(*) FROM introduction WHERE network = ? AND (role = 'asked' OR name = '') AND asked_at >= ?",
        (network, utc_text(since)),
    )
    found: int = row.fetchone()[0]
    return found


def unanswered_of(db: Database, network: str) -> int:
    """How many of a network wait here for an answer."""
    row = db.execute(
        "SELECT count(*) FROM introduction WHERE network = ? AND role = 'asked' AND state = 'waiting'", (network,)
    )
    found: int = row.fetchone()[0]
    return found


class Waits(msgspec.Struct, frozen=True):
    """How many words of this node's a network (by its row) has not confirmed, since when, when the last was said."""

    network_id: int
    count: int
    since: datetime
    latest: datetime


def unconfirmed(db: Database) -> list[Waits]:
    """What each network has not confirmed yet."""
    rows = db.execute(
        "SELECT n.id, count(*), min(undelivered), max(changed_at) FROM introduction "
        "JOIN network n ON n.network = introduction.network "
        f"WHERE undelivered NOT NULL AND role <> 'both' AND NOT ({_CONCEALED}) GROUP BY n.id ORDER BY n.id"
    )
    return [Waits(id_, count, *map(datetime.fromisoformat, dates)) for id_, count, *dates in rows]


class Waiting(NamedTuple):
    """So many asks that wait for an answer from here, answers that came lately, outcomes that nobody has told."""

    asks: int
    answers: int
    outcomes: int


def waiting(db: Database, answered_since: datetime, introduced_before: datetime) -> Waiting:
    row = db.execute(
        "SELECT coalesce(sum(role <> 'asker' AND state = 'waiting'), 0), "
        "coalesce(sum(role = 'asker' AND answered_at >= ? AND state <> 'taken-back'), 0), "
        "coalesce(sum(state = 'introduced' AND outcome IS NULL AND emptied_at IS NULL AND introduced_at < ?), 0) "
        f"FROM introduction WHERE {_SHOWN}",
        (utc_text(answered_since), utc_text(introduced_before)),
    ).fetchone()
    return Waiting(*row)


def figures(db: Database) -> list[Figure]:
    """What a report is made of, oldest first; without entries that are hidden."""
    rows = db.execute(f"SELECT {', '.join(Figure._fields)} FROM introduction WHERE {_SHOWN} ORDER BY asked_at, id")
    return list(map(Figure._make, rows))


# --- writing ----------------------------------------------------------------------------------------------------------


def save(db: Database, kept: Kept) -> None:
    """Keep an introduction as it is now."""
    encoded = kept._replace(body=msgspec.json.encode(kept.body))  # type: ignore[arg-type]
    db.execute(
        f"INSERT OR REPLACE INTO introduction ({_COLUMNS}) VALUES ({', '.join('?' * len(Kept._fields))})", encoded
    )


def advance(db: Database, kept: Kept, held: Held, now: datetime, *steps: Step) -> Kept:
    """Keep what follows on `kept`, with the dates that result."""
    at = utc_text(now)
    if kept.body.asking_of == GONE:
        held = rules.without_organization(held, "asker")
    if kept.body.about_of == GONE:
        held = rules.without_organization(held, "asked")
    state, answered = held.state, held.asked
    answer = kept.answer
    if answered is not None and answered.stance in ("accepted", "declined"):
        answer = answered.stance
    told = None if kept.role == "both" or not held.undelivered else at
    found = kept._replace(
        state=state,
        body=msgspec.structs.replace(
            kept.body, held=held, entry=_entry_after(kept, held), steps=(*kept.body.steps, *steps)
        ),
        changed_at=at,
        undelivered=told and ((kept.undelivered if kept.held.version > held.delivered else None) or told),
        answer=answer,
        answered_at=at if answer != kept.answer else kept.answered_at,
        introduced_at=kept.introduced_at or (at if state == "introduced" else None),
        ended_at=kept.ended_at if state == kept.state else at if state in ("declined", "taken-back") else None,
    )
    save(db, found)
    return found


def _entry_after(kept: Kept, held: Held) -> Spoken:
    """What was asked about: without its organisation when the side that named it names it no more."""
    before, after = kept.held.asked, held.asked
    gone = before and before.own.organization and after and after.own.titles and not after.own.organization
    return msgspec.structs.replace(kept.body.entry, organization="") if gone else kept.body.entry


def empty(db: Database, kept: Kept, now: datetime) -> Kept:
    """Destroy texts, titles, details and names; what a report needs stays."""
    bare = kept._replace(body=Body(rules.without_texts(kept.held)), emptied_at=kept.emptied_at or utc_text(now))
    save(db, bare)
    return bare


def end(db: Database, entry: str, now: datetime, *, erased: bool = False) -> None:
    """An own entry is withdrawn: what is still open ends. Of an erased one all ends, and no word of it is left."""
    for kept in _where(db, f"{_OF_ENTRY} AND (:erased OR state <> 'introduced')", entry=entry, erased=erased):
        ended = advance(db, kept, _ended(kept, entry, utc_text(now)), now)
        if erased:
            _forget_entry(db, ended, entry, now)
    if erased:
        _forget_organization(db, entry, now)


def _forget_organization(db: Database, handle: str, now: datetime | None = None) -> None:
    """Leave no name of an organisation whose record was erased, and tell the others so."""
    for kept in _where(db, f"emptied_at IS NULL AND :handle IN ({_ASKING_OF}, {_ABOUT_OF})", handle=handle):
        body = kept.body
        if body.asking_of == handle:
            body = msgspec.structs.replace(body, asking_of=GONE)
        if body.about_of == handle:
            body = msgspec.structs.replace(
                body, about_of=GONE, entry=msgspec.structs.replace(body.entry, organization="")
            )
        advance(db, kept._replace(body=body), kept.held, now or datetime.fromisoformat(_latest(kept)))


def _forget_entry(db: Database, kept: Kept, entry: str, now: datetime) -> None:
    """Leave nothing of an entry that was erased, not even its handle."""
    body = Body(rules.without_handle(rules.without_texts(kept.held), entry))
    save(db, _unnamed(kept._replace(body=body, emptied_at=kept.emptied_at or utc_text(now)), entry))


def forget_handle(db: Database, kept: Kept, entry: str, now: datetime) -> None:
    """The other network has said that an entry of its own was erased, or that it goes on under another handle."""
    if kept.state == "taken-back":
        _forget_entry(db, kept, entry, now)
        return
    body = msgspec.structs.replace(kept.body, held=rules.without_handle(kept.held, entry))
    save(db, _unnamed(kept._replace(body=body), entry))


def _unnamed(kept: Kept, entry: str) -> Kept:
    """With a hash in the place of an entry's handle."""
    asking, about = (rules.erased(entry) if handle == entry else handle for handle in (kept.asking, kept.about))
    return kept._replace(asking=asking, about=about)


def withdrawn(kept: Kept, side: Role, at: str) -> Held:
    """As one side, of this node, takes back whatever it said."""
    if kept.role == "both" and side == "asked":
        return rules.mirrored(rules.withdrawing(rules.mirrored(kept.held), at))
    return rules.withdrawing(kept.held, at)


def _ended(kept: Kept, entry: str, at: str) -> Held:
    """As the side of an own entry takes back whatever it said; of one that has ended already nothing changes."""
    return kept.held if kept.state == "taken-back" else withdrawn(kept, "asked" if entry == kept.about else "asker", at)


def repoint(db: Database, old: str, new: str) -> None:
    """An own record goes on under another handle. What was said of it to others names neither any more, nor the
    organisation that it is: the circle is another one."""
    _forget_organization(db, old)
    for kept in _where(db, _OF_ENTRY, entry=old):
        entry = msgspec.structs.replace(kept.body.entry, handle="") if kept.about == old else kept.body.entry
        body = msgspec.structs.replace(kept.body, held=rules.without_handle(kept.held, old), entry=entry)
        save(db, kept._replace(body=body))
    db.execute("UPDATE introduction SET asking = ? WHERE asking = ? AND role <> 'asked'", (new, old))
    db.execute("UPDATE introduction SET about = ? WHERE about = ? AND role <> 'asker'", (new, old))


def is_something_old(db: Database, ended_before: datetime, unlisted_before: datetime) -> bool:
    """Whether `to_empty` or `drop_unlisted` would find anything."""
    row = db.execute(
        "SELECT 1 FROM introduction WHERE (emptied_at IS NULL AND ended_at < ?) OR (name = '' AND changed_at < ?)",
        (utc_text(ended_before), utc_text(unlisted_before)),
    ).fetchone()
    return row is not None


def to_empty(db: Database, before: datetime) -> list[Kept]:
    """Those that ended before a day and still say something."""
    return _where(db, "emptied_at IS NULL AND ended_at < ?", utc_text(before))


def drop_unlisted(db: Database, before: datetime) -> None:
    """Forget what is shown to nobody, of before a day."""
    db.execute("DELETE FROM introduction WHERE name = '' AND changed_at < ?", (utc_text(before),))


def forget_erased(db: Database) -> None:
    """Destroy what is said about records, of any network, that were erased since; those about own ones end."""
    sql = "SELECT asking FROM introduction WHERE asking <> '' UNION SELECT about FROM introduction"
    for entry in [entry for (entry,) in db.execute(sql) if references.is_erased(db, entry)]:
        for kept in _where(db, f"{_OF_ENTRY} AND state <> 'taken-back'", entry=entry):
            advance(db, kept, _ended(kept, entry, _latest(kept)), datetime.fromisoformat(_latest(kept)))
        for kept in _where(db, "? IN (asking, about)", entry):
            _forget_entry(db, kept, entry, datetime.fromisoformat(_latest(kept)))
    sql = " UNION ".join(f"SELECT {of} FROM introduction WHERE emptied_at IS NULL" for of in (_ASKING_OF, _ABOUT_OF))
    for handle in [of for (of,) in db.execute(sql) if of not in (None, GONE) and references.is_erased(db, of)]:
        _forget_organization(db, handle)


def _latest(kept: Kept) -> str:
    """The newest instant that is known of it: who destroys has no clock."""
    return max(filter(None, (kept.asked_at, kept.answered_at, kept.introduced_at, kept.ended_at, kept.outcome_at)))


# --- a backup is restored ---------------------------------------------------------------------------------------------


def everything(db: Database) -> list[Kept]:
    return _where(db, "1")


def put_kept(db: Database, kept: Iterable[Kept]) -> None:
    """Put those of the database that is replaced in the place of what a backup holds: what was said stays said."""
    db.execute("DELETE FROM introduction")
    for found in kept:
        save(db, found)


def mark_restored(db: Database, now: datetime) -> None:
    """What was said since the backup is not known: nothing is told before it is heard what the others hold."""
    at = utc_text(now)
    for kept in _where(db, "role <> 'both'"):
        held = msgspec.structs.replace(kept.held, restored=at)
        save(db, kept._replace(body=msgspec.structs.replace(kept.body, held=held)))
