"""Edits that members propose: the secretariat's list, one of them as a difference, approving and declining."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet import listing
from fednet.errors import FednetError, NotFoundError
from fednet.node import edits, preview, proposals
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.store import accounts
from fednet.store import proposals as stored
from fednet.store.circles import PUBLIC
from fednet.store.proposals import Proposal
from fednet.web import letters
from fednet.web.asking import Asked, Clock, first, number
from fednet.web.doors import Doors, about, done, see
from fednet.web.entry import differing
from fednet.web.entry.entries import Audience, Entries
from fednet.web.entry.entry_forms import FIELDS, said
from fednet.web.entry.entry_widgets import Context
from fednet.web.members.member import STATES
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

DONE = {
    "approved": noted("The edit is approved; it leaves with the next edition."),
    "declined": noted("The edit is declined; whoever proposed it can read why."),
}


class Line(NamedTuple):
    """A proposal in a list: what the entry is called, and who proposes it."""

    proposal: Proposal
    title: str
    who: str


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, entries: Entries) -> list[Route]:
    pages = Proposals(home, templates, clock, entries)
    return [
        doors.route("GET", "/workspace/edits", pages.list),
        doors.route("GET", "/workspace/edits/{id}", pages.look),
        doors.route("POST", "/workspace/edits/{id}/approve", pages.approve),
        doors.route("POST", "/workspace/edits/{id}/decline", pages.decline),
    ]


class Proposals:
    """Pages on which the secretariat sees to members' edits."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, entries: Entries) -> None:
        self.home, self.page, self.clock, self.entries = home, templates.page, clock, entries

    def list(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.reading() as db:
            waiting = [line(db, self.home, one) for one in stored.waiting(db)]
            decided = [line(db, self.home, one) for one in stored.latest(db, 20)]
        values = {"waiting": waiting, "decided": decided, "states": STATES, "done": done(asked, DONE)}
        return self.page("desk/edits.html", request, **values)

    def look(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._shown(request, visitor)

    def _shown(
        self, request: Request, visitor: Visitor, error: FednetError | None = None, reason: str = ""
    ) -> Response:
        with self.home.store.reading() as db:
            found = proposals.find(db, number(request))
            shown = line(db, self.home, found)
        return self.page(
            "desk/edit.html", request, line=shown, states=STATES, error=error, reason=reason,
            **self._difference(found, visitor),
        )  # fmt: skip

    def _difference(self, found: Proposal, visitor: Visitor) -> dict[str, Any]:
        """What it changes of the entry as it stands; nothing of one that waits no longer, or whose entry is gone."""
        nothing: dict[str, Any] = {
            "changed": [], "own": None, "gone": False, "exposed": (), "moves": "", "audiences": (),
        }  # fmt: skip
        if found.state != "waits":
            return nothing
        with self.home.store.reading() as db:
            try:
                own, change = proposals.merge(db, self.home, found)
            except NotFoundError:
                return nothing | {"gone": True}
        before = own.fields if own else {}
        after = {name: value for name, value in {**before, **change.changes}.items() if value is not None}
        context = self.entries.context(visitor)
        circle = found.circle or (own.circle if own else PUBLIC)
        return {
            "changed": differing.changed(found.kind, before, after, context, change.conflicts),
            "own": own,
            "gone": False,
            "exposed": tuple(preview.exposed(after)) if circle == PUBLIC else (),
            "moves": found.circle if own is None or found.circle != own.circle else "",
            "audiences": self._audiences(own, after, circle, context),
        }

    def _audiences(self, own: Own | None, after: dict[str, Any], circle: str, context: Context) -> tuple[Audience, ...]:
        """What each audience will see of the entry, and of what is about it, once it is approved as it is proposed."""
        would = Own(own.handle if own else preview.UNSAVED, circle, listing.encode(after), True)
        return tuple(
            Audience(
                view.audience,
                view.readers,
                [(one, said(one.kind, one.fields, context)) for one in view.records if one.kind in FIELDS],
            )
            for view in preview.views_with(self.home, would)
        )

    def approve(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        kept = {name[5:]: values[0] for name, values in asked.items() if name.startswith("keep.")}
        try:
            own = proposals.approve(
                self.home,
                number(request),
                self.clock(),
                seen=first(asked, "seen"),
                theirs=[name for name, side in kept.items() if side == "now"],
                mine=[name for name, side in kept.items() if side == "proposed"],
            )
        except NotFoundError:
            raise
        except FednetError as error:
            return self._shown(request, visitor, error)
        about(request, own.handle)
        self._tell(number(request), own)
        return see("/workspace/edits?done=approved")

    def decline(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        reason = first(asked, "reason")
        try:
            found = proposals.decline(self.home, number(request), reason, self.clock())
        except NotFoundError:
            raise
        except FednetError as error:
            return self._shown(request, visitor, error, reason)
        about(request, found.handle or found.proposer)
        self._tell(found.id, None)
        return see("/workspace/edits?done=declined")

    def _tell(self, id_: int, own: Own | None) -> None:
        """Write to whoever proposed it what became of it; nobody is told that held a link only, or has left."""
        with self.home.store.writing() as db:
            found = proposals.find(db, id_)
            account = accounts.account(db, found.account_id) if found.account_id is not None else None
            if account is None or account.ended_at is not None:
                return
            handle = own.handle if own else found.handle or found.proposer
            listed = proposals.is_entry(handle)  # else nothing would take the letter away with the entry
            letters.write(
                self.home,
                db,
                account.email,
                account.language,
                "decided",
                now=self.clock(),
                about=handle if listed else "",
                approved=own is not None,
                title=title_of(own.body if own else found.body or b"{}") if listed else "—",
                reason=letters.Passage(found.reason or ""),
            )


def line(db: Database, home: Home, found: Proposal) -> Line:
    title = title_of(found.body) if found.body else _title(db, home, found.handle)
    account = accounts.account(db, found.account_id) if found.account_id is not None else None
    proposer = _title(db, home, found.proposer if proposals.is_entry(found.proposer) else None)
    who = ", ".join(filter(None, [account.name if account else "", proposer]))
    return Line(found, title or _("(no name)"), who or _("somebody with a link"))


def _title(db: Database, home: Home, handle: str | None) -> str:
    try:
        return title_of(edits.find(db, home, handle).body) if handle else ""
    except FednetError:
        return ""
