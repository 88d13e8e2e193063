"""Language tags and names."""

from __future__ import annotations

import pytest

from fednet.listing import languages


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("fr", "fr"), ("FR-ca", "fr-CA"), ("fr_CA", "fr-CA"), ("zh-hant-tw", "zh-Hant-TW"), ("fra", "fr"),
        ("per", "fa"), ("es-419", "es-419"), ("French", "fr"), ("français", "fr"), ("Francais", "fr"),
        ("Birman", "my"), ("Burmese", "my"), ("Farsi", "fa"), ("Dari", "prs"), ("prs", "prs"),
        ("ไทย", "th"), ("العربية", "ar"), ("中文", "zh"), ("Rohingya", "rhg"), ("Karen", "kar"),
        ("Tigrinya", "ti"), ("xx", None), ("klingonese", None), ("", None), ("e", None),
    ],
)  # fmt: skip
def test_a_language_is_known_by_tag_and_by_name(written: str, tag: str | None) -> None:
    assert languages.find(written) == tag


def test_a_usual_tag_is_found_as_itself() -> None:
    for tag in ("en", "fr", "es", "ar", "th", "my", "fa", "zh", "zh-Hant", "prs", "rhg", "ksw", "pt-BR", "haz"):
        assert languages.find(tag) == tag


def test_names_are_given_in_the_asked_language_and_in_itself() -> None:
    assert languages.name("my", "fr") == "birman"
    assert languages.name("zh-Hant") == "Traditional Chinese"
    assert languages.name("rhg") == "Rohingya"
    assert languages.name("qqq") == "qqq"
    assert languages.name("th", "th") == "ไทย"


def test_a_misspelt_language_has_a_near_one() -> None:
    assert languages.near("Birmese") == "my"
    assert languages.near("xyzzy") is None


@pytest.mark.parametrize(
    ("tag", "rtl"), [("ar", True), ("fa-AF", True), ("ur", True), ("en", False), ("uz-Arab", True), ("ku-Latn", False)]
)
def test_the_direction_of_text_is_known(tag: str, rtl: bool) -> None:
    assert languages.is_right_to_left(tag) is rtl
