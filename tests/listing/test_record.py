"""Reading and writing of bodies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet import listing
from fednet.errors import FednetError
from fednet.listing.record import MAX_DEPTH, MAX_INTEGER, encode, parse

PLAIN = {"kind": "organization", "names": {"en": "Harbour Legal Centre"}}


def body(**fields: object) -> bytes:
    return json.dumps(PLAIN | fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def nested(depth: int) -> bytes:
    """A body whose deepest array lies at `depth`, the object itself being 1."""
    return b'{"deep":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b',"kind":"organization","names":{"en":"x"}}'


def test_a_body_becomes_a_record_of_its_kind() -> None:
    record = parse(body(seat={"country": "CA", "place": "Halifax"}, services=["legal-aid"]))
    assert isinstance(record, listing.Organization)
    assert record.names["en"] == "Harbour Legal Centre"
    assert record.seat == listing.Place(country="CA", place="Halifax")
    assert record.services == ("legal-aid",)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"names":{"en":"x"},"kind":"organization"}',
        b'{"kind":"organization", "names":{"en":"x"}}',
        b'{"kind":"organization","kind":"organization","names":{"en":"x"}}',
        b'{"kind":"organization","names":{"en":"\\u0078"}}',
    ],
)
def test_a_body_in_another_form_than_publishers_write_is_not_shown(raw: bytes) -> None:
    assert parse(raw) is None


def test_unknown_fields_and_codes_do_not_hide_a_record() -> None:
    record = parse(body(services=["telepathy"], type="guild", novelty={"a": [1.5]}))
    assert isinstance(record, listing.Organization)
    assert record.services == ("telepathy",)


@pytest.mark.parametrize(
    "unshown",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b'{"kind":"starship","names":{"en":"x"}}',
        b'{"names":{"en":"x"}}',
        b'{"kind":"organization"}',
        b'{"kind":"organization","names":{}}',
        b'{"kind":"organization","names":["x"]}',
        b'{"kind":"organization","names":{"en":"x"}',
        b'{"kind":"organization","names":{"en":"\\ud800"}}',
        body(website="javascript:alert(1)"),
        body(website="https://a.example/\n"),
        body(seat={"latitude_e6": 90_000_001}),
        body(seat={"latitude_e6": 13.5}),
        b'{"kind":"event","titles":{"en":"x"},"type":"webinar","start":"2026-11-21T10:00Z"}',
        b'{"kind":"event","titles":{"en":"x"},"type":"webinar","start":"2026-11-21\\n"}',
        b'{"kind":"opinion","verdict":"same","subjects":[{"network":"a","handle":"b"}]}',
        nested(MAX_DEPTH + 1),
        nested(100_000),
    ],
)
def test_what_cannot_be_shown_is_none(unshown: bytes) -> None:
    assert parse(unshown) is None


def test_nesting_is_shown_up_to_the_limit_and_brackets_in_text_do_not_count() -> None:
    assert parse(nested(MAX_DEPTH)) is not None
    assert parse(body(acronym='[{"' * 40)) is not None
    assert parse(body(flat=[[]] * 100)) is not None


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: b'{"kind":"organization"' + text.encode("utf-8", "replace"))
)
def test_no_bytes_raise(unread: bytes) -> None:
    parse(unread)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_encoding_is_rfc_8785(fields: dict[str, object]) -> None:
    def ordered(found: object) -> object:
        if isinstance(found, dict):
            names = sorted(found, key=lambda name: name.encode("utf-16-be"))
            return {name: ordered(found[name]) for name in names}
        return [ordered(one) for one in found] if isinstance(found, list) else found

    assert encode(fields) == json.dumps(ordered(fields), ensure_ascii=False, separators=(",", ":")).encode()


def test_names_are_sorted_by_utf_16_code_units() -> None:
    assert encode({"\U0001f600": 1, "\ufb33": 2, "a": 3}) == '{"a":3,"\U0001f600":1,"\ufb33":2}'.encode()


def test_encoding_of_the_same_fields_in_another_order_is_the_same_line() -> None:
    assert encode(PLAIN) == encode(dict(reversed(PLAIN.items())))
    assert b"\n" not in encode(PLAIN | {"address": "one\ntwo"})


@pytest.mark.parametrize("bad", [1.5, 2**53, -(2**53), float("nan"), b"x", "\ud800", {1: 2}, {"\ud800": 1}, object()])
def test_what_the_form_cannot_hold_is_refused(bad: object) -> None:
    with pytest.raises(listing.ListingError) as refused:
        encode(PLAIN | {"x": bad})
    assert isinstance(refused.value, FednetError)


def test_encoding_refuses_what_parsing_would_not_show() -> None:
    deepest: list[object] = []
    for _ in range(MAX_DEPTH - 2):
        deepest = [deepest]
    assert parse(encode(PLAIN | {"deep": deepest})) is not None
    with pytest.raises(listing.ListingError, match="nested deeper"):
        encode(PLAIN | {"deep": [deepest]})
