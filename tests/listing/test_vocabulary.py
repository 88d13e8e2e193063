"""The vocabularies: codes that never change, names in four languages, and sector names of registers that all map."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from fednet.listing.term import MAX_TERMS
from fednet.listing.text import key
from fednet.listing.vocabulary import ALL, CLIENT_GROUPS, LANGUAGES, ORGANIZATION_TYPES, SERVICES, THEMES, Vocabulary

REGISTERS = Path(__file__).parents[2] / "../shared/data/organisations"

NAMED_SERVICES = [
    "legal aid",
    "status determination",
    "detention",
    "family reunification",
    "sponsorship and resettlement",
    "settlement and integration",
    "anti-trafficking",
    "psychosocial",
    "health",
    "education and language",
    "livelihoods",
    "housing",
    "child protection",
    "youth",
    "advocacy",
    "research",
    "training",
    "interpretation",
]
NAMED_CLIENT_GROUPS = [
    "refugees",
    "asylum seekers",
    "torture survivors",
    "trafficked persons",
    "internally displaced",
    "stateless",
    "migrants in vulnerable situations",
    "returnees",
    "children",
    "unaccompanied minors",
    "youth",
    "women",
    "LGBTIQ+",
    "people with disabilities",
    "people in detention",
]
FIRST_SERVICES = [
    "legal-aid",
    "status-determination",
    "detention",
    "family-reunification",
    "sponsorship-resettlement",
    "settlement-integration",
    "anti-trafficking",
    "psychosocial",
    "health",
    "education-language",
    "livelihoods",
    "housing",
    "child-protection",
    "youth",
    "advocacy",
    "research",
    "training",
    "interpretation",
    "protection",
    "gender-based-violence",
    "housing-land-property",
    "mine-action",
    "camp-coordination",
    "water-sanitation",
    "food-security",
    "nutrition",
    "shelter",
    "relief-items",
    "cash-assistance",
    "logistics",
    "early-recovery",
    "emergency-telecommunications",
    "coordination",
    "refugee-response",
    "documentation",
    "information-referral",
    "community-support",
    "disability-inclusion",
    "grants",
    "emergency-relief",
    "solutions-return",
]
FIRST_CLIENT_GROUPS = [
    "refugees",
    "asylum-seekers",
    "torture-survivors",
    "trafficked-persons",
    "internally-displaced",
    "stateless",
    "vulnerable-migrants",
    "returnees",
    "children",
    "unaccompanied-minors",
    "youth",
    "women",
    "lgbtiq",
    "people-with-disabilities",
    "people-in-detention",
    "older-people",
    "violence-survivors",
    "host-communities",
    "families",
]

each = pytest.mark.parametrize("words", ALL, ids=lambda words: words.what)


@each
def test_terms_are_complete_and_their_bits_distinct(words: Vocabulary) -> None:
    assert len({term.bit for term in words}) == len(words) <= MAX_TERMS
    assert all(0 <= term.bit < MAX_TERMS for term in words)
    for term in words:
        assert tuple(term.names) == LANGUAGES
        assert all(term.names.values())
        assert term.definition.endswith(".")
        assert term.code == term.code.lower().replace(" ", "-").replace("_", "-")


@each
def test_no_name_belongs_to_two_terms(words: Vocabulary) -> None:
    claimed: dict[str, str] = {}
    for term in words:
        for name in (term.code, *term.names.values(), *term.synonyms):
            assert claimed.setdefault(key(name), term.code) == term.code, name
            assert words.find(name) == term.code


@each
def test_broader_terms_make_a_tree_of_few_levels(words: Vocabulary) -> None:
    for term in words:
        assert not term.broader or term.broader in words
        assert len({term.code, *words.above(term.code)}) == 1 + len(words.above(term.code)) <= 3


def test_what_holds_a_term_is_given_nearest_first() -> None:
    assert SERVICES.above("status-determination") == ("legal-aid", "protection")
    assert CLIENT_GROUPS.above("unaccompanied-minors") == ("children",)
    assert SERVICES.above("protection") == SERVICES.above("telepathy") == ()


def test_bits_never_change() -> None:
    assert [term.code for term in sorted(SERVICES, key=lambda term: term.bit)][:41] == FIRST_SERVICES
    assert [term.code for term in sorted(CLIENT_GROUPS, key=lambda term: term.bit)][:19] == FIRST_CLIENT_GROUPS


def test_what_the_networks_name_is_found() -> None:
    assert [SERVICES.find(name) for name in NAMED_SERVICES] == FIRST_SERVICES[:18]
    assert [CLIENT_GROUPS.find(name) for name in NAMED_CLIENT_GROUPS] == FIRST_CLIENT_GROUPS[:15]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Aide  JURIDIQUE", "legal-aid"),
        ("المساعدة القانونية", "legal-aid"),
        ("asistencia juridica", "legal-aid"),
        ("Protection Cluster", "protection"),
        ("secteur de la santé", "health"),
        ("Sous-cluster VBG", "gender-based-violence"),
        ("WSH", "water-sanitation"),
        ("Camp Coordination / Management", "camp-coordination"),
        ("telepathy", None),
        ("", None),
        ("services", None),
    ],
)
def test_a_service_is_found_by_any_of_its_names(written: str, code: str | None) -> None:
    assert SERVICES.find(written) == code


def test_singular_and_plural_are_one() -> None:
    assert CLIENT_GROUPS.find("demandeuse d'asile") == "asylum-seekers"


def test_a_name_is_given_in_the_asked_language_else_in_english_else_the_code_stays() -> None:
    assert SERVICES.name("legal-aid", "ar") == "المساعدة القانونية"
    assert SERVICES.name("legal-aid", "fr-CA") == "Aide juridique"
    assert SERVICES.name("legal-aid", "th") == "Legal aid"
    assert SERVICES.name("telepathy", "fr") == "telepathy"


def test_a_misspelt_term_has_a_near_one() -> None:
    assert SERVICES.near("legl aid") == "legal-aid"
    assert SERVICES.near("xyzzy") is None


def test_masks_hold_the_bits_of_known_codes_only() -> None:
    assert SERVICES.mask(["legal-aid", "detention", "telepathy"]) == 0b101
    assert SERVICES.mask(SERVICES.codes) < 2**62


def test_themes_are_all_services_and_client_groups() -> None:
    assert set(THEMES.codes) == set(SERVICES.codes) | set(CLIENT_GROUPS.codes)


needs_registers = pytest.mark.skipif(not REGISTERS.exists(), reason="the registers that others publish are not here")


@needs_registers
def test_every_sector_and_type_of_hdx_maps() -> None:
    with (REGISTERS / "hdx-operational-presence.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for sector in filter(None, (row["sector_code"], row["sector_name"])):
            assert SERVICES.find(sector), sector
        assert not row["org_type_description"] or ORGANIZATION_TYPES.find(row["org_type_description"])


@needs_registers
@pytest.mark.parametrize(("file", "sector", "kind"), [("hdx-chad-3w.xlsx", 3, 6), ("hdx-somalia-3w.xlsx", 1, 6)])
def test_every_cluster_and_type_of_3w_lists_maps(file: str, sector: int, kind: int) -> None:
    book = openpyxl.load_workbook(REGISTERS / file, read_only=True, data_only=True)
    rows = [row for row in book.worksheets[0].iter_rows(min_row=2, values_only=True) if row[sector] != "#sector"]
    book.close()
    assert {row[sector] for row in rows if row[sector] and not SERVICES.find(str(row[sector]))} == set()
    assert {row[kind] for row in rows if row[kind] and not ORGANIZATION_TYPES.find(str(row[kind]))} == set()


@needs_registers
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_category_and_activity_of_unhcr_jordan_maps(language: str) -> None:
    found = json.loads((REGISTERS / f"unhcr-jordan-services-{language}.json").read_text())
    for feature in found if isinstance(found, list) else found["features"]:
        assert SERVICES.find(feature["properties"]["activityCategory"])
        assert SERVICES.find(feature["properties"]["activityName"])
