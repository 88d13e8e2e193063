"""Random schedules of what befalls a node: nothing contradictory is ever signed, nothing acknowledged is lost."""

from __future__ import annotations

from tests.faults import schedules


def test_no_schedule_makes_a_node_fork_itself_or_lose_an_edit() -> None:
    """The same for every run; `python -m tests.faults.schedules N SEED` tries others."""
    counts = schedules.run(150, 1)
    for happened in ("crash", "restored: continues", "restored: waits", "restored: lost", "publish: rolled-back"):
        assert counts[happened] > 5, counts
