"""Needs, offers and funding of all networks: what is listed, what fits, and who is told."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.directory import exchange, fitting, why
from fednet.directory.exchange import Asked, entries, entry, everything, matches, parse_asked
from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.errors import NotFoundError, UsageError
from fednet.listing import Exchange
from fednet.listing.fit import REASONS, Reason, fit
from fednet.listing.vocabulary import CLIENT_GROUPS, SERVICES
from fednet.store import columns, exchanges, feeds, index
from tests.directory.world import NOW, World
from tests.listing.entries import EXCHANGES, FIELDS, parsed

MEMBER = Reader(frozenset({"members"}), is_ours=True)
READERS = (OPERATOR, PUBLIC, MEMBER)


def body(type: str = "need", title: str = "A thing", **fields: Any) -> dict[str, Any]:
    return {"kind": "exchange", "type": type, "titles": {"en": title}, **fields}


LEGAL: dict[str, Any] = {"themes": ["legal-aid"], "modality": "training"}
HOUSING: dict[str, Any] = {"themes": ["housing"], "modality": "secondment"}


def listed(world: World, reader: Reader = OPERATOR, **asked: Any) -> list[str]:
    return [one.hit.title for one in entries(world.store, Asked(**asked), reader, NOW).entries]


# --- the law ----------------------------------------------------------------------------------------------------------

Feeds = dict[str, list[tuple[str, dict[str, Any]]]]
"""By feed its entries, with their handles."""


@contextmanager
def made(placed: list[tuple[int, dict[str, Any]]], *, lasts: bool) -> Iterator[tuple[World, Feeds]]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        if lasts:
            columns.keep(world.store)
        own, other = world.network("Own", own=True), world.network("Other")
        found: Feeds = {}
        for at, (network, circle) in enumerate(
            ((own, "public"), (own, "members"), (other, "public"), (other, "board"))
        ):
            bodies = [fields for place, fields in placed if place == at]
            handles = world.lists(network, *bodies, circle=circle) if bodies else []
            found[f"{network.name} {circle}"] = list(zip(handles, bodies, strict=True))
        yield world, found
        world.store.close()


def seen(feed: str, reader: Reader) -> bool:
    return reader == OPERATOR or feed.endswith("public") or (reader == MEMBER and feed == "Own members")


def sought(record: Exchange) -> bool:
    return record.open_until is None or record.open_until >= f"{NOW:%Y-%m-%d}"


@given(st.lists(EXCHANGES, min_size=2, max_size=12))
@settings(max_examples=60, deadline=None)
def test_many_pairs_at_once_are_scored_as_each_by_itself(records: list[Exchange]) -> None:
    rows = [exchanges.Row(at, 1, str(at), *exchanges.compared(one, 0)) for at, one in enumerate(records)]
    table = fitting.Table(rows)
    for at, one in enumerate(records):
        pairs = [(one, other) if one.type == "need" else (other, one) for other in records]
        expected = {other: found.score for other, pair in enumerate(pairs) if (found := fit(*pair))}
        rows_of, scores = fitting.scored(table, at)
        assert dict(zip(rows_of.tolist(), scores.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 3), FIELDS), max_size=9), st.booleans())
@settings(max_examples=12, deadline=None)
def test_every_reader_sees_the_pairs_that_fit_one_by_one_and_no_others(
    placed: list[tuple[int, dict[str, Any]]], lasts: bool
) -> None:
    with made(placed, lasts=lasts) as (world, found):
        for reader in READERS:
            own = [(handle, parsed(b)) for feed, rows in found.items() if seen(feed, reader) for handle, b in rows]
            shown = everything(world.store, reader, NOW)
            assert {one.hit.handle for one in shown} == {handle for handle, _ in own}
            for handle, record in own:
                expected = {}
                for other, theirs in own:
                    need, offer = (record, theirs) if record.type == "need" else (theirs, record)
                    pair = fit(need, offer) if sought(record) and sought(theirs) else None
                    if pair is not None and other != handle:
                        expected[other] = pair
                got = matches(world.store, handle, reader, NOW, limit=99)
                other_side = {(m.offer if m.need.hit.handle == handle else m.need).hit.handle: m for m in got}
                assert {name: (m.score, m.reasons) for name, m in other_side.items()} == {
                    name: (pair.score, pair.reasons) for name, pair in expected.items()
                }
                assert [m.score for m in got] == sorted((m.score for m in got), reverse=True)
                (mine,) = [one for one in shown if one.hit.handle == handle]
                assert (mine.best, mine.matches) == (
                    max((p.score for p in expected.values()), default=0),
                    len(expected),
                )
                alone = entry(world.store, handle, reader, NOW)
                assert (alone.best, alone.matches) == (mine.best, mine.matches)


@given(st.lists(st.tuples(st.integers(0, 3), FIELDS), min_size=2, max_size=8), st.data())
@settings(max_examples=8, deadline=None)
def test_what_is_kept_follows_what_comes_and_goes(
    placed: list[tuple[int, dict[str, Any]]], data: st.DataObject
) -> None:
    most = data.draw(st.sampled_from([1, 2, fitting.MOST_OF_A_FEED]))
    with made(placed, lasts=True) as (world, found), mock.patch.object(fitting, "MOST_OF_A_FEED", most):
        everything(world.store, OPERATOR, NOW)
        own = found["Own public"]
        network = next(n for n in networks(world) if n.own)
        if own and data.draw(_EITHER):
            world.drops(network, own[0][0])
        world.lists(network, *data.draw(_SOME))
        kept = [(one.hit.handle, one.best, one.matches) for one in everything(world.store, OPERATOR, NOW)]
        columns._KEPT.pop(world.store)
        assert [(one.hit.handle, one.best, one.matches) for one in everything(world.store, OPERATOR, NOW)] == kept


def test_a_flood_of_one_network_is_shown_and_takes_no_time_of_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "MOST_OF_A_FEED", 2)
    (need,) = world.lists(world.network("Own", own=True), body(themes=["housing"]))
    offers = [body("offer", f"Rooms {number}", themes=["housing"]) for number in range(5)]
    flood = world.lists(world.network("Flood"), *offers)
    (other,) = world.lists(world.network("Other"), body("offer", "A room", themes=["housing"]))
    assert len(everything(world.store, OPERATOR, NOW)) == 7
    found = {one.offer.hit.handle for one in matches(world.store, need, OPERATOR, NOW)}
    assert other in found and len(found & set(flood)) == 2


_EITHER: st.SearchStrategy[Any] = st.booleans()
_SOME: st.SearchStrategy[Any] = st.lists(FIELDS, max_size=2)


def networks(world: World) -> list[feeds.Network]:
    with world.store.reading() as db:
        return feeds.networks(db)


# --- stories ----------------------------------------------------------------------------------------------------------


def test_needs_that_nothing_fits_come_first_then_other_needs_then_offers_then_what_is_over(world: World) -> None:
    own = world.network("Own", own=True)
    world.lists(
        own,
        body("offer", "Course", **LEGAL),
        body(title="Met", **LEGAL),
        body(title="Unmet", **HOUSING, posted="2026-01-01"),
        body(title="Unmet and newer", themes=["mine-action"], posted="2026-02-01"),
        body(title="Over", **HOUSING, open_until="2026-11-20"),
        body(title="Agreed", **LEGAL, state="matched"),
        body(title="Closed", **LEGAL, state="closed"),
    )
    order = ["Unmet and newer", "Unmet", "Met", "Course", "Agreed", "Closed", "Over"]
    assert listed(world, state="all") == order
    assert listed(world) == order[:4]
    assert listed(world, unmet=True) == order[:2]
    states = {one.hit.title: one.state for one in everything(world.store, OPERATOR, NOW)}
    assert states == dict(zip(order, ["open"] * 4 + ["matched", "closed", "over"], strict=True))


def test_an_entry_is_over_the_day_after_its_last_without_being_edited(world: World) -> None:
    handle = world.lists(world.network("Own", own=True), body(**LEGAL, open_until="2026-11-21"))[0]
    assert (entry(world.store, handle, OPERATOR, NOW).days_left, entry(world.store, handle, OPERATOR, NOW).state) == (
        0,
        "open",
    )
    later = entry(world.store, handle, OPERATOR, NOW + timedelta(days=1))
    assert (later.days_left, later.state) == (None, "over")


def test_pages_follow_one_another_and_hold_each_entry_once(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    for network in (own, other):
        world.lists(
            network, *(body(title=f"Need {n % 3}", **HOUSING, posted=f"2026-03-0{n % 2 + 1}") for n in range(5))
        )
    whole = [one.hit.handle for one in entries(world.store, Asked(), OPERATOR, NOW).entries]
    paged: list[str] = []
    cursor = None
    for _ in range(4):
        page = entries(world.store, Asked(limit=3, cursor=cursor), OPERATOR, NOW)
        paged += [one.hit.handle for one in page.entries]
        cursor = page.next
        assert page.total == 10
    assert (paged, cursor) == (whole, None)


@pytest.mark.parametrize("asked", [Asked(limit=0), Asked(limit=1_001), Asked(cursor="x"), Asked(cursor="W10=")])
def test_limits_and_cursors_that_cannot_be_are_refused(world: World, asked: Asked) -> None:
    with pytest.raises(UsageError):
        entries(world.store, asked, OPERATOR, NOW)


FILTERS = {
    "type": ("Besoin", ["Legal need"]),
    "theme": ("aide juridique", ["Legal need", "Legal offer"]),
    "service": ("housing", ["Fund"]),
    "client_group": ("children", ["Legal need"]),
    "region": ("Asia", ["Legal need"]),
    "country": ("TH", ["Legal need"]),
    "language": ("ar", ["Legal offer"]),
    "modality": ("training", ["Legal need", "Legal offer"]),
    "stage": ("emerging", ["Legal need"]),
    "network": ("Own", ["Legal need", "Fund", "Legal offer"]),
    "text": ("fund", ["Fund"]),
    "state": ("introduced", ["Fund"]),
    "unmet": ("yes", []),
}


@pytest.mark.parametrize("parameter", FILTERS)
def test_each_filter_leaves_what_fits_it(world: World, parameter: str) -> None:
    world.lists(
        world.network("Own", own=True),
        body(title="Legal need", **LEGAL, client_groups=["children"], countries=["TH"], stage="emerging"),
        body("offer", "Legal offer", **LEGAL, languages=["ar"]),
        body("funding", "Fund", themes=["housing"], state="introduced"),
    )
    value, expected = FILTERS[parameter]
    found = entries(world.store, parse_asked(**{parameter: value}), OPERATOR, NOW)
    assert [one.hit.title for one in found.entries] == expected
    assert set(exchange.PARAMETERS) == FILTERS.keys() | {"limit", "cursor"}


def test_facets_count_all_that_fits_and_the_reader_may_see(world: World) -> None:
    own = world.network("Own", own=True)
    world.lists(own, body(**LEGAL, countries=["TH", "MM"], languages=["th"], stage="new"), body("offer", **LEGAL))
    world.lists(own, body(themes=["detention"], client_groups=["children"]), circle="members")
    facets = entries(world.store, Asked(limit=1), PUBLIC, NOW).facets
    assert facets == {
        "type": {"need": 1, "offer": 1},
        "service": {"legal-aid": 2},
        "client_group": {},
        "region": {"035": 1},
        "country": {"MM": 1, "TH": 1},
        "language": {"th": 1},
        "modality": {"training": 2},
        "stage": {"new": 1},
        "network": {own.network: 2},
        "state": {"open": 2},
    }
    assert entries(world.store, Asked(), MEMBER, NOW).facets["client_group"] == {"children": 1}


def test_nothing_tells_of_an_entry_that_the_reader_may_not_see(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    (need,) = world.lists(own, body(**LEGAL))
    before = entry(world.store, need, PUBLIC, NOW), entries(world.store, Asked(), PUBLIC, NOW)
    (secret,) = world.lists(other, body("offer", "Secret", **LEGAL), circle="board")
    assert (entry(world.store, need, PUBLIC, NOW), entries(world.store, Asked(), PUBLIC, NOW)) == before
    assert listed(world, PUBLIC, unmet=True) == ["A thing"]
    assert listed(world, OPERATOR, unmet=True) == []
    for ask in (entry, matches):
        with pytest.raises(NotFoundError, match="is listed here"):
            ask(world.store, secret, PUBLIC, NOW)


def test_an_organisation_is_named_when_it_is_listed_and_may_be_seen(world: World) -> None:
    own = world.network("Own", own=True)
    (handle,) = world.lists(own, {"kind": "organization", "names": {"en": "Delta"}, "original": "en"}, circle="members")
    (one, two, three) = world.lists(
        own, body(organization=handle), body(organization="Free Name"), body(organization="")
    )
    assert entry(world.store, one, OPERATOR, NOW).organization == exchange.Named("Delta", handle)
    assert entry(world.store, one, PUBLIC, NOW).organization is None
    assert entry(world.store, two, PUBLIC, NOW).organization == exchange.Named("Free Name")
    assert entry(world.store, three, PUBLIC, NOW).organization is None


def test_a_dismissed_pair_is_no_match_and_its_need_is_unmet(world: World) -> None:
    need, offer = world.lists(world.network("Own", own=True), body(**LEGAL), body("offer", **LEGAL))
    with world.store.writing() as db:
        exchanges.dismiss(db, need, offer, NOW)
    assert matches(world.store, need, OPERATOR, NOW) == ()
    assert entry(world.store, need, OPERATOR, NOW).is_unmet
    assert listed(world, unmet=True) == ["A thing"]
    assert len(matches(world.store, need, PUBLIC, NOW)) == 1  # nobody else learns whose offer is not wanted here
    assert entry(world.store, need, PUBLIC, NOW).matches == 1
    (gone,) = matches(world.store, offer, OPERATOR, NOW, dismissed=True)
    assert (gone.need.hit.handle, gone.offer.hit.handle, gone.dismissed) == (need, offer, True)
    with world.store.writing() as db:
        assert exchanges.put_back(db, need, offer)
    assert [match.score for match in matches(world.store, need, OPERATOR, NOW)] == [gone.score]


def test_no_network_takes_all_places_among_the_best(world: World) -> None:
    (need,) = world.lists(world.network("Own", own=True), body(**LEGAL))
    world.lists(world.network("Loud"), *(body("offer", f"Lawyers {number}", **LEGAL) for number in range(9)))
    world.lists(world.network("Quiet"), body("offer", "Somebody", themes=["legal-aid"]))
    found = matches(world.store, need, OPERATOR, NOW, limit=5)
    assert [match.offer.hit.network_name for match in found] == ["Loud"] * 4 + ["Quiet"]
    assert len(matches(world.store, need, OPERATOR, NOW, limit=9)) == 9


def test_who_says_everything_says_nothing() -> None:
    every = body("offer", "All", themes=list(SERVICES.codes), client_groups=list(CLIENT_GROUPS.codes))
    found = fit(parsed(body(**LEGAL)), parsed(every))
    assert found is None or not {reason.code for reason in found.reasons} & {"themes", "groups"}


def test_rebuilding_the_index_changes_nothing(world: World) -> None:
    world.lists(world.network("Own", own=True), body(**LEGAL), body("offer", **LEGAL), body("offer", **HOUSING))
    before = everything(world.store, OPERATOR, NOW)
    with world.store.writing() as db:
        index.rebuild(db)
    assert everything(world.store, OPERATOR, NOW) == before


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_told_in_words(code: str) -> None:
    terms = ("legal-aid", "children") if code.partition("-")[0] in ("themes", "groups", "related") else ("TH", "MM")
    said = why.told(Reason(code, terms, 1))
    assert said[0].islower() or said[0] in "LMT"
    assert "{" not in said


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(UsageError, match="there is no parameter"):
        parse_asked(near="Mae Sot")
    with pytest.raises(UsageError, match="is not known"):
        parse_asked(state="shut")
    assert parse_asked(theme="children,legal-aid") == Asked(services=("legal-aid",), client_groups=("children",))
