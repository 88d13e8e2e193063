"""Erasing under fire: `python -m tests.faults.canary ERASURES SEED` (`make faults`).

An origin and a follower that mirrors it, each served by a process of its own, list records with words that occur
nowhere else. The records are erased a few at a time, while the commands that edit, publish, sync and serve are killed
at random moments. At the end, after a restart, no byte of these words may be in any file of either node, in what their
servers said or wrote, in a site or bundle written afterwards, nor in a node that reads everything from the mirror.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import uvicorn
import zstandard

from fednet.directory.query import parse_query
from fednet.directory.search import OPERATOR, search
from fednet.errors import NotFoundError, UsageError
from fednet.feed import tree, wire
from fednet.feed.introduction import Details, Held, Role, Side, Spoken
from fednet.feed.record import key_of
from fednet.feed.text import utc_text
from fednet.feed.tree import Entry, Node
from fednet.feed.wire import EntriesPage, PageName
from fednet.listing.text import fold
from fednet.listing.transliteration import sounds
from fednet.node import bundles, edits, erasure, publish, sites
from fednet.node.fetch import Fetcher
from fednet.node.home import Home, now
from fednet.node.signatures import signer
from fednet.node.sources import Address
from fednet.node.sync import sync
from fednet.store import destruction, drafts, feeds, index, introductions, proposals, records
from fednet.store.drafts import Draft, ImportRow
from fednet.store.feeds import Network
from fednet.store.introductions import Body, Kept
from fednet.web.app import create_app
from tests.node.nodes import Nodes, held, network_of, organization, pin, problems

ROOT = Path(__file__).parents[2]
KEPT = 40  # records that are never erased
A_ROUND = 3  # at most so many records are erased at once
SCRIPTS = {"latin": "bcdfghjklmnpqrstvwxz", "thai": "กขคงจฉชซญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
           "burmese": "ကခဂဃငစဆဇညဋဌဍဎဏတထဒဓနပဖဗဘမယရလဝသဟဠအ", "arabic": "بتثجحخدذرزسشصضطظعغفقلمن",
           "cyrillic": "бвгджзклмнпрстфхцчшщ", "accented": "éèêëàâäîïôöùûüçñåãõ",
           "han": "港灣木棉法律援助漁舟紙船燈籠屋"}  # fmt: skip


# --- the records that must leave no trace -----------------------------------------------------------------------------


class Canary(NamedTuple):
    """A record, and the words in it that occur nowhere else."""

    handle: str
    circle: str
    fields: dict[str, Any]
    words: tuple[str, ...]

    @property
    def body(self) -> bytes:
        return edits.body_of(self.fields)

    @property
    def traces(self) -> Iterator[bytes]:
        """What the words look like in a file: as written, as indexed, and as what remains of a term that begins as
        another one does."""
        for word in self.words:
            for form in {word, word.lower(), word.upper(), fold(word)}:
                yield form.encode()
            if word.isascii():
                yield word[-8:].lower().encode()
            else:
                yield from (sound.encode() for sound in sounds(word).split() if len(sound) >= 8)
        yield self.handle.encode()


def word(chance: random.Random, script: str, length: int = 12) -> str:
    return "".join(chance.choices(SCRIPTS[script], k=length))


def canary(chance: random.Random, number: int) -> Canary:
    """The kinds of records in turn: names, a contact, words in many scripts, words that are cut apart, an offer, a long
    text."""
    handle = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    latin = [word(chance, "latin").capitalize() for _ in range(3)]
    match number % 6:
        case 0:
            return Canary(handle, "public", organization(latin[0], acronym=latin[1][:8].upper()), (latin[0],))
        case 1:
            person = {"kind": "person", "name": f"{latin[0]} {latin[1]}", "country": "TH"}
            return Canary(handle, "partners", person, (latin[0], latin[1]))
        case 2:
            scripts = {"th": "thai", "my": "burmese", "ar": "arabic", "ru": "cyrillic", "zh": "han"}
            names = {tag: word(chance, script) for tag, script in scripts.items()}
            fields = organization(latin[0], description={"fr": word(chance, "accented")})
            fields["names"] |= names
            return Canary(handle, "public", fields, (latin[0], *names.values(), fields["description"]["fr"]))
        case 3:
            cut = f"{latin[0]}-{latin[1]}_{latin[2]}"
            site = f"https://{latin[0].lower()}.example/{latin[1].lower()}"
            return Canary(handle, "public", organization(cut, website=site), tuple(latin))
        case 4:
            titles = {"en": f"{latin[0]} lessons", "zh": word(chance, "han")}
            entry = {"kind": "exchange", "type": "offer", "titles": titles, "description": {"en": latin[1]}}
            return Canary(handle, "public", entry, (latin[0], latin[1], titles["zh"]))
        case _:
            text = " ".join(word(chance, "latin", 9) for _ in range(900))
            fields = organization(latin[0], description={"en": f"{latin[1]} {text} {latin[2]}"})
            return Canary(handle, "public", fields, tuple(latin))


def introduced(one: Canary, other: Network, role: Role) -> Kept:
    """What a side of an introduction about a record remembers of it."""
    at, words = utc_text(now()), " ".join(one.words)
    details = Details(words[:120], (), (), words[:500])
    entry = Spoken(one.handle, "offer", {"en": words[:200]}, words[:200])
    asking = Side(edits.new_handle(), 2, "asked", one.handle, at, own=entry, text=words, details=details)
    asked = Side(asking.introduction, 1, "accepted", one.handle, at, own=entry, text=words, details=details)
    own, said = (asking, asked) if role == "asker" else (asked, asking)
    return Kept(
        asking.introduction, other.network, other.name, role, "", one.handle, "introduced",
        Body(Held(role, own, said), entry), at, at,
    )  # fmt: skip


# --- processes that are killed ----------------------------------------------------------------------------------------


def work_at(places: Sequence[str]) -> None:
    """A process for each place: home, log, descriptors to read acts from and to answer to. This one imports for all."""
    for place in places:
        if os.fork() == 0:
            home, log, acts, answers = place.split(":")
            work(Path(home), Path(log), int(acts), int(answers))
            os._exit(0)
    for place in places:
        for descriptor in place.split(":")[2:]:
            os.close(int(descriptor))
    with suppress(ChildProcessError):
        while True:
            os.wait()


def work(home: Path, log: Path, acts: int, answers: int) -> None:
    """Take acts, one a line, and fork a process for each: `pid N` when it began, `done N` when it ended.

    A served address stays open in this process, so that those who ask while no server runs wait for the next.
    """

    def tell(text: str) -> None:
        os.write(answers, f"{text}\n".encode())

    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    tell(f"port {listening.getsockname()[1]}")
    for line in os.fdopen(acts):
        name, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.dup2(written, 1)
            os.dup2(written, 2)
            os._exit(acted(home, listening, name, arguments))
        tell(f"pid {child}")
        if name != "serve":
            tell(f"done {os.waitpid(child, 0)[1]}")


def acted(path: Path, listening: socket.socket, name: str, arguments: Sequence[Any]) -> int:
    try:
        with closing(Home(path)) as home:
            if name == "serve":
                config = uvicorn.Config(create_app(home), access_log=False, lifespan="off", loop="asyncio")
                uvicorn.Server(config).run([listening])
            else:
                ACTS[name](home, *arguments)
        return 0
    except BaseException:
        traceback.print_exc()
        return 1


def erase(home: Home, handles: Iterable[str]) -> None:
    for handle in handles:
        with suppress(NotFoundError, UsageError):  # erased already, by an act that was killed afterwards
            erasure.erase(home, handle, now())


def change(home: Home, handle: str, fields: dict[str, Any]) -> None:
    with suppress(NotFoundError):
        edits.edit(home, handle, fields, now())


ACTS: dict[str, Callable[..., Any]] = {
    "change": change,
    "erase": erase,
    "publish": lambda home: publish.publish(home, now()),
    "sync": lambda home: asyncio.run(sync(home, allow_private=True)),
}


class Worker:
    """The processes of one home, from outside."""

    def __init__(self, home: Path, log: Path, acts: IO[str], answers: IO[str]) -> None:
        self.home, self.log, self._acts, self._out = home, log, acts, answers
        self.url = f"http://127.0.0.1:{self._told('port')}"
        self._usual: dict[str, float] = {}
        self._acting = ("", 0, 0.0)
        self._server = 0
        self.killed = 0

    def _told(self, what: str) -> int:
        line = self._out.readline().split()
        assert line and line[0] == what, f"expected {what}, found {line}: {self.log.read_text()[-3000:]}"
        return int(line[1])

    def begin(self, name: str, *arguments: Any) -> None:
        self._acts.write(json.dumps([name, *arguments]) + "\n")
        self._acts.flush()
        self._acting = (name, self._told("pid"), time.monotonic())

    def end(self, kill: float | None = None) -> None:
        """Let the act end, or kill it after this part of the time that it usually takes."""
        name, pid, began = self._acting
        if kill is not None and not select.select([self._out], [], [], kill * self._usual.get(name, 0.2))[0]:
            with suppress(ProcessLookupError):  # it has ended this moment
                os.kill(pid, signal.SIGKILL)
        status = self._told("done")
        self.killed += status != 0
        if kill is None:
            assert status == 0, f"{name}: {self.log.read_text()[-3000:]}"
            self._usual[name] = time.monotonic() - began

    def act(self, name: str, *arguments: Any, kill: float | None = None) -> None:
        self.begin(name, *arguments)
        self.end(kill)

    def serve(self) -> None:
        """Serve the home; a server that runs is killed first."""
        self.stop()
        self.begin("serve")
        self._server = self._acting[1]

    def stop(self) -> None:
        if self._server:
            os.kill(self._server, signal.SIGKILL)
            self._server = 0

    def close(self) -> None:
        self.stop()
        self._acts.close()
        self._out.close()


def workers(homes: Sequence[Path], logs: Path) -> tuple[subprocess.Popen[bytes], list[Worker]]:
    """One for each home, and the process above them, which ends when they are closed."""
    pipes = [(os.pipe(), os.pipe()) for _ in homes]
    inherited = [descriptor for (acts, _), (_, answers) in pipes for descriptor in (acts, answers)]
    places = [
        f"{home}:{logs / home.name}:{acts}:{answers}"
        for home, ((acts, _), (_, answers)) in zip(homes, pipes, strict=True)
    ]
    command = [sys.executable, "-m", "tests.faults.canary", "work", *places]
    process = subprocess.Popen(command, cwd=ROOT, pass_fds=inherited)
    for descriptor in inherited:
        os.close(descriptor)
    return process, [
        Worker(home, logs / home.name, os.fdopen(to, "w"), os.fdopen(of))
        for home, ((_, to), (of, _)) in zip(homes, pipes, strict=True)
    ]


# --- the world --------------------------------------------------------------------------------------------------------


class World:
    """An origin, and a follower that is its partner; both served, both with a site."""

    def __init__(self, directory: Path, erasures: int, seed: int) -> None:
        self.directory, self.chance = directory, random.Random(seed)
        self.nodes = Nodes(directory)
        self.origin, self.follower = self.nodes.home("Origin"), self.nodes.home("Follower")
        self.canaries = [canary(self.chance, number) for number in range(erasures)]
        self.traces = [trace for one in self.canaries for trace in one.traces]
        self._fill()
        logs = directory / "logs"
        logs.mkdir()
        self._process, self.workers = workers([self.origin.path, self.follower.path], logs)
        self.at_origin, self.at_follower = self.workers
        pin(self.follower, self.origin, self.at_origin.url)
        pin(self.origin, self.follower)
        for home, other in ((self.origin, self.follower), (self.follower, self.origin)):
            with home.store.writing() as db:
                feeds.set_partner(db, network_of(home, other), True)
        self.origin.close()
        self.follower.close()
        for worker in self.workers:
            worker.serve()
        self.at_follower.act("publish")
        self.at_follower.act("sync")

    def _fill(self) -> None:
        kept = [Canary(edits.new_handle(), "public", organization(f"Member {n}"), ()) for n in range(KEPT)]
        every = [*kept, *self.canaries]
        self.chance.shuffle(every)
        rows = [ImportRow(one.handle, one.circle, None, one.body) for one in every]
        with self.origin.store.writing() as db:
            drafts.save(db, [Draft(row.handle, row.circle, "put", row.after) for row in rows], now())
            drafts.add_import(db, "members.csv", {}, rows, now())
            drafts.remember_imported(db, [(f"{one.fields['kind']}:{word}", one.handle)
                                          for one in self.canaries for word in one.words])  # fmt: skip
            for one in self.canaries:
                proposals.add(db, proposer=one.handle, handle=one.handle, kind=one.fields["kind"], circle="",
                              before=one.body, body=one.body, account_id=None, now=now())  # fmt: skip
                introductions.save(db, introduced(one, self.follower.network, "asked"))
        with self.follower.store.writing() as db:
            for one in self.canaries:
                introductions.save(db, introduced(one, self.origin.network, "asker"))
        publish.publish(self.origin, now())
        with self.origin.store.reading() as db:
            for feed in feeds.feeds(db, self.origin.network):
                for _, salt in db.execute("SELECT key, salt FROM record WHERE feed_id = ?", (feed.id,)):
                    self._salt(db, feed.id, salt)

    def _salt(self, db: Any, feed_id: int, salt: bytes) -> None:
        erased = {key_of(one.handle) for one in self.canaries}
        (key,) = db.execute("SELECT key FROM record WHERE feed_id = ? AND salt = ?", (feed_id, salt)).fetchone()
        if key in erased:
            self.traces += [salt, b64encode(salt)]

    def erase_all(self) -> None:
        """A few at a time, everybody being killed."""
        waiting = list(self.canaries)
        while waiting:
            count = self.chance.randint(1, A_ROUND)
            some, waiting = waiting[:count], waiting[count:]
            if waiting and self.chance.random() < 0.3:
                later = self.chance.choice(waiting)
                self.at_origin.act(
                    "change", later.handle, {"note": "changed before it was erased"}, kill=self._moment()
                )
            self.at_origin.act("erase", [one.handle for one in some], kill=self._moment())
            self.at_origin.begin("publish")
            self.at_follower.begin("sync")
            stopped = self.chance.choice([*self.workers, None, None])
            if stopped:
                stopped.stop()
            for worker in self.workers:
                worker.end(self._moment())
                if worker is stopped:
                    worker.serve()

    def _moment(self) -> float | None:
        return self.chance.uniform(0, 1.1) if self.chance.random() < 0.75 else None

    def converge(self) -> None:
        """After a restart of everything, by the usual commands. An erasure that was cut off is asked for again."""
        for worker in self.workers:
            worker.serve()
        self.at_origin.act("erase", [one.handle for one in self.canaries])
        self.at_origin.act("publish")
        self.at_follower.act("sync")

    def close(self) -> None:
        for worker in self.workers:
            worker.close()
        self._process.wait(timeout=20)
        self.nodes.__exit__(None, None, None)

    # --- what is left ---

    def found(self, content: bytes) -> list[bytes]:
        return [trace for trace in self.traces if trace in content]

    def left(self) -> list[str]:
        """Every trace, and where it is."""
        places = {**dict(self._files()), **dict(asyncio.run(self._answers()))}
        return [f"{where}: {trace!r}" for where, content in places.items() for trace in self.found(content)]

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self.directory.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.directory)), path.read_bytes()
        for path in self.directory.glob("*.fednet"):
            content = zstandard.ZstdDecompressor().stream_reader(path.read_bytes(), read_across_frames=True).read()
            yield f"{path.name}, unpacked", content

    def share(self) -> None:
        """Write what people carry away: sites and bundles."""
        for worker in self.workers:
            with closing(Home(worker.home)) as home:
                sites.write(home, self.directory / f"site-{worker.home.name}", now(), mirrors=True)
                bundles.write(home, self.directory / f"{worker.home.name}.fednet", mirrors=True)

    def third(self) -> Home:
        """A node that reads all of the origin's public feed from the mirror alone."""
        home = self.nodes.home("Third")
        network = pin(home, self.origin)
        with home.store.writing() as db:
            db.execute(
                "INSERT INTO source (network_id, url, rank) VALUES (?, ?, 1)", (network.id, self.at_follower.url)
            )
        results = asyncio.run(sync(home, allow_private=True))
        assert all(result.verified for result in results), results
        return home

    async def _answers(self) -> dict[str, bytes]:
        """What both servers answer to everybody, and to the follower about the restricted circle."""
        said: dict[str, bytes] = {}
        with closing(Home(self.follower.path)) as asker, closing(Home(self.origin.path)) as origin:
            async with Fetcher(allow_private=True) as fetcher:
                for worker in self.workers:
                    crawl = Crawl(fetcher, worker.url, origin, said, asker)
                    await crawl.feed("public")
                    await crawl.everything_about(self.canaries)
                await Crawl(fetcher, self.at_origin.url, origin, said, asker).feed("partners")
        return said


