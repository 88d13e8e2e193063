"""A client that speaks ASGI to an application, without a network between them."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple
from urllib.parse import quote, unquote


class Answer(NamedTuple):
    """`cookies`: the lines of Set-Cookie, of which there may be several."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks one application, as a browser would unless `headers` say otherwise."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.app = app
        self.headers = headers

    def get(self, url: str, **headers: str) -> Answer:
        return self.ask("GET", url, b"", **headers)

    def post(self, url: str, body: bytes, **headers: str) -> Answer:
        return self.ask("POST", url, body, **headers)

    def ask(self, method: str, url: str, body: bytes, **headers: str) -> Answer:
        return asyncio.run(self._ask(method, url, body, {**self.headers, **headers}))

    async def _ask(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = url.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": quote(path, safe="%/").encode(),
            "root_path": "",
            "query_string": quote(query, safe="%&=+,;:/?").encode(),
            "headers": [(k.replace("_", "-").lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        parts = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return parts.pop() if parts else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(dict(message))

        await self.app(scope, receive, send)
        found = {k.decode().lower(): v.decode() for k, v in sent[0]["headers"]}
        cookies = tuple(v.decode() for k, v in sent[0]["headers"] if k.lower() == b"set-cookie")
        return Answer(sent[0]["status"], found, b"".join(part.get("body", b"") for part in sent[1:]), cookies)
