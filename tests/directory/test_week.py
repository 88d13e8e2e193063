from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from fednet.directory.week import week
from fednet.node import edits
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import drafts
from tests.web.place import NOW, node

WEEK = timedelta(days=7)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = node(tmp_path)
    yield made
    made.close()


def test_a_week_tells_what_was_listed_changed_taken_back_and_who_joined(home: Home) -> None:
    later = NOW + timedelta(days=8)
    fields = {"names": {"en": "Newcomer"}, "membership": {"category": "full", "since": later.date().isoformat()}}
    new = edits.add(home, "organization", fields, later)
    publish(home, later)
    gone = edits.add(home, "resource", {"titles": {"en": "Gone"}}, later)
    publish(home, later)
    edits.withdraw(home, gone.handle, later)
    publish(home, later)
    found = week(home.store, "UTC", later + timedelta(hours=1))
    assert found.kinds == {"organization": 1} and [hit.handle for hit in found.changed] == [new.handle]
    assert [hit.title for hit in found.joined] == ["Newcomer"]
    assert (found.withdrawn, found.others, found.more) == (1, [], False)
    assert found.since == (later + timedelta(hours=1) - WEEK).date()


def test_others_are_counted_by_network_and_what_comes_is_told(home: Home) -> None:
    found = week(home.store, "Asia/Bangkok", NOW + timedelta(hours=1))
    ((name, count),) = found.others
    assert name == "Canadian Example Council" and count > 5
    assert "Detention working group" in [at.title for at in found.coming]
    assert all(date(2026, 11, 22) <= at.start.date() <= date(2026, 12, 6) for at in found.coming)
    assert not any(at.cancelled for at in found.coming)


def test_silent_networks_and_the_last_backup_are_told(home: Home) -> None:
    found = week(home.store, "UTC", NOW + timedelta(days=60))
    assert [network.name for network in found.silent] == ["Canadian Example Council"]
    assert (found.backup, found.rehearsal) == (None, None)
    with home.store.writing() as db:
        drafts.set_setting(db, "last_backup", "2026-11-20T00:00:00Z")
    assert week(home.store, "UTC", NOW).backup == "2026-11-20T00:00:00Z"


def test_a_quiet_week_is_empty(home: Home) -> None:
    found = week(home.store, "UTC", NOW + timedelta(days=15))
    assert (found.changed, found.kinds, found.withdrawn, found.others, found.joined) == ([], {}, 0, [], [])
