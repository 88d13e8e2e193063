"""Writing a file so that a crash leaves the old one or the new one, never half of either; and being alone at it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fednet.errors import BusyError, UsageError


def write_atomically(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace `path`; durable when this returns, the directory entry included."""
    with replacing(path, mode=mode) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of `path` when the block ends; as durable as `write_atomically`."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def check_output(home: Path, file: Path) -> None:
    """Raise UsageError unless a person may have a file written there: outside of the home, over a file or nothing.

    The home is recognised by whatever path leads to it; links, folders and devices are neither followed nor replaced.
    """
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise UsageError(f"{file} is a link, a folder or a device", hint="name an ordinary file")
    if file.resolve().is_relative_to(home.resolve()):
        raise UsageError(f"{file} would lie in the node's own home", hint="name a file elsewhere")


def sync_directory(path: Path) -> None:
    """Make renames and new names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def held(path: Path, taken: str, hint: str) -> Iterator[None]:
    """Hold the file `path`, made for this, until the block or the process ends; BusyError when somebody else does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(taken, hint=hint) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Wait until nobody else, of any thread or process, is in here for this directory. A crash lets go of it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
