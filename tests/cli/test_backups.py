"""`backup`, `restore`, `rehearse`, and what `publish`, `status` and `doctor` say of a node that must not sign."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Fednet, Said

GROUP = '{"names": {"en": "Inland Protection"}}'


def add(node: Fednet, home: str = "node") -> None:
    assert node("add", "group", "--json", "-", given=GROUP, node=home).code == 0


def published(node: Fednet) -> None:
    add(node)
    assert node("publish").code == 0


def edition(said: Said) -> int:
    found: int = said.lines[0]["edition"]
    return found


def test_a_backup_goes_into_an_empty_place_and_waits_for_a_word(node: Fednet, tmp_path: Path) -> None:
    published(node)
    said = node("backup", "node.backup", "--json")
    (made,) = said.lines
    assert (made["records"], made["keys"], made["encrypted"]) == (1, False, False)
    assert "private keys are not in it" in said.err
    (tmp_path / "place").mkdir()
    shutil.copy(tmp_path / "node" / "keys.json", tmp_path / "place")
    said = node("restore", "node.backup", "--json", node="place")
    (restored,) = said.lines
    assert said.code == 1 and restored["standing"] == "waits" and restored["circles"][0]["now"] == "1.1"
    assert "nobody who was asked" in said.err
    add(node, "place")
    said = node("publish", node="place")
    assert said.code == 3 and "doctor --adopt --newest" in said.err
    (line,) = node("status", "--json", node="place").lines
    assert "signs nothing" in line["error"] and "--newest" in line["hint"]
    assert node("doctor", "--offline", node="place").code == 1
    assert node("doctor", "--adopt", "--newest", "--offline", node="place").code == 0
    assert edition(node("publish", "--json", node="place")) == 2


def test_whoever_knows_that_it_is_the_newest_says_so_at_once(node: Fednet, tmp_path: Path) -> None:
    published(node)
    node("backup", "node.backup")
    keys = (tmp_path / "node" / "keys.json").read_bytes()
    shutil.rmtree(tmp_path / "node")
    said = node("restore", "node.backup", "--newest", "--offline")
    assert said.code == 1 and "cannot sign without its keys" in said.err
    assert "keys recover" in said.err and "fednet peers and fednet circle list" in said.err
    (tmp_path / "node" / "keys.json").write_bytes(keys)  # which were in no backup
    said = node("restore", "node.backup", "--newest", "--offline", "--yes")
    assert said.code == 0 and "may go on signing" in said.err and "circle list" not in said.err
    assert node("verify").code == 0


def test_a_living_node_is_replaced_with_yes_only(node: Fednet) -> None:
    published(node)
    node("backup", "node.backup")
    published(node)
    said = node("restore", "node.backup")
    assert said.code == 2 and "--yes" in said.err
    assert node("status", "--json").lines[0]["edition"] == 2
    said = node("restore", "node.backup", "--yes", "--offline", "--json")
    assert said.code == 1 and said.lines[0]["standing"] == "lost"
    add(node)
    said = node("publish")
    assert said.code == 3 and "edition 2 of epoch 1 was signed" in said.err


def test_a_backup_is_replaced_with_yes_only(node: Fednet) -> None:
    published(node)
    assert node("backup", "node.backup").code == 0
    said = node("backup", "node.backup")
    assert said.code == 2 and "--yes" in said.err
    assert node("backup", "node.backup", "--yes").code == 0
    assert node("backup", "node/node.backup").code == 2


def test_with_a_recipient_the_keys_are_in_the_backup(node: Fednet, tmp_path: Path) -> None:
    import pyrage

    published(node)
    age = pyrage.x25519.Identity.generate()
    (tmp_path / "age.txt").write_text(f"# public key: {age.to_public()}\n{age}\n")
    said = node("backup", "node.backup", "--to", str(age.to_public()), "--json")
    assert said.lines[0]["keys"] is True and "hint" not in said.err
    shutil.rmtree(tmp_path / "node")
    assert node("restore", "node.backup").code == 2
    assert node("restore", "node.backup", "--identity", "age.txt", "--newest").code == 0
    add(node)
    assert edition(node("publish", "--json")) == 2


def test_bytes_that_are_no_text_and_empty_names_are_slips(node: Fednet, tmp_path: Path) -> None:
    published(node)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for command in (
        ("backup", "node.backup", "--passphrase-file", "binary"),
        ("backup", "node.backup", "--to", ""),
        ("backup", "", "--yes"),
        ("restore", "binary", "--identity", "binary", "--yes"),
    ):
        said = node(*command)
        assert said.code == 2 and "mistake of the program" not in said.err, command
    assert not (tmp_path / "node.backup").exists()


def test_settings_that_make_no_sense_do_not_stop_a_restore(node: Fednet, tmp_path: Path) -> None:
    published(node)
    node("backup", "node.backup")
    (tmp_path / "node" / "node.toml").write_text("name = ")
    assert node("restore", "node.backup", "--yes", "--offline").code == 0
    assert node("verify").code == 0


def test_what_is_no_backup_is_refused(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("hello")
    said = node("restore", "other.txt", node="place")
    assert said.code == 3 and "not a backup" in said.err
    assert not (tmp_path / "place" / "fednet.db").exists()
    assert node("restore", "nowhere", node="place").code == 2


def test_reading_again_where_nobody_has_more_changes_nothing(node: Fednet) -> None:
    published(node)
    add(node)
    said = node("restore", "--json")
    assert said.code == 0 and said.lines[0]["standing"] == "continues" and said.lines[0]["drafts"] == 1
    assert edition(node("publish", "--json")) == 2


def test_a_rehearsal_says_what_would_be_missing(node: Fednet, tmp_path: Path) -> None:
    published(node)
    before = sorted(file.name for file in (tmp_path / "node").iterdir())
    said = node("rehearse")
    assert said.code == 0 and "yes" in said.out and "nothing is left of it" in said.err
    node("backup", "node.backup")
    published(node)
    (found,) = node("rehearse", "node.backup", "--json").lines
    assert [(one["position"], one["live"]) for one in found["feeds"]] == [("1.1", "1.2")]
    assert any("editions after 1" in one for one in found["missing"]) and found["differences"] == []
    assert sorted(file.name for file in (tmp_path / "node").iterdir()) == before
    damaged = bytearray((tmp_path / "node.backup").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "node.backup").write_bytes(bytes(damaged))
    assert node("rehearse", "node.backup").code == 3
