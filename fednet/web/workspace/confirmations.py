"""Entries that somebody should say of that they are still right: for the secretariat to confirm, or to ask about."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.due import due
from fednet.errors import FednetError, UsageError
from fednet.node import edits
from fednet.node.home import Home
from fednet.store import acts
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors, done, see
from fednet.web.members import confirming
from fednet.web.sending import base_of
from fednet.web.show import Templates
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

SHOWN = 100
"""Those that are due for longest; when they are seen to, the next ones come."""
DONE = {"confirmed": noted("Confirmed as still right today. It is signed with the next edition.")}


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    desk = Confirmations(home, templates, clock)
    return [
        doors.route("GET", "/workspace/confirmations", desk.show),
        doors.route("POST", "/workspace/confirmations", desk.confirm),
        doors.route("POST", "/workspace/confirmations/ask", desk.ask),
    ]


class Confirmations:
    """The page of what is due."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._show(request, done=done(asked, DONE), ticked="ticked" in asked)

    def _show(self, request: Request, error: FednetError | None = None, **more: Any) -> Response:
        found = due(self.home.store, self.clock(), limit=SHOWN)
        values = {"done": "", "asking": None, "ticked": False, "base": base_of(self.home, request), **more}
        return self.page("desk/confirmations.html", request, due=found.due, total=found.total, error=error, **values)

    def confirm(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        now = self.clock()
        try:
            confirmed = edits.confirm(self.home, _ticked(asked), None, now.date(), now)
        except FednetError as error:
            return self._show(request, error)
        with self.home.store.writing() as db:
            acts.each(db, visitor.account, "confirm-record", (own.handle for own in confirmed), now)
        return see("/workspace/confirmations?done=confirmed")

    def ask(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Ask those concerned. Links for whom nobody can be written to are shown this once, to be handed over."""
        try:
            asking = confirming.ask(self.home, _ticked(asked), self.clock())
        except FednetError as error:
            return self._show(request, error)
        return self._show(request, asking=asking)


def _ticked(asked: Asked) -> list[str]:
    handles = asked.get("handle", [])
    if not handles:
        raise UsageError("nothing was ticked", hint="tick the entries first, then choose what to do with them")
    return handles
