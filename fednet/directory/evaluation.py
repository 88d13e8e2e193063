"""The evaluation of a period: what was posted, matched, introduced and met, and what nobody met.

The proposal of 2003 asked for a pilot that is evaluated by two questions: is there a need for matching needs and
offers, and does this way of doing it meet that need? `answers` are sentences with figures, as far as there are figures.

Entries that everybody may read are counted exactly, by days: everybody could count them. What is not public, as
introductions are, is counted by whole years and told only as `fednet.directory.suppressing` allows: else two reports
whose days or networks differ a little would tell on somebody. Introductions between other networks nobody can know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import chart, exchange
from fednet.directory.exchange import Entry
from fednet.directory.search import PUBLIC, Reader, readable
from fednet.directory.suppressing import FEWEST, Told, alone, has_few, parts, told, within
from fednet.errors import UsageError
from fednet.listing import Twinning
from fednet.store import circles, feeds, introductions
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.introductions import Figure

MONTHS = 12
"""The period of a report where nobody says otherwise: as long as the pilot."""
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9990, 12, 31)
UNSAID = ""
"""The row of entries that name no theme, region or stage."""

TYPES = ("need", "offer", "funding")
ANSWERS = ("accepted", "declined", "taken-back", "unanswered")
OUTCOMES = ("met", "partly-met", "not-met", "not-told")
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


class Networked(msgspec.Struct, frozen=True):
    """Introductions with one network: asked, whoever asked whom, and accepted."""

    asked: Told
    accepted: Told


class Introduced(msgspec.Struct, frozen=True):
    """The introductions that were asked in a year, as they stand. `outcomes` are those of the accepted ones, `days` is
    the median until an answer came."""

    year: int
    asked: Told
    answers: dict[str, Told]
    outcomes: dict[str, Told]
    days: int | None
    networks: dict[str, Networked]


class Restricted(msgspec.Struct, frozen=True):
    """Own entries of a year that are not public: needs with a match, without one, in all; offers; funding."""

    year: int
    needs: Told
    matched: Told
    unmet: Told
    offers: Told
    funding: Told


class Said(msgspec.Struct, frozen=True):
    """A sentence: `SENTENCES[code]`, filled in with counts, codes (`theme`) and years."""

    code: str
    values: dict[str, Any]


class Report(msgspec.Struct, frozen=True):
    """`network` is (id, name) of the only one that counts, None for all. `is_needed` and `is_met` answer the two
    questions."""

    since: date
    until: date
    made: date
    network: tuple[str, str] | None
    public: Public
    restricted: tuple[Restricted, ...]
    introduced: tuple[Introduced, ...]
    is_needed: tuple[Said, ...]
    is_met: tuple[Said, ...]


def report(store: Store, period: Period, network: str, now: datetime) -> Report:
    """The report of a period, of what one network (id, name or initials) posted, or with `""` all.

    It says the same to whoever makes it. Raises UsageError for days in the wrong order, NotFoundError for a network
    that is not shown.
    """
    if not FIRST_DAY <= period.since <= period.until <= LAST_DAY:
        raise UsageError("from and to: days in order", hint="--from 2026-01-01 --to 2026-12-31")
    with store.reading() as db:
        only = _network(db, store, network, now)
        figures = introductions.figures(db)
        known = [one.network for one in feeds.networks(db)]
        own = Reader(circles=frozenset(circles.names(db)))
        names = {one.network: one.name for one in feeds.networks(db) if one.own}
    shown = exchange.everything(store, PUBLIC, now)
    posted = _posted(store, PUBLIC, now)
    listed = [one for one in shown if only is None or one.hit.network == only[0]]
    twinned = [one for one in _twinnings(store, now) if only is None or one[0] == only[0]]
    public = _public(store, listed, posted, [record for _, record in twinned], period, now)
    years = range(period.since.year, period.until.year + 1)
    restricted = [
        one for one in exchange.everything(store, own, now) if one.hit.network in names and one.hit.circle != "public"
    ]
    kept = _restricted(restricted, _posted(store, own, now), years) if only is None else ()
    introduced = tuple(_introduced(figures, known, years))
    return Report(
        since=period.since,
        until=period.until,
        made=now.date(),
        network=only,
        public=public,
        restricted=tuple(kept),
        introduced=introduced,
        is_needed=tuple(_is_needed(public)),
        is_met=tuple(_is_met(public, introduced, only)),
    )


def usual(today: date) -> Period:
    """The last twelve months."""
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

_Posted = Mapping[tuple[str, str], date]


def _posted(store: Store, reader: Reader, now: datetime) -> dict[tuple[str, str], date]:
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


def _public(
    store: Store, entries: Sequence[Entry], posted: _Posted, twinned: Sequence[Twinning], period: Period, now: datetime
) -> Public:
    inside = [one for one in entries if _is_in(posted.get(_at(one)), period)]
    needs = [one for one in inside if one.record.type == "need"]
    closed = [one for one in entries if _is_in(_day(one.record.closed), period)]
    over = [one for one in entries if one.state == "over" and _is_in(_day(one.record.open_until), period)]
    begun = [one for one in twinned if _is_in(_first(one.start), period)]
    ended = [one for one in twinned if one.state == "ended" and _is_in(_last(one.end), period)]
    return Public(
        all=_row(UNSAID, inside),
        score=_median([one.best for one in needs if one.best]),
        days=_median(_waited(store, needs, posted, now)),
        closed=dict(sorted(Counter(one.record.outcome or UNSAID for one in closed).items())),
        met=sum(one.record.type == "need" and one.record.outcome in MET_HERE for one in closed),
        over=len(over),
        begun=len(begun),
        ended=len(ended),
        themes=_rows(inside, chart.themes_of),
        regions=_rows(inside, chart.regions_of),
        stages=_rows(inside, lambda one: [one.record.stage] if one.record.stage else []),
    )


def _at(entry: Entry) -> tuple[str, str]:
    return entry.hit.network, entry.hit.handle


def _is_in(day: date | None, period: Period) -> bool:
    return day is not None and period.since <= day <= period.until


def _rows(entries: Iterable[Entry], codes_of: Callable[[Entry], list[str]]) -> tuple[Row, ...]:
    """By code, what has most unmet needs first."""
    gathered: dict[str, list[Entry]] = {}
    for one in entries:
        for code in codes_of(one) or [UNSAID]:
            gathered.setdefault(code, []).append(one)
    found = [_row(code, those) for code, those in gathered.items()]
    return tuple(sorted(found, key=lambda row: (row.code == UNSAID, -row.unmet, -row.needs, row.code)))


def _row(code: str, entries: Iterable[Entry]) -> Row:
    counted = Counter((one.record.type, is_matched(one)) for one in entries)
    of = {type_: counted[type_, True] + counted[type_, False] for type_ in TYPES}
    matched = counted["need", True]
    return Row(code, of["need"], matched, of["need"] - matched, of["offer"], of["funding"])


def is_matched(entry: Entry) -> bool:
    """Whether something fits it, or did: it was met here, or somebody says that it has a match."""
    return bool(entry.matches) or entry.record.outcome in MET_HERE or entry.state in ("matched", "introduced")


def _waited(store: Store, needs: Iterable[Entry], posted: _Posted, now: datetime) -> list[int]:
    """Of needs with a match, the days from posting until the first offer that fits was there as well."""
    found = []
    for need in needs:
        offered = [posted.get(_at(one)) for one in _offers(store, need, now)]
        days = [day for day in offered if day is not None]
        if days:
            found.append(max(0, (min(days) - posted[_at(need)]).days))
    return found


MAX_OFFERS = 100
"""Offers that fit one need, the best first, as far as it is looked when the first of them came."""


def _offers(store: Store, need: Entry, now: datetime) -> list[Entry]:
    if not need.matches:
        return []
    return [one.offer for one in exchange.matches(store, need.hit.handle, PUBLIC, now, limit=MAX_OFFERS)]


def _median(values: Collection[int]) -> int | None:
    return median_low(values) if values else None


def _twinnings(store: Store, now: datetime) -> list[tuple[str, Twinning]]:
    """The twinnings that everybody may read, with the network that states them; what two state once for each."""
    with store.reading() as db:
        sources = readable(db, PUBLIC, now - store.forget_after)
        rows = index_search.of_kind(db, listing.KIND_NUMBERS["twinning"], list(sources))
        read = [(sources[row.feed_id].network, listing.parse(row.body)) for row in rows]
    return [(network, record) for network, record in read if isinstance(record, Twinning)]


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


def _restricted(entries: Iterable[Entry], posted: _Posted, years: Iterable[int]) -> Iterable[Restricted]:
    of: dict[int, Counter[str]] = {year: Counter() for year in years}
    for one in entries:
        day = posted.get(_at(one))
        if day is not None and day.year in of:
            sort = one.record.type if one.record.type != "need" else "matched" if is_matched(one) else "unmet"
            of[day.year][sort] += 1
    for year, counts in of.items():
        needs = parts({sort: counts[sort] for sort in ("matched", "unmet")})
        offers, funding = (told(counts[sort]) for sort in ("offer", "funding"))
        yield Restricted(year, needs.total, needs.of["matched"], needs.of["unmet"], offers, funding)


def _introduced(figures: Iterable[Figure], known: Iterable[str], years: Collection[int]) -> Iterable[Introduced]:
    asked: dict[int, list[Figure]] = {year: [] for year in years}
    for one in figures:
        year = int(one.asked_at[:4])
        if year in asked:
            asked[year].append(one)
    networks = list(dict.fromkeys([*known, *(one.network for those in asked.values() for one in those)]))
    for year, those in asked.items():
        yield introduced(year, those, networks)


def introduced(year: int, figures: Sequence[Figure], networks: Iterable[str]) -> Introduced:
    """What may be told of the introductions that were asked in a year, with `networks`: all with which there might be
    any, lest it tells something that one is missing."""
    answers = Counter(map(answer_of, figures))
    whole = parts({name: answers[name] for name in ANSWERS})
    accepted = whole.of["accepted"]
    outcomes = Counter(map(_outcome_of, (one for one in figures if answer_of(one) == "accepted")))
    return Introduced(
        year=year,
        asked=whole.total,
        answers=whole.of,
        outcomes=alone(accepted, {name: outcomes[name] for name in OUTCOMES}),
        days=_median(_answered_after(figures)) if isinstance(accepted, int) and accepted else None,
        networks=_by_network(whole.total, accepted, figures, networks),
    )


def _by_network(
    asked: Told, accepted: Told, figures: Sequence[Figure], networks: Iterable[str]
) -> dict[str, Networked]:
    """How many were accepted is told of all networks or of none: rows and columns together tell too much."""
    counts = {network: Counter[bool]() for network in networks}
    for one in figures:
        counts[one.network][answer_of(one) == "accepted"] += 1
    rows = within(asked, {network: count[True] + count[False] for network, count in counts.items()})
    cells = (count[said] for count in counts.values() for said in (True, False))
    whole = isinstance(asked, int) and isinstance(accepted, int) and not has_few(cells)
    return {network: Networked(rows[network], count[True] if whole else "untold") for network, count in counts.items()}


def answer_of(figure: Figure) -> str:
    """One of ANSWERS: what was said last, or that it was taken back before anything was said."""
    return figure.answer or ("taken-back" if figure.state == "taken-back" else "unanswered")


def _outcome_of(figure: Figure) -> str:
    return figure.outcome if figure.outcome in OUTCOMES else "not-told"


def _answered_after(figures: Iterable[Figure]) -> list[int]:
    """Days until each answer."""
    moments = [(one.asked_at, one.answered_at) for one in figures]
    return [
        max(0, (datetime.fromisoformat(answered) - datetime.fromisoformat(asked)).days)
        for asked, answered in moments
        if answered
    ]


# --- the two questions ------------------------------------------------------------------------------------------------

NEEDED = "Is there a need for matching needs and offers?"
MET = "Does this way of doing it meet that need?"

SENTENCES = {
    "needs-few": "Needs posted: %(needs)s. That is too few to say anything.",
    "needs": "Of %(needs)s needs posted, %(matched)s had a match and %(unmet)s had none.",
    "offers": "Offers posted: %(offers)s. Sources of funding: %(funding)s.",
    "days": "Days until the first match of a need could be seen, at the median: %(days)s.",
    "theme": "Most needs without a match are about %(theme)s: %(unmet)s of %(needs)s.",
    "none-asked": "No introduction was asked in %(year)s.",
    "introduced": "Of %(asked)s introductions asked in %(year)s, %(accepted)s were accepted.",
    "introduced-partly": "Introductions asked in %(year)s: %(asked)s. Accepted: %(accepted)s.",
    "answered": "Days until an answer came, at the median: %(days)s.",
    "outcomes": "What came of those accepted in %(year)s: met %(met)s, met in part %(partly)s, not met %(not_met)s.",
    "closed": "Needs closed as met through this exchange, wholly or in part: %(met)s.",
    "closed-none": "No need was closed as met through this exchange.",
    "twinnings": "Twinnings begun: %(begun)s. Ended: %(ended)s.",
    "too-few": "That is too few to say whether this way works.",
    "unknown": "Introductions between other networks are not known here.",
}
"""What a sentence says, in English."""

_WORDS = {"few": "fewer than 5", "many": "5 or more", "untold": "not told"}


def counted(count: Told) -> str:
    """A count in English words."""
    return f"{count:,}" if isinstance(count, int) else _WORDS[count]


def sentence(said: Said) -> str:
    """A sentence in English."""
    from fednet.listing.vocabulary import THEMES

    values = {
        name: value if name == "year" else counted(value) for name, value in said.values.items() if name != "theme"
    }
    if "theme" in said.values:
        values["theme"] = THEMES.name(said.values["theme"])
    return SENTENCES[said.code] % values


def _is_needed(public: Public) -> Iterable[Said]:
    of = public.all
    if of.needs < FEWEST:
        yield Said("needs-few", {"needs": of.needs})
    else:
        yield Said("needs", {"needs": of.needs, "matched": of.matched, "unmet": of.unmet})
    yield Said("offers", {"offers": of.offers, "funding": of.funding})
    if public.days is not None:
        yield Said("days", {"days": public.days})
    worst = next((row for row in public.themes if row.code and row.unmet), None)
    if worst is not None:
        yield Said("theme", {"theme": worst.code, "unmet": worst.unmet, "needs": worst.needs})


def _is_met(public: Public, years: Iterable[Introduced], only: tuple[str, str] | None) -> Iterable[Said]:
    told_of = [said for year in years for said in _of_year(year, only)]
    yield from told_of
    yield Said("closed", {"met": public.met}) if public.met else Said("closed-none", {})
    if public.begun or public.ended:
        yield Said("twinnings", {"begun": public.begun, "ended": public.ended})
    if not any(said.code == "introduced" for said in told_of) and public.met < FEWEST:
        yield Said("too-few", {})
    yield Said("unknown", {})


def _of_year(year: Introduced, only: tuple[str, str] | None) -> Iterable[Said]:
    asked, accepted = year.asked, year.answers["accepted"]
    if only is not None:
        with_it = year.networks.get(only[0], Networked("untold", "untold"))
        asked, accepted = with_it.asked, with_it.accepted
    values = {"year": year.year, "asked": asked, "accepted": accepted}
    if asked == 0:
        yield Said("none-asked", {"year": year.year})
        return
    whole = isinstance(asked, int) and isinstance(accepted, int)
    yield Said("introduced" if whole else "introduced-partly", values)
    if only is None and year.days is not None:
        yield Said("answered", {"days": year.days})
    if only is None and any((isinstance(one, int) and one) or one == "many" for one in year.outcomes.values()):
        of = year.outcomes
        yield Said(
            "outcomes",
            {"year": year.year, "met": of["met"], "partly": of["partly-met"], "not_met": of["not-met"]},
        )
