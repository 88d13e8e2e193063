"""Importing: what a reader understood of a file becomes drafts of this network's records, and can be taken back.

An entry's source key finds the record that it became before, so a file that comes again updates instead of doubling:
languages of texts are joined, given fields replace, all others stay, and what comes out the same is not touched. Lists
of codes are gathered over several files: one file's countries do not take away those of another, but what a newer
version of the same file no longer says goes. One import is one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.record import Put, check_body, key_of
from fednet.formats.calendar_writer import uid_of
from fednet.formats.reading import Entry, Reading, RowError, identity, joined, merge, shown
from fednet.node import circles
from fednet.node.edits import Own, body_of, new_handle, usual_circle
from fednet.node.home import Home
from fednet.store import drafts, feeds, records
from fednet.store.drafts import Draft, ImportRow
from fednet.store.feeds import Feed

EXPORTED = "handle:"
"""Begins the source key of a row that `fednet export` wrote, before the handle."""

GATHERED = frozenset({"countries", "services", "client_groups", "languages", "themes", "identifiers", "former_names"})
"""Lists to which several files may add, each what it knows."""


class Outcome(msgspec.Struct, frozen=True):
    """What an import did, or would do, to one record. `fields`: those that differ from before; empty when added."""

    outcome: Literal["added", "changed", "unchanged"]
    kind: str
    handle: str
    circle: str
    title: str
    fields: tuple[str, ...] = ()


class Imported(msgspec.Struct, frozen=True):
    """An import that is done, or tried. `id` takes it back; it is None when nothing was written."""

    id: int | None
    records: tuple[Outcome, ...]
    refused: tuple[RowError, ...]
    notes: tuple[str, ...]
    columns: dict[str, str]

    def count(self, outcome: Literal["added", "changed", "unchanged"]) -> int:
        return sum(record.outcome == outcome for record in self.records)

    @property
    def kinds(self) -> dict[str, int]:
        """How many records of each kind the file holds."""
        return dict(Counter(record.kind for record in self.records))


class Kept(msgspec.Struct, frozen=True):
    """A record that taking an import back leaves alone, because it was changed or withdrawn since."""

    handle: str
    title: str
    reason: str


class Undone(msgspec.Struct, frozen=True):
    """An import that was taken back."""

    id: int
    name: str
    withdrawn: int
    restored: int
    kept: tuple[Kept, ...]


def import_reading(
    home: Home, reading: Reading, name: str, now: datetime, circle: str | None = None, dry_run: bool = False
) -> Imported:
    """Bring this network's records up to a reading. `name` is what the import is remembered as.

    New records go to `circle`, by default to the usual one of their kind; known records stay where they are. A dry run
    answers the same and writes nothing.
    """
    if dry_run:
        with home.store.reading() as db:
            return _Plan(db, home, reading, name, circle).imported(None)
    with home.store.writing() as db:
        plan = _Plan(db, home, reading, name, circle)
        return plan.imported(plan.write(name, now))


def undo(home: Home, import_id: int | None, now: datetime) -> Undone:
    """Take an import back, by default the latest: what it added is withdrawn, what it changed is as it was before.

    A record that was edited since stays as it is, and is named in `kept`.
    """
    with home.store.writing() as db:
        found = _undoable(db, import_id)
        standing = _Standing(db, home)
        kept: list[Kept] = []
        rows: list[ImportRow] = []
        for row in drafts.import_rows(db, found.id):
            reason = standing.changed_since(row)
            if reason:
                kept.append(Kept(row.handle, title_of(row.after), reason))
            else:
                rows.append(row)
        added = [row for row in rows if row.before is None]
        for row in rows:
            standing.take_back(row, now)
        drafts.forget_imported(db, [row.handle for row in added])
        drafts.mark_undone(db, found.id, now)
    return Undone(found.id, found.name, len(added), len(rows) - len(added), tuple(kept))


def _undoable(db: Database, import_id: int | None) -> drafts.Import:
    past = drafts.imports(db)
    if import_id is None:
        latest = next((one for one in past if one.undone_at is None), None)
        if latest is None:
            raise NotFoundError("there is no import to take back")
        return latest
    named = next((one for one in past if one.id == import_id), None)
    if named is None:
        raise NotFoundError(f"there is no import {import_id}", hint="fednet import --undo takes back the latest")
    if named.undone_at is not None:
        raise UsageError(f"import {import_id} was taken back already, at {named.undone_at}")
    return named


def title_of(body: bytes) -> str:
    """What a record is called."""
    listed = listing.parse(body)
    return listing.terms(listed).title if listed is not None else ""


# --- what this network lists ------------------------------------------------------------------------------------------


class _Standing:
    """This network's records as they stand: drafts, before those being signed, before those of the newest edition."""

    def __init__(self, db: Database, home: Home) -> None:
        self.db = db
        self.feeds = feeds.feeds(db, home.network)
        self.signing = {key: own for feed in self.feeds for key, own in _prepared(db, feed)}

    def find(self, handle: str) -> Own | None:
        waiting = drafts.draft(self.db, handle)
        if waiting is None:
            return self.listed(handle)
        return None if waiting.body is None else Own(handle, waiting.circle, waiting.body, True)

    def listed(self, handle: str) -> Own | None:
        """The record as the newest edition has it, or the one that is being signed."""
        key = key_of(handle)
        if key in self.signing:
            return self.signing[key]
        for feed in self.feeds:
            found = records.record(self.db, feed.id, feed.commitments, key)
            if isinstance(found, Put):
                return Own(handle, feed.circle, found.body, False)
        return None

    def changed_since(self, row: ImportRow) -> str:
        """Why a row of an import is not taken back; empty when it can be."""
        own = self.find(row.handle)
        if own is None:
            return "was withdrawn since"
        return "" if own.body == row.after else "was edited since"

    def take_back(self, row: ImportRow, now: datetime) -> None:
        listed = self.listed(row.handle)
        if (listed.body if listed else None) == row.before:
            drafts.discard(self.db, row.handle)
        elif row.before is None:
            drafts.save(self.db, [Draft(row.handle, row.circle, "drop", None)], now)
        else:
            drafts.save(self.db, [Draft(row.handle, row.circle, "put", row.before)], now)


