"""The shared calendar: what takes place when, in the zone of whoever asks, whichever networks announce it.

An event that several networks list is one event: they share its UID, or the address at which it is joined and the time.
The copy that was revised most is shown (`_shown_first`), and where another one differs, that is told. Recurring events
are expanded here, within bounds that hold per network: one that publishes a flood drowns only itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import thread_time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory.query import PARAMETERS as SEARCHED
from fednet.directory.query import Parameter, many, one, read_parameters
from fednet.directory.query import zone as zone_asked
from fednet.directory.search import Head, Hit, Query, Reader, among, fitting, heads_of, readable, shown
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.formats.calendar_writer import parent_uid, uid_of
from fednet.formats.recurrence import moment, occurrences, zone_of
from fednet.listing import Event, Override, vocabulary
from fednet.listing.check import day, language, term
from fednet.listing.event import MIN_UID
from fednet.store import feeds, references
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Listed, Source

DEFAULT_DAYS = 90
MAX_DAYS = 5 * 366
MAX_PER_EVENT = 1_000
MAX_PER_FEED = 5_000
"""Occurrences shown of one event, and of one feed."""
MAX_RULES = 1_000
MAX_SECONDS = 1.0
"""Recurrences expanded of one feed, and processor time for it; of its other events only the first date is shown."""
MAX_ANNOUNCED = 5_000
"""Events of a file that calendar programs subscribe to."""
KEPT = timedelta(days=90)
"""How long such a file keeps what is over, and what was cancelled, since the edition that said so."""

OLDEST_YEAR, NEWEST_YEAR = 1900, 2200

CANCELLED = "cancelled"
_DAY = timedelta(days=1)
_SLACK = timedelta(days=2)
"""A day is a day everywhere: no zone is further than this from where an event was announced."""
_RECURRENCE = frozenset({"rrule", "rdates", "exdates", "overrides"})
_WHEN = ("all_day", "rrule", "exdates", "rdates")
_EVENT = listing.KIND_NUMBERS["event"]


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
    """What another network's copy of an event says that is not as shown: its (first) time, in the zone asked for."""

    network: str
    network_name: str
    handle: str
    start: datetime
    end: datetime
    all_day: bool
    status: str


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
    """An event with its recurrence, as calendar programs take it. `signed`: when the edition with it was signed."""

    hit: Hit
    uid: str
    parent_uid: str
    signed: datetime | None


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
    found = [one for card, dates in _times(cards, span) for one in _occurrences(card, dates, span.zone, sources, heads)]
    return sorted(found, key=_in_order)


def announced(store: Store, query: Agenda, reader: Reader, now: datetime) -> list[Announced]:
    """The events that a calendar program is given, one copy of each, by start: what is to come, and of the last 90 days
    what is over or was cancelled. With days, those that may take place between them.

    At most `MAX_ANNOUNCED`, those that begin first. Raises as `agenda`.
    """
    zone = ZoneInfo(query.zone)
    low = datetime.combine(query.since, time.min, zone) - _SLACK if query.since else now - KEPT
    high = datetime.combine(query.until, time.min, zone) + _SLACK if query.until else None
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        cards = _cards(store, db, query, low, high, sources, now)
        if query.since is None:
            known = {card[0].listed.record_id for card in cards}
            over = _cards(store, db, query, low - KEPT, low, sources, now)
            cards += _lately_cancelled(db, [card for card in over if card[0].listed.record_id not in known], low)
        cards = sorted(cards, key=lambda card: (card[0].event.start, card[0].uid))[:MAX_ANNOUNCED]
        when = feeds.signed(db, [card[0].listed.record_id for card in cards])
        uids = _uids_of_parents(db, cards, sources)
    heads = heads_of(sources, now)
    return [_announced(card, when, uids, sources, heads) for card in cards]


def announced_event(store: Store, handle: str, reader: Reader, now: datetime) -> Announced:
    """One event as calendar programs take it; NotFoundError, as of `search.record`."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        listed = index_search.by_key(db, key_of(handle), sources)
        found = _copy(listed, sources[listed.feed_id]) if listed else None
        if found is None:
            raise NotFoundError("no such event is listed here")
        card = _card(db, found, sources)
        when = feeds.signed(db, [card[0].listed.record_id])
        uids = _uids_of_parents(db, [card], sources)
    return _announced(card, when, uids, sources, heads_of(sources, now))


class Standing(msgspec.Struct, frozen=True):
    """What surrounds one event: what other networks say of it that differs, and its sessions, by start."""

    differs: tuple[Difference, ...]
    sessions: tuple[Hit, ...]


def standing(store: Store, hit: Hit, zone: str, reader: Reader, now: datetime) -> Standing:
    """What the page of an event says besides the record that it shows."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        listed = index_search.by_key(db, key_of(hit.handle), sources)
        found = _copy(listed, sources[listed.feed_id]) if listed else None
        if found is None:
            return Standing((), ())
        copies = _copies_of(db, found, sources)
        parts = _parts(db, copies, sources)
    heads = heads_of(sources, now)
    others = [copy for copy in copies if copy.listed.record_id != found.listed.record_id]
    differs = _differences(found, others, ZoneInfo(zone), sources)
    return Standing(differs, tuple(_hit(card, sources, heads) for card in sorted(parts, key=_by_start)))


