"""Twinnings: what two networks state of two organisations that work as partners is shown as one.

Statements are one twinning when they have the same `uid`, tell of the same two organisations, and each is by a network
that lists one of the two. What a third network states of it is shown as its own word: nobody speaks for others.
One that is just named is the organisation that another network lists under that very name; while two networks claim to
list it, it is neither's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory.library import looked_at
from fednet.directory.query import PARAMETERS as SEARCHED
from fednet.directory.query import Parameter, Query, many, read_parameters
from fednet.directory.search import Hit, Reader, heads_of, readable, shown
from fednet.errors import NotFoundError
from fednet.feed.record import key_of
from fednet.listing import Organization, Twin, Twinning, vocabulary
from fednet.listing.check import term
from fednet.listing.differences import Compared, compared
from fednet.listing.text import key
from fednet.store import index
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Listed, Source

KIND = listing.KIND_NUMBERS["twinning"]
MAX_STATEMENTS = 3
"""Statements of one circle with the same `uid` that are looked at: a flood drowns only itself."""
SHARE = 4
"""Twinnings of one network that stand together in an order, before those of others have their turn."""
MAX_UNSTATED = 100
"""Statements of one network that are looked at for what another one has not stated."""
MAX_SHARE = 2
"""Twinnings of one network among the few of an organisation, while there are others."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for of twinnings: any of each, as in a search; `themes` are services or client groups."""

    states: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    text: str = ""


PARAMETERS: dict[str, Parameter] = {
    "state": ("states", many(term(vocabulary.TWINNING_STATES))),
    "theme": ("themes", many(term(vocabulary.THEMES))),
    "network": ("networks", SEARCHED["network"][1]),
    "text": SEARCHED["text"],
}


class Statement(msgspec.Struct, frozen=True):
    """What one network states. `is_side`: it lists one of the two; else it speaks of others' twinning.

    `listed` has for each of the two what the organisation of its handle is called where it is listed, as keys.
    """

    hit: Hit
    record: Twinning
    is_side: bool
    listed: tuple[frozenset[str], ...] = (frozenset(), frozenset())


