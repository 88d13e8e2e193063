"""Which statements are one organisation, or one event, for a reader: what the reader may not read counts nothing.

Joins follow from pairs (`store/matching.py`) and from opinions, in this order: what this node's own network says, what
others say is different, what others say is the same, what the evidence joins by itself, the strongest first. A join
that would put two on one card which are said to be different is left out; so is one by evidence alone that would put
two records of one network on one card: a network lists a thing once, and what it lists twice is two things to it. The
word of others does so for their own records only.

Nobody can put two on one card by listing something that bears the signs of both: evidence joins two cards only when
something speaks for it between each on the one and each on the other (`speaks_for`). What people said to be one thing
counts as one there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count, product
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.directory.query import Scope
from fednet.directory.search import head
from fednet.listing.likeness import Level, Reason, level, speaks_for, strength
from fednet.store import matching
from fednet.store.search import Source

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray


class Why(msgspec.Struct, frozen=True):
    """Why two statements are on one card or not: reasons that the reader may know, and who has said what."""

    reasons: Reason
    level: Level
    same: tuple[str, ...] = ()
    different: tuple[str, ...] = ()


class Joins:
    """Equivalence of record ids, as one reader sees it. Unchanging; share it among threads."""

    def __init__(self, cards: Mapping[int, tuple[int, ...]], known: Mapping[tuple[int, int], Why]) -> None:
        """`cards`: for each record that is not alone, all of its card, ascending."""
        self._cards = cards
        self._known = known
        self._arrays: tuple[Any, Any] | None = None
        self.number = next(_NUMBERS)
        """Another one for each that this process has made."""

    def joined(self) -> tuple[NDArray[int64], NDArray[int64]]:
        """The records that are not alone, ascending, and of each the smallest one of its card."""
        import numpy as np

        if self._arrays is None:
            members = np.fromiter(sorted(self._cards), np.int64, len(self._cards))
            first = np.fromiter((self._cards[member][0] for member in members.tolist()), np.int64, len(members))
            self._arrays = members, first
        found: tuple[NDArray[int64], NDArray[int64]] = self._arrays
        return found

    @property
    def count(self) -> int:
        """How many cards have more than one record."""
        return sum(card[0] == member for member, card in self._cards.items())

    def members(self, record_id: int) -> tuple[int, ...]:
        """The records of a card, ascending; the record alone when nothing is joined with it."""
        return self._cards.get(record_id, (record_id,))

    def why(self, one: int, other: int) -> Why:
        """What is known between two records of a card; of two that people's words brought together, perhaps nothing."""
        return self._known.get((min(one, other), max(one, other)), _NOTHING)


_NUMBERS = count(1)
_NOTHING = Why(Reason(0), Level.APART)


def joins(db: Database, sources: Mapping[int, Source], scope: Scope = "followed", now: datetime | None = None) -> Joins:
    """The joins that a reader of these feeds sees, with the opinions of `scope`.

    `followed`: the own network and every other one in good standing, that is not frozen and (when `now` is given) not
    expired. Cost: some 3 us for each pair that joins.
    """
    rows = [row for row in matching.joining(db) if row[2] in sources and row[3] in sources]
    rows += [row for row in matching.between(db, _reached(rows)) if row[2] in sources and row[3] in sources]
    return Joins(*worked_out(rows, sources, speakers(sources, scope, now)))


def _reached(rows: Iterable[tuple[int, ...]]) -> dict[int, int]:
    """Records that could be on a card with more than one other, with a number for each such card."""
    card_of: dict[int, list[int]] = {}
    for one, other, *_ in rows:
        here, there = card_of.setdefault(one, [one]), card_of.setdefault(other, [other])
        if here is not there:
            many, few = (here, there) if len(here) >= len(there) else (there, here)
            many.extend(few)
            card_of.update(dict.fromkeys(few, many))
    return {record_id: card[0] for record_id, card in card_of.items() if len(card) > 2}


