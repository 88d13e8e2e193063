"""Sync: bring what this node holds of other networks to what they signed last (SPEC section 7).

An incremental sync is one request. A first sync, and every repair, descends the state tree from the signed root: each
page is checked by its own name, so a cut costs only the pages that it hit, and the next sync goes on from there.
One bad peer costs only itself: each has its own deadline and byte budget, and is refused, never the sync.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress

import msgspec
from sqlite_utils import Database

from fednet.errors import (
    BusyError,
    FednetError,
    GoneError,
    LimitError,
    NotFoundError,
    RefusedError,
    RollbackError,
    SplitViewError,
    StateMismatchError,
    UnreachableError,
)
from fednet.feed import follow, note, tlog, tree, wire
from fednet.feed.follow import Step
from fednet.feed.identity import Identity, newer
from fednet.feed.record import Change, Drop, Erase, Put, erase
from fednet.feed.tlog import Tile
from fednet.feed.tree import Entry, Leaf, Node
from fednet.feed.wire import BEGINNING, EntriesPage, PageName, RecordsPage
from fednet.node.accept import MovedOnError, accept, check_unmoved
from fednet.node.fetch import Fetched, Fetcher, error_detail
from fednet.node.following import keep_introductions, read_identity, read_well_known
from fednet.node.home import Home, now
from fednet.node.verify import log_problems, problems
from fednet.store import feeds, records
from fednet.store.feeds import Feed, Network

SYNC_SECONDS = 2 * 3600.0  # one peer, one sync
SYNC_BYTES = 4 * 1024**3  # on the wire
PEERS_AT_ONCE = 64
PAGES_AHEAD = 24
BATCH_RECORDS = 20_000  # applied in one transaction of a first sync
BATCH_SECONDS = 2.0  # or what came in so long: whoever is cut off loses no more
ATTEMPTS = 16  # how often a state may move on while it is read
MAX_TILE = tlog.TILE_WIDTH * (tlog.HASH_SIZE + 2 + 1024)

Progress = Callable[[str, int, int], None]


class Synced(msgspec.Struct, kw_only=True):
    """How one sync of one feed went. `changed` counts changes applied, `bytes` what travelled."""

    network: str
    name: str
    circle: str = "public"
    epoch: int = 0
    edition: int = 0
    records: int = 0
    changed: int = 0
    bytes: int = 0
    requests: int = 0
    seconds: float = 0.0
    source: str | None = None
    verified: bool = False
    refused: bool = False
    error: str | None = None
    hint: str | None = None


async def sync(
    home: Home, networks: Sequence[Network] | None = None, *, allow_private: bool, progress: Progress | None = None
) -> list[Synced]:
    """One pass over these networks (default: all that are followed and not blocked), side by side."""
    if networks is None:
        with home.store.reading() as db:
            networks = [n for n in feeds.networks(db) if not n.own and not n.blocked]
    room = asyncio.Semaphore(PEERS_AT_ONCE)

    async def one(fetcher: Fetcher, network: Network) -> Synced:
        async with room:
            return await sync_network(home, fetcher, network, progress)

    async with Fetcher(allow_private=allow_private) as fetcher:
        return list(await asyncio.gather(*(one(fetcher, network) for network in networks)))


async def repair(home: Home, network: Network, *, allow_private: bool) -> Synced:
    """Hash everything held of a network's public feed anew, and fetch what is not as it was signed."""
    async with Fetcher(allow_private=allow_private) as fetcher:
        return await sync_network(home, fetcher, network, repair=True)


async def sync_network(
    home: Home, fetcher: Fetcher, network: Network, progress: Progress | None = None, *, repair: bool = False
) -> Synced:
    """Sync a network's public feed from the first of its sources that can; failures are told, not raised."""
    result = Synced(network=network.network, name=network.name)
    began = asyncio.get_running_loop().time()
    with home.store.reading() as db:
        sources = feeds.sources(db, network)
    if not sources:
        result.error, result.hint = f"{network.name} has no address", "fednet follow URL"
    for url in sources:
        source = _Source(home, fetcher, network, url, result, progress)
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await (source.repair() if repair else source.sync())
            result.source, result.verified, result.error, result.hint, result.refused = url, True, None, None, False
            break
        except FednetError as error:
            failure: FednetError = error
        except TimeoutError:
            failure = UnreachableError(f"{url}: not done within {SYNC_SECONDS:.0f} s")
        result.error, result.hint = failure.detail, failure.hint
        result.refused = result.refused or isinstance(failure, RefusedError)
    result.seconds = round(asyncio.get_running_loop().time() - began, 3)
    _report(home, network, result)
    return result


