from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from fednet.node.home import Home
from fednet.web.app import create_app
from tests.web.place import NOW, node


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The node that is served."""
    home = node(tmp_path_factory.mktemp("browser"))
    yield home
    home.close()


@pytest.fixture(scope="module")
def address(served: Home) -> Iterator[str]:
    """Where a node is served, on a port of the machine's choice; whoever connects early waits in the queue."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(served, clock=lambda: NOW), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield "http://{}:{}".format(*listening.getsockname())
    server.should_exit = True
    thread.join()
    listening.close()


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
