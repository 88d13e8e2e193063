from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from fednet.node.home import Home
from fednet.web.app import create_app
from tests.serving import Serving
from tests.web.place import NOW, node


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The node that is served."""
    home = node(tmp_path_factory.mktemp("browser"))
    yield home
    home.close()


@pytest.fixture(scope="module")
def address(served: Home) -> Iterator[str]:
    """Where a node is served."""
    serving = Serving(create_app(served, clock=lambda: NOW))
    yield serving.url
    serving.close()


@pytest.fixture(scope="module")  # playwright keeps an event loop running, and other tests start theirs
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("FEDNET_CI") == "1":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
