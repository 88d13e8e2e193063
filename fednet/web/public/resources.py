"""What networks list to read, to see or to join: recordings, guides, policies, newsletters; newest first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.library import Wanted, parse_wanted, resources
from fednet.errors import NotFoundError, UsageError
from fednet.listing import Resource
from fednet.listing.vocabulary import RESOURCE_TYPES, THEMES
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock, given, number_from
from fednet.web.doors import Doors
from fednet.web.public import views
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import Parties
from fednet.web.show import Templates
from fednet.web.visitors import Visitor

MOST = 15
"""Resources on one page."""


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Library(home, templates, clock)
    return [
        doors.route("GET", "/resources", for_reader(site.resources)),
        doors.route("GET", "/resources/{handle}", for_reader(site.resource)),
    ]


class Library:
    """The pages of resources of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock
        self.parties = Parties(home, clock)

    def resources(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        start = number_from(asked, "start")
        asked.pop("start", None)
        form = {
            "asked": asked,
            "types": [(term.code, show.term(term.code)) for term in RESOURCE_TYPES],
            "themes": [(term.code, show.term(term.code)) for term in THEMES],
            "networks": self.parties.network_names(visitor.reader),
        }
        try:
            wanted = parse_wanted(**given(asked))
            found = resources(self.home.store, wanted, visitor.reader, self.clock(), start, MOST)
        except (UsageError, NotFoundError) as error:
            return self.page("resources.html", request, error=error, wanted=Wanted(), **form)
        following = [*_pairs(asked), ("start", str(start + MOST))]
        return self.page(
            "resources.html",
            request,
            error=None,
            wanted=wanted,
            total=found.total,
            entries=views.entries(found.hits),
            following=show.address("/resources", following) if found.total > start + MOST else "",
            first=show.address("/resources", _pairs(asked)) if start else "",
            **form,
        )

    def resource(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        entry = self.parties.entry(request.path_params["handle"], visitor.reader)
        if not isinstance(entry.record, Resource):
            raise NotFoundError("no such resource is listed here")
        return self.page(
            "resource.html",
            request,
            hit=entry.hit,
            record=entry.record,
            ours=self.parties.is_ours(entry.hit),
            state=None,
            days=0,
        )


def _pairs(asked: Asked) -> list[tuple[str, str]]:
    return [(name, value) for name, values in asked.items() for value in values]
