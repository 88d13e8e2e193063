"""Which keys may be pinned, and that signing is RFC 8032."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import MalformedError
from fednet.feed import ed25519
from tests.feed import law
from tests.feed.network import public, seed

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NOT_CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


Point = tuple[int, int]


def decoded(key: bytes) -> Point:
    """RFC 8032 section 5.1.3, slowly."""
    encoded = int.from_bytes(key, "little")
    y = encoded & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (x if x & 1 == encoded >> 255 else P - x), y


def encoded(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def total(a: Point, b: Point) -> Point:
    """The addition law of the twisted Edwards curve."""
    bend = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + bend, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - bend, -1, P)
    return x % P, y % P


def times(factor: int, point: Point) -> Point:
    found = (0, 1)
    for digit in f"{factor:b}":
        found = total(found, found)
        found = total(found, point) if digit == "1" else found
    return found


def has_prime_order(key: bytes) -> bool:
    """By definition: L times the point is the neutral element, and the point is not."""
    return times(L, decoded(key)) == (0, 1) != decoded(key)


def test_rfc_8032_test_1():
    key = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert ed25519.public_key(key).hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert ed25519.sign(key, b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
        "4655141438e7a100b"
    )


@pytest.mark.parametrize("word", ["a", "b", "c"])
def test_an_honest_key_may_be_pinned(word: str):
    ed25519.check_key(public(word))


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_a_key_of_small_order_is_refused(key: str):
    with pytest.raises(MalformedError, match="prime order"):
        ed25519.check_key(bytes.fromhex(key))


@pytest.mark.parametrize("key", SMALL_ORDER[4:])
def test_a_key_of_mixed_order_is_refused(key: str):
    mixed = encoded(total(decoded(public("a")), decoded(bytes.fromhex(key))))
    with pytest.raises(MalformedError, match="prime order"):
        ed25519.check_key(mixed)
    assert not has_prime_order(mixed)


@law
@given(st.integers(0, P - 1), st.integers(0, 1))
def test_a_key_may_be_pinned_exactly_when_its_point_is_of_prime_order(y: int, sign: int):
    key = (y | sign << 255).to_bytes(32, "little")
    try:
        ed25519.check_key(key)
    except MalformedError as error:
        assert "canonical" in error.detail or not has_prime_order(key)
    else:
        assert has_prime_order(key)


@law
@given(st.binary(min_size=32, max_size=32), st.sampled_from(SMALL_ORDER[2:]))
def test_of_honest_keys_moved_by_a_small_order_only_the_unmoved_may_be_pinned(private: bytes, small: str):
    mixed = encoded(total(decoded(ed25519.public_key(private)), decoded(bytes.fromhex(small))))
    try:
        ed25519.check_key(mixed)
        pinned = True
    except MalformedError:
        pinned = False
    assert pinned == (small == SMALL_ORDER[2])


@pytest.mark.parametrize("key", NOT_CANONICAL)
def test_a_second_spelling_of_a_point_is_refused(key: str):
    with pytest.raises(MalformedError, match="canonical"):
        ed25519.check_key(bytes.fromhex(key))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_has_32_bytes(size: int):
    with pytest.raises(MalformedError):
        ed25519.check_key(bytes(size))


@law
@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=40))
def test_hostile_keys_and_signatures_verify_nothing_and_raise_nothing(key: bytes, signature: bytes, message: bytes):
    assert not ed25519.verifies(key, signature, message)
    with contextlib.suppress(MalformedError):
        ed25519.check_key(key)


def test_signing_again_signs_the_same():
    assert ed25519.sign(seed("a"), b"text") == ed25519.sign(seed("a"), b"text")


def test_one_flipped_bit_of_a_signature_fails():
    signature = ed25519.sign(seed("a"), b"text")
    assert ed25519.verifies(public("a"), signature, b"text")
    for bit in range(512):
        flipped = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
        assert not ed25519.verifies(public("a"), flipped, b"text")
