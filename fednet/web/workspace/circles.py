"""Circles in words: who reads what of ours, making a circle, letting a network read it, or no longer."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.search import KIND_NAMES
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.node import circles
from fednet.node.home import Home
from fednet.store import circles as stored
from fednet.store import drafts, feeds
from fednet.store import search as index_search
from fednet.store.circles import ALWAYS
from fednet.store.feeds import Network
from fednet.web import doors as doorway
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.show import Templates
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

MAX_NAME = 32
"""Characters of a circle's name (SPEC, section 4)."""
_NAME = re.compile(rf"[a-z0-9-]{{1,{MAX_NAME}}}")

DONE = {
    "made": noted("The circle is made. Nobody reads it until you let a network read it."),
    "added": noted("That network may read the circle from now on."),
    "removed": noted("That network finds nothing there any more, and lets go of what it holds when it asks again."),
}


class Shown(NamedTuple):
    """A circle; `kinds` counts what it lists, `drafts` what waits to be signed. `others` could be let in."""

    circle: str
    named: bool
    members: tuple[Network, ...]
    others: tuple[Network, ...]
    kinds: dict[str, int]
    drafts: int


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    pages = Circles(home, templates, clock)
    return [
        doors.route("GET", "/workspace/circles", pages.see),
        doors.route("POST", "/workspace/circles", pages.make),
        doors.route("POST", "/workspace/circles/{id}/add", pages.add),
        doors.route("POST", "/workspace/circles/{id}/remove", pages.remove),
    ]


class Circles:
    """The page, and what it does."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.templates, self.clock = home, templates, clock

    def see(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """All circles, the two that every node has first."""
        return self._page(request, done=done(asked, DONE))

    def make(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """A new circle."""
        name = "-".join(first(asked, "name").lower().split())
        doorway.about(request, name[:MAX_NAME])
        try:
            if not _NAME.fullmatch(name):
                raise UsageError("a circle is called by Latin letters, digits and hyphens, 32 at most")
            circles.add(self.home, name, self.clock())
        except FednetError as error:
            return self._page(request, error=error, name=name, status=422)
        return see("/workspace/circles?done=made")

    def add(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Let a network read a circle."""
        return self._set(request, asked, True)

    def remove(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Let it read no longer."""
        return self._set(request, asked, False)

    def _set(self, request: Request, asked: Asked, member: bool) -> Response:
        try:
            with self.home.store.reading() as db:
                network = feeds.pinned(db, first(asked, "network"))
            if network is None:
                raise NotFoundError("no such network is followed here")
            circles.set_member(self.home, request.path_params["id"], network, member)
        except FednetError as error:
            return self._page(request, error=error, status=error.status)
        return see(f"/workspace/circles?done={'added' if member else 'removed'}")

    def _page(self, request: Request, status: int = 200, **values: Any) -> Response:
        usual = {"error": None, "done": "", "name": ""}
        return self.templates.page("desk/circles.html", request, status, **{**usual, **values}, circles=self._circles())

    def _circles(self) -> list[Shown]:
        with self.home.store.reading() as db:
            held = {feed.circle: feed for feed in feeds.feeds(db, self.home.network)}
            followed = feeds.peers(db)
            shown = []
            for one in stored.circles(db):
                feed = held.get(one.circle)
                counts = index_search.counts(db, feed.id) if feed else {}
                inside = {network.id for network in one.members}
                shown.append(
                    Shown(
                        one.circle,
                        one.circle not in ALWAYS,
                        one.members,
                        tuple(network for network in followed if network.id not in inside),
                        {KIND_NAMES[kind]: count for kind, count in sorted(counts.items())},
                        len(drafts.drafts(db, one.circle)),
                    )
                )
        return shown
