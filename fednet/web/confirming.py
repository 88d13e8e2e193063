"""Asking whether an entry is still right, by a secret link that needs no account: one click, or the entry's form.

What is changed by such a link always waits for approval. The link lasts sixty days, is for one entry, and works until
it was answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError
from fednet.node import edits, links, proposals
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.proposals import NOT_FOR_MEMBERS, Proposer
from fednet.store import accounts
from fednet.store.accounts import Account
from fednet.store.accounts import Link as SecretLink
from fednet.web import entry_forms, letters
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors, about
from fednet.web.entries import Editing, Entries
from fednet.web.member import confirm
from fednet.web.show import Templates
from fednet.web.translation import noted
from fednet.web.visitors import NOBODY, Visitor

PURPOSE = "confirm"
LASTS = timedelta(days=60)


class Link(NamedTuple):
    """A link to hand over: to whom an entry belongs. `url` is a path where this node has no address of its own."""

    handle: str
    title: str
    url: str


class Asking(NamedTuple):
    """How many were asked by letter, and the links for those of whom no e-mail address is known."""

    letters: int
    links: tuple[Link, ...]


def ask(home: Home, handles: Iterable[str], now: datetime) -> Asking:
    """Ask of entries whether they are still right; links that were given out for them before work no more."""
    sent, left = 0, []
    with home.store.writing() as db:
        for handle in dict.fromkeys(handles):
            own = edits.find(db, home, handle)
            links.forget(db, PURPOSE, subject=handle)
            secret = links.make(db, PURPOSE, subject=handle, now=now, lasts=LASTS)
            if _written(db, home, own, secret, now):
                sent += 1
            else:
                left.append(Link(handle, _title(db, home, own), f"{_base(home)}/confirm/{secret}"))
    return Asking(sent, tuple(left))


def _written(db: Database, home: Home, own: Own, secret: str, now: datetime) -> bool:
    found = _recipient(db, home, own)
    if found is None:
        return False
    address, language = found
    title = _title(db, home, own)
    return letters.write(
        home, db, address, language, "confirm", now=now, about=own.handle, lasts=LASTS, title=title, secret=secret
    )


def _recipient(db: Database, home: Home, own: Own) -> tuple[str, str | None] | None:
    """An e-mail address for an entry, with its language: of an account that keeps it, else of a contact."""
    accounts_of = [one for one in accounts.accounts(db, _whose(own)) if one.ended_at is None and _keeps(one, own)]
    if accounts_of:
        return accounts_of[0].email, accounts_of[0].language or own.fields.get("original")
    contacts = [own] if own.fields["kind"] == "contact" else _contacts(db, home, own)
    mails = [mail for contact in contacts for mail in contact.fields.get("emails", ())]
    return (mails[0], own.fields.get("original")) if mails else None


def _whose(own: Own) -> str | None:
    """The organisation that an entry is of, by handle."""
    kind = own.fields["kind"]
    return own.handle if kind == "organization" else own.fields.get("organization") if kind == "contact" else None


def _keeps(account: Account, own: Own) -> bool:
    if own.fields["kind"] == "person":
        return account.person == own.handle
    return account.role == "organization" and _whose(own) == account.organization


def _contacts(db: Database, home: Home, own: Own) -> list[Own]:
    return [
        one
        for one in edits.referring(db, home, own.handle)
        if one.fields["kind"] == "contact" and one.fields.get("organization") == own.handle
    ]


def _title(db: Database, home: Home, own: Own) -> str:
    """What an entry is called; a contact as its organisation."""
    if own.fields["kind"] != "contact":
        return title_of(own.body)
    try:
        return title_of(edits.find(db, home, own.fields["organization"]).body)
    except FednetError:
        return title_of(own.body)


def _base(home: Home) -> str:
    return (home.config.url or "").rstrip("/")


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, entries: Entries) -> list[Route]:
    pages = Confirming(home, templates, clock, entries)
    return [
        doors.route("GET", "/confirm/{secret}", pages.answer),
        doors.route("POST", "/confirm/{secret}", pages.answer),
    ]


class Confirming:
    """The page behind a link."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, entries: Entries) -> None:
        self.home, self.page, self.clock, self.entries = home, templates.page, clock, entries

    def answer(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.reading() as db:
            link = links.find(db, PURPOSE, str(request.path_params["secret"]), self.clock())
            own = edits.find(db, self.home, link.subject)
        about(request, own.handle)
        if request.method == "POST" and "right" in asked:
            answer = self._confirmed(request, link, own)
        elif own.fields["kind"] in NOT_FOR_MEMBERS and (request.method == "POST" or "change" in asked):
            answer = self._changing(request, asked, link, own)
        else:
            answer = self._question(request, own)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _question(self, request: Request, own: Own) -> Response:
        context = self.entries.context(NOBODY)
        said = entry_forms.said(own.fields["kind"], own.fields, context)
        changeable = own.fields["kind"] in NOT_FOR_MEMBERS
        return self.page("confirm.html", request, own=own, title=title_of(own.body), said=said, changeable=changeable)

    def _confirmed(self, request: Request, link: SecretLink, own: Own) -> Response:
        with self.home.store.writing() as db:
            links.use(db, link, self.clock())
        confirm(self.home, own.handle, self.clock())
        return self.page("confirm-done.html", request, title=title_of(own.body), said=THANKS["right"])

    def _changing(self, request: Request, asked: Asked, link: SecretLink, own: Own) -> Response:
        kind = own.fields["kind"]
        by = Proposer(str(_whose(own) or own.handle))
        with self.home.store.reading() as db:
            seen, _ = proposals.as_proposed(db, self.home, own, by)

        def save(changes: dict[str, object], circle: str) -> Response:
            with self.home.store.writing() as db:
                links.use(db, link, self.clock())
            proposals.submit(self.home, by, kind, seen, changes, circle, self.clock(), waits=True)
            return self.page("confirm-done.html", request, title=title_of(own.body), said=THANKS["changed"])

        editing = Editing(
            kind=kind,
            template="confirm-edit.html",
            save=save,
            own=seen,
            but=NOT_FOR_MEMBERS[kind],
            circles=(seen.circle,),
            button=noted("Send to the secretariat"),
        )
        # Whoever holds a link is nobody in particular, even if they have signed in as somebody else.
        return self.entries.answer(request, asked, NOBODY, editing)


THANKS = {
    "right": noted("Thank you. The entry is confirmed as of today."),
    "changed": noted("Thank you. The secretariat looks at what you changed; until then the entry stays as it is."),
}
