"""What fits what, for many pairs at once: the same scores as `fednet.listing.fit`, worked out over columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy import bool_, int64, uint8, uint32
from numpy.typing import NDArray

from fednet.listing import features, fit
from fednet.listing.vocabulary import CLIENT_GROUPS, SERVICES
from fednet.store import exchanges
from fednet.store.exchanges import Row

Bools = NDArray[bool_]
Ints = NDArray[int64]
Of = Mapping[str, NDArray[Any]]
"""Columns by name, as `_DTYPE` names them: of one row (then of length 1), or of several."""

_DTYPE = np.dtype(
    [
        ("type", "u1"), ("state", "u1"), ("modality", "u1"), ("modality_said", "u1"), ("stage", "u1"),
        ("everywhere", "u1"), ("_", "V2"), ("since", "<i4"), ("until", "<i4"), ("organization", "<u4"),
        ("regions", "<u4"), ("services", "<i8"), ("services_named", "<i8"), ("groups", "<i8"),
        ("groups_named", "<i8"), ("title", "<i8"), ("countries", "<u8", 4), ("countries_named", "<u8", 4),
    ]
)  # fmt: skip
"""`exchanges.PACKED`, as numpy reads it."""


MOST_OF_A_FEED = 5_000
"""Entries of one feed of others that are compared, the newest: what a network lists beyond is shown, and takes no time
of others' entries."""


