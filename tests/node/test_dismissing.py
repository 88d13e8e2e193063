"""Pairs that a person dismissed stay so, and leave with the records."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from fednet.directory.exchange import entry, matches
from fednet.directory.search import OPERATOR
from fednet.errors import NotFoundError, UsageError
from fednet.listing.features import hashed, words
from fednet.node import circles, dismissing, edits, erasure, hiding, publish
from fednet.node.home import Home
from fednet.store import index
from tests.node.nodes import NOW, Nodes, synced
from tests.node.test_erasure import on_disk

LEGAL: dict[str, Any] = {"themes": ["legal-aid"], "modality": "training"}


def add(home: Home, type_: str, title: str, circle: str | None = None, **fields: Any) -> str:
    return edits.add(home, "exchange", {"type": type_, "titles": {"en": title}, **LEGAL, **fields}, NOW, circle).handle


@pytest.fixture
def home(nodes: Nodes) -> Home:
    made = nodes.home("Example")
    circles.add(made, "board", NOW)
    return made


@pytest.fixture
def pair(home: Home) -> tuple[str, str]:
    found = add(home, "need", "A course"), add(home, "offer", "We teach")
    publish.publish(home, NOW)
    dismissing.dismiss(home, *found, NOW)
    return found


def fits(home: Home, handle: str) -> int:
    return len(matches(home.store, handle, OPERATOR, NOW))


def test_a_pair_is_dismissed_in_either_order_once_and_put_back(home: Home, pair: tuple[str, str]) -> None:
    need, offer = pair
    dismissing.dismiss(home, offer, need, NOW)
    assert dismissing.dismissed(home) == [pair] and fits(home, need) == fits(home, offer) == 0
    dismissing.put_back(home, offer, need)
    assert dismissing.dismissed(home) == [] and fits(home, need) == 1
    with pytest.raises(NotFoundError):
        dismissing.put_back(home, need, offer)


def test_two_needs_and_what_is_not_listed_are_no_pair(home: Home, pair: tuple[str, str]) -> None:
    other = add(home, "need", "Another")
    publish.publish(home, NOW)
    with pytest.raises(UsageError):
        dismissing.dismiss(home, pair[0], other, NOW)
    with pytest.raises(NotFoundError):
        dismissing.dismiss(home, pair[0], edits.new_handle(), NOW)


def test_it_stays_when_either_is_edited_moved_hidden_put_back_and_indexed_anew(
    home: Home, pair: tuple[str, str]
) -> None:
    need, offer = pair
    edits.edit(home, need, {"countries": ["TH"]}, NOW)
    publish.publish(home, NOW)
    hiding.hide(home, offer, NOW)
    hiding.unhide(home, offer, NOW)
    publish.publish(home, NOW)
    with home.store.writing() as db:
        index.rebuild(db)
    assert len(dismissing.dismissed(home)) == 1 and fits(home, need) == 0
    moved = edits.edit(home, need, {}, NOW, "board")
    publish.publish(home, NOW)
    assert moved.handle != need and fits(home, moved.handle) == 0


def test_it_goes_when_either_is_erased(home: Home, pair: tuple[str, str]) -> None:
    erasure.erase(home, pair[1], NOW)
    assert dismissing.dismissed(home) == []


def test_it_goes_when_the_network_that_lists_it_erases_it(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    offer = add(origin, "offer", "We teach")
    publish.publish(origin, NOW)
    synced(follower)
    need = add(follower, "need", "A course")
    publish.publish(follower, NOW)
    assert fits(follower, need) == 1
    dismissing.dismiss(follower, need, offer, NOW)
    erasure.erase(origin, offer, NOW)
    publish.publish(origin, NOW)
    synced(follower)
    assert dismissing.dismissed(follower) == []


def test_no_word_of_an_erased_entry_is_left_in_any_form(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    handle = add(origin, "offer", "Zyxwolfram lessons")
    publish.publish(origin, NOW)
    synced(follower)
    (stem, *_) = words(["Zyxwolfram"])
    trace = struct.pack("<I", hashed(stem))
    for home in (origin, follower):
        assert trace in on_disk(home)
        assert entry(home.store, handle, OPERATOR, NOW).hit.title == "Zyxwolfram lessons"
    erasure.erase(origin, handle, NOW)
    publish.publish(origin, NOW)
    synced(follower)
    for home in (origin, follower):
        assert trace not in on_disk(home) and b"yxwolfram" not in on_disk(home)


def test_a_hidden_entry_fits_nothing_from_that_moment(home: Home, pair: tuple[str, str]) -> None:
    dismissing.put_back(home, *pair)
    hiding.hide(home, pair[1], NOW)
    assert fits(home, pair[0]) == 0
    with pytest.raises(NotFoundError):
        entry(home.store, pair[1], OPERATOR, NOW)
