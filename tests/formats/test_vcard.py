"""Cards keep to the grammar of RFC 6350, whatever the records say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.formats.export import without_controls
from fednet.formats.hsds import identifier
from fednet.formats.vcard import cards_of

HANDLE = "0190a6a4-0000-7000-8000-{:012x}"
SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "schemas" / "jscalendar-jscontact" / "jscontact"

LINE = re.compile(
    r"(?:[A-Za-z0-9-]+\.)?(?P<name>[A-Za-z0-9-]+)"
    r'(?P<parameters>(?:;[A-Za-z0-9-]+=(?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^"\x00-\x08\x0a-\x1f\x7f;:,]*)'
    r'(?:,(?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^"\x00-\x08\x0a-\x1f\x7f;:,]*))*)*)'
    r":(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)
"""`contentline` of RFC 6350, section 3.3."""

CARDINALITY = {  # section 6: *1 at most one, 1* at least one; with ALTID one of each
    "BEGIN": "1", "END": "1", "VERSION": "1", "FN": "1*", "KIND": "*1", "UID": "*1", "REV": "*1", "PRODID": "*1",
    "SOURCE": "*", "ORG": "*", "NICKNAME": "*", "URL": "*", "GEO": "*", "ADR": "*", "CATEGORIES": "*", "LANG": "*",
    "NOTE": "*", "TITLE": "*", "EMAIL": "*", "TEL": "*",
}  # fmt: skip
PARAMETERS = {"ALTID", "LANGUAGE", "PREF", "VALUE", "TYPE"}


class Property(NamedTuple):
    name: str
    parameters: dict[str, str]
    value: str


def parsed(raw: bytes) -> list[list[Property]]:
    """The cards of a file, as the grammar has it; raises on anything else."""
    assert raw.endswith(b"\r\n") or not raw
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75 and b"\n" not in line and b"\r" not in line
        line.decode()  # no character is cut
    cards: list[list[Property]] = []
    for line in raw.decode().replace("\r\n ", "").split("\r\n")[:-1]:
        match = LINE.fullmatch(line)
        assert match, line
        pairs = (part.partition("=") for part in match["parameters"].split(";")[1:])
        one = Property(match["name"].upper(), {name: value for name, _, value in pairs}, match["value"])
        if one.name == "BEGIN":
            cards.append([])
        cards[-1].append(one)
    return cards


def check(card: list[Property]) -> None:
    """RFC 6350, section 6: what a card must have, and how often it may have it."""
    assert card[0].value == "VCARD" and card[-1].name == "END"
    assert (card[1].name, card[1].value) == ("VERSION", "4.0")
    assert {one.name for one in card} <= CARDINALITY.keys()
    assert {name for one in card for name in one.parameters} <= PARAMETERS
    counts = Counter(name for name, _ in {(one.name, one.parameters.get("ALTID", id(one))) for one in card})
    for name, often in CARDINALITY.items():
        assert counts[name] >= (often in ("1", "1*")), name
        assert counts[name] <= 1 or often in ("*", "1*"), name
    for one in card:
        if one.name in ("FN", "NICKNAME", "NOTE", "TITLE", "EMAIL", "TEL", "CATEGORIES"):
            assert re.fullmatch(r"(?:\\[\\,;n]|[^\\,;]|,)*", one.value), one
        if one.name == "ADR":
            assert re.sub(r"\\.", "", one.value).count(";") == 6  # a backslash belongs to what follows it
        if one.name in ("URL", "SOURCE"):
            assert re.fullmatch(r"https?://\S+", one.value)
        if one.name == "GEO":
            assert re.fullmatch(r"geo:-?\d+(\.\d+)?,-?\d+(\.\d+)?", one.value)
        if "LANGUAGE" in one.parameters:
            assert re.fullmatch("[A-Za-z0-9-]+", one.parameters["LANGUAGE"])


PORT: dict[str, Any] = {
    "kind": "organization",
    "names": {"fr": "Maison du port; et, cie", "th": "บ้านท่าเรือ"},
    "original": "fr",
    "acronym": "MDP",
    "description": {"fr": "Un\nDeux", "en": "One\nTwo"},
    "seat": {"country": "CA", "place": "Montréal", "latitude_e6": 45_500_000, "longitude_e6": -73_561_234},
    "services": ["legal-aid", "housing"],
    "languages": ["fr", "th"],
    "website": "https://port.example/a,b;c",
}


def page(kind: str, handle: str) -> str | None:
    return f"https://node.example/organizations/{handle}" if kind == "organization" else None


def test_a_card_has_its_texts_in_all_languages_and_where_it_is_read_again() -> None:
    contact = {
        "kind": "contact",
        "organization": HANDLE.format(1),
        "emails": ["info@port.example"],
        "address": "1; Rue",
    }
    rows = [("n", HANDLE.format(1), PORT), ("n", HANDLE.format(2), contact)]
    (card,) = parsed(cards_of(rows, page=page))
    check(card)
    told = {(one.name, one.parameters.get("LANGUAGE"), one.value) for one in card}
    assert told >= {
        ("KIND", None, "org"),
        ("FN", "th", "บ้านท่าเรือ"),
        ("ORG", "fr", "Maison du port\\; et\\, cie"),
        ("NOTE", "en", "One\\nTwo"),
        ("GEO", None, "geo:45.5,-73.561234"),
        ("LANG", None, "th"),
        ("CATEGORIES", None, "Legal aid,Housing"),
        ("SOURCE", None, f"https://node.example/organizations/{HANDLE.format(1)}"),
        ("UID", None, f"urn:uuid:{identifier('n', HANDLE.format(1))}"),
        ("EMAIL", None, "info@port.example"),
        ("ADR", None, ";;1\\; Rue;;;;"),
    }
    assert [one.parameters.get("PREF") for one in card if one.name == "FN"] == ["1", None]


def test_a_contact_speaks_for_what_its_own_network_lists_and_for_nothing_else() -> None:
    mine, theirs = (
        {"kind": "contact", "organization": HANDLE.format(1), "emails": [f"{who}@x.example"]} for who in "nm"
    )
    rows = [("n", HANDLE.format(1), PORT), ("n", HANDLE.format(2), mine), ("m", HANDLE.format(2), theirs)]
    port, alone = parsed(cards_of(rows, page=page))
    assert [one.value for one in port if one.name == "EMAIL"] == ["n@x.example"]
    assert [one.value for one in alone if one.name in ("KIND", "EMAIL")] == ["individual", "m@x.example"]
    both = parsed(cards_of([*rows, ("m", HANDLE.format(1), PORT)]))
    assert [[one.value for one in card if one.name == "EMAIL"] for card in both] == [["n@x.example"], ["m@x.example"]]
    assert len({one.value for card in both for one in card if one.name == "UID"}) == 2  # neither replaces the other


texts = st.text(max_size=60)
tags = st.sampled_from(("en", "th", "zh-Hant", "und", 'x"y', "a:b", "é", ""))
CARDS = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("organization"), "names": st.dictionaries(tags, texts, min_size=1, max_size=3)},
        optional={
            "acronym": texts,
            "description": st.dictionaries(tags, texts, max_size=3),
            "languages": st.lists(tags, max_size=2),
            "seat": st.fixed_dictionaries({}, optional={"place": texts, "country": st.sampled_from(("TH", "??"))}),
            "website": st.sampled_from(("https://a.example/,;:", "http://b.example")),
            "services": st.lists(st.sampled_from(("legal-aid", "new;code", "a,b")), max_size=2),
        },
    ),
    st.fixed_dictionaries({"kind": st.just("person"), "name": texts}, optional={"expertise": st.lists(texts)}),
    st.fixed_dictionaries({"kind": st.just("group"), "names": st.dictionaries(tags, texts, min_size=1)}),
    st.fixed_dictionaries(
        {"kind": st.just("contact"), "organization": st.just("x")},
        optional={"phones": st.lists(texts, max_size=2), "address": texts, "hours": texts, "person": texts},
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(CARDS, max_size=3))
def test_whatever_peers_publish_becomes_cards(bodies: list[dict[str, Any]]) -> None:
    rows = [("n", HANDLE.format(at), fields) for at, fields in enumerate(bodies)]
    cards = parsed(cards_of(without_controls(rows), page=page))
    assert len(cards) == len(bodies)
    for card in cards:
        check(card)


def test_the_grammar_of_these_tests_reads_the_samples_of_others() -> None:
    """Else it would prove nothing: the vCard lines of jscontact's samples (RFC 9555) are of the same grammar."""
    if not SAMPLES.is_dir():
        pytest.skip("no samples beside the project")
    block = re.compile(r"^BEGIN:VCARD$.*?^END:VCARD$", re.MULTILINE | re.DOTALL)
    found = [one for path in sorted(SAMPLES.glob("*.txt")) for one in block.findall(path.read_text("utf-8"))]
    lines = [line for one in found for line in re.sub(r"\r?\n[ \t]", "", one).splitlines()]
    assert len(lines) > 50
    assert [line for line in lines if not LINE.fullmatch(line)] == []
