"""What leaves the node, and for whom: what waits to be signed, signing it now, and letting it wait for a person."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError
from fednet.node import ask, own, preview, publish, standing, uploads
from fednet.node.cosigning import by_witnesses
from fednet.node.home import Home
from fednet.node.own_names import OwnNames
from fednet.node.preview import Change, Leaving
from fednet.store.circles import PUBLIC
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.show import Templates, Text
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor
from fednet.web.workspace import columns, values

SHOWN = 60
"""Changes of one circle that are shown; notes, which a person should see, come first."""

LEAVES = {
    "new": noted("new"),
    "changed": noted("changed"),
    "withdrawn": noted("withdrawn"),
    "erased": noted("erased for good"),
}
DONE = {
    "signed": noted("Signed. From now on it can be read by those it is for."),
    "nothing": noted("Nothing waited to be signed."),
    "discarded": noted("Taken back: the entry stays as it was signed."),
    "held": noted("From now on nothing is signed until somebody says so here."),
    "released": noted("From now on changes are signed by themselves again, after a few seconds."),
}


class Line(NamedTuple):
    """A change with the fields that differ: name, before, after."""

    change: Change
    leaves: str
    fields: list[tuple[str, list[Text], list[Text]]]
    can_be_discarded: bool


class Going(NamedTuple):
    """What waits in one circle: the first lines of `total`."""

    circle: str
    public: bool
    readers: tuple[str, ...]
    total: int
    lines: list[Line]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, allow_private: bool) -> list[Route]:
    desk = Publishing(home, templates, clock, allow_private)
    return [
        doors.route("GET", "/workspace/publish", desk.show),
        doors.route("POST", "/workspace/publish", desk.publish),
        doors.route("POST", "/workspace/publish/discard", desk.discard),
        doors.route("POST", "/workspace/publish/hold", desk.hold),
    ]


class Publishing:
    """The page of what leaves."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, allow_private: bool) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self.allow_private = allow_private

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._show(request, done=done(asked, DONE))

    def _show(self, request: Request, done: str = "", error: FednetError | None = None) -> Response:
        with self.home.store.reading() as db:
            held = publish.is_held(db)
            unsigned = bool(publish.waits(db, self.home.network))
        names = OwnNames(self.home)
        return self.page(
            "desk/publish.html",
            request,
            going=[_going(one, names) for one in preview.leaving(self.home)],
            unsigned=unsigned,
            held=held,
            halted=standing.halted(self.home),
            done=done,
            error=error,
        )

    def publish(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Sign what waits, as `fednet publish` does: followers and witnesses have a few seconds to answer."""
        try:
            ask.once(self.home, allow_private=self._private)
            cosign = by_witnesses(self.home, allow_private=self._private)
            published = publish.publish(self.home, self.clock(), cosign=cosign)
        except FednetError as error:
            return self._show(request, error=error)
        return see(f"/workspace/publish?done={'signed' if published else 'nothing'}")

    def discard(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            own.restore_signed(self.home, first(asked, "handle"), self.clock())
        except FednetError as error:
            return self._show(request, error=error)
        return see("/workspace/publish?done=discarded")

    def hold(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        on = asked.get("hold") == ["1"]
        publish.hold(self.home, on)
        if uploads.is_id(upload := first(asked, "upload")):  # back to the import that is being looked at
            return see(f"/workspace/import/{upload}")
        return see(f"/workspace/publish?done={'held' if on else 'released'}")

    @property
    def _private(self) -> bool:
        return self.allow_private or self.home.config.allow_private_addresses


def _going(leaving: Leaving, names: OwnNames) -> Going:
    first = sorted(leaving.changes, key=lambda change: not change.notes)[:SHOWN]
    lines = [_line(change, names) for change in first]
    return Going(leaving.circle, leaving.circle == PUBLIC, leaving.readers, len(leaving.changes), lines)


def _line(change: Change, names: OwnNames) -> Line:
    def title(handle: str) -> str:
        return names.name(handle) or handle

    fields: list[tuple[str, list[Any], list[Any]]] = [
        (columns.called(one.field), values.words(one.field, one.before, title),
         values.words(one.field, one.after, title))
        for one in change.differences
        if one.field != "kind"
    ]  # fmt: skip
    return Line(change, _(LEAVES[change.leaves]), fields, change.leaves in ("changed", "withdrawn"))
