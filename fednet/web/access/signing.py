"""Signing in and out: a password, a link by letter, a passkey; and the second factor of the secretariat.

```
/sign-in            password  ──┐                    ┌── whole session ── /workspace or /member
/sign-in/{secret}   a letter  ──┼── second factor? ──┤
/welcome/{secret}   the first ──┘                    └── half a session ── /sign-in/second
/sign-in/passkey    a passkey, which is both at once
```
Who fails is told the same, and as late, whether there is such an account or not.
"""

from __future__ import annotations

import hmac
import secrets
from collections import defaultdict
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError, ForbiddenError, ThrottledError, UsageError
from fednet.feed.text import utc_text
from fednet.node import accounts as people
from fednet.node import links, sessions, totp
from fednet.node.accounts import Hashing
from fednet.node.home import Home
from fednet.node.ownership import is_standing
from fednet.store import accounts, drafts
from fednet.store.accounts import STAFF, Account, Factors, Link
from fednet.web import letters, policy, translation
from fednet.web.access import passkeys
from fednet.web.access.passkeys import Challenges
from fednet.web.access.pauses import ACCOUNT, CLIENT, LETTERS, Patience, Pauses
from fednet.web.asgi import client_of
from fednet.web.asking import Asked, Clock, typed
from fednet.web.doors import Doors, acted, done, see
from fednet.web.qr import svg
from fednet.web.show import Templates, address
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import COOKIE, Visitor, cookie_name

DEVICE = "__Host-device"
"""A browser in which an account has signed in before: strangers' guesses do not make it wait."""
DEVICE_SECONDS = 180 * 86_400
DEVICE_KEY = "device-key"
LETTER_LASTS = timedelta(minutes=15)
CLEAR = '"cache", "storage"'
"""What a browser forgets when somebody signs out. Not all cookies: other nodes of this machine have theirs."""

DONE = {
    "out": noted("You have signed out."),
    "letter": noted("If there is an account with this address, a letter with a link is on its way to it."),
    "password": noted("The password is changed. Sign in with the new one."),
    "deleted": noted("Your account is deleted."),
}
"""What the page says after an act, by the code in its address."""


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, gate: Gate) -> list[Route]:
    site = Signing(home, templates, clock, gate)
    return [
        doors.route("GET", "/sign-in", site.show),
        doors.route("POST", "/sign-in", site.password),
        doors.route("POST", "/sign-in/letter", site.letter),
        doors.route("POST", "/sign-in/passkey/options", site.passkey_options),
        doors.route("POST", "/sign-in/passkey", site.passkey),
        doors.route("GET", "/sign-in/second", site.second),
        doors.route("POST", "/sign-in/second", site.code),
        doors.route("POST", "/sign-in/second/options", site.second_options),
        doors.route("POST", "/sign-in/second/passkey", site.second_passkey),
        doors.route("GET", "/sign-in/{secret}", site.link),
        doors.route("POST", "/sign-in/{secret}", site.by_link),
        doors.route("POST", "/sign-out", site.out),
        doors.route("GET", "/welcome/{secret}", site.welcome),
        doors.route("POST", "/welcome/{secret}", site.arrive),
    ]


SURE = timedelta(minutes=10)
"""For so long after signing in nobody is asked for the password again."""


Name = tuple[str, object]
"""What guesses are counted under: a kind, and which of it."""


