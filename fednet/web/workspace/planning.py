"""Planning a meeting: what else takes place then, what time it is elsewhere, and what the change of clocks does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.planning import PARAMETERS, Clash, Part, Planning, asked_of, parse_plan, planning
from fednet.directory.search import OPERATOR
from fednet.errors import FednetError, UsageError
from fednet.formats.recurrence import RuleError
from fednet.node import edits
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock, first, given
from fednet.web.doors import Doors
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor
from fednet.web.zones import ZONES

SHOWN = 30
_PARTS = (noted("working time"), noted("day off"), noted("early or late"), noted("night"))
PARTS: dict[str, str] = dict(zip(get_args(Part), _PARTS, strict=True))
"""Parts of the day, in words."""
LISTS = ("country", "audience", "theme", "language", "host")


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    desk = Planner(home, templates, clock)
    return [
        doors.route("GET", "/workspace/plan", desk.form),
        doors.route("POST", "/workspace/plan", desk.plan),
    ]


class Planner:
    """The page that plans."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def form(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """An empty form, or the plan of an own event."""
        handle = first(asked, "event")
        if not handle:
            return self._page(request, {"zone": self.home.config.zone})
        with self.home.store.reading() as db:
            fields = edits.find(db, self.home, handle).fields
        if fields["kind"] != "event" or fields.get("all_day"):
            error = UsageError("a plan needs a time of day, and this has none")
            return self._page(request, {"zone": self.home.config.zone}, error=error)
        return self._planned(request, asked_of(fields) | {"uid": fields.get("uid") or handle})

    def plan(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        said: dict[str, Any] = {name: value for name, value in given(asked).items() if name in PARAMETERS}
        for name in LISTS:  # "Thailand, Canada" in one field
            values = [part.strip() for one in asked.get(name, []) for part in one.replace("،", ",").split(",")]
            said |= {name: [part for part in values if part]} if any(values) else {}
        return self._planned(request, said)

    def _planned(self, request: Request, said: dict[str, Any]) -> Response:
        try:
            plan = parse_plan(**{"zone": self.home.config.zone, **said})
            found = planning(self.home.store, plan, OPERATOR, self.clock())
        except (FednetError, RuleError) as error:
            return self._page(request, said, error=error)
        return self._page(request, {**said, "zone": plan.zone}, found=found)

    def _page(
        self, request: Request, said: dict[str, Any], found: Planning | None = None, error: FednetError | None = None
    ) -> Response:
        zone = str(said.get("zone", self.home.config.zone))
        return self.page(
            "desk/plan.html",
            request,
            said={name: ", ".join(value) if isinstance(value, list | tuple) else value for name, value in said.items()},
            zones=ZONES,
            zone=zone,
            found=found,
            when=[_when(at, zone) for at in found.dates[:6]] if found else [],
            clashes=[(one, _clash(one, zone)) for one in found.clashes[:SHOWN]] if found else [],
            part_names={name: _(words) for name, words in PARTS.items()},
            over=bool(found and found.dates[-1] < self.clock()),
            error=error,
        )


def _when(at: datetime, zone: str) -> str:
    return f"{show.day(at.date())}, {at:%H:%M}"


def _clash(one: Clash, zone: str) -> str:
    """When something takes place, on the clocks of the plan."""
    found = show.times(one.start, max(one.end, one.start + timedelta(minutes=1)), one.all_day, zone)
    return f"{show.day(found.day)}, {found.text}"