def _report(home: Home, network: Network, result: Synced) -> None:
    """Fill in where the feed stands now, and remember a failure."""
    with home.store.reading() as db:
        feed = feeds.feed(db, network, "public")
    if feed is None:
        return
    result.epoch, result.edition = feed.followed.position
    result.records = feed.records
    if result.error is not None:
        with home.store.writing() as db:
            feeds.failed(db, feed, now(), result.error)


class _Source:
    """One sync of one network's public feed from one address."""

    def __init__(
        self, home: Home, fetcher: Fetcher, network: Network, url: str, result: Synced, progress: Progress | None
    ) -> None:
        self.home, self.fetcher, self.network, self.url = home, fetcher, network, url
        self.result, self.progress = result, progress
        self.feed_url = f"{url}/feeds/{network.network}"
        self.touched: list[bytes] = []  # keys that the last answer changes

    @property
    def identity(self) -> Identity:
        return self.network.identity

    async def get(self, path: str, limit: int = wire.MAX_ANSWER) -> Fetched:
        fetched = await self.fetcher.get(f"{self.feed_url}/{path}", limit=limit)
        self.result.requests += 1
        self.result.bytes += fetched.wire_bytes
        if self.result.bytes > SYNC_BYTES:
            raise LimitError(f"{self.url}: more than {SYNC_BYTES} bytes in one sync")
        return fetched

    def feed(self) -> Feed:
        with self.home.store.writing() as db:
            return feeds.open_feed(db, self.network, "public")

    async def sync(self) -> None:
        """Bring the feed up to date; once more from where it is when someone else has advanced it meanwhile."""
        for _ in range(ATTEMPTS):
            with suppress(MovedOnError):
                return await self._advance(self.feed())
        raise BusyError(f"{self.network.name}: others keep advancing the feed", hint="try again in a moment")

    async def _advance(self, feed: Feed) -> None:
        """Changes when the feed is known here, pages when it is not, or when changes cannot tell."""
        if not feed.visible or feed.followed.position == BEGINNING:
            await self._hints()
            await self._descend()
            return
        try:
            await self._changes(feed)
        except GoneError:
            await self._descend()
        except StateMismatchError:
            if self._sound(feed):
                raise  # the answer is wrong, not what is held: another source may do better
            self._intact(feed)
            await self._descend()

    async def repair(self) -> None:
        """Fetch again whatever of a feed is not as it was signed."""
        if not self._intact(self.feed()):
            await self._descend()

    def _sound(self, feed: Feed) -> bool:
        """Whether what the last answer would change is held as it was signed; cheap, for a peer can bring it about."""
        edition = feed.followed.edition
        with self.home.store.reading() as db:
            return edition is not None and records.sound(db, feed.id, self.touched, edition.state_root)

    def _intact(self, feed: Feed) -> bool:
        """Whether what is held is as it was signed. If not, the tree afterwards says truly what is held."""
        with self.home.store.writing() as db:
            intact = not any(problems(db, feed))
            if not intact:
                records.replant(db, feed.id, feed.commitments)
        return intact

    async def _hints(self) -> None:
        """What the peer says of itself and of others; nothing depends on it."""
        try:
            hints = await read_well_known(self.fetcher, self.url)
        except FednetError:
            return
        self.result.requests += 1
        with self.home.store.writing() as db:
            keep_introductions(db, self.network, hints)

    async def _renew_identity(self) -> None:
        """Read the identity chain again, and keep the longer one."""
        served = await read_identity(self.fetcher, self.url, self.network.network)
        self.result.requests += 1
        chain = newer(self.identity, served)
        with self.home.store.writing() as db:
            self.network = feeds.pin(db, chain, now())

    # --- changes: one request ---------------------------------------------------------------------------------------

    async def _changes(self, feed: Feed) -> None:
        fetched = await self.get(f"public/changes?since={feed.followed.position}")
        match fetched.status:
            case 200:
                answer = wire.parse_answer(fetched.body)
            case 409:
                raise RollbackError(f"{self.url} is behind what was already accepted ({feed.followed.position})")
            case 404 | 410:  # too far back, an older epoch, or a static host that answers no questions
                raise GoneError(error_detail(fetched))
            case _:
                raise UnreachableError(f"{self.url} answers {error_detail(fetched)}")
        if answer.epoch > self.identity.epoch:
            await self._renew_identity()
        self.touched = [change.key for change in answer.changes]
        with self.home.store.writing() as db:
            accept(db, feed, self.identity, answer, now(), self.url)
        self.result.changed += len(answer.changes)
        self._tell(len(answer.changes), len(answer.changes))

    # --- pages: first sync and repair -------------------------------------------------------------------------------

    async def _descend(self) -> None:
        """Read the state page by page until it is what the newest edition signs."""
        await self._renew_identity()
        for _ in range(ATTEMPTS):
            feed = self.feed()
            step = await self._head(feed)
            try:
                await _Descent(self, feed, step).run()
                break
            except NotFoundError:  # the state moved on while it was read: what is finished stays
                continue
        else:
            raise UnreachableError(f"{self.url}: the state moved on {ATTEMPTS} times while it was read")
        if self.result.changed > BATCH_RECORDS:
            await self._changes(self.feed())  # what was published meanwhile

    async def _head(self, feed: Feed) -> Step:
        """The newest checkpoint, with the leaf hashes since what is held, and the edition it ends with."""
        epoch = self.identity.epoch
        held = feed.followed
        signed = note.parse((await self._found(f"public/{epoch}/checkpoint", note.MAX_NOTE)).body)
        checkpoint = follow.open_head(self.identity, "public", epoch, signed)
        known = held.frontier.size if held.epoch == epoch else 0
        if checkpoint.size == 0:
            raise NotFoundError("nothing is published yet")
        with self.home.store.reading() as db:
            spoiled = any(log_problems(db, feed))
            known = 0 if spoiled else known  # our own damage is no split view of theirs
            leaves = feeds.leaf_hashes(db, feed, 0, known) if known else []
        async for found in self._leaf_hashes(epoch, known, checkpoint.size):
            leaves.append(found)
        last = checkpoint.size - 1
        lines = await self._entries(epoch, 0, checkpoint.size)
        lines |= {} if last in lines else await self._entries(epoch, last, checkpoint.size)
        step = follow.begin(self.identity, "public", epoch, signed, leaves, lines[0], lines[last], held=held)
        if any(tlog.leaf_hash(line) != leaves[index] for index, line in lines.items()):
            raise SplitViewError(f"{checkpoint.origin}: an edition line is not the leaf that the log holds")
        return msgspec.structs.replace(step, lines=lines, leaves=tuple(leaves) if spoiled else step.leaves)

    async def _found(self, path: str, limit: int) -> Fetched:
        fetched = await self.get(path, limit)
        if fetched.status == 404:
            raise UnreachableError(f"{self.url} has no {path}: {error_detail(fetched)}")
        if fetched.status != 200:
            raise UnreachableError(f"{self.url} answers {error_detail(fetched)}")
        return fetched

    async def _leaf_hashes(self, epoch: int, known: int, size: int) -> AsyncIterator[bytes]:
        """The leaf hashes [known, size), from level-0 tiles."""
        for tile in tlog.tiles_of(size):
            if tile.start + tile.width > known:
                raw = await self._found(f"public/{epoch}/{tile.path}", MAX_TILE)
                for found in tlog.parse_tile(tile, raw.body)[max(known - tile.start, 0) :]:
                    yield found

    async def _entries(self, epoch: int, index: int, size: int) -> dict[int, bytes]:
        """The edition lines of the entry bundle that holds `index`: all are kept, so that others can read them here."""
        number = index // tlog.TILE_WIDTH
        tile = Tile(-1, number, min(tlog.TILE_WIDTH, size - number * tlog.TILE_WIDTH))
        raw = await self._found(f"public/{epoch}/{tile.path}", MAX_TILE)
        return dict(enumerate(tlog.parse_entries(tile, raw.body), tile.start))

    def _tell(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(self.network.name, done, total)


Wanted = tuple[str, Entry]  # a hexadecimal prefix, and what must lie below it


class _Descent:
    """Reading the state that one edition signs, level by level, each level in the order of its keys.

    A feed that is not shown yet takes pages as they come, a batch a transaction; a later sync skips what is there. A
    feed that is shown keeps verified pages aside (`staged`) until all are there, and takes them in one transaction.
    """

    def __init__(self, source: _Source, feed: Feed, step: Step) -> None:
        self.source, self.feed, self.step = source, feed, step
        self.store = source.home.store
        self.edition = step.after.edition
        self.budget = 64 + (self.edition.records + self.edition.erased) // 4 if self.edition else 0
        self.plan: list[Wanted] = []  # of a shown feed: what to take at the end
        self.batch: list[tuple[str, Sequence[Put | Erase]]] = []
        self.batched = 0
        self.writing: asyncio.Task[None] | None = None  # the batch before, in a thread
        self.clock = asyncio.get_running_loop().time
        self.flushed_at = self.clock()
        self.done = feed.records + feed.erased

    async def run(self) -> None:
        """Raises NotFoundError when the state has moved on, StateMismatchError when it does not add up."""
        if self.edition is None:
            return
        root = self.edition.state_root
        level: list[Wanted] = [("", None if root == bytes(tlog.HASH_SIZE) else Node(root))]
        try:
            while level:
                level = [wanted async for wanted in self._read(level)]
        finally:
            await self._flush()
            await self._written()
        self._finish()

    async def _read(self, level: list[Wanted]) -> AsyncIterator[Wanted]:
        """Take what a level's pages bring, and yield what they point to and is not here yet."""
        wanted = self._missing(level)
        ahead: deque[tuple[Wanted, asyncio.Task[bytes]]] = deque()
        try:
            while True:
                while len(ahead) < PAGES_AHEAD and (one := next(wanted, None)) is not None:
                    ahead.append((one, asyncio.create_task(self._page(*one))))
                if not ahead:
                    return
                (prefix, entry), task = ahead.popleft()
                for found in self._opened(prefix, entry, await task):
                    yield found
                if self.batched >= BATCH_RECORDS or self.clock() > self.flushed_at + BATCH_SECONDS:
                    await self._flush()
        finally:
            for _, task in ahead:
                task.cancel()
            raws = await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)
            for ((prefix, entry), _), raw in zip(ahead, raws, strict=True):
                if isinstance(raw, bytes):  # a cut costs the page that it hit, not those that are here already
                    with suppress(FednetError):
                        self._opened(prefix, entry, raw)

    def _opened(self, prefix: str, entry: Entry, raw: bytes) -> list[Wanted]:
        """Take a page's records, or say what its entries point to."""
        page = wire.parse_page(raw, prefix, entry, self.feed.commitments)
        if isinstance(page, EntriesPage):
            return [(f"{prefix}{digit:x}", child) for digit, child in enumerate(page.children)]
        self._take(prefix, entry, page, raw)
        return []

    def _missing(self, level: list[Wanted]) -> Iterator[Wanted]:
        """What of a level must be fetched; what is here already, or needs no bytes, is dealt with on the way."""
        for prefix, entry in level:
            with self.store.reading() as db:
                held = tree.entry_at(records.tree_reader(db, self.feed.id), prefix)
            if tree.entry_hash(held) == tree.entry_hash(entry):
                continue
            records_here = self._without_bytes(entry)
            if records_here is None:
                yield prefix, entry
            else:
                self._take(prefix, entry, RecordsPage(prefix, records_here), None)

    def _without_bytes(self, entry: Entry) -> tuple[Erase, ...] | None:
        """The records below an entry where its hash alone tells them: nothing, or a tombstone."""
        if entry is None:
            return ()
        if isinstance(entry, Leaf) and entry.commitment == self.feed.commitments.erased(entry.key):
            return (erase(self.feed.commitments, entry.key),)
        return None

    async def _page(self, prefix: str, entry: Entry) -> bytes:
        name = str(PageName(prefix, tree.entry_hash(entry)))
        with self.store.reading() as db:
            kept = records.staged_page(db, self.feed.id, name)
        if kept is not None:
            return kept
        self.budget -= 1
        if self.budget < 0:
            raise LimitError(f"{self.source.url}: more pages than a state of this size has")
        fetched = await self.source.get(f"public/page/{name}")
        if fetched.status == 404:
            raise NotFoundError("the state has moved on")
        if fetched.status != 200:
            raise UnreachableError(f"{self.source.url} answers {error_detail(fetched)}")
        return fetched.body

    def _take(self, prefix: str, entry: Entry, page: RecordsPage, raw: bytes | None) -> None:
        if self.feed.visible:
            self.plan.append((prefix, entry))
            if raw is not None:
                with self.store.writing() as db:
                    records.stage(db, self.feed.id, str(PageName(prefix, tree.entry_hash(entry))), raw)
            return
        self.batch.append((prefix, page.records))
        self.batched += len(page.records)

    async def _flush(self) -> None:
        """Hand what has come so far to a thread that writes it, as soon as the batch before is written."""
        await self._written()
        self.flushed_at = self.clock()
        if self.batch:
            batch, self.batch, self.batched = self.batch, [], 0
            self.writing = asyncio.create_task(asyncio.to_thread(self._write, batch))

    async def _written(self) -> None:
        if self.writing is not None:
            writing, self.writing = self.writing, None
            await writing
            self.source._tell(self.done, self.total)

    def _write(self, batch: list[tuple[str, Sequence[Put | Erase]]]) -> None:
        """Apply a batch to a feed that is not shown yet."""
        with self.store.writing() as db:
            check_unmoved(db, self.feed)
            fresh: list[Change] = []
            met: list[Change] = []
            for prefix, found in batch:
                held = self._held(db, prefix)
                (met if held else fresh).extend(_differences(held, found))
            self._apply(db, fresh, fresh=True)
            self._apply(db, met)

    @property
    def total(self) -> int:
        return self.edition.records + self.edition.erased if self.edition else 0

    def _held(self, db: Database, prefix: str) -> dict[bytes, bytes]:
        """What is held below a prefix: key -> commitment."""
        read = records.tree_reader(db, self.feed.id)
        return {leaf.key: leaf.commitment for leaf in tree.leaves_below(read, prefix)}

    def _apply(self, db: Database, changes: list[Change], *, fresh: bool = False) -> None:
        if not changes:
            return
        edition = self.edition.edition if self.edition else 0
        records.apply(db, self.feed.id, changes, edition, fresh=fresh)
        self.source.result.changed += len(changes)
        self.done += sum(1 if not isinstance(change, Drop) else -1 for change in changes)

    def _finish(self) -> None:
        """Everything is there: take what was kept aside, compare with what was signed, and switch."""
        with self.store.writing() as db:
            for prefix, entry in self.plan:
                self._apply(db, list(_differences(self._held(db, prefix), self._planned(db, prefix, entry))))
            records.unstage(db, self.feed.id)
            root = tree.root(records.tree_reader(db, self.feed.id))
            held = feeds.feed(db, self.feed.network, self.feed.circle)
            if held is None:
                raise MovedOnError("the feed is no longer followed")
            check_unmoved(db, self.feed)
            followed = self.step.confirmed(tree.root_hash(root), held.records, held.erased)
            feeds.accept(db, self.feed, self.step, followed, now(), self.source.url)
        self.source._tell(self.total, self.total)

    def _planned(self, db: Database, prefix: str, entry: Entry) -> Sequence[Put | Erase]:
        here = self._without_bytes(entry)
        if here is not None:
            return here
        raw = records.staged_page(db, self.feed.id, str(PageName(prefix, tree.entry_hash(entry))))
        page = wire.parse_page(raw or b"", prefix, entry, self.feed.commitments)
        return page.records if isinstance(page, RecordsPage) else ()


def _differences(held: dict[bytes, bytes], found: Sequence[Put | Erase]) -> Iterator[Change]:
    """What turns the records held below a prefix (key -> commitment, used up) into those found there."""
    for record in found:
        if held.pop(record.key, None) != record.commitment:
            yield record
    yield from map(Drop, held)
