"""The search page: the same with and without an address, map and list in step, and what helps while typing."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import pytest

from fednet.listing import places
from fednet.node import home as homes
from fednet.node import settings
from fednet.node.home import Home
from fednet.web.app import create_app
from tests.asgi import Answer, Client
from tests.web.place import NOW, followed
from tests.web.public.test_pages import Outline, text_of, weight
from tests.web.signed_in import client_as

SHAPE = re.compile(
    r'<use class="s([1-5])" href="/static/world\.svg#([A-Z]{2})"><title>([^<]*): ([0-9,]+)</title></use>'
)
FORM = "application/x-www-form-urlencoded"


def post(client: Client, url: str, **fields: str) -> Answer:
    return client.post(url, urlencode(fields).encode(), content_type=FORM)


def shapes(page: str) -> dict[str, int]:
    return {unescape(name): int(count.replace(",", "")) for _, _, name, count in SHAPE.findall(page)}


def listed(page: str) -> dict[str, int]:
    """Countries and counts of the list beside the map."""
    section = page.partition('<section class="where"')[2].partition("</section>")[0]
    rows = re.findall(r'<bdi class="label">([^<]*)</bdi> <span class="count">([0-9,]+)</span>', section)
    return {unescape(name): int(count.replace(",", "")) for name, count in rows}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A node that lists organisations in every country there is, more in some."""
    path = tmp_path_factory.mktemp("world")
    home, _ = homes.create(path / "node", "Example Network", None, path / "recovery.txt")
    bodies = [
        {
            "kind": "organization",
            "names": {"en": f"House {number} {code}"},
            "countries": [code],
            "services": ["legal-aid"] if number else [],
            "refugee_led": number == 1,
            **({"confirmed": {"at": "2026-10-01"}} if number == 2 else {}),
        }
        for at, code in enumerate(places.codes())
        for number in range(1 + (at % 5 == 0) * 3)
    ]
    followed(home, "Wide Example Network", bodies)
    yield home
    home.close()


@pytest.fixture(scope="module")
def everywhere(world: Home) -> Client:
    return Client(create_app(world, clock=lambda: NOW), accept="text/html")


# --- the map ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/", "/?text=house", "/?service=legal-aid", "/?region=035", "/?refugee_led=yes"])
def test_map_and_list_say_the_same_of_the_same_question(everywhere: Client, url: str) -> None:
    page = everywhere.get(url).text
    assert shapes(page) == listed(page) and len(shapes(page)) > 2
    api = everywhere.get(url.replace("/", "/api/v1/organizations", 1), accept="application/json").json
    assert shapes(page) == {places.name(code): count for code, count in api["facets"]["country"].items()}


def test_a_country_on_the_map_leads_to_what_is_counted_there(everywhere: Client) -> None:
    page = everywhere.get("/?text=house").text
    links = re.findall(
        r'<a href="([^"]+)" tabindex="-1"><use class="s." href="[^"]*#([A-Z]{2})"><title>[^<]*: (\d+)', page
    )
    assert len(links) == len(places.codes())
    for url, code, count in links[::40]:
        assert f"country={code}" in url
        assert f'<h2 id="results">{count} ' in everywhere.get(unescape(url)).text


def test_the_map_is_not_shown_where_a_country_is_chosen_or_only_one_is_left(everywhere: Client) -> None:
    assert "world.svg" not in everywhere.get("/?country=TH").text
    assert "world.svg" not in everywhere.get("/?text=House+0+TH").text


def test_the_map_is_passed_over_by_keyboard_and_screen_reader_as_the_list_says_it_all(everywhere: Client) -> None:
    page = everywhere.get("/").text
    drawn = page.partition('<svg viewBox="0 0 2000')[2].partition("</svg>")[0]
    assert 'aria-hidden="true"' in drawn and drawn.count("<a ") == drawn.count('tabindex="-1"')


def test_countries_are_called_as_the_reader_calls_them(everywhere: Client) -> None:
    page = everywhere.get("/", accept_language="ar").text
    assert shapes(page)[places.name("TH", "ar")] == listed(page)[places.name("TH", "ar")]


@pytest.mark.parametrize("url", ["/", "/?text=house&why=1", "/?text=" + "house+" * 60])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_page_with_the_map_of_every_country_is_light_with_all_that_belongs_to_it(
    everywhere: Client, url: str, language: str
) -> None:
    client = Client(everywhere.app, accept="text/html", accept_language=language)
    assert weight(client, url) < 45_000


# --- questions beside the one asked -----------------------------------------------------------------------------------