def _prepared(db: Database, feed: Feed) -> Iterator[tuple[bytes, Own | None]]:
    """Key and record of each change of an edition that is about to be signed; None for what it takes out."""
    for change in drafts.prepared_changes(db, feed):
        yield change.key, Own(change.handle, feed.circle, change.body, False) if isinstance(change, Put) else None


# --- what an import is going to do ------------------------------------------------------------------------------------


class _Plan:
    """An import worked out against what is there, before anything is written."""

    def __init__(self, db: Database, home: Home, reading: Reading, name: str, circle: str | None) -> None:
        self.db = db
        self.network = home.network.network
        self.reading = joined([reading])
        self.circle = circles.check_known(db, circle) if circle is not None else None
        self.standing = _Standing(db, home)
        self.refused = list(self.reading.refused)
        self.notes = list(self.reading.notes)
        self.earlier = _Earlier(db, name)
        self.known = drafts.imported(db, [_key(entry) for entry in self.reading.entries])
        self.same_name = Counter(entry.source.partition("|")[0] for entry in self.reading.entries)
        self.before: dict[str, Own] = {}
        self.handles = {_key(entry): self._handle(entry) for entry in self.reading.entries}
        self.names = _unambiguous((entry, self.handles[_key(entry)]) for entry in self.reading.entries)
        self.rows: list[ImportRow] = []
        self.outcomes: list[Outcome] = []
        for entry in self.reading.entries:
            self._decide(entry)
        self._note_circles()

    def write(self, name: str, now: datetime) -> int | None:
        """Keep it; the number of the import, or None when there was nothing to do."""
        drafts.remember_imported(self.db, ((k, h) for k, h in self.handles.items() if self.known.get(k) != h))
        if not self.rows:
            return None
        drafts.save(self.db, (Draft(row.handle, row.circle, "put", row.after) for row in self.rows), now)
        return drafts.add_import(self.db, name, self.summary, self.rows, now)

    def imported(self, import_id: int | None) -> Imported:
        return Imported(
            import_id, tuple(self.outcomes), tuple(self.refused), tuple(self.notes), self.reading.columns
        )  # fmt: skip

    @property
    def summary(self) -> dict[str, int]:
        counts: dict[str, int] = Counter(outcome.outcome for outcome in self.outcomes)
        return {**counts, "refused": len(self.refused)}

    def _handle(self, entry: Entry) -> str:
        """The handle of the record that the entry is about; a new one when there is none."""
        for handle in (self.known.get(_key(entry)), _exported_handle(entry.source), self._alike(entry)):
            own = self.standing.find(handle) if handle else None
            if own is not None and own.fields["kind"] == entry.fields["kind"]:
                self.before[own.handle] = own
                return own.handle
        return new_handle()

    def _alike(self, entry: Entry) -> str | None:
        """The one organisation of that name, when only one of the two sources tells the country of its seat."""
        name, told, _ = entry.source.partition("|")
        if entry.fields["kind"] != "organization" or self.same_name[name] > 1:
            return None
        key = f"organization:{name}"
        found = drafts.imported(self.db, [key]) if told else drafts.imported_below(self.db, f"{key}|")
        handles = set(found.values())
        return handles.pop() if len(handles) == 1 else None

    def _decide(self, entry: Entry) -> None:
        handle = self.handles[_key(entry)]
        own = self.before.get(handle)
        try:
            after = self._body(entry, own)
        except FednetError as error:
            self.refused.append(RowError(0, getattr(error, "field", ""), shown(entry.source), error.detail))
            if own is None:
                del self.handles[_key(entry)]
            return
        circle = own.circle if own else self.circle or usual_circle(entry.fields["kind"])
        if own is None or own.body != after:
            self.rows.append(ImportRow(handle, circle, own.body if own else None, after))
        self.outcomes.append(_outcome(entry.fields["kind"], handle, circle, own, after))

    def _body(self, entry: Entry, own: Own | None) -> bytes:
        fields = self._resolved(entry.fields)
        if own is not None and fields.get("uid") == uid_of(self.network, own.handle, {}):
            del fields["uid"]  # it follows from the handle, and only an export says it
        if own is None:
            return check_body(listing.encode(fields))
        merged = merge(own.fields, fields)
        for name in GATHERED & fields.keys() & own.fields.keys():
            merged[name] = self._gathered(own, name, fields[name])
        guessed = {"original": None}  # a reader's guess of the original language alone changes nothing
        return own.body if merged | guessed == own.fields | guessed else body_of(merged)

    def _gathered(self, own: Own, name: str, given: list[Any]) -> list[Any]:
        """The list as it was, less what earlier versions of this file had added to it, with what is given now."""
        listed = own.fields[name]
        gone = [item for item in listed if item not in given]
        if gone:
            said = self.earlier.added(own.handle, name)
            listed = [item for item in listed if item not in gone or item not in said]
        return [*listed, *(item for item in given if item not in listed)]

    def _resolved(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields with handles where the file could only name other rows of itself, or of a file before."""
        fields = dict(fields)
        about, parent = fields.get("organization"), fields.get("parent")
        if isinstance(about, Mapping):
            handle = self._referred("organization", about["source"])
            if handle is None and fields["kind"] == "contact":
                raise NotFoundError(f"its organisation {about.get('name') or about['source']!r} is not listed here")
            fields["organization"] = handle or about.get("name") or about["source"]
        if fields["kind"] == "event" and isinstance(parent, str):
            fields["parent"] = self._referred("event", parent) or parent
        return fields

    def _referred(self, kind: str, source: str) -> str | None:
        key = f"{kind}:{source}"
        return (
            self.handles.get(key)
            or self.names.get(f"{kind}:{identity(source)}")
            or drafts.imported(self.db, [key]).get(key)
        )

    def _note_circles(self) -> None:
        staying = [one for one in self.before.values() if self.circle and one.circle != self.circle]
        if staying:
            self.notes.append(f"{len(staying)} known records stay in the circle they are in, {staying[0].circle}")


def _exported_handle(source: str) -> str:
    """The handle in the source key of a row, or in the UID of an event, that `fednet export` wrote; else nothing."""
    return source[len(EXPORTED) :] if source.startswith(EXPORTED) else source.partition("@")[0]


class _Earlier:
    """What imports of the same file did before; a name that differs in its digits only is a version of that file."""

    def __init__(self, db: Database, name: str) -> None:
        self.db = db
        self.name = name

    @cached_property
    def rows(self) -> dict[str, list[ImportRow]]:
        found: dict[str, list[ImportRow]] = {}
        for one in drafts.imports(self.db):
            if one.undone_at is None and _series(one.name) == _series(self.name):
                for row in drafts.import_rows(self.db, one.id):
                    found.setdefault(row.handle, []).append(row)
        return found

    def added(self, handle: str, name: str) -> list[Any]:
        """All that they put into a list of a record."""
        items: list[Any] = []
        for row in self.rows.get(handle, []):
            before = msgspec.json.decode(row.before).get(name, []) if row.before else []
            items += [item for item in msgspec.json.decode(row.after).get(name, []) if item not in before]
        return items


def _series(name: str) -> str:
    return "".join(char for char in name if not char.isdecimal())


def _key(entry: Entry) -> str:
    """How the table of imported rows names an entry: one source may name an organisation and an event alike."""
    return f"{entry.fields['kind']}:{entry.source}"


def _unambiguous(entries: Iterable[tuple[Entry, str]]) -> dict[str, str]:
    """Kind and folded name to handle, for the names that only one record of the file has."""
    found: dict[str, set[str]] = {}
    for entry, handle in entries:
        texts = entry.fields.get("names") or entry.fields.get("titles") or {}
        for text in texts.values():
            found.setdefault(f"{entry.fields['kind']}:{identity(text)}", set()).add(handle)
    return {name: handles.pop() for name, handles in found.items() if len(handles) == 1}


def _outcome(kind: str, handle: str, circle: str, own: Own | None, after: bytes) -> Outcome:
    if own is None:
        return Outcome("added", kind, handle, circle, title_of(after))
    if own.body == after:
        return Outcome("unchanged", kind, handle, circle, title_of(after))
    before, now = own.fields, msgspec.json.decode(after)
    differing = tuple(sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name)))
    return Outcome("changed", kind, handle, circle, title_of(after), differing)
