"""Whom a person means: an id is an id, whatever others call themselves."""

from __future__ import annotations

import pytest

from fednet.errors import NotFoundError, UsageError
from fednet.feed.identity import fingerprint
from fednet.store.feeds import meant

GOOD, BAD = "mzxw6ytboi2dgnbvgy3tqojqmfrggzde", "aaaabbbbccccddddeeeeffffgggg2222"


@pytest.mark.parametrize("wanted", [GOOD, GOOD.upper(), fingerprint(GOOD), fingerprint(GOOD).replace(" ", "-")])
@pytest.mark.parametrize("borne", [GOOD, fingerprint(GOOD), f" {GOOD.upper()} "])
def test_a_network_that_bears_anothers_id_as_its_name_is_not_meant_by_it(wanted: str, borne: str) -> None:
    assert meant({BAD: borne, GOOD: "Good"}, wanted) == GOOD
    with pytest.raises(NotFoundError):
        meant({BAD: borne}, wanted)


def test_a_name_does_not_hide_the_beginning_of_an_id() -> None:
    with pytest.raises(UsageError, match="may be"):
        meant({BAD: GOOD[:12], GOOD: "Good"}, GOOD[:12])
    assert meant({BAD: "Bad", GOOD: "Good"}, fingerprint(GOOD)[:9]) == GOOD


def test_a_long_name_of_words_is_a_name() -> None:
    assert meant({BAD: "Northern Coast Refugee Legal Aid Nets"}, "northern coast refugee legal aid nets") == BAD
    assert meant({BAD: "Good Help", GOOD: "Good"}, "good") == GOOD
