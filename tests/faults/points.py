"""Commands killed, or failed by the disk, at every system call by which they write.

`python -m tests.faults.points [MOST]` tries every point of every act, or so many of each (`make faults`). A point is
(system call, its number in a run that succeeds). At each, the command runs under strace: killed there (SIGKILL before
call), or told there that the disk is full or broken. Afterwards the home is opened as after a restart: everything
acknowledged is there, everything stored is as signed, nothing was signed twice; and the same command succeeds.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyrage

from fednet.feed.checkpoint import parse_checkpoint
from fednet.node import doctor, edits, publish, verify
from fednet.node.home import Home, create
from fednet.store import drafts, feeds
from fednet.store.drafts import Draft
from tests.node.nodes import NOW, Served, add, pin, synced

ROOT = Path(__file__).parents[2]
CALLS = (
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "renameat2",
    "unlink",
    "unlinkat",
    "ftruncate",
    "fallocate",
)
MEMBERS = "name,country,services\n" + "".join(f"Member {i},TH,legal aid\n" for i in range(12))


class Act(NamedTuple):
    """A command and the place it works in. `prepare(directory)` makes the place once; each point gets a copy of it.

    With `origin`, the home in that directory of the template is served while the act is tried.
    """

    name: str
    prepare: Callable[[Path], None]
    arguments: tuple[str, ...]  # {} is the copy's directory
    origin: str | None = None


class Point(NamedTuple):
    call: str
    number: int
    fault: str  # signal=KILL, error=ENOSPC, error=EIO


# --- acts


def _home(directory: Path, *words: str) -> Home:
    made, _ = create(directory / "node", "Example Network", None, directory / "recovery.txt")
    if words:
        add(made, *words)
        publish.publish(made, NOW)
    return made


def waiting(directory: Path) -> None:
    home = _home(directory, "Alpha", "Beta")
    add(home, "Gamma", "Delta")
    home.close()


def spreadsheet(directory: Path) -> None:
    _home(directory, "Alpha").close()
    (directory / "members.csv").write_text(MEMBERS)


def erasing(directory: Path) -> None:
    home = _home(directory, "Alpha", "Beta", "Gamma")
    with home.store.reading() as db:
        (handle,) = db.execute("SELECT handle FROM record ORDER BY handle LIMIT 1").fetchone()
    with home.store.writing() as db:
        drafts.save(db, [Draft(handle, "public", "erase", None)], NOW)
    home.close()


def behind(directory: Path) -> None:
    """A follower that has synced, and its origin, which has published since."""
    (directory / "origin").mkdir(parents=True)
    origin = _home(directory / "origin", *(f"Word {i}" for i in range(40)))
    follower = _home(directory, "Own")
    served = Served(origin)
    pin(follower, origin, served.url)
    synced(follower)
    served.close()
    add(origin, "Newer", "Newest")
    publish.publish(origin, NOW)
    origin.close()
    follower.close()


def to_back_up(directory: Path) -> None:
    """A node, and the age key that its backups are encrypted to (a passphrase would take seconds each time)."""
    waiting(directory)
    identity = pyrage.x25519.Identity.generate()
    (directory / "age.txt").write_text(f"{identity}\n")
    (directory / "recipient.txt").write_text(str(identity.to_public()))


def backed_up(directory: Path) -> None:
    """A backup, and no node any more."""
    to_back_up(directory)
    fednet(directory, "backup", "{}/node.backup", "--to", (directory / "recipient.txt").read_text())
    shutil.rmtree(directory / "node")


AT_ITS_WORD = ("--offline", "--newest", "--yes")

ACTS = (
    Act("publish", waiting, ("publish",)),
    Act("import", spreadsheet, ("import", "{}/members.csv")),
    Act("erase", erasing, ("publish",)),
    Act("rotate", waiting, ("keys", "rotate", "--recovery", "{}/recovery.txt", "--yes")),
    Act("sync", behind, ("sync", "--allow-private-addresses"), origin="origin/node"),
    Act("backup", to_back_up, ("backup", "{}/node.backup", "--yes")),
    Act("restore", backed_up, ("restore", "{}/node.backup", "--identity", "{}/age.txt", *AT_ITS_WORD)),
)


# --- running


def fednet(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(directory, *arguments), cwd=ROOT, text=True, capture_output=True, check=True)


def command(directory: Path, *arguments: str) -> list[str]:
    filled = [argument.replace("{}", str(directory)) for argument in arguments]
    return [sys.executable, "-m", "fednet", "--node", str(directory / "node"), *filled]


def traced(act: Act, directory: Path, log: Path, *options: str) -> subprocess.CompletedProcess[str]:
    strace = ["strace", "-f", "-qq", "-o", str(log), *options]
    return subprocess.run(
        [*strace, *command(directory, *act.arguments)], cwd=ROOT, text=True, capture_output=True, check=False
    )


class Tried:
    """One act in a scratch place of its own, and every root that was seen signed in it."""

    def __init__(self, act: Act, scratch: Path) -> None:
        self.act, self.scratch = act, scratch
        self.template = scratch / "template"
        self.template.mkdir()
        act.prepare(self.template)
        self.origin = Home(self.template / act.origin) if act.origin else None
        self.served = Served(self.origin) if self.origin else None

    def close(self) -> None:
        if self.served is not None and self.origin is not None:
            self.served.close()
            self.origin.close()

    def fresh(self) -> Path:
        """A copy of the place, adopted: it is as good as the one it was copied from."""
        directory = self.scratch / "copy"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.template, directory)
        if (directory / "node").exists():
            copied = Home(directory / "node")
            doctor.adopt(copied, newest=True)
            if self.served is not None:
                with copied.store.writing() as db:
                    db.execute("UPDATE source SET url = ?", (self.served.url,))
            copied.close()
        return directory

    def points(self) -> list[tuple[str, int]]:
        """Every call by which the act writes, in a run that succeeds."""
        directory, log = self.fresh(), self.scratch / "strace.txt"
        done = traced(self.act, directory, log, "-e", f"trace={','.join(CALLS)}")
        assert done.returncode == 0, done.stderr
        self.listed = len(acknowledged(directory / "node"))
        counts = Counter(line.split(maxsplit=1)[1].partition("(")[0] for line in log.read_text().splitlines())
        return [(call, number) for call in CALLS for number in range(1, counts[call] + 1)]

    def hurt(self, point: Point) -> int:
        """Try the act with one fault, then as after a restart; the exit code of the first attempt."""
        directory = self.fresh()
        before = acknowledged(directory / "node")
        inject = f"inject={point.call}:{point.fault}:when={point.number}"
        done = traced(self.act, directory, Path(os.devnull), "-e", f"trace={point.call}", "-e", inject)
        if point.fault != "signal=KILL":
            assert "Traceback" not in done.stderr and "mistake of the program" not in done.stderr, (point, done.stderr)
        signed = sound(directory / "node", before)
        again = subprocess.run(
            command(directory, *self.act.arguments), cwd=ROOT, text=True, capture_output=True, check=False
        )
        assert again.returncode == 0, (point, again.stderr)
        after = sound(directory / "node", before)
        assert len(acknowledged(directory / "node")) == self.listed, point
        for place, root in signed.items():
            assert after.get(place, root) == root, f"{point}: two roots at {place}"
        return done.returncode


def acknowledged(path: Path) -> set[str]:
    """The handles of all that this node lists or has promised to list, and how it is to be found."""
    if not (path / "fednet.db").exists():
        return set()
    home = Home(path)
    with home.store.reading() as db:
        rows = db.execute(
            "SELECT handle FROM draft WHERE action = 'put' UNION "
            "SELECT handle FROM record JOIN feed ON feed.id = feed_id "
            "JOIN network ON network.id = network_id WHERE own AND handle IS NOT NULL "
            "EXCEPT SELECT handle FROM draft WHERE action <> 'put'"
        ).fetchall()
    home.close()
    return {handle for (handle,) in rows}


def sound(path: Path, promised: set[str]) -> dict[tuple[str, int], bytes]:
    """Check a home as it is found after a restart; what it has signed, as (origin, size) -> root."""
    if not (path / "fednet.db").exists():
        return {}
    home = Home(path)
    try:
        assert not [problem for found in verify.verify(home) for problem in found.problems]
        signed = {}
        with home.store.reading() as db:
            for handle in promised:
                assert edits.find(db, home, handle)
            for feed in feeds.feeds(db, home.network):
                if feed.followed.checkpoint is not None:
                    head = parse_checkpoint(feed.followed.checkpoint.text)
                    signed[head.origin, head.size] = head.root
        return signed
    finally:
        home.close()


def tries(act: Act, faults: tuple[str, ...], most: int | None = None) -> Iterator[tuple[Point, int]]:
    """The points of an act (all, or `most` of them, evenly), the faults in turn, and how the first attempt ended."""
    with tempfile.TemporaryDirectory(prefix="fednet-points-", dir=memory()) as scratch:
        tried = Tried(act, Path(scratch))
        try:
            points = tried.points()
            for index, (call, number) in enumerate(points if most is None else sampled(points, most)):
                point = Point(call, number, faults[index % len(faults)])
                yield point, tried.hurt(point)
        finally:
            tried.close()


def sampled(points: list[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    step = max(len(points) / most, 1)
    return [points[int(index * step)] for index in range(min(most, len(points)))]


def memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def main(most: int | None = None) -> int:
    for faults in (("signal=KILL",), ("error=ENOSPC", "error=EIO")):
        for act in ACTS:
            codes = Counter(code for _, code in tries(act, faults, most))
            killed = codes[-signal.SIGKILL] + codes[128 + signal.SIGKILL]
            print(f"{act.name}, {faults[0]}: {codes.total()} points, {killed} killed, {codes[0]} unhurt", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