def test_what_is_refugee_led_or_confirmed_is_counted_and_can_be_chosen(everywhere: Client) -> None:
    page = everywhere.get("/?text=house").text
    for name in ("refugee_led=yes", "confirmed=fresh", "confirmed=stale"):
        found = re.search(
            rf'<a href="([^"]*{name})" rel="nofollow"><bdi class="label">[^<]*</bdi> <span class="count">(\d+)', page
        )
        assert found and f'<h2 id="results">{found[2]} ' in everywhere.get(unescape(found[1])).text


def test_the_order_can_be_chosen_and_the_one_there_is_is_said(everywhere: Client) -> None:
    page = everywhere.get("/?text=house&sort=confirmed").text
    assert '<strong aria-current="true">Lately confirmed</strong>' in page
    assert '<a href="/?text=house&amp;sort=title" rel="nofollow">Name</a>' in page
    assert '<a href="/?text=house" rel="nofollow">Best match</a>' in page
    assert "Nearest" not in page


def test_reasons_are_given_when_they_are_asked_for(everywhere: Client) -> None:
    page = everywhere.get("/?text=house").text
    assert '<ul class="why' not in page and 'href="/?text=house&amp;why=1"' in page
    assert '<ul class="why' in everywhere.get("/?text=house&why=1").text


def test_a_search_can_be_kept(browser: Client) -> None:
    page = unescape(browser.get("/?text=legal&country=TH&type=legal-firm").text)
    question = "text=legal&country=TH&type=legal-firm"
    assert f'value="http://127.0.0.1/?{question}"' in page
    assert f'href="/feed.json?{question}"' in page
    assert 'href="webcal://127.0.0.1/calendar.ics?text=legal&country=TH"' in page
    for form in ("csv", "xlsx", "vcf"):
        url = f"/api/v1/organizations?{question}&format={form}"
        assert f'href="{url}"' in page and browser.get(url, accept="*/*").status == 200
    assert (
        browser.get(f"/feed.json?{question}").status == browser.get("/calendar.ics?text=legal&country=TH").status == 200
    )


def test_the_line_for_other_sites_is_shown_where_there_are_any(browser: Client) -> None:
    assert "/embed/search" not in browser.get("/?text=legal").text


# --- questions in no address ------------------------------------------------------------------------------------------


def test_a_question_that_is_sent_finds_the_same_as_one_in_an_address(browser: Client) -> None:
    asked = {"text": "legal", "region": "142"}
    by_get, by_post = browser.get("/?" + urlencode(asked)), post(browser, "/", **asked)
    assert by_post.status == 200 and "no-store" in by_post.headers["cache-control"]
    titles = re.compile(r"<h3><a href=\"(/organizations/[^\"]+)")
    assert titles.findall(by_post.text) == titles.findall(by_get.text) != []


def test_a_question_that_was_sent_is_in_no_address_of_its_page(everywhere: Client, browser: Client) -> None:
    for client, typed in ((everywhere, "house"), (browser, "legal")):
        page = post(client, "/", text=typed, service="legal-aid").text
        for name, given in Outline(page).elements:
            for attribute in ("href", "action", "src"):
                assert typed not in (given.get(attribute) or ""), (name, given)
                assert "service=" not in (given.get(attribute) or ""), (name, given)
        assert f"<title>{typed}" not in page


def test_the_form_of_questions_in_no_address_is_found_from_the_front_page(browser: Client) -> None:
    assert 'href="/?private=yes"' in browser.get("/").text
    page = browser.get("/?private=yes").text
    assert '<form class="ask" role="search" action="/" method="post"' in page
    assert '<form class="ask" role="search" action="/" method="post"' in post(browser, "/", text="legal").text


def test_buttons_of_a_sent_question_send_the_whole_of_the_next(everywhere: Client) -> None:
    page = post(everywhere, "/", text="house", region="035").text
    buttons = re.findall(
        r'name="question" value="([^"]*)"><bdi class="label">[^<]*</bdi> <span class="count">(\d+)', page
    )
    assert len(buttons) > 5
    for question, count in buttons[::4]:
        assert {("text", "house"), ("region", "035")} < set(parse_qsl(unescape(question)))
        assert f'<h2 id="results">{count} ' in post(everywhere, "/", question=unescape(question)).text


def test_pages_of_a_sent_question_lead_on(everywhere: Client) -> None:
    page = post(everywhere, "/", text="house").text
    (question,) = re.findall(r'value="([^"]*)">Next page', page)
    following = post(everywhere, "/", question=unescape(question)).text
    assert "First page" in following and not set(re.findall('/organizations/[^"]*', page)) & set(
        re.findall('/organizations/[^"]*', following)
    )


