"""The card of an organisation: what each network says of it, side by side, and what is listed that names it.

Everything is as one reader may see it: statements, what joins them, contacts, opinions. A contact, a need or an offer
counts only where a network lists it that has a statement on the card: nobody else speaks for its member.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import freshness
from fednet.directory.freshness import State
from fednet.directory.joining import Joins
from fednet.directory.query import Scope
from fednet.directory.search import Head, Hit, Reader, among, heads_of, joined, readable, shown
from fednet.errors import NotFoundError
from fednet.feed.record import key_of
from fednet.listing import Contact, Event, Exchange, Group, Opinion, Organization, Person
from fednet.listing.differences import Compared, compared
from fednet.listing.likeness import in_words
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Listed, Source

MAX_STATEMENTS = 50
"""Statements on one card; a card of more is one that somebody stuffs."""
MAX_GROUPS = 50
"""Groups that are looked up of one statement."""


class Statement(msgspec.Struct, frozen=True):
    """What one network says of it, and whether that can be relied on still. `days` is how long a confirmation holds."""

    hit: Hit
    record: Organization
    state: State
    days: int


class Why(msgspec.Struct, frozen=True):
    """Why two statements (positions on the card) are about one thing: reasons in words, and who said so (names)."""

    one: int
    other: int
    reasons: tuple[str, ...]
    same: tuple[str, ...] = ()
    different: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """What a network holds about a statement on the card and another record, which may be on it too or not."""

    network: str
    network_name: str
    verdict: str
    reason: str
    subjects: tuple[tuple[str, str], ...]


class Related(msgspec.Struct, frozen=True):
    """A record that names the organisation, or that it names, as its network lists it."""

    hit: Hit
    record: Contact | Group | Event | Exchange | Person


class Card(msgspec.Struct, frozen=True):
    """Newest confirmation first, never confirmed last. `asked` is the position of the statement that was asked for.

    `offices` are groups in which the organisation holds a role, of which it need not be a member.
    """

    statements: tuple[Statement, ...]
    asked: int
    fields: tuple[Compared, ...]
    why: tuple[Why, ...]
    opinions: tuple[Said, ...]
    contacts: tuple[Related, ...]
    groups: tuple[Related, ...]
    events: tuple[Related, ...]
    exchanges: tuple[Related, ...]
    people: tuple[Related, ...] = ()
    offices: tuple[Related, ...] = ()

    @property
    def differences(self) -> tuple[str, ...]:
        """The fields in which statements contradict each other."""
        return tuple([field.name for field in self.fields if field.differs])

    @property
    def networks(self) -> tuple[tuple[str, str], ...]:
        """Id and name of all networks that list it, in the order of their statements."""
        return tuple({one.hit.network: one.hit.network_name for one in self.statements}.items())


def card(
    store: Store, handle: str, reader: Reader, now: datetime, scope: Scope = "followed", networks: Sequence[str] = ()
) -> Card:
    """The organisation that a network lists under this handle, with the opinions of `scope`.

    Should several networks list one of that handle, it is this node's own, then that of the network pinned first;
    `networks` (ids or names) says which are meant.

    NotFoundError is the same whether there is none, it is of another kind, or the reader may not see it.
    """
    with store.reading() as db:
        view = _View(db, readable(db, reader, now - store.forget_after), now)
        listed = index_search.by_key(db, key_of(handle), among(view.sources, networks))
        if listed is None or not isinstance(listing.parse(listed.body), Organization):
            raise NotFoundError("no such organisation is listed here", hint="`fednet search` shows handles")
        return _card(view, listed, joined(store, db, view.sources, now, scope))


def contacts_of(
    store: Store, listed: Iterable[tuple[str, str]], reader: Reader, now: datetime, most: int
) -> list[Hit]:  # fmt: skip
    """The contacts, `most` at the most, of records given by network and handle that the same network lists."""
    found: list[Hit] = []
    with store.reading() as db:
        view = _View(db, readable(db, reader, now - store.forget_after), now)
        for network, handle in dict.fromkeys(listed):
            for row in index_search.naming(db, key_of(handle), view.feeds(network)):
                contact = listing.parse(row.body)
                if isinstance(contact, Contact) and contact.organization == handle:
                    found.append(view.hit(row, {}))
            if len(found) >= most:
                break
    return found[:most]


class _View:
    """What one reader may see, in one snapshot."""

    def __init__(self, db: Database, sources: Mapping[int, Source], now: datetime) -> None:
        self.db, self.sources, self.now = db, sources, now
        self.heads: Mapping[int, Head] = heads_of(sources, now)
        self.terms = freshness.terms(db, sources)
        self.stale_before = freshness.stale_before(db, sources, now)

    def feeds(self, network: str) -> list[int]:
        """The feeds of a network that the reader may see."""
        return [feed_id for feed_id, source in self.sources.items() if source.network == network]

    def hit(self, listed: Listed, networks: Mapping[str, str]) -> Hit:
        return shown(listed, self.sources[listed.feed_id], self.heads[listed.feed_id], networks)

    def statements(self, listed: Sequence[Listed]) -> list[tuple[Listed, Statement]]:
        sources = [self.sources[one.feed_id] for one in listed]
        networks = {source.network: source.name for source in sources}
        days = freshness.days(self.db, [one.record_id for one in listed], self.now)
        found = []
        for one in listed:
            record = listing.parse(one.body)
            if isinstance(record, Organization):
                state = freshness.state(days.get(one.record_id), self.stale_before[one.feed_id])
                found.append((one, Statement(self.hit(one, networks), record, state, self.terms[one.feed_id])))
        order = {feed_id: at for at, feed_id in enumerate(self.sources)}
        return sorted(
            found,
            key=lambda pair: (-days.get(pair[0].record_id, 0), order[pair[0].feed_id], pair[0].record_id),
        )


def _card(view: _View, asked: Listed, known: Joins) -> Card:
    ids = [asked.record_id, *(one for one in known.members(asked.record_id) if one != asked.record_id)]
    rows = index_search.listed(view.db, ids[:MAX_STATEMENTS])
    found = view.statements([row for row in rows if row.feed_id in view.sources])
    statements = tuple([statement for _, statement in found])
    naming = _naming(view, statements)
    related = tuple(_related(view, naming, statements))
    return Card(
        statements=statements,
        asked=next(at for at, (row, _) in enumerate(found) if row.record_id == asked.record_id),
        fields=tuple(compared([one.record for one in statements])),
        why=tuple(_why([row.record_id for row, _ in found], known, view.sources)),
        opinions=tuple(_opinions(naming, statements, view.sources)),
        contacts=tuple(one for one in related if isinstance(one.record, Contact)),
        groups=tuple(_groups(view, statements)),
        events=tuple(one for one in related if isinstance(one.record, Event)),
        exchanges=tuple(one for one in related if isinstance(one.record, Exchange)),
        people=tuple(one for one in related if isinstance(one.record, Person)),
        offices=tuple(one for one in related if isinstance(one.record, Group)),
    )


def _why(ids: Sequence[int], known: Joins, sources: Mapping[int, Source]) -> Iterable[Why]:
    names = {source.network: source.name for source in sources.values()}
    for (one, one_id), (other, other_id) in combinations(enumerate(ids), 2):
        found = known.why(one_id, other_id)
        if found.reasons or found.same or found.different:
            same, different = ([names[network] for network in said] for said in (found.same, found.different))
            yield Why(one, other, in_words(found.reasons), tuple(same), tuple(different))


# --- what names it ----------------------------------------------------------------------------------------------------

_Naming = list[tuple[Listed, listing.Listing]]


def _naming(view: _View, statements: Sequence[Statement]) -> _Naming:
    """All records that name a handle of the card, each once; those of its own network whatever others list of it."""
    found: dict[int, Listed] = {}
    for network, handle in dict.fromkeys((one.hit.network, one.hit.handle) for one in statements):
        for feeds in (view.feeds(network), list(view.sources)):
            found.update((row.record_id, row) for row in index_search.naming(view.db, key_of(handle), feeds))
    read = ((row, listing.parse(row.body)) for row in found.values())
    return [(row, record) for row, record in read if record is not None]


def _related(view: _View, naming: _Naming, statements: Sequence[Statement]) -> Iterable[Related]:
    """Contacts, people, needs, offers and roles of the networks on the card; events of whichever network announces
    them."""
    handles = {(one.hit.network, one.hit.handle) for one in statements}
    hosts = {handle for _, handle in handles}
    for row, record in naming:
        network = view.sources[row.feed_id].network
        match record:
            case Contact() | Exchange() | Person() if (network, record.organization) in handles:
                yield Related(view.hit(row, {}), record)
            case Group() if any((network, role.holder) in handles for role in record.roles):
                yield Related(view.hit(row, {}), record)
            case Event() if hosts & {*record.hosts, *record.convenors}:
                yield Related(view.hit(row, {}), record)


def _groups(view: _View, statements: Sequence[Statement]) -> Iterable[Related]:
    """The groups that each statement names, as that network lists them to this reader."""
    for one in statements:
        for handle in one.record.groups[:MAX_GROUPS]:
            row = index_search.by_key(view.db, key_of(handle), view.feeds(one.hit.network))
            record = listing.parse(row.body) if row else None
            if row and isinstance(record, Group):
                yield Related(view.hit(row, {}), record)


def _opinions(naming: _Naming, statements: Sequence[Statement], sources: Mapping[int, Source]) -> Iterable[Said]:
    handles = {(one.hit.network, one.hit.handle) for one in statements}
    for row, record in naming:
        if isinstance(record, Opinion):
            subjects = tuple([(subject.network, subject.handle) for subject in record.subjects])
            if handles & set(subjects):
                source = sources[row.feed_id]
                yield Said(source.network, source.name, record.verdict, record.reason, subjects)
