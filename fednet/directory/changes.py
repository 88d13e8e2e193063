"""What changed lately in what networks list, newest first: for whoever wants to hear of it without asking again.

When: the moment that the edition itself says, but never later than this node has verified it, for a network may say
anything. Of what was withdrawn only that is told, and by the hash that its feed shows to anybody who may read it; of
what was erased, nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory.query import Query
from fednet.directory.search import UNASKED_KINDS, Hit, Reader, among, fitting, hits, joined, readable
from fednet.errors import UsageError
from fednet.store import changes
from fednet.store import search as index_search
from fednet.store.changes import Signed, Stamp
from fednet.store.database import Store
from fednet.store.search import Source

DEPTH = 5_000
"""Changes that can be paged through; who has missed more asks the directory itself."""
FEW = 2_000
"""Records up to which those that fit a filter are sorted, rather than looked for among all changes."""
MAX_LIMIT = 200
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Change(msgspec.Struct, frozen=True):
    """A record as an edition listed or changed it (`hit`), or that one was withdrawn (None): who, when, its key in hex.

    `edition` is that with which the change came, so older than the newest one as a rule.
    """

    at: datetime
    network: str
    network_name: str
    circle: str
    epoch: int
    edition: int
    key: str
    hit: Hit | None


class Changes(msgspec.Struct, frozen=True):
    """One page; `next` is the cursor of the next one, None at the end."""

    items: tuple[Change, ...]
    next: str | None


class _At(NamedTuple):
    """A change in the order told: newest first, then by network, circle, edition and key."""

    ago: float
    network: str
    circle: str
    edition: int
    key: str

    @property
    def cursor(self) -> str:
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


class _Found(NamedTuple):
    at: _At
    feed_id: int
    stamp: Stamp


def recent(store: Store, query: Query, reader: Reader, now: datetime) -> Changes:
    """What changed of what fits a query, for this reader. What was withdrawn fits no words and no filter but a network.

    Raises UsageError for a limit or cursor that cannot be, NotFoundError for a network that is not shown.
    """
    if not 1 <= query.limit <= MAX_LIMIT:
        raise UsageError(f"a limit of {query.limit}: from 1 to {MAX_LIMIT} are shown at once", hint="follow next_url")
    after = _read_cursor(query.cursor)
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        told = islice(_all(store, db, query, sources, now), DEPTH)
        page = list(islice((one for one in told if after is None or one.at > after), query.limit + 1))
        shown = page[: query.limit]
        by_id = _hits(store, db, shown, sources, now)
        items = tuple(_change(one, sources[one.feed_id], by_id) for one in shown)
    return Changes(items, shown[-1].at.cursor if len(page) > query.limit else None)


def _all(
    store: Store, db: Database, query: Query, sources: Mapping[int, Source], now: datetime
) -> Iterator[_Found]:  # fmt: skip
    signed = Signed(db)
    wanted = [sources[feed_id] for feed_id in among(sources, query.networks)]
    kinds = [listing.KIND_NUMBERS[kind] for kind in query.kinds or listing.KIND_NUMBERS.keys() - UNASKED_KINDS]
    if not _narrows(query):
        streams = [_of(signed, source, changes.listed(db, source.feed_id, kinds)) for source in wanted]
        if not query.kinds:
            streams += [_of(signed, source, changes.dropped(db, source.feed_id)) for source in wanted]
        return merge(*streams)
    ids = fitting(store, db, query, sources, now)
    if len(ids) <= FEW:
        rows = changes.stamps(db, ids)
        return iter(sorted(_Found(_placed(signed, sources[feed], stamp), feed, stamp) for feed, stamp in rows))
    among_them = frozenset(ids)
    streams = [_of(signed, source, changes.listed(db, source.feed_id, kinds)) for source in wanted]
    return (one for one in merge(*streams) if one.stamp.record_id in among_them)


def _narrows(query: Query) -> bool:
    """Whether there is more to it than networks and kinds."""
    plain = Query(networks=query.networks, kinds=query.kinds, opinions=query.opinions)
    return msgspec.structs.replace(query, limit=plain.limit, cursor=None, apart=False) != plain


def _of(signed: Signed, source: Source, stamps: Iterator[Stamp]) -> Iterator[_Found]:
    """The changes of one feed in order: an edition that says that it is newer than the one after it, is not."""
    earliest = -float("inf")
    held: list[_Found] = []
    for stamp in stamps:
        at = _placed(signed, source, stamp)
        at = at._replace(ago=max(at.ago, earliest))
        if held and at.ago != held[0].at.ago:
            yield from sorted(held)
            held = []
        earliest = at.ago
        held.append(_Found(at, source.feed_id, stamp))
        if len(held) > DEPTH:
            break
    yield from sorted(held)


def _placed(signed: Signed, source: Source, stamp: Stamp) -> _At:
    said = signed.at(source.feed_id, stamp.edition) or _EARLIEST
    seen = datetime.fromisoformat(source.verified_at) if source.verified_at else said
    return _At(-min(said, seen).timestamp(), source.network, source.circle, -stamp.edition, stamp.key.hex())


def _hits(
    store: Store, db: Database, found: list[_Found], sources: Mapping[int, Source], now: datetime
) -> dict[int, Hit]:
    listed = index_search.listed(db, [one.stamp.record_id for one in found if one.stamp.record_id])
    shown = hits(db, listed, sources, now, joined(store, db, sources, now))
    return {one.record_id: hit for one, hit in zip(listed, shown, strict=True)}


def _change(one: _Found, source: Source, by_id: Mapping[int, Hit]) -> Change:
    return Change(
        at=datetime.fromtimestamp(-one.at.ago, UTC),
        network=source.network,
        network_name=source.name,
        circle=source.circle,
        epoch=source.epoch,
        edition=one.stamp.edition,
        key=one.stamp.key.hex(),
        hit=by_id.get(one.stamp.record_id),
    )


def _read_cursor(cursor: str | None) -> _At | None:
    if cursor is None:
        return None
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=_At)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise UsageError(f"{cursor[:40]!r} is no cursor", hint="take next_url of an earlier answer as it is") from None
