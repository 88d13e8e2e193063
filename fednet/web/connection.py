"""A connection that ends: uvicorn waits for ever for a head that is never finished, and for a reader that never reads.

Every state of a connection has its time, and a head its size; whoever does not keep to it is cut off, without an
answer. What an application does with a request is limited elsewhere (`fednet.web.asgi.Timed`).
"""

from __future__ import annotations

import asyncio
from math import ceil
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 15.0  # from the first byte of a request, or from the connection, to the end of its head
ANSWER_SECONDS = 180.0  # from there until the answer is written: a long poll, or much for a slow reader
IDLE_SECONDS = 30.0  # between requests
MAX_HEAD = 64 * 1024  # bytes of a request line and its headers


class Connection(HttpToolsProtocol):
    """One client's connection, with a timer that is set anew at each step and cuts it off at the last."""

    _timer: asyncio.TimerHandle | None = None
    _taken = 0  # bytes of a head, or of what follows a body
    _stepped = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._stepped = False
        super().data_received(data)
        self._taken = 0 if self._stepped else self._taken + len(data)
        if self._taken > MAX_HEAD:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._within(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        self._stepped = True
        self._within(ANSWER_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._stepped = True
        super().on_body(body)

    def on_response_complete(self) -> None:
        self._within(ANSWER_SECONDS if self.transport.get_write_buffer_size() else IDLE_SECONDS)
        super().on_response_complete()

    def _within(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._cut)

    def _cut(self) -> None:
        self.transport.abort()


def options() -> dict[str, Any]:
    """What uvicorn is told of connections."""
    return {"http": Connection, "ws": "none", "timeout_keep_alive": ceil(IDLE_SECONDS), "limit_concurrency": 1_000}
