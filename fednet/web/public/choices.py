"""Questions beside the one that was asked: filters to set and to take off, other orders, further pages, countries.

A page offers each as a link. One that keeps its question out of addresses (it was asked by POST) offers them as
buttons that send the whole of it, which is why a choice is told as a question: its parameters, as in an address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import log
from typing import NamedTuple
from urllib.parse import urlencode

from fednet.directory.query import DEFAULT_LIMIT, USUAL_KILOMETRES, Query
from fednet.directory.search import Results
from fednet.web import show
from fednet.web.translation import gettext as _
from fednet.web.translation import noted

MAX_FACET_VALUES = 32
FACET_BYTES = 24_000
"""What all choices that narrow a search may take on a page: a long question makes long ones."""
CHOICE = 150  # bytes of one of them beside the question
LONG_QUESTION = 200
"""Characters of a question above which not every country on the map is a link, and not each is in the list."""
SHADES = 5

Pairs = list[tuple[str, str]]
"""The parameters of a question."""

CALLED: dict[str, Callable[[str], str]] = {
    "kind": show.kind,
    "service": show.term,
    "client_group": show.term,
    "country": show.country,
    "language": show.language,
    "network": str,
    "type": show.term,
    "refugee_led": lambda led: _("refugee-led") if led == "yes" else _("not refugee-led"),
    "confirmed": lambda how: _("confirmed") if how == "fresh" else _("not confirmed of late"),
    "region": show.country,
    "seat": lambda code: _("seat: %(place)s") % {"place": show.country(code)},
    "near": lambda place: _("near %(place)s") % {"place": place},
}
"""What the code of each filter is called."""

FACETS = {
    "kind": noted("What"),
    "service": noted("Services"),
    "client_group": noted("For whom"),
    "language": noted("Languages spoken"),
    "network": noted("Listed by"),
    "type": noted("Type"),
    "refugee_led": noted("Led by refugees"),
    "confirmed": noted("Confirmed"),
}
"""Filters beside the results, in the order shown, with their headings; countries stand beside the map."""

SORTS = {
    "relevance": noted("Best match"),
    "title": noted("Name"),
    "confirmed": noted("Lately confirmed"),
    "near": noted("Nearest"),
}


class Choice(NamedTuple):
    """A question that could be asked instead, what it is called and how much it finds."""

    label: str
    total: int
    question: str
    chosen: bool = False


class Facet(NamedTuple):
    name: str
    label: str
    values: list[Choice]


class Shape(NamedTuple):
    """A country on the map: how dark it is (1 to `SHADES`), its name and count, and where it leads ("": nowhere)."""

    code: str
    shade: int
    label: str
    total: int
    question: str


class Where(NamedTuple):
    """The countries of what was found: on the map and, the same, as a list; `legend` is shade, least and most."""

    shapes: list[Shape]
    values: list[Choice]
    legend: list[tuple[int, int, int]]


def pairs(query: Query) -> Pairs:
    """The parameters of a query, without its cursor: what `parse_query` reads back."""
    values = {
        "text": (query.text,),
        "country": query.countries,
        "region": query.regions,
        "service": query.services,
        "client_group": query.client_groups,
        "language": query.languages,
        "network": query.networks,
        "kind": query.kinds,
        "seat": query.seats,
        "type": query.types,
        "refugee_led": () if query.refugee_led is None else ("yes" if query.refugee_led else "no",),
        "confirmed": (query.confirmed or "",),
        "near": (_degrees(query.near),),
        "within": (str(query.within),) if query.within not in (None, USUAL_KILOMETRES) else (),
        "sort": (query.sort,) if query.sort != "relevance" else (),
        "opinions": (query.opinions,) if query.opinions != "followed" else (),
        "why": ("1",) if query.why else (),
        "limit": (str(query.limit),) if query.limit != DEFAULT_LIMIT else (),
    }
    return [(name, value) for name, given in values.items() for value in given if value]


def _degrees(near: tuple[int, int] | str | None) -> str:
    return near if isinstance(near, str) else "" if near is None else f"{near[0] / 1e6:.6f},{near[1] / 1e6:.6f}"


def question(given: Iterable[tuple[str, str]]) -> str:
    """Parameters in one line, as they stand in an address behind the `?`."""
    return urlencode([(name, value) for name, value in given if value])


def facets(results: Results, query: Query, networks: Mapping[str, str]) -> list[Facet]:
    """What narrows the results, for each facet that is not chosen yet and tells them apart."""
    given = pairs(query)
    chosen = {name for name, _value in given}
    most = min(MAX_FACET_VALUES, FACET_BYTES // (CHOICE + len(question(given))) // len(FACETS))
    found = []
    for name, label in FACETS.items():
        counts = list(results.facets.get(name, {}).items())[:most]
        if name in chosen or not counts or (counts == [(counts[0][0], results.total)]):
            continue
        values = [_narrowed(given, name, code, count, networks) for code, count in counts]
        found.append(Facet(name, _(label), values))
    return found


def _narrowed(given: Pairs, name: str, code: str, count: int, networks: Mapping[str, str]) -> Choice:
    return Choice(networks.get(code) or CALLED[name](code), count, question([*given, (name, code)]))


def chosen(query: Query, networks: Mapping[str, str]) -> list[Choice]:
    """The filters that are set, as questions without them."""
    given = pairs(query)
    return [
        Choice(networks.get(value) or CALLED[name](value), 0, question(_without(given, choice)))
        for choice in given
        for name, value in [choice]
        if name in CALLED
    ]


def _without(given: Pairs, choice: tuple[str, str]) -> Pairs:
    """Without a place, nothing is near or far."""
    rest = [one for one in given if one != choice]
    return [one for one in rest if one[0] != "within" and one != ("sort", "near")] if choice[0] == "near" else rest


def sorts(query: Query) -> list[Choice]:
    """The orders that there are; by distance only where it is known from where."""
    given = [one for one in pairs(query) if one[0] != "sort"]
    return [
        Choice(_(label), 0, question([*given, ("sort", "" if sort == "relevance" else sort)]), sort == query.sort)
        for sort, label in SORTS.items()
        if sort != "near" or query.near is not None
    ]


def why(query: Query) -> Choice:
    """The same question, asked with reasons, or without."""
    given = [one for one in pairs(query) if one[0] != "why"]
    if query.why:
        return Choice(_("Leave out the reasons"), 0, question(given))
    return Choice(_("Say why each was found"), 0, question([*given, ("why", "1")]))


def pager(given: Pairs, cursor: str | None, following: str | None) -> list[Choice]:
    """The first page and the next, of a question whose page begins at a cursor, and ends at another one."""
    first = [Choice(_("First page"), 0, question(given))] if cursor else []
    after = [("cursor", following)] if following else []
    return first + [Choice(_("Next page"), 0, question([*given, one])) for one in after]


# --- countries --------------------------------------------------------------------------------------------------------


def where(results: Results, query: Query) -> Where | None:
    """The countries that results can be narrowed to; None when one was chosen already, or there is only one."""
    counts = results.facets.get("country", {})
    if query.countries or len(counts) < 2:
        return None
    given = pairs(query)
    short = len(question(given)) <= LONG_QUESTION
    values = [_narrowed(given, "country", code, count, {}) for code, count in counts.items()]
    shades = shaded(counts)
    shapes = [
        Shape(code, shades[code], one.label, one.total, one.question if short else "")
        for code, one in zip(counts, values, strict=True)
    ]
    return Where(shapes, values if short else values[: MAX_FACET_VALUES // 2], _legend(counts, shades))


def shaded(counts: Mapping[str, int]) -> dict[str, int]:
    """A shade for each country, the darkest for most: equal steps of the logarithm, as few countries have the most."""
    steps = min(SHADES, len(set(counts.values())))
    least, most = min(counts.values()), max(counts.values())
    width = log(most / least) / steps if most > least else 1.0
    return {
        code: SHADES - steps + 1 + min(steps - 1, int(log(count / least) / width + 1e-9))
        for code, count in counts.items()
    }


def _legend(counts: Mapping[str, int], shades: Mapping[str, int]) -> list[tuple[int, int, int]]:
    by_shade: dict[int, list[int]] = {}
    for code, count in counts.items():
        by_shade.setdefault(shades[code], []).append(count)
    return [(shade, min(found), max(found)) for shade, found in sorted(by_shade.items())]
