from __future__ import annotations

from datetime import timedelta

from fednet.directory.networks import networks
from fednet.directory.search import OPERATOR, PUBLIC
from fednet.feed.edition import LIFETIME
from fednet.store import blocks, feeds, sources
from tests.directory.world import LONG_AGO, NOW, World, event, organization


def test_a_network_is_shown_with_what_is_verified_of_it(world: World) -> None:
    pinned = world.network("APRRN")
    world.lists(pinned, organization("One"), organization("Two"), event("Call", "2026-12-01T10:00", zone="UTC"))
    world.lists(pinned, organization("Three"), issued=LONG_AGO)
    [network] = networks(world.store, PUBLIC, NOW)
    public = network.public
    assert public is not None
    assert (network.network, network.name, network.own) == (pinned.network, "APRRN", False)
    assert network.fingerprint.replace(" ", "") == pinned.network
    assert (public.epoch, public.edition, public.records, public.erased) == (1, 2, 4, 0)
    assert public.kinds == {"organization": 3, "event": 1}
    assert public.expired
    assert (public.verified_at, public.lag_seconds) == ("2026-11-21T18:00:00Z", 0)


def test_own_comes_first_then_by_name(world: World) -> None:
    for name, own in (("B", False), ("C", True), ("A", False)):
        world.lists(world.network(name, own=own))
    assert [network.name for network in networks(world.store, PUBLIC, NOW)] == ["C", "A", "B"]


def test_the_public_learns_no_closed_circle_partner_address_or_error(world: World) -> None:
    pinned = world.network("A")
    world.lists(pinned, organization("One"))
    world.lists(pinned, organization("Two"), circle="partners")
    with world.store.writing() as db:
        feeds.set_partner(db, pinned, True)
        sources.add_origin(db, pinned, "http://127.0.0.1:8412")
        sources.mention(db, pinned, [("q" * 32, "Other", ["https://other.example"])])
        feeds.failed(db, feeds.feeds(db, pinned)[0], NOW, "no answer from 127.0.0.1")
    [seen] = networks(world.store, PUBLIC, NOW)
    assert [circle.circle for circle in seen.circles] == ["public"]
    assert (seen.partner, seen.sources, seen.mentions) == (False, (), ())
    assert seen.circles[0].error is None
    [known] = networks(world.store, OPERATOR, NOW)
    assert [circle.circle for circle in known.circles] == ["public", "partners"]
    assert (known.partner, known.sources) == (True, ("http://127.0.0.1:8412",))
    assert [(offer.network, offer.name) for offer in known.mentions] == [("q" * 32, "Other")]
    assert known.circles[0].error == "no answer from 127.0.0.1"


def test_blocked_and_never_verified_networks_are_the_operators_to_know(world: World) -> None:
    blocked, fresh = world.network("Blocked"), world.network("Fresh")
    world.lists(blocked, organization("One"))
    with world.store.writing() as db:
        blocks.block(db, blocked.network, NOW)
        feeds.open_feed(db, fresh, "public")
    assert networks(world.store, PUBLIC, NOW) == []
    known = {network.name: network for network in networks(world.store, OPERATOR, NOW)}
    assert known["Blocked"].blocked
    assert known["Fresh"].public is not None
    assert (known["Fresh"].public.visible, known["Fresh"].public.lag_seconds) == (False, None)


def test_what_expired_long_ago_is_the_operators_to_know(world: World) -> None:
    for name, own in (("Own", True), ("Other", False)):
        world.lists(world.network(name, own=own), organization("One"))
    later = NOW + LIFETIME + world.store.forget_after + timedelta(seconds=1)
    assert [network.name for network in networks(world.store, PUBLIC, later)] == ["Own"]
    known = {network.name: network.public for network in networks(world.store, OPERATOR, later)}
    assert [(name, public and public.forgotten) for name, public in known.items()] == [("Own", False), ("Other", True)]
