"""The shared calendar: what takes place when, in the zone of whoever asks, whichever networks announce it.

An event that several networks list is one event: they share its UID, or the address at which it is joined and the time.
The copy that was revised most is shown (`copies`), and where another one differs, that is told. Recurring events are
expanded (`occurring`) within bounds that hold per network: one that publishes a flood drowns only itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory.copies import (
    CANCELLED,
    NEVER,
    Card,
    Copy,
    card_of,
    copies_of,
    copy_of,
    other_copies,
    read,
    say_the_same,
    together,
)
from fednet.directory.occurring import SLACK, Span, Time, in_zone, lasts, pressing, status_of, times
from fednet.directory.query import PARAMETERS as SEARCHED
from fednet.directory.query import Parameter, many, one, read_parameters
from fednet.directory.query import zone as zone_asked
from fednet.directory.search import Head, Hit, Query, Reader, among, fitting, heads_of, readable, shown
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.formats.calendar_writer import parent_uid
from fednet.formats.recurrence import moment, set_in, zone_of
from fednet.formats.sharing import fairly
from fednet.listing import vocabulary
from fednet.listing.check import day, language, term
from fednet.listing.event import MIN_UID
from fednet.store import feeds, references
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Source

DEFAULT_DAYS = 90
MAX_DAYS = 5 * 366
MAX_LETTERS = 40
"""Letters of a title that decide the order."""
MAX_ANNOUNCED = 5_000
"""Events of a file that calendar programs subscribe to."""
ROOMY = 4 << 20
"""Bytes of records below which a file surely has room for all, so that nobody need ask which take place next."""
KEPT = timedelta(days=90)
"""How long such a file keeps what is over, and what was cancelled, since the edition that said so."""

OLDEST_YEAR, NEWEST_YEAR = 1900, 2200

_DAY = timedelta(days=1)


class Agenda(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: days in `zone`, both included; filters as of `search`, any of each; words."""

    since: date | None = None
    until: date | None = None
    types: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    zone: str = "UTC"
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    client_groups: tuple[str, ...] = ()
    text: str = ""


class Difference(msgspec.Struct, frozen=True):
    """What another network's copy of an event says that is not as shown: its (first) time, in the zone asked for, and
    its title."""

    network: str
    network_name: str
    handle: str
    start: datetime
    end: datetime
    all_day: bool
    status: str
    title: str


class Occurrence(msgspec.Struct, frozen=True):
    """One time that an event takes place. `start` and `end` (exclusive) are aware, in the zone asked for.

    One that lasts whole days begins at midnight of the day that its announcement says, in whatever zone that was.
    `status` is `confirmed`, `tentative` or `cancelled`. `hit.networks` are all that announce it for this very time,
    `differs` what others say. `uid` is the one that calendars know, `parent` the handle of the event it is a part of.
    """

    start: datetime
    end: datetime
    all_day: bool
    status: str
    title: str
    hit: Hit
    uid: str = ""
    parent: str = ""
    differs: tuple[Difference, ...] = ()

    @property
    def cancelled(self) -> bool:
        return self.status == CANCELLED


class Announced(msgspec.Struct, frozen=True):
    """An event with its recurrence, as calendar programs take it. `signed`: when the edition with it was signed.

    `turn`: the smaller, the sooner it is given room among those of its network."""

    hit: Hit
    uid: str
    parent_uid: str
    signed: datetime | None
    turn: int = 0


def parse_agenda(**asked: Any) -> Agenda:
    """What people give: `since` or `from`, `until` or `to` (days), `type`, `zone`, and all filters of `search`.

    Names of terms in any language we carry will do. Raises UsageError with what was probably meant.
    """
    return Agenda(**read_parameters(asked, PARAMETERS))


