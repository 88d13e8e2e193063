"""The chart of needs and opportunities: every entry where it belongs, unmet needs first, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory import chart as charts
from fednet.directory.chart import SEVERAL, UNSAID, By, Row, lines, rows, table, totals
from fednet.directory.exchange import Entry, Named, parse_asked
from fednet.directory.search import OPERATOR, PUBLIC, Hit
from fednet.errors import NotFoundError
from fednet.listing import Exchange, places
from fednet.listing.vocabulary import THEMES
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.web.place import NOW, followed


def entry(
    type_: str = "need",
    *,
    title: str = "Lawyers",
    matches: int = 0,
    circle: str = "public",
    countries: Sequence[str] = (),
    themes: Sequence[str] = (),
) -> Entry:
    record = Exchange(type=type_, titles={"en": title}, countries=tuple(countries), themes=tuple(themes))
    hit = Hit(title, "exchange", title, "a" * 32, "A", (("a" * 32, "A"),), circle, 1, 1, None, False, {})
    return Entry(hit, record, "open", None, Named("Boat"), 50 if matches else 0, matches)


COUNTRIES = st.lists(st.sampled_from(["TH", "MM", "CA", "KE", "CL", "DE", "035", "142", "001", "ZZ"]), max_size=4)
CODES = st.lists(st.sampled_from(["legal-aid", "housing", "children", "unheard-of"]), max_size=3)


@st.composite
def drawn(draw: st.DrawFn) -> list[Entry]:
    count = draw(st.integers(0, 6))
    return [
        entry(
            draw(st.sampled_from(["need", "offer", "funding", "unheard-of"])),
            title=f"entry {number}",
            matches=draw(st.integers(0, 1)),
            countries=draw(COUNTRIES),
            themes=draw(CODES),
        )
        for number in range(count)
    ]


def standing(found: list[Row], handle: str) -> set[tuple[str, str]]:
    return {
        (row.region, row.theme) for row in found for cell in row.cells for one in cell if one.hit.handle == handle
    }  # fmt: skip


@given(drawn(), st.sampled_from(["region", "theme"]))
def test_each_entry_stands_in_every_region_and_theme_that_it_names(entries: list[Entry], by: By) -> None:
    found = list(rows(entries, by))
    for one in entries:
        if one.record.type not in charts.TYPES:
            assert standing(found, one.hit.handle) == set()
            continue
        regions = charts.regions_of(one) or [UNSAID]
        themes = charts.themes_of(one) or [UNSAID]
        assert standing(found, one.hit.handle) == {(region, theme) for region in regions for theme in themes}


@given(drawn(), st.sampled_from(["region", "theme"]))
def test_unmet_needs_stand_first_and_rows_of_one_heading_together(entries: list[Entry], by: By) -> None:
    found = list(rows(entries, by))
    for row in found:
        assert any(row.cells)
        unmet = [one.is_unmet for one in row.needs]
        assert unmet == sorted(unmet, reverse=True)
    headings = [row.region if by == "region" else row.theme for row in found]
    changes = sum(one != other for one, other in pairwise(headings))
    assert changes == max(0, len(set(headings)) - 1)
    for heading in set(headings):
        under = [row for row, one in zip(found, headings, strict=True) if one == heading]
        unmet = [any(one.is_unmet for one in row.needs) for row in under]
        assert unmet == sorted(unmet, reverse=True)
    assert len({(row.region, row.theme) for row in found}) == len(found)


@given(drawn())
def test_the_same_chart_whatever_the_order_of_entries(entries: list[Entry]) -> None:
    assert list(rows(entries, "region")) == list(rows(entries[::-1], "region"))


@given(drawn())
def test_totals_count_each_entry_once(entries: list[Entry]) -> None:
    found = totals(entries)
    kinds = [one.record.type for one in entries]
    assert (found.needs, found.offers, found.funding) == tuple(map(kinds.count, charts.TYPES))
    assert found.unmet == sum(one.is_unmet for one in entries)


def test_a_country_stands_in_its_smallest_region_and_a_region_by_itself() -> None:
    assert charts.regions_of(entry(countries=["TH", "MM", "142", "CA", "ZZ", "AQ"])) == ["035", "142", "021", "001"]


def test_what_names_very_many_regions_or_themes_stands_in_one_row() -> None:
    wide = entry(countries=places.codes(), themes=[term.code for term in THEMES])
    (row,) = rows([wide], "region")
    assert (row.region, row.theme) == (SEVERAL, SEVERAL)


def test_where_a_region_was_asked_for_an_entry_stands_in_no_other() -> None:
    wide = entry(countries=["TH", "CA"], themes=["housing", "legal-aid"])
    found = rows([wide], "theme", regions=["142"], themes=["legal-aid"])
    assert [(row.region, row.theme) for row in found] == [("035", "legal-aid")]
    by_country = rows([wide], "region", countries=["CA"])
    assert {row.region for row in by_country} == {"021"}


def test_regions_stand_continent_by_continent_and_what_names_none_last() -> None:
    entries = [
        entry(title=code, countries=[code] if code else []) for code in ("", "DE", "TH", "142", "KE", "001", "CA")
    ]
    assert [row.region for row in rows(entries, "region")] == ["014", "021", "142", "035", "155", "001", UNSAID]


def test_a_table_has_a_line_for_each_entry_in_each_row_in_words() -> None:
    found = list(rows([entry(countries=["TH", "CA"], themes=["legal-aid"], circle="partners")], "region"))
    header, *cells = table(found, "fr")
    assert header == list(charts.Line.__struct_fields__)
    assert [cell[:5] for cell in cells] == [
        ["Amérique septentrionale", "Aide juridique", "need", "unmet", "Lawyers"],
        ["Asie du Sud-Est", "Aide juridique", "need", "unmet", "Lawyers"],
    ]
    assert {line.circle for line in lines(found)} == {"partners"}


def test_a_line_is_short_however_long_a_title_is() -> None:
    found = lines(rows([entry(title="x" * 60_000, countries=["TH", "CA", "KE", "CL"])], "region"))
    assert {len(line.title) for line in found} == {charts.LONGEST_TITLE}


# --- from a node ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("chart")
    home, _ = homes.create(path / "node", "Example Network", None, path / "recovery.txt")
    need = {"type": "need", "themes": ["legal-aid"], "countries": ["TH"]}
    edits.add(home, "exchange", {**need, "titles": {"en": "A lawyer for children"}}, NOW)
    edits.add(home, "exchange", {**need, "titles": {"en": "A secret need"}}, NOW, circle="partners")
    publish(home, NOW)
    offer = {"kind": "exchange", "type": "offer", "themes": ["legal-aid"], "countries": ["TH"]}
    followed(home, "Other Network", [{**offer, "titles": {"en": "A lawyer who likes children"}}])
    return home


def test_a_reader_is_charted_only_what_they_may_read(home: Home) -> None:
    asked = parse_asked()
    everything, public = (charts.chart(home.store, asked, reader, NOW) for reader in (OPERATOR, PUBLIC))
    assert everything.totals.needs == 2 and everything.totals.restricted == 1
    assert public.totals.needs == 1 and public.totals.restricted == 0
    assert "secret" not in str(public)


def test_the_chart_says_which_networks_could_not_be_seen(home: Home) -> None:
    asked = parse_asked()
    assert charts.chart(home.store, asked, PUBLIC, NOW).missing == ()
    later = charts.chart(home.store, asked, PUBLIC, NOW + timedelta(days=80))
    assert ("Other Network", "expired") in [(one.name, one.reason) for one in later.missing]


def test_a_network_that_lists_very_much_drowns_only_itself(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "MAX_ENTRIES", 1)
    found = charts.chart(home.store, parse_asked(), OPERATOR, NOW)
    assert (found.totals.needs, found.totals.offers) == (1, 1)
    assert [(one.name, one.reason) for one in found.missing] == [("Example Network", "many")]


def test_a_chart_of_one_network_names_no_other(home: Home) -> None:
    found = charts.chart(home.store, parse_asked(network="Other Network"), OPERATOR, NOW + timedelta(days=80))
    assert [name for _, name in found.networks] == ["Other Network"] == [one.name for one in found.missing]
    with pytest.raises(NotFoundError):
        charts.chart(home.store, parse_asked(network="No such"), OPERATOR, NOW)


def test_filters_of_the_exchange_are_filters_of_the_chart(home: Home) -> None:
    offers = charts.chart(home.store, parse_asked(type="offer"), OPERATOR, NOW)
    assert (offers.totals.needs, offers.totals.offers) == (0, 1)
    assert charts.chart(home.store, parse_asked(region="019"), OPERATOR, NOW).rows == ()
