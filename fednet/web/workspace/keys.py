"""Keys and witnesses in words: who this network is, what each key is for, how it changes them, who vouches for it.

No private key is shown, typed or sent here: what changes keys takes the recovery keys, which lie on paper, and is done
at the machine itself (docs/decisions/0028).
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError, NotFoundError
from fednet.node import cosigning, witnessing
from fednet.node import keys as held_keys
from fednet.node.doctor import Finding, examine
from fednet.node.home import Home
from fednet.node.invitation import invitation
from fednet.store import feeds, witnesses
from fednet.store.feeds import Network
from fednet.store.witnesses import Witness
from fednet.web import doors as doorway
from fednet.web import qr
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor
from fednet.web.workspace.peers import within

DONE = {
    "added": noted("That witness is asked from now on, whenever something is signed."),
    "removed": noted("That witness is asked no more."),
}
CHECKS = {
    "settings": noted("Settings"),
    "files": noted("Files"),
    "clock": noted("Clock"),
    "node": noted("Node"),
    "database": noted("Database"),
    "keys": noted("Keys"),
    "recovery key": noted("Recovery key"),
    "high-water mark": noted("Mark of what was signed"),
    "records": noted("Records"),
    "search index": noted("Search"),
    "editions": noted("Editions"),
    "address": noted("Address"),
}
LEVELS = {"ok": noted("well"), "warn": noted("doubtful"), "fail": noted("wrong")}


class Vouching(NamedTuple):
    """A witness, and whether the newest public edition bears its signature."""

    witness: Witness
    cosigned: bool


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, allow_private: bool) -> list[Route]:
    pages = Keys(home, templates, clock, allow_private)
    return [
        doors.route("GET", "/workspace/keys", pages.see),
        doors.route("GET", "/workspace/keys/sheet", pages.sheet),
        doors.route("POST", "/workspace/keys/check", pages.check),
        doors.route("POST", "/workspace/keys/witnesses", pages.add_witness),
        doors.route("POST", "/workspace/keys/witnesses/remove", pages.remove_witness),
    ]


class Keys:
    """The pages, and what they do."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, allow_private: bool) -> None:
        self.home, self.templates, self.clock, self.allow_private = home, templates, clock, allow_private

    def see(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Everything about them that is public."""
        return self._page(request, done=done(asked, DONE))

    def sheet(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The public part on one sheet, to print and to hand out."""
        return self.templates.page("desk/keys-sheet.html", request, **self._public(), address=self.home.config.url)

    def check(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Look at the set-up."""
        found = [(_(CHECKS.get(one.check, one.check)), _(LEVELS[one.level]), one) for one in self._findings()]
        return self._page(request, findings=found)

    def _findings(self) -> list[Finding]:
        return list(examine(self.home.path, self.clock(), probe=False))

    def add_witness(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Ask a witness from now on."""
        url, key = first(asked, "url"), first(asked, "key") or None
        try:
            added = asyncio.run(within(cosigning.add(self.home, url, key, allow_private=self.allow_private)))
        except FednetError as error:
            return self._page(request, error=error, url=url, key=key or "", status=error.status)
        doorway.about(request, added.name[:80])
        return see("/workspace/keys?done=added")

    def remove_witness(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Ask it no more."""
        url = first(asked, "url")
        with self.home.store.writing() as db:
            known = url in {one.url for one in witnesses.witnesses(db)}
            witnesses.remove(db, url)
        if not known:
            return self._page(request, error=NotFoundError("there is no such witness here"), status=404)
        return see("/workspace/keys?done=removed")

    def _public(self) -> dict[str, Any]:
        own = self.home.network
        url = self.home.config.url
        text = invitation(url, own.network) if url else own.network
        code = qr.svg(text, _("A code to scan that holds this invitation") if url else _("A code of the fingerprint"))
        return {"own": own, "shown": held_keys.shown(self.home.path, own.identity), "code": code, "text": text}

    def _page(self, request: Request, status: int = 200, **values: Any) -> Response:
        usual: dict[str, Any] = {"error": None, "done": "", "findings": None, "url": "", "key": ""}
        return self.templates.page(
            "desk/keys.html",
            request,
            status,
            **{**usual, **values},
            **self._public(),
            vouching=self._vouching(),
            asking=self._asking(),
            folder=self.home.path.name,
        )

    def _vouching(self) -> list[Vouching]:
        with self.home.store.reading() as db:
            known = cosigning.asked(db)
            feed = feeds.feed(db, self.home.network, "public")
        newest = feed.followed.checkpoint if feed else None
        return [Vouching(one, newest is not None and cosigning.has_cosigned(newest, one)) for one in known]

    def _asking(self) -> list[Network]:
        ids = witnessing.asking(self.home)
        with self.home.store.reading() as db:
            return [network for network in feeds.peers(db) if network.network in ids]
