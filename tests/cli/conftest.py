"""`fednet(...)`: one command in a scratch node, as a person would give it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fednet.cli import main


class Said:
    """What a command answered."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Fednet = Callable[..., Said]


@pytest.fixture
def fednet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fednet:
    monkeypatch.delenv("FEDNET_NODE", raising=False)
    monkeypatch.delenv("FEDNET_DEBUG", raising=False)
    monkeypatch.delenv("FEDNET_ALLOW_PRIVATE_ADDRESSES", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, given: str = "", node: str = "node") -> Said:
        result = CliRunner().invoke(main, ["--node", node, *arguments], input=given, prog_name="fednet")
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def node(fednet: Fednet) -> Fednet:
    """The same, with a node of `Example Network` made."""
    assert fednet("init", "--name", "Example Network").code == 0
    return fednet
