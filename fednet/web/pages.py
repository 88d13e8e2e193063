"""Pages for people: light, without scripts, open to anybody and so showing only what anybody may see.

A partner's node that signs its request is shown what it may read besides. A handler asks the directory one question
and hands the answer to a template; how things look is in `views` and `show`.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fednet.directory.agenda import agenda, parse_agenda, surroundings
from fednet.directory.cards import Card, Said, card
from fednet.directory.networks import networks
from fednet.directory.query import parse_query, read_parameters
from fednet.directory.query import zone as zone_asked
from fednet.directory.search import Hit, Reader, readable, record, search
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.formats import linked
from fednet.listing import Event
from fednet.listing.check import is_handle
from fednet.listing.vocabulary import EVENT_TYPES
from fednet.node.home import Home
from fednet.web import alternates, comparing, files, show, views
from fednet.web.alternates import Alternates
from fednet.web.asking import Asked, Clock, given
from fednet.web.calendars import subscription
from fednet.web.callers import headers_for
from fednet.web.cards import PARAMETERS as CARD_PARAMETERS
from fednet.web.doors import Doors, Page
from fednet.web.sending import base_of
from fednet.web.show import Templates, Text
from fednet.web.visitors import Visitor

MAX_ENTRIES = 20
"""Entries on one page of results; the API gives more at once."""
MAX_NAMED = 20
"""Handles in one field that a page looks up to show names instead."""


class Party(NamedTuple):
    """Somebody or something a record points to: a name, and a page if there is one."""

    name: Text
    url: str | None = None


class Held(NamedTuple):
    """What a network holds about the organisation of a page and another one."""

    network_name: str
    verdict: str
    reason: str
    other: Party | None


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Site(home, templates, clock)
    instead = Alternates(home, clock)
    return [
        doors.route("GET", "/", _page(site.search)),
        doors.route(
            "GET",
            "/organizations/{handle}",
            _page(site.organization, alternates.ORGANIZATION, instead.organization),
        ),
        doors.route("GET", "/events", _page(site.calendar)),
        doors.route("GET", "/events/{handle}", _page(site.event, alternates.EVENT, instead.event)),
        doors.route("GET", "/networks", _page(site.networks)),
        doors.route("GET", "/networks/{network}", _page(site.network)),
    ]


def _page(page: Any, offered: tuple[str, ...] = (), instead: Any = None) -> Page:
    """A page of what the visitor may read; `instead` answers whoever asks for one of the forms `offered` besides."""

    def answer(request: Request, asked: Asked, visitor: Visitor) -> Response:
        form = files.wanted(request, asked, offered, alternates.HTML) if offered else None
        if form is not None:
            found: Response = instead(request, form, visitor.reader)
            return found
        shown: Response = page(request, asked, visitor.reader)
        shown.headers.update(headers_for(visitor.reader))
        if offered:
            shown.headers.add_vary_header(files.VARY)
        return shown

    return answer


class Site:
    """The pages of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock

    def search(self, request: Request, asked: Asked, reader: Reader) -> HTMLResponse:
        query = None
        try:
            query = parse_query(**given(asked))
            # Whoever asks nothing yet is shown organisations, and what else there is.
            query = query if asked else msgspec.structs.replace(query, kinds=("organization",))
            query = msgspec.structs.replace(query, limit=min(query.limit, MAX_ENTRIES))
            results = search(self.home.store, query, reader, self.clock())
        except (UsageError, NotFoundError) as error:
            return self._unreadable("search.html", request, error, **views.form(asked, query))
        names = self._network_names(reader)
        return self.page(
            "search.html",
            request,
            **views.form(asked, query),
            error=None,
            results=results,
            hits=views.entries(results.hits),
            facets=views.facets(results, query, names),
            chosen=views.chosen(query, names) if asked else [],
            elsewhere={} if asked else views.elsewhere(networks(self.home.store, reader, self.clock(), counted=False)),
            pager=views.pager(query, results),
        )

    def organization(self, request: Request, asked: Asked, reader: Reader) -> HTMLResponse:
        wanted = {name: value for name, value in given(asked).items() if name in CARD_PARAMETERS}
        scope = read_parameters(wanted, CARD_PARAMETERS)
        found = card(self.home.store, request.path_params["handle"], reader, self.clock(), **scope)
        statement = found.statements[found.asked]
        return self.page(
            "organization.html",
            request,
            hit=statement.hit,
            record=statement.record,
            state=statement.state,
            days=statement.days,
            card=found,
            called=comparing.names(found),
            statements=comparing.strip(found),
            rows=comparing.rows(found),
            membership=comparing.members(found),
            why=list(comparing.because(found)),
            opinions=[self._opinion(one, found, reader) for one in comparing.apart(found)[: comparing.MOST]],
            linked=alternates.in_page(alternates.organization(found, base_of(self.home, request))),
            MOST=comparing.MOST,
        )

    def _opinion(self, said: Said, found: Card, reader: Reader) -> Held:
        """An opinion with the record beside the card that it is about; both may be on it, or one not for the reader."""
        on_it = [(one.hit.network, one.hit.handle) for one in found.statements]
        beside = next((one for one in said.subjects if one not in on_it), said.subjects[1])
        return Held(said.network_name, said.verdict, said.reason, self._party(beside[1], reader))

    def event(self, request: Request, asked: Asked, reader: Reader) -> HTMLResponse:
        hit, event = self._entry(request.path_params["handle"], reader)
        if not isinstance(event, Event):
            raise NotFoundError("no such event is listed here")
        zone = self._zone(asked)
        roles = {"Hosts": event.hosts, "Convened by": event.convenors, "Speakers": event.speakers}
        return self.page(
            "event.html",
            request,
            hit=hit,
            record=event,
            state=None,
            days=0,
            linked=self._linked(request, hit, event, reader),
            when=views.when(event, hit.fields, zone, self.clock()),
            people=[(role, self._parties(named, reader)) for role, named in roles.items()],
            parent=self._parties((event.parent,) if event.parent else (), reader),
            around=views.around(surroundings(self.home.store, hit, zone, reader, self.clock()), zone),
            zone=zone,
        )

    def _linked(self, request: Request, hit: Hit, event: Event, reader: Reader) -> Markup | None:
        """The event as JSON-LD, its hosts by name."""
        base = base_of(self.home, request)
        parties = self._parties(event.hosts, reader)
        hosts = [linked.Party(one.name.text, one.url and base + one.url) for one in parties]
        return alternates.in_page(alternates.event(hit.fields, hit.handle, base, hosts))

    def calendar(self, request: Request, asked: Asked, reader: Reader) -> HTMLResponse:
        zone = self.home.config.zone
        form: dict[str, Any] = {"asked": asked, "zone": zone, "zones": views.ZONES, "types": EVENT_TYPES}
        form["networks"] = self._network_names(reader)
        try:
            query = parse_agenda(**{"zone": zone, **given(asked)})
            found = agenda(self.home.store, query, reader, self.clock())
        except (UsageError, NotFoundError) as error:
            return self._unreadable("events.html", request, error, **form)
        shown, upto = views.page_of(found)
        today = self.clock().astimezone(ZoneInfo(query.zone)).date()
        return self.page(
            "events.html",
            request,
            **{**form, "zone": query.zone},
            error=None,
            query=query,
            months=views.months(shown, query.zone),
            period=views.period(query, today, upto),
            overview=views.overview(found, shown, query.since or today, query),
            subscribe=subscription(base_of(self.home, request), views.asked_pairs(query)),
            file=show.address("/calendar.ics", views.asked_pairs(query)),
        )

    def networks(self, request: Request, asked: Asked, reader: Reader) -> HTMLResponse:
        return self.page("networks.html", request, networks=networks(self.home.store, reader, self.clock()))

    def network(self, request: Request, asked: Asked, reader: Reader) -> HTMLResponse:
        wanted = request.path_params["network"]
        for network in networks(self.home.store, reader, self.clock()):
            if network.network == wanted:
                return self.page("network.html", request, network=network)
        raise NotFoundError("no such network is shown here")

    def _unreadable(self, name: str, request: Request, error: FednetError, **values: Any) -> HTMLResponse:
        """The page with its form, saying why the question could not be answered."""
        found = self.page(name, request, error=error, **values)
        found.status_code = error.status
        return found

    def _entry(self, handle: str, reader: Reader) -> views.Entry:
        entry = views.entry_of(record(self.home.store, handle, reader, self.clock()))
        if entry is None:
            raise NotFoundError("that record cannot be shown by this version")
        return entry

    def _parties(self, named: tuple[str, ...], reader: Reader) -> list[Party]:
        return [party for one in named[:MAX_NAMED] if (party := self._party(one, reader))]

    def _party(self, named: str, reader: Reader) -> Party | None:
        """A handle becomes a name and a link, or nothing when it is not for the reader; other text stays as it is."""
        if not is_handle(named):
            name = self._network_names(reader).get(named) if _NETWORK.fullmatch(named) else None
            return Party(Text(None, show.fit(name or named, show.PARTY_NAME)), name and f"/networks/{named}")
        try:
            hit, found = self._entry(named, reader)
        except NotFoundError:
            return None
        page = {"organization": "/organizations/", "event": "/events/"}.get(hit.kind)
        return Party(show.names(found, show.PARTY_NAME)[0], page and page + hit.handle)

    def _network_names(self, reader: Reader) -> dict[str, str]:
        store = self.home.store
        with store.reading() as db:
            shown = readable(db, reader, self.clock() - store.forget_after)
        return {source.network: source.name for source in shown.values()}

    def _zone(self, asked: Asked) -> str:
        return zone_asked(given(asked)["zone"], "zone") if "zone" in asked else self.home.config.zone


_NETWORK = re.compile(r"[a-z2-7]{32}")
