"""Joins are an equivalence that respects what people say, whatever the order in which things became known."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory import joining
from fednet.directory.joining import Joins, Scope, joins, speakers, worked_out
from fednet.directory.matching import bring_up_to_date
from fednet.directory.search import OPERATOR, PUBLIC, readable
from fednet.listing.likeness import Level, Reason, speaks_for, strength
from fednet.store.search import Source
from tests.directory.test_matching import contact, house, opinion
from tests.directory.world import LONG_AGO, NOW, World, organization

FEEDS = {1: "own", 2: "second", 3: "third", 4: "fourth"}
RECORDS = range(1, 11)


def source(feed_id: int, *, frozen: str | None = None, circle: str = "public") -> Source:
    name = FEEDS[feed_id]
    return Source(feed_id, circle, name, name, name == "own", 1, None, None, frozen)


SOURCES = {feed_id: source(feed_id) for feed_id in FEEDS}
FEED_OF = {record: 1 + record % 4 for record in RECORDS}
STRONG = [
    int(Reason.LISTED | Reason.REGISTER),
    int(Reason.LISTED | Reason.SITE | Reason.COUNTRY),
    int(Reason.LISTED | Reason.SITE | Reason.NAME),
    int(Reason.LISTED | Reason.NAME),
    int(Reason.LISTED | Reason.SITE | Reason.OTHER_COUNTRY),
    int(Reason.LISTED),
]


@st.composite
def known(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """Rows as the store holds them: evidence between records, and opinions of networks."""
    rows: dict[tuple[int, ...], int] = {}
    for one, other in draw(st.lists(st.sampled_from([*combinations(RECORDS, 2)]), max_size=16, unique=True)):
        rows[(one, other, FEED_OF[one], FEED_OF[other])] = draw(st.sampled_from(STRONG))
        for feed in draw(st.lists(st.sampled_from([*FEEDS]), max_size=2)):
            said = draw(st.sampled_from([Reason.SAID_SAME, Reason.SAID_DIFFERENT]))
            rows[(one, other, feed, feed)] = rows.get((one, other, feed, feed), 0) | said
    ties = random.Random(draw(st.integers(0, 99)))
    tie = {pair: ties.randrange(50) for pair in sorted({row[:2] for row in rows})}
    return [(*row, reasons, 1, tie[row[:2]]) for row, reasons in sorted(rows.items())]


def own_and_followed(feeds: Iterable[int] = FEEDS) -> dict[int, bool]:
    return {feed: FEEDS[feed] == "own" for feed in feeds}


def partition(rows: list[tuple[int, ...]], speakers: dict[int, bool] | None = None) -> dict[int, tuple[int, ...]]:
    return worked_out(rows, SOURCES, own_and_followed() if speakers is None else speakers)[0]


@given(known())
def test_joins_are_an_equivalence(rows: list[tuple[int, ...]]) -> None:
    cards = partition(rows)
    for member, card in cards.items():
        assert member in card and list(card) == sorted(set(card)) and len(card) > 1
        assert all(cards[other] == card for other in card)
    found = Joins(cards, {})
    members, first = found.joined()
    assert members.tolist() == sorted(cards)
    assert first.tolist() == [found.members(record)[0] for record in sorted(cards)]


@given(known(), st.permutations(RECORDS))
def test_the_order_of_ids_does_not_matter(rows: list[tuple[int, ...]], order: list[int]) -> None:
    """Ids differ from node to node: with ties that differ, the same cards come out under any numbering."""
    rows = [(*row[:6], hash(row[:2]) % 10**9) for row in rows]
    renamed = dict(zip(RECORDS, order, strict=True))
    turned = []
    for one, other, one_feed, other_feed, *rest in rows:
        low, high = sorted(((renamed[one], one_feed), (renamed[other], other_feed)))
        turned.append((low[0], high[0], low[1], high[1], *rest))
    again = partition(sorted(turned))
    assert {frozenset(renamed[one] for one in card) for card in partition(rows).values()} == {
        frozenset(card) for card in again.values()
    }


_SAID = Reason.SAID_SAME | Reason.SAID_DIFFERENT
_LISTED_OR_SAID = Reason.LISTED | _SAID


def said(rows: list[tuple[int, ...]], own: bool) -> tuple[set[tuple[int, ...]], set[tuple[int, ...]]]:
    """Pairs that the own network, or others, say to be different, and to be the same."""
    told = [row for row in rows if (FEEDS[row[2]] == "own") == own]
    different = {row[:2] for row in told if row[4] & Reason.SAID_DIFFERENT}
    return different, {row[:2] for row in told if row[4] & Reason.SAID_SAME} - different


def words_alone(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """What is said, in the order that the evidence gives, though none of that joins."""
    weight: dict[tuple[int, ...], int] = {}
    for row in rows:
        weight[row[:2]] = weight.get(row[:2], 0) | (row[4] & ~_SAID)
    return [(*row[:4], row[4] & _LISTED_OR_SAID, 1, row[6] - 100 * strength(weight[row[:2]])) for row in rows]


@given(known())
def test_no_card_holds_two_that_are_said_different(rows: list[tuple[int, ...]]) -> None:
    listed = {row[:2] for row in rows if row[4] & Reason.LISTED}
    cards = partition(rows)
    own_different, own_same = said(rows, True)
    for one, other in own_different & listed:
        assert other not in cards.get(one, ())
    by_own_word = partition(words_alone(rows), {1: True})
    for one, other in (said(rows, False)[0] - own_same) & listed:
        assert other not in cards.get(one, ()) or other in by_own_word.get(one, ())


@given(known())
def test_evidence_alone_never_puts_two_of_one_network_on_a_card(rows: list[tuple[int, ...]]) -> None:
    quiet = [row for row in rows if row[4] & Reason.LISTED]
    quiet = [(*row[:4], row[4] & ~(Reason.SAID_SAME | Reason.SAID_DIFFERENT), *row[5:]) for row in quiet]
    for card in partition(quiet).values():
        assert len({FEED_OF[record] for record in card}) == len(card)


@given(known())
def test_nobody_brings_two_together_between_whom_nothing_is_known(rows: list[tuple[int, ...]]) -> None:
    """On a card there is between each two a way of people's words, and on it at most one step of evidence."""
    with_words = partition(words_alone(rows))
    speaking_for = {row[:2] for row in rows if speaks_for(row[4] & ~_SAID)}
    for card in partition(rows).values():
        for one, other in combinations(card, 2):
            here, there = (set(with_words.get(record, (record,))) & set(card) for record in (one, other))
            assert here == there or any(tuple(sorted(pair)) in speaking_for for pair in product(here, there))


