"""Descending a state tree from the root that an edition signs, page by page (SPEC 7.2).

Each page is checked by its own name, so a cut costs only the pages that it hit, and the next sync goes on from there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlite_utils import Database

from fednet.errors import FednetError, LimitError, NotFoundError, UnreachableError
from fednet.feed import tlog, tree, wire
from fednet.feed.follow import Step
from fednet.feed.record import Change, Drop, Erase, Put, erase
from fednet.feed.tree import Entry, Leaf, Node
from fednet.feed.wire import EntriesPage, PageName, RecordsPage
from fednet.node.accept import MovedOnError, check_unmoved
from fednet.node.fetch import error_detail
from fednet.node.home import now
from fednet.store import feeds, records
from fednet.store.feeds import Feed

if TYPE_CHECKING:
    from fednet.node.reading import Reading

PAGES_AHEAD = 24
BATCH_RECORDS = 20_000  # applied in one transaction of a first sync
BATCH_SECONDS = 2.0  # or what came in so long: whoever is cut off loses no more

Wanted = tuple[str, Entry]  # a hexadecimal prefix, and what must lie below it


class Descent:
    """Reading the state that one edition signs, level by level, each level in the order of its keys.

    A feed that is not shown yet takes pages as they come, a batch a transaction; a later sync skips what is there. A
    feed that is shown keeps verified pages aside (`staged`) until all are there, and takes them in one transaction.
    """

    def __init__(self, reading: Reading, feed: Feed, step: Step) -> None:
        self.reading, self.feed, self.step = reading, feed, step
        self.store = reading.home.store
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
            raise LimitError(f"{self.reading.source.name}: more pages than a state of this size has")
        fetched = await self.reading.get(f"{self.feed.circle}/page/{name}")
        if fetched.status == 404:
            raise NotFoundError("the state has moved on")
        if fetched.status != 200:
            raise UnreachableError(f"{self.reading.source.name} answers {error_detail(fetched)}")
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
            self.reading.tell(self.done, self.total)

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
        self.reading.result.changed += len(changes)
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
            feeds.accept(db, self.feed, self.step, followed, now(), self.reading.source.name)
        self.reading.tell(self.total, self.total)

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
