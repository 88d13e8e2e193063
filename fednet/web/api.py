"""JSON for programs: what anybody may see of the global directory, with its provenance.

```
GET /api/v1/organizations?text=legal+aid&country=TH,MM
{"total": 12, "items": [...], "facets": {"country": {"TH": 12}}, "next": null}
```
POST takes the same parameters in a body, for questions that no log should keep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.search import PUBLIC, Hit, parse_query, search
from fednet.errors import UsageError
from fednet.node.home import Home
from fednet.web.asking import Asked, Clock, asked

KINDS = {
    "organizations": "organization",
    "people": "person",
    "exchanges": "exchange",
    "resources": "resource",
}
"""The addresses that list the records of one kind."""

Answer = dict[str, Any]


def routes(home: Home, clock: Clock) -> list[Route]:
    listed = [_route(name, _of_kind(home, kind, clock)) for name, kind in KINDS.items()]
    return [*listed, _route("events", _events(home, clock)), _route("networks", _networks(home, clock))]


def _route(name: str, answer: Callable[[Asked], Answer]) -> Route:
    async def endpoint(request: Request) -> Response:
        found = await run_in_threadpool(answer, await asked(request))
        return Response(msgspec.json.encode(found), media_type="application/json")

    return Route(f"/api/v1/{name}", endpoint, methods=["GET", "POST"])


def _of_kind(home: Home, kind: str, clock: Clock) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        query = parse_query(**asked)
        if query.kinds not in ((), (kind,)):
            raise UsageError(f"kind: only records of kind {kind} are listed here")
        results = search(home.store, msgspec.structs.replace(query, kinds=(kind,)), PUBLIC, clock())
        return {
            "total": results.total,
            "items": [item(hit) for hit in results.hits],
            "facets": results.facets,
            "next": results.next,
        }

    return answer


def item(hit: Hit) -> dict[str, Any]:
    """A record under its own field names, and its provenance, which no field of a record can overrule."""
    return {
        **hit.fields,
        "kind": hit.kind,
        "handle": hit.handle,
        "title": hit.title,
        "network": hit.network,
        "networks": [{"network": network, "name": name} for network, name in hit.networks],
        "epoch": hit.epoch,
        "edition": hit.edition,
        "verified_at": hit.verified_at,
        "expired": hit.expired,
    }
