"""The page for emergencies: what goes is shown, then done and signed, then put back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from fednet.directory.matching import bring_up_to_date
from fednet.node import edits, hiding
from fednet.node.hiding import Heard
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import acts, hidden
from fednet.web.workspace.hiding import _by_network
from tests.web.place import NOW, followed, node
from tests.web.signed_in import client_as


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


def _shown(text: str) -> dict[str, str]:
    return dict(re.findall(r'name="(what|shown)" value="([^"]*)"', text))


def test_a_country_is_hidden_in_two_steps_and_put_back(home: Home) -> None:
    editor = client_as(home, "editor")
    looked = editor.form("/workspace/hide/look", country="TH")
    assert looked.status == 200 and "เรือกระดาษ" in looked.text
    before = editor.get("/").text
    assert "Lantern House" in before
    done = editor.form("/workspace/hide", _shown(looked.text))
    assert (done.status, done.headers["location"]) == (303, "/workspace/hide?done=hidden")
    with home.store.reading() as db:
        assert not db.execute("SELECT 1 FROM draft").fetchone()
        assert [one.act for one in acts.latest(db) if one.subject == "TH"] == ["hide"]
        assert hidden.hidden(db)
    assert "Mae Sot" not in editor.get("/?country=TH").text
    page = editor.get(done.headers["location"]).text
    assert "Put it back" in page and "Hidden, and signed" in page
    back = editor.form("/workspace/hide/undo", what="TH")
    assert back.headers["location"] == "/workspace/hide?done=back"
    assert not hiding.acts(home)


def test_a_name_that_several_records_bear_is_asked_about(home: Home) -> None:
    editor = client_as(home, "editor")
    found = editor.form("/workspace/hide/look", text="legal aid centre")
    assert found.text.count("See what goes<span") == 2
    one = editor.form("/workspace/hide/look", text="lantern house")
    assert "Hide 1 record now" in one.text


def test_what_changed_since_it_was_shown_is_shown_again(home: Home) -> None:
    editor = client_as(home, "editor")
    shown = _shown(editor.form("/workspace/hide/look", country="TH").text)
    edits.add(home, "organization", {"names": {"en": "New there"}, "seat": {"country": "TH"}}, NOW)
    answer = editor.form("/workspace/hide", shown)
    assert answer.status == 409 and "New there" in answer.text
    assert not hiding.acts(home)


@pytest.mark.parametrize("role", ["auditor", "organization", "individual", "anybody"])
def test_only_the_secretariat_hides(home: Home, role: str) -> None:
    assert client_as(home, role).form("/workspace/hide", what="TH").status in (303, 403)
    assert not hiding.acts(home)


def test_nonsense_is_refused_in_words(home: Home) -> None:
    editor = client_as(home, "editor")
    assert editor.form("/workspace/hide", what="nowhere").status == 400
    assert editor.form("/workspace/hide/undo", what="TH").status == 404
    assert editor.get("/workspace/hide/76b9289f-5505-42ce-a535-37dec310102d").status == 404


def test_what_other_networks_list_of_the_same_is_said_to_stay(home: Home) -> None:
    twin = {"kind": "organization", "names": {"en": "Kapok House"}, "website": "https://kapok-house.example/",
            "seat": {"country": "TH"}}  # fmt: skip
    edits.add(home, "organization", {name: value for name, value in twin.items() if name != "kind"}, NOW)
    publish(home, NOW)
    followed(home, "Third Example Network", (twin,))
    bring_up_to_date(home.store)
    editor = client_as(home, "editor")
    looked = editor.form("/workspace/hide/look", text="Kapok House").text
    assert "only they can hide them" in looked and "Third Example Network" in looked
    other = editor.form("/workspace/hide/look", text="lantern house").text
    assert "only they can hide them" not in other or "Third Example Network" not in other
    done = editor.form("/workspace/hide", _shown(looked))
    assert "What other networks themselves list of the same stays listed" in editor.get(done.headers["location"]).text
    assert "Kapok House" in editor.get("/?text=kapok").text  # theirs, as the page has said


def test_a_network_that_reads_two_circles_is_named_once_and_has_let_go_when_it_has_in_both() -> None:
    def heard(network: str, circle: str, confirmed: bool) -> Heard:
        return Heard(circle, SimpleNamespace(network=network), confirmed, None)  # type: ignore[arg-type]

    told = [heard("a", "partners", True), heard("b", "partners", True), heard("a", "public", False)]
    assert [(one.network.network, one.confirmed) for one in _by_network(told)] == [("a", False), ("b", True)]
