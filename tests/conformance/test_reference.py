"""The reference follower in JavaScript, written from the specification alone, follows as well."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from suite.trial import Scenario, spawned
from suite.worker import SCENARIOS, Worker

from tests.conformance.conftest import CONFORMANCE

FOLDER = CONFORMANCE / "reference-js"


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        if os.environ.get("FEDNET_CI") == "1":
            pytest.fail("node is missing: install nodejs, 18 or newer")
        pytest.skip("needs node 18 or newer: apt install nodejs")
    return found


@pytest.fixture(scope="module")
def worker(node: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    made = Worker(spawned([node, str(FOLDER / "follower.mjs")]), tmp_path_factory.mktemp("reference"))
    yield made
    made.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_the_reference_follows(worker: Worker, scenario: Scenario) -> None:
    assert worker.verdict(scenario) == ""


def test_the_reference_reads_every_vector(node: str) -> None:
    done = subprocess.run([node, str(FOLDER / "vectors.mjs")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "FAIL" not in done.stdout
