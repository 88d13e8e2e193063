from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.node import edits
from fednet.node.home import Home
from fednet.node.publish import is_held, publish, waits
from fednet.node.roll import roll
from tests.web.place import NOW, node
from tests.web.signed_in import client_as


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


def waiting(home: Home) -> dict[str, str]:
    with home.store.reading() as db:
        return waits(db, home.network)


def handle_of(home: Home, title: str) -> str:
    with home.store.reading() as db:
        return next(one.handle for one in roll(db, home, "organization") if title in str(one.record))


def test_what_waits_is_told_by_circle_with_what_differs_and_what_to_think_of(home: Home) -> None:
    handle = handle_of(home, "Kapok")
    edits.edit(home, handle, {"description": {"en": "Write to <b>office@kapok.example</b>"}}, NOW)
    edits.add(home, "person", {"name": "Individual member 08 (fictitious)"}, NOW)
    page = client_as(home, "editor").get("/workspace/publish").text
    assert "Everybody in the world can read this." in page
    assert "office@kapok.example" in page and "<b>office@" not in page
    assert "No other network can read this yet." in page
    assert "Individual member 08" in page


def test_a_change_is_signed_at_once_by_the_button(home: Home) -> None:
    browser = client_as(home, "editor")
    assert "Nothing waits" in browser.get("/workspace/publish").text
    assert browser.form("/workspace/publish").headers["location"].endswith("done=nothing")
    edits.add(home, "resource", {"titles": {"en": "A guide"}}, NOW)
    assert browser.form("/workspace/publish").headers["location"].endswith("done=signed")
    assert waiting(home) == {}


def test_a_change_of_a_signed_entry_is_taken_back_and_nothing_else(home: Home) -> None:
    browser = client_as(home, "editor")
    changed, withdrawn = handle_of(home, "Kapok"), handle_of(home, "Lantern")
    with home.store.reading() as db:
        before = [edits.find(db, home, one).body for one in (changed, withdrawn)]
    edits.edit(home, changed, {"acronym": "HKLAC"}, NOW)
    edits.withdraw(home, withdrawn, NOW)
    new = edits.add(home, "resource", {"titles": {"en": "A guide"}}, NOW)
    assert browser.get("/workspace/publish").text.count("Take back, and leave it as it was signed") == 2
    for handle in (changed, withdrawn):
        assert browser.form("/workspace/publish/discard", handle=handle).status == 303
    with home.store.reading() as db:
        assert [edits.find(db, home, one).body for one in (changed, withdrawn)] == before
    assert browser.form("/workspace/publish/discard", handle=new.handle).status == 404
    assert browser.form("/workspace/publish/discard", handle="x").status >= 400
    assert waiting(home)["public"].startswith("1 ")


def test_only_an_administrator_puts_signing_on_hold(home: Home) -> None:
    assert client_as(home, "editor").form("/workspace/publish/hold", hold="1").status == 403
    browser = client_as(home, "administrator")
    assert browser.form("/workspace/publish/hold", hold="1").status == 303
    with home.store.reading() as db:
        assert is_held(db)
    assert "Signing is on hold" in browser.get("/workspace/publish").text
    assert browser.form("/workspace/publish/hold").status == 303
    with home.store.reading() as db:
        assert not is_held(db)


def test_what_is_on_hold_is_signed_by_no_renewal_but_by_whoever_says_so(home: Home) -> None:
    from datetime import timedelta

    from fednet.node.publish import hold, renew

    hold(home, True)
    edits.add(home, "resource", {"titles": {"en": "A guide"}}, NOW)
    later = NOW + timedelta(days=20)
    assert [(one.circle, one.changes) for one in renew(home, later)] == [("public", 0), ("partners", 0)]
    assert waiting(home)["public"].startswith("1 ")
    assert [(one.circle, one.changes) for one in publish(home, later)] == [("public", 1)]
