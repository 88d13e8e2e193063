"""The lines in which answers travel: strict, cut at the right bytes, and named by what they add up to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import (
    FednetError,
    LimitError,
    MalformedError,
    MisplacedLeafError,
    RefusedError,
    StateMismatchError,
    VersionError,
)
from fednet.feed import record, tree, wire
from fednet.feed.record import Drop, Erase, Put
from fednet.feed.tree import Leaf, Node
from fednet.feed.wire import EntriesPage, PageName, Position, RecordsPage, parse_answer, parse_page, parse_position
from tests.feed import law
from tests.feed.network import Network, b64, handle, seed


def listing(records: int = 30, name: str = "Example Network") -> Network:
    network = Network(name)
    network.publish(*map(network.put, range(records)))
    network.publish(network.erase(3), network.drop(4), network.put(5, 2))
    return network


NETWORK = listing()
FEED = NETWORK.feed
FIRST = NETWORK.answer(NETWORK.start())
RAW = FIRST.encoded

# --- positions and versions


@law
@given(st.integers(0, 1000), st.integers(0, 10**9))
def test_a_position_reads_back(epoch: int, edition: int):
    position = Position(epoch, edition)
    assert parse_position(str(position)) == position


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "1.2.3", "01.1", "1.01", "-1.1", "1,1", "1.१", "1001.1", "1.1e3"]
)
def test_anything_else_is_no_position(text: str):
    with pytest.raises(MalformedError):
        parse_position(text)


def test_a_later_epoch_is_a_later_position_whatever_its_edition():
    assert wire.BEGINNING < Position(1, 1) < Position(1, 10) < Position(2, 3)


@pytest.mark.parametrize("spoken", [[], [2], ["1"], [True], [1.0], None, "1", {"1": 1}])
def test_a_peer_that_speaks_no_version_of_ours_is_refused(spoken: object):
    with pytest.raises(VersionError):
        wire.check_version(spoken)
    wire.check_version([7, 1])


# --- changes


def test_an_answer_reads_back():
    assert parse_answer(RAW) == FIRST
    later = NETWORK.answer(NETWORK.start(), skip=True)
    assert len(later.editions) == len(later.leaves) == 1 and later.inclusion
    assert parse_answer(later.encoded) == later


def test_all_three_kinds_of_change_travel():
    changes = (NETWORK.put(1), NETWORK.erase(2), NETWORK.drop(3))
    answer = wire.Answer(NETWORK.id, "public", Position(1, 1), 1, NETWORK.checkpoint(), changes=changes)
    assert answer.encoded.splitlines()[2:] == [
        f"put {handle(1)} {b64(changes[0].salt)} ".encode() + changes[0].body,
        f"erase {changes[1].key.hex()}".encode(),
        f"drop {changes[2].key.hex()}".encode(),
        b"end 3",
    ]
    assert parse_answer(answer.encoded) == answer
    assert [type(change) for change in parse_answer(answer.encoded).changes] == [Put, Erase, Drop]


def test_changes_alone_are_read_as_in_an_answer():
    raw = b"".join(map(wire.change_line, FIRST.changes))
    assert wire.parse_changes(raw, FEED) == FIRST.changes
    assert wire.parse_changes(b"", FEED) == ()
    for wrong in (raw + raw, raw[:-1], raw + b"end 1\n", raw + b"\n", raw + lines()[2] + b"\n"):
        with pytest.raises(MalformedError):
            wire.parse_changes(wrong, FEED)


def test_leaves_travel_512_a_line():
    answer = wire.Answer(
        NETWORK.id, "public", Position(1, 1), 1, NETWORK.checkpoint(), leaves=tuple(seed(str(i)) for i in range(1030))
    )
    assert [line.split()[0] for line in answer.encoded.splitlines()].count(b"leaves") == 3
    assert parse_answer(answer.encoded).leaves == answer.leaves


@pytest.mark.parametrize("body", ["{}", "a b  c ", "ไทย", "\x7f", "\u0085\u2028", "put x", '{"a": "\\n"}'])
def test_a_body_travels_byte_for_byte(body: str):
    put = record.put(FEED, handle(1), seed("salt"), body.encode())
    assert wire.parse_put(wire.put_line(put)[:-1], FEED) == put


def lines() -> list[bytes]:
    return RAW.split(b"\n")[:-1]


def joined(*parts: bytes | list[bytes]) -> bytes:
    flat = [line for part in parts for line in (part if isinstance(part, list) else [part])]
    return b"\n".join(flat) + b"\n"


HEAD, HEADPOINT, *REST = lines()
EDITIONS, CHANGES, END = REST[:2], REST[2:-1], REST[-1]
PUT = next(line for line in CHANGES if line.startswith(b"put"))
KEY = b"ab" * 32
SALT = PUT.split(b" ")[2]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        RAW[:-1],
        RAW + b"\n",
        RAW.replace(b"\n", b"\r\n"),
        joined(HEAD, HEADPOINT),
        joined(HEAD, HEADPOINT, REST[:-1]),
        joined(HEAD, HEADPOINT, REST, END),
        joined(HEAD, END),
        joined(HEADPOINT, HEAD, REST),
        joined(HEAD, HEADPOINT, CHANGES, EDITIONS, END),
        joined(HEAD, HEADPOINT, EDITIONS, CHANGES, b"end"),
        joined(HEAD, HEADPOINT, EDITIONS, CHANGES, END + b" "),
        joined(HEAD, HEADPOINT, EDITIONS, CHANGES, END.replace(b" ", b" 0")),
        joined(HEAD, HEADPOINT, EDITIONS, CHANGES, END.replace(b" ", b" +")),
        joined(HEAD, HEADPOINT, EDITIONS, CHANGES[1:], END),
        joined(HEAD, HEADPOINT, EDITIONS, CHANGES, CHANGES[0], b"end %d" % (len(CHANGES) + 1)),
        joined(HEAD, HEADPOINT, b"drop " + KEY, b"erase " + KEY, b"end 2"),
        joined(HEAD, HEADPOINT, b"drop " + KEY.upper(), b"end 1"),
        joined(HEAD, HEADPOINT, b"drop " + KEY[2:], b"end 1"),
        joined(HEAD, HEADPOINT, b"drop " + KEY + b" ", b"end 1"),
        joined(HEAD, HEADPOINT, b"drop  " + KEY, b"end 1"),
        joined(HEAD, HEADPOINT, b"delete " + KEY, b"end 1"),
        joined(HEAD, HEADPOINT, b"", b"end 0"),
        joined(HEAD, HEADPOINT, b"leaves ", b"end 0"),
        joined(HEAD, HEADPOINT, b"leaves " + b64(bytes(33)).encode(), b"end 0"),
        joined(HEAD, HEADPOINT, b"leaves " + b64(bytes(32 * 513)).encode(), b"end 0"),
        joined(HEAD, HEADPOINT, b"inclusion " + b64(bytes(31)).encode(), b"end 0"),
        joined(
            HEAD, HEADPOINT, b"leaves " + b64(bytes(32)).encode(), b"inclusion " + b64(bytes(32)).encode(), b"end 0"
        ),
        joined(HEAD, HEADPOINT, PUT.replace(SALT, SALT[:-1]), b"end 1"),
        joined(HEAD, HEADPOINT, PUT.replace(SALT, SALT[:-2] + b"B="), b"end 1"),
        joined(HEAD, HEADPOINT, PUT.replace(b" ", b"  ", 1), b"end 1"),
        joined(HEAD, HEADPOINT, PUT.replace(b"-4", b"-1", 1), b"end 1"),
        joined(HEAD, HEADPOINT, b" ".join(PUT.split(b" ")[:3]) + b" ", b"end 1"),
        joined(HEAD, HEADPOINT, b" ".join(PUT.split(b" ")[:3]), b"end 1"),
        joined(HEAD, HEADPOINT, PUT + b"\t", b"end 1"),
        joined(HEAD, HEADPOINT, PUT + b"\xff", b"end 1"),
        joined(HEAD, HEADPOINT, PUT + b"\xed\xa0\x80", b"end 1"),
        joined(HEAD, HEADPOINT.replace(b"checkpoint 1", b"checkpoint 01"), REST),
        joined(HEAD, HEADPOINT.replace(b"checkpoint 1", b"checkpoint"), REST),
        joined(HEAD, HEADPOINT + b" x", REST),
        joined(HEAD, HEADPOINT + b"=", REST),
        joined(HEAD.replace(b"changes", b"change"), HEADPOINT, REST),
        joined(HEAD.replace(b"public", b"Public"), HEADPOINT, REST),
        joined(HEAD.replace(b"0.0", b"0"), HEADPOINT, REST),
        joined(HEAD + b" x", HEADPOINT, REST),
        joined(HEAD.replace(b" ", b"\t"), HEADPOINT, REST),
    ],
)
def test_any_other_answer_is_malformed(raw: bytes):
    with pytest.raises(MalformedError):
        parse_answer(raw)


@pytest.mark.parametrize("version", [b"2", b"0", b"01", b"1.0", b"x"])
def test_another_version_is_refused_by_its_name(version: bytes):
    with pytest.raises(VersionError):
        parse_answer(RAW.replace(b"fednet/1", b"fednet/" + version, 1))


def test_an_answer_has_limits():
    long = b" ".join(PUT.split(b" ")[:3]) + b" "
    assert parse_answer(joined(HEAD, HEADPOINT, long + b"x" * record.MAX_BODY, b"end 1")).changes
    for raw in [
        joined(HEAD, HEADPOINT, long + b"x" * (record.MAX_BODY + 1), b"end 1"),
        joined(HEAD, HEADPOINT, b"x" * (wire.MAX_LINE + 1), b"end 1"),
        joined(HEAD, HEADPOINT, [EDITIONS[0]] * (wire.MAX_EDITION_LINES + 1), b"end 0"),
        bytes(wire.MAX_ANSWER + 1),
    ]:
        with pytest.raises(LimitError):
            parse_answer(raw)


def test_a_cut_at_any_byte_shows_at_once():
    for at in range(len(RAW)):
        with pytest.raises(FednetError):
            parse_answer(RAW[:at])


# --- pages

ROOT = tree.root(NETWORK.pages.get)
RECORDS = NETWORK.page()
ENTRIES = NETWORK.page(form="entries")


def test_a_page_is_read_in_both_forms_and_says_the_same():
    assert parse_page(RECORDS.encoded, "", ROOT, FEED) == RECORDS
    assert parse_page(ENTRIES.encoded, "", ROOT, FEED) == ENTRIES
    assert wire.adds_up_to(RECORDS) == wire.adds_up_to(ENTRIES) == ROOT
    assert ENTRIES.encoded.count(b"\n") == 17 and RECORDS.encoded.count(b"\n") == 30


def test_every_subtree_has_its_page():
    for digit, child in enumerate(ENTRIES.children):
        if isinstance(child, Node):
            page = NETWORK.page(f"{digit:x}")
            assert parse_page(page.encoded, f"{digit:x}", child, FEED) == page


def test_a_page_of_another_network_or_circle_is_another_state():
    for feed in [record.Commitments(listing(1, "Other").id, "public"), record.Commitments(NETWORK.id, "partners")]:
        with pytest.raises(StateMismatchError):
            parse_page(RECORDS.encoded, "", ROOT, feed)


def test_at_the_top_a_bare_hash_is_signed_and_below_it_the_tag_counts():
    network = Network()
    network.publish(network.put(1))
    [only] = network.held.values()
    bare = Node(Leaf(only.key, only.commitment).hash)
    assert parse_page(network.page().encoded, "", bare, network.feed) == network.page()
    prefix = only.key.hex()[:1]
    with pytest.raises(StateMismatchError):
        parse_page(RecordsPage(prefix, (only,)).encoded, prefix, bare, network.feed)


@pytest.mark.parametrize("name", ["root-" + "ab" * 32, "0-" + "ab" * 32, "a" * 24 + "-" + "00" * 32])
def test_a_page_name_reads_back(name: str):
    assert str(wire.parse_page_name(name)) == name


@pytest.mark.parametrize(
    "name",
    ["", "-", "root", "root-", "ab", "-" + "ab" * 32, "root-" + "AB" * 32, "root-" + "ab" * 31, "A-" + "ab" * 32,
     "a" * 25 + "-" + "ab" * 32, "roo-" + "ab" * 32, "a/../b-" + "ab" * 32, "a\n-" + "ab" * 32],
)  # fmt: skip
def test_anything_else_names_no_page(name: str):
    with pytest.raises(MalformedError):
        wire.parse_page_name(name)


def test_the_root_page_has_the_empty_prefix():
    assert wire.parse_page_name("root-" + "ab" * 32) == PageName("", bytes.fromhex("ab" * 32))


def test_a_child_below_another_digit_is_misplaced():
    child = next(child for child in ENTRIES.children if isinstance(child, Leaf))
    rest = [entry for entry in ENTRIES.children if entry != child]
    moved = EntriesPage("", (*rest, child) if ENTRIES.children[-1] != child else (child, *rest))
    with pytest.raises(MisplacedLeafError):
        parse_page(moved.encoded, "", ROOT, FEED)


def test_records_below_another_prefix_are_misplaced():
    with pytest.raises(MisplacedLeafError):
        parse_page(RECORDS.encoded, "a", ROOT, FEED)


def test_a_page_that_adds_up_to_something_else_is_refused():
    for page in (RECORDS, ENTRIES):
        for wanted in (Node(seed("other")), Leaf(KEY[:32], KEY[:32])):
            with pytest.raises(RefusedError):
                parse_page(page.encoded, "", wanted, FEED)
    for at in range(len(RECORDS.records)):
        fewer = RecordsPage("", (*RECORDS.records[:at], *RECORDS.records[at + 1 :]))
        with pytest.raises(StateMismatchError):
            parse_page(fewer.encoded, "", ROOT, FEED)


def test_a_bare_hash_in_place_of_a_leaf_passes_no_further():
    """With the leaf's hash shown as a node the page still adds up; what it names then adds up to nothing."""
    at = next(i for i, child in enumerate(ENTRIES.children) if isinstance(child, Leaf))
    leaf = ENTRIES.children[at]
    assert isinstance(leaf, Leaf)
    forged = EntriesPage("", (*ENTRIES.children[:at], Node(leaf.hash, 1), *ENTRIES.children[at + 1 :]))
    parse_page(forged.encoded, "", ROOT, FEED)
    with pytest.raises(StateMismatchError):
        parse_page(NETWORK.page(f"{at:x}").encoded, f"{at:x}", Node(leaf.hash), FEED)


