"""Needs and offers of a member organisation: what could meet them, being introduced, and how they end.

Each page lies below an own entry, and speaks of no other; `fednet.web.policy` lets nobody else in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import exchange
from fednet.directory.exchange import Entry
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.node import dismissing, edits, introductions, proposals
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.ownership import keeps
from fednet.store import proposals as stored
from fednet.store.proposals import Proposal
from fednet.web import show
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.members import introducing
from fednet.web.members.introducing import ACTS, Introducing, Under, Whose
from fednet.web.members.own_entries import CLOSED, MOST, NONE, PAIRS, Closing, Fit, fit, fits, introductions_of
from fednet.web.public.fitting import grade
from fednet.web.public.parties import page_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

DONE = CLOSED | PAIRS | {"forgotten": noted("Forgotten. All that was written is destroyed here.")}
MAX_CHOSEN = 200
"""Own entries among which a member chooses for which it asks."""


class Chosen(NamedTuple):
    """An own entry for which a member may ask; `grade`: how well it fits what is asked about, in words."""

    handle: str
    title: str
    score: int = 0
    grade: str = ""


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    pages = MemberExchange(home, templates, clock)
    entry = "/member/exchange/{handle}"
    under = entry + "/introductions"
    return [
        doors.route("GET", "/member/exchange", pages.choose),
        doors.route("GET", entry, pages.one),
        doors.route("POST", f"{entry}/dismiss", pages.dismiss),
        doors.route("POST", f"{entry}/put-back", pages.put_back),
        doors.route("GET", f"{entry}/close", pages.end),
        doors.route("POST", f"{entry}/close", pages.end),
        doors.route("GET", f"{under}/new", pages.ask),
        doors.route("POST", f"{under}/new", pages.ask),
        doors.route("GET", f"{under}/{{id}}", pages.introduction),
        *(doors.route("POST", f"{under}/{{id}}/{act}", pages.answer) for act in ACTS),
    ]


class MemberExchange:
    """The pages of one node's members."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self.closing = Closing(home, templates, clock)
        self.introducing = Introducing(home, templates, clock)

    # --- own entries ------------------------------------------------------------------------------------------------

    def choose(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """All own entries; with `theirs`, for which of them to ask to be introduced."""
        theirs = first(asked, "theirs")
        other = exchange.entry(self.home.store, theirs, visitor.reader, self.clock()) if theirs else None
        return self.page(
            "member-exchanges.html",
            request,
            theirs=theirs,
            other_name=show.names(other.record, show.PAGE_NAMES)[0] if other else None,
            other_page=page_of("exchange", theirs) if other else None,
            entries=self._chosen(visitor, other),
        )

    def _chosen(self, visitor: Visitor, other: Entry | None) -> list[Chosen]:
        """Own entries; those first that fit the other best."""
        scores: dict[str, tuple[int, str]] = {}
        own = self._own_entries(visitor)
        if other is not None:
            now, handles = self.clock(), {one.handle for one in own}
            for one in exchange.matches(self.home.store, other.hit.handle, visitor.reader, now, limit=MAX_CHOSEN):
                mine = one.other(other.hit.handle)
                if mine.hit.handle in handles:
                    scores[mine.hit.handle] = one.score, grade(one.score)
        found = [Chosen(one.handle, title_of(one.body), *scores.get(one.handle, (0, ""))) for one in own]
        return sorted(found, key=lambda one: (-one.score, one.title))

    def _own_entries(self, visitor: Visitor) -> list[Own]:
        organization = visitor.account.organization if visitor.account else None
        if not organization:
            return []
        with self.home.store.reading() as db:
            found = edits.referring(db, self.home, organization)
        kept = [one for one in found if one.fields["kind"] == "exchange" and keeps(organization, one)]
        return kept[:MAX_CHOSEN]

    def one(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._one(request, asked, visitor)

    def _one(self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None) -> Response:
        own = self._own(request)
        entry = self._listed(own, visitor)
        return self.page(
            "member-exchange.html",
            request,
            own=own,
            title=title_of(own.body),
            entry=entry,
            fits=self._fits(own, entry, visitor),
            dismissed=self._dismissed(own, visitor) if entry else [],
            introductions=self._introductions(own),
            waiting=self._waiting(own, visitor),
            done=done(asked, DONE),
            error=error,
        )

    def _fits(self, own: Own, entry: Entry | None, visitor: Visitor) -> list[Fit]:
        if entry is None:
            return []
        between = introductions_of(self.home).get(own.handle, NONE)
        return fits(self.home, own.handle, visitor.reader, self.clock(), MOST, between)

    def _dismissed(self, own: Own, visitor: Visitor) -> list[Fit]:
        found = exchange.matches(self.home.store, own.handle, visitor.reader, self.clock(), limit=MOST, dismissed=True)
        return [fit(one, own.handle) for one in found]

    def _introductions(self, own: Own) -> list[Under]:
        found = []
        for one in introductions.introductions(self.home, ours=own.handle):
            role = introductions.role_of(one, own.handle)
            seen = introductions.introduction(self.home, one.id, role) if one.role == "both" else one
            found.append(introducing.under(seen, role))
        return found

    def _waiting(self, own: Own, visitor: Visitor) -> Proposal | None:
        with self.home.store.reading() as db:
            return stored.waiting_for(db, own.handle, proposals.proposer(visitor.signed_in()).handle)

    def _own(self, request: Request) -> Own:
        with self.home.store.reading() as db:
            own = edits.find(db, self.home, str(request.path_params["handle"]))
        if own.fields["kind"] != "exchange":
            raise NotFoundError("this is neither a need nor an offer")
        return own

    def _listed(self, own: Own, visitor: Visitor) -> Entry | None:
        try:
            return exchange.entry(self.home.store, own.handle, visitor.reader, self.clock())
        except NotFoundError:  # not signed yet
            return None

    # --- acts on own entries ----------------------------------------------------------------------------------------

    def dismiss(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Say that an entry of somebody does not fit this own one."""
        return self._paired(
            request, asked, visitor, "dismissed", lambda pair: dismissing.dismiss(self.home, *pair, self.clock())
        )

    def put_back(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._paired(request, asked, visitor, "back", lambda pair: dismissing.put_back(self.home, *pair))

    def _paired(
        self, request: Request, asked: Asked, visitor: Visitor, word: str, act: Callable[[tuple[str, str]], object]
    ) -> Response:
        own = self._own(request)
        pair = first(asked, "need"), first(asked, "offer")
        try:
            if own.handle not in pair:
                raise UsageError("choose a pair first")
            for handle in pair:
                exchange.entry(self.home.store, handle, visitor.reader, self.clock())
            act(pair)
        except FednetError as error:
            return self._one(request, {}, visitor, error)
        return see(f"/member/exchange/{own.handle}?done={word}")

    def end(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Close an own entry, open it again, or leave it open for longer: saved, or proposed as the network wishes."""
        own, by = self._own(request), proposals.proposer(visitor.signed_in())
        waits = self.home.config.joining.edits_need_approval
        if waits:
            with self.home.store.reading() as db:
                own, _waiting = proposals.as_proposed(db, self.home, own, by)

        def save(changes: dict[str, Any]) -> str:
            kept = proposals.submit(self.home, by, "exchange", own, changes, own.circle, self.clock(), waits=waits)
            return "proposed" if isinstance(kept, Proposal) else ""

        return self.closing.answer(request, asked, own, "member-page.html", f"/member/exchange/{own.handle}", save)

    # --- introductions ----------------------------------------------------------------------------------------------

    def ask(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self.introducing.new(request, asked, visitor, self._whose(request, visitor))

    def introduction(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self.introducing.look(request, asked, visitor, self._whose(request, visitor))

    def answer(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self.introducing.answer(request, asked, visitor, self._whose(request, visitor))

    def _whose(self, request: Request, visitor: Visitor) -> Whose:
        own = self._own(request)
        path = f"/member/exchange/{own.handle}"
        title = title_of(own.body) or _("(no name)")
        return Whose("member-page.html", f"{path}/introductions", path, title, own.handle, visitor.reader.circles)
