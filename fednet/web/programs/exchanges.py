"""Needs, offers and funding for programs: what is listed, how each stands, what fits what and why.

```
GET /api/v1/exchanges?type=need&unmet=yes&region=035
{"total": 5, "items": [{"handle": "...", "type": "need", "state": "open", "unmet": true, "matches": 0, ...}], ...}
GET /api/v1/exchanges/HANDLE/matches
{"total": 2, "items": [{"score": 74, "reasons": [{"code": "themes", "terms": ["legal-aid"], ...}], ...}], ...}
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import exchange, why
from fednet.directory.exchange import Entry, Match, State, entries, everything, matches, parse_asked
from fednet.directory.query import DEFAULT_LIMIT, MAX_LIMIT, Parameter, read_parameters
from fednet.directory.search import Reader
from fednet.errors import UsageError
from fednet.node.home import Home
from fednet.web.asking import Asked, Clock, asked, given
from fednet.web.callers import Callers
from fednet.web.programs import files
from fednet.web.programs.addresses import JSON, Address, Described, Page, listed
from fednet.web.programs.api import Provenance, item
from fednet.web.sending import base_of, sent


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an entry stands: `state` today (over: its last day is past), days until it is over, the name of its
    organisation, how many others fit it (as far as the asker may see them), and the score of the best."""

    state: State
    days_left: int | None
    organization_name: str | None
    unmet: bool
    matches: int
    best: int


class Said(msgspec.Struct, frozen=True):
    """One reason: its code, what it speaks of (codes, tags or words), its points, and an English sentence."""

    code: str
    terms: list[str]
    points: int
    text: str


Listed = listed("exchange", Provenance, Standing)


class Matched(msgspec.Struct, frozen=True):
    """A need, what is offered, how well the two fit (30 to 100), and why."""

    score: int
    reasons: list[Said]
    need: Listed  # type: ignore[valid-type]
    offer: Listed  # type: ignore[valid-type]


TYPE = Described("type", "need, offer or funding.", {"type": "array", "items": {"type": "string"}}, ["need"])
_PARAMETERS = tuple(TYPE if name == "type" else name for name in exchange.PARAMETERS)
MATCHING: dict[str, Parameter] = {"limit": exchange.PARAMETERS["limit"]}

ADDRESSES = (
    Address(
        path="/api/v1/exchanges",
        summary="Needs, offers and sources of funding; needs that nothing fits come first",
        description="Each statement by itself. In another form: all that fit the filters, as a file.",
        parameters=(*_PARAMETERS, "kind", "format"),
        answers={JSON: Page[Listed], **files.answers("exchange")},  # type: ignore[valid-type]
        methods=("GET", "POST"),
    ),
    Address(
        path="/api/v1/exchanges/{handle}/matches",
        summary="What fits a need, or which needs an offer or a source of funding fits, best first",
        parameters=tuple(MATCHING),
        answers={JSON: Page[Matched]},
        methods=("GET", "POST"),
    ),
)


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    def list_(request: Request, asked: Asked, reader: Reader) -> Response:
        form = files.wanted(request, asked, files.offered("exchange"))
        if asked.pop("kind", ["exchange"]) != ["exchange"]:
            raise UsageError("kind: only records of kind exchange are listed here", hint="leave it out")
        paged = bool(asked.keys() & {"limit", "cursor"})
        wanted = parse_asked(**given(asked))
        if form is None:
            page = entries(home.store, wanted, reader, clock())
            told = Page(page.total, list(map(entry_item, page.entries)), page.facets, page.next)
            return sent(request, msgspec.json.encode(told), JSON, reader, vary=files.VARY)
        rows = _rows(home, form, wanted, reader, clock, paged)
        return files.file(request, form, rows, reader, "exchanges", files.pages_below(base_of(home, request)), asked)

    def match(request: Request, asked: Asked, reader: Reader) -> Response:
        limit = read_parameters(given(asked), MATCHING).get("limit", DEFAULT_LIMIT)
        if not 1 <= limit <= MAX_LIMIT:
            raise UsageError(f"a limit of {limit}: from 1 to {MAX_LIMIT} are shown at once")
        found = matches(home.store, request.path_params["handle"], reader, clock(), limit)
        told = Page(len(found), list(map(match_item, found)), {}, None)
        return sent(request, msgspec.json.encode(told), JSON, reader)

    return [
        _route("/api/v1/exchanges", callers, list_),
        _route("/api/v1/exchanges/{handle}/matches", callers, match),
    ]


def _route(path: str, callers: Callers, answer: Callable[[Request, Asked, Reader], Response]) -> Route:
    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        return await run_in_threadpool(answer, request, await asked(request), reader)

    return Route(path, endpoint, methods=["GET", "POST"])


def _rows(
    home: Home, form: files.Form, wanted: exchange.Asked, reader: Reader, clock: Clock, paged: bool
) -> files.Rows:
    """The entries of a file: one page of them, or all that fit."""
    page = entries(home.store, wanted if paged else msgspec.structs.replace(wanted, limit=1), reader, clock())
    if paged:
        return files.of_hits(form, [one.hit for one in page.entries], len(page.entries), page.next)
    found = everything(home.store, reader, clock(), wanted) if page.total <= files.MAX_RECORDS else ()
    return files.of_hits(form, [one.hit for one in found], page.total)


def entry_item(one: Entry) -> dict[str, Any]:
    """An entry as an item of a list, and how it stands."""
    standing = Standing(
        state=one.state,
        days_left=one.days_left,
        organization_name=one.organization.name if one.organization else None,
        unmet=one.is_unmet,
        matches=one.matches,
        best=one.best,
    )
    return {**item(one.hit), **msgspec.structs.asdict(standing)}


def match_item(match: Match) -> dict[str, Any]:
    reasons = [Said(one.code, list(one.terms), one.points, why.told(one)) for one in match.reasons]
    return {"score": match.score, "reasons": reasons, "need": entry_item(match.need), "offer": entry_item(match.offer)}
