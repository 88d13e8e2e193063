"""Somebody who has signed in, for tests: a browser's cookie and forms, without the cost of a password."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fednet.node import sessions
from fednet.node.home import Home
from fednet.store import accounts
from fednet.store.accounts import STAFF, Account
from fednet.web.app import create_app
from fednet.web.visitors import COOKIE, token_of
from tests.asgi import Answer, Client
from tests.web.place import NOW

HOST = "localhost"


class Browser(Client):
    """A client that keeps one session's cookie, and sends forms as a page of the node itself would."""

    def __init__(self, app: Any, account: Account | None, secret: str = "") -> None:
        super().__init__(app, accept="text/html,*/*", host=HOST)
        self.account, self.secret = account, secret
        if secret:
            self.headers["cookie"] = f"{COOKIE}={secret}"

    @property
    def token(self) -> str:
        return token_of(self.secret) if self.secret else ""

    def form(self, url: str, fields: Mapping[str, str | Sequence[str]] | None = None, /, **more: Any) -> Answer:
        """POST the fields of a form, those of a list several times."""
        return self.post(
            url,
            urlencode({"token": self.token, **(fields or {}), **more}, doseq=True).encode(),
            content_type="application/x-www-form-urlencoded",
            sec_fetch_site="same-origin",
        )


@cache
def _app(home: Home, clock: Callable[[], datetime]) -> Any:
    return create_app(home, clock=clock)


def usual() -> datetime:
    return NOW


def client_as(
    home: Home,
    role: str,
    *,
    organization: str | None = None,
    person: str | None = None,
    name: str = "",
    app: Any = None,
    clock: Callable[[], datetime] = usual,
    whole: bool = True,
) -> Browser:
    """A browser in which an account of a role has signed in; `anybody` has not. Another call, another account."""
    app = app or _app(home, clock)
    if role == "anybody":
        return Browser(app, None)
    with home.store.writing() as db:
        number = len(accounts.accounts(db)) + 1
        account = accounts.add(
            db,
            name or f"{role.capitalize()} {number}",
            f"{role}-{number}@members.example",
            role,
            clock(),
            organization=None if role in STAFF else organization,
            person=person,
        )
        return Browser(app, account, sessions.begin(db, account, clock(), whole=whole))
