"""The week of a secretariat on a page, and the update that it prints for its members."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import update as printed
from fednet.directory import week as weekly
from fednet.directory.week import Week
from fednet.errors import UsageError
from fednet.node import terms
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors
from fednet.web.public import views
from fednet.web.public.parties import page_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import ngettext, noted_many
from fednet.web.visitors import Visitor
from fednet.web.workspace import desk


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Weeks(home, templates, clock)
    return [
        doors.route("GET", "/workspace/week", site.week),
        doors.route("GET", "/workspace/update", site.update),
    ]


def waits(home: Home, now: datetime) -> list[str]:
    """What waits, a line each, in the language that is spoken."""
    return [desk.said(one) for one in desk.waits(home, now)]


def happened(found: Week) -> list[str]:
    """What a week brought, a line each, in the language that is spoken."""
    lines = []
    for kind, count in found.kinds.items():
        lines.append(_("Listed or changed: %(records)s") % {"records": show.counted(kind, count)})
    if found.withdrawn:
        lines.append(
            ngettext("%(number)s entry was taken back", "%(number)s entries were taken back", found.withdrawn)
            % {"number": show.number(found.withdrawn)}
        )
    lines += [_("New member: %(name)s") % {"name": show.short(hit.title, 120)} for hit in found.joined]
    for name, count in found.others:
        said = ngettext("%(name)s: %(number)s change", "%(name)s: %(number)s changes", count)
        lines.append(said % {"name": show.short(name, 120), "number": show.number(count)})
    if found.more:
        lines.append(_("And more than was counted."))
    lines += introduced(found)
    unheard = _("%(name)s has not been heard of for long")
    return lines + [unheard % {"name": show.short(network.name, 120)} for network in found.silent]


INTRODUCED = (
    noted_many("%(number)s introduction was asked for", "%(number)s introductions were asked for"),
    noted_many("%(number)s introduction was answered", "%(number)s introductions were answered"),
    noted_many("%(number)s introduction came about", "%(number)s introductions came about"),
)
"""Of each number of `weekly.Introductions`."""


def introduced(found: Week) -> list[str]:
    """What the week brought of introductions, as counts alone."""
    counted = zip(found.introductions, INTRODUCED, strict=True)
    return [ngettext(*words, count) % {"number": show.number(count)} for count, words in counted if count]


class Weeks:
    """The pages of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def week(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        now, zone = self.clock(), self.home.config.zone
        found = weekly.week(self.home.store, zone, now)
        waiting = [(desk.said(one), desk.address(one)) for one in desk.waits(self.home, now)]
        values: dict[str, Any] = {"week": found, "waits": waiting, "happened": happened(found), "zone": zone}
        values |= {"page_of": page_of, "introduced": introduced(found)}
        return self.page("desk/week.html", request, **values)

    def update(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        now, zone = self.clock(), self.home.config.zone
        today = terms.today(self.home, now)
        values: dict[str, Any] = {"zone": zone, "error": None, "update": None}
        values["since"], values["until"] = (today - printed.USUAL).isoformat(), today.isoformat()
        try:
            since, until = _day(asked, "from", values["since"]), _day(asked, "to", values["until"])
            values |= {"since": since.isoformat(), "until": until.isoformat()}
            network = self.home.network.network
            values["update"] = printed.update(self.home.store, network, since, until, zone, now)
        except UsageError as error:
            values["error"] = error
        return self.page("desk/update.html", request, **values, entry_of=views.entry_of)


def _day(asked: Asked, name: str, usual: str) -> date:
    given = (asked.get(name) or [usual])[0]
    try:
        found = date.fromisoformat(given)
        if 1970 <= found.year <= 9990:
            return found
    except ValueError:
        pass
    raise UsageError(f"{name}: {given[:40]!r} is not a day", hint="write it as 2026-11-21")
