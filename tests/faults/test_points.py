"""Commands killed, or failed by the disk, in the midst of their writes: some of the points that `make faults` tries."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.faults.points import ACTS, Act, tries

POINTS = 5
"""For each act; `make faults` tries all of them."""


@pytest.fixture(autouse=True)
def strace() -> None:
    if shutil.which("strace") is None:
        if os.environ.get("FEDNET_CI") == "1":
            pytest.fail("strace is missing")
        pytest.skip("strace is not here: apt-get install strace")


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_a_command_that_is_killed_or_cannot_write_loses_nothing_and_signs_once(act: Act) -> None:
    codes = [code for _, code in tries(act, ("signal=KILL", "error=ENOSPC", "signal=KILL", "error=EIO"), POINTS)]
    assert len(codes) == POINTS and any(codes)
