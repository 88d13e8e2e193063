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
from typing import Any, Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet import listing
from fednet.directory.agenda import PARAMETERS as AGENDA_PARAMETERS
from fednet.directory.agenda import Difference, Occurrence, agenda, parse_agenda
from fednet.directory.freshness import Silence
from fednet.directory.networks import Network, networks
from fednet.directory.planning import PARAMETERS as PLANNED
from fednet.directory.planning import Planning, parse_plan, planning
from fednet.directory.query import DEFAULT_LIMIT, PARAMETERS, Query, many, one, parse_query, read_parameters
from fednet.directory.search import Hit, Reader, search
from fednet.directory.turning import page
from fednet.errors import UsageError
from fednet.node.home import Home
from fednet.web.asking import Asked, Clock, asked, given
from fednet.web.callers import Callers
from fednet.web.programs import files
from fednet.web.programs.addresses import JSON, Address, Naming, Page, Understood, listed
from fednet.web.sending import base_of, sent

KINDS = {
    "organizations": "organization",
    "people": "person",
    "groups": "group",
    "resources": "resource",
    "twinnings": "twinning",
}
"""The addresses that list the records of one kind."""

NETWORK_PARAMETERS = {"text": ("text", one), "network": ("networks", many(one))}

Answer = Page[Any]


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Who lists a record, in which signed edition, and when this node verified that; beside the record's own fields.

    `networks` are all that list the same thing. `expired`: its network has not renewed the edition; `ahead`: it is
    dated in the future; `frozen`: its network has contradicted itself since. `why` (when asked for) says in words why
    it was found, `kilometres` how far it is from the place that was asked for.
    """

    handle: str
    title: str
    network: str
    network_name: str
    networks: list[Naming]
    epoch: int
    edition: int
    verified_at: str | None
    expired: bool
    ahead: bool
    frozen: bool
    why: list[str]
    kilometres: int | None


class When(msgspec.Struct, frozen=True):
    """One time that an event takes place, in the zone asked for: instants with their offset, or days (the end is not
    part of it) when it lasts whole days."""

    start: str
    end: str
    zone: str
    all_day: bool
    status: Literal["confirmed", "tentative", "cancelled"]


class Differing(msgspec.Struct, frozen=True):
    """What another network says of when an event (first) takes place, and what it calls it."""

    network: str
    network_name: str
    handle: str
    title: str
    occurrence: When


class Occurring(msgspec.Struct, frozen=True):
    """What an item of the calendar has besides. `uid` is the one that calendar programs know."""

    occurrence: When
    differs: list[Differing]


class Known(msgspec.Struct, frozen=True):
    """A network and its public feed as it is verified here; None for what is not verified yet.

    Of its organisations: how many entries are complete, how many confirmations older than it says they hold, how many
    missing. `withheld` is null: how many records a network keeps from the asker, nobody is told. `itself` is what the
    network says of itself.
    """

    network: str
    name: str
    own: bool
    fingerprint: str
    epoch: int | None
    edition: int | None
    records: int | None
    erased: int | None
    kinds: dict[str, int]
    issued: str | None
    expires: str | None
    expired: bool
    ahead: bool
    verified_at: str | None
    frozen: bool
    witnessed: bool | None
    organizations: int
    complete: int
    stale: int
    never_confirmed: int
    withheld: int | None
    confirm_within_days: int
    silent: Silence | None
    itself: listing.Network | None


_SEARCHED = tuple(PARAMETERS)
_ITEMS = {name: listed(kind, Provenance) for name, kind in KINDS.items()}

ADDRESSES = (
    *(
        Address(
            path=f"/api/v1/{name}",
            summary=f"{name.capitalize().replace('z', 's')}, by words and filters",
            description="In another form: all statements that fit, each by itself, as a file.",
            parameters=(*_SEARCHED, "format"),
            answers={JSON: Page[_ITEMS[name]], **files.answers(kind)},  # type: ignore[valid-type]
            methods=("GET", "POST"),
        )
        for name, kind in KINDS.items()
    ),
    Address(
        path="/api/v1/events",
        summary="The shared calendar: every occurrence between two days",
        description="An item is its event's record, with `occurrence`: when, in the zone asked for.",
        parameters=(*AGENDA_PARAMETERS, "kind", "limit", "cursor", "format"),
        answers={JSON: Page[listed("event", Provenance, Occurring)], **files.answers("event")},  # type: ignore[misc]
        methods=("GET", "POST"),
        tag="calendar",
    ),
    Address(
        path="/api/v1/planning",
        summary="What an event would clash with, what time it is for those invited, what the change of clocks does",
        parameters=tuple(PLANNED),
        answers={JSON: Planning},
        methods=("GET", "POST"),
        tag="calendar",
    ),
    Address(
        path="/api/v1/networks",
        summary="The networks that are shown here",
        parameters=tuple(NETWORK_PARAMETERS),
        answers={JSON: Page[Known]},
        methods=("GET", "POST"),
    ),
)
"""What `openapi` tells of the addresses below. A parameter, a field of an answer, an address: it is added here, too."""


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    answers = {name: _of_kind(home, kind, clock) for name, kind in KINDS.items()}
    answers |= {"events": _events(home, clock), "networks": _networks(home, clock)}
    answers |= {"planning": _planning(home, clock)}
    return [_route(name, callers, answer) for name, answer in answers.items()]


def _route(name: str, callers: Callers, answer: Callable[[Request, Asked, Reader], Response]) -> Route:
    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        return await run_in_threadpool(answer, request, await asked(request), reader)

    return Route(f"/api/v1/{name}", endpoint, methods=["GET", "POST"])


def _told(request: Request, found: Answer, reader: Reader, vary: str = "") -> Response:
    return sent(request, msgspec.json.encode(found), JSON, reader, vary=vary)


def _of_kind(home: Home, kind: str, clock: Clock) -> Callable[[Request, Asked, Reader], Response]:
    def answer(request: Request, asked: Asked, reader: Reader) -> Response:
        form = files.wanted(request, asked, files.offered(kind))
        query = parse_query(**given(asked))
        if query.kinds not in ((), (kind,)):
            raise UsageError(f"kind: only records of kind {kind} are listed here")
        query = msgspec.structs.replace(query, kinds=(kind,))
        if form is not None:
            return _file(request, form, query, asked, reader)
        results = search(home.store, query, reader, clock())
        understood = [Understood(*one) for one in results.understood]
        found = Page(results.total, [item(hit) for hit in results.hits], results.facets, results.next, understood)
        return _told(request, found, reader, files.VARY)

    def _file(request: Request, form: files.Form, query: Query, asked: Asked, reader: Reader) -> Response:
        rows = files.gathered(home, form, query, reader, clock(), paged=bool(asked.keys() & {"limit", "cursor"}))
        if form.suffix == "vcf":
            rows = files.with_contacts(home, rows, reader, clock())
        return files.file(request, form, rows, reader, f"{kind}s", files.pages_below(base_of(home, request)), asked)

    return answer


def item(hit: Hit) -> dict[str, Any]:
    """A record under its own field names, and its provenance, which no field of a record can overrule."""
    return {**hit.fields, "kind": hit.kind, **msgspec.structs.asdict(_provenance(hit))}


def _provenance(hit: Hit) -> Provenance:
    return Provenance(
        handle=hit.handle,
        title=hit.title,
        network=hit.network,
        network_name=hit.network_name,
        networks=[Naming(network, name) for network, name in hit.networks],
        epoch=hit.epoch,
        edition=hit.edition,
        verified_at=hit.verified_at,
        expired=hit.expired,
        ahead=hit.ahead,
        frozen=hit.frozen,
        why=list(hit.why),
        kilometres=hit.kilometres,
    )


def _events(home: Home, clock: Clock) -> Callable[[Request, Asked, Reader], Response]:
    """Occurrences in order. Each item is its event's record, with `occurrence`: when, in the zone asked for.

    Times have their offset; what lasts whole days has days, the end exclusive. A file holds each event once.
    """

    def answer(request: Request, asked: Asked, reader: Reader) -> Response:
        form = files.wanted(request, asked, files.offered("event"))
        limit, cursor, rest = _paged(asked)
        query = parse_agenda(**{"zone": home.config.zone, **given(rest)})
        found = agenda(home.store, query, reader, clock())
        if form is not None:
            rows = files.of_occurrences(found)
            return files.file(request, form, rows, reader, "events", files.pages_below(base_of(home, request)), asked)
        shown, following = page(found, limit, cursor)
        items = [_occurrence(one, query.zone) for one in shown]
        return _told(request, Page(len(found), items, _event_facets(found), following), reader, files.VARY)

    return answer


def _occurrence(one: Occurrence, zone: str) -> dict[str, Any]:
    differs = [Differing(at.network, at.network_name, at.handle, at.title, _when(at, zone)) for at in one.differs]
    return {**item(one.hit), "title": one.title, "uid": one.uid, "occurrence": _when(one, zone), "differs": differs}


def _when(one: Occurrence | Difference, zone: str) -> When:
    start, end = (one.start.date(), one.end.date()) if one.all_day else (one.start, one.end)
    return When(start.isoformat(), end.isoformat(), zone, one.all_day, one.status)  # type: ignore[arg-type]


def _planning(home: Home, clock: Clock) -> Callable[[Request, Asked, Reader], Response]:
    def answer(request: Request, asked: Asked, reader: Reader) -> Response:
        plan = parse_plan(**{"zone": home.config.zone, **given(asked)})
        found = planning(home.store, plan, reader, clock())
        return sent(request, msgspec.json.encode(found), JSON, reader)

    return answer


def _event_facets(found: Sequence[Occurrence]) -> dict[str, dict[str, int]]:
    types = Counter(str(one.hit.fields.get("type", "")) for one in found)
    networks = Counter(network for one in found for network, _ in one.hit.networks)
    languages = Counter(tag.partition("-")[0] for one in found for tag in set(one.hit.fields.get("languages", ())))
    return {"type": _by_count(types), "network": _by_count(networks), "language": _by_count(languages)}


def _by_count(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))


def _paged(asked: Asked) -> tuple[int, str, Asked]:
    """How much of the calendar is wanted, behind which cursor, and the rest of the question."""
    rest = {name: values for name, values in asked.items() if name not in ("limit", "cursor", "kind")}
    if asked.get("kind", ["event"]) != ["event"]:
        raise UsageError("kind: only events are listed here", hint="leave it out")
    cursors = asked.get("cursor", [""])
    if len(cursors) > 1:
        raise UsageError("cursor: more than one", hint="take `next` of an earlier answer as it is")
    return _number(asked.get("limit", [str(DEFAULT_LIMIT)]), "limit"), cursors[0].strip(), rest


def _number(values: list[str], name: str) -> int:
    plain = values[0].strip()
    if len(values) > 1 or not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise UsageError(f"{name}: {plain[:40]!r} is not a whole number")
    return int(plain)


def _networks(home: Home, clock: Clock) -> Callable[[Request, Asked, Reader], Response]:
    def answer(request: Request, asked: Asked, reader: Reader) -> Response:
        wanted = read_parameters(given(asked), NETWORK_PARAMETERS)
        found = [one for one in networks(home.store, reader, clock()) if _is_wanted(one, **wanted)]
        return _told(request, Page(len(found), [network_item(one) for one in found], {}, None), reader)

    return answer


def _is_wanted(network: Network, text: str = "", networks: Sequence[str] = ()) -> bool:
    name = network.name.casefold()
    fits = [one.casefold() in name or network.network.startswith(one.casefold()) for one in networks]
    return text.casefold() in name and (any(fits) or not fits)


def network_item(network: Network) -> Known:
    """A network and its public feed as it is verified here."""
    public = network.public
    return Known(
        network=network.network,
        name=network.name,
        own=network.own,
        fingerprint=network.fingerprint,
        epoch=public.epoch if public else None,
        edition=public.edition if public else None,
        records=public.records if public else None,
        erased=public.erased if public else None,
        kinds=public.kinds if public else {},
        issued=public.issued if public else None,
        expires=public.expires if public else None,
        expired=bool(public and public.expired),
        ahead=bool(public and public.ahead),
        verified_at=public.verified_at if public else None,
        frozen=network.frozen is not None,
        witnessed=public.witnessed if public else None,
        organizations=public.counts.organizations if public else 0,
        complete=public.counts.complete if public else 0,
        stale=public.counts.stale if public else 0,
        never_confirmed=public.counts.never_confirmed if public else 0,
        withheld=network.withheld,
        confirm_within_days=network.confirm_within_days,
        silent=network.silent,
        itself=network.itself,
    )
