"""The search in a real browser: type-ahead, counts while typing, the map and its list, frames on other sites."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from fednet.node.home import Embed, Home
from tests.browser.judges import axe, violations

pytestmark = pytest.mark.browser


@pytest.fixture(params=[320, 1280])
def page(chromium: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(base_url=address, viewport={"width": request.param, "height": 900})
    yield context.new_page()
    context.close()


def test_what_is_typed_is_suggested_and_taken_by_keyboard(page: Page) -> None:
    page.goto("/")
    box = page.get_by_role("combobox", name="Name, place")
    box.press_sequentially("interp")
    option = page.get_by_role("option", name="Interpretation Service")
    expect(option).to_be_visible()
    assert box.get_attribute("aria-expanded") == "true"
    assert violations(page, axe()) == []
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    box.press("Enter")
    page.wait_for_url("**/?text=Interpretation")
    assert page.locator(".hits > li").count() == 1


def test_suggestions_can_be_left_alone(page: Page) -> None:
    page.goto("/")
    box = page.get_by_role("combobox", name="Name, place")
    box.press_sequentially("lantern")
    suggested = page.get_by_role("listbox", name="Suggestions")
    expect(suggested).to_be_visible()
    box.press("Escape")
    assert suggested.count() == 0 and box.get_attribute("aria-expanded") == "false"
    box.press("Enter")
    page.wait_for_url("**/?text=lantern")


def test_how_much_would_be_found_is_said_while_filters_are_set(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Region").select_option("035")
    expect(page.locator("output")).to_have_text("3 entries")


def test_the_list_beside_the_map_is_reached_by_keyboard_and_the_map_passed_over(page: Page) -> None:
    page.goto("/?text=legal")
    stops = page.evaluate("[...document.querySelectorAll('.map a')].filter((one) => one.tabIndex >= 0).length")
    assert stops == 0 and page.locator(".map a").count() > 1
    page.get_by_role("region", name="Countries").get_by_role("link", name="Thailand").press("Enter")
    page.wait_for_url("**country=TH")


def test_shapes_are_drawn_from_the_one_file(page: Page) -> None:
    page.goto("/?text=legal")
    shape = page.locator(".map a use").first
    expect(shape).to_be_visible()
    box = shape.bounding_box()
    assert box and box["width"] > 0.5


def test_a_question_asked_without_an_address_stays_out_of_addresses(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Ask without leaving the question in an address").click()
    page.get_by_label("Name, place").fill("legal")
    page.get_by_label("Name, place").press("Enter")
    page.wait_for_url("**/")
    expect(page.locator("#results")).to_contain_text("4")
    page.get_by_role("region", name="Services").get_by_role("button", name="Status determination").click()
    expect(page.locator("#results")).to_have_text("1 entry")
    page.get_by_role("button", name="Status determination").click()
    expect(page.locator("#results")).to_contain_text("4")
    assert "legal" not in page.url and violations(page, axe()) == []


@pytest.mark.parametrize("script", [True, False])
def test_the_same_is_found_with_and_without_scripts(chromium: Browser, address: str, script: bool) -> None:
    context = chromium.new_context(base_url=address, java_script_enabled=script)
    page = context.new_page()
    page.goto("/")
    page.get_by_text("More to narrow by").click()
    page.get_by_role("combobox", name="Led by refugees").select_option("yes")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**refugee_led=yes**")
    assert page.locator(".hits > li").count() == 1
    context.close()


class _Other(http.server.BaseHTTPRequestHandler):
    """A site with the directory in a frame."""

    node = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{self.node}/embed/search?text=legal" title="Directory"></iframe>'.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def other(address: str) -> Iterator[str]:
    site = http.server.HTTPServer(("127.0.0.1", 0), type("Other", (_Other,), {"node": address}))
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    thread.join()
    site.server_close()


def test_a_frame_shows_on_a_listed_site_and_on_no_other(
    chromium: Browser, address: str, served: Home, other: str
) -> None:
    for sites, shows in (((), False), ((other,), True)):
        served.config = msgspec.structs.replace(served.config, embed=Embed(sites))
        context = chromium.new_context()
        page = context.new_page()
        page.goto(other)
        frame = page.frame_locator("iframe")
        if shows:
            expect(frame.locator(".hits > li").first).to_be_visible()
        else:
            expect(frame.locator(".hits")).to_have_count(0)
        assert context.cookies() == []
        context.close()
