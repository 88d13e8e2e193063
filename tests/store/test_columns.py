from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet import listing
from fednet.feed.record import Drop, key_of
from fednet.store import columns, feeds, index, records
from fednet.store.arrays import Columns, Points
from fednet.store.columns import Kept
from fednet.store.database import Store
from tests.directory.world import World, organization

COUNTRIES = "AF BD CA CH DE EG FR GB IN JP KE LB MM MY NP PK SY TH TR US".split()
SERVICES = ("legal-aid", "health", "housing")


def rows_of(store: Store) -> dict[int, tuple[Any, ...]]:
    """The slow model: what the table says, record by record."""
    with store.reading() as db:
        found = db.execute(
            "SELECT record_id, feed_id, kind, countries, services, languages, seat, type, confirmed, latitude_e6, "
            "longitude_e6, refugee_led, name_words, title, title_more FROM facet"
        ).fetchall()
    return {row[0]: row[1:] for row in found}


def told_by(version: Columns) -> dict[int, tuple[Any, ...]]:
    """The same as the arrays tell it."""
    rows = np.flatnonzero(version.live)
    points = {row: at for at, row in enumerate(version.points.rows.tolist())}
    found = {}
    for row in rows.tolist():
        only = np.array([row])
        spoken = version.languages.taken_apart(only)[1]
        services = version.services.taken_apart(only)[1]
        countries = version.countries.taken_apart(only)[1]
        at = points.get(row)
        found[int(version.ids_of(only)[0])] = (
            int(version.feed[row]),
            int(version.kind.labels[version.kind.taken_apart(only)[1][0]]),
            sorted(version.countries.labels[code] for code in countries),
            sum(1 << int(bit) for bit in services),
            sorted(version.languages.labels[code] for code in spoken),
            "".join(version.seat.labels[code] for code in version.seat.taken_apart(only)[1]),
            "".join(version.type.labels[code] for code in version.type.taken_apart(only)[1]),
            int(version.confirmed[row]) or None,
            None if at is None else int(version.points.latitude[at]),
            None if at is None else int(version.points.longitude[at]),
            int(version.refugee_led[row]),
            int(version.name_words[row]),
            int(version.title[row]),
            int(version.title_more[row]),
        )
    return found


def plain(rows: dict[int, tuple[Any, ...]]) -> dict[int, tuple[Any, ...]]:
    return {
        record_id: (*row[:2], sorted(row[2][at : at + 2] for at in range(0, len(row[2]), 2)), row[3],
                    sorted(row[4].split()), *row[5:])
        for record_id, row in rows.items()
    }  # fmt: skip


def agrees(version: Columns, store: Store) -> bool:
    return told_by(version) == plain(rows_of(store))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


organizations = st.builds(
    lambda name, countries, services, spoken, seat, more: organization(
        name, countries=countries, services=services, languages=spoken, seat={"country": seat}, **more
    ),
    st.text("abcdefgh ความ難民", min_size=1, max_size=30),
    st.lists(st.sampled_from([*COUNTRIES, "142", "002"]), max_size=7, unique=True),
    st.lists(st.sampled_from(SERVICES), max_size=3, unique=True),
    st.lists(st.sampled_from(["en", "fr", "my", "th-TH"]), max_size=3, unique=True),
    st.sampled_from(COUNTRIES),
    st.fixed_dictionaries(
        {},
        optional={
            "refugee_led": st.booleans(),
            "type": st.sampled_from(["ngo", "of-a-newer-kind"]),
            "confirmed": st.sampled_from([{"at": "2026-01-05"}, {"at": "2031-11-30T10:00:00Z"}, {"at": "2026-02-30"}]),
        },
    ),
)


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["put", "put", "drop", "look", "rebuild"]), st.lists(organizations, max_size=3)),
        max_size=10,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_follows_the_index_is_what_is_read_anew(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, list[dict[str, Any]]]]
) -> None:
    world = World(tmp_path_factory.mktemp("columns"))
    network = world.network("A")
    kept = Kept()
    listed: list[str] = []
    for act, bodies in acts:
        if act == "put" and bodies:
            listed += world.lists(network, *bodies)
        elif act == "drop" and listed:
            world.drops(network, listed.pop(len(bodies) % len(listed)))
        elif act == "rebuild":
            with world.store.writing() as db:
                index.rebuild(db)
        with world.store.reading() as db:
            version = kept.at(db)
            assert agrees(version, world.store)
            assert told_by(columns.every(db)) == told_by(version)
            assert told_by(columns.some(db, list(rows_of(world.store)))) == told_by(version)
    world.store.close()


def test_a_version_is_that_of_the_snapshot_that_is_read(world: World) -> None:
    network = world.network("A")
    [first] = world.lists(network, organization("First"))
    kept = Kept()
    before = world.store
    with before.reading() as old:
        version = kept.at(old)
        other = Store(world.store.path)
        with other.writing() as db:
            feed = feeds.open_feed(db, network, "public")
            records.apply(db, feed.id, [Drop(key_of(first))], 2)
        with other.reading() as new:
            assert not kept.at(new).live.any()
        assert kept.at(old) is version
        assert version.live.all()
        other.close()


