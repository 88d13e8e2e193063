"""Pages for organisations that ask to join, and members who speak for them: no account, a secret address instead."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import ForbiddenError, NotFoundError, ThrottledError, UsageError
from fednet.feed.text import utc_text
from fednet.listing import ListingError
from fednet.node import joining
from fednet.node.home import Home
from fednet.store import applications
from fednet.store.applications import Application
from fednet.store.circles import PARTNERS, PUBLIC
from fednet.web import doors as doorway
from fednet.web import letters, translation
from fednet.web.access.pauses import Patience, Pauses
from fednet.web.asgi import client_of
from fednet.web.asking import Asked, Clock, first, number
from fednet.web.doors import Doors, done, see
from fednet.web.entry import entry_forms
from fednet.web.entry.entries import Entries, refused
from fednet.web.entry.entry_forms import Form
from fednet.web.entry.entry_widgets import Said
from fednet.web.once import Once, form_of
from fednet.web.sending import base_of
from fednet.web.show import Templates
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

SOONEST, LATEST = timedelta(seconds=4), timedelta(hours=24)
"""How soon after a form was shown nobody can have filled it in; how long it can be sent."""
TRAP = "fax"
"""A field that people do not see, and programs that fill in everything do."""
CLIENT = Patience(6, timedelta(hours=1))
"""Applications from one place."""

DONE = {
    "sent": noted("Your application is sent. Keep the address of this page: it is the only way back to it."),
    "answered": noted("Your answer is sent."),
    "changed": noted("Your application is changed."),
    "withdrawn": noted("Your application is taken back, and what you filled in is destroyed."),
    "said": noted("Thank you. What you said is noted."),
}
"""What a page says after an act, by the code in its address."""

STATES = {
    "waits": noted("It waits for the secretariat."),
    "asked": noted("The secretariat has a question for you."),
    "approved": noted("It is approved: you are a member."),
    "declined": noted("It was not taken up."),
    "withdrawn": noted("It was taken back."),
}
"""How far an application is, to whoever sent it."""

LABELS = {
    "category": noted("Category of membership"),
    "why": noted("Why you wish to join"),
    "documents": noted("Documents"),
    "endorsers": noted("Members who speak for you"),
    "circle": noted("Who may see your entry"),
    "consent": noted("Consent"),
    "emails": noted("E-mail addresses"),
    "form": noted("This form"),
}
"""What the fields of an application are called that are not those of a record."""


class Shown(NamedTuple):
    """What is filled in, as templates/join.html draws it: the two record forms, the other fields, what is wrong."""

    organization: Form
    contact: Form
    sent: Mapping[str, list[str]]
    errors: Mapping[str, ListingError]

    def value(self, name: str) -> str:
        return (self.sent.get(name) or [""])[0]

    def values(self, name: str) -> list[str]:
        return list(self.sent.get(name, []))

    def error(self, name: str) -> str:
        """What is wrong with one of the fields that are not those of a record; empty when nothing is."""
        return refused(self.errors[name]) if name in self.errors else ""

    def wrong(self) -> list[tuple[str, str, ListingError]]:
        """Label, field and error of all that is wrong."""
        found = [
            (widget.label, widget.name, error)
            for form in (self.organization, self.contact)
            for widget, error in form.wrong()
        ]
        told = [error for _label, _name, error in found]
        others = [(name, error) for name, error in self.errors.items() if error not in told]
        return found + [(LABELS.get(name, LABELS["form"]), name, error) for name, error in others]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Joining(home, templates, clock)
    return [
        doors.route("GET", "/join", site.join),
        doors.route("POST", "/join", site.apply),
        doors.route("GET", "/application/{secret}", site.application),
        doors.route("POST", "/application/{secret}/answer", site.answer),
        doors.route("GET", "/application/{secret}/change", site.changing),
        doors.route("POST", "/application/{secret}/change", site.change),
        doors.route("POST", "/application/{secret}/withdraw", site.withdraw),
        doors.route("GET", "/endorse/{secret}", site.endorsing),
        doors.route("POST", "/endorse/{secret}", site.endorse),
        doors.route("POST", "/member/endorsements/{id}", site.endorse_as_member),
    ]


class Joining:
    """The pages of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.templates, self.clock = home, templates, clock
        self.entries = Entries(home, templates, clock)
        self._once = Once()
        self.pauses = Pauses()
        self._key = secrets.token_bytes(32)  # of this process: a form that it did not show is shown once more

    # --- the form -----------------------------------------------------------------------------------------------------

    def join(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        if not self.home.config.joining.open:
            return self._page("join-closed.html", request, asked)
        context = self.entries.context(visitor)
        blank = {**entry_forms.new(context, "organization"), "circle": [PUBLIC]}
        return self._form(request, asked, visitor, blank)

    def apply(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        if not self.home.config.joining.open:
            raise ForbiddenError("this network takes no applications on this page")
        if asked.get("more"):
            return self._form(request, asked, visitor, asked)
        found, errors = self._filled(asked, visitor)
        if "consent" not in asked:
            errors["consent"] = ListingError("consent", None, "without your consent nothing can be listed")
        if not self._is_of_a_person(asked):
            errors["form"] = ListingError(
                "form", None, "please look once more at what you filled in, and send it again"
            )
        if errors:
            return self._form(request, asked, visitor, asked, errors)
        return self._once.answer(
            form_of(client_of(request.scope), asked), lambda: self._sent(request, asked, visitor, found)
        )

    def _sent(self, request: Request, asked: Asked, visitor: Visitor, found: dict[str, Any]) -> Response:
        self._wait(request)
        try:
            form = joining.read(self.home, found)
            applied = joining.apply(self.home, form, translation.speaking(), self.clock(), self._tell_applied(form))
        except ListingError as error:
            return self._form(request, asked, visitor, asked, {error.field.partition(".")[0]: error})
        except UsageError as error:
            return self._form(request, asked, visitor, asked, {"form": ListingError("form", None, error.detail)})
        doorway.about(request, str(applied.id))
        return see(f"/application/{applied.secret}?done=sent")

    def _wait(self, request: Request) -> None:
        client, now = client_of(request.scope), self.clock()
        if client is None:
            return
        if self.pauses.left(client, CLIENT, now):
            raise ThrottledError("many applications came from where you are", hint="try again in an hour")
        self.pauses.failed(client, now)

    def _tell_applied(self, form: joining.Form) -> Any:
        """The applicant gets the address of the page; nothing of what was filled in, for it may be sent to a stranger.

        The secretariat hears of it in its week, and on the desk.
        """

        def tell(db: Database, applied: joining.Applied) -> None:
            letters.write(
                self.home, db, form.email, translation.speaking(), "application",
                now=self.clock(), about=applications.about(applied.id), secret=applied.secret,
            )  # fmt: skip

        return tell

    def _filled(self, asked: Asked, visitor: Visitor) -> tuple[dict[str, Any], dict[str, ListingError]]:
        """What was filled in, and all that the forms say is wrong with it."""
        context = self.entries.context(visitor)
        organization, wrong = entry_forms.read("organization", asked, {}, context, only=joining.ORGANIZATION)
        contact, wrong_contact = entry_forms.read("contact", asked, {}, context, only=joining.CONTACT)
        errors = {**entry_forms.checked(organization), **wrong}
        told = {**entry_forms.checked(contact), **wrong_contact}
        errors |= {name: error for name, error in told.items() if name in joining.CONTACT}
        if not contact.get("emails"):
            errors.setdefault("emails", ListingError("emails", None, "an e-mail address is needed"))
        for name in ("kind", "organization"):
            contact.pop(name, None)
        organization.pop("kind", None)
        found: dict[str, Any] = {
            "organization": organization,
            "contact": contact,
            "circle": PARTNERS if asked.get("circle") == [PARTNERS] else PUBLIC,
            "category": first(asked, "category"),
            "why": first(asked, "why"),
            "documents": [line for line in first(asked, "documents").split() if line],
            "endorsers": asked.get("endorsers", []),
        }
        return found, errors

    def _form(
        self, request: Request, asked: Asked, visitor: Visitor, sent: Mapping[str, list[str]],
        errors: Mapping[str, ListingError] | None = None, changing: str = "",
    ) -> Response:  # fmt: skip
        context, errors = self.entries.context(visitor), errors or {}
        more, members = first(asked, "more"), self._members()
        wrong = {name: error for name, error in errors.items() if name not in LABELS or name == "emails"}
        parts = [
            entry_forms.form(kind, {}, context, asked=dict(sent), errors=wrong, more=more, only=only)
            for kind, only in (("organization", joining.ORGANIZATION), ("contact", joining.CONTACT))
        ]
        return self._page(
            "join.html", request, asked, 422 if errors else 200,
            shown=Shown(parts[0], parts[1], sent, errors),
            about=self.home.config.joining.about,
            members=members,
            endorsements=min(self.home.config.joining.endorsements, len(members)),
            categories=[(one, one) for one in self.home.config.joining.categories],
            began=self._began(asked),
            trap=TRAP,
            changing=changing,
        )  # fmt: skip

    def _members(self) -> list[tuple[str, str]]:
        if not self.home.config.joining.endorsements:
            return []
        with self.home.store.reading() as db:
            return list(joining.members(db, self.home).items())

    def _began(self, asked: Asked) -> str:
        """When a form was first shown, signed: also when it is shown again because something was wrong with it."""
        at = self._shown_at(asked) or utc_text(self.clock())
        return f"{at} {self._signed(at)}"

    def _signed(self, at: str) -> str:
        return hmac.new(self._key, at.encode(), sha256).hexdigest()

    def _shown_at(self, asked: Asked) -> str | None:
        """What a form says of when it was shown; None where we did not write that."""
        at, _space, mac = first(asked, "began").partition(" ")
        return at if hmac.compare_digest(mac.encode(), self._signed(at).encode()) else None

    def _is_of_a_person(self, asked: Asked) -> bool:
        """Whether a form was filled in by somebody who saw it, and took a moment."""
        at = self._shown_at(asked)
        if asked.get(TRAP) or at is None:
            return False
        return SOONEST <= self.clock() - datetime.fromisoformat(at) <= LATEST

    # --- the applicant's page -----------------------------------------------------------------------------------------

    def application(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        secret, found = self._mine(request)
        if not found.open:  # what was said after an act is not true for ever
            asked = {}
        return self._page(
            "application.html", request, asked,
            secret=secret,
            address=f"{base_of(self.home, request)}/application/{secret}",
            application=found,
            state=STATES[found.state],
            said=said(self.entries, visitor, found),
            form=joining.form_of(found),
            mailed=letters.possible(self.home),
        )  # fmt: skip

    def answer(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        secret, found = self._mine(request)
        joining.answer(self.home, found.id, first(asked, "said"), self.clock())
        doorway.about(request, str(found.id))
        return see(f"/application/{secret}?done=answered")

    def changing(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        secret, found = self._mine(request)
        form = joining.form_of(found)
        if form is None or not found.open:
            return see(f"/application/{secret}")
        context = self.entries.context(visitor)
        sent: dict[str, list[str]] = {
            **entry_forms.filled("organization", form.organization, context),
            **{
                name: values
                for name, values in entry_forms.filled("contact", form.contact, context).items()
                if name.partition(".")[0] in joining.CONTACT
            },
            "circle": [form.circle],
            "category": [form.category],
            "why": [form.why],
            "documents": ["\n".join(form.documents)],
            "endorsers": list(form.endorsers),
            "consent": ["yes"],
        }
        return self._form(request, asked, visitor, sent, changing=secret)

    def change(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        secret, application = self._mine(request)
        if asked.get("more"):
            return self._form(request, asked, visitor, asked, changing=secret)
        found, errors = self._filled(asked, visitor)
        if "consent" not in asked:
            errors["consent"] = ListingError("consent", None, "without your consent nothing can be listed")
        if errors:
            return self._form(request, asked, visitor, asked, errors, changing=secret)
        try:
            form = joining.read(self.home, found)
        except ListingError as error:
            wrong = {error.field.partition(".")[0]: error}
            return self._form(request, asked, visitor, asked, wrong, changing=secret)
        except UsageError as error:
            wrong = {"form": ListingError("form", None, error.detail)}
            return self._form(request, asked, visitor, asked, wrong, changing=secret)
        joining.change(self.home, application.id, form, self.clock())
        doorway.about(request, str(application.id))
        return see(f"/application/{secret}?done=changed")

    def withdraw(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        _secret, found = self._mine(request)
        joining.withdraw(self.home, found.id, self.clock())
        doorway.about(request, str(found.id))
        return self._page("application-gone.html", request, asked, told=DONE["withdrawn"])

    def _mine(self, request: Request) -> tuple[str, Application]:
        secret = str(request.path_params["secret"])
        with self.home.store.reading() as db:
            return secret, joining.by_secret(db, secret, self.clock())

    # --- endorsing ----------------------------------------------------------------------------------------------------

    def endorsing(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        secret = str(request.path_params["secret"])
        with self.home.store.reading() as db:
            found, _handle = joining.endorsing(db, secret, self.clock())
        if not found.open:
            raise NotFoundError("this application was decided already")
        return self._page(
            "endorse.html", request, asked,
            secret=secret,
            version=joining.version_of(found),
            form=joining.form_of(found),
            said=said(self.entries, visitor, found, contact=False),
        )  # fmt: skip

    def endorse(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        secret, now = str(request.path_params["secret"]), self.clock()
        with self.home.store.reading() as db:
            found, handle = joining.endorsing(db, secret, now)
        verdict, seen = first(asked, "verdict"), first(asked, "seen")
        joining.endorse(self.home, found.id, handle, verdict, "", now, secret=secret, seen=seen)
        doorway.about(request, str(found.id))
        return self._page("application-gone.html", request, asked, told=DONE["said"])

    def endorse_as_member(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = visitor.account
        if account is None or account.organization is None:
            raise ForbiddenError("this is for those who act for an organisation")
        verdict, seen = first(asked, "verdict"), first(asked, "seen")
        joining.endorse(
            self.home, number(request), account.organization, verdict, account.name, self.clock(), seen=seen
        )
        return see("/member?done=endorsed")

    def _page(self, template: str, request: Request, asked: Asked, status: int = 200, **values: Any) -> Response:
        """A page that nobody keeps: its address may be a secret."""
        found = self.templates.page(template, request, status, done=done(asked, DONE), **values)
        found.headers["Cache-Control"] = "no-store"
        return found


def said(entries: Entries, visitor: Visitor, found: Application, *, contact: bool = True) -> list[Said]:
    """What was filled in, in words: of the entry, and of the contact unless that is for others."""
    form = joining.form_of(found)
    if form is None:
        return []
    context = entries.context(visitor)
    told = entry_forms.said("organization", form.organization, context)
    return told + (entry_forms.said("contact", form.contact, context) if contact else [])
