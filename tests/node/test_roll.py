from __future__ import annotations

from pathlib import Path

from fednet.node import edits, erasure, hiding
from fednet.node.publish import publish
from fednet.node.roll import roll
from tests.web.place import NOW, OWN, node


def test_each_own_record_of_a_kind_stands_there_once_with_what_waits(tmp_path: Path) -> None:
    home = node(tmp_path)

    def standing() -> dict[str, tuple[str, bool]]:
        with home.store.reading() as db:
            return {one.handle: (one.waits, one.hidden) for one in roll(db, home, "organization")}

    first = standing()
    assert len(first) == sum(one["kind"] == "organization" for one in OWN)
    assert set(first.values()) == {("", False)}
    changed, withdrawn, gone = sorted(first)
    new = edits.add(home, "organization", {"names": {"en": "New"}}, NOW).handle
    edits.edit(home, changed, {"acronym": "X"}, NOW)
    edits.withdraw(home, withdrawn, NOW)
    erasure.erase(home, gone, NOW)
    assert standing() == {
        new: ("new", False),
        changed: ("changed", False),
        withdrawn: ("withdrawn", False),
        gone: ("erased", False),
    }
    publish(home, NOW)
    assert standing() == {new: ("", False), changed: ("", False)}
    hiding.hide(home, new, NOW)
    assert standing() == {new: ("", True), changed: ("", False)}
    with home.store.reading() as db:
        assert [one.record for one in roll(db, home, "group")] == []
    home.close()
