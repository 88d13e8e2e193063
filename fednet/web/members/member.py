"""The place of members: an organisation's entry with its contacts, events, needs and offers; an individual's own entry.

What they change is saved or waits for approval, as the network wishes; confirmations and withdrawals never wait.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import freshness, twinnings
from fednet.errors import FednetError, ForbiddenError, NotFoundError
from fednet.listing import parse
from fednet.node import edits, erasure, introductions, joining, proposals, terms
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.ownership import OF_MEMBERS, keeps
from fednet.node.proposals import NOT_FOR_MEMBERS, Proposer
from fednet.store import proposals as stored
from fednet.store import search as index_search
from fednet.store.accounts import Account
from fednet.store.proposals import Proposal
from fednet.web.asking import Asked, Clock, number, numbered
from fednet.web.doors import Doors, about, done, see
from fednet.web.entry.differing import changed
from fednet.web.entry.entries import Editing, Entries
from fednet.web.entry.entry_forms import said
from fednet.web.entry.entry_widgets import Said
from fednet.web.public.parties import Parties
from fednet.web.public.twinned import Line, line
from fednet.web.show import Templates
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

OF_ORGANIZATION = ("contact", "event", "exchange")
"""Kinds of which an organisation adds entries."""
MAX_TWINNINGS = 10
ERASED_BY_MEMBERS = frozenset({"contact", "person"})
"""Kinds that speak of people, who may have them destroyed."""

DONE = {
    "saved": noted("Your entry is saved. It leaves with the next edition."),
    "proposed": noted("Your edit waits for the secretariat's approval."),
    "confirmed": noted("Thank you: your entry is confirmed as of today."),
    "withdrawn": noted("The entry is withdrawn; it goes with the next edition."),
    "left": noted("Your organisation is no longer among the hosts; the event stays, for the others."),
    "taken-back": noted("Your edit is taken back. The entry stays as it is."),
}
STATES = {
    "waits": noted("waits for approval"),
    "approved": noted("approved"),
    "declined": noted("declined"),
    "withdrawn": noted("taken back"),
}
"""What became of an edit that waits for approval, or did."""
NEW = {
    "contact": noted("Add a contact"),
    "event": noted("Announce an event"),
    "exchange": noted("Add a need or an offer"),
    "person": noted("Make your own entry"),
}


class NotSureError(FednetError):
    """A box that says "I am sure" was not ticked."""

    word = "not-sure"
    status = 422

    def __init__(self) -> None:
        super().__init__("tick the box first, if you are sure")


class Entry(NamedTuple):
    """An own entry in the list: what waits of it, and whether it speaks of people, who may have it erased."""

    own: Own
    kind: str
    title: str
    waiting: Proposal | None
    due: bool
    erasable: bool


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, entries: Entries) -> list[Route]:
    place = Place(home, templates, clock, entries)
    return [
        doors.route("GET", "/member", place.overview),
        doors.route("GET", "/member/new/{kind}", place.new),
        doors.route("POST", "/member/new/{kind}", place.new),
        doors.route("GET", "/member/records/{handle}", place.edit),
        doors.route("POST", "/member/records/{handle}", place.edit),
        doors.route("POST", "/member/records/{handle}/confirm", place.confirm),
        doors.route("GET", "/member/records/{handle}/withdraw", place.leave),
        doors.route("POST", "/member/records/{handle}/withdraw", place.withdraw),
        doors.route("POST", "/member/records/{handle}/erase", place.erase),
        doors.route("GET", "/member/erased/{handle}", place.erased),
        doors.route("GET", "/member/edits/{id}", place.look),
        doors.route("POST", "/member/edits/{id}/withdraw", place.take_back),
    ]


class Place:
    """The pages of members of one network."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, entries: Entries) -> None:
        self.home, self.page, self.clock, self.entries = home, templates.page, clock, entries
        self.parties = Parties(home, clock)

    def overview(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = visitor.signed_in()
        by = proposals.proposer(account)
        with self.home.store.reading() as db:
            mine = self._mine(db, account, by)
            sent = [one for one in stored.by(db, by.handle) if one.state != "approved"]
        asked_of = joining.endorsements_for(self.home, by.handle) if account.role == "organization" else []
        main = next((one for one in mine if one.own.handle == by.handle), None)
        answers = self._answers(mine)
        return self.page(
            "member.html",
            request,
            main=main,
            view=self._said(main, visitor) if main else None,
            others=sorted((one for one in mine if one is not main), key=lambda one: not answers[one.own.handle]),
            twinned=self._twinned(main, visitor) if main and main.kind == "organization" else [],
            proposals=[(one, title_of(one.body) if one.body else "") for one in sent],
            states=STATES,
            kinds=[(kind, NEW[kind]) for kind in self._kinds(account, main)],
            term=terms.term_of(self.home, by.handle, self.clock()) if main and main.kind == "organization" else None,
            endorsements=asked_of,
            answers=answers,
            waits=self._waits,
            done=done(asked, DONE),
        )

    def _twinned(self, main: Entry, visitor: Visitor) -> list[Line]:
        """The twinnings of the organisation, whichever of the two networks states them."""
        named = [(self.home.network.network, main.own.handle)]
        found = twinnings.naming(self.home.store, named, visitor.reader, self.clock(), MAX_TWINNINGS)
        stated = [one for one in found if any(said.is_side for said in one.statements)]
        return [line(one, self.parties, visitor.reader) for one in stated]

    def _answers(self, mine: list[Entry]) -> Counter[str]:
        """How many introductions wait for an answer, by the handle of the own entry that they are about."""
        own = {one.own.handle for one in mine if one.kind == "exchange"}
        every = introductions.introductions(self.home) if own else []
        asked = [one.asked.handle for one in every if one.state == "waiting" and one.role != "asker"]
        return Counter(handle for handle in asked if handle in own)

    def _kinds(self, account: Account, main: Entry | None) -> tuple[str, ...]:
        if account.role == "organization":
            return OF_ORGANIZATION if main else ()
        return () if main else ("person",)

    def _said(self, main: Entry, visitor: Visitor) -> list[Said]:
        return said(main.kind, main.own.fields, self.entries.context(visitor))

    def _mine(self, db: Database, account: Account, by: Proposer) -> list[Entry]:
        """The entry of the member itself first, then what is its own besides, by kind and title."""
        try:
            found = [edits.find(db, self.home, by.handle)]
        except FednetError:  # withdrawn, hidden, or not made yet
            return []
        if account.role == "organization":
            about_it = edits.referring(db, self.home, by.handle)
            found += [one for one in about_it if keeps(by.handle, one)]
        stale = self._stale_before(db)
        rows = [self._entry(db, own, by, stale) for own in found]
        return [rows[0], *sorted(rows[1:], key=lambda one: (one.kind, one.title, one.own.handle))]

    def _entry(self, db: Database, own: Own, by: Proposer, stale: int) -> Entry:
        kind = own.fields["kind"]
        record = parse(own.body)
        confirmed = freshness.day_of(record, self.clock()) if record else None
        due = kind in ("organization", "contact", "person") and freshness.state(confirmed, stale) != "fresh"
        waiting = stored.waiting_for(db, own.handle, by.handle)
        return Entry(own, kind, title_of(own.body), waiting, due, kind in ERASED_BY_MEMBERS)

    def _stale_before(self, db: Database) -> int:
        own = {source.feed_id: source for source in index_search.sources(db) if source.own}
        usual = freshness.usually_stale_before(self.clock())
        return min(freshness.stale_before(db, own, self.clock()).values(), default=usual)

    # --- making and changing entries ----------------------------------------------------------------------------------

    @property
    def _waits(self) -> bool:
        return self.home.config.joining.edits_need_approval

    def new(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account, kind = visitor.signed_in(), str(request.path_params["kind"])
        by = proposals.proposer(account)
        with self.home.store.reading() as db:
            mine = self._mine(db, account, by)
        if kind not in self._kinds(account, mine[0] if mine else None):
            raise NotFoundError("there is nothing at this address")
        given = {"organization": by.handle} if kind in ("contact", "exchange") else {}
        earlier = self._earlier(request, by, kind)
        begun = proposals.fields_of(earlier.body) if earlier else {"hosts": [by.handle]} if kind == "event" else {}

        def save(changes: dict[str, Any], circle: str) -> Response:
            answer = self._submit(request, by, kind, None, changes, circle)
            if earlier and earlier.state == "waits":
                proposals.withdraw(self.home, earlier.id, by, self.clock())
            return answer

        return self.entries.answer(
            request,
            asked,
            visitor,
            Editing(
                kind=kind,
                template="member-entry.html",
                save=save,
                but=NOT_FOR_MEMBERS[kind] - {"organization"},
                given=given,
                values=self._values(NEW[kind]) | {"waiting": None},
                circles=proposals.CIRCLES,
                button=self._button,
                starts=begun,
            ),
        )

    def _earlier(self, request: Request, by: Proposer, kind: str) -> Proposal | None:
        """What the same member proposed before, of which the form begins: `?from=7`."""
        if "from" not in request.query_params:
            return None
        with self.home.store.reading() as db:
            found = proposals.find(db, numbered(request.query_params["from"]))
        if found.proposer != by.handle or found.kind != kind or found.handle is not None:
            raise NotFoundError("there is no such proposal")
        return found

    def edit(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The form of an own entry, as it stands or as it waits for approval."""
        by = proposals.proposer(visitor.signed_in())
        with self.home.store.reading() as db:
            standing = edits.find(db, self.home, str(request.path_params["handle"]))
            own, waiting = proposals.as_proposed(db, self.home, standing, by) if self._waits else (standing, None)
        kind = own.fields["kind"]
        return self.entries.answer(
            request,
            asked,
            visitor,
            Editing(
                kind=kind,
                template="member-entry.html",
                save=lambda changes, circle: self._submit(request, by, kind, own, changes, circle),
                own=own,
                but=NOT_FOR_MEMBERS[kind],
                values=self._values(title_of(own.body)) | {"waiting": waiting},
                circles=proposals.CIRCLES,
                button=self._button,
            ),
        )

    @property
    def _button(self) -> str:
        return noted("Send to the secretariat") if self._waits else noted("Save")

    def _values(self, heading: str) -> dict[str, Any]:
        return {"heading": heading, "waits": self._waits}

    def _submit(
        self, request: Request, by: Proposer, kind: str, own: Own | None, changes: dict[str, Any], circle: str
    ) -> Response:
        done = proposals.submit(self.home, by, kind, own, changes, circle, self.clock(), waits=self._waits)
        about(request, done.handle or by.handle)
        return see(f"/member?done={'proposed' if isinstance(done, Proposal) else 'saved'}")

    # --- acts on entries ----------------------------------------------------------------------------------------------

    def confirm(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        handle = str(request.path_params["handle"])
        confirm(self.home, handle, self.clock())
        return see("/member?done=confirmed")

    def leave(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What withdrawing and erasing mean, and the buttons."""
        return self._leaving(request)

    def _leaving(self, request: Request, error: FednetError | None = None) -> Response:
        with self.home.store.reading() as db:
            own = edits.find(db, self.home, str(request.path_params["handle"]))
        kind = own.fields["kind"]
        return self.page(
            "member-leave.html", request, own=own, title=title_of(own.body), kind_code=kind, error=error,
            shared=kind == "event" and len(own.fields.get("hosts", ())) > 1,
            erasable=kind in ERASED_BY_MEMBERS,
        )  # fmt: skip

    def withdraw(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        if "sure" not in asked:
            return self._leaving(request, NotSureError())
        handle, by = str(request.path_params["handle"]), proposals.proposer(visitor.signed_in())
        left = proposals.leave(self.home, handle, by, self.clock())
        return see(f"/member?done={'withdrawn' if left is None else 'left'}")

    def erase(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        handle = str(request.path_params["handle"])
        with self.home.store.reading() as db:
            kind = edits.find(db, self.home, handle).fields["kind"]
        if kind not in ERASED_BY_MEMBERS:
            raise ForbiddenError("only entries of people and contacts are erased by members")
        if "sure" not in asked:
            return self._leaving(request, NotSureError())
        erasure.erase(self.home, handle, self.clock())
        return see(f"/member/erased/{handle}")

    def erased(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Who has confirmed that an entry is destroyed."""
        found = erasure.erased(self.home, request.path_params["handle"])
        return self.page("member-erased.html", request, erased=found if found and found.circle in OF_MEMBERS else None)

    # --- proposals ----------------------------------------------------------------------------------------------------

    def look(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        by = proposals.proposer(visitor.signed_in())
        with self.home.store.reading() as db:
            found = proposals.find(db, number(request))
        if found.proposer != by.handle:
            raise NotFoundError("there is no such proposal")
        before, after = proposals.fields_of(found.before), proposals.fields_of(found.body)
        return self.page(
            "member-edit.html",
            request,
            proposal=found,
            title=title_of(found.body) if found.body else "",
            states=STATES,
            changed=changed(found.kind, before, after, self.entries.context(visitor)) if after else [],
        )

    def take_back(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        proposals.withdraw(self.home, number(request), proposals.proposer(visitor.signed_in()), self.clock())
        return see("/member?done=taken-back")


def confirm(home: Home, handle: str, now: datetime) -> None:
    """Say today of an entry that it is still right, in the name of whom it is about."""
    with home.store.reading() as db:
        own = edits.find(db, home, handle)
        named = own.fields.get("organization") if own.fields["kind"] == "contact" else handle
        title = title_of(edits.find(db, home, str(named)).body)
    edits.confirm(home, [handle], title, now.date(), now)