def speakers(sources: Mapping[int, Source], scope: Scope, now: datetime | None) -> dict[int, bool]:
    """The feeds whose opinions count, and whether it is the own network that speaks there."""
    return {
        feed_id: source.own
        for feed_id, source in sources.items()
        if source.own or scope == "all" or (scope == "followed" and source.frozen is None and not _is_over(source, now))
    }


def _is_over(source: Source, now: datetime | None) -> bool:
    return now is not None and head(source.edition, now).expired


# --- working it out ---------------------------------------------------------------------------------------------------


class Between(NamedTuple):
    """What a reader knows of two records, both of which the reader may read."""

    one: int
    other: int
    networks: tuple[str, str]
    reasons: int
    tie: int
    said: tuple[tuple[int, int], ...]  # (feed, SAID_... bits)


def between(rows: Iterable[tuple[int, ...]], sources: Mapping[int, Source]) -> Iterator[Between]:
    """One for each two records, from their rows, which follow each other."""
    held: list[tuple[int, ...]] = []
    for row in rows:
        if held and held[0][:2] != row[:2]:
            yield from _summed(held, sources)
            held = []
        held.append(row)
    if held:
        yield from _summed(held, sources)


def _summed(rows: list[tuple[int, ...]], sources: Mapping[int, Source]) -> Iterator[Between]:
    reasons = 0
    for row in rows:
        reasons |= row[4]
    listed = next((row for row in rows if row[4] & Reason.LISTED), None)
    if listed is not None:
        said = tuple((row[2], row[4] & _SAID) for row in rows if row[4] & _SAID) if reasons & _SAID else ()
        networks = sources[listed[2]].network, sources[listed[3]].network
        yield Between(listed[0], listed[1], networks, reasons & ~_SAID, listed[6], said)


_SAID = int(Reason.SAID_SAME | Reason.SAID_DIFFERENT)


def worked_out(
    rows: Iterable[tuple[int, ...]], sources: Mapping[int, Source], speakers: Mapping[int, bool]
) -> tuple[dict[int, tuple[int, ...]], dict[tuple[int, int], Why]]:
    """The card of each record that is not alone, and what is known of each two that share one.

    `rows` are as `store.matching.Pair`, those of one pair together, of readable feeds only: all that join or were
    spoken of, and all between records that these could put on one card. `speakers` are the feeds whose opinions count,
    and whether it is the own network that speaks there.
    """
    pairs = sorted(between(rows, sources), key=lambda pair: (-strength(pair.reasons), pair.tie, pair.one, pair.other))
    said = _heard(pairs, sources, speakers)
    cards = _Cards(pairs)
    for own in (True, False):
        for pair, verdict in said:
            if verdict.own == own and verdict.different and not cards.are_one(pair.one, pair.other):
                cards.part(pair.one, pair.other)
        for pair, verdict in said:
            if verdict.own == own and verdict.same:
                cards.join(pair.one, pair.other, twice=None if own else verdict.same)
    cards.weigh(pairs)
    for pair in pairs:
        if level(pair.reasons) is Level.JOINED:
            cards.join_by_evidence(pair.one, pair.other)
    known = {(pair.one, pair.other): why(pair, sources, speakers) for pair in pairs if cards.are_one(*pair[:2])}
    return cards.found(), known


MAX_SAID = 10_000
"""Pairs of which one feed of another network may speak; of more, these are heard, in the order of ties."""


class _Verdict(NamedTuple):
    """What the own network, or the others, say of two records: the networks that say either."""

    own: bool
    same: frozenset[str]
    different: frozenset[str]