class Gate:
    """What one process knows of those who try to come in: pauses, challenges, and the turns of hashing."""

    def __init__(self, home: Home, clock: Clock, hashing: Hashing = people.HASHING) -> None:
        self.home, self.clock, self.hashing = home, clock, hashing
        self.challenges = Challenges()
        self.pauses: dict[str, Pauses] = defaultdict(Pauses)  # one for each kind of name: none pushes others out

    # --- guesses ------------------------------------------------------------------------------------------------------

    def admit(self, request: Request, email: str) -> Name:
        """The name under which a guess at an account is counted from now on, until it has `succeeded`.

        Raises ThrottledError when it comes too soon.
        """
        self._wait_for_client(request)
        nonce = self._device(request, email)
        return self._begin(("device", nonce) if nonce else ("account", email.casefold()), ACCOUNT)

    def admit_letter(self, request: Request, email: str) -> None:
        """As `admit`, for letters to an address; those asked for where its account has signed in count apart."""
        self._wait_for_client(request)
        nonce = self._device(request, email)
        self._begin(("letter-device", nonce) if nonce else ("letter", email.casefold()), LETTERS)
        self.failed(request)

    def admit_second(self, account: Account) -> Name:
        """As `admit`, for codes of the second factor: whoever guesses at them knows the password."""
        return self._begin(("second", account.id), ACCOUNT)

    def admit_again(self, account: Account) -> Name:
        """As `admit`, for whoever is signed in and is asked for the password again."""
        return self._begin(("again", account.id), ACCOUNT)

    def _begin(self, name: Name, patience: Patience) -> Name:
        if left := self.pauses[name[0]].begin(name, patience, self.clock()):
            raise too_soon(left)
        return name

    def _wait_for_client(self, request: Request) -> None:
        client = client_of(request.scope)
        if client and (left := self.pauses["client"].left(client, CLIENT, self.clock())):
            raise too_soon(left)

    def failed(self, request: Request) -> None:
        """An attempt that was admitted has failed; it counts for the place that it came from as well."""
        if client := client_of(request.scope):
            self.pauses["client"].failed(client, self.clock())

    def succeeded(self, name: Name) -> None:
        self.pauses[name[0]].succeeded(name)

    # --- once more ----------------------------------------------------------------------------------------------------

    def is_fresh(self, visitor: Visitor) -> bool:
        """Whether somebody has signed in so lately that nobody else can sit there."""
        session = visitor.session
        return session is not None and self.clock() < datetime.fromisoformat(session.made_at) + SURE

    def must_be_sure(self, request: Request, asked: Asked, visitor: Visitor) -> None:
        """Before what a stranger at an open screen must not do: signed in a moment ago, or the password (`present`).

        Raises UsageError.
        """
        account = visitor.account
        if self.is_fresh(visitor) or account is None:
            return
        with self.home.store.reading() as db:
            kept = accounts.factors(db, account.id).password
        if kept is None:
            raise UsageError("sign out and in again first: you have no password that could be asked for")
        if not typed(asked, "present"):
            raise UsageError("type your present password, too: you signed in a while ago")
        name = self.admit_again(account)
        if not self.hashing.fits(typed(asked, "present"), kept):
            self.failed(request)
            raise UsageError("your present password is not right")
        self.succeeded(name)

    # --- devices that are known ---------------------------------------------------------------------------------------

    def device_cookie(self, account: Account, password: str | None) -> str:
        nonce = secrets.token_hex(8)
        return f"{account.id}.{nonce}.{self._mac(account.id, nonce, password)}"

    def _device(self, request: Request, email: str) -> str | None:
        """The number of a browser in which this account has signed in since its password was set."""
        number, _dot, rest = request.cookies.get(cookie_name(request, DEVICE), "").partition(".")
        nonce, _dot, mac = rest.partition(".")
        with self.home.store.reading() as db:
            account = accounts.by_email(db, email)
            if account is None or str(account.id) != number:
                return None
            password = accounts.factors(db, account.id).password
        right = hmac.compare_digest(mac.encode(), self._mac(account.id, nonce, password).encode())
        return nonce if right else None

    def _mac(self, account_id: int, nonce: str, password: str | None) -> str:
        with self.home.store.reading() as db:
            key = drafts.setting(db, DEVICE_KEY) or ""
        if not key:
            with self.home.store.writing() as db:
                key = drafts.setting(db, DEVICE_KEY) or secrets.token_hex(32)
                drafts.set_setting(db, DEVICE_KEY, key)
        return hmac.new(key.encode(), f"{account_id}.{nonce}.{password}".encode(), sha256).hexdigest()

    # --- sessions -----------------------------------------------------------------------------------------------------

    def needs_second(self, account: Account, factors: Factors) -> bool:
        return factors.second or (account.role in STAFF and self.home.config.second_factor == "required")

    def let_in(self, request: Request, account: Account, to: str, *, whole: bool | None = None) -> Response:
        """A new session in a new cookie, the one before it ended; half of one where the second factor is to come."""
        now = self.clock()
        with self.home.store.writing() as db:
            factors = accounts.factors(db, account.id)
            whole = not self.needs_second(account, factors) if whole is None else whole
            if before := request.cookies.get(cookie_name(request)):
                sessions.end(db, before)
            secret = sessions.begin(db, account, now, whole=whole)
        acted(request, account)
        wanted = landing(account, to)
        answer = see(wanted if whole else address("/sign-in/second", [("to", to)]))
        lasts = None if account.role in STAFF or not whole else int(sessions.term(account).whole.total_seconds())
        _set(answer, cookie_name(request), secret, lasts)
        if whole:
            _set(answer, cookie_name(request, DEVICE), self.device_cookie(account, factors.password), DEVICE_SECONDS)
        return answer

    def new_session(self, request: Request, account: Account, to: str) -> Response:
        """After a change that ended all sessions: a whole one for whoever made it."""
        return self.let_in(request, account, to, whole=True)


