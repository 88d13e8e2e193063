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
    assert "2 added, 0 changed, 0 unchanged, 1 refused; in the file: 2 organizations" in said.out
    assert "3\tPays\tWakanda\t" in said.out
    assert "hint: fednet publish signs it; a node that serves does so by itself" in said.err
    assert "; fednet import --undo 1 takes it back" in said.err


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


def test_a_preview_shows_each_column_and_each_change(node: Fednet, members: str, tmp_path: Path) -> None:
    said = node("import", members, "--dry-run")
    assert "column\tread as\tbecause of\tcells understood\tfor example" in said.out
    assert "Pays\tseat.country\tits header\t1 of 2\tThaïlande -> TH, Wakanda -> ?" in said.out
    node("import", members)
    (tmp_path / "members.csv").write_text(MEMBERS.replace(",MA,", ",MAX,").replace("aide juridique", "santé"))
    assert (
        "changed\torganization\tpublic\tMaison Aster\tacronym: MA -> MAX; services:"
        in node("import", members, "--dry-run").out
    )
    (tried,) = node("import", members, "--dry-run", "--json").lines
    assert tried["records"][0]["changes"][0] == {"field": "acronym", "before": "MA", "after": "MAX"}
    assert tried["seen"][0]["header"] == "Organisation"


def test_refused_rows_are_written_corrected_and_imported(node: Fednet, members: str, tmp_path: Path) -> None:
    said = node("import", members, "--refused-to", "refused.csv")
    assert "hint: correct refused.csv, then: fednet import refused.csv" in said.err
    corrected = (tmp_path / "refused.csv").read_text("utf-8-sig").replace(",Wakanda,", ",Ghana,")
    (tmp_path / "refused.csv").write_text(corrected)
    (again,) = node("import", "refused.csv", "--json").lines
    assert (again["added"], again["changed"], again["refused"], again["missing"]) == (0, 1, [], [])
    assert node("import", members, "--refused-to", "refused.csv").code == 2  # nobody can be asked to overwrite it
    assert node("import", members, "--refused-to", "refused.pdf", "--yes").code == 2
    assert "no row of a table was refused" in node("import", "refused.csv", "--refused-to", "none.xlsx").err
    assert not (tmp_path / "none.xlsx").exists()


def test_what_disappeared_is_listed_and_withdrawn_only_with_a_yes(node: Fednet, members: str, tmp_path: Path) -> None:
    node("import", members)
    (tmp_path / "members.csv").write_text("\n".join(MEMBERS.splitlines()[:2]))
    said = node("import", members)
    assert "organization\tClinique Bouleau\t" in said.out and "--withdraw-missing withdraws them" in said.err
    assert "1 unchanged, 0 refused, 1 missing" in said.out
    assert node("import", members, "--withdraw-missing").code == 2
    said = node("import", members, "--withdraw-missing", "--yes")
    assert "0 added, 0 changed, 1 withdrawn, 1 unchanged" in said.out
    (first, second) = node("import", "--history", "--json").lines[::-1]
    assert (first["summary"]["added"], second["summary"]["withdrawn"]) == (2, 1)
    assert "1 as before" in node("import", "--undo").out
    assert "members.csv" in node("import", "--history").out


def test_mappings_are_remembered_shown_and_forgotten(node: Fednet, tmp_path: Path) -> None:
    for name in ("odd 2026.csv", "odd 2027.csv"):
        (tmp_path / name).write_text("name,zzz\nAster House,AH\n")
    node("import", "odd 2026.csv", "--map", "zzz=acronym")
    assert "remembered of 'odd': zzz=acronym" in node("import", "odd 2027.csv", "--dry-run").err
    assert "odd\tzzz=acronym\t" in node("import", "--mappings").out
    (known,) = node("import", "--mappings", "--json").lines
    assert (known["source"], known["columns"]) == ("odd", {"zzz": "acronym"})
    assert node("import", "--forget-mapping", "odd").code == 0
    assert node("import", "--forget-mapping", "odd").code == 1
    assert node("import", "--mappings", "--undo").code == 2
    assert node("import", "--history", "--dry-run").code == 2


