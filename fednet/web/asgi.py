"""What stands around every answer: headers that browsers obey, limits, compression, and an end for what goes wrong.

Plain ASGI, so that long polls and streamed feeds pass through without being held up.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable

import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fednet.errors import LimitError

MAX_POST = 64 * 1024
"""Bytes of a request's body."""

SMALLEST_COMPRESSED = 512
GZIP_LEVEL = 6
ZSTD_LEVEL = 6
COMPRESSED = frozenset({"application/json", "image/svg+xml", "text/css", "text/html"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "private, no-cache",  # what was withdrawn must not linger
    "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

log = logging.getLogger("fednet.web")


class Secured:
    """Adds the `HEADERS` to every answer; one that an answer already carries is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, secured)


class Caught:
    """Turns an unforeseen exception into `answer(request)`; the log gets the path, never the query or the body."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request], Response]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noticed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noticed)
        except ClientDisconnect:  # nobody is left to be answered
            return
        except Exception:
            if scope["type"] != "http":
                raise
            log.exception("%s %s failed", scope["method"], scope["path"])
            if begun:  # half an answer can only be cut off
                raise
            await self.answer(Request(scope))(scope, receive, send)


class Limited:
    """Raises `LimitError` in whoever reads a request's body beyond `MAX_POST`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_POST:
                raise LimitError(f"the request is larger than {MAX_POST} bytes")
            return message

        await self.app(scope, counted, send)


class Compressed:
    """Compresses whole HTML, JSON, CSS and SVG answers with zstd or gzip, whichever is preferred."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "HEAD":
            await self.app(scope, receive, send)
            return
        coding = preferred(Headers(scope=scope).get("accept-encoding", ""))
        start: Message = {}

        async def compressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_compressible(message):
                start = message
                MutableHeaders(scope=start).add_vary_header("Accept-Encoding")
                return
            if start:
                begun, start = start, {}
                whole = message["type"] == "http.response.body" and not message.get("more_body")
                if whole and coding and len(message.get("body", b"")) >= SMALLEST_COMPRESSED:
                    message = _shrunk(begun, message, coding)
                await send(begun)
            await send(message)

        await self.app(scope, receive, compressed)


def preferred(accepted: str) -> str | None:
    """Which of zstd and gzip an Accept-Encoding header (RFC 9110, 12.5.3) prefers; None for neither."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = _weight(weight)
    best = max(("zstd", "gzip"), key=lambda coding: weights.get(coding, 0.0))
    return best if weights.get(best, 0.0) > 0 else None


def _weight(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
    except ValueError:
        return 0.0


def _is_compressible(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "").partition(";")[0].strip()
    return kind in COMPRESSED and "content-encoding" not in headers and start["status"] not in (204, 206, 304)


def _shrunk(start: Message, message: Message, coding: str) -> Message:
    headers = MutableHeaders(scope=start)
    if coding == "zstd":
        body = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(message["body"])
    else:
        body = gzip.compress(message["body"], GZIP_LEVEL, mtime=0)
    headers["Content-Encoding"] = coding
    headers["Content-Length"] = str(len(body))
    if headers.get("etag", "").startswith('"'):  # other bytes, same meaning
        headers["ETag"] = f"W/{headers['etag']}"
    return {**message, "body": body}
