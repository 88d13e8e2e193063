"""A world of 3 to 7 nodes in one process, whose every accident follows from a seed.

Nodes edit, publish and sync; answers are spoiled on the way; nodes crash at any write and start again, are set back to
an old copy of their database, or cut off from others; clocks jump; one of them may lie. After each step the laws hold:

- nobody shows what its network did not sign, nor a set that does not add up to it;
- nobody goes back, unless it was itself set back to an old copy;
- no honest key signs two histories.

When the accidents end, every honest node holds exactly what every honest node signed last, and those to whom a liar
showed two histories know it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

import fednet.web.programs.feeds
import fednet.web.programs.receipts
import fednet.web.programs.witness
from fednet.errors import FednetError
from fednet.feed.checkpoint import Checkpoint, parse_checkpoint
from fednet.feed.note import Note
from fednet.feed.tlog import Frontier
from fednet.node import ask, descent, edits, epochs, gossip, home, keys, mark, publish, recovery, restore, sync, verify
from fednet.node.home import Home
from fednet.node.mark import Mark
from fednet.store import database, destruction, drafts, feeds, records, sources
from fednet.store.drafts import Draft
from fednet.store.feeds import Feed
from fednet.web.callers import Callers
from tests.simulation import seeded
from tests.simulation.wire import App, SimulatedFetcher, Wire

BEGAN = datetime(2026, 11, 21, 18, 0, 0, tzinfo=UTC)
WORDS = ("Alpha", "Beta", "Gamma", "Delta", "Omega")
NODES = (3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7)
ROUNDS = 4  # of syncs after the last accident


class CrashError(BaseException):
    """The process of a node ends here; nothing after it runs."""


class Node:
    """One node of the world, with its clock and the moment at which it will crash."""

    def __init__(self, world: World, name: str, path: Path) -> None:
        self.world, self.name, self.path = world, name, path
        self.home = Home(path)
        self.opened = [self.home]
        self.id = self.home.network.network
        self.ahead = timedelta()
        self.crash_in: int | None = None  # at the n-th durable write from now
        self.positions: dict[tuple[str, str], tuple[int, int]] = {}
        self.copy: Path | None = None
        self.lying = False
        self.partners: set[str] = set()
        self.set_back = False  # to an old copy of its database
        self.stuck = False  # it must not go on: only a backup that knows its newest statement would help
        self.app = served_app(self.home)

    @property
    def url(self) -> str:
        return f"http://{self.name}"

    def now(self) -> datetime:
        return self.world.moment + self.ahead

    def stop(self) -> None:
        """End the process: also what still answered with the home of an earlier one."""
        for opened in self.opened:
            opened.close()

    def restart(self) -> None:
        self.stop()
        self.crash_in = None
        self.home = Home(self.path)
        self.opened.append(self.home)
        self.app = served_app(self.home)

    def reached(self) -> None:
        """A durable write begins or has just ended."""
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                raise CrashError(self.name)


class World:
    """Made from a seed; `run()` raises AssertionError when a law is broken."""

    def __init__(self, seed: int, directory: Path, *, steps: int = 24) -> None:
        self.rng = random.Random(seed)
        self.steps = steps
        self.moment = BEGAN
        self.wire = Wire(self.rng)
        self.signed: dict[tuple[str, int], set[bytes]] = {}  # (origin, size) -> roots
        self.told: list[str] = []  # what happened, for whoever replays
        self.nodes: list[Node] = []
        for number in range(self.rng.choice(NODES)):
            path = directory / f"node{number}"
            shutil.copytree(_template(number), path)
            node = Node(self, f"node{number}", path)
            self.nodes.append(node)
            self.wire.apps[node.name] = lambda _, node=node: node.app
        self.liar = self.rng.choice(self.nodes) if self.rng.random() < 0.6 else None
        if self.liar is not None:
            self._make_liar(self.liar, directory / "second-face")
        self._acquaint()

    # --- who knows whom -----------------------------------------------------------------------------------------------

    def _acquaint(self) -> None:
        """Everybody follows everybody; some also know a mirror, some are partners of each other."""
        partners = {frozenset(self.rng.sample([n.name for n in self.nodes], 2)) for _ in self.nodes[1:]}
        for node in self.nodes:
            with node.home.store.writing() as db:
                for other in self.nodes:
                    if other is node:
                        continue
                    network = feeds.pin(db, other.home.network.identity, BEGAN)
                    sources.add_origin(db, network, other.url)
                    mirror = self.rng.choice(self.nodes)
                    if mirror not in (node, other):
                        sources.add_origin(db, network, mirror.url)
                    feeds.open_feed(db, network, "public")
                    if frozenset((node.name, other.name)) in partners:
                        feeds.set_partner(db, network, True)
                        node.partners.add(other.name)

    def _make_liar(self, liar: Node, path: Path) -> None:
        """A second home with the same keys, another history, and someone else to show it to."""
        liar.lying = True
        shutil.copytree(liar.path, path)
        self.second = Node(self, liar.name, path)
        believers = {node.name for node in self.nodes if self.rng.random() < 0.5}

        def face(asker: str) -> App:
            app = self.second.app if asker in believers else liar.app
            return self._mangling(app) if self.rng.random() < 0.2 else app

        self.wire.apps[liar.name] = face

    def _mangling(self, app: App) -> App:
        async def mangled(scope: Any, receive: Any, send: Any) -> None:
            async def spoil(message: Any) -> None:
                if message.get("body"):
                    message = {**message, "body": self.wire.mangled(message["body"])}
                await send(message)

            await app(scope, receive, spoil)

        return mangled

    # --- what happens -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        for _ in range(self.steps):
            self.moment += timedelta(seconds=self.rng.randrange(600))
            self.wire.trouble = self.rng.choice((0.0, 0.1, 0.4))
            actors = self.rng.sample(self.nodes, self.rng.choice((1, 1, 1, 2, 3)))
            await asyncio.gather(*(self._acted(node) for node in actors))
            self.check_laws()
        await self.heal()
        self.check_converged()

    async def _acted(self, node: Node) -> None:
        """One act of one node; a crash ends it, a refusal is what it may meet."""
        act = self.rng.choice(ACTS)
        self.told.append(f"{node.name} {act.__name__}")
        if self.rng.random() < 0.15:
            node.crash_in = self.rng.randrange(12)
        try:
            await act(self, node)
        except CrashError:
            self.told.append(f"{node.name} crashed")
            node.restart()
        except FednetError as error:
            self.told.append(f"{node.name} refused: {error.detail}")
        node.crash_in = None

    async def edit(self, node: Node) -> None:
        for each in self._faces(node):
            self._edit(each)

    def _faces(self, node: Node) -> list[Node]:
        """A liar tells each of its audiences something else."""
        return [self.rng.choice((node, self.second))] if node is self.liar else [node]

    def _edit(self, node: Node) -> None:
        own = self._own_handles(node)
        moment = node.now()
        for _ in range(self.rng.randrange(1, 6)):
            match self.rng.choice(("add", "add", "change", "withdraw", "erase")) if own else "add":
                case "add":
                    circle = self.rng.choice(("public", "public", "partners"))
                    drafted = Draft(edits.new_handle(), circle, "put", self._body())
                case "change":
                    drafted = Draft(*self.rng.choice(own), "put", self._body())
                case "withdraw":
                    drafted = Draft(*own.pop(), "drop", None)
                case _:
                    drafted = Draft(*own.pop(), "erase", None)
            with node.home.store.writing() as db:
                drafts.save(db, [drafted], moment)

    def _body(self) -> bytes:
        word = f"{self.rng.choice(WORDS)} {self.rng.randrange(1000)}"
        return edits.body_of({"kind": "organization", "names": {"en": word}, "countries": ["TH"]})

    def _own_handles(self, node: Node) -> list[tuple[str, str]]:
        """Handle and circle of what a node lists, but for what waits to be changed already."""
        with node.home.store.reading() as db:
            rows = db.execute(
                "SELECT handle, circle FROM record JOIN feed ON feed.id = feed_id "
                "JOIN network ON network.id = network_id WHERE own AND handle IS NOT NULL "
                "AND handle NOT IN (SELECT handle FROM draft) ORDER BY handle"
            ).fetchall()
        self.rng.shuffle(rows)
        return rows

    async def publish(self, node: Node) -> None:
        for each in self._faces(node):
            self._edit(each)
            publish.publish(each.home, each.now())

    async def renew(self, node: Node) -> None:
        publish.renew(node.home, node.now() + timedelta(days=20))

    async def sync(self, node: Node) -> None:
        followed = self._followed(node)
        await self._synced(node, self.rng.sample(followed, self.rng.randint(1, len(followed))))

    def _followed(self, node: Node) -> list[feeds.Network]:
        with node.home.store.reading() as db:
            return [network for network in feeds.networks(db) if not network.own]

    async def _synced(self, node: Node, networks: Sequence[feeds.Network]) -> None:
        fetcher: Any = SimulatedFetcher(self.wire, node.name)
        await asyncio.gather(*(sync.sync_network(node.home, fetcher, network) for network in networks))

    async def rotate(self, node: Node) -> None:
        """New online keys, and with them a new epoch."""
        if node is not self.liar and self.rng.random() < 0.5:
            epochs.rotate(node.home, keys.read_recovery(_recovery(node)), node.now())

    async def keep_copy(self, node: Node) -> None:
        """What a careless person takes for a backup: a copy of the database file."""
        if node is self.liar:
            return
        node.stop()
        node.copy = node.path.with_name(f"{node.name}-copy.db")
        shutil.copyfile(node.path / home.DATABASE, node.copy)
        node.restart()

    async def put_back_copy(self, node: Node) -> None:
        """The old database in the place of the new one; the mark stays."""
        if node.copy is None:
            return
        node.stop()
        for left in node.path.glob(f"{home.DATABASE}-*"):
            left.unlink()
        shutil.copyfile(node.copy, node.path / home.DATABASE)
        node.restart()
        node.set_back = True
        node.positions.clear()

    async def clock_jumps(self, node: Node) -> None:
        node.ahead = timedelta(days=self.rng.randint(-400, 400))

    async def partition(self, node: Node) -> None:
        others = self.rng.sample(self.nodes, self.rng.randrange(len(self.nodes)))
        self.wire.apart = {frozenset((node.name, other.name)) for other in others}

    # --- the laws -----------------------------------------------------------------------------------------------------

    @property
    def honest(self) -> list[Node]:
        return [node for node in self.nodes if not node.lying]

    def sign(self, signer: Callable[..., Note]) -> Callable[..., Note]:
        """`sign`, overheard: what was ever signed, by log and size."""

        def overheard(text: bytes, *signers: Any) -> Note:
            self.remember(parse_checkpoint(text))
            return signer(text, *signers)

        return overheard

    def remember(self, checkpoint: Checkpoint) -> None:
        roots = self.signed.setdefault((checkpoint.origin, checkpoint.size), set())
        roots.add(checkpoint.root)
        liar = self.liar.id if self.liar else "nobody"
        where = f"{checkpoint.origin} size {checkpoint.size}"
        assert len(roots) == 1 or f"/{liar}/" in checkpoint.origin, f"two roots signed at {where}"

    def check_laws(self) -> None:
        for node in self.nodes:
            with node.home.store.reading() as db:
                for feed in feeds.feeds(db):
                    if feed.visible and feed.followed.edition is not None:
                        self._check_feed(node, feed)

    def _check_feed(self, node: Node, feed: Feed) -> None:
        followed = feed.followed
        assert followed.checkpoint is not None
        held = parse_checkpoint(followed.checkpoint.text)
        assert held.root in self.signed.get((held.origin, held.size), ()), f"{node.name} holds what nobody signed"
        before = node.positions.get((feed.network.network, feed.circle), (0, 0))
        now = (followed.epoch, followed.frontier.size)
        assert now >= before, f"{node.name} went back from {before} to {now}"
        if now != before:
            node.positions[feed.network.network, feed.circle] = now
            with node.home.store.reading() as db:
                assert not list(verify.problems(db, feed)), f"{node.name} holds another set than was signed"

    async def heal(self) -> None:
        """The accidents end; those that were set back read again what they had signed."""
        self.wire.trouble, self.wire.apart = 0.0, set()
        self.wire.past.clear()
        self.moment += timedelta(days=500)
        for node in self.nodes:
            node.ahead = timedelta()
        for _ in range(ROUNDS):
            for node in self.honest:
                await self.recover(node)
            for node in self.honest:
                await self._synced(node, self._followed(node))
            self.check_laws()
            if self.converged() and not self.deceived():
                return

    async def recover(self, node: Node) -> None:
        """Sign what waits; a node that was set back first reads its own feed again from those who hold it."""
        try:
            if node.set_back:
                await self._reread(node)
            publish.publish(node.home, node.now())
        except FednetError as error:
            self.told.append(f"{node.name} refused: {error.detail}")
            node.stuck = node.set_back

    async def _reread(self, node: Node) -> None:
        fetcher: Any = SimulatedFetcher(self.wire, node.name)
        found = await restore.reread(node.home, lambda opened: ask.peers(opened, fetcher), node.now(), newest=True)
        self.told.append(f"{node.name} re-reads: {found.standing} {found.detail}")
        if found.standing == "lost":
            seeds = keys.read_recovery(_recovery(node))
            recovery.recover(node.home, seeds, recovery.Closing(), None, node.now())
        node.set_back = False

    def converged(self) -> bool:
        return not any(self._differences())

    def _differences(self) -> Iterator[str]:
        """Who does not hold what an honest node signed last, or holds what is not for him."""
        for origin in self.honest:
            for node in self.honest:
                if origin.stuck:
                    continue
                if dump(node, origin) != dump(origin, origin):
                    yield f"{node.name} does not hold what {origin.name} signed last"
                readable = node is origin or node.name in origin.partners
                due = dump(origin, origin, "partners") if readable else ()
                if not node.stuck and dump(node, origin, "partners") != due:
                    yield f"{node.name} does not hold of {origin.name} what it may read"

    def deceived(self) -> list[str]:
        """Honest nodes that hold another history of the liar than others do, and have not noticed."""
        held: list[tuple[Node, list[bytes], bool]] = []
        for node in self.honest if self.liar else []:
            with node.home.store.reading() as db:
                network = next(n for n in feeds.networks(db) if self.liar and n.network == self.liar.id)
                feed = feeds.feed(db, network, "public")
                if feed is not None and feed.visible and feed.followed.edition is not None:
                    held.append((node, list(feeds.leaf_hashes(db, feed)), bool(network.frozen)))
        longest = max((leaves for _, leaves, _ in held), key=len, default=[])
        if all(longest[: len(leaves)] == leaves for _, leaves, _ in held):
            return []
        return [node.name for node, _, frozen in held if not frozen]

    def check_converged(self) -> None:
        assert not self.deceived(), f"{self.deceived()} do not notice that they are lied to"
        wrong = next(self._differences(), None)
        assert wrong is None, wrong

    def happened(self) -> Counter[str]:
        """How often each thing happened, for a summary."""
        acts = Counter(line.split()[1] for line in self.told)
        return Counter({**acts, **{f"answers {fault}": times for fault, times in self.wire.met.items()}})

    def close(self) -> None:
        for node in self.nodes:
            node.stop()
        if self.liar is not None:
            self.second.stop()


ACTS = (
    *(World.publish, World.sync) * 3, World.sync, World.edit, World.renew,
    World.keep_copy, World.put_back_copy, World.rotate, World.clock_jumps, World.partition,
)  # fmt: skip


def dump(node: Node, origin: Node, circle: str = "public") -> tuple[Any, ...]:
    """What a node shows of an origin: position and every record, tombstones included."""
    with node.home.store.reading() as db:
        network = next(n for n in feeds.networks(db) if n.network == origin.id)
        feed = feeds.feed(db, network, circle)
        if feed is None or not feed.visible or feed.followed.edition is None:
            return ()
        rows = tuple((key, found.commitment) for key, found in records.stored(db, feed.id, feed.commitments) if found)
        return (feed.followed.position, feed.followed.frontier, rows)


def served_app(opened: Home) -> App:
    """What a node answers to others."""
    callers = Callers(opened, home.now)
    routes = [
        *fednet.web.programs.feeds.routes(opened, callers),
        *fednet.web.programs.receipts.routes(opened, callers),
        *fednet.web.programs.witness.routes(opened, home.now),
    ]
    return Starlette(routes=routes, exception_handlers={FednetError: _refusal})


def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FednetError)
    return JSONResponse({"error": error.word, "detail": error.detail}, error.status)


# --- what is injected -------------------------------------------------------------------------------------------------

_templates: dict[int, Path] = {}


def _template(number: int) -> Path:
    """A new home for each number, made once a process."""
    if number not in _templates:
        path = Path(tempfile.mkdtemp(dir=_scratch())) / "home"
        name = f"Network {number}"
        rng = random.Random(name)
        with replaced(seeded_keys(rng)):
            made, _ = home.create(path, name, f"http://node{number}", path.with_name("recovery.txt"))
        made.close()
        _templates[number] = path
    return _templates[number]


def _recovery(node: Node) -> Path:
    """The sheet of paper that holds a node's recovery key."""
    return _templates[int(node.name.removeprefix("node"))].with_name("recovery.txt")


