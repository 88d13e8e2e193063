"""This repository's program follows the protocol: every scenario of the suite, through its command line."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from suite.trial import Ended, Scenario, spawned
from suite.worker import SCENARIOS, Worker

from fednet.cli import main
from tests.conformance.conftest import CONFORMANCE

ADAPTER = CONFORMANCE / "adapters" / "fednet.py"


def adapter() -> ModuleType:
    """The adapter, with the program called where it would be started: a process a verb would take minutes."""
    spec = importlib.util.spec_from_file_location("conformance_adapter", ADAPTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def called(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
        arguments = ["--node", str(home), *words]
        done = CliRunner().invoke(main, arguments, env={"FEDNET_ALLOW_PRIVATE_ADDRESSES": "1"})
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    module.fednet = called  # type: ignore[attr-defined]
    return module


def in_process(words: Sequence[str]) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = adapter().main(list(words))
    return Ended(code, out.getvalue().encode(), err.getvalue().encode())


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    made = Worker(in_process, tmp_path_factory.mktemp("program"))
    yield made
    made.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_the_program_follows(worker: Worker, scenario: Scenario) -> None:
    assert worker.verdict(scenario) == ""


def test_the_adapter_starts_the_program(tmp_path: Path) -> None:
    worker = Worker(spawned([sys.executable, str(ADAPTER)]), tmp_path)
    (scenario,) = (scenario for scenario in SCENARIOS if scenario.name == "flipped-byte-in-page")
    try:
        assert worker.verdict(scenario) == ""
    finally:
        worker.close()
