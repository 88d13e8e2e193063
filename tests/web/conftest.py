from __future__ import annotations

from collections.abc import Iterator

import pytest

from fednet.node.home import Home
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import NOW, node


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A node that no test changes."""
    found = node(tmp_path_factory.mktemp("web"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def browser(home: Home) -> Client:
    return Client(create_app(home, clock=lambda: NOW), accept="text/html,*/*")


@pytest.fixture(scope="session")
def program(home: Home) -> Client:
    return Client(create_app(home, clock=lambda: NOW), accept="*/*")