def agenda(store: Store, query: Agenda, reader: Reader, now: datetime) -> list[Occurrence]:
    """All that this reader may see between the two days, by start. Without days: from today for 90 days.

    What is a part of another event comes after it when both begin together. Raises UsageError for days in the wrong
    order or too many of them, NotFoundError for a network not shown here.
    """
    span = _span(query, now)
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        cards = _cards(store, db, query, span.low, span.high, sources, now)
    heads = heads_of(sources, now)
    found = [one for card, dates in times(cards, span) for one in _occurrences(card, dates, span.zone, sources, heads)]
    return sorted({place_of(at): at for at in found}.values(), key=place_of)


def announced(store: Store, query: Agenda, reader: Reader, now: datetime) -> list[Announced]:
    """The events that a calendar program is given, one copy of each, by start: what is to come, and of the last 90 days
    what is over or was cancelled. With days, those that may take place between them.

    At most `MAX_ANNOUNCED`, shared fairly among the networks; of each, those that take place next. Raises as `agenda`.
    """
    zone = ZoneInfo(query.zone)
    low = datetime.combine(query.since, time.min, zone) - SLACK if query.since else now - KEPT
    high = datetime.combine(query.until, time.min, zone) + SLACK if query.until else None
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        cards = _cards(store, db, query, low, high, sources, now)
        if query.since is None:
            known = {card[0].listed.record_id for card in cards}
            over = _cards(store, db, query, low - KEPT, low, sources, now)
            cards += _lately_cancelled(db, [card for card in over if card[0].listed.record_id not in known], low)
        if len(cards) > MAX_ANNOUNCED or sum(map(_size, cards)) > ROOMY:
            cards = pressing(cards, now if query.since is None else low)
        if len(cards) > MAX_ANNOUNCED:
            cards = fairly(cards, lambda card: sources[card[0].listed.feed_id].network, lambda _: 1, MAX_ANNOUNCED)
        turns = {card[0].listed.record_id: turn for turn, card in enumerate(cards)}
        cards = sorted(cards, key=_by_start)
        when = feeds.signed(db, [card[0].listed.record_id for card in cards])
        uids = _uids_of_parents(db, cards, sources)
    heads = heads_of(sources, now)
    found = ((_announced(card, when, uids, sources, heads), turns[card[0].listed.record_id]) for card in cards)
    return [msgspec.structs.replace(one, turn=turn) for one, turn in found]


def announced_event(store: Store, handle: str, reader: Reader, now: datetime) -> Announced:
    """One event as calendar programs take it; NotFoundError, as of `search.record`."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        listed = index_search.by_key(db, key_of(handle), sources)
        found = copy_of(listed, sources[listed.feed_id]) if listed else None
        if found is None:
            raise NotFoundError("no such event is listed here")
        card = card_of(db, found, sources)
        when = feeds.signed(db, [card[0].listed.record_id])
        uids = _uids_of_parents(db, [card], sources)
    return _announced(card, when, uids, sources, heads_of(sources, now))


class Surroundings(msgspec.Struct, frozen=True):
    """What surrounds one event: what other networks say of it that differs, and its sessions, by start."""

    differs: tuple[Difference, ...]
    sessions: tuple[Hit, ...]


def surroundings(store: Store, hit: Hit, zone: str, reader: Reader, now: datetime) -> Surroundings:
    """What the page of an event says besides the record that it shows."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        listed = index_search.by_key(db, key_of(hit.handle), sources)
        found = copy_of(listed, sources[listed.feed_id]) if listed else None
        if found is None:
            return Surroundings((), ())
        copies = copies_of(db, found, sources)
        parts = _parts(db, copies, sources)
    heads = heads_of(sources, now)
    others = [copy for copy in copies if copy.listed.record_id != found.listed.record_id]
    differs = _differences(found, others, ZoneInfo(zone), sources)
    return Surroundings(differs, tuple(_hit(card, sources, heads) for card in sorted(parts, key=_by_start)))


# --- the events of a question, one card for each ----------------------------------------------------------------------


