"""Thirty records erased while everybody is killed: no byte of them is left; `make faults` erases two hundred."""

from __future__ import annotations

from pathlib import Path

from tests.faults.canary import run


def test_no_byte_of_an_erased_record_is_left_anywhere(tmp_path: Path) -> None:
    killed = run(tmp_path, 30, 11)
    assert killed > 5
