"""docs/cli.md is what --help says."""

from __future__ import annotations

from pathlib import Path

from fednet.cli import COMMANDS
from fednet.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == reference(), "make docs"


def test_the_page_has_every_command() -> None:
    page = reference()
    assert [name for name in COMMANDS if f"## fednet {name}\n" not in page] == []
    assert "## fednet proof check\n" in page
