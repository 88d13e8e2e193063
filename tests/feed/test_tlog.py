"""The log's algebra against the recursions of RFC 6962, taken literally."""

from __future__ import annotations

import contextlib
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError, ProofError
from fednet.feed import tlog
from fednet.feed.tlog import Frontier, Tile, check_consistency, check_inclusion
from tests.feed import law, reference

ENTRIES = [b"entry %d" % i for i in range(600)]
LEAVES = [tlog.leaf_hash(entry) for entry in ENTRIES]
ROOTS = [reference.mth(ENTRIES[:n]) for n in range(70)]

sizes = st.integers(1, 69)


@st.composite
def included(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def grown(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(1, size)), size


def damaged(proof: list[bytes], draw: st.DrawFn) -> list[bytes]:
    """The proof with one hash flipped, dropped, added or moved."""
    proof = list(proof)
    how = draw(st.sampled_from(["flip", "drop", "add", "swap"]))
    at = draw(st.integers(0, max(len(proof) - 1, 0)))
    if how == "add" or not proof:
        proof.insert(draw(st.integers(0, len(proof))), draw(st.sampled_from([bytes(32), *LEAVES[:8], *ROOTS[:8]])))
    elif how == "flip":
        bit = draw(st.integers(0, 255))
        proof[at] = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
    elif how == "drop":
        del proof[at]
    else:
        other = draw(st.integers(0, len(proof) - 1))
        proof[at], proof[other] = proof[other], proof[at]
    return proof


# --- roots and frontier


def test_every_root_is_the_rfc_recursion():
    for size in [*range(70), 255, 256, 257, 511, 512, 513]:
        assert tlog.root_of(LEAVES[:size]) == reference.mth(ENTRIES[:size])


def test_the_empty_log_hashes_to_the_hash_of_nothing():
    assert tlog.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root == tlog.EMPTY_ROOT


@law
@given(st.integers(0, 300), st.integers(0, 300))
def test_appending_in_any_two_parts_gives_one_frontier(first: int, second: int):
    whole = Frontier().extended(LEAVES[: first + second])
    assert Frontier().extended(LEAVES[:first]).extended(LEAVES[first : first + second]) == whole
    assert len(whole.hashes) == (first + second).bit_count()


@pytest.mark.parametrize("size, hashes", [(3, 1), (4, 2), (0, 1), (1, 0)])
def test_a_frontier_has_one_hash_for_each_1_in_its_size(size: int, hashes: int):
    with pytest.raises(MalformedError):
        Frontier(size, (bytes(32),) * hashes)


@pytest.mark.parametrize("size", [-1, tlog.MAX_SIZE + 1])
def test_a_frontier_of_an_impossible_size_is_refused(size: int):
    with pytest.raises(LimitError):
        Frontier(size, (bytes(32),))


# --- proofs


def test_every_proof_is_the_rfc_recursion():
    for size in range(1, 40):
        for m in range(size):
            assert tlog.inclusion_proof(m, LEAVES[:size]) == reference.path(m, ENTRIES[:size])
        for m in range(1, size + 1):
            assert tlog.consistency_proof(m, LEAVES[:size]) == reference.proof(m, ENTRIES[:size])


@pytest.mark.parametrize("index, size", [(0, 0), (3, 3), (-1, 3)])
def test_no_inclusion_proof_of_a_leaf_that_is_not_there(index: int, size: int):
    with pytest.raises(ProofError):
        tlog.inclusion_proof(index, LEAVES[:size])
    with pytest.raises(ProofError):
        check_inclusion([], size, tlog.EMPTY_ROOT, index, LEAVES[0])


@pytest.mark.parametrize("old, size", [(0, 3), (4, 3), (-1, 3)])
def test_no_consistency_proof_from_nothing_or_from_ahead(old: int, size: int):
    with pytest.raises(ProofError):
        tlog.consistency_proof(old, LEAVES[:size])
    with pytest.raises(ProofError):
        check_consistency([], old, tlog.EMPTY_ROOT, size, ROOTS[size])


@law
@given(included())
def test_a_true_inclusion_proof_verifies(case: tuple[int, int]):
    index, size = case
    check_inclusion(reference.path(index, ENTRIES[:size]), size, ROOTS[size], index, LEAVES[index])


@law
@given(included(), included())
def test_in_a_known_log_an_inclusion_proof_verifies_iff_it_is_the_one_of_that_leaf_there(
    own: tuple[int, int], other: tuple[int, int]
):
    proof = reference.path(own[0], ENTRIES[: own[1]])
    for index, leaf, size in product({own[0], other[0]}, {own[0], other[0]}, {own[1], other[1]}):
        true = index == leaf and index < size and proof == reference.path(index, ENTRIES[:size])
        try:
            check_inclusion(proof, size, ROOTS[size], index, LEAVES[leaf])
            assert true
        except ProofError:
            assert not true


@law
@given(st.data(), included())
def test_a_damaged_inclusion_proof_is_refused(data: st.DataObject, case: tuple[int, int]):
    index, size = case
    proof = reference.path(index, ENTRIES[:size])
    broken = damaged(proof, data.draw)
    if broken != proof:
        with pytest.raises(ProofError):
            check_inclusion(broken, size, ROOTS[size], index, LEAVES[index])


@law
@given(grown())
def test_a_true_consistency_proof_verifies(case: tuple[int, int]):
    old, size = case
    check_consistency(reference.proof(old, ENTRIES[:size]), old, ROOTS[old], size, ROOTS[size])


@law
@given(st.data(), grown())
def test_a_damaged_consistency_proof_is_refused(data: st.DataObject, case: tuple[int, int]):
    old, size = case
    proof = reference.proof(old, ENTRIES[:size])
    broken = damaged(proof, data.draw)
    if broken != proof:
        with pytest.raises(ProofError):
            check_consistency(broken, old, ROOTS[old], size, ROOTS[size])


@law
@given(st.data(), grown())
def test_a_consistency_proof_joins_only_the_two_roots_it_is_for(data: st.DataObject, case: tuple[int, int]):
    old, size = case
    proof = reference.proof(old, ENTRIES[:size])
    wrong = data.draw(st.sampled_from([root for root in ROOTS if root not in (ROOTS[old], ROOTS[size])]))
    for first, second in [(wrong, ROOTS[size]), (ROOTS[old], wrong)]:
        with pytest.raises(ProofError):
            check_consistency(proof, old, first, size, second)


# --- tiles


@pytest.mark.parametrize(
    "tile, path",
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 67), "tile/0/067"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(1, 999, 1), "tile/1/999.p/1"),
        (Tile(1, 1000, 255), "tile/1/x001/000.p/255"),
        (Tile(-1, 1234067, 8), "tile/entries/x001/x234/067.p/8"),
        (Tile(63, 0, 2), "tile/63/000.p/2"),
    ],
)
def test_tile_paths_are_those_of_c2sp(tile: Tile, path: str):
    assert tile.path == path
    assert tlog.parse_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/67",
        "tile/0/0067",
        "tile/0/x000/067",
        "tile/0/x001",
        "tile/0/001/067",
        "tile/00/067",
        "tile/64/067",
        "tile/-1/067",
        "tile/0/067.p/0",
        "tile/0/067.p/256",
        "tile/0/067.p/257",
        "tile/0/067.p/01",
        "tile/0/067.p/",
        "tile/0/067.p",
        "tile/0/0६7",
        "tile/entries/",
        "/tile/0/067",
        "tile/0/067/",
        "tile/0/x1/067",
        "tile/0/X001/067",
        "tile/8/0/067",
        "tile/0/x001/x001/x001/x001/x001/x001/001",
    ],
)
def test_any_other_tile_path_is_refused(path: str):
    with pytest.raises(MalformedError):
        tlog.parse_tile_path(path)


