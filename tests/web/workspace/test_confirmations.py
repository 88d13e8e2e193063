from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.directory.due import due
from fednet.node.home import Home
from fednet.store import acts
from tests.web.place import NOW, node
from tests.web.signed_in import client_as


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


def test_what_is_due_is_confirmed_by_ticking_it(home: Home) -> None:
    browser = client_as(home, "editor")
    waiting = due(home.store, NOW)
    page = browser.get("/workspace/confirmations").text
    assert all(one.handle in page for one in waiting.due)
    assert page.count(" checked>") == 0
    assert browser.get("/workspace/confirmations?ticked=1").text.count(" checked>") == waiting.total
    answer = browser.form("/workspace/confirmations", handle=[one.handle for one in waiting.due[1:]])
    assert answer.status == 303
    assert [one.handle for one in due(home.store, NOW).due] == [waiting.due[0].handle]
    assert browser.form("/workspace/confirmations").status == 400
    with home.store.reading() as db:
        logged = acts.latest(db, wanted=acts.Wanted(act="confirm-record"))
    assert {one.subject for one in logged} == {one.handle for one in waiting.due[1:]}


def test_those_concerned_are_asked_and_links_to_hand_over_are_shown_once(home: Home) -> None:
    browser = client_as(home, "editor")
    handles = [one.handle for one in due(home.store, NOW).due if one.kind == "organization"]
    answer = browser.form("/workspace/confirmations/ask", handle=handles)
    assert answer.status == 200
    assert answer.text.count("/confirm/") == len(handles)
    assert answer.headers["cache-control"] == "no-store"
    assert "/confirm/" not in browser.get("/workspace/confirmations").text
