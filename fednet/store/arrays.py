"""One version of the columns of all shown records: arrays that never change, and how they are filtered and counted.

A row is one record. What it holds of some codes is a small number, which stands for a set of them (`Sets`).
`fednet.store.columns` makes versions and keeps them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy import bool_, float64, int32, int64, uint8, uint16, uint32
from numpy.typing import NDArray

SLOTS = 4
"""Countries of a record that stand in its row; a record with more of them stands in a list beside."""
HALF = 1 << 16
_EARTH_KM = 6371.0088
_E6 = np.pi / 180e6

Rows = NDArray[int64]
"""Row numbers of a version, ascending."""


class Columns(NamedTuple):
    """One version: all arrays are as long as there are rows. A row that was taken out is not `live`."""

    live: NDArray[bool_]
    feeds: Sets
    confirmed: NDArray[uint16]
    refugee_led: NDArray[bool_]
    name_words: NDArray[uint8]
    title: NDArray[int64]
    title_more: NDArray[uint32]
    kind: Sets
    services: Sets
    client_groups: Sets
    languages: Sets
    seat: Sets
    type: Sets
    countries: Countries
    points: Points
    first: int
    ids: NDArray[int64] | None
    """Ascending; None when the row of an id is its distance from `first`."""
    number: int
    """Another one for each version that this process has made."""

    def rows(self, ids: NDArray[int64]) -> Rows:
        """The rows of those ids (ascending) that are live; others are left out."""
        at, is_here = self.places(ids)
        return at[is_here]

    def places(self, ids: NDArray[int64]) -> tuple[Rows, NDArray[bool_]]:
        """For each of those ids its row, and whether it is live; a row of one that is not says nothing."""
        if not len(self.live) or not len(ids):
            return np.zeros(len(ids), int64), np.zeros(len(ids), bool_)
        last = len(self.live) - 1
        if self.ids is None:
            at = ids - self.first
            is_here = (at >= 0) & (at <= last)
            at = np.clip(at, 0, last)
        else:
            at = np.minimum(np.searchsorted(self.ids, ids), last)
            is_here = self.ids[at] == ids
        return at, is_here & self.live[at]

    @property
    def feed(self) -> NDArray[int64]:
        """The feed of each row."""
        found: NDArray[int64] = np.array([*map(int, self.feeds.labels), 0], int64)[self.feeds.column]
        return found

    def ids_of(self, rows: Rows) -> NDArray[int64]:
        return rows + self.first if self.ids is None else self.ids[rows]

    def meaning(self, parameter: str, codes: Collection[str]) -> NDArray[bool_]:
        """By row, whether it has one of those codes: of a service, client group, language, country or region."""
        if parameter in ("country", "region"):
            return self.countries.having(slice(None), codes)
        sets = {"service": self.services, "client_group": self.client_groups, "language": self.languages}[parameter]
        found: NDArray[bool_] = sets.having(codes)[sets.column]
        return found

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        return sum(_nbytes(value) for value in self)


def _nbytes(value: Any) -> int:
    return sum(map(_nbytes, value)) if isinstance(value, tuple) else int(getattr(value, "nbytes", 0))


class Sets:
    """A column of small numbers, each of which stands for some codes: those from `starts[n]` to `starts[n + 1]`.

    `labels` are what codes are called; they may go on beyond the codes of this version.
    """

    def __init__(
        self, column: NDArray[Any], starts: NDArray[int64], codes: NDArray[int64], labels: Sequence[str]
    ) -> None:
        self.column, self.starts, self.codes, self.labels = column, starts, codes, labels

    @property
    def nbytes(self) -> int:
        return self.column.nbytes + self.starts.nbytes + self.codes.nbytes

    def counts(self, rows: Rows) -> NDArray[int64]:
        """How many of these rows have each code."""
        return self._of(np.bincount(self.column[rows], minlength=len(self.starts) - 1))

    def counts_but(self, rows: Rows) -> NDArray[int64]:
        """How many of all other rows have each code: quicker when these are fewer."""
        return self._of(self._all - np.bincount(self.column[rows], minlength=len(self.starts) - 1))

    @cached_property
    def _all(self) -> NDArray[int64]:
        return np.bincount(self.column, minlength=len(self.starts) - 1)

    def _of(self, numbers: NDArray[int64]) -> NDArray[int64]:
        each = np.repeat(numbers, np.diff(self.starts))
        return np.bincount(self.codes, each, len(self.labels)).astype(int64)

    def taken_apart(self, rows: Rows) -> tuple[NDArray[int64], NDArray[int64]]:
        """Each code of each of these rows: where the row stands among them, and the code."""
        return apart(self.column[rows], self.starts, self.codes)

    def are_equal(self, rows: Rows, others: Rows) -> NDArray[bool_]:
        """For each two rows whether they have the same codes."""
        equal: NDArray[bool_] = self.column[rows] == self.column[others]
        return equal

    def having(self, codes: Iterable[str]) -> NDArray[bool_]:
        """For each number whether it stands for one of those codes."""
        wanted = _marked(self.labels, codes, len(self.labels) + 1)
        found = np.zeros(len(self.starts) - 1, bool_)
        numbers = np.repeat(np.arange(len(found)), np.diff(self.starts))
        found[numbers[wanted[self.codes]]] = True
        return found


class Countries:
    """The countries of each row: up to four beside each other, of rows with more a set. Number 0 is no country."""

    def __init__(self, slots: NDArray[uint32], wide: NDArray[int64], sets: Sets, labels: Sequence[str]) -> None:
        self.slots, self.wide, self.sets, self.labels = slots, wide, sets, labels

    @property
    def nbytes(self) -> int:
        return self.slots.nbytes + self.wide.nbytes + self.sets.nbytes

    def counts(self, rows: Rows) -> NDArray[int64]:
        at, _ = self._wide(rows)
        return self._of(self._pairs(self.slots[rows]), self.sets.counts(at))

    def counts_but(self, rows: Rows) -> NDArray[int64]:
        """As of `Sets`."""
        at, _ = self._wide(rows)
        return self._of(self._all - self._pairs(self.slots[rows]), self.sets.counts_but(at))

    @cached_property
    def _all(self) -> NDArray[int64]:
        return self._pairs(self.slots)

    def _pairs(self, slots: NDArray[uint32]) -> NDArray[int64]:
        """How often two countries stand in one half of a row."""
        halves = slots.view(uint16).reshape(-1, 2)
        return np.bincount(halves[:, 0], minlength=HALF) + np.bincount(halves[:, 1], minlength=HALF)

    def _of(self, pairs: NDArray[int64], more: NDArray[int64]) -> NDArray[int64]:
        square = pairs.reshape(256, 256)
        found = np.zeros(max(256, len(self.labels)), int64)
        found[:256] = square.sum(0) + square.sum(1)
        found[: len(more)] += more
        found[0] = 0
        return found[: len(self.labels)]

    def taken_apart(self, rows: Rows) -> tuple[NDArray[int64], NDArray[int64]]:
        slots = self.slots[rows].view(uint8).reshape(-1, SLOTS)
        whose, slot = np.nonzero(slots)
        at, place = self._wide(rows)
        more, codes = self.sets.taken_apart(at)
        return np.concatenate([whose, place[more]]), np.concatenate([slots[whose, slot].astype(int64), codes])

    def are_equal(self, rows: Rows, others: Rows) -> NDArray[bool_]:
        """For each two rows whether they surely have the same countries."""
        slots = self.slots[rows]
        equal: NDArray[bool_] = (slots == self.slots[others]) & (slots != 0)
        return equal

    def having(self, rows: Any, codes: Iterable[str]) -> NDArray[bool_]:
        """For each of these rows (or of a slice, of all rows) whether it has one of those countries."""
        wanted = _marked(self.labels, codes, 256)
        either = (wanted[:, None] | wanted[None, :]).reshape(-1)
        halves = self.slots[rows].view(uint16).reshape(-1, 2)
        found: NDArray[bool_] = either[halves[:, 0]] | either[halves[:, 1]]
        at, place = self._wide(np.arange(len(self.slots)) if isinstance(rows, slice) else rows)
        if len(at):
            found[place] = self.sets.having(codes)[self.sets.column[at]]
        return found

    def _wide(self, rows: Rows) -> tuple[NDArray[int64], NDArray[int64]]:
        """Those of the rows, in any order, that have a set: its place in `sets.column`, and which of them it is."""
        if not len(self.wide) or not len(rows):
            return np.zeros(0, int64), np.zeros(0, int64)
        place = np.flatnonzero(self.slots[rows] == 0)
        at = np.minimum(np.searchsorted(self.wide, rows[place]), len(self.wide) - 1)
        has_set = self.wide[at] == rows[place]
        return at[has_set], place[has_set]


def _marked(labels: Sequence[str], codes: Iterable[str], size: int) -> NDArray[bool_]:
    """For each number below `size` whether its label is one of those codes; others may number more meanwhile."""
    found = np.zeros(size, bool_)
    asked = set(codes)
    found[[at for at, label in enumerate(labels[:size]) if label in asked]] = True
    return found


def apart(numbers: NDArray[Any], starts: NDArray[int64], codes: NDArray[int64]) -> tuple[Rows, NDArray[int64]]:
    lengths = starts[numbers.astype(int64) + 1] - starts[numbers]
    whose = np.repeat(np.arange(len(numbers)), lengths)
    within = np.arange(len(whose)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return whose, codes[np.repeat(starts[numbers], lengths) + within]


class Points(NamedTuple):
    """Where those are that say so: their rows, and millionths of a degree."""

    rows: NDArray[int64]
    latitude: NDArray[int32]
    longitude: NDArray[int32]

    def kilometres(self, latitude_e6: int, longitude_e6: int) -> NDArray[float64]:
        """Along a great circle (the haversine formula, on a sphere)."""
        one, other = self.latitude * _E6, latitude_e6 * _E6
        between = self.longitude * _E6 - longitude_e6 * _E6
        part = np.sin((one - other) / 2) ** 2 + np.cos(one) * np.cos(other) * np.sin(between / 2) ** 2
        return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.minimum(part, 1.0))))
