"""About this node: whose it is, what it keeps of people, and whether everybody can use its pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from fednet.directory.networks import Network, networks
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors
from fednet.web.public.pages import for_reader
from fednet.web.show import Templates
from fednet.web.visitors import Visitor


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = About(home, templates, clock)
    return [
        doors.route("GET", "/about", for_reader(site.about)),
        doors.route("GET", "/privacy", for_reader(site.privacy)),
        doors.route("GET", "/accessibility", for_reader(site.accessibility)),
    ]


class About:
    """What one node says of itself."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock

    def about(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        found = networks(self.home.store, visitor.reader, self.clock(), counted=False)
        own = next((one for one in found if one.own), None)
        return self._said("about.html", request, own, others=[one for one in found if not one.own])

    def privacy(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        return self._said("privacy.html", request, self._own(visitor))

    def accessibility(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        return self._said("accessibility.html", request, self._own(visitor))

    def _own(self, visitor: Visitor) -> Network | None:
        found = networks(self.home.store, visitor.reader, self.clock(), counted=False)
        return next((one for one in found if one.own), None)

    def _said(self, name: str, request: Request, own: Network | None, **values: object) -> HTMLResponse:
        """A page about this node's own network, which may have published nothing yet."""
        itself = own.itself if own else None
        return self.page(
            name,
            request,
            own=own,
            itself=itself,
            names=show.names(itself, show.PAGE_NAMES) if itself else [],
            **values,
        )
