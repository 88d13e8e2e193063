from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fednet.directory.due import due
from fednet.directory.matches import found_matches
from fednet.directory.search import OPERATOR
from fednet.directory.waiting import LAST_BACKUP, LAST_REHEARSAL, WHATS, Waits, in_order, waiting
from fednet.feed.text import utc_text
from fednet.node import edits, imports
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import drafts, feeds
from fednet.store import waiting as lying
from tests.web.place import NOW, node


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


def told(home: Home, now: datetime = NOW) -> dict[str, int]:
    return {f"{one.what} {one.subject}".strip(): one.number for one in waiting(home.store, now)}


def test_what_waits_is_what_the_sources_say(home: Home) -> None:
    for number in range(3):
        edits.add(home, "organization", {"names": {"en": f"New {number}"}}, NOW)
    found = told(home)
    all_due = due(home.store, NOW)
    assert found.get("confirmation", 0) == sum(one.state == "stale" for one in all_due.due)
    assert found["unconfirmed"] == all_due.never == sum(one.state == "never" for one in all_due.due) >= 3
    assert found.get("match", 0) == found_matches(home.store, OPERATOR, NOW).total
    assert found["unsigned"] == 3
    assert found["backup"] == found["rehearsal"] == 1
    assert found["witness"] == 2
    publish(home, NOW)
    assert "unsigned" not in told(home)


def test_a_backup_waits_again_a_week_after_the_last(home: Home) -> None:
    with home.store.writing() as db:
        drafts.set_setting(db, LAST_BACKUP, utc_text(NOW - timedelta(days=7)))
        drafts.set_setting(db, LAST_REHEARSAL, utc_text(NOW))
    assert not {"backup", "backup old", "rehearsal"} & told(home).keys()
    with home.store.writing() as db:
        drafts.set_setting(db, LAST_BACKUP, utc_text(NOW - timedelta(days=7, seconds=1)))
    assert told(home)["backup old"] == 7


def test_a_network_is_named_with_the_worst_that_is_wrong_with_it(home: Home) -> None:
    name, later = "Canadian Example Council", NOW + timedelta(days=40)
    assert not any(name in one for one in told(home))
    assert told(home, later)[f"silent {name}"] == 1
    with home.store.writing() as db:
        network = feeds.named(db, name)
        for feed in feeds.feeds(db, network):
            feeds.failed(db, feed, NOW, "it answers 500")
    assert told(home, later).get(f"failing {name}") == 1 and f"silent {name}" not in told(home, later)
    with home.store.writing() as db:
        feeds.freeze(db, network, "split-view")
    assert told(home).get(f"frozen {name}") == 1 and f"failing {name}" not in told(home)


def test_refused_rows_wait_until_they_are_imported_taken_back_or_left_out(home: Home) -> None:
    bad = imports.File("members.csv", b"name,country\nBirch Clinic,Wakanda\nElm House,TH\n")
    good = imports.File("members.csv", b"name,country\nBirch Clinic,KE\nElm House,TH\n")
    first = imports.import_files(home, [bad], imports.Choices(), NOW)
    assert told(home)["refused-rows"] == len(first.refused) > 0
    imports.import_files(home, [good], imports.Choices(), NOW)
    assert "refused-rows" not in told(home)
    again = imports.import_files(
        home, [imports.File("others.csv", b"name,country\nAsh,Nowhere\nOak,TH\n")], imports.Choices(), NOW
    )
    assert told(home)["refused-rows"] == len(again.refused)
    with home.store.writing() as db:
        assert lying.settle_refused(db, again.id or 0)
        assert not lying.settle_refused(db, 99)
    assert "refused-rows" not in told(home)


def test_the_most_urgent_stands_first_and_nothing_is_nothing() -> None:
    assert in_order([Waits("witness", 1), Waits("edit", 0), Waits("frozen", 1, "B"), Waits("frozen", 1, "A")]) == [
        Waits("frozen", 1, "A"),
        Waits("frozen", 1, "B"),
        Waits("witness", 1),
    ]
    assert len(set(WHATS)) == len(WHATS)
