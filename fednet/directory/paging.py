"""One page of what was found, and the cursor to the next: a position in the order, not a count.

Whatever comes and goes between two pages, what stayed where it was is shown once: a page goes on behind the last hit of
the one before, whether that is still there or not. A cursor holds what its reader has been shown anyway, the day on
which the first page was asked for (what is stale then stays so), and no record id.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta
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

_Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Letters = Annotated[str, Meta(max_length=MAX_LETTERS)]
_Name = Annotated[str, Meta(max_length=128)]

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


def page(db: Database, found: Found, sources: Mapping[int, Source], query: Query, after: After) -> Shown:
    """The hits behind a position, as many as are asked for."""
    ranks = found.ranks(query.sort)
    count = query.limit + 1 + SLACK
    while True:
        standings = found.first(ranks, count, after.place)
        hits = [hit for hit in _exactly(db, standings, sources) if after.exactly is None or hit.exactly > after.exactly]
        best = [hit for hit in hits if _is_best(db, hit, found.rivals(ranks, hit.standing), sources)]
        if len(best) > query.limit or len(standings) < count:
            break
        count *= 4
    shown = best[: query.limit]
    following = _cursor(shown[-1], after) if len(best) > query.limit else None
    return Shown([hit.listed for hit in shown], [hit.standing for hit in shown], following)


def _exactly(db: Database, standings: Iterable[Standing], sources: Mapping[int, Source]) -> list[_Hit]:
    """In order, to the letter."""
    found = {standing.record_id: standing for standing in standings}
    hits = []
    for listed in index_search.listed(db, list(found)):
        standing = found[listed.record_id]
        exactly = (standing.place, _title(listed), listed.handle, sources[listed.feed_id].network)
        hits.append(_Hit(exactly, standing, listed))
    return sorted(hits, key=lambda hit: (hit.exactly, hit.listed.record_id))


def _is_best(db: Database, hit: _Hit, rivals: list[Standing], sources: Mapping[int, Source]) -> bool:
    """Whether no other statement of its card stands before it."""
    if any(rival.place < hit.standing.place for rival in rivals):
        return False
    return all(hit.exactly < other.exactly for other in _exactly(db, rivals, sources))


def _title(listed: Listed) -> str:
    parsed = listing.parse(listed.body)
    return text.key(listing.title(parsed))[:MAX_LETTERS] if parsed else ""


def _cursor(last: _Hit, after: After) -> str:
    place, title, handle, network = last.exactly
    said = After(after.question, after.asked_on, after.relaxed, place, title, handle, network)
    return urlsafe_b64encode(msgspec.json.encode(said)).decode()
