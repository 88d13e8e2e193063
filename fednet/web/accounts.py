"""Accounts: one's own, those of an organisation's people, and, for the secretariat, all of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError, ForbiddenError, NotFoundError, UsageError
from fednet.node import accounts as people
from fednet.node import edits, sessions, totp
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.ownership import organizations
from fednet.store import accounts
from fednet.store.accounts import STAFF, Account, Factors
from fednet.web import letters, passkeys, translation
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors, about, see
from fednet.web.sending import base_of
from fednet.web.show import Templates
from fednet.web.signing import (
    Gate,
    add_passkey,
    as_json,
    key_of,
    new_code,
    new_password,
    one,
    secretive,
    signed_out,
    wrong_code,
)
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor, cookie_name

MAX_OFFERED = 200
"""Organisations that a form offers by name."""

ROLES = {
    "administrator": noted("Administrator of the network"),
    "editor": noted("Editor"),
    "auditor": noted("Auditor: reads all, changes nothing"),
    "organization": noted("Administrator of an organisation"),
    "individual": noted("Individual"),
}
DONE = {
    "saved": noted("Saved."),
    "password": noted("The password is changed, and you are signed out everywhere else."),
    "factor": noted("The second step is set up."),
    "removed": noted("It is removed."),
    "ended": noted("The account has ended: nothing of it works any more."),
    "role": noted("The role is changed; the person signs in anew."),
    "out": noted("You are signed out everywhere else."),
    "sent": noted("A letter with a link is on its way."),
}
"""What a page says after an act, by the code in its address."""


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, gate: Gate) -> list[Route]:
    mine, office = Own(home, templates, clock, gate), Office(home, templates, clock)
    return [
        doors.route("GET", "/account", mine.show),
        doors.route("POST", "/account", mine.save),
        doors.route("POST", "/account/password", mine.password),
        doors.route("POST", "/account/totp", mine.totp),
        doors.route("POST", "/account/totp/remove", mine.totp_remove),
        doors.route("POST", "/account/passkeys/options", mine.passkey_options),
        doors.route("POST", "/account/passkeys", mine.passkey),
        doors.route("POST", "/account/passkeys/remove", mine.passkey_remove),
        doors.route("POST", "/account/sessions", mine.sessions),
        doors.route("POST", "/account/delete", mine.delete),
        doors.route("GET", "/member/people", office.people),
        doors.route("POST", "/member/people", office.invite_person),
        doors.route("POST", "/member/people/{id}/link", office.person_link),
        doors.route("POST", "/member/people/{id}/end", office.person_end),
        doors.route("GET", "/workspace/accounts", office.show),
        doors.route("POST", "/workspace/accounts", office.invite),
        doors.route("GET", "/workspace/accounts/{id}", office.account),
        doors.route("POST", "/workspace/accounts/{id}/role", office.role),
        doors.route("POST", "/workspace/accounts/{id}/link", office.link),
        doors.route("POST", "/workspace/accounts/{id}/reset", office.reset),
        doors.route("POST", "/workspace/accounts/{id}/end", office.end),
    ]


def done(asked: Asked) -> str:
    """The sentence of what was just done."""
    code = one(asked, "done")
    return _(DONE[code]) if code in DONE else ""


def mine_of(visitor: Visitor) -> Account:
    """The account of whoever has signed in; the policy lets nobody else come here."""
    if visitor.account is None:
        raise ForbiddenError("sign in first")
    return visitor.account


# --- one's own --------------------------------------------------------------------------------------------------------


class Own:
    """`/account`: what is kept of me, and what I sign in with."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, gate: Gate) -> None:
        self.home, self.page, self.clock, self.gate = home, templates.page, clock, gate

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._form(request, asked, visitor)

    def _form(self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None) -> Response:
        account = mine_of(visitor)
        here, now = sessions.digest(request.cookies.get(cookie_name(request), "")), self.clock()
        with self.home.store.reading() as db:
            factors, keys = accounts.factors(db, account.id), accounts.passkeys(db, account.id)
            signed_in = accounts.sessions(db, account.id)
        found = self.page(
            "account.html",
            request,
            error=error,
            done=done(asked),
            account=account,
            role=_(ROLES[account.role]),
            name=one(asked, "name") or account.name,
            email=one(asked, "email") or account.email,
            factors=factors,
            passkeys=keys,
            sessions=[
                (digest == here, one) for digest, one in signed_in if one.whole and not sessions.is_over(one, now)
            ],
            sure=self.gate.is_fresh(visitor),
            by_passkey=passkeys.are_possible(request),
            shortest=people.SHORTEST,
            tongues=list(translation.LANGUAGES.items()),
            **new_code(b"" if factors.totp else key_of(asked), account, self.home.config.name),
        )
        found.status_code = error.status if error else 200
        return secretive(found)

    def _refused(self, request: Request, asked: Asked, visitor: Visitor, error: FednetError) -> Response:
        if isinstance(error, UsageError):
            error.status = 422
        return self._form(request, asked, visitor, error)

    def save(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        try:
            name, email = people.check_name(one(asked, "name")), people.check_email(one(asked, "email"))
            if email != account.email:
                self.gate.must_be_sure(request, asked, visitor)
            language = one(asked, "language")
            with self.home.store.writing() as db:
                other = accounts.by_email(db, email)
                if other is not None and other.id != account.id:
                    raise UsageError("this address cannot be used: take another one")
                known = language if language in translation.LANGUAGES else account.language
                accounts.rename(db, account.id, name, email, known)
                if email != account.email:
                    accounts.drop_links_of(db, account.id)
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        return see("/account?done=saved")

    def password(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        try:
            self.gate.must_be_sure(request, asked, visitor)
            hashed = new_password(self.gate.hashing, asked, people.words_of(self.home, account))
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        with self.home.store.writing() as db:
            people.set_password(db, account, hashed)
        return self.gate.new_session(request, account, "/account?done=password")

    def totp(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account, now = mine_of(visitor), self.clock()
        try:
            self.gate.must_be_sure(request, asked, visitor)
            key = totp.read_key(one(asked, "key"))
            step = totp.step_of(key, one(asked, "code"), 0, now)
            if step is None:
                raise wrong_code()
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        with self.home.store.writing() as db:
            accounts.set_totp(db, account.id, key, step)
        return see("/account?done=factor")

    def totp_remove(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        try:
            self.gate.must_be_sure(request, asked, visitor)
            with self.home.store.writing() as db:
                self._check_left(db, account, accounts.factors(db, account.id)._replace(totp=None))
                accounts.set_totp(db, account.id, None)
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        return see("/account?done=removed")

    def passkey_options(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        with self.home.store.reading() as db:
            known = accounts.passkeys(db, account.id)
        challenge = self.gate.challenges.make(f"register {account.id}", self.clock())
        return as_json(passkeys.to_register(request, account, self.home.config.name, known, challenge))

    def passkey(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        try:
            self.gate.must_be_sure(request, asked, visitor)
            add_passkey(self.gate, request, asked, account, f"register {account.id}")
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        return see("/account?done=factor")

    def passkey_remove(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        try:
            self.gate.must_be_sure(request, asked, visitor)
            credential = _hex(one(asked, "passkey"))
            with self.home.store.writing() as db:
                known = accounts.passkey(db, credential)
                if known is None or known.account_id != account.id:
                    raise NotFoundError("there is no such passkey")
                factors = accounts.factors(db, account.id)
                self._check_left(db, account, factors._replace(passkeys=factors.passkeys - 1))
                accounts.drop_passkeys(db, account.id, credential)
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        return see("/account?done=removed")

    def _check_left(self, db: Database, account: Account, left: Factors) -> None:
        """Refuse to take the last second factor away where one is required."""
        if account.role in STAFF and self.home.config.second_factor == "required" and not left.second:
            raise UsageError("the secretariat's accounts need a second step", hint="set up another one first")

    def sessions(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            sessions.end_all(db, mine_of(visitor).id, but=request.cookies.get(cookie_name(request)))
        return see("/account?done=out")

    def delete(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        try:
            self.gate.must_be_sure(request, asked, visitor)
            if one(asked, "sure") != "yes":
                raise UsageError("tick the box first: this cannot be taken back")
            with self.home.store.writing() as db:
                people.delete(db, account)
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        return signed_out(request, "/sign-in?done=deleted")


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


# --- others' ----------------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """An account in a list, with what its organisation is called and how it signs in."""

    account: Account
    organization: str
    factors: Factors
    open: bool  # invited, and has not come yet


class Office:
    """Lists of accounts, and what administrators do with them."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def _lines(self, db: Database, organization: str | None = None) -> list[Line]:
        names: dict[str, str] = {}
        for account in (found := accounts.accounts(db, organization)):
            handle = account.organization
            if handle and handle not in names:
                names[handle] = self._called(db, handle)
        lines = []
        for account in found:
            factors = accounts.factors(db, account.id)
            waits = account.ended_at is None and factors.password is None and not factors.second
            lines.append(Line(account, names.get(account.organization or "", ""), factors, waits))
        return lines

    def _called(self, db: Database, handle: str) -> str:
        try:
            return title_of(edits.find(db, self.home, handle).body)
        except FednetError:
            return _("(not listed)")

    # --- the people of an organisation --------------------------------------------------------------------------------

    def people(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._people(request, asked, visitor)

    def _people(
        self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None, **shown: Any
    ) -> Response:
        account = mine_of(visitor)
        with self.home.store.reading() as db:
            lines = self._lines(db, account.organization)
            called = self._called(db, account.organization or "")
        found = self.page(
            "account-people.html",
            request,
            error=error,
            done=done(asked),
            lines=[line for line in lines if line.account.ended_at is None],
            called=called,
            roles=ROLES,
            account=account,
            name=one(asked, "name") if error else "",
            email=one(asked, "email") if error else "",
            **{"url": "", "invited": None, **shown},
        )
        found.status_code = error.status if error else 200
        return secretive(found)

    def invite_person(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        me = mine_of(visitor)
        try:
            invited, secret = people.invite(
                self.home,
                name=one(asked, "name"),
                email=one(asked, "email"),
                role="individual",
                organization=me.organization,
                language=translation.speaking(),
                now=self.clock(),
            )
        except UsageError as error:
            error.status = 422
            return self._people(request, asked, visitor, error)
        about(request, str(invited.id))
        return self._handed(request, asked, visitor, invited, secret, self._people, "/member/people?done=sent")

    def person_link(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            account = self._of_mine(db, request, visitor)
            secret = people.welcome(db, account, self.clock())
        return self._handed(request, asked, visitor, account, secret, self._people, "/member/people?done=sent")

    def person_end(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            people.end(db, self._of_mine(db, request, visitor), self.clock())
        return see("/member/people?done=ended")

    def _of_mine(self, db: Database, request: Request, visitor: Visitor) -> Account:
        """The individual of the visitor's organisation whom an address names; others are not there, or not theirs."""
        me = mine_of(visitor)
        account = _named(db, request)
        if me.organization is None or account.organization != me.organization or account.role != "individual":
            raise ForbiddenError("this account is not one of your organisation's people")
        return account

    def _handed(
        self, request: Request, asked: Asked, visitor: Visitor, account: Account, secret: str, page: Any, to: str
    ) -> Response:
        """A welcome link on its way: in a letter where letters can be sent, else shown once, to be handed over."""
        with self.home.store.writing() as db:
            written = letters.write(
                self.home,
                db,
                account.email,
                account.language,
                "welcome",
                lasts=people.WELCOME,
                now=self.clock(),
                secret=secret,
                name=account.name,
                days=people.WELCOME.days,
            )
        if written:
            return see(to)
        url = f"{base_of(self.home, request)}/welcome/{secret}"
        found: Response = page(request, {}, visitor, url=url, invited=account)
        return found

    # --- all of them --------------------------------------------------------------------------------------------------

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._list(request, asked, visitor)

    def _list(
        self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None, **shown: Any
    ) -> Response:
        with self.home.store.reading() as db:
            lines = self._lines(db)
        found = self.page(
            "desk/accounts.html",
            request,
            error=error,
            done=done(asked),
            lines=lines,
            roles=ROLES,
            offered=self._offered(),
            name=one(asked, "name") if error else "",
            email=one(asked, "email") if error else "",
            role=one(asked, "role") or "editor",
            organization=one(asked, "organization"),
            **{"url": "", "invited": None, **shown},
        )
        found.status_code = error.status if error else 200
        return secretive(found)

    def _offered(self) -> list[str]:
        """Names of own organisations to choose from; of too many, none, and the name is typed."""
        with self.home.store.reading() as db:
            names = sorted({name for _handle, name in organizations(db, self.home)}, key=str.casefold)
        return names if len(names) <= MAX_OFFERED else []

    def _meant(self, role: str, named: str) -> str | None:
        """The handle of the organisation that a form names, by its name or handle. Raises UsageError."""
        if role not in people.MEMBERS or not named:
            return None
        with self.home.store.reading() as db:
            listed = organizations(db, self.home)
        found = [handle for handle, name in listed if named == handle or named.casefold() == name.casefold()]
        if len(found) > 1:
            raise UsageError("several organisations are called so", hint="write the handle of the right one")
        if not found:
            raise UsageError("this network lists no organisation of that name", hint="write it as it is listed")
        return found[0]

    def invite(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        role = one(asked, "role")
        try:
            invited, secret = people.invite(
                self.home,
                name=one(asked, "name"),
                email=one(asked, "email"),
                role=role,
                organization=self._meant(role, one(asked, "organization").strip()),
                language=translation.speaking(),
                now=self.clock(),
            )
        except UsageError as error:
            error.status = 422
            return self._list(request, asked, visitor, error)
        about(request, str(invited.id))
        return self._handed(request, asked, visitor, invited, secret, self._list, "/workspace/accounts?done=sent")

    def account(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._one(request, asked, visitor)

    def _one(
        self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None, **shown: Any
    ) -> Response:
        with self.home.store.reading() as db:
            account = accounts.account(db, _number(request))
            if account is None:
                raise NotFoundError("there is no such account")
            line = next(line for line in self._lines(db) if line.account.id == account.id)
            seen = [one for _digest, one in accounts.sessions(db, account.id)]
        found = self.page(
            "desk/account.html",
            request,
            error=error,
            done=done(asked),
            line=line,
            account=account,
            seen=seen[0].seen_at if seen else None,
            roles=ROLES,
            offered=self._offered(),
            role=one(asked, "role") or account.role,
            organization=one(asked, "organization") or line.organization,
            **{"url": "", "invited": None, **shown},
        )
        found.status_code = error.status if error else 200
        return secretive(found)

    def role(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        role = one(asked, "role")
        try:
            organization = self._meant(role, one(asked, "organization").strip())
            with self.home.store.writing() as db:
                people.change_role(db, self.home, _named(db, request), role, organization)
        except UsageError as error:
            error.status = 422
            return self._one(request, asked, visitor, error)
        return see(f"/workspace/accounts/{_number(request)}?done=role")

    def link(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            account = _named(db, request)
            secret = people.welcome(db, account, self.clock())
        to = f"/workspace/accounts/{account.id}?done=sent"
        return self._handed(request, asked, visitor, account, secret, self._one, to)

    def reset(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            account = _named(db, request)
            secret = people.reset(db, account, self.clock())
        to = f"/workspace/accounts/{account.id}?done=sent"
        return self._handed(request, asked, visitor, account, secret, self._one, to)

    def end(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            with self.home.store.writing() as db:
                people.end(db, _named(db, request), self.clock())
        except UsageError as error:
            error.status = 422
            return self._one(request, asked, visitor, error)
        return see(f"/workspace/accounts/{_number(request)}?done=ended")


def _number(request: Request) -> int:
    text = request.path_params["id"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _named(db: Database, request: Request) -> Account:
    return people.active(db, _number(request))
