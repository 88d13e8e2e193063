"""The networks that this node shows: who each is, what it lists, how it is known, who follows and witnesses whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.connections import connections
from fednet.directory.networks import Network, networks
from fednet.directory.query import Query
from fednet.directory.search import Reader, search
from fednet.errors import FednetError, NotFoundError
from fednet.node.home import Home
from fednet.node.invitation import invitation
from fednet.web import qr, show
from fednet.web.asking import Asked, Clock, number_from
from fednet.web.doors import Doors
from fednet.web.public import graph
from fednet.web.public.pages import for_reader
from fednet.web.show import Templates, address
from fednet.web.translation import gettext as _
from fednet.web.visitors import Visitor

MAX_COUNTRIES = 24
MAX_CARDS = 60
"""Networks on one page."""


class Country(NamedTuple):
    """How many entries of a network are about a country, and the search for them."""

    name: str
    total: int
    url: str


class Invited(NamedTuple):
    """An invitation to follow a network, as text and as a code to scan."""

    text: str
    code: Markup


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Networks(home, templates, clock)
    return [
        doors.route("GET", "/networks", for_reader(site.networks)),
        doors.route("GET", "/networks/{network}", for_reader(site.network)),
    ]


class Networks:
    """The pages of networks of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock

    def networks(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        found = networks(self.home.store, visitor.reader, self.clock())
        start = number_from(asked, "start")
        drawn = graph.drawing(connections(self.home.store, visitor.reader, self.clock()))
        return self.page(
            "networks.html",
            request,
            networks=found[start : start + MAX_CARDS],
            drawing=drawn if not start else None,
            following=address("/networks", [("start", str(start + MAX_CARDS))]) if found[start + MAX_CARDS :] else "",
        )

    def network(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        wanted, reader = request.path_params["network"], visitor.reader
        network = next((one for one in networks(self.home.store, reader, self.clock()) if one.network == wanted), None)
        if network is None:
            raise NotFoundError("no such network is shown here")
        found = connections(self.home.store, reader, self.clock()).around(network.network)
        return self.page(
            "network.html",
            request,
            network=network,
            names=show.network_names(network.name, network.itself),
            drawing=graph.drawing(found),
            countries=self._countries(network, reader),
            invited=self._invitation(network, visitor),
        )

    def _countries(self, network: Network, reader: Reader) -> Sequence[Country]:
        """The countries that it lists most for."""
        if network.public is None or not network.public.visible:
            return []
        query = Query(networks=(network.network,), limit=1)
        try:
            counted = search(self.home.store, query, reader, self.clock(), ("country",)).facets["country"]
        except NotFoundError:  # shown no more, to an operator still known
            return []
        given = [("network", network.network)]
        return [
            Country(show.country(code), count, address("/", [*given, ("country", code)]))
            for code, count in list(counted.items())[:MAX_COUNTRIES]
        ]

    def _invitation(self, network: Network, visitor: Visitor) -> Invited | None:
        """How to follow it: of this node's own network to anybody, of others to those who run this node."""
        url = self.home.config.url if network.own else next(iter(network.sources), None) if visitor.staff else None
        if not url:
            return None
        try:
            text = invitation(url, network.network)
            return Invited(text, qr.svg(text, _("A code to scan that holds this invitation")))
        except (FednetError, ValueError):  # an address that no code has room for
            return None