# --- the events of a question, one card for each ----------------------------------------------------------------------


class _Span(msgspec.Struct, frozen=True):
    zone: ZoneInfo
    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + _DAY, time.min, self.zone)

    @property
    def low(self) -> datetime:
        return self.since - _SLACK

    @property
    def high(self) -> datetime:
        return self.until + _SLACK


class _Copy(NamedTuple):
    """One network's copy of an event. `of_its_own`: the network under whose name the UID was made lists it itself."""

    listed: Listed
    event: Event
    uid: str
    of_its_own: bool


_Card = list[_Copy]
"""The copies of one event, the shown one first."""


def _span(query: Agenda, now: datetime) -> _Span:
    zone = ZoneInfo(query.zone)
    first = query.since or now.astimezone(zone).date()
    last = query.until or first + timedelta(days=DEFAULT_DAYS)
    if last < first:
        raise UsageError(f"the last day, {last}, lies before the first, {first}", hint="say from when and to when")
    if (last - first).days > MAX_DAYS:
        raise UsageError(f"{first} to {last} is more than {MAX_DAYS} days", hint="ask for less at once")
    return _Span(zone, first, last)


def _cards(
    store: Store,
    db: Database,
    query: Agenda,
    low: datetime,
    high: datetime | None,
    sources: Mapping[int, Source],
    now: datetime,
) -> list[_Card]:
    """The events that may take place between two moments and have a copy that fits, with all copies of each."""
    asked = among(sources, query.networks)
    minutes = _minute(low), _minute(high) if high else _FOR_EVER
    taking_place = index_search.events(db, *minutes, asked)
    narrowed = len(asked) < len(sources) or bool(query.types)
    if (wanted := _searched(query)) != _EVERYTHING:
        found = set(fitting(store, db, wanted, sources, now))
        taking_place, narrowed = [record_id for record_id in taking_place if record_id in found], True
    copies = _read(db, taking_place, sources)
    if query.types:
        copies = [copy for copy in copies if copy.event.type in query.types]
    fits = {copy.listed.record_id for copy in copies}
    copies += _other_copies(db, copies, sources, narrowed)
    cards = _together(db, copies, sources)
    return [card for card in cards if any(copy.listed.record_id in fits for copy in card)]


_FOR_EVER = 2**52
_NEVER = datetime.min.replace(tzinfo=UTC)


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


def _read(db: Database, record_ids: Sequence[int], sources: Mapping[int, Source]) -> list[_Copy]:
    listed = index_search.listed(db, record_ids)
    return [copy for one in listed if (copy := _copy(one, sources[one.feed_id]))]


def _copy(listed: Listed, source: Source) -> _Copy | None:
    event = listing.parse(listed.body)
    if not isinstance(event, Event):
        return None
    made = uid_of(source.network, listed.handle, {})
    uid = event.uid or made
    return _Copy(listed, event, uid, uid == made)


def _other_copies(db: Database, copies: Iterable[_Copy], sources: Mapping[int, Source], narrowed: bool) -> list[_Copy]:
    """Copies of the same events that do not fit the question: moved out of its days, or described in other words."""
    copies = list(copies)
    known = {copy.listed.record_id for copy in copies}
    uids = dict.fromkeys(copy.uid for copy in copies if len(copy.uid) >= MIN_UID)
    found = set(index_search.bearing(db, [references.of_uid(uid) for uid in uids], list(sources)))
    if narrowed:
        starts = {at for copy in copies for _, at in _meeting(copy.event)}
        found.update(index_search.starting(db, starts, list(sources)))
    others = _read(db, sorted(found - known), sources)
    return others + _origins(db, [*copies, *others], sources)


