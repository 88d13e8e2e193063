"""ARCHITECTURE.md is true: every place it names exists, every table is spoken of, every module of a node is found."""

from __future__ import annotations

import re
from pathlib import Path

from fednet.store import schema

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
ROOMS = ("fednet", "")  # places are named as seen from the package, or from the repository


def test_every_place_exists() -> None:
    named = set(re.findall(r"`([\w/-]+(?:\.py|\.md|/))`", PAGE))
    assert len(named) > 60
    assert [place for place in sorted(named) if not any((ROOT / room / place).exists() for room in ROOMS)] == []


def test_every_table_is_spoken_of() -> None:
    text = Path(schema.__file__).read_text("utf-8")
    tables = re.findall(r"^CREATE (?:VIRTUAL )?TABLE (\w+)", text, re.M)
    assert len(tables) > 20
    assert [table for table in tables if f"`{table}`" not in PAGE] == []


def test_every_module_that_decides_something_is_found() -> None:
    rooms = [ROOT / "fednet" / room for room in ("feed", "store", "node")]
    modules = [f"{path.parent.name}/{path.name}" for room in rooms for path in sorted(room.glob("[!_]*.py"))]
    partners = ("evidence", "receipts", "witnesses")  # tables of what node/ does under the same name
    missing = [module for module in modules if f"`{module}`" not in PAGE]
    assert [module for module in missing if module not in [f"store/{name}.py" for name in partners]] == []
