"""The evaluation of a period: what was posted, matched, introduced and met, and what nobody met.

The proposal of 2003 asked for a pilot that is evaluated by two questions: is there a need for matching needs and
offers, and does this way of doing it meet that need? `fednet.directory.answers` puts the figures into sentences.

Entries that everybody may read are counted exactly, by days: everybody could count them. What is not public, as
introductions are, is counted by whole years and told only as `fednet.directory.suppressing` allows: else two reports
whose days or networks differ a little would tell on somebody. Introductions between other networks nobody can know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import chart, exchange, introduced, twinnings
from fednet.directory.exchange import Fitted, Place
from fednet.directory.introduced import Introduced, median
from fednet.directory.search import PUBLIC, Reader, readable
from fednet.directory.suppressing import Told, parts, told
from fednet.errors import UsageError
from fednet.listing import Exchange
from fednet.listing.days import first_day, last_day
from fednet.listing.exchange import is_over, open_day
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


# --- entries ----------------------------------------------------------------------------------------------------------


class Posted(NamedTuple):
    """An entry, and when it was posted: as it says; else when the edition that it is in was signed."""

    place: Place
    circle: str
    record: Exchange
    day: date | None


Fits = Mapping[Place, Fitted]


def _posted(store: Store, reader: Reader, now: datetime) -> list[Posted]:
    """All entries that a reader may read."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        rows = index_search.of_kind(db, listing.KIND_NUMBERS["exchange"], list(sources))
        read = [(row, record) for row in rows if isinstance(record := listing.parse(row.body), Exchange)]
        unsaid = [row.record_id for row, record in read if first_day(record.posted) is None]
        signed = feeds.signed(db, unsaid) if unsaid else {}
    found = []
    for row, record in read:
        issued = signed.get(row.record_id)
        day = first_day(record.posted) or (issued.date() if issued else None)
        found.append(Posted((sources[row.feed_id].network, row.handle), sources[row.feed_id].circle, record, day))
    return found


def _fits(store: Store, reader: Reader, now: datetime, wanted: Iterable[Posted], every: Iterable[Posted]) -> Fits:
    """What fits the needs among the wanted ones."""
    needs = {one.place for one in wanted if one.record.type == "need"}
    days = {one.place: one.day for one in every if one.day}
    return exchange.ever_fitting(store, reader, now, needs, days) if needs else {}


# --- what everybody may read ------------------------------------------------------------------------------------------


def _public(store: Store, period: Period, only: str | None, now: datetime) -> Public:
    every = _posted(store, PUBLIC, now)
    mine = [one for one in every if only in (None, one.place[0])]
    inside = [one for one in mine if _is_in(one.day, period)]
    fits = _fits(store, PUBLIC, now, inside, every)
    closed = [one.record for one in mine if _is_in(first_day(one.record.closed), period)]
    over = [one for one in mine if _is_over(one.record, now) and _is_in(first_day(one.record.open_until), period)]
    cards = [card for card in twinnings.every(store, PUBLIC, now) if only is None or only in card.networks]
    twinned = [card.first.record for card in cards]
    come = Period(period.since, min(period.until, now.date()))  # what begins later has not begun
    return Public(
        all=_row(UNSAID, inside, fits),
        score=median([one.best for one in fits.values()]),
        days=median(list(_waited(inside, fits))),
        closed=dict(sorted(Counter(record.outcome or UNSAID for record in closed).items())),
        met=sum(record.type == "need" and record.outcome in MET_HERE for record in closed),
        over=len(over),
        begun=sum(_is_in(first_day(record.start), come) for record in twinned),
        ended=sum(record.state == "ended" and _is_in(last_day(record.end), period) for record in twinned),
        themes=_rows(inside, fits, lambda record: record.themes),
        regions=_rows(inside, fits, lambda record: chart.regions_in(record.countries)),
        stages=_rows(inside, fits, lambda record: [record.stage] if record.stage else []),
    )


def _is_in(day: date | None, period: Period) -> bool:
    return day is not None and period.since <= day <= period.until


def _is_over(record: Exchange, now: datetime) -> bool:
    """Whether its last day has passed, and nobody has said what came of it."""
    return record.state in (None, "open") and is_over(record, open_day(now).isoformat())


def _rows(entries: Iterable[Posted], fits: Fits, codes_of: Callable[[Exchange], Sequence[str]]) -> tuple[Row, ...]:
    """By code, what has most unmet needs first."""
    gathered: dict[str, list[Posted]] = {}
    for one in entries:
        for code in dict.fromkeys(codes_of(one.record)) or [UNSAID]:
            gathered.setdefault(code, []).append(one)
    found = [_row(code, those, fits) for code, those in gathered.items()]
    return tuple(sorted(found, key=lambda row: (row.code == UNSAID, -row.unmet, -row.needs, row.code)))


def _row(code: str, entries: Iterable[Posted], fits: Fits) -> Row:
    counted = Counter((one.record.type, is_matched(one, fits)) for one in entries)
    of = {type_: counted[type_, True] + counted[type_, False] for type_ in TYPES}
    matched = counted["need", True]
    return Row(code, of["need"], matched, of["need"] - matched, of["offer"], of["funding"])


def is_matched(entry: Posted, fits: Fits) -> bool:
    """Whether something fits it, or did before it was over; or it was met here, or somebody says that it has one."""
    met = entry.record.outcome in MET_HERE and entry.record.state != "open"
    return entry.place in fits or met or entry.record.state in ("matched", "introduced")


def _waited(entries: Iterable[Posted], fits: Fits) -> Iterator[int]:
    """Of needs with a match, the days from posting until the first offer that fits was there as well."""
    for one in entries:
        since = fits[one.place].since if one.place in fits else None
        if since is not None and one.day is not None:
            yield max(0, (since - one.day).days)


# --- what is not public -----------------------------------------------------------------------------------------------


def _restricted(store: Store, years: Iterable[int], now: datetime) -> Iterator[Restricted]:
    """Of this node's own network alone: what others let it read in confidence is not for paper."""
    with store.reading() as db:
        reader = Reader(circles=frozenset(circles.names(db)))
        own = feeds.own(db).network
    every = _posted(store, reader, now)
    kept = [one for one in every if one.place[0] == own and one.circle != circles.PUBLIC]
    fits = _fits(store, reader, now, kept, every)
    of: dict[int, Counter[str]] = {year: Counter() for year in years}
    for one in kept:
        if one.day is not None and one.day.year in of:
            matched = "matched" if is_matched(one, fits) else "unmet"
            of[one.day.year][matched if one.record.type == "need" else one.record.type] += 1
    for year, counts in of.items():
        needs = parts({sort: counts[sort] for sort in ("matched", "unmet")})
        offers, funding = (told(counts[sort]) for sort in ("offer", "funding"))
        yield Restricted(year, needs.total, needs.of["matched"], needs.of["unmet"], offers, funding)
