"""What fits what, for many pairs at once: the same scores as `fednet.listing.fit`, worked out over columns.

A process that lives long keeps the columns and every pair that fits, and follows what comes and goes by ids: a record's
row never changes, for a changed record is another row. A command reads the rows (10,000 in some 50 ms) and works out
what it is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy import bool_, int64, uint8, uint32
from numpy.typing import NDArray
from sqlite_utils import Database

from fednet.listing import fit
from fednet.listing.vocabulary import CLIENT_GROUPS, SERVICES
from fednet.store import columns, exchanges
from fednet.store.database import Store
from fednet.store.exchanges import Row

Bools = NDArray[bool_]
Ints = NDArray[int64]

AFRESH = 4
"""When more than one in so many rows is new, all pairs are worked out again."""

_DTYPE = np.dtype(
    [
        ("type", "u1"), ("state", "u1"), ("modality", "u1"), ("modality_said", "u1"), ("stage", "u1"),
        ("everywhere", "u1"), ("_", "V2"), ("since", "<i4"), ("until", "<i4"), ("organization", "<u4"),
        ("regions", "<u4"), ("services", "<i8"), ("services_named", "<i8"), ("groups", "<i8"),
        ("groups_named", "<i8"), ("title", "<i8"), ("countries", "<u8", 4), ("countries_named", "<u8", 4),
    ]
)  # fmt: skip
"""`exchanges.PACKED`, as numpy reads it."""


class Postings:
    """Which rows have each of some values."""

    def __init__(self, values: NDArray[Any], rows: Ints, size: int) -> None:
        order = np.argsort(values, kind="stable")
        self._values, self._rows, self._size = values[order], rows[order], size

    def counts(self, wanted: NDArray[Any]) -> Ints:
        """By row, how many of the wanted values it has; each wanted once."""
        first = np.searchsorted(self._values, wanted, "left")
        last = np.searchsorted(self._values, wanted, "right")
        lengths = last - first
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.bincount(self._rows[np.repeat(first, lengths) + within], minlength=self._size)


class Table(NamedTuple):
    """Rows of entries by ascending record id: what is compared of each (`of`, an array of fields)."""

    ids: Ints
    feeds: Ints
    handles: list[str]
    of: NDArray[Any]
    languages: tuple[tuple[str, ...], ...]
    words: tuple[NDArray[uint32], ...]
    text: Text

    @property
    def size(self) -> int:
        return len(self.ids)


class Text:
    """The words and languages of rows, looked up by value when they are asked for."""

    def __init__(self, languages: Sequence[Sequence[str]], words: Sequence[NDArray[uint32]]) -> None:
        self._languages, self._words = languages, words
        self.lengths = np.fromiter(map(len, words), int64, len(words))

    @cached_property
    def words(self) -> Postings:
        flat = np.concatenate(self._words) if self._words else np.zeros(0, uint32)
        return Postings(flat, np.repeat(np.arange(len(self._words)), self.lengths), len(self._words))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Languages, numbered."""
        return {tag: at for at, tag in enumerate(dict.fromkeys(chain.from_iterable(self._languages)))}

    @cached_property
    def spoken(self) -> Postings:
        lengths = np.fromiter(map(len, self._languages), int64, len(self._languages))
        flat = np.fromiter(map(self.numbers.__getitem__, chain.from_iterable(self._languages)), int64, lengths.sum())
        return Postings(flat, np.repeat(np.arange(len(lengths)), lengths), len(lengths))

    @cached_property
    def says_languages(self) -> Bools:
        return np.fromiter(map(bool, self._languages), bool_, len(self._languages))


def table(rows: Sequence[Row]) -> Table:
    languages = tuple(tuple(row.languages.split()) for row in rows)
    words = tuple(np.frombuffer(row.words, "<u4") for row in rows)
    return Table(
        np.fromiter((row.record_id for row in rows), int64, len(rows)),
        np.fromiter((row.feed_id for row in rows), int64, len(rows)),
        [row.handle for row in rows],
        np.frombuffer(b"".join(row.packed for row in rows), _DTYPE),
        languages,
        words,
        Text(languages, words),
    )


# --- scores -----------------------------------------------------------------------------------------------------------

_MODALITY = np.array(fit.MODALITY, int64)
_MODALITY_NAMED = np.array([[fit.when_named(points) for points in row] for row in fit.MODALITY], int64)
_STAGE = np.array(fit.STAGE, int64)
_TRAVELLED = np.array([fit.is_travelled(modality) for modality in range(len(fit.MODALITY))], bool_)
_SOUGHT = np.array([exchanges.OPEN, exchanges.INTRODUCED], uint8)


