"""docs/security.md names tests and files that exist: no promise rests on words."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PROMISES = dict(re.findall(r"^### (\d+)\. .+\n((?:(?!^#).*\n)+)", PAGE, re.M))
THREATS = [line for line in PAGE.splitlines() if line.startswith("| ")][1:]


@cache
def defined(path: str) -> set[str]:
    """The test functions at the top of a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test_")}


@pytest.mark.parametrize("path, name", sorted(set(NAMED.findall(PAGE))))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert name in defined(path)


def test_all_ten_promises_are_attacked_and_defended_somewhere() -> None:
    assert list(PROMISES) == [str(number) for number in range(1, 11)]
    for number, text in PROMISES.items():
        assert NAMED.search(text), number
        assert "`fednet/" in text and "**Attack**" in text and "**Defence**" in text, number


def test_every_threat_has_a_test() -> None:
    assert len(THREATS) > 20
    assert [line for line in THREATS if not NAMED.search(line)] == []


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:fednet|docs|tests|protocol)/[\w/.-]+)[`:]", PAGE))
    assert len(named) > 40
    assert [path for path in sorted(named) if not list(ROOT.glob(f"{path}*"))] == []
