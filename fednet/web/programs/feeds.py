"""The feed resources over HTTP (SPEC section 7): parse the address, call one function, encode.

Checkpoints and identities are checked again each time (ETag), tiles and entries pages never change (immutable), and
what holds bodies, and all of a restricted circle, is not to be stored by anyone between us and the follower.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeVar

import zstandard
from sqlite_utils import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fednet.feed import tlog, wire
from fednet.feed.record import check_handle
from fednet.feed.text import number
from fednet.feed.wire import EntriesPage
from fednet.node import answers, ask, circles
from fednet.node.home import Home
from fednet.node.watch import Watch
from fednet.store import feeds
from fednet.store.feeds import Feed, Network
from fednet.web.callers import CONFIDENTIAL, Callers

LONGEST_WAIT = 60  # seconds of a long poll
SMALL = 256 * 1024  # bytes that are worth a slower, better compression

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
JSON = "application/json"

CHECKED = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"
BODIES = "no-store"


T = TypeVar("T")
Answering = Callable[[Request, Network | None], Response]


def routes(home: Home, callers: Callers | None = None) -> list[BaseRoute]:
    """The routes of all feeds that this node holds: of every circle the same, for who may read it."""
    served = _Feeds(home, callers or Callers(home))
    base = "/feeds/{network}"
    return [
        Route("/.well-known/fednet", served.well_known),
        Route(f"{base}/identity", served.identity),
        Route(f"{base}/circles", served.asked(served.circles)),
        Route(f"{base}/{{circle}}/changes", served.asked(served.changes)),
        Route(f"{base}/{{circle}}/page/{{name}}", served.asked(served.page)),
        Route(f"{base}/{{circle}}/proof/{{handle}}", served.asked(served.proof)),
        Route(f"{base}/{{circle}}/{{epoch}}/checkpoint", served.checkpoint),
        Route(f"{base}/{{circle}}/{{epoch}}/tile/{{tile:path}}", served.asked(served.tile)),
    ]


class _Feeds:
    """One method a resource.

    What is malformed is refused before anything is looked up, and what an asker may not read is not looked at: so an
    outsider is answered alike, and by the same way through this file, whether or not there is something.
    """

    def __init__(self, home: Home, callers: Callers) -> None:
        self.home, self.callers = home, callers
        self.watch = Watch(home.store)

    def asked(self, answer: Answering) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that finds out who asks before it answers, in a thread."""

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(answer, request, await self._asker(request))

        return endpoint

    async def _asker(self, request: Request) -> Network | None:
        """Who asks for a restricted circle; what is public is for anybody."""
        public = request.path_params.get("circle") == "public"
        return None if public else await self.callers.network(request)

    def _read(self, request: Request, asker: Network | None, read: Callable[[Database, Feed], T]) -> T:
        with self.home.store.reading() as db:
            network, circle = request.path_params["network"], request.path_params["circle"]
            return read(db, circles.feed_for(db, network, circle, asker))

    def well_known(self, request: Request) -> Response:
        with self.home.store.reading() as db:
            body = answers.well_known(db, self.home)
        return encoded(request, body, JSON, CHECKED)

    def identity(self, request: Request) -> Response:
        with self.home.store.reading() as db:
            body = feeds.public_feed(db, request.path_params["network"]).network.identity.encoded
        return encoded(request, body, TEXT, CHECKED)

    def circles(self, request: Request, asker: Network | None) -> Response:
        """The restricted circles that the asker may read, a name a line."""
        with self.home.store.reading() as db:
            names = circles.names_for(db, request.path_params["network"], asker)
        return Response("".join(f"{name}\n" for name in names), media_type=TEXT, headers=CONFIDENTIAL)

    def changes(self, request: Request, asker: Network | None) -> Response:
        since = wire.parse_position(request.query_params.get("since", ""))
        try:
            body = self._read(request, asker, lambda db, feed: answers.changes(db, feed, since))
        except answers.AheadError as error:
            if request.path_params["network"] == self.home.network.network:
                ask.doubt(self.home)
            return Response(answers.ahead_body(error), error.status, media_type=JSON)
        return encoded(request, body, TEXT, BODIES)

    def page(self, request: Request, asker: Network | None) -> Response:
        name = wire.parse_page_name(request.path_params["name"])
        page = self._read(request, asker, lambda db, feed: answers.page(db, feed, name))
        return encoded(request, page.encoded, TEXT, IMMUTABLE if isinstance(page, EntriesPage) else BODIES)

    def proof(self, request: Request, asker: Network | None) -> Response:
        handle = check_handle(request.path_params["handle"])
        body = self._read(request, asker, lambda db, feed: answers.proof(db, feed, handle))
        return encoded(request, body, TEXT, BODIES)

    def tile(self, request: Request, asker: Network | None) -> Response:
        asked = tlog.parse_tile_path(f"tile/{request.path_params['tile']}")
        epoch = _epoch(request)
        body = self._read(request, asker, lambda db, feed: answers.tile(db, feed, epoch, asked))
        return encoded(request, body, BYTES, IMMUTABLE)

    async def checkpoint(self, request: Request) -> Response:
        """With `after=<epoch>.<size>&wait=<s>`: answer when there is a newer one, or when the time is over."""
        epoch = _epoch(request)
        after = wire.parse_position(request.query_params["after"]) if "after" in request.query_params else None
        seconds = number(request.query_params.get("wait", "0"), "wait") if after else 0
        asker = await self._asker(request)
        if after:
            await self._newer(request, asker, after, min(seconds, LONGEST_WAIT))
        body = await run_in_threadpool(self._read, request, asker, lambda _, feed: answers.checkpoint(feed, epoch))
        return encoded(request, body, TEXT, CHECKED)

    async def _newer(self, request: Request, asker: Network | None, after: wire.Position, seconds: int) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        seen = self.watch.seen()
        while await run_in_threadpool(self._read, request, asker, _at) <= after and (left := end - clock()) > 0:
            changed = await self.watch.changed(min(left, 5.0), seen, lambda: is_closing(request))
            if not changed and (is_closing(request) or await request.is_disconnected()):
                return
            seen = self.watch.seen()


def is_closing(request: Request) -> bool:
    """Whether the server is about to end: whoever waits for news is answered now."""
    return getattr(request.app.state, "closing", False) is True


def _at(_: Database, feed: Feed) -> wire.Position:
    return wire.Position(feed.followed.epoch, feed.followed.frontier.size)


def _epoch(request: Request) -> int:
    return number(request.path_params["epoch"], "epoch")


def encoded(request: Request, body: bytes, media_type: str, cache: str) -> Response:
    """The answer in the best content coding that the asker takes, or 304 when it has these bytes already."""
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if request.path_params.get("circle", "public") != "public":
        headers |= {"Cache-Control": BODIES, "Vary": f"Accept-Encoding, {CONFIDENTIAL['Vary']}"}
    elif cache != BODIES:
        headers["ETag"] = tag = f'W/"{sha256(body).hexdigest()[:32]}"'
        if tag in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
    accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").lower().split(",")
                if not part.replace(" ", "").endswith(";q=0")}  # fmt: skip
    if len(body) > 256 and "zstd" in accepted:
        body = zstandard.ZstdCompressor(level=7 if len(body) <= SMALL else 3).compress(body)
        headers["Content-Encoding"] = "zstd"
    elif len(body) > 256 and "gzip" in accepted:
        body = gzip.compress(body, 6)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=media_type, headers=headers)
