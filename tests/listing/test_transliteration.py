from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.listing.han import simplified
from fednet.listing.initials import initials
from fednet.listing.stems import stem
from fednet.listing.text import key
from fednet.listing.transliteration import consonants, romanized, sounds


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("Помощь беженцам", "pomoshch bezhentsam"),
        ("أسايل", "asayl"),
        ("Αλληλεγγύη", "allileggyi"),
        ("Conseil des Réfugiés", "conseil des refugies"),
        ("कमल", "kml"),
        ("U.N. House", "u n house"),
    ],
)
def test_names_are_written_in_latin_letters(name: str, latin: str) -> None:
    assert romanized(name) == latin


@given(st.text(max_size=30))
def test_whatever_is_written_in_latin_letters_is_ascii_and_stays(text: str) -> None:
    latin = romanized(text)
    assert latin.isascii()
    assert romanized(latin) == latin
    assert sounds(latin).split()[: len(latin.split())] == latin.split()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("munazzama", "منظمة"),
        ("lajiin", "لاجئين"),
        ("pomosh", "помощь"),
        ("bezhentsam", "беженцам"),
        ("tadamun", "تضامن"),
    ],
)
def test_words_that_sound_alike_have_the_same_consonants(typed: str, name: str) -> None:
    assert consonants(romanized(typed)) == consonants(romanized(name)) != ""


def test_few_consonants_are_no_word() -> None:
    assert consonants("ataa") == consonants("") == consonants("ouaie") == ""


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Jesuit Refugee Service", ("JRS",)),
        ("Conseil canadien pour les réfugiés", ("CCR", "CCPLR")),
        ("Общество Красного Креста", ("ОКК",)),
        ("Refugee Law & Policy Centre (Kampala)", ("RLPC",)),
        ("Two Words", ()),
        ("مركز المساعدة القانونية", ()),
        ("a" * 2 + " b" * 40, ()),
    ],
)
def test_short_forms_are_made_as_people_make_them(name: str, short: tuple[str, ...]) -> None:
    assert initials(name) == short


@given(st.text(max_size=60))
def test_any_name_has_short_forms_of_letters_or_none(name: str) -> None:
    assert all(form.isalpha() and len(form) >= 3 for form in initials(name))


@pytest.mark.parametrize(
    "forms", ["難难", "權权権", "臺台", "廣广広", "亞亚亜", "會会", "學学", "協协", "護护", "庇庇"]
)
def test_one_character_in_all_its_forms(forms: str) -> None:
    assert len({simplified(form) for form in forms}) == 1


@given(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF))
def test_simplifying_twice_is_simplifying_once(character: str) -> None:
    assert simplified(simplified(character)) == simplified(character)


@pytest.mark.parametrize(
    "forms",
    ["refugee refugees", "réfugié réfugiée réfugiées", "abogado abogada abogados abogadas", "family families",
     "адвокат адвокаты адвокатов адвокатам", "медицинская медицинской медицинскую", "لاجئين اللاجئين للاجئين لاجئون"],
)  # fmt: skip
def test_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(key(form)) for form in forms.split()}) == 1
