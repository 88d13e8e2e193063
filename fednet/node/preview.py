"""What leaves this node, and for whom: before an edition is signed, nobody else has seen any of it.

`leaving` tells what waits, circle by circle, with those who will read it. `views` shows one record as the public, the
partners, the members of each circle and this network's own people see it, drafts included, with what is said about it;
`made` and `views_with` do so before it is saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import NotFoundError
from fednet.listing.telephones import telephone
from fednet.node import circles, edits
from fednet.node.edits import CLOSED_KINDS, Difference, Own, differences
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.store import circles as stored
from fednet.store import drafts, feeds
from fednet.store.circles import PUBLIC
from fednet.store.drafts import Draft

Leaves = Literal["new", "changed", "withdrawn", "erased"]

UNSAVED = "00000000-0000-0000-0000-000000000000"
"""Stands for the handle of a record that has none yet."""
OWN = "staff"
"""The audience that reads every circle: this network's own people."""

# Strangers write what is searched: no two tries begin within one run of letters, so that this takes linear time.
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w")
_PHONE = re.compile(r"(?<![\w/=.-])(?:\+|00)[1-9][0-9 ().-]{6,16}[0-9](?![\w/-])")
_RUNNING = frozenset({
    "names", "titles", "description", "goals", "activities", "outcome", "outcome_note", "fund_note", "audience",
    "expertise",
})  # fmt: skip
"""Fields of running text, in which a number that is dialled within a country is one as well: elsewhere it may be
anything."""


class Change(msgspec.Struct, frozen=True):
    """What the next edition does to one record. `notes` are what a person may not have meant to give to this circle."""

    handle: str
    kind: str
    title: str
    leaves: Leaves
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


class Leaving(msgspec.Struct, frozen=True):
    """What waits for the next edition of a circle. `readers` are the networks that may read it; nobody is named of
    `public`, which everybody reads."""

    circle: str
    readers: tuple[str, ...]
    changes: tuple[Change, ...]


class Seen(msgspec.Struct, frozen=True):
    """A record as an audience sees it. `draft`: not before the next edition."""

    handle: str
    kind: str
    title: str
    circle: str
    draft: bool
    fields: dict[str, Any]


class View(msgspec.Struct, frozen=True):
    """What an audience sees of a record: it itself first, if at all, then own records that are about it."""

    audience: str
    readers: tuple[str, ...]
    records: tuple[Seen, ...]


def leaving(home: Home) -> list[Leaving]:
    """What waits to be signed, by circle, `public` first; nothing when nothing waits."""
    with home.store.reading() as db:
        waiting = set(drafts.circles_with_drafts(db))
        return [
            Leaving(one.circle, _names(one), _changes(db, home, one.circle))
            for one in stored.circles(db)
            if one.circle in waiting
        ]


def views(home: Home, handle: str) -> list[View]:
    """A record of this network as each audience will see it: `public`, `partners`, each own circle, `staff`.

    Raises NotFoundError for one that this network does not list, or no longer will.
    """
    with home.store.reading() as db:
        own = edits.find(db, home, handle)
    return views_with(home, own)


def views_with(home: Home, own: Own) -> list[View]:
    """`views` of a record as it would be, whatever stands now under its handle, if anything does."""
    with home.store.reading() as db:
        about = [own, *edits.referring(db, home, own.handle)]
        shown = [View(one.circle, _names(one), _seen(db, about, one.circle)) for one in stored.circles(db)]
        return [*shown, View(OWN, (), tuple(map(_as_seen, about)))]


def made(home: Home, kind: str, fields: Mapping[str, Any], circle: str | None, now: datetime) -> Own:
    """A new record as it would be, for `views_with`: nothing is kept. Refuses what `edits.add` would."""
    with home.store.reading() as db:
        return edits.begun(db, home, kind, fields, now, circle)._replace(handle=UNSAVED)


def _names(circle: stored.Circle) -> tuple[str, ...]:
    return tuple(network.name for network in circle.members)


def _seen(db: Database, about: list[Own], audience: str) -> tuple[Seen, ...]:
    return tuple(_as_seen(one) for one in about if circles.reads(db, one.circle, audience))


def _as_seen(own: Own) -> Seen:
    return Seen(own.handle, own.fields["kind"], title_of(own.body), own.circle, own.draft, own.fields)


def _changes(db: Database, home: Home, circle: str) -> tuple[Change, ...]:
    found = [_change(db, home, draft) for draft in drafts.drafts(db, circle)]
    return tuple(sorted(found, key=lambda change: (change.kind, change.title, change.handle)))


def _change(db: Database, home: Home, draft: Draft) -> Change:
    feed = feeds.feed(db, home.network, draft.circle)
    before = drafts.listed(db, feed.id, draft.handle) if feed else None
    shown = draft.body or before or b"{}"
    old, new = _fields(before), _fields(draft.body)
    return Change(
        handle=draft.handle,
        kind=str(_fields(shown).get("kind", "")),
        title=title_of(shown),
        leaves=_leaves(draft, before),
        differences=differences(old, new) if draft.body and before else (),
        notes=(*(_notes(new) if draft.circle == PUBLIC else ()), *_told(db, home, draft)),
    )


def _told(db: Database, home: Home, draft: Draft) -> Iterator[str]:
    """What a twinning tells the readers of its circle of: own records that they may not read, by their numbers."""
    fields = _fields(draft.body)
    named = (*fields.get("resources", ()), *fields.get("exchanges", ())) if fields.get("kind") == "twinning" else ()
    for handle in dict.fromkeys(named):
        with suppress(NotFoundError):  # of nobody's record a number tells nothing
            own = edits.find(db, home, handle)
            if not circles.reads(db, own.circle, draft.circle):
                yield f"it names {title_of(own.body)}, which not all may read who read this: they learn of its number"


def _leaves(draft: Draft, before: bytes | None) -> Leaves:
    match draft.action:
        case "put":
            return "changed" if before else "new"
        case "drop":
            return "withdrawn"
        case "erase":
            return "erased"


def _fields(body: bytes | None) -> dict[str, Any]:
    return msgspec.json.decode(body, type=dict[str, Any]) if body else {}


class Exposed(NamedTuple):
    """What a person may not have meant to tell everybody: a whole `contact` or `person`, a `mail` address, a `phone`
    number; `found` in the field `name`."""

    what: Literal["contact", "person", "mail", "phone"]
    name: str = ""
    found: str = ""


def exposed(fields: Mapping[str, Any]) -> Iterator[Exposed]:
    """What everybody in the world would read of a record in the public circle."""
    if fields.get("kind") in CLOSED_KINDS:
        yield Exposed(fields["kind"])
    for name, value in fields.items():
        text = "\n".join(_strings(value))
        if mail := _MAIL.search(text):
            yield Exposed("mail", name, mail[0])
        phone = _PHONE.search(text)
        if number := phone[0] if phone else telephone(text) if name in _RUNNING else "":
            yield Exposed("phone", name, number)


def _strings(value: Any) -> Iterator[str]:
    """All texts in a value."""
    match value:
        case str():
            yield value
        case Mapping() | list():
            for part in value.values() if isinstance(value, Mapping) else value:
                yield from _strings(part)


def _notes(fields: Mapping[str, Any]) -> Iterator[str]:
    for what, name, found in exposed(fields):
        match what:
            case "mail":
                yield f"{name} holds the e-mail address {found}"
            case "phone":
                yield f"{name} holds the telephone number {found}"
            case _:
                yield f"a {what} in the public circle"
