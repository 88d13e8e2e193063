"""Serving a network on loopback, with a hook through which every answer passes and may become a lie."""

from __future__ import annotations

import gzip
import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from suite.network import MISSING, Response

Answer = Callable[[str], Response]


class Server:
    """`answer` is asked for every request target; `sent` counts body bytes that left since it was last set to 0."""

    def __init__(self) -> None:
        self.answer: Answer = lambda target: MISSING
        self.sent = 0
        server = self

        class Asked(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                with suppress(OSError):
                    server._reply(self, server.answer(self.path))

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _reply(self, asked: BaseHTTPRequestHandler, response: Response) -> None:
        headers, body = dict(response.headers), response.body
        coded = "Content-Encoding" in headers or response.pieces
        if len(body) > 256 and not coded and "gzip" in asked.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"], body = "gzip", gzip.compress(body, 1)
        asked.send_response(response.status)
        for name, value in headers.items():
            asked.send_header(name, value)
        if not response.pieces:
            asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        for piece in itertools.chain([body], response.pieces):
            asked.wfile.write(piece)
            self.sent += len(piece)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()
