"""Frames on other sites: only where they are listed, only what is public, and without cookies."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.node.home import Embed, Home
from fednet.web import translation
from fednet.web.app import create_app
from fednet.web.public import embed
from tests.asgi import Client
from tests.web.place import NOW, node
from tests.web.public.test_pages import LARGEST, Outline, weight
from tests.web.signed_in import client_as

FRAMES = (
    "/embed/search",
    "/embed/search?text=legal",
    "/embed/search?lang=fr",
    "/embed/events",
    "/embed/events?lang=ar",
)
REFUSED = ("/embed/search?country=Thaland", "/embed/events?zone=Mars")


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A node that lets two sites show it."""
    home = node(tmp_path_factory.mktemp("embed"))
    sites = ("https://www.ccr.example", "https://*.aprrn.example:8443", "'self'; script-src *")
    home.config = msgspec.structs.replace(home.config, embed=Embed(sites))
    yield home
    home.close()


@pytest.fixture(scope="module")
def framing(listed: Home) -> Client:
    return Client(create_app(listed, clock=lambda: NOW), accept="text/html", host="localhost")


@pytest.mark.parametrize("url", FRAMES + REFUSED)
def test_only_listed_sites_may_show_a_frame(framing: Client, browser: Client, url: str) -> None:
    answer = framing.get(url)
    assert answer.status == (400 if url in REFUSED else 200)
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy[-1] == "frame-ancestors https://www.ccr.example https://*.aprrn.example:8443"
    assert "script-src 'self'" in policy and "x-frame-options" not in answer.headers
    nobody = browser.get(url).headers
    assert nobody["content-security-policy"].endswith("frame-ancestors 'none'") and nobody["x-frame-options"] == "DENY"


@pytest.mark.parametrize("url", ["/", "/events", "/networks", "/static/style.css", "/embed"])
def test_nothing_else_can_be_framed(framing: Client, url: str) -> None:
    headers = framing.get(url).headers
    assert (
        headers["content-security-policy"].endswith("frame-ancestors 'none'") and headers["x-frame-options"] == "DENY"
    )


@given(st.lists(st.text(max_size=30)))
def test_no_setting_adds_to_the_policy_but_origins(sites: list[str]) -> None:
    found = embed.policy(sites)
    assert found.count(";") == embed.policy([]).count(";") and found.isascii() and "\n" not in found


def test_whoever_looks_a_frame_is_the_same(listed: Home) -> None:
    nobody, editor = client_as(listed, "anybody"), client_as(listed, "administrator")
    assert "Individual member 07" in editor.get("/?text=fictitious&kind=person").text
    for url in (*FRAMES, "/embed/search?text=fictitious&kind=person"):
        theirs = editor.get(url)
        assert theirs.text == nobody.get(url).text and "Individual member 07" not in theirs.text
        assert "set-cookie" not in theirs.headers and "cookie" not in theirs.headers.get("vary", "").lower()


def test_a_language_chosen_on_the_nodes_own_pages_is_not_looked_at(framing: Client) -> None:
    assert '<html lang="en"' in framing.get("/embed/events", cookie=f"{translation.COOKIE}=ar").text
    assert '<html lang="ar" dir="rtl">' in framing.get("/embed/events?lang=ar").text
    assert '<html lang="fr"' in framing.get("/embed/events", accept_language="fr").text


@pytest.mark.parametrize("url", FRAMES + REFUSED)
def test_a_frame_is_bare_and_its_links_open_beside_it(framing: Client, url: str) -> None:
    page = framing.get(url).text
    elements = Outline(page).elements
    assert weight(framing, url) < LARGEST
    assert ("base", {"target": "_blank"}) in elements
    assert not {"header", "footer", "script", "iframe"} & {name for name, _ in elements}
    assert [name for name, _ in elements].count("h1") == 1
    for name, attributes in elements:
        if name == "form":
            assert attributes["target"] == "_self"
        if name == "a" and (attributes["href"] or "").startswith("/embed/"):
            assert attributes["target"] == "_self"


def test_the_pages_of_a_frame_lead_on_in_it(framing: Client) -> None:
    page = framing.get("/embed/search?limit=2&lang=fr").text
    (following,) = [
        given["href"] or "" for name, given in Outline(page).elements if name == "a" and given.get("target")
    ]
    assert following.startswith("/embed/search?") and "lang=fr" in following and "cursor=" in following
    assert framing.get(following).status == 200


def test_a_frames_form_keeps_its_filters_and_language(framing: Client) -> None:
    fields = [
        given
        for name, given in Outline(framing.get("/embed/search?country=TH&lang=fr").text).elements
        if name == "input"
    ]
    hidden = {given["name"]: given["value"] for given in fields if given.get("type") == "hidden"}
    assert hidden["country"] == "TH" and hidden["lang"] == "fr"


def test_the_line_to_copy_shows_the_question_in_the_readers_language(framing: Client) -> None:
    page = framing.get("/?text=legal%22&country=TH", accept_language="fr").text
    (line,) = [given["value"] or "" for name, given in Outline(page).elements if given.get("id") == "frame"]
    frame = dict(Outline(line.replace("></iframe>", ">") + "</iframe>").elements)["iframe"]
    assert frame["src"] == "http://localhost/embed/search?text=legal%22&country=TH&lang=fr" and frame["title"]
    assert framing.get((frame["src"] or "").removeprefix("http://localhost")).status == 200


def test_the_line_is_escaped() -> None:
    line = embed.line('https://node.example/"><script>', "events", [("text", "<script>")])
    assert "<script>" not in line and unescape(line).count("%3Cscript%3E") == 1
