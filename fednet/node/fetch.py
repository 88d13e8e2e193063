"""Reading from peers: bounded in bytes and time, to public addresses only unless the operator allows private ones.

Answers are counted while they stream, before and after decompression. Redirects are followed on the same host only.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from fednet.errors import LimitError, RefusedError, UnreachableError
from fednet.feed.text import shown
from fednet.feed.wire import MAX_ANSWER
from fednet.node.address import is_literal, is_public, parsed
from fednet.node.coding import ACCEPTED, Decoder

REQUEST_SECONDS = 60.0  # a whole answer
CONNECT_SECONDS = 10.0
LONGEST_PAUSE = 20  # seconds that a busy peer may ask for
REDIRECTS = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 3
MAX_ERROR = 64 * 1024
CONNECTIONS_A_HOST = 24
LOOKUPS_AT_ONCE = 32


def public_socket(wanted: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for an address of the open Internet only: however a name is spelled, this is what is connected to."""
    family, kind, protocol, _, address = wanted
    if not is_public(str(address[0])):
        raise OSError(None, f"{address[0]} is not an address of the open Internet")
    return socket.socket(family, kind, protocol)


class _Names(AbstractResolver):
    """Looks names up in threads of its own: a name server that stalls holds up other look-ups at most."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, "fednet names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=family, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for family, _, proto, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Fetched(NamedTuple):
    """An answer: its decoded body, how many bytes travelled, and of a POST what kind of text it says it is."""

    status: int
    body: bytes
    wire_bytes: int
    media_type: str = ""


class Fetcher:
    """A session with any number of peers; use as an asynchronous context."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private

    async def __aenter__(self) -> Self:
        self._names = _Names()
        connector = aiohttp.TCPConnector(
            socket_factory=None if self.allow_private else public_socket,
            limit_per_host=CONNECTIONS_A_HOST,
            use_dns_cache=False,
            resolver=self._names,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            headers={"Accept-Encoding": ACCEPTED, "User-Agent": "fednet"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._names.close()

    async def get(
        self,
        url: str,
        *,
        limit: int = MAX_ANSWER,
        seconds: float = REQUEST_SECONDS,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """GET, whatever the status; raises UnreachableError when there is no answer, LimitError when it is too long.

        `seconds` are for all of it: redirects, and the one pause that a busy peer may ask for.
        """
        end = _clock() + seconds
        fetched, answered = await self._followed(url, limit, end, headers)
        pause = _asked_to_wait(fetched.status, answered)
        if pause is not None and not headers and _clock() + pause < end:  # a signed request is good for once
            await asyncio.sleep(pause)
            fetched, _ = await self._followed(url, limit, end, headers)
        return fetched

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_ERROR,
        seconds: float = REQUEST_SECONDS,
    ) -> Fetched:
        """POST, whatever the status; never redirected and never sent twice, raises as `get` does."""
        fetched, answered = await self._asked("POST", url, limit, _clock() + seconds, headers, body)
        if fetched.status in REDIRECTS:
            target = shown(answered.get("Location", ""))
            raise UnreachableError(f"{url}: sends us elsewhere ({target}), which is not followed on POST")
        return fetched._replace(media_type=answered.get("Content-Type", "").partition(";")[0].strip().lower())

    async def _followed(self, url: str, limit: int, end: float, headers: Mapping[str, str] | None) -> _Answered:
        """GET through a few redirects, each on the host that was asked: so `headers` go nowhere else."""
        for _ in range(MAX_REDIRECTS + 1):
            fetched, answered = await self._asked("GET", url, limit, end, headers)
            if fetched.status not in REDIRECTS:
                return fetched, answered
            url = _moved(url, answered.get("Location", ""))
        raise UnreachableError(f"{url}: too many redirects")

    async def _asked(
        self, method: str, url: str, limit: int, end: float, headers: Mapping[str, str] | None, body: bytes = b""
    ) -> _Answered:
        """One request and its answer, whole before `end`."""
        self._check(url)
        try:
            async with (
                asyncio.timeout_at(end),
                self._session.request(
                    method, url, data=body or None, headers=headers, allow_redirects=False
                ) as response,
            ):
                return await _read(url, response, limit), response.headers
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeError) as error:
            raise UnreachableError(f"{url}: {_said(error)}") from None

    def _check(self, url: str) -> None:
        """Literal addresses, for a message that says what to do; what counts is `public_socket`."""
        host = parsed(url).hostname
        if not self.allow_private and host and is_literal(host) and not is_public(host):
            raise UnreachableError(
                f"{url}: {host} is not an address of the open Internet",
                hint="--allow-private-addresses, or allow_private_addresses = true in node.toml",
            )


_Answered = tuple[Fetched, Mapping[str, str]]


def _clock() -> float:
    return asyncio.get_running_loop().time()


async def _read(url: str, response: aiohttp.ClientResponse, limit: int) -> Fetched:
    """The body, counted as it comes. Of an error no more is read than can be shown; a redirect has none."""
    if response.status in REDIRECTS:
        return Fetched(response.status, b"", 0)
    coding = response.headers.get("Content-Encoding", "identity")
    if response.status == 200:
        return await _counted(url, response, Decoder(coding, limit), limit)
    try:
        return await _counted(url, response, Decoder(coding, MAX_ERROR), MAX_ERROR)
    except RefusedError:
        return Fetched(response.status, b"", MAX_ERROR)


async def _counted(url: str, response: aiohttp.ClientResponse, decoder: Decoder, limit: int) -> Fetched:
    taken = 0
    async for piece in response.content.iter_any():
        taken += len(piece)
        if taken > limit:
            raise LimitError(f"{url}: more than {limit} bytes")
        decoder.write(piece)
    return Fetched(response.status, decoder.finish(), taken)


def _asked_to_wait(status: int, answered: Mapping[str, str]) -> float | None:
    """Seconds after which a busy peer wants to be asked again (RFC 9110, 10.2.3), if that is soon."""
    wanted = answered.get("Retry-After", "")
    if status not in (429, 503) or not re.fullmatch("[0-9]{1,3}", wanted) or int(wanted) > LONGEST_PAUSE:
        return None
    return float(wanted)


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


def error_word(fetched: Fetched) -> str:
    """The word of a JSON error answer (SPEC, section 1); empty when it has none."""
    try:
        return str(msgspec.json.decode(fetched.body, type=_Refusal).error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


class _Refusal(msgspec.Struct):
    error: str


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
