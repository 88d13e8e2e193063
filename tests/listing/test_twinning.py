"""Twinnings: two organisations that are named, and what the two do."""

from __future__ import annotations

from typing import Any

import pytest

from fednet import listing
from fednet.listing import references
from fednet.listing.check import check, normalize
from fednet.listing.record import encode, parse

ONE, OTHER = (f"7e6d8c1e-0b1c-4f5a-8c1e-0b1c55aa7e6{n}" for n in "ab")
TWINS = [{"name": "Aster House", "network": "abcd", "handle": ONE}, {"name": "Birch Clinic"}]


def twinning(**fields: Any) -> dict[str, Any]:
    return {"kind": "twinning", "organizations": TWINS, **fields}


def test_a_twinning_is_called_by_its_title_or_else_by_the_two() -> None:
    assert listing.title(check(twinning())) == "Aster House – Birch Clinic"
    titled = check(twinning(titles={"fr": "Ensemble", "en": "Together"}, original="fr"))
    assert listing.title(titled) == listing.terms(titled).title == "Ensemble"


def test_it_is_found_by_the_names_of_the_two_and_by_what_is_told_of_it() -> None:
    found = listing.terms(check(twinning(activities=[{"text": "A first visit"}], themes=["legal aid", "women"])))
    assert "Birch Clinic" in found.names
    assert "A first visit" in found.text
    assert (found.kind, found.services, found.client_groups) == (10, ("legal-aid",), ("women",))


def test_bare_texts_are_read_as_names_and_as_activities_in_the_original_language() -> None:
    read = normalize(
        twinning(organizations=["Aster House", "Birch Clinic"], activities=["Visit", "Visit", "Return"], original="en")
    )
    assert read["organizations"] == [{"name": "Aster House"}, {"name": "Birch Clinic"}]
    assert read["activities"] == [{"text": {"en": "Visit"}}, {"text": {"en": "Return"}}]


@pytest.mark.parametrize(
    ("organizations", "why"),
    [
        (["Aster House"], "not two different organisations"),
        (["Aster House", "aster  house"], "not two different organisations"),
        (["One", "Two", "Three"], "not two different organisations"),
        ([{"handle": ONE, "name": "One"}, {"handle": ONE, "name": "Two"}], "not two different organisations"),
        ([{"handle": ONE}, "Two"], "organizations.name: is missing"),
        ([{"handle": "nobody", "name": "One"}, "Two"], "is not a handle"),
    ],
)
def test_there_are_two_and_both_have_a_name(organizations: list[Any], why: str) -> None:
    with pytest.raises(listing.ListingError, match=why):
        normalize(twinning(organizations=organizations))


@pytest.mark.parametrize(
    ("start", "end"), [("2026-05", "2026-04-30"), ("2027", "2026-12"), ("2026-05-02", "2026-05-01")]
)
def test_it_does_not_end_before_it_starts(start: str, end: str) -> None:
    with pytest.raises(listing.ListingError, match="before the start"):
        normalize(twinning(start=start, end=end))


def test_a_year_that_holds_its_start_is_no_end_before_it() -> None:
    assert normalize(twinning(start="2026-05", end="2026"))["end"] == "2026"


def test_it_names_the_two_its_resources_and_the_entries_it_grew_from() -> None:
    record = check(twinning(resources=[OTHER], exchanges=[ONE]))
    assert references.named(record) == (ONE, OTHER)


def test_it_is_nothing_without_one_of_the_two_and_loses_a_resource_that_goes() -> None:
    body = encode(normalize(twinning(resources=[OTHER], uid="u" * 8)))
    assert references.repointed(body, ONE, None) is None
    left = references.repointed(body, OTHER, None)
    assert left is not None
    assert parse(left) == check(twinning(uid="u" * 8))
