"""Nodes as they are run: homes on disk, `fednet serve` and `fednet sync` as processes of their own."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from fednet.node import home, publish
from fednet.node.home import Home
from fednet.store import drafts
from fednet.store.drafts import Draft
from tests.bench.records import Maker


class Ran(NamedTuple):
    """A finished command: the objects it printed, wall seconds, peak memory in MB."""

    lines: list[dict[str, Any]]
    seconds: float
    megabytes: float


def new_home(folder: Path, name: str) -> Home:
    shutil.rmtree(folder, ignore_errors=True)
    recovery = folder.with_name(f"{folder.name}-recovery.txt")
    recovery.unlink(missing_ok=True)
    return home.create(folder, name, None, recovery)[0]


def origin(folder: Path, count: int) -> Home:
    """A node that has published `count` synthetic records through its ordinary path."""
    node = new_home(folder, "Bench")
    maker, ids = Maker(1), random.Random(2)
    for start in range(0, count, 20_000):
        batch = [
            Draft(str(uuid.UUID(int=ids.getrandbits(128), version=4)), "public", "put", body)
            for body in maker.bodies(min(20_000, count - start), start)
        ]
        with node.store.writing() as db:
            drafts.save(db, batch, home.now())
        publish.publish(node, home.now())
    return node


def change(node: Home, count: int, seed: int) -> None:
    """New bodies for `count` records, as drafts."""
    maker = Maker(seed)
    with node.store.writing() as db:
        total = db.execute("SELECT max(id) FROM record").fetchone()[0]
        picked = sorted(maker.random.sample(range(1, total + 1), count * 2))
        marks = ",".join("?" * len(picked))
        rows = db.execute(f"SELECT handle FROM record WHERE id IN ({marks}) LIMIT {count}", picked).fetchall()
        changed = [
            Draft(handle, "public", "put", maker.organization(10_000_000 + i)) for i, (handle,) in enumerate(rows)
        ]
        drafts.save(db, changed, home.now())


def run(folder: Path, *arguments: str) -> Ran:
    """One `fednet` command as a whole process."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "fednet", "--node", str(folder), *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "FEDNET_ALLOW_PRIVATE_ADDRESSES": "1"},
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"fednet {' '.join(arguments)} ended with {process.returncode}")
    lines = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
    return Ran(lines, seconds, usage.ru_maxrss / 1024)


class Served(NamedTuple):
    url: str
    pid: int

    @property
    def megabytes(self) -> float:
        """Peak memory of the serving process so far."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The node serves on a loopback port while the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "fednet", "--node", str(folder), "serve", "--port", str(port)])
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            with suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=2):
                break
            time.sleep(0.1)
        yield Served(url, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
