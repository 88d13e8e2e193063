"""A publisher killed at any moment and before any write: no acknowledged edit is lost, no size is signed twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from fednet.feed.checkpoint import parse_checkpoint
from fednet.feed.note import Ed25519Signer, Note
from fednet.feed.text import base64_text
from fednet.feed.tlog import Frontier
from fednet.node import edits, home, publish
from fednet.node.home import Home
from fednet.store import drafts, feeds
from tests.node.nodes import NOW, Nodes, add, held, listing, problems, published

ROOT = Path(__file__).parents[2]
KILLS = 25


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with Nodes(tmp_path) as made:
        yield made


class Told:
    """What publishers have said, all together: acknowledged edits, and the root signed for each size."""

    def __init__(self) -> None:
        self.edits: list[str] = []
        self.roots: dict[int, str] = {}

    def take(self, line: str) -> str:
        match line.split():
            case ["edit", handle]:
                self.edits.append(handle)
            case ["signed", size, root]:
                assert self.roots.setdefault(int(size), root) == root, f"two roots of size {size}"
        return line

    def signing(self, sign: Callable[..., Note]) -> Callable[..., Note]:
        """`sign`, overheard."""

        def overheard(text: bytes, *signers: Ed25519Signer) -> Note:
            checkpoint = parse_checkpoint(text)
            self.take(f"signed {checkpoint.size} {base64_text(checkpoint.root)}")
            return sign(text, *signers)

        return overheard


def whole(path: Path, told: Told) -> None:
    """Everything acknowledged is listed or waits, everything stored is as signed, and what was signed is one log."""
    found = Home(path)
    with found.store.reading() as db:
        for handle in told.edits:
            assert edits.find(db, found, handle)
    assert problems(found) == []
    feed = held(found, found)
    with found.store.reading() as db:
        leaves = feeds.leaf_hashes(db, feed)
    for size, root in told.roots.items():
        assert size <= len(leaves) + 1  # one may be signed and not yet accepted
        if size <= len(leaves):
            assert base64_text(Frontier().extended(leaves[:size]).root) == root
    found.close()


def ended(path: Path, told: Told) -> None:
    """After a restart: the next edition takes all that waits."""
    found = Home(path)
    publish.publish(found, NOW)
    assert set(told.edits) <= set(listing(found, found.network.network)) and problems(found) == []
    with found.store.reading() as db:
        assert drafts.circles_prepared(db) == drafts.circles_with_drafts(db) == []
    found.close()


def lines(stream: IO[str], told: Told, until: str, at_most: int) -> str:
    """Take what is told until a line begins so, or so many lines."""
    last = ""
    for _ in range(at_most):
        last = told.take(stream.readline())
        if last.startswith(until):
            break
    return last


def test_a_publisher_killed_at_any_moment_loses_nothing(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    origin.close()
    told = Told()
    command = [sys.executable, "-m", "tests.faults.publisher", str(origin.path), "edits"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as publisher:
        assert publisher.stdin and publisher.stdout
        for kill in range(KILLS):
            publisher.stdin.write("\n")
            publisher.stdin.flush()
            child = int(lines(publisher.stdout, told, "child", 1).split()[1])
            lines(publisher.stdout, told, "never", 1 + kill % 9)
            for _ in range(kill * 1_500):
                pass  # somewhere in the midst of what comes next
            os.kill(child, signal.SIGKILL)
            lines(publisher.stdout, told, "killed", 10_000)
            whole(origin.path, told)
        publisher.stdin.close()
    ended(origin.path, told)
    assert len(told.edits) > KILLS and len(told.roots) > KILLS // 3


CALLS = {"fsync": 1, "fdatasync": 1, "rename": 1, "unlink": 1, "ftruncate": 1, "pwrite64": 3}
"""System calls by which a publisher writes, and at each how many of them it is killed."""


def straced(strace: str, path: Path, told: Told, log: str, *options: str) -> int:
    """Publish once under strace; the exit code."""
    command = [strace, "-o", log, *options, sys.executable, "-m", "tests.faults.publisher", str(path), "publish"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        told.take(line)
    return done.returncode


def test_a_publisher_killed_before_any_write_signs_once(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    strace = shutil.which("strace")
    if strace is None:
        if os.environ.get("FEDNET_CI") == "1":
            pytest.fail("strace is missing")
        pytest.skip("strace is not here: apt-get install strace")
    origin = nodes.home("Origin", "Alpha")
    told = Told()
    monkeypatch.setattr(publish, "sign", told.signing(publish.sign))
    log = nodes.directory / "strace.txt"
    add(origin, "Beta")
    origin.close()
    assert straced(strace, origin.path, told, str(log), "-e", f"trace={','.join(CALLS)}") == 0
    counts = Counter(line.partition("(")[0] for line in log.read_text().splitlines())
    points = [(call, number) for call, step in CALLS.items() for number in range(1, counts[call] + 1, step)]
    killed = 0
    for call, number in points:
        found = Home(origin.path)
        told.edits += add(found, f"{call} {number}")
        found.close()
        inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
        killed += straced(strace, origin.path, told, os.devnull, *inject) == -signal.SIGKILL
        whole(origin.path, told)
        ended(origin.path, told)
    assert len(points) > 20 and killed > len(points) * 4 // 5


def test_a_home_that_was_killed_while_it_was_made_is_not_there(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as breaking:
        breaking.setattr(home.drafts, "set_setting", killed)
        with pytest.raises(KeyboardInterrupt):
            home.create(nodes.directory / "half", "Half", None, nodes.directory / "first.txt")
    assert not (nodes.directory / "half" / home.DATABASE).exists()
    made, _ = home.create(nodes.directory / "half", "Half", None, nodes.directory / "second.txt")
    published(made, "Alpha")
    assert problems(made) == []
    made.close()
