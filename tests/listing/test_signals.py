from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fednet import listing
from fednet.listing import Contact, Organization, signals
from fednet.listing.signals import MAX_IDENTIFIERS, Word, evidence


def of(**fields: Any) -> tuple[str, ...]:
    record = listing.parse(listing.encode({"kind": "organization", "names": {"en": "House"}} | fields))
    assert record is not None
    return evidence(record)


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


def test_what_has_no_digit_is_no_number() -> None:
    assert of(identifiers=[{"scheme": "CA-CRA_ACR", "value": "pending"}]) == ()


# --- words that records share -----------------------------------------------------------------------------------------


def words(**fields: Any) -> set[Word]:
    record = listing.parse(listing.encode({"kind": "organization", "names": {"en": "Aster House Clinic"}} | fields))
    assert isinstance(record, Organization)
    return set(signals.words(signals.signals(record)))


def kinds(shared: set[Word]) -> set[str]:
    return {word.kind for word in shared}


def reached(country: str | None, **fields: Any) -> set[Word]:
    body = listing.encode({"kind": "contact", "organization": "4f1c7c3e-0000-4000-8000-000000000000"} | fields)
    record = listing.parse(body)
    assert isinstance(record, Contact)
    return set(signals.words_of_contact(record, country))


def test_names_a_word_apart_share_a_word() -> None:
    assert "name" in kinds(words() & words(names={"en": "Aster House Legal Clinic"}))
    assert "begins" in kinds(
        words() & words(names={"fr": "Astre House Clinik"}) | words() & words(names={"fr": "Aster Hause Clinik"})
    )
    assert "name" in kinds(words(names={"ru": "Дом Астра"}) & words(former_names=["Дом «Астра»"]))
    assert words() & words(names={"en": "Birch Gate School"}) == set()


def test_sites_below_one_domain_share_a_word() -> None:
    shared = words(website="https://thai.aster.example/") & words(
        website="http://www.aster.example/en", names={"en": "B"}
    )
    assert kinds(shared) == {"domain"}


def test_a_mailbox_at_the_domain_of_a_site_shares_a_word_with_it() -> None:
    site = words(website="https://aster.example")
    assert kinds(site & reached(None, emails=["office@mail.aster.example"])) == {"domain"}
    assert site & reached(None, emails=["aster@gmail.com"]) == set()


def test_a_telephone_is_one_number_however_it_is_written() -> None:
    assert reached("TH", phones=["055 123 4567"]) == reached(None, phones=["+66 (0)55 123-4567"]) != set()
    assert reached("CA", phones=["055 123 4567"]) != reached("TH", phones=["055 123 4567"])
    assert reached(None, phones=["055 123 4567", "ask at the door", "12"]) == set()


@given(st.lists(st.text(max_size=30), max_size=3), st.lists(st.text(max_size=30), max_size=3), st.text(max_size=20))
def test_whatever_somebody_lists_has_words(phones: list[str], names: list[str], acronym: str) -> None:
    contact = Contact(organization="", phones=tuple(phones), emails=tuple(names))
    listed = Organization(names=dict(enumerate(names)), acronym=acronym, former_names=tuple(phones))  # type: ignore[arg-type]
    found = (*signals.words_of_contact(contact, "TH"), *signals.words(signals.signals(listed)))
    assert all(0 <= word.number < 2**63 for word in found)