@law
@given(st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_tile_path_reads_back(level: int, index: int, width: int):
    tile = Tile(level, index, width)
    assert tlog.parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "size, level, widths",
    [
        (0, 0, []),
        (1, 0, [1]),
        (255, 0, [255]),
        (256, 0, [256]),
        (257, 0, [256, 1]),
        (255, 1, []),
        (256, 1, [1]),
        (512, 1, [2]),
        (65535, 1, [255]),
        (65536, 1, [256]),
        (65536, 2, [1]),
        (65537, 2, [1]),
        (65536 + 256, 1, [256, 1]),
        (257, -1, [256, 1]),
    ],
)
def test_the_tiles_of_a_size(size: int, level: int, widths: list[int]):
    assert [(tile.index, tile.width) for tile in tlog.tiles_of(size, level)] == list(enumerate(widths))


def test_level_0_tiles_hold_leaf_hashes_and_level_1_tiles_the_roots_of_256():
    for size in [1, 255, 256, 257, 600]:
        found: list[bytes] = []
        for tile in tlog.tiles_of(size):
            data = tlog.tile_bytes(tile, LEAVES[tile.start : tile.start + tile.width])
            found += tlog.parse_tile(tile, data)
        assert found == LEAVES[:size]
    [tile] = tlog.tiles_of(600, 1)
    data = tlog.tile_bytes(tile, LEAVES[:512])
    assert tlog.parse_tile(tile, data) == [reference.mth(ENTRIES[:256]), reference.mth(ENTRIES[256:512])]


def test_a_tile_of_another_length_is_refused():
    for data in [b"", bytes(31), bytes(33), bytes(64)]:
        with pytest.raises(MalformedError):
            tlog.parse_tile(Tile(0, 0, 1), data)
    with pytest.raises(MalformedError):
        tlog.tile_bytes(Tile(1, 0, 2), LEAVES[:511])


@law
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
def test_entry_bundles_read_back(entries: list[bytes]):
    tile = Tile(-1, 0, len(entries))
    data = tlog.entries_bytes(entries)
    assert tlog.parse_entries(tile, data) == entries
    for wrong in (data[:-1], data + b"\x00", data + b"\x00\x00"):
        with pytest.raises(MalformedError):
            tlog.parse_entries(tile, wrong)


def test_an_entry_may_be_as_long_as_its_length_field_can_say():
    assert tlog.parse_entries(Tile(-1, 0, 1), tlog.entries_bytes([b"x" * 65535])) == [b"x" * 65535]


@law
@given(st.binary(max_size=200), st.integers(1, 256))
def test_hostile_entry_bundles_raise_nothing_else(data: bytes, width: int):
    with contextlib.suppress(FednetError):
        assert tlog.entries_bytes(tlog.parse_entries(Tile(-1, 0, width), data)) == data
