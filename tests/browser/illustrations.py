"""The pictures of docs/secretariats.md and docs/exchange.md, taken while the stories of tests/browser go by.

`python -m tests.browser.illustrations`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.browser import test_exchange, test_stories
from tests.browser.person import Person, template_of

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "secretariats"
MEMBERS = test_stories.Members(ROOT / "nodes" / "aprrn" / "members.csv", "Paper Boat Legal Aid Centre")
WIDTH, HEIGHT = 1000, 760
TAKEN = {
    "/welcome/{secret}": "welcome",
    "/workspace": "waiting",
    "/workspace/import/{upload}": "import",
    "/workspace/publish": "publish",
    "/workspace/records/{kind}/new": "event",
    "/workspace/applications/{id}": "application",
    "/workspace/edits/{id}": "edit",
    "/workspace/peers/look": "fingerprint",
    "/confirm/{secret}": "confirm",
    "/workspace/hide/look": "hide",
    "/workspace/backups": "backups",
    "/member": "member",
    "/organizations/{handle}": "card",
    "/workspace/exchange": "exchange",
    "/workspace/introductions/new": "ask",
    "/member/exchange/{handle}/introductions/{id}": "asked",
    "/exchange/chart": "chart",
    "/twinnings/{handle}": "twinning",
}
"""What is shown of the guides' pages: the top of each, as it looked when it came up first."""


class Illustrator(Person):
    """A person whose pages are photographed, and not judged."""

    def _judge(self) -> None:
        name = TAKEN.get(template_of(self.path()))
        if name and not (PICTURES / f"{name}.png").exists():
            self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            self.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


def main() -> None:
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        test_stories.first_week(lambda address: Illustrator(chromium, address, "en"), Path(folder) / "week", MEMBERS)
        with test_exchange.town(
            Path(folder) / "town", lambda address, cookie: Illustrator(chromium, address, "en", cookie=cookie)
        ) as place:
            test_exchange.met_across_networks(place)
        chromium.close()
    taken = {path.stem for path in PICTURES.glob("*.png")}
    if missing := set(TAKEN.values()) - taken:
        sys.exit(f"these pages never came up: {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
