from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from fednet.formats.sharing import fairly

ITEMS = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 12)), max_size=40)


@given(ITEMS, st.integers(0, 60))
def test_who_wants_no_more_than_an_equal_part_has_all_of_it(items: list[tuple[str, int]], room: int) -> None:
    asked: Counter[int] = Counter()
    numbered = [(owner, size, number) for number, (owner, size) in enumerate(items)]

    def cost(item: tuple[str, int, int]) -> int:
        asked[item[2]] += 1
        return item[1]

    taken = fairly(numbered, lambda item: item[0], cost, room)
    assert sum(size for _, size, _ in taken) <= room
    assert len(set(taken)) == len(taken)
    wanted, given = Counter[str](), defaultdict[str, list[int]](list)
    for owner, size in items:
        wanted[owner] += size
    for owner, _, number in taken:
        given[owner].append(number)
    for owner in wanted:
        own = [number for of, _, number in numbered if of == owner]
        assert given[owner] == own[: len(given[owner])]  # the most pressing ones
        assert given[owner] == own or wanted[owner] * len(wanted) > room
    assert max(asked.values(), default=0) <= 1
    assert len(asked) <= len(taken) + len(wanted)


def test_a_flood_leaves_the_rest_to_whoever_wants_it() -> None:
    items = [("A", 1)] * 100 + [("B", 1)] * 3 + [("C", 1)] * 20
    taken = fairly(items, lambda item: item[0], lambda item: item[1], 30)
    assert Counter(owner for owner, _ in taken) == {"A": 14, "B": 3, "C": 13}
