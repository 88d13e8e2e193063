"""The desk's own records: a list of each kind, and one record: edit, confirm, who sees it, withdraw, erase."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet import listing
from fednet.directory import freshness, twinnings
from fednet.directory.search import OPERATOR
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.formats.recurrence import is_to_come
from fednet.listing import Event, Listing, Organization, Person
from fednet.listing.network import USUAL_DAYS
from fednet.listing.text import key
from fednet.node import edits, erasure, preview
from fednet.node.edits import NETWORK, Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.roll import Standing, roll
from fednet.store import acts, drafts, hidden, proposals
from fednet.store import circles as stored
from fednet.web import doors as doorways
from fednet.web import show
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.entry import entry_forms
from fednet.web.entry.entries import Editing, Entries
from fednet.web.public.parties import Parties, page_of
from fednet.web.public.twinned import Line, line
from fednet.web.show import Templates, Text
from fednet.web.translation import SOURCE, noted
from fednet.web.translation import gettext as _
from fednet.web.visitors import Visitor
from fednet.web.workspace import twinning

KINDS = ("organization", "event", "group", "resource", "person", "contact", "exchange", "twinning")
PAGE = 50
MAX_AT_ONCE = 500
MAX_UNSTATED = 20
"""Twinnings that others have stated, above the list of the own ones."""
ACTS_SHOWN = 30
HEADINGS = {
    "organization": noted("Members"),
    "event": noted("Events"),
    "group": noted("Groups"),
    "resource": noted("Resources"),
    "person": noted("People"),
    "contact": noted("Contacts"),
    "exchange": noted("Needs and offers"),
    "twinning": noted("Twinnings"),
    "network": noted("Our own network"),
}
NEW = {
    "organization": noted("New member"),
    "event": noted("New event"),
    "group": noted("New group"),
    "resource": noted("New resource"),
    "person": noted("New person"),
    "contact": noted("New contact"),
    "exchange": noted("New need or offer"),
    "twinning": noted("New twinning"),
}
STATES = {
    "draft": noted("waits to be signed"),
    "edit": noted("an edit of a member waits"),
    "stale": noted("confirmation is due"),
    "hidden": noted("hidden"),
}
WAITS = {
    "new": noted("new, not signed yet"),
    "changed": noted("changed, not signed yet"),
    "withdrawn": noted("withdrawn, not signed yet"),
    "erased": noted("erased, not signed yet"),
}
SORTS = ("title", "country", "confirmed")
DONE = {
    "saved": noted("Saved. It is signed a few seconds from now, unless signing is put on hold."),
    "same": noted("Nothing differs from what was there."),
    "confirmed": noted("Confirmed as still right today."),
    "moved": noted("Saved, and moved to the other circle."),
    "withdrawn": noted("Withdrawn. Those who read it hear of that with the next edition."),
    "cancelled": noted("Cancelled. It stays in calendars, crossed out."),
    "erased": noted("Erased. It was never signed, and is gone."),
}


class Row(NamedTuple):
    """One record of the list, and what is to be known of it."""

    handle: str
    title: Text
    where: str
    when: str
    circle: str
    confirmed: str
    states: tuple[str, ...]
    waits: str
    sorting: tuple[str, str, str]
    searched: str


class Wanted(NamedTuple):
    """What of a list is shown."""

    text: str
    circle: str
    state: str
    sort: str
    page: int

    @property
    def pairs(self) -> list[tuple[str, str]]:
        shown = ("text", self.text), ("circle", self.circle), ("state", self.state), ("sort", self.sort)
        return [(name, value) for name, value in shown if value and (name, value) != ("sort", "title")]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    desk = Records(home, templates, clock)
    record = "/workspace/record/{handle}"
    return [
        doors.route("GET", "/workspace/records/{kind}", desk.every),
        doors.route("POST", "/workspace/records/{kind}", desk.many),
        doors.route("GET", "/workspace/records/{kind}/new", desk.new),
        doors.route("POST", "/workspace/records/{kind}/new", desk.new),
        doors.route("GET", record, desk.one),
        doors.route("POST", record, desk.one),
        doors.route("POST", f"{record}/confirm", desk.confirm),
        doors.route("GET", f"{record}/views", desk.views),
        doors.route("GET", f"{record}/withdraw", desk.withdrawing),
        doors.route("POST", f"{record}/withdraw", desk.withdraw),
        doors.route("GET", f"{record}/erase", desk.erasing),
        doors.route("POST", f"{record}/erase", desk.erase),
        doors.route("GET", f"{record}/erased", desk.erased),
    ]


class Records:
    """The pages of own records."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        templates.environment.globals["heading_of"] = lambda kind: _(HEADINGS[kind])
        self.entries = Entries(home, templates, clock)
        self.parties = Parties(home, clock)

    # --- many ---------------------------------------------------------------------------------------------------------

    def every(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._every(request, asked)

    def _every(self, request: Request, asked: Asked, error: FednetError | None = None) -> Response:
        kind, wanted = _kind(request), _wanted(asked)
        rows = self._rows(kind)
        found = _sorted(_chosen(rows, wanted), wanted.sort)
        pages = max(1, -(-len(found) // PAGE))
        at = min(wanted.page, pages)
        with self.home.store.reading() as db:
            circles = stored.names(db)
        return self.page(
            "desk/records.html",
            request,
            kind=kind,
            heading=_(HEADINGS[kind]),
            new=_(NEW[kind]),
            unstated=self._unstated() if kind == "twinning" else [],
            rows=found[(at - 1) * PAGE : at * PAGE],
            total=len(found),
            all=len(rows),
            wanted=wanted,
            circles=circles,
            states=[(state, _(words)) for state, words in STATES.items()],
            waits_in_words={name: _(words) for name, words in WAITS.items()},
            sorts={sort: show.address(request.url.path, [*_but(wanted, "sort"), ("sort", sort)]) for sort in SORTS},
            before=_page(request, wanted, at - 1) if at > 1 else "",
            after=_page(request, wanted, at + 1) if at < pages else "",
            at=at,
            pages=pages,
            ticked="ticked" in asked,
            tick_all=show.address(request.url.path, [*wanted.pairs, ("page", str(at)), ("ticked", "1")]),
            done=done(asked, DONE),
            error=error,
        )

    def _unstated(self) -> list[Line]:
        """Twinnings with organisations of ours that only another network has stated so far."""
        found = twinnings.unstated(self.home.store, self.home.network.network, OPERATOR, self.clock(), MAX_UNSTATED)
        return [line(card, self.parties, OPERATOR) for card in found.cards]

    def _rows(self, kind: str) -> list[Row]:
        with self.home.store.reading() as db:
            standing = roll(db, self.home, kind)
            proposed = {one.handle for one in proposals.waiting(db)}
            itself = edits.of_itself(db, self.home)
        said = listing.parse(itself.body) if itself else None
        days = said.confirm_within_days if isinstance(said, listing.Network) else USUAL_DAYS
        whose = _titles(standing) if kind != "contact" else self._organizations()
        until = freshness.today(self.clock()) - days
        return [self._row(one, one.handle in proposed, until, whose) for one in standing]

    def _organizations(self) -> dict[str, Text]:
        with self.home.store.reading() as db:
            return _titles(roll(db, self.home, "organization"))

    def _row(self, one: Standing, proposed: bool, until: int, whose: dict[str, Text]) -> Row:
        record = one.record
        title = show.names(record, show.PARTY_NAME)[0]
        if isinstance(record, listing.Contact):
            title = whose.get(record.organization, title)
        confirmed = record.confirmed.at[:10] if record.confirmed else ""
        day = freshness.day_of(record, self.clock())
        stale = one.record.__struct_config__.tag in _DATED and (day is None or day < until)
        states = (("draft", bool(one.waits)), ("edit", proposed), ("stale", stale), ("hidden", one.hidden))
        return Row(
            one.handle,
            title,
            _where(record),
            record.start[:16].replace("T", " ") if isinstance(record, Event) else "",
            one.circle,
            confirmed,
            tuple(state for state, is_so in states if is_so),
            one.waits,
            (key(title.text), key(_where(record)), record.start if isinstance(record, Event) else confirmed),
            f"{_called(record)} {key(title.text)} {key(_where(record))} {one.handle}",
        )

    def many(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """One act on each record that was ticked, all or none."""
        kind, handles = _kind(request), asked.get("handle", [])
        try:
            if not handles or len(handles) > MAX_AT_ONCE:
                raise UsageError("nothing was ticked", hint="tick the entries first, then choose what to do with them")
            match first(asked, "do"):
                case "confirm":
                    now = self.clock()
                    edits.confirm(self.home, handles, None, now.date(), now)
                    self._note(visitor, "confirm-record", handles)
                case "circle":
                    self._note(visitor, "edit-record", self._move(handles, first(asked, "to")))
                case _:
                    raise UsageError("choose what to do")
        except FednetError as error:
            return self._every(request, {name: asked[name] for name in asked if name in _FILTERS}, error)
        kept = [(name, value) for name in _FILTERS for value in asked.get(name, [])]
        done = "confirmed" if asked["do"] == ["confirm"] else "moved"
        return see(show.address(f"/workspace/records/{kind}", [*kept, ("done", done)]))

    def _move(self, handles: Iterable[str], circle: str) -> list[str]:
        """Into another circle, all or none; the handles that they have there."""
        now = self.clock()
        with self.home.store.writing() as db:
            moved = [edits.edit_in(db, self.home, one, {}, now, circle) for one in dict.fromkeys(handles)]
        return [own.handle for own in moved]

    def _note(self, visitor: Visitor, act: str, handles: Iterable[str]) -> None:
        """In the audit log, of each of them."""
        with self.home.store.writing() as db:
            acts.each(db, visitor.account, act, dict.fromkeys(handles), self.clock())

    # --- one ----------------------------------------------------------------------------------------------------------

    def new(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        kind = _kind(request)

        def save(fields: dict[str, Any], circle: str) -> Response:
            own = edits.add(self.home, kind, fields, self.clock(), circle)
            doorways.about(request, own.handle)
            return see(f"/workspace/record/{own.handle}?done=saved")

        values = {"kind": kind, "heading": _(NEW[kind]), **_NO_MORE}
        begun = twinning.begun(self.home, kind, request.query_params, self.clock())
        editing = Editing(kind, "desk/record.html", save, values=values, starts=begun.starts, given=begun.given)
        return self.entries.answer(request, asked, visitor, editing)

    def one(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        if request.path_params["handle"] == NETWORK:
            return self._itself(request, asked, visitor)
        own = self._own(request)
        kind = own.fields["kind"]
        if kind not in HEADINGS or visitor.role == "auditor":
            return self._views(request, own)

        def save(changes: dict[str, Any], circle: str) -> Response:
            saved = edits.edit(self.home, own.handle, changes, self.clock(), circle)
            done = "moved" if saved.handle != own.handle else "saved" if saved.draft and saved != own else "same"
            return see(f"/workspace/record/{saved.handle}?done={done}")

        values = {**self._about(own), "kind": kind, "heading": "", "done": done(asked, DONE)}
        return self.entries.answer(request, asked, visitor, Editing(kind, "desk/record.html", save, own, values=values))

    def _itself(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What the network says of itself: a record that there is one of, made with the first words."""
        with self.home.store.reading() as db:
            own = edits.of_itself(db, self.home)
        if own is not None and visitor.role == "auditor":
            return self._views(request, own)

        def save(fields: dict[str, Any], circle: str) -> Response:
            if own is None:
                edits.add(self.home, NETWORK, fields, self.clock(), circle)
            else:
                edits.edit(self.home, own.handle, fields, self.clock(), circle)
            return see("/workspace/record/network?done=saved")

        more = self._about(own) if own else _NO_MORE
        values = {**more, "kind": NETWORK, "heading": _(HEADINGS[NETWORK]), "done": done(asked, DONE)}
        language = next(iter(self.home.config.languages), SOURCE)
        starts = {"names": {language: self.home.network.name}}
        editing = Editing(NETWORK, "desk/record.html", save, own, values=values, starts=starts)
        return self.entries.answer(request, asked, visitor, editing)

    def _about(self, own: Own) -> dict[str, Any]:
        """What the page of a record tells beside its form."""
        with self.home.store.reading() as db:
            waiting = drafts.draft(db, own.handle)
            signed = edits.is_listed(db, self.home, own.handle, own.circle)
            history = acts.latest(db, limit=ACTS_SHOWN, wanted=acts.Wanted(subject=own.handle))
            edit = next((one.id for one in proposals.waiting(db) if one.handle == own.handle), None)
        return {
            "waits": waiting is not None,
            "signed": signed,
            "history": history,
            "edit": edit,
            "public": _public_page(own, signed),
            "done": "",
        }

    def confirm(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        own, now = self._own(request), self.clock()
        edits.confirm(self.home, [own.handle], None, now.date(), now)
        return see(f"/workspace/record/{_named(own)}?done=confirmed")

    def views(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._views(request, self._own(request))

    def _views(self, request: Request, own: Own) -> Response:
        visitor: Visitor = request.state.visitor
        context = self.entries.context(visitor)
        shown = [
            (view.audience, view.readers,
             [(one, entry_forms.said(one.kind, one.fields, context) if one.kind in HEADINGS else [])
              for one in view.records])
            for view in preview.views(self.home, own.handle)
        ]  # fmt: skip
        return self.page(
            "desk/record-views.html", request, own=own, title=title_of(own.body), views=shown, **self._about(own)
        )

    def withdrawing(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._asking("desk/record-withdraw.html", request, self._own(request))

    def withdraw(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        own = self._own(request)
        kind = own.fields["kind"]
        if asked.get("do") == ["cancel"] and kind == "event":
            edits.edit(self.home, own.handle, {"status": "cancelled"}, self.clock())
            return see(f"/workspace/record/{own.handle}?done=cancelled")
        edits.withdraw(self.home, own.handle, self.clock())
        return see(f"{_list_of(kind)}?done=withdrawn")

    def erasing(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._asking("desk/record-erase.html", request, self._own_or_gone(request))

    def erase(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Only when a person ticked that it is meant and wrote the entry's name, or its handle where it has none."""
        own = self._own_or_gone(request)
        title, typed = title_of(own.body), " ".join(first(asked, "name").split())
        if "understood" not in asked or typed not in (" ".join(title.split()) or own.handle, own.handle):
            error = UsageError(
                "nothing was erased: the name is not that of this entry, or the box is not ticked",
                hint="copy the name as it stands above, and tick the box",
            )
            return self._asking("desk/record-erase.html", request, own, error)
        erasing = erasure.erase(self.home, own.handle, self.clock())
        if erasing.circle is None:
            return see(f"{_list_of(own.fields.get('kind', 'organization'))}?done=erased")
        return see(f"/workspace/record/{own.handle}/erased")

    def erased(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Who has confirmed that a record is destroyed there."""
        handle = request.path_params["handle"]
        gone = erasure.erased(self.home, handle)
        with self.home.store.reading() as db:
            waiting = drafts.draft(db, handle)
        if gone is None and (waiting is None or waiting.action != "erase"):
            raise NotFoundError("this network has erased no such entry")
        return self.page("desk/record-erased.html", request, handle=handle, gone=gone)

    def _asking(self, template: str, request: Request, own: Own, error: FednetError | None = None) -> Response:
        kind = own.fields.get("kind", "")
        return self.page(
            template,
            request,
            422 if error else 200,
            own=own,
            kind=kind,
            title=title_of(own.body),
            to_come=kind == "event" and is_to_come(own.fields, self.clock()),
            cancelled=own.fields.get("status") == "cancelled",
            referring=self._referring(own),
            error=error,
        )

    def _referring(self, own: Own) -> list[tuple[str, str, str]]:
        """Handle, kind and title of own records that are about this one."""
        with self.home.store.reading() as db:
            found = edits.referring(db, self.home, own.handle)
        return [(one.handle, one.fields["kind"], title_of(one.body)) for one in found[:30]]

    def _own(self, request: Request) -> Own:
        with self.home.store.reading() as db:
            if request.path_params["handle"] == NETWORK:
                return _must_be(edits.of_itself(db, self.home))
            return edits.find(db, self.home, request.path_params["handle"])

    def _own_or_gone(self, request: Request) -> Own:
        """The record, hidden or not; or of one that was withdrawn, and can be erased still, its handle alone."""
        with suppress(NotFoundError):
            return self._own(request)
        handle = request.path_params["handle"]
        with self.home.store.reading() as db:
            kept = hidden.taken_out(db, handle)
            if kept is not None:
                return Own(handle, kept.circle, kept.body, False)
            if not _was_ours(db, self.home, handle):
                raise NotFoundError("this network lists no such entry")
        return Own(handle, "", b"{}", False)


_FILTERS = ("text", "circle", "state", "sort", "page")
_DATED = frozenset({"organization", "contact", "person", "group"})
_NO_MORE: dict[str, Any] = {"waits": False, "signed": False, "history": [], "edit": None, "public": "", "done": ""}


def _kind(request: Request) -> str:
    kind: str = request.path_params["kind"]
    if kind not in KINDS:
        raise NotFoundError("there is no such list")
    return kind


def _must_be(own: Own | None) -> Own:
    if own is None:
        raise NotFoundError("this network has not said yet what it is")
    return own


def _was_ours(db: Database, home: Home, handle: str) -> bool:
    """Whether an own edition has ever listed a handle, or a draft speaks of it."""
    return drafts.draft(db, handle) is not None or erasure.can_be_erased(db, home, handle)


def _named(own: Own) -> str:
    return NETWORK if own.fields["kind"] == NETWORK else own.handle


def _list_of(kind: str) -> str:
    return f"/workspace/records/{kind}" if kind in KINDS else "/workspace"


def _public_page(own: Own, signed: bool) -> str:
    """Where everybody else looks at it."""
    return (page_of(own.fields["kind"], own.handle) or "") if signed else ""


# --- a list -----------------------------------------------------------------------------------------------------------


def _wanted(asked: Asked) -> Wanted:
    text, circle, state, sort, page = (asked.get(name, [""])[0] for name in _FILTERS)
    at = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
    return Wanted(text[:200], circle, state, sort if sort in SORTS else "title", max(1, at))


def _but(wanted: Wanted, name: str) -> list[tuple[str, str]]:
    return [pair for pair in wanted.pairs if pair[0] != name]


def _page(request: Request, wanted: Wanted, page: int) -> str:
    return show.address(request.url.path, [*wanted.pairs, ("page", str(page))])


def _chosen(rows: list[Row], wanted: Wanted) -> list[Row]:
    """Those that bear each word that was typed somewhere in a name, or in where they are."""
    words = key(wanted.text).split()
    return [
        row
        for row in rows
        if wanted.circle in ("", row.circle)
        and (not wanted.state or wanted.state in row.states)
        and all(word in row.searched for word in words)
    ]


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    """By title, by country, or those first that were confirmed (of events: begin) longest ago."""
    match sort:
        case "country":
            return sorted(rows, key=lambda row: (row.sorting[1] == "", row.sorting[1], row.sorting[0]))
        case "confirmed":
            return sorted(rows, key=lambda row: (row.sorting[2], row.sorting[0]))
        case _:
            return sorted(rows, key=lambda row: (row.sorting[0], row.handle))


def _titles(standing: Iterable[Standing]) -> dict[str, Text]:
    return {one.handle: show.names(one.record, show.PARTY_NAME)[0] for one in standing}


def _called(record: Listing) -> str:
    """All that a record is called, as it is searched."""
    names = [one.text for one in show.names(record, show.PAGE_NAMES)]
    former = getattr(record, "former_names", ())
    return key(" ".join([*names, *former, getattr(record, "acronym", "")]))


def _where(record: Listing) -> str:
    match record:
        case Organization() | Person():
            code = record.country if isinstance(record, Person) else (record.seat.country if record.seat else None)
            codes = [code] if code else list(getattr(record, "countries", ()))[:3]
            return ", ".join(map(show.country, codes))
        case _:
            return show.where(record)
