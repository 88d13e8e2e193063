"""Finding pairs: what is found does not depend on the order in which records came and went."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fednet.directory.joining import joins
from fednet.directory.matching import bring_up_to_date
from fednet.directory.search import OPERATOR, PUBLIC, Reader, readable
from fednet.listing.likeness import Level, Reason
from fednet.store import feeds, index, matching, records
from fednet.store.feeds import Network
from tests.directory.world import LONG_AGO, World, event, organization


def cards(world: World, reader: Reader = PUBLIC, scope: Any = "followed") -> set[frozenset[str]]:
    """The handles of each card with more than one statement, after matching what has come."""
    bring_up_to_date(world.store)
    with world.store.reading() as db:
        found = joins(db, readable(db, reader, LONG_AGO), scope)
        handle = dict(db.execute("SELECT id, handle FROM record").fetchall())
    grouped = {found.members(record_id) for record_id in handle}
    return {frozenset(handle[member] for member in card) for card in grouped if len(card) > 1}


def pairs(world: World) -> list[Any]:
    with world.store.reading() as db:
        return db.execute("SELECT * FROM pair ORDER BY 1, 2, 3, 4").fetchall()


def house(name: str = "Silver House", **fields: Any) -> dict[str, Any]:
    return organization(name, seat={"country": "TH", "place": "Mae Sot"}, **fields)


def contact(handle: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "contact", "organization": handle, **fields}


def opinion(verdict: str, *subjects: tuple[Network, str]) -> dict[str, Any]:
    named = [{"network": network.network, "handle": handle} for network, handle in subjects]
    return {"kind": "opinion", "verdict": verdict, "subjects": named}


# --- stories


def test_a_website_joins_what_two_networks_list(world: World) -> None:
    one, other = world.network("One"), world.network("Other")
    [first] = world.lists(one, house(website="https://silver.example"))
    [second] = world.lists(
        other, organization({"th": "บ้านเงิน"}, website="http://www.silver.example/th", seat={"country": "TH"})
    )
    world.lists(other, house("Golden House", website="https://golden.example"))
    assert cards(world) == {frozenset([first, second])}


def test_events_are_joined_by_their_uid_alone(world: World) -> None:
    one, other = world.network("One"), world.network("Other")
    [first] = world.lists(one, event("Call", "2026-12-01", uid="4f1c@calendar.example"))
    [second] = world.lists(other, event("Appel", "2026-12-02", uid="4f1c@calendar.example"))
    world.lists(other, event("Call", "2026-12-01"))
    assert cards(world) == {frozenset([first, second])}


def test_a_name_alone_is_only_suggested(world: World) -> None:
    world.lists(world.network("One"), house())
    world.lists(world.network("Other"), house("Silver Hause"))
    assert cards(world) == set()
    [found] = pairs(world)
    assert Reason(found[4]) & Reason.NAME_CLOSE and not found[5]


def test_what_one_network_lists_twice_is_two(world: World) -> None:
    world.lists(world.network("One"), house(website="https://silver.example"), house(website="https://silver.example"))
    assert cards(world) == set()


def test_a_telephone_of_contacts_joins_names_that_agree(world: World) -> None:
    one, other = world.network("One"), world.network("Other")
    [first] = world.lists(one, house())
    [second] = world.lists(other, house("The Silver House, Mae Sot"))
    world.lists(one, contact(first, phones=["055 123 4567"]))
    assert cards(world) == set()
    [reached] = world.lists(other, contact(second, phones=["+66 (0)55-1234567"]))
    assert cards(world) == {frozenset([first, second])}
    world.drops(other, reached)
    assert cards(world) == set()


def test_a_contact_speaks_for_its_own_network_only(world: World) -> None:
    one, other = world.network("One"), world.network("Other")
    [first] = world.lists(one, house())
    [second] = world.lists(other, house("The Silver House, Mae Sot"))
    world.lists(other, contact(second, phones=["+66551234567"]), contact(first, phones=["+66551234567"]))
    assert cards(world) == set()


def test_evidence_from_a_circle_joins_for_those_who_read_it(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    [first] = world.lists(own, house())
    [second] = world.lists(other, house("The Silver House, Mae Sot"))
    world.lists(own, contact(first, emails=["office@silver.example"]), circle="partners")
    world.lists(other, contact(second, emails=["info@silver.example"]))
    assert cards(world, PUBLIC) == set()
    assert cards(world, OPERATOR) == cards(world, Reader(frozenset(["partners"]))) == {frozenset([first, second])}


def test_a_record_of_a_circle_joins_no_others(world: World) -> None:
    one, own, other = world.network("One"), world.network("Own", own=True), world.network("Other")
    world.lists(one, house("Silver House", acronym="SHX", website="https://silver.example"))
    world.lists(own, house("Silver House", acronym="SHX", website="https://silver.example",
                           identifiers=[{"scheme": "TH-X", "value": "123"}]), circle="partners")  # fmt: skip
    world.lists(other, house("Argent", identifiers=[{"scheme": "TH-X", "value": "123"}]))
    assert cards(world, PUBLIC) == set()
    assert [len(card) for card in cards(world, OPERATOR)] == [2]


def test_a_record_that_is_put_again_stays_on_its_card(world: World) -> None:
    one, other = world.network("One"), world.network("Other")
    [first] = world.lists(one, house(website="https://silver.example"))
    [second] = world.lists(other, house(website="https://silver.example"))
    before = cards(world)
    world.puts(other, second, house(website="https://silver.example", acronym="SH"))
    assert cards(world) == before == {frozenset([first, second])}


def test_a_word_that_a_whole_feed_bears_tells_nothing_until_it_thins(world: World) -> None:
    one, other = world.network("One"), world.network("Other")
    world.lists(one, house(website="https://umbrella.example"))
    below = world.lists(
        other, *(house(f"Silver {number}", website="https://umbrella.example") for number in range(matching.CROWD))
    )

    def by_site() -> int:
        bring_up_to_date(world.store)
        return len([pair for pair in pairs(world) if pair[0] == 1 and pair[4] & Reason.SITE])

    assert by_site() == len(below)
    [more] = world.lists(other, house("Silver more", website="https://umbrella.example"))
    assert by_site() == 0
    world.drops(other, more)
    assert by_site() == len(below)


# --- the law


NETWORKS = ("One", "Two", "Own")
SITES = st.sampled_from(["https://a.example", "https://b.example", "https://www.a.example/en", None])
PHONES = st.lists(st.sampled_from(["+66551234567", "055 123 4567", "+41221234567"]), max_size=2)


@st.composite
def steps(draw: st.DrawFn) -> tuple[Any, ...]:
    network, circle = draw(st.sampled_from(NETWORKS)), draw(st.sampled_from(["public", "public", "partners"]))
    at, other = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    match draw(
        st.sampled_from(["org", "org", "org", "contact", "contact", "opinion", "drop", "drop", "again", "pass"])
    ):
        case "org":
            fields = {
                "website": draw(SITES),
                "acronym": draw(st.sampled_from(["", "SH"])),
                "seat": {"country": draw(st.sampled_from(["TH", "MM"]))},
            }
            name = draw(st.sampled_from(["Silver House", "The Silver House", "Silver Hause", "Golden Gate"]))
            body = organization(name, **{field: value for field, value in fields.items() if value})
            return "lists", network, circle, body
        case "contact":
            return "contact", network, circle, at, draw(PHONES)
        case "opinion":
            return "opinion", network, circle, at, other, draw(st.sampled_from(["same", "different"]))
        case what:
            return what, at


BEGINNING: tuple[tuple[Any, ...], ...] = (
    ("lists", "One", "public", organization("Silver House", seat={"country": "TH"})),
    ("lists", "Two", "public", organization("The Silver House", seat={"country": "TH"})),
    ("contact", "One", "public", 0, ["055 123 4567"]),
    ("contact", "Two", "partners", 1, ["+66551234567"]),
    ("pass", 0),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=st.lists(steps(), min_size=1, max_size=20), crowd=st.sampled_from([1, 2, 6]), batch=st.integers(1, 4))
@example(  # a number that is one of Thailand no longer, when the organisation there has gone
    history=[
        ("lists", "One", "public", organization("Golden Gate", seat={"country": "MM"})),
        ("contact", "One", "public", 4, ["+66551234567"]),
        ("pass", 0),
        ("drop", 0),
        ("pass", 0),
    ],
    crowd=1,
    batch=4,
)
def test_step_by_step_finds_what_a_first_pass_finds(
    tmp_path_factory: Any, history: list[tuple[Any, ...]], crowd: int, batch: int
) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    networks = {name: world.network(name, own=name == "Own") for name in NETWORKS}
    unmatched = patch("fednet.directory.matching.bring_up_to_date")  # a world matches what is listed at once
    with patch.object(matching, "CROWD", crowd), unmatched:
        for step in (*BEGINNING, *history):
            take(world, networks, step, batch)
        bring_up_to_date(world.store, batch=batch)
        found = pairs(world)
        with world.store.writing() as db:
            index.rebuild(db)
        assert pairs(world) == []
        bring_up_to_date(world.store)
        assert found == pairs(world)
        with world.store.writing() as db:
            for name in NETWORKS:
                for feed in feeds.feeds(db, networks[name]):
                    records.forget(db, feed.id)
        bring_up_to_date(world.store)
        with world.store.reading() as db:
            for table in ("signal", "matched", "rematch", "crowded", "pair"):
                assert db.execute(f"SELECT * FROM {table}").fetchall() == [], table
    world.store.close()


def take(world: World, networks: dict[str, Network], step: tuple[Any, ...], batch: int) -> None:
    with world.store.reading() as db:
        there = db.execute(
            "SELECT n.name, circle, handle, body FROM record r JOIN feed f ON f.id = feed_id "
            "JOIN network n ON n.id = network_id WHERE handle NOT NULL ORDER BY r.id"
        ).fetchall()
    match step:
        case "lists", network, circle, body:
            world.lists(networks[network], body, circle=circle)
        case "contact", network, circle, at, phones if there:
            world.lists(networks[network], contact(there[at % len(there)][2], phones=phones), circle=circle)
        case "opinion", network, circle, one, other, verdict if there:
            subjects = [(networks[there[at % len(there)][0]], there[at % len(there)][2]) for at in (one, other)]
            world.lists(networks[network], opinion(verdict, *subjects), circle=circle)
        case "drop", at if there:
            name, circle, handle, _ = there[at % len(there)]
            world.drops(networks[name], handle, circle)
        case "again", at if there:
            name, circle, handle, body = there[at % len(there)]
            world.puts(networks[name], handle, msgspec.json.decode(body), circle)
        case "pass", _:
            bring_up_to_date(world.store, batch=batch)


def test_levels_are_told() -> None:
    assert Level.APART < Level.SUGGESTED < Level.JOINED
