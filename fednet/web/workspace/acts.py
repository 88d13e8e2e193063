"""The audit log: who did what, when, to what, and how it ended; on a page, and as files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import msgspec
from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError, UsageError
from fednet.formats.export import csv_of
from fednet.node import edits, joining
from fednet.node.home import Home
from fednet.node.own import OwnRecords
from fednet.store import accounts, acts, applications, feeds, hidden
from fednet.store.acts import Act, Wanted
from fednet.web import show
from fednet.web.access.signing import secretive
from fednet.web.asking import Asked, typed
from fednet.web.doors import Doors
from fednet.web.entry.entries import circle_name
from fednet.web.show import Templates, address, sort_key
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor
from fednet.web.workspace.act_words import deed, outcome

ON_A_PAGE = 50
OF_ACCOUNTS = frozenset(
    {"account-ended", "account-link", "account-reset", "address-changed", "invited", "role-changed"}
)
"""Acts whose subject is the number of an account."""
OF_APPLICATIONS = frozenset(
    {
        "applicant-asked", "application-answered", "application-approved", "application-changed",
        "application-declined", "application-link", "application-withdrawn", "applied", "endorsed", "endorsers-asked",
    }
)  # fmt: skip
"""Those whose subject is the number of an application."""
OF_CIRCLES = frozenset({"add-circle", "let-network-read", "let-network-read-no-more"})
SECTIONS = {
    "node": noted("This node"),
    "joining": noted("Joining, and what members may do"),
    "freshness": noted("How long a confirmation holds"),
    "signing-in": noted("Signing in"),
    "mail": noted("Letters by e-mail"),
    "embed": noted("Search and calendar on your own site"),
}
"""Headings of the page of settings, by their addresses."""
FIELDS = ("at", "name", "role", "act", "subject", "outcome")


class Line(NamedTuple):
    """An entry with what it was about as that is called today, if it is there: the log itself knows handles only."""

    act: Act
    said: str
    called: str
    outcome: str


def routes(home: Home, templates: Templates, doors: Doors) -> list[Route]:
    log = Log(home, templates)
    return [
        doors.route("GET", "/workspace/acts", log.show),
        doors.route("GET", "/workspace/acts.csv", log.csv),
        doors.route("GET", "/workspace/acts.jsonl", log.jsonl),
    ]


def wanted(asked: Asked) -> Wanted:
    """Which entries a query asks for. Raises UsageError for a day that is none."""
    found = Wanted(*(typed(asked, name).strip() for name in Wanted._fields))
    for day in (found.since, found.until):
        if day:
            try:
                date.fromisoformat(day)
            except ValueError:
                raise UsageError("this is no day", hint="2026-11-21") from None
    return found


class Log:
    """The pages of the log."""

    def __init__(self, home: Home, templates: Templates) -> None:
        self.home, self.page = home, templates.page

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        error = None
        try:
            asks = wanted(asked)
        except UsageError as refused:
            asks, error = Wanted(), refused
        before = typed(asked, "before")
        with self.home.store.reading() as db:
            found = acts.latest(db, int(before) if _is_number(before) else None, ON_A_PAGE + 1, asks)
            names = acts.names(db)
        query = [(name, value) for name, value in asks._asdict().items() if value]
        older = found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None
        return secretive(
            self.page(
                "desk/acts.html",
                request,
                error=error,
                lines=list(self._lines(found[:ON_A_PAGE])),
                asks=asks,
                names=sorted(((name, deed(name)) for name in names), key=lambda pair: sort_key(pair[1])),
                older=address("/workspace/acts", [*query, ("before", str(older))]) if older else "",
                files=[(suffix, address(f"/workspace/acts.{suffix}", query)) for suffix in ("csv", "jsonl")],
            )
        )

    def _lines(self, found: list[Act]) -> Iterator[Line]:
        with self.home.store.reading() as db:
            for act in found:
                yield Line(act, deed(act.act), self._called(db, act), outcome(act.outcome))

    def _called(self, db: Database, act: Act) -> str:
        """The name of what an act was about, as it is today; empty where there is none."""
        if _is_number(act.subject):
            return self._numbered(db, act, int(act.subject))
        if act.act == "change-settings":
            return _(SECTIONS.get(act.subject, ""))
        if act.act in OF_CIRCLES:
            return circle_name(act.subject)
        if network := feeds.pinned(db, act.subject):
            return network.name
        if len(act.subject) == len("CA"):
            return show.country(act.subject)
        return self._titled(db, act.subject)

    def _numbered(self, db: Database, act: Act, number: int) -> str:
        if act.act in OF_ACCOUNTS:
            account = accounts.account(db, number)
            return account.name if account else ""
        application = applications.application(db, number) if act.act in OF_APPLICATIONS else None
        if application is None:
            return ""
        form = joining.form_of(application)
        return form.title if form else self._titled(db, application.handle or "")

    def _titled(self, db: Database, handle: str) -> str:
        """What a record is called; nothing of one that is withdrawn."""
        away = hidden.taken_out(db, handle)
        try:
            own = edits.of_itself(db, self.home) if handle == edits.NETWORK else edits.find(db, self.home, handle)
        except FednetError:
            own = None
        body = own.body if own else away.body if away else None
        return OwnRecords(db, self.home).title(body) if body else ""

    def csv(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Cells that a spreadsheet would take for formulas are defused."""
        told = [[*(getattr(act, name) for name in FIELDS), deed(act.act)] for act in self._every(asked)]
        rows = [[*FIELDS, "said"], *told]
        return _file(csv_of(rows), "text/csv; charset=utf-8", "acts.csv")

    def jsonl(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        lines = [msgspec.json.encode(act._asdict()) + b"\n" for act in self._every(asked)]
        return _file(b"".join(lines), "application/x-ndjson", "acts.jsonl")

    def _every(self, asked: Asked) -> list[Act]:
        asks = wanted(asked)
        with self.home.store.reading() as db:
            return acts.every(db, asks)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _file(body: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return secretive(Response(body, headers=headers, media_type=kind))
