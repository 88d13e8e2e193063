"""The global directory: what all verified networks list, searched by words and facets.

A search reads one snapshot. Words rank (names before texts), filters only narrow; every count is exact under all of
them. Nobody learns of a record, or that a network lists one, from a circle they may not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from math import cos, radians, sin, sqrt
from statistics import median_low
from typing import TYPE_CHECKING, Any

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import misspelt, words
from fednet.directory.query import Query, Scope, parse_query
from fednet.errors import NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.listing import places, text
from fednet.store import index
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.feeds import meant
from fednet.store.search import Clause, Listed, Source

if TYPE_CHECKING:
    from numpy import bool_, int64
    from numpy.typing import NDArray

    from fednet.directory.finding import Filters, Found, Words
    from fednet.directory.joining import Joins
    from fednet.directory.paging import After, Letters, Shown
    from fednet.store.arrays import Columns

__all__ = ["OPERATOR", "PUBLIC", "Hit", "Query", "Reader", "Results", "parse_query", "record", "search"]

FACETS = ("country", "service", "client_group", "language", "network", "kind", "type")
FLAGS = ("refugee_led", "confirmed")
"""Facets that are counted only when asked for: how many say `yes`, how many are `fresh` and how many `stale`."""

KIND_NAMES = {number: kind for kind, number in listing.KIND_NUMBERS.items()}
CLOCKS_DIFFER = timedelta(hours=1)  # by more than that, and an edition is said to be dated in the future
UNASKED_KINDS = frozenset({"contact", "opinion", "network"})
"""Kinds that are found only when asked for: they belong to a record of another kind, or to the network itself."""


class Reader(msgspec.Struct, frozen=True):
    """Who asks, by what they may be shown: every public feed, and those `circles` of this node's own network.

    What other networks let this node read in confidence is the operator's alone (`everything`). Somebody of this
    network (`is_ours`) does without the pairs of the exchange that were dismissed here, of which nobody else learns.
    """

    circles: frozenset[str] = frozenset()
    everything: bool = False
    is_ours: bool = False

    def may_read(self, circle: str, own: bool) -> bool:
        """Whether the feed of a circle, of this node's own network or of another one, may be shown."""
        return self.everything or circle == "public" or (own and circle in self.circles)


PUBLIC = Reader()
"""Anybody."""
OPERATOR = Reader(everything=True, is_ours=True)
"""The command line on the node's own machine."""


class Hit(msgspec.Struct, frozen=True):
    """A record with its provenance: who lists it, in which signed edition, when that was verified.

    `networks` are (id, name) of every network that lists the same thing, its own first. `expired` says that the edition
    should have been renewed by now, `ahead` that it is dated in the future (so nobody can tell when it should have
    been), `frozen` that the network has contradicted itself since. `fields` is the decoded body. When it was asked for,
    `why` says in words why this was found, and `kilometres` how far from the place that was asked for.
    """

    handle: str
    kind: str
    title: str
    network: str
    network_name: str
    networks: tuple[tuple[str, str], ...]
    circle: str
    epoch: int
    edition: int
    verified_at: str | None
    expired: bool
    fields: dict[str, Any]
    ahead: bool = False
    frozen: bool = False
    why: tuple[str, ...] = ()
    kilometres: int | None = None


