"""Twinnings: which statements are one, whose word counts, and who is told."""

from __future__ import annotations

from typing import Any

import pytest

from fednet.directory.search import OPERATOR, PUBLIC
from fednet.directory.twinnings import (
    MAX_STATEMENTS,
    Card,
    Wanted,
    grown_from,
    naming,
    parse_wanted,
    twinning,
    twinnings,
)
from fednet.errors import NotFoundError, UsageError
from fednet.store.feeds import Network
from tests.directory.world import NOW, World, organization

UID = "urn:uuid:0c5d0f2e-8d1b-4c57-9a83-6f0b7a1f4e11"
ASTER, CEDAR = "Aster House", "Cedar Centre"


class Two:
    """Two networks with an organisation each, and a third one that lists neither."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.own, self.other, self.third = (
            world.network("Ours", own=True),
            world.network("Theirs"),
            world.network("Third"),
        )
        [self.aster] = world.lists(self.own, organization(ASTER))
        [self.cedar] = world.lists(self.other, organization(CEDAR))

    def states(self, network: Network, circle: str = "public", **fields: Any) -> str:
        """The network states it, with both organisations under their handles."""
        twins = [
            {"name": ASTER, "network": self.own.network, "handle": self.aster},
            {"name": CEDAR, "network": self.other.network, "handle": self.cedar},
        ]
        body = {"kind": "twinning", "organizations": twins, "uid": UID} | fields
        [handle] = self.world.lists(network, body, circle=circle)
        return handle

    def card(self, handle: str, reader: Any = PUBLIC) -> Card:
        return twinning(self.world.store, handle, reader, NOW)

    def listed(self, reader: Any = PUBLIC, **wanted: Any) -> list[tuple[str, ...]]:
        shelf = twinnings(self.world.store, Wanted(**wanted), reader, NOW, 0, 20)
        assert shelf.total == len(shelf.cards)
        return [tuple(one.hit.handle for one in card.statements) for card in shelf.cards]


@pytest.fixture
def two(world: World) -> Two:
    return Two(world)


def handles(card: Card) -> list[str]:
    return [one.hit.handle for one in card.statements]


def test_statements_of_both_networks_are_one_twinning(two: Two) -> None:
    ours = two.states(two.own, start="2026-10", goals={"en": "To learn."})
    theirs = two.states(two.other, start="2026-10-05", goals={"en": "to learn"})
    assert handles(two.card(ours)) == [ours, theirs] and handles(two.card(theirs)) == [theirs, ours]
    assert [set(one) for one in two.listed()] == [{ours, theirs}]
    card = two.card(ours)
    assert not card.is_alone and not card.apart and not any(field.differs for field in card.fields)


def test_one_that_only_one_network_has_stated_says_so(two: Two) -> None:
    assert two.card(two.states(two.own)).is_alone


def test_one_between_two_members_of_a_network_lacks_nothing(two: Two) -> None:
    [birch] = two.world.lists(two.own, organization("Birch"))
    twins = [{"name": ASTER, "handle": two.aster}, {"name": "Birch", "handle": birch}]
    assert not two.card(two.states(two.own, organizations=twins)).is_alone


def test_where_the_two_contradict_each_other_it_shows(two: Two) -> None:
    ours = two.states(two.own, state="active", end="2027-09", outcome={"en": "Much."})
    two.states(two.other, state="ended", end="2027-05", outcome={"fr": "Beaucoup."})
    assert {field.name for field in two.card(ours).fields if field.differs} == {"state", "end"}


def test_the_order_of_the_two_and_a_handle_that_one_lacks_are_no_difference(two: Two) -> None:
    ours = two.states(two.own, organizations=[{"name": ASTER, "handle": two.aster}, {"name": CEDAR}])
    theirs = two.states(
        two.other, organizations=[{"name": "CEDAR  Centre", "handle": two.cedar}, {"name": "aster house"}]
    )
    card = two.card(ours)
    assert handles(card) == [ours, theirs]
    assert [(twin.network, twin.handle) for twin in card.twins] == [
        (two.own.network, two.aster),
        (two.other.network, two.cedar),
    ]


def test_what_a_third_network_states_is_its_own_word(two: Two) -> None:
    ours, theirs = two.states(two.own), two.states(two.other)
    third = two.states(two.third, state="ended")
    card = two.card(ours)
    assert handles(card) == [ours, theirs] and [one.hit.handle for one in card.apart] == [third]
    alone = two.card(third)
    assert handles(alone) == [third] and not alone.first.is_side


def test_a_network_that_puts_itself_beside_another_is_not_joined(two: Two) -> None:
    """It names an organisation of its own under the name of one that has a handle elsewhere."""
    [false] = two.world.lists(two.third, organization(ASTER))
    theirs = two.states(two.other)
    twins = [{"name": ASTER, "handle": false}, {"name": CEDAR, "network": two.other.network, "handle": two.cedar}]
    claimed = two.states(two.third, organizations=twins)
    card = two.card(theirs)
    assert handles(card) == [theirs] and [one.hit.handle for one in card.apart] == [claimed]


def test_a_network_that_does_not_list_the_organisation_it_speaks_for_is_no_side(two: Two) -> None:
    theirs = two.states(two.other)
    two.world.drops(two.own, two.aster)
    ours = two.states(two.own)
    assert handles(two.card(theirs)) == [theirs] and not two.card(ours).first.is_side


@pytest.mark.parametrize("uid", [None, "urn:uuid:another"])
def test_another_number_is_another_twinning(two: Two, uid: str | None) -> None:
    ours, theirs = two.states(two.own), two.states(two.other, **{"uid": uid} if uid else {"uid": ""})
    assert sorted(two.listed()) == sorted([(ours,), (theirs,)])


def test_two_statements_of_one_network_are_not_taken_together(two: Two) -> None:
    first, second = two.states(two.own), two.states(two.own)
    assert handles(two.card(first)) == [first] and handles(two.card(second)) == [second]


def test_nobody_learns_of_a_statement_that_is_not_for_them(two: Two) -> None:
    hidden = two.states(two.own, circle="partners", goals={"en": "In confidence."})
    theirs = two.states(two.other)
    card = two.card(theirs)
    assert handles(card) == [theirs] and card.is_alone and not card.apart
    assert two.listed() == [(theirs,)]
    assert naming(two.world.store, [(two.own.network, two.aster)], PUBLIC, NOW, 9)[0].statements == card.statements
    with pytest.raises(NotFoundError) as none:
        two.card("00000000-0000-4000-8000-000000000000")
    with pytest.raises(NotFoundError) as kept:
        two.card(hidden)
    assert str(none.value) == str(kept.value)
    assert handles(two.card(theirs, OPERATOR)) == [theirs, hidden]


def test_a_record_of_another_kind_is_no_twinning(two: Two) -> None:
    with pytest.raises(NotFoundError):
        two.card(two.aster)


def test_filters_and_words_leave_what_fits(two: Two) -> None:
    ours = two.states(two.own, state="active", themes=["legal-aid"], goals={"en": "To learn of clinics."})
    assert (
        two.listed(states=("active",)) == two.listed(themes=("legal-aid",)) == two.listed(text="clinics") == [(ours,)]
    )
    assert two.listed(states=("ended",)) == two.listed(themes=("housing",)) == two.listed(text="zebra") == []
    assert two.listed(networks=("Theirs",)) == []
    with pytest.raises(NotFoundError):
        two.listed(networks=("Nobody",))


def test_filters_are_read_as_people_write_them() -> None:
    assert parse_wanted(state="active", theme="Legal aid") == Wanted(states=("active",), themes=("legal-aid",))
    with pytest.raises(UsageError):
        parse_wanted(state="nonsense of all kinds")


def test_active_ones_come_first_and_the_latest_first_of_these(two: Two) -> None:
    dated = [("ended", "2026-09"), ("active", "2025"), ("planned", "2027"), ("active", "2026-01"), (None, "2026-11")]
    made = {
        (state, start): two.states(two.own, uid=f"urn:uuid:{at}", start=start, **{"state": state} if state else {})
        for at, (state, start) in enumerate(dated)
    }
    wanted = [("active", "2026-01"), ("active", "2025"), ("planned", "2027"), (None, "2026-11"), ("ended", "2026-09")]
    assert two.listed() == [(made[one],) for one in wanted]


def test_an_organisation_has_its_twinnings_whoever_states_them(two: Two) -> None:
    theirs = two.states(two.other)
    found = naming(two.world.store, [(two.own.network, two.aster)], PUBLIC, NOW, 9)
    assert [handles(card) for card in found] == [[theirs]]
    assert naming(two.world.store, [(two.other.network, two.aster)], PUBLIC, NOW, 9) == []


def test_an_entry_knows_what_grew_from_it_by_its_own_network(two: Two) -> None:
    [need] = two.world.lists(two.own, {"kind": "exchange", "type": "need", "titles": {"en": "A lawyer"}})
    ours = two.states(two.own, exchanges=[need])
    two.states(two.third, exchanges=[need], uid="urn:uuid:third")
    from fednet.directory.search import record

    hit = record(two.world.store, need, PUBLIC, NOW)
    assert [handles(card) for card in grown_from(two.world.store, hit, PUBLIC, NOW, 9)] == [[ours]]


def test_a_flood_under_one_number_drowns_only_itself(two: Two) -> None:
    ours = two.states(two.own)
    twins = [{"name": f"Shell {at}"} for at in range(2)]
    body = {"kind": "twinning", "organizations": twins, "uid": UID}
    two.world.lists(two.third, *[body] * (MAX_STATEMENTS + 5))
    theirs = two.states(two.other)
    card = two.card(ours)
    assert theirs in handles(card) and len(card.apart) <= MAX_STATEMENTS


def test_a_name_is_taken_only_by_who_lists_an_organisation_of_that_name(two: Two) -> None:
    """And by nobody while two networks say that it is theirs, until the handle is said."""
    here = {"name": ASTER, "network": two.own.network, "handle": two.aster}
    ours = two.states(two.own, organizations=[here, {"name": CEDAR}])
    [fake, false] = two.world.lists(two.third, organization("Fake"), organization(CEDAR))
    claims = {"name": CEDAR, "network": two.third.network}
    two.states(two.third, organizations=[here, {**claims, "handle": fake}])
    assert handles(two.card(ours)) == [ours]
    theirs = two.states(two.other)
    assert handles(two.card(ours)) == [ours, theirs] and handles(two.card(theirs)) == [theirs, ours]
    two.states(two.third, organizations=[here, {**claims, "handle": false}])
    assert handles(two.card(ours)) == [ours] and handles(two.card(theirs)) == [theirs]
    sure = two.states(two.own)
    assert handles(two.card(sure)) == [sure, theirs]


def test_nobody_takes_all_places_by_many_statements_or_by_days_to_come(two: Two) -> None:
    twins = [{"name": ASTER, "network": two.own.network, "handle": two.aster}, {"name": "Shell"}]
    body = {"kind": "twinning", "organizations": twins, "state": "active", "start": "9999-12"}
    two.world.lists(two.third, *({**body, "uid": f"urn:uuid:{at}"} for at in range(9)))
    ours = two.states(two.own, state="active", start="2026-01", uid="urn:uuid:ours")
    theirs = two.states(two.other, state="active", start="2026-02", uid="urn:uuid:theirs")
    assert two.listed()[:2] == [(theirs,), (ours,)]
    found = naming(two.world.store, [(two.own.network, two.aster)], PUBLIC, NOW, 5)
    assert [handles(card)[0] for card in found][:2] == [ours, theirs]
