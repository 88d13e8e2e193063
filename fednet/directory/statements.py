"""What networks say of organisations, statement by statement: for standards whose objects have one source, as HSDS.

A page is found by its number, in the order in which records came here (or best first, when words are asked for).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import identifiers, words
from fednet.directory.identifiers import AT_LOCATION, ORGANIZATION, SERVICE
from fednet.directory.search import Head, Reader, heads_of, joined, readable
from fednet.errors import NotFoundError
from fednet.feed.record import key_of
from fednet.formats import hsds, hsds_objects
from fednet.formats.hsds import Statement, Told
from fednet.listing import vocabulary
from fednet.store import columns, feeds, statements
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Clause, Listed, Source

if TYPE_CHECKING:
    from numpy import bool_, int64
    from numpy.typing import NDArray

    from fednet.store.arrays import Columns, Rows

KIND = listing.KIND_NUMBERS["organization"]
BATCH = 200
"""Statements read in one snapshot while a long list is written."""

Part = tuple[Statement, str]
"""A statement, and the code of one of its services."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which statements, or which of their services. `codes` are those wanted (None: all), `client_groups` any of which
    an organisation must serve (None: no matter), `located` asks for those whose place is known, `since` for those whose
    record was signed then or later."""

    text: str = ""
    organization: str | None = None
    codes: frozenset[str] | None = None
    client_groups: frozenset[str] | None = None
    located: bool = False
    since: datetime | None = None


class Page(NamedTuple):
    """One page, by its number, of `total`."""

    total: int
    statements: list[Statement]


class Parts(NamedTuple):
    """One page of services, by its number, of `total`."""

    total: int
    parts: list[Part]


# --- lists ------------------------------------------------------------------------------------------------------------


def organizations(
    store: Store, asked: Asked, reader: Reader, now: datetime, start: int, limit: int, profile: bool
) -> Page:
    """The statements of organisations from number `start` (from 0) on."""
    with store.reading() as db:
        view = _View(store, db, reader, now, profile)
        ids = view.ids(asked)
        return Page(len(ids), view.statements(ids[start : start + limit].tolist()))


def services(store: Store, asked: Asked, reader: Reader, now: datetime, start: int, limit: int, profile: bool) -> Parts:
    """The services of organisations from number `start` (from 0) on."""
    import numpy as np

    with store.reading() as db:
        view = _View(store, db, reader, now, profile)
        ids, counts = view.counted(asked)
        until = np.cumsum(counts)
        total = int(until[-1]) if len(until) else 0
        first, last = np.searchsorted(until, [start, min(start + limit, total) - 1], "right")
        if start >= total:
            return Parts(total, [])
        skipped = start - int(until[first] - counts[first])
        parts = list(_parts(view.statements(ids[first : last + 1].tolist()), asked))
        return Parts(total, parts[skipped : skipped + limit])


def all_organizations(
    store: Store, asked: Asked, reader: Reader, clock: Callable[[], datetime], profile: bool
) -> Iterator[Statement]:
    """All of them, read in many small snapshots: what changes meanwhile is as it is when its turn comes."""
    with store.reading() as db:
        ids = _View(store, db, reader, clock(), profile).ids(asked)
    for start in range(0, len(ids), BATCH):
        with store.reading() as db:
            found = _View(store, db, reader, clock(), profile).statements(ids[start : start + BATCH].tolist())
        yield from found


def all_services(
    store: Store, asked: Asked, reader: Reader, clock: Callable[[], datetime], profile: bool
) -> Iterator[Part]:
    """The services of all of them, as `all_organizations` reads them."""
    for statement in all_organizations(store, asked, reader, clock, profile):
        yield from _parts([statement], asked)


def _parts(found: Sequence[Statement], asked: Asked) -> Iterator[Part]:
    for statement in found:
        if not asked.located or hsds.has_location(statement.organization):
            for code in statement.services:
                if asked.codes is None or code in asked.codes:
                    yield statement, code


# --- one, by its id ---------------------------------------------------------------------------------------------------


def organization(store: Store, id: str, reader: Reader, now: datetime, profile: bool) -> Statement:
    """The statement whose organisation has that id. NotFoundError is the same whether there is none or it is hidden."""
    with store.reading() as db:
        view = _View(store, db, reader, now, profile)
        found = view.statements(view.organization(id))
    if not found:
        raise NotFoundError("no such organisation is listed here", hint="/hsds/organizations lists all")
    return found[0]


def service(store: Store, id: str, reader: Reader, now: datetime, profile: bool) -> Part:
    """The service of that id."""
    return _part(_View.candidates(store, SERVICE, id, reader, now, profile), SERVICE, id)


def service_at_location(store: Store, id: str, reader: Reader, now: datetime, profile: bool) -> Part:
    """The service at a location of that id."""
    found = _View.candidates(store, AT_LOCATION, id, reader, now, profile)
    located = [statement for statement in found if hsds.has_location(statement.organization)]
    return _part(located, AT_LOCATION, id)


def _part(found: Sequence[Statement], part: str, id: str) -> Part:
    for statement, code in _parts(found, Asked()):
        if statement.part(part, code) == id.lower():
            return statement, code
    raise NotFoundError(f"no such {part} is listed here", hint="/hsds/services lists all")


# --- what a reader may see --------------------------------------------------------------------------------------------


class _View:
    """One snapshot, as one reader sees it."""

    def __init__(self, store: Store, db: Database, reader: Reader, now: datetime, profile: bool) -> None:
        self.store, self.db, self.now, self.profile = store, db, now, profile
        self.sources: Mapping[int, Source] = readable(db, reader, now - store.forget_after)
        self.heads: Mapping[int, Head] = heads_of(self.sources, now)
        self.feeds: dict[str, list[int]] = {}
        for feed_id, source in self.sources.items():
            self.feeds.setdefault(source.network, []).append(feed_id)

    @classmethod
    def candidates(
        cls, store: Store, part: str, id: str, reader: Reader, now: datetime, profile: bool
    ) -> list[Statement]:
        """The statements that the reader may see of which one has a part of that id."""
        with store.reading() as db:
            return cls(store, db, reader, now, profile).statements(identifiers.ids(store, part).records(db, id))

    # which

    def ids(self, asked: Asked) -> NDArray[int64]:
        """Record ids of the statements that fit, in order."""
        found, rows = self._rows(asked)
        return found.ids_of(rows)

    def counted(self, asked: Asked) -> tuple[NDArray[int64], NDArray[int64]]:
        """The same, and how many services that fit each has; those that have none are left out."""
        import numpy as np

        found, rows = self._rows(asked)
        wanted = set(vocabulary.SERVICES.codes if asked.codes is None else asked.codes)
        fits = np.array([label in wanted for label in found.services.labels], np.int64)
        before = np.concatenate([[0], np.cumsum(fits[found.services.codes])])
        counts = np.diff(before[found.services.starts])[found.services.column[rows]]
        return found.ids_of(rows[counts > 0]), counts[counts > 0]

    def organization(self, id: str) -> list[int]:
        """The record ids of what has that id: one, or none."""
        rows = index_search.listed(self.db, identifiers.ids(self.store, ORGANIZATION).records(self.db, id))
        return [
            row.record_id
            for row in rows
            if row.feed_id in self.sources
            and hsds.identifier(self.sources[row.feed_id].network, row.handle) == id.lower()
        ]

    def _rows(self, asked: Asked) -> tuple[Columns, Rows]:
        import numpy as np

        found = columns.keep(self.store).at(self.db)
        fits = found.live & found.kind.having([str(KIND)])[found.kind.column]
        fits &= np.isin(found.feed, list(self.sources))
        if asked.client_groups is not None:
            fits &= found.client_groups.having(asked.client_groups)[found.client_groups.column]
        if asked.located:
            located = np.diff(found.seat.starts)[found.seat.column] > 0
            located[found.points.rows] = True
            fits &= located
        if asked.organization is not None:
            fits &= _only(found, self.organization(asked.organization))
        if asked.since is not None:
            fits &= _only(found, statements.since(self.db, list(self.sources), asked.since))
        clauses = words.clauses(asked.text)
        if not clauses:
            return found, np.flatnonzero(fits)
        rows = found.rows(index_search.record_ids(self.db, clauses, list(self.sources)))
        rows = rows[fits[rows]]
        in_names = np.isin(rows, found.rows(self._in_names(clauses)), assume_unique=True)
        return found, np.concatenate([rows[in_names], rows[~in_names]])

    def _in_names(self, clauses: Sequence[Clause]) -> NDArray[int64]:
        """Ids of those that are called by the first words that are asked for."""
        import numpy as np

        said = next((clause for clause in clauses if clause.text and not clause.excluded), None)
        if said is None:
            return np.zeros(0, np.int64)
        others = [clause for clause in clauses if clause is not said]
        return index_search.named_ids(self.db, said, others, list(self.sources))

    # what they say

    def statements(self, ids: Sequence[int]) -> list[Statement]:
        """Those of the records that the reader may see, in that order."""
        rows = [row for row in index_search.listed(self.db, ids) if row.feed_id in self.sources]
        known = joined(self.store, self.db, self.sources, self.now) if self.profile and rows else None
        signed = feeds.signed(self.db, [row.record_id for row in rows])
        found = []
        for row in rows:
            record = listing.parse(row.body)
            if isinstance(record, listing.Organization):
                same = [one for one in known.members(row.record_id) if one != row.record_id] if known else []
                when = signed.get(row.record_id)
                found.append(self._statement(row, record, self._same_as(same), when))
        return found

    def _statement(
        self, row: Listed, record: listing.Organization, same_as: tuple[str, ...], signed: datetime | None
    ) -> Statement:
        source, head = self.sources[row.feed_id], self.heads[row.feed_id]
        told = hsds_objects.Source(
            network=source.network,
            network_name=source.name,
            handle=row.handle,
            epoch=source.epoch,
            edition=head.edition,
            verified_at=source.verified_at,
            expired=head.expired,
            frozen=source.frozen is not None,
        )
        return Statement(
            organization=record,
            source=told,
            circle=source.circle,
            contacts=self._contacts(row, source.network),
            same_as=same_as,
            profile=self.profile,
            modified=None if signed is None else f"{signed:%Y-%m-%dT%H:%M:%S}.{signed.microsecond // 1000:03d}Z",
        )

    def _contacts(self, row: Listed, network: str) -> tuple[Told, ...]:
        """What the same network tells the reader of how to reach it."""
        named = index_search.naming(self.db, key_of(row.handle), self.feeds[network])
        told = [(one, listing.parse(one.body)) for one in named]
        return tuple(
            Told(one.handle, self.sources[one.feed_id].circle, contact)
            for one, contact in told
            if isinstance(contact, listing.Contact) and contact.organization == row.handle
        )

    def _same_as(self, ids: Sequence[int]) -> tuple[str, ...]:
        rows = index_search.listed(self.db, ids)
        return tuple(
            hsds.identifier(self.sources[row.feed_id].network, row.handle)
            for row in rows
            if row.feed_id in self.sources
        )


def _only(found: Columns, ids: Sequence[int]) -> NDArray[bool_]:
    """For each row whether it is of one of those records (ids ascending)."""
    import numpy as np

    fits = np.zeros(len(found.live), np.bool_)
    fits[found.rows(np.array(ids, np.int64))] = True
    return fits
