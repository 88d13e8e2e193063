"""Pages for people: light, without scripts, open to anybody and so showing only what anybody may see.

A partner's node that signs its request is shown what it may read besides. A handler asks the directory one question
and hands the answer to a template; how things look is in `views` and `show`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fednet.directory import twinnings
from fednet.directory.cards import Card, Said, card
from fednet.directory.query import read_parameters
from fednet.directory.search import Reader
from fednet.node.home import Home
from fednet.web.asking import Asked, Clock, given
from fednet.web.callers import headers_for
from fednet.web.doors import Doors, Page
from fednet.web.programs import alternates, files
from fednet.web.programs.alternates import Alternates
from fednet.web.programs.cards import PARAMETERS as CARD_PARAMETERS
from fednet.web.public import comparing
from fednet.web.public.parties import Parties, Party
from fednet.web.public.twinned import Line, line
from fednet.web.sending import base_of
from fednet.web.show import Templates
from fednet.web.visitors import Visitor


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
        doors.route(
            "GET",
            "/organizations/{handle}",
            for_reader(site.organization, alternates.ORGANIZATION, instead.organization),
        ),
    ]


def for_reader(page: Page, offered: tuple[str, ...] = (), instead: Any = None) -> Page:
    """A page of what the visitor may read, that nobody keeps unless anybody may read it; `instead` answers whoever asks
    for one of the forms `offered` besides."""

    def answer(request: Request, asked: Asked, visitor: Visitor) -> Response:
        form = files.wanted(request, asked, offered, alternates.HTML) if offered else None
        if form is not None:
            found: Response = instead(request, form, visitor.reader)
            return found
        shown = page(request, asked, visitor)
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
        self.parties = Parties(home, clock)

    def organization(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        reader = visitor.reader
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
            offices=comparing.offices(found, self.clock().date()),
            ours=self.parties.is_ours(statement.hit),
            why=list(comparing.because(found)),
            opinions=[self._opinion(one, found, reader) for one in comparing.apart(found)[: comparing.MOST]],
            linked=alternates.in_page(alternates.organization(found, base_of(self.home, request))),
            twinned=self._twinned(found, reader),
            MOST=comparing.MOST,
        )

    def _twinned(self, found: Card, reader: Reader) -> list[Line]:
        """The twinnings of an organisation, whichever of the two networks states them."""
        named = [(one.hit.network, one.hit.handle) for one in found.statements]
        cards = twinnings.naming(self.home.store, named, reader, self.clock(), comparing.MOST)
        return [line(one, self.parties, reader) for one in cards if any(said.is_side for said in one.statements)]

    def _opinion(self, said: Said, found: Card, reader: Reader) -> Held:
        """An opinion with the record beside the card that it is about; both may be on it, or one not for the reader."""
        on_it = [(one.hit.network, one.hit.handle) for one in found.statements]
        beside = next((one for one in said.subjects if one not in on_it), said.subjects[1])
        return Held(said.network_name, said.verdict, said.reason, self.parties.party(beside[1], reader))
