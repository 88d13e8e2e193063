"""Reading from peers: bounded in bytes and time, to public addresses only unless the operator allows private ones.

Answers are counted while they stream, before and after decompression. Redirects are followed on the same host only.
"""

from __future__ import annotations

import os
import socket
import zlib
from collections.abc import Mapping
from io import BytesIO
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
import zstandard

from fednet.errors import LimitError, MalformedError, UnreachableError
from fednet.feed.text import shown
from fednet.feed.wire import MAX_ANSWER
from fednet.node.address import is_literal, is_public, parsed

REQUEST_SECONDS = 60.0  # a whole answer
CONNECT_SECONDS = 10.0
MAX_REDIRECTS = 3
MAX_ERROR = 64 * 1024
MAX_WINDOW = 8 * 1024 * 1024  # zstd, RFC 9659
CONNECTIONS_A_HOST = 24


def public_socket(wanted: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for an address of the open Internet only: however a name is spelled, this is what is connected to."""
    family, kind, protocol, _, address = wanted
    if not is_public(str(address[0])):
        raise OSError(None, f"{address[0]} is not an address of the open Internet")
    return socket.socket(family, kind, protocol)


class Fetched(NamedTuple):
    """An answer: its decoded body, and how many bytes travelled."""

    status: int
    body: bytes
    wire_bytes: int


class Fetcher:
    """A session with any number of peers; use as an asynchronous context."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            socket_factory=None if self.allow_private else public_socket,
            limit_per_host=CONNECTIONS_A_HOST,
            use_dns_cache=False,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "zstd, gzip", "User-Agent": "fednet"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(
        self,
        url: str,
        *,
        limit: int = MAX_ANSWER,
        seconds: float = REQUEST_SECONDS,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """GET, whatever the status; raises UnreachableError when there is no answer, LimitError when it is too long."""
        for _ in range(MAX_REDIRECTS + 1):
            fetched, target = await self._asked("GET", url, limit, seconds, headers)
            if target is None:
                return fetched
            url = _moved(url, target)
        raise UnreachableError(f"{url}: too many redirects")

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_ERROR,
        seconds: float = REQUEST_SECONDS,
    ) -> Fetched:
        """POST, whatever the status; never redirected, raises as `get` does."""
        fetched, target = await self._asked("POST", url, limit, seconds, headers, body)
        if target is not None:
            raise UnreachableError(f"{url}: sends us elsewhere ({shown(target)}), which is not followed on POST")
        return fetched

    async def _asked(
        self, method: str, url: str, limit: int, seconds: float, headers: Mapping[str, str] | None, body: bytes = b""
    ) -> tuple[Fetched, str | None]:
        """One request, and where its answer sends us."""
        self._check(url)
        try:
            return await self._once(method, url, limit, seconds, headers, body)
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeError) as error:
            raise UnreachableError(f"{url}: {_said(error)}") from None

    def _check(self, url: str) -> None:
        host = parsed(url).hostname
        if not self.allow_private and host and is_literal(host) and not is_public(host):
            raise UnreachableError(
                f"{url}: {host} is not an address of the open Internet",
                hint="--allow-private-addresses, or allow_private_addresses = true in node.toml",
            )

    async def _once(
        self, method: str, url: str, limit: int, seconds: float, headers: Mapping[str, str] | None, body: bytes
    ) -> tuple[Fetched, str | None]:
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        async with self._session.request(
            method, url, data=body or None, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            if response.status in (301, 302, 303, 307, 308):
                return Fetched(response.status, b"", 0), response.headers.get("Location", "")
            limit = limit if response.status == 200 else min(limit, MAX_ERROR)
            raw = bytearray()
            async for piece in response.content.iter_any():
                raw += piece
                if len(raw) > limit:
                    raise LimitError(f"{url}: more than {limit} bytes")
            found = decoded(bytes(raw), response.headers.get("Content-Encoding", "identity"), limit)
            return Fetched(response.status, found, len(raw)), None


def _moved(url: str, target: str) -> str:
    """Where a redirect leads; on the same host only."""
    try:
        moved = urljoin(url, target)
        same = urlsplit(moved)[:2] == urlsplit(url)[:2]
    except ValueError:
        moved, same = target, False
    if not same:
        raise UnreachableError(f"{url}: sends us to another host ({shown(moved)}), which is not followed")
    return moved


def decoded(raw: bytes, encoding: str, limit: int) -> bytes:
    """A body without its content coding; never more than `limit` bytes are produced."""
    match encoding.strip().lower():
        case "identity" | "":
            body = raw
        case "zstd":
            try:
                reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(
                    BytesIO(raw), read_across_frames=True
                )
                body = reader.read(limit + 1)
            except zstandard.ZstdError as error:
                raise MalformedError(f"the answer is not valid zstd: {error}") from None
        case "gzip" | "x-gzip":
            inflater = zlib.decompressobj(wbits=31)
            try:
                body = inflater.decompress(raw, limit + 1)
            except zlib.error as error:
                raise MalformedError(f"the answer is not valid gzip: {error}") from None
            if len(body) <= limit and not inflater.eof:
                raise MalformedError("the answer is cut: its gzip stream does not end")
        case other:
            raise MalformedError(f"the answer is coded as {shown(other)}, which was not asked for")
    if len(body) > limit:
        raise LimitError(f"an answer of more than {limit} bytes, decoded")
    return body


def error_detail(fetched: Fetched) -> str:
    """What a JSON error answer says, safe to show."""
    try:
        found: Any = msgspec.json.decode(fetched.body)
        return f"{fetched.status} {shown(str(found['error']))[1:-1]}: {shown(str(found['detail']), 200)[1:-1]}"
    except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError, RecursionError):
        return f"{fetched.status}"


def _said(error: BaseException) -> str:
    """Why there was no answer, in a reader's words."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientConnectorDNSError() | UnicodeError():  # the latter: not even a name, as a..b
            return "no such name, or none that may be connected to"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "no secure connection: does it speak https, with a valid certificate?"
        case aiohttp.ClientConnectorError():
            return f"no connection: {os.strerror(error.os_error.errno) if error.os_error.errno else error.os_error}"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | ConnectionError():
            return "the connection broke off"
        case _:
            return str(error) or type(error).__name__
