"""What an import is going to do: each entry against the record that it became before, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.record import check_body
from fednet.formats.calendar import read_calendar
from fednet.formats.calendar_writer import calendar_of, handle_and_network, uid_of
from fednet.formats.export import without_controls
from fednet.formats.reading import Entry, Reading, RowError, Seen, identity, joined, key, merge, shown, source_of
from fednet.listing.event import WHEN, revised
from fednet.listing.exchange import open_day
from fednet.listing.references import moved
from fednet.node import circles, completing, revisions
from fednet.node.edits import (
    NETWORK,
    Difference,
    Own,
    body_of,
    check_days,
    differences,
    new_handle,
    of_itself,
    usual_circle,
)
from fednet.node.home import Home
from fednet.node.linking import NAMING, OwnOrganizations
from fednet.node.own import OwnRecords, title_of
from fednet.store import drafts, feeds, hidden, introductions
from fednet.store.circles import PUBLIC
from fednet.store.drafts import Draft, ImportRow

EXPORTED = "handle:"
"""Begins the source key of a row that `fednet export` wrote, before the handle."""

GATHERED = frozenset({"countries", "services", "client_groups", "languages", "themes", "identifiers", "former_names"})
"""Lists to which several files may add, each what it knows."""

_REFERRING = frozenset({"kind", "organization", "parent"})
MAX_NAMED = 3
"""Other networks that are named in a note."""

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
    was withdrawn, it is in `records` instead), `reading` all that was read, without the records of other networks, of
    which `left_out` is the number.
    """

    id: int | None
    records: tuple[Outcome, ...]
    refused: tuple[RowError, ...]
    notes: tuple[str, ...]
    missing: tuple[Missing, ...]
    reading: Reading
    left_out: int = 0

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
        self,
        db: Database,
        home: Home,
        reading: Reading,
        name: str,
        circle: str | None,
        withdraw_missing: bool,
        all_rows: bool = False,
        most_are_gone: bool = False,
        now: datetime | None = None,
    ) -> None:
        self.db = db
        self.home = home
        self.now = now
        self.name = name
        self.network = home.network.network
        self.reading = joined([reading])
        self.left_out = 0
        self.left_out_notes: list[str] = []
        self.own = OwnRecords(db, home)
        self.organizations = OwnOrganizations(db, home)
        if not all_rows:
            self._leave_out(home)
        self.sources = reading.named or {source_of(name): frozenset(key(entry) for entry in reading.entries)}
        self.circle = circles.check_known(db, circle) if circle is not None else None
        self.refused = list(self.reading.refused)
        self.said = {key(entry): _hashes(entry) for entry in self.reading.entries}
        self.notes = [*self.left_out_notes, *self.reading.notes]
        self.earlier = _Earlier(db, name, self.sources.keys())
        self.said_before = {source: drafts.said_before(db, source) for source in self.sources}
        self.known = drafts.imported(db, [key(entry) for entry in self.reading.entries])
        self._refuse_hidden()
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
        self._note_entries()
        self.unread: list[str] = []
        self.most_gone = ""
        self.missing = [] if reading.partial else sorted(self._missing(), key=lambda one: (one.title, one.kind))
        if withdraw_missing:
            self._withdraw_missing(most_are_gone)
        elif self.most_gone:
            self.notes.append(f"{self.most_gone}: is it the whole list?")

    def write(self, now: datetime) -> int | None:
        """Keep it; the number of the import, or None when there was nothing to do."""
        drafts.remember_imported(self.db, ((k, h) for k, h in self.handles.items() if self.known.get(k) != h))
        for source, keys in self.sources.items():
            named = {self.handles[one]: self.said.get(one) for one in sorted(keys) if one in self.handles}
            drafts.name_records(self.db, source, named, whole=not self.reading.partial)
        if not self.rows:
            return None
        drafts.save(self.db, (Draft(row.handle, row.circle, "put", row.after) for row in self.rows if row.after), now)
        for row in self.rows:
            if row.after is None and row.before is not None:
                self.own.withdraw(Own(row.handle, row.circle, row.before, False), now)
                introductions.end(self.db, row.handle, now)
        return drafts.add_import(self.db, self.name, self.summary, [*self.rows, *self.unchanged], now, self.sources)

    def imported(self, import_id: int | None) -> Imported:
        return Imported(
            import_id,
            tuple(self.outcomes),
            tuple(self.refused),
            tuple(self.notes),
            tuple(self.missing),
            self.reading,
            self.left_out,
        )

    @property
    def summary(self) -> dict[str, int]:
        counts: dict[str, int] = Counter(outcome.outcome for outcome in self.outcomes)
        return {**counts, "refused": len(self.refused)}

    def _leave_out(self, home: Home) -> None:
        """Leave out records that the file says are those of other networks, but those that became ours before."""
        networks = {one.network: one.name for one in feeds.networks(self.db)}
        mine = {self.network, home.network.name}
        known = drafts.imported(self.db, [key(entry) for entry in self.reading.entries if _network_of(entry)])
        others: Counter[str] = Counter()
        kept: list[Entry] = []
        for entry in self.reading.entries:
            network = _network_of(entry)
            if network and network not in mine and not self._is_own(entry, known):
                others[networks.get(network, network)] += 1
            else:
                kept.append(entry)
        if others:
            self.left_out = others.total()
            self.reading = msgspec.structs.replace(self.reading, entries=kept)
            more = ["..."] if len(others) > MAX_NAMED else []
            names = ", ".join([shown(name, 60) for name, _ in others.most_common(MAX_NAMED)] + more)
            counted = "1 record is" if self.left_out == 1 else f"{self.left_out:,} records are"
            self.left_out_notes = [
                f"{counted} listed by {names}, not by this network: left out (--all-rows takes them)"
            ]

    def _refuse_hidden(self) -> None:
        """Refuse rows that would list again what is hidden: by where they came from, by name, or as a part of it."""
        kept = {row.handle: msgspec.json.decode(row.body) for row in hidden.hidden(self.db) if row.after is None}
        names = {(fields["kind"], name) for fields in kept.values() for name in _names_in(fields)}
        refused = {one.source for one in self.reading.entries if self._is_hidden(one, kept, names)} if kept else set()
        taken = []
        for entry in self.reading.entries:
            about = entry.fields.get("organization")
            whose = about.get("source") if isinstance(about, Mapping) else None
            if refused & {entry.source, whose}:
                line = min(entry.lines, default=0)
                self.refused.append(RowError(line, "", shown(entry.source), "is hidden: put it back first"))
            else:
                taken.append(entry)
        self.reading = msgspec.structs.replace(self.reading, entries=taken)

    def _is_hidden(self, entry: Entry, kept: Mapping[str, Any], names: set[tuple[str, str]]) -> bool:
        about = entry.fields.get("organization")
        handles = {self.known.get(key(entry)), _exported_handle(entry.source), about if isinstance(about, str) else ""}
        named = {(entry.fields["kind"], name) for name in _names_in(entry.fields)}
        return bool(handles & kept.keys() or (named | {("organization", identity(_name_in(about)))}) & names)

    def _is_own(self, entry: Entry, known: Mapping[str, str]) -> bool:
        """Whether the entry is about a record of this network, whatever its file says."""
        handles = known.get(key(entry)), _exported_handle(entry.source)
        return any(handle and self.own.find(handle) for handle in handles)

    def _missing(self) -> Iterator[Missing]:
        """What the sources named before and do not name any more, unless another source names it still."""
        elsewhere = 0
        for source, keys in self.sources.items():
            handles = drafts.named_before(self.db, source)
            before = [own for one in handles if (own := self.before.get(one) or self.own.find(one))]
            if before and not keys:
                self.unread.append(source)
                self.notes.append("no row could be read, so that nobody can tell what is not in this file any more")
                continue
            gone = [own for own in before if own.handle not in self.now_named]
            here = [own for own in gone if not drafts.named_elsewhere(self.db, own.handle, source)]
            elsewhere += len(gone) - len(here)
            self._note_most(here, before)
            yield from (Missing(source, o.handle, o.fields["kind"], o.circle, self._title(o.body)) for o in here)
        if elsewhere:
            told = "1 record that this file names no more is" if elsewhere == 1 else ""
            told = told or f"{elsewhere:,} records that this file names no more are"
            self.notes.append(f"{told} still named by others")

    @cached_property
    def now_named(self) -> frozenset[str]:
        return frozenset(self.handles.values())

    def _note_most(self, gone: Sequence[Own], before: Sequence[Own]) -> None:
        """More than half of a source has disappeared: sooner another file, or a part of it, than the truth."""
        # A contact comes and goes with whose it is.
        lost, of = (sum(own.fields["kind"] != "contact" for own in some) for some in (gone, before))
        lost, of = (lost, of) if of else (len(gone), len(before))
        if lost * 2 > of:
            self.most_gone = f"{lost:,} of the {of:,} that the file named are not in it any more"

    def _withdraw_missing(self, most_are_gone: bool) -> None:
        if self.unread:
            raise UsageError(
                "no row of the file could be read, so that nothing of it has disappeared",
                hint="fednet import FILE --dry-run shows how each column is read",
            )
        if self.most_gone and not most_are_gone:
            raise UsageError(
                f"{self.most_gone}: nothing was withdrawn",
                hint="--dry-run alone lists them; if so many are gone indeed, add --most-are-gone",
            )
        lost = {refusal.line for refusal in self.refused} - {n for one in self.reading.entries for n in one.lines}
        if self.missing and lost:
            raise UsageError(
                f"{len(lost):,} row{'s' * (len(lost) > 1)} could not be read, and may be about records that seem to "
                "have disappeared",
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
        found = self.known.get(key(entry)), _exported_handle(entry.source), self._with_uid(entry), self._alike(entry)
        for handle in found:
            own = self.own.find(handle) if handle else None
            if own is not None and own.fields["kind"] == entry.fields["kind"]:
                self.before[own.handle] = own
                return own.handle
        adopted = self._without_identifier(entry)
        if adopted is None:
            return new_handle()
        self.before[adopted.handle] = adopted
        return adopted.handle

    def _without_identifier(self, entry: Entry) -> Own | None:
        """The organisation, or its contact, that this list knew by name alone before it had a column of identifiers."""
        kind, fields = entry.fields["kind"], entry.fields
        whose, hash_, person = entry.source.partition("#")
        if kind not in {"organization", "contact"} or not whose.startswith("id:"):
            return None
        about = fields.get("organization")
        names = fields["names"].values() if kind == "organization" else [_name_in(about)]
        here = f"|{fields.get('seat', {}).get('country', '')}"
        for name in dict.fromkeys(f"{kind}:{identity(name)}" for name in names if name):
            found = drafts.imported_below(self.db, f"{name}|") | drafts.imported(self.db, [f"{name}{hash_}{person}"])
            alike = {known: handle for known, handle in found.items() if known.partition("#")[1:] == (hash_, person)}
            exact = {handle for known, handle in alike.items() if known == f"{name}{here}"}
            free = (exact or set(alike.values())) & self.listed_before - self.before.keys() - set(self.known.values())
            own = self.own.find(free.pop()) if len(free) == 1 else None
            if own is not None and own.fields["kind"] == kind:
                return own
        return None

    @cached_property
    def listed_before(self) -> set[str]:
        """Handles of all records that the sources of this import have named."""
        return {handle for source in self.sources for handle in drafts.named_before(self.db, source)}

    def _with_uid(self, entry: Entry) -> str | None:
        """The event that bears the UID of this one, though it did not come by an import."""
        uid = entry.fields.get("uid")
        return self.by_uid.get(uid) if isinstance(uid, str) and entry.fields["kind"] == "event" else None

    @cached_property
    def by_uid(self) -> dict[str, str]:
        """UID -> handle of each own event that has one."""
        feed_ids = [feed.id for feed in self.own.feeds]
        found = {handle: msgspec.json.decode(body) for handle, body in drafts.bodies_with(self.db, feed_ids, '"uid"')}
        return {
            fields["uid"]: handle
            for handle, fields in found.items()
            if fields.get("kind") == "event" and isinstance(fields.get("uid"), str)
        }

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
            if self.now is not None:
                check_days(msgspec.json.decode(after), own.fields if own else {}, self.now)
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
        fields = msgspec.json.decode(body)
        nobody = fields["kind"] == "contact" and not fields.get("person")
        whose = self.titles.get(str(fields["organization"])) if nobody else None
        return whose or self.own.title(body) or title_of(body)

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
        if entry.fields["kind"] in NAMING:
            fields = self.organizations.linked(fields, own.circle if own else self._circle(entry))
        if own is not None and fields.get("uid") == uid_of(self.network, own.handle, {}):
            del fields["uid"]  # it follows from the handle, and only an export says it
        revisions.check_given(fields, own.fields if own else {})
        if own is None:
            fields = revisions.above_withdrawn(self.db, self.network, "", fields)
            fields = completing.begun(fields, self.network, self.now)
            return check_body(listing.encode(fields))
        whole = entry.source.startswith(EXPORTED)  # an export told all of the record, and a person corrected it
        if not whole:
            fields = _without_repeated(self._new(entry, own, fields), own.fields)
        merged = merge(own.fields, fields)
        for name in frozenset[str]() if whole else GATHERED & fields.keys() & own.fields.keys():
            merged[name] = self._gathered(own, name, fields[name])
        if entry.fields["kind"] == "event":
            merged = _rescheduled(own.fields, merged, fields)
        guessed = {"original": None}  # a reader's guess of the original language alone changes nothing
        return own.body if merged | guessed == own.fields | guessed else body_of(merged)

    def _new(self, entry: Entry, own: Own, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields without those of which the sources say what they said the last time.

        Whoever changed those since, another source or a person, knew better. What refers to records stays: they may
        have become others.
        """
        said = self.said[key(entry)]
        sources = [source for source, keys in self.sources.items() if key(entry) in keys]
        before = [self.said_before[source].get(own.handle) for source in sources]
        if said and before:
            again = {name for name in said if all(one is not None and one.get(name) == said[name] for one in before)}
            fields = {name: value for name, value in fields.items() if _said_as(name) not in again}
        if fields["kind"] == "event" and fields.get("uid", entry.fields.get("uid")):
            fields = self._without_echo(own, fields)
        return fields

    def _without_echo(self, own: Own, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of an event without what we would write of it into a calendar, and that says it less well."""
        if merge(own.fields, fields) == own.fields:
            return fields
        row = (self.network, own.handle, own.fields)
        echoes = read_calendar(calendar_of(without_controls([row]))).entries
        if not echoes:
            return fields
        echo = self._resolved(echoes[0].fields)
        page = str(fields.get("website", ""))
        if "website" not in own.fields and page.endswith(f"/{own.handle}"):
            echo["website"] = page  # calendars give the page of an event where it has no address of its own
        moved = any(fields.get(name) != echo.get(name) for name in WHEN)
        return {
            name: value
            for name, value in fields.items()
            if name == "kind" or (moved if name in WHEN else value != echo.get(name))
        }

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
            handle_only = about["source"] == f"{EXPORTED}{about.get('name')}"
            if handle is None and fields["kind"] == "contact" and not handle_only:
                raise NotFoundError(f"its organisation {about.get('name') or about['source']!r} is not listed here")
            fields["organization"] = handle or about.get("name") or about["source"]
        if fields["kind"] == "event" and isinstance(parent, str):
            made, _ = handle_and_network(parent)
            listed = made if made and self.own.find(made) else None
            fields["parent"] = self._referred("event", parent) or listed or self.by_uid.get(parent) or parent
        if fields["kind"] == "twinning" and self.moved:
            here = {"network": self.network}
            twins = [one | here if one.get("handle") in self.moved else one for one in fields["organizations"]]
            fields["organizations"] = twins
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

    def _note_entries(self) -> None:
        """What nobody may have meant by new needs and offers: a day that is past, an organisation that is not ours."""
        added = {one.handle for one in self.outcomes if (one.outcome, one.kind) == ("added", "exchange")}
        new = [msgspec.json.decode(row.after) for row in self.rows if row.handle in added and row.after]
        last = open_day(self.now).isoformat() if self.now else ""
        over = sum(fields.get("open_until", last) < last for fields in new)
        if over:
            counted = "1 new entry was" if over == 1 else f"{over:,} new entries were"
            self.notes.append(f"{counted} open until a day that is past: listed as over")
        names = list(dict.fromkeys(name for fields in new for name in self.organizations.unknown(fields)))
        if names:
            told = ", ".join([shown(name, 60) for name in names[:MAX_NAMED]] + ["..."] * (len(names) > MAX_NAMED))
            self.notes.append(f"this network lists no organisation called {told}: only the name is kept")

    def _note_circles(self) -> None:
        told = {self.handles.get(key(entry), ""): entry.circle for entry in self.reading.entries}
        wanted = {handle: self.circle or told.get(handle) for handle in self.before}
        staying = [one for handle, one in self.before.items() if (wanted[handle] or one.circle) != one.circle]
        if staying:
            self.notes.append(f"{len(staying)} known records stay in the circle they are in, {staying[0].circle}")


def _network_of(entry: Entry) -> str:
    """Whose record an entry is, where the file says so."""
    if entry.fields["kind"] == "event" and not entry.source.startswith(EXPORTED):
        return handle_and_network(entry.source)[1]
    return entry.network or ""


def _without_repeated(fields: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without texts that the record has word for word in another language: a list that does not say in
    which language it is was taken for being in ours, and a name is no translation of itself."""
    return {name: _new_texts(value, before.get(name)) if name in _OF_TEXTS else value for name, value in fields.items()}


def _new_texts(given: Any, known: Any) -> Any:
    if not isinstance(given, Mapping) or not isinstance(known, Mapping):
        return given
    return {tag: text for tag, text in given.items() if tag in known or text not in known.values()}


_OF_TEXTS = frozenset({"names", "titles", "description", "outcome_note", "goals", "outcome"})


def _said_as(name: str) -> str:
    """Under which name it is remembered what a source said of a field; times only have a meaning together."""
    return "when" if name in WHEN else name


def _hashes(entry: Entry) -> dict[str, str] | None:
    """What an entry says, as a hash by field; None of what an export wrote, for that is meant as it stands."""
    if entry.source.startswith(EXPORTED):
        return None
    told: dict[str, Any] = {}
    for name, value in sorted(entry.fields.items()):
        if name in WHEN:
            told.setdefault("when", {})[name] = value
        elif name not in _REFERRING:
            told[name] = value
    return {
        name: blake2b(msgspec.json.encode(value, order="sorted"), digest_size=8).hexdigest()
        for name, value in told.items()
    }


def _rescheduled(before: dict[str, Any], merged: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """An event as a newer file has it, which alone says when it takes place; a change of that is counted."""
    stale = WHEN - given.keys() if "start" in given else frozenset()
    return revised({name: value for name, value in merged.items() if name not in stale}, before)


def _exported_handle(source: str) -> str:
    """The handle in the source key of a row, or in the UID of an event, that `fednet export` wrote; else nothing."""
    return source[len(EXPORTED) :] if source.startswith(EXPORTED) else source.partition("@")[0]


def _name_in(reference: object) -> str:
    """The name by which a file refers to an organisation; empty where it gives its handle."""
    return str(reference.get("name", "")) if isinstance(reference, Mapping) else ""


def _names_in(fields: Mapping[str, Any]) -> set[str]:
    """What an organisation, a group or a person is called, as keys; of other kinds a name tells nothing."""
    texts = [*fields.get("names", {}).values(), fields.get("name", "")]
    return {name for text in texts if (name := identity(str(text)))}


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
