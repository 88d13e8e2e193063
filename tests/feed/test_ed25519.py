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


def encoded(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


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
    honest, small = ed25519._decoded(public("a")), ed25519._decoded(bytes.fromhex(key))
    assert honest is not None and small is not None
    with pytest.raises(MalformedError, match="prime order"):
        ed25519.check_key(encoded(ed25519._sum(honest, small)))


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