class Card(msgspec.Struct, frozen=True):
    """One twinning: the `statements` of the two networks, the one asked for first, and what they say in each field.

    `apart`: statements with the same `uid` that are not taken together with these.
    """

    statements: tuple[Statement, ...]
    fields: tuple[Compared, ...]
    apart: tuple[Statement, ...]

    @property
    def first(self) -> Statement:
        return self.statements[0]

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that state it."""
        return tuple(dict.fromkeys(statement.hit.network for statement in self.statements))

    @property
    def differs(self) -> bool:
        """Whether the statements contradict each other in how it stands, or when it begins and ends."""
        return any(len(field.differs) > 1 for field in self.fields if field.name in ("state", "start", "end"))

    @property
    def is_alone(self) -> bool:
        """Whether only one network has stated it, though another one could."""
        return len(self.networks) == 1 and len({twin.network or self.first.hit.network for twin in self.twins}) > 1

    @property
    def twins(self) -> tuple[Twin, Twin]:
        """The two, as well as any statement names them: with the handle, where one of them has it."""
        sure: list[Twin] = []
        for one in _known(self.first):
            others = (other for statement in self.statements for other in _known(statement) if is_same(other, one))
            sure.append(next((other.twin for other in (one, *others) if other.twin.handle), one.twin))
        return sure[0], sure[1]


class Shelf(NamedTuple):
    """Some of `total` twinnings that fit, in their order."""

    total: int
    cards: list[Card]


def parse_wanted(**asked: object) -> Wanted:
    """What people give, codes or names; raises UsageError with what was probably meant."""
    return Wanted(**read_parameters(asked, PARAMETERS))


def twinning(store: Store, handle: str, reader: Reader, now: datetime) -> Card:
    """The twinning that a record states; NotFoundError alike for none and for one that the reader may not see."""
    with store.reading() as db:
        view = _View(db, readable(db, reader, now - store.forget_after), now)
        row = index_search.by_key(db, key_of(handle), view.sources)
        found = view.statement(row) if row else None
        if found is None:
            raise NotFoundError("no such twinning is listed here")
        return _card(found, view.with_uid(found))


def twinnings(store: Store, wanted: Wanted, reader: Reader, now: datetime, start: int, most: int) -> Shelf:
    """Twinnings that this reader may see and that fit, active ones first, then planned ones, the latest first.

    Raises NotFoundError for a network that is not shown.
    """
    query = Query(kinds=("twinning",), networks=wanted.networks, text=wanted.text)
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        view = _View(db, sources, now)
        every = [row for row, _ in looked_at(store, db, Query(kinds=("twinning",)), sources, now)]
        asked = query.networks or query.text
        rows = [row for row, _ in looked_at(store, db, query, sources, now)] if asked else every
        found = [one for one in view.statements(rows) if _fits(one.record, wanted)]
        same = _by_uid(view.statements(every))
        cards = list(_cards(_in_order(found, now), lambda one: same.get(one.record.uid or "", [])))
    return Shelf(len(cards), cards[start : start + most])


def _in_order(found: Iterable[Statement], now: datetime) -> list[Statement]:
    """Active ones first, then planned ones; of these the latest first, then by title; networks take turns by `SHARE`.

    When one that is active begins in days to come says nothing.
    """
    today = now.date().isoformat()
    order = sorted(found, key=lambda one: (listing.title(one.record).casefold(), one.hit.handle))
    order.sort(key=lambda one: _begins(one.record, today), reverse=True)
    turns: Counter[tuple[int, str]] = Counter()
    placed = []
    for one in order:
        part = _STATES.get(one.record.state or "", 2)
        placed.append((part, turns[part, one.hit.network] // SHARE, one))
        turns[part, one.hit.network] += 1
    return [one for *_, one in sorted(placed, key=lambda place: place[:2])]


def _begins(record: Twinning, today: str) -> str:
    start = record.start or ""
    return "" if record.state != "planned" and start > today else start


_STATES = {"active": 0, "planned": 1, "ended": 3}


def _fits(record: Twinning, wanted: Wanted) -> bool:
    return (not wanted.states or record.state in wanted.states) and (
        not wanted.themes or bool(set(wanted.themes) & set(record.themes))
    )


def naming(store: Store, named: Iterable[tuple[str, str]], reader: Reader, now: datetime, most: int) -> list[Card]:
    """The twinnings of organisations given by network and handle: those first that their own networks state, then
    others' by `is_side`; no network takes more than `MAX_SHARE` places of another's organisation, while there are
    others."""
    asked = set(named)
    with store.reading() as db:
        view = _View(db, readable(db, reader, now - store.forget_after), now)
        rows = {
            row.record_id: row
            for _, handle in sorted(asked)
            for row in index_search.naming(db, key_of(handle), list(view.sources))
        }
        found = [
            one
            for one in view.statements(rows.values())
            if any((twin.network, twin.handle) in asked for twin in resolved(one))
        ]
        own = {network for network, _ in asked}
        order = sorted(_in_order(found, now), key=lambda one: (one.hit.network not in own, not one.is_side))
        return list(islice(_cards(_shared(order, own), view.with_uid), most))


def _shared(order: Iterable[Statement], own: Collection[str]) -> list[Statement]:
    """The same, with what one network has too much of at the end."""
    taken: Counter[str] = Counter()
    within: list[Statement] = []
    beyond: list[Statement] = []
    for one in order:
        network = one.hit.network
        (within if network in own or taken[network] < MAX_SHARE else beyond).append(one)
        taken[network] += 1
    return within + beyond


def grown_from(store: Store, hit: Hit, reader: Reader, now: datetime, most: int) -> list[Card]:
    """The twinnings that a need or an offer led to, as its own network says."""
    with store.reading() as db:
        view = _View(db, readable(db, reader, now - store.forget_after), now)
        feeds = [feed_id for feed_id, source in view.sources.items() if source.network == hit.network]
        rows = index_search.naming(db, key_of(hit.handle), feeds)
        found = [one for one in view.statements(rows) if hit.handle in one.record.exchanges]
        return list(islice(_cards(_in_order(found, now), view.with_uid), most))


def every(store: Store, reader: Reader, now: datetime) -> list[Card]:
    """All of them, for figures."""
    return twinnings(store, Wanted(), reader, now, 0, 10**6).cards


def unstated(store: Store, network: str, reader: Reader, now: datetime, most: int) -> Shelf:
    """Twinnings with an organisation of a network, by handle or by name, that only the other side's has stated so far,
    and that have not ended."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        view = _View(db, sources, now)
        rows = [row for row, _ in looked_at(store, db, Query(kinds=("twinning",)), sources, now)]
        every = view.statements(rows)
        theirs = [one for one in every if one.hit.network != network and one.is_side and one.record.state != "ended"]
        shares = Counter[str]()
        found = []
        for one in theirs:
            shares[one.hit.network] += 1
            if shares[one.hit.network] <= MAX_UNSTATED and view.names(one, network):
                found.append(one)
        same = _by_uid(every)
        cards = list(_cards(_in_order(found, now), lambda one: same.get(one.record.uid or "", [])))
    alone = [card for card in cards if network not in card.networks]
    return Shelf(len(alone), alone[:most])