def _scratch() -> str | None:
    """Memory instead of a disk, where there is such a thing: crashes are ours, not the machine's."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


async def inline(act: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
    return act(*arguments)


class Inline(Executor):
    """Does at once what it is given."""

    def submit(self, act: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(act(*arguments, **named))
        except BaseException as error:
            done.set_exception(error)
        return done


INLINE: list[tuple[Any, str, Any]] = [
    (asyncio, "to_thread", inline),
    (anyio.to_thread, "run_sync", inline),
    (descent, "_WRITER", Inline()),
]
"""No threads: what happens next is decided by the seed alone."""


@contextlib.contextmanager
def injected(world: World) -> Iterator[None]:
    """Randomness, writes, threads and signatures go through the world while the block runs."""
    nodes = {str(node.path): node for node in world.nodes}
    rng = world.rng

    @contextlib.contextmanager
    def writing(store: database.Store) -> Iterator[Any]:
        node = nodes.get(str(store.path.parent))
        with original_writing(store) as db:
            yield db
            if node:
                node.reached()
        if node:
            node.reached()

    def write_atomically(path: Path, content: bytes, **how: Any) -> None:
        node = nodes.get(str(path.parent))
        if node:
            node.reached()
        original_write(path, content, **how)
        if node:
            node.reached()

    original_writing, original_write = database.Store.writing, mark.write_atomically
    patches: list[tuple[Any, str, Any]] = [
        (database.Store, "writing", writing),
        (mark, "write_atomically", write_atomically),
        (publish, "sign", world.sign(publish.sign)),
        (publish, "fresh_salt", lambda: rng.randbytes(32)),
        (destruction, "_zero_gaps", lambda _: None),  # a process of its own; tests/faults/canary.py has it
        *seeded_keys(rng),
        (edits, "new_handle", lambda: str(uuid.UUID(bytes=rng.randbytes(16), version=4))),
        *INLINE,
        *((module, "random", rng) for module in (ask, gossip, sync)),
    ]
    with replaced(patches):
        yield


def seeded_keys(rng: random.Random) -> list[tuple[Any, str, Any]]:
    return [
        (keys, "fresh", lambda: seeded.online_keys(rng.randbytes)),
        (keys, "fresh_recovery", lambda: rng.randbytes(32)),
    ]


@contextlib.contextmanager
def replaced(patches: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Attributes of modules and classes, put back when the block ends."""
    with contextlib.ExitStack() as undo:
        for holder, name, replacement in patches:
            undo.callback(setattr, holder, name, getattr(holder, name))
            setattr(holder, name, replacement)
        yield


def simulate(seed: int, *, steps: int = 24) -> World:
    """Run one world to its end; the AssertionError of a broken law names the seed."""
    directory = Path(tempfile.mkdtemp(prefix="fednet-simulation-", dir=_scratch()))
    world = None
    try:
        with replaced([(Mark, "_place", lambda _: ("simulated", "here"))]):  # homes are copied from templates
            world = World(seed, directory, steps=steps)
            with injected(world):
                asyncio.run(world.run())
        return world
    except Exception as error:
        told = "\n  ".join(world.told[-12:] if world else [])
        raise AssertionError(f"seed {seed}: {error}\n  {told}") from error
    finally:
        if world is not None:
            world.close()
        shutil.rmtree(directory, ignore_errors=True)


def digest(world: World) -> str:
    """What a run told, in short: the same for the same seed."""
    return hashlib.sha256("\n".join(world.told).encode()).hexdigest()[:16]


__all__ = ["Frontier", "World", "digest", "simulate"]