@given(known(), st.sampled_from([2, 3, 4]))
def test_the_word_of_another_network_joins_no_two_of_a_third(rows: list[tuple[int, ...]], speaker: int) -> None:
    words = [(*row[:4], row[4] if row[2] == speaker else row[4] & ~_SAID, *row[5:]) for row in rows]
    for card in partition(words, own_and_followed([speaker])).values():
        feeds = [FEED_OF[record] for record in card]
        assert all(feeds.count(feed) == 1 for feed in feeds if feed != speaker)


def test_of_a_flood_of_opinions_a_part_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MAX_SAID", 3)

    def said_by(feed: int) -> set[tuple[int, ...]]:
        listed = [(2 * at, 2 * at + 1, 1, 3, int(Reason.LISTED), 1, at) for at in range(1, 6)]
        return set(
            partition(
                sorted([*listed, *((*row[:2], feed, feed, int(Reason.SAID_SAME), *row[5:]) for row in listed)])
            ).values()
        )

    assert said_by(2) == {(2, 3), (4, 5), (6, 7)}
    assert len(said_by(1)) == 5


@given(known())
def test_whose_opinions_do_not_count_might_have_said_nothing(rows: list[tuple[int, ...]]) -> None:
    silent = [row for row in rows if row[2] == 1 or row[4] & Reason.LISTED]
    strip = ~int(Reason.SAID_SAME | Reason.SAID_DIFFERENT)
    silent = [(*row[:4], row[4] if row[2] == row[3] == 1 else row[4] & strip, *row[5:]) for row in silent]
    assert partition(rows, {1: True}) == partition(silent)


# --- whose opinions


@pytest.mark.parametrize(
    ("scope", "counts"), [("own", {1}), ("followed", {1, 2}), ("all", {1, 2, 3})]
)  # the third is frozen
def test_a_reader_chooses_whose_opinions_count(scope: Scope, counts: set[int]) -> None:
    sources = {1: source(1), 2: source(2), 3: source(3, frozen="split view")}
    assert set(speakers(sources, scope, None)) == counts


def on_card(world: World, scope: Scope = "followed", reader: Any = PUBLIC) -> list[tuple[int, ...]]:
    bring_up_to_date(world.store)
    with world.store.reading() as db:
        found = joins(db, readable(db, reader, LONG_AGO), scope, NOW)
        ids = [row[0] for row in db.execute("SELECT id FROM record")]
    return sorted({found.members(record) for record in ids if len(found.members(record)) > 1})


