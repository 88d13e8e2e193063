"""Calendars that programs subscribe to: every question to the shared calendar has an address that answers as a file.

```
GET /calendar.ics?type=webinar&language=my
GET /events/7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e.ics
```
The file changes when an edition that is accepted here changes it, and not otherwise: subscribers ask with its ETag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.agenda import PARAMETERS, Agenda, Announced, announced, announced_event, parse_agenda
from fednet.directory.search import Reader, among, readable
from fednet.errors import UsageError
from fednet.formats.calendar_writer import UNDATED, About, Entry, calendar_file
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock, asked, given
from fednet.web.callers import Callers
from fednet.web.programs.addresses import Address
from fednet.web.sending import base_of, sent

ICALENDAR = "text/calendar"
REFRESH = "PT1H"
"""How often programs are asked to look again (RFC 7986, 5.7)."""
MAX_BYTES = 8 << 20
"""Of one file, shared fairly among the networks; of what has no room, each keeps what takes place next."""

ADDRESSES = (
    Address(
        path="/calendar.ics",
        summary="The shared calendar as a file to subscribe to (RFC 5545)",
        description="Events with their recurrence: what is to come and, without days, of the last 90 days.",
        parameters=(*PARAMETERS, "kind"),
        answers={ICALENDAR: None},
        tag="calendar",
    ),
    Address(
        path="/events/{handle}.ics",
        summary="One event as a calendar file (RFC 5545)",
        answers={ICALENDAR: None},
        refusals=(404,),
        tag="calendar",
    ),
)


class _File(NamedTuple):
    name: str
    body: bytes


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    def every(base: str, source: str, asked: Asked, handle: str, reader: Reader) -> _File:
        query = parse_agenda(**{"zone": home.config.zone, **given(_of_events(asked))})
        found = announced(home.store, query, reader, clock())
        name = _name(home, query, _networks(home, query, reader, clock()))
        about = About(name=name, source=source, page=f"{base}/events", refresh=REFRESH)
        return _File("calendar", _written(found, about, base))

    def single(base: str, source: str, asked: Asked, handle: str, reader: Reader) -> _File:
        found = announced_event(home.store, handle, reader, clock())
        return _File(handle, event_file(found, base, source))

    return [
        _route("/calendar.ics", home, callers, every),
        _route("/events/{handle}.ics", home, callers, single),
    ]


def _route(
    path: str, home: Home, callers: Callers, file: Callable[[str, str, Asked, str, Reader], _File]
) -> Route:  # fmt: skip
    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        base = base_of(home, request)
        query = request.url.query
        source = f"{base}{request.url.path}{'?' if query else ''}{query}"
        handle = request.path_params.get("handle", "")
        found = await run_in_threadpool(file, base, source, await asked(request), handle, reader)
        disposition = {"Content-Disposition": f'inline; filename="{found.name}.ics"'}
        return sent(request, found.body, ICALENDAR, reader, headers=disposition)

    return Route(path, endpoint, methods=["GET"])


def subscription(base: str, asked: Iterable[tuple[str, str]]) -> str:
    """The address that calendar programs open by themselves (webcal), for a question to the calendar."""
    return f"webcal://{urlsplit(base).netloc}{urlsplit(base).path}{show.address('/calendar.ics', asked)}"


def event_subscription(base: str, handle: str) -> str:
    """The same for one event."""
    return f"webcal://{urlsplit(base).netloc}{urlsplit(base).path}/events/{handle}.ics"


def _of_events(asked: Asked) -> Asked:
    if asked.get("kind", ["event"]) != ["event"]:
        raise UsageError("kind: only events are in a calendar", hint="leave it out")
    return {name: values for name, values in asked.items() if name != "kind"}


def event_file(found: Announced, base: str, source: str) -> bytes:
    """One event as a calendar file that is read again at `source`."""
    about = About(name=found.hit.title, source=source, page=_page(found, base), refresh=REFRESH)
    return _written([found], about, base)


def _networks(home: Home, query: Agenda, reader: Reader, now: datetime) -> list[str]:
    """The names of the networks that are asked for."""
    with home.store.reading() as db:
        shown = readable(db, reader, now - home.store.forget_after)
        feeds = among(shown, query.networks) if query.networks else ()
    return list(dict.fromkeys(shown[feed].name for feed in feeds))


def _name(home: Home, query: Agenda, networks: Iterable[str]) -> str:
    """What a program lists the calendar as: this node's name, and what was asked for."""
    asked = [
        *map(show.term, query.types),
        *networks,
        *map(show.country, (*query.countries, *query.regions)),
        *map(show.term, (*query.services, *query.client_groups)),
        *map(show.language, query.languages),
        *([query.text] if query.text else []),
    ]
    return f"{home.config.name}: {', '.join(asked)}"[:200] if asked else home.config.name


def _written(found: Iterable[Announced], about: About, base: str) -> bytes:
    return calendar_file((_entry(one, base) for one in found), about, MAX_BYTES)


def _entry(one: Announced, base: str) -> Entry:
    return Entry(
        network=one.hit.network,
        handle=one.hit.handle,
        fields={**one.hit.fields, "uid": one.uid},
        signed=one.signed or UNDATED,
        networks=tuple(name for _, name in one.hit.networks),
        page=_page(one, base),
        parent=one.parent_uid,
        turn=one.turn,
    )


def _page(one: Announced, base: str) -> str:
    return f"{base}/events/{one.hit.handle}"
