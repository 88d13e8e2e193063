"""`fednet serve`: the web, and what the node does by itself in the background, until Ctrl-C."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from fednet.directory import fits
from fednet.directory.matching import one_batch
from fednet.feed.text import plain
from fednet.node import forgotten, hiding, introductions, staging, tombstones, uploads
from fednet.node.background import Background
from fednet.node.erasure import settle_promptly
from fednet.node.files import held
from fednet.node.home import Home, now
from fednet.store import columns
from fednet.store.database import Store
from fednet.web import connection
from fednet.web.app import create_app
from fednet.web.reminding import daily

GRACE_SECONDS = 5
LOCK = "serve.lock"


def serve(home: Home, host: str, port: int, *, allow_private: bool, begun: Callable[[], None] = lambda: None) -> None:
    """Serve pages, API and feeds, publish and sync in the background. Returns after Ctrl-C or SIGTERM.

    `begun` is called once it is certain that this process serves. Raises BusyError when another process serves this
    home: only one knows which signed requests were made.
    """
    _log_plainly()
    with held(home.path / LOCK, f"{home.path} is served by another process", "end that one first"):
        begun()
        _serve(home, host, port, allow_private)


class Plain(logging.Formatter):
    """A line for each message, whatever a peer calls itself; traces follow indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return plain(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(f"  {plain(line)}" for line in super().formatException(ei).split("\n"))


def _log_plainly() -> None:
    """Everything that is logged, uvicorn's too, goes through one formatter."""
    told = logging.StreamHandler()
    told.setFormatter(Plain("%(asctime)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[told])


def _read_columns(home: Home) -> None:
    """What searches need in memory: seconds for a million records, which the first who searches should not wait."""
    with home.store.reading() as db:
        columns.keep(home.store).at(db)


def _matched(store: Store) -> bool:
    """A step in finding what is one organisation; when there is none left, what fits which need is worked out."""
    more = one_batch(store)
    if not more:
        fits.warm(store)
    return more


class _Server(uvicorn.Server):
    """Tells the application that it ends: long polls are answered at once, so nobody has to be cut off."""

    def __init__(self, config: uvicorn.Config, app: Starlette) -> None:
        super().__init__(config)
        self.app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.app.state.closing = True
        super().handle_exit(sig, frame)


def _serve(home: Home, host: str, port: int, allow_private: bool) -> None:
    staging.sweep(home.path)
    uploads.sweep(home, now())
    if tombstones.reapply(home) + introductions.forget_again(home, forgotten.kept(home.path), now()):
        settle_promptly(home)
    hiding.reapply(home, now())
    background = Background(home, allow_private=allow_private, match=_matched, daily=daily)
    app = create_app(home, allow_private=allow_private)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # addresses of readers and what they asked for are nobody's business
        log_level="error",  # warnings are about what clients send
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **connection.options(),
    )
    Thread(target=_read_columns, args=(home,), daemon=True).start()
    background.start()
    try:
        _Server(config, app).run()
    finally:
        background.stop()
        home.close()
