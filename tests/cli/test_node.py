"""Making a node, how it stands, and what is wrong with it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from fednet.node import home
from tests.cli.conftest import Fednet


def test_a_new_node_has_a_fingerprint_and_a_recovery_key_outside(fednet: Fednet, tmp_path: Path) -> None:
    said = fednet("init", "--name", "Example Network", "--recovery-out", "key.txt", "--json")
    (made,) = said.lines
    assert made["fingerprint"].replace(" ", "") == made["network"]
    assert (tmp_path / "key.txt").stat().st_mode & 0o777 == 0o600
    assert "hint: print key.txt" in said.err
    assert fednet("init", "--name", "Example Network").code == 2


def test_a_node_without_a_name_is_refused(fednet: Fednet) -> None:
    assert fednet("init").code == 2


def test_status_shows_drafts_and_then_the_edition(node: Fednet) -> None:
    node("add", "group", "--json", "-", given='{"names": {"en": "Inland Protection"}}')
    (line,) = node("status", "--json").lines
    assert (line["own"], line["edition"], line["drafts"], line["hint"]) == (True, 0, 1, "fednet publish")
    (published,) = node("publish", "--json").lines
    assert (published["edition"], published["changes"], published["records"]) == (1, 1, 1)
    (line,) = node("status", "--json").lines
    assert (line["edition"], line["records"], line["drafts"], line["hint"]) == (1, 1, 0, None)
    said = node("status")
    assert "Example Network\tpublic\t1.1\t1\t" in said.out


def test_what_expired_long_ago_is_in_status_and_dump_only(node: Fednet, monkeypatch: pytest.MonkeyPatch) -> None:
    node("init", "--name", "Peer Network", node="peer")
    house = '{"names": {"en": "Aster House"}}'
    handle = node("add", "organization", "--json", "-", given=house, node="peer").out.strip()
    starts = f"{home.now() + timedelta(days=410):%Y-%m-%dT10:00}"
    event = {"titles": {"en": "Aster Call"}, "type": "webinar", "start": starts, "zone": "UTC"}
    node("add", "event", "--json", "-", given=json.dumps(event), node="peer")
    node("publish", node="peer")
    node("bundle", "write", "peer.fednet", node="peer")
    assert node("bundle", "read", "peer.fednet", "--yes").code == 0

    def shown() -> set[bool]:
        """Whether search, show and an export have it."""
        node("export", "all.jsonl", "--yes")
        told = [node(*command).out for command in (("search", "aster", "--json"), ("show", handle))]
        return {"Aster House" in text for text in (*told, Path("all.jsonl").read_text("utf-8"))}

    assert shown() == {True}
    later = home.now() + timedelta(days=400)
    monkeypatch.setattr(home, "now", lambda: later)
    assert shown() == {False}
    assert "Aster" not in node("agenda").out
    [line] = [line for line in node("status", "--json").lines if not line["own"]]
    assert line["forgotten"] and line["records"] == 2 and "Aster House" in node("dump").out
    said = node("status")
    assert "long expired" in said.out and "too long ago to be shown" in said.err
    settings = Path("node/node.toml").read_text("utf-8")
    Path("node/node.toml").write_text(settings.replace("forget_after_days = 90", "forget_after_days = 500"), "utf-8")
    assert shown() == {True} and "Aster Call" in node("agenda").out
    Path("node/node.toml").write_text(settings.replace("forget_after_days = 90", "forget_after_days = 0"), "utf-8")
    assert node("status").code == 2


def test_publishing_with_nothing_to_say_says_so(node: Fednet) -> None:
    assert node("publish").code == 0
    assert "nothing waits" in node("publish").err


def test_doctor_is_content_until_something_breaks(node: Fednet, tmp_path: Path) -> None:
    node("publish")
    said = node("doctor", "--offline", "--json")
    assert said.code == 0
    assert {line["level"] for line in said.lines} == {"ok", "warn"}
    (tmp_path / "node" / "keys.json").chmod(0o644)
    said = node("doctor", "--offline")
    assert said.code == 1
    assert "fail\tfiles\tother users can read keys.json" in said.out
    assert "hint: files: chmod 600" in said.err


def test_doctor_says_that_nobody_answers_at_the_address(fednet: Fednet) -> None:
    fednet("init", "--name", "Example Network", "--url", "http://127.0.0.1:9")
    said = fednet("doctor", "--json")
    (address,) = [line for line in said.lines if line["check"] == "address"]
    assert address["level"] == "warn"


def test_a_moved_home_signs_again_after_it_was_adopted(node: Fednet, tmp_path: Path) -> None:
    import shutil

    node("publish")
    shutil.copytree(tmp_path / "node", tmp_path / "moved")
    shutil.rmtree(tmp_path / "node")
    node("add", "group", "--json", "-", given='{"names": {"en": "Inland Protection"}}', node="moved")
    said = node("publish", node="moved")
    assert said.code == 3
    assert "doctor --adopt" in said.err
    said = node("doctor", "--adopt", "--offline", node="moved")
    assert said.code == 3 and "--newest" in said.err
    assert node("doctor", "--adopt", "--newest", "--offline", node="moved").code == 0
    assert node("publish", "--json", node="moved").lines[0]["edition"] == 2


def test_a_home_whose_database_is_gone_is_not_begun_anew(node: Fednet, tmp_path: Path) -> None:
    node("publish")
    keys = (tmp_path / "node" / "keys.json").read_bytes()
    (tmp_path / "node" / "fednet.db").unlink()
    for command in ("status",), ("init", "--name", "Again", "--recovery-out", str(tmp_path / "again.txt")):
        said = node(*command)
        assert said.code == 1 and "fednet.db is missing" in said.err and "backup" in said.err
    assert (tmp_path / "node" / "keys.json").read_bytes() == keys


def test_the_index_can_be_made_anew(node: Fednet) -> None:
    node("add", "group", "--json", "-", given='{"names": {"en": "Inland Protection"}}')
    node("publish")
    assert "1 records indexed" in node("doctor", "--reindex", "--offline").err
    assert len(node("search", "inland", "--json").lines) == 1
