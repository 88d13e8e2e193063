"""The card of an organisation: every network's statement, where they differ, and what is listed that names it."""

from __future__ import annotations

from typing import Any

import pytest

from fednet.directory.cards import Card, card
from fednet.directory.joining import Scope
from fednet.directory.matching import bring_up_to_date
from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.errors import NotFoundError
from fednet.store.feeds import Network
from tests.directory.world import NOW, World, event, organization
from tests.feed.network import handle

SITE = "https://aster.example"
SEAT = {"country": "TH", "place": "Mae Sot"}


class Two:
    """Two networks that list one organisation: ours without a confirmation, theirs confirmed in May."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.own, self.other = world.network("Ours", own=True), world.network("Theirs")
        [self.here] = world.lists(
            self.own,
            organization("Aster House", website=SITE, seat=SEAT, services=["legal-aid"], languages=["th", "en"]),
        )
        [self.there] = world.lists(
            self.other,
            organization(
                {"en": "Aster House", "th": "บ้านแอสเตอร์"},
                website=f"{SITE}/en/",
                seat={"country": "TH", "place": "Bangkok"},
                services=["health", "legal-aid"],
                languages=["en", "th"],
                confirmed={"at": "2026-05-04", "by": "the secretariat"},
            ),
        )

    def lists(self, network: Network, circle: str = "public", **fields: Any) -> str:
        return self.world.lists(network, fields, circle=circle)[0]

    def card(self, name: str | None = None, reader: Reader = PUBLIC, scope: Scope = "followed") -> Card:
        bring_up_to_date(self.world.store)
        return card(self.world.store, name or self.here, reader, NOW, scope)


@pytest.fixture
def two(world: World) -> Two:
    return Two(world)


def test_a_card_is_the_same_under_each_of_its_handles(two: Two) -> None:
    ours, theirs = two.card(two.here), two.card(two.there)
    assert [one.hit.handle for one in ours.statements] == [one.hit.handle for one in theirs.statements]
    assert (ours.asked, theirs.asked) == (1, 0)
    assert ours.networks == ((two.other.network, "Theirs"), (two.own.network, "Ours"))
    assert all({network for network, _ in one.hit.networks} == dict(ours.networks).keys() for one in ours.statements)


def test_the_newest_confirmation_comes_first_and_says_whether_it_holds(two: Two) -> None:
    assert [(one.hit.network_name, one.state, one.days) for one in two.card().statements] == [
        ("Theirs", "fresh", 365),
        ("Ours", "never", 365),
    ]
    two.lists(two.other, kind="network", names={"en": "Theirs"}, confirm_within_days=30)
    assert [(one.state, one.days) for one in two.card().statements] == [("stale", 30), ("never", 365)]


def test_only_contradictions_are_differences_and_the_rest_adds_up(two: Two) -> None:
    found = two.card()
    assert found.differences == ("seat", "services")
    fields = {field.name: field for field in found.fields}
    assert [said.value for said in fields["names"].said] == [("en", "Aster House"), ("th", "บ้านแอสเตอร์")]
    assert fields["services"].said == (("health", (0,)), ("legal-aid", (0, 1)))
    assert fields["website"].said == ((f"{SITE}/en/", (0, 1)),)


def test_it_says_why_they_are_one(two: Two) -> None:
    [why] = two.card().why
    assert (why.one, why.other) == (0, 1)
    assert "the same website" in why.reasons
    assert why.same == why.different == ()


def test_an_organisation_alone_has_one_statement_and_no_differences(two: Two) -> None:
    [alone] = two.world.lists(two.other, organization("Rose House"))
    found = two.card(alone)
    assert (len(found.statements), found.differences, found.why) == (1, (), ())


def test_contacts_needs_and_offers_are_those_of_the_networks_on_the_card(two: Two) -> None:
    stranger = two.world.network("Stranger")
    for network, name in ((two.own, "ours"), (two.other, "theirs"), (stranger, "strange")):
        about = two.there if network is two.other else two.here
        two.lists(network, kind="contact", organization=about, emails=[f"{name}@aster.example"])
        two.lists(network, kind="exchange", type="need", titles={"en": f"A need of {name}"}, organization=about)
        two.lists(network, **event(f"Call of {name}", "2026-12-01", all_day=True, hosts=[about]))
    found = two.card()
    emails = {email for one in found.contacts for email in one.hit.fields["emails"]}
    assert emails == {"ours@aster.example", "theirs@aster.example"}
    assert {one.hit.title for one in found.exchanges} == {"A need of ours", "A need of theirs"}
    assert {one.hit.title for one in found.events} == {"Call of ours", "Call of theirs", "Call of strange"}


def test_a_stranger_cannot_crowd_out_what_the_own_network_lists(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednet.store.search.MOST", 2)
    stranger = two.world.network("Stranger")
    for at in range(3):
        two.lists(stranger, kind="contact", organization=two.here, emails=[f"{at}@stranger.example"])
    two.lists(two.own, kind="contact", organization=two.here, emails=["desk@aster.example"])
    assert [one.hit.fields["emails"] for one in two.card().contacts] == [["desk@aster.example"]]


def test_groups_are_those_that_their_own_network_lists(two: Two) -> None:
    group = two.lists(two.own, kind="group", names={"en": "Detention"})
    theirs = two.lists(two.other, kind="group", names={"en": "Theirs"})
    [member] = two.world.lists(two.own, organization("Lantern", groups=[group, theirs, handle(999)]))
    assert [one.hit.title for one in two.card(member).groups] == ["Detention"]


def test_nobody_learns_of_a_statement_or_a_contact_in_a_circle_they_may_not_read(world: World) -> None:
    own, other = world.network("Ours", own=True), world.network("Theirs")
    [here] = world.lists(own, organization("Aster House", website=SITE, seat=SEAT), circle="partners")
    [there] = world.lists(other, organization("Aster House", website=SITE, seat=SEAT))
    world.lists(other, {"kind": "contact", "organization": there, "emails": ["x@aster.example"]}, circle="partners")
    bring_up_to_date(world.store)
    public = card(world.store, there, PUBLIC, NOW)
    assert [one.hit.network_name for one in public.statements] == ["Theirs"]
    assert public.statements[0].hit.networks == ((other.network, "Theirs"),)
    assert public.contacts == ()
    partner = card(world.store, there, Reader(circles=frozenset({"partners"})), NOW)
    assert {one.hit.network_name for one in partner.statements} == {"Ours", "Theirs"}
    assert partner.contacts == ()
    everything = card(world.store, there, OPERATOR, NOW)
    assert len(everything.statements) == 2 and len(everything.contacts) == 1
    with pytest.raises(NotFoundError) as hidden:
        card(world.store, here, PUBLIC, NOW)
    with pytest.raises(NotFoundError) as nothing:
        card(world.store, handle(999), PUBLIC, NOW)
    assert str(hidden.value) == str(nothing.value)


def test_opinions_are_shown_with_who_holds_them_and_divide_a_card(two: Two) -> None:
    subjects = [{"network": two.own.network, "handle": two.here}, {"network": two.other.network, "handle": two.there}]
    two.lists(two.other, kind="opinion", verdict="different", subjects=subjects, reason="two houses")
    followed = two.card()
    assert len(followed.statements) == 1
    [said] = followed.opinions
    assert (said.network_name, said.verdict, said.reason) == ("Theirs", "different", "two houses")
    assert len(two.card(scope="own").statements) == 2


def test_an_opinion_in_a_circle_is_for_whoever_may_read_it(two: Two) -> None:
    subjects = [{"network": two.own.network, "handle": two.here}, {"network": two.other.network, "handle": two.there}]
    two.lists(two.own, "partners", kind="opinion", verdict="different", subjects=subjects)
    public = two.card()
    assert len(public.statements) == 2 and public.opinions == ()
    assert len(two.card(reader=OPERATOR).statements) == 1


def test_what_is_no_organisation_has_no_card(two: Two) -> None:
    group = two.lists(two.own, kind="group", names={"en": "Detention"})
    with pytest.raises(NotFoundError):
        two.card(group)