def _origins(db: Database, copies: Iterable[_Copy], sources: Mapping[int, Source]) -> list[_Copy]:
    """The records that UIDs were made from, where they are not among the copies: they need not say their UID."""
    copies = list(copies)
    known = {copy.listed.record_id for copy in copies}
    by_network: dict[str, list[int]] = {}
    for feed_id, source in sources.items():
        by_network.setdefault(source.network, []).append(feed_id)
    found = []
    for uid in dict.fromkeys(copy.uid for copy in copies if not copy.of_its_own):
        handle, _, network = uid.removesuffix(".fednet").partition("@")
        if uid.endswith(".fednet") and network in by_network:
            listed = index_search.by_key(db, key_of(handle), by_network[network])
            copy = _copy(listed, sources[listed.feed_id]) if listed else None
            if copy and copy.of_its_own and copy.listed.record_id not in known:
                found.append(copy)
    return found


# --- one card of each event -------------------------------------------------------------------------------------------


def _together(db: Database, copies: Iterable[_Copy], sources: Mapping[int, Source]) -> list[_Card]:
    """The copies of each event, in the order of `sources`, the shown one first."""
    order = {feed_id: at for at, feed_id in enumerate(sources)}
    ordered = sorted(copies, key=lambda copy: order[copy.listed.feed_id])
    cards: dict[object, _Card] = {}
    for copy in ordered:
        cards.setdefault(_uid_key(copy), []).append(copy)
    joined = _joined_by_address(list(cards.values()), sources)
    disputed = [copy.listed.record_id for card in joined if not _agree(card) for copy in card]
    when = feeds.signed(db, disputed) if disputed else {}
    return [_shown_first(card, when) for card in joined]


def _uid_key(copy: _Copy) -> object:
    """Equal for copies under one UID; short UIDs are counters of one calendar, and mean nothing."""
    return copy.uid if len(copy.uid) >= MIN_UID else copy.listed.record_id


def _joined_by_address(cards: list[_Card], sources: Mapping[int, Source]) -> list[_Card]:
    """Cards of different networks that are joined at one address at one time, put together.

    Where a network has several at that address and time, as sessions side by side have, nobody can tell which is which.
    """
    at: dict[object, list[int]] = {}
    for number, card in enumerate(cards):
        for place in {place for copy in card for place in _meeting(copy.event)}:
            at.setdefault(place, []).append(number)
    above = list(range(len(cards)))
    for numbers in at.values():
        listed = [sources[copy.listed.feed_id].network for number in numbers for copy in cards[number]]
        if len(numbers) > 1 and len(set(listed)) == len(listed):
            for number in numbers[1:]:
                one, other = sorted((_root(above, numbers[0]), _root(above, number)))
                above[other] = one
    found: dict[int, _Card] = {}
    for number, card in enumerate(cards):
        found.setdefault(_root(above, number), []).extend(card)
    return list(found.values())


def _root(above: list[int], number: int) -> int:
    """The first of a set, in a forest of sets; the way to it becomes shorter (path halving)."""
    while above[number] != number:
        above[number] = above[above[number]]
        number = above[number]
    return number


def _meeting(event: Event) -> list[tuple[str, int]]:
    """Each address at which people join or register, with the minute at which it begins."""
    addresses = [url for url in (event.join_url, event.registration_url) if url]
    starts = listing.terms(event).starts if addresses else None
    return [(url, starts) for url in addresses] if starts is not None else []


def _shown_first(card: _Card, when: Mapping[int, datetime]) -> _Card:
    """The copy that is shown comes first: that of the network under whose name the UID was made, else the one with the
    highest SEQUENCE (RFC 5545, 3.8.7.4); of equal ones that disagree the one signed last, else the first.

    Revisions of one UID say nothing of another: of copies that only share an address the first one's UID counts.
    """
    if len(card) == 1:
        return card
    same = [copy for copy in card if _uid_key(copy) == _uid_key(card[0])]
    best = min(_revision(copy) for copy in same)
    level = [copy for copy in same if _revision(copy) == best]
    first = level[0]
    if not _agree(level):
        first = max(level, key=lambda copy: when.get(copy.listed.record_id, _NEVER))
    return [first, *(copy for copy in card if copy is not first)]


def _revision(copy: _Copy) -> tuple[bool, int]:
    """The better, the smaller."""
    return not copy.of_its_own, -copy.event.sequence


def _agree(card: _Card) -> bool:
    return len(card) == 1 or len({_told_of(copy.event) for copy in card}) == 1


def _told_of(event: Event) -> object:
    """Equal for copies that say the same of when an event takes place and whether it does, in whatever zone."""
    start, end = (_instant(event, at) for at in (event.start, event.end or event.start))
    changed = tuple((one.recurrence_id, one.start, one.end, one.zone, one.status) for one in event.overrides)
    return start, end, changed, *(getattr(event, name) for name in _WHEN), event.status == CANCELLED


