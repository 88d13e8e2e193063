"""The global directory: what all verified networks list, searched by words and facets.

A search reads one snapshot. Words rank (names before texts), filters only narrow; every count is exact under all of
them. Nobody learns of a record, or that a network lists one, from a circle they may not read.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import nsmallest
from operator import itemgetter
from typing import Any

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import words
from fednet.directory.query import MAX_LIMIT, Query, parse_query
from fednet.errors import NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.listing import places, text, vocabulary
from fednet.listing.evidence import evidence
from fednet.store import index
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.feeds import meant
from fednet.store.search import Clause, Listed, Match, Source

__all__ = ["OPERATOR", "PUBLIC", "Hit", "Query", "Reader", "Results", "parse_query", "record", "search"]

MAX_BY_TITLE = 1_000
"""Records found without words are put in alphabetical order up to this many; what is more is for narrowing down."""

KIND_NAMES = {number: kind for kind, number in listing.KIND_NUMBERS.items()}
CLOCKS_DIFFER = timedelta(hours=1)  # by more than that, and an edition is said to be dated in the future
UNASKED_KINDS = frozenset({"contact", "opinion"})
"""Kinds that are found only when asked for: they belong to a record of another kind."""


class Reader(msgspec.Struct, frozen=True):
    """Who asks, by what they may be shown: every public feed, and those `circles` of this node's own network.

    What other networks let this node read in confidence is the operator's alone (`everything`).
    """

    circles: frozenset[str] = frozenset()
    everything: bool = False

    def may_read(self, circle: str, own: bool) -> bool:
        """Whether the feed of a circle, of this node's own network or of another one, may be shown."""
        return self.everything or circle == "public" or (own and circle in self.circles)


PUBLIC = Reader()
"""Anybody."""
OPERATOR = Reader(everything=True)
"""The command line on the node's own machine."""


class Hit(msgspec.Struct, frozen=True):
    """A record with its provenance: who lists it, in which signed edition, when that was verified.

    `networks` are (id, name) of every network that lists the same thing by hard evidence, its own first. `expired` says
    that the edition should have been renewed by now, `ahead` that it is dated in the future (so nobody can tell when it
    should have been), `frozen` that the network has contradicted itself since. `fields`
    is the decoded body.
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


class Results(msgspec.Struct, frozen=True):
    """One page of what was found. `facets` counts all of it: {"country": {"TH": 12}}, most frequent first."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    next: str | None


def search(store: Store, query: Query, reader: Reader, now: datetime) -> Results:
    """What this reader finds, best first, then by title.

    Raises UsageError for a limit or cursor out of range, NotFoundError for a network that is not shown to the reader.
    """
    start = _start(query)
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        found = index_search.matches(db, *_asked(query, sources))
        page = _page(db, found, start, query)
        page_hits = hits(db, page, sources, now)
    end = start + len(page)
    return Results(len(found), tuple(page_hits), _facets(found, sources), _cursor(end) if end < len(found) else None)


def record(store: Store, handle: str, reader: Reader, now: datetime) -> Hit:
    """The record of that handle; this node's own, then that of the network pinned first, should several list it.

    NotFoundError is the same whether there is none or the reader may not see it.
    """
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        listed = index_search.by_key(db, key_of(handle), sources)
        if listed is None:
            raise NotFoundError(f"no record {handle[:60]} is listed here", hint="`fednet search` shows handles")
        return hits(db, [listed], sources, now)[0]


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


def hits(db: Database, listed: Iterable[Listed], sources: Mapping[int, Source], now: datetime) -> list[Hit]:
    """Records as they are shown, with all networks that list the same thing."""
    heads = heads_of(sources, now)
    return [shown(one, sources[one.feed_id], heads[one.feed_id], _networks_with(db, one, sources)) for one in listed]


def filters(query: Query) -> Iterator[Clause]:
    """Filters and words of a query, but for networks and kinds; the words last, for the index narrows from the left."""
    countries = {
        *query.countries,
        *(code for region in query.regions for code in places.countries_in(region) or {region}),
    }
    languages = {tag.partition("-")[0] for tag in query.languages}
    for token, codes in (
        (index.country_token, countries),
        (index.service_token, query.services),
        (index.client_group_token, query.client_groups),
        (index.language_token, languages),
    ):
        if codes:
            yield Clause(words=tuple(map(token, sorted(codes))))
    yield from words.clauses(query.text)


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
        title=listing.terms(parsed).title if parsed else "",
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


