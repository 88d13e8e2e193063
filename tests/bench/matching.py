"""Matching among 100,000 records: the first pass, and the pass after 500 more (`python -m tests.bench.matching`).

Five networks list 20,000 records each, as `tests.bench.records` makes them. A tenth of the organisations are in another
network too: the same website, the name with a word less. A fifth have a contact with a telephone and a mailbox.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fednet import listing
from fednet.directory.joining import joins
from fednet.directory.matching import bring_up_to_date
from fednet.directory.search import OPERATOR, readable
from fednet.feed.record import put
from fednet.store import records
from fednet.store.database import Store
from tests.bench.records import Maker
from tests.directory.world import LONG_AGO, World
from tests.feed.network import handle, seed

NETWORKS = 5
ADDED = 500


class Figures(NamedTuple):
    """Seconds, and how many cards have more than one statement."""

    records: int
    first: float
    longest: float
    added: float
    joins: float
    cards: int


def measure(folder: Path, count: int = 100_000) -> Figures:
    """Build a directory of that many records, match it, add 500, match them. `longest`: of one transaction."""
    world = World(folder)
    networks = [world.network(f"Network {number}", own=number == 0) for number in range(NETWORKS)]
    bodies = list(_bodies(count + ADDED * NETWORKS))
    numbers = iter(range(10**9))
    for network, part in zip(networks, _parts(bodies[:count], NETWORKS), strict=True):
        _list(world.store, network, part, numbers)
    began = time.perf_counter()
    turns = [began]
    bring_up_to_date(world.store, lambda _: turns.append(time.perf_counter()))
    first = time.perf_counter() - began
    _list(world.store, networks[1], bodies[count : count + ADDED], numbers)
    began = time.perf_counter()
    bring_up_to_date(world.store)
    added = time.perf_counter() - began
    began = time.perf_counter()
    with world.store.reading() as db:
        cards = joins(db, readable(db, OPERATOR, LONG_AGO)).count
    took = time.perf_counter() - began
    longest = max(later - earlier for earlier, later in pairwise(turns))
    world.store.close()
    return Figures(count, first, longest, added, took, cards)


def _parts(bodies: list[bytes], number: int) -> Iterator[list[bytes]]:
    size = len(bodies) // number
    yield from (bodies[at * size : (at + 1) * size] for at in range(number))


def _bodies(count: int) -> Iterator[bytes]:
    """Every tenth organisation is one of 20,000 bodies ago, as another network writes it."""
    chance = random.Random(5)
    before: list[bytes] = []
    for body in Maker(1).bodies(count):
        if len(before) >= count // NETWORKS and chance.random() < 0.1:
            old: dict[str, Any] = msgspec.json.decode(before[chance.randrange(len(before) - count // NETWORKS + 1)])
            if old["kind"] == "organization":
                old["names"] = {"en": " ".join(old["names"]["en"].split()[:2] + old["names"]["en"].split()[3:])}
                old["website"] = old["website"].replace("https://", "http://www.") + "/en"
                body = listing.encode(old)
        before.append(body)
        yield body


def _list(store: Store, network: Any, bodies: list[bytes], numbers: Iterator[int]) -> None:
    """The network lists these, and contacts of every fifth."""
    from fednet.store import feeds

    with store.writing() as db:
        feed = feeds.open_feed(db, network, "public", visible=True)
        puts = []
        for body in bodies:
            number = next(numbers)
            name = handle(number)
            puts.append(put(feed.commitments, name, seed(name), body))
            if number % 5 == 0 and b'"organization"' in body:
                contact = {
                    "kind": "contact",
                    "organization": name,
                    "emails": [f"office@{number}-house.example"],
                    "phones": [f"+4122{number:07}"],
                }
                other = handle(10**9 + number)
                puts.append(put(feed.commitments, other, seed(other), listing.encode(contact)))
        records.apply(db, feed.id, puts, 1)


def rows(folder: Path) -> Iterator[tuple[str, str, str, bool]]:
    """What was measured, the figure, its target, and whether it is met."""
    found = measure(folder)
    what = f"matching {found.records:,} records for the first time"
    yield what, f"{found.first:.0f} s, transactions of at most {found.longest:.1f} s", "60 s", found.first < 60
    what = f"matching {ADDED} new records among {found.records:,}"
    yield what, f"{found.added:.2f} s", "2 s", found.added < 2


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="fednet-matching-") as folder:
        found = measure(Path(folder), count)
    print(f"{found.records:,} records: first pass {found.first:.1f} s, longest transaction {found.longest:.2f} s")
    print(f"{ADDED} more: {found.added:.2f} s; joins of {found.cards:,} cards worked out in {found.joins:.2f} s")


if __name__ == "__main__":
    main()
