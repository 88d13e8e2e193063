"""Each fault that can befall a node's home is found, and named together with what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fednet.errors import RollbackError
from fednet.node import doctor, edits
from fednet.node.home import Home, create
from fednet.node.publish import publish

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made, _ = create(tmp_path / "node", "Example Network", None, tmp_path / "paper" / "..recovery")
    edits.add(made, "organization", {"names": {"en": "Aster House"}}, NOW)
    publish(made, NOW)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def paper(tmp_path: Path) -> None:
    (tmp_path / "paper").mkdir()


def found(path: Path, now: datetime = NOW) -> dict[str, list[doctor.Finding]]:
    by_check: dict[str, list[doctor.Finding]] = {}
    for finding in doctor.examine(path, now, probe=False):
        by_check.setdefault(finding.check, []).append(finding)
    return by_check


def levels(path: Path, now: datetime = NOW) -> dict[str, str]:
    order = ["ok", "warn", "fail"]
    return {check: max((one.level for one in all_), key=order.index) for check, all_ in found(path, now).items()}


def test_a_new_node_is_well_but_for_its_missing_address(home: Home) -> None:
    assert {check: level for check, level in levels(home.path).items() if level != "ok"} == {"address": "warn"}


def test_no_node_is_said_plainly(tmp_path: Path) -> None:
    assert levels(tmp_path / "nowhere")["node"] == "fail"


def test_keys_that_others_can_read_are_a_failure(home: Home) -> None:
    (home.path / "keys.json").chmod(0o644)
    assert found(home.path)["files"][0].hint == f"chmod 600 {home.path / 'keys.json'}"
    assert levels(home.path)["files"] == "fail"


def test_missing_keys_are_a_failure(home: Home) -> None:
    (home.path / "keys.json").unlink()
    assert levels(home.path)["keys"] == "fail"


def test_keys_of_another_network_are_a_failure(home: Home, tmp_path: Path) -> None:
    other, _ = create(tmp_path / "other", "Other Network", None, tmp_path / "paper" / "other")
    shutil.copy(other.path / "keys.json", home.path / "keys.json")
    assert len(found(home.path)["keys"]) == 4
    assert levels(home.path)["keys"] == "fail"


def test_a_recovery_key_in_the_home_is_a_failure_and_beside_it_a_warning(home: Home, tmp_path: Path) -> None:
    recovery = tmp_path / "paper" / "..recovery"
    shutil.copy(recovery, tmp_path / "forgotten.txt")
    assert levels(home.path)["recovery key"] == "warn"
    shutil.copy(recovery, home.path / "forgotten.txt")
    assert levels(home.path)["recovery key"] == "fail"


def test_a_missing_mark_is_a_failure_until_a_person_adopts(home: Home) -> None:
    home.mark.path.unlink()
    assert levels(home.path)["high-water mark"] == "fail"
    doctor.adopt(home, newest=True)
    assert levels(home.path)["high-water mark"] == "ok"


def test_a_copied_home_is_a_failure_until_a_person_adopts(home: Home, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home.path, copy)
    assert levels(copy)["high-water mark"] == "fail"
    adopted = Home(copy)
    doctor.adopt(adopted, newest=True)
    adopted.close()
    assert levels(copy)["high-water mark"] == "ok"


def test_a_database_older_than_the_mark_is_a_failure_and_cannot_be_adopted(home: Home, tmp_path: Path) -> None:
    home.store.close()
    kept = tmp_path / "kept.db"
    shutil.copy(home.path / "fednet.db", kept)
    edits.add(home, "organization", {"names": {"en": "Birch Clinic"}}, NOW)
    publish(home, NOW)
    home.store.close()
    shutil.copy(kept, home.path / "fednet.db")
    assert levels(home.path)["high-water mark"] == "fail"
    with pytest.raises(RollbackError):
        doctor.adopt(Home(home.path))


def test_a_row_that_went_missing_is_a_failure(home: Home) -> None:
    with home.store.writing() as db:
        db.execute("DELETE FROM record")
    assert levels(home.path)["records"] == "fail"
    assert levels(home.path)["search index"] == "fail"


def test_an_index_of_another_version_is_a_warning(home: Home) -> None:
    with home.store.writing() as db:
        db.table("setting").upsert({"name": "index", "value": "0"}, pk="name")
    assert levels(home.path)["search index"] == "warn"


def test_a_damaged_database_is_a_failure(home: Home) -> None:
    home.store.close()
    (home.path / "fednet.db").write_bytes(b"not a database, not at all" * 1000)
    assert levels(home.path)["node"] == "fail"


def test_clocks_that_are_wrong_show(home: Home) -> None:
    assert levels(home.path, datetime(1970, 1, 2, tzinfo=UTC))["clock"] == "fail"
    assert levels(home.path, NOW - timedelta(days=1))["editions"] == "warn"
    assert levels(home.path, NOW + timedelta(days=60))["editions"] == "warn"


def test_settings_that_cannot_be_read_are_a_failure(home: Home) -> None:
    (home.path / "node.toml").write_text("name = ")
    assert levels(home.path)["settings"] == "fail"
