"""Worlds made from seeds: whatever happens in them, they converge or refuse, and no honest key signs two histories."""

from __future__ import annotations

import pytest

from tests.simulation.world import digest, simulate

SEEDS = 30
"""`make simulate` tries 10,000."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_world_of_accidents_converges(seed: int) -> None:
    simulate(seed)


def test_a_seed_tells_the_same_story_twice() -> None:
    assert digest(simulate(7)) == digest(simulate(7))
