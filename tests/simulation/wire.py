"""What lies between simulated nodes: answers are lost, cut, mangled, held up, repeated, or come from the past."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from fednet.errors import LimitError, UnreachableError
from fednet.feed.wire import MAX_ANSWER
from fednet.node.fetch import MAX_ERROR, Fetched

App = Callable[..., Any]

FAULTS = ("lost", "cut", "mangled", "stale", "late", "twice")


class Wire:
    """Carries requests between nodes by host name. `trouble` is how likely a request meets a fault."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.apps: dict[str, Callable[[str], App | None]] = {}  # by host: who asks -> the application, None when down
        self.apart: set[frozenset[str]] = set()
        self.trouble = 0.0
        self.past: dict[str, Fetched] = {}
        self.met: dict[str, int] = dict.fromkeys(FAULTS, 0)

    async def carry(self, asker: str, method: str, url: str, body: bytes, headers: dict[str, str]) -> Fetched:
        host = urlsplit(url).hostname or ""
        await self._turns(1)
        if frozenset((asker, host)) in self.apart:
            raise UnreachableError(f"{url}: partitioned")
        fault = self.rng.choice(FAULTS) if self.rng.random() < self.trouble else None
        if fault:
            self.met[fault] += 1
        if fault == "lost" and self.rng.random() < 0.5:  # on the way there; else on the way back
            raise UnreachableError(f"{url}: lost")
        if fault == "stale" and url in self.past:
            return self.past[url]
        answer = await self._asked(asker, host, method, url, body, headers)
        if fault == "twice":
            answer = await self._asked(asker, host, method, url, body, headers)
        self.past.setdefault(url, answer)
        return await self._spoiled(fault, url, answer)

    async def _asked(
        self, asker: str, host: str, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> Fetched:
        app = self.apps[host](asker) if host in self.apps else None
        if app is None:
            raise UnreachableError(f"{url}: nobody answers")
        return await asked(app, method, url, body, headers)

    async def _spoiled(self, fault: str | None, url: str, answer: Fetched) -> Fetched:
        match fault:
            case "lost":
                raise UnreachableError(f"{url}: lost")
            case "cut":
                return answer._replace(body=answer.body[: self.rng.randrange(len(answer.body) + 1)])
            case "mangled":
                return answer._replace(body=self.mangled(answer.body))
            case "late":
                await self._turns(self.rng.randrange(40))
        return answer

    def mangled(self, body: bytes) -> bytes:
        """A body with one bit, a few bytes, or a line changed."""
        if not body:
            return b"\x00"
        changed = bytearray(body)
        at = self.rng.randrange(len(changed))
        match self.rng.randrange(4):
            case 0:
                changed[at] ^= 1 << self.rng.randrange(8)
            case 1:
                del changed[at : at + self.rng.randrange(1, 40)]
            case 2:
                changed[at:at] = changed[max(at - 40, 0) : at]
            case _:
                lines = body.splitlines(keepends=True)
                self.rng.shuffle(lines)
                return b"".join(lines)
        return bytes(changed)

    async def _turns(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)


class SimulatedFetcher:
    """Stands where a node has its Fetcher."""

    allow_private = True

    def __init__(self, wire: Wire, asker: str) -> None:
        self.wire, self.asker = wire, asker

    async def __aenter__(self) -> SimulatedFetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def get(
        self, url: str, *, limit: int = MAX_ANSWER, seconds: float = 0, headers: dict[str, str] | None = None
    ) -> Fetched:
        return self._within(limit, await self.wire.carry(self.asker, "GET", url, b"", headers or {}))

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: dict[str, str] | None = None,
        limit: int = MAX_ERROR,
        seconds: float = 0,
    ) -> Fetched:
        return self._within(limit, await self.wire.carry(self.asker, "POST", url, body, headers or {}))

    def _within(self, limit: int, fetched: Fetched) -> Fetched:
        if len(fetched.body) > limit:
            raise LimitError(f"more than {limit} bytes")
        return fetched


async def asked(app: App, method: str, url: str, body: bytes, headers: dict[str, str]) -> Fetched:
    """One request to an application, without a network."""
    parts = urlsplit(url)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": quote(parts.path, safe="%/").encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(b"host", parts.netloc.encode()), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
        "client": ("127.0.0.1", 1),
        "server": (parts.hostname, 80),
    }
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    status, pieces = 500, []

    async def receive() -> dict[str, Any]:
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            pieces.append(message.get("body", b""))

    await app(scope, receive, send)
    whole = b"".join(pieces)
    return Fetched(status, whole, len(whole))
