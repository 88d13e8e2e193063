"""What is found, counted and put in order, in arrays: filters, facets, cards that count once, the place of each hit.

A statement is one network's record; a card all statements of one organisation. A card is found when one of its
statements fits everything, stands where the best of those stands, and counts once, in a facet once for each value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy import bool_, float64, int32, int64, uint16
from numpy.typing import NDArray

from fednet.directory.query import Sort
from fednet.store.arrays import Columns, Countries, Rows, Sets

FARTHEST = 0xFFFF
"""Kilometres: half way round the earth is 20,015. Those that say no place stand behind all that do."""
LAST_DAY = 0xFFFF
FEW, MOST_FLAGS = 20_000, 32_000_000
"""Pairs of card and value, and cards times values: between them values are marked one by one, else pairs sorted."""
SAMPLED = 512

Place = tuple[int, int, int]
"""Where a hit stands, as far as numbers tell: its rank, and two numbers for the letters of its title."""


class Standing(NamedTuple):
    """A statement that fits: its place, record id and row."""

    place: Place
    record_id: int
    row: int


class Filters(NamedTuple):
    """What a statement must fit; None or empty: anything. `point` is latitude and longitude in millionths of a degree,
    `within` kilometres of it, `regions` their countries, `stale_before` the day for each feed before which a
    confirmation is stale."""

    feeds: Collection[int]
    kinds: Collection[int]
    stale_before: Mapping[int, int]
    countries: Collection[str] = ()
    regions: Collection[str] = ()
    services: Collection[str] = ()
    client_groups: Collection[str] = ()
    languages: Collection[str] = ()
    seats: Collection[str] = ()
    types: Collection[str] = ()
    refugee_led: bool | None = None
    fresh: bool | None = None
    point: tuple[int, int] | None = None
    within: int | None = None
    today: int = LAST_DAY  # no confirmation counts as of a later day


class Words(NamedTuple):
    """Records that the words find (ids, ascending; None: everything is asked for), less those in `without`; for each
    clause of words those in whose names it stands, and those whose whole name they are."""

    found: NDArray[int64] | None
    without: NDArray[int64]
    in_names: Sequence[NDArray[int64]]
    whole: NDArray[int64]
    meant: NDArray[bool_] | None = None
    """By row whether it satisfies those clauses that name something, too; `found` is then of the others alone."""


class Cards:
    """Which rows of a version are statements of one card."""

    def __init__(self, columns: Columns, joined: tuple[NDArray[int64], NDArray[int64]]) -> None:
        members, first = joined
        at, is_here = columns.places(members)
        order = np.argsort(first[is_here], kind="stable")
        self._rows: Rows = at[is_here][order]
        cards = first[is_here][order]
        self._numbers: NDArray[int64] = np.cumsum(np.concatenate([[0], np.diff(cards) != 0]))[: len(cards)]
        self._starts = np.flatnonzero(np.concatenate([np.diff(self._numbers, prepend=-1), [1]]))
        self._size = len(columns.live)
        self._card: NDArray[int32] = np.full(self._size if len(cards) else 0, -1, int32)
        self._card[self._rows] = self._numbers

    def split(self, rows: Rows) -> Split:
        """Those rows that stand for a card by themselves, and those of cards that several of the rows are on."""
        if not len(self._rows) or not len(rows):
            return Split(rows, rows[:0], rows[:0], 0)
        is_chosen = np.zeros(self._size, bool_)
        is_chosen[rows] = True
        chosen = is_chosen[self._rows]
        together, numbers = self._rows[chosen], self._numbers[chosen]
        same = np.diff(numbers) == 0
        several = np.zeros(len(together), bool_)
        several[1:] |= same
        several[:-1] |= same
        together, numbers = together[several], numbers[several]
        is_chosen[together] = False
        begins = np.diff(numbers, prepend=-1) != 0
        return Split(np.flatnonzero(is_chosen), together, np.cumsum(begins) - 1, int(begins.sum()))

    def others(self, row: int) -> Rows:
        """All rows of the card of a row, itself among them."""
        if not len(self._card) or self._card[row] < 0:
            return np.array([row], int64)
        number = int(self._card[row])
        return np.sort(self._rows[self._starts[number] : self._starts[number + 1]])


class Split(NamedTuple):
    """`together` is ordered by card; `numbers` says for each of it which of so many `cards` it is on."""

    alone: Rows
    together: Rows
    numbers: NDArray[int64]
    cards: int


class Found:
    """The statements that fit, of one version and for one reader."""

    def __init__(self, columns: Columns, cards: Cards, filters: Filters, words: Words) -> None:
        self._columns, self._cards, self._filters, self._words = columns, cards, filters, words
        self._rows = self._fitting()
        self._split = cards.split(self._rows)

    @property
    def stale_before(self) -> Mapping[int, int]:
        return self._filters.stale_before

    @property
    def total(self) -> int:
        """Cards."""
        return len(self._split.alone) + self._split.cards

    @property
    def ids(self) -> list[int]:
        """The record ids of all statements that fit, ascending."""
        ids: list[int] = self._columns.ids_of(self._rows).tolist()
        return ids

    # --- what fits

    def _fitting(self) -> Rows:
        """The rows that fit. Of a few rows each filter looks at those, of very many at whole columns."""
        columns, words = self._columns, self._words
        rows = columns.rows(words.found) if words.found is not None else None
        if words.meant is not None:
            rows = np.flatnonzero(words.meant & columns.live) if rows is None else rows[words.meant[rows]]
        if rows is None and len(words.without):
            rows = np.flatnonzero(columns.live)
        if rows is not None and len(words.without):
            rows = np.setdiff1d(rows, columns.rows(words.without), assume_unique=True)
        fitting = columns.live if rows is None else np.ones(len(rows), bool_)
        for fits in self._tests():
            if rows is not None:
                rows = rows[fits(rows)]
            else:
                fitting = fitting & fits(slice(None))
        return np.flatnonzero(fitting) if rows is None else rows

    def _tests(self) -> Iterator[Callable[[Any], NDArray[bool_]]]:
        """One for each filter that some row does not fit, the cheapest first. Each takes row numbers, or a slice."""
        columns, filters = self._columns, self._filters
        for sets, wanted in (
            (columns.feeds, tuple(map(str, filters.feeds))),
            (columns.kind, tuple(map(str, filters.kinds))),
            (columns.services, filters.services),
            (columns.client_groups, filters.client_groups),
            (columns.languages, filters.languages),
            (columns.seat, filters.seats),
            (columns.type, filters.types),
        ):
            if wanted or sets is columns.feeds:
                table = sets.having(wanted)
                if not table.all():
                    yield partial(_looked_up, table, sets.column)
        for wanted in filter(None, (filters.countries, filters.regions)):
            yield partial(columns.countries.having, codes=wanted)
        if filters.refugee_led is not None:
            yield lambda rows: columns.refugee_led[rows] == filters.refugee_led
        if filters.fresh is not None:
            yield lambda rows: self._is_fresh(rows) == filters.fresh
        within = filters.within
        if within is not None and filters.point is not None:
            yield lambda rows: np.asarray(self.kilometres(rows) <= within)

    def _is_fresh(self, rows: Any) -> NDArray[bool_]:
        feeds = self._columns.feeds
        since = [max(self._filters.stale_before.get(int(feed_id), 1), 1) for feed_id in feeds.labels]
        days = np.minimum(np.array(since or [1], int64), LAST_DAY).astype(uint16)
        if not isinstance(rows, slice) and len(rows) * 4 > len(self._columns.live):
            everywhere: NDArray[bool_] = self._is_fresh(slice(None))[rows]
            return everywhere
        fresh: NDArray[bool_] = self._columns.confirmed[rows] >= days[feeds.column[rows]]
        return fresh

    def confirmed(self, rows: Rows) -> NDArray[int64]:
        """The days (since 1970) on which rows were confirmed; 0 for never."""
        return np.minimum(self._columns.confirmed[rows].astype(int64), self._filters.today)

    def kilometres(self, rows: Rows) -> NDArray[float64]:
        """How far rows are from the point that was asked for; infinite where that is not known."""
        return self._distances[rows]

    @cached_property
    def _distances(self) -> NDArray[float64]:
        found = np.full(len(self._columns.live), np.inf)
        if self._filters.point is not None:
            found[self._columns.points.rows] = self._columns.points.kilometres(*self._filters.point)
        return found

    # --- facets

    def facets(self, names: Collection[str], networks: Mapping[int, str]) -> dict[str, dict[str, int]]:
        """Cards by facet and code, most frequent first, then by code; `networks` are ids by feed."""
        columns = self._columns
        counted: dict[str, Callable[[], dict[str, int]]] = {
            "country": lambda: self._counted(columns.countries, columns.countries.labels),
            "service": lambda: self._counted(columns.services, columns.services.labels),
            "client_group": lambda: self._counted(columns.client_groups, columns.client_groups.labels),
            "language": lambda: self._counted(columns.languages, columns.languages.labels),
            "network": lambda: self._by_network(networks),
            "kind": lambda: self._counted(columns.kind, columns.kind.labels),
            "type": lambda: self._counted(columns.type, columns.type.labels),
            "refugee_led": lambda: {"yes": self._having(columns.refugee_led)},
            "confirmed": lambda: {"fresh": self._having(self._fresh), "stale": self._having(~self._fresh)},
        }
        return {name: _ordered(counted[name]()) for name in names}

    def _having(self, flags: NDArray[bool_]) -> int:
        """How many cards have a statement that is flagged, by row."""
        together = self._split.numbers[flags[self._split.together]]
        return int(np.count_nonzero(flags[self._split.alone])) + len(np.unique(together))

    @cached_property
    def _fresh(self) -> NDArray[bool_]:
        return self._is_fresh(slice(None))

    def _counted(self, column: Sets | Countries, labels: Sequence[str]) -> dict[str, int]:
        counts = column.counts(self._split.alone) if self._rest is None else column.counts_but(self._rest)
        if len(self._split.together):
            counts = _sum(counts, self._counted_once(column))
        return {labels[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist()}

    def _counted_once(self, column: Sets | Countries) -> NDArray[int64]:
        """Cards of several statements by code. Statements that say just what the one before them says are left out
        first, for most networks say much the same of an organisation."""
        rows, numbers = self._split.together, self._split.numbers
        is_repeated = np.zeros(len(rows), bool_)
        is_repeated[1:] = (np.diff(numbers) == 0) & column.are_equal(rows[1:], rows[:-1])
        rows, numbers = rows[~is_repeated], numbers[~is_repeated]
        begins = np.concatenate([[True], np.diff(numbers) != 0, [True]])
        is_single = begins[1:] & begins[:-1]
        whose, codes = column.taken_apart(rows[~is_single])
        several = np.cumsum(begins[:-1][~is_single])
        return _sum(column.counts(rows[is_single]), self._once(several[whose], codes))

    @cached_property
    def _rest(self) -> Rows | None:
        """The rows that do not stand for a card by themselves; None when they are not the fewer."""
        size, alone = len(self._columns.live), self._split.alone
        if len(alone) * 2 <= size:
            return None
        is_other = np.ones(size, bool_)
        is_other[alone] = False
        return np.flatnonzero(is_other)

    def _by_network(self, networks: Mapping[int, str]) -> dict[str, int]:
        feeds, labels = self._columns.feeds, sorted(set(networks.values()))
        numbers = {network: at for at, network in enumerate(labels)}
        of_feed = np.array([numbers.get(networks.get(int(feed_id), ""), 0) for feed_id in feeds.labels] or [0], int64)
        counts = np.bincount(of_feed[feeds.column[self._split.alone]], minlength=len(labels))
        counts = _sum(counts, self._once(self._split.numbers, of_feed[feeds.column[self._split.together]]))
        return {labels[at]: int(counts[at]) for at in np.flatnonzero(counts).tolist()}

    def _once(self, cards: NDArray[int64], codes: NDArray[int64]) -> NDArray[int64]:
        """How many cards have each code."""
        if not len(codes):
            return np.zeros(0, int64)
        width = int(codes.max()) + 1
        pairs = cards * width + codes
        if self._split.cards * width > MOST_FLAGS or len(pairs) < FEW:
            different = np.unique(pairs)
        else:
            flags = np.zeros(self._split.cards * width, bool_)
            flags[pairs] = True
            different = np.flatnonzero(flags)
        counts: NDArray[int64] = np.bincount(different % width, minlength=width)
        return counts

    # --- order

    def ranks(self, sort: Sort) -> NDArray[int64]:
        """For each row a number that says how good it is, the lowest first; equal ones go by title.

        Relevance: the whole name, then how many of the words stand in the name, then the share of the name that they
        are (so the shorter name), then confirmed before stale, then near before far.
        """
        rows, columns = self._rows, self._columns
        match sort:
            case "title":
                return np.zeros(len(rows), int64)
            case "confirmed":
                return LAST_DAY - self.confirmed(rows)
            case "near":
                return np.minimum(self.kilometres(rows) * 1000, 1e9).astype(int64)
        found = np.zeros(len(rows), int64)
        if len(self._words.in_names):
            missing = len(self._words.in_names) - self._in_names()
            is_named = missing < len(self._words.in_names)
            length = np.where(is_named, columns.name_words[rows], 0)
            found = (missing << 8) | length
            found[self._standing(self._words.whole)] = 0
        found = (found << 1) | ~self._is_fresh(rows)
        if self._filters.point is None:
            return found
        return (found << 16) | np.minimum(self.kilometres(rows), FARTHEST).astype(int64)

    def _in_names(self) -> NDArray[int64]:
        found = np.zeros(len(self._rows), int64)
        for ids in self._words.in_names:
            found[self._standing(ids)] += 1
        return found

    def _standing(self, ids: NDArray[int64]) -> NDArray[int64]:
        """Where the rows of those ids stand among the rows that fit."""
        return self._places(self._columns.rows(ids))

    def _places(self, rows: Rows) -> NDArray[int64]:
        if not len(self._rows):
            return rows[:0]
        at = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        stand: NDArray[int64] = at[self._rows[at] == rows]
        return stand

    def first(self, ranks: NDArray[int64], count: int, after: Place | None) -> tuple[NDArray[int64], NDArray[int64]]:
        """Numbers, among all that fit, of those that are surely among the first `count` that stand behind a place, and
        of those of which some are: these are no more than are wanted, or stand at one place all.
        """
        rows, columns = self._rows, self._columns
        left = np.arange(len(rows)) if after is None else self._behind(ranks, after)
        sure = [left[:0]]
        values: Any = ranks if after is None else ranks[left]
        for following in (columns.title, columns.title_more, None):
            if len(left) <= count:
                break
            last = _smallest(values, count)
            sure.append(left[values < last])
            count -= len(sure[-1])
            left = left[values == last]
            values = following[rows[left]] if following is not None else None
        return np.concatenate(sure), left

    def at(self, ranks: NDArray[int64], place: Place) -> NDArray[int64]:
        """Numbers of those that stand at a place."""
        rank, title, more = place
        equal = np.flatnonzero(ranks == rank)
        equal = equal[self._columns.title[self._rows[equal]] == title]
        found: NDArray[int64] = equal[self._columns.title_more[self._rows[equal]] == more]
        return found

    def ids_at(self, numbers: NDArray[int64]) -> NDArray[int64]:
        return self._columns.ids_of(self._rows[numbers])

    def rivals(self, ranks: NDArray[int64], one: Standing) -> list[Standing]:
        """The other statements of its card that fit and stand no worse."""
        found = self.standings(ranks, self._places(self._cards.others(one.row)))
        return [other for other in found if other.row != one.row and other.place <= one.place]

    def _behind(self, ranks: NDArray[int64], after: Place) -> NDArray[int64]:
        rank, title, more = after
        titles, mores = self._columns.title[self._rows], self._columns.title_more[self._rows]
        beyond = (titles > title) | ((titles == title) & (mores > more))
        return np.flatnonzero((ranks > rank) | ((ranks == rank) & beyond))

    def standings(self, ranks: NDArray[int64], at: NDArray[int64]) -> list[Standing]:
        rows, columns = self._rows[at], self._columns
        places = zip(ranks[at].tolist(), columns.title[rows].tolist(), columns.title_more[rows].tolist(), strict=True)
        return list(map(Standing, places, columns.ids_of(rows).tolist(), rows.tolist()))


def _smallest(values: NDArray[Any], count: int) -> int:
    """The `count`th smallest of more values than that. A sample tells below which most need not be looked at."""
    if len(values) > SAMPLED * count:
        few = np.partition(values[:: SAMPLED // 8], 16)[16]
        below = values[values <= few]
        if len(below) >= count > np.count_nonzero(below < few):
            return int(few)
        values = below if len(below) >= count else values
    return int(np.partition(values, count - 1)[count - 1])


def _looked_up(table: NDArray[bool_], column: NDArray[Any], rows: Any) -> NDArray[bool_]:
    found: NDArray[bool_] = table[column[rows]]
    return found


def _sum(one: NDArray[int64], other: NDArray[int64]) -> NDArray[int64]:
    found = np.zeros(max(len(one), len(other)), int64)
    found[: len(one)] += one
    found[: len(other)] += other
    return found


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(((code, count) for code, count in counts.items() if count), key=lambda one: (-one[1], one[0])))