def findable(home: Home, canaries: Iterable[Canary]) -> list[str]:
    """The words by which the operator of a home finds something."""
    queries = [(word, parse_query(text=word)) for one in canaries for word in one.words]
    return [word for word, query in queries if search(home.store, query, OPERATOR, now()).total]


class Crawl:
    """Asking one server for all that it answers about an origin."""

    def __init__(self, fetcher: Fetcher, url: str, origin: Home, said: dict[str, bytes], asker: Home) -> None:
        self.fetcher, self.url, self.origin, self.said = fetcher, url, origin, said
        self.source = Address(fetcher, url, origin.network.network, signer=signer(asker))

    async def feed(self, circle: str) -> None:
        with self.origin.store.reading() as db:
            feed = feeds.feed(db, self.origin.network, circle)
        assert feed and feed.followed.edition
        epoch, newest = feed.followed.position
        for path in ("identity", f"{circle}/{epoch}/checkpoint"):
            await self._read(path)
        for since in ("0.0", *(f"{epoch}.{edition}" for edition in range(1, newest))):
            await self._read(f"{circle}/changes?since={since}")
        await self._pages(circle, feed.commitments, "", Node(feed.followed.edition.state_root))

    async def _pages(self, circle: str, commitments: Any, prefix: str, entry: Entry) -> None:
        raw = await self._read(f"{circle}/page/{PageName(prefix, tree.entry_hash(entry))}")
        page = wire.parse_page(raw, prefix, entry, commitments)
        if isinstance(page, EntriesPage):
            for digit, child in enumerate(page.children):
                if isinstance(child, Node):
                    await self._pages(circle, commitments, f"{prefix}{digit:x}", child)

    async def _read(self, path: str) -> bytes:
        fetched = await self.source.get(path)
        assert fetched.status in (200, 410), (path, fetched)
        self.said[f"{self.url}/{path}"] = fetched.body
        return fetched.body

    async def everything_about(self, canaries: Iterable[Canary]) -> None:
        paths = ["", "organizations", "events", "networks", ".well-known/fednet", "api/v1/organizations"]
        for one in canaries:
            paths += [f"feeds/{self.origin.network.network}/public/proof/{one.handle}", f"organizations/{one.handle}"]
        await asyncio.gather(*map(self._ask, paths))

    async def _ask(self, path: str) -> None:
        """What is at a path; that it repeats what was asked for tells nothing."""
        asked = path.rpartition("/")[2].encode()
        answer = (await self.fetcher.get(f"{self.url}/{path}")).body
        self.said[f"{self.url}/{path}"] = answer.replace(asked, b"") if asked else answer


