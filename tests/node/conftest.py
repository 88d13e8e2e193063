from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.nodes import Nodes


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with Nodes(tmp_path) as made:
        yield made
