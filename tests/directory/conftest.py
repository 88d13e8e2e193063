from pathlib import Path

import pytest

from fednet.store import columns
from tests.directory.world import World


@pytest.fixture(params=["a process that lives long", "a command"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    """Either kind of process must find the same."""
    world = World(tmp_path)
    if request.param != "a command":
        columns.keep(world.store)
    return world
