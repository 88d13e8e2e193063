"""Accounts: one's own, those of an organisation's people, and, for the secretariat, all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError, ForbiddenError, NotFoundError, UsageError
from fednet.node import accounts as people
from fednet.node import edits, links, sessions, totp
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.ownership import organizations
from fednet.store import accounts
from fednet.store.accounts import STAFF, Account, Factors
from fednet.web import letters, translation
from fednet.web.access import passkeys
from fednet.web.access.signing import (
    Gate,
    add_passkey,
    as_json,
    key_of,
    new_code,
    new_password,
    secretive,
    signed_out,
    wrong_code,
)
from fednet.web.asking import Asked, Clock, number, typed
from fednet.web.doors import Doors, about, acted, done, see
from fednet.web.public.language import keep as keep_language
from fednet.web.sending import base_of
from fednet.web.show import Templates
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
    "asked": noted("A letter is on its way to the new address. The old one stays until the link in it was followed."),
    "address": noted("The address is changed: you sign in with the new one."),
    "invited": noted("A letter with a link is on its way, if this address has no account here yet."),
    "invited-there": noted(
        "This node sends no letters: ask the secretariat for the link. There is none if this address has an account "
        "here already."
    ),
    "taken-back": noted("The invitation is taken back."),
}
"""What a page says after an act, by the code in its address."""


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, gate: Gate) -> list[Route]:
    mine, office = Own(home, templates, clock, gate), Office(home, templates, clock)
    return [
        doors.route("GET", "/account", mine.show),
        doors.route("POST", "/account", mine.save),
        doors.route("GET", "/account/address/{secret}", mine.new_address),
        doors.route("POST", "/account/address/{secret}", mine.take_address),
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
        doors.route("POST", "/member/people/take-back", office.take_back),
        doors.route("POST", "/member/people/{id}/end", office.person_end),
        doors.route("GET", "/workspace/accounts", office.show),
        doors.route("POST", "/workspace/accounts", office.invite),
        doors.route("GET", "/workspace/accounts/{id}", office.account),
        doors.route("POST", "/workspace/accounts/{id}/role", office.role),
        doors.route("POST", "/workspace/accounts/{id}/address", office.address),
        doors.route("POST", "/workspace/accounts/{id}/link", office.link),
        doors.route("POST", "/workspace/accounts/{id}/reset", office.reset),
        doors.route("POST", "/workspace/accounts/{id}/end", office.end),
    ]


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
        return secretive(
            self.page(
                "account.html",
                request,
                error=error,
                done=done(asked, DONE),
                account=account,
                role=_(ROLES[account.role]),
                name=typed(asked, "name") or account.name,
                email=typed(asked, "email") or account.email,
                factors=factors,
                passkeys=keys,
                sessions=[
                    (digest == here, one) for digest, one in signed_in if one.whole and not sessions.is_over(one, now)
                ],
                sure=self.gate.is_fresh(visitor),
                by_passkey=passkeys.are_possible(request),
                named=passkeys.where_possible(request, self.home.config.url),
                shortest=people.SHORTEST,
                tongues=list(translation.LANGUAGES.items()),
                **new_code(b"" if factors.totp else key_of(asked), account, self.home.config.name),
            )
        )

    def _refused(self, request: Request, asked: Asked, visitor: Visitor, error: FednetError) -> Response:
        if isinstance(error, UsageError):
            error.status = 422
        return self._form(request, asked, visitor, error)

    def save(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = mine_of(visitor)
        try:
            name, email = people.check_name(typed(asked, "name")), people.check_email(typed(asked, "email"))
            moves = email != account.email
            if moves:
                self._check_may_move(request, asked, visitor, email)
            language = typed(asked, "language")
            with self.home.store.writing() as db:
                known = language if language in translation.LANGUAGES else account.language
                accounts.rename(db, account.id, name, account.email, known)
                if moves:
                    self._ask_at(db, account._replace(name=name, language=known), email)
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        answer = see(f"/account?done={'asked' if moves else 'saved'}")
        if known:
            keep_language(request, known, answer)
        return answer

    def _check_may_move(self, request: Request, asked: Asked, visitor: Visitor, email: str) -> None:
        """Before an address is changed: by who is surely there, and can show that what is sent there reaches them."""
        self.gate.must_be_sure(request, asked, visitor)
        if not letters.possible(self.home):
            raise UsageError(
                "this node sends no letters, so nobody can show that a new address is theirs",
                hint="an administrator of the network can change it for you",
            )
        self.gate.admit_letter(request, email)

    def _ask_at(self, db: Database, account: Account, email: str) -> None:
        """The new address is asked, and told nothing else: somebody else may read there, or have an account with it."""
        now = self.clock()
        secret = people.address_link(db, account, email, now)
        letters.write(
            self.home, db, email, account.language, "address", now=now, lasts=people.NEW_ADDRESS, secret=secret
        )

    def new_address(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """A page with a button: programs that look through letters open links, too."""
        with self.home.store.reading() as db:
            link, account = self._of_link(db, request)
        return self._new_address(request, account, link.subject)

    def _new_address(
        self, request: Request, account: Account, email: str, error: FednetError | None = None
    ) -> Response:
        return secretive(self.page("account-address.html", request, account=account, email=email, error=error))

    def take_address(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.reading() as db:
            link, account = self._of_link(db, request)
        acted(request, account)
        try:
            with self.home.store.writing() as db:
                links.use(db, link, self.clock())
                people.set_address(db, account, link.subject)
                tell_old_address(self.home, db, account, self.clock())
        except UsageError as error:
            error.status = 422
            return self._new_address(request, account, link.subject, error)
        return see("/account?done=address")

    def _of_link(self, db: Database, request: Request) -> tuple[accounts.Link, Account]:
        link = links.find(db, "address", str(request.path_params["secret"]), self.clock())
        return link, people.active(db, link.account_id or 0)

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
            key = totp.read_key(typed(asked, "key"))
            step = totp.step_of(key, typed(asked, "code"), 0, now)
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
            credential = _hex(typed(asked, "passkey"))
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
            if typed(asked, "sure") != "yes":
                raise UsageError("tick the box first: this cannot be taken back")
            with self.home.store.writing() as db:
                people.delete(db, account)
        except UsageError as error:
            return self._refused(request, asked, visitor, error)
        return signed_out(request, "/sign-in?done=deleted")


def tell_old_address(home: Home, db: Database, account: Account, now: datetime) -> None:
    """Say where somebody was reached until now that it is so no more, where letters can be sent."""
    letters.write(home, db, account.email, account.language, "address-changed", now=now, name=account.name)


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

    def _people(self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None) -> Response:
        account = mine_of(visitor)
        with self.home.store.reading() as db:
            lines = [line for line in self._lines(db, account.organization) if self._is_shown(db, line.account)]
            called = self._called(db, account.organization or "")
            invitations = people.invitations(db, account.organization or "", self.clock())
        return secretive(
            self.page(
                "account-people.html",
                request,
                error=error,
                done=done(asked, DONE),
                lines=lines,
                invitations=invitations,
                called=called,
                roles=ROLES,
                name=typed(asked, "name") if error else "",
                email=typed(asked, "email") if error else "",
            )
        )

    def _is_shown(self, db: Database, account: Account) -> bool:
        """Not who is invited and has not come: with them, the list would tell which addresses had an account before."""
        return account.ended_at is None and (account.role != "individual" or accounts.has_arrived(db, account.id))

    def invite_person(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Let somebody in. The answer is the same where the address has an account, and never shows the link."""
        try:
            invited = people.invite_person(
                self.home,
                mine_of(visitor).organization or "",
                name=typed(asked, "name"),
                email=typed(asked, "email"),
                language=translation.speaking(),
                now=self.clock(),
            )
        except UsageError as error:
            error.status = 422
            return self._people(request, asked, visitor, error)
        if invited is not None:
            about(request, str(invited[0].id))
            self._write(*invited)
        return see(f"/member/people?done={'invited' if letters.possible(self.home) else 'invited-there'}")

    def take_back(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            people.take_back_invitation(db, mine_of(visitor).organization or "", typed(asked, "email"))
        return see("/member/people?done=taken-back")

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
        if self._write(account, secret):
            return see(to)
        url = f"{base_of(self.home, request)}/welcome/{secret}"
        found: Response = page(request, {}, visitor, url=url, invited=account)
        return found

    def _write(self, account: Account, secret: str) -> bool:
        """Send a welcome link by letter; whether that can be done."""
        with self.home.store.writing() as db:
            return letters.write(
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

    # --- all of them --------------------------------------------------------------------------------------------------

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._list(request, asked, visitor)

    def _list(
        self, request: Request, asked: Asked, visitor: Visitor, error: FednetError | None = None, **shown: Any
    ) -> Response:
        with self.home.store.reading() as db:
            lines = self._lines(db)
        return secretive(
            self.page(
                "desk/accounts.html",
                request,
                error=error,
                done=done(asked, DONE),
                lines=lines,
                roles=ROLES,
                offered=self._offered(),
                name=typed(asked, "name") if error else "",
                email=typed(asked, "email") if error else "",
                role=typed(asked, "role") or "editor",
                organization=typed(asked, "organization"),
                **{"url": "", "invited": None, **shown},
            )
        )

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
        role = typed(asked, "role")
        try:
            invited, secret = people.invite(
                self.home,
                name=typed(asked, "name"),
                email=typed(asked, "email"),
                role=role,
                organization=self._meant(role, typed(asked, "organization").strip()),
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
            account = accounts.account(db, number(request))
            if account is None:
                raise NotFoundError("there is no such account")
            line = next(line for line in self._lines(db) if line.account.id == account.id)
            seen = [one for _digest, one in accounts.sessions(db, account.id)]
        return secretive(
            self.page(
                "desk/account.html",
                request,
                error=error,
                done=done(asked, DONE),
                line=line,
                account=account,
                email=typed(asked, "email") if error else "",
                seen=seen[0].seen_at if seen else None,
                roles=ROLES,
                offered=self._offered(),
                role=typed(asked, "role") or account.role,
                organization=typed(asked, "organization") or line.organization,
                **{"url": "", "invited": None, **shown},
            )
        )

    def role(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        role = typed(asked, "role")
        try:
            organization = self._meant(role, typed(asked, "organization").strip())
            with self.home.store.writing() as db:
                account = _named(db, request)
                people.change_role(db, self.home, account, role, organization)
                account, begun = _named(db, request), accounts.factors(db, account.id).password is not None
                secret = "" if begun else people.welcome(db, account, self.clock())
        except UsageError as error:
            error.status = 422
            return self._one(request, asked, visitor, error)
        to = f"/workspace/accounts/{account.id}?done=role"
        return see(to) if begun else self._handed(request, asked, visitor, account, secret, self._one, to)

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

    def address(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            with self.home.store.writing() as db:
                account = _named(db, request)
                people.set_address(db, account, typed(asked, "email"))
                tell_old_address(self.home, db, account, self.clock())
        except UsageError as error:
            error.status = 422
            return self._one(request, asked, visitor, error)
        return see(f"/workspace/accounts/{account.id}?done=saved")

    def end(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            with self.home.store.writing() as db:
                people.end(db, _named(db, request), self.clock())
        except UsageError as error:
            error.status = 422
            return self._one(request, asked, visitor, error)
        return see(f"/workspace/accounts/{number(request)}?done=ended")


def _named(db: Database, request: Request) -> Account:
    return people.active(db, number(request))
