"""The shared calendar: what takes place when, in the zone of whoever asks, whichever networks announce it.

Recurring events are expanded here, within bounds that hold per network: one that publishes a flood drowns only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory.query import Parameter, kept, many, one, read_parameters
from fednet.directory.search import Hit, Reader, among, hits, readable
from fednet.directory.words import clauses
from fednet.errors import FednetError, UsageError
from fednet.listing import Event, vocabulary
from fednet.listing.check import day, language, term
from fednet.listing.check import zone as known_zone
from fednet.listing.evidence import evidence
from fednet.store import index
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Clause, Listed, Source

DEFAULT_DAYS = 90
MAX_DAYS = 5 * 366
MAX_PER_EVENT = 1_000
MAX_PER_FEED = 5_000
"""Occurrences shown of one event, and of one feed."""
MAX_RECURRING = 1_000
"""Recurring events of one feed that are expanded; of the others only the first date is shown."""

_DAY = timedelta(days=1)
_EVENT = listing.KIND_NUMBERS["event"]


class Agenda(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: days in `zone`, both included; types, languages and networks, any of each; words."""

    since: date | None = None
    until: date | None = None
    types: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    zone: str = "UTC"
    languages: tuple[str, ...] = ()
    text: str = ""


class Occurrence(msgspec.Struct, frozen=True):
    """One time that an event takes place. `start` and `end` (exclusive) are aware, in the zone asked for.

    One that lasts whole days begins at midnight of the day that its announcement says, in whatever zone that was.
    `status` is `confirmed`, `tentative` or `cancelled`. `hit.networks` are all that announce it for this very time;
    `hit` itself is the copy of this node's own network or else of the one pinned first.
    """

    start: datetime
    end: datetime
    all_day: bool
    status: str
    title: str
    hit: Hit

    @property
    def cancelled(self) -> bool:
        return self.status == "cancelled"


def parse_agenda(**asked: Any) -> Agenda:
    """What people give: `since` or `from`, `until` or `to` (days), `type`, `network`, `zone`, `language`, `text`.

    Names of terms in any language we carry will do. Raises UsageError with what was probably meant.
    """
    return Agenda(**read_parameters(asked, PARAMETERS))


def agenda(store: Store, query: Agenda, reader: Reader, now: datetime) -> list[Occurrence]:
    """All that this reader may see between the two days, by start. Without days: from today for 90 days.

    Raises UsageError for days in the wrong order, too many of them, or an unknown zone.
    """
    span = _Span.of(query, now)
    with store.reading() as db:
        sources = readable(db, reader)
        found = [_dated(one, span) for one in _candidates(db, query, span, sources)]
        times = list(_within_bounds(one for one in found if one))
        shown = {hit.handle + hit.network: hit for hit in hits(db, {t.listed: None for t in times}, sources, now)}
    occurrences = (_occurrence(at, shown[at.listed.handle + sources[at.listed.feed_id].network]) for at in times)
    return sorted(_merged(occurrences), key=lambda one: (one.start, not one.all_day, one.title))