def _networks_with(db: Database, listed: Listed, sources: Mapping[int, Source]) -> dict[str, str]:
    """Names by id of the networks that list the same thing by hard evidence."""
    parsed = listing.parse(listed.body)
    feeds = index_search.feeds_bearing(db, evidence(parsed), sources) if parsed else set()
    return {source.network: source.name for feed_id, source in sources.items() if feed_id in feeds}


def _asked(query: Query, sources: Mapping[int, Source]) -> tuple[list[Clause], Collection[int], Collection[int]]:
    """Clauses, kinds and feeds. A kind or network asked for is a word too, so that the index narrows by it."""
    feeds = among(sources, query.networks)
    kinds = [listing.KIND_NUMBERS[kind] for kind in query.kinds or listing.KIND_NUMBERS.keys() - UNASKED_KINDS]
    clauses = list(filters(query))
    if clauses and query.kinds:
        clauses.insert(0, Clause(words=tuple(map(index.kind_token, kinds))))
    if clauses and query.networks:
        clauses.insert(0, Clause(words=tuple(map(index.feed_token, feeds))))
    return clauses, kinds, feeds


# --- order and pages --------------------------------------------------------------------------------------------------


def _page(db: Database, found: list[Any], start: int, query: Query) -> list[Listed]:
    """The part of what was found that one answer shows."""
    end = start + query.limit
    if not query.text and len(found) <= MAX_BY_TITLE:
        return sorted(index_search.listed(db, sorted(row[0] for row in found)), key=_title)[start:end]
    best = nsmallest(end, found, key=_rank_then_row)[start:]
    ranks = {row[0]: row[1] for row in best}
    listed = index_search.listed(db, list(ranks))
    return sorted(listed, key=lambda one: (ranks[one.record_id], _title(one)))


_rank_then_row: Callable[[Any], Any] = itemgetter(Match._fields.index("rank"), Match._fields.index("record_id"))


def _title(listed: Listed) -> str:
    parsed = listing.parse(listed.body)
    return text.key(listing.terms(parsed).title) if parsed else ""


def _start(query: Query) -> int:
    if not 1 <= query.limit <= MAX_LIMIT:
        raise UsageError(
            f"a limit of {query.limit}: from 1 to {MAX_LIMIT} are shown at once", hint="page with the cursor"
        )
    if query.cursor is None:
        return 0
    try:
        start = int(urlsafe_b64decode(query.cursor.encode("ascii")))
    except ValueError:
        start = -1
    if not 0 <= start < 10**9:
        raise UsageError(f"{query.cursor[:40]!r} is no cursor", hint="take `next` of an earlier answer as it is")
    return start


def _cursor(start: int) -> str:
    return urlsafe_b64encode(b"%09d" % start).decode()


# --- facets -----------------------------------------------------------------------------------------------------------


def _facets(found: Sequence[Any], sources: Mapping[int, Source]) -> dict[str, dict[str, int]]:
    """Counts by facet and code, most frequent first, then by code."""
    kinds, feeds, countries, services, groups, languages = (map(itemgetter(at), found) for at in range(2, 8))
    return {
        "country": _ordered(_countries(countries)),
        "service": _ordered(_tally(services, _codes(vocabulary.SERVICES))),
        "client_group": _ordered(_tally(groups, _codes(vocabulary.CLIENT_GROUPS))),
        "language": _ordered(_tally(languages, str.split)),
        "network": _ordered(_tally(feeds, lambda feed_id: [sources[feed_id].network])),
        "kind": _ordered(_tally(kinds, lambda kind: [KIND_NAMES[kind]])),
    }


def _tally(column: Iterable[Any], codes: Callable[[Any], Iterable[str]]) -> Counter[str]:
    """How often each code occurs. Equal values are counted first: taking a value apart costs more than counting it."""
    total: Counter[str] = Counter()
    for value, count in Counter(column).items():
        for code in codes(value):
            total[code] += count
    return total


def _countries(column: Iterable[str]) -> dict[str, int]:
    """As `_tally`, for codes of two letters each, nothing between. Most values differ, so they are counted as one text.

    Two ASCII letters are one UTF-16 character, and characters are what Counter counts fastest.
    """
    counted = Counter("".join(column).encode("ascii").decode("utf-16-le"))
    return {pair.encode("utf-16-le").decode("ascii"): count for pair, count in counted.items()}


def _ordered(total: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))


def _codes(terms: vocabulary.Vocabulary) -> Callable[[int], list[str]]:
    bits = [(1 << term.bit, term.code) for term in terms]
    return lambda mask: [code for bit, code in bits if mask & bit]
