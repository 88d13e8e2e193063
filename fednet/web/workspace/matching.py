"""Entries that may be one and the same: what speaks for it, side by side, and the word of a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet import listing
from fednet.directory.matches import Match, Side, found_matches
from fednet.directory.query import Scope
from fednet.directory.search import OPERATOR
from fednet.errors import FednetError, UsageError
from fednet.feed.record import key_of
from fednet.listing import Event, Listing, Organization
from fednet.listing.check import is_handle
from fednet.node import opinions
from fednet.node.home import Home
from fednet.store import search as index_search
from fednet.web import show
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.public.parties import page_of
from fednet.web.show import Templates, Text
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

SHOWN = 20
MAX_REASON = 500
DONE = {
    "same": noted("Said that the two are the same. It is signed with the next edition."),
    "different": noted("Said that the two are not the same. It is signed with the next edition."),
    "back": noted("Taken back: this network says nothing of the two any more."),
}
FOLLOWED: Scope = "followed"
WORDS: dict[Scope, str] = {
    "followed": noted("the networks that we follow"),
    "own": noted("our own network alone"),
    "all": noted("everybody we know of"),
}
"""Whose word counts."""


class Seen(NamedTuple):
    """One side of a pair: names, where, and what its network says of it in short."""

    side: Side
    names: list[Text]
    where: str
    facts: list[tuple[str, str]]
    page: str | None


class Pair(NamedTuple):
    match: Match
    sides: tuple[Seen, Seen]
    said: bool


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    desk = Matching(home, templates, clock)
    return [
        doors.route("GET", "/workspace/matches", desk.show),
        doors.route("POST", "/workspace/matches", desk.say),
    ]


class Matching:
    """The page of pairs."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._show(request, asked)

    def _show(self, request: Request, asked: Asked, error: FednetError | None = None) -> Response:
        everything, chosen = "all" in asked, asked.get("opinions", ["followed"])[0]
        scope = next((one for one in WORDS if one == chosen), FOLLOWED)
        found = found_matches(self.home.store, OPERATOR, self.clock(), scope, everything=everything, limit=SHOWN)
        own = self.home.network.name
        return self.page(
            "desk/matches.html",
            request,
            pairs=[self._pair(one, own) for one in found.shown],
            total=found.total,
            everything=everything,
            scope=scope,
            scopes=[(name, _(words)) for name, words in WORDS.items()],
            done=done(asked, DONE),
            error=error,
        )

    def _pair(self, match: Match, own: str) -> Pair:
        sides = (self._seen(match.one), self._seen(match.other))
        return Pair(match, sides, own in (*match.same, *match.different))

    def _seen(self, side: Side) -> Seen:
        with self.home.store.reading() as db:
            feeds = [one.feed_id for one in index_search.sources(db) if (one.network, one.circle) == _place(side)]
            listed = index_search.by_key(db, key_of(side.handle), feeds)
        record = listing.parse(listed.body) if listed else None
        if record is None:
            return Seen(side, [Text(None, side.title)], show.country(side.country), [], None)
        facts = [(label, value) for label, value in _facts(record) if value]
        names, page = show.names(record, show.LIST_NAMES), page_of(side.kind, side.handle)
        return Seen(side, names, show.where(record), facts, page)

    def say(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        given = tuple(asked.get("of", []))
        verdict = first(asked, "verdict")
        reason = " ".join(first(asked, "reason").split())[:MAX_REASON]
        try:
            if len(given) != 2 or verdict not in DONE:
                raise UsageError("choose what to say of the two")
            if verdict == "back":
                opinions.take_back(self.home, (given[0], given[1]), self.clock())
            else:
                opinions.say(self.home, verdict, (given[0], given[1]), self.clock(), reason=reason)  # type: ignore[arg-type]
        except FednetError as error:
            return self._show(request, {}, error)
        kept = "&all=1" if "all" in asked else ""
        return see(f"/workspace/matches?done={verdict}{kept}")


def _place(side: Side) -> tuple[str, str]:
    return side.network, side.circle


def _facts(listed: Listing) -> Iterator[tuple[str, str]]:
    """What helps to tell two apart: label and value, which may be empty."""
    match listed:
        case Organization():
            yield _("Acronym"), listed.acronym
            yield _("Website"), show.host(listed.website) if listed.website else ""
            yield _("Type"), show.term(listed.type) if listed.type else ""
            yield _("Register numbers"), ", ".join(f"{one.value} ({one.scheme})" for one in listed.identifiers[:4])
            yield _("Countries served"), ", ".join(map(show.country, listed.countries[:6]))
            yield _("Former names"), ", ".join(listed.former_names[:4])
        case Event():
            yield _("Begins"), f"{listed.start.replace('T', ' ')} {listed.zone or ''}".strip()
            yield _("Hosts"), ", ".join(one for one in listed.hosts[:4] if not is_handle(one))
            yield _("Place"), show.place(listed.place)
