"""How old what is shown is: confirmations and the term in which they hold, silent networks, complete entries.

A record is **fresh** when it was confirmed within the term that its network sets for its own listing (a year, of one
that sets none), **stale** when that was longer ago, else **never confirmed**. What says that it was confirmed on a day
to come counts as of the day of its edition, and of today at the latest. An organisation's entry is **complete**
when it says a place, a service or type, a language, and a website, or else a contact that the reader may see names it.
A network is **silent** when its newest public edition has expired, or nothing newer was verified here for a month.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.listing import Listing
from fednet.listing.network import USUAL_DAYS
from fednet.store import freshness as counting
from fednet.store import search as index_search
from fednet.store.index import confirmed_day
from fednet.store.search import Source

State = Literal["fresh", "stale", "never"]

UNHEARD_AFTER = timedelta(days=30)
"""As long as an edition lasts: whoever is well signs a new one by then, and this node asks every quarter of an hour."""

_NETWORK = listing.KIND_NUMBERS["network"]
_BEGAN = date(1970, 1, 1)


class Counts(msgspec.Struct, frozen=True):
    """Organisations of one feed: how many there are, how many entries are complete, confirmations stale or missing."""

    organizations: int = 0
    complete: int = 0
    stale: int = 0
    never_confirmed: int = 0


class Silence(msgspec.Struct, frozen=True):
    """Why a network counts as silent, and since when (an instant).

    `expired`: its newest edition was to be renewed by then. `unheard`: then this node last verified anything of it.
    """

    reason: Literal["expired", "unheard"]
    since: str


def terms(db: Database, sources: Mapping[int, Source]) -> dict[int, int]:
    """By feed, for how many days a confirmation holds: what its network says in public of its own listing."""
    return terms_in(themselves(db, sources), sources)


def terms_in(said: Mapping[str, listing.Network], sources: Mapping[int, Source]) -> dict[int, int]:
    """As `terms`, from what networks say of themselves."""
    days = {network: record.confirm_within_days for network, record in said.items()}
    return {feed_id: days.get(source.network, USUAL_DAYS) for feed_id, source in sources.items()}


def themselves(db: Database, sources: Mapping[int, Source]) -> dict[str, listing.Network]:
    """By network id, what each says of itself in public; of several records that with the lowest handle."""
    public = [feed_id for feed_id, source in sources.items() if source.circle == "public"]
    said: dict[str, listing.Network] = {}
    for found in index_search.of_kind(db, _NETWORK, public):
        record = listing.parse(found.body)
        if isinstance(record, listing.Network):
            said.setdefault(sources[found.feed_id].network, record)
    return said


def stale_before(db: Database, sources: Mapping[int, Source], now: datetime) -> dict[int, int]:
    """By feed the day, since 1970 in UTC, before which a confirmation is stale. One that was made on it is fresh."""
    return {feed_id: today(now) - days for feed_id, days in terms(db, sources).items()}


def usually_stale_before(now: datetime) -> int:
    """As `stale_before`, of a network that sets no term."""
    return today(now) - USUAL_DAYS


def today(now: datetime) -> int:
    """The day it is in UTC, since 1970."""
    return day_number(now.astimezone(UTC).date())


def day_of(record: Listing, now: datetime) -> int | None:
    """The day, since 1970, on which a draft says that it was confirmed last; None for never, or for no real day."""
    day = confirmed_day(record.confirmed.at) if record.confirmed else None
    return None if day is None else min(day, today(now))


def days(db: Database, record_ids: Collection[int], now: datetime) -> dict[int, int]:
    """The day, since 1970, on which each of these records was confirmed last, of those that ever were."""
    latest = today(now)
    return {record_id: min(day, latest) for record_id, day in counting.confirmed(db, record_ids).items()}


def state(confirmed: int | None, stale_before: int) -> State:
    """Whether a record of a feed can be relied on still, by the day of its confirmation."""
    return "never" if confirmed is None else "fresh" if confirmed >= stale_before else "stale"


def silence(
    *, own: bool, visible: bool, expires: str | None, expired: bool, verified_at: str | None, now: datetime
) -> Silence | None:
    """Whether a network is silent, by its public feed; one that was never verified has not begun to speak."""
    if not visible or verified_at is None:
        return None
    if expired and expires is not None:
        return Silence("expired", expires)
    if not own and now - datetime.fromisoformat(verified_at) > UNHEARD_AFTER:
        return Silence("unheard", verified_at)
    return None


def counts(db: Database, feed_id: int, stale_before: int, contacts: Collection[int]) -> Counts:
    """What there is of organisations in a feed. `contacts` are feeds of its network that the reader may read."""
    return Counts(*counting.counts(db, feed_id, stale_before, contacts))


def day(number: int) -> date:
    """The day of a number of days since 1970."""
    return _BEGAN + timedelta(days=number)


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - _BEGAN).days
