"""Who looks at a page: somebody who has signed in, a network that signed its request, or nobody in particular."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.node.home import Home
from fednet.store import accounts
from fednet.store.accounts import Account, Session
from fednet.store.circles import PARTNERS
from fednet.web.asking import Clock
from fednet.web.callers import Callers

COOKIE = "__Host-session"
"""Sent over https only (and to this machine itself), to this host only, never to scripts (RFC 6265bis, 4.1.3.2)."""

MEMBER = Reader(frozenset({PARTNERS}))
"""A member organisation and its people: what is public, and what this network shows its partners."""
STAFF = frozenset({"administrator", "editor", "auditor"})


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


NOBODY = Visitor(PUBLIC)


class Visitors:
    """Tells who looks at the pages of one node."""

    def __init__(self, home: Home, callers: Callers, clock: Clock) -> None:
        self.home, self.callers, self.clock = home, callers, clock

    async def visitor(self, request: Request) -> Visitor:
        secret = request.cookies.get(COOKIE)
        found = await run_in_threadpool(self._signed_in, secret) if secret else None
        return found or Visitor(await self.callers.reader(request))

    def _signed_in(self, secret: str) -> Visitor | None:
        with self.home.store.reading() as db:
            session = accounts.session(db, digest(secret))
        if session is None:
            return None
        token = token_of(secret)
        if not session.whole:
            return Visitor(PUBLIC, None, token, session)
        return Visitor(OPERATOR if session.account.role in STAFF else MEMBER, session.account, token, session)


def digest(secret: str) -> bytes:
    """What is kept of a secret that was handed out."""
    return sha256(secret.encode()).digest()


def token_of(secret: str) -> str:
    """The token that the forms of a session carry."""
    return hmac.new(secret.encode(), b"form", sha256).hexdigest()
