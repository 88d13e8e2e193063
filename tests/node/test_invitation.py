from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import UsageError
from fednet.feed.identity import fingerprint
from fednet.node.invitation import Invitation, invitation, parse_invitation

NETWORK = "mzxw6ytboi2dmzxw6ytboi2dmzxw6ytb"
URL = "https://node.example.org"

ids = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=32, max_size=32)
urls = st.sampled_from(
    [URL, "https://node.example.org/fednet", "http://127.0.0.1:8411", "https://xn--caf-dma.example:444"]
)


@given(urls, ids)
def test_an_invitation_is_read_as_it_was_made(url: str, network: str) -> None:
    assert parse_invitation(invitation(url, network)) == Invitation(url, network)


@pytest.mark.parametrize(
    "text",
    [
        f"{URL}/ {fingerprint(NETWORK)}",
        f"{URL}\n{fingerprint(NETWORK)}\n",
        f"{fingerprint(NETWORK)} {URL}",
        f"{URL}/#{NETWORK}",
        f"  {URL}/#{fingerprint(NETWORK).replace(' ', '-').upper()}  ",
    ],
)
def test_an_address_and_a_fingerprint_in_any_order_are_one(text: str) -> None:
    assert parse_invitation(text) == Invitation(URL, NETWORK)


def test_an_address_alone_says_nothing_of_who_it_is() -> None:
    assert parse_invitation("node.example.org") == Invitation(URL, None)


@pytest.mark.parametrize("text", ["", "   ", "hello", f"{URL}/#wrong", f"{URL} mzxw 6ytb", f"{URL}/?a=b", "x." * 2000])
def test_what_is_no_invitation_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_invitation(text)


@given(st.text(max_size=200))
def test_whatever_is_pasted_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        parse_invitation(text)