class Results(msgspec.Struct, frozen=True):
    """One page of what was found. `facets` counts all of it: {"country": {"TH": 12}}, most frequent first.

    What several networks list is one hit, the statement that fits best, and counts once. `understood`: words that are
    nowhere, with those that were taken for them.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    next: str | None
    understood: tuple[tuple[str, tuple[str, ...]], ...] = ()


def search(store: Store, query: Query, reader: Reader, now: datetime, facets: Collection[str] = FACETS) -> Results:
    """What this reader finds, best first, then by title.

    Raises UsageError for a limit or cursor that cannot be, NotFoundError for a network that is not shown to the reader
    or a place that no record names.
    """
    from fednet.directory import paging

    after = paging.read_cursor(query, now)
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        asked = _Asked(store, db, query, sources, now)
        found, clauses, after = asked.found(after)
        page = paging.page(db, found, sources, query, after, asked.letters())
        page_hits = hits(db, page.listed, sources, now, asked.joins)
        if query.why or query.near is not None:
            page_hits = asked.explained(page_hits, page, found, clauses)
        counted = found.facets(facets, {feed_id: source.network for feed_id, source in sources.items()})
    if "kind" in counted:
        counted["kind"] = {KIND_NAMES[int(kind)]: count for kind, count in counted["kind"].items()}
    return Results(found.total, tuple(page_hits), counted, page.next, misspelt.understood(clauses))


def fitting(store: Store, db: Database, query: Query, sources: Mapping[int, Source], now: datetime) -> list[int]:
    """The record ids of all statements that fit a query, ascending: what `search` finds, each by itself."""
    from fednet.directory import paging

    alone = msgspec.structs.replace(query, apart=True, cursor=None)
    found, _, _ = _Asked(store, db, alone, sources, now).found(paging.read_cursor(alone, now))
    return found.ids


def record(store: Store, handle: str, reader: Reader, now: datetime) -> Hit:
    """The record of that handle; this node's own, then that of the network pinned first, should several list it.

    NotFoundError is the same whether there is none or the reader may not see it.
    """
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        listed = index_search.by_key(db, key_of(handle), sources)
        if listed is None:
            raise NotFoundError(f"no record {handle[:60]} is listed here", hint="`fednet search` shows handles")
        return hits(db, [listed], sources, now, joined(store, db, sources, now))[0]


# --- reading, shared with the agenda ----------------------------------------------------------------------------------


def readable(db: Database, reader: Reader, oldest: datetime) -> dict[int, Source]:
    """The feeds that may be shown to a reader, by their row, this node's own first; of others none that has expired
    before `oldest`."""
    return {
        source.feed_id: source
        for source in index_search.sources(db)
        if reader.may_read(source.circle, source.own) and not is_forgotten(source.own, source.edition, oldest)
    }


def is_forgotten(own: bool, edition: bytes | None, oldest: datetime) -> bool:
    """Whether a feed expired so long ago that it is in no view; the own one never is."""
    expires = None if own or edition is None else _HEAD.decode(edition).expires
    return expires is not None and datetime.fromisoformat(expires) < oldest


def among(sources: Mapping[int, Source], networks: Sequence[str]) -> list[int]:
    """The feeds of networks given by id, name, beginning of either, or initials; all feeds for none."""
    if not networks:
        return list(sources)
    names = {source.network: source.name for source in sources.values()}
    wanted = {meant(names, network) for network in networks}
    return [feed_id for feed_id, source in sources.items() if source.network in wanted]


def hits(
    db: Database, listed: Iterable[Listed], sources: Mapping[int, Source], now: datetime, joins: Joins
) -> list[Hit]:
    """Records as they are shown, with all networks that list the same thing."""
    heads = heads_of(sources, now)
    return [
        shown(one, sources[one.feed_id], heads[one.feed_id], _networks_with(db, one, sources, joins)) for one in listed
    ]


def joined(
    store: Store, db: Database, sources: Mapping[int, Source], now: datetime, scope: Scope = "followed"
) -> Joins:
    """What is one organisation for whoever reads these feeds; kept by a process that lives long."""
    from fednet.directory.joining import joins
    from fednet.store import columns, matching

    kept = columns.kept(store)
    if kept is None:
        return joins(db, sources, scope, now)
    heads = heads_of(sources, now)
    read = tuple((feed_id, one.own, one.frozen is None, heads[feed_id].expired) for feed_id, one in sources.items())
    return kept.remembered("joins", (matching.stamp(db), scope, read), lambda: joins(db, sources, scope, now))


def filters(query: Query) -> Iterator[Clause]:
    """Filters of a query as words of the index, but for networks and kinds."""
    for token, codes in (
        (index.country_token, query.countries),
        (index.country_token, _within(query.regions)),
        (index.service_token, query.services),
        (index.client_group_token, query.client_groups),
        (index.language_token, _primary(query.languages)),
    ):
        if codes:
            yield Clause(words=tuple(map(token, sorted(codes))))


def _within(regions: Iterable[str]) -> set[str]:
    """The countries of regions; of what is none, a code that no record has."""
    return {code for region in regions for code in places.countries_in(region) or {region}}


def _primary(tags: Iterable[str]) -> set[str]:
    return {tag.partition("-")[0] for tag in tags}


class Head(msgspec.Struct, frozen=True):
    """The newest edition of a feed, as far as answers speak of it. Number 0: nothing has been signed yet."""

    edition: int = 0
    issued: str | None = None
    expires: str | None = None
    expired: bool = False
    ahead: bool = False


_HEAD = msgspec.json.Decoder(Head)


def heads_of(sources: Mapping[int, Source], now: datetime) -> dict[int, Head]:
    """The newest editions, by feed."""
    return {feed_id: head(source.edition, now) for feed_id, source in sources.items()}


def head(edition: bytes | None, now: datetime) -> Head:
    """What an edition line says, and whether its time is over, or has not come yet."""
    if edition is None:
        return Head()
    found = _HEAD.decode(edition)
    over = found.expires is not None and datetime.fromisoformat(found.expires) <= now
    early = found.issued is not None and datetime.fromisoformat(found.issued) > now + CLOCKS_DIFFER
    return Head(found.edition, found.issued, found.expires, over, early)


def shown(listed: Listed, source: Source, head: Head, networks: Mapping[str, str]) -> Hit:
    """One record with its provenance; `networks` are names by id, its own among them or not."""
    parsed = listing.parse(listed.body)
    fields = _fields(listed.body) if parsed is None else msgspec.json.decode(listed.body)
    return Hit(
        handle=listed.handle,
        kind=str(fields.get("kind", "")),
        title=listing.title(parsed) if parsed else "",
        network=source.network,
        network_name=source.name,
        networks=tuple({source.network: source.name, **networks}.items()),
        circle=source.circle,
        epoch=source.epoch,
        edition=head.edition,
        verified_at=source.verified_at,
        expired=head.expired,
        ahead=head.ahead,
        fields=fields,
        frozen=source.frozen is not None,
    )


def _fields(body: bytes) -> dict[str, Any]:
    """What a body says that is no record of ours: all of an unknown kind, nothing of another form than is signed."""
    try:
        fields: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        return fields if listing.encode(fields) == body else {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, UsageError):
        return {}


def _networks_with(db: Database, listed: Listed, sources: Mapping[int, Source], joins: Joins) -> dict[str, str]:
    """Names by id of the networks that list the same thing."""
    members = joins.members(listed.record_id)
    feeds = index_search.feeds_of(db, members) if len(members) > 1 else set()
    return {source.network: source.name for feed_id, source in sources.items() if feed_id in feeds}


# --- one question -----------------------------------------------------------------------------------------------------


class _Asked:
    """A question, in one snapshot."""

    def __init__(self, store: Store, db: Database, query: Query, sources: Mapping[int, Source], now: datetime) -> None:
        self.store, self.db, self.query, self.sources = store, db, query, sources
        self.feeds = among(sources, query.networks)
        self.joins = joined(store, db, sources, now, query.opinions)
        self.point = self._point()

    def found(self, after: After) -> tuple[Found, Sequence[Clause], After]:
        """What fits the words; where nothing does, what fits those that come closest, and that it is so."""
        clauses = words.clauses(self.query.text)
        found = None if after.relaxed else self._found(clauses, after)
        if found is None or (not found.total and clauses and after.place is None):
            closer = self._closer(clauses, after)
            if closer is not None:
                return *closer, msgspec.structs.replace(after, relaxed=True)
        return found or self._found(clauses, after), clauses, after

    def _closer(self, clauses: Sequence[Clause], after: After) -> tuple[Found, Sequence[Clause]] | None:
        """What fits the first words instead of these that find anything; the first of all when none does."""
        first = None
        for closer in misspelt.relaxed(self.db, clauses, self.feeds):
            found = self._found(closer, after), closer
            if found[0].total:
                return found
            first = first or found
        return first

    def _found(self, clauses: Sequence[Clause], after: After) -> Found:
        from fednet.directory.finding import Cards, Found
        from fednet.store import columns

        kept = columns.kept(self.store)
        if kept is None:
            version = self._once(clauses)
            cards = Cards(version, self._pairs())
        else:
            version = kept.at(self.db)
            key = (version.number, self.joins.number if not self.query.apart else 0)
            cards = kept.remembered("cards", key, lambda: Cards(version, self._pairs()))
        return Found(version, cards, self._filters(after), self._words(clauses, version))

    def letters(self) -> MutableMapping[int, Letters]:
        """The titles of records, as far as this process knows them."""
        from fednet.store import columns

        kept = columns.kept(self.store)
        return {} if kept is None else kept.letters

    def _once(self, clauses: Sequence[Clause]) -> Columns:
        """The columns of no more records than the question needs, for a process that asks no other."""
        from fednet.store import columns

        wanted = [*self._narrow(), *clauses]
        if all(clause.excluded for clause in wanted):
            return columns.every(self.db)
        return columns.some(self.db, index_search.record_ids(self.db, wanted, self.feeds).tolist())

    def _narrow(self) -> list[Clause]:
        """Filters as words of the index."""
        found = list(filters(self.query))
        if self.query.kinds:
            found.append(Clause(words=tuple(index.kind_token(listing.KIND_NUMBERS[kind]) for kind in self.query.kinds)))
        if self.query.networks:
            found.append(Clause(words=tuple(map(index.feed_token, self.feeds))))
        return found

    def _pairs(self) -> tuple[NDArray[int64], NDArray[int64]]:
        import numpy as np

        nothing = np.zeros(0, np.int64)
        return (nothing, nothing) if self.query.apart else self.joins.joined()

    def _words(self, clauses: Sequence[Clause], version: Columns) -> Words:
        """Where the words stand; of clauses that exclude, only that they do.

        Clauses that name something are put together from the words that stand in texts and the columns that hold what
        is named: an index of words is slow at what hundreds of thousands have in common.
        """
        import numpy as np

        from fednet.directory.finding import Words

        wanted = [clause for clause in clauses if not clause.excluded]
        naming = [clause for clause in clauses if clause.words and _COLUMNS.issuperset(dict(clause.meant))]
        plain = [clause for clause in clauses if clause not in naming]
        is_named = all(clause in naming for clause in wanted)
        unwanted = [msgspec.structs.replace(clause, excluded=False) for clause in plain if clause.excluded]
        without = [self._ids([clause]) for clause in unwanted] if is_named else []
        whole = text.key(self.query.text)
        return Words(
            None if is_named else self._ids(plain),
            np.unique(np.concatenate([np.zeros(0, np.int64), *without])),
            [self._named(one, [other for other in plain if other is not one]) for one in wanted if one.text],
            index_search.whole_name_ids(self.db, whole, self.feeds) if whole else np.zeros(0, np.int64),
            np.logical_and.reduce([self._meant(clause, version) for clause in naming]) if naming else None,
        )

    def _ids(self, clauses: Sequence[Clause]) -> NDArray[int64]:
        return index_search.record_ids(self.db, clauses, self.feeds)

    def _named(self, clause: Clause, others: Sequence[Clause]) -> NDArray[int64]:
        return index_search.named_ids(self.db, clause, others, self.feeds)

    def _meant(self, clause: Clause, version: Columns) -> NDArray[bool_]:
        """By row, whether it satisfies a clause that names something, or excludes it."""
        import numpy as np

        found = np.zeros(len(version.live), np.bool_)
        if clause.text:
            found[version.rows(self._ids([msgspec.structs.replace(clause, words=(), meant=(), excluded=False)]))] = True
        for parameter, code in clause.meant:
            found |= version.meaning(parameter, _within([code]) if parameter == "region" else {code})
        return ~found if clause.excluded else found

    def _filters(self, after: After) -> Filters:
        from fednet.directory import freshness
        from fednet.directory.finding import Filters

        query = self.query
        return Filters(
            feeds=self.feeds,
            kinds=[listing.KIND_NUMBERS[kind] for kind in query.kinds or listing.KIND_NUMBERS.keys() - UNASKED_KINDS],
            stale_before=freshness.stale_before(self.db, self.sources, after.asked_at),
            today=freshness.today(after.asked_at),
            countries=query.countries,
            regions=_within(query.regions),
            services=query.services,
            client_groups=query.client_groups,
            languages=_primary(query.languages),
            seats=query.seats,
            types=query.types,
            refugee_led=query.refugee_led,
            fresh=None if query.confirmed is None else query.confirmed == "fresh",
            point=self.point,
            within=query.within,
        )

    def _point(self) -> tuple[int, int] | None:
        """Where what is near is looked for: where records say that a place of that name lies.

        The own network's word counts before all others. Each of those has one vote, however much it lists, and what
        lies closest to all of them is meant.
        """
        near = self.query.near
        if not isinstance(near, str):
            return near
        own = [feed_id for feed_id in self.feeds if self.sources[feed_id].own]
        others = [feed_id for feed_id in self.feeds if feed_id not in own]
        votes = self._votes(near, own) or self._votes(near, others)
        if not votes:
            raise NotFoundError(
                f"no record says where {near[:60]!r} lies", hint="give latitude and longitude, as 16.71,98.57"
            )
        return min(votes, key=lambda one: sum(_apart(one, other) for other in votes))

    def _votes(self, near: str, feeds: Collection[int]) -> list[tuple[int, int]]:
        """Where each network that lists such a place says that it lies: the middle of what its records say."""
        said: dict[str, list[tuple[int, int]]] = {}
        for name, country in _places_meant(near):
            for feed_id, seat in self._seats(name, feeds) if feeds else ():
                if text.key(seat.place) == text.key(name) and country in (None, seat.country):
                    said.setdefault(self.sources[feed_id].network, []).append(_coordinates(seat))
        return [(median_low(lat for lat, _ in one), median_low(lon for _, lon in one)) for one in said.values()]

    def _seats(self, name: str, feeds: Collection[int]) -> Iterator[tuple[int, listing.Place]]:
        expression = text.query(f'"{name.replace(chr(34), " ")}"')
        if expression is None:
            return
        found = index_search.record_ids(self.db, [Clause(expression)], feeds)
        for one in index_search.located(self.db, found.tolist(), feeds, MOST_PLACES):
            parsed = listing.parse(one.body)
            if isinstance(parsed, listing.Organization) and parsed.seat is not None:
                yield one.feed_id, parsed.seat

    def explained(self, page_hits: Sequence[Hit], page: Shown, found: Found, clauses: Sequence[Clause]) -> list[Hit]:
        """The hits with how far they are, and why they were found when that was asked."""
        import numpy as np

        from fednet.directory.reasons import reasons

        rows = np.array([one.row for one in page.standings], np.int64)
        far = found.kilometres(rows).tolist()
        distances = [None if one == float("inf") else round(one) for one in far]
        whys: Sequence[tuple[str, ...]] = [()] * len(page_hits)
        if self.query.why:
            days: list[int] = found.confirmed(rows).tolist()
            whys = reasons(page.listed, distances, self.query, clauses, self.sources, days, found.stale_before)
        return [
            msgspec.structs.replace(hit, kilometres=distance, why=why)
            for hit, distance, why in zip(page_hits, distances, whys, strict=True)
        ]


MOST_PLACES = 200
"""Records of one feed that are asked where a place lies."""

_COLUMNS = frozenset({"country", "region", "service", "client_group", "language"})
"""What words may name that the columns hold."""


def _places_meant(near: str) -> Iterator[tuple[str, str | None]]:
    """A place as it is written, and as one in a country when that stands behind a comma ("Mae Sot, Thailand")."""
    yield near, None
    name, comma, country = near.rpartition(",")
    code = places.country_code(country.strip()) if comma else None
    if code and name.strip():
        yield name.strip(), code


def _apart(one: tuple[int, int], other: tuple[int, int]) -> float:
    """How far two points are from each other: the chord, for a sphere of radius 1."""
    (lat, lon), (lat_2, lon_2) = ([radians(part / 1_000_000) for part in point] for point in (one, other))
    return sqrt(max(0.0, 2 - 2 * (sin(lat) * sin(lat_2) + cos(lat) * cos(lat_2) * cos(lon - lon_2))))


def _coordinates(seat: listing.Place) -> tuple[int, int]:
    return seat.latitude_e6 or 0, seat.longitude_e6 or 0
