"""Accounts: who is let in, in which role, with which password; and how they are sent away again.

Passwords are kept as argon2id (RFC 9106, the second recommended parameters). Hashing takes 64 MiB and some tens of
milliseconds; two at once, a few more wait, the rest are told to come again.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import NamedTuple, get_args

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from sqlite_utils import Database

from fednet.errors import BusyError, ForbiddenError, NotFoundError, UsageError
from fednet.listing.check import email as checked_address
from fednet.node import links, sessions
from fednet.node.home import Home
from fednet.node.ownership import is_listed
from fednet.store import accounts, destruction, letters
from fednet.store.accounts import STAFF, Account, Role

ROLES: tuple[str, ...] = get_args(Role)
MEMBERS = frozenset(ROLES) - STAFF
WELCOME = timedelta(days=14)
"""How long an invitation works."""
FIRST = timedelta(days=1)
"""How long the link works that makes the first administrator."""
INVITED = "invited"
"""What the invitations of organisations' administrators are remembered under."""
NEW_ADDRESS = timedelta(days=1)
"""How long the link works that a new address is sent."""
KEPT = timedelta(days=365)
"""How long the name and address of an account that has ended are kept."""

MAX_NAME = 200
MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3, with the brackets
SHORTEST, LONGEST = 12, 256
"""Characters of a password (NIST SP 800-63B, 5.1.1.2: at least 8, at least 64 accepted)."""
LEFT = 6
"""Characters of a password that must be left when names and common words are taken out of it."""

AT_ONCE = 2
WAITING = 8
PATIENCE = 5.0  # seconds


# --- passwords --------------------------------------------------------------------------------------------------------


