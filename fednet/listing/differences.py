"""Where two statements about one organisation, or one twinning, really differ, and what they say taken together.

Whoever says nothing contradicts nobody. The order of a list, letter case, accents, punctuation, `www.` and texts in
different languages are no differences; membership is each network's own, and old names and groups add up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from fednet.listing.organization import Identifier, Organization, Place
from fednet.listing.text import key
from fednet.listing.twinning import Activity, Twinning

FAR_E6 = 100_000
"""Seats further apart than this, in millionths of a degree (some 10 km), are two."""


class Said(NamedTuple):
    """One thing that is said in a field, in its newest spelling; `by`: positions of the statements that say it.

    `value` is a code, a text, an Identifier or Place; in a field of texts a pair of language tag and text.
    """

    value: Any
    by: tuple[int, ...]


class Compared(NamedTuple):
    """A field in which at least one statement says something. `said`: each thing once, those of the first ones first.

    `differs` are the positions of the statements that contradict some other one.
    """

    name: str
    differs: tuple[int, ...]
    said: tuple[Said, ...]


def compared(statements: Sequence[Organization] | Sequence[Twinning]) -> list[Compared]:
    """All fields in which anything is said, over the statements of one kind in their order."""
    fields = TWINNING_FIELDS if any(isinstance(one, Twinning) for one in statements) else FIELDS
    found = [_compared(name, [getattr(one, name) for one in statements]) for name in fields]
    return [field for field in found if field.said]


def agree(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field contradict each other in nothing. Symmetric, and true of equal values."""
    return not _is_said(one) or not _is_said(other) or _RULES[name].agree(one, other)


def _compared(name: str, values: Sequence[Any]) -> Compared:
    against = [pair for pair in combinations(range(len(values)), 2) if not agree(name, *(values[at] for at in pair))]
    said: dict[object, Said] = {}
    for at, value in enumerate(values):
        for same, one in _RULES[name].parts(value) if _is_said(value) else ():
            known = said.get(same, Said(one, ()))
            said[same] = known if at in known.by else Said(known.value, (*known.by, at))
    return Compared(name, tuple(sorted({at for pair in against for at in pair})), tuple(said.values()))


def _is_said(value: Any) -> bool:
    return value is not None and value != "" and value != () and value != {}


# --- what is the same -------------------------------------------------------------------------------------------------

_APART = re.compile(r"[\W_]+")
_ADDRESS = re.compile(r"https?://(?:www\.)?([^/?#]*?)\.?(?::(?:80|443))?((?:[/?#].*)?)", re.IGNORECASE)
_FRONT = re.compile(r"/(?:[a-z]{2}(?:-[a-z]{2,4})?/?)?(?:index\.\w+|home/?)?", re.IGNORECASE)


def _plain(text: str) -> str:
    """A text by which spellings are compared: folded, without spaces and punctuation; as it is if that is all of it."""
    return _APART.sub("", key(text)) or text


def _address(url: str) -> tuple[str, str]:
    """Host and path by which web addresses are compared; a front page in any language is the front page."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return url, ""
    path = found[2]
    return found[1].casefold(), "" if _FRONT.fullmatch(path) else path.rstrip("/")


def _seat(place: Place) -> tuple[object, ...]:
    return place.country, _plain(place.place) if place.place else "", place.latitude_e6, place.longitude_e6


def _same_seat(one: Place, other: Place) -> bool:
    countries = one.country and other.country and one.country != other.country
    places = one.place and other.place and _plain(one.place) != _plain(other.place)
    return not (countries or places or _is_far(one.latitude_e6, other.latitude_e6) or _is_far_round(one, other))


def _is_far(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and abs(one - other) > FAR_E6


def _is_far_round(one: Place, other: Place) -> bool:
    """Longitudes, on whichever way round the earth is shorter."""
    if one.longitude_e6 is None or other.longitude_e6 is None:
        return False
    apart = abs(one.longitude_e6 - other.longitude_e6)
    return min(apart, 360_000_000 - apart) > FAR_E6


def _texts_agree(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return all(_plain(one[tag]) == _plain(other[tag]) for tag in one.keys() & other.keys())


def _number(identifier: Identifier) -> tuple[str, str]:
    return identifier.scheme.casefold(), _plain(identifier.value)


def _numbers_agree(one: Sequence[Identifier], other: Sequence[Identifier]) -> bool:
    """Two registers are no contradiction; two numbers in one are."""
    ours, theirs = {_number(number) for number in one}, {_number(number) for number in other}
    schemes = {scheme for scheme, _ in ours} & {scheme for scheme, _ in theirs}
    return all({n for s, n in ours if s == scheme} & {n for s, n in theirs if s == scheme} for scheme in schemes)


def _tongue(tag: str) -> str:
    return tag.partition("-")[0].casefold()


Parts = Callable[[Any], list[tuple[object, Any]]]


class _Rule(NamedTuple):
    """`parts`: what a value says, each with what tells it from others; `agree`: whether two values may both be true."""

    parts: Parts
    agree: Callable[[Any, Any], bool]


def _always(one: Any, other: Any) -> bool:
    return True


def _single(same: Callable[[Any], object]) -> _Rule:
    return _Rule(lambda value: [(same(value), value)], lambda one, other: same(one) == same(other))


def _set(same: Callable[[Any], object]) -> _Rule:
    return _Rule(
        lambda values: [(same(value), value) for value in values],
        lambda one, other: set(map(same, one)) == set(map(same, other)),
    )


def _itself(value: Any) -> object:
    return value


_TEXTS = _Rule(
    lambda texts: [((tag, _plain(text)), (tag, text)) for tag, text in texts.items() if text.strip()], _texts_agree
)
_GATHERED = _set(_plain)._replace(agree=_always)


def _partial_dates_agree(one: str, other: str) -> bool:
    """A year or a month is no contradiction to a day in it."""
    return one.startswith(other) or other.startswith(one)


def _activity(done: Activity) -> object:
    return done.date, tuple(sorted((tag, _plain(text)) for tag, text in done.text.items()))


_ORGANIZATION: dict[str, _Rule] = {
    "names": _TEXTS,
    "acronym": _single(_plain),
    "description": _TEXTS,
    "type": _single(_itself),
    "refugee_led": _single(_itself),
    "seat": _single(_seat)._replace(agree=_same_seat),
    "services": _set(_itself),
    "client_groups": _set(_itself),
    "countries": _set(_itself),
    "languages": _set(_tongue),
    "website": _single(_address),
    "former_names": _GATHERED,
    "identifiers": _set(_number)._replace(agree=_numbers_agree),
    "membership": _single(_itself)._replace(agree=_always),
    "groups": _set(_itself)._replace(agree=_always),
}
_TWINNING: dict[str, _Rule] = {
    "titles": _TEXTS,
    "state": _single(_itself),
    "start": _single(_itself)._replace(agree=_partial_dates_agree),
    "end": _single(_itself)._replace(agree=_partial_dates_agree),
    "themes": _set(_itself),
    "goals": _TEXTS,
    "activities": _set(_activity)._replace(agree=_always),
    "outcome": _TEXTS,
}
_RULES = _ORGANIZATION | _TWINNING

FIELDS = tuple(_ORGANIZATION)
"""The fields of organisations that are compared, in the order in which they are shown."""
TWINNING_FIELDS = tuple(_TWINNING)
"""Those of twinnings."""
