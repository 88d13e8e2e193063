"""`fednet serve`: the web, and what the node does by itself in the background, until Ctrl-C."""

from __future__ import annotations

import logging

import uvicorn

from fednet.node import staging, tombstones
from fednet.node.background import Background
from fednet.node.erasure import settle_promptly
from fednet.node.home import Home
from fednet.web import connection
from fednet.web.app import create_app

GRACE_SECONDS = 5


def serve(home: Home, host: str, port: int, *, allow_private: bool) -> None:
    """Serve pages, API and feeds, publish and sync in the background. Returns after Ctrl-C or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    staging.sweep(home.path)
    if tombstones.reapply(home):
        settle_promptly(home)
    background = Background(home, allow_private=allow_private)
    config = uvicorn.Config(
        create_app(home),
        host=host,
        port=port,
        access_log=False,  # addresses of readers and what they asked for are nobody's business
        log_level="error",  # warnings are about what clients send
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **connection.options(),
    )
    background.start()
    try:
        uvicorn.Server(config).run()
    finally:
        background.stop()
        home.close()
