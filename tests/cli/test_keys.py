"""`keys`, `init` with several recovery keys, and what a robbed network does, as a person would do it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fednet.node import keys
from tests.cli.conftest import Fednet, Said

SHEET = "node-recovery-key.txt"


def add(fednet: Fednet, name: str) -> str:
    said = fednet("add", "group", "--json", "-", given=f'{{"names": {{"en": "{name}"}}}}')
    assert said.code == 0, said.err
    return said.out.strip()


def rotate(fednet: Fednet, *more: str, given: str = "") -> Said:
    return fednet("keys", "rotate", *more, "--yes", "--json", given=given)


@pytest.fixture
def listed(node: Fednet) -> Fednet:
    """A node with one record, published."""
    add(node, "Alpha")
    assert node("publish").code == 0
    return node


def test_three_sheets_are_written_and_two_are_enough(fednet: Fednet, tmp_path: Path) -> None:
    said = fednet(
        "init", "--name", "N", "--recovery-out", "key.txt", "--recovery-keys", "3", "--threshold", "2", "--json"
    )
    assert said.lines[0]["recovery"] == ["key-1.txt", "key-2.txt", "key-3.txt"]
    assert all(f"hint: print key-{i}.txt (or key-{i}.html" in said.err for i in (1, 2, 3))
    (shown,) = fednet("keys", "show", "--json").lines
    assert (shown["threshold"], len(shown["recovery_keys"]), shown["epoch"], shown["statement"]) == (2, 3, 1, 0)
    for number, key_id in enumerate(shown["recovery_ids"], 1):
        assert f"id {key_id}\n" in (tmp_path / f"key-{number}.txt").read_text()
    said = rotate(fednet, "--recovery", "key-1.txt")
    assert said.code == 2 and "2 of the network's 3 recovery keys must sign" in said.err
    assert rotate(fednet, "--recovery", "key-3.txt", "--recovery", "key-1.txt").lines[0]["epoch"] == 2


def test_impossible_numbers_of_keys_are_a_matter_of_usage(fednet: Fednet, tmp_path: Path) -> None:
    for total, threshold in (("0", "0"), ("2", "3"), ("17", "2")):
        said = fednet("init", "--name", "N", "--recovery-keys", total, "--threshold", threshold)
        assert said.code == 2 and "cannot be required" in said.err
    assert list(tmp_path.iterdir()) == []


def test_show_is_readable_and_tells_no_secret(node: Fednet, tmp_path: Path) -> None:
    said = node("keys", "show")
    assert "threshold" in said.out and "1 of 1 recovery key" in said.out
    assert (tmp_path / "node" / "keys.json").exists()
    for line in (tmp_path / "node" / "keys.json").read_text().split('"'):
        assert len(line) < 40 or line not in said.out


def test_a_rotation_opens_an_epoch(listed: Fednet) -> None:
    before = listed("keys", "show", "--json").lines[0]
    (done,) = rotate(listed, "--recovery", SHEET).lines
    assert (done["epoch"], done["statement"], done["closes"], done["position"]) == (2, 1, "1.1", "2.2")
    after = listed("keys", "show", "--json").lines[0]
    assert before["log_key"] != after["log_key"] and after["closes"] == "1.1" and after["held"]
    assert before["recovery_keys"] == after["recovery_keys"]
    assert listed("verify").code == 0 and listed("doctor", "--offline").code == 0


def test_a_key_can_be_typed_or_scanned(listed: Fednet, tmp_path: Path) -> None:
    (seed,) = keys.read_recovery(tmp_path / SHEET)
    for typed in (keys.spelled(seed), keys.spelled(seed).upper() + "\n", keys.spelled(seed).replace(" ", "\n")):
        assert rotate(listed, "--recovery", "-", given=typed).code == 0
    said = rotate(listed, "--recovery", "-", given=keys.spelled(seed)[:-1])
    assert said.code == 2 and "56 letters and digits" in said.err
    last = "a" if keys.spelled(seed)[-1] != "a" else "b"
    said = rotate(listed, "--recovery", "-", given=keys.spelled(seed)[:-1] + last)
    assert said.code == 2 and "mistyped" in said.err and "compare it with the sheet" in said.err


def test_nobody_is_asked_without_a_terminal(listed: Fednet) -> None:
    for command in (
        ("rotate",),
        ("recover", "--closes", "last-good"),
        ("change-recovery", "--out", "new.txt"),
    ):
        said = listed("keys", *command, "--recovery", SHEET)
        assert said.code == 2 and "--yes" in said.err
        said = listed("keys", *command, "--yes")
        assert said.code == 2 and "--recovery FILE" in said.err
    assert listed("keys", "show", "--json").lines[0]["statement"] == 0


def test_a_sheet_without_a_name_is_a_slip(listed: Fednet) -> None:
    said = listed("keys", "change-recovery", "--recovery", SHEET, "--out", "", "--yes")
    assert said.code == 2 and "a file with a name" in said.err


def test_what_is_no_sheet_is_said(listed: Fednet, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all,\nthe key is under the mat.\n")
    assert rotate(listed, "--recovery", "letter.txt").code == 2
    said = rotate(listed, "--recovery", "nowhere.txt")
    assert said.code == 1 and "nowhere.txt" in said.err
    said = rotate(listed, "--recovery", f"{SHEET[:-4]}.html")
    assert said.code == 2


def test_recovery_asks_what_is_forged_and_leaves_it_out(listed: Fednet) -> None:
    forged, honest = add(listed, "Forged"), add(listed, "Honest")
    listed("publish")
    recover = ("keys", "recover", "--closes", "1.1", "--json")
    said = listed(*recover, "--dry-run")
    assert {(line["handle"], line["title"], line["action"]) for line in said.lines} == {
        (forged, "Forged", "put"), (honest, "Honest", "put")
    }  # fmt: skip
    said = listed(*recover, "--recovery", SHEET, "--yes")
    assert said.code == 2 and "2 changes came after" in said.err and "--dry-run" in said.err
    said = listed(*recover, "--recovery", SHEET, "--yes", "--forged", forged)
    assert said.code == 0 and said.lines[0]["closes"] == "1.1"
    assert {line["handle"] for line in listed("search", "--json").lines} >= {honest}
    assert forged not in listed("search", "forged", "--json").out
    said = listed("status")
    assert "new keys since" in said.err and "signed after 1.1 is void" in said.err
    (line,) = listed("status", "--json").lines
    assert line["believed"] == "1.1" and line["opened"]


@pytest.mark.parametrize(
    "options",
    [
        ("--closes", "yesterday"),
        ("--closes", "1.9"),
        ("--closes", "2.1"),
        ("--closes", "1.1", "--closes", "1.1"),
        ("--closes", "last-good", "--closes", "nobody=1.1"),
        ("--closes", "last-good", "--forged", "me"),
        ("--closes", "last-good", "--forged", "all", "--forged", "none"),
        (),
    ],
)
def test_slips_in_a_recovery_change_nothing(listed: Fednet, options: tuple[str, ...]) -> None:
    said = listed("keys", "recover", "--recovery", SHEET, "--yes", *options)
    assert said.code in (1, 2) and said.err
    assert listed("keys", "show", "--json").lines[0]["statement"] == 0


def test_a_lost_home_is_recovered_with_the_paper_alone(listed: Fednet, tmp_path: Path) -> None:
    (tmp_path / "node" / "keys.json").unlink()
    add(listed, "Beta")
    said = listed("publish")
    assert said.code == 1 and "keys recover" in said.err
    said = listed("keys", "show")
    assert "not here" in said.out
    assert listed("keys", "recover", "--recovery", SHEET, "--closes", "last-good", "--yes").code == 0
    assert listed("publish").code == 0 and listed("verify").code == 0


def test_a_copied_home_recovers_without_being_adopted(listed: Fednet, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "node", tmp_path / "rescued")
    said = listed("keys", "rotate", "--recovery", SHEET, "--yes", node="rescued")
    assert said.code == 3 and "doctor --adopt" in said.err
    said = listed("keys", "recover", "--recovery", SHEET, "--closes", "last-good", "--yes", node="rescued")
    assert said.code == 0, said.err
    assert listed("status", "--json", node="rescued").lines[0]["epoch"] == 2


def test_recovery_keys_are_replaced(listed: Fednet, tmp_path: Path) -> None:
    change = ("keys", "change-recovery", "--yes", "--json", "--recovery-keys", "2", "--threshold", "2")
    (tmp_path / "taken-2.html").touch()
    said = listed(*change, "--recovery", SHEET, "--out", "taken.txt")
    assert said.code == 2 and "exists" in said.err
    said = listed(*change, "--recovery", SHEET, "--out", "node/new.txt")
    assert said.code == 2 and "home" in said.err
    said = listed(*change, "--recovery", SHEET, "--out", "new.txt")
    assert said.lines[0]["recovery"] == ["new-1.txt", "new-2.txt"] and "print new-2.txt" in said.err
    (shown,) = listed("keys", "show", "--json").lines
    assert (shown["statement"], shown["epoch"], shown["threshold"]) == (1, 1, 2)
    assert rotate(listed, "--recovery", SHEET).code == 2
    assert rotate(listed, "--recovery", "new-1.txt", "--recovery", "new-2.txt").code == 0
    assert listed("verify").code == 0


def test_doctor_finds_recovery_sheets_that_were_left(fednet: Fednet, tmp_path: Path) -> None:
    fednet("init", "--name", "N", "--recovery-out", "key.txt")
    left = [line for line in fednet("doctor", "--offline", "--json").lines if line["check"] == "recovery key"]
    assert {line["detail"].rpartition(" ")[2] for line in left} == {"key.txt", "key.html"}
    assert {line["level"] for line in left} == {"warn"}
    (tmp_path / "key.txt").unlink()
    (tmp_path / "key.html").unlink()
    left = [line for line in fednet("doctor", "--offline", "--json").lines if line["check"] == "recovery key"]
    assert [line["level"] for line in left] == ["ok"]