def scores(table: Table, row: int) -> NDArray[int64]:
    """By row, how it fits the entry of one row: 0 where it does not."""
    one, others = table.of[row : row + 1], table.of
    is_need = bool(one["type"][0] == fit.NEED)
    need, offer = (one, others) if is_need else (others, one)
    theme, about = _themes(one[0], others)
    group, whom = _groups(one[0], others)
    beside = np.where(theme == 0, _related(one[0], others), 0)
    money, asked = _money(need, offer)
    words = _words(table, row)
    total = theme + group + beside + money + words
    total += _modalities(need, offer) + _STAGE[need["stage"], offer["stage"]] + _where(need, offer)
    total += _languages(table, row)
    is_subject = about | whom | (beside > 0) | asked | (words > 0)
    meets = _may_meet(need, offer) & is_subject & (total >= fit.LEAST)
    return np.where(meets, np.minimum(total, fit.MOST), 0)


def _may_meet(need: NDArray[Any], offer: NDArray[Any]) -> Bools:
    types = (need["type"] == fit.NEED) & ((offer["type"] == fit.OFFER) | (offer["type"] == fit.MONEY_SOURCE))
    open_ = np.isin(need["state"], _SOUGHT) & np.isin(offer["state"], _SOUGHT)
    same = (need["organization"] == offer["organization"]) & (need["organization"] != 0)
    days = np.maximum(need["since"], offer["since"]) <= np.minimum(need["until"], offer["until"])
    return np.asarray(types & open_ & ~same & days)


def _near(mask: int, near: tuple[int, ...]) -> int:
    """All terms that are near one of a mask."""
    found = 0
    for bit in fit.bits(mask):
        found |= near[bit]
    return found


def _first(choices: Iterable[tuple[Bools, int]], size: int) -> Ints:
    """By row the points of the first choice that holds, else 0."""
    conditions, points = zip(*choices, strict=True)
    return np.select(list(conditions), list(points), 0).astype(int64) if size else np.zeros(0, int64)


def _common(one: Any, others: NDArray[Any], said: str) -> tuple[Ints, Ints, Ints]:
    """As `fit.common`, of one row and each."""
    mine, mine_named = int(one[said]), int(one[f"{said}_named"])
    theirs, theirs_named = others[said], others[f"{said}_named"]
    return theirs & mine, (theirs_named & mine) | (theirs & mine_named), theirs_named & mine_named


def _themes(one: Any, others: NDArray[Any]) -> tuple[Ints, Bools]:
    """Points, and where there is a reason."""
    telling = ~(fit.WIDE_THEMES | fit.GRANTS)
    said, said_named, both_named = _common(one, others, "services")
    mine, guessed = int(one["services"]) & telling, (int(one["services"]) | int(one["services_named"])) & telling
    theirs, theirs_guessed = others["services"] & telling, (others["services"] | others["services_named"]) & telling
    near = fit.closeness(SERVICES)
    several = np.bitwise_count((said | said_named | both_named) & telling) > 1
    points = _first(
        (
            ((said & telling) != 0, fit.THEME),
            ((said_named & telling) != 0, fit.THEME_NAMED),
            ((both_named & telling) != 0, fit.THEME_BOTH_NAMED),
            ((theirs & _near(mine, near.close)) != 0, fit.THEME_CLOSE),
            ((said & fit.WIDE_THEMES) != 0, fit.THEME_WIDE),
            ((theirs & _near(mine, near.siblings)) != 0, fit.THEME_SIBLING),
            ((theirs_guessed & _near(guessed, near.close)) != 0, fit.THEME_CLOSE_NAMED),
            (((said_named | both_named) & fit.WIDE_THEMES) != 0, fit.THEME_WIDE_NAMED),
        ),
        len(others),
    )
    return points + np.where(several, fit.THEME_MORE, 0), points != 0


def _groups(one: Any, others: NDArray[Any]) -> tuple[Ints, Bools]:
    telling = ~fit.WIDE_GROUPS
    said, said_named, both_named = _common(one, others, "groups")
    mine, theirs = int(one["groups"]), others["groups"]
    near = fit.closeness(CLIENT_GROUPS)
    told, theirs_told = mine & telling, theirs & telling
    is_narrow = bool(told) and not mine & fit.WIDE_GROUPS
    points = _first(
        (
            ((said & telling) != 0, fit.GROUP),
            (((said_named | both_named) & telling) != 0, fit.GROUP_NAMED),
            ((theirs_told & _near(told, near.close)) != 0, fit.GROUP_CLOSE),
            (said != 0, fit.GROUP_WIDE),
            ((theirs_told & _near(told, near.siblings)) != 0, fit.GROUP_SIBLING),
            ((theirs_told != 0) & ((theirs & fit.WIDE_GROUPS) == 0) & is_narrow, fit.GROUP_OTHER),
        ),
        len(others),
    )
    return points, points > 0


