"""One page of what was found, and the cursor to the next: a position in the order, not a count.

Whatever comes and goes between two pages, what stayed where it was is shown once: a page goes on behind the last hit of
the one before, whether that is still there or not. A cursor holds what its reader has been shown anyway, the day on
which the first page was asked for (what is stale then stays so), and no record id.
"""

from __future__ import annotations

import heapq
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy import int64
from numpy.typing import NDArray
from sqlite_utils import Database

from fednet import listing
from fednet.directory.finding import Found, Place, Standing
from fednet.directory.query import DEFAULT_LIMIT, MAX_LIMIT, Query
from fednet.errors import UsageError
from fednet.listing import text
from fednet.store import search as index_search
from fednet.store.search import Listed, Source

SLACK = 8
"""Statements looked at beyond a page: some belong to cards that stand on it already."""
MAX_CURSOR = 2_000
MAX_LETTERS = 200
"""Letters of a title that decide the order; then the handle does."""

MOST_TIED = 20_000
"""Statements at one place whose titles are compared to the letter. Of more, as only a flood has, the handles tell."""

_Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Letters = Annotated[str, Meta(max_length=MAX_LETTERS)]
_Name = Annotated[str, Meta(max_length=128)]

Letters = tuple[str, str, int]
"""The key of a record's title, its handle and its feed."""

Exactly = tuple[Place, str, str, str]
"""Where a hit stands, to the letter: its place, the key of its title, its handle, its network."""


class After(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a cursor says. `question` is a digest: a position in the answer to another question says nothing."""

    question: str
    asked_on: date
    relaxed: bool
    place: tuple[_Number, _Number, _Number] | None = None
    title: _Letters = ""
    handle: _Name = ""
    network: _Name = ""

    @property
    def exactly(self) -> Exactly | None:
        return None if self.place is None else (self.place, self.title, self.handle, self.network)

    @property
    def asked_at(self) -> datetime:
        return datetime.combine(self.asked_on, time.min, UTC)


class Shown(NamedTuple):
    """What stands on a page, and the cursor to the next one."""

    listed: list[Listed]
    standings: list[Standing]
    next: str | None


class _Hit(NamedTuple):
    exactly: Exactly
    standing: Standing
    listed: Listed


def read_cursor(query: Query, now: datetime) -> After:
    """Where the page begins. Raises UsageError for a limit or cursor that cannot be."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise UsageError(
            f"a limit of {query.limit}: from 1 to {MAX_LIMIT} are shown at once", hint="page with the cursor"
        )
    question = _question(query)
    if query.cursor is None:
        return After(question, now.astimezone(UTC).date(), False)
    try:
        given = query.cursor.encode("ascii")
        found = _AFTER.decode(urlsafe_b64decode(given)) if len(given) <= MAX_CURSOR else None
    except (ValueError, msgspec.MsgspecError):
        found = None
    if found is None or found.place is None:
        raise UsageError(f"{query.cursor[:40]!r} is no cursor", hint="take `next` of an earlier answer as it is")
    if found.question != question:
        raise UsageError("that cursor belongs to another question", hint="ask the same, or begin without a cursor")
    return found


_AFTER = msgspec.json.Decoder(After)


