"""An application behind uvicorn on loopback, in a thread of its own, that ends as soon as it is told to.

uvicorn looks ten times a second whether it shall end, and again whether it has: with some hundred servers that come and
go in a run, most of its time went into waiting for that.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn

TICK = 0.005  # seconds between two looks whether to end
PATIENCE = 0.2  # seconds that answers under way may take when all is over


class Quick(uvicorn.Server):
    """Serves as uvicorn does; only the end is quicker."""

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            await asyncio.sleep(TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(round(PATIENCE / TICK)):
            if not self.server_state.connections and not self.server_state.tasks:
                break
            await asyncio.sleep(TICK)
        for task in list(self.server_state.tasks):
            task.cancel()
        await self.lifespan.shutdown()


class Serving:
    """Answers at `url` from the beginning: whoever connects before it has begun waits in the queue of its socket.

    `options` are uvicorn's.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        config = uvicorn.Config(app, interface="asgi3", log_level="critical", lifespan="off", **options)
        self.server = Quick(config)
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self._thread.join(10)
        self._socket.close()