def _related(one: Any, others: NDArray[Any]) -> Ints:
    services, groups = int(one["services"]), int(one["groups"])
    wanted_groups = wanted_services = 0
    for theme, group in fit.related():
        wanted_groups |= group if services & theme else 0
        wanted_services |= theme if groups & group else 0
    found = ((others["groups"] & wanted_groups) != 0) | ((others["services"] & wanted_services) != 0)
    return np.where(found, fit.RELATED, 0)


def _modalities(need: NDArray[Any], offer: NDArray[Any]) -> Ints:
    said = (need["modality_said"] & offer["modality_said"]) != 0
    at = need["modality"], offer["modality"]
    return np.asarray(np.where(said, _MODALITY[at], _MODALITY_NAMED[at]))


def _money(need: NDArray[Any], offer: NDArray[Any]) -> tuple[Ints, Bools]:
    """Points, and where money is asked for and given."""
    wants = ((need["services"] | need["services_named"]) & fit.GRANTS) != 0
    source = offer["type"] == fit.MONEY_SOURCE
    gives = source | ((offer["services"] & fit.GRANTS) != 0)
    points = np.where(wants, np.where(gives, fit.MONEY, fit.MONEY_WANTED), np.where(source, fit.FUNDING, 0))
    return points, wants & gives


def _where(need: NDArray[Any], offer: NDArray[Any]) -> Ints:
    said, offered = need["countries"], offer["countries"]
    both = said & offered
    says = (said != 0).any(axis=1)
    partly = (both != 0).any(axis=1)
    named = (((said | need["countries_named"]) & (offered | offer["countries_named"])) != 0).any(axis=1)
    says_both = says & (offered != 0).any(axis=1)
    return _first(
        (
            (partly & (both == said).all(axis=1), fit.COUNTRY),
            (partly, fit.COUNTRY_PARTLY),
            (named, fit.COUNTRY_NAMED),
            ((offer["everywhere"] != 0) & says, fit.EVERYWHERE),
            (says_both & ((need["regions"] & offer["regions"]) != 0), fit.REGION),
            (says_both & ~_TRAVELLED[offer["modality"]], fit.ELSEWHERE),
        ),
        len(partly),
    )


def _languages(table: Table, row: int) -> Ints:
    mine = np.array(sorted(table.text.numbers[tag] for tag in table.languages[row]), int64)
    if not len(mine):
        return np.zeros(table.size, int64)
    common = table.text.spoken.counts(mine) > 0
    return np.where(common, fit.LANGUAGE, np.where(table.text.says_languages, fit.NO_LANGUAGE, 0))


def _words(table: Table, row: int) -> Ints:
    both = table.text.words.counts(table.words[row])
    shorter = np.minimum(table.text.lengths, len(table.words[row]))
    found = both * 100 * fit.WORDS // ((shorter + fit.WORDS_MORE) * fit.WORDS_FULL)
    return np.asarray(np.minimum(fit.WORDS, found))


# --- pairs ------------------------------------------------------------------------------------------------------------


class Pairs(NamedTuple):
    """Every need and offer that fit: their record ids and scores."""

    needs: Ints
    offers: Ints
    scores: NDArray[uint8]

    def among(self, chosen: Bools) -> Pairs:
        """Some of them."""
        return Pairs(self.needs[chosen], self.offers[chosen], self.scores[chosen])


def pairs_of(table: Table, rows: Sequence[int]) -> Pairs:
    """The pairs of some rows with all others: those of two of them come twice."""
    found = [_pairs(table, row) for row in rows]
    nothing = Pairs(np.zeros(0, int64), np.zeros(0, int64), np.zeros(0, uint8))
    return joined([nothing, *found])


def _pairs(table: Table, row: int) -> Pairs:
    score = scores(table, row)
    others = np.flatnonzero(score)
    mine = np.full(len(others), table.ids[row])
    theirs = table.ids[others]
    need, offer = (mine, theirs) if table.of["type"][row] == fit.NEED else (theirs, mine)
    return Pairs(need, offer, score[others].astype(uint8))


def joined(several: Sequence[Pairs]) -> Pairs:
    return Pairs(
        np.concatenate([pairs.needs for pairs in several]),
        np.concatenate([pairs.offers for pairs in several]),
        np.concatenate([pairs.scores for pairs in several]),
    )


def every(table: Table) -> Pairs:
    """All pairs of a table."""
    return pairs_of(table, np.flatnonzero(table.of["type"] == fit.NEED).tolist())


class Standing(NamedTuple):
    """The rows at some moment, and their pairs when they are kept."""

    table: Table
    pairs: Pairs | None


