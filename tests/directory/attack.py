"""The slow, obvious attack on figures of which some are not told: try every table there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from fednet.directory.suppressing import FEWEST


def worked_out(
    tables: Iterable[tuple[int, ...]], shown: Callable[[tuple[int, ...]], object], largest: int = 10**6
) -> Iterator[str]:
    """Counts from 1 to 4 that all tables have in common of which the same is shown: whoever knows the rule knows
    them. Tables with more than `largest` in all are tried only for the sake of others."""
    alike = defaultdict(list)
    for table in tables:
        alike[repr(shown(table))].append(table)
    for seen, those in alike.items():
        if min(map(sum, those)) > largest:
            continue
        for at, values in enumerate(zip(*those, strict=True)):
            if len(set(values)) == 1 and 0 < values[0] < FEWEST:
                yield f"{seen}: the number at {at} can only be {values[0]}"


def up_to(most: int, cells: int) -> Iterator[tuple[int, ...]]:
    """All tables of so many cells with at most so many in all."""
    if cells == 0:
        yield ()
        return
    for first in range(most + 1):
        for rest in up_to(most - first, cells - 1):
            yield (first, *rest)
