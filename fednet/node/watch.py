"""Noticing that the database changed, whichever process or thread changed it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fednet.store.database import Store

INTERVAL = 0.25  # seconds; one cheap question to SQLite each


class Watch:
    """Lets any number of waiters of one event loop wait for the next commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seen(self) -> int:
        """A number that is another one after somebody else has committed."""
        return self._store.changed()

    async def changed(
        self, seconds: float, since: int | None = None, ended: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait until something was committed since a `seen()` (default: now), at most so long and until it is `ended`;
        whether it was."""
        since = self.seen() if since is None else since
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while self.seen() == since:
            if clock() >= end or ended():
                return False
            await asyncio.sleep(min(INTERVAL, max(end - clock(), 0)))
        return True
