"""Random schedules of everything that befalls a node: `python -m tests.faults.schedules N SEED`.

One network, two followers, and what people and machines do: edits, publishing, crashes at each step of it, a second
process, backups, restores of old ones, databases copied by hand, lost marks, copied homes, machines put back as a
whole. People are careless: they adopt and restore whenever they like. But what nobody but a person can know ("nothing
was published after this", "the other copy is switched off") they say only when it is so; a machine that is put back
together with its mark, which nothing on it can show, is put back when a follower holds what came after.

The law, over everything the log key ever signs: one root for each size, and each root on top of the one before it. And
an acknowledged edit is there, signed or waiting, unless the disk or the backup that was restored had lost it; one whose
withdrawal was signed is never signed again.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from fednet.errors import FednetError
from fednet.feed import tlog, wire
from fednet.feed.checkpoint import parse_checkpoint
from fednet.feed.note import Ed25519Signer, Signature
from fednet.node import ask, backup, doctor, edits, home, mark, publish, restore, standing, sync
from fednet.node.answers import AheadError, ahead_body, changes, checkpoint, page, tile
from fednet.node.ask import Peer
from fednet.node.fetch import Fetched
from fednet.node.home import DATABASE, Home
from fednet.node.verify import problems
from fednet.store import drafts, feeds
from fednet.store.drafts import Draft
from tests.node.nodes import NOW, held, listing, organization

SHORTEST, LONGEST = 8, 24  # steps of a schedule


class CrashError(Exception):
    """The process ends here."""


class BrokenLawError(Exception):
    """What must never be."""


SEAMS = [
    ("fednet.store.drafts.settle", "before"),
    ("fednet.node.mark.Mark.advance", "before"),
    ("fednet.node.files.os.fsync", "before"),
    ("fednet.node.mark.Mark.advance", "after"),
    ("fednet.node.tombstones.keep", "before"),
    ("fednet.node.publish.sign", "after"),
    ("fednet.node.publish.accept", "before"),
    ("fednet.store.records._write_rows", "after"),
    ("fednet.store.feeds.accept", "before"),
    ("fednet.store.feeds.accept", "after"),
    ("fednet.store.drafts.published", "after"),
]
"""Where a publisher can crash, or somebody else come between."""


# --- what the key signs -----------------------------------------------------------------------------------------------


class Signed:
    """Every checkpoint that the key has signed, and the edits that were acknowledged."""

    def __init__(self) -> None:
        self.roots: dict[int, bytes] = {0: tlog.EMPTY_ROOT}
        self.by: dict[int, str] = {}  # size -> lineage of the home that signed it first
        self.gone: set[str] = set()  # handles whose withdrawal is signed

    @property
    def size(self) -> int:
        return max(self.roots)

    def take(self, text: bytes, lineage: str) -> None:
        found = parse_checkpoint(text)
        if self.roots.setdefault(found.size, found.root) != found.root:
            raise BrokenLawError(f"two roots of size {found.size}")
        self.by.setdefault(found.size, lineage)

    def check_follows(self, before: tlog.Frontier) -> None:
        if self.roots.get(before.size) != before.root:
            raise BrokenLawError(f"what is signed next does not follow on what was signed at size {before.size}")


# --- a feed of one home, read by another in the same process ----------------------------------------------------------


class Held:
    """A home's public feeds as a source, without a network between."""

    origin = False

    def __init__(self, served: Home, network: str) -> None:
        self.served, self.network, self.name = served, network, served.path.name

    async def get(self, path: str, *, limit: int = 0, seconds: float = 0) -> Fetched:
        try:
            return Fetched(200, self._found(path), 0)
        except AheadError as error:
            return Fetched(error.status, ahead_body(error), 0)
        except FednetError as error:
            return Fetched(error.status, b"{}", 0)

    def _found(self, path: str) -> bytes:
        with self.served.store.reading() as db:
            feed = feeds.public_feed(db, self.network)
            if path == "identity":
                return feed.network.identity.encoded
            if path == "circles":
                return b""
            match path.split("/", 2):
                case ["public", asked] if asked.startswith("changes?since="):
                    return changes(db, feed, wire.parse_position(asked.partition("=")[2]))
                case ["public", "page", name]:
                    return page(db, feed, wire.parse_page_name(name)).encoded
                case ["public", epoch, "checkpoint"]:
                    return checkpoint(feed, int(epoch))
                case ["public", epoch, name]:
                    return tile(db, feed, int(epoch), tlog.parse_tile_path(name))
        raise BrokenLawError(f"nobody serves {path}")


