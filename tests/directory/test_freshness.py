"""How old what is shown is: confirmations and their terms, complete entries, silent networks, what is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fednet import listing
from fednet.directory import freshness, matching
from fednet.directory.cards import card
from fednet.directory.due import due
from fednet.directory.freshness import Counts, Silence
from fednet.directory.networks import networks
from fednet.directory.search import OPERATOR, PUBLIC, Reader, parse_query, readable, search
from fednet.feed.edition import LIFETIME
from fednet.listing import check
from fednet.listing.organization import missing
from fednet.store import drafts, feeds, index
from fednet.store.drafts import Draft
from tests.directory.world import NOW, World, event, organization
from tests.feed.network import handle

WHOLE: dict[str, Any] = {
    "seat": {"country": "TH"},
    "services": ["legal-aid"],
    "languages": ["th"],
    "website": "https://aster.example",
}
LIGHT = {name: value for name, value in WHOLE.items() if name != "website"}


def itself(days: int) -> dict[str, Any]:
    return {"kind": "network", "names": {"en": "Us"}, "confirm_within_days": days}


def confirmed(at: str) -> dict[str, Any]:
    return {"confirmed": {"at": at}}


def counts(world: World, reader: Reader = PUBLIC, now: datetime = NOW) -> dict[str, Counts]:
    found = networks(world.store, reader, now)
    return {network.name: network.public.counts for network in found if network.public}


# --- a record -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, "never"),
        ("2026-11-21", "fresh"),
        ("2025-11-21", "fresh"),
        ("2025-11-20", "stale"),
        ("2025-11-21T23:59:00-11:00", "fresh"),
        ("2026-02-31", "never"),
    ],
)
def test_a_confirmation_holds_as_long_as_its_network_says(world: World, at: str | None, expected: str) -> None:
    [one] = world.lists(world.network("A"), organization("One", **(confirmed(at) if at else {})))
    assert standing(world, one) == expected


def standing(world: World, handle: str, now: datetime = NOW) -> str:
    found = card(world.store, handle, PUBLIC, now)
    return found.statements[found.asked].state


def test_nothing_was_confirmed_after_the_edition_that_says_so(world: World) -> None:
    """Whoever says that it was confirmed in a thousand years says it today, and is stale in time like everybody."""
    own, other = world.network("Own", own=True), world.network("Other")
    [ours] = world.lists(own, organization("Aster House", website="https://aster.example", **confirmed("2026-11-21")))
    same = organization("Aster House", website="https://aster.example", **confirmed("9999-12-31"))
    _, theirs = world.lists(other, itself(10), same, issued=datetime(2026, 11, 20, 12, tzinfo=UTC))

    def order(sort: str) -> list[str]:
        found = search(world.store, parse_query(sort=sort, why=True), PUBLIC, NOW).hits[0]
        assert found.why == ("confirmed on 2026-11-21",)
        return [one.hit.handle for one in card(world.store, ours, PUBLIC, NOW).statements]

    for _ in range(2):
        assert order("confirmed") == [ours, theirs]
        assert standing(world, theirs) == "fresh"
        assert standing(world, theirs, NOW + timedelta(days=10)) == "stale"
        assert [counts(world, now=NOW + timedelta(days=days))["Other"].stale for days in (9, 10)] == [0, 1]
        with world.store.writing() as db:
            index.rebuild(db)
        matching.bring_up_to_date(world.store)


def test_an_edition_dated_in_the_future_makes_no_confirmation_newer_than_today(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    [ours] = world.lists(own, organization("Aster House", website="https://aster.example", **confirmed("2026-11-21")))
    same = organization("Aster House", website="https://aster.example", **confirmed("9999-12-31"))
    [theirs] = world.lists(other, same, issued=datetime(2090, 1, 1, tzinfo=UTC))
    found = card(world.store, ours, PUBLIC, NOW)
    assert [one.hit.handle for one in found.statements] == [ours, theirs]
    alone = parse_query(sort="confirmed", why=True, network="Other")
    assert search(world.store, alone, PUBLIC, NOW).hits[0].why == ("confirmed on 2026-11-21",)


def test_each_network_sets_its_own_term_for_all_its_circles(world: World) -> None:
    month, usual = world.network("Month", own=True), world.network("Usual")
    world.lists(month, itself(30))
    world.lists(month, organization("Closed"), circle="partners")
    world.lists(usual, organization("One"))
    with world.store.reading() as db:
        sources = readable(db, OPERATOR, NOW)
        terms = freshness.terms(db, sources)
    assert {(sources[feed].name, sources[feed].circle): days for feed, days in terms.items()} == {
        ("Month", "public"): 30,
        ("Month", "partners"): 30,
        ("Usual", "public"): 365,
    }


def test_a_term_that_only_a_circle_may_read_counts_for_nobody(world: World) -> None:
    own = world.network("Own", own=True)
    world.lists(own, itself(30), circle="partners")
    world.lists(own, organization("One"))
    for reader in (PUBLIC, OPERATOR):
        assert networks(world.store, reader, NOW)[0].confirm_within_days == 365


def test_of_two_terms_the_one_with_the_first_handle_counts_everywhere(world: World) -> None:
    world.lists(world.network("A"), itself(30), itself(60))
    assert networks(world.store, PUBLIC, NOW)[0].confirm_within_days == 30


# --- an entry ---------------------------------------------------------------------------------------------------------


def test_a_complete_entry_says_where_what_in_which_languages_and_has_a_website() -> None:
    def lacks(**fields: Any) -> tuple[str, ...]:
        found = check(organization("One", **fields))
        assert isinstance(found, listing.Organization)
        return missing(found)

    assert lacks(**WHOLE) == ()
    assert lacks() == ("place", "services", "languages", "website")
    assert lacks(**WHOLE | {"seat": {"place": "Mae Sot"}, "countries": ["035"], "services": [], "type": "ngo"}) == ()
    assert lacks(**WHOLE | {"seat": {"place": "Mae Sot"}}) == ("place",)
    assert lacks(**LIGHT) == ("website",)


def test_organisations_are_counted_by_what_their_entries_lack_and_by_age(world: World) -> None:
    network = world.network("A")
    world.lists(
        network,
        organization("Whole", **WHOLE, **confirmed("2026-11-01")),
        organization("Old", **WHOLE, **confirmed("2020-01-01")),
        organization("Light", **LIGHT),
        organization("Bare"),
        event("Call", "2026-12-01T10:00", zone="UTC"),
    )
    assert counts(world)["A"] == Counts(organizations=4, complete=2, stale=1, never_confirmed=2)
    world.lists(network, itself(10))
    assert counts(world)["A"] == Counts(organizations=4, complete=2, stale=2, never_confirmed=2)


def test_a_contact_stands_for_a_website_for_whoever_may_read_it(world: World) -> None:
    own = world.network("Own", own=True)
    [light, _] = world.lists(own, organization("Light", **LIGHT), organization("Bare"))
    contact = {"kind": "contact", "organization": light, "emails": ["x@aster.example"]}
    world.lists(own, contact, {**contact, "phones": ["1"]}, circle="partners")
    assert counts(world)["Own"].complete == 0
    assert counts(world, OPERATOR)["Own"].complete == 1
    assert counts(world, Reader(circles=frozenset({"partners"})))["Own"].complete == 1


def test_a_contact_that_another_network_lists_makes_nothing_complete(world: World) -> None:
    one, other = world.network("One"), world.network("Other")
    [light] = world.lists(one, organization("Light", **LIGHT))
    world.lists(other, {"kind": "contact", "organization": light, "emails": ["x@other.example"]})
    assert counts(world)["One"].complete == 0


def test_counts_are_those_of_a_rebuilt_index_and_follow_withdrawals(world: World) -> None:
    network = world.network("A", own=True)
    [light, whole] = world.lists(network, organization("Light", **LIGHT), organization("Whole", **WHOLE))
    [contact] = world.lists(network, {"kind": "contact", "organization": light, "emails": ["x@aster.example"]})
    before = counts(world)["A"]
    assert before == Counts(organizations=2, complete=2, never_confirmed=2)
    with world.store.writing() as db:
        index.rebuild(db)
    assert counts(world)["A"] == before
    world.drops(network, contact)
    assert counts(world)["A"].complete == 1
    world.drops(network, whole)
    assert counts(world)["A"] == Counts(organizations=1, complete=0, never_confirmed=1)


def test_what_is_withheld_is_told_to_the_operator_and_of_the_own_network_only(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    for network in (own, other):
        world.lists(network, organization("One"))
        world.lists(network, organization("Two"), organization("Three"), circle="partners")
    assert [network.withheld for network in networks(world.store, OPERATOR, NOW)] == [2, None]
    for reader in (PUBLIC, Reader(circles=frozenset({"partners"}))):
        assert [network.withheld for network in networks(world.store, reader, NOW)] == [None, None]


# --- a network --------------------------------------------------------------------------------------------------------


def test_a_network_is_silent_when_its_edition_expires_and_when_nothing_is_heard_of_it(world: World) -> None:
    world.lists(world.network("A"), organization("One"), issued=NOW + LIFETIME)
    month = timedelta(days=30)

    def silent(after: timedelta) -> Silence | None:
        return networks(world.store, PUBLIC, NOW + after)[0].silent

    assert silent(month) is None
    assert silent(month + timedelta(seconds=1)) == Silence("unheard", "2026-11-21T18:00:00Z")
    assert silent(2 * LIFETIME) == Silence("expired", f"{NOW + 2 * LIFETIME:%Y-%m-%dT%H:%M:%SZ}")


def test_a_network_that_was_never_verified_has_not_begun_to_speak(world: World) -> None:
    with world.store.writing() as db:
        pass
    fresh = world.network("Fresh")
    with world.store.writing() as db:
        feeds.open_feed(db, fresh, "public")
    assert networks(world.store, OPERATOR, NOW + timedelta(days=400))[0].silent is None


def test_the_own_network_is_silent_only_when_it_signs_nothing(world: World) -> None:
    world.lists(world.network("Own", own=True), organization("One"), issued=NOW + LIFETIME)
    assert networks(world.store, PUBLIC, NOW + timedelta(days=40))[0].silent is None
    silent = networks(world.store, PUBLIC, NOW + 2 * LIFETIME)[0].silent
    assert silent is not None and silent.reason == "expired"


# --- what is due ------------------------------------------------------------------------------------------------------


def test_own_records_that_nobody_confirmed_lately_are_due_the_oldest_first(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    world.lists(
        own,
        organization("Fresh", **confirmed("2026-11-01")),
        organization("Old", **confirmed("2019-05-01")),
        organization("Never"),
        event("Call", "2026-12-01T10:00", zone="UTC"),
        itself(365),
    )
    world.lists(own, {"kind": "person", "name": "Somebody", **confirmed("2024-01-01")}, circle="partners")
    world.lists(other, organization("Theirs"))
    _date_the_lines(world)
    assert [(one.title, one.state, one.since, one.circle) for one in due(world.store, NOW).due] == [
        ("Old", "stale", "2019-05-01", "public"),
        ("Somebody", "stale", "2024-01-01", "partners"),
        ("Never", "never", "2026-11-21", "public"),
    ]
    assert [one.title for one in due(world.store, NOW, date(2026, 11, 21)).due] == ["Old", "Somebody", "Fresh"]
    assert [one.title for one in due(world.store, NOW, date(2024, 1, 1)).due] == ["Old"]
    assert due(world.store, NOW, limit=2) == (3, due(world.store, NOW).due[:2], 1)


def test_drafts_count_as_they_stand(world: World) -> None:
    own = world.network("Own", own=True)
    [one, two] = world.lists(own, organization("One"), organization("Two"))
    new = handle(77)
    with world.store.writing() as db:
        said = listing.encode(organization("One", **confirmed("2026-11-20")))
        waiting = [
            Draft(one, "public", "put", said),
            Draft(two, "public", "drop", None),
            Draft(new, "public", "put", listing.encode(organization("New"))),
        ]
        drafts.save(db, waiting, NOW)
    [found] = due(world.store, NOW).due
    assert (found.handle, found.state, found.since, found.draft) == (new, "never", "2026-11-21", True)


def _date_the_lines(world: World) -> None:
    """Keep the edition lines in the log, as accepting does."""
    with world.store.writing() as db:
        db.execute(
            "INSERT INTO leaf (feed_id, epoch, position, hash, line) "
            "SELECT id, 1, 0, x'00', edition FROM feed WHERE edition NOT NULL"
        )
