from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.directory.waiting import WHATS, Waits
from fednet.node import edits, publish
from fednet.node.home import Home
from fednet.node.roll import roll
from fednet.store import drafts
from fednet.web import policy, translation
from fednet.web.workspace import desk
from tests.web.place import NOW, node
from tests.web.signed_in import client_as

PAGES = [path for method, path in policy.DESK if method == "GET" and "{" not in path]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    found = node(tmp_path_factory.mktemp("desk"))
    yield found
    found.close()


@pytest.mark.parametrize("path", PAGES)
def test_each_page_of_the_desk_is_for_staff_alone(home: Home, path: str) -> None:
    for role in ("administrator", "editor", "auditor"):
        answer = client_as(home, role).get(path)
        assert answer.status == 200
        assert "no-store" in answer.headers["cache-control"]
    with home.store.reading() as db:
        organization = roll(db, home, "organization")[0].handle
    assert client_as(home, "organization", organization=organization).get(path).status == 403
    assert client_as(home, "anybody").get(path).status == 303


def test_an_auditor_is_shown_no_button_that_changes_anything(home: Home) -> None:
    auditor = client_as(home, "auditor")
    for path in ("/workspace", "/workspace/import", "/workspace/publish", "/workspace/matches",
                 "/workspace/confirmations", "/workspace/records/organization"):  # fmt: skip
        page = auditor.get(path).text
        body = page[page.index('<div class="desk-page">') :]
        assert 'method="post"' not in body, path


def test_everything_that_may_wait_has_words_and_a_place_to_see_to_it() -> None:
    for what in WHATS:
        for number in (1, 2, 7):
            one = Waits(what, number, "Some <Network>")
            assert "%" not in desk.said(one)
            assert desk.address(one).startswith("/workspace")


def test_words_are_in_the_language_that_is_spoken_and_never_lose_the_number() -> None:
    for language in translation.LANGUAGES:
        with translation.spoken(language):
            assert "7" in desk.said(Waits("edit", 7))


def test_what_waits_stands_on_the_first_page(home: Home) -> None:
    page = client_as(home, "editor").get("/workspace").text
    for one in desk.waits(home, NOW):
        assert str(desk.said(one)) in page


def test_steps_that_are_done_are_ticked_and_others_can_be_set_aside(tmp_path: Path) -> None:
    home = node(tmp_path)
    browser = client_as(home, "administrator")
    with home.store.reading() as db:
        open_steps = [step.name for step in desk.steps(db, home) if not step.done]
    assert open_steps == ["recovery", "describe", "backup"]
    for name in open_steps:
        assert browser.form("/workspace/steps", step=name).status == 303
    assert "First steps" not in browser.get("/workspace").text
    assert browser.form("/workspace/steps", step="x").status == 400
    home.close()


def test_a_halted_node_says_so_first(tmp_path: Path) -> None:
    home = node(tmp_path)
    assert desk.waits(home, NOW)[0].what != "halted"
    (home.path / "high-water-mark.json").write_bytes(b"{}")
    assert desk.waits(home, NOW)[0].what == "halted"
    home.close()


def test_numbers_in_the_menu_are_what_waits_there(tmp_path: Path) -> None:
    home = node(tmp_path)
    assert desk.badges(home, NOW)["/workspace/publish"] == 0
    edits.add(home, "resource", {"titles": {"en": "A guide"}}, NOW)
    assert desk.badges(home, NOW)["/workspace/publish"] == 1
    with home.store.reading() as db:
        assert drafts.setting(db, publish.HOLD) is None
    home.close()
