"""Honest answers, mutated: none is accepted that says something else, none raises what is not a refusal.

2,500 in the suite; `make fuzz` sets FEDNET_FUZZ=50000. Signatures by unknown keys and counts beside nodes decide
nothing (SPEC 7.5), so an accepted mutation must mean exactly what the honest answer means.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fednet.errors import RefusedError
from fednet.feed import follow, identity, note, proof, tree, wire
from fednet.feed.record import Put
from fednet.feed.tree import Node
from fednet.node import publish, sync
from fednet.node.fetch import Fetched
from fednet.node.home import Home
from fednet.store import feeds, records
from tests.feed.network import Network, applied
from tests.node.nodes import NOW, Nodes, add, network_of, pin, problems
from tests.simulation.wire import App, asked
from tests.simulation.world import INLINE, replaced, served_app

TOTAL = int(os.environ.get("FEDNET_FUZZ", "2500"))
WHOLE = TOTAL // 5  # through a whole sync; the others through the pure core


def many(count: int) -> settings:
    return settings(
        max_examples=count,
        derandomize="FEDNET_FUZZ" not in os.environ,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


# --- mutations


class Mutation(NamedTuple):
    """One change of a text of lines: where (as a share of its length), what, and with which number."""

    where: float
    what: str
    number: int


KINDS = ("flip", "cut", "double", "drop line", "double line", "swap lines", "digit", "byte", "end", "splice", "case")
mutations = st.lists(
    st.builds(Mutation, st.floats(0, 1, exclude_max=True), st.sampled_from(KINDS), st.integers(0, 255)),
    min_size=1,
    max_size=3,
)


def mutated(raw: bytes, changes: list[Mutation], other: bytes = b"") -> bytes:
    """An answer with these changes; `other` is a second honest one, for pieces that are right elsewhere."""
    for change in changes:
        raw = _mutated(raw, change, other)
    return raw


def _mutated(raw: bytes, change: Mutation, other: bytes) -> bytes:
    at = int(change.where * len(raw))
    lines = raw.splitlines(keepends=True)
    line = int(change.where * len(lines))
    match change.what:
        case "flip":
            return raw[:at] + bytes([raw[at] ^ (1 << change.number % 8)]) + raw[at + 1 :] if raw else b"\0"
        case "cut":
            return raw[:at] + raw[at + 1 + change.number % 40 :]
        case "double":
            return raw[:at] + raw[max(at - change.number, 0) : at] + raw[at:]
        case "drop line":
            return b"".join(lines[:line] + lines[line + 1 :])
        case "double line":
            return b"".join(lines[: line + 1] + lines[line:])
        case "swap lines" if lines:
            to = change.number % len(lines)
            lines[line], lines[to] = lines[to], lines[line]
            return b"".join(lines)
        case "digit":
            digits = [i for i, byte in enumerate(raw) if 48 <= byte < 58]
            if digits:
                at = digits[int(change.where * len(digits))]
                return raw[:at] + b"%d" % (change.number % 100) + raw[at + 1 :]
        case "byte":
            return raw[:at] + bytes([change.number]) + raw[at:]
        case "end":
            return raw[:at]
        case "splice":
            return raw[:at] + other[at:]
        case "case":
            return raw[:at] + raw[at : at + 8].swapcase() + raw[at + 8 :]
    return raw


# --- the pure core

NETWORK = Network(recovery=3, threshold=2)
NETWORK.publish(*map(NETWORK.put, range(8)))
HELD = NETWORK.start()
BEFORE = NETWORK.answer(HELD)
NETWORK.publish(NETWORK.erase(1), NETWORK.drop(2), NETWORK.put(3, 2))
NETWORK.publish(NETWORK.put(9))
OLD_IDENTITY = NETWORK.identity
ROOT = wire.adds_up_to(NETWORK.page())
NEXT = Network(recovery=3, threshold=2)
NEXT.publish(*map(NEXT.put, range(8)))
NEXT.open_epoch()
NEXT.publish(NEXT.put(10))
assert isinstance(ROOT, Node)


def taken(raw: bytes) -> object:
    step = follow.advance(HELD, NETWORK.identity, wire.parse_answer(raw))
    pages: dict[str, bytes] = {}
    changes = wire.parse_answer(raw).changes
    root = applied(pages, changes)
    live = sum(isinstance(change, Put) for change in changes)
    after = step.confirmed(tree.root_hash(root), live, len(changes) - live)
    assert after.checkpoint is not None
    return after.frontier, after.edition, after.checkpoint.text, {c.key: c for c in changes}


def proven(raw: bytes) -> object:
    found = proof.check(proof.parse_proof(raw))
    return found.verdict, found.network, found.handle, found.body, found.edition


def chain(raw: bytes) -> object:
    """A chain that breaks off is an older one, and nothing else is."""
    found = identity.check_pinned(identity.parse_identity(raw), NEXT.id)
    assert found.statements == NEXT.identity.statements[: len(found.statements)]
    return None


def headed(raw: bytes) -> object:
    return follow.open_head(NETWORK.identity, "public", 1, note.parse(raw))


def paged(raw: bytes) -> object:
    page = wire.parse_page(raw, "", ROOT, NETWORK.feed)
    if isinstance(page, wire.RecordsPage):
        return page.records
    return tuple(tree.entry_hash(child) for child in page.children)


TARGETS: dict[str, tuple[Callable[[bytes], object], bytes, bytes]] = {
    "changes": (taken, NETWORK.answer(HELD).encoded, BEFORE.encoded),
    "changes that skip": (taken, NETWORK.answer(HELD, skip=True).encoded, NETWORK.answer(HELD).encoded),
    "identity": (chain, NEXT.identity.encoded, OLD_IDENTITY.encoded),
    "checkpoint": (headed, NETWORK.checkpoint().encoded, NETWORK.checkpoint(1).encoded),
    "records page": (paged, NETWORK.page().encoded, NETWORK.page(form="entries").encoded),
    "entries page": (paged, NETWORK.page(form="entries").encoded, NETWORK.page().encoded),
    "proof": (proven, NETWORK.proof(3).encoded, NETWORK.proof(9).encoded),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_mutated_answer_is_refused_or_means_the_same(name: str) -> None:
    parser, honest, other = TARGETS[name]
    meant = [parser(honest)]
    with suppress(RefusedError):
        meant.append(parser(other))  # an older one is honest too; what is held decides whether it may come now

    @many((TOTAL - WHOLE) // len(TARGETS))
    @given(mutations)
    def law(changes: list[Mutation]) -> None:
        raw = mutated(honest, changes, other)
        if raw in (honest, other):
            return
        try:
            found = parser(raw)
        except RefusedError:
            return
        assert found in meant

    law()


# --- whole syncs


class Mangled:
    """Stands where a node has its Fetcher, before one application; spoils the n-th answer of a sync."""

    allow_private = True

    def __init__(self, app: App) -> None:
        self.app = app
        self.spoil: tuple[int, list[Mutation]] | None = None
        self.asked = 0
        self.other = b""

    async def get(self, url: str, **how: Any) -> Fetched:
        answer = await asked(self.app, "GET", url, b"", how.get("headers") or {})
        nth, self.asked = self.asked, self.asked + 1
        if self.spoil is not None and nth == self.spoil[0]:
            answer = answer._replace(body=mutated(answer.body, self.spoil[1], self.other))
        self.other = answer.body
        return answer

    async def post(self, url: str, body: bytes, **how: Any) -> Fetched:
        return await asked(self.app, "POST", url, body, how.get("headers") or {})


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    scratch = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=scratch) as directory, Nodes(Path(directory)) as made:
        yield made


def state(home: Home, origin: Home) -> object:
    """What a home shows of an origin."""
    with home.store.reading() as db:
        network = next((n for n in feeds.networks(db) if n.network == origin.network.network), None)
        feed = network and feeds.feed(db, network, "public")
        if not feed or not feed.visible:
            return None
        rows = [(key, found and found.commitment) for key, found in records.stored(db, feed.id, feed.commitments)]
        return feed.followed.position, feed.followed.frontier, rows


@pytest.mark.parametrize("first", [True, False], ids=["first sync", "changes"])
def test_a_sync_with_a_mutated_answer_brings_the_truth_or_nothing(nodes: Nodes, first: bool) -> None:
    origin = nodes.home(f"Origin {first}", *(f"Word {i}" for i in range(5)))
    follower = nodes.home(f"Follower {first}")
    pin(follower, origin, "http://origin.example")
    fetcher = Mangled(served_app(origin))
    count = itertools.count(1)

    def synced() -> None:
        fetcher.asked = 0
        asyncio.run(sync.sync_network(follower, fetcher, network_of(follower, origin)))  # type: ignore[arg-type]

    def begin_again() -> object:
        """Where a mutated sync starts from: nothing, or one edition behind."""
        if first:
            with follower.store.writing() as db:
                network = next(n for n in feeds.networks(db) if n.network == origin.network.network)
                for feed in feeds.feeds(db, network):
                    records.forget(db, feed.id)
                    feeds.remove_feed(db, feed)
                feeds.open_feed(db, network, "public")
        else:
            add(origin, "Newer")
            publish.publish(origin, NOW + timedelta(minutes=2 * next(count)))  # at most 1,000 editions a day
        return state(follower, origin)

    @many(WHOLE // 2)
    @given(st.integers(0, 7 if first else 0), mutations)
    def law(nth: int, changes: list[Mutation]) -> None:
        before = begin_again()
        fetcher.spoil = (nth, changes)
        synced()
        fetcher.spoil = None
        assert state(follower, origin) in (before, state(origin, origin))
        if not first:
            synced()
            assert state(follower, origin) == state(origin, origin)

    with replaced(INLINE):
        synced()
        law()
        synced()
    assert state(follower, origin) == state(origin, origin) and problems(follower) == []