def _instant(event: Event, local: str) -> object:
    try:
        return moment(local) if event.all_day else moment(local).replace(tzinfo=zone_of({"zone": event.zone}))
    except FednetError:
        return local


def _differences(
    copy: _Copy, others: Iterable[_Copy], zone: ZoneInfo, sources: Mapping[int, Source]
) -> tuple[Difference, ...]:
    """What the other copies say that is not as this one says."""
    return tuple(
        _difference(other, zone, sources[other.listed.feed_id])
        for other in others
        if _told_of(other.event) != _told_of(copy.event)
    )


def _difference(copy: _Copy, zone: ZoneInfo, source: Source) -> Difference:
    event = copy.event
    try:
        own = zone_of({"zone": event.zone})
        start = moment(event.start).replace(tzinfo=own)
        end = start + _lasts(event)
        start, end = (_day(start, zone), _day(end, zone)) if event.all_day else _moved(start, end, zone)
    except (FednetError, OverflowError):
        start = end = datetime(OLDEST_YEAR, 1, 1, tzinfo=zone)
    return Difference(
        source.network, source.name, copy.listed.handle, start, end, event.all_day, _status(event, None)
    )  # fmt: skip


def _card(db: Database, found: _Copy, sources: Mapping[int, Source]) -> _Card:
    return _together(db, _copies_of(db, found, sources), sources)[0]


def _copies_of(db: Database, found: _Copy, sources: Mapping[int, Source]) -> _Card:
    """All copies of one event, the given one among them."""
    cards = _together(db, [found, *_other_copies(db, [found], sources, True)], sources)
    return next(card for card in cards if found in card)


# --- when an event takes place ----------------------------------------------------------------------------------------


class _Time(NamedTuple):
    """One occurrence of an event, in the zone asked for."""

    start: datetime
    end: datetime
    status: str
    title: str


def _times(cards: Iterable[_Card], span: _Span) -> Iterator[tuple[_Card, list[_Time]]]:
    """All times of each event, within the bounds of each feed."""
    taken: Counter[int] = Counter()
    rules: Counter[int] = Counter()
    spent: dict[int, float] = {}
    for card in cards:
        listed, event, *_ = card[0]
        feed_id, began = listed.feed_id, thread_time()
        if taken[feed_id] >= MAX_PER_FEED:
            continue
        rules[feed_id] += event.rrule is not None
        once = rules[feed_id] > MAX_RULES or spent.get(feed_id, 0.0) >= MAX_SECONDS
        dates = _dates(listed, event, span, once)
        del dates[MAX_PER_FEED - taken[feed_id] :]
        spent[feed_id] = spent.get(feed_id, 0.0) + thread_time() - began
        taken[feed_id] += len(dates)
        yield card, dates


def _dates(listed: Listed, event: Event, span: _Span, once: bool) -> list[_Time]:
    """When one event takes place: of a recurrence that cannot be followed its first date, of no real time nothing."""
    fields: dict[str, Any] = msgspec.json.decode(listed.body)
    first_only = {name: value for name, value in fields.items() if name not in _RECURRENCE}
    for told in [first_only] if once else [fields, first_only]:
        try:
            return list(_told(event, told, span))
        except (FednetError, OverflowError):  # the latter: beyond the years 1 to 9999
            continue
    return []


def _told(event: Event, fields: dict[str, Any], span: _Span) -> Iterator[_Time]:
    low, high = (span.low, span.high) if event.all_day else (span.since, span.until)
    changed = dict(_changed(event, fields))
    times = [(start, end, changed.get(start)) for start, end in occurrences(fields, low, high, MAX_PER_EVENT)]
    # `occurrences` leaves out what is called off; a calendar shows it, or people would come.
    times += [(start, start + _lasts(event), one) for start, one in changed.items() if one.status == CANCELLED]
    for start, end, override in times:
        start, end = (_day(start, span.zone), _day(end, span.zone)) if event.all_day else _moved(start, end, span.zone)
        if start < span.until and (end > span.since or start >= span.since):
            yield _Time(start, end, _status(event, override), _title(event, override))


def _lasts(event: Event) -> timedelta:
    return max(moment(event.end or event.start) - moment(event.start), _DAY if event.all_day else timedelta())


def _changed(event: Event, fields: dict[str, Any]) -> Iterator[tuple[datetime, Override]]:
    """The occurrences that differ, by when they start now."""
    for override in event.overrides if "overrides" in fields else ():
        if override.recurrence_id not in event.exdates:
            zone = zone_of({"zone": override.zone or event.zone})
            yield moment(override.start or override.recurrence_id).replace(tzinfo=zone), override


