"""The evaluation of a period: what was posted, matched, introduced and met, and what nobody met.

The proposal of 2003 asked for a pilot that is evaluated by two questions: is there a need for matching needs and
offers, and does this way of doing it meet that need? `fednet.directory.answers` puts the figures into sentences.

Entries that everybody may read are counted exactly, by days: everybody could count them. What is not public, as
introductions are, is counted by whole years and told only as `fednet.directory.suppressing` allows: else two reports
whose days or networks differ a little would tell on somebody. Introductions between other networks nobody can know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import chart, exchange, introduced, twinnings
from fednet.directory.exchange import Entry, Fitted, Place
from fednet.directory.introduced import Introduced
from fednet.directory.search import PUBLIC, Reader, readable
from fednet.directory.suppressing import Told, parts, told
from fednet.errors import UsageError
from fednet.store import circles, feeds, introductions
from fednet.store import search as index_search
from fednet.store.database import Store

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9990, 12, 31)
LONGEST = timedelta(days=20 * 366)
UNSAID = ""
"""The row of entries that name no theme, region or stage."""

TYPES = ("need", "offer", "funding")
MET_HERE = frozenset({"met", "partly-met"})
"""Outcomes of a closed need that say that this exchange helped."""


class Period(NamedTuple):
    """Days of UTC, both included."""

    since: date
    until: date


class Row(msgspec.Struct, frozen=True):
    """What was posted of one theme, in one region, or from one stage: its code, `UNSAID` for what names none.

    An entry counts in each row that it names. Of the needs so many had a match or were met, the others are `unmet`.
    """

    code: str
    needs: int
    matched: int
    unmet: int
    offers: int
    funding: int


class Public(msgspec.Struct, frozen=True):
    """Entries that everybody may read. `all` counts each that was posted in the period once.

    `score` is the median of the best scores of needs with a match, `days` of the days until their first match could be
    seen. `closed` counts entries that were closed in the period by outcome ("" where none was told), `met` the needs
    among them that were met here, wholly or in part; `over` those that ended in the period and were not closed.
    `begun` and `ended` are twinnings.
    """

    all: Row
    score: int | None
    days: int | None
    closed: dict[str, int]
    met: int
    over: int
    begun: int
    ended: int
    themes: tuple[Row, ...]
    regions: tuple[Row, ...]
    stages: tuple[Row, ...]


class Restricted(msgspec.Struct, frozen=True):
    """Own entries of a year that are not public: needs with a match, without one, in all; offers; funding."""

    year: int
    needs: Told
    matched: Told
    unmet: Told
    offers: Told
    funding: Told


class Report(msgspec.Struct, frozen=True):
    """`network` is (id, name) of the only one whose entries count, None for all. What it all says:
    `fednet.directory.answers`."""

    since: date
    until: date
    made: date
    network: tuple[str, str] | None
    public: Public
    restricted: tuple[Restricted, ...]
    introduced: tuple[Introduced, ...]


def report(store: Store, period: Period, network: str, now: datetime) -> Report:
    """The report of a period, of what one network (id, name or initials) posted, or with `""` all.

    It says the same to whoever makes it. Raises UsageError for days in the wrong order or too many, NotFoundError for a
    network that is not shown.
    """
    if not FIRST_DAY <= period.since <= period.until <= LAST_DAY or period.until - period.since > LONGEST:
        raise UsageError("from and to: days in order, 20 years at most", hint="write days as 2026-11-21")
    years = range(period.since.year, period.until.year + 1)
    with store.reading() as db:
        only = _network(db, store, network, now)
        known = [one.network for one in feeds.networks(db)]
        years_told = tuple(introduced.by_year(introductions.figures(db), known, years))
    return Report(
        since=period.since,
        until=period.until,
        made=now.date(),
        network=only,
        public=_public(store, period, only[0] if only else None, now),
        restricted=() if only else tuple(_restricted(store, years, now)),
        introduced=years_told,
    )


def usual(today: date) -> Period:
    """The twelve months that end on a day."""
    if today.year <= FIRST_DAY.year:
        return Period(FIRST_DAY, today)
    try:
        return Period(today.replace(year=today.year - 1) + timedelta(days=1), today)
    except ValueError:  # 29 February
        return Period(date(today.year - 1, 3, 1), today)


def _network(db: Database, store: Store, network: str, now: datetime) -> tuple[str, str] | None:
    if not network:
        return None
    names = {one.network: one.name for one in readable(db, PUBLIC, now - store.forget_after).values()}
    found = feeds.meant(names, network)
    return found, names[found]


# --- what everybody may read ------------------------------------------------------------------------------------------

_Posted = Mapping[Place, date]
Fits = Mapping[Place, Fitted]


def _posted(store: Store, reader: Reader, now: datetime) -> dict[Place, date]:
    """When each entry was posted, by network and handle: as it says; else when the edition that it is in was signed."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        rows = index_search.of_kind(db, listing.KIND_NUMBERS["exchange"], list(sources))
        found, unsaid = {}, {}
        for row in rows:
            record = listing.parse(row.body)
            at = sources[row.feed_id].network, row.handle
            day = _day(record.posted) if isinstance(record, listing.Exchange) else None
            if day is not None:
                found[at] = day
            else:
                unsaid[row.record_id] = at
        signed = feeds.signed(db, list(unsaid)) if unsaid else {}
    return found | {at: signed[record_id].date() for record_id, at in unsaid.items() if record_id in signed}


