"""Which entries fit which, and who is told.

A process that lives long keeps the columns and every pair that fits, and follows what comes and goes by ids: a record's
row never changes, for a changed record is another row. A command reads the rows, and works out what it is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy import bool_, int32, int64, uint8
from numpy.typing import NDArray
from sqlite_utils import Database

from fednet.directory.fitting import Bools, Ints, Table, scored
from fednet.listing import features
from fednet.store import columns, exchanges
from fednet.store.database import Store
from fednet.store.exchanges import Stamp

AFRESH = 4
"""When more than one in so many rows is new, all pairs are worked out again."""
FEW = 60
"""Of so many entries, what fits is worked out one by one sooner than of all."""
AT_ONCE = 200_000
"""Pairs that are looked at together: a network that lists thousands alike makes millions."""
VERSIONS = 2
"""Standings kept for those who still read an older snapshot."""
SUMMARIES = 8
"""For so many sorts of reader it is kept how many fit each entry."""

Pair = tuple[str, str]
"""Handles of a need and an offer."""


class Pairs(NamedTuple):
    """Every need and offer that fit: their rows and scores."""

    needs: NDArray[int32]
    offers: NDArray[int32]
    scores: NDArray[uint8]

    def among(self, chosen: Bools) -> Pairs:
        """Some of them."""
        return Pairs(self.needs[chosen], self.offers[chosen], self.scores[chosen])

    def part(self, first: int, last: int) -> Pairs:
        """Those from one place up to another."""
        return Pairs(self.needs[first:last], self.offers[first:last], self.scores[first:last])


def pairs_of(table: Table, rows: Iterable[int]) -> Pairs:
    """The pairs of some rows; each of them once."""
    wanted = np.zeros(table.size, bool_)
    several = [_none()]
    for row in rows:
        found = scored(table, row)
        is_need = table.of["type"][row] == features.NEED
        left = np.ones(len(found.rows), bool_) if is_need else ~wanted[found.rows]
        wanted[row] = is_need
        if not left.any():
            continue
        mine, theirs = np.full(left.sum(), row, int32), found.rows[left].astype(int32)
        need, offer = (mine, theirs) if is_need else (theirs, mine)
        several.append(Pairs(need, offer, found.scores[left].astype(uint8)))
    return joined(several)


def _none() -> Pairs:
    return Pairs(np.zeros(0, int32), np.zeros(0, int32), np.zeros(0, uint8))


def joined(several: Sequence[Pairs]) -> Pairs:
    return Pairs(
        np.concatenate([pairs.needs for pairs in several]),
        np.concatenate([pairs.offers for pairs in several]),
        np.concatenate([pairs.scores for pairs in several]),
    )


def every(table: Table) -> Pairs:
    """All pairs of a table."""
    return pairs_of(table, table.needs.rows.tolist())


class Summary(NamedTuple):
    """By row the best score of what fits it, and how many do, without what was dismissed."""

    best: Ints
    matches: Ints


class Standing:
    """The rows at some moment, and their pairs when they are kept."""

    def __init__(self, table: Table, pairs: Pairs | None = None) -> None:
        self.table, self.pairs = table, pairs
        self.summaries: dict[object, Summary] = {}
        """By who asks, and when: see `Shown`."""


class Kept:
    """The rows and pairs of a database for as long as a process lives. Any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standings: dict[Stamp, Standing] = {}

    def at(self, db: Database) -> Standing:
        """How it stands in the snapshot that `db` reads."""
        stamp = exchanges.stamp(db)
        with self._lock:
            found = self._standings.get(stamp)
            if found is None:
                found = self._next(db)
                newest = list(self._standings.items())[-VERSIONS + 1 :]
                self._standings = dict([*newest, (stamp, found)])
            return found

    def _next(self, db: Database) -> Standing:
        """From the newest standing that this database has been in: of another one, ids say nothing."""
        for stamp in reversed(self._standings):
            if exchanges.was(db, stamp):
                return _followed(db, self._standings[stamp])
        table = Table(exchanges.rows(db))
        return Standing(table, every(table))


def _followed(db: Database, before: Standing) -> Standing:
    """The next standing: only pairs of what is new are worked out."""
    ids = np.array(exchanges.record_ids(db), int64)
    if np.array_equal(ids, before.table.ids):
        return before
    table = Table(exchanges.rows(db))
    new = np.flatnonzero(table.compared & ~np.isin(table.ids, before.table.ids[before.table.compared]))
    if before.pairs is None or len(new) * AFRESH > table.size:
        return Standing(table, every(table))
    # A new need finds what is new among the offers; so needs come first, and offers leave those out.
    first = sorted(new.tolist(), key=lambda row: table.of["type"][row] != features.NEED)
    return Standing(table, joined([_moved(before, table), pairs_of(table, first)]))