# --- the world --------------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """A copy of a home's files or database, or a backup: the edits in it, how far it is, of which lineage."""

    place: Path
    edits: frozenset[str]
    size: int
    lineage: str


class World:
    """One schedule. `node` is the home in use; `edits` what was acknowledged there and not withdrawn since."""

    def __init__(self, template: Path, directory: Path, seed: int) -> None:
        self.directory, self.random = directory, random.Random(seed)
        self.signed = Signed()
        self.counts: Counter[str] = Counter()
        self.lineage = "first"
        for name in ("node", "near", "far"):
            shutil.copytree(template / name, directory / name)
        self.path = directory / "node"
        _settle_in(self.path)
        self.node = Home(self.path)
        self.network = self.node.network.network
        self.followers = [Home(directory / name) for name in ("near", "far")]
        self.edits: frozenset[str] = frozenset()
        self.every: list[str] = []
        self.discarded: set[str] = set()  # withdrawn before they were signed
        self.kept: list[Kept] = []  # backups
        self.databases: list[Kept] = []  # copied by hand
        self.machines: list[Kept] = []
        self.numbers, self.minutes = itertools.count(), itertools.count()

    def close(self) -> None:
        for opened in (self.node, *self.followers):
            opened.close()

    def run(self, steps: int) -> None:
        acts = [
            (self.add, 6), (self.withdraw, 4), (self.publish, 6), (self.crash, 4), (self.interrupt, 3),
            (self.follow, 6), (self.back_up, 4), (self.restore, 4), (self.reread, 2), (self.copy_database, 1),
            (self.put_back_database, 1), (self.lose_mark, 1), (self.lose_home, 1), (self.move, 1), (self.adopt, 3),
            (self.image, 2), (self.put_back_machine, 3), (self.second_process, 1), (self.use_copy, 2),
        ]  # fmt: skip
        with patched(self):
            for act in self.random.choices([a for a, _ in acts], [weight for _, weight in acts], k=steps):
                try:
                    act()
                    self.counts[act.__name__] += 1
                except FednetError as refusal:
                    self.counts[f"{act.__name__}: {refusal.word}"] += 1
                self.check()
            self.publish_at_last()

    def check(self) -> None:
        """Every acknowledged edit is listed or waits; nothing that was signed as withdrawn is listed."""
        with self.node.store.reading() as db:
            for handle in self.edits:
                with suppress(FednetError):
                    edits.find(db, self.node, handle)
                    continue
                raise BrokenLawError(f"an acknowledged edit is lost: {handle}")

    def publish_at_last(self) -> None:
        """If it may sign at all, everything that waits is signed, and followers agree."""
        with suppress(FednetError):
            self.publish()
            self.counts["signs at the end"] += 1
            if bad := [problem for feed in _own(self.node) for problem in problems(*feed)]:
                raise BrokenLawError(bad[0])
            listed = set(listing(self.node, self.network))
            if not self.edits <= listed:
                raise BrokenLawError("an acknowledged edit was not signed")
        if self._size() == self.signed.size and self.signed.gone & set(listing(self.node, self.network)):
            raise BrokenLawError("what was withdrawn is listed again")
        for follower in self.followers:
            self._sync(follower)

    def now(self) -> datetime:
        """Every look at the clock is a minute later."""
        return NOW + timedelta(minutes=next(self.minutes))

    # --- what happens

    def _salt(self) -> bytes:
        return self.random.randbytes(32)

    def add(self) -> None:
        self._add(self.node)

    def _add(self, opened: Home) -> None:
        handle = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        body = edits.body_of(organization(f"Number {next(self.numbers)}"))
        with opened.store.writing() as db:
            drafts.save(db, [Draft(handle, "public", "put", body)], self.now())
        self.edits |= {handle}
        self.every.append(handle)

    def withdraw(self) -> None:
        if not self.edits:
            return
        handle = self.random.choice(sorted(self.edits))
        if handle not in listing(self.node, self.network):
            self.discarded.add(handle)
        edits.withdraw(self.node, handle, self.now())
        self.edits -= {handle}

    def publish(self) -> None:
        """As the command does: others are asked first."""
        self._ask()
        self._publish(self.node)

    def _publish(self, opened: Home) -> None:
        before = set(listing(opened, self.network))
        publish.publish(opened, self.now(), salt=self._salt)
        self.signed.gone |= before - set(listing(opened, self.network))

    def _ask(self) -> None:
        ask.settle(self.node, asyncio.run(ask.told(self.node.network.identity, self._peers())))

    def _peers(self, count: int = 2) -> list[Peer]:
        return [Peer(Held(follower, self.network)) for follower in self.followers[:count]]

    def crash(self) -> None:
        """A publisher ends at some step; the next process finds what it left."""
        self._ask()
        place, when = self.random.choice(SEAMS)
        after = self.random.randrange(1, 4) if place.endswith("fsync") else 1
        with _broken(place, when, after, _crash), suppress(CrashError):
            self._publish(self.node)
        self._restart()

    def interrupt(self) -> None:
        """At some step of a publisher, another process edits, makes a backup, or answers a follower."""
        self._ask()
        act = self.random.choice([lambda: self._add(self.node), self.back_up, self.follow])
        # what comes between must not be inside a transaction of the publisher
        place, when = self.random.choice([SEAMS[1], SEAMS[3], SEAMS[4], SEAMS[5]])
        with _broken(place, when, 1, act):
            self._publish(self.node)

    def second_process(self) -> None:
        """Two processes on one home take turns."""
        other = Home(self.path)
        try:
            self._ask()
            self._add(self.node)
            self._publish(other)
            self._add(other)
            self._publish(self.node)
        finally:
            other.close()

    def follow(self) -> None:
        self._sync(self.random.choice(self.followers))

    def _sync(self, follower: Home) -> None:
        with follower.store.reading() as db:
            origin = feeds.named(db, self.network)
        synced = asyncio.run(sync.sync_from(follower, [Held(self.node, self.network)], origin))
        if synced.refused:
            raise BrokenLawError(f"a follower refuses: {synced.error}")

    # --- copies

    def back_up(self) -> None:
        file = self.directory / f"backup-{len(self.kept)}"
        known, size = self.edits, self._size()
        backup.backup(self.node, file, self.now())
        self.kept.append(Kept(file, known, size, self.lineage))

    def restore(self) -> None:
        """Some backup, over whatever is there; none, one or both of the followers can be reached."""
        if not self.kept:
            return
        chosen = self.random.choice(self.kept)
        peers = self._peers(self.random.randrange(3))
        result = asyncio.run(restore.restore(self.path, chosen.place, lambda _: peers, self.now(), replace=True))
        self._restart()
        self.counts[f"restored: {result.standing}"] += 1
        self._known(chosen)
        if result.standing == "waits":
            self._say_newest()

    def _known(self, kept: Kept) -> None:
        """What must be there after a copy was put back: its edits, but for those that were signed away since."""
        self.edits = kept.edits
        if self._size() > kept.size:  # its drafts were taken since, unless another line of copies signed that
            there = self._there()
            excused = self.edits if self._strange(kept) else self.signed.gone | self.discarded
            self.edits = (self.edits - excused) | there

    def _strange(self, kept: Kept) -> bool:
        return any(by != kept.lineage for size, by in self.signed.by.items() if size > kept.size)

    def _there(self) -> frozenset[str]:
        """Every record that is listed or waits to be, and is not about to be withdrawn."""
        found = set()
        with self.node.store.reading() as db:
            for handle in self.every:
                with suppress(FednetError):
                    edits.find(db, self.node, handle)
                    found.add(handle)
        return frozenset(found)

    def reread(self) -> None:
        peers = self._peers(self.random.randrange(3))
        result = asyncio.run(restore.reread(self.node, lambda _: peers, self.now()))
        self.edits = (self.edits - self.signed.gone) | self._there()
        self.counts[f"read again: {result.standing}"] += 1
        if result.standing == "waits":
            self._say_newest()

    def copy_database(self) -> None:
        place = self.directory / f"database-{len(self.databases)}"
        with self.node.store.reading() as db, place.open("wb") as out, backup.copies.copied(db, self.directory) as copy:
            shutil.copyfileobj(copy, out)
        self.databases.append(Kept(place, self.edits, self._size(), self.lineage))

    def put_back_database(self) -> None:
        """By hand, with the node stopped; the mark stays."""
        if self.databases:
            chosen = self.random.choice(self.databases)
            self._replace(lambda: shutil.copy(chosen.place, self.path / DATABASE))
            self.edits = chosen.edits

    def _replace(self, put: Callable[[], object]) -> None:
        self.node.close()
        for left in self.path.glob(f"{DATABASE}*"):
            left.unlink()
        put()
        self.node = Home(self.path)

    def lose_mark(self) -> None:
        self.node.mark.path.unlink(missing_ok=True)

    def lose_home(self) -> None:
        """The disk is lost: all but the keys, which were on paper. A backup is restored, if there is one."""
        if not self.kept:
            return
        self.node.close()
        for file in self.path.iterdir():
            if file.name != "keys.json":
                file.unlink()
        self.restore()

    def move(self) -> None:
        """The home is copied; the copy is used from now on, the other is switched off for good."""
        self.node.close()
        place = self.directory / f"copy-{next(self.numbers)}"
        shutil.copytree(self.path, place)
        self.path, self.node = place, Home(place)
        self.lineage = place.name

    def use_copy(self) -> None:
        """Somebody copies the home and goes on in the copy, where nobody has adopted it; and then here again."""
        self.node.close()
        place = self.directory / "twin"
        shutil.copytree(self.path, place)
        twin, known = Home(place), self.edits
        try:
            self._add(twin)
            self._publish(twin)
            raise BrokenLawError("a copy signs")
        except FednetError:
            self.edits = known
        finally:
            twin.close()
            shutil.rmtree(place)
            self._restart()

    def image(self) -> None:
        """Keep the whole machine as it is, mark and all."""
        self.node.close()
        place = self.directory / f"machine-{len(self.machines)}"
        shutil.copytree(self.path, place)
        self.node = Home(self.path)
        self.machines.append(Kept(place, self.edits, self._size(), str(self.path)))

    def put_back_machine(self) -> None:
        here = [kept for kept in self.machines if kept.lineage == str(self.path)]
        held_by_near = held(self.followers[0], self.node).followed.frontier.size if here else 0
        safe = [kept for kept in here if self.signed.size in (kept.size, held_by_near)]
        if not safe:
            return
        chosen = self.random.choice(safe)
        self.node.close()
        for file in self.path.iterdir():
            file.unlink()
        for file in chosen.place.iterdir():
            shutil.copy(file, self.path / file.name)
        self.node = Home(self.path)
        self.edits = chosen.edits

    # --- people

    def adopt(self) -> None:
        """Whenever somebody feels like it, after others were asked; with what only a person can know if it is true."""
        answers = asyncio.run(ask.told(self.node.network.identity, self._peers(self.random.randrange(3))))
        doctor.adopt(self.node, newest=self._is_newest(), asked=ask.settle(self.node, answers))

    def _say_newest(self) -> None:
        if self._is_newest():
            doctor.adopt(self.node, newest=True)

    def _is_newest(self) -> bool:
        """Whether nothing was signed after what is here, or about to be signed again."""
        with self.node.store.reading() as db:
            log = standing.logs(db, feeds.own(db)).get("public")
        newest = mark.Signed(1, self.signed.size, mark.base64_text(self.signed.roots[self.signed.size]))
        return log is not None and (newest in (log.newest, log.prepared) or not self.signed.size)

    def _size(self) -> int:
        return held(self.node, self.node).followed.frontier.size

    def _restart(self) -> None:
        self.node.close()
        self.node = Home(self.path)


