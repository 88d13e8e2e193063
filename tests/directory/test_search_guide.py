"""Every example of docs/search.md, run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.directory.test_search import find
from tests.directory.world import World, organization

GUIDE = (Path(__file__).parents[2] / "docs/search.md").read_text("utf-8")
PLURALS = {
    "country": "countries",
    "service": "services",
    "client_group": "client_groups",
    "language": "languages",
}


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of every table whose first column has that heading."""
    for table in re.findall(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", GUIDE, re.M):
        yield from ([cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines())


def listed(name: str, told: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in told.split("; "):
        field, code = part.split(" ", 1)
        if field == "at":
            fields["description"] = {"en": f"Our house is in {code}."}
        else:
            fields.setdefault(PLURALS[field], []).append(code)
    return organization({"und": name}, **fields)


EXAMPLES = [(cells[0].strip("`"), cells[1], cells[2] if len(cells) > 2 else None) for cells in rows("typed")]


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(Path(tmp_path_factory.mktemp("guide")))
    world.lists(world.network("A"), *(listed(*cells) for cells in rows("listed")))
    return world


def test_the_guide_has_examples() -> None:
    assert len(EXAMPLES) > 40


@pytest.mark.parametrize(("typed", "name", "note"), EXAMPLES, ids=[typed for typed, _, _ in EXAMPLES])
def test_an_example_finds_what_the_guide_says(everybody: World, typed: str, name: str, note: str | None) -> None:
    answer = find(everybody, typed)
    assert [hit.title for hit in answer.hits] == ([] if name == "nothing" else [name])
    if answer.understood:
        assert note in answer.understood[0][1]