class Kept:
    """The rows and pairs of a database for as long as a process lives. Any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: tuple[int, bytes] | None = None
        self._standing = Standing(table([]), every(table([])))

    def at(self, db: Database) -> Standing:
        """How it stands in the snapshot that `db` reads."""
        stamp = exchanges.stamp(db)
        with self._lock:
            if stamp != self._stamp:
                self._standing = _followed(db, self._standing)
                self._stamp = stamp
            return self._standing


def _followed(db: Database, before: Standing) -> Standing:
    """The next standing: only pairs of what is new are worked out."""
    ids = exchanges.record_ids(db)
    known = set(before.table.ids.tolist())
    new = [record_id for record_id in ids if record_id not in known]
    if not new and len(ids) == len(known):
        return before
    found = table(exchanges.rows(db))
    if before.pairs is None or len(new) * AFRESH > len(ids):
        return Standing(found, every(found))
    here = np.array(ids, int64)
    stay = np.isin(before.pairs.needs, here) & np.isin(before.pairs.offers, here)
    left = before.pairs.among(stay)
    return Standing(found, joined([left, _of_new(found, new)]))


def _of_new(found: Table, new: Sequence[int]) -> Pairs:
    """The pairs of new rows with all, each once."""
    ids = np.array(new, int64)
    twice = pairs_of(found, np.searchsorted(found.ids, ids).tolist())
    both = np.flatnonzero(np.isin(twice.needs, ids) & np.isin(twice.offers, ids))
    _, first = np.unique(np.stack([twice.needs[both], twice.offers[both]]), axis=1, return_index=True)
    once = np.ones(len(twice.needs), bool_)
    once[both] = False
    once[both[first]] = True
    return twice.among(once)


_KEPT: WeakKeyDictionary[Store, Kept] = WeakKeyDictionary()


def standing(store: Store, db: Database) -> Standing:
    """The rows of a snapshot; with their pairs in a process that lives long."""
    if columns.kept(store) is None:
        return Standing(table(exchanges.rows(db)), None)
    return _KEPT.setdefault(store, Kept()).at(db)


class Shown:
    """What fits what, for somebody who may see some of the rows.

    `mask` says which; `sought` which of these are open today: others fit nothing. `dismissed` are pairs of handles that
    a person said do not fit.
    """

    def __init__(self, standing: Standing, mask: Bools, sought: Bools, dismissed: set[tuple[str, str]]) -> None:
        self.table, self._pairs = standing
        self.mask, self.sought, self._dismissed = mask, sought & mask, dismissed
        self._named = {handle for pair in dismissed for handle in pair}

    def of(self, row: int) -> tuple[list[int], list[int], list[bool]]:
        """What fits the entry of a row: rows, scores, and whether the pair was dismissed; best first."""
        if not self.sought[row]:
            return [], [], []
        score = np.where(self.sought, scores(self.table, row), 0)
        found = np.flatnonzero(score).tolist()
        found.sort(key=lambda other: (-int(score[other]), self.table.handles[other], other))
        return found, [int(score[other]) for other in found], [self.is_dismissed(row, other) for other in found]

    def is_dismissed(self, row: int, other: int) -> bool:
        one, two = self.table.handles[row], self.table.handles[other]
        return (one, two) in self._dismissed or (two, one) in self._dismissed

    def counted(self, rows: Sequence[int]) -> dict[int, tuple[int, int]]:
        """For each of some rows the best score and how many fit, without what was dismissed."""
        if self._pairs is None and len(rows) * AFRESH < self.table.size:
            return {row: self._counted(row) for row in rows}
        best, count = self.summary
        return {row: (int(best[row]), int(count[row])) for row in rows}

    def _counted(self, row: int) -> tuple[int, int]:
        _, found, gone = self.of(row)
        left = [score for score, is_gone in zip(found, gone, strict=True) if not is_gone]
        return max(left, default=0), len(left)

    @cached_property
    def summary(self) -> tuple[Ints, Ints]:
        """By row the best score of what fits it, and how many do, without what was dismissed."""
        pairs = every(self.table) if self._pairs is None else self._pairs
        need, offer = np.searchsorted(self.table.ids, pairs.needs), np.searchsorted(self.table.ids, pairs.offers)
        left = self.sought[need] & self.sought[offer] & ~self._gone(need, offer)
        need, offer, score = need[left], offer[left], pairs.scores[left].astype(int64)
        best, count = np.zeros(self.table.size, int64), np.zeros(self.table.size, int64)
        for end in (need, offer):
            np.maximum.at(best, end, score)
            count += np.bincount(end, minlength=self.table.size)
        return best, count

    def _gone(self, need: Ints, offer: Ints) -> Bools:
        """Which of these pairs were dismissed."""
        found = np.zeros(len(need), bool_)
        if not self._dismissed or not len(need):
            return found
        named = np.fromiter((handle in self._named for handle in self.table.handles), bool_, self.table.size)
        for at in np.flatnonzero(named[need] & named[offer]).tolist():
            found[at] = self.is_dismissed(int(need[at]), int(offer[at]))
        return found
