from __future__ import annotations

import re
from typing import Any

import pytest

from fednet import listing
from fednet.listing.signals import MAX_IDENTIFIERS, evidence, own_host


def of(**fields: Any) -> tuple[str, ...]:
    record = listing.parse(listing.encode({"kind": "organization", "names": {"en": "House"}} | fields))
    assert record is not None
    return evidence(record)


@pytest.mark.parametrize(
    ("website", "host"),
    [
        ("https://www.House.example/", "house.example"),
        ("http://house.example:8080", "house.example"),
        ("https://house.example./fr", "house.example"),
        ("https://house.example/pt-BR/", "house.example"),
        ("https://โครงการ.example/", "โครงการ.example"),
        ("https://law.university.example/clinics/refugees", None),
        ("https://www.facebook.com/", None),
        ("https://facebook.com/house", None),
        ("https://localhost/", None),
    ],
)
def test_only_a_site_of_its_own_is_evidence(website: str, host: str | None) -> None:
    assert own_host(website) == host


def test_a_name_is_no_evidence() -> None:
    assert of(acronym="H", description={"en": "https://house.example"}) == ()


def test_one_number_of_one_register_is_one_word_however_it_is_written() -> None:
    written = of(identifiers=[{"scheme": "CA-CRA_ACR", "value": "12345 6789 RR-0001"}])
    assert written == of(identifiers=[{"scheme": "ca-cra_acr", "value": "123456789rr0001"}])
    assert written != of(identifiers=[{"scheme": "GB-CHC", "value": "123456789RR0001"}])
    assert all(re.fullmatch("e[0-9a-f]{16}", word) for word in written)


def test_a_website_and_a_register_number_are_never_mistaken_for_each_other() -> None:
    assert of(website="https://house.example") != of(identifiers=[{"scheme": "host", "value": "house.example"}])


def test_an_event_is_the_same_by_a_uid_that_can_be_unique() -> None:
    def words(**fields: Any) -> tuple[str, ...]:
        body = {"kind": "event", "titles": {"en": "Call"}, "type": "webinar", "start": "2026-12-01"} | fields
        return evidence(listing.parse(listing.encode(body)))  # type: ignore[arg-type]

    assert len(words(uid="4f1c@calendar.example")) == 1
    assert words(uid="17") == words() == ()


def test_endless_identifiers_are_cut() -> None:
    many = [{"scheme": "X", "value": str(number)} for number in range(100)]
    assert len(of(identifiers=many)) == MAX_IDENTIFIERS
