"""What leaves the node is told before it does, audience by audience."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import NotFoundError
from fednet.node import circles, edits, preview, publish
from fednet.node.home import Home
from fednet.node.preview import Difference, Leaving, View
from fednet.store import circles as stored
from fednet.store import feeds
from tests.feed.network import Network
from tests.node.nodes import NOW, Nodes, organization


@pytest.fixture
def home(nodes: Nodes) -> Home:
    made = nodes.home("Example")
    circles.add(made, "board", NOW)
    return made


def add(home: Home, kind: str, circle: str | None = None, **fields: Any) -> str:
    return edits.add(home, kind, fields, NOW, circle).handle


def named(home: Home, name: str) -> str:
    return edits.add(home, "organization", organization(name), NOW).handle


def join(home: Home, name: str, *names: str) -> None:
    """A followed network becomes a member of circles."""
    with home.store.writing() as db:
        network = feeds.pin(db, Network(name).identity, NOW)
        for circle in names:
            if circle == "partners":
                feeds.set_partner(db, network, True)
            else:
                stored.set_member(db, circle, network)


def by_audience(views: list[View]) -> dict[str, list[str]]:
    return {view.audience: [one.kind for one in view.records] for view in views}


def told(leaving: list[Leaving]) -> dict[str, list[tuple[str, str]]]:
    return {one.circle: [(change.leaves, change.title) for change in one.changes] for one in leaving}


def test_nothing_leaves_when_nothing_waits(home: Home) -> None:
    assert preview.leaving(home) == []


def test_what_waits_is_told_by_circle_with_its_readers(home: Home) -> None:
    join(home, "River", "partners")
    held = named(home, "Held")
    gone = named(home, "Gone")
    add(home, "contact", organization=held, emails=["desk@held.example"])
    publish.publish(home, NOW)
    edits.edit(home, held, {"acronym": "HLD", "website": "https://held.example"}, NOW)
    edits.withdraw(home, gone, NOW)
    add(home, "person", name="Member 1")
    found = preview.leaving(home)
    assert told(found) == {
        "public": [("withdrawn", "Gone Legal Aid"), ("changed", "Held Legal Aid")],
        "partners": [("new", "Member 1")],
    }
    assert {one.circle: one.readers for one in found} == {"public": (), "partners": ("River",)}
    (changed,) = (change for change in found[0].changes if change.leaves == "changed")
    assert changed.differences == (
        Difference("acronym", None, "HLD"),
        Difference("website", None, "https://held.example"),
    )


def test_an_audience_sees_its_own_circles_and_the_public_one(home: Home) -> None:
    handle = named(home, "Held")
    add(home, "contact", organization=handle, emails=["desk@held.example"])
    add(home, "contact", "board", organization=handle, emails=["director@held.example"])
    assert by_audience(preview.views(home, handle)) == {
        "public": ["organization"],
        "partners": ["organization", "contact"],
        "board": ["organization", "contact"],
        "staff": ["organization", "contact", "contact"],
    }


def test_a_circle_whose_members_are_all_partners_sees_what_partners_see(home: Home) -> None:
    join(home, "River", "partners", "board")
    handle = named(home, "Held")
    add(home, "contact", organization=handle, emails=["desk@held.example"])
    assert by_audience(preview.views(home, handle))["board"] == ["organization", "contact"]
    join(home, "Harbour", "board")
    assert by_audience(preview.views(home, handle))["board"] == ["organization"]


def test_what_a_circle_may_not_read_is_not_in_its_view(home: Home) -> None:
    handle = add(home, "person", name="Member 1")
    assert by_audience(preview.views(home, handle)) == {
        "public": [], "partners": ["person"], "board": [], "staff": ["person"],
    }  # fmt: skip


def test_a_withdrawn_record_has_no_view(home: Home) -> None:
    handle = named(home, "Gone")
    publish.publish(home, NOW)
    edits.withdraw(home, handle, NOW)
    with pytest.raises(NotFoundError):
        preview.views(home, handle)


@pytest.mark.parametrize(("kind", "fields", "note"), [
    ("person", {"name": "Member 1"}, "a person in the public circle"),
    ("organization", {"names": {"en": "A"}, "description": {"en": "Write to desk@a.example."}}, "desk@a.example"),
])  # fmt: skip
def test_what_everybody_would_read_of_people_is_noted(home: Home, kind: str, fields: dict[str, Any], note: str) -> None:
    edits.add(home, kind, fields, NOW, "public")
    (leaving,) = preview.leaving(home)
    assert note in leaving.changes[0].notes[0]
    edits.add(home, "organization", organization("Plain"), NOW)
    assert [change.notes for change in preview.leaving(home)[0].changes if change.title == "Plain Legal Aid"] == [()]


LOOSE = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")


@given(st.text('a1.+-@_é "', max_size=60))
def test_addresses_are_found_as_by_trying_every_place(text: str) -> None:
    naive, found = LOOSE.search(text), preview._MAIL.search(text)
    assert (found and found[0]) == (naive and naive[0])


def test_numbers_that_are_dialled_within_a_country_are_found_in_texts_alone() -> None:
    told = {"kind": "exchange", "description": {"en": "A line.\n020 7946 0000\nof an office"}, "uid": "020 7946 0000"}
    assert list(preview.exposed(told)) == [preview.Exposed("phone", "description", "020 7946 0000")]


def test_long_runs_of_letters_are_looked_through_once() -> None:
    """A try at each place of such a run takes minutes."""
    for run in ("x" * 400_000, "1" * 400_000, "x@" * 200_000):
        assert list(preview.exposed({"kind": "organization", "names": {"en": run}})) == []


def test_a_twinning_that_tells_of_records_its_readers_may_not_read_is_noted(home: Home) -> None:
    need, secret = (
        add(home, "exchange", circle, type="need", titles={"en": "A lawyer"}) for circle in (None, "partners")
    )
    add(home, "twinning", organizations=[{"name": "A"}, {"name": "B"}], exchanges=[need, secret])
    [noted] = [change.notes for one in preview.leaving(home) for change in one.changes if change.kind == "twinning"]
    assert len(noted) == 1 and noted[0].startswith("it names A lawyer, which not all may read")