# --- which statements are one -----------------------------------------------------------------------------------------


def resolved(statement: Statement) -> list[Twin]:
    """The two organisations; a handle without a network is one of the stating network's."""
    return _resolved(statement.record, statement.hit.network)


def _resolved(record: Twinning, network: str) -> list[Twin]:
    return [
        msgspec.structs.replace(twin, network=network) if twin.handle and not twin.network else twin
        for twin in record.organizations
    ]


class Known(NamedTuple):
    """One of the two, and what it is called where it is listed, as keys; nothing where no handle is said."""

    twin: Twin
    names: frozenset[str]


def _known(statement: Statement) -> list[Known]:
    return list(map(Known, resolved(statement), statement.listed))


def is_same(one: Known, other: Known) -> bool:
    """Whether two name one organisation: by where it is listed; where one does not say, by what it is called there."""
    if one.twin.handle and other.twin.handle:
        return (one.twin.network, one.twin.handle) == (other.twin.network, other.twin.handle)
    if one.twin.handle or other.twin.handle:
        placed, named = (one, other) if one.twin.handle else (other, one)
        return key(named.twin.name) in placed.names
    return key(one.twin.name) == key(other.twin.name)


def are_one(one: Statement, other: Statement) -> bool:
    """Whether two statements are of one twinning, and each by a network that lists one of the two."""
    if not (one.is_side and other.is_side and one.record.uid and one.record.uid == other.record.uid):
        return False
    (left, right), (here, there) = _known(one), _known(other)
    return (is_same(left, here) and is_same(right, there)) or (is_same(left, there) and is_same(right, here))


def _are_placed(statement: Statement) -> bool:
    """Whether it says of both where they are listed."""
    return all(twin.handle for twin in statement.record.organizations)


def _claimed(statement: Statement, others: Iterable[Statement]) -> bool:
    """Whether several networks say that they list the organisation that a statement only names."""
    own = statement.hit.network
    networks = {one.hit.network for one in others if one.hit.network != own and are_one(statement, one)}
    return len(networks) > 1 and not _are_placed(statement)


def _card(asked: Statement, others: Iterable[Statement]) -> Card:
    """The card of a statement: one statement of each network that agrees with all that are taken already."""
    joined: list[Statement] = [asked]
    apart: list[Statement] = []
    every = [asked, *(one for one in others if _place(one) != _place(asked))]
    claimed = {_place(one) for one in every if _claimed(one, every)}
    for other in every[1:]:
        networks = {one.hit.network for one in joined}
        free = other.hit.network not in networks and not claimed & {_place(other), _place(asked)}
        one = free and all(are_one(other, taken) for taken in joined)
        (joined if one else apart).append(other)
    return Card(tuple(joined), tuple(compared([one.record for one in joined])), tuple(apart))


def _place(statement: Statement) -> tuple[str, str]:
    return statement.hit.network, statement.hit.handle


