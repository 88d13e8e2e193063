from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.formats import values
from fednet.formats.headers import TABLES


@pytest.mark.parametrize(
    ("shape", "cell", "value"),
    [
        ("services", "legal aid; Santé | housing", ["legal-aid", "health", "housing"]),
        ("services", "aide juridique, hébergement", ["legal-aid", "housing"]),
        ("services", "Housing, Land and Property", ["housing-land-property"]),
        ("services", "WASH\nNUT", ["water-sanitation", "nutrition"]),
        ("country", "Thaïlande", "TH"),
        ("country", "THA", "TH"),
        ("languages", "birman; English", ["my", "en"]),
        ("organization-type", "ONG Internationale", "international-ngo"),
        ("url", "www.refugees.example", "https://www.refugees.example"),
        ("emails", "a@b.example; C <c@d.example>", ["a@b.example", "c@d.example"]),
        ("phones", "+66 2 555 0100 / 02 555 0101", ["+66 2 555 0100", "02 555 0101"]),
        ("boolean", "Oui", True),
        ("degrees", "13,756", 13_756_000),
        ("identifiers", "CA-CRA_ACR:118833714RR0001", [{"scheme": "CA-CRA_ACR", "value": "118833714RR0001"}]),
        ("time", "10am", "10:00"),
        ("time", "14h30", "14:30"),
        ("time", "12:15 a.m.", "00:15"),
        ("date", "31/05/2026", "2026-05-31"),
        ("date", "2012", "2012"),
        ("date", "2012-07", "2012-07"),
        ("date", "Wednesday, March 22, 2017", "2017-03-22"),
        ("date", "22 mars 2017", "2017-03-22"),
        ("date", "22 de marzo de 2017", "2017-03-22"),
        ("moment", "2017-03-22 10:00", "2017-03-22T10:00"),
        ("moment", "March 22, 2017 at 10am", "2017-03-22T10:00"),
        ("zone", "Tokyo Standard Time", "Asia/Tokyo"),
        ("area-code", "TCD19", ["TD"]),
    ],
)
def test_a_cell_means(shape: str, cell: str, value: object) -> None:
    assert values.read(shape, cell) == values.Value(value)


@pytest.mark.parametrize(
    ("shape", "cell", "reason"),
    [
        ("country", "Wakanda", "is no country we know"),
        ("country", "Thailannd", "did you mean “Thailand”?"),
        ("services", "legal ayd", "did you mean “Legal aid”?"),
        ("emails", "none", "is no e-mail address"),
        ("date", "3/4/2026", "may be two different days"),
        ("date", "31/02/2026", "is a day that does not exist"),
        ("url", "javascript:alert(1)", "is no web address"),
        ("boolean", "perhaps", "is neither yes nor no"),
    ],
)
def test_a_refusal_says_why(shape: str, cell: str, reason: str) -> None:
    value, refused = values.read(shape, cell)
    assert value is None
    assert reason in refused[0][1]


def test_an_unknown_term_costs_only_itself() -> None:
    assert values.read("services", "legal aid; alchemy") == values.Value(
        ["legal-aid"], (("alchemy", "is no service we know"),)
    )


def test_one_unambiguous_date_decides_for_its_column() -> None:
    assert values.day_first_in(["3/4/2026", "25/4/2026"]) is True
    assert values.day_first_in(["3/4/2026", "4/25/2026"]) is False
    assert values.day_first_in(["3/4/2026"]) is None
    assert values.read("date", "3/4/2026", day_first=True).value == "2026-04-03"


SHAPES = sorted(
    {line.split(": ")[1] for text in TABLES.values() for line in text.strip().splitlines() if line[0] != " "}
)


@given(st.sampled_from(SHAPES), st.text(max_size=60))
def test_no_cell_raises(shape: str, cell: str) -> None:
    values.read(shape, cell)


WORDS = "法律援助|法律相談|юридическая помощь|правова допомога|hukuki yardım|ความช่วยเหลือทางกฎหมาย|กฎหมาย"
WORDS += "|ဥပဒေအကူအညီ|کمک حقوقی"


@pytest.mark.parametrize("word", [*WORDS.split("|"), "Rechtsberatung", "trợ giúp pháp lý", "assistência jurídica"])
def test_cells_are_read_by_the_words_that_a_search_knows(word: str) -> None:
    assert values.read("services", word) == values.Value(["legal-aid"])
    assert values.read("services", f"{word}; soins; жилье").value == ["legal-aid", "health", "housing"]


def test_countries_are_read_by_their_formal_names_too() -> None:
    assert values.read("countries", "ประเทศไทย; 中华人民共和国; Myanmar").value == ["TH", "CN", "MM"]
