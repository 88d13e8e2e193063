"""Importing: what a reader understood of a file becomes drafts of this network's records, and can be taken back.

An entry's source key finds the record that it became before, so a file that comes again updates instead of doubling:
languages of texts are joined, given fields replace, all others stay, and what comes out the same is not touched. Lists
of codes are gathered over several files: one file's countries do not take away those of another, but what a newer
version of the same file no longer says goes. One import is one transaction.

Versions of one file are one *source*. What a person said of its columns is remembered with it, and so is which records
it names: those that its newest version does not name any more are told, and withdrawn only when a person says so.
`node/undo.py` takes an import back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.record import Put, check_body, key_of
from fednet.formats.calendar_writer import uid_of
from fednet.formats.reading import Entry, Reading, RowError, Seen, Told, identity, joined, key, merge, shown, source_of
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
from fednet.store import drafts, feeds, records
from fednet.store.circles import PUBLIC
from fednet.store.drafts import Draft, ImportRow
from fednet.store.feeds import Feed

EXPORTED = "handle:"
"""Begins the source key of a row that `fednet export` wrote, before the handle."""

GATHERED = frozenset({"countries", "services", "client_groups", "languages", "themes", "identifiers", "former_names"})
"""Lists to which several files may add, each what it knows."""

Done = Literal["added", "changed", "unchanged", "withdrawn"]


class File(NamedTuple):
    """A file to import, as it was uploaded or read."""

    name: str
    content: bytes


class Choices(msgspec.Struct, frozen=True):
    """What a person says of an import, all of it optional.

    `kind`: what the rows are; `mapping`: header -> field; both are remembered for the source. `source`: what the file
    is a version of, where its name does not tell; `circle`: where new records go, by default to the usual one of their
    kind. `withdraw_missing`: records that this source named and does not any more are withdrawn.
    """

    kind: str | None = None
    mapping: dict[str, str] = {}
    source: str = ""
    circle: str | None = None
    keep_zawgyi: bool = False
    withdraw_missing: bool = False


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


class Preview(msgspec.Struct, frozen=True):
    """What importing files would do, for a person to judge. `remembered`: source -> what was said of it before."""

    remembered: dict[str, dict[str, Any]]
    tried: Imported


def preview(home: Home, files: Sequence[File], choices: Choices) -> Preview:
    """Read files as they would be imported, and change nothing. Raises as `import_files`."""
    reading, remembered = _read(home, files, choices)
    with home.store.reading() as db:
        plan = _Plan(db, home, reading, _name(files), choices.circle, choices.withdraw_missing)
        return Preview(remembered, plan.imported(None))


def import_files(home: Home, files: Sequence[File], choices: Choices, now: datetime) -> Imported:
    """Bring this network's records up to files, read as one, such as the language editions of a list.

    Raises UnreadableFileError for a file that is not what it seems, UsageError for choices that do not fit.
    """
    reading, remembered = _read(home, files, choices)
    said = {}
    if (choices.mapping and reading.columns) or choices.kind:
        said = {source: _said(remembered.get(source, {}), choices) for source in reading.named}
    with home.store.writing() as db:
        plan = _Plan(db, home, reading, _name(files), choices.circle, choices.withdraw_missing)
        for source, one in said.items():
            drafts.save_mapping(db, source, one, now)
        return plan.imported(plan.write(now))


def import_reading(
    home: Home,
    reading: Reading,
    name: str,
    now: datetime,
    circle: str | None = None,
    dry_run: bool = False,
    withdraw_missing: bool = False,
) -> Imported:
    """Bring this network's records up to a reading. `name` is what the import is remembered as.

    A dry run answers the same and writes nothing.
    """
    if dry_run:
        with home.store.reading() as db:
            return _Plan(db, home, reading, name, circle, withdraw_missing).imported(None)
    with home.store.writing() as db:
        plan = _Plan(db, home, reading, name, circle, withdraw_missing)
        return plan.imported(plan.write(now))


def _read(home: Home, files: Sequence[File], choices: Choices) -> tuple[Reading, dict[str, dict[str, Any]]]:
    """The files as one reading, and what was remembered of their sources."""
    from fednet import formats  # with every library of every format

    remembered: dict[str, dict[str, Any]] = {}
    readings = []
    for file in files:
        source = choices.source or source_of(file.name)
        with home.store.reading() as db:
            known = drafts.mapping(db, source)
        said = known.said if known else {}
        if said:
            remembered[source] = said
        told = Told(
            choices.kind or said.get("kind"),
            choices.mapping,
            said.get("columns", {}),
            choices.source,
            choices.keep_zawgyi,
        )
        readings.append(formats.read_file(file.name, file.content, told))
    return joined(readings), remembered


def _said(before: dict[str, Any], choices: Choices) -> dict[str, Any]:
    """What is remembered of a source after a person said more, or something else, of it."""
    columns = {**before.get("columns", {}), **choices.mapping}
    kind = choices.kind or before.get("kind")
    return {"columns": columns} | ({"kind": kind} if kind else {})


def _name(files: Sequence[File]) -> str:
    return ", ".join(file.name for file in files)


def history(home: Home) -> list[drafts.Import]:
    """Past imports, newest first, those that were taken back too."""
    with home.store.reading() as db:
        return drafts.imports(db)


def mappings(home: Home) -> list[drafts.Mapping]:
    """What people said of the rows and columns of sources."""
    with home.store.reading() as db:
        return drafts.mappings(db)


def forget_mapping(home: Home, source: str) -> None:
    """Guess the columns of a source again; raises NotFoundError when nothing is remembered of it."""
    with home.store.writing() as db:
        if not drafts.forget_mapping(db, source):
            raise NotFoundError(f"nothing is remembered of {source!r}", hint="fednet import --mappings")


def title_of(body: bytes) -> str:
    """What a record is called."""
    listed = listing.parse(body)
    return listing.terms(listed).title if listed is not None else ""


# --- what this network lists ------------------------------------------------------------------------------------------


class Standing:
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

    def title(self, body: bytes) -> str:
        """What a record is called; a contact of nobody in person, as its organisation."""
        about = msgspec.json.decode(body).get("organization")
        if (title := title_of(body)) or not isinstance(about, str):
            return title
        try:
            own = self.find(about)
        except FednetError:  # no handle, but a name
            return about
        return title_of(own.body) if own else ""

    def put(self, own: Own, now: datetime) -> None:
        """Let a record be as it is given here."""
        listed = self.listed(own.handle)
        if listed is not None and listed.body == own.body:
            drafts.discard(self.db, own.handle)
        else:
            drafts.save(self.db, [Draft(own.handle, own.circle, "put", own.body)], now)

    def withdraw(self, own: Own, now: datetime) -> None:
        if self.listed(own.handle) is None:
            drafts.discard(self.db, own.handle)
        else:
            drafts.save(self.db, [Draft(own.handle, own.circle, "drop", None)], now)


def _prepared(db: Database, feed: Feed) -> Iterator[tuple[bytes, Own | None]]:
    """Key and record of each change of an edition that is about to be signed; None for what it takes out."""
    for change in drafts.prepared_changes(db, feed):
        yield change.key, Own(change.handle, feed.circle, change.body, False) if isinstance(change, Put) else None


# --- what an import is going to do ------------------------------------------------------------------------------------


class _Plan:
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
        self.standing = Standing(db, home)
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
                self.standing.withdraw(Own(row.handle, row.circle, row.before, False), now)
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
                own = self.standing.find(handle) if handle not in now_named else None
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
            own = self.standing.find(one.handle)
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
            own = self.standing.find(handle) if handle else None
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
        return title_of(body) or self.titles.get(about, "") or self.standing.title(body)

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
            or self._own(source)
        )

    def _own(self, source: str) -> str | None:
        """The handle that an export gave, when this network lists the record."""
        handle = source.removeprefix(EXPORTED)
        return handle if handle != source and self.standing.find(handle) else None

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
