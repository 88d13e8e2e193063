"""The desk's introductions: what waits for an answer, what was asked, who is introduced, what ended."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.waiting import ANSWERED_LATELY
from fednet.node import introductions, messages
from fednet.node.home import Home
from fednet.node.introductions import Introduction
from fednet.store.introductions import ASK_AFTER
from fednet.web import show
from fednet.web.asking import Asked, Clock, first, number_from
from fednet.web.doors import Doors, done
from fednet.web.members.introducing import ACTS, Introducing, Under, Whose, trouble, under
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

ROWS = 50
PATH = "/workspace/introductions"
FORGOTTEN = {"forgotten": noted("Forgotten. All that was written is destroyed here.")}
SHOW = {"waiting": noted("Under way"), "introduced": noted("Introduced"), "ended": noted("Ended")}


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    desk = Introductions(home, templates, clock)
    return [
        doors.route("GET", PATH, desk.every),
        doors.route("GET", f"{PATH}/new", desk.ask),
        doors.route("POST", f"{PATH}/new", desk.ask),
        doors.route("GET", f"{PATH}/{{id}}", desk.one),
        *(doors.route("POST", f"{PATH}/{{id}}/{act}", desk.answer) for act in ACTS),
    ]


class Introductions:
    """The secretariat's pages of introductions: of all own entries."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self.pages = Introducing(home, templates, clock)

    def every(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        chosen = first(asked, "show")
        wanted = chosen if chosen in SHOW else "waiting"
        every = introductions.introductions(self.home)
        found = [one for one in every if _part(one) == wanted]
        begins = number_from(asked, "from")
        base = ("show", wanted)
        return self.page(
            "desk/introductions.html",
            request,
            shown=wanted,
            tabs=[(name, _(words), sum(_part(one) == name for one in every)) for name, words in SHOW.items()],
            sections=self._sections(wanted, every, found[begins : begins + ROWS], begins == 0),
            any=bool(every),
            undelivered=[(one, trouble(one)) for one in messages.undelivered(self.home)],
            next=show.address(PATH, [base, ("from", str(begins + ROWS))]) if len(found) > begins + ROWS else "",
            first=show.address(PATH, [base]) if begins else "",
            done=done(asked, FORGOTTEN),
        )

    def _sections(
        self, wanted: str, every: list[Introduction], found: list[Introduction], begins: bool
    ) -> list[tuple[str, list[Under]]]:
        """Heading and rows; first what somebody should do something about."""
        now = self.clock()
        rows = [(one, under(one)) for one in found]
        match wanted:
            case "waiting":
                lately = [under(one) for one in every if begins and _is_answered_since(one, now - ANSWERED_LATELY)]
                parts = [
                    (_("Wait for our answer"), [row for _one, row in rows if row.answers]),
                    (_("Answered lately"), lately),
                    (_("Wait for the others"), [row for _one, row in rows if not row.answers]),
                ]
            case "introduced":
                due = {one.id for one in found if _lacks_outcome(one, now - ASK_AFTER)}
                parts = [
                    (_("What came of these?"), [row for one, row in rows if one.id in due]),
                    (_("Introduced"), [row for one, row in rows if one.id not in due]),
                ]
            case _:
                parts = [(_("Ended"), [row for _one, row in rows])]
        return [(heading, part) for heading, part in parts if part]

    def ask(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        whose = _whose()._replace(back="/workspace/exchange", above=_("Needs and offers"))
        return self.pages.new(request, asked, visitor, whose)

    def one(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self.pages.look(request, asked, visitor, _whose())

    def answer(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self.pages.answer(request, asked, visitor, _whose())


def _whose() -> Whose:
    return Whose("desk.html", PATH, PATH, _("Introductions"))


def _part(one: Introduction) -> str:
    """Under which heading an introduction is listed."""
    match one.state:
        case "waiting":
            return "waiting"
        case "accepted" | "introduced":
            return "introduced"
        case _:
            return "ended"


def _is_answered_since(one: Introduction, since: datetime) -> bool:
    """Whether the others answered lately what was asked here: as `directory.waiting` counts it."""
    at = one.answered_at
    return one.role == "asker" and at is not None and datetime.fromisoformat(at) >= since and one.state != "taken-back"


def _lacks_outcome(one: Introduction, before: datetime) -> bool:
    """Whether somebody should say by now what came of it."""
    at = one.introduced_at if one.state == "introduced" and one.outcome is None and not one.emptied else None
    return at is not None and datetime.fromisoformat(at) < before
