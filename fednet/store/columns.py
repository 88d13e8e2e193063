"""The facets of all shown records in memory, a few bytes a record: what a search filters, counts and orders by.

A version never changes. The next one shares its arrays: record ids only ever grow, so new rows stand behind the old
ones, and of what was taken out only a mark is copied. `Kept` follows the index by its notes (table `reindexed`) and
gives the version (`fednet.store.arrays`) that fits the snapshot which is read. A command that asks once takes `some`,
the rows that it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy import bool_, int32, int64, uint8, uint16, uint32
from numpy.typing import NDArray
from sqlite_utils import Database

from fednet.listing.vocabulary import CLIENT_GROUPS, SERVICES, Vocabulary
from fednet.store.arrays import HALF, SLOTS, Columns, Countries, Points, Sets
from fednet.store.database import Store, integers
from fednet.store.index import NOTES

T = TypeVar("T")

BATCH = 20_000
SPARSE = 3
"""So many row numbers for one live row, and rows are found by their ids, no longer by counting."""
VERSIONS = 8
"""Versions kept for those who still read an older snapshot."""
MOST_LETTERS = 200_000
"""Records whose titles are kept."""
NO_DAY = 0

_SELECT = (
    "SELECT record_id, feed_id, kind, countries, services, client_groups, languages, seat, type, confirmed, "
    "latitude_e6, longitude_e6, refugee_led, name_words, title, title_more FROM facet "
)


def some(db: Database, record_ids: Sequence[int]) -> Columns:
    """The columns of those records alone."""
    made = _Maker()
    for start in range(0, len(record_ids), BATCH):
        wanted = integers(record_ids[start : start + BATCH])
        made.add(db.conn.execute(f"{_SELECT} WHERE record_id IN ({wanted}) ORDER BY record_id").fetchall())
    return made.version()


def every(db: Database) -> Columns:
    """The columns of all records that are shown."""
    return _loaded(db).version()


class Kept:
    """The columns of a database for as long as a process lives. Any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._maker = _Maker()
        self._versions: dict[tuple[int, bytes], Columns] = {}
        self._remembered: dict[tuple[str, Any], Any] = {}
        self.letters: dict[int, tuple[str, str, int]] = {}
        """Title, handle and feed of records whose titles had to be compared to the letter, of those that are here."""

    def remembered(self, what: str, key: Any, made: Callable[[], T]) -> T:
        """What follows from the database at some moment, which `key` says: worked out once, kept while it is asked for.

        No more than `VERSIONS` of each kind are kept.
        """
        with self._lock:
            found = self._remembered.pop((what, key), None)
            if found is None:
                older = [one for one in self._remembered if one[0] == what][: -VERSIONS + 1]
                for one in older:
                    del self._remembered[one]
                found = made()
            self._remembered[what, key] = found
        return cast(T, found)

    def at(self, db: Database) -> Columns:
        """The version of the snapshot that `db` reads."""
        wanted = _stamp(db)
        found = self._versions.get(wanted)
        if found is None:
            with self._lock:
                found = self._versions.get(wanted) or self._next(db, wanted)
        return found

    def _next(self, db: Database, wanted: tuple[int, bytes]) -> Columns:
        newest = next(reversed(self._versions), None)
        if newest is None or not self._advanced(db, newest):
            self._maker = _loaded(db)
            self.letters = {}
        if len(self.letters) > MOST_LETTERS:
            self.letters = {}
        found = self._maker.version()
        kept = list(self._versions.items())[-VERSIONS + 1 :]
        self._versions = dict([*kept, (wanted, found)])
        return found

    def _advanced(self, db: Database, newest: tuple[int, bytes]) -> bool:
        """Whether what has changed since could be followed."""
        sql = "SELECT stamp, mark, first, last, taken FROM reindexed WHERE stamp >= ? ORDER BY stamp"
        notes = db.conn.execute(sql, newest[:1]).fetchmany(NOTES)
        if not notes or notes[0][:2] != newest:
            return False
        put = [(first, last) for _, _, first, last, taken in notes[1:] if not taken]
        if put and put[0][0] < self._maker.next_id:
            return False
        for first, last in put:
            rows = db.conn.execute(f"{_SELECT} WHERE record_id BETWEEN ? AND ? ORDER BY record_id", (first, last))
            while batch := rows.fetchmany(BATCH):
                self._maker.add(batch)
        taken = [one for _, _, first, last, taken in notes[1:] if taken for one in range(first, last + 1)]
        self._maker.take_out(taken)
        for one in taken:
            self.letters.pop(one, None)
        return not self._maker.is_sparse


_KEPT: WeakKeyDictionary[Store, Kept] = WeakKeyDictionary()


def keep(store: Store) -> Kept:
    """From now on this process keeps the columns of that store."""
    return _KEPT.setdefault(store, Kept())


def kept(store: Store) -> Kept | None:
    """What this process keeps of that store; None when it asks once and ends."""
    return _KEPT.get(store)


