"""Files in, and taken back, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Fednet

MEMBERS = (
    "Organisation,Sigle,Pays,Services\nMaison Aster,MA,Thaïlande,aide juridique\nClinique Bouleau,,Wakanda,santé\n"
)


@pytest.fixture
def members(tmp_path: Path) -> str:
    (tmp_path / "members.csv").write_text(MEMBERS)
    return "members.csv"


def test_a_file_is_imported_once_and_the_second_time_changes_nothing(node: Fednet, members: str) -> None:
    (first,) = node("import", members, "--json").lines
    assert (first["added"], first["changed"], first["unchanged"], first["import"]) == (2, 0, 0, 1)
    assert first["refused"][0] | {"line": 3, "column": "Pays", "found": "Wakanda"} == first["refused"][0]
    (again,) = node("import", members, "--json").lines
    assert (again["added"], again["changed"], again["unchanged"], again["import"]) == (0, 0, 2, None)


def test_people_read_a_summary_and_what_was_not_understood(node: Fednet, members: str) -> None:
    said = node("import", members)
    assert said.code == 0
    assert "2 added, 0 changed, 0 unchanged, 1 refused (2 organization)" in said.out
    assert "3\tPays\tWakanda\t" in said.out
    assert "hint: fednet publish signs it; fednet import --undo 1 takes it back" in said.err


def test_a_dry_run_shows_what_would_happen(node: Fednet, members: str) -> None:
    (tried,) = node("import", members, "--dry-run", "--json").lines
    assert [(record["outcome"], record["title"]) for record in tried["records"]] == [
        ("added", "Maison Aster"),
        ("added", "Clinique Bouleau"),
    ]
    said = node("import", members, "--dry-run")
    assert "added\torganization\tpublic\tMaison Aster" in said.out
    assert node("import", "--undo").code == 1


def test_an_import_is_taken_back_by_number_or_the_latest(node: Fednet, members: str) -> None:
    node("import", members)
    (undone,) = node("import", "--undo", "1", "--json").lines
    assert (undone["id"], undone["withdrawn"], undone["kept"]) == (1, 2, [])
    node("import", members)
    assert "2 records withdrawn" in node("import", "--undo").out
    assert node("import", "--undo", "9").code == 1
    assert node("import", "--undo", "nine").code == 2
    assert node("import", "--undo", "1", members).code == 2


def test_a_column_can_be_explained(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("name,zzz\nAster House,AH\n")
    (summary,) = node("import", "odd.csv", "--map", "zzz=acronym", "--json").lines
    assert summary["columns"]["zzz"] == "acronym"
    assert node("import", "odd.csv", "--map", "zzz").code == 2
    assert node("import", "odd.csv", "--map", "zzz=nonsense").code == 2
    assert node("import", "odd.csv", "--as", "nonsense").code == 2


def test_what_cannot_be_read_at_all_is_a_failure(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "noise.bin").write_bytes(b"\0\1\2" * 100)
    assert node("import", "noise.bin").code == 1
    assert node("import", "missing.csv").code == 1
    assert node("import").code == 2


def test_people_and_contacts_stay_with_partners(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,country,email\nAster House,TH,office@aster.example\n")
    node("import", "list.csv")
    circles = {line["circle"]: line["drafts"] for line in node("status", "--json").lines}
    assert circles == {"public": 1, "partners": 1}