def _question(query: Query) -> str:
    """A digest of what is asked for; how much of it at once, and whether with reasons, makes no difference."""
    plain = msgspec.structs.replace(query, cursor=None, limit=DEFAULT_LIMIT, why=False)
    return sha256(repr(plain).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def page(
    db: Database,
    found: Found,
    sources: Mapping[int, Source],
    query: Query,
    after: After,
    known: MutableMapping[int, Letters],
) -> Shown:
    """The hits behind a position, as many as are asked for. `known` are letters by record id, added to."""
    paged = _Paged(db, found, sources, query, after, known)
    count = query.limit + 1 + SLACK
    while True:
        standings = paged.first(count)
        hits = [hit for hit in paged.exactly(standings) if paged.is_behind(hit.exactly)]
        best = [hit for hit in hits if paged.is_best(hit)]
        if len(best) > query.limit or len(standings) < count:
            break
        count *= 4
    shown = best[: query.limit]
    following = _cursor(shown[-1], after) if len(best) > query.limit else None
    return Shown([hit.listed for hit in shown], [hit.standing for hit in shown], following)


class _Paged:
    """What was found, in order. Only the bodies of what may stand on the page are read, and once those whose titles
    begin like that at its edge."""

    def __init__(
        self,
        db: Database,
        found: Found,
        sources: Mapping[int, Source],
        query: Query,
        after: After,
        known: MutableMapping[int, Letters],
    ) -> None:
        self.db, self.found, self.sources, self.after, self.known = db, found, sources, after, known
        self.ranks = found.ranks(query.sort)
        # The places where handles tell the order, titles do not: one stays so from page to page.
        self.crowded = {after.place} if after.place is not None and not after.title else set()

    def first(self, count: int) -> list[Standing]:
        """The first `count` statements behind the position (a few more, maybe), in no order; fewer: all of them."""
        after, chosen = self.after.place, np.zeros(0, int64)
        if after is not None:
            chosen = self._parted(self.found.at(self.ranks, after), after, count)
        sure = left = chosen[:0]
        if (wanted := count - len(chosen)) > 0:
            sure, left = self.found.first(self.ranks, wanted, after)
            if len(left) > (wanted := wanted - len(sure)):
                (edge,) = self.found.standings(self.ranks, left[:1])
                left = self._parted(left, edge.place, wanted)
        return self.found.standings(self.ranks, np.concatenate([chosen, sure, left]))

    def _parted(self, tied: NDArray[int64], place: Place, count: int) -> NDArray[int64]:
        """The first of those that stand at one place, and behind the position."""
        ids = self.found.ids_at(tied)
        if len(ids) > MOST_TIED:
            self.crowded.add(place)
        if place in self.crowded:
            start = self.after.handle if place == self.after.place else ""
            chosen = index_search.by_handle(self.db, ids.tolist(), start, count + 2 * len(self.sources))
        else:
            letters = self._letters(ids.tolist())
            exactly = ((place, title, handle, self._network(feed_id)) for title, handle, feed_id in letters.values())
            behind = (one for one in zip(exactly, letters, strict=True) if self.is_behind(one[0]))
            chosen = [record_id for _, record_id in heapq.nsmallest(count, behind)]
        return tied[np.isin(ids, np.array(chosen, int64))]

    def _letters(self, record_ids: Collection[int]) -> dict[int, Letters]:
        found = {record_id: letters for record_id in record_ids if (letters := self.known.get(record_id))}
        missing = [record_id for record_id in record_ids if record_id not in found]
        read = {one.record_id: (_title(one), one.handle, one.feed_id) for one in index_search.listed(self.db, missing)}
        self.known.update(read)
        return found | read

    def _network(self, feed_id: int) -> str:
        return self.sources[feed_id].network

    def is_behind(self, exactly: Exactly) -> bool:
        after = self.after.exactly
        if after is not None and after[0] in self.crowded:
            after = after[0], "", after[2], after[3]
        return after is None or exactly > after

    def exactly(self, standings: Iterable[Standing]) -> list[_Hit]:
        """In order, to the letter."""
        found = {standing.record_id: standing for standing in standings}
        hits = []
        for listed in index_search.listed(self.db, list(found)):
            standing = found[listed.record_id]
            title = "" if standing.place in self.crowded else _title(listed)
            hits.append(_Hit((standing.place, title, listed.handle, self._network(listed.feed_id)), standing, listed))
        return sorted(hits, key=lambda hit: (hit.exactly, hit.listed.record_id))

    def is_best(self, hit: _Hit) -> bool:
        """Whether no other statement of its card stands before it."""
        rivals = self.found.rivals(self.ranks, hit.standing)
        if any(rival.place < hit.standing.place for rival in rivals):
            return False
        return all(hit.exactly < other.exactly for other in self.exactly(rivals))


def _title(listed: Listed) -> str:
    parsed = listing.parse(listed.body)
    return text.key(listing.title(parsed))[:MAX_LETTERS] if parsed else ""


def _cursor(last: _Hit, after: After) -> str:
    place, title, handle, network = last.exactly
    said = After(after.question, after.asked_on, after.relaxed, place, title, handle, network)
    return urlsafe_b64encode(msgspec.json.encode(said)).decode()
