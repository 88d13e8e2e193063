"""Descending a state tree from the root that an edition signs, page by page (SPEC 7.2).

Each page is checked by its own name, so a cut costs only the pages that it hit, and the next sync goes on from there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlite_utils import Database

from fednet.errors import FednetError, LimitError, NotFoundError, UnreachableError
from fednet.feed import tlog, tree, wire
from fednet.feed.follow import Step
from fednet.feed.record import Change, Drop, Erase, Put, erase
from fednet.feed.tree import Entry, Leaf, Node
from fednet.feed.wire import EntriesPage, PageName, RecordsPage
from fednet.node import tombstones
from fednet.node.accept import MovedOnError, check_unmoved, skips, switch
from fednet.node.fetch import error_detail
from fednet.node.home import now
from fednet.store import feeds, records
from fednet.store.feeds import Feed

if TYPE_CHECKING:
    from fednet.node.reading import Reading

PAGES_AHEAD = 24
AHEAD_BYTES = 512 * 1024  # of each of them; the usual page has half of it
BATCH_RECORDS = 20_000  # applied in one transaction of a first sync
BATCH_BYTES = 4 * 1024 * 1024  # of bodies in it
BATCH_SECONDS = 2.0  # or what came in so long: whoever is cut off loses no more

_WRITER = ThreadPoolExecutor(1, "fednet writer")  # SQLite lets one write at a time, and each thread has a cache

Wanted = tuple[str, Entry]  # a hexadecimal prefix, and what must lie below it


class Descent:
    """Reading the state that one edition signs, in the order of its keys, several pages ahead.

    What is still wanted is a stack, so however large a state is said to be, little of it is in memory.

    A feed that is not shown yet takes pages as they come, a batch a transaction; a later sync skips what is there. A
    feed that is shown keeps verified pages aside (`staged`) until all are there, and takes them in one transaction.
    """

    def __init__(self, reading: Reading, feed: Feed, step: Step) -> None:
        self.reading, self.feed, self.step = reading, feed, step
        self.store = reading.home.store
        self.edition = step.after.edition
        self.budget = 64 + (self.edition.records + self.edition.erased) // 4 if self.edition else 0
        self.erased: list[Erase] = []
        self.plan: list[Wanted] = []  # of a shown feed: what to take at the end
        self.batch: list[tuple[str, Sequence[Put | Erase]]] = []
        self.batched = self.batched_bytes = 0
        self.writing: asyncio.Future[None] | None = None  # the batch before, in a thread
        self.clock = asyncio.get_running_loop().time
        self.flushed_at = self.clock()
        self.done = feed.records + feed.erased

    async def run(self) -> None:
        """Raises NotFoundError when the state has moved on, StateMismatchError when it does not add up."""
        if self.edition is None:
            return
        root = self.edition.state_root
        try:
            await self._read([("", None if root == bytes(tlog.HASH_SIZE) else Node(root))])
        finally:
            await self._flush()
            await self._written()
        self._finish()

    async def _read(self, wanted: list[Wanted]) -> None:
        """Take what pages bring, and go on with what they point to: a stack, the next at its end."""
        ahead: deque[tuple[Wanted, asyncio.Task[bytes | None]]] = deque()
        try:
            while True:
                while len(ahead) < PAGES_AHEAD and (one := self._missing(wanted)) is not None:
                    ahead.append((one, asyncio.create_task(self._ahead(*one))))
                if not ahead:
                    return
                (prefix, entry), task = ahead.popleft()
                raw = await task
                if raw is None:
                    raw = await self._page(prefix, entry, wire.MAX_PAGE)
                wanted += reversed(self._opened(prefix, entry, raw))
                if self._is_full() or self.clock() > self.flushed_at + BATCH_SECONDS:
                    await self._flush()
        finally:
            for _, task in ahead:
                task.cancel()
            read = await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)
            for ((prefix, entry), _), page in zip(ahead, read, strict=True):
                if isinstance(page, bytes):  # a cut costs the page that it hit, not those that are here already
                    with suppress(FednetError):
                        self._opened(prefix, entry, page)

    def _is_full(self) -> bool:
        return self.batched >= BATCH_RECORDS or self.batched_bytes >= BATCH_BYTES

    def _opened(self, prefix: str, entry: Entry, raw: bytes) -> list[Wanted]:
        """Take a page's records, or say what its entries point to."""
        page = wire.parse_page(raw, prefix, entry, self.feed.commitments)
        if isinstance(page, EntriesPage):
            return [(f"{prefix}{digit:x}", child) for digit, child in enumerate(page.children)]
        self._take(prefix, entry, page, raw)
        return []

    def _missing(self, wanted: list[Wanted]) -> Wanted | None:
        """The next that must be fetched; what is here already, or needs no bytes, is dealt with on the way."""
        while wanted:
            prefix, entry = wanted.pop()
            with self.store.reading() as db:
                held = tree.entry_at(records.tree_reader(db, self.feed.id), prefix)
            if tree.entry_hash(held) == tree.entry_hash(entry):
                continue
            records_here = self._without_bytes(entry)
            if records_here is None:
                return prefix, entry
            self._take(prefix, entry, RecordsPage(prefix, records_here), None)
        return None

    def _without_bytes(self, entry: Entry) -> tuple[Erase, ...] | None:
        """The records below an entry where its hash alone tells them: nothing, or a tombstone."""
        if entry is None:
            return ()
        if isinstance(entry, Leaf) and entry.commitment == self.feed.commitments.erased(entry.key):
            return (erase(self.feed.commitments, entry.key),)
        return None

    async def _ahead(self, prefix: str, entry: Entry) -> bytes | None:
        """A page that is read before its turn; None for one so large that it must wait, or memory would not do."""
        try:
            return await self._page(prefix, entry, AHEAD_BYTES)
        except LimitError:
            return None

    async def _page(self, prefix: str, entry: Entry, limit: int) -> bytes:
        name = str(PageName(prefix, tree.entry_hash(entry)))
        with self.store.reading() as db:
            kept = records.staged_page(db, self.feed.id, name)
        if kept is not None:
            return kept
        self.budget -= 1
        if self.budget < 0:
            raise LimitError(f"{self.reading.source.name}: more pages than a state of this size has")
        fetched = await self.reading.get(f"{self.feed.circle}/page/{name}", limit)
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
                    check_unmoved(db, self.feed)
                    records.stage(db, self.feed.id, str(PageName(prefix, tree.entry_hash(entry))), raw)
            return
        self.batch.append((prefix, page.records))
        self.batched += len(page.records)
        self.batched_bytes += len(raw or b"")

    async def _flush(self) -> None:
        """Hand what has come so far to a thread that writes it, as soon as the batch before is written."""
        await self._written()
        self.flushed_at = self.clock()
        if self.batch:
            batch, self.batch, self.batched, self.batched_bytes = self.batch, [], 0, 0
            self.writing = asyncio.get_running_loop().run_in_executor(_WRITER, self._write, batch)

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
        edition, issued = (self.edition.edition, self.edition.issued) if self.edition else (0, None)
        records.apply(db, self.feed.id, changes, edition, issued=issued, fresh=fresh)
        self.erased += [change for change in changes if isinstance(change, Erase)]
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
            switch(db, self.feed, self.step, followed, now(), self.reading.source.name, gap=skips(self.step))
        if self.feed.followed.edition is not None:  # of a first sync there is no older backup
            tombstones.keep(self.reading.home.path, self.feed, followed.position, self.erased)
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