def _own(opened: Home) -> list[tuple[Any, feeds.Feed]]:
    with opened.store.reading() as db:
        return [(db, feed) for feed in feeds.feeds(db, feeds.own(db))]


def _crash() -> None:
    raise CrashError


@contextmanager
def _broken(place: str, when: str, after: int, act: Callable[[], object]) -> Iterator[None]:
    """Something happens once, at the `after`-th call of a function, before or after it."""
    module, _, name = place.rpartition(".")
    owner = _named(module)
    real, calls = getattr(owner, name), iter(range(1, 1_000_000))

    def breaking(*arguments: Any, **named: Any) -> Any:
        now = next(calls) == after
        if now and when == "before":
            act()
        found = real(*arguments, **named)
        if now and when == "after":
            act()
        return found

    with patch.object(owner, name, breaking):
        yield


def _named(path: str) -> Any:
    import importlib

    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        outer, _, inner = path.rpartition(".")
        return getattr(_named(outer), inner)


@contextmanager
def patched(world: World) -> Iterator[None]:
    """Hear of everything that is signed, and of what the mark is asked for."""
    signature, advance = Ed25519Signer.signature, mark.Mark.advance

    def overheard(signer: Ed25519Signer, text: bytes) -> Signature:
        if signer.name.endswith("/public/1"):
            world.signed.take(text, world.lineage)
        return signature(signer, text)

    def advanced(self: Any, circle: str, epoch: int, before: tlog.Frontier, size: int, root: bytes) -> None:
        advance(self, circle, epoch, before, size, root)
        world.signed.check_follows(before)

    with patch.object(Ed25519Signer, "signature", overheard), patch.object(mark.Mark, "advance", advanced):
        yield


