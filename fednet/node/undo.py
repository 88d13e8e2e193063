"""Taking an import back, the latest or any other, in any order.

Each field that the import changed becomes what it was before, unless somebody changed it again: what a later import or
a person wrote since stays, and is named. A record that the import added is withdrawn if it is still as it was added and
no later import names it; one that it withdrew comes back. What later imports remember is rewritten as if the import had
never been, so that taking all of them back ends where it began, in whatever order. To redo it, import the file again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.formats.reading import source_of
from fednet.node import edits
from fednet.node.edits import Own, body_of, new_handle
from fednet.node.home import Home
from fednet.node.import_plan import GATHERED
from fednet.node.own import OwnRecords
from fednet.store import destruction, drafts, hidden, introductions
from fednet.store.drafts import ImportRow


class Kept(msgspec.Struct, frozen=True):
    """What taking an import back leaves alone: a record, or of one that is otherwise taken back these `fields`."""

    handle: str
    title: str
    reason: str
    fields: tuple[str, ...] = ()


class Undone(msgspec.Struct, frozen=True):
    """An import that was taken back: so many records it had added are withdrawn, others restored to what they were.

    `renamed`: handle that a record which came back had -> the one it has now.
    """

    id: int
    name: str
    withdrawn: int
    restored: int
    kept: tuple[Kept, ...]
    renamed: dict[str, str] = {}


def undo(home: Home, import_id: int | None, now: datetime) -> Undone:
    """Take an import back, by default the latest that was not taken back yet."""
    with home.store.writing() as db:
        found = _undoable(db, import_id)
        taking = _TakingBack(db, home, found.id, now)
        for row in drafts.import_rows(db, found.id):
            taking.take(row)
        taking.follow()
        drafts.forget_imported(db, taking.withdrawn)
        drafts.forget_said(db, found.sources or (source_of(found.name),))
        drafts.mark_undone(db, found.id, now)
    renamed = {old.handle: new.handle for old, new in taking.moved}
    return Undone(found.id, found.name, len(taking.withdrawn), taking.restored, tuple(taking.kept), renamed)


def _undoable(db: Database, import_id: int | None) -> drafts.Import:
    past = drafts.imports(db)
    if import_id is None:
        latest = next((one for one in past if one.undone_at is None), None)
        if latest is None:
            raise NotFoundError("there is no import to take back")
        return latest
    named = next((one for one in past if one.id == import_id), None)
    if named is None:
        raise NotFoundError(f"there is no import {import_id}", hint="fednet import --history lists them")
    if named.undone_at is not None:
        raise UsageError(
            f"import {import_id} was taken back already, at {named.undone_at}", hint="import the file again to redo it"
        )
    return named


class _TakingBack:
    """One import while it is taken back, record by record."""

    def __init__(self, db: Database, home: Home, import_id: int, now: datetime) -> None:
        self.db, self.home, self.id, self.now = db, home, import_id, now
        self.own = OwnRecords(db, home)
        self.names = {one.id: one.name for one in drafts.imports(db)}
        self.withdrawn: list[str] = []
        self.restored = 0
        self.kept: list[Kept] = []
        self.moved: list[tuple[Own, Own]] = []

    def take(self, row: ImportRow) -> None:
        own = self.own.find(row.handle)
        later = drafts.later_rows(self.db, self.id, row.handle)
        if row.after is None:
            if row.before is not None:
                self._bring_back(row, row.before, own)
        elif row.before is None:
            self._withdraw(row, row.after, own, later)
        else:
            changed = [(id_, one) for id_, one in later if one.before or one.after]
            self._restore(row, _Patch(row.before, row.after), own, changed)

    def _withdraw(self, row: ImportRow, after: bytes, own: Own | None, later: list[tuple[int, ImportRow]]) -> None:
        """Withdraw what the import added; if a later one names it, it is that one that added it now."""
        if later:
            next_id, following = later[0]
            if following.before is None and following.after is None:
                self._rewrite(next_id, following._replace(after=after))
            elif following.before == after:
                self._rewrite(next_id, following._replace(before=None))
        kept = hidden.taken_out(self.db, row.handle) if own is None else None
        if kept is not None and kept.body == after and not later:
            hidden.remove(self.db, [kept])  # nobody puts it back then
            destruction.owe(self.db, prompt=True)
            introductions.end(self.db, row.handle, self.now)
            self.withdrawn.append(row.handle)
        elif own is None:
            self.kept.append(Kept(row.handle, self.own.title(after), "was withdrawn since"))
        elif own.body != after or later:
            self.kept.append(Kept(row.handle, self.own.title(own.body), self._since(later)))
        else:
            self.own.withdraw(own, self.now)
            introductions.end(self.db, row.handle, self.now)
            self.withdrawn.append(row.handle)

    def _restore(self, row: ImportRow, patch: _Patch, own: Own | None, later: list[tuple[int, ImportRow]]) -> None:
        """Undo each change that nobody has changed since, in what later imports remember too."""
        rewritten = [one._replace(before=patch.undone(one.before), after=patch.undone(one.after)) for _, one in later]
        body = patch.undone(own.body if own else None)
        if own is None or body is None:
            self.kept.append(Kept(row.handle, self.own.title(row.after or b"{}"), "was withdrawn since"))
        elif (whole := _whole(body)) is None:
            self.kept.append(Kept(row.handle, self.own.title(own.body), "would make no sense without it"))
            return
        elif not patch.fields:
            self.kept.append(Kept(row.handle, self.own.title(own.body), self._since(later), patch.overwritten))
        else:
            self.own.put(own._replace(body=whole), self.now)
            self.restored += 1
            if patch.overwritten:
                self.kept.append(Kept(row.handle, self.own.title(own.body), self._since(later), patch.overwritten))
        for (id_, _), one in zip(later, rewritten, strict=True):
            self._rewrite(id_, one)

    def _bring_back(self, row: ImportRow, before: bytes, own: Own | None) -> None:
        """List again what the import withdrew: under another handle if an edition may have dropped it (SPEC, 5.2)."""
        if own is not None:
            return
        again = Own(row.handle, row.circle, before, True)
        if self.own.listed(row.handle) is None:
            moved = again._replace(handle=new_handle())
            drafts.move_imported(self.db, again.handle, moved.handle, moved.circle)
            self.moved.append((again, moved))
            again = moved
        self.own.put(again, self.now)
        self.restored += 1

    def follow(self) -> None:
        """Let what refers to a record under its old handle refer to the new one, when all are there again."""
        for old, new in self.moved:
            edits.repoint(self.db, self.home, old, new, self.now)

    def _since(self, later: list[tuple[int, ImportRow]]) -> str:
        if later:
            numbered = ", ".join(f"{id_} ({self.names.get(id_, '')})" for id_, _ in later)
            return f"import {numbered} {_did(later)} it since"
        return "was edited since"

    def _rewrite(self, import_id: int, row: ImportRow) -> None:
        if row.before is None and row.after is None:  # it withdrew what was never there
            drafts.forget_import_row(self.db, import_id, row.handle)
        elif row.before == row.after:  # it named what was so already
            drafts.set_import_rows(self.db, import_id, [row._replace(before=None, after=None)])
        else:
            drafts.set_import_rows(self.db, import_id, [row])


def _did(later: list[tuple[int, ImportRow]]) -> str:
    return "changed" if any(one.before or one.after for _, one in later) else "named"


def _whole(body: bytes) -> bytes | None:
    """The body, checked; None when it is none that could be listed."""
    try:
        return body_of(msgspec.json.decode(body))
    except FednetError:
        return None


# --- one change, taken out of what came after it ----------------------------------------------------------------------


class _Part(NamedTuple):
    """A place in a body that changes by itself: a field, a member of it, or an item of a list that sources gather."""

    field: str
    member: str | None = None
    item: bytes | None = None

    def of(self, fields: Mapping[str, Any]) -> Any:
        """What is there; None when nothing is."""
        value = fields.get(self.field)
        if self.item is not None:
            return next((one for one in value or () if _encoded(one) == self.item), None)
        if self.member is not None:
            return value.get(self.member) if isinstance(value, dict) else None
        return value

    def put(self, fields: dict[str, Any], value: Any) -> None:
        if self.item is not None:
            items = [one for one in fields.get(self.field, []) if _encoded(one) != self.item]
            changed: Any = items if value is None else [*items, value]
        elif self.member is not None:
            members = {name: one for name, one in fields.get(self.field, {}).items() if name != self.member}
            changed = members if value is None else {**members, self.member: value}
        else:
            changed = value
        fields[self.field] = changed
        if changed is None or changed in ([], {}):
            del fields[self.field]


class _Patch:
    """What an import changed in a record, to be taken out of each state that came after, from the oldest on.

    A part stays out as soon as one state has something else there: from then on it is somebody else's.
    """

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before, self._after = before, after
        self._was, self._became = msgspec.json.decode(before), msgspec.json.decode(after)
        self._all = list(_parts(self._was, self._became))
        self._live = self._all

    @property
    def fields(self) -> tuple[str, ...]:
        """Those that can be taken back, wholly or in part."""
        return tuple(dict.fromkeys(part.field for part in self._live))

    @property
    def overwritten(self) -> tuple[str, ...]:
        """Those that somebody has changed since; the number of a revision is nobody's."""
        gone = (part.field for part in self._all if part not in self._live)
        return tuple(dict.fromkeys(field for field in gone if field != "sequence"))

    def undone(self, state: bytes | None) -> bytes | None:
        if state is None:
            return None
        if state == self._after and self._live == self._all:
            return self._before
        fields = msgspec.json.decode(state)
        self._live = [part for part in self._live if part.of(fields) == part.of(self._became)]
        for part in self._live:
            part.put(fields, part.of(self._was))
        return listing.encode(fields)


def _parts(was: Mapping[str, Any], became: Mapping[str, Any]) -> Iterator[_Part]:
    for field in sorted(was.keys() | became.keys()):
        one, other = was.get(field), became.get(field)
        if one == other:
            continue
        if field in GATHERED and isinstance(one or [], list) and isinstance(other or [], list):
            items = {_encoded(item) for item in one or []} ^ {_encoded(item) for item in other or []}
            if items:
                yield from (_Part(field, item=item) for item in sorted(items))
                continue
        elif isinstance(one or {}, dict) and isinstance(other or {}, dict):
            one, other = one or {}, other or {}
            members = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
            yield from (_Part(field, name) for name in members)
            continue
        yield _Part(field)


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")
