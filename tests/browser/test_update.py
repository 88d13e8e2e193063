"""The update of a network on paper: two pages of A4, whatever is listed and in whatever language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from fednet.node import edits, sessions
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import accounts
from tests.web.place import NOW

pytestmark = pytest.mark.browser

MANY = 60
NAMES = {
    "en": "Organisation with a Rather Long Name for the Assistance of Refugees and Displaced People, number {}",
    "my": "စက္ကူလှေ ဥပဒေအကူအညီစင်တာ စက္ကူလှေ ဥပဒေအကူအညီစင်တာ စက္ကူလှေ ဥပဒေအကူအညီစင်တာ စက္ကူလှေ ဥပဒေ {}",
    "ar": "بيت الفانوس للاجئين والنازحين في جميع أنحاء المنطقة والعالم كله وما حوله من البلدان القريبة {}",
    "th": "ศูนย์ช่วยเหลือทางกฎหมายเรือกระดาษศูนย์ช่วยเหลือทางกฎหมายเรือกระดาษศูนย์ช่วยเหลือทางกฎหมาย {}",
}
LINK = "https://a-very-long-host-name-of-a-resource.example/" + "path/" * 20


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A network with more of everything than two pages hold, under long names in four scripts."""
    path = tmp_path_factory.mktemp("update")
    home, _ = homes.create(path / "node", "The Very Long Name of a Network of Networks", None, path / "key.txt")
    for number in range(MANY):
        tag, name = list(NAMES.items())[number % len(NAMES)]
        text = {tag: name.format(number)}
        day = f"2026-{9 + number % 4:02}-{1 + number % 27:02}"
        joined = {"membership": {"since": "2026-10-01"}, "seat": {"country": "BA"}}
        edits.add(home, "organization", {"names": text, **joined}, NOW)
        edits.add(home, "exchange", {"type": "need", "titles": text, "open_until": "2027-05-05"}, NOW)
        edits.add(home, "resource", {"titles": text, "url": LINK}, NOW)
        edits.add(home, "event", {"titles": text, "type": "webinar", "start": f"{day}T10:00", "zone": "UTC"}, NOW)
    publish(home, NOW)
    yield home
    home.close()


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_the_update_fits_on_two_pages(chromium: Browser, served: Home, address: str, language: str) -> None:
    with served.store.writing() as db:
        account = accounts.add(db, "Ann", f"{language}@network.example", "editor", NOW)
        secret = sessions.begin(db, account, NOW, whole=True)
    port = urlsplit(address).port
    context = chromium.new_context(base_url=f"http://localhost:{port}", locale=language)
    try:
        cookie = {"value": secret, "url": f"https://localhost:{port}", "secure": True}
        context.add_cookies([{"name": f"__Host-session-{port}", **cookie}])  # type: ignore[typeddict-item]
        page = context.new_page()
        page.goto("/workspace/update?from=2026-08-22&to=2026-11-21")
        assert page.locator(".update li").count() > 40
        paper = page.pdf(format="A4")
    finally:
        context.close()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 2
