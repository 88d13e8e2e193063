"""The chart on paper: A4 on its side, rows whole, heads on every page, nothing cut, in whatever language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.web.place import NOW

pytestmark = pytest.mark.browser

MANY = 45
TITLES = {
    "en": "A rather long title of something that is needed by organisations for the Assistance of Refugees: {}",
    "my": "စက္ကူလှေ ဥပဒေအကူအညီစင်တာ စက္ကူလှေ ဥပဒေအကူအညီစင်တာ စက္ကူလှေ ဥပဒေ {}",
    "ar": "بيت الفانوس للاجئين والنازحين في جميع أنحاء المنطقة والعالم كله {}",
    "de": "W" * 200 + "{}",
}
A4_ASIDE = (841.9, 595.3)  # points
MARGIN = 1.2 / 2.54 * 96  # CSS pixels
PAPER_WIDTH = int(29.7 / 2.54 * 96 - 2 * MARGIN)
PAPER_HEIGHT = int(21.0 / 2.54 * 96 - 2 * MARGIN)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Needs, offers and funding under long titles in several scripts."""
    path = tmp_path_factory.mktemp("chart")
    home, _ = homes.create(path / "node", "The Very Long Name of a Network of Networks", None, path / "key.txt")
    for number in range(MANY):
        tag, title = list(TITLES.items())[number % len(TITLES)]
        fields = {
            "type": ("need", "offer", "funding")[number % 3],
            "titles": {tag: title.format(number)},
            "themes": [("legal-aid", "housing", "health", "detention")[number % 4]],
            "countries": [("TH", "CL", "KE")[number % 3], "CA"],
            "organization": "Organisation with a Rather Long Name for the Assistance of Refugees",
            "open_until": "2027-05-05",
        }
        edits.add(home, "exchange", fields, NOW)
    publish(home, NOW)
    yield home
    home.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_chart_is_set_on_a4_on_its_side_and_nothing_is_cut(
    chromium: Browser, served: Home, address: str, language: str
) -> None:
    context = chromium.new_context(locale=language, viewport={"width": PAPER_WIDTH, "height": PAPER_HEIGHT})
    try:
        page = context.new_page()
        answer = page.goto(f"{address}/exchange/chart")
        assert answer is not None and answer.status == 200
        pdf = page.pdf(prefer_css_page_size=True)
        boxes = {
            tuple(map(float, box.split())) for box in re.findall(r"/MediaBox\s*\[([^\]]*)\]", pdf.decode("latin-1"))
        }
        assert all(box[2:] == pytest.approx(A4_ASIDE, abs=1) for box in boxes) and boxes
        assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 16
        page.emulate_media(media="print")
        found = page.evaluate(
            """() => {
              const cut = [...document.querySelectorAll('.chart :is(th, td, li)')].filter(
                one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline');
              const rows = [...document.querySelectorAll('.chart tbody tr')];
              const styles = one => getComputedStyle(one);
              return {
                cut: cut.length,
                wide: document.documentElement.scrollWidth,
                tallest: Math.max(...rows.map(one => one.getBoundingClientRect().height)),
                whole: rows.every(one => styles(one).breakInside === 'avoid'),
                heads: [...document.querySelectorAll('.chart thead')].every(
                  one => styles(one).display === 'table-header-group'
                    && styles(one.querySelector('.heading')).display === 'table-row'),
                asked: [...document.querySelectorAll('.ask, .pager, .screen-only, .top nav')].every(
                  one => styles(one).display === 'none'),
              };
            }"""
        )
        assert found["cut"] == 0 and found["wide"] <= PAPER_WIDTH
        assert found["tallest"] < PAPER_HEIGHT
        assert found["whole"] and found["heads"] and found["asked"]
    finally:
        context.close()
