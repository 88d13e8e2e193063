from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fednet import listing
from fednet.listing import Contact, Event, Organization, signals
from fednet.listing.signals import MAX_IDENTIFIERS, Word


def words(**fields: Any) -> set[Word]:
    record = listing.parse(listing.encode({"kind": "organization", "names": {"en": "Aster House Clinic"}} | fields))
    assert isinstance(record, Organization)
    return set(signals.words(signals.signals(record)))


def registered(*identifiers: tuple[str, str]) -> set[Word]:
    told = [{"scheme": scheme, "value": value} for scheme, value in identifiers]
    return {word for word in words(identifiers=told) if word.kind == "register"}


def test_one_number_of_one_register_is_one_word_however_it_is_written() -> None:
    written = registered(("CA-CRA_ACR", "12345 6789 RR-0001"))
    assert written == registered(("ca-cra_acr", "123456789rr0001")) != set()
    assert written.isdisjoint(registered(("GB-CHC", "123456789RR0001")))


def test_a_website_and_a_register_number_are_never_mistaken_for_each_other() -> None:
    numbered = {word.number for word in registered(("domain", "house1.example"))}
    assert numbered.isdisjoint(word.number for word in words(website="https://house1.example"))


def test_an_event_is_the_same_by_a_uid_that_can_be_unique() -> None:
    def of(**fields: Any) -> tuple[Word, ...]:
        body = {"kind": "event", "titles": {"en": "Call"}, "type": "webinar", "start": "2026-12-01"} | fields
        event = listing.parse(listing.encode(body))
        assert isinstance(event, Event)
        return signals.words_of_event(event)

    assert len(of(uid="4f1c@calendar.example")) == 1
    assert of(uid="17") == of() == ()


def test_endless_identifiers_are_cut() -> None:
    assert len(registered(*(("X", str(number)) for number in range(100)))) == MAX_IDENTIFIERS


def test_what_has_no_digit_is_no_number() -> None:
    assert registered(("CA-CRA_ACR", "pending")) == set()


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