def words_indexed(home: Home) -> set[str]:
    """Every word that the text indexes of a home know."""
    known: set[str] = set()
    with home.store.writing() as db:
        for table in index.TABLES:
            db.execute(f"CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, {table}, row)")
            known |= {term for (term,) in db.execute("SELECT term FROM temp.terms")}
            db.execute("DROP TABLE temp.terms")
    return known


def run(directory: Path, erasures: int, seed: int) -> int:
    """All of it; how many acts were killed. AssertionError when anything is left of anything that was erased."""
    world = World(directory, erasures, seed)
    try:
        world.share()
        before = set(world.left())
        assert len({line.partition(": ")[2] for line in before}) > len(set(world.traces)) // 2, "nothing to be found"
        with closing(Home(world.follower.path)) as home:
            assert len(findable(home, world.canaries)) == sum(len(one.words) for one in world.canaries)
        for bundle in directory.glob("*.fednet"):
            bundle.unlink()  # what was carried away before is not ours to destroy
        world.erase_all()
        world.converge()
        world.share()
        third = world.third()
        left = world.left()
        assert not left, f"{len(left)} traces left: {left[:20]}"
        for path in (world.origin.path, world.follower.path, third.path):
            with closing(Home(path)) as home:
                assert problems(home) == []
                terms = words_indexed(home)
                assert not [word for one in world.canaries for word in one.words if word.lower() in terms]
                assert findable(home, world.canaries) == []
                with home.store.reading() as db:
                    assert not destruction.is_owed(db)
                    feed = held(home, world.origin)
                    gone = [
                        records.tombstone(db, feed.id, key_of(one.handle))
                        for one in world.canaries
                        if one.circle == "public"
                    ]
                    assert None not in gone
        return sum(worker.killed for worker in world.workers)
    finally:
        world.close()


def main() -> None:
    if sys.argv[1] == "work":
        work_at(sys.argv[2:])
        return
    erasures, seed = int(sys.argv[1]), int(sys.argv[2])
    directory = Path(tempfile.mkdtemp(prefix="fednet-canary-"))
    killed = run(directory, erasures, seed)
    shutil.rmtree(directory)
    print(f"{erasures} erasures, seed {seed}: {killed} acts killed, no trace left")


if __name__ == "__main__":
    main()
