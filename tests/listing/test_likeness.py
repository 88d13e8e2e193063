from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.listing import Identifier, Organization, Place, signals
from fednet.listing.likeness import Level, Reason, compared, in_words, level, strength


def organization(name: str, country: str | None = "TH", **fields: Any) -> signals.Signals:
    return signals.signals(Organization(names={"en": name}, seat=Place(country=country), **fields))


def number(value: str, scheme: str = "TH-MOI") -> tuple[Identifier, ...]:
    return (Identifier(scheme, value),)


SITE = "https://aster.example"
ASTER = organization("Aster House", acronym="AH", website=SITE, identifiers=number("12345"))

JOINED, SUGGESTED, APART = Level.JOINED, Level.SUGGESTED, Level.APART


@pytest.mark.parametrize(
    ("other", "follows"),
    [
        (organization("Ganz anders", None, identifiers=number("123-45")), JOINED),
        (organization("Ganz anders", None, identifiers=number("123-45", "CA-CRA")), APART),
        (organization("บ้านแอสเตอร์", website="http://www.aster.example/th"), JOINED),
        (organization("Aster House", None, website=SITE), JOINED),
        (organization("Birch Gate", None, website=SITE), SUGGESTED),
        (organization("Aster House Canada", "CA", website=SITE), SUGGESTED),
        (organization("Aster House", website=SITE, identifiers=number("54321")), SUGGESTED),
        (organization("Aster House", acronym="AH"), JOINED),
        (organization("Aster House", None, acronym="AH"), SUGGESTED),
        (organization("Aster House", "CA", acronym="AH"), APART),
        (organization("Aster House", acronym="AH", website="https://other.example"), SUGGESTED),
        (organization("Aster House"), SUGGESTED),
        (organization("Aster Hause"), SUGGESTED),
        (organization("Birch Gate", acronym="AH"), SUGGESTED),
        (organization("Birch Gate", acronym="AH", website="https://other.example"), APART),
        (organization("Birch Gate"), APART),
    ],
)
def test_what_follows_from_what_two_records_have_in_common(other: signals.Signals, follows: Level) -> None:
    found = compared(ASTER, other)
    assert level(found) is follows, Reason(found)
    assert compared(other, ASTER) == found


REACHED = [Reason.MAIL, Reason.MAILBOX, Reason.PHONE]


@pytest.mark.parametrize("reached", REACHED)
def test_what_contacts_share_joins_with_a_name_and_suggests_without(reached: Reason) -> None:
    assert level(Reason.LISTED | reached | Reason.NAME_PART) is JOINED
    assert level(Reason.LISTED | reached | Reason.NAME | Reason.OTHER_COUNTRY) is SUGGESTED
    assert level(Reason.LISTED | reached | Reason.COUNTRY | Reason.NAME_LIKE) is SUGGESTED


reasons = st.integers(0, 2**24 - 1)
NAMES = int(Reason.NAME | Reason.NAME_CLOSE | Reason.NAME_PART | Reason.NAME_LIKE)
AROUND = int(Reason.COUNTRY | Reason.PLACE | Reason.TYPE | Reason.NOWHERE | Reason.INITIALS | Reason.LISTED)


@given(reasons)
def test_nothing_follows_for_whom_one_of_the_records_is_hidden(found: int) -> None:
    assert level(found & ~Reason.LISTED) is APART


@given(reasons)
def test_names_and_places_alone_never_join(found: int) -> None:
    assert level(found & (NAMES | AROUND)) is not JOINED


@given(reasons)
def test_a_short_form_without_the_name_never_joins(found: int) -> None:
    assert level(found & (AROUND | Reason.ACRONYM | Reason.NAME_LIKE)) is not JOINED


@given(reasons, st.sampled_from([Reason.MAIL, Reason.MAILBOX, Reason.PHONE]))
def test_knowing_more_of_how_to_reach_them_never_parts_them(found: int, more: Reason) -> None:
    assert level(found | more) >= level(found)


@given(reasons)
def test_every_reason_is_told(found: int) -> None:
    assert len(in_words(found)) <= found.bit_count()
    assert isinstance(strength(found), int)