def _moved(before: Standing, table: Table) -> Pairs:
    """The pairs of before whose rows are still there and compared, in a new table."""
    pairs = before.pairs or _none()
    at = np.searchsorted(table.ids, before.table.ids)
    stays = at < table.size
    stays[stays] = (table.ids[at[stays]] == before.table.ids[stays]) & table.compared[at[stays]]
    left = pairs.among(stays[pairs.needs] & stays[pairs.offers])
    here = at.astype(int32)
    return Pairs(here[left.needs], here[left.offers], left.scores)


_KEPT: WeakKeyDictionary[Store, Kept] = WeakKeyDictionary()


def standing(store: Store, db: Database) -> Standing:
    """The rows of a snapshot; with their pairs in a process that lives long."""
    if columns.kept(store) is None:
        return Standing(Table(exchanges.rows(db)))
    return _KEPT.setdefault(store, Kept()).at(db)


def warm(store: Store) -> None:
    """Work out what has come since, so that the first who asks need not wait: seconds for 10,000 entries."""
    with store.reading() as db:
        standing(store, db)


class Other(NamedTuple):
    """A row that fits another one."""

    row: int
    score: int
    dismissed: bool


class Shown:
    """What fits what, for somebody who may see the entries of some feeds on some day (since 1970).

    `mask` says which rows, `sought` which of these are open still: others fit nothing. `dismissed` are pairs that a
    person said do not fit.
    """

    def __init__(self, standing: Standing, feeds: Collection[int], today: int, dismissed: Iterable[Pair]) -> None:
        self.table, self._standing = standing.table, standing
        self.mask: Bools = np.isin(self.table.feeds, np.fromiter(feeds, int64, len(feeds)))
        self.is_over: Bools = self.table.of["until"] < today
        self.sought: Bools = self.mask & ~self.is_over
        self._dismissed = frozenset(dismissed)
        self._key = (frozenset(feeds), today, self._dismissed)

    def of(self, row: int) -> list[Other]:
        """What fits the entry of a row, best first, dismissed pairs among it."""
        if not self.sought[row]:
            return []
        found = scored(self.table, row)
        left = self.sought[found.rows]
        pairs = zip(found.rows[left].tolist(), found.scores[left].tolist(), strict=True)
        matches = [Other(other, score, self.is_dismissed(row, other)) for other, score in pairs]
        return sorted(matches, key=lambda one: (-one.score, self.table.handles[one.row], one.row))

    def is_dismissed(self, row: int, other: int) -> bool:
        one, two = self.table.handles[row], self.table.handles[other]
        return (one, two) in self._dismissed or (two, one) in self._dismissed

    def counted(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        """For each of some rows the best score and how many fit, without what was dismissed."""
        if self._key not in self._standing.summaries and len(rows) < FEW:
            return [self._counted(row) for row in rows]
        best, matches = self.summary
        return list(zip(best[rows].tolist(), matches[rows].tolist(), strict=True)) if rows else []

    def _counted(self, row: int) -> tuple[int, int]:
        left = [one.score for one in self.of(row) if not one.dismissed]
        return max(left, default=0), len(left)

    @cached_property
    def summary(self) -> Summary:
        """Of all rows, kept with them for whoever sees the same on the same day."""
        kept = self._standing.summaries
        found = kept.get(self._key)
        if found is None:
            for older in list(kept)[: -SUMMARIES + 1]:
                kept.pop(older, None)
            found = kept[self._key] = self._summed()
        return found

    def _summed(self) -> Summary:
        pairs = self._standing.pairs
        if pairs is None:
            pairs = every(self.table)
        best, count = np.zeros(self.table.size, int64), np.zeros(self.table.size, int64)
        for first in range(0, len(pairs.needs), AT_ONCE):
            left = self._shown(pairs.part(first, first + AT_ONCE))
            for end in (left.needs, left.offers):
                np.maximum.at(best, end, left.scores)
                count += np.bincount(end, minlength=self.table.size)
        return Summary(best, count)

    def _shown(self, pairs: Pairs) -> Pairs:
        """Those of these pairs that are open and were not dismissed."""
        left = pairs.among(self.sought[pairs.needs] & self.sought[pairs.offers])
        return left.among(~self._gone(left)) if self._dismissed else left

    def _gone(self, pairs: Pairs) -> Bools:
        """Which of these pairs were dismissed."""
        handles = {handle for pair in self._dismissed for handle in pair}
        named = np.fromiter((handle in handles for handle in self.table.handles), bool_, self.table.size)
        found = np.zeros(len(pairs.needs), bool_)
        for at in np.flatnonzero(named[pairs.needs] & named[pairs.offers]).tolist():
            found[at] = self.is_dismissed(int(pairs.needs[at]), int(pairs.offers[at]))
        return found
