from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fednet.listing import places
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import HOSTILE_NAMES, NOW, followed

LARGEST = 60_000
VOID = {"base", "br", "img", "input", "link", "meta"}


class Outline(HTMLParser):
    """What a page is made of; raises on a tag that is closed where it was not open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


def pages(browser: Client, program: Client) -> list[str]:
    """The address of every kind of page, and of every record that has one."""
    found = [
        "/",
        "/?text=legal",
        "/?country=TH",
        "/?text=nothing-fits",
        "/events",
        "/events?zone=Asia/Tehran",
        "/networks",
    ]
    found += [
        "/events?view=month",
        "/events?view=month&from=2026-12-01",
        "/groups",
        "/resources",
        "/resources?type=guide",
    ]
    found += ["/check", "/about", "/privacy", "/accessibility", "/status"]
    found += ["/?country=Thaland", "/events?zone=Mars", "/organizations/nobody", "/nowhere"]
    for kind in ("organizations", "events"):
        items = program.get(f"/api/v1/{kind}?limit=100").json["items"]
        found += sorted({f"/{kind}/{item['handle']}" for item in items})
    found += [f"/resources/{item['handle']}" for item in program.get("/api/v1/resources").json["items"]]
    found += sorted(set(re.findall("/groups/[0-9a-f-]{36}", browser.get("/groups").text)))
    return found + [f"/networks/{item['network']}" for item in program.get("/api/v1/networks").json["items"]]


def weight(browser: Client, url: str) -> int:
    """Bytes of a page as it is sent; of one with the map with all that belongs to it, of others before compression."""
    page = browser.get(url)
    if "/static/world.svg" not in page.text:
        return len(page.body)
    files = {given.get("src") or given.get("href") or "" for _, given in Outline(page.text).elements}
    files = {file.partition("#")[0] for file in files if file.startswith("/static/")}
    assert len(files) == 4, "the style, the script, the map and the icon"
    return sum(len(browser.get(file, accept_encoding="gzip").body) for file in (url, *files))


def test_every_page_is_light_well_formed_and_without_scripts_of_its_own(browser: Client, program: Client) -> None:
    for url in pages(browser, program):
        page = browser.get(url)
        assert weight(browser, url) < LARGEST, url
        elements = Outline(page.text).elements
        names = [name for name, _ in elements]
        assert not {"style", "iframe", "object", "base"} & set(names), url
        for given in (given for name, given in elements if name == "script"):
            src = given.get("src") or ""  # our one script, or what is told to programs
            assert src.startswith("/static/fednet.js?") or given == {"type": "application/ld+json"}, url
        handlers = [name for _, given in elements for name in given if name.startswith("on") or name == "style"]
        assert not handlers, url


def test_a_page_stays_light_whatever_its_record_holds(tmp_path: Path) -> None:
    heavy = "<'\"&" * 600
    texts = {f"x{at:02}": heavy[:600] for at in range(20)}
    codes = [f"<{at:03}" + '"' * 50 for at in range(60)]
    bodies: list[dict[str, Any]] = [
        {
            "kind": "organization",
            "names": {**texts, "en": f"{at}{heavy}"},
            "description": {"en": heavy},
            "acronym": heavy,
            "former_names": [heavy] * 2,
            "services": codes,
            "client_groups": codes,
            "countries": list(places.codes()),
            "languages": [f"{code}<<<<" for code in places.codes()[:99]],
            "seat": {"country": "TH", "place": heavy},
            "identifiers": [{"scheme": heavy, "value": heavy}],
            "membership": {"category": heavy},
            "confirmed": {"at": "2026-11-01", "by": heavy},
        }
        for at in range(25)
    ] + [
        {
            "kind": "event",
            "titles": {**texts, "en": heavy},
            "type": "<" * 64,
            "start": "2026-12-01T10:00",
            "zone": "Asia/Bangkok",
            "rrule": "FREQ=DAILY",
            "hosts": [heavy] * 3,
            "speakers": [heavy[:50]] * 90,
            "place": heavy,
            "fund_note": dict.fromkeys(texts, heavy[:200]),
            "description": {"en": heavy},
            "themes": codes,
            "audience": [heavy] * 3,
        }
    ]
    home, _ = homes.create(tmp_path / "node", HOSTILE_NAMES[0], None, tmp_path / "recovery.txt")
    followed(home, ("N<>&\"' network " * 20)[:200], bodies)
    client = Client(create_app(home, clock=lambda: NOW), accept="text/html")
    for url in pages(client, client):
        assert weight(client, url) < LARGEST, url
    assert weight(client, "/?limit=1000&text=" + "%E1%80%80" * 400) < LARGEST
    home.close()


def test_every_page_can_be_read_by_ear(browser: Client, program: Client) -> None:
    for url in pages(browser, program):
        elements = Outline(browser.get(url).text).elements
        assert ("html", {"lang": "en", "dir": "ltr"}) in elements
        assert ("a", {"class": "skip", "href": "#main"}) in elements
        levels = [int(name[1]) for name, _ in elements if re.fullmatch("h[1-6]", name)]
        assert levels.count(1) == 1 and levels[0] == 1, url
        assert all(below - above <= 1 for above, below in pairwise(levels)), (url, levels)
        labels = {given.get("for") for name, given in elements if name == "label"}
        fields = [given for name, given in elements if name in ("input", "select") and given.get("type") != "hidden"]
        assert all(given["id"] in labels for given in fields), url
        ids = [given["id"] for _, given in elements if "id" in given]
        assert len(ids) == len(set(ids)), url


def test_links_that_members_entered_are_told_to_nobody(browser: Client, program: Client) -> None:
    for url in pages(browser, program):
        for name, given in Outline(browser.get(url).text).elements:
            if name == "a" and not (given["href"] or "").startswith(("/", "#", "webcal://127.0.0.1/")):
                assert given["href"].startswith(("https://", "http://"))  # type: ignore[union-attr]
                assert given["rel"] == "nofollow noopener noreferrer"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_only_text(browser: Client, program: Client, name: str) -> None:
    for item in program.get("/api/v1/organizations?limit=100").json["items"]:
        if item["title"] != name:
            continue
        page = browser.get(f"/organizations/{item['handle']}").text
        heading = unescape(re.sub("<[^>]*>", "", page.partition("<h1>")[2].partition("</h1>")[0]))
        shown = name.translate(dict.fromkeys(map(ord, "\u202e\u202d\u2066\u2069"))).strip()
        assert heading in (shown, shown[:300] + "…", shown[:300].rsplit(None, 1)[0] + "…")
        return
    pytest.fail("the record is not listed")


def test_characters_that_reorder_text_are_not_on_pages(browser: Client) -> None:
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", browser.get("/?text=right-to-left").text)


def test_a_result_says_who_lists_it_in_which_edition_and_when_that_was_verified(browser: Client) -> None:
    page = text_of(browser.get("/?text=Paper+Boat+Legal+Aid+Centre&kind=organization").text)
    assert (
        "Listed by Asia Pacific Example Network and Canadian Example Council, edition 1, "
        "verified 21 November 2026 18:30 UTC" in page
    )


def test_a_name_is_shown_in_the_readers_language_and_then_in_the_original(browser: Client) -> None:
    page = browser.get("/?country=MY").text
    assert '<bdi lang="fa" dir="rtl">خانه فانوس پناهندگان</bdi>' in page
    assert page.index('<bdi lang="en" dir="auto">Lantern House for Refugees</bdi>') < page.index("خانه فانوس")


def test_codes_are_shown_by_their_names(browser: Client, program: Client) -> None:
    (item,) = program.get("/api/v1/organizations?language=my").json["items"]
    page = text_of(browser.get(f"/organizations/{item['handle']}").text)
    for words in ("Legal aid", "Unaccompanied minors", "Burmese", "Thailand", "4 May 2026, by the secretariat"):
        assert words in page
    assert "legal-aid" not in page


def test_a_facet_link_narrows_to_what_it_counts(browser: Client) -> None:
    page = browser.get("/").text
    for url, count in re.findall(
        r'<a href="([^"]+)" rel="nofollow"><bdi class="label">[^<]*</bdi> <span class="count">(\d+)', page
    ):
        heading = re.search(r'<h2 id="results">(\d+)', browser.get(unescape(url)).text)
        assert heading and heading[1] == count, url


def test_a_chosen_filter_can_be_taken_off(browser: Client) -> None:
    page = browser.get("/?text=legal&country=TH&service=legal-aid").text
    assert 'href="/?text=legal&amp;country=TH" rel="nofollow"><bdi>Legal aid</bdi>' in page
    assert '<input type="hidden" name="country" value="TH">' in page


def test_what_cannot_be_read_is_said_and_stays_in_the_form(browser: Client) -> None:
    page = browser.get("/?text=doctor&country=Thaland")
    assert page.status == 400 and "Thaland" in page.text and 'value="doctor"' in page.text


def test_the_pages_of_results_lead_on(browser: Client) -> None:
    first = browser.get("/?limit=3").text
    following = re.search(r'<a href="([^"]+)" rel="nofollow">Next page</a>', first)
    assert following and "First page" in browser.get(unescape(following[1])).text


def test_the_calendar_shows_both_zones(browser: Client) -> None:
    page = text_of(browser.get("/events?zone=Asia/Bangkok").text)
    assert "22:00–23:30 10:00–11:30 in New York Webinar: interviewing children" in page
    assert "December 2026" in page and "All day, until Saturday 12 December 2026" in page


def test_the_calendar_shows_what_is_cancelled(browser: Client) -> None:
    page = text_of(browser.get("/events?from=2026-12-09&to=2026-12-09&zone=Asia/Bangkok").text)
    assert "09:00–10:00 Cancelled Detention working group" in page


def test_the_calendar_narrows_by_type_and_network(browser: Client) -> None:
    page = browser.get("/events?type=consultation&network=Asia+Pacific+Example+Network").text
    assert "Autumn consultation" in page and "Detention working group" not in page
    assert '<option value="consultation" selected>' in page


def test_an_event_says_its_next_dates_in_its_own_zone_and_in_ours(browser: Client, program: Client) -> None:
    items = program.get("/api/v1/events?limit=100").json["items"]
    url = next(f"/events/{one['handle']}?zone=Europe/Zurich" for one in items if one.get("rrule"))
    page = text_of(browser.get(url).text)
    assert "Next dates Wednesday 25 November 2026, 09:00–10:00 in Bangkok 03:00–04:00 in Zurich" in page
    assert "9 December" not in page


def test_a_network_page_shows_the_fingerprint_in_groups(browser: Client, program: Client) -> None:
    own = program.get("/api/v1/networks").json["items"][0]
    page = text_of(browser.get(f"/networks/{own['network']}").text)
    assert own["fingerprint"] in page and "3 organisations" in page and "21 December 2026" in page


def test_what_is_for_partners_has_no_page(browser: Client, home: Home) -> None:
    for text in ("closed", "Individual+member+07", "paper-boat.example"):
        page = browser.get(f"/?text={text}").text
        assert "closed@" not in page and "(fictitious)" not in page
    assert "0 entries" in browser.get("/?kind=contact").text and "0 entries" in browser.get("/?kind=person").text
    with home.store.reading() as db:
        restricted = db.execute(
            "SELECT handle FROM record WHERE feed_id IN (SELECT id FROM feed WHERE circle != 'public')"
        ).fetchall()
    assert len(restricted) == 2
    for (handle,) in restricted:
        for kind in ("organizations", "events"):
            assert browser.get(f"/{kind}/{handle}").status == 404


def test_a_record_of_another_kind_is_not_found(browser: Client, program: Client) -> None:
    handle = program.get("/api/v1/exchanges").json["items"][0]["handle"]
    assert browser.get(f"/organizations/{handle}").status == browser.get(f"/events/{handle}").status == 404
    assert browser.get("/networks/nobody").status == 404


def text_of(page: str) -> str:
    """The words of a page, spaces made one."""
    page = re.sub("<script.*?</script>", " ", page)
    return " ".join(unescape(re.sub("<[^>]*>", " ", page)).replace(" ,", ",").split()).replace(" ,", ",")
