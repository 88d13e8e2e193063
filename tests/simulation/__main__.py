"""`python -m tests.simulation [COUNT [FIRST]]`: that many worlds, two at a time; `make simulate` runs 10,000.

Prints every seed whose world broke a law, with its last acts; replay one with `python -m tests.simulation 1 SEED`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import Counter

from tests.simulation.world import simulate


def one(seed: int) -> tuple[int, str | None, Counter[str]]:
    """A seed, what went wrong (None: nothing), and what happened in its world."""
    try:
        world = simulate(seed)
    except AssertionError as error:
        return seed, str(error), Counter()
    return seed, None, world.happened()


def main(count: int = 10_000, first: int = 0) -> int:
    began, broken, happened = time.monotonic(), 0, Counter[str]()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for done, (seed, wrong, counted) in enumerate(pool.imap_unordered(one, range(first, first + count)), 1):
            happened += counted
            if wrong is not None:
                broken += 1
                print(f"seed {seed} broke a law: {wrong}", flush=True)
            if done % 500 == 0:
                print(f"{done} worlds, {broken} broke a law, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{count} worlds from seed {first}: {broken} broke a law; {time.monotonic() - began:.0f} s")
    print(", ".join(f"{number:,} {what}" for what, number in sorted(happened.items())))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