def _day(at: datetime, zone: ZoneInfo) -> datetime:
    """Midnight of a day that is the same day everywhere."""
    return datetime.combine(at.date(), time.min, zone)


def _moved(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return start.astimezone(zone), end.astimezone(zone)


def _status(event: Event, override: Override | None) -> str:
    own = override.status if override else None
    if CANCELLED in (event.status, own):
        return CANCELLED
    status = own or event.status
    return status if status in vocabulary.EVENT_STATUSES.codes else "confirmed"


def _title(event: Event, override: Override | None) -> str:
    return listing.display((override and override.titles) or event.titles, event.original)


def _in_order(at: Occurrence) -> tuple[datetime, bool, bool, str]:
    return at.start, not at.all_day, bool(at.parent), at.title


# --- answers ----------------------------------------------------------------------------------------------------------


def _occurrences(
    card: _Card, dates: Sequence[_Time], zone: ZoneInfo, sources: Mapping[int, Source], heads: Mapping[int, Head]
) -> list[Occurrence]:
    copy = card[0]
    if not dates:
        return []
    hit, differs = _hit(card, sources, heads), _differences(copy, card[1:], zone, sources)
    days, parent = copy.event.all_day, copy.event.parent or ""
    return [
        Occurrence(at.start, at.end, days, at.status, at.title, hit, copy.uid, parent, differs) for at in dates
    ]  # fmt: skip


def _hit(card: _Card, sources: Mapping[int, Source], heads: Mapping[int, Head]) -> Hit:
    """The shown copy, with the names of all networks that say the same."""
    first = card[0]
    same = [copy for copy in card if copy is first or _told_of(copy.event) == _told_of(first.event)]
    feed_id = first.listed.feed_id
    networks = {sources[at.listed.feed_id].network: sources[at.listed.feed_id].name for at in same}
    return shown(first.listed, sources[feed_id], heads[feed_id], networks)


def _announced(
    card: _Card,
    when: Mapping[int, datetime],
    uids: Mapping[str, str],
    sources: Mapping[int, Source],
    heads: Mapping[int, Head],
) -> Announced:
    hit = _hit(card, sources, heads)
    return Announced(
        hit, card[0].uid, parent_uid(hit.network, hit.fields, uids), when.get(card[0].listed.record_id)
    )  # fmt: skip


def _uids_of_parents(db: Database, cards: Iterable[_Card], sources: Mapping[int, Source]) -> dict[str, str]:
    """The UIDs of the events that these are parts of, by handle."""
    found = {}
    for handle in {card[0].event.parent for card in cards if card[0].event.parent}:
        listed = index_search.by_key(db, key_of(handle), sources)
        copy = _copy(listed, sources[listed.feed_id]) if listed else None
        if copy:
            found[handle] = copy.uid
    return found


def _lately_cancelled(db: Database, over: Iterable[_Card], since: datetime) -> list[_Card]:
    """Events that are over, but were cancelled by an edition signed after `since`: some programs ask seldom."""
    off = [card for card in over if card[0].event.status == CANCELLED]
    when = feeds.signed(db, [card[0].listed.record_id for card in off])
    return [card for card in off if when.get(card[0].listed.record_id, _NEVER) >= since]


def _parts(db: Database, copies: _Card, sources: Mapping[int, Source]) -> list[_Card]:
    """The events that say that they are a part of one, by its handle or its UID; of networks that list it only, for
    anybody could say so."""
    names = {name for copy in copies for name in (copy.listed.handle, copy.uid)}
    networks = {sources[copy.listed.feed_id].network for copy in copies}
    found = _read(db, index_search.bearing(db, [references.of_parent(name) for name in names], list(sources)), sources)
    listed = [part for part in found if sources[part.listed.feed_id].network in networks]
    return _together(db, [part for part in listed if part.event.parent in names], sources)


def _by_start(card: _Card) -> tuple[str, str]:
    return card[0].event.start, card[0].uid


# --- what people type -------------------------------------------------------------------------------------------------


def _date(given: Any, name: str) -> date | None:
    if isinstance(given, date):
        return given
    found = day(one(given, name), name)
    if found and not OLDEST_YEAR <= int(found[:4]) <= NEWEST_YEAR:
        raise UsageError(f"{name}: {found} is not between the years {OLDEST_YEAR} and {NEWEST_YEAR}")
    return date.fromisoformat(found) if found else None


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
