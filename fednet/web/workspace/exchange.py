"""The desk's needs and offers: what could meet them, which end, which pairs a person said do not fit; closing them."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import exchange
from fednet.directory.search import OPERATOR
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.listing import Exchange
from fednet.listing.check import is_handle
from fednet.listing.exchange import is_closed, open_day
from fednet.node import dismissing, edits, ending
from fednet.node.home import Home
from fednet.node.roll import Standing, roll
from fednet.web import show
from fednet.web.asking import Asked, Clock, first, number_from
from fednet.web.doors import Doors, done, see
from fednet.web.members.own_entries import CLOSED, PAIRS, Closing, introductions_of, line
from fednet.web.show import Templates, Text
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

PAGE = 15
"""Entries on a page of what is open: each with its matches."""
ROWS = 50
"""Entries on a page of what ends or is closed, and dismissed pairs."""
DONE = CLOSED | PAIRS
SHOW = {
    "open": noted("Open"),
    "ending": noted("End soon, or are over"),
    "closed": noted("Closed"),
    "dismissed": noted("Do not fit"),
}


class Row(NamedTuple):
    """An own entry that ends, or is closed. `left`: days until its last day, below 0 when that has passed."""

    handle: str
    name: Text
    record: Exchange
    left: int | None


class Dismissed(NamedTuple):
    """A pair that a person said does not fit; a side that is shown no more has no name."""

    need: str
    offer: str
    names: tuple[Text | None, Text | None]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    desk = Exchanges(home, templates, clock)
    return [
        doors.route("GET", "/workspace/exchange", desk.every),
        doors.route("POST", "/workspace/exchange/dismiss", desk.dismiss),
        doors.route("POST", "/workspace/exchange/put-back", desk.put_back),
        doors.route("GET", "/workspace/exchange/{handle}/close", desk.end),
        doors.route("POST", "/workspace/exchange/{handle}/close", desk.end),
    ]


class Exchanges:
    """The pages of own needs and offers."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self.closing = Closing(home, templates, clock)

    def every(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._every(request, asked)

    def _every(self, request: Request, asked: Asked, error: FednetError | None = None) -> Response:
        chosen = first(asked, "show")
        wanted = chosen if chosen in SHOW else "open"
        with self.home.store.reading() as db:
            standing = roll(db, self.home, "exchange")
            ends = {one.handle: one.left for one in ending.ending(db, self.home, open_day(self.clock()))}
        rows = {one.handle: _row(one, ends.get(one.handle)) for one in standing}
        soon, closed = [rows[handle] for handle in ends], [row for row in rows.values() if is_closed(row.record)]
        pairs = dismissing.dismissed(self.home)
        counts = {"ending": len(soon), "closed": len(closed), "dismissed": len(pairs)}
        values: dict[str, Any] = {"lines": [], "rows": [], "pairs": [], "next": "", "first": "", "total": 0}
        match wanted:
            case "open":
                values |= self._open(request, asked)
            case "ending":
                values |= _paged(asked, wanted, "rows", soon)
            case "closed":
                values |= _paged(asked, wanted, "rows", sorted(closed, key=_newest, reverse=True))
            case _:
                values |= _paged(asked, wanted, "pairs", pairs)
                values["pairs"] = [self._dismissed(*one) for one in values["pairs"]]
        return self.page(
            "desk/exchange.html",
            request,
            shown=wanted,
            tabs=[(name, _(words), counts.get(name, 0)) for name, words in SHOW.items()],
            any=bool(standing),
            waiting=sum(one.waits == "new" for one in standing),
            done=done(asked, DONE),
            error=error,
            **values,
        )

    def _open(self, request: Request, asked: Asked) -> dict[str, Any]:
        """Own open entries with what fits, unmet needs first."""
        now, cursor = self.clock(), first(asked, "cursor")
        wanted = exchange.Asked(networks=(self.home.network.network,), limit=PAGE, cursor=cursor or None)
        found = exchange.entries(self.home.store, wanted, OPERATOR, now)
        between = introductions_of(self.home)
        path = request.url.path
        return {
            "lines": [line(self.home, one, OPERATOR, now, between) for one in found.entries],
            "total": found.total,
            "next": show.address(path, [("cursor", found.next)]) if found.next else "",
            "first": path if cursor else "",
        }

    def _dismissed(self, need: str, offer: str) -> Dismissed:
        return Dismissed(need, offer, (self._name(need), self._name(offer)))

    def _name(self, handle: str) -> Text | None:
        try:
            found = exchange.entry(self.home.store, handle, OPERATOR, self.clock())
        except NotFoundError:
            return None
        return show.names(found.record, show.PARTY_NAME)[0]

    # --- acts -------------------------------------------------------------------------------------------------------

    def dismiss(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Say of a pair that the two do not fit."""
        try:
            need, offer = _pair(asked)
            dismissing.dismiss(self.home, need, offer, self.clock())
        except (UsageError, NotFoundError) as error:
            return self._every(request, {}, error)
        return see("/workspace/exchange?done=dismissed")

    def put_back(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            dismissing.put_back(self.home, *_pair(asked))
        except (UsageError, NotFoundError) as error:
            return self._every(request, {"show": ["dismissed"]}, error)
        return see("/workspace/exchange?show=dismissed&done=back")

    def end(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Close an entry, open it again, or leave it open for longer."""
        with self.home.store.reading() as db:
            own = edits.find(db, self.home, str(request.path_params["handle"]))

        def save(changes: dict[str, Any]) -> str:
            edits.edit(self.home, own.handle, changes, self.clock())
            return ""

        return self.closing.answer(request, asked, own, "desk.html", "/workspace/exchange", save)


def _pair(asked: Asked) -> tuple[str, str]:
    need, offer = first(asked, "need"), first(asked, "offer")
    if not (is_handle(need) and is_handle(offer)):
        raise UsageError("choose a pair first")
    return need, offer


def _row(one: Standing, left: int | None) -> Row:
    record = one.record
    if not isinstance(record, Exchange):
        raise NotFoundError("this is neither a need nor an offer")
    return Row(one.handle, show.names(record, show.PARTY_NAME)[0], record, left)


def _newest(row: Row) -> tuple[str, str]:
    return row.record.closed or "", row.handle


def _paged(asked: Asked, wanted: str, name: str, found: list[Any]) -> dict[str, Any]:
    """One page of a list, and the links to the next and the first."""
    begins = number_from(asked, "from")
    more = begins + ROWS < len(found)
    base = ("show", wanted)
    return {
        name: found[begins : begins + ROWS],
        "total": len(found),
        "next": show.address("/workspace/exchange", [base, ("from", str(begins + ROWS))]) if more else "",
        "first": show.address("/workspace/exchange", [base]) if begins else "",
    }
