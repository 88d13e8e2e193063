"""What changes in one network's calendar reaches the programs that subscribe to another node, over real sockets."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icalendar
import pytest

from fednet.node import edits, publish
from fednet.web.app import create_app
from tests.node.nodes import NOW, Nodes, Served, pin, synced


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with Nodes(tmp_path) as made:
        yield made


def subscribed(served: Served, etag: str = "") -> tuple[int, list[Any], str]:
    """What a calendar program gets that asks for the file: status, events, ETag."""
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=10)
    try:
        connection.request("GET", "/calendar.ics", headers={"If-None-Match": etag} if etag else {})
        response = connection.getresponse()
        body = response.read()
        found = icalendar.Calendar.from_ical(body) if body else icalendar.Calendar()
        assert isinstance(found, icalendar.Calendar)
        return response.status, list(found.events), response.headers["ETag"]
    finally:
        connection.close()


def test_an_event_that_is_made_moved_and_cancelled_is_so_in_the_calendar_of_a_follower(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin"), nodes.home("Follower")
    pin(follower, origin, nodes.served(origin).url)
    served = nodes.served(follower, create_app(follower, clock=lambda: NOW))
    seen: list[tuple[str, int, str, str]] = []

    def told() -> None:
        publish.publish(origin, NOW)
        assert synced(follower).error is None
        _, found, _ = subscribed(served)
        seen.extend(
            (
                str(event["UID"]),
                int(event["SEQUENCE"]),
                f"{event['DTSTART'].dt:%m-%d %H:%M}",
                str(event.get("STATUS", "CONFIRMED")),
            )
            for event in found
        )

    fields = {"titles": {"en": "Consultation"}, "type": "consultation", "start": "2026-12-01T10:00"}
    handle = edits.add(origin, "event", {**fields, "zone": "Asia/Bangkok"}, NOW).handle
    told()
    edits.edit(origin, handle, {"start": "2026-12-02T10:00"}, NOW)
    told()
    edits.edit(origin, handle, {"description": {"en": "More about it."}}, NOW)
    told()
    edits.edit(origin, handle, {"status": "cancelled"}, NOW)
    told()
    uid = f"{handle}@{origin.network.network}.fednet"
    assert seen == [
        (uid, 0, "12-01 10:00", "CONFIRMED"),
        (uid, 1, "12-02 10:00", "CONFIRMED"),
        (uid, 1, "12-02 10:00", "CONFIRMED"),
        (uid, 2, "12-02 10:00", "CANCELLED"),
    ]
    _, _, etag = subscribed(served)
    assert synced(follower).error is None
    assert subscribed(served, etag)[:2] == (304, [])
    edits.withdraw(origin, handle, NOW)
    publish.publish(origin, NOW)
    assert synced(follower).error is None
    assert subscribed(served)[1] == []
