"""The chart of needs and opportunities: what is needed, offered and funded, by region and theme, side by side.

The proposal of 2003 asked for a chart that is circulated, so that people see at a glance what nobody meets yet: under
each heading, and in each cell, unmet needs stand first. It says when it was made, what of it is not public, and which
networks are not heard of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args

import msgspec

from fednet.directory.exchange import Asked, Entry, everything
from fednet.directory.networks import Network, networks
from fednet.directory.query import Parameter, choice
from fednet.directory.search import Reader
from fednet.listing import places
from fednet.listing.vocabulary import THEMES
from fednet.store.database import Store
from fednet.store.feeds import meant

By = Literal["region", "theme"]
"""What rows are gathered under; within it they stand by the other."""

UNSAID = ""
SEVERAL = "several"
"""Rows of what names no region or theme, and of what names more than `MAX_ROWS`."""
MAX_ENTRIES = 2_000
"""Entries of one network on a chart, the first in the order of the exchange: a flood drowns only itself."""
MAX_ROWS = 5
LONGEST_TITLE = 200
"""Characters of a title or name in a line: an entry stands in up to 25 of them, and a body may have 64 KiB."""
TYPES = ("need", "offer", "funding")


PARAMETERS: dict[str, Parameter] = {"by": ("by", choice(*get_args(By))), "only": ("only", choice("public"))}
"""What a chart is asked besides the filters of the exchange; `only` is for its page."""

_CONTINENTS = ("002", "019", "142", "150", "009")


class Row(msgspec.Struct, frozen=True):
    """What there is of one theme in one region: an M49 code and a code of THEMES, or `UNSAID` or `SEVERAL`.

    Unmet needs stand first, then what ends soonest.
    """

    region: str
    theme: str
    needs: tuple[Entry, ...]
    offers: tuple[Entry, ...]
    funding: tuple[Entry, ...]

    @property
    def cells(self) -> tuple[tuple[Entry, ...], ...]:
        """Needs, offers, funding."""
        return self.needs, self.offers, self.funding


class Totals(msgspec.Struct, frozen=True):
    """Entries on the chart, each once, however many rows it stands in; `restricted`: not everybody may read it."""

    needs: int
    unmet: int
    offers: int
    funding: int
    restricted: int


class Missing(msgspec.Struct, frozen=True):
    """A network of which this chart may lack what is new: its newest edition has `expired`, nothing of it was verified
    lately (`unheard`), it has contradicted itself (`frozen`), nothing of it was read yet (`unread`), or it lists more
    than `MAX_ENTRIES` (`many`)."""

    network: str
    name: str
    reason: Literal["expired", "unheard", "frozen", "unread", "many"]
    since: str | None


class Chart(msgspec.Struct, frozen=True):
    """`at` is when it was made, `networks` are (id, name) of all whose lists it was made from."""

    by: By
    at: str
    rows: tuple[Row, ...]
    totals: Totals
    networks: tuple[tuple[str, str], ...]
    missing: tuple[Missing, ...]


def chart(store: Store, asked: Asked, reader: Reader, now: datetime, by: By = "region") -> Chart:
    """The chart of what a question leaves, as far as this reader may see it. Raises as `exchange.entries`."""
    found, flooding = _fairly(everything(store, reader, now, asked))
    known = list(_asked(networks(store, reader, now, counted=False), asked.networks))
    themes = *asked.services, *asked.client_groups
    return Chart(
        by=by,
        at=now.isoformat(timespec="seconds"),
        rows=tuple(rows(found, by, regions=asked.regions, countries=asked.countries, themes=themes)),
        totals=totals(found),
        networks=tuple([(one.network, one.name) for one in known if _is_read(one)]),
        missing=(*(lacking for one in known if (lacking := missing(one))), *flooding),
    )


def _asked(known: Iterable[Network], wanted: Sequence[str]) -> Iterator[Network]:
    """The networks that were asked for, by id, name, beginning of either, or initials; all for none."""
    found = {one.network: one for one in known if not one.blocked}
    names = {network: one.name for network, one in found.items()}
    return (found[network] for network in (dict.fromkeys(meant(names, one) for one in wanted) if wanted else found))


def _is_read(network: Network) -> bool:
    return network.own or (network.public is not None and network.public.visible)


def _fairly(entries: Iterable[Entry]) -> tuple[list[Entry], list[Missing]]:
    """The entries without those of a network that lists too many, and which networks do."""
    counted: Counter[str] = Counter()
    kept, names = [], {}
    for entry in entries:
        counted[entry.hit.network] += 1
        if counted[entry.hit.network] <= MAX_ENTRIES:
            kept.append(entry)
        else:
            names[entry.hit.network] = entry.hit.network_name
    return kept, [Missing(network, name, "many", None) for network, name in names.items()]


def totals(entries: Iterable[Entry]) -> Totals:
    found = list(entries)
    counted = {type_: sum(one.record.type == type_ for one in found) for type_ in TYPES}
    restricted = sum(one.hit.circle != "public" for one in found)
    return Totals(counted["need"], sum(one.is_unmet for one in found), counted["offer"], counted["funding"], restricted)


def missing(network: Network) -> Missing | None:
    """Why a chart may lack what a network lists by now; None where it does not."""
    if network.frozen:
        return Missing(network.network, network.name, "frozen", None)
    if network.silent:
        return Missing(network.network, network.name, network.silent.reason, network.silent.since)
    return None if _is_read(network) else Missing(network.network, network.name, "unread", None)


# --- rows -------------------------------------------------------------------------------------------------------------


def rows(
    entries: Iterable[Entry],
    by: By,
    *,
    regions: Sequence[str] = (),
    countries: Sequence[str] = (),
    themes: Sequence[str] = (),
) -> Iterator[Row]:
    """An entry stands once in each region and theme that it names. Where a question asked for some, in those alone.

    Of the rows under one heading those stand first in which a need is unmet.

    What is neither need, offer nor funding has no place.
    """
    wanted = {_region(code) for code in countries} | {within for code in regions for within in _inside(code)}
    cells: dict[tuple[str, str], list[Entry]] = {}
    for entry in (found for found in entries if found.record.type in TYPES):
        for region in _few(regions_of(entry), wanted):
            for theme in _few(themes_of(entry), set(themes)):
                cells.setdefault((region, theme), []).append(entry)

    def order(at: tuple[str, str]) -> tuple[Any, ...]:
        met, region, theme = not any(one.is_unmet for one in cells[at]), _by_region(at[0]), _by_theme(at[1])
        return (region, met, theme) if by == "region" else (theme, met, region)

    for region, theme in sorted(cells, key=order):
        found = sorted(cells[region, theme], key=_first)
        yield Row(region, theme, *(tuple([one for one in found if one.record.type == type_]) for type_ in TYPES))


def regions_of(entry: Entry) -> list[str]:
    return regions_in(entry.record.countries)


def regions_in(countries: Iterable[str]) -> list[str]:
    """The M49 regions of countries, as small as may be, each once."""
    return list(dict.fromkeys(filter(None, map(_region, countries))))


def themes_of(entry: Entry) -> list[str]:
    return list(dict.fromkeys(entry.record.themes))


def _few(codes: list[str], wanted: set[str]) -> list[str]:
    """Where an entry stands: in those rows that were asked for, if it names any of them, else in all it names."""
    asked = [code for code in codes if code in wanted]
    found = asked or codes
    return found if 0 < len(found) <= MAX_ROWS else [SEVERAL if found else UNSAID]


def _first(entry: Entry) -> tuple[Any, ...]:
    ending = entry.days_left if entry.days_left is not None else 10**6
    return not entry.is_unmet, entry.state != "open", ending, entry.hit.title.casefold(), entry.hit.handle


@cache
def _region(code: str) -> str:
    """The smallest region that holds a country; a region is itself; the world for what is in no other."""
    holding = places.regions(code)
    if not holding:
        return code if code in places.region_codes() else ""
    return min(holding, key=lambda region: (len(places.countries_in(region)), region))


@cache
def _inside(code: str) -> frozenset[str]:
    """A region, and those of its countries."""
    return frozenset({code}) | {_region(country) for country in places.countries_in(code)}


@cache
def _by_region(code: str) -> tuple[int, int, str]:
    """Continent by continent, what is broad before what is in it; the world, several and none at the end."""
    if code in (UNSAID, SEVERAL, places.WORLD):
        return 90 + [places.WORLD, SEVERAL, UNSAID].index(code), 0, code
    inside = places.countries_in(code)
    held = (at for at, continent in enumerate(_CONTINENTS) if inside <= places.countries_in(continent))
    return next(held, len(_CONTINENTS)), -len(inside), code


_PLACES = {term.code: at for at, term in enumerate(THEMES)}


def _by_theme(code: str) -> tuple[int, str]:
    """In the order of the vocabulary; what it does not know, several and none at the end."""
    after = {SEVERAL: 1, UNSAID: 2}.get(code, 0)
    return _PLACES.get(code, len(_PLACES) + after), code


# --- as a table -------------------------------------------------------------------------------------------------------


class Line(msgspec.Struct, frozen=True):
    """One entry in one row, for programs and spreadsheets. `state` is `unmet` for a need that nothing fits; a long
    `title` or `organization` is cut."""

    region: str
    theme: str
    type: str
    state: str
    title: str
    organization: str
    networks: tuple[str, ...]
    until: str | None
    matches: int
    circle: str
    network: str
    handle: str


def lines(rows: Iterable[Row]) -> Iterator[Line]:
    """The rows of a chart, entry by entry, in its order."""
    return (_line(row, entry) for row in rows for cell in row.cells for entry in cell)


def _line(row: Row, entry: Entry) -> Line:
    return Line(
        region=row.region,
        theme=row.theme,
        type=entry.record.type,
        state="unmet" if entry.is_unmet else entry.state,
        title=_short(entry.hit.title),
        organization=_short(entry.organization.name) if entry.organization else "",
        networks=tuple([name for _, name in entry.hit.networks]),
        until=entry.record.open_until,
        matches=entry.matches,
        circle=entry.hit.circle,
        network=entry.hit.network,
        handle=entry.hit.handle,
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


def table(rows: Iterable[Row], language: str = "en") -> list[list[str]]:
    """A header and a line for each entry in each row, regions and themes by name in one of the four languages."""
    found = [list(Line.__struct_fields__)]
    for line in lines(rows):
        named = msgspec.structs.replace(line, region=_place(line.region, language), theme=_theme(line.theme, language))
        found.append([_cell(value) for value in msgspec.structs.astuple(named)])
    return found


def _cell(value: Any) -> str:
    return "; ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def _place(code: str, language: str) -> str:
    return code if code in (UNSAID, SEVERAL) else places.name(code, language)


def _theme(code: str, language: str) -> str:
    return THEMES.name(code, language) if code in THEMES else code
