from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import feeds
from fednet.web import translation
from fednet.web.app import create_app
from fednet.web.public import status
from tests.asgi import Client
from tests.web.place import NOW, followed
from tests.web.public.test_pages import text_of
from tests.web.signed_in import client_as

LATER = NOW + timedelta(days=120)
STAFF = ("administrator", "editor", "auditor")


class World(NamedTuple):
    home: Home
    other: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("status")
    home, _ = homes.create(path / "node", "Own Network", None, path / "recovery.txt")
    edits.add(home, "organization", {"names": {"en": "Paper Boat"}}, NOW)
    publish(home, NOW)
    other = followed(home, "Other Network", [{"kind": "organization", "names": {"en": "Maple"}}]).id
    edits.add(home, "organization", {"names": {"en": "Waits"}}, NOW)
    edits.add(home, "organization", {"names": {"en": "Board"}}, NOW, "partners")
    with home.store.writing() as db:
        feed = feeds.feed(db, feeds.named(db, "Other Network"), "public")
        assert feed is not None
        feeds.failed(db, feed, NOW, "no answer from 192.0.2.7 within 30 s")
    yield World(home, other)
    home.close()


def page(world: World, role: str = "anybody", at: datetime = NOW) -> str:
    if role == "anybody":
        return text_of(Client(create_app(world.home, clock=lambda: at), accept="text/html").get("/status").text)
    return text_of(client_as(world.home, role).get("/status").text)


def test_anybody_is_told_how_old_each_list_is(world: World) -> None:
    said = page(world)
    assert "all that it shows is as new as it should be" in said
    assert "Own Network" in said and "signed here" in said and "Other Network" in said


def test_what_went_wrong_and_what_waits_is_for_staff(world: World) -> None:
    for role in ("anybody", "organization", "individual"):
        said = page(world, role)
        assert "192.0.2.7" not in said and "partners" not in said and "could not be read" not in said, role
    for role in STAFF:
        said = page(world, role)
        assert "192.0.2.7" in said and "tried again by itself" in said
        assert "1 edit in circle partners, of which nothing is signed yet" in said
        assert "Nobody has sent a receipt yet." in said and "No witness is asked." in said


def test_a_list_that_was_not_renewed_is_told_to_anybody(world: World) -> None:
    said = page(world, at=NOW + timedelta(days=40))
    assert "not as new as" in said and "not renewed in time" in said


def test_every_state_has_words(world: World) -> None:
    assert set(status.REMEDIES) | set(status.OWN_REMEDIES) <= set(status.STATES) >= status.PROBLEMS


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (5, "5 seconds ago"), (3_700, "1 hour ago"), (86_400 * 12, "2 weeks ago")]
)
def test_ages_are_said_in_words(seconds: int | None, said: str) -> None:
    assert status.ago(seconds) == said
    with translation.spoken("fr"):
        assert status.ago(3_700) == "il y a 1 heure"
