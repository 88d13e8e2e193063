"""The chart of needs, offers and funding for programs.

```
GET /api/v1/chart?by=theme&region=035
{"by": "theme", "totals": {"needs": 12, "unmet": 5, ...}, "items": [{"region": "035", "theme": "legal-aid", ...}], ...}
```
"""

from __future__ import annotations

from typing import get_args

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import exchange
from fednet.directory.chart import PARAMETERS, By, Line, Missing, Totals, chart, lines, table
from fednet.directory.query import read_parameters
from fednet.directory.search import Reader
from fednet.errors import UsageError
from fednet.formats.export import csv_of
from fednet.node.home import Home
from fednet.web.asking import Asked, Clock, asked, given
from fednet.web.callers import Callers
from fednet.web.programs import files
from fednet.web.programs.addresses import JSON, Address, Described, Naming
from fednet.web.programs.exchanges import TYPE
from fednet.web.sending import sent

FILTERS = tuple(TYPE if name == "type" else name for name in exchange.PARAMETERS if name not in ("limit", "cursor"))


class Charted(msgspec.Struct, frozen=True):
    """A chart: an item is one entry in one row, rows in order, unmet needs first in each.

    `at` is when it was made, `networks` are those whose lists it was made from; of those in `missing` it may lack what
    is new.
    """

    by: By
    at: str
    totals: Totals
    items: list[Line]
    networks: list[Naming]
    missing: list[Missing]


ADDRESSES = (
    Address(
        path="/api/v1/chart",
        summary="The chart of needs, offers and funding, by region and theme",
        description="What names several regions or themes is an item in each, up to five; see `totals` for how much.",
        parameters=(
            *FILTERS,
            Described("by", "What rows are gathered under.", {"type": "string", "enum": list(get_args(By))}),
            "format",
        ),
        answers={JSON: Charted, "text/csv": None},
        methods=("GET", "POST"),
    ),
)


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    def answer(request: Request, asked: Asked, reader: Reader) -> Response:
        form = files.wanted(request, asked, ("csv",))
        if asked.keys() & {"limit", "cursor"}:
            raise UsageError("a chart has no pages", hint="narrow it by region or theme instead of limit and cursor")
        by: By = read_parameters(given({"by": asked.pop("by", ["region"])}), PARAMETERS)["by"]
        found = chart(home.store, exchange.parse_asked(**given(asked)), reader, clock(), by)
        if form is not None:
            headers = {"Content-Disposition": 'attachment; filename="chart.csv"'}
            body = csv_of(table(found.rows))
            return sent(request, body, form.media_type, reader, vary=files.VARY, headers=headers)
        told = Charted(
            by=found.by,
            at=found.at,
            totals=found.totals,
            items=list(lines(found.rows)),
            networks=[Naming(network, name) for network, name in found.networks],
            missing=list(found.missing),
        )
        return sent(request, msgspec.json.encode(told), JSON, reader, vary=files.VARY)

    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        return await run_in_threadpool(answer, request, await asked(request), reader)

    return [Route("/api/v1/chart", endpoint, methods=["GET", "POST"])]
