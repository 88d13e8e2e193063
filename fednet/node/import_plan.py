"""What an import is going to do: each entry against the record that it became before, before anything is written."""

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
from fednet.feed.record import check_body
from fednet.formats.calendar_writer import uid_of
from fednet.formats.reading import Entry, Reading, RowError, Seen, identity, joined, key, merge, shown, source_of
from fednet.listing.event import WHEN, revised
from fednet.listing.references import moved
from fednet.node import circles
from fednet.node.edits import (
    NETWORK,
    Difference,
    Own,
    body_of,
    differences,
    new_handle,
    of_itself,
    usual_circle,
)
from fednet.node.home import Home
from fednet.node.own import OwnRecords, title_of
from fednet.store import drafts
from fednet.store.circles import PUBLIC
from fednet.store.drafts import Draft, ImportRow

EXPORTED = "handle:"
"""Begins the source key of a row that `fednet export` wrote, before the handle."""

GATHERED = frozenset({"countries", "services", "client_groups", "languages", "themes", "identifiers", "former_names"})
"""Lists to which several files may add, each what it knows."""

Done = Literal["added", "changed", "unchanged", "withdrawn"]


class Outcome(msgspec.Struct, frozen=True):
    """What an import did, or would do, to one record. `changes`: of one that was there before."""

    outcome: Done
    kind: str
    handle: str
    circle: str
    title: str
    changes: tuple[Difference, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Those that differ from before."""
        return tuple(change.field for change in self.changes)


class Missing(msgspec.Struct, frozen=True):
    """A record that a source named, and does not name any more; no other source does."""

    source: str
    handle: str
    kind: str
    circle: str
    title: str


class Imported(msgspec.Struct, frozen=True):
    """An import that is done, or tried. `id` takes it back; it is None when nothing was written.

    `seen` is what was made of each column, `missing` what has disappeared from the file since its last version (when it
    was withdrawn, it is in `records` instead), `reading` all that was read.
    """

    id: int | None
    records: tuple[Outcome, ...]
    refused: tuple[RowError, ...]
    notes: tuple[str, ...]
    missing: tuple[Missing, ...]
    reading: Reading

    @property
    def columns(self) -> dict[str, str]:
        """Header as written -> field it was read as."""
        return self.reading.columns

    @property
    def seen(self) -> tuple[Seen, ...]:
        return self.reading.seen

    @property
    def kinds(self) -> dict[str, int]:
        """How many records of each kind the file holds."""
        return dict(Counter(record.kind for record in self.records if record.outcome != "withdrawn"))

    def count(self, outcome: Done) -> int:
        return sum(record.outcome == outcome for record in self.records)


class Plan:
    """An import worked out against what is there, before anything is written."""

    def __init__(
        self, db: Database, home: Home, reading: Reading, name: str, circle: str | None, withdraw_missing: bool
    ) -> None:
        self.db = db
        self.name = name
        self.network = home.network.network
        self.reading = joined([reading])
        self.sources = reading.named or {source_of(name): frozenset(key(entry) for entry in reading.entries)}
        self.circle = circles.check_known(db, circle) if circle is not None else None
        self.own = OwnRecords(db, home)
        self.refused = list(self.reading.refused)
        self.notes = list(self.reading.notes)
        self.earlier = _Earlier(db, name, self.sources.keys())
        self.known = drafts.imported(db, [key(entry) for entry in self.reading.entries])
        self.same_name = Counter(_without_country(entry) for entry in self.reading.entries)
        self.before: dict[str, Own] = {}
        speaks = any(entry.fields["kind"] == NETWORK for entry in self.reading.entries)
        self.itself = of_itself(db, home) if speaks else None
        self.handles = {key(entry): self._handle(entry) for entry in self.reading.entries}
        self.names = _unambiguous((entry, self.handles[key(entry)]) for entry in self.reading.entries)
        self.moved = dict(self._moved())
        self.rows: list[ImportRow] = []
        self.unchanged: list[ImportRow] = []
        self.titles: dict[str, str] = {}
        self.outcomes: list[Outcome] = []
        for entry in self.reading.entries:
            self._decide(entry)
        self._note_circles()
        self.missing = [] if reading.partial else sorted(self._missing(), key=lambda one: (one.title, one.kind))
        if withdraw_missing:
            self._withdraw_missing()

    def write(self, now: datetime) -> int | None:
        """Keep it; the number of the import, or None when there was nothing to do."""
        drafts.remember_imported(self.db, ((k, h) for k, h in self.handles.items() if self.known.get(k) != h))
        for source, keys in self.sources.items():
            handles = [self.handles[one] for one in sorted(keys) if one in self.handles]
            drafts.name_records(self.db, source, handles, whole=not self.reading.partial)
        if not self.rows:
            return None
        drafts.save(self.db, (Draft(row.handle, row.circle, "put", row.after) for row in self.rows if row.after), now)
        for row in self.rows:
            if row.after is None and row.before is not None:
                self.own.withdraw(Own(row.handle, row.circle, row.before, False), now)
        return drafts.add_import(self.db, self.name, self.summary, [*self.rows, *self.unchanged], now, self.sources)

    def imported(self, import_id: int | None) -> Imported:
        return Imported(
            import_id,
            tuple(self.outcomes),
            tuple(self.refused),
            tuple(self.notes),
            tuple(self.missing),
            self.reading,
        )

    @property
    def summary(self) -> dict[str, int]:
        counts: dict[str, int] = Counter(outcome.outcome for outcome in self.outcomes)
        return {**counts, "refused": len(self.refused)}

    def _missing(self) -> Iterator[Missing]:
        """What the sources named before and do not name any more, unless another source names it still."""
        now_named = set(self.handles.values())
        elsewhere = 0
        for source in self.sources:
            for handle in drafts.named_before(self.db, source):
                own = self.own.find(handle) if handle not in now_named else None
                if own is None:
                    continue
                if drafts.named_elsewhere(self.db, handle, source):
                    elsewhere += 1
                else:
                    yield Missing(source, handle, own.fields["kind"], own.circle, self._title(own.body))
        if elsewhere:
            self.notes.append(f"{elsewhere} records that this file names no more are still named by others")

    def _withdraw_missing(self) -> None:
        lost = {refusal.line for refusal in self.refused} - {n for one in self.reading.entries for n in one.lines}
        if self.missing and lost:
            raise UsageError(
                f"{len(lost)} rows could not be read, and may be about records that seem to have disappeared",
                hint="correct them first: --refused-to FILE.csv writes them to a file",
            )
        for one in self.missing:
            own = self.own.find(one.handle)
            if own is not None:
                self.rows.append(ImportRow(own.handle, own.circle, own.body, None))
                self.outcomes.append(Outcome("withdrawn", one.kind, one.handle, one.circle, one.title))
        self.missing = []

    def _handle(self, entry: Entry) -> str:
        """The handle of the record that the entry is about; a new one when there is none."""
        if entry.fields["kind"] == NETWORK and self.itself is not None:
            self.before[self.itself.handle] = self.itself
            return self.itself.handle
        for handle in (self.known.get(key(entry)), _exported_handle(entry.source), self._alike(entry)):
            own = self.own.find(handle) if handle else None
            if own is not None and own.fields["kind"] == entry.fields["kind"]:
                self.before[own.handle] = own
                return own.handle
        return new_handle()

    def _alike(self, entry: Entry) -> str | None:
        """The one organisation of that name, or its contact, when only one of two sources tells where its seat is."""
        plain = _without_country(entry)
        if entry.fields["kind"] not in {"organization", "contact"} or self.same_name[plain] > 1:
            return None
        name, hash_, rest = plain.partition("#")
        if plain != key(entry):
            found = drafts.imported(self.db, [plain])
        else:
            below = drafts.imported_below(self.db, f"{name}|")
            found = {one: handle for one, handle in below.items() if one.partition("#")[1:] == (hash_, rest)}
        handles = set(found.values())
        return handles.pop() if len(handles) == 1 else None

    def _decide(self, entry: Entry) -> None:
        handle = self.handles[key(entry)]
        own = self.before.get(handle)
        try:
            after = self._body(entry, own)
            circle = own.circle if own else self._circle(entry)
            self._check_only(entry, own, circle)
        except FednetError as error:
            line = min(entry.lines, default=0)
            self.refused.append(RowError(line, getattr(error, "field", ""), shown(entry.source), error.detail))
            if own is None:
                del self.handles[key(entry)]
            return
        if own is None or own.body != after:
            self.rows.append(ImportRow(handle, circle, own.body if own else None, after))
        else:
            self.unchanged.append(ImportRow(handle, circle, None, None))
        self.titles[handle] = self._title(after)
        self.outcomes.append(_outcome(entry.fields["kind"], handle, circle, own, after, self.titles[handle]))

    def _title(self, body: bytes) -> str:
        """What a record is called; a contact of nobody in person, as its organisation."""
        about = str(msgspec.json.decode(body).get("organization"))
        return title_of(body) or self.titles.get(about, "") or self.own.title(body)

    def _check_only(self, entry: Entry, own: Own | None, circle: str) -> None:
        """Of records in which the network speaks of itself there is one, and it is public."""
        if entry.fields["kind"] != NETWORK or own is not None:
            return
        if circle != PUBLIC or any(outcome.kind == NETWORK for outcome in self.outcomes):
            raise UsageError("a network lists one record about itself, in public")

    def _circle(self, entry: Entry) -> str:
        """Where a new record goes: as a person said, else as the file says, else as is usual for its kind."""
        told = circles.check_known(self.db, entry.circle) if entry.circle and not self.circle else None
        return self.circle or told or usual_circle(entry.fields["kind"])

    def _moved(self) -> Iterator[tuple[str, str]]:
        """Handles that an export of another node gives records of this import, and those that they have here."""
        for entry in self.reading.entries:
            exported = entry.source.removeprefix(EXPORTED)
            if exported != entry.source and exported != self.handles[key(entry)]:
                yield exported, self.handles[key(entry)]

    def _body(self, entry: Entry, own: Own | None) -> bytes:
        fields = self._resolved(entry.fields)
        if own is not None and fields.get("uid") == uid_of(self.network, own.handle, {}):
            del fields["uid"]  # it follows from the handle, and only an export says it
        if own is None:
            return check_body(listing.encode(fields))
        merged = merge(own.fields, fields)
        whole = entry.source.startswith(EXPORTED)  # an export told all of the record, and a person corrected it
        for name in frozenset[str]() if whole else GATHERED & fields.keys() & own.fields.keys():
            merged[name] = self._gathered(own, name, fields[name])
        if entry.fields["kind"] == "event":
            merged = _rescheduled(own.fields, merged, fields)
        guessed = {"original": None}  # a reader's guess of the original language alone changes nothing
        return own.body if merged | guessed == own.fields | guessed else body_of(merged)

    def _gathered(self, own: Own, name: str, given: list[Any]) -> list[Any]:
        """The list as it was, less what earlier versions of this file had added to it, with what is given now."""
        listed = own.fields[name]
        gone = [item for item in listed if item not in given]
        if gone and not self.reading.partial:
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
        found: dict[str, Any] = moved(fields, self.moved) if self.moved else fields
        return found

    def _referred(self, kind: str, source: str) -> str | None:
        wanted = f"{kind}:{source}"
        return (
            self.handles.get(wanted)
            or self.names.get(f"{kind}:{identity(source)}")
            or drafts.imported(self.db, [wanted]).get(wanted)
            or self._exported(source)
        )

    def _exported(self, source: str) -> str | None:
        """The handle that an export gave, when this network lists the record."""
        handle = source.removeprefix(EXPORTED)
        return handle if handle != source and self.own.find(handle) else None

    def _note_circles(self) -> None:
        told = {self.handles.get(key(entry), ""): entry.circle for entry in self.reading.entries}
        wanted = {handle: self.circle or told.get(handle) for handle in self.before}
        staying = [one for handle, one in self.before.items() if (wanted[handle] or one.circle) != one.circle]
        if staying:
            self.notes.append(f"{len(staying)} known records stay in the circle they are in, {staying[0].circle}")


def _rescheduled(before: dict[str, Any], merged: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """An event as a newer file has it, which alone says when it takes place; a change of that is counted."""
    stale = WHEN - given.keys() if "start" in given else frozenset()
    return revised({name: value for name, value in merged.items() if name not in stale}, before)


def _exported_handle(source: str) -> str:
    """The handle in the source key of a row, or in the UID of an event, that `fednet export` wrote; else nothing."""
    return source[len(EXPORTED) :] if source.startswith(EXPORTED) else source.partition("@")[0]


class _Earlier:
    """What imports of the same source did before."""

    def __init__(self, db: Database, name: str, sources: Iterable[str]) -> None:
        self.db = db
        self.sources = {*sources, source_of(name)}

    @cached_property
    def rows(self) -> dict[str, list[ImportRow]]:
        found: dict[str, list[ImportRow]] = {}
        for one in drafts.imports(self.db):
            if one.undone_at is None and not self.sources.isdisjoint(one.sources or {source_of(one.name)}):
                for row in drafts.import_rows(self.db, one.id):
                    found.setdefault(row.handle, []).append(row)
        return found

    def added(self, handle: str, name: str) -> list[Any]:
        """All that they put into a list of a record."""
        items: list[Any] = []
        for row in self.rows.get(handle, []):
            before = msgspec.json.decode(row.before).get(name, []) if row.before else []
            after = msgspec.json.decode(row.after).get(name, []) if row.after else []
            items += [item for item in after if item not in before]
        return items


def _unambiguous(entries: Iterable[tuple[Entry, str]]) -> dict[str, str]:
    """Kind and folded name to handle, for the names that only one record of the file has."""
    found: dict[str, set[str]] = {}
    for entry, handle in entries:
        texts = entry.fields.get("names") or entry.fields.get("titles") or {}
        for text in texts.values():
            found.setdefault(f"{entry.fields['kind']}:{identity(text)}", set()).add(handle)
    return {name: handles.pop() for name, handles in found.items() if len(handles) == 1}


def _without_country(entry: Entry) -> str:
    """The key without the country that follows the name in it (`organization:aster house|TH#contact`)."""
    name, hash_, rest = key(entry).partition("#")
    return f"{name.partition('|')[0]}{hash_}{rest}"


def _outcome(kind: str, handle: str, circle: str, own: Own | None, after: bytes, title: str) -> Outcome:
    if own is None:
        return Outcome("added", kind, handle, circle, title)
    if own.body == after:
        return Outcome("unchanged", kind, handle, circle, title)
    return Outcome("changed", kind, handle, circle, title, differences(own.fields, msgspec.json.decode(after)))
