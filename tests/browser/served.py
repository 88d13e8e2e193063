"""Nodes as a secretariat starts them: `fednet init`, `fednet serve`, each a process of its own on a free port."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

FEDNET = [sys.executable, "-m", "fednet"]
STARTING_SECONDS = 60


class Served(NamedTuple):
    """Where a node answers, and the link that it printed for its first administrator (a path)."""

    home: Path
    address: str
    welcome: str


@contextmanager
def served(path: Path, name: str) -> Iterator[Served]:
    """A new node that serves until the block ends."""
    home = path / "node"
    path.mkdir(parents=True)
    subprocess.run([*FEDNET, "--node", home, "init", "--name", name], check=True, capture_output=True)
    port = free_port()
    with serving(home, port) as said:
        yield Served(home, f"http://127.0.0.1:{port}", said(r"http://\S+?(/welcome/\S+)"))


@contextmanager
def serving(home: Path, port: int) -> Iterator[Callable[[str], str]]:
    """A home is served until the block ends. What is given waits until the node has said something, and finds it."""
    log = home.parent / "serve.log"
    command = [*FEDNET, "--node", home, "serve", "--port", str(port), "--allow-private-addresses"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield lambda pattern: _said(process, log, pattern)
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


def _said(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    """The first group of what a node says, once it has."""
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(pattern, log.read_text("utf-8")):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"the node did not start: {log.read_text('utf-8')}")
