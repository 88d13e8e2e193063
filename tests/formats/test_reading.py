from __future__ import annotations

from pathlib import Path

import pytest

from fednet import formats
from fednet.errors import UsageError
from fednet.formats.reading import identity, merge
from tests.formats.files import organizations, reading, workbook


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Réseau d’été", "RESEAU  D'ETE"),
        ("Save the Children", "Save-the-Children."),
        ("Médecins Sans Frontières", "medecins sans frontieres"),
    ],
)
def test_identity_of_a_name_ignores_how_it_is_typed(one: str, other: str) -> None:
    assert identity(one) == identity(other)


@pytest.mark.parametrize(("one", "other"), [("ကချင်", "ကချင"), ("กิน", "กัน"), ("المنظمة", "المنظمات")])
def test_identity_of_a_name_keeps_the_vowel_signs_of_other_scripts(one: str, other: str) -> None:
    assert identity(one) != identity(other)


def test_merge_keeps_both_languages_and_replaces_the_rest() -> None:
    old = {
        "kind": "organization",
        "names": {"en": "A", "fr": "B"},
        "original": "en",
        "services": ["health"],
        "type": "ngo",
    }
    new = {"kind": "organization", "names": {"ar": "C", "en": "D"}, "original": "ar", "services": ["housing"]}
    assert merge(old, new) == {
        "kind": "organization",
        "names": {"en": "D", "fr": "B", "ar": "C"},
        "original": "en",
        "services": ["housing"],
        "type": "ngo",
    }
    assert merge(merge(old, new), new) == merge(old, new)


def test_the_most_fitting_sheet_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    content = workbook(
        README=[["This list is kept by the secretariat"], ["name"]],
        Members=[["name", "country", "services"], ["Harbour House", "Canada", "legal aid"]],
        Old=[["name", "country"], ["Gone", "Canada"]],
    )
    found = reading(tmp_path, content, "list.xlsx")
    assert [one["names"] for one in organizations(found)] == [{"en": "Harbour House"}]
    assert found.notes == ["sheet 'Members' was read; not 'README', 'Old'"]


def test_an_unknown_kind_is_refused_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        reading(tmp_path, "name\nA\n", kind="organisation")
    assert "organization" in (refusal.value.hint or "")


def test_a_file_that_is_not_there_says_so_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(formats.UnreadableFileError) as refusal:
        formats.read(tmp_path / "none.csv")
    assert str(tmp_path) not in str(refusal.value)


def test_a_calendar_is_recognised_by_its_first_bytes(tmp_path: Path) -> None:
    found = reading(tmp_path, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "download")
    assert found.refused[0].reason == "no event was found in this file"


def test_a_table_without_any_known_column_says_how_to_name_them(tmp_path: Path) -> None:
    found = reading(tmp_path, "foo,bar\n1,2\n")
    assert not found.entries
    assert "--map" in found.notes[0]
