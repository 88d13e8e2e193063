"""Whom a person means by a handle, where several networks list the same one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fednet.errors import NotFoundError, UsageError
from fednet.node import home as homes
from fednet.node import opinions
from fednet.node.home import Home
from tests.feed.network import handle
from tests.web.place import followed

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
HOUSE = {"kind": "organization", "names": {"en": "Aster House"}}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Home]:
    made, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    yield made
    made.close()


def test_a_handle_that_two_networks_list_is_told_apart_by_the_network(node: Home) -> None:
    first, second = (followed(node, name, [HOUSE, HOUSE]).id for name in ("First", "Second"))
    with pytest.raises(UsageError, match="several networks list") as told:
        opinions.say(node, "same", (handle(0), handle(1)), NOW)
    assert f"{first[:8]}:{handle(0)}" in str(told.value.hint)
    own = opinions.say(node, "same", (f"{first[:8]}:{handle(0)}", f"second:{handle(0)}"), NOW)
    assert {subject["network"] for subject in own.fields["subjects"]} == {first, second}
    assert opinions.take_back(node, (f"second:{handle(0)}", f"First:{handle(0)}"), NOW) == [own]
    with pytest.raises(NotFoundError):
        opinions.take_back(node, (f"second:{handle(0)}", f"First:{handle(0)}"), NOW)


def test_an_opinion_moves_with_its_circle(node: Home) -> None:
    followed(node, "First", [HOUSE, HOUSE])
    first = opinions.say(node, "same", (handle(0), handle(1)), NOW)
    narrower = opinions.say(node, "different", (handle(0), handle(1)), NOW, circle="partners")
    assert (first.circle, narrower.circle) == ("public", "partners")
    assert opinions.take_back(node, (handle(0), handle(1)), NOW) == [narrower]