class Table:
    """Rows of entries by ascending record id: what is compared of each (`of`, an array of fields)."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.ids: Ints = np.fromiter((row.record_id for row in rows), int64, len(rows))
        self.feeds: Ints = np.fromiter((row.feed_id for row in rows), int64, len(rows))
        self.own: Bools = np.fromiter((row.own for row in rows), bool_, len(rows))
        self.handles = [row.handle for row in rows]
        self.of = np.frombuffer(b"".join(row.packed for row in rows), _DTYPE)
        self.languages = [row.languages.split() for row in rows]
        self.words = [np.frombuffer(row.words, "<u4") for row in rows]

    @property
    def size(self) -> int:
        return len(self.ids)

    def reopened(self, since: Ints) -> Table:
        """The same as if nothing had been closed or agreed, and each had come on a day of `since` (since 1970)."""
        found = Table([])
        found.ids, found.feeds, found.handles, found.of = self.ids, self.feeds, self.handles, self.of.copy()
        found.own = self.own
        found.languages, found.words = self.languages, self.words
        found.of["state"] = exchanges.OPEN
        found.of["since"] = since
        return found

    @cached_property
    def needs(self) -> Candidates:
        """The needs that may meet something."""
        return self._side((features.NEED,))

    @cached_property
    def offers(self) -> Candidates:
        """The offers and sources of funding that may."""
        return self._side((features.OFFER, features.MONEY_SOURCE))

    @cached_property
    def compared(self) -> Bools:
        """By row whether it may meet anything: still open, and our own or among the newest of its feed."""
        is_sought = np.isin(self.of["state"], _SOUGHT)
        left = np.flatnonzero(is_sought & ~self.own)[::-1]
        left = left[np.argsort(self.feeds[left], kind="stable")]
        feeds = self.feeds[left]
        found = is_sought & self.own
        found[left[np.arange(len(left)) - np.searchsorted(feeds, feeds, "left") < MOST_OF_A_FEED]] = True
        return found

    def _side(self, types: tuple[int, ...]) -> Candidates:
        return Candidates(self, np.flatnonzero(np.isin(self.of["type"], types) & self.compared))

    def beyond(self, row: int) -> Candidates | None:
        """The side that the entry of a row may meet; None when it may meet nothing."""
        if not self.compared[row]:
            return None
        return {features.NEED: self.offers, features.OFFER: self.needs, features.MONEY_SOURCE: self.needs}.get(
            int(self.of["type"][row])
        )


_SOUGHT = np.array([exchanges.OPEN, exchanges.INTRODUCED], uint8)


class Candidates:
    """Some rows of a table, their columns apart."""

    def __init__(self, table: Table, rows: Ints) -> None:
        self.rows = rows
        self.of: Of = _told(table, rows)
        self.words = Postings([table.words[row] for row in rows.tolist()])
        self.languages = Postings([tags(table.languages[row]) for row in rows.tolist()])


def _told(table: Table, rows: Ints) -> Of:
    """Columns of some rows, without the terms of whoever names them all (`fit.MANY`)."""
    found = {name: np.ascontiguousarray(table.of[name][rows]) for name in _NAMES}
    for said, tells in (("services", fit.TELLING_THEMES), ("groups", fit.TELLING_GROUPS)):
        for name in (said, f"{said}_named"):
            crowded = np.bitwise_count(found[name] & tells) > fit.MANY
            found[name] = np.where(crowded, found[name] & ~tells, found[name])
    return found


_NAMES = tuple(name for name in _DTYPE.names or () if name != "_")


def tags(languages: Iterable[str]) -> NDArray[uint32]:
    """Language tags as numbers."""
    return np.array([_tag(language) for language in languages], uint32)


@cache
def _tag(language: str) -> int:
    return features.hashed(language)


class Postings:
    """Some values of each row, and which rows have a value."""

    def __init__(self, values: Sequence[NDArray[uint32]]) -> None:
        self.lengths: Ints = np.fromiter(map(len, values), int64, len(values))
        flat = np.concatenate([*values, np.zeros(0, uint32)])
        order = np.argsort(flat, kind="stable")
        self._values, self._rows = flat[order], np.repeat(np.arange(len(values)), self.lengths)[order]

    def counts(self, wanted: NDArray[uint32]) -> Ints:
        """By row, how many of the wanted values it has; each wanted once."""
        first = np.searchsorted(self._values, wanted, "left")
        lengths = np.searchsorted(self._values, wanted, "right") - first
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.bincount(self._rows[np.repeat(first, lengths) + within], minlength=len(self.lengths))


# --- scores -----------------------------------------------------------------------------------------------------------

_MODALITY = np.array(fit.MODALITY, int64)
_MODALITY_NAMED = np.array([[fit.when_named(points) for points in row] for row in fit.MODALITY], int64)
_STAGE = np.array(fit.STAGE, int64)
_TRAVELLED = np.array([fit.is_travelled(modality) for modality in range(len(fit.MODALITY))], bool_)


class Scored(NamedTuple):
    """Rows that fit the entry of one row, ascending, and their scores."""

    rows: Ints
    scores: Ints


def scored(table: Table, row: int) -> Scored:
    """What fits the entry of a row."""
    side = table.beyond(row)
    if side is None or not len(side.rows):
        return Scored(np.zeros(0, int64), np.zeros(0, int64))
    one = _told(table, np.array([row]))
    need, offer = (one, side.of) if side is table.offers else (side.of, one)
    theme = _themes(one, side.of)
    group = _groups(one, side.of)
    beside = np.where(theme == 0, _related(one, side.of), 0)
    money, is_asked = _money(need, offer)
    words = _words(side, table.words[row])
    modality = _modalities(need, offer)
    total = theme + group + beside + money + words + modality + _where(need, offer)
    total += _STAGE[need["stage"], offer["stage"]] + _languages(side, tags(table.languages[row]))
    is_subject = (theme != 0) | (group > 0) | (beside > 0) | is_asked
    is_subject |= words >= np.where(modality >= fit.SAME_NAMED, 1, fit.WORDS_SUBJECT)
    found = np.flatnonzero(_may_meet(need, offer) & is_subject & (total >= fit.LEAST))
    return Scored(side.rows[found], np.minimum(total[found], fit.MOST))


def _may_meet(need: Of, offer: Of) -> Bools:
    same = (need["organization"] == offer["organization"]) & (need["organization"] != 0)
    days = np.maximum(need["since"], offer["since"]) <= np.minimum(need["until"], offer["until"])
    return np.asarray(~same & days)


def _near(mask: int, near: tuple[int, ...]) -> int:
    """All terms that are near one of a mask."""
    found = 0
    for bit in features.bits(mask):
        found |= near[bit]
    return found


def _first(choices: Iterable[tuple[Bools, int]], size: int) -> Ints:
    """By row the points of the first choice that holds, else 0."""
    conditions, points = zip(*choices, strict=True)
    return np.select(list(conditions), list(points), 0).astype(int64) if size else np.zeros(0, int64)


def _common(one: Of, others: Of, said: str) -> tuple[Ints, Ints, Ints]:
    """As `fit.common`, of one row and each."""
    mine, mine_named = int(one[said][0]), int(one[f"{said}_named"][0])
    theirs, theirs_named = others[said], others[f"{said}_named"]
    return theirs & mine, (theirs_named & mine) | (theirs & mine_named), theirs_named & mine_named


def _themes(one: Of, others: Of) -> Ints:
    telling = fit.TELLING_THEMES
    said, said_named, both_named = _common(one, others, "services")
    mine, guessed = int(one["services"][0]) & telling, int(one["services"][0] | one["services_named"][0]) & telling
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
        len(theirs),
    )
    return np.asarray(points + np.where(several, fit.THEME_MORE, 0))


def _groups(one: Of, others: Of) -> Ints:
    telling = fit.TELLING_GROUPS
    said, said_named, both_named = _common(one, others, "groups")
    mine, theirs = int(one["groups"][0]), others["groups"]
    near = fit.closeness(CLIENT_GROUPS)
    told, theirs_told = mine & telling, theirs & telling
    is_narrow = bool(told) and not mine & fit.WIDE_GROUPS
    return _first(
        (
            ((said & telling) != 0, fit.GROUP),
            (((said_named | both_named) & telling) != 0, fit.GROUP_NAMED),
            ((theirs_told & _near(told, near.close)) != 0, fit.GROUP_CLOSE),
            (said != 0, fit.GROUP_WIDE),
            ((theirs_told & _near(told, near.siblings)) != 0, fit.GROUP_SIBLING),
            ((theirs_told != 0) & ((theirs & fit.WIDE_GROUPS) == 0) & is_narrow, fit.GROUP_OTHER),
        ),
        len(theirs),
    )


def _related(one: Of, others: Of) -> Ints:
    services, groups = int(one["services"][0]), int(one["groups"][0])
    wanted_groups = wanted_services = 0
    for theme, group in fit.related():
        wanted_groups |= group if services & theme else 0
        wanted_services |= theme if groups & group else 0
    found = ((others["groups"] & wanted_groups) != 0) | ((others["services"] & wanted_services) != 0)
    return np.where(found, fit.RELATED, 0)


def _modalities(need: Of, offer: Of) -> Ints:
    said = (need["modality_said"] & offer["modality_said"]) != 0
    at = need["modality"], offer["modality"]
    return np.asarray(np.where(said, _MODALITY[at], _MODALITY_NAMED[at]))


def _money(need: Of, offer: Of) -> tuple[Ints, Bools]:
    """Points, and where money is asked for and given."""
    wants = ((need["services"] | need["services_named"]) & fit.GRANTS) != 0
    source = offer["type"] == features.MONEY_SOURCE
    gives = source | ((offer["services"] & fit.GRANTS) != 0)
    points = np.where(wants, np.where(gives, fit.MONEY, fit.MONEY_WANTED), np.where(source, fit.FUNDING, 0))
    return points, wants & gives


def _where(need: Of, offer: Of) -> Ints:
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


def _languages(side: Candidates, mine: NDArray[uint32]) -> Ints:
    if not len(mine):
        return np.zeros(len(side.rows), int64)
    common = side.languages.counts(mine) > 0
    return np.where(common, fit.LANGUAGE, np.where(side.languages.lengths > 0, fit.NO_LANGUAGE, 0))


def _words(side: Candidates, mine: NDArray[uint32]) -> Ints:
    both = side.words.counts(mine)
    shorter = np.minimum(side.words.lengths, len(mine))
    found = both * 100 * fit.WORDS // ((shorter + fit.WORDS_MORE) * fit.WORDS_FULL)
    return np.asarray(np.minimum(fit.WORDS, found))
