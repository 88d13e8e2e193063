"""Needs and offers among 10,000: what one entry fits, in a process that begins with it and in one that goes on; and
needs that nothing fits, first (`python -m tests.bench --only exchange`).

Half are needs, a quarter of the rest are sources of funding, in five networks; each says some of what it could, as
people do, and its texts are put together from words of the vocabularies.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from fednet.directory.exchange import Asked, entries, matches
from fednet.directory.search import OPERATOR
from fednet.listing import places
from fednet.listing.vocabulary import CLIENT_GROUPS, MODALITIES, SERVICES, STAGES
from fednet.store import columns
from tests.directory.world import NOW, World

COUNT = 10_000
NETWORKS = 5
ROUNDS = 15
ORGANIZATIONS = 2_000

_ONE = """
import sys, time
from datetime import datetime
from pathlib import Path
from fednet.directory.exchange import matches
from fednet.directory.search import OPERATOR
from fednet.store.database import Store
found = matches(Store(Path(sys.argv[1])), sys.argv[2], OPERATOR, datetime.fromisoformat(sys.argv[3]))
print(time.process_time())
"""


class Took(NamedTuple):
    """Seconds of a clock, and of a processor: others use the machine, too."""

    clock: float
    processor: float


def bodies(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    for number in range(count):
        yield body(chance, number)


def body(chance: random.Random, number: int) -> dict[str, Any]:
    """An entry that says some of what it could."""
    fields: dict[str, Any] = {
        "kind": "exchange",
        "type": "need" if number % 2 else chance.choice(["offer", "offer", "offer", "funding"]),
        "titles": {"en": _text(chance, 5)},
        "description": {"en": _text(chance, chance.choice([0, 10, 30])) or "-"},
        "organization": f"Organisation {chance.randrange(ORGANIZATIONS)}",
        "posted": f"2026-{chance.randrange(1, 11):02}-{chance.randrange(1, 29):02}",
    }
    said: dict[str, Any] = {
        "themes": chance.sample(SERVICES.codes[:18], 2),
        "client_groups": [chance.choice(CLIENT_GROUPS.codes)],
        "modality": chance.choice(MODALITIES.codes),
        "countries": [chance.choice(places.codes())],
        "languages": chance.sample(["en", "fr", "es", "ar", "th", "my"], 2),
        "stage": chance.choice(STAGES.codes),
    }
    return fields | {name: value for name, value in said.items() if chance.random() < 0.7}


_WORDS = [word for term in (*SERVICES, *CLIENT_GROUPS) for word in term.definition.rstrip(".").split()]


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


Row = tuple[str, str, str, bool]
"""What was measured, the figure, the target, and whether it is met."""


def rows(folder: Path, count: int = COUNT) -> Iterator[Row]:
    world, handles = built(folder, count)
    begun = [cold(world.store.path, handle) for handle in handles[1 : 2 * ROUNDS : 2]]
    yield _row(f"one entry among {count:,} matched, by a new process, imports and all", begun, 500)
    seconds = [timed(partial(matches, world.store, handle, OPERATOR, NOW)) for handle in handles[:ROUNDS]]
    yield _row("the same, its rows read anew, without imports", seconds, 200)
    columns.keep(world.store)
    yield _row("needs that nothing fits first, of all: the first time", [timed(lambda: _listed(world))], 10_000)
    yield _row("the same, again", [timed(lambda: _listed(world)) for _ in range(ROUNDS)], 200)
    own, matched, listed = world.network("Sixth"), [], []
    for fields in bodies(ROUNDS, seed=2):
        (handle,) = world.lists(own, fields)
        matched.append(timed(partial(matches, world.store, handle, OPERATOR, NOW)))
        listed.append(timed(lambda: _listed(world)))
    yield _row(f"one new entry among {count:,} matched, by a process that goes on", matched, 200)
    yield _row("then needs that nothing fits first, of all", listed, 500)
    world.store.close()


def _listed(world: World) -> None:
    entries(world.store, Asked(), OPERATOR, NOW)


def built(folder: Path, count: int) -> tuple[World, list[str]]:
    world = World(folder)
    networks = [world.network(f"Network {number}", own=number == 0) for number in range(NETWORKS)]
    made = list(bodies(count))
    share = count // NETWORKS
    handles = [
        handle
        for number, network in enumerate(networks)
        for handle in world.lists(network, *made[number * share : (number + 1) * share])
    ]
    return world, handles


def cold(path: Path, handle: str) -> Took:
    """In a process of its own, from its start to its end."""
    began = time.perf_counter()
    command = [sys.executable, "-c", _ONE, str(path), handle, NOW.isoformat()]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return Took(time.perf_counter() - began, float(said.stdout))


def timed(asked: Callable[[], object]) -> Took:
    clock, processor = time.perf_counter(), time.process_time()
    asked()
    return Took(time.perf_counter() - clock, time.process_time() - processor)


def _row(what: str, took: Sequence[Took], target_ms: int) -> Row:
    clock, processor = (statistics.median(column) * 1000 for column in zip(*took, strict=True))
    return what, f"{processor:,.0f} ms of a processor, {clock:,.0f} ms", f"{target_ms:,} ms", processor < target_ms


def section() -> None:
    """The table, printed as it is measured."""
    print("| measured | median | target | met |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="fednet-bench-") as folder:
        for what, figure, target, met in rows(Path(folder)):
            print(f"| {what} | {figure} | {target} | {'yes' if met else 'no'} |", flush=True)
