"""An origin that is killed while others read from it, and comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fednet.node import publish
from fednet.node.home import Home
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    add_many,
    held,
    listing,
    pin,
    problems,
    published,
    same_view,
    synced,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with Nodes(tmp_path) as made:
        yield made


@contextmanager
def running(home: Home) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The home served by a process of its own."""
    command = [sys.executable, "-m", "tests.faults.origin", str(home.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}", process
        finally:
            process.kill()


def test_a_first_sync_goes_on_where_the_origin_was_killed(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin"), nodes.home("Follower")
    add_many(origin, 3_000)
    publish.publish(origin, NOW)
    proxy = nodes.proxy("http://127.0.0.1:1")
    pin(follower, origin, proxy.url)
    with running(origin) as (url, process):
        proxy.upstream = url
        seen: list[str] = []

        def kill_at_the_tenth_page(path: str, answer: Answer) -> Answer:
            seen.append(path)
            if sum("/page/" in path for path in seen) >= 10:
                process.kill()
                process.wait()
                return Answer(502, b"")
            return answer

        proxy.change = kill_at_the_tenth_page
        result = synced(follower)
    assert result.error and not result.refused and not result.verified
    assert listing(follower, origin.network.network) == {} and held(follower, origin).records > 500
    published(origin, "Beta")
    proxy.change = lambda path, answer: answer
    with running(origin) as (url, _):
        proxy.upstream = url
        again = synced(follower)
        assert again.verified, again.error
        assert again.requests < 5 + 17  # what was finished is not asked for again
    assert same_view(origin, follower, origin) and problems(follower) == []


def test_an_origin_that_stays_away_leaves_the_last_verified_state(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    assert synced(follower).verified
    before = held(follower, origin).followed
    served.close()
    result = synced(follower)
    assert result.error and not result.refused and result.edition == 1
    assert held(follower, origin).followed == before and same_view(origin, follower, origin)
