"""The shared calendar as pages: an agenda, a month, one event; in the reader's zone and the event's own."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fednet.directory.agenda import Agenda, agenda, parse_agenda, surroundings
from fednet.directory.search import Hit, Reader
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.formats import linked
from fednet.listing import Event
from fednet.listing.vocabulary import EVENT_TYPES
from fednet.node.home import Home
from fednet.web import show, zones
from fednet.web.asking import Asked, Clock, given
from fednet.web.doors import Doors
from fednet.web.programs import alternates
from fednet.web.programs.alternates import Alternates
from fednet.web.programs.calendars import event_subscription, subscription
from fednet.web.public import month, views
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import Parties
from fednet.web.sending import base_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.visitors import Visitor

VIEWS = ("agenda", "month")


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Events(home, templates, clock)
    instead = Alternates(home, clock)
    return [
        doors.route("GET", "/events", for_reader(site.calendar)),
        doors.route("GET", "/events/{handle}", for_reader(site.event, alternates.EVENT, instead.event)),
    ]


class Events:
    """The calendar of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock
        self.parties = Parties(home, clock)

    def calendar(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        view = asked.pop("view", ["agenda"])[0]
        usual = zones.usual(self.home, request)
        form: dict[str, Any] = {"asked": asked, "view": view, "zone": usual, "types": EVENT_TYPES}
        form["zones"] = zones.offered(self.home)
        form["networks"] = self.parties.network_names(visitor.reader)
        try:
            if view not in VIEWS:
                raise UsageError(f"view: {view[:40]!r} is not known", hint=f"one of {', '.join(VIEWS)}")
            query = parse_agenda(**{"zone": usual, **given(asked)})
            shown = self._month if view == "month" else self._agenda
            values = shown(request, query, visitor.reader)
        except (UsageError, NotFoundError) as error:
            return _unreadable(self.page("events.html", request, error=error, **form), error)
        values |= {"query": query, "error": None, "subscribe": self._subscription(request, query)}
        values |= {"file": show.address("/calendar.ics", views.asked_pairs(query))}
        found = self.page("events.html", request, **{**form, "zone": query.zone, **values})
        zones.keep(self.home, request, query.zone, found)
        return found

    def _agenda(self, request: Request, query: Agenda, reader: Reader) -> dict[str, Any]:
        found = agenda(self.home.store, query, reader, self.clock())
        shown, upto = views.page_of(found)
        today = self._today(query.zone)
        first = query.since or today
        return {
            "months": views.months(shown, query.zone),
            "zones": zones.offered(self.home, (one.hit.fields for one in shown)),
            "period": views.period(query, today, upto),
            "overview": views.overview(found, shown, first, query, month.week_begins(_languages(request))),
            "other_view": show.address("/events", [("view", "month"), *views.agenda_pairs(query)]),
        }

    def _month(self, request: Request, query: Agenda, reader: Reader) -> dict[str, Any]:
        """All days of the month of the first day that is asked for, and of the weeks that it begins and ends in."""
        today = self._today(query.zone)
        first = (query.since or today).replace(day=1)
        days = month.days(first, month.week_begins(_languages(request)))
        whole = msgspec.structs.replace(query, since=days[0][0], until=days[-1][-1])
        found = agenda(self.home.store, whole, reader, self.clock())
        return {
            "month": month.month(found, first, days, today, query),
            "zones": zones.offered(self.home, (one.hit.fields for one in found)),
            "period": None,
            "other_view": show.address("/events", [("from", first.isoformat()), *views.zoned_pairs(query)]),
        }

    def _today(self, zone: str) -> date:
        return self.clock().astimezone(ZoneInfo(zone)).date()

    def _subscription(self, request: Request, query: Agenda) -> str:
        return subscription(base_of(self.home, request), views.asked_pairs(query))

    def event(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        reader = visitor.reader
        hit, event = self.parties.entry(request.path_params["handle"], reader)
        if not isinstance(event, Event):
            raise NotFoundError("no such event is listed here")
        zone = zones.shown_in(self.home, request, asked)
        roles = {_("Hosts"): event.hosts, _("Convened by"): event.convenors, _("Speakers"): event.speakers}
        answer = self.page(
            "event.html",
            request,
            hit=hit,
            record=event,
            ours=self.parties.is_ours(hit),
            state=None,
            days=0,
            linked=self._linked(request, hit, event, reader),
            when=views.when(event, hit.fields, zone, self.clock()),
            people=[(role, self.parties.parties(named, reader)) for role, named in roles.items()],
            parent=self.parties.parties((event.parent,) if event.parent else (), reader),
            around=views.around(surroundings(self.home.store, hit, zone, reader, self.clock()), zone),
            zone=zone,
            subscribe=event_subscription(base_of(self.home, request), hit.handle),
        )
        zones.keep(self.home, request, zone, answer)
        return answer

    def _linked(self, request: Request, hit: Hit, event: Event, reader: Reader) -> Markup | None:
        """The event as JSON-LD, its hosts by name."""
        base = base_of(self.home, request)
        parties = self.parties.parties(event.hosts, reader)
        hosts = [linked.Party(one.name.text, one.url and base + one.url) for one in parties]
        return alternates.in_page(alternates.event(hit.fields, hit.handle, base, hosts))


def _languages(request: Request) -> str:
    return request.headers.get("accept-language", "")


def _unreadable(found: HTMLResponse, error: FednetError) -> HTMLResponse:
    """The page with its form, which says why the question could not be answered."""
    found.status_code = error.status
    return found
