"""The big list of naughty strings as names of organisations that a peer lists: text everywhere, and nothing else.

`tests/naughty/strings.json` is the list of Max Woolf (MIT licence, beside it).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import icalendar
import openpyxl
import pytest

from fednet.node import home as homes
from fednet.node.home import Home
from fednet.web import show
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import NOW, followed

STRINGS: list[str] = json.loads((Path(__file__).parents[1] / "naughty" / "strings.json").read_text("utf-8"))
HARMLESS = "Harmless House"
FORMULA = re.compile(r"[=+\-@\t\r]")


class Read(HTMLParser):
    """What a browser makes of a page: the elements with their attributes' names, and the text of `h1` and of hits."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.headings: list[str] = []
        self._in: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs if name not in ("lang",))))
        if tag in ("h1", "h3"):
            self._in = tag
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._in:
            self._in = None

    def handle_data(self, text: str) -> None:
        if self._in:
            self.headings[-1] += text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    path = tmp_path_factory.mktemp("naughty")
    home, _ = homes.create(path / "node", "A Node", None, path / "recovery.txt")
    followed(home, "Naughty Network", [organization(one) for one in [HARMLESS, *STRINGS]])
    yield home
    home.close()


def organization(name: str) -> dict[str, Any]:
    """Apart from its name, each of them is like the others, and like none by name."""
    return {"kind": "organization", "names": {"en": name}, "countries": ["TH"]}


@pytest.fixture(scope="module")
def browser(home: Home) -> Client:
    return Client(create_app(home, clock=lambda: NOW), accept="text/html,*/*")


@pytest.fixture(scope="module")
def listed(browser: Client) -> dict[str, str]:
    """Handle -> name, as the API gives them."""
    found: dict[str, str] = {}
    url = "/api/v1/organizations?limit=100"
    while url:
        answer = browser.get(url, accept="application/json").json
        found |= {item["handle"]: item["names"]["en"] for item in answer["items"]}
        url = f"/api/v1/organizations?limit=100&cursor={answer['next']}" if answer["next"] else ""
    return found


def visible(name: str, size: int = show.PAGE_NAMES) -> str:
    """A name as a page shows it: in one line, without what reorders or hides the text around it."""
    text = str(show.shown(show.fit(name.strip(), size)))
    return " ".join(text.split()) if show.has_ink(text) else "(no name)"


def named(row: dict[str, str]) -> str:
    """The name in a row of a table; what no cell can hold stands as JSON in `extra`."""
    told = json.loads(row["extra"]) if row["extra"] else {}
    found: str = told.get("names", {}).get("en", "") or row["names:en"]
    return found.removeprefix("'") if FORMULA.match(found[1:]) else found


def test_the_list_is_whole(listed: dict[str, str]) -> None:
    assert len(STRINGS) == 515 and len(listed) == 516


def test_every_card_is_built_like_that_of_a_harmless_name(browser: Client, listed: dict[str, str]) -> None:
    harmless = next(handle for handle, name in listed.items() if name == HARMLESS)
    expected = Read(browser.get(f"/organizations/{harmless}").text)
    for handle, name in listed.items():
        page = Read(browser.get(f"/organizations/{handle}").text)
        assert page.elements == expected.elements, name
        assert " ".join(page.headings[0].split()) == visible(name)


def test_every_list_of_results_shows_the_names_as_text(browser: Client, listed: dict[str, str]) -> None:
    shown: list[str] = []
    url: str | None = "/?kind=organization&sort=title"
    while url:
        page = browser.get(url).text
        shown += [" ".join(heading.split()) for heading in Read(page).headings]
        following = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*>(?:Next|More|Further)', page)
        url = following[1].replace("&amp;", "&") if following else None
    for name in listed.values():
        assert visible(name, show.LIST_NAMES) in shown


def test_tables_hold_the_names_and_no_formula(browser: Client, listed: dict[str, str]) -> None:
    table = browser.get("/api/v1/organizations?format=csv").body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert len(rows) == 517
    assert not [cell for row in rows for cell in row if FORMULA.match(cell)]
    assert sorted(map(named, (dict(zip(rows[0], row, strict=True)) for row in rows[1:]))) == sorted(listed.values())

    book = openpyxl.load_workbook(io.BytesIO(browser.get("/api/v1/organizations?format=xlsx").body))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if FORMULA.match(str(cell.value))]


def test_address_books_have_one_card_for_each_and_no_line_more(browser: Client) -> None:
    text = browser.get("/api/v1/organizations?format=vcf").body.decode()
    lines = text.split("\r\n")
    assert lines.count("BEGIN:VCARD") == lines.count("END:VCARD") == 516
    assert {re.split("[:;]", line)[0] for line in lines if line and not line.startswith(" ")} <= {
        *("BEGIN", "VERSION", "END", "FN", "ORG", "UID", "KIND", "ADR", "REV", "URL", "SOURCE", "NOTE", "PRODID", "N"),
        *("NICKNAME", "CATEGORIES", "LANG", "X-FEDNET-NETWORK"),
    }


@pytest.mark.parametrize("url", ["/hsds/organizations?per_page=100", "/feed.json", "/api/v1/organizations?limit=100"])
def test_answers_for_programs_are_json(browser: Client, url: str) -> None:
    assert browser.get(url, accept="application/json").json


def test_cards_as_linked_records_stay_in_their_script_element(browser: Client, listed: dict[str, str]) -> None:
    for handle, name in listed.items():
        page = browser.get(f"/organizations/{handle}").text
        (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
        assert json.loads(found), name


def test_a_calendar_of_events_with_these_titles_has_one_line_for_each(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "A Node", None, tmp_path / "recovery.txt")
    titled = [name for name in STRINGS if name.strip()]
    fields = {"kind": "event", "type": "webinar", "start": "2026-12-01T10:00", "end": "2026-12-01T11:00", "zone": "UTC"}
    followed(home, "Naughty Network", [{**fields, "titles": {"en": one}} for one in titled])
    calendar = Client(create_app(home, clock=lambda: NOW)).get("/calendar.ics").body
    found = icalendar.Calendar.from_ical(calendar)
    assert len([one for one in found.walk("VEVENT") if not one.errors]) == len(titled)
    home.close()
