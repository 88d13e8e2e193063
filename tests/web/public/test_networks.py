from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

import pytest

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.invitation import parse_invitation
from fednet.node.publish import publish
from fednet.store import feeds, sources
from fednet.web import qr
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import NOW, followed
from tests.web.public.test_pages import text_of
from tests.web.signed_in import client_as

STRANGER = "z" * 32
URL = "https://node.example.org"


class World(NamedTuple):
    home: Home
    browser: Client
    own: str
    other: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("networks")
    home, _ = homes.create(path / "node", "Own Network", URL, path / "recovery.txt")
    itself = {"names": {"en": "Own Network", "fr": "Notre réseau"}, "website": "https://own.example/"}
    itself["emails"] = ["desk@own.example"]
    edits.add(home, "network", {**itself, "description": {"en": "What we are for."}}, NOW)
    for name, country in (("Paper Boat", "TH"), ("Lantern", "MY"), ("Kite", "TH")):
        edits.add(home, "organization", {"names": {"en": name}, "countries": [country]}, NOW)
    edits.add(home, "organization", {"names": {"en": "Hidden"}, "countries": ["MM"]}, NOW, "partners")
    publish(home, NOW)
    other = followed(
        home, "Other Network", [{"kind": "organization", "names": {"en": "Maple"}, "countries": ["CA"]}]
    ).id
    with home.store.writing() as db:
        pinned = feeds.named(db, "Other Network")
        sources.add_origin(db, pinned, "https://other.example.net")
        own = feeds.own(db).network
        sources.mention(db, pinned, [(own, "Own", []), (STRANGER, "A stranger", ["https://stranger.example"])])
    app = create_app(home, clock=lambda: NOW)
    yield World(home, Client(app, accept="text/html", host="node.example.org"), own, other)
    home.close()


def test_whoever_finds_something_wrong_reads_where_the_network_is_told(world: World) -> None:
    assert 'href="mailto:desk%40own.example"' in world.browser.get(f"/networks/{world.own}").text
    for path in ("/about", "/privacy", "/accessibility"):
        assert "desk@own.example" in world.browser.get(path).text
    assert "does not say here how it can be reached" in world.browser.get(f"/networks/{world.other}").text


def test_a_network_is_called_in_the_readers_language_with_the_name_it_signs_as_beside_it(world: World) -> None:
    for path in ("/networks", f"/networks/{world.own}"):
        page = world.browser.get(path, accept_language="fr").text
        assert page.index('<bdi lang="fr" dir="auto">Notre réseau</bdi>') < page.rindex("Own Network")
        assert '<span dir="auto">Notre réseau</span>' in page
        assert '<span dir="auto">Own Network</span>' in world.browser.get(path, accept_language="es").text


def test_a_network_says_what_it_is_and_what_it_lists_by_kind_and_country(world: World) -> None:
    page = world.browser.get(f"/networks/{world.own}").text
    said = text_of(page)
    assert "Notre réseau" in said and "What we are for." in said and "own.example" in said and "3 organisations" in said
    where = re.findall(r'<li><a href="([^"]+)" rel="nofollow"><bdi>(\w+)</bdi> <span class="count">(\d+)', page)
    assert [(name, count) for _, name, count in where] == [("Thailand", "2"), ("Malaysia", "1")]
    assert "2 entries" in text_of(world.browser.get(unescape(where[0][0])).text)


def test_the_own_network_invites_anybody(world: World) -> None:
    page = world.browser.get(f"/networks/{world.own}").text
    text = re.search(r'<code dir="ltr">([^<]+)</code>', page)
    assert text and parse_invitation(unescape(text[1])) == (URL, world.own)
    assert page.count('class="qr"') == 1
    assert str(qr.svg(unescape(text[1]), "x")).partition(">")[2] in page


def test_where_another_network_is_read_is_told_to_staff_only(world: World) -> None:
    url = f"/networks/{world.other}"
    assert "other.example.net" not in world.browser.get(url).text and 'class="qr"' not in world.browser.get(url).text
    assert "https://other.example.net/#" in client_as(world.home, "editor").get(url).text
    assert "other.example.net" not in client_as(world.home, "individual").get(url).text


def test_what_another_network_says_of_strangers_is_told_to_staff_only(world: World) -> None:
    for url in ("/networks", f"/networks/{world.other}"):
        assert "A stranger" not in world.browser.get(url).text
        assert "A stranger" in client_as(world.home, "auditor").get(url).text


def test_who_follows_whom_is_drawn_and_told(world: World) -> None:
    for url in ("/networks", f"/networks/{world.own}", f"/networks/{world.other}"):
        page = world.browser.get(url).text
        drawn = re.findall("<path class=[^>]*><title>(.*?)</title>", page)
        listed = page.partition('<ul class="plain twin">')[2].partition("</ul>")[0]
        told = [text_of(one) for one in re.findall("<li>(.*?)</li>", listed, re.S)]
        assert (
            sorted(drawn) == sorted(told) == ["Other Network follows Own Network", "Own Network follows Other Network"]
        )


def test_a_network_whose_name_alone_is_known_has_no_page(world: World) -> None:
    assert f'href="/networks/{STRANGER}"' not in client_as(world.home, "auditor").get("/networks").text
    assert world.browser.get(f"/networks/{STRANGER}").status == 404


def test_a_code_holds_what_it_should_and_nothing_of_its_label_becomes_markup() -> None:
    found = str(qr.svg(URL, '"><script>'))
    assert "<script" not in found and found.count("<svg") == found.count("</svg>") == 1
