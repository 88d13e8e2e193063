"""For all tests: no example is too slow, for no test measures time; and nodes live in memory, where there is room."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyrage
import pytest
from hypothesis import settings

settings.register_profile("fednet", parent=settings(), deadline=None)
settings.load_profile("fednet")

MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
"""Bytes: what tests leave at once is a tenth of that."""

if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # A third of all time went into waiting for the disk. No test cuts the power: what a killed process wrote is there.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase costs seconds on purpose: here it opens at once what was sealed with it, and nothing else.

    `tests/node/test_restore.py` and the stories pay the price.
    """

    def opening(raw: bytes, passphrase: str) -> bytes:
        told, _, found = raw.partition(b"|")
        if told != passphrase.encode():
            raise pyrage.DecryptError("wrong")
        return found

    sealing = lambda raw, passphrase: passphrase.encode() + b"|" + raw  # noqa: E731
    monkeypatch.setattr(pyrage.passphrase, "encrypt", sealing, raising=False)
    monkeypatch.setattr(pyrage.passphrase, "decrypt", opening, raising=False)
