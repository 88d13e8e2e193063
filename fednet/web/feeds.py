"""The feed resources over HTTP (SPEC section 7): parse the address, call one function, encode.

Checkpoints and identities are checked again each time (ETag), tiles and entries pages never change (immutable), and
what holds bodies is not to be stored by anyone between us and the follower.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from hashlib import sha256

import zstandard
from sqlite_utils import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fednet.feed import tlog, wire
from fednet.feed.text import number
from fednet.feed.wire import EntriesPage
from fednet.node import answers
from fednet.node.home import Home
from fednet.node.watch import Watch
from fednet.store import feeds
from fednet.store.feeds import Feed

LONGEST_WAIT = 60  # seconds of a long poll
SMALL = 256 * 1024  # bytes that are worth a slower, better compression

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
JSON = "application/json"

CHECKED = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"
BODIES = "no-store"


def routes(home: Home) -> list[BaseRoute]:
    """The routes of all public feeds that this node holds, its own and mirrored ones."""
    served = _Feeds(home)
    base = "/feeds/{network}"
    return [
        Route("/.well-known/fednet", served.well_known),
        Route(f"{base}/identity", served.identity),
        Route(f"{base}/public/changes", served.changes),
        Route(f"{base}/public/page/{{name}}", served.page),
        Route(f"{base}/public/proof/{{handle}}", served.proof),
        Route(f"{base}/public/{{epoch}}/checkpoint", served.checkpoint),
        Route(f"{base}/public/{{epoch}}/tile/{{tile:path}}", served.tile),
    ]


class _Feeds:
    """One method a resource. Circles other than `public` have no route: they are answered like any unknown address."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.watch = Watch(home.store)

    def _read(self, request: Request, read: Callable[[Database, Feed], bytes]) -> bytes:
        with self.home.store.reading() as db:
            return read(db, feeds.public_feed(db, request.path_params["network"]))

    def well_known(self, request: Request) -> Response:
        with self.home.store.reading() as db:
            body = answers.well_known(db, self.home)
        return encoded(request, body, JSON, CHECKED)

    def identity(self, request: Request) -> Response:
        body = self._read(request, lambda _, feed: feed.network.identity.encoded)
        return encoded(request, body, TEXT, CHECKED)

    def changes(self, request: Request) -> Response:
        since = wire.parse_position(request.query_params.get("since", ""))
        try:
            body = self._read(request, lambda db, feed: answers.changes(db, feed, since))
        except answers.AheadError as error:
            return Response(answers.ahead_body(error), error.status, media_type=JSON)
        return encoded(request, body, TEXT, BODIES)

    def page(self, request: Request) -> Response:
        name = wire.parse_page_name(request.path_params["name"])
        with self.home.store.reading() as db:
            page = answers.page(db, feeds.public_feed(db, request.path_params["network"]), name)
        return encoded(request, page.encoded, TEXT, IMMUTABLE if isinstance(page, EntriesPage) else BODIES)

    def proof(self, request: Request) -> Response:
        body = self._read(request, lambda db, feed: answers.proof(db, feed, request.path_params["handle"]))
        return encoded(request, body, TEXT, BODIES)

    def tile(self, request: Request) -> Response:
        asked = tlog.parse_tile_path(f"tile/{request.path_params['tile']}")
        epoch = _epoch(request)
        body = self._read(request, lambda db, feed: answers.tile(db, feed, epoch, asked))
        return encoded(request, body, BYTES, IMMUTABLE)

    async def checkpoint(self, request: Request) -> Response:
        """With `after=<epoch>.<size>&wait=<s>`: answer when there is a newer one, or when the time is over."""
        epoch = _epoch(request)
        if "after" in request.query_params:
            await self._newer(request, epoch)
        body = await run_in_threadpool(self._read, request, lambda _, feed: answers.checkpoint(feed, epoch))
        return encoded(request, body, TEXT, CHECKED)

    async def _newer(self, request: Request, epoch: int) -> None:
        after = wire.parse_position(request.query_params["after"])
        clock = asyncio.get_running_loop().time
        end = clock() + min(number(request.query_params.get("wait", "0"), "wait"), LONGEST_WAIT)
        seen = self.watch.seen()
        while await run_in_threadpool(self._at, request) <= after and (left := end - clock()) > 0:
            if not await self.watch.changed(min(left, 5.0), seen) and await request.is_disconnected():
                return
            seen = self.watch.seen()

    def _at(self, request: Request) -> wire.Position:
        with self.home.store.reading() as db:
            followed = feeds.public_feed(db, request.path_params["network"]).followed
        return wire.Position(followed.epoch, followed.frontier.size)


def _epoch(request: Request) -> int:
    return number(request.path_params["epoch"], "epoch")


def encoded(request: Request, body: bytes, media_type: str, cache: str) -> Response:
    """The answer in the best content coding that the asker takes, or 304 when it has these bytes already."""
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if cache != BODIES:
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
