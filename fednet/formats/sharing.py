"""Room shared fairly: whoever wants much takes nothing from those who want little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heapreplace
from typing import TypeVar

Item = TypeVar("Item")


def fairly(
    items: Sequence[Item], owner: Callable[[Item], str], cost: Callable[[Item], int], room: int
) -> list[Item]:  # fmt: skip
    """The items for which there is room; `items` are those first that matter most to their owners.

    Whoever would then have least takes the next one (max-min fairness): an owner whose items cost no more than the room
    divided by the number of owners keeps all of them. `cost` is asked of no more items than are taken, and one of each
    owner besides.
    """
    waiting: dict[str, list[Item]] = {}
    for item in items:
        waiting.setdefault(owner(item), []).append(item)
    queues = list(waiting.values())
    # What each would have with its next item; whose turn of equal ones, and which item that is.
    turns = [(cost(queue[0]), number, 0) for number, queue in enumerate(queues)]
    heapify(turns)
    used = [0] * len(queues)
    taken = []
    while turns:
        total, number, at = turns[0]
        if total - used[number] > room:
            heappop(turns)
            continue
        room -= total - used[number]
        used[number] = total
        taken.append(queues[number][at])
        if at + 1 < len(queues[number]):
            heapreplace(turns, (total + cost(queues[number][at + 1]), number, at + 1))
        else:
            heappop(turns)
    return taken