def test_files_of_a_sent_question_are_sent_for(browser: Client) -> None:
    page = post(browser, "/", text="legal").text
    assert '<form class="files" action="/api/v1/organizations" method="post">' in page
    file = post(browser, "/api/v1/organizations", text="legal", format="csv")
    assert file.status == 200 and "Paper Boat" in file.text


def test_a_question_with_too_many_parts_is_refused(browser: Client) -> None:
    assert post(browser, "/", question="a=1&" * 400).status == 400


def test_a_sent_question_that_cannot_be_read_stays_in_the_form(browser: Client) -> None:
    page = post(browser, "/", text="doctor", country="Thaland")
    assert page.status == 400 and 'value="doctor"' in page.text and "Thaland" in text_of(page.text)


def test_staff_find_what_is_not_public_by_sending_as_well(home: Home) -> None:
    editor = client_as(home, "editor")
    found = editor.form("/", text="fictitious")
    assert found.status == 200 and "Individual member 07" in found.text
    assert editor.post("/", b"text=fictitious", content_type=FORM).status == 403  # without the token of their session
    assert "Individual member 07" not in post(Client(editor.app, accept="text/html"), "/", text="fictitious").text


# --- while typing -----------------------------------------------------------------------------------------------------


def test_what_would_be_found_is_counted_while_filters_are_set(browser: Client) -> None:
    for asked in ({"text": "legal"}, {"text": "legal", "region": "021"}, {"text": "nothing-fits-this"}):
        said = post(browser, "/count", **asked).json["said"]
        page = browser.get("/?" + urlencode(asked)).text
        assert f'<h2 id="results">{said}</h2>' in page
    assert post(browser, "/count", text="x", within="9").json == {"said": ""}


def test_terms_and_names_are_suggested(browser: Client) -> None:
    items = post(browser, "/suggest", text="lega").json["items"]
    assert items[0] == ["Legal aid", "Service"] and ["Harbour Kapok Legal Aid Centre", "Organisation"] in items
    assert ["Thailand", "Country"] in post(browser, "/suggest", text="thai").json["items"]
    assert ["Burmese", "Language"] in post(browser, "/suggest", text="burm").json["items"]
    assert ["港灣木棉法律援助中心", "Organisation"] in post(browser, "/suggest", text="港灣").json["items"]
    assert post(browser, "/suggest", text="l").json == {"items": []}


def test_suggestions_are_in_the_readers_language(browser: Client) -> None:
    body = f"text={quote_plus('المساعدة القا')}".encode()
    found = browser.post("/suggest", body, content_type=FORM, accept_language="ar").json["items"]
    assert found[0][0] == "المساعدة القانونية"


def test_only_public_names_are_suggested_whoever_types(home: Home) -> None:
    items = client_as(home, "administrator").form("/suggest", text="individual member").json["items"]
    assert not [text for text, _ in items if "member 07" in text]


def test_what_is_typed_is_asked_for_by_post_only(browser: Client) -> None:
    assert browser.get("/suggest?text=legal").status == browser.get("/count?text=legal").status == 405


def test_names_that_hide_what_they_say_are_suggested_plainly(browser: Client) -> None:
    items = post(browser, "/suggest", text="right-to-left").json["items"]
    assert not any(mark in text for text, _ in items for mark in "\u202e\u202d\u2066\u2069")


def test_the_one_script_is_small_and_asks_nobody_else() -> None:
    import fednet.web

    script = (Path(fednet.web.__file__).parent / "static" / "fednet.js").read_text("utf-8")
    assert len(script) < 7_000
    for word in ("http", "innerHTML", "eval(", "localStorage", "sessionStorage", "document.cookie", "import"):
        assert word not in script


def test_the_front_page_of_an_empty_node_says_so_and_where_a_secretariat_begins(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "empty", "Example Network", None, tmp_path / "recovery.txt")
    try:
        page = client_as(home, "anybody").get("/").text
        assert "Nothing is listed here yet" in page and "Try fewer words" not in page and "0 organisations" not in page
        assert '<a href="/sign-in">Sign in: the first steps' in page
        assert '<a href="/workspace">The first steps' in client_as(home, "editor").get("/").text
        assert "Try fewer words" in client_as(home, "anybody").get("/?text=legal").text
    finally:
        home.close()


def test_joining_is_found_on_every_page_where_it_is_open(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "open", "Example Network", None, tmp_path / "recovery.txt")
    try:
        for path in ("/", "/networks", "/sign-in", "/events"):
            assert 'href="/join"' not in client_as(home, "anybody").get(path).text
        settings.change(home, joining={"open": True})
        for path in ("/", "/networks", "/sign-in", "/events"):
            assert 'href="/join"' in client_as(home, "anybody").get(path).text
    finally:
        home.close()