# --- many of them -----------------------------------------------------------------------------------------------------


def _settle_in(path: Path) -> None:
    """The home that is a copy of the template is here from the start."""
    found = mark.Mark(path)
    content = found.read()
    if content is not None:
        found.begin(content.network)


def template(directory: Path) -> Path:
    """A new node and two followers that have not synced yet: every schedule begins with copies of them."""
    with ExitStack() as opened:
        made = {name: home.create(directory / name, name.title(), None, None)[0] for name in ("node", "near", "far")}
        for one in made.values():
            opened.callback(one.close)
        for name in ("near", "far"):
            with made[name].store.writing() as db:
                network = feeds.pin(db, made["node"].network.identity, NOW)
                feeds.open_feed(db, network, "public")
    return directory


def fast_directory() -> str | None:
    """Memory, where the system has a directory there: crashes here are of processes, not of disks."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def run(count: int, seed: int) -> Counter[str]:
    """So many schedules; what happened in them. Raises BrokenLawError, with the seed of the schedule that breaks it."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=fast_directory()) as place:
        begin = template(Path(place) / "template")
        for number in range(seed, seed + count):
            directory = Path(place) / "world"
            directory.mkdir()
            world = World(begin, directory, number)
            try:
                world.run(world.random.randint(SHORTEST, LONGEST))
            except Exception as error:
                error.add_note(f"python -m tests.faults.schedules 1 {number}")
                raise
            finally:
                world.close()
                counts += world.counts
                shutil.rmtree(directory)
    return counts


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    counts = run(count, seed)
    for what, number in sorted(counts.items()):
        print(f"{number:8,}  {what}")
    print(f"{count:8,}  schedules, no two signatures that contradict each other")


if __name__ == "__main__":
    main()
