"""JSON for programs: what the asker may see of the global directory, with its provenance.

```
GET /api/v1/organizations?text=legal+aid&country=TH,MM
{"total": 12, "items": [...], "facets": {"country": {"TH": 12}}, "next": null}
```
POST takes the same parameters in a body, for questions that no log should keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.agenda import Occurrence, agenda, parse_agenda
from fednet.directory.networks import Network, networks
from fednet.directory.query import DEFAULT_LIMIT, MAX_LIMIT, many, one, parse_query, read_parameters
from fednet.directory.search import Hit, Reader, search
from fednet.errors import UsageError
from fednet.node.home import Home
from fednet.web.asking import Asked, Clock, asked, given
from fednet.web.callers import Callers, headers_for

KINDS = {
    "organizations": "organization",
    "people": "person",
    "exchanges": "exchange",
    "resources": "resource",
}
"""The addresses that list the records of one kind."""

NETWORK_PARAMETERS = {"text": ("text", one), "network": ("networks", many(one))}

Answer = dict[str, Any]


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    answers = {name: _of_kind(home, kind, clock) for name, kind in KINDS.items()}
    answers |= {"events": _events(home, clock), "networks": _networks(home, clock)}
    return [_route(name, callers, answer) for name, answer in answers.items()]


def _route(name: str, callers: Callers, answer: Callable[[Asked, Reader], Answer]) -> Route:
    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        found = await run_in_threadpool(answer, await asked(request), reader)
        return Response(msgspec.json.encode(found), media_type="application/json", headers=headers_for(reader))

    return Route(f"/api/v1/{name}", endpoint, methods=["GET", "POST"])


def _of_kind(home: Home, kind: str, clock: Clock) -> Callable[[Asked, Reader], Answer]:
    def answer(asked: Asked, reader: Reader) -> Answer:
        query = parse_query(**given(asked))
        if query.kinds not in ((), (kind,)):
            raise UsageError(f"kind: only records of kind {kind} are listed here")
        results = search(home.store, msgspec.structs.replace(query, kinds=(kind,)), reader, clock())
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
        "network_name": hit.network_name,
        "networks": [{"network": network, "name": name} for network, name in hit.networks],
        "epoch": hit.epoch,
        "edition": hit.edition,
        "verified_at": hit.verified_at,
        "expired": hit.expired,
        "ahead": hit.ahead,
        "frozen": hit.frozen,
    }


def _events(home: Home, clock: Clock) -> Callable[[Asked, Reader], Answer]:
    """Occurrences in order. Each item is its event's record, with `occurrence`: when, in the zone asked for.

    Times have their offset; what lasts whole days has days, the end exclusive.
    """

    def answer(asked: Asked, reader: Reader) -> Answer:
        page, rest = _page(asked)
        query = parse_agenda(**{"zone": home.config.zone, **given(rest)})
        found = agenda(home.store, query, reader, clock())
        end = page.start + page.limit
        return {
            "total": len(found),
            "items": [_occurrence(one, query.zone) for one in found[page.start : end]],
            "facets": _event_facets(found),
            "next": str(end) if end < len(found) else None,
        }

    return answer


def _occurrence(one: Occurrence, zone: str) -> dict[str, Any]:
    start, end = (one.start.date(), one.end.date()) if one.all_day else (one.start, one.end)
    when = {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "zone": zone,
        "all_day": one.all_day,
        "status": one.status,
    }
    return {**item(one.hit), "title": one.title, "occurrence": when}


def _event_facets(found: Sequence[Occurrence]) -> dict[str, dict[str, int]]:
    types = Counter(str(one.hit.fields.get("type", "")) for one in found)
    networks = Counter(network for one in found for network, _ in one.hit.networks)
    languages = Counter(tag.partition("-")[0] for one in found for tag in set(one.hit.fields.get("languages", ())))
    return {"type": _by_count(types), "network": _by_count(networks), "language": _by_count(languages)}


def _by_count(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))


class _Page(NamedTuple):
    start: int
    limit: int


def _page(asked: Asked) -> tuple[_Page, Asked]:
    """Which part of the calendar is wanted, and the rest of the question."""
    rest = {name: values for name, values in asked.items() if name not in ("limit", "cursor", "kind")}
    if asked.get("kind", ["event"]) != ["event"]:
        raise UsageError("kind: only events are listed here", hint="leave it out")
    limit = _number(asked.get("limit", [str(DEFAULT_LIMIT)]), "limit")
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"a limit of {limit}: from 1 to {MAX_LIMIT} are shown at once", hint="page with the cursor")
    return _Page(_number(asked.get("cursor", ["0"]), "cursor"), limit), rest


def _number(values: list[str], name: str) -> int:
    plain = values[0].strip()
    if len(values) > 1 or not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise UsageError(f"{name}: {plain[:40]!r} is not a whole number")
    return int(plain)


def _networks(home: Home, clock: Clock) -> Callable[[Asked, Reader], Answer]:
    def answer(asked: Asked, reader: Reader) -> Answer:
        wanted = read_parameters(given(asked), NETWORK_PARAMETERS)
        found = [one for one in networks(home.store, reader, clock()) if _is_wanted(one, **wanted)]
        return {"total": len(found), "items": [network_item(one) for one in found], "facets": {}, "next": None}

    return answer


def _is_wanted(network: Network, text: str = "", networks: Sequence[str] = ()) -> bool:
    name = network.name.casefold()
    fits = [one.casefold() in name or network.network.startswith(one.casefold()) for one in networks]
    return text.casefold() in name and (any(fits) or not fits)


def network_item(network: Network) -> dict[str, Any]:
    """A network and its public feed as it is verified here."""
    public = network.public
    return {
        "network": network.network,
        "name": network.name,
        "own": network.own,
        "fingerprint": network.fingerprint,
        "epoch": public and public.epoch,
        "edition": public and public.edition,
        "records": public and public.records,
        "erased": public and public.erased,
        "kinds": public.kinds if public else {},
        "issued": public and public.issued,
        "expires": public and public.expires,
        "expired": bool(public and public.expired),
        "ahead": bool(public and public.ahead),
        "verified_at": public and public.verified_at,
        "frozen": network.frozen is not None,
        "witnessed": public and public.witnessed,
    }