def _set(answer: Response, name: str, value: str, seconds: int | None) -> None:
    answer.set_cookie(name, value, seconds, path="/", secure=True, httponly=True, samesite="lax")


def landing(account: Account, to: str) -> str:
    """Where somebody goes who has signed in: where they wanted to, if it is a page of this node that they may see."""
    parts = URL(to)
    plain = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() and "\\" not in to
    known = plain and policy.has("GET", parts.path) and policy.may(account.role, parts.path)
    if known and not parts.path.startswith("/sign-in"):
        return to
    return "/workspace" if account.role in STAFF else "/member"


def too_soon(left: timedelta) -> ThrottledError:
    """The refusal of an attempt before a pause is over."""
    seconds = int(left.total_seconds()) + 1
    minutes = -(-seconds // 60)
    if minutes == 1:
        return ThrottledError(
            f"too many attempts failed; the next can be made in {seconds} s", hint="other ways to sign in still work"
        )
    return ThrottledError(
        f"too many attempts failed; the next can be made in {minutes} min", hint="other ways to sign in still work"
    )


def is_private(home: Home, request: Request) -> bool:
    """Whether nobody between the browser and this node can read along: https, or the same machine."""
    if request.url.scheme == "https":
        return True
    host = (request.url.hostname or "").lower()
    if host == "localhost" or _is_loopback(host.strip("[]")):
        return True
    named = URL(home.config.url or "")  # a reverse proxy that speaks https and does not say so
    return named.scheme == "https" and named.hostname == host and client_of(request.scope) is None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Signing:
    """The pages of one node on which people sign in."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, gate: Gate) -> None:
        self.home, self.page, self.clock, self.gate = home, templates.page, clock, gate

    # --- with a password ----------------------------------------------------------------------------------------------

    def show(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        if visitor.account is not None:
            return see(landing(visitor.account, typed(asked, "to")))
        return self._form(request, asked)

    def _form(self, request: Request, asked: Asked, error: FednetError | None = None) -> Response:
        with self.home.store.reading() as db:
            anybody = accounts.is_any(db)
        private = is_private(self.home, request)
        found = self.page(
            "sign-in.html",
            request,
            error=error,
            email=typed(asked, "email"),
            to=typed(asked, "to"),
            done=done(asked, DONE),
            private=private,
            anybody=anybody,
            by_letter=letters.possible(self.home),
            by_passkey=passkeys.are_possible(request),
        )
        found.status_code = error.status if error else 200 if private else 403
        if error and error.status == ThrottledError.status:
            found.headers["Retry-After"] = "60"
        return found

    def password(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        email, password = typed(asked, "email").strip(), typed(asked, "password")
        try:
            self._must_be_private(request)
            account = self._known(request, email, password)
        except (UsageError, ForbiddenError, ThrottledError) as error:
            if isinstance(error, UsageError):
                error.status = 422
            return self._form(request, asked, error)
        return self.gate.let_in(request, account, typed(asked, "to"))

    def _must_be_private(self, request: Request) -> None:
        if not is_private(self.home, request):
            raise ForbiddenError("the connection is not private", hint="ask for this page over https")

    def _known(self, request: Request, email: str, password: str) -> Account:
        """The account of an address and its password. Raises UsageError, ThrottledError, ForbiddenError, BusyError."""
        name = self.gate.admit(request, email)
        with self.home.store.reading() as db:
            account = accounts.by_email(db, email)
            kept = accounts.factors(db, account.id).password if account and account.ended_at is None else None
        if not self.gate.hashing.fits(password, kept) or account is None or kept is None:
            self.gate.failed(request)
            if account is not None:
                acted(request, account)
            raise UsageError("the e-mail address or the password is not right")
        self.gate.succeeded(name)
        self._must_stand(request, account)
        if self.gate.hashing.is_old(kept):
            newer = self.gate.hashing.hashed(password)
            with self.home.store.writing() as db:
                accounts.set_password(db, account.id, newer)
        return account

    def _must_stand(self, request: Request, account: Account) -> None:
        with self.home.store.reading() as db:
            standing = is_standing(db, self.home, account)
        if not standing:
            acted(request, account)
            raise ForbiddenError(
                "your organisation is not listed here at this time, so its accounts cannot be used",
                hint="ask the secretariat",
            )

    # --- with a letter ------------------------------------------------------------------------------------------------

    def letter(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The same answer, and as soon, for every address: what there is to write is written afterwards."""
        email, now = typed(asked, "email").strip(), self.clock()
        try:
            self._must_be_private(request)
            if not letters.possible(self.home):
                raise UsageError("this node sends no letters")
            self.gate.admit_letter(request, email)
        except (UsageError, ForbiddenError, ThrottledError) as error:
            return self._form(request, asked, error)
        answer = see("/sign-in?done=letter")
        answer.background = BackgroundTask(self._write, email, now)
        return answer

    def _write(self, email: str, now: datetime) -> None:
        with self.home.store.writing() as db:
            account = accounts.by_email(db, email)
            if account is None or not is_standing(db, self.home, account):
                return
            secret = links.make(db, "sign-in", account_id=account.id, now=now, lasts=LETTER_LASTS)
            letters.write(
                self.home,
                db,
                account.email,
                account.language or translation.SOURCE,
                "sign-in",
                lasts=LETTER_LASTS,
                now=now,
                secret=secret,
                name=account.name,
                minutes=int(LETTER_LASTS.total_seconds()) // 60,
            )

    def link(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """A page with a button: programs that look through letters open links, too."""
        with self.home.store.reading() as db:
            account = self._of_link(db, request, "sign-in")[1]
        return secretive(self.page("sign-in-link.html", request, account=account))

    def by_link(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        self._must_be_private(request)
        with self.home.store.writing() as db:
            link, account = self._of_link(db, request, "sign-in")
            links.use(db, link, self.clock())
        self._must_stand(request, account)
        return self.gate.let_in(request, account, "")

    def _of_link(self, db: Any, request: Request, purpose: str) -> tuple[Link, Account]:
        link = links.find(db, purpose, request.path_params["secret"], self.clock())
        return link, people.active(db, link.account_id or 0)

    # --- with a passkey alone -----------------------------------------------------------------------------------------

    def passkey_options(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        challenge = self.gate.challenges.make("sign-in", self.clock())
        return as_json(passkeys.to_sign_in(request, [], challenge, alone=True))

    def passkey(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            self._must_be_private(request)
            account = self._by_passkey(request, typed(asked, "credential"), "sign-in", None)
            self._must_stand(request, account)
        except (UsageError, ForbiddenError) as error:
            return self._form(request, asked, error)
        return self.gate.let_in(request, account, typed(asked, "to"), whole=True)

    def _by_passkey(self, request: Request, text: str, purpose: str, expected: Account | None) -> Account:
        """Whose passkey an answer is of, verified. Raises UsageError."""
        answered, now = passkeys.read(text), self.clock()
        with self.home.store.reading() as db:
            known = accounts.passkey(db, answered.credential)
            account = accounts.account(db, known.account_id) if known else None
        mine = account is not None and account.ended_at is None and expected in (None, account)
        if known is None or account is None or not mine:
            raise UsageError("this passkey belongs to no account here")
        if not self.gate.challenges.take(answered.challenge, purpose, now):
            raise UsageError("that took too long: try again")
        count = passkeys.signed(request, answered, known, alone=expected is None)
        with self.home.store.writing() as db:
            accounts.used_passkey(db, known.id, count, now)
        return account

    # --- the second factor --------------------------------------------------------------------------------------------

    def second(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        if visitor.session is None or visitor.session.whole:
            return see(address("/sign-in", [("to", typed(asked, "to"))]))
        return self._second_form(request, asked, visitor.session.account)

    def _second_form(
        self, request: Request, asked: Asked, account: Account, error: FednetError | None = None
    ) -> Response:
        with self.home.store.reading() as db:
            factors = accounts.factors(db, account.id)
        key = b"" if factors.second else key_of(asked)
        return secretive(
            self.page(
                "sign-in-second.html",
                request,
                error=error,
                to=typed(asked, "to"),
                account=account,
                factors=factors,
                by_passkey=passkeys.are_possible(request),
                named=passkeys.where_possible(request, self.home.config.url),
                **new_code(key, account, self.home.config.name),
            )
        )

    def _half(self, visitor: Visitor) -> Account:
        if visitor.session is None or visitor.session.whole:
            raise ForbiddenError("your first step was too long ago", hint="sign in again")
        return visitor.session.account

    def code(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = self._half(visitor)
        acted(request, account)
        try:
            name = self.gate.admit_second(account)
            self._check_code(request, asked, account, name)
        except (UsageError, ThrottledError) as error:
            if isinstance(error, UsageError):
                error.status = 422
            return self._second_form(request, asked, account, error)
        return self.gate.let_in(request, account, typed(asked, "to"), whole=True)

    def _check_code(self, request: Request, asked: Asked, account: Account, name: Name) -> None:
        """Take a code that is right; where there is no second factor, the key that it was made with becomes it."""
        now, code = self.clock(), typed(asked, "code")
        with self.home.store.writing() as db:
            factors = accounts.factors(db, account.id)
            if not factors.second:
                key = totp.read_key(typed(asked, "key"))
                step = totp.step_of(key, code, 0, now)
                if step is not None:
                    accounts.set_totp(db, account.id, key, step)
            else:
                step = totp.step_of(factors.totp, code, factors.totp_step, now) if factors.totp else None
                if step is not None and not accounts.use_totp(db, account.id, step):
                    step = None
        if step is None:
            self.gate.failed(request)
            raise wrong_code()
        self.gate.succeeded(name)

    def second_options(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = self._half(visitor)
        with self.home.store.reading() as db:
            known, factors = accounts.passkeys(db, account.id), accounts.factors(db, account.id)
        challenge = self.gate.challenges.make(f"second {account.id}", self.clock())
        if factors.second:
            return as_json(passkeys.to_sign_in(request, known, challenge, alone=False))
        return as_json(passkeys.to_register(request, account, self.home.config.name, known, challenge))

    def second_passkey(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        account = self._half(visitor)
        acted(request, account)
        with self.home.store.reading() as db:
            factors = accounts.factors(db, account.id)
        try:
            if factors.second:
                self._by_passkey(request, typed(asked, "credential"), f"second {account.id}", account)
            else:
                add_passkey(self.gate, request, asked, account, f"second {account.id}")
        except UsageError as error:
            return self._second_form(request, asked, account, error)
        return self.gate.let_in(request, account, typed(asked, "to"), whole=True)

    # --- out, and in for the first time -------------------------------------------------------------------------------

    def out(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        secret = request.cookies.get(cookie_name(request))
        if secret and visitor.session is not None:
            acted(request, visitor.session.account)
            with self.home.store.writing() as db:
                sessions.end(db, secret)
        return signed_out(request, "/sign-in?done=out")

    def welcome(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.reading() as db:
            account = self._invitation(db, request)[1]
        return self._welcome_form(request, asked, account)

    def _invitation(self, db: Any, request: Request) -> tuple[Link, Account | None]:
        """The link, and whom it welcomes: None for the first administrator, who has no account yet."""
        secret, now = request.path_params["secret"], self.clock()
        try:
            return self._of_link(db, request, "welcome")
        except FednetError:
            link = links.find(db, "first", secret, now)
            if accounts.is_any(db):
                raise ForbiddenError("this node has an administrator already", hint="ask them for an account") from None
            return link, None

    def _welcome_form(
        self, request: Request, asked: Asked, account: Account | None, error: FednetError | None = None
    ) -> Response:
        return secretive(
            self.page(
                "welcome.html",
                request,
                error=error,
                account=account,
                name=typed(asked, "name") or (account.name if account else ""),
                email=account.email if account else typed(asked, "email"),
                private=is_private(self.home, request),
                shortest=people.SHORTEST,
                by_passkey=passkeys.are_possible(request),
                named=passkeys.where_possible(request, self.home.config.url),
            )
        )

    def arrive(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        self._must_be_private(request)
        with self.home.store.reading() as db:
            link, account = self._invitation(db, request)
        try:
            name = people.check_name(typed(asked, "name") or (account.name if account else ""))
            email = account.email if account else people.check_email(typed(asked, "email"))
            hashed = self._new_password(asked, name, email)
        except UsageError as error:
            error.status = 422
            return self._welcome_form(request, asked, account, error)
        with self.home.store.writing() as db:
            if account is None:
                account = people.make_first(db, link, name, email, hashed, self.clock())
            else:
                links.use(db, link, self.clock())
                accounts.rename(db, account.id, name, account.email, translation.speaking())
                people.set_password(db, account, hashed)
            account = people.active(db, account.id)
        self._must_stand(request, account)
        return self.gate.let_in(request, account, "")

    def _new_password(self, asked: Asked, *named: str) -> str:
        return new_password(self.gate.hashing, asked, (*named, self.home.config.name))


# --- shared with the pages of accounts --------------------------------------------------------------------------------


def new_password(hashing: Hashing, asked: Asked, named: tuple[str, ...]) -> str:
    """The hash of a password that somebody chose, typed twice; raises UsageError."""
    password = people.check_password(typed(asked, "password"), named)
    if typed(asked, "again") != password:
        raise UsageError("the two passwords differ", hint="type the same password twice")
    return hashing.hashed(password)


def key_of(asked: Asked) -> bytes:
    """The key that a form is about, else a new one."""
    try:
        return totp.read_key(typed(asked, "key"))
    except UsageError:
        return totp.fresh_key()


def new_code(key: bytes, account: Account, site: str) -> dict[str, Any]:
    """What a page shows of a key: as a code to scan, and to type."""
    if not key:
        return {"key": "", "qr": ""}
    return {
        "key": totp.spelled(key),
        "qr": svg(totp.address(key, account.email, site), _("QR code with the key below")),
    }


def wrong_code() -> UsageError:
    return UsageError("the code is not right", hint="each code works once, for half a minute: wait for the next one")


def add_passkey(gate: Gate, request: Request, asked: Asked, account: Account, purpose: str) -> None:
    """A new passkey of an account; raises UsageError."""
    answered, now = passkeys.read(typed(asked, "credential")), gate.clock()
    if not gate.challenges.take(answered.challenge, purpose, now):
        raise UsageError("that took too long: try again")
    name = typed(asked, "name")[:80] or _("Passkey")
    made = passkeys.registered(request, answered, account, name, utc_text(now))
    with gate.home.store.writing() as db:
        if accounts.passkey(db, made.id) is not None:
            raise UsageError("this passkey is known already")
        accounts.add_passkey(db, made)


def signed_out(request: Request, to: str) -> Response:
    """The cookie taken away, and what the browser kept of these pages."""
    answer = see(to)
    answer.delete_cookie(cookie_name(request, COOKIE), path="/", secure=True, httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = CLEAR
    return answer


def secretive(answer: Response) -> Response:
    """A page whose address, or text, is a secret: kept by nobody, told to nobody."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


def as_json(text: str) -> Response:
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})
