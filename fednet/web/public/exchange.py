"""Needs, offers and funding: `/exchange` by GET or POST, and the page of each with what fits it and the way to ask.

As on the search page, a question asked by POST stands in no address, and its page puts it into none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import exchange, twinnings
from fednet.directory.exchange import Asked as Wanted
from fednet.directory.exchange import Entry, Match
from fednet.directory.search import Reader
from fednet.directory.twinnings import Card
from fednet.errors import NotFoundError, UsageError
from fednet.listing.vocabulary import THEMES
from fednet.node import introductions
from fednet.node.home import Home
from fednet.node.introductions import Introduction
from fednet.web import show
from fednet.web.asking import Asked, Clock, given
from fednet.web.doors import Doors
from fednet.web.policy import may
from fednet.web.programs import alternates
from fednet.web.programs.alternates import Alternates
from fednet.web.public import choices, fitting, narrowing
from fednet.web.public.narrowing import MAX_ENTRIES
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import Parties
from fednet.web.public.searching import PRIVATE, Download, downloads_of, read_question, regions
from fednet.web.public.twinned import line
from fednet.web.sending import base_of
from fednet.web.show import Templates, Text
from fednet.web.visitors import Visitor

MAX_MATCHES = 10
MAX_TWINNINGS = 5
MAX_UNDER_WAY = 3
UNDER_WAY = frozenset({"waiting", "accepted", "introduced"})
"""States of introductions that have not ended without effect."""
FIELDS = ("text", "type", "theme", "region")
"""What the form shows; other filters go along unseen."""


class Line(NamedTuple):
    """An entry in the list, and what speaks most for the match that fits it best."""

    entry: Entry
    why: Sequence[str]


class Fit(NamedTuple):
    """What fits the entry of a page: how well in a word, and why in sentences."""

    other: Entry
    grade: str
    score: int
    why: Sequence[str]


class Way(NamedTuple):
    """What whoever looks at an entry can do: which of the sentences of the page holds, and where its link leads."""

    word: str
    url: str


class Under(NamedTuple):
    """An introduction that is asked or answered already: its page, and what its own entry is called."""

    url: str
    title: Text | None


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Exchange(home, templates, clock)
    instead = Alternates(home, clock)
    return [
        doors.route("GET", "/exchange", for_reader(site.asked)),
        doors.route("POST", "/exchange", for_reader(site.sent)),
        doors.route(
            "GET", "/exchange/{handle}", for_reader(site.entry, alternates.EXCHANGE, instead.exchange)
        ),
    ]  # fmt: skip


class Exchange:
    """The pages of the exchange of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock
        self.parties = Parties(home, clock)

    def asked(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        private = bool(asked.pop(PRIVATE, []))
        return self._page(request, asked, visitor.reader, private)

    def sent(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        if "question" in asked:
            asked = read_question(asked["question"][0])
        found = self._page(request, asked, visitor.reader, private=True)
        found.headers["Cache-Control"] = "no-store"
        return found

    def _page(self, request: Request, asked: Asked, reader: Reader, private: bool) -> Response:
        names = self.parties.network_names(reader)
        wanted = None
        try:
            wanted = exchange.parse_asked(**({"limit": str(MAX_ENTRIES)} | given(asked)))
            wanted = msgspec.structs.replace(wanted, limit=min(wanted.limit, MAX_ENTRIES))
            found = exchange.entries(self.home.store, wanted, reader, self.clock())
        except (UsageError, NotFoundError) as error:
            return self.page("exchange.html", request, error=error, private=private, **form(asked, wanted))
        return self.page(
            "exchange.html",
            request,
            error=None,
            private=private,
            **form(asked, wanted),
            total=found.total,
            lines=self._lines(found.entries, reader),
            states=narrowing.states(wanted),
            facets=narrowing.facets(found, wanted, names),
            chosen=narrowing.chosen(wanted, names),
            pager=choices.pager(narrowing.pairs(wanted), wanted.cursor, found.next),
            chart=show.address("/exchange/chart", [] if private else narrowing.pairs(wanted)),
            download=download(wanted, found.total),
        )

    def _lines(self, entries: Sequence[Entry], reader: Reader) -> list[Line]:
        handles = [entry.hit.handle for entry in entries if entry.matches]
        best = exchange.best(self.home.store, handles, reader, self.clock())
        found = [(entry, best.get(entry.hit.handle)) for entry in entries]
        return [Line(entry, fitting.why(match, 1) if match else []) for entry, match in found]

    def _matches(self, entry: Entry, reader: Reader, most: int) -> tuple[Match, ...]:
        return tuple(exchange.matches(self.home.store, entry.hit.handle, reader, self.clock(), most))

    def _twinnings(self, entry: Entry, reader: Reader) -> list[Card]:
        return twinnings.grown_from(self.home.store, entry.hit, reader, self.clock(), MAX_TWINNINGS)

    def _introductions(self, entry: Entry, visitor: Visitor) -> list[Under]:
        """The introductions of the visitor's with an entry of somebody, except those that ended."""
        if visitor.account is None:
            return []
        every = introductions.earlier(self.home, entry.hit.network, entry.hit.handle)
        found = [one for one in every if one.state in UNDER_WAY]
        with self.home.store.reading() as db:
            return [under for one in found if (under := self._under(db, one, entry, visitor))][:MAX_UNDER_WAY]

    def _under(self, db: Database, one: Introduction, entry: Entry, visitor: Visitor) -> Under | None:
        ours = one.asked if one.asker.handle == entry.hit.handle else one.asker
        title = next(iter(show.in_order(ours.titles, None)), None)
        if may(visitor.role, "/workspace/introductions/x"):
            return Under(f"/workspace/introductions/{one.id}", title)
        whose = introductions.organization_of(db, self.home, ours.handle) if ours.handle else None
        if visitor.account and whose and whose == visitor.account.organization:
            return Under(f"/member/exchange/{ours.handle}/introductions/{one.id}", title)
        return None

    # --- one entry ----------------------------------------------------------------------------------------------------

    def entry(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        reader = visitor.reader
        found = exchange.entry(self.home.store, request.path_params["handle"], reader, self.clock())
        ours = self.parties.is_ours(found.hit)
        to_do = way(found, visitor, ours)
        return self.page(
            "exchange-entry.html",
            request,
            entry=found,
            hit=found.hit,
            record=found.record,
            ours=ours,
            state=None,
            days=0,
            outcome_note=show.within(show.in_order(found.record.outcome_note, found.record.original), show.LIST_TEXT),
            fits=[fit(one, found) for one in self._matches(found, reader, MAX_MATCHES)],
            way=to_do,
            under_way=self._introductions(found, visitor) if to_do.word == "ask" else [],
            led_to=[line(one, self.parties, reader) for one in self._twinnings(found, reader)],
            linked=alternates.in_page(alternates.exchange(found, base_of(self.home, request))),
        )


def fit(match: Match, entry: Entry) -> Fit:
    """A match as the page of one of its two entries shows it."""
    other = match.other(entry.hit.handle)
    return Fit(other, fitting.grade(match.score), match.score, fitting.why(match))


def way(entry: Entry, visitor: Visitor, ours: bool) -> Way:
    """What somebody can do about an entry: ask to be introduced, see to it as an own one, sign in first, or nothing."""
    handle = entry.hit.handle
    if ours and visitor.staff and may(visitor.role, "/workspace/exchange"):
        return Way("own", "/workspace/exchange")
    if ours and entry.organization and visitor.account and entry.organization.handle == visitor.account.organization:
        return Way("own", f"/member/exchange/{handle}")
    if entry.state in ("over", "closed"):
        return Way("over", "/exchange")
    if visitor.account is None:
        return Way("sign-in", show.address("/sign-in", [("to", f"/exchange/{handle}")]))
    if may(visitor.role, "/workspace/introductions/new", "POST"):
        return Way("ask", show.address("/workspace/introductions/new", [("theirs", handle)]))
    if may(visitor.role, "/member/exchange"):
        return Way("ask", show.address("/member/exchange", [("theirs", handle)]))
    return Way("secretariat", "")


# --- the form of the list ---------------------------------------------------------------------------------------------


def form(asked: Asked, wanted: Wanted | None) -> dict[str, object]:
    """What the form of the list holds. What could not be read stays in its field, to be corrected."""
    typed = {name: " ".join(asked.get(name, [])) for name in FIELDS}
    if wanted:
        themes = *wanted.services, *wanted.client_groups
        read = {"type": wanted.types, "theme": themes, "region": wanted.regions}
        typed |= {name: codes[0] if len(codes) == 1 else "" for name, codes in read.items()}
    shown = {("type", typed["type"]), ("region", typed["region"])}
    shown |= {("service", typed["theme"]), ("client_group", typed["theme"])}
    rest = narrowing.pairs(wanted) if wanted else []
    return {
        "typed": typed,
        "text": typed["text"],
        "types": [(code, narrowing.type_(code)) for code in ("need", "offer", "funding")],
        "themes": sorted(((term.code, show.term(term.code)) for term in THEMES), key=lambda one: show.sort_key(one[1])),
        "regions": regions(),
        "hidden": [one for one in rest if one not in shown and one[0] not in ("text", "limit")],
    }


def download(wanted: Wanted, total: int) -> Download | None:
    """All that was found, as files."""
    asked = [one for one in narrowing.pairs(wanted) if one[0] != "limit"]
    return downloads_of("exchange", total, asked) if total else None