def _span(query: Agenda, now: datetime) -> Span:
    zone = ZoneInfo(query.zone)
    first = query.since or now.astimezone(zone).date()
    last = query.until or first + timedelta(days=DEFAULT_DAYS)
    if last < first:
        raise UsageError(f"the last day, {last}, lies before the first, {first}", hint="say from when and to when")
    if (last - first).days > MAX_DAYS:
        raise UsageError(f"{first} to {last} is more than {MAX_DAYS} days", hint="ask for less at once")
    return Span(zone, first, last)


def _cards(
    store: Store,
    db: Database,
    query: Agenda,
    low: datetime,
    high: datetime | None,
    sources: Mapping[int, Source],
    now: datetime,
) -> list[Card]:
    """The events that may take place between two moments and have a copy that fits, with all copies of each."""
    asked = among(sources, query.networks)
    minutes = _minute(low), _minute(high) if high else _FOR_EVER
    taking_place = index_search.events(db, *minutes, asked)
    narrowed = len(asked) < len(sources) or bool(query.types)
    if (wanted := _searched(query)) != _EVERYTHING:
        found = set(fitting(store, db, wanted, sources, now))
        taking_place, narrowed = [record_id for record_id in taking_place if record_id in found], True
    copies = read(db, taking_place, sources)
    if query.types:
        copies = [copy for copy in copies if copy.event.type in query.types]
    fits = {copy.listed.record_id for copy in copies}
    copies += other_copies(db, copies, sources, narrowed)
    cards = together(db, copies, sources)
    return [card for card in cards if any(copy.listed.record_id in fits for copy in card)]


_FOR_EVER = 2**52


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


_EVERYTHING = Query(kinds=("event",))


def _searched(query: Agenda) -> Query:
    """What the search is asked, so that both find the same: words and filters, networks and days left out."""
    return msgspec.structs.replace(
        _EVERYTHING,
        text=query.text,
        countries=query.countries,
        regions=query.regions,
        services=query.services,
        client_groups=query.client_groups,
        languages=query.languages,
    )


# --- answers ----------------------------------------------------------------------------------------------------------


def _differences(
    copy: Copy, others: Iterable[Copy], zone: ZoneInfo, sources: Mapping[int, Source]
) -> tuple[Difference, ...]:
    """What the other copies say that is not as this one says."""
    return tuple(
        _difference(other, zone, sources[other.listed.feed_id]) for other in others if not say_the_same(copy, other)
    )


def _difference(copy: Copy, zone: ZoneInfo, source: Source) -> Difference:
    event = copy.event
    try:
        own = zone_of({"zone": event.zone})
        start, end = set_in(own, moment(event.start), lasts(event))
        start, end = in_zone(event, start, end, zone)
    except (FednetError, OverflowError):
        start = end = datetime(OLDEST_YEAR, 1, 1, tzinfo=zone)
    return Difference(
        source.network, source.name, copy.listed.handle, start, end, event.all_day, status_of(event, None),
        listing.terms(event).title,
    )  # fmt: skip


Place = tuple[int, bool, bool, str, str, int, str]


def place_of(at: Occurrence) -> Place:
    """Where an occurrence stands in the calendar: no two of one answer have the same place.

    Its start (seconds since 1970), whether it has a time of day, whether it is a part, its title; then a digest of its
    UID (where that is but a counter, of its record), its end and its status.
    """
    known_by = at.uid if len(at.uid) >= MIN_UID else f"{at.hit.network} {at.hit.handle}"
    uid = sha256(known_by.encode()).hexdigest()[:16]
    start, end = int(at.start.timestamp()), int(at.end.timestamp())
    return start, not at.all_day, bool(at.parent), at.title[:MAX_LETTERS], uid, end, at.status


def _occurrences(
    card: Card, dates: Sequence[Time], zone: ZoneInfo, sources: Mapping[int, Source], heads: Mapping[int, Head]
) -> list[Occurrence]:
    copy = card[0]
    if not dates:
        return []
    hit, differs = _hit(card, sources, heads), _differences(copy, card[1:], zone, sources)
    days, parent = copy.event.all_day, copy.event.parent or ""
    return [
        Occurrence(at.start, at.end, days, at.status, at.title, hit, copy.uid, parent, differs) for at in dates
    ]  # fmt: skip


