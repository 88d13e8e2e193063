"""Who looks at a page: somebody who has signed in, a network that signed its request, or nobody in particular."""

from __future__ import annotations

import hmac
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.errors import BusyError, ForbiddenError
from fednet.node import sessions
from fednet.node.home import Home
from fednet.node.ownership import is_standing
from fednet.store.accounts import STAFF, Account, Session
from fednet.store.circles import PARTNERS
from fednet.web.asking import Clock
from fednet.web.callers import Callers

COOKIE = "__Host-session"
"""Sent over https only (and to this machine itself), to this host only, never to scripts (RFC 6265bis, 4.1.3.2)."""
USUAL_PORTS = (None, 80, 443)

MEMBER = Reader(frozenset({PARTNERS}), is_ours=True)
"""A member organisation and its people: what is public, and what this network shows its partners."""


class Visitor(NamedTuple):
    """`account` is None for whoever has not signed in (wholly). `token` goes with each form, against forged ones."""

    reader: Reader
    account: Account | None = None
    token: str = ""
    session: Session | None = None

    @property
    def role(self) -> str:
        return self.account.role if self.account else "anybody"

    @property
    def staff(self) -> bool:
        return self.role in STAFF

    @property
    def name(self) -> str:
        """Of the account; empty without one."""
        return self.account.name if self.account else ""

    def signed_in(self) -> Account:
        """The account of whoever has signed in; raises ForbiddenError for all others."""
        if self.account is None:
            raise ForbiddenError("this is for members who have signed in")
        return self.account


NOBODY = Visitor(PUBLIC)


class Visitors:
    """Tells who looks at the pages of one node."""

    def __init__(self, home: Home, callers: Callers, clock: Clock) -> None:
        self.home, self.callers, self.clock = home, callers, clock

    async def visitor(self, request: Request) -> Visitor:
        secret = request.cookies.get(cookie_name(request))
        found = await run_in_threadpool(self._signed_in, secret) if secret else None
        return found or Visitor(await self.callers.reader(request))

    def _signed_in(self, secret: str) -> Visitor | None:
        now = self.clock()
        with self.home.store.reading() as db:
            session = sessions.find(db, secret, now)
            if session is None or not is_standing(db, self.home, session.account):
                return None
        if sessions.is_seen_late(session, now):
            with suppress(BusyError), self.home.store.writing() as db:
                sessions.seen(db, secret, now)
        token = token_of(secret)
        if not session.whole:
            return Visitor(PUBLIC, None, token, session)
        return Visitor(OPERATOR if session.account.role in STAFF else MEMBER, session.account, token, session)


def cookie_name(request: Request, name: str = COOKIE) -> str:
    """The cookie of this node. Nodes on one machine share cookies, whatever their ports (RFC 6265, 8.5)."""
    try:
        port = request.url.port
    except ValueError:  # a Host header that names none there is
        port = None
    return name if port in USUAL_PORTS else f"{name}-{port}"


def token_of(secret: str) -> str:
    """The token that the forms of a session carry."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"form", sha256).hexdigest()