def test_different_beats_evidence_and_withdrawing_it_joins_again(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    [first] = world.lists(own, house(website="https://silver.example"))
    [second] = world.lists(other, house(website="https://silver.example"))
    joined = on_card(world)
    [verdict] = world.lists(own, opinion("different", (own, first), (other, second)))
    assert len(joined) == 1 and on_card(world) == []
    world.drops(own, verdict)
    assert on_card(world) == joined


def test_the_own_networks_word_decides_over_others(world: World) -> None:
    own, other, third = (world.network(name, own=name == "Own") for name in ("Own", "Other", "Third"))
    [first] = world.lists(other, house("Silver House"))
    [second] = world.lists(third, house("Golden Gate"))
    world.lists(other, opinion("same", (other, first), (third, second)))
    assert len(on_card(world)) == 1 and on_card(world, "own") == []
    world.lists(third, opinion("different", (other, first), (third, second)))
    assert on_card(world) == []
    world.lists(own, opinion("same", (other, first), (third, second)))
    assert len(on_card(world)) == len(on_card(world, "own")) == 1


def test_an_opinion_in_a_circle_counts_for_those_who_read_it(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    [first] = world.lists(own, house("Silver House"))
    [second] = world.lists(other, house("Golden Gate"))
    world.lists(own, opinion("same", (own, first), (other, second)), circle="partners")
    assert on_card(world) == []
    assert len(on_card(world, reader=OPERATOR)) == 1


def test_an_opinion_holds_for_a_record_that_comes_later_and_is_put_again(world: World) -> None:
    own = world.network("Own", own=True)
    [first, second] = world.lists(own, house("Silver House"), house("Gone"))
    world.drops(own, second)
    world.lists(own, opinion("same", (own, first), (own, second)))
    assert on_card(world) == []
    world.puts(own, second, house("Golden Gate"))
    assert len(on_card(world)) == 1
    world.puts(own, second, house("Golden Gate", acronym="GG"))
    assert len(on_card(world)) == 1


def test_opinions_of_an_expired_network_do_not_count_unless_all_do(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    [first] = world.lists(own, house("Silver House"))
    [second] = world.lists(other, house("Golden Gate"))
    world.lists(other, opinion("same", (own, first), (other, second)), issued=NOW - timedelta(days=60))
    assert on_card(world) == []
    assert len(on_card(world, "all")) == 1


def test_why_says_what_was_in_common_and_who_said_so(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    [first] = world.lists(own, house(website="https://silver.example"))
    [second] = world.lists(other, house(website="https://silver.example"))
    world.lists(own, contact(first, phones=["+66551234567"]), circle="partners")
    world.lists(other, contact(second, phones=["+66551234567"]))
    world.lists(own, opinion("same", (own, first), (other, second)))
    bring_up_to_date(world.store)
    with world.store.reading() as db:
        open_, closed = (joins(db, readable(db, reader, LONG_AGO)).why(1, 2) for reader in (PUBLIC, OPERATOR))
    assert open_.level is Level.JOINED and open_.reasons & Reason.SITE and not open_.reasons & Reason.PHONE
    assert closed.reasons & Reason.PHONE
    assert open_.same == (own.network,) and open_.different == ()


# --- those who would spoil it


def numbered(name: str, number: str, **fields: Any) -> dict[str, Any]:
    return organization(name, identifiers=[{"scheme": "TH-MOI", "value": number}], **fields)


def test_a_record_with_the_signs_of_two_does_not_put_them_on_one_card(world: World) -> None:
    one, other, evil = (world.network(name) for name in ("One", "Other", "Evil"))
    world.lists(one, numbered("Paper Boat", "111", website="https://paper.example", countries=["TH"]))
    world.lists(other, numbered("Red Kite", "222", countries=["TH"]))
    both = [{"scheme": "TH-MOI", "value": value} for value in ("111", "222")]
    world.lists(evil, organization("Pay here", identifiers=both))
    assert [len(card) for card in on_card(world)] == [2]
    third = world.network("Third")
    world.lists(third, numbered("Pay here", "222", website="https://paper.example", countries=["TH"]))
    assert not any({1, 2} <= set(card) for card in on_card(world))


def test_records_that_share_one_sign_each_do_not_part_two_that_agree(world: World) -> None:
    """Whatever sign it is, a bare one counts less than a website and a name."""
    one, other, evil = (world.network(name) for name in ("One", "Other", "Evil"))
    world.lists(one, numbered("Paper Boat", "111", website="https://paper.example"))
    number = {"scheme": "XX-B", "value": "2"}
    world.lists(other, organization("Paper Boat", website="https://paper.example", identifiers=[number]))
    before = on_card(world)
    world.lists(evil, numbered("X", "111"), organization("Y", identifiers=[number]))
    world.lists(evil, organization("Z", website="https://paper.example"))
    assert on_card(world) == before == [(1, 2)]


def test_what_people_said_to_be_one_is_joined_with_a_third_as_one(world: World) -> None:
    own, other, third = (world.network(name, own=name == "Own") for name in ("Own", "Other", "Third"))
    [first] = world.lists(own, house("Silver House"))
    [second] = world.lists(other, house("Golden Gate", website="https://golden.example"))
    world.lists(third, house("Gate", website="https://golden.example"))
    assert on_card(world) == [(2, 3)]
    world.lists(own, opinion("same", (own, first), (other, second)))
    assert on_card(world) == [(1, 2, 3)]


def test_the_word_of_others_does_not_make_one_of_what_a_network_lists_twice(world: World) -> None:
    own, other, evil = (world.network(name, own=name == "Own") for name in ("Own", "Other", "Evil"))
    mine = world.lists(own, *(house(f"Ours {letter}") for letter in "ABC"))
    theirs = world.lists(other, *(house(f"Theirs {letter}") for letter in "ABC"))
    for listed, network in ((mine, own), (theirs, other)):
        world.lists(evil, *(opinion("same", (network, one), (network, two)) for one, two in pairwise(listed)))
    assert on_card(world) == on_card(world, "all") == []
    world.lists(other, opinion("same", (other, theirs[0]), (other, theirs[1])))
    assert len(on_card(world)) == 1
