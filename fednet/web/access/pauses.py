"""Pauses between guesses: whoever fails again and again waits longer each time, and nobody is shut out for good.

Kept in memory, for one process serves a node; so many names at most, those not heard of for longest are forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

MAX_NAMES = 20_000
FORGOTTEN = timedelta(hours=6)


class Patience(NamedTuple):
    """So many failures without a pause; then one of a second, doubled with each failure, up to the longest."""

    free: int
    longest: timedelta


ACCOUNT = Patience(5, timedelta(minutes=15))
"""Guesses at one account: 100 a day at most, from wherever they come."""
CLIENT = Patience(20, timedelta(minutes=5))
"""Guesses from one place, which may be a whole office."""
LETTERS = Patience(3, timedelta(hours=1))
"""Letters to one address."""


class _Failed(NamedTuple):
    times: int
    at: datetime


class Pauses:
    """Failures by name, any hashable."""

    def __init__(self, most: int = MAX_NAMES) -> None:
        self.most = most
        self._lock = Lock()
        self._failed: OrderedDict[Hashable, _Failed] = OrderedDict()

    def left(self, name: Hashable, patience: Patience, now: datetime) -> timedelta:
        """How long this name must wait; zero when it need not."""
        with self._lock:
            return self._left(name, patience, now)

    def _left(self, name: Hashable, patience: Patience, now: datetime) -> timedelta:
        times, at = self._known(name, now)
        pause = min(timedelta(seconds=2 ** min(times - patience.free, 30)), patience.longest)
        return max(at + pause - now, timedelta()) if times >= patience.free else timedelta()

    def begin(self, name: Hashable, patience: Patience, now: datetime) -> timedelta:
        """As `left`; when there is none, an attempt counts as failed until it has `succeeded`, so that many at once
        are not judged before the first of them is counted."""
        with self._lock:
            left = self._left(name, patience, now)
            if not left:
                self._count(name, now)
        return left

    def failed(self, name: Hashable, now: datetime) -> None:
        with self._lock:
            self._count(name, now)

    def _count(self, name: Hashable, now: datetime) -> None:
        times, _ = self._known(name, now)
        self._failed.pop(name, None)
        self._failed[name] = _Failed(times + 1, now)
        if len(self._failed) > self.most:
            self._failed.popitem(last=False)

    def succeeded(self, name: Hashable) -> None:
        with self._lock:
            self._failed.pop(name, None)

    def _known(self, name: Hashable, now: datetime) -> _Failed:
        found = self._failed.get(name)
        return found if found is not None and now < found.at + FORGOTTEN else _Failed(0, now)