def _heard(
    pairs: Iterable[Between], sources: Mapping[int, Source], speakers: Mapping[int, bool]
) -> list[tuple[Between, _Verdict]]:
    """What is said, in the order of `pairs`; who says both of two records is taken to say different."""
    spoken: dict[int, int] = {}
    silent: set[tuple[int, int, int]] = set()
    talked_of = [pair for pair in pairs if pair.said]
    for pair in sorted(talked_of, key=lambda pair: (pair.tie, pair.one, pair.other)):
        for feed, _ in pair.said:
            spoken[feed] = spoken.get(feed, 0) + 1
            if spoken[feed] > MAX_SAID and not sources[feed].own:
                silent.add((pair.one, pair.other, feed))
    heard = []
    for pair in talked_of:
        said = [one for one in pair.said if one[0] in speakers and (pair.one, pair.other, one[0]) not in silent]
        for own in {speakers[feed] for feed, _ in said}:
            by = [(sources[feed].network, bits) for feed, bits in said if speakers[feed] == own]
            different = frozenset(network for network, bits in by if bits & Reason.SAID_DIFFERENT)
            heard.append((pair, _Verdict(own, frozenset(network for network, _ in by) - different, different)))
    return heard


def why(pair: Between, sources: Mapping[int, Source], speakers: Mapping[int, bool]) -> Why:
    by = {bit: tuple(sorted({sources[feed].network for feed, bits in pair.said if feed in speakers and bits & bit}))
          for bit in (Reason.SAID_SAME, Reason.SAID_DIFFERENT)}  # fmt: skip
    return Why(
        Reason(pair.reasons), level(pair.reasons), same=by[Reason.SAID_SAME], different=by[Reason.SAID_DIFFERENT]
    )


class _Card:
    """Records on one card, the networks that list them, and their units: what people said to be one is one unit."""

    __slots__ = ("members", "networks", "units")

    def __init__(self, member: int, network: str) -> None:
        self.members = [member]
        self.networks = {network}
        self.units = {member}


class _Cards:
    """Disjoint sets of records, some of which may never be in one."""

    def __init__(self, pairs: Iterable[Between]) -> None:
        self._apart: dict[int, set[int]] = {}
        self._near: dict[int, set[int]] = {}
        self._card: dict[int, _Card] = {}
        for pair in pairs:
            for member, network in zip((pair.one, pair.other), pair.networks, strict=True):
                if member not in self._card:
                    self._card[member] = _Card(member, network)

    def part(self, one: int, other: int) -> None:
        self._apart.setdefault(one, set()).add(other)
        self._apart.setdefault(other, set()).add(one)

    def weigh(self, pairs: Iterable[Between]) -> None:
        """Note what speaks for which cards being one, as they are now; each is a unit from now on."""
        for card in {id(card): card for card in self._card.values()}.values():
            card.units = {card.members[0]}
        unit = {member: card.members[0] for member, card in self._card.items()}
        for pair in pairs:
            if speaks_for(pair.reasons):
                self._near.setdefault(unit[pair.one], set()).add(unit[pair.other])
                self._near.setdefault(unit[pair.other], set()).add(unit[pair.one])

    def are_one(self, one: int, other: int) -> bool:
        return self._card[one] is self._card[other]

    def join_by_evidence(self, one: int, other: int) -> None:
        """Put both on one card, if something speaks for it between all that would meet there."""
        here, there = self._card[one], self._card[other]
        if all(right in self._near.get(left, _NOBODY) for left, right in product(here.units, there.units)):
            self.join(one, other, twice=_NO_NETWORK)

    def join(self, one: int, other: int, *, twice: frozenset[str] | None) -> None:
        """Put both on one card, unless two that must not meet would meet there: such as are parted, and two records of
        one network that is not among `twice` (None: any may be)."""
        here, there = self._card[one], self._card[other]
        if here is there or (twice is not None and not (here.networks & there.networks) <= twice):
            return
        few, many = (here, there) if len(here.members) < len(there.members) else (there, here)
        if any(self._card[other] is many for member in few.members for other in self._apart.get(member, _NOBODY)):
            return
        many.members.extend(few.members)
        many.networks |= few.networks
        many.units |= few.units
        self._card.update(dict.fromkeys(few.members, many))

    def found(self) -> dict[int, tuple[int, ...]]:
        shared = {id(card): tuple(sorted(card.members)) for card in self._card.values() if len(card.members) > 1}
        return {member: shared[id(card)] for member, card in self._card.items() if id(card) in shared}


_NOBODY: frozenset[int] = frozenset()
_NO_NETWORK: frozenset[str] = frozenset()
