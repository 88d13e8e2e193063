"""One process serves a home, and what it logs are lines that nobody else writes."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from fednet.errors import BusyError
from fednet.node import home as homes
from fednet.node.files import held
from fednet.node.watch import Watch
from fednet.web.serve import LOCK, Plain, serve


def test_a_home_is_served_by_one_process(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    with (
        held(home.path / LOCK, "taken", "wait"),
        pytest.raises(BusyError, match="served by another process"),
    ):
        serve(home, "127.0.0.1", 0, allow_private=False)
    with held(home.path / LOCK, "taken", "wait"):
        home.close()


def test_a_hostile_name_writes_no_line_and_no_escape_into_the_log() -> None:
    hostile = "Ev\x9b31m\u202eil\u2028fednet: all is well\nfednet: it is\x1b[2J"
    record = logging.makeLogRecord({"name": "fednet", "msg": "%s: %s", "args": (hostile, "refused")})
    assert Plain("%(name)s: %(message)s").format(record) == (
        "fednet: Ev 31mil fednet: all is well fednet: it is [2J: refused"
    )


def test_a_trace_is_indented_whatever_its_error_says() -> None:
    try:
        raise ValueError("one\nfednet: all is well\x9b")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({"name": "fednet", "msg": "unforeseen", "exc_info": told})
    first, *trace = Plain("%(name)s: %(message)s").format(record).splitlines()
    assert first == "fednet: unforeseen" and trace[-1] == "  fednet: all is well"
    assert all(line.startswith("  ") for line in trace)


def test_a_long_poll_is_answered_when_the_server_ends(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    ended = [False, False, True]
    watch = Watch(home.store)
    assert not asyncio.run(watch.changed(3600, watch.seen(), lambda: ended.pop(0)))
    home.close()
