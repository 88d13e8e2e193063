"""What our own users enter: read generously, refused plainly."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet import listing
from fednet.errors import FednetError, UsageError
from fednet.listing import vocabulary
from fednet.listing.check import RULES, check, normalize
from fednet.listing.record import KINDS, encode, parse

HANDLE = "7e6d8c1e-0b1c-4f5a-8c1e-0b1c55aa7e6d"
ORGANIZATION = {"kind": "organization", "names": {"en": "Harbour Legal Centre"}}
EVENT = {
    "kind": "event",
    "titles": {"en": "Online seminar"},
    "type": "webinar",
    "start": "2017-03-22T10:00",
    "end": "2017-03-22T11:00",
    "zone": "America/New_York",
}


def read(field: str, value: object, kind: dict[str, Any] = ORGANIZATION) -> Any:
    return normalize(kind | {field: value}).get(field)


def test_every_field_of_every_kind_has_a_rule_and_no_rule_is_without_field() -> None:
    for kind, struct in KINDS.items():
        assert set(RULES[kind]) == {field.name for field in msgspec.structs.fields(struct)}


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("services", ["aide juridique", "PRO-GBV", "Legal aid"], ["legal-aid", "gender-based-violence"]),
        ("services", "التعليم", ["education-language"]),
        ("client_groups", ["MNA", "Mineurs non accompagnés"], ["unaccompanied-minors"]),
        ("countries", ["THA", "Birmanie", "Asie du Sud-Est", "ไทย", "180"], ["TH", "MM", "035", "CD"]),
        ("languages", ["Birman", "FR-ca", "ไทย"], ["my", "fr-CA", "th"]),
        ("type", "Red Cross / Red Crescent", "red-cross-red-crescent"),
        ("website", "harbour.example/en", "https://harbour.example/en"),
        ("website", "  HTTP://harbour.example ", "http://harbour.example"),
        ("refugee_led", "oui", True),
        ("refugee_led", False, False),
        ("acronym", " HLC ", "HLC"),
        ("former_names", "Cafe\u0301 for All", ["Café for All"]),
        ("names", "Hafen", {"und": "Hafen"}),
        ("names", {"French": "Le port", "th": ""}, {"fr": "Le port"}),
        ("seat", {"country": "Myanmar (Burma)", "latitude_e6": "16800000"}, {"country": "MM", "latitude_e6": 16800000}),
        ("membership", {"since": "1999"}, {"since": "1999"}),
        ("confirmed", date(2026, 5, 1), {"at": "2026-05-01"}),
        ("x_unknown", {"a": ["e\u0301", 1, None]}, {"a": ["é", 1, None]}),
        ("services", [], None),
        ("description", {"en": " "}, None),
    ],
)
def test_what_people_write_becomes_what_bodies_hold(field: str, written: object, meant: object) -> None:
    assert read(field, written) == meant


def test_texts_without_language_are_in_the_original_language() -> None:
    assert normalize({"kind": "group", "names": "Jeunesse", "original": "français"})["names"] == {"fr": "Jeunesse"}


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("services", ["legl aid"], 'services: "legl aid" is no service we know; did you mean "legal-aid"?'),
        ("seat", {"country": "Thialand"}, 'seat.country: "Thialand" is no country we know; did you mean "Thailand"?'),
        ("countries", ["Wakanda"], 'countries: "Wakanda" is no country we know'),
        ("languages", ["Birmese"], 'languages: "Birmese" is no language we know; did you mean "Burmese"?'),
        ("website", "javascript:alert(1)", 'website: "javascript:alert(1)" is not a web address'),
        ("website", "https://a b.example", 'website: "https://a b.example" is not a web address'),
        ("names", {}, "names: is missing: every organization has one"),
        ("names", {"xyzzyish": "x"}, 'names: "xyzzyish" is no language we know'),
        ("groups", ["x"], 'groups: "x" is not a handle'),
        ("refugee_led", "perhaps", 'refugee_led: "perhaps" is neither yes nor no'),
        ("acronym", ["A"], 'acronym: ["A"] is not text'),
        ("acronym", 1.5, "acronym: 1.5 is not text"),
        ("membership", {"since": "2026-02-31"}, 'membership.since: "2026-02-31" is not a day, a month or a year'),
        ("seat", {"latitude_e6": 13.5}, "seat.latitude_e6: 13.5 is not a whole number"),
        ("seat", {"latitude_e6": 91_000_000}, "seat.latitude_e6: 91000000 is not between -90000000 and 90000000"),
        ("x_own", 1.5, "x_own: 1.5 is not a whole number"),
        ("kind", "organisation", 'kind: "organisation" is no kind of record we know; did you mean "organization"?'),
    ],
)
def test_a_refusal_names_the_field_what_was_found_and_what_is_meant(field: str, written: object, said: str) -> None:
    with pytest.raises(listing.ListingError) as refused:
        check(ORGANIZATION | {field: written})
    assert str(refused.value) == said
    assert isinstance(refused.value, UsageError)


def test_what_is_too_long_for_the_types_is_refused_by_name_too() -> None:
    with pytest.raises(listing.ListingError, match=r"^website: .* does not fit: .*2048"):
        normalize(ORGANIZATION | {"website": "https://harbour.example/" + "a" * 3000})


def test_a_refused_term_comes_with_the_accepted_ones() -> None:
    with pytest.raises(listing.ListingError) as refused:
        check(EVENT | {"status": "perhaps"})
    assert refused.value.hint == "accepted: tentative, confirmed, cancelled"


@pytest.mark.parametrize("bad", ["nobody", "a@b", "a@@b.example", "a b@c.example", "<a@b.example>"])
def test_email_addresses_are_checked(bad: str) -> None:
    contact = {"kind": "contact", "organization": HANDLE}
    assert normalize(contact | {"emails": "mailto:Info@Harbour.Example"})["emails"] == ["Info@harbour.example"]
    with pytest.raises(listing.ListingError, match="is not an e-mail address"):
        check(contact | {"emails": [bad]})


def test_a_time_of_day_needs_a_zone_and_a_day_does_not() -> None:
    assert check(EVENT).zone == "America/New_York"  # type: ignore[union-attr]
    with pytest.raises(listing.ListingError, match=r"^zone: is missing"):
        check(EVENT | {"zone": None})
    days = normalize(EVENT | {"zone": None, "start": "2027-05-01", "end": "2027-05-03"})
    assert days["all_day"] is True
    assert normalize(EVENT | {"start": "2026-11-21 18:00", "end": None})["start"] == "2026-11-21T18:00"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"zone": "Asia/Bankok"}, 'did you mean "Asia/Bangkok"'),
        ({"zone": "../etc/passwd"}, "is no time zone we know"),
        ({"end": "2017-03-22T09:00"}, "is before the start"),
        ({"end": "2017-03-23"}, "must be a day if the start is"),
        ({"start": "2017-03-22T10:00Z"}, "is not a local time or a day"),
        ({"start": "2017-02-30T10:00"}, "is not a local time or a day"),
        ({"start": "2017-03-22", "end": None, "all_day": False}, "has no time of day"),
        ({"type": "party"}, "is no event type we know"),
        ({"sequence": -1}, "is not between"),
    ],
)
def test_an_event_must_be_able_to_take_place(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(listing.ListingError, match=said):
        check(EVENT | fields)


def test_an_opinion_is_about_two_different_records() -> None:
    subjects = [{"network": "a" * 32, "handle": HANDLE}, {"network": "b" * 32, "handle": HANDLE}]
    assert isinstance(check({"kind": "opinion", "verdict": "same", "subjects": subjects}), listing.Opinion)
    with pytest.raises(listing.ListingError, match="not two different records"):
        check({"kind": "opinion", "verdict": "same", "subjects": [subjects[0]] * 2})
    with pytest.raises(listing.ListingError, match="is no verdict"):
        check({"kind": "opinion", "verdict": "alike", "subjects": subjects})


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["legal aid", "Thailand", "fr", "2026-11-21", "2026-11-21T10:00", "Asia/Bangkok", "yes", HANDLE, "need"]
    ),
    st.dictionaries(st.sampled_from(["en", "fr", "country", "since", "at", "x"]), st.text(max_size=5), max_size=3),
    st.lists(st.text(max_size=5) | st.sampled_from(["health", "women", "TH"]), max_size=3),
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_whatever_is_entered_is_refused_or_round_trips_as_a_body(kind: str, data: st.DataObject) -> None:
    fields = data.draw(st.dictionaries(st.sampled_from([*RULES[kind], "x_own"]), values))
    try:
        read = normalize({"kind": kind} | fields)
    except FednetError:
        return
    assert normalize(read) == read
    assert parse(encode(read)) == check(read)


@pytest.mark.parametrize("words", vocabulary.ALL, ids=lambda words: words.what)
def test_every_code_passes_as_itself(words: vocabulary.Vocabulary) -> None:
    assert [words.find(code) for code in words.codes] == list(words.codes)
