"""Posting a need, an offer or a twinning: who would read it is shown before it is saved, and the two are picked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fednet.node import edits
from fednet.node.home import Home
from fednet.node.roll import roll
from tests.web.place import node
from tests.web.signed_in import Browser, client_as

TWINNING = "/workspace/records/twinning/new"
NEED = {"type": "need", "texts.0.titles": "A trainer in mediation", "texts.0.language": "en", "original": "0"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    found = node(Path(tmp_path_factory.mktemp("posting")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def editor(home: Home) -> Browser:
    return client_as(home, "editor")


def own(home: Home, address: str) -> dict[str, Any]:
    with home.store.reading() as db:
        return edits.find(db, home, address.partition("?")[0].rpartition("/")[2]).fields


def seen(page: str) -> dict[str, bool]:
    """Who would see something of it, by the heading of each audience."""
    parts = page.partition('class="sides"')[2].split('<section class="audience">')[1:]
    return {re.sub("<[^>]*>", "", part.partition("</h3>")[0]): "Nothing of it." not in part for part in parts}


def test_the_secretariat_sees_who_would_read_a_need_before_it_is_saved(home: Home, editor: Browser) -> None:
    before = len(_needs(home))
    page = editor.form("/workspace/records/exchange/new", NEED, circle="partners", do="look").text
    assert seen(page)["Everybody"] is False
    assert seen(page)["Partner networks, and members of this network"] is True
    assert seen(editor.form("/workspace/records/exchange/new", NEED, circle="public", do="look").text)["Everybody"]
    assert len(_needs(home)) == before
    answer = editor.form("/workspace/records/exchange/new", NEED, circle="partners", do="save")
    assert own(home, answer.headers["location"])["posted"] == "2026-11-21"


def test_what_would_be_over_at_once_is_not_saved(home: Home, editor: Browser) -> None:
    past = editor.form("/workspace/records/exchange/new", NEED, circle="public", do="save", open_until="2020-01-01")
    assert past.status == 422 and "is past" in past.text and "Nothing is saved" in past.text
    rung = {**NEED, "texts.0.description": "Ring 020 7946 0000"}
    warned = editor.form("/workspace/records/exchange/new", rung, circle="public", do="save")
    assert warned.status == 422 and "020 7946 0000" in warned.text and "Nothing is saved yet." in warned.text


def _needs(home: Home) -> list[Any]:
    with home.store.reading() as db:
        return roll(db, home, "exchange")


def test_a_member_sees_it_as_well_and_nothing_of_other_circles(home: Home) -> None:
    with home.store.reading() as db:
        handle = next(one.handle for one in roll(db, home, "organization") if "Paper Boat" in str(one.record))
    page = client_as(home, "organization", organization=handle).form("/member/new/exchange", NEED, do="look").text
    audiences = ["Everybody", "Partner networks, and members of this network", "This network&#39;s own people"]
    assert list(seen(page)) == audiences


def test_the_two_of_a_twinning_are_looked_up_in_the_directory_and_one_is_picked(home: Home, editor: Browser) -> None:
    typed = {"organizations.0.name": "Lantern House for Refugees", "organizations.1.name": "Maple"}
    page = editor.form(TWINNING, typed, more="organizations").text
    (pick,) = re.findall(r'name="organizations.1.pick" value="([^"]+)"', page)
    page = editor.form(TWINNING, typed | {"organizations.1.pick": pick}, more="activities").text
    assert f'value="{pick}" checked' in page
    answer = editor.form(TWINNING, typed | {"organizations.1.pick": pick}, do="save")
    assert answer.status == 303, answer.text
    ours, theirs = own(home, answer.headers["location"])["organizations"]
    assert (ours["name"], ours["network"]) == ("Lantern House for Refugees", home.network.network)
    assert (theirs["name"], f"{theirs['network']}:{theirs['handle']}") == ("Maison des Érables", pick)
    page = editor.get(answer.headers["location"]).text
    assert "Maison des Érables (Canadian Example Council)" in page


def test_a_name_that_nobody_lists_stays_a_name_and_the_same_one_twice_is_refused_with_all_that_was_typed(
    home: Home, editor: Browser
) -> None:
    typed = {"organizations.0.name": "Nobody knows us", "organizations.1.name": "Maple House", "start": "2027-01"}
    made = editor.form(TWINNING, typed, do="save")
    assert [one.get("handle", "") != "" for one in own(home, made.headers["location"])["organizations"]] == [
        False,
        True,
    ]
    same = {"organizations.0.name": "Maple House", "organizations.1.name": "maple house", "start": "2027-01"}
    page = editor.form(TWINNING, same, do="save")
    assert page.status == 422 and 'value="2027-01"' in page.text
    assert "different organisations" in page.text


def test_a_twinning_without_a_title_is_listed_by_the_names_of_the_two(home: Home, editor: Browser) -> None:
    typed = {"organizations.0.name": "Kapok", "organizations.1.name": "Banyan"}
    assert editor.form(TWINNING, typed, do="save").status == 303
    assert "Kapok – Banyan" in editor.get("/workspace/records/twinning").text
