"""Errors are words and exit codes; commands start fast and appear only when they exist."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from fednet import cli
from fednet.cli import COMMANDS, main
from tests.cli.conftest import Fednet

SLOW = ("aiohttp", "starlette", "icalendar", "openpyxl", "rich", "uvicorn")


def test_every_command_can_be_loaded_and_has_help_with_a_command_to_paste() -> None:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert re.search(rf"^    .*fednet (--node \S+ )?{name}\b", inspect.cleandoc(command.help or ""), re.M), name


def test_help_names_the_commands_of_this_version_only(fednet: Fednet) -> None:
    said = fednet("--help")
    shown = said.out.split("Commands:")[1]
    assert [line.split()[0] for line in shown.splitlines() if line.strip()] == list(COMMANDS)
    assert fednet("witness").code == 2


def test_errors_go_to_stderr_with_a_hint(fednet: Fednet) -> None:
    said = fednet("status")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("fednet: there is no node in node\nhint: if there is one elsewhere, --node DIR")
    assert said.err.endswith("only a new network begins with fednet --node node init --name 'Your Network'\n")


def test_the_node_is_named_by_the_environment(node: Fednet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    monkeypatch.chdir("/")
    monkeypatch.setenv("FEDNET_NODE", str(tmp_path / "node"))
    assert CliRunner().invoke(main, ["status"]).exit_code == 0


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (KeyboardInterrupt(), 130, ""),
        (ValueError("odd"), 1, "a mistake of the program"),
        (PermissionError(13, "Permission denied", "x.csv"), 1, "x.csv: Permission denied"),
    ],
)
def test_nothing_unexpected_shows_a_traceback(
    fednet: Fednet, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, words: str
) -> None:
    def broken(node: object) -> None:
        raise raised

    monkeypatch.setattr("fednet.cli.node.opened", lambda: broken(None))
    said = fednet("status")
    assert said.code == code
    assert words in said.err
    assert "Traceback" not in said.err


def test_a_developer_sees_the_traceback(fednet: Fednet, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("odd")

    monkeypatch.setattr("fednet.cli.node.opened", broken)
    monkeypatch.setenv("FEDNET_DEBUG", "1")
    from click.testing import CliRunner

    assert isinstance(CliRunner().invoke(main, ["status"]).exception, ValueError)


def test_a_reader_that_has_enough_is_no_error(node: Fednet, tmp_path: Path) -> None:
    rows = "".join(f'{{"kind": "group", "names": {{"en": "Group {n} {"x" * 200}"}}}}\n' for n in range(900))
    (tmp_path / "groups.jsonl").write_text(rows)
    assert node("import", "groups.jsonl").code == 0
    assert node("publish").code == 0
    run = subprocess.Popen(
        [sys.executable, "-m", "fednet", "--node", "node", "search", "--limit", "900", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.readline()
    run.stdout.close()
    assert run.stderr.read() == b""
    run.stderr.close()
    assert run.wait() == 0


def test_search_starts_without_what_it_does_not_need(node: Fednet, tmp_path: Path) -> None:
    code = "import sys; from fednet.cli import main; main(['--node', 'node', 'search', 'legal aid'], standalone_mode=0)"
    after = f"; print([name for name in {SLOW!r} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code + after], cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ)
    )
    assert ran.stdout.splitlines()[-1] == "[]", ran.stderr


def test_the_group_is_what_the_console_script_calls() -> None:
    assert isinstance(cli.main, cli.Commands)
