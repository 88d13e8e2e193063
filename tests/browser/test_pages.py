"""The pages in a real browser: nothing hangs out of a narrow screen, and all works without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WIDTHS = (320, 1280)


@pytest.fixture(params=WIDTHS)
def page(chromium: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without JavaScript, as wide as the test asks."""
    context = chromium.new_context(
        base_url=address, viewport={"width": request.param, "height": 800}, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def addresses(address: str) -> list[str]:
    """Every kind of page, and the page of every record."""
    found = ["/", "/?text=legal&country=TH", "/?country=Thaland", "/events", "/networks", "/nowhere", "/docs"]
    for kind in ("organizations", "events"):
        with urlopen(f"{address}/api/v1/{kind}?limit=100") as answer:
            found += sorted({f"/{kind}/{item['handle']}" for item in json.load(answer)["items"]})
    with urlopen(f"{address}/api/v1/networks") as answer:
        return found + [f"/networks/{item['network']}" for item in json.load(answer)["items"]]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(chromium: Browser, address: str, width: int) -> None:
    context = chromium.new_context(base_url=address, viewport={"width": width, "height": 800})
    page = context.new_page()
    for url in addresses(address):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
    context.close()


def test_no_page_breaks_its_own_policy_or_misses_a_file(chromium: Browser, address: str) -> None:
    page = chromium.new_page(base_url=address)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
    for url in addresses(address):
        if url not in ("/nowhere", "/?country=Thaland"):
            page.goto(url)
    page.close()
    assert complaints == []


def test_search_works_without_javascript(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name, place").fill("港灣")
    page.get_by_role("button", name="Search").click()
    assert page.locator(".hits > li").count() == 1
    page.get_by_role("link", name="Harbour Kapok Legal Aid Centre").click()
    assert page.locator("h1").inner_text() == "Harbour Kapok Legal Aid Centre"
    assert "港灣木棉法律援助中心" in page.locator("main").inner_text()


def test_a_region_can_be_chosen(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Region").select_option("035")
    page.get_by_role("button", name="Search").click()
    assert page.locator("#results").inner_text() == "3 entries"


def test_a_facet_link_narrows_and_its_chip_widens_again(page: Page) -> None:
    page.goto("/")
    before = page.locator("#results").inner_text()
    page.get_by_role("region", name="Services").get_by_role("link", name="Interpretation").click()
    assert page.locator("#results").inner_text() == "1 organisation" or page.locator(".hits > li").count() == 1
    page.get_by_role("link", name="Interpretation (remove)").click()
    page.get_by_role("link", name="Organisation (remove)").click()
    assert page.locator("#results").inner_text() == before


def test_the_calendar_can_be_shown_in_another_zone(page: Page) -> None:
    page.goto("/events")
    page.get_by_label("Times in").fill("Asia/Bangkok")
    page.get_by_label("Type").select_option("webinar")
    page.get_by_role("button", name="Show").click()
    assert "22:00–23:30" in page.locator(".time").first.inner_text()


def test_the_first_key_press_offers_to_skip_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to the content" and focused.bounding_box()["y"] >= 0  # type: ignore[index]


def test_a_card_sets_statements_in_columns_or_one_below_another(page: Page) -> None:
    page.goto("/?text=paper+boat&kind=organization")
    page.locator(".hits a").first.click()
    strip, differing = page.locator(".strip > li"), page.locator(".apart .sides").first.locator("> li")
    assert strip.count() == differing.count() == 2
    assert page.get_by_text("they differ").count() >= 1
    for sides in (strip, differing):
        one, other = (sides.nth(at).bounding_box() for at in range(2))
        assert one is not None and other is not None
        beside = one["x"] + one["width"] <= other["x"] and abs(one["y"] - other["y"]) < 1
        assert beside == (page.viewport_size is not None and page.viewport_size["width"] > 1000)
        assert beside or one["y"] + one["height"] <= other["y"]
    page.get_by_role("link", name="Canadian Example Council").first.click()
    assert page.locator("h1").inner_text() == "Canadian Example Council"
    assert "never confirmed" in page.locator("article").inner_text()