class Hashing:
    """argon2id, so many at once."""

    def __init__(self, hasher: PasswordHasher, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self.hasher = hasher
        self._nobodys: str | None = None
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._running = threading.BoundedSemaphore(at_once)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise BusyError("many people are signing in at this moment", hint="try again in a few seconds")
        try:
            if not self._running.acquire(timeout=PATIENCE):
                raise BusyError("many people are signing in at this moment", hint="try again in a few seconds")
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._places.release()

    def hashed(self, password: str) -> str:
        """A password in PHC form, with a salt of its own. Raises BusyError."""
        with self._turn():
            return self.hasher.hash(_spelled(password))

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether a password is the one that is kept; it takes as long when there is none. Raises BusyError."""
        with self._turn():
            try:
                return self.hasher.verify(kept or self._of_nobody(), _spelled(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def _of_nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = self.hasher.hash(secrets.token_hex())
        return self._nobodys

    def is_old(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than new ones are."""
        return self.hasher.check_needs_rehash(kept)


def _spelled(password: str) -> str:
    """As every keyboard spells it: an accent may be typed as a character of its own (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


HASHING = Hashing(PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY))

COMMON = (
    "password passwort password1 motdepasse contrasena contraseña qwertyuiop qwertzuiop azertyuiop qwerty azerty "
    "asdfghjkl asdfgh zxcvbnm 1234567890 0987654321 123456789 987654321 12345678 123456 654321 123123 111111 "
    "000000 abcdefghijkl abcdef abc123 1q2w3e4r5t 1q2w3e4r 1qaz2wsx iloveyou letmein welcome bienvenue bienvenido "
    "administrator admin login master monkey dragon sunshine princess football baseball superman batman trustno1 "
    "changeme secret whatever freedom starwars pokemon michael charlie jordan shadow hello access default 2024 "
    "2025 2026 2027 1234 refugee refugees rights network fednet secretariat member summer winter spring autumn "
).split()  # fmt: skip
"""Beginnings of the lists of what people choose, and what suggests itself here; looked for inside a password."""


def check_password(password: str, named: Iterable[str] = ()) -> str:
    """A password that is long enough and nobody's first guess; raises UsageError. `named`: names, addresses.

    No rules on kinds of characters: they make people write `Password1!` (NIST SP 800-63B, appendix A).
    """
    if len(password) < SHORTEST:
        raise UsageError(
            f"a password has at least {SHORTEST} characters", hint="several words that only you would put together"
        )
    if len(password) > LONGEST:
        raise UsageError(f"a password has at most {LONGEST} characters")
    if len(set(password)) < LEFT or _left(password, named) < LEFT:
        raise UsageError(
            "this password would be guessed soon", hint="no names, no common words, not the same again and again"
        )
    return password


def _left(password: str, named: Iterable[str]) -> int:
    """How many different characters are left without names and common words."""
    rest = password.casefold()
    own = {part for name in named for part in _parts(name.casefold()) if len(part) >= 4}
    for word in sorted((*own, *COMMON), key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(set(rest))


def _parts(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text).split()


def words_of(home: Home, account: Account) -> tuple[str, ...]:
    """What the password of an account must not be made of."""
    return account.name, account.email, home.config.name


def set_password(db: Database, account: Account, hashed: str) -> None:
    """A new password: everything that was signed in, or might with a link, is no more. `hashed`: see `HASHING`."""
    accounts.set_password(db, account.id, hashed)
    sessions.end_all(db, account.id)
    accounts.drop_links_of(db, account.id)


# --- who is let in ----------------------------------------------------------------------------------------------------


def check_name(name: str) -> str:
    found = " ".join(name.split())
    if not found or len(found) > MAX_NAME:
        raise UsageError(f"a name has 1 to {MAX_NAME} characters")
    return found


def check_email(email: str) -> str:
    """An address as it is kept; raises UsageError."""
    with suppress(UsageError):
        found = checked_address(email.strip(), "email")
        if 0 < len(found) <= MAX_EMAIL and found.isprintable():
            return found
    raise UsageError("this is no e-mail address", hint="write it as name@example.org")


def check_role(db: Database, home: Home, role: str, organization: str | None) -> str | None:
    """The organisation that goes with a role; raises UsageError when it does not."""
    if role not in ROLES:
        raise UsageError(f"no such role: {role}", hint=", ".join(ROLES))
    if role in STAFF:
        return None
    if organization is None and role == "organization":
        raise UsageError("whoever acts for an organisation needs one", hint="name its handle")
    if organization is not None and not is_organization(db, home, organization):
        raise UsageError("this network lists no such organisation", hint="name the handle of one of its own members")
    return organization


def is_organization(db: Database, home: Home, handle: str) -> bool:
    from fednet.node import edits

    return is_listed(db, home, handle) and edits.find(db, home, handle).fields.get("kind") == "organization"


def invite_in(
    db: Database,
    *,
    name: str,
    email: str,
    role: str,
    organization: str | None = None,
    person: str | None = None,
    language: str | None = None,
    now: datetime,
) -> tuple[Account, str]:
    """An account and the secret of its `/welcome/` link, in a transaction of the caller.

    Somebody who left is let in again, as if new. Raises UsageError when somebody else has the address.
    """
    name, email = check_name(name), check_email(email)
    known = accounts.by_email(db, email)
    if known is not None and known.ended_at is None:
        raise UsageError("there is an account with this e-mail address", hint="take another address")
    if known is not None:
        accounts.delete(db, known.id)
    account = accounts.add(db, name, email, role, now, organization=organization, person=person, language=language)
    return account, welcome(db, account, now)


def invite(
    home: Home,
    *,
    name: str,
    email: str,
    role: str,
    organization: str | None = None,
    person: str | None = None,
    language: str | None = None,
    now: datetime,
) -> tuple[Account, str]:
    """As `invite_in`, with the role and the organisation checked."""
    with home.store.writing() as db:
        organization = check_role(db, home, role, organization)
        return invite_in(
            db, name=name, email=email, role=role, organization=organization, person=person, language=language, now=now
        )


class Invitation(NamedTuple):
    """An address that an organisation's administrator has invited, and when."""

    email: str
    at: str


def invite_person(
    home: Home, organization: str, *, name: str, email: str, language: str | None = None, now: datetime
) -> tuple[Account, str] | None:
    """Somebody whom an organisation lets in: the individual's account, and the secret of their welcome link.

    None when the address has an account already. Whoever invites must not learn that: to them, the invitation is out
    in either case. Who has not come yet is invited once more; who has signed in once is nobody's to invite.
    """
    name, email = check_name(name), check_email(email)
    with home.store.writing() as db:
        check_role(db, home, "individual", organization)
        letters.remember(db, INVITED, _invitation(organization, email), now)
        known = accounts.by_email(db, email)
        if known is not None and not _is_of(known, organization):
            return None
        if known is None or known.ended_at is not None:
            return invite_in(
                db, name=name, email=email, role="individual", organization=organization, language=language, now=now
            )
        if accounts.has_arrived(db, known.id):
            return None
        accounts.rename(db, known.id, name, known.email, known.language)
        return active(db, known.id), welcome(db, known, now)


def invitations(db: Database, organization: str, now: datetime) -> list[Invitation]:
    """The invitations of an organisation that are out, the latest first: the same, whether there was an account."""
    found = []
    for subject, at in letters.reminders(db, INVITED, organization):
        email = subject.partition(" ")[2]
        known = accounts.by_email(db, email)
        has_come = known is not None and _is_of(known, organization) and accounts.has_arrived(db, known.id)
        if now < datetime.fromisoformat(at) + WELCOME and not has_come:
            found.append(Invitation(email, at))
    return found


def take_back_invitation(db: Database, organization: str, email: str) -> None:
    """Let an invitation of an organisation work no more; nothing happens to whoever has come."""
    letters.forget_reminder(db, INVITED, _invitation(organization, email))
    known = accounts.by_email(db, email)
    if known is not None and _is_of(known, organization) and not accounts.has_arrived(db, known.id):
        delete(db, known)


def _invitation(organization: str, email: str) -> str:
    return f"{organization} {email.strip().lower()}"


def _is_of(account: Account, organization: str) -> bool:
    return account.role == "individual" and account.organization == organization


def welcome(db: Database, account: Account, now: datetime) -> str:
    """The secret of a link with which somebody sets a password; earlier ones work no more."""
    links.forget(db, "welcome", account_id=account.id)
    return links.make(db, "welcome", account_id=account.id, now=now, lasts=WELCOME)


def reset(db: Database, account: Account, now: datetime) -> str:
    """Let somebody begin anew who lost password and factors: signed in nowhere, no factors; a new welcome link."""
    if account.ended_at is not None:
        raise UsageError("this account has ended", hint="invite the person again")
    _disarm(db, account)
    return welcome(db, account, now)


def _disarm(db: Database, account: Account) -> None:
    """Nothing that somebody signs in with is left, nor anywhere where they are signed in."""
    sessions.end_all(db, account.id)
    accounts.drop_links_of(db, account.id)
    letters.forget_to(db, account.email)
    accounts.set_password(db, account.id, None)
    accounts.set_totp(db, account.id, None)
    accounts.drop_passkeys(db, account.id)


# --- the first administrator ------------------------------------------------------------------------------------------


def first_link(home: Home, now: datetime) -> str | None:
    """The secret of the link that makes the first administrator; None when there is one. The one before works no more.

    It is told on the terminal only: whoever comes first over the network is nobody.
    """
    with home.store.writing() as db:
        links.forget(db, "first")
        return None if accounts.is_any(db) else links.make(db, "first", now=now, lasts=FIRST)


def make_first(db: Database, link: accounts.Link, name: str, email: str, hashed: str, now: datetime) -> Account:
    """The first administrator, by that link. Raises ForbiddenError when there is one already."""
    if accounts.is_any(db):
        raise ForbiddenError("this node has an administrator", hint="ask them for an account")
    links.use(db, link, now)
    account, _ = invite_in(db, name=name, email=email, role="administrator", now=now)
    set_password(db, account, hashed)
    return account


# --- changes ----------------------------------------------------------------------------------------------------------


def active(db: Database, account_id: int) -> Account:
    """An account that has not ended; raises NotFoundError."""
    found = accounts.account(db, account_id)
    if found is None or found.ended_at is not None:
        raise NotFoundError("there is no such account")
    return found


def address_link(db: Database, account: Account, email: str, now: datetime) -> str:
    """The secret of a link that is sent to a new address: whoever opens it reads what is sent there."""
    accounts.drop_links_of(db, account.id)
    return links.make(db, "address", subject=email, account_id=account.id, now=now, lasts=NEW_ADDRESS)


def set_address(db: Database, account: Account, email: str) -> None:
    """Let somebody be reached, and sign in, at another address; links and letters to the old one are worth nothing.

    Raises UsageError when somebody else has it.
    """
    email = check_email(email)
    known = accounts.by_email(db, email)
    if known is not None and known.id != account.id:
        raise UsageError("there is an account with this e-mail address", hint="take another address")
    accounts.rename(db, account.id, account.name, email, account.language)
    accounts.drop_links_of(db, account.id)
    letters.forget_to(db, account.email)


def change_role(db: Database, home: Home, account: Account, role: str, organization: str | None) -> None:
    """Let somebody be something else; they sign in anew, by no link that was given out to who they were.

    A member who joins the secretariat begins anew, with a `welcome`: whoever let the member in, or knows the password,
    must not be the one to set up the second step. Raises UsageError for the last administrator.
    """
    organization = check_role(db, home, role, organization)
    if role != "administrator":
        _check_not_last(db, account)
    accounts.set_role(db, account.id, role, organization)
    if role in STAFF and account.role not in STAFF:
        _disarm(db, account)
    else:
        sessions.end_all(db, account.id)
        accounts.drop_links_of(db, account.id)


def end(db: Database, account: Account, now: datetime) -> None:
    """Send an account away: nothing of it works from this moment on. Raises UsageError for the last administrator."""
    _check_not_last(db, account)
    _disarm(db, account)
    accounts.set_ended(db, account.id, now)


def delete(db: Database, account: Account) -> None:
    """Take an account out with all that is kept of it, as its owner wishes. Raises UsageError as `end`."""
    _check_not_last(db, account)
    letters.forget_to(db, account.email)
    accounts.delete(db, account.id)
    destruction.owe(db, prompt=True)


def _check_not_last(db: Database, account: Account) -> None:
    if account.role == "administrator" and not accounts.administrators(db, but=account.id):
        raise UsageError("this is the last administrator", hint="make somebody else an administrator first")


def sweep(home: Home, now: datetime) -> None:
    """Take out sessions and links that work no more, and accounts that ended long ago."""
    with home.store.writing() as db:
        sessions.sweep(db, now)
        accounts.sweep_ended(db, now - KEPT)
        letters.sweep_reminders(db, INVITED, now - WELCOME)
