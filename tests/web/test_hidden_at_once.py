"""What is hidden leaves the pages of this node at once, whether it can be signed or not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fednet.errors import FednetError
from fednet.node import edits, hiding
from fednet.node.publish import publish
from tests.web.place import NOW, node
from tests.web.signed_in import client_as

PAGES = (
    "/",
    "/organizations/{}",
    "/feed.json",
    "/hsds/organizations",
    "/api/v1/search?text=Quiet",
    "/organizations.csv",
)


def test_a_record_that_could_not_be_signed_away_is_on_no_page_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = node(tmp_path)
    handle = edits.add(home, "organization", {"names": {"en": "Quiet Harbour"}, "countries": ["TH"]}, NOW).handle
    publish(home, NOW)
    anybody, editor = client_as(home, "anybody"), client_as(home, "editor")
    pages = [page.format(handle) for page in PAGES]
    before = [page for page in pages if "Quiet Harbour" in anybody.get(page).text]
    assert f"/organizations/{handle}" in before and "/" in before

    def halted(*_args: object, **_more: object) -> None:
        raise FednetError("nothing can be signed now")

    monkeypatch.setattr(hiding, "publish", halted)
    form = dict(re.findall(r'name="(what|shown)" value="([^"]*)"', editor.get(f"/workspace/hide/{handle}").text))
    assert editor.form("/workspace/hide", form).status >= 400
    assert [page for page in pages if "Quiet Harbour" in anybody.get(page).text] == []
    assert anybody.get(f"/organizations/{handle}").status == 404
    assert editor.form("/workspace/hide/undo", {"what": handle}).status == 303
    assert [page for page in pages if "Quiet Harbour" in anybody.get(page).text] == before
    home.close()
