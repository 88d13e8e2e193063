"""Noticing that the database changed, whichever process or thread changed it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fednet.store.database import Store

INTERVAL = 0.25  # seconds; one cheap question to SQLite each


class Watch:
    """Wakes any number of waiters of one event loop after a commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    async def changed(self, seconds: float) -> bool:
        """Wait until something was committed, at most so long; whether it was."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._run())
        waiting = self._changed
        with suppress(TimeoutError):
            await asyncio.wait_for(waiting.wait(), seconds)
        return waiting.is_set()

    async def _run(self) -> None:
        seen = self._store.changed()
        while True:
            await asyncio.sleep(INTERVAL)
            now = self._store.changed()
            if now != seen:
                seen = now
                woken, self._changed = self._changed, asyncio.Event()
                woken.set()
