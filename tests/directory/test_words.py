"""How words become clauses: what narrows, what is excluded, what is named; and that no text is an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.directory.search import PUBLIC, Query, search
from fednet.directory.words import clauses, named, shown
from tests.directory.test_search import titles
from tests.directory.world import NOW, World, event, organization

LISTED = [
    organization("Harbour Legal Centre", services=["legal-aid"], countries=["TH"], languages=["my"]),
    organization("Harbour Clinic", services=["health"], countries=["MY"]),
    organization("House of Law", description={"en": "A lawyer helps with detention."}),
    organization("Detention Watch", services=["detention"]),
    organization({"th": "ศูนย์กฎหมาย"}, services=["legal-aid", "health"]),
    event("Spring webinar", "2027-05-01T10:00", zone="Europe/Zurich"),
]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(Path(tmp_path_factory.mktemp("words")))
    world.lists(world.network("A"), *LISTED)
    return world


def found(world: World, text: str) -> set[str]:
    return {hit.handle for hit in search(world.store, Query(text=text, limit=100), PUBLIC, NOW).hits}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("legal aid for refugees in Thailand", []),
        ("legal aid in Thailand", ["Harbour Legal Centre"]),
        ("who gives legal aid and speaks Burmese", []),
        ("who speaks Burmese", ["Harbour Legal Centre"]),
        ("lawyer -harbour", ["House of Law"]),
        ("harbour", ["Harbour Clinic", "Harbour Legal Centre"]),
        ("harbour -health", ["Harbour Legal Centre"]),
        ("harbour -santé", ["Harbour Legal Centre"]),
        ('harbour -"health"', ["Harbour Clinic", "Harbour Legal Centre"]),
        ("-harbour -detention -santé", ["Spring webinar"]),
        ('"legal centre"', ["Harbour Legal Centre"]),
        ("“legal centre”", ["Harbour Legal Centre"]),
        ("«Legal Centre»", ["Harbour Legal Centre"]),
        ('"centre legal"', []),
        ("webinars", ["Spring webinar"]),
        ("泰国法律援助", ["Harbour Legal Centre"]),
        ("東南亞", ["Harbour Clinic", "Harbour Legal Centre"]),
        ("the", []),
    ],
)
def test_what_is_typed_is_understood(listed: World, asked: str, names: list[str]) -> None:
    assert [name for name in titles(listed, asked) if name.isascii()] == names


WORDS = [
    "harbour",
    "law",
    "lawyer",
    "detention",
    "health",
    "santé",
    "legal aid",
    "Thailand",
    "กฎหมาย",
    '"legal"',
    "house",
]


@given(st.lists(st.sampled_from(WORDS), max_size=2), st.sampled_from([word for word in WORDS if " " not in word]))
@settings(max_examples=60, deadline=None)
def test_a_minus_takes_away_exactly_what_the_word_finds(listed: World, asked: list[str], word: str) -> None:
    every = exactly(listed, " ".join([*asked, "."]))
    with_it = exactly(listed, " ".join([*asked, word, "."]))
    without = exactly(listed, " ".join([*asked, f"-{word}"]))
    assert with_it | without == every
    assert not with_it & without


def exactly(world: World, text: str) -> set[str]:
    """What fits the words as typed; nothing where others had to be taken for them."""
    results = search(world.store, Query(text=text, limit=100), PUBLIC, NOW)
    return set() if results.understood else {hit.handle for hit in results.hits}


_ODD = (
    st.text(max_size=60)
    | st.text(alphabet="\"-*():^{}+ANDORTNEAR กခ漢ا'\\\0 \u200c\u200f\u202e\u0e31\u1031\u17d2\ud800🙂،؟。", max_size=60)
    | st.lists(st.sampled_from(["legal", "aid", '"', "-", "ก", "難民", "لل", "ال", "👩🏽‍⚖️", "U.N.", "\u0300" * 9])).map(
        " ".join
    )
)


@given(_ODD)
@settings(max_examples=200, deadline=None)
def test_no_text_is_an_error(listed: World, asked: str) -> None:
    found(listed, asked)


@pytest.mark.parametrize(
    "asked",
    ["x" * 10_000, "x " * 10_000, "難" * 10_000, '"' * 10_000, "-" * 10_000, "\u0e31" * 500, "\u202e\u200f" * 50,
     "\0", "\ud800", "🙂", "\u1031\u1031\u103b", "လူ" * 200, "a.b.c.d.e.f." * 40, "\u200c", "’", "-\"", "- -", "ـ",
     "ءءءء"],
)  # fmt: skip
def test_no_odd_text_is_an_error(listed: World, asked: str) -> None:
    found(listed, asked)


def test_a_clause_says_what_was_typed_and_what_it_means() -> None:
    told = [(one.typed, one.meant, one.excluded) for one in clauses('aide juridique "mae sot" -Birman centre')]
    assert told == [
        ("aide juridique", (("service", "legal-aid"),), False),
        ('"mae sot"', (), False),
        ("Birman", (("language", "my"),), True),
        ("centre", (), False),
    ]


def test_only_words_of_asking_still_ask_for_themselves() -> None:
    assert [one.typed for one in clauses("who in the")] == ["who", "in", "the"]


def test_a_region_stands_for_its_countries() -> None:
    [clause] = clauses("Asie du Sud-Est")
    assert clause.meant == (("region", "035"),)
    assert "cTH" in clause.words
    assert "cFR" not in clause.words


def test_every_meaning_can_be_shown_in_words() -> None:
    assert shown(named("twinnings")) == ("twinning",)
    assert shown((("kind", "event"), ("country", "TH"))) == ("event", "Thailand")
