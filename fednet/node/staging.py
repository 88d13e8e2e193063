"""A place inside a home where a copy of its database may lie for a while, and of which nothing is ever left.

What was erased must not come back from a forgotten copy: a crash leaves a directory that the next one to come removes.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".restore-"
IN_USE = "in-use"


@contextmanager
def staging(home: Path) -> Iterator[Path]:
    """A directory of one's own inside the home, gone when the block ends; and what a crash left of others'."""
    sweep(home)
    place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
    with (place / IN_USE).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield place
        finally:
            shutil.rmtree(place)


def sweep(home: Path) -> None:
    """Remove what a crash has left: nobody else knows what has to be erased there."""
    for left in home.glob(f"{PREFIX}*"):
        with suppress(BlockingIOError, FileNotFoundError), (left / IN_USE).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # else somebody is at work there
            shutil.rmtree(left)
