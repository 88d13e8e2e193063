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

from fednet.errors import FednetError, NotFoundError
from fednet.node import edits, links, proposals
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.ownership import keeps
from fednet.node.proposals import NOT_FOR_MEMBERS, Proposer
from fednet.store import accounts
from fednet.store.accounts import Account
from fednet.store.accounts import Link as SecretLink
from fednet.web import letters
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors, about
from fednet.web.entry import entry_forms
from fednet.web.entry.entries import Editing, Entries
from fednet.web.members.member import confirm
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
    match own.fields["kind"]:
        case "organization":
            return own.handle
        case "contact" | "exchange":
            return own.fields.get("organization")
        case "event":
            return next(iter(own.fields.get("hosts", ())), None)
        case _:
            return None


def _is_changeable(own: Own) -> bool:
    """Whether there is somebody in whose name an entry can be changed."""
    kind = own.fields["kind"]
    return kind in NOT_FOR_MEMBERS and (kind == "person" or _whose(own) is not None)


def _keeps(account: Account, own: Own) -> bool:
    if own.fields["kind"] == "person":
        return account.person == own.handle
    return account.role == "organization" and account.organization is not None and keeps(account.organization, own)


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


def _listed(db: Database, home: Home, handle: str) -> Own:
    """The entry that a link is for; whoever holds it is not told why there is none any more."""
    try:
        return edits.find(db, home, handle)
    except NotFoundError:
        raise NotFoundError("this entry is not listed any more") from None


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
            own = _listed(db, self.home, link.subject)
        about(request, own.handle)
        if request.method == "POST" and "right" in asked:
            answer = self._confirmed(request, link, own)
        elif _is_changeable(own) and (request.method == "POST" or "change" in asked):
            answer = self._changing(request, asked, link, own)
        else:
            answer = self._question(request, own)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _question(self, request: Request, own: Own) -> Response:
        context = self.entries.context(NOBODY)
        said = entry_forms.said(own.fields["kind"], own.fields, context)
        return self.page(
            "confirm.html", request, own=own, title=title_of(own.body), said=said, changeable=_is_changeable(own)
        )

    def _confirmed(self, request: Request, link: SecretLink, own: Own) -> Response:
        confirm(self.home, own.handle, self.clock())
        self._use(link)
        return self.page("confirm-done.html", request, title=title_of(own.body), said=THANKS["right"])

    def _changing(self, request: Request, asked: Asked, link: SecretLink, own: Own) -> Response:
        kind = own.fields["kind"]
        by = Proposer(str(_whose(own) or own.handle), link=True)

        def save(changes: dict[str, object], circle: str) -> Response:
            proposals.submit(self.home, by, kind, own, changes, circle, self.clock(), waits=True)
            self._use(link)
            return self.page("confirm-done.html", request, title=title_of(own.body), said=THANKS["changed"])

        editing = Editing(
            kind=kind,
            template="confirm-edit.html",
            save=save,
            own=own,
            but=NOT_FOR_MEMBERS[kind],
            circles=(own.circle,),
            button=noted("Send to the secretariat"),
        )
        # Whoever holds a link is nobody in particular, even if they have signed in as somebody else.
        return self.entries.answer(request, asked, NOBODY, editing)

    def _use(self, link: SecretLink) -> None:
        """Only once it was answered: what is refused can be sent again."""
        with self.home.store.writing() as db:
            links.use(db, link, self.clock())


THANKS = {
    "right": noted("Thank you. The entry is confirmed as of today."),
    "changed": noted("Thank you. The secretariat looks at what you changed; until then the entry stays as it is."),
}