def _cards(found: Iterable[Statement], same: Callable[[Statement], Iterable[Statement]]) -> Iterator[Card]:
    """One card for the statements of one twinning, each on one card only; `same` finds those with its `uid`."""
    used: set[tuple[str, str]] = set()
    for statement in found:
        if (statement.hit.network, statement.hit.handle) not in used:
            card = _card(statement, same(statement))
            used |= {(one.hit.network, one.hit.handle) for one in card.statements}
            yield card


def _by_uid(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Those with one number, as `_View.with_uid` finds them."""
    found: dict[str, dict[tuple[str, str], list[Statement]]] = {}
    for one in statements:
        if one.record.uid:
            feed = found.setdefault(one.record.uid, {}).setdefault((one.hit.network, one.hit.circle), [])
            feed.extend([one] if len(feed) < MAX_STATEMENTS else [])
    return {uid: list(chain(*of.values())) for uid, of in found.items()}


def _written(text: str) -> str:
    """A text as it stands in a body."""
    return msgspec.json.encode(text).decode()


class _View:
    """What one reader may see, in one snapshot."""

    def __init__(self, db: Database, sources: Mapping[int, Source], now: datetime) -> None:
        self.db, self.sources = db, sources
        self.heads = heads_of(sources, now)
        self.called: dict[tuple[str, str], frozenset[str] | None] = {}

    def statement(self, row: Listed) -> Statement | None:
        record = listing.parse(row.body)
        if not isinstance(record, Twinning):
            return None
        source = self.sources[row.feed_id]
        hit = shown(row, source, self.heads[row.feed_id], {})
        twins = _resolved(record, source.network)
        listed = [self._listed(twin) for twin in twins]
        pairs = zip(twins, listed, strict=True)
        is_side = any(twin.network == source.network and names is not None for twin, names in pairs)
        return Statement(hit, record, is_side, tuple(names or frozenset() for names in listed))

    def statements(self, rows: Iterable[Listed]) -> list[Statement]:
        return [found for row in rows if row.feed_id in self.sources and (found := self.statement(row))]

    def with_uid(self, statement: Statement) -> list[Statement]:
        """All that have the uid of a statement, in the order of the networks."""
        uid = statement.record.uid
        if not uid:
            return []
        rows = index_search.containing(self.db, KIND, _written(uid), list(self.sources), MAX_STATEMENTS)
        order = {feed_id: at for at, feed_id in enumerate(self.sources)}
        rows.sort(key=lambda row: order[row.feed_id])
        return [one for one in self.statements(rows) if one.record.uid == uid]

    def names(self, statement: Statement, network: str) -> bool:
        """Whether one of the two is an organisation that a network lists."""
        return any(
            twin.network == network and bool(names) if twin.handle else self._is_called(twin.name, network)
            for twin, names in _known(statement)
        )

    def _is_called(self, name: str, network: str) -> bool:
        """Whether a network lists an organisation of that very name."""
        sought = key(name)
        if not sought:
            return False
        feeds = [feed_id for feed_id, one in self.sources.items() if one.network == network]
        ids = [int(one) for one in index_search.whole_name_ids(self.db, sought, feeds)]
        listed = (row for row in index_search.listed(self.db, ids) if row.feed_id in feeds)
        found = (listing.parse(row.body) for row in listed if row.record_id not in index.concealed(self.db))
        return any(isinstance(one, Organization) and sought in _names(one) for one in found)

    def _listed(self, twin: Twin) -> frozenset[str] | None:
        """What the organisation of a handle is called there, to this reader; None when none is listed there."""
        if not twin.handle:
            return None
        place = twin.network, twin.handle
        if place not in self.called:
            feeds = [feed_id for feed_id, one in self.sources.items() if one.network == twin.network]
            row = index_search.by_key(self.db, key_of(twin.handle), feeds)
            found = listing.parse(row.body) if row is not None else None
            self.called[place] = _names(found) if isinstance(found, Organization) else None
        return self.called[place]


def _names(record: Organization) -> frozenset[str]:
    return frozenset(name for text in (*record.names.values(), record.acronym) if text and (name := key(text)))
