"""A person at a browser, who reads a language, finds fields by their names and buttons by what they say."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page

from fednet.web import policy
from fednet.web.translation import gettext, spoken
from tests.browser.judges import axe, violations

SHOTS = os.environ.get("FEDNET_SCREENSHOTS", "")
WIDTHS = (1280, 320)
PATIENCE = 20_000  # milliseconds


class Person:
    """`language`: of the pages. `scripts`: whether the browser runs any. Every new page that comes up is judged.

    `cookie`: name and value of a session, for somebody who has signed in already.
    """

    def __init__(
        self, browser: Browser, address: str, language: str, *, scripts: bool = True, cookie: str = ""
    ) -> None:
        self.context = browser.new_context(
            base_url=address, locale=language, java_script_enabled=scripts, viewport={"width": 1280, "height": 900}
        )
        if cookie:
            name, _, value = cookie.partition("=")
            host = urlsplit(address).hostname or ""
            self.context.add_cookies([{"name": name, "value": value, "domain": host, "path": "/", "secure": True}])
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.language, self.scripts = language, scripts
        self.judged: set[str] = set()
        self.wrong: list[str] = []

    def go(self, url: str) -> None:
        self.page.goto(url)
        self._judge()

    def press(self, label: str, within: str = "main") -> None:
        """Press the button that says so, in the person's language."""
        named = self._within(within).get_by_role("button", name=self.said(label), exact=True)
        self.click(named.and_(self.page.locator(":not(.unseen)")).first)

    def follow(self, label: str, within: str = "main") -> None:
        self.click(self._within(within).get_by_role("link", name=self.said(label), exact=True).first)

    def click(self, place: Locator | str) -> None:
        """Click what leads to another page, and look at that."""
        found = self.page.locator(place).first if isinstance(place, str) else place
        with self.page.expect_navigation(wait_until="load"):
            found.click()
        self._judge()

    def fill(self, **fields: str) -> None:
        """Type into the fields of these names; `__` stands for a dot, as in `texts__0__name`."""
        for name, value in fields.items():
            self.field(name.replace("__", ".")).fill(value)

    def choose(self, name: str, value: str) -> None:
        self.field(name).select_option(value)

    def tick(self, name: str, value: str = "") -> None:
        chosen = f'[value="{value}"]' if value else ""
        box = self.page.locator(f'main [name="{name}"]{chosen}').first
        for closed in box.locator("xpath=ancestor::details[not(@open)]").all():
            closed.locator("summary").first.click()
        box.check()

    def field(self, name: str) -> Locator:
        found = self.page.locator(f'main [name="{name}"]:not([type="hidden"])').first
        for closed in found.locator("xpath=ancestor::details[not(@open)]").all():
            closed.locator("summary").first.click()
        return found

    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def sees(self, text: str) -> bool:
        """Whether the page's content holds a text of a record, as it is."""
        return " ".join(text.split()) in " ".join(self.text().split())

    def said(self, message: str) -> str:
        with spoken(self.language):
            return gettext(message)

    def path(self) -> str:
        return urlsplit(self.page.url).path

    def _within(self, place: str) -> Locator:
        return self.page.locator(place)

    def _judge(self) -> None:
        """Each sort of page once: axe, no scrolling sideways at either width, and a picture if they are wanted."""
        sort = template_of(self.path())
        if sort in self.judged:
            return
        self.judged.add(sort)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            found = self.page.evaluate("document.documentElement.scrollWidth")
            if found > width:
                self.wrong.append(f"{self.path()}: {found} px wide on a screen of {width}")
            self._picture(sort, width)
        if self.scripts:  # axe waits for ever where none run
            self.wrong += violations(self.page, axe())
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def _picture(self, sort: str, width: int) -> None:
        if SHOTS:
            name = re.sub(r"\W+", "-", sort).strip("-") or "front"
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SHOTS}/{name}-{self.language}-{width}.png", full_page=True)


def template_of(path: str) -> str:
    """The address of a page as the policy spells it: `/events/{handle}`."""
    if any(known == path for _, known in policy.TABLE):
        return path
    return next((known for method, known in policy.TABLE if policy.fits((method, known), method, path)), path)