def test_versions_share_what_has_not_changed(world: World) -> None:
    network = world.network("A")
    world.lists(network, *(organization(f"House {number}") for number in range(100)))
    kept = Kept()
    with world.store.reading() as db:
        first = kept.at(db)
    world.lists(network, organization("One more"))
    with world.store.reading() as db:
        second = kept.at(db)
    assert len(first.live) == 100
    assert len(second.live) == 101
    assert np.shares_memory(first.title, second.title)


def test_who_fell_behind_too_far_reads_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "NOTES", 2)
    network = world.network("A")
    kept = Kept()
    for number in range(6):
        world.lists(network, organization(f"House {number}"))
        if number in (0, 5):
            with world.store.reading() as db:
                assert agrees(kept.at(db), world.store)
                assert db.execute("SELECT count(*) FROM reindexed").fetchone()[0] <= 2


def test_another_database_in_the_same_place_is_noticed(tmp_path: Path) -> None:
    """A restored database may be as many changes old, with other records."""
    kept = Kept()
    worlds = [World(tmp_path / name) for name in ("one", "two") if (tmp_path / name).mkdir() is None]
    for number, world in enumerate(worlds):
        world.lists(world.network("A"), organization(f"House {number}"))
        with world.store.reading() as db:
            assert agrees(kept.at(db), world.store)


def test_no_record_id_is_used_twice(world: World) -> None:
    network = world.network("A")
    [first] = world.lists(network, organization("First"))
    [before] = rows_of(world.store)
    world.drops(network, first)
    world.lists(network, organization("Second"))
    [after] = rows_of(world.store)
    assert after > before


def test_most_ids_gone_and_rows_are_found_by_their_ids(world: World) -> None:
    network = world.network("A")
    handles = world.lists(network, *(organization(f"House {number}") for number in range(50)))
    kept = Kept()
    with world.store.reading() as db:
        kept.at(db)
    for handle in handles[1:49]:
        world.drops(network, handle)
    with world.store.reading() as db:
        found = kept.at(db)
    assert found.ids is not None
    assert agrees(found, world.store)


def test_an_empty_database_has_columns(world: World) -> None:
    with world.store.reading() as db:
        found = Kept().at(db)
    assert not len(found.live)
    assert not len(found.rows(np.array([1, 2])))


def test_distances_are_those_of_the_sphere() -> None:
    found = Points(np.array([0]), np.array([16_713_000], np.int32), np.array([98_575_000], np.int32))
    assert found.kilometres(13_756_000, 100_502_000)[0] == pytest.approx(388, abs=3)  # Mae Sot to Bangkok
    assert found.kilometres(-16_713_000, -81_425_000)[0] == pytest.approx(20_015, abs=1)  # the other side


@given(
    st.lists(st.text("ab z09 é難 '-", max_size=25), min_size=2, max_size=8).map(
        lambda names: [listing.text.key(name) for name in names]
    )
)
def test_places_in_the_alphabet_order_as_keys_do(keys: list[str]) -> None:
    places = [index.title_place(key) for key in sorted(keys)]
    assert places == sorted(places)


def test_codes_are_taken_apart_in_whatever_order_rows_are_given(world: World) -> None:
    network = world.network("A")
    served = [["TH"], ["142"], [], ["CA", "US", "MM", "TH", "JP"], ["002"], ["CH"]]
    world.lists(network, *(organization(f"House {number}", countries=codes) for number, codes in enumerate(served)))
    with world.store.reading() as db:
        found = columns.every(db).countries
    alone = [found.counts(np.array([row])).tolist() for row in range(len(served))]
    for rows in ([5, 1, 4, 0], [3, 2, 1], [4, 3, 0, 5, 1, 2]):
        whose, codes = found.taken_apart(np.array(rows))
        for at, row in enumerate(rows):
            assert np.bincount(codes[whose == at], minlength=len(found.labels)).tolist() == alone[row]
        assert found.counts(np.array(rows)).tolist() == np.sum([alone[row] for row in rows], axis=0).tolist()
        rest = [row for row in range(len(served)) if row not in rows]
        if rest:
            assert found.counts_but(np.array(rows)).tolist() == found.counts(np.array(rest)).tolist()
        wanted = found.having(np.array(rows), ["TH", "KE"])
        assert wanted.tolist() == [bool(found.having(np.array([row]), ["TH", "KE"])[0]) for row in rows]


def test_a_row_is_small(world: World) -> None:
    network = world.network("A")
    world.lists(network, *(organization(f"House {n}", seat={"country": "TH"}, countries=["MM"]) for n in range(500)))
    with world.store.reading() as db:
        assert columns.every(db).nbytes / 500 < 60
