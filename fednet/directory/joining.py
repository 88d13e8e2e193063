"""Which statements are one organisation, or one event, for a reader: what the reader may not read counts nothing.

Joins follow from pairs (`store/matching.py`) and from opinions, in this order: what this node's own network says, what
others say is different, what others say is the same, what the evidence joins by itself, the strongest first. A join
that would put two on one card which are said to be different is left out; so is one by evidence alone that would put
two records of one network on one card: a network lists a thing once, and what it lists twice is two things to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.directory.query import Scope
from fednet.directory.search import head
from fednet.listing.likeness import Level, Reason, level, strength
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
        """What is known between two records of a card; of two that are joined through a third, nothing."""
        return self._known.get((min(one, other), max(one, other)), _NOTHING)


_NUMBERS = count(1)
_NOTHING = Why(Reason(0), Level.APART)


def joins(db: Database, sources: Mapping[int, Source], scope: Scope = "followed", now: datetime | None = None) -> Joins:
    """The joins that a reader of these feeds sees, with the opinions of `scope`.

    `followed`: the own network and every other one in good standing, that is not frozen and (when `now` is given) not
    expired. Cost: some 3 us for each pair that joins.
    """
    rows = [row for row in matching.joining(db) if row[2] in sources and row[3] in sources]
    return Joins(*worked_out(rows, sources, speakers(sources, scope, now)))


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

    `rows` are as `store.matching.Pair`, those of one pair together, of readable feeds only; `speakers` are the feeds
    whose opinions count, and whether it is the own network that speaks there.
    """
    pairs = list(between(rows, sources))
    said = [(pair, own, verdict) for pair in pairs for own, verdict in _verdicts(pair, speakers)]
    cards = _Cards()
    for pair, own, verdict in said:
        if own and verdict is Reason.SAID_DIFFERENT:
            cards.part(pair.one, pair.other)
    _join(cards, (pair for pair, own, verdict in said if own and verdict is Reason.SAID_SAME))
    for pair, own, verdict in said:
        if not own and verdict is Reason.SAID_DIFFERENT and not cards.are_one(pair.one, pair.other):
            cards.part(pair.one, pair.other)
    _join(cards, (pair for pair, own, verdict in said if not own and verdict is Reason.SAID_SAME))
    cards.keep_networks_apart(pairs)
    _join(cards, (pair for pair in pairs if level(pair.reasons) is Level.JOINED))
    known = {(pair.one, pair.other): why(pair, sources, speakers) for pair in pairs if cards.are_one(*pair[:2])}
    return cards.found(), known


def _verdicts(pair: Between, speakers: Mapping[int, bool]) -> set[tuple[bool, Reason]]:
    """What is said of two records, by the own network or by others; who says both is taken to say different."""
    return {
        (speakers[feed], Reason.SAID_DIFFERENT if bits & Reason.SAID_DIFFERENT else Reason.SAID_SAME)
        for feed, bits in pair.said
        if feed in speakers
    }


def _join(cards: _Cards, pairs: Iterable[Between]) -> None:
    for pair in sorted(pairs, key=lambda pair: (-strength(pair.reasons), pair.tie, pair.one, pair.other)):
        cards.join(pair.one, pair.other)


def why(pair: Between, sources: Mapping[int, Source], speakers: Mapping[int, bool]) -> Why:
    by = {bit: tuple(sorted({sources[feed].network for feed, bits in pair.said if feed in speakers and bits & bit}))
          for bit in (Reason.SAID_SAME, Reason.SAID_DIFFERENT)}  # fmt: skip
    return Why(
        Reason(pair.reasons), level(pair.reasons), same=by[Reason.SAID_SAME], different=by[Reason.SAID_DIFFERENT]
    )


class _Cards:
    """Disjoint sets of records, some of which may never be in one."""

    def __init__(self) -> None:
        self._card: dict[int, list[int]] = {}
        self._apart: dict[int, set[int]] = {}
        self._network: dict[int, str] = {}

    def part(self, one: int, other: int) -> None:
        self._apart.setdefault(one, set()).add(other)
        self._apart.setdefault(other, set()).add(one)

    def keep_networks_apart(self, pairs: Iterable[Between]) -> None:
        """From now on nothing is joined that puts two records of one network on a card."""
        for pair in pairs:
            self._network[pair.one], self._network[pair.other] = pair.networks

    def are_one(self, one: int, other: int) -> bool:
        return self._card.get(one, one) is self._card.get(other, other)

    def join(self, one: int, other: int) -> None:
        """Put both on one card, unless two that must not meet would meet there."""
        here, there = (self._card.get(member) or [member] for member in (one, other))
        if here is there or not self._may_meet(here, there):
            return
        here, there = (there, here) if len(here) < len(there) else (here, there)
        here.extend(there)
        self._card.update(dict.fromkeys((one, other, *there), here))

    def _may_meet(self, here: Collection[int], there: Collection[int]) -> bool:
        if self._network and not {self._network.get(m) for m in here}.isdisjoint(self._network.get(m) for m in there):
            return False
        few, many = sorted((here, there), key=len)
        return not any(self._apart.get(member, _NOBODY) & set(many) for member in few if member in self._apart)

    def found(self) -> dict[int, tuple[int, ...]]:
        shared = {id(card): tuple(sorted(card)) for card in self._card.values()}
        return {member: shared[id(card)] for member, card in self._card.items()}


_NOBODY: frozenset[int] = frozenset()