def _hit(card: Card, sources: Mapping[int, Source], heads: Mapping[int, Head]) -> Hit:
    """The shown copy, with the names of all networks that say the same."""
    first = card[0]
    same = [copy for copy in card if copy is first or say_the_same(first, copy)]
    feed_id = first.listed.feed_id
    networks = {sources[at.listed.feed_id].network: sources[at.listed.feed_id].name for at in same}
    return shown(first.listed, sources[feed_id], heads[feed_id], networks)


def _announced(
    card: Card,
    when: Mapping[int, datetime],
    uids: Mapping[str, str],
    sources: Mapping[int, Source],
    heads: Mapping[int, Head],
) -> Announced:
    hit = _hit(card, sources, heads)
    return Announced(
        hit, card[0].uid, parent_uid(hit.network, hit.fields, uids), when.get(card[0].listed.record_id)
    )  # fmt: skip


def _uids_of_parents(db: Database, cards: Iterable[Card], sources: Mapping[int, Source]) -> dict[str, str]:
    """The UIDs of the events that these are parts of, by handle."""
    found = {}
    for handle in {card[0].event.parent for card in cards if card[0].event.parent}:
        listed = index_search.by_key(db, key_of(handle), sources)
        copy = copy_of(listed, sources[listed.feed_id]) if listed else None
        if copy:
            found[handle] = copy.uid
    return found


def _size(card: Card) -> int:
    """About as many bytes as an event takes in a file: changed occurrences repeat its texts."""
    return len(card[0].listed.body) * (1 + len(card[0].event.overrides))


def _lately_cancelled(db: Database, over: Iterable[Card], since: datetime) -> list[Card]:
    """Events that are over, but were cancelled by an edition signed after `since`: some programs ask seldom."""
    off = [card for card in over if card[0].event.status == CANCELLED]
    when = feeds.signed(db, [card[0].listed.record_id for card in off])
    return [card for card in off if when.get(card[0].listed.record_id, NEVER) >= since]


def _parts(db: Database, copies: Card, sources: Mapping[int, Source]) -> list[Card]:
    """The events that say that they are a part of one, by its handle or its UID; of networks that list it only, for
    anybody could say so."""
    names = {name for copy in copies for name in (copy.listed.handle, copy.uid)}
    networks = {sources[copy.listed.feed_id].network for copy in copies}
    found = read(db, index_search.bearing(db, [references.of_parent(name) for name in names], list(sources)), sources)
    listed = [part for part in found if sources[part.listed.feed_id].network in networks]
    return together(db, [part for part in listed if part.event.parent in names], sources)


def _by_start(card: Card) -> tuple[str, str]:
    return card[0].event.start, card[0].uid


# --- what people type -------------------------------------------------------------------------------------------------


def _date(given: Any, name: str) -> date | None:
    if isinstance(given, date):
        return given
    found = in_calendar(day(one(given, name), name), name)
    return date.fromisoformat(found) if found else None


def in_calendar(found: str, name: str) -> str:
    """A day or time as it was read; UsageError for one in a year so far away that it must be a slip."""
    if found and not OLDEST_YEAR <= int(found[:4]) <= NEWEST_YEAR:
        raise UsageError(f"{name}: {found} is not between the years {OLDEST_YEAR} and {NEWEST_YEAR}")
    return found


PARAMETERS: dict[str, Parameter] = {
    "since": ("since", _date),
    "from": ("since", _date),
    "until": ("until", _date),
    "to": ("until", _date),
    "type": ("types", many(term(vocabulary.EVENT_TYPES))),
    "network": ("networks", many(one)),
    "zone": ("zone", zone_asked),
    "language": ("languages", many(language)),
    **{name: SEARCHED[name] for name in ("country", "region", "service", "client_group")},
    "text": ("text", one),
}
