"""Whether this node is well: for anybody how old what it shows is, for those who run it what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from babel.dates import format_timedelta
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from fednet.directory.networks import Circle, Network, networks
from fednet.errors import FednetError
from fednet.node import receipts, standing
from fednet.node.home import Home
from fednet.node.receipts import Received
from fednet.store import destruction, drafts, witnesses
from fednet.store.witnesses import Witness
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors
from fednet.web.public.pages import for_reader
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import locale, noted
from fednet.web.visitors import Visitor

MAX_LINES = 120
"""Feeds on the page."""

STATES = {
    "blocked": noted("blocked"),
    "frozen": noted("has contradicted itself"),
    "forgotten": noted("expired too long ago to be shown"),
    "failing": noted("could not be read lately"),
    "silent": noted("silent"),
    "expired": noted("not renewed in time"),
    "empty": noted("nothing yet"),
    "ahead": noted("dated in the future"),
    "unwitnessed": noted("waiting for witnesses"),
    "well": noted("well"),
}
"""States of a feed, the worst first."""
REMEDIES = {
    "frozen": noted("Look at the evidence, and decide with the network what holds: under Other networks."),
    "failing": noted("It is tried again by itself. If it lasts, ask the network whether its node is well."),
    "silent": noted("Ask the network whether its node still runs."),
    "expired": noted("Ask the network to publish: its editions have to be renewed."),
    "unwitnessed": noted("It is asked for again by itself. See under Keys and witnesses."),
}
OWN_REMEDIES = {
    "expired": noted("Sign a new edition: under What leaves the node."),
    "empty": noted("Sign the first edition: under What leaves the node."),
}
PROBLEMS = frozenset({"frozen", "failing", "silent", "expired"})


class Line(NamedTuple):
    """One feed: its state, and of what only staff is told: `lag` in seconds, drafts that wait, the last error."""

    network: Network
    circle: Circle
    state: str
    age: int | None
    drafts: int
    remedy: str

    @property
    def is_well(self) -> bool:
        return self.state not in PROBLEMS


class Office(NamedTuple):
    """What only those who run the node are told."""

    halted: FednetError | None
    receipts: Sequence[Received]
    witnesses: Sequence[Witness]
    destroying: bool
    unopened: dict[str, int]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Status(home, templates, clock)
    return [doors.route("GET", "/status", for_reader(site.status))]


class Status:
    """The status of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock

    def status(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        """Whoever runs the node sees every circle and why; others the public ones, and how old they are."""
        found = networks(self.home.store, visitor.reader, self.clock(), counted=False)
        waiting = self._waiting() if visitor.staff else {}
        lines = [
            self._line(network, circle, waiting if network.own else {})
            for network in found
            for circle in network.circles
            if visitor.staff or circle.circle == "public"
        ]
        own = next((one for one in found if one.own), None)
        opened = {circle.circle for circle in own.circles} if own else set()
        return self.page(
            "status.html",
            request,
            lines=lines[:MAX_LINES],
            more=max(0, len(lines) - MAX_LINES),
            states={name: _(said) for name, said in STATES.items()},
            wrong=sum(not line.is_well for line in lines),
            office=self._office({c: n for c, n in waiting.items() if c not in opened}) if visitor.staff else None,
            ago=ago,
        )

    def _waiting(self) -> dict[str, int]:
        """How many edits of each circle wait to be signed."""
        with self.home.store.reading() as db:
            return {circle: len(drafts.drafts(db, circle)) for circle in drafts.circles_with_drafts(db)}

    def _line(self, network: Network, circle: Circle, waiting: dict[str, int]) -> Line:
        state = _state(network, circle)
        remedies = {**REMEDIES, **OWN_REMEDIES} if network.own else REMEDIES
        remedy = _(remedies[state]) if state in remedies else ""
        return Line(network, circle, state, self._age(circle.issued), waiting.get(circle.circle, 0), remedy)

    def _age(self, issued: str | None) -> int | None:
        """Seconds since an edition was signed."""
        return None if issued is None else max(0, int((self.clock() - datetime.fromisoformat(issued)).total_seconds()))

    def _office(self, unopened: dict[str, int]) -> Office:
        with self.home.store.reading() as db:
            known, destroying = witnesses.witnesses(db), destruction.is_owed(db)
        return Office(standing.halted(self.home), receipts.received(self.home), known, destroying, unopened)


def _state(network: Network, circle: Circle) -> str:
    """The worst that is the matter with a feed; what only those who run the node know of, only where it is told."""
    found = {
        "blocked": network.blocked,
        "frozen": network.frozen is not None,
        "forgotten": circle.forgotten,
        "failing": circle.error is not None,
        "silent": network.silent is not None and network.silent.reason == "unheard" and circle.circle == "public",
        "expired": circle.expired,
        "empty": not circle.edition,
        "ahead": circle.ahead,
        "unwitnessed": circle.witnessed is False,
    }
    return next((name for name, is_so in found.items() if is_so), "well")


def ago(seconds: int | None) -> str:
    """ "5 minutes ago", as the reader's language says it (CLDR); empty for None."""
    if seconds is None:
        return ""
    return str(format_timedelta(-timedelta(seconds=seconds), add_direction=True, locale=locale()))
