"""Chinese characters: one form for what is written traditional, simplified or Japanese.

The tables are OpenCC's (Apache-2.0), read when the first such character occurs. They go character by character, so two
words may become one (乾 and 幹 are both 干): a search may find more for it, never less.
"""

from __future__ import annotations

from functools import cache


def simplified(character: str) -> str:
    """The simplified form of a traditional or Japanese character; any other character as it is."""
    return _table().get(character, character)


@cache
def _table() -> dict[str, str]:
    table = {one: _end(one, _pairs("TSCharacters")) for one in _pairs("TSCharacters")}
    for traditional, japanese in _pairs("JPVariants").items():
        table.setdefault(japanese, table.get(traditional, traditional))
    return {one: table.get(other, other) for one, other in table.items()}


def _end(one: str, pairs: dict[str, str]) -> str:
    """Where the table leads when it is followed to its end, so that folding twice is folding once."""
    seen = {one}
    while (other := pairs.get(one, one)) not in seen:
        seen.add(other)
        one = other
    return one


@cache
def _pairs(name: str) -> dict[str, str]:
    """A table of OpenCC: a character, a tab, its counterparts, of which the first is the usual one."""
    from importlib.resources import files  # slow to import, and most commands meet no such character

    lines = files("opencc").joinpath("dictionary", f"{name}.txt").read_text("utf-8").splitlines()
    return {one: others.split()[0] for one, others in (line.split("\t") for line in lines if line)}
