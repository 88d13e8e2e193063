"""Handles, bodies and commitments."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import LimitError, MalformedError
from fednet.feed import record
from fednet.feed.record import MAX_BODY, Commitments
from tests.feed import law
from tests.feed.network import handle

FEED = Commitments("abcdefghijklmnopqrstuvwxyz234567", "public")
HANDLE = "7e6d8c1e-52f4-4b0a-9d3e-1f2a3b4c5d6e"
SALT = bytes(range(32))


def test_a_commitment_is_the_hash_of_these_lines():
    lines = (
        "fednet record v1\nabcdefghijklmnopqrstuvwxyz234567\npublic\n7e6d8c1e-52f4-4b0a-9d3e-1f2a3b4c5d6e\n"
        'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n{"kind":"organization"}\n'
    )
    put = record.put(FEED, HANDLE, SALT, b'{"kind":"organization"}')
    assert put.commitment == sha256(lines.encode()).digest()
    assert put.key == sha256(HANDLE.encode()).digest()


def test_an_erasure_is_the_hash_of_these_lines():
    key = record.key_of(HANDLE)
    lines = f"fednet erased v1\nabcdefghijklmnopqrstuvwxyz234567\npublic\n{key.hex()}\n"
    assert record.erase(FEED, key).commitment == sha256(lines.encode()).digest()


def test_another_network_circle_handle_salt_or_body_is_another_commitment():
    base = [FEED.network, FEED.circle, HANDLE, SALT, b"{}"]
    other = ["b" * 32, "partners", handle(1), bytes(32), b"[]"]
    cases = [base] + [[*base[:i], other[i], *base[i + 1 :]] for i in range(5)]
    found = {Commitments(n, c).record(h, s, b) for n, c, h, s, b in cases}
    assert len(found) == 6


@law
@given(st.uuids(version=4))
def test_a_random_uuid_is_a_handle(uuid: UUID):
    assert record.check_handle(str(uuid)) == str(uuid)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        HANDLE.upper(),
        HANDLE.replace("-4b0a", "-1b0a"),
        HANDLE.replace("-9d3e", "-cd3e"),
        HANDLE.replace("-", ""),
        "{" + HANDLE + "}",
        HANDLE + "\n",
        HANDLE[:-1],
        HANDLE[:-1] + "०",
        "urn:uuid:" + HANDLE,
    ],
)
def test_anything_else_is_no_handle(wrong: str):
    with pytest.raises(MalformedError):
        record.check_handle(wrong)


@pytest.mark.parametrize("body", [b"x", b"not json", "ไทย مرحبا 中文".encode(), b"[" * 1000, b"\x7f", b"x" * MAX_BODY])
def test_a_body_need_not_be_understood_to_be_kept(body: bytes):
    assert record.check_body(body) == body


@pytest.mark.parametrize("body", [b"", b"\n", b"a\nb", b"\t", b"\x00", b"\x1f", b"\xff", b"\xed\xa0\x80", b"a\r"])
def test_a_body_of_control_characters_or_broken_utf8_is_malformed(body: bytes):
    with pytest.raises(MalformedError):
        record.check_body(body)


def test_a_body_too_long_is_too_much():
    with pytest.raises(LimitError):
        record.check_body(b"x" * (MAX_BODY + 1))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_salt_has_32_bytes(size: int):
    with pytest.raises(MalformedError):
        record.put(FEED, HANDLE, bytes(size), b"{}")
