"""The copies that networks list of one event: which are one event, which of them is shown, what they say of when it is.

Copies are one event by their UID, or by the address at which it is joined and the time. A card is the list of them.
By addresses each copy must agree with each: nobody brings two events together by listing one with the signs of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, combinations, product
from typing import NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError
from fednet.feed.record import key_of
from fednet.formats.calendar_writer import uid_of
from fednet.formats.recurrence import moment, zone_of
from fednet.listing import Event, names
from fednet.listing.event import MAX_GIVEN_SEQUENCE, MIN_UID
from fednet.listing.text import key
from fednet.store import feeds, references
from fednet.store import search as index_search
from fednet.store.search import Listed, Source

CANCELLED = "cancelled"
"""The status of an event that does not take place."""
NEVER = datetime.min.replace(tzinfo=UTC)
_WHEN = ("all_day", "rrule", "exdates", "rdates")


class Copy(NamedTuple):
    """One network's copy of an event. `of_its_own`: the network under whose name the UID was made lists it itself."""

    listed: Listed
    event: Event
    uid: str
    of_its_own: bool


Card = list[Copy]
"""The copies of one event, the shown one first."""


def read(db: Database, record_ids: Sequence[int], sources: Mapping[int, Source]) -> list[Copy]:
    """Those of the records that are events, in the order asked for."""
    listed = index_search.listed(db, record_ids)
    return [copy for one in listed if (copy := copy_of(one, sources[one.feed_id]))]


def copy_of(listed: Listed, source: Source) -> Copy | None:
    """The event that a record lists; None for a record of another kind."""
    event = listing.parse(listed.body)
    if not isinstance(event, Event):
        return None
    made = uid_of(source.network, listed.handle, {})
    uid = event.uid or made
    return Copy(listed, event, uid, uid == made)


def card_of(db: Database, found: Copy, sources: Mapping[int, Source]) -> Card:
    """The copies of one event, the shown one first, whichever was asked for."""
    return together(db, copies_of(db, found, sources), sources)[0]


def copies_of(db: Database, found: Copy, sources: Mapping[int, Source]) -> Card:
    """All copies of one event, the given one among them."""
    cards = together(db, [found, *other_copies(db, [found], sources, True)], sources)
    return next(card for card in cards if found in card)


def other_copies(db: Database, copies: Iterable[Copy], sources: Mapping[int, Source], narrowed: bool) -> list[Copy]:
    """Copies of the same events that do not fit the question: moved out of its days, or described in other words."""
    copies = list(copies)
    known = {copy.listed.record_id for copy in copies}
    others: list[Copy] = []
    if narrowed:
        starts = {at for copy in copies for _, at in _meeting(copy.event)}
        begun = {*index_search.starting(db, starts, list(sources))}
        others = [copy for copy in read(db, sorted(begun - known), sources) if _meeting(copy.event)]
        known.update(copy.listed.record_id for copy in others)
    uids = dict.fromkeys(copy.uid for copy in (*copies, *others) if len(copy.uid) >= MIN_UID)
    found = set(index_search.bearing(db, [references.of_uid(uid) for uid in uids], list(sources)))
    others += read(db, sorted(found - known), sources)
    return others + _origins(db, [*copies, *others], sources)


def _origins(db: Database, copies: Iterable[Copy], sources: Mapping[int, Source]) -> list[Copy]:
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
            copy = copy_of(listed, sources[listed.feed_id]) if listed else None
            if copy and copy.of_its_own and copy.listed.record_id not in known:
                found.append(copy)
    return found


def together(db: Database, copies: Iterable[Copy], sources: Mapping[int, Source]) -> list[Card]:
    """The copies of each event, in the order of `sources`, the shown one first."""
    order = {feed_id: at for at, feed_id in enumerate(sources)}
    ordered = sorted(copies, key=lambda copy: order[copy.listed.feed_id])
    cards: dict[object, Card] = {}
    for copy in ordered:
        cards.setdefault(_uid_key(copy), []).append(copy)
    joined = _joined_by_address(list(cards.values()), sources)
    disputed = [copy.listed.record_id for card in joined if not _agree(card) for copy in card]
    when = feeds.signed(db, disputed) if disputed else {}
    return [_shown_first(card, when) for card in joined]


def _uid_key(copy: Copy) -> object:
    """Equal for copies under one UID; short UIDs are counters of one calendar, and mean nothing."""
    return copy.uid if len(copy.uid) >= MIN_UID else copy.listed.record_id


