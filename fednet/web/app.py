"""The application: every address this node answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# What others import when they need it: these import themselves in circles, and two threads at once would deadlock.
import babel.core  # noqa: F401
import icalendar  # noqa: F401
import numpy  # noqa: F401
import openpyxl  # noqa: F401
import phonenumbers  # noqa: F401
import recurring_ical_events  # noqa: F401
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from fednet.errors import FednetError
from fednet.node.address import parsed
from fednet.node.home import Home, now
from fednet.store import columns
from fednet.store.feeds import own
from fednet.web import letters
from fednet.web.access import accounts, signing
from fednet.web.asgi import Addressed, Caught, Compressed, Limited, Secured, Spoken, Throttled, Timed
from fednet.web.asking import Clock
from fednet.web.callers import Callers
from fednet.web.doors import Doors
from fednet.web.entry.entries import Entries
from fednet.web.members import confirming, joining, member
from fednet.web.members import exchange as members_exchange
from fednet.web.programs import (
    alternates,
    api,
    calendars,
    cards,
    changes,
    charts,
    exchanges,
    feeds,
    hsds,
    hsds_addresses,
    messages,
    openapi,
    receipts,
    witness,
)
from fednet.web.public import (
    about,
    chart,
    checking,
    embed,
    events,
    exchange,
    groups,
    language,
    networks,
    pages,
    resources,
    searching,
    status,
    twinnings,
)
from fednet.web.refusal import Refusals
from fednet.web.show import Templates
from fednet.web.visitors import Visitors
from fednet.web.workspace import (
    acts,
    applications,
    backups,
    circles,
    confirmations,
    desk,
    hiding,
    importing,
    introductions,
    keys,
    matching,
    peers,
    planning,
    proposals,
    publishing,
    records,
    report,
    settings,
    week,
)
from fednet.web.workspace import exchange as desk_exchange

STATIC = Path(__file__).parent / "static"

ADDRESSES = tuple(
    openapi.every(
        api.ADDRESSES,
        alternates.ADDRESSES,
        calendars.ADDRESSES,
        changes.ADDRESSES,
        charts.ADDRESSES,
        exchanges.ADDRESSES,
        cards.ADDRESSES,
        hsds_addresses.ADDRESSES,
        openapi.OWN,
    )
)
"""All addresses for programs, as `/openapi.json` tells them."""


def create_app(home: Home, *, clock: Clock = now, allow_private: bool = False) -> Starlette:
    """Everything a node serves. Handlers that read the database are plain functions: starlette runs them in threads."""
    columns.keep(home.store)
    templates = Templates(home)
    refusals = Refusals(templates)
    callers = Callers(home, clock)
    doors = Doors(home, Visitors(home, callers, clock), clock)
    gate = signing.Gate(home, clock)
    entries = Entries(home, templates, clock)
    return Starlette(
        routes=[
            *feeds.routes(home, callers),
            *receipts.routes(home, callers, clock),
            *messages.routes(home, callers, clock),
            *api.routes(home, callers, clock),
            *cards.routes(home, callers, clock),
            *charts.routes(home, callers, clock),
            *exchanges.routes(home, callers, clock),
            *calendars.routes(home, callers, clock),
            *changes.routes(home, callers, clock),
            *searching.routes(home, templates, doors, clock),
            *embed.routes(home, templates, clock),
            *pages.routes(home, templates, doors, clock),
            *language.routes(doors),
            *events.routes(home, templates, doors, clock),
            *networks.routes(home, templates, doors, clock),
            *groups.routes(home, templates, doors, clock),
            *resources.routes(home, templates, doors, clock),
            *chart.routes(home, templates, doors, clock),
            *exchange.routes(home, templates, doors, clock),
            *twinnings.routes(home, templates, doors, clock),
            *checking.routes(home, templates, doors, clock),
            *about.routes(home, templates, doors, clock),
            *status.routes(home, templates, doors, clock),
            *desk.routes(home, templates, doors, clock),
            *importing.routes(home, templates, doors, clock),
            *records.routes(home, templates, doors, clock),
            *publishing.routes(home, templates, doors, clock, allow_private),
            *matching.routes(home, templates, doors, clock),
            *confirmations.routes(home, templates, doors, clock),
            *planning.routes(home, templates, doors, clock),
            *hiding.routes(home, templates, doors, clock, allow_private),
            *circles.routes(home, templates, doors, clock),
            *keys.routes(home, templates, doors, clock, allow_private),
            *peers.routes(home, templates, doors, clock, allow_private),
            *backups.routes(home, templates, doors, clock, gate),
            *settings.routes(home, templates, doors, clock),
            *signing.routes(home, templates, doors, clock, gate),
            *accounts.routes(home, templates, doors, clock, gate),
            *acts.routes(home, templates, doors),
            *joining.routes(home, templates, doors, clock),
            *applications.routes(home, templates, doors, clock),
            *letters.routes(home, templates, doors, clock),
            *week.routes(home, templates, doors, clock),
            *report.routes(home, templates, doors, clock),
            *member.routes(home, templates, doors, clock, entries),
            *proposals.routes(home, templates, doors, clock, entries),
            *desk_exchange.routes(home, templates, doors, clock),
            *introductions.routes(home, templates, doors, clock),
            *members_exchange.routes(home, templates, doors, clock),
            *confirming.routes(home, templates, doors, clock, entries),
            *hsds.routes(home, callers, clock),
            *openapi.routes(home, templates, ADDRESSES),
            *witness.routes(home, clock),
            Mount("/static", Static(directory=STATIC)),
            Route("/healthz", healthy),
            Route("/readyz", readiness(home)),
        ],
        middleware=[
            Middleware(Spoken),
            Middleware(Secured),
            Middleware(Compressed),
            Middleware(Caught, refusals.unforeseen),
            Middleware(Addressed, Names(home), refusals.named),
            Middleware(Throttled, refusals.named),
            Middleware(Timed, refusals.named),
            Middleware(Limited),
        ],
        exception_handlers={FednetError: refusals.named, HTTPException: refusals.http},
    )


class Names:
    """What this node is called by those who reach it, as its settings say at that moment."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def __iter__(self) -> Iterator[str]:
        config = self.home.config
        if config.url:
            yield str(parsed(config.url).hostname)
        yield from config.hosts


class Static(StaticFiles):
    """Files that pages name with their hash, or that hardly ever change."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


async def healthy(request: Request) -> Response:
    return PlainTextResponse("ok\n")


def readiness(home: Home) -> Callable[[Request], Response]:
    """200 when the database answers; else its error, 503 or 500."""

    def ready(request: Request) -> Response:
        with home.store.reading() as db:
            own(db)
        return PlainTextResponse("ok\n")

    return ready
