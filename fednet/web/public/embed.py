"""Search and calendar for a network's own site, in a frame there: `/embed/search`, `/embed/events`.

```
<iframe src="https://node.example/embed/events?country=TH&lang=th" title="Calendar" ...></iframe>
```
Parameters are those of a search and of the calendar, and `lang`. Only sites of `[embed]` in node.toml may show them
(CSP `frame-ancestors`). Whoever looks, a frame shows what is public: no cookie is read and none is set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.agenda import agenda, parse_agenda
from fednet.directory.query import parse_query
from fednet.directory.search import PUBLIC, search
from fednet.errors import NotFoundError, UsageError
from fednet.node.home import Home
from fednet.web import show, translation
from fednet.web.asgi import HEADERS
from fednet.web.asking import Asked, Clock, given, grouped
from fednet.web.public import choices, views
from fednet.web.public.choices import Pairs
from fednet.web.public.parties import page_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _

MAX_ENTRIES = 10
MAX_LINES = 30
"""What one page in a frame shows."""
LANGUAGE = "lang"

Page = Literal["search", "events"]

_ORIGIN = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?")


def routes(home: Home, templates: Templates, clock: Clock) -> list[Route]:
    embedded = Embedded(home, templates, clock)
    return [
        Route("/embed/search", embedded.endpoint(embedded.search), methods=["GET"]),
        Route("/embed/events", embedded.endpoint(embedded.calendar), methods=["GET"]),
    ]


def line(base: str, page: Page, asked: Iterable[tuple[str, str]]) -> str:
    """The line to copy into a page of another site: `base` is this node's address."""
    address = base + show.address(f"/embed/{page}", [*asked, (LANGUAGE, translation.speaking())])
    title = _("Search the directory") if page == "search" else _("Calendar")
    frame = Markup('<iframe src="{}" title="{}" width="100%" height="700" loading="lazy"></iframe>')
    return str(frame.format(address, title))


def policy(sites: Iterable[str]) -> str:
    """The Content-Security-Policy of what these sites may show in a frame (CSP 3, 6.4.2.1)."""
    origins = " ".join(site for site in sites if _ORIGIN.fullmatch(site))
    usual = HEADERS["Content-Security-Policy"]
    return usual.replace("frame-ancestors 'none'", f"frame-ancestors {origins}") if origins else usual


class Embedded:
    """What one node shows in frames of other sites."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.templates, self.clock = home, templates, clock

    def endpoint(self, page: Callable[[Request, Asked, str], Response]) -> Callable[[Request], object]:
        """A page outside of all sessions, in the language that its address or the browser names."""

        def answer(request: Request) -> Response:
            asked = grouped(request.query_params.multi_items())
            wanted = asked.pop(LANGUAGE, [""])[0]
            named = wanted if wanted in translation.LANGUAGES else ""
            with translation.spoken(named or translation.negotiated(None, request.headers.get("accept-language", ""))):
                found = page(request, asked, named)
            found.headers["Content-Security-Policy"] = policy(self.home.config.embed.sites)
            found.headers["Vary"] = "Accept-Language"
            return found

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(answer, request)

        return endpoint

    def search(self, request: Request, asked: Asked, named: str) -> Response:
        form = {"text": " ".join(asked.get("text", [])), "named": named}
        try:
            query = parse_query(**given(asked))
            query = msgspec.structs.replace(query, limit=min(query.limit, MAX_ENTRIES))
            query = query if query.kinds else msgspec.structs.replace(query, kinds=("organization",))
            results = search(self.home.store, query, PUBLIC, self.clock(), facets=())
        except (UsageError, NotFoundError) as error:
            return self.templates.page("embed-search.html", request, error=error, hidden=[], whole="/", **form)
        asked_for = choices.pairs(query)
        pages = choices.pager(asked_for, query.cursor, results.next)
        return self.templates.page(
            "embed-search.html",
            request,
            error=None,
            said=show.counted("organization", results.total),
            page_of=page_of,
            hits=views.entries(results.hits),
            hidden=[*_but(asked_for, "text"), (LANGUAGE, named)],
            pager=[one._replace(question=_with(one.question, named)) for one in pages],
            whole=show.address("/", _but(asked_for, "limit")),
            **form,
        )

    def calendar(self, request: Request, asked: Asked, named: str) -> Response:
        usual = self.home.config.zone
        try:
            query = parse_agenda(**{"zone": usual, **given(asked)})
            found = agenda(self.home.store, query, PUBLIC, self.clock())
        except (UsageError, NotFoundError) as error:
            return self.templates.page("embed-events.html", request, error=error, whole="/events")
        return self.templates.page(
            "embed-events.html",
            request,
            error=None,
            months=views.months(found[:MAX_LINES], query.zone),
            more=len(found) > MAX_LINES,
            zone=query.zone,
            whole=show.address("/events", views.agenda_pairs(query)),
        )


def _but(asked: Pairs, name: str) -> Pairs:
    return [one for one in asked if one[0] != name]


def _with(question: str, named: str) -> str:
    """A question with the language of the frame."""
    return "&".join(filter(None, (question, choices.question([(LANGUAGE, named)]))))
