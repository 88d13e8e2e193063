from __future__ import annotations

from pathlib import Path

import pytest

from fednet.node import circles
from fednet.node import home as homes
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import NOW
from tests.web.public.test_pages import text_of


def test_the_node_says_whose_it_is_and_whom_it_follows(browser: Client) -> None:
    page = text_of(browser.get("/about").text)
    assert "About Asia Pacific Example Network" in page and "This node follows 1 network:" in page
    assert "Canadian Example Council" in page and "once in 365 days" in page


def test_privacy_names_every_cookie_that_is_ever_set(browser: Client) -> None:
    page = text_of(browser.get("/privacy").text)
    assert "language of the pages" in page and "time zone of the calendar" in page
    assert "one more cookie" in page and "receipt" in page


@pytest.mark.parametrize("path", ["/about", "/privacy", "/accessibility", "/check", "/status"])
def test_these_pages_set_no_cookie_and_ask_nothing_of_others(browser: Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.status == 200 and "set-cookie" not in answer.headers
    assert 'src="http' not in answer.text and 'href="http' not in answer.text.replace('href="https://paper', "")


def test_that_there_is_a_named_circle_is_told_nowhere(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    browser = Client(create_app(home, clock=lambda: NOW), accept="text/html")
    before = browser.get("/privacy").text
    circles.add(home, "board-of-nine", NOW)
    assert browser.get("/privacy").text == before
    home.close()
