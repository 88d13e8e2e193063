"""Searching against the slow obvious model: every record that the reader may read, one after the other."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, timedelta
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet import listing
from fednet.directory import finding, paging
from fednet.directory.joining import joins
from fednet.directory.search import FACETS, FLAGS, OPERATOR, PUBLIC, Query, Reader, parse_query, readable, search
from fednet.listing import Organization, places
from fednet.store import columns
from fednet.store import search as index_search
from tests.directory.world import NOW, World, organization

MEMBER = Reader(circles=frozenset({"partners"}))
READERS = (PUBLIC, MEMBER, OPERATOR)
TODAY = NOW.date()

COUNTRIES = ["TH", "MM", "CA", "CH"]
SERVICES = ["legal-aid", "health", "housing"]
GROUPS = ["refugees", "women"]
LANGUAGES = ["en", "my", "fr-CA"]
TYPES = ["ngo", "legal-firm"]
WORDS = ["aurora", "harbour", "lantern"]
POINTS: list[dict[str, int]] = [
    {},
    {"latitude_e6": 16_700_000, "longitude_e6": 98_600_000},
    {"latitude_e6": 13_756_000, "longitude_e6": 100_502_000},
    {"latitude_e6": 46_200_000, "longitude_e6": 6_100_000},
]
DAYS = [None, TODAY - timedelta(days=10), TODAY - timedelta(days=365), TODAY - timedelta(days=366)]


def some(of: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(of), unique=True, max_size=len(of))


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """An organisation; those of one number share a register id, a site and a name, so they are joined."""
    number = draw(st.integers(0, 4))
    day = draw(st.sampled_from(DAYS))
    fields: dict[str, Any] = {
        "countries": draw(some([*COUNTRIES, "035"])),
        "services": draw(some(SERVICES)),
        "client_groups": draw(some(GROUPS)),
        "languages": draw(some(LANGUAGES)),
        "type": draw(st.sampled_from(TYPES)),
        "refugee_led": draw(st.booleans()),
        "description": {"en": " ".join(draw(some(WORDS)))},
        "seat": {"country": draw(st.sampled_from(COUNTRIES)), **draw(st.sampled_from(POINTS))},
    }
    if day is not None:
        fields["confirmed"] = {"at": day.isoformat()}
    if draw(st.booleans()):
        fields |= {
            "website": f"https://house{number}.example",
            "identifiers": [{"scheme": "CA-CRA_ACR", "value": f"12345678{number}RR0001"}],
        }
    return organization(f"House {number} {' '.join(draw(some(WORDS)))}".strip(), **fields)


listings = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["public", "public", "partners"]), bodies()), max_size=9
)
asking = st.fixed_dictionaries(
    {},
    optional={
        "text": st.sampled_from([*WORDS, "house", "hous", "aurora lantern", "-harbour", "house -lantern"]),
        "country": some(COUNTRIES),
        "region": st.sampled_from([["035"], ["150"], ["142", "021"]]),
        "service": some(SERVICES),
        "client_group": some(GROUPS),
        "language": some(["en", "my", "fr"]),
        "seat": some(COUNTRIES),
        "type": some(TYPES),
        "refugee_led": st.sampled_from(["yes", "no"]),
        "confirmed": st.sampled_from(["fresh", "stale"]),
        "network": st.sampled_from([["A"], ["A", "B"]]),
        "near": st.sampled_from(["16.7,98.6", "46.2, 6.1"]),
        "kind": st.sampled_from([["organization"], ["organization", "event"], ["event"]]),
    },
).flatmap(lambda asked: st.fixed_dictionaries({}, optional=WITHIN if "near" in asked else {}).map(asked.__or__))
WITHIN = {"within": st.sampled_from([1, 100, 1_000, 20_015])}


class Model:
    """What should be found."""

    def __init__(self, world: World, query: Query, reader: Reader) -> None:
        with world.store.reading() as db:
            self.sources = readable(db, reader, NOW - world.store.forget_after)
            self.joins = joins(db, self.sources, query.opinions, NOW)
            rows = db.execute("SELECT id, feed_id, body FROM record WHERE body NOT NULL").fetchall()
        self.query = query
        self.found: dict[int, list[tuple[int, Organization]]] = {}
        for record_id, feed_id, body in rows:
            parsed = listing.parse(body)
            if feed_id in self.sources and isinstance(parsed, Organization) and self.fits(feed_id, parsed):
                self.found.setdefault(self.joins.members(record_id)[0], []).append((feed_id, parsed))

    def fits(self, feed_id: int, one: Organization) -> bool:
        query = self.query
        codes = values(one)
        within: set[str] = set().union(*(places.countries_in(region) for region in query.regions))
        last = TODAY - timedelta(days=365)
        fresh = one.confirmed is not None and date.fromisoformat(one.confirmed.at) >= last
        return (
            all(
                not asked or set(asked) & codes[facet]
                for facet, asked in (
                    ("country", query.countries),
                    ("country", within),
                    ("service", query.services),
                    ("client_group", query.client_groups),
                    ("language", query.languages),
                    ("type", query.types),
                )
            )
            and (not query.seats or bool(one.seat and one.seat.country in query.seats))
            and (query.within is None or in_reach(one, query.near, query.within))
            and (query.refugee_led is None or bool(one.refugee_led) == query.refugee_led)
            and (query.confirmed is None or (query.confirmed == "fresh") == fresh)
            and (not query.kinds or "organization" in query.kinds)
            and (not query.networks or self.sources[feed_id].name in query.networks)
            and says(one, query.text)
        )

    @property
    def facets(self) -> dict[str, dict[str, int]]:
        counted: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        for statements in self.found.values():
            for name in FACETS:
                if name == "network":
                    codes = {self.sources[feed_id].network for feed_id, _ in statements}
                else:
                    codes = set().union(*(values(one)[name] for _, one in statements))
                counted[name].update(codes)
        return {
            name: dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))) for name, counts in counted.items()
        }


def in_reach(one: Organization, near: Any, within: int) -> bool:
    """By the spherical law of cosines."""
    seat = one.seat
    if seat is None or seat.latitude_e6 is None or seat.longitude_e6 is None:
        return False
    here, there = math.radians(near[0] / 1e6), math.radians(seat.latitude_e6 / 1e6)
    between = math.radians((near[1] - seat.longitude_e6) / 1e6)
    cosine = math.sin(here) * math.sin(there) + math.cos(here) * math.cos(there) * math.cos(between)
    return math.acos(min(cosine, 1.0)) * 6371 <= within


def values(one: Organization) -> dict[str, set[str]]:
    served = set().union(*(places.countries_in(code) if code.isdigit() else {code} for code in one.countries))
    return {
        "country": served | ({one.seat.country} if one.seat and one.seat.country else set()),
        "service": set(one.services),
        "client_group": set(one.client_groups),
        "language": {tag.partition("-")[0] for tag in one.languages},
        "kind": {"organization"},
        "type": {one.type} if one.type else set(),
    }


def says(one: Organization, text: str) -> bool:
    words = " ".join((*one.names.values(), *one.description.values())).casefold().split()
    wanted = text.split()
    return all(
        any(word.startswith(asked) if asked == wanted[-1] else word == asked for word in words)
        if not asked.startswith("-")
        else asked[1:] not in words
        for asked in wanted
    )


def world_of(paths: pytest.TempPathFactory, listed: list[tuple[str, str, dict[str, Any]]]) -> World:
    world = World(paths.mktemp("finding"))
    networks = {name: world.network(name, own=name == "A") for name in "ABC"}
    listed = [*((name, "public", organization(f"Office {name}")) for name in "ABC"), *listed]
    for name, circle in sorted({(name, circle) for name, circle, _ in listed}):
        world.lists(networks[name], *(body for *where, body in listed if where == [name, circle]), circle=circle)
    return world


@given(listed=listings, asked=asking, reader=st.sampled_from(READERS), lives_long=st.booleans())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_totals_and_facets_count_each_organization_once_for_every_reader(
    tmp_path_factory: pytest.TempPathFactory,
    listed: list[tuple[str, str, dict[str, Any]]],
    asked: dict[str, Any],
    reader: Reader,
    lives_long: bool,
) -> None:
    world = world_of(tmp_path_factory, listed)
    if lives_long:
        columns.keep(world.store)
    query = parse_query(**asked)
    results = search(world.store, query, reader, NOW)
    if not results.understood:
        model = Model(world, query, reader)
        assert results.total == len(results.hits) == len(model.found)
        assert results.facets == model.facets
    world.store.close()


@given(listed=listings, asked=asking, reader=st.sampled_from(READERS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_choosing_a_value_finds_exactly_what_is_counted_beside_it(
    tmp_path_factory: pytest.TempPathFactory,
    listed: list[tuple[str, str, dict[str, Any]]],
    asked: dict[str, Any],
    reader: Reader,
) -> None:
    world = world_of(tmp_path_factory, listed)
    columns.keep(world.store)
    counted = search(world.store, parse_query(**asked), reader, NOW, facets=(*FACETS, *FLAGS))
    for facet, counts in counted.facets.items() if not counted.understood else ():
        if facet not in asked:
            for code, count in counts.items():
                chosen = search(world.store, parse_query(**asked, **{facet: code}), reader, NOW)
                assert (facet, code, chosen.total) == (facet, code, count)
    world.store.close()


@given(
    names=st.lists(st.sampled_from(["Aid", "Aid House", "Éclair", "ศูนย์", "难民", "aid"]), min_size=3, max_size=14),
    limit=st.integers(1, 4),
    acts=st.lists(st.tuples(st.sampled_from(["drop", "add", "replace"]), st.integers(0, 13)), max_size=6),
    asked=st.sampled_from([{}, {"text": "house"}, {"sort": "title"}, {"sort": "confirmed"}, {"service": "health"}]),
    lives_long=st.booleans(),
    most_tied=st.sampled_from([1, 3, 1_000]),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_while_records_come_and_go_no_page_repeats_or_skips_what_stays(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    limit: int,
    acts: list[tuple[str, int]],
    asked: dict[str, str],
    lives_long: bool,
    most_tied: int,
) -> None:
    world = World(tmp_path_factory.mktemp("paging"))
    if lives_long:
        columns.keep(world.store)
    network = world.network("A")

    def body(name: str) -> dict[str, Any]:
        return organization(name, description={"en": "house"}, services=["health"])

    standing = dict(zip(world.lists(network, *map(body, names)), names, strict=True))
    stayed = set(standing)
    seen: list[str] = []
    cursor: str | None = None
    waiting = list(acts)
    while True:
        with mock.patch.object(paging, "MOST_TIED", most_tied):
            page = search(world.store, parse_query(**asked, limit=limit, cursor=cursor), PUBLIC, NOW)
        seen += [hit.handle for hit in page.hits]
        cursor = page.next
        if cursor is None:
            break
        if waiting:
            act, which = waiting.pop()
            handles = sorted(standing)
            if act == "add":
                standing |= dict.fromkeys(world.lists(network, body("Aid")), "Aid")
            elif handles:
                gone = handles[which % len(handles)]
                del standing[gone]
                stayed.discard(gone)
                world.drops(network, gone)
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)
    world.store.close()


@pytest.fixture
def aids(world: World) -> World:
    """What "aid" should find, best first."""
    network = world.network("A")
    fresh = {"confirmed": {"at": TODAY.isoformat()}}
    world.lists(
        network,
        organization("Zebra", description={"en": "We give aid."}, **fresh),
        organization("Aid for Children of the North", **fresh),
        organization("Aid House"),
        organization("Aid Centre"),
        organization("Zoom Aid", **fresh),
        organization("Aid"),
        organization("Anybody", acronym="AID"),
        organization("Alpha", description={"en": "We give aid."}),
    )
    return world


def test_the_whole_name_then_its_share_then_the_text_then_confirmed_then_title(aids: World) -> None:
    found = [hit.title for hit in search(aids.store, parse_query(text="aid"), PUBLIC, NOW).hits]
    assert found == [
        "Aid",
        "Anybody",
        "Zoom Aid",
        "Aid Centre",
        "Aid House",
        "Aid for Children of the North",
        "Zebra",
        "Alpha",
    ]


@pytest.fixture
def border(world: World) -> World:
    """Three on the border and one in Bangkok."""
    network = world.network("A")
    for name, place, latitude, longitude in (
        ("Alpha", "Bangkok", 13_756_000, 100_502_000),
        ("Beta", "Mae Sot", 16_713_000, 98_575_000),
        ("Gamma", "Mae Ramat", 16_983_000, 98_516_000),
        ("Delta", "Mae Sot", 16_720_000, 98_570_000),
    ):
        seat = {"country": "TH", "place": place, "latitude_e6": latitude, "longitude_e6": longitude}
        world.lists(network, organization(name, seat=seat))
    world.lists(network, organization("Nowhere", countries=["TH"]))
    return world


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"near": "16.713,98.575"}, ["Beta", "Delta", "Gamma"]),
        ({"near": "16.713, 98.575", "within": "10"}, ["Beta", "Delta"]),
        ({"near": "mae sot", "within": 10}, ["Beta", "Delta"]),
        ({"near": "Mae Ramat", "within": "5"}, ["Gamma"]),
        ({"near": "Mae Sot", "within": "1000", "sort": "near"}, ["Beta", "Delta", "Gamma", "Alpha"]),
        ({"near": "Mae Sot", "within": "1000", "sort": "title"}, ["Alpha", "Beta", "Delta", "Gamma"]),
    ],
)
def test_what_is_near_is_found_and_stands_first(border: World, asked: dict[str, Any], found: list[str]) -> None:
    assert [hit.title for hit in search(border.store, parse_query(**asked), PUBLIC, NOW).hits] == found


def test_a_hit_says_how_far_it_is(border: World) -> None:
    hits = search(border.store, parse_query(near="16.713,98.575"), PUBLIC, NOW).hits
    assert [hit.kilometres for hit in hits] == [0, 1, 31]
    assert search(border.store, parse_query(), PUBLIC, NOW).hits[0].kilometres is None


def test_alphabetical_order_holds_for_any_number(world: World) -> None:
    network = world.network("A")
    names = [f"International Association {number:04}" for number in range(1_200)]
    world.lists(network, *map(organization, reversed(names)))
    columns.keep(world.store)
    seen: list[str] = []
    cursor = None
    while True:
        page = search(world.store, parse_query(limit=500, cursor=cursor), PUBLIC, NOW, facets=())
        seen += [hit.title for hit in page.hits]
        cursor = page.next
        if cursor is None:
            break
    assert seen == names


@pytest.fixture
def alike(world: World) -> World:
    """Three hundred whose names begin alike, in a process that lives long."""
    names = [f"International Association {number:04}" for number in range(300)]
    world.lists(world.network("A"), *map(organization, reversed(names)))
    columns.keep(world.store)
    return world


def test_of_names_that_begin_alike_only_those_of_the_page_are_read_again(
    alike: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    listed = index_search.listed

    def counting(db: Any, record_ids: Any) -> Any:
        read.extend(record_ids)
        return listed(db, record_ids)

    monkeypatch.setattr(index_search, "listed", counting)
    search(alike.store, parse_query(limit=1), PUBLIC, NOW)
    alike.lists(alike.network("B"), organization("International Association 0000 B"))
    for asked in ({}, {"sort": "title"}, {"text": "association"}, {"text": "internat"}):
        first = search(alike.store, parse_query(**asked, limit=2), PUBLIC, NOW)
        read.clear()
        search(alike.store, parse_query(**asked, limit=2, cursor=first.next), PUBLIC, NOW)
        assert len(read) <= 2 + 1 + paging.SLACK


def test_a_flood_of_names_that_begin_alike_is_paged_by_handle(alike: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_TIED", 20)
    alike.lists(alike.network("B"), organization("Aid"), organization("Zoom"))
    handles: list[str] = []
    titles: list[str] = []
    cursor = None
    while True:
        page = search(alike.store, parse_query(limit=9, cursor=cursor), PUBLIC, NOW, facets=())
        handles += [hit.handle for hit in page.hits]
        titles += [hit.title for hit in page.hits]
        cursor = page.next
        if cursor is None:
            break
    assert (titles[0], titles[-1], len(set(titles)), len(titles)) == ("Aid", "Zoom", 302, 302)
    assert handles[1:-1] == sorted(handles[1:-1])


def test_a_quick_selection_is_the_slow_one() -> None:
    import numpy as np

    random = np.random.default_rng(5)
    for size, different in ((200_000, 2), (200_000, 50), (300_000, 10**9), (40_000, 1)):
        numbers = random.integers(0, different, size)
        for count in (1, 29, 1_000):
            assert finding._smallest(numbers, count) == np.sort(numbers)[count - 1]


def test_every_statement_by_itself_when_that_is_asked(world: World) -> None:
    register = {"identifiers": [{"scheme": "CA-CRA_ACR", "value": "123456789RR0001"}]}
    for name in "AB":
        world.lists(world.network(name), organization("House", **register))
    assert search(world.store, parse_query(), PUBLIC, NOW).total == 1
    apart = msgspec.structs.replace(parse_query(), apart=True)
    assert search(world.store, apart, PUBLIC, NOW).total == 2
