"""Countries and regions: containment, and names in many languages."""

from __future__ import annotations

import subprocess
import sys

import pytest
from babel import Locale

from fednet.listing import places


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("TH", "TH"), ("th", "TH"), ("THA", "TH"), ("764", "TH"), ("Thaïlande", "TH"), ("Tailandia", "TH"),
        ("ไทย", "TH"), ("تايلاند", "TH"), ("Таиланд", "TH"), ("泰国", "TH"), ("泰國", "TH"),
        ("ထိုင်း", "TH"), ("Tayland", "TH"), ("COD", "CD"), ("RDC", "CD"), ("DR Congo", "CD"),
        ("Congo", "CG"), ("Côte d’Ivoire", "CI"), ("Ivory Coast", "CI"), ("Myanmar (Burma)", "MM"),
        ("Myanmar", "MM"), ("Burma", "MM"), ("Birmanie", "MM"), ("الأردن", "JO"), ("الاردن", "JO"),
        ("Iran (Islamic Republic of)", "IR"), ("The Gambia", "GM"), ("St. Lucia", "LC"),
        ("Bosnia & Herzegovina", "BA"), ("Bosnia and Herzegovina", "BA"), ("Turkey", "TR"),
        ("Türkiye", "TR"), ("UK", "GB"), ("XKX", "XK"), ("Palestine", "PS"), ("Niger", "NE"),
        ("Nigeria", "NG"), ("South Sudan", "SS"), ("Soudan du Sud", "SS"), ("香港", "HK"),
        ("刚果（金）", "CD"), ("刚果（布）", "CG"), ("مالزی", "MY"), ("Wakanda", None), ("", None),
        ("SU", None), ("XX", None), ("035", None), ("Asia", None),
    ],
)  # fmt: skip
def test_a_country_is_known_by_code_and_by_name_in_any_language(written: str, code: str | None) -> None:
    assert places.country_code(written) == code


@pytest.mark.parametrize("locale", places.LOCALES)
def test_every_country_name_of_cldr_leads_back_to_its_country(locale: str) -> None:
    names = Locale.parse(locale).territories
    missed = {names[code]: places.country_code(names[code]) for code in places.codes() if code in names}
    wrong = {name: found for name, found in missed.items() if found is None}
    assert not wrong
    strayed = [code for code in places.codes() if code in names and places.country_code(names[code]) != code]
    assert len(strayed) <= 3, strayed


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("035", "035"), ("South-eastern Asia", "035"), ("Southeast Asia", "035"),
        ("Asie du Sud-Est", "035"), ("Sudeste asiático", "035"), ("جنوب شرق آسيا", "035"),
        ("东南亚", "035"), ("Asia", "142"), ("Africa", "002"), ("Western Africa", "011"),
        ("Afrique de l’Ouest", "011"), ("Latin America", "419"), ("Middle East", "145"), ("world", "001"),
        ("Thailand", None), ("Narnia", None), ("999", None), ("", None),
    ],
)  # fmt: skip
def test_a_region_is_known_by_code_and_by_name(written: str, code: str | None) -> None:
    assert places.region_code(written) == code


def test_containment_is_transitive() -> None:
    assert places.countries_in("035") < places.countries_in("142") < places.countries_in("001")
    assert {"TH", "MM", "KH"} <= places.countries_in("Asie du Sud-Est")
    assert places.regions("TH") == {"035", "142", "001"}
    assert places.regions("ET") == {"014", "202", "002", "001"}


def test_every_country_lies_in_the_world_and_in_the_regions_that_hold_it() -> None:
    for code in places.codes():
        assert "001" in places.regions(code)
        assert all(code in places.countries_in(region) for region in places.regions(code))
    assert set(places.codes()) == {code for code in Locale("en").territories if places.is_country(code)}
    assert len(places.codes()) == 250


def test_the_five_continents_part_the_world() -> None:
    continents = [places.countries_in(code) for code in ("002", "009", "019", "142", "150")]
    assert sum(map(len, continents)) == len(frozenset().union(*continents)) == len(places.codes()) - 1


def test_a_country_is_in_itself_and_an_unknown_place_holds_nothing() -> None:
    assert places.countries_in("TH") == places.countries_in("Thaïlande") == {"TH"}
    assert places.countries_in("Narnia") == frozenset()
    assert places.regions("XX") == frozenset()


def test_names_are_given_in_the_asked_language_else_in_english_else_the_code_stays() -> None:
    assert places.name("TH", "fr") == "Thaïlande"
    assert places.name("035", "ar") == "جنوب شرق آسيا"
    assert places.name("TH", "zh-Hant") == "泰國"
    assert places.name("TH", "no such locale") == "Thailand"
    assert places.name("XX") == "XX"


def test_a_misspelt_country_has_a_near_one() -> None:
    assert places.near_country("Thialand") == "TH"
    assert places.near_country("xyzzy") is None


def test_codes_and_containment_are_known_without_loading_names() -> None:
    asked = "places.country_code('TH'); places.regions('TH'); places.countries_in('035')"
    code = f"import sys; from fednet.listing import places; {asked}; print('babel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