def _day(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None


def _public(store: Store, period: Period, only: str | None, now: datetime) -> Public:
    entries = [one for one in exchange.everything(store, PUBLIC, now) if only in (None, one.hit.network)]
    cards = [card for card in twinnings.every(store, PUBLIC, now) if only is None or only in card.networks]
    twinned = [card.first.record for card in cards]
    posted = _posted(store, PUBLIC, now)
    inside = [one for one in entries if _is_in(posted.get(_at(one)), period)]
    needs = [one for one in inside if one.record.type == "need"]
    fits = exchange.ever_fitting(store, PUBLIC, now, {_at(one) for one in needs}, posted)
    closed = [one for one in entries if _is_in(_day(one.record.closed), period)]
    over = [one for one in entries if one.state == "over" and _is_in(_day(one.record.open_until), period)]
    begun = [one for one in twinned if _is_in(_first(one.start), period)]
    ended = [one for one in twinned if one.state == "ended" and _is_in(_last(one.end), period)]
    return Public(
        all=_row(UNSAID, inside, fits),
        score=_median([fits[_at(one)].best for one in needs if _at(one) in fits]),
        days=_median(list(_waited(needs, posted, fits))),
        closed=dict(sorted(Counter(one.record.outcome or UNSAID for one in closed).items())),
        met=sum(one.record.type == "need" and one.record.outcome in MET_HERE for one in closed),
        over=len(over),
        begun=len(begun),
        ended=len(ended),
        themes=_rows(inside, fits, chart.themes_of),
        regions=_rows(inside, fits, chart.regions_of),
        stages=_rows(inside, fits, lambda one: [one.record.stage] if one.record.stage else []),
    )


def _at(entry: Entry) -> Place:
    return entry.hit.network, entry.hit.handle


def _is_in(day: date | None, period: Period) -> bool:
    return day is not None and period.since <= day <= period.until


def _rows(entries: Iterable[Entry], fits: Fits, codes_of: Callable[[Entry], list[str]]) -> tuple[Row, ...]:
    """By code, what has most unmet needs first."""
    gathered: dict[str, list[Entry]] = {}
    for one in entries:
        for code in codes_of(one) or [UNSAID]:
            gathered.setdefault(code, []).append(one)
    found = [_row(code, those, fits) for code, those in gathered.items()]
    return tuple(sorted(found, key=lambda row: (row.code == UNSAID, -row.unmet, -row.needs, row.code)))


def _row(code: str, entries: Iterable[Entry], fits: Fits) -> Row:
    counted = Counter((one.record.type, is_matched(one, fits)) for one in entries)
    of = {type_: counted[type_, True] + counted[type_, False] for type_ in TYPES}
    matched = counted["need", True]
    return Row(code, of["need"], matched, of["need"] - matched, of["offer"], of["funding"])


def is_matched(entry: Entry, fits: Fits) -> bool:
    """Whether something fits it, or did before it was over; or it was met here, or somebody says that it has one."""
    return _at(entry) in fits or entry.record.outcome in MET_HERE or entry.state in ("matched", "introduced")


def _waited(needs: Iterable[Entry], posted: _Posted, fits: Fits) -> Iterator[int]:
    """Of needs with a match, the days from posting until the first offer that fits was there as well."""
    for place in map(_at, needs):
        since = fits[place].since if place in fits else None
        if since is not None:
            yield max(0, (since - posted[place]).days)


def _median(values: Collection[int]) -> int | None:
    return median_low(values) if values else None


def _first(partial: str | None) -> date | None:
    """The first day of a day, month or year."""
    return _day(f"{partial}-01-01"[:10]) if partial else None


def _last(partial: str | None) -> date | None:
    """The last one."""
    first = _first(partial)
    if first is None or partial is None or len(partial) == len("2026-01-01"):
        return first
    days = 366 if len(partial) == len("2026") else 31
    following = (first + timedelta(days=days)).replace(day=1)
    return (date(first.year, 12, 31) if days == 366 else following - timedelta(days=1)) if following else None


# --- what is not public -----------------------------------------------------------------------------------------------


def _restricted(store: Store, years: Iterable[int], now: datetime) -> Iterator[Restricted]:
    """Of this node's own network alone: what others let it read in confidence is not for paper."""
    with store.reading() as db:
        reader = Reader(circles=frozenset(circles.names(db)))
        own = feeds.own(db).network
    posted = _posted(store, reader, now)
    kept = [
        (one, day.year)
        for one in exchange.everything(store, reader, now)
        if one.hit.network == own and one.hit.circle != circles.PUBLIC and (day := posted.get(_at(one)))
    ]
    fits = exchange.ever_fitting(store, reader, now, {_at(one) for one, _ in kept}, posted) if kept else {}
    of: dict[int, Counter[str]] = {year: Counter() for year in years}
    for one, year in kept:
        if year in of:
            matched = "matched" if is_matched(one, fits) else "unmet"
            of[year][matched if one.record.type == "need" else one.record.type] += 1
    for year, counts in of.items():
        needs = parts({sort: counts[sort] for sort in ("matched", "unmet")})
        offers, funding = (told(counts[sort]) for sort in ("offer", "funding"))
        yield Restricted(year, needs.total, needs.of["matched"], needs.of["unmet"], offers, funding)
