"""The state tree against the specification's sentences, and its storage against itself."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError, MisplacedLeafError
from fednet.feed import tree
from fednet.feed.tree import Leaf, Node, Path, combine
from tests.feed import law, reference

ZERO = bytes(32)


def key(number: int) -> bytes:
    return sha256(b"key %d" % number).digest()


def commitment(number: int) -> bytes:
    return sha256(b"commitment %d" % number).digest()


CROWDED = [bytes([0xAB]) * 2 + key(i)[:30] for i in range(200)]  # all below abab, so branches fill and empty again
POOL = [*map(key, range(200)), *CROWDED, *(bytes(11) + key(i)[:21] for i in range(8))]


def chosen(source: int, size: int, removals: bool) -> dict[bytes, bytes | None]:
    """Some changes; many of them make branches, and many removals make branches collapse."""
    random = Random(source)
    values = [None] * 4 * removals + [commitment(i) for i in range(3)]
    return {k: random.choice(values) for k in random.sample(POOL, size)}


sizes = st.one_of(st.integers(0, 6), st.integers(60, 70), st.integers(0, len(POOL)))
changes = st.builds(chosen, st.integers(0, 2**32), sizes, st.booleans())


class Store(dict[str, bytes]):
    """A tree kept in a dictionary."""

    def change(self, changes: tree.Changes) -> tree.Entry:
        update = tree.updated(self.get, changes)
        for prefix, page in update.pages.items():
            if page is None:
                self.pop(prefix, None)
            else:
                self[prefix] = page
        assert tree.root(self.get) == update.root
        assert tree.count(tree.root(self.get)) == tree.count(update.root)
        return update.root


def after(groups: list[dict[bytes, bytes | None]]) -> dict[bytes, bytes]:
    leaves: dict[bytes, bytes] = {}
    for group in groups:
        for changed, found in group.items():
            if found is None:
                leaves.pop(changed, None)
            else:
                leaves[changed] = found
    return leaves


@law
@given(st.lists(changes, max_size=5))
def test_any_order_and_grouping_of_edits_gives_one_root_and_one_set_of_pages(groups: list[dict[bytes, bytes | None]]):
    store, fresh, single = Store(), Store(), Store()
    for group in groups:
        store.change(group)
    leaves = after(groups)
    expected = reference.state(leaves)
    assert fresh.change(leaves) == expected
    assert tree.root(store.get) == expected
    assert tree.root_hash(tree.root(store.get)) == reference.state_hash(expected)
    assert store == fresh
    for one in reversed(leaves.items()):
        single.change(dict([one]))
    assert single == fresh


@law
@given(st.lists(changes, max_size=3), changes)
def test_what_is_taken_away_again_leaves_no_trace(groups: list[dict[bytes, bytes | None]], more: dict[bytes, bytes]):
    store = Store()
    for group in groups:
        store.change(group)
    before, held = dict(store), after(groups)
    store.change(more)
    store.change({changed: held.get(changed) for changed in more})
    assert store == before


@law
@given(changes, st.lists(st.sampled_from(POOL), min_size=1, max_size=4), st.integers(0, 64))
def test_every_way_of_reading_agrees_with_the_model(group: dict[bytes, bytes | None], wanted: list[bytes], digits: int):
    store = Store()
    store.change(group)
    leaves = after([group])
    for target in wanted:
        prefix = target.hex()[:digits]
        below = {k: c for k, c in leaves.items() if k.hex().startswith(prefix)}
        expected = reference.state(below, reference.hex_bits(prefix))
        assert tree.entry_at(store.get, prefix) == expected
        assert tree.count(tree.entry_at(store.get, prefix)) == len(below)
        assert list(tree.leaves_below(store.get, prefix)) == [Leaf(k, below[k]) for k in sorted(below)]
        if digits < 64:
            assert tree.children(store.get, prefix) == [
                reference.state(below, reference.hex_bits(f"{prefix}{digit:x}")) for digit in range(16)
            ]
            assert tree.fold(tree.children(store.get, prefix)) == expected
        found = leaves.get(target)
        assert tree.leaf_at(store.get, target) == (None if found is None else Leaf(target, found))


def test_the_pages_written_follow_the_change_not_the_size():
    store = Store()
    store.change({key(i): commitment(0) for i in range(5000)})
    update = tree.updated(store.get, {key(17): commitment(1)})
    assert len(update.pages) <= 4


def test_an_unchanged_tree_hashes_to_zeros():
    assert tree.root_hash(tree.root({}.get)) == ZERO
    assert tree.updated({}.get, {}).root is None


def test_a_lone_leaf_is_carried_up_to_the_root():
    store = Store()
    assert store.change({key(1): commitment(1)}) == Leaf(key(1), commitment(1))
    assert tree.root_hash(tree.root(store.get)) == sha256(b"\x00" + key(1) + commitment(1)).digest()


def test_nothing_below_a_node_is_carried_up():
    node = Node(sha256(b"some node").digest(), 2)
    assert combine(None, node) == Node(sha256(b"\x01" + ZERO + node.hash).digest())
    assert combine(node, None) == Node(sha256(b"\x01" + node.hash + ZERO).digest())
    assert combine(None, None) is None


def test_a_count_is_a_hint_and_decides_nothing():
    assert Node(ZERO, 5) == Node(ZERO, 6)
    assert hash(Node(ZERO, 5)) == hash(Node(ZERO, 6))
    assert Node(ZERO, 5) != Leaf(ZERO, ZERO)
    assert Leaf(ZERO, ZERO) != Node(ZERO, 1)


@law
@given(changes, st.integers(0, 2))
def test_folding_leaves_agrees_with_the_model_at_every_prefix(group: dict[bytes, bytes | None], digits: int):
    leaves = after([group])
    for prefix in {k.hex()[:digits] for k in leaves}:
        below = sorted((k, c) for k, c in leaves.items() if k.hex().startswith(prefix))
        found = tree.fold_leaves([Leaf(*item) for item in below], prefix)
        assert found == reference.state(leaves, reference.hex_bits(prefix))


def test_leaves_out_of_order_are_refused():
    low, high = sorted([key(1), key(2)])
    for wrong in ([high, low], [low, low]):
        with pytest.raises(MalformedError):
            tree.fold_leaves([Leaf(k, ZERO) for k in wrong])


def test_a_leaf_outside_its_prefix_is_misplaced():
    inside = Leaf(bytes.fromhex("ab" + "00" * 31), ZERO)
    assert tree.fold_leaves([inside], "ab") == inside
    for prefix in ["aa", "ac", "b", "0"]:
        with pytest.raises(MisplacedLeafError):
            tree.fold_leaves([inside], prefix)


def test_a_child_shown_below_another_digit_is_misplaced():
    leaf = Leaf(bytes.fromhex("ab" + "00" * 31), ZERO)
    children: list[tree.Entry] = [None] * 16
    children[0xB] = leaf
    tree.check_children("a", children)
    for digit in set(range(16)) - {0xB}:
        wrong: list[tree.Entry] = [None] * 16
        wrong[digit] = leaf
        with pytest.raises(MisplacedLeafError):
            tree.check_children("a", wrong)
    with pytest.raises(MisplacedLeafError):
        tree.check_children("b", children)


def deep(shared: int) -> list[bytes]:
    """Two keys that share exactly this many bits."""
    low = int.from_bytes(key(7), "big") >> (256 - shared) << (256 - shared)
    return [low.to_bytes(32, "big"), (low | 1 << (255 - shared)).to_bytes(32, "big")]


@pytest.mark.parametrize("shared", [0, 1, 4, 63, 95, 96])
def test_a_node_down_to_bit_96_is_kept(shared: int):
    store = Store()
    leaves = dict.fromkeys(deep(shared), commitment(1))
    assert store.change(leaves) == reference.state(leaves)
    assert [leaf.key for leaf in tree.leaves_below(store.get)] == deep(shared)
    for deeper in deep(shared):
        assert tree.leaf_at(store.get, deeper) == Leaf(deeper, commitment(1))
        assert tree.path(store.get, deeper).root(deeper) == tree.root(store.get)


@pytest.mark.parametrize("shared", [97, 100, 255])
def test_a_node_below_bit_96_is_refused(shared: int):
    with pytest.raises(LimitError):
        Store().change(dict.fromkeys(deep(shared), commitment(1)))
    crowded = {key(i): commitment(1) for i in range(300)}
    store = Store()
    store.change(crowded)
    with pytest.raises(LimitError):
        store.change(dict.fromkeys(deep(shared), commitment(1)))


# --- paths


@law
@given(changes, st.one_of(st.sampled_from(POOL), st.binary(min_size=32, max_size=32)))
def test_a_path_leads_to_the_root_and_to_what_lies_there(group: dict[bytes, bytes | None], target: bytes):
    store = Store()
    root = store.change(group)
    path = tree.path(store.get, target)
    assert path.root(target) == root
    found = after([group]).get(target)
    if found is not None:
        assert path.end == Leaf(target, found)
    else:
        assert path.end is None or path.end.key != target


@law
@given(st.data(), changes, st.sampled_from(POOL))
def test_no_mended_path_shows_a_record_as_absent_or_as_another(
    data: st.DataObject, group: dict[bytes, bytes | None], target: bytes
):
    """Whatever is dropped, added or exchanged in a path: it leads to the same root only with the same answer."""
    store = Store()
    root = store.change(group)
    leaves = after([group])
    path = tree.path(store.get, target)
    entries = st.one_of(
        st.none(),
        st.sampled_from([Leaf(k, c) for k, c in leaves.items()] or [None]),
        st.sampled_from([*path.siblings, path.end]),
        st.sampled_from([Node(ZERO), Node(commitment(0))]),
    )
    siblings = list(path.siblings)
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(siblings)))
        match data.draw(st.sampled_from(["drop", "add", "exchange"])):
            case "drop":
                del siblings[at : at + 1]
            case "add":
                siblings.insert(at, data.draw(entries))
            case "exchange" if at < len(siblings):
                siblings[at] = data.draw(entries)
    end = data.draw(entries.filter(lambda entry: not isinstance(entry, Node)))
    try:
        found = Path(tuple(siblings), end).root(target)
    except FednetError:
        return
    if found == root:
        assert (end.commitment if end is not None and end.key == target else None) == leaves.get(target)


def test_a_path_longer_than_a_key_is_refused():
    with pytest.raises(MalformedError):
        Path((None,) * 257, None).root(key(1))


def test_a_leaf_that_does_not_lie_on_the_way_is_misplaced():
    target = bytes.fromhex("80" + "00" * 31)
    elsewhere = Leaf(bytes.fromhex("00" * 32), ZERO)
    with pytest.raises(MisplacedLeafError):
        Path((None,), elsewhere).root(target)
    with pytest.raises(MisplacedLeafError):
        Path((Leaf(bytes.fromhex("c0" + "00" * 31), ZERO),), None).root(target)
    with pytest.raises(MisplacedLeafError):  # a sibling one bit down must share the first bit
        Path((None, Leaf(bytes.fromhex("40" + "00" * 31), ZERO)), None).root(target)


@law
@given(changes, st.integers(0, 2**32))
def test_a_tree_is_sound_until_a_page_on_the_way_is_not(some: tree.Changes, at: int) -> None:
    store = Store()
    root = tree.root_hash(store.change(some))
    assert tree.sound(store.get, POOL, root)
    if store:
        assert not tree.sound(store.get, POOL, bytes([root[0] ^ 1]) + root[1:])
        prefix = sorted(store)[at % len(store)]
        leaves = [leaf.key for leaf in tree.leaves_below(store.get, prefix)]
        page = store.pop(prefix)
        assert not tree.sound(store.get, leaves, root)
        for wrong in (b"", b"B", b"L", page[:-1], page[:1] + page[33:65] + page[33:], b"?" + page[1:]):
            store[prefix] = wrong
            assert not tree.sound(store.get, leaves, root)