def _joined_by_address(cards: list[Card], sources: Mapping[int, Source]) -> list[Card]:
    """Cards of different networks that are joined at one address at one time, put together: each agrees with each.

    Where a network has several at that address and time, as sessions side by side have, nobody can tell which of them
    is which: these stay apart. They part no others, or a network could take apart what it likes. Of an event that was
    made in fednet only the network that made it says where it is.
    """
    at: dict[tuple[str, int], list[int]] = {}
    voices = [[copy for copy in card if copy.of_its_own] or card for card in cards]
    places = [{frozenset(_meeting(copy.event)) for copy in speaking} for speaking in voices]
    networks = [{sources[copy.listed.feed_id].network for copy in speaking} for speaking in voices]
    for number, card in enumerate(cards):
        for place in {place for copy in card for place in _meeting(copy.event)}:
            at.setdefault(place, []).append(number)
    group = {number: [number] for number in range(len(cards))}
    for place, numbers in at.items():
        alone = _told_at(place, numbers, cards, sources) if len(numbers) > 1 else []
        for one, other in combinations(alone, 2):
            here, there = group[one], group[other]
            if here is not there and all(
                networks[left].isdisjoint(networks[right]) and _meet(places[left], places[right])
                for left, right in product(here, there)
            ):
                here.extend(there)
                group.update(dict.fromkeys(there, here))
    groups = {id(members): sorted(members) for members in group.values()}
    return [[copy for number in members for copy in cards[number]] for members in sorted(groups.values())]


Places = frozenset[tuple[str, int]]


def _meet(here: set[Places], there: set[Places]) -> bool:
    """Whether each has an address and a time in common with each."""
    return not any(left.isdisjoint(right) for left, right in product(here, there))


def _told_at(
    place: tuple[str, int], numbers: Sequence[int], cards: Sequence[Card], sources: Mapping[int, Source]
) -> list[int]:
    """The cards with a copy at a place whose network has no other card there."""
    there = {
        number: {sources[copy.listed.feed_id].network for copy in cards[number] if place in _meeting(copy.event)}
        for number in numbers
    }
    several = {network for network, times in Counter(chain(*there.values())).items() if times > 1}
    return [number for number in numbers if not there[number] <= several]


def _meeting(event: Event) -> list[tuple[str, int]]:
    """Each address at which people join or register, with the minute at which it begins. Not its page: that may tell of
    other events as well."""
    addresses = [url for url in (event.join_url, event.registration_url) if url]
    starts = listing.terms(event).starts if addresses else None
    return [(url, starts) for url in addresses] if starts is not None else []


def _shown_first(card: Card, when: Mapping[int, datetime]) -> Card:
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
        first = max(level, key=lambda copy: when.get(copy.listed.record_id, NEVER))
    return [first, *(copy for copy in card if copy is not first)]


def _revision(copy: Copy) -> tuple[bool, int]:
    """The better, the smaller. No number is so high that an edit could not announce something newer."""
    return not copy.of_its_own, -min(copy.event.sequence, MAX_GIVEN_SEQUENCE)


def _agree(card: Card) -> bool:
    return len(card) == 1 or len({told_of(copy.event) for copy in card}) == 1


def told_of(event: Event) -> object:
    """Equal for copies that say the same of when an event takes place and whether it does, in whatever zone."""
    start, end = (_instant(event, at) for at in (event.start, event.end or event.start))
    changed = tuple((one.recurrence_id, one.start, one.end, one.zone, one.status) for one in event.overrides)
    return start, end, changed, *(getattr(event, name) for name in _WHEN), event.status == CANCELLED


def say_the_same(one: Copy, other: Copy) -> bool:
    """Whether two copies say the same of when it is, and call it alike where both have one language: else what one
    network announces could go unseen below what another one does."""
    if told_of(one.event) != told_of(other.event):
        return False
    titles, theirs = one.event.titles, other.event.titles
    both = titles.keys() & theirs.keys()
    return not both or any(_are_alike(titles[at], theirs[at]) for at in both)


def _are_alike(one: str, other: str) -> bool:
    return key(one) == key(other) or names.likeness(names.words(one), names.words(other)) > names.Likeness.UNLIKE


def _instant(event: Event, local: str) -> object:
    try:
        return moment(local) if event.all_day else moment(local).replace(tzinfo=zone_of({"zone": event.zone}))
    except FednetError:
        return local
