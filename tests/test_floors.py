"""The floors of the house: imports run one way, the two pure packages stay pure, and SQL stays in the store."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {  # package -> packages of ours below it
    "feed": set[str](),
    "listing": set[str](),
    "store": {"feed", "listing"},
    "node": {"feed", "listing", "store", "formats"},
    "directory": {"feed", "listing", "store", "formats"},
    "formats": {"feed", "listing", "store"},
    "web": {"feed", "listing", "store", "node", "directory", "formats"},
    "cli": {"feed", "listing", "store", "node", "directory", "formats", "web"},
}
IMPURE = {
    "aiohttp", "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "pysqlite3", "random",
    "secrets", "shutil", "socket", "sqlite3", "sqlite_utils", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib", "uuid",
}  # fmt: skip
CLOCK = re.compile(r"\b(datetime\.now|datetime\.utcnow|date\.today|os\.urandom|open\()")
SQL = re.compile(r"\b(SELECT .* FROM|INSERT (OR \w+ )?INTO|DELETE FROM|UPDATE \w+ SET|CREATE TABLE|PRAGMA)\b")
WEB = ("programs", "public", "access", "entry", "members", "workspace")
ABOVE = ("app", "serve", "reminding")  # they hold all of it together
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "fednet").rglob("*.py"))


def package(path: Path) -> str:
    return path.parts[1] if len(path.parts) > 2 else ""


def imported(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, wherever in it."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def strings(path: Path) -> Iterator[str]:
    yield from (n.value for n in nodes(path) if isinstance(n, ast.Constant) and isinstance(n.value, str))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that a file consists of."""
    return tuple(ast.walk(ast.parse((ROOT / path).read_text("utf-8"))))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_run_downward(path: Path) -> None:
    own = package(path)
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("fednet.")} - {"errors"}
    if own:
        assert ours - MAY_IMPORT[own] - {own} == set()


def room(path: Path) -> int:
    return WEB.index(path.parts[2]) if path.parts[2] in WEB else -1


@pytest.mark.parametrize("path", [p for p in FILES if package(p) == "web" and p.stem not in ABOVE], ids=str)
def test_rooms_of_the_web_import_only_those_before_them(path: Path) -> None:
    ours = {name.split(".")[2] for name in imported(path) if name.startswith("fednet.web.")} & set(WEB)
    assert {name for name in ours if WEB.index(name) > room(path)} == set()


@pytest.mark.parametrize("path", [p for p in FILES if package(p) in ("feed", "listing")], ids=str)
def test_what_decides_is_pure(path: Path) -> None:
    outside = {name.split(".")[0] for name in imported(path)} & IMPURE
    allowed = {"pathlib", "sys"} if path.name == "schema.py" else {"sys"} if path.name == "__main__.py" else set()
    assert outside - allowed == set()
    if path.name != "schema.py":
        assert not CLOCK.search((ROOT / path).read_text("utf-8"))


@pytest.mark.parametrize("path", [p for p in FILES if package(p) != "store"], ids=str)
def test_sql_is_spoken_in_the_store_only(path: Path) -> None:
    assert not any(SQL.search(text) for text in strings(path))
    assert not {name.split(".")[0] for name in imported(path)} & {"sqlite3", "pysqlite3"}


def test_the_protocol_knows_no_python_of_ours() -> None:
    for path in (ROOT / "protocol").rglob("*.py"):
        assert not any(name.split(".")[0] == "fednet" for name in imported(path.relative_to(ROOT)))
