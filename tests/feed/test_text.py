"""One spelling of every number, base64, hexadecimal and time."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import MalformedError
from fednet.feed import text
from tests.feed import law


@law
@given(st.integers(0, 10**19 - 1))
def test_a_number_has_one_spelling(number: int):
    assert text.number(str(number)) == number


@pytest.mark.parametrize(
    "wrong", ["", "+1", "-1", "-0", "01", "00", "1_000", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "१", "²", "1" * 20]
)
def test_any_other_number_is_refused(wrong: str):
    with pytest.raises(MalformedError):
        text.number(wrong)


@law
@given(st.binary(max_size=100))
def test_base64_has_one_spelling(raw: bytes):
    encoded = b64encode(raw)
    assert text.base64_bytes(encoded) == text.base64_bytes(encoded.decode()) == raw
    assert text.base64_text(raw) == encoded.decode()


@pytest.mark.parametrize(
    "wrong",
    ["A", "AA", "AA=", "AAA", "AB==", "AAF=", "AA==\n", " AA==", "A A==", "AA==AA==", "====", "_-==", "AA=A", "ÀÀ==",
     "\ud800", "AAAA=", "=AAA", "AA\n=="],
)  # fmt: skip
def test_any_other_base64_is_refused(wrong: str):
    with pytest.raises(MalformedError):
        text.base64_bytes(wrong)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_hash_has_exactly_32_bytes(size: int):
    with pytest.raises(MalformedError):
        text.base64_bytes(b64encode(bytes(size)), 32)
    with pytest.raises(MalformedError):
        text.hex_bytes("00" * size, 32)


@pytest.mark.parametrize("wrong", ["A0", "0", "0g", "0x00", " 00", "00\n", "٠٠"])
def test_hexadecimal_is_lower_case_and_whole_bytes(wrong: str):
    with pytest.raises(MalformedError):
        text.hex_bytes(wrong)


@law
@given(st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC)))
def test_a_time_reads_back_in_whole_seconds(moment: datetime):
    assert text.utc_time(text.utc_text(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "wrong",
    [
        "2026-11-21T18:00:00",
        "2026-11-21T18:00:00z",
        "2026-11-21t18:00:00Z",
        "2026-11-21T18:00:00+00:00",
        "2026-11-21T18:00:00.0Z",
        "2026-02-30T18:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T18:00:60Z",
        "2026-11-21T18:00:61Z",
        "0000-11-21T18:00:00Z",
        "2026-13-21T18:00:00Z",
        "26-11-21T18:00:00Z",
        "२०२६-११-२१T१८:००:००Z",
    ],
)
def test_any_other_time_is_refused(wrong: str):
    with pytest.raises(MalformedError):
        text.utc_time(wrong)


@law
@given(st.binary(max_size=50))
def test_bytes_are_utf8_or_refused(raw: bytes):
    try:
        assert text.utf8(raw).encode() == raw
    except MalformedError:
        with pytest.raises(UnicodeDecodeError):
            raw.decode()


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xff"])
def test_surrogates_and_overlong_forms_are_not_utf8(raw: bytes):
    with pytest.raises(MalformedError):
        text.utf8(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"[" * 100_000, b'"\\ud800"', b"1e999", b"9" * 5000, b"NaN", b"\xff", b'{"a":' * 5000 + b"1"]
)
def test_foreign_json_is_a_value_or_malformed(raw: bytes):
    with pytest.raises(MalformedError):
        text.json_value(msgspec.json.Decoder(dict[str, int]), raw, "test")


def test_what_is_shown_of_foreign_text_is_short_and_harmless():
    assert len(text.shown("x" * 10_000)) < 80
    assert "\x1b" not in text.shown("\x1b[2J") and "\n" not in text.shown(b"a\nb")
