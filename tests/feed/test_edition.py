"""Edition lines: one spelling, possible numbers, at most 90 days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError
from fednet.feed.edition import MAX_EDITION, MAX_RECORDS, Closes, edition, parse_edition
from fednet.feed.text import base64_text
from tests.feed import law
from tests.feed.network import BEGAN, b64

STATE = bytes(range(32))
CLOSED = Closes(1, 7, base64_text(STATE), 7)
LINE = edition(42, BEGAN, 1203, 3, STATE).line
CLOSING = edition(8, BEGAN, 1203, 3, STATE, CLOSED).line


def test_an_edition_is_this_line():
    assert LINE == (
        b'{"edition":42,"issued":"2026-11-21T18:00:00Z","expires":"2026-12-21T18:00:00Z","records":1203,"erased":3,'
        b'"state":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}'
    )
    assert CLOSING.endswith(
        b',"closes":{"epoch":1,"size":7,"root":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","edition":7}}'
    )


@law
@given(st.integers(1, MAX_EDITION), st.integers(0, MAX_RECORDS - 9), st.integers(0, 9), st.sampled_from([None, CLOSED]))
def test_an_edition_reads_back(number: int, records: int, erased: int, closes: Closes | None):
    written = edition(number, BEGAN, records, erased, STATE, closes)
    assert parse_edition(written.line) == written
    assert written.state_root == STATE
    assert written.expires_at - written.issued_at == timedelta(days=30)


SPELLINGS = [
    LINE + b"\n",
    b" " + LINE,
    LINE.replace(b":42", b": 42"),
    LINE.replace(b":42", b":042"),
    LINE.replace(b":42", b":42.0"),
    LINE.replace(b":42", b":4.2e1"),
    LINE.replace(b":42", b":+42"),
    LINE.replace(b":42", b":-42"),
    LINE.replace(b":42", b":0"),
    LINE.replace(b":42", b':"42"'),
    LINE.replace(b":42", b":true"),
    LINE.replace(b":42", b":null"),
    LINE.replace(b":42", b":%d" % (MAX_EDITION + 1)),
    LINE.replace(b":42", b":%d" % 2**64),
    LINE.replace(b":42", b":" + b"9" * 500),
    LINE.replace(b'"edition":42,', b""),
    LINE.replace(b'"edition":42,', b'"edition":42,"edition":42,'),
    LINE.replace(b'"erased":3,', b'"erased":-3,'),
    LINE.replace(b'"records":1203,"erased":3', b'"erased":3,"records":1203'),
    LINE.replace(b"}", b',"more":1}'),
    LINE.replace(b"}", b',"closes":null}'),
    LINE.replace(b"edition", b"\\u0065dition"),
    LINE.replace(b"Z", b"z"),
    LINE.replace(b"18:00:00Z", b"18:00:00+00:00"),
    LINE.replace(b"2026-12-21", b"2026-11-21"),
    LINE.replace(b"2026-12-21", b"2026-10-21"),
    LINE.replace(b"2026-12-21T18:00:00", b"2027-02-19T18:00:01"),
    LINE.replace(b"AAEC", b"AAEC\\u0041"),
    LINE.replace(b"Hh8=", b"Hh9="),
    LINE.replace(b"Hh8=", b"Hh8"),
    LINE.replace(b64(STATE).encode(), b64(STATE[1:]).encode()),
    CLOSING.replace(b'"epoch":1,"size":7', b'"size":7,"epoch":1'),
    CLOSING.replace(b'"size":7', b'"size":8'),
    CLOSING.replace(b'"size":7', b'"size":-1'),
    CLOSING.replace(b'"size":7', b'"size":0'),
    CLOSING.replace(b'"epoch":1', b'"epoch":-1'),
    CLOSING.replace(b'"epoch":1', b'"epoch":1001'),
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff",
    b"[" * 1000,
]


@pytest.mark.parametrize("line", SPELLINGS)
def test_any_other_spelling_is_malformed(line: bytes):
    with pytest.raises(MalformedError):
        parse_edition(line)


def test_90_days_are_the_longest_life():
    line = LINE.replace(b"2026-12-21", b"2027-02-19")
    assert parse_edition(line).expires_at - parse_edition(line).issued_at == timedelta(days=90)


def test_an_edition_has_limits():
    with pytest.raises(LimitError):
        parse_edition(LINE + b" " * 1024)
    with pytest.raises(LimitError):
        parse_edition(LINE.replace(b":1203", b":%d" % (MAX_RECORDS - 2)))


@law
@given(st.integers(0, len(CLOSING) - 1), st.integers(0, 255))
def test_hostile_editions_raise_nothing_else_and_have_one_spelling(at: int, byte: int):
    line = CLOSING[:at] + bytes([byte]) + CLOSING[at + 1 :]
    try:
        assert parse_edition(line).line == line
    except FednetError as error:
        assert isinstance(error, MalformedError | LimitError)