def test_a_slip_in_a_column_is_understood(node: Fednet, members: str) -> None:
    said = node("import", members, "--map", "Organisaton=names")
    assert said.code == 2 and "did you mean 'Organisation'?" in said.err
    assert "did you mean 'acronym'?" in node("import", members, "--map", "Sigle=acronim").err


def test_an_import_tells_what_it_changed_and_not_what_it_added(node: Fednet, members: str, tmp_path: Path) -> None:
    assert "added\torganization" not in node("import", members).out
    (tmp_path / "members.csv").write_text(MEMBERS.replace(",MA,", ",MAX,"))
    assert "changed\torganization\tpublic\tMaison Aster\tacronym: MA -> MAX" in node("import", members).out
    (tmp_path / "members.csv").write_text(MEMBERS)
    (summary,) = node("import", members, "--json").lines
    assert [(one["title"], one["changes"][0]["after"]) for one in summary["records"]] == [("Maison Aster", "MA")]
    (tmp_path / "members.csv").write_text("Organisation,Pays\n" + "".join(f"Maison {n},Ghana\n" for n in range(12)))
    node("import", members)
    (tmp_path / "members.csv").write_text(
        "Organisation,Pays,Sigle\n" + "".join(f"Maison {n},Ghana,M{n}X\n" for n in range(12))
    )
    said = node("import", members)
    assert said.out.count("changed\t") == 10 and "... and 2 more records; --json shows all" in said.err


def test_it_is_told_which_rows_are_one_organisation(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,services\nAster House,health\nBirch,food\naster house,shelter\n")
    assert "3 rows became 2 organisations: lines 2, 4 (Aster House)" in node("import", "list.csv", "--dry-run").err
    (summary,) = node("import", "list.csv", "--json").lines
    assert summary["joined"] == [{"source": "aster house", "lines": [2, 4]}]


def test_most_of_a_list_is_withdrawn_only_with_a_second_option(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name\nAster House\nBirch\nCedar\n")
    node("import", "list.csv")
    (tmp_path / "list.csv").write_text("name\nAster House\n")
    assert "2 of the 3 that the file named are not in it any more" in node("import", "list.csv", "--dry-run").err
    for how in ("--yes", "--dry-run"):
        refused = node("import", "list.csv", "--withdraw-missing", how)
        assert refused.code == 2 and "--most-are-gone" in refused.err
    assert node("import", "list.csv", "--most-are-gone").code == 2
    assert "2 withdrawn" in node("import", "list.csv", "--withdraw-missing", "--most-are-gone", "--yes").out
    (tmp_path / "list.csv").write_text("Who\n")
    assert node("import", "list.csv", "--withdraw-missing", "--most-are-gone", "--yes").code == 2


def test_fields_are_understood_in_other_languages_too(node: Fednet, members: str) -> None:
    assert "did you mean 'nombre'?" in node("import", members, "--map", "Sigle=nombbre").err
    (tried,) = node("import", members, "--map", "Sigle=depuis", "--dry-run", "--json").lines
    assert tried["columns"]["Sigle"] == "membership.since"


def test_a_file_without_a_header_and_a_folder_are_told_what_to_do(node: Fednet, tmp_path: Path) -> None:
    (tmp_path / "bare.csv").write_text("Aster House,TH\nBirch,CA\n")
    said = node("import", "bare.csv")
    assert said.code == 1 and "add a row above it that names each column" in said.err
    (tmp_path / "lists").mkdir()
    said = node("import", "lists")
    assert said.code == 1 and "lists is a folder" in said.err and "name the files in it" in said.err


@pytest.mark.parametrize("same", ["--as", "--kind"])
def test_kinds_are_chosen_alike_in_and_out(node: Fednet, members: str, same: str) -> None:
    assert node("import", members, same, "organization").code == 0
    assert node("search", same, "organization", "--json").code == 0
    assert node("export", f"out{same}.csv", same, "organization").code == 0