def _stamp(db: Database) -> tuple[int, bytes]:
    row = db.conn.execute("SELECT stamp, mark FROM reindexed ORDER BY stamp DESC LIMIT 1").fetchone()
    return (int(row[0]), bytes(row[1])) if row else (0, b"")


def _loaded(db: Database) -> _Maker:
    count, first, last = db.conn.execute("SELECT count(*), min(record_id), max(record_id) FROM facet").fetchone()
    made = _Maker(counted=not count or last - first < SPARSE * count)
    rows = db.conn.execute(f"{_SELECT} ORDER BY record_id")
    while batch := rows.fetchmany(BATCH):
        made.add(batch)
    return made


# --- how the arrays grow ----------------------------------------------------------------------------------------------


class _Grown:
    """An array with room behind its end. What was given away keeps what it shows, whatever is added."""

    def __init__(self, kind: type[Any]) -> None:
        self._room = np.zeros(0, kind)
        self.size = 0

    def add(self, values: NDArray[Any]) -> None:
        end = self.size + len(values)
        if end > len(self._room):
            room = np.zeros(end + end // 16, self._room.dtype)
            room[: self.size] = self._room[: self.size]
            self._room = room
        self._room[self.size : end] = values
        self.size = end

    @property
    def array(self) -> NDArray[Any]:
        return self._room[: self.size]


class _Numbered:
    """The values of a column, numbered as they come, each taken apart into codes."""

    def __init__(self, kind: type[Any], codes_of: Callable[[Any], Iterable[int]], labels: Sequence[str]) -> None:
        self._column, self._codes_of, self._labels = _Grown(kind), codes_of, labels
        self._numbers: dict[Any, int] = {}
        self._starts, self._codes = [0], list[int]()
        self._arrays = np.zeros(1, int64), np.zeros(0, int64)

    def add(self, values: Sequence[Any], at: NDArray[int64], size: int) -> None:
        for value in sorted(set(values) - self._numbers.keys()):
            self._numbers[value] = len(self._numbers)
            self._codes += self._codes_of(value)
            self._starts.append(len(self._codes))
        numbers = np.zeros(size, self._column.array.dtype)
        numbers[at] = np.fromiter(map(self._numbers.__getitem__, values), int64, len(values))
        self._column.add(numbers)

    def sets(self) -> Sets:
        if len(self._arrays[0]) != len(self._starts):
            self._arrays = np.array(self._starts, int64), np.array(self._codes, int64)
        return Sets(self._column.array, *self._arrays, self._labels)


class _Labels:
    """Codes that are numbered as they come."""

    def __init__(self, *first: str) -> None:
        self.labels = list(first)
        self._numbers = {label: at for at, label in enumerate(first)}

    def number(self, label: str) -> int:
        found = self._numbers.get(label)
        if found is None:
            found = self._numbers[label] = len(self.labels)
            self.labels.append(label)
        return found


def _bits(terms: Vocabulary) -> tuple[Callable[[int], list[int]], list[str]]:
    labels = [""] * (max(term.bit for term in terms) + 1)
    for term in terms:
        labels[term.bit] = term.code
    return lambda mask: [bit for bit, label in enumerate(labels) if label and mask >> bit & 1], labels


class _CountriesMaker:
    def __init__(self) -> None:
        self._slots, self._wide = _Grown(uint32), _Grown(int64)
        self._codes = _Labels("")
        self._numbers = np.zeros(HALF, uint16)
        self._sets = _Numbered(uint32, self._apart, self._codes.labels)

    def _apart(self, codes: str) -> list[int]:
        return [self._codes.number(codes[at : at + 2]) for at in range(0, len(codes), 2)]

    def add(self, values: Sequence[str], at: NDArray[int64], size: int) -> None:
        pairs = np.frombuffer("".join(values).encode("ascii"), "<u2")
        for pair in np.unique(pairs[self._numbers[pairs] == 0]).tolist():
            self._numbers[pair] = self._codes.number(pair.to_bytes(2, "little").decode("ascii"))
        codes = self._numbers[pairs]
        lengths = np.fromiter(map(len, values), int64, len(values)) // 2
        starts = np.cumsum(lengths) - lengths
        slots = np.zeros((size, SLOTS), uint8)
        for slot in range(SLOTS):
            fits = (lengths > slot) & (lengths <= SLOTS)
            slots[at[fits], slot] = codes[starts[fits] + slot]
        base = self._slots.size
        self._slots.add(np.ascontiguousarray(slots).view(uint32).reshape(-1))
        large = set(np.repeat(np.arange(len(values)), lengths)[codes > 255].tolist())
        wide = sorted({*np.flatnonzero(lengths > SLOTS).tolist(), *large})
        if large:
            self._slots.array[base + at[sorted(large)]] = 0
        self._wide.add(base + at[wide])
        self._sets.add([values[one] for one in wide], np.arange(len(wide)), len(wide))

    def countries(self) -> Countries:
        return Countries(self._slots.array, self._wide.array, self._sets.sets(), self._codes.labels)


class _Maker:
    """Puts versions together. Rows come by ascending id; `counted` leaves a row, not live, for every id between."""

    def __init__(self, *, counted: bool = False) -> None:
        self._live, self._ids = _Grown(bool_), None if counted else _Grown(int64)
        self._plain = {name: _Grown(kind) for name, kind in _PLAIN.items()}
        services, groups = _bits(SERVICES), _bits(CLIENT_GROUPS)
        feeds, tags, seats, types = _Labels(), _Labels(), _Labels(), _Labels()
        kinds = [str(kind) for kind in range(256)]
        self._sets = {
            "feeds": _Numbered(uint16, lambda feed_id: [feeds.number(str(feed_id))], feeds.labels),
            "kind": _Numbered(uint8, lambda kind: [kind], kinds),
            "services": _Numbered(uint32, *services),
            "client_groups": _Numbered(uint32, *groups),
            "languages": _Numbered(uint32, lambda spoken: [tags.number(tag) for tag in spoken.split()], tags.labels),
            "seat": _Numbered(uint16, lambda code: [seats.number(code)] if code else [], seats.labels),
            "type": _Numbered(uint32, lambda code: [types.number(code)] if code else [], types.labels),
        }
        self._countries = _CountriesMaker()
        self._points = _Grown(int64), _Grown(int32), _Grown(int32)
        self._first = 0
        self._taken = 0
        self.next_id = 0

    @property
    def is_sparse(self) -> bool:
        """Whether most of the rows are of records that have gone."""
        return self._taken > (SPARSE - 1) * (self._live.size - self._taken)

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows of `facet`, as `_SELECT` gives them."""
        if not rows:
            return
        columns = dict(zip(_NAMES, zip(*rows, strict=True), strict=True))
        at, size = self._placed(columns["record_id"])
        live = np.zeros(size, bool_)
        live[at] = True
        self._taken += size - len(rows)
        base = self._live.size
        self._live.add(live)
        for name, grown in self._plain.items():
            values = np.zeros(size, grown.array.dtype)
            values[at] = _day(columns[name]) if name == "confirmed" else np.array(columns[name])
            grown.add(values)
        for name, numbered in self._sets.items():
            numbered.add(columns[name], at, size)
        self._countries.add(columns["countries"], at, size)
        self._add_points(columns, base + at)

    def _placed(self, record_ids: Sequence[int]) -> tuple[NDArray[int64], int]:
        """Where the rows of those ids stand behind the end, and how many rows that makes."""
        ids = np.array(record_ids, int64)
        if self._live.size == 0:
            self._first = self.next_id = record_ids[0]
        if self._ids is None:
            at, size = ids - self.next_id, record_ids[-1] + 1 - self.next_id
        else:
            self._ids.add(ids)
            at, size = np.arange(len(ids)), len(ids)
        self.next_id = record_ids[-1] + 1
        return at, size

    def _add_points(self, columns: Mapping[str, Sequence[Any]], rows: NDArray[int64]) -> None:
        latitudes, longitudes = columns["latitude_e6"], columns["longitude_e6"]
        known = [at for at, latitude in enumerate(latitudes) if latitude is not None]
        values = rows[known], [latitudes[at] for at in known], [longitudes[at] for at in known]
        for grown, found in zip(self._points, values, strict=True):
            grown.add(np.array(found, grown.array.dtype))

    def take_out(self, record_ids: Sequence[int]) -> None:
        """Mark the rows of those that are here as gone, in this version and later ones."""
        live = _Grown(bool_)
        live.add(self._live.array)
        if record_ids and live.size:
            ids = np.unique(np.array(record_ids, int64))
            if self._ids is None:
                at = ids - self._first
                at = at[(at >= 0) & (at < live.size)]
            else:
                at = np.minimum(np.searchsorted(self._ids.array, ids), live.size - 1)
                at = at[self._ids.array[at] == ids]
            self._taken += int(live.array[at].sum())
            live.array[at] = False
        self._live = live

    def version(self) -> Columns:
        arrays: dict[str, Any] = {name: grown.array for name, grown in self._plain.items()}
        sets: dict[str, Any] = {name: numbered.sets() for name, numbered in self._sets.items()}
        return Columns(
            **arrays,
            **sets,
            live=self._live.array,
            countries=self._countries.countries(),
            points=Points(*(grown.array for grown in self._points)),
            first=self._first,
            ids=None if self._ids is None else self._ids.array,
            number=next(_NUMBERS),
        )


_NUMBERS = count(1)

_PLAIN: dict[str, type[Any]] = {
    "confirmed": uint16,
    "refugee_led": bool_,
    "name_words": uint8,
    "title": int64,
    "title_more": uint32,
}
_NAMES = (
    "record_id feeds kind countries services client_groups languages seat type confirmed "
    "latitude_e6 longitude_e6 refugee_led name_words title title_more"
).split()


def _day(days: Sequence[int | None]) -> NDArray[uint16]:
    """Days since 1970 as two bytes hold them: 0 for none, the first and the last for those beyond."""
    return np.fromiter((NO_DAY if day is None else min(max(day, 1), 65_535) for day in days), uint16, len(days))
