"""Which small counts may be told, so that no figure of a report tells on anybody.

A count from 1 to 4 is never told: it is `FEW`. Nor is what would let it be worked out: that is `UNTOLD`. A count of
things is cut up once, into parts that have nothing in common, and whatever else is said is made of what was told of
these parts: so no two reports can be taken from one another. What is promised, and why this is enough:
docs/decisions/0031-figures-that-tell-on-nobody.md. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

FEWEST = 5
"""Counts below this, other than none, are not told."""
FEW: Literal["few"] = "few"
"""From 1 to 4; as a part of fewer than five in all, from 0 to 4."""
MANY: Literal["many"] = "many"
"""Five or more."""
UNTOLD: Literal["untold"] = "untold"
"""Any number: it would give away another one."""

Told = int | Literal["few", "many", "untold"]
"""A count as it is told."""


class Parts(msgspec.Struct, frozen=True):
    """So many in all, and how many of them are of each sort; every one is of one sort."""

    total: Told
    of: dict[str, Told]


def told(count: int) -> Told:
    """A count that is part of nothing that is told."""
    return count if count == 0 or count >= FEWEST else FEW


def parts(counts: Mapping[str, int]) -> Parts:
    """What may be told of a count and its parts.

    Parts from 1 to 4 are hidden, and the total if they could be worked out from it. Of fewer than five in all nothing
    more is told: that all of one or two were declined tells on them.
    """
    total = sum(counts.values())
    if told(total) is FEW:
        return Parts(FEW, dict.fromkeys(counts, FEW))
    each = {name: told(count) for name, count in counts.items()}
    return Parts(UNTOLD if _gives_away(_few(counts)) else total, each)


def within(total: Told, counts: Mapping[str, int]) -> dict[str, Told]:
    """What may be told of the parts of a count of which it is decided already what is told: all of it, or nothing."""
    if not isinstance(total, int) or _gives_away(_few(counts)):
        return dict.fromkeys(counts, UNTOLD)
    return {name: told(count) for name, count in counts.items()}


def alone(total: Told, counts: Mapping[str, int]) -> dict[str, Told]:
    """As `within`; but of a single hidden part the first that is not small is `MANY`, if that hides it well enough.

    For three sorts or more: of two it would tell that both are as large as small counts can be.
    """
    found = within(total, counts)
    few, large = _few(counts), [name for name, count in counts.items() if count >= FEWEST]
    if not isinstance(total, int) or len(few) != 1 or not large or few[0] + counts[large[0]] < FEWEST + 2:
        return found
    return {name: MANY if name == large[0] else told(count) for name, count in counts.items()}


def has_few(counts: Iterable[int]) -> bool:
    """Whether any of them is too small to be told. Of a table whose rows and columns are both added up elsewhere all
    is told or nothing: what is hidden in it could be worked out from the two together."""
    return any(told(count) is FEW for count in counts)


def _few(counts: Mapping[str, int]) -> list[int]:
    return [count for count in counts.values() if told(count) is FEW]


def _gives_away(few: list[int]) -> bool:
    """Whether hidden counts, each from 1 to 4, could be worked out from their sum. Three values must be possible for
    each: then two are when no sum is told, too, and people know this rule."""
    return bool(few) and not len(few) + 1 < sum(few) < len(few) * (FEWEST - 1) - 1
