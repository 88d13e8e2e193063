"""What stands around every answer: headers that browsers obey, limits, compression, and an end for what goes wrong.

Plain ASGI, so that long polls and streamed feeds pass through without being held up.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from ipaddress import IPv6Network, ip_address

import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fednet.errors import BusyError, FednetError, LimitError, MisdirectedError, SlowError, ThrottledError
from fednet.feed.text import shown
from fednet.node.address import is_literal
from fednet.web import translation

Answer = Callable[[Request, FednetError], Response]
"""How a refusal is told to whoever asked."""

MAX_POST = 64 * 1024
"""Bytes of a request's body."""
MAX_UPLOAD = 12 * 1024 * 1024
"""Bytes of a body with files, of whoever may send some (`policy.Rule.upload`)."""

BODY_SECONDS = 20.0
ANSWER_SECONDS = 90.0  # more than a long poll takes
UPLOAD_SECONDS = 120.0  # for a body with files: MAX_UPLOAD over a slow line
_UPLOAD = "fednet.upload"
_MOST = "fednet.most"

RATE = 10  # costly answers a second, to one client
BURST = 300  # and at once: 64 peers behind one address, pages with what belongs to them
MAX_CLIENTS = 10_000

SMALLEST_COMPRESSED = 512
GZIP_LEVEL = 6
ZSTD_LEVEL = 6
COMPRESSED = frozenset(
    "application/feed+json application/json application/ld+json application/x-ndjson image/svg+xml text/calendar "
    "text/css text/csv text/html text/javascript text/vcard".split()
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "private, no-cache",  # what was withdrawn must not linger
    "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",  # with less, browsers do not say where our own forms come from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

log = logging.getLogger("fednet.web")


class Secured:
    """Adds the `HEADERS` to every answer; one that an answer already carries is kept.

    X-Frame-Options cannot name sites, as a Content-Security-Policy can: with one of its own, an answer goes without.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_framed = "frame-ancestors http" in headers.get("Content-Security-Policy", "")
                for name, value in HEADERS.items():
                    if not (is_framed and name == "X-Frame-Options"):
                        headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, secured)


class Caught:
    """Turns an unforeseen exception into `answer(request)`; the log gets the template of its address.

    Never the address itself: it may hold a secret, or a handle; nor the query or the body.
    """

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
            log.exception("%s %s failed", scope["method"], getattr(scope.get("route"), "path", "?"))
            if begun:  # half an answer can only be cut off
                raise
            await self.answer(Request(scope))(scope, receive, send)


def admit_upload(scope: Scope) -> None:
    """From now on this request's body may be as large as `MAX_UPLOAD`, and take as long as `UPLOAD_SECONDS`.

    To be called before its first byte is read, of somebody who is known to be allowed.
    """
    scope[_UPLOAD] = True
    admit(scope, MAX_UPLOAD)


def admit(scope: Scope, most: int) -> None:
    """From now on this request's body may have so many bytes; to be called before its first is read."""
    scope[_MOST] = most


class Limited:
    """Raises `LimitError` in whoever reads a request's body beyond `MAX_POST`; before its first byte if it says so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = _announced(scope)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            most = scope.get(_MOST, MAX_POST)
            message = await receive() if announced <= most else {}
            taken += len(message.get("body", b""))
            if max(announced, taken) > most:
                raise LimitError(f"the request is larger than {most} bytes")
            return message

        await self.app(scope, counted, send)


def _announced(scope: Scope) -> int:
    """What a request says that its body will be."""
    said = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
    return int(said) if re.fullmatch("[0-9]{1,19}", said) else 0


class Spoken:
    """Answers in the language that the reader chose (a cookie), else in the best of those that the browser names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked = Request(scope)
            choice = asked.cookies.get(translation.COOKIE)
            translation.speak(translation.negotiated(choice, asked.headers.get("accept-language", "")))
        await self.app(scope, receive, send)


class Timed:
    """Gives a request's body `BODY_SECONDS` to come and its answer `ANSWER_SECONDS` to be made, in all."""

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = asyncio.get_running_loop().time()
        whole = begun = False

        async def hurried() -> Message:
            nonlocal whole
            if whole:  # nothing more comes but the end of the connection, which may be waited for
                return await receive()
            body_seconds = BODY_SECONDS
            if _UPLOAD in scope:
                body_seconds = UPLOAD_SECONDS
                total.reschedule(began + UPLOAD_SECONDS + ANSWER_SECONDS)
            async with asyncio.timeout_at(began + body_seconds):
                message = await receive()
            whole = not message.get("more_body", False)
            return message

        async def noticed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout_at(began + ANSWER_SECONDS) as total:
                await self.app(scope, hurried, noticed)
        except TimeoutError:
            if begun:  # half an answer can only be cut off
                raise ClientDisconnect from None
            late = BusyError("the answer took too long") if whole else SlowError("the request did not come in time")
            await self.answer(Request(scope), late)(scope, receive, send)


class Addressed:
    """Answers only who asks for this node by a name that it knows, or by a number.

    A page of somebody else's, whose name was made to lead here (DNS rebinding), asks under its own name. Numbers, and
    requests that name no host at all, cannot be its. `names` are asked for at each request: settings change.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], answer: Answer) -> None:
        self.app = app
        self.names = names
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = Headers(scope=scope).getlist("host") if scope["type"] == "http" else []
        if all(map(self._is_ours, hosts)) and len(hosts) < 2:
            await self.app(scope, receive, send)
            return
        error = MisdirectedError(
            f"this node is not called {shown(hosts[0], 80)}",
            hint='if it should be: hosts = ["its.other.name"] in node.toml',
        )
        await self.answer(Request(scope), error)(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        ours = map(_plain_name, ("localhost", *self.names))
        return is_literal(match[1].strip("[]")) or _plain_name(match[1]) in ours


_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s\[\]:/?#@]+)(?::[0-9]{0,5})?")


def _plain_name(name: str) -> str:
    """A host name as browsers send it: small letters, other scripts in punycode, without the root's dot."""
    try:
        return name.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name.lower()


class Throttled:
    """Lets each client have so many costly answers a second; more than that are told when to come again.

    Clients on this machine are not counted: a reverse proxy that names none of its clients is one of them.
    """

    def __init__(self, app: ASGIApp, answer: Answer, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self.answer = answer
        self.clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> tokens left, at what time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_costly(scope["path"]) or self._has_left(client_of(scope)):
            await self.app(scope, receive, send)
            return
        error = ThrottledError(f"more than {RATE} costly requests a second", hint="slow down, and go on in a moment")
        response = self.answer(Request(scope), error)
        response.headers["Retry-After"] = "1"
        await response(scope, receive, send)

    def _has_left(self, client: str | None) -> bool:
        """Take one token from a client's bucket, if there is one; those not heard of for longest are forgotten."""
        if client is None:
            return True
        now = self.clock()
        tokens, then = self._buckets.pop(client, (float(BURST), now))
        tokens = min(BURST, tokens + (now - then) * RATE)
        self._buckets[client] = (max(tokens - 1, 0.0) if tokens >= 1 else tokens, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return tokens >= 1


_CHEAP = ("/static/", "/healthz", "/readyz", "/.well-known/")
_COSTLY_OF_FEEDS = re.compile(r"/feeds/[^/]+/[^/]+/(?:changes|proof/.*)")


def is_costly(path: str) -> bool:
    """Whether an answer takes a search, a page or a proof to be made; what a first sync reads by thousands does not."""
    if path.startswith("/feeds/"):
        return _COSTLY_OF_FEEDS.fullmatch(path) is not None
    return not path.startswith(_CHEAP)


def client_of(scope: Scope) -> str | None:
    """Whom a request counts for: an IPv4 address, the network of an IPv6 address; None for this machine."""
    try:
        address = ip_address((scope.get("client") or ("",))[0].split("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback:
        return None
    return str(mapped) if mapped.version == 4 else str(IPv6Network((mapped, 64), strict=False))


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
