"""The desk: organisations that ask to join, and memberships that end."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet import listing
from fednet.directory.alike import Alike, alike
from fednet.errors import ChangedError, FednetError, UsageError
from fednet.feed.record import check_handle
from fednet.listing import Contact, Organization, likeness
from fednet.node import joining, preview, terms
from fednet.node.home import Home
from fednet.store import acts, applications
from fednet.store.applications import OPEN, Application, Endorsement
from fednet.store.circles import PUBLIC
from fednet.web import doors as doorway
from fednet.web import letters
from fednet.web.asking import Asked, Clock, first, number, numbered
from fednet.web.doors import Doors, done, see
from fednet.web.entry.entries import Entries
from fednet.web.letters import Passage
from fednet.web.members.joining import said
from fednet.web.sending import base_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

DECIDED_SHOWN = 50

STATES = {
    "waits": noted("waits for you"),
    "asked": noted("waits for the applicant"),
    "approved": noted("approved"),
    "declined": noted("declined"),
    "withdrawn": noted("taken back"),
}
"""How far an application is, to the secretariat."""

DONE = {
    "approved": noted("The applicant is a member now. A letter with a link to its account is on its way."),
    "asked": noted("The question is on its way to the applicant."),
    "asked-there": noted("No letter is sent: the applicant sees the question when it looks at its page."),
    "declined": noted("The application is declined."),
    "all-declined": noted("The applications that were ticked are declined."),
    "endorsers": noted("The members are asked."),
    "renewed": noted("The memberships go on for another term."),
}


class HandOver(NamedTuple):
    """A secret address that no letter carries: the secretariat gives it to whom it is for."""

    whose: str
    address: str


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    templates.environment.filters["application_state"] = lambda state: _(STATES[state])
    templates.environment.filters["in_words"] = likeness.in_words
    desk = Applications(home, templates, clock)
    return [
        doors.route("GET", "/workspace/applications", desk.all),
        doors.route("POST", "/workspace/applications", desk.decline_ticked),
        doors.route("GET", "/workspace/applications/{id}", desk.one),
        doors.route("POST", "/workspace/applications/{id}/endorsers", desk.endorsers),
        doors.route("POST", "/workspace/applications/{id}/ask", desk.ask),
        doors.route("POST", "/workspace/applications/{id}/link", desk.link),
        doors.route("POST", "/workspace/applications/{id}/approve", desk.approve),
        doors.route("POST", "/workspace/applications/{id}/decline", desk.decline),
        doors.route("GET", "/workspace/terms", desk.terms),
        doors.route("POST", "/workspace/terms", desk.renew),
    ]


class Applications:
    """Applications to one network, and its members' terms."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.templates, self.clock = home, templates, clock
        self.entries = Entries(home, templates, clock)

    def all(self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None) -> Response:
        with self.home.store.reading() as db:
            waiting = applications.of_state(db, OPEN)
            decided = applications.of_state(db, ("approved", "declined", "withdrawn"), DECIDED_SHOWN)
        answer = self._page(
            "desk/applications.html", request, asked,
            waiting=[_titled(one) for one in sorted(waiting, key=lambda one: one.state != "waits")],
            decided=[_titled(one) for one in decided],
            open=self.home.config.joining.open,
            address=f"{base_of(self.home, request)}/join",
            ticked=asked.get("id", ()) if error else (),
            reason=first(asked, "reason") if error else "",
            error=error,
        )  # fmt: skip
        if error is not None:
            answer.status_code = error.status if error.status >= 400 else 422
        return answer

    def one(
        self, request: Request, asked: Asked, visitor: Visitor,
        error: FednetError | None = None, hand_over: tuple[HandOver, ...] = (),
    ) -> Response:  # fmt: skip
        with self.home.store.reading() as db:
            found = joining.find(db, number(request))
            speaking = applications.endorsements(db, found.id)
            names = joining.members(db, self.home) if speaking else {}
        form = joining.form_of(found)
        answer = self._page(
            "desk/application.html", request, asked,
            application=found,
            version=joining.version_of(found),
            form=form,
            title=form.title if form else _("Application %(number)s") % {"number": found.id},
            said=said(self.entries, visitor, found),
            speaking=[(names.get(one.organization, one.organization), one) for one in speaking],
            wanted=self.home.config.joining.endorsements,
            alike=self._alike(form, visitor) if form and found.open else [],
            exposed=list(preview.exposed(form.organization)) if form and form.circle == PUBLIC else [],
            error=error,
            hand_over=hand_over,
            typed={name: values[0] for name, values in asked.items()} if error else {},
            months=self.home.config.joining.term_months,
        )  # fmt: skip
        if error is not None:
            answer.status_code = error.status if error.status >= 400 else 422
        return answer

    def _alike(self, form: joining.Form, visitor: Visitor) -> list[Alike]:
        """What is listed already, here or elsewhere, and may be the same."""
        organization = listing.parse(listing.encode({**form.organization, "kind": "organization"}))
        about = {**form.contact, "kind": "contact", "organization": "00000000-0000-4000-8000-000000000000"}
        contact = listing.parse(listing.encode(about))
        if not isinstance(organization, Organization):
            return []
        found = contact if isinstance(contact, Contact) else None
        return alike(self.home.store, organization, found, visitor.reader, self.clock())

    # --- acts ---------------------------------------------------------------------------------------------------------

    def endorsers(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        base = base_of(self.home, request)
        unsent: list[HandOver] = []
        with self.home.store.reading() as db:
            names = joining.members(db, self.home)

        def tell(db: Database, found: Application, one: Endorsement, secret: str) -> None:
            form = joining.form_of(found)
            values: dict[str, Any] = {
                "about": applications.about(found.id),
                "name": form.title if form else "",
                "secret": secret,
            }
            sent = [
                letters.write(self.home, db, to.email, to.language, "endorse", now=self.clock(), **values)
                for to in joining.reached(db, self.home, one.organization)
            ]
            if not any(sent):
                unsent.append(HandOver(names.get(one.organization, one.organization), f"{base}/endorse/{secret}"))

        joining.ask_endorsers(self.home, number(request), self.clock(), tell)
        return self._acted(request, visitor, "endorsers", unsent)

    def ask(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        text = first(asked, "said")
        done = "asked"

        def tell(db: Database, secret: str) -> None:
            nonlocal done
            found = joining.find(db, number(request))
            if not self._write(db, found, "question", text=Passage(text), secret=secret):
                done = "asked-there"

        try:
            joining.ask_back(self.home, number(request), text, self.clock(), tell)
        except UsageError as error:
            return self.one(request, asked, visitor, error)
        return self._acted(request, visitor, done, [])

    def link(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """A new address for an applicant who has lost it."""
        secret = joining.new_link(self.home, number(request), self.clock())
        with self.home.store.reading() as db:
            found = joining.find(db, number(request))
        address = f"{base_of(self.home, request)}/application/{secret}"
        return self.one(request, {}, visitor, hand_over=(HandOver(found.email, address),))

    def approve(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        base = base_of(self.home, request)
        unsent: list[HandOver] = []

        def tell(db: Database, made: joining.Approved) -> None:
            found = joining.find(db, number(request))
            form = joining.form_of(found)
            title = form.title if form else ""
            if not self._write(db, found, "joined", about=made.handle, name=title, secret=made.secret):
                unsent.append(HandOver(made.account.name, f"{base}/welcome/{made.secret}"))

        try:
            made = joining.approve(self.home, number(request), self.clock(), tell, seen=first(asked, "seen"))
            doorway.about(request, made.handle)
        except (UsageError, ChangedError) as error:
            return self.one(request, asked, visitor, error)
        return self._acted(request, visitor, "approved", unsent)

    def decline(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            self._decline([number(request)], first(asked, "reason"))
        except UsageError as error:
            return self.one(request, asked, visitor, error)
        return self._acted(request, visitor, "declined", [])

    def decline_ticked(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Several applications for one reason, all or none."""
        ids = asked.get("id", [])
        try:
            if not ids:
                raise UsageError("nothing was ticked", hint="tick the applications first")
            self._decline([numbered(one) for one in ids], first(asked, "reason"))
        except (UsageError, ChangedError) as error:
            return self.all(request, asked, visitor, error)
        with self.home.store.writing() as db:
            acts.each(db, visitor.account, "application-declined", dict.fromkeys(ids), self.clock())
        return see("/workspace/applications?done=all-declined")

    def _decline(self, ids: list[int], reason: str) -> None:
        def tell(db: Database, found: Application) -> None:
            self._write(db, found, "declined", text=Passage(reason))

        joining.decline(self.home, ids, reason, self.clock(), tell)

    def _write(self, db: Database, found: Application, name: str, /, *, about: str = "", **values: Any) -> bool:
        return letters.write(
            self.home, db, found.email, found.language, name,
            now=self.clock(), about=about or applications.about(found.id), **values,
        )  # fmt: skip

    def _acted(self, request: Request, visitor: Visitor, done: str, unsent: list[HandOver]) -> Response:
        """The page after an act; addresses that no letter carries are shown now, and never again."""
        if unsent:
            return self.one(request, {}, visitor, hand_over=tuple(unsent))
        return see(f"/workspace/applications/{number(request)}?done={done}")

    # --- terms --------------------------------------------------------------------------------------------------------

    def terms(self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None) -> Response:
        everything = asked.get("show") == ["all"]
        with self.home.store.reading() as db:
            found = terms.terms(db, self.home, terms.today(self.home, self.clock()))
        shown = found if everything else [one for one in found if one.left <= terms.NOTICE]
        answer = self._page(
            "desk/terms.html", request, asked,
            terms=shown,
            total=len(found),
            everything=everything,
            months=self.home.config.joining.term_months,
            notice=terms.NOTICE,
            error=error,
        )  # fmt: skip
        if error is not None:
            answer.status_code = 422
        return answer

    def renew(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Each choice is a handle and the day on which the membership was shown to end: sent twice, renewed once."""
        try:
            seen = dict(map(_chosen, asked.get("handle", [])))
            if not seen:
                raise UsageError("choose at least one member")
            terms.renew(self.home, seen, self.clock(), seen=seen)
        except UsageError as error:
            return self.terms(request, {}, visitor, error)
        return see("/workspace/terms?done=renewed")

    def _page(self, template: str, request: Request, asked: Asked, **values: Any) -> Response:
        return self.templates.page(template, request, done=done(asked, DONE), **values)


def _chosen(value: str) -> tuple[str, date]:
    handle, _space, day = value.partition(" ")
    try:
        return check_handle(handle), date.fromisoformat(day)
    except ValueError:
        raise UsageError("choose at least one member") from None


def _titled(found: Application) -> tuple[str, Application]:
    form = joining.form_of(found)
    return (form.title if form else _("Application %(number)s") % {"number": found.id}, found)