def with_line(raw: bytes, at: int, line: bytes) -> bytes:
    lines = raw.split(b"\n")
    lines[at] = line
    return b"\n".join(lines)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"records",
        b"page\n",
        b"entries\n",
        ENTRIES.encoded + b"-\n",
        ENTRIES.encoded[:-1],
        with_line(ENTRIES.encoded, 1, b"empty"),
        with_line(ENTRIES.encoded, 1, b"- "),
        with_line(ENTRIES.encoded, 1, b"leaf " + KEY),
        with_line(ENTRIES.encoded, 1, b"leaf " + KEY + b" " + KEY[:-2]),
        with_line(ENTRIES.encoded, 1, b"leaf " + KEY.upper() + b" " + KEY),
        with_line(ENTRIES.encoded, 1, b"node " + KEY),
        with_line(ENTRIES.encoded, 1, b"node " + KEY + b" -1"),
        with_line(ENTRIES.encoded, 1, b"node " + KEY + b" 01"),
        with_line(ENTRIES.encoded, 1, b"node " + KEY + b" 1 1"),
        RECORDS.encoded + b"\n",
        RECORDS.encoded + b"drop " + b"ff" * 32 + b"\n",
        RECORDS.encoded + RECORDS.encoded.split(b"\n")[-2] + b"\n",
        b"records\n" + b"\n".join(RECORDS.encoded.split(b"\n")[:0:-1])[1:] + b"\n",
    ],
)
def test_any_other_page_is_malformed(raw: bytes):
    with pytest.raises(MalformedError):
        parse_page(raw, "", ROOT, FEED)


def test_a_page_has_limits():
    many = b"".join(b"erase %064x\n" % i for i in range(wire.PAGE_RECORDS + 1))
    with pytest.raises(LimitError):
        parse_page(b"records\n" + many, "", ROOT, FEED)
    with pytest.raises(LimitError, match="below bit 96"):
        parse_page(b"records\nerase %064x\nerase %064x\n" % (0, 1), "", ROOT, FEED)
    deep = "0" * tree.MAX_PAGE_DEPTH
    with pytest.raises(LimitError, match="below bit 96"):
        parse_page(ENTRIES.encoded, deep, ROOT, FEED)


@pytest.mark.parametrize("page", [RECORDS, ENTRIES], ids=["records", "entries"])
def test_one_flipped_bit_anywhere_in_a_page_is_refused_or_is_a_count(page: wire.Page):
    raw = page.encoded
    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]
        try:
            found: Any = parse_page(flipped, "", ROOT, FEED)
        except FednetError as error:
            assert isinstance(error, RefusedError)
            continue
        assert found == page  # counts take no part in comparison
        assert b"\n" not in raw[at : raw.find(b"\n", at)] and raw[:at].rsplit(b"\n", 1)[1].startswith(b"node ")
