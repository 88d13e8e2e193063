"""The chart of needs, offers and funding: a table to look at and to print, and the same as CSV.

It shows what whoever looks may read, and says of what is not public that it is not; `only=public` leaves that out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import exchange
from fednet.directory.chart import PARAMETERS, SEVERAL, UNSAID, By, Chart, Row, chart, table
from fednet.directory.exchange import Asked as Wanted
from fednet.directory.exchange import Entry
from fednet.directory.query import read_parameters
from fednet.directory.search import PUBLIC, Reader
from fednet.errors import NotFoundError, UsageError
from fednet.formats.export import csv_of
from fednet.listing.vocabulary import THEMES
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock, given, number_from
from fednet.web.doors import Doors
from fednet.web.public import narrowing
from fednet.web.public.choices import Pairs
from fednet.web.public.exchange import form
from fednet.web.public.narrowing import MAX_ENTRIES
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import Parties
from fednet.web.sending import sent
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import speaking
from fednet.web.visitors import Visitor

MAX_CELL = 8
"""Entries in one cell; the others are a link away, and in the file."""
PAGE_BYTES = 120_000
"""What the rows of one page may take; it is much the same all over, and a quarter of that over the wire."""
ROW, ENTRY = 420, 420  # bytes of a row and of an entry beside their texts
TITLE, NAME = 150, 80


class Cell(NamedTuple):
    """Entries of one type in one row; `more` of them have no room, `url` leads to all."""

    type: str
    entries: Sequence[Entry]
    more: int
    url: str


class Line(NamedTuple):
    """A row under the heading of its section. `is_unmet`: a need in it is met by nobody."""

    label: str
    cells: list[Cell]
    is_unmet: bool


class Section(NamedTuple):
    """The rows of one region, or of one theme; `goes_on`: it began on the page before."""

    label: str
    lines: list[Line]
    goes_on: bool


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Charts(home, templates, clock)
    return [
        doors.route("GET", "/exchange/chart", for_reader(site.chart)),
        doors.route("GET", "/exchange/chart.csv", site.file),
    ]


class Charts:
    """The chart of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock
        self.parties = Parties(home, clock)

    def chart(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        start = number_from(asked, "start")
        rest = {name: values for name, values in asked.items() if name not in ("start", *PARAMETERS)}
        try:
            by, reader = self._choices(asked, visitor)
            wanted = msgspec.structs.replace(exchange.parse_asked(**given(rest)), limit=MAX_ENTRIES, cursor=None)
            found = chart(self.home.store, wanted, reader, self.clock(), by)
        except (UsageError, NotFoundError) as error:
            return self.page("exchange-chart.html", request, error=error, by="region", **form(rest, None))
        pairs = [("by", by if by != "region" else ""), ("only", "public" if reader != visitor.reader else "")]
        pairs += narrowing.pairs(wanted)
        end = start + fitting(found.rows[start:])
        return self.page(
            "exchange-chart.html",
            request,
            error=None,
            **form(rest, wanted),
            by=by,
            found=found,
            sections=list(sections(found, start, end, wanted)),
            chosen=narrowing.chosen(wanted, self.parties.network_names(reader)),
            other=show.address("/exchange/chart", [("by", "theme" if by == "region" else "region"), *pairs[1:]]),
            public=show.address("/exchange/chart", [pairs[0], ("only", "public"), *pairs[2:]]),
            is_narrow=reader != visitor.reader,
            file=show.address("/exchange/chart.csv", pairs),
            listed=show.address("/exchange", pairs[2:]),
            first=show.address("/exchange/chart", pairs) if start else "",
            following=show.address("/exchange/chart", [*pairs, ("start", str(end))]) if end < len(found.rows) else "",
            missing=[(one, reason_of(one.reason, one.since)) for one in found.missing],
            TITLE=TITLE,
            NAME=NAME,
        )

    def file(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The chart as CSV, an entry in a row a line, with the names of regions and themes in the reader's language."""
        by, reader = self._choices(asked, visitor)
        rest = {name: values for name, values in asked.items() if name not in PARAMETERS}
        found = chart(self.home.store, exchange.parse_asked(**given(rest)), reader, self.clock(), by)
        headers = {"Content-Disposition": 'attachment; filename="chart.csv"'}
        return sent(request, csv_of(table(found.rows, speaking())), "text/csv", reader, headers=headers,
                    vary="Accept-Language, Cookie")  # fmt: skip

    def _choices(self, asked: Asked, visitor: Visitor) -> tuple[By, Reader]:
        """By what rows are gathered, and as whom the chart is made: never as somebody who may read more."""
        chosen = read_parameters(given({name: asked[name] for name in PARAMETERS if name in asked}), PARAMETERS)
        return chosen.get("by", "region"), PUBLIC if chosen.get("only") else visitor.reader


def reason_of(reason: str, since: str | None) -> str:
    """Why what is new of a network may not be on the chart."""
    match reason:
        case "expired":
            return _("its newest edition was to be renewed by %(moment)s") % {"moment": show.moment(since)}
        case "unheard":
            return _("nothing of it was verified here since %(moment)s") % {"moment": show.moment(since)}
        case "many":
            return _("it lists very much, of which only a part is here")
        case "frozen":
            return _("it has contradicted itself, so nothing newer is taken from it")
        case _:
            return _("nothing of it has been read yet")


# --- rows -------------------------------------------------------------------------------------------------------------


def fitting(rows: Sequence[Row]) -> int:
    """How many rows make a page that is still light; one at least."""
    left = PAGE_BYTES
    for at, row in enumerate(rows):
        left -= ROW + sum(map(_weight, (entry for cell in row.cells for entry in cell[:MAX_CELL])))
        if left < 0:
            return max(at, 1)
    return len(rows)


def _weight(entry: Entry) -> int:
    texts = show.names(entry.record, TITLE)[0].text, entry.organization.name[:NAME] if entry.organization else ""
    return ENTRY + sum(map(show.weight, texts)) + sum(show.weight(name[:NAME]) for _, name in entry.hit.networks[:3])


def sections(found: Chart, start: int, end: int, wanted: Wanted) -> Iterator[Section]:
    """The rows of one page, under the headings of what they are gathered by."""

    def heading(row: Row) -> str:
        return row.region if found.by == "region" else row.theme

    before = heading(found.rows[start - 1]) if 0 < start <= len(found.rows) else None
    for code, rows in groupby(found.rows[start:end], key=heading):
        label = region_name(code) if found.by == "region" else theme_name(code)
        yield Section(label, [line(row, found.by, wanted) for row in rows], code == before)


def line(row: Row, by: By, wanted: Wanted) -> Line:
    label = theme_name(row.theme) if by == "region" else region_name(row.region)
    return Line(label, list(_cells(row, narrowing.pairs(wanted))), any(entry.is_unmet for entry in row.needs))


def _cells(row: Row, asked: Pairs) -> Iterator[Cell]:
    here = [(name, code) for name, code in (("region", row.region), ("theme", row.theme)) if _is_code(code)]
    replaced = {"type", *(name for name, _code in here)} | ({"country"} if _is_code(row.region) else set())
    replaced |= {"service"} if _is_code(row.theme) else set()
    kept = [one for one in asked if one[0] not in replaced]
    for type_, entries in zip(("need", "offer", "funding"), row.cells, strict=True):
        url = show.address("/exchange", [*kept, *here, ("type", type_)])
        yield Cell(type_, entries[:MAX_CELL], max(0, len(entries) - MAX_CELL), url)


def _is_code(code: str) -> bool:
    return code not in (UNSAID, SEVERAL)


def region_name(code: str) -> str:
    named = {UNSAID: _("No place is named"), SEVERAL: _("Several regions")}
    return named.get(code) or show.country(code)


def theme_name(code: str) -> str:
    named = {UNSAID: _("No theme is named"), SEVERAL: _("Several themes")}
    return named.get(code) or THEMES.name(code, speaking())
