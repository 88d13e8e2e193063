"""Reading one feed from one source until it is what its network signed last (SPEC 7.3).

An incremental sync is one request. A first sync, and every repair, descends the state tree from the signed root.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import msgspec

from fednet.errors import (
    BusyError,
    FednetError,
    GoneError,
    LimitError,
    NotFoundError,
    RefusedError,
    RollbackError,
    SignatureError,
    SplitViewError,
    StateMismatchError,
    UnreachableError,
)
from fednet.feed import follow, note, tlog, wire
from fednet.feed.follow import Step
from fednet.feed.identity import MAX_IDENTITY, check_pinned, parse_identity
from fednet.feed.note import Note
from fednet.feed.tlog import Hashes, Tile
from fednet.feed.wire import BEGINNING, Answer, Position
from fednet.node import tombstones
from fednet.node.accept import MovedOnError, accept, check_decided, learn_identity, policy_of
from fednet.node.descent import BATCH_RECORDS, Descent
from fednet.node.fetch import Fetched, error_detail
from fednet.node.gossip import shown_checkpoint, weigh
from fednet.node.home import Home, now
from fednet.node.sources import Source
from fednet.node.verify import log_problems, problems
from fednet.store import feeds, records
from fednet.store.feeds import Feed, Network

READING_BYTES = 4 * 1024**3  # on the wire, of one feed from one source
MAX_CHANGE_BYTES = 16 * 1024 * 1024  # of one answer, decoded: whatever is more is read in pages
MAX_CHANGE_LINES = 100_000
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
    word: str | None = None  # of the table of errors (SPEC section 1)
    error: str | None = None
    hint: str | None = None

    def failed(self, error: FednetError) -> None:
        """Tell why nothing came of it. That one source was refused stays told until another gives the feed."""
        self.verified, self.refused = False, self.refused or isinstance(error, RefusedError)
        self.word, self.error, self.hint = error.word, error.detail, error.hint


class Reading:
    """One sync of one feed from one source; what it costs and changes is counted in `result`."""

    def __init__(
        self, home: Home, source: Source, network: Network, result: Synced, progress: Progress | None = None
    ) -> None:
        self.home, self.source, self.network, self.result, self.progress = home, source, network, result, progress
        self.circle = result.circle
        self.touched: list[bytes] = []  # keys that the last answer changes
        self.shown: Note | None = None  # the checkpoint that the source showed last

    async def get(self, path: str, limit: int = wire.MAX_ANSWER) -> Fetched:
        """What is at a path below the feed's network, counted."""
        fetched = await self.source.get(path, limit=limit)
        self.result.requests += 1
        self.result.bytes += fetched.wire_bytes
        if self.result.bytes > READING_BYTES:
            raise LimitError(f"{self.source.name}: more than {READING_BYTES} bytes in one sync")
        return fetched

    def feed(self) -> Feed:
        with self.home.store.writing() as db:
            return feeds.open_feed(db, self.network, self.circle)

    async def sync(self) -> None:
        """Bring the feed up to date; once more from where it is when someone else has advanced it meanwhile."""
        for _ in range(ATTEMPTS):
            try:
                with suppress(MovedOnError):
                    return await self._advance(self.feed())
            except FednetError as error:
                await self._weigh(error)
                raise
        raise BusyError(f"{self.network.name}: others keep advancing the feed", hint="try again in a moment")

    async def _weigh(self, refusal: FednetError) -> None:
        """What was refused may contradict what is held: then it is evidence."""
        if self.shown is not None and await weigh(self.home, self.network, self.shown, self.source, self.circle):
            raise SplitViewError(
                f"{refusal.detail}; {self.network.name} is frozen, what was agreed last stays readable",
                hint=f"fednet evidence show {self.network.network}",
            )

    async def _advance(self, feed: Feed) -> None:
        """Changes when the feed is known here, pages when it is not, or when changes cannot tell."""
        if not feed.visible or feed.followed.position == BEGINNING:
            await self._descend()
            return
        try:
            await self._changes(feed)
        except GoneError:
            await self._descend()
        except SignatureError:
            with suppress(UnreachableError):  # whoever has no identity to show has shown a bad signature all the same
                await self.renew_identity()  # raises when the source tells of two statements of one number
            raise
        except StateMismatchError:
            if self.network.identity.epoch == feed.followed.epoch and self._sound(feed):
                raise  # the answer is wrong, not what is held: another source may do better
            self._intact(feed)  # across epochs, what a thief signed may be held as he signed it
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

    async def renew_identity(self) -> None:
        """Read the identity chain again, and keep the longer one."""
        fetched = await self.get("identity", MAX_IDENTITY)
        if fetched.status != 200:
            raise UnreachableError(f"{self.source.name} has no identity of {self.network.network}: "
                                   f"{error_detail(fetched)}")  # fmt: skip
        served = await asyncio.to_thread(parse_identity, fetched.body, self.network.identity)  # may take seconds
        check_pinned(served, self.network.network)
        self.network = learn_identity(self.home.store, self.network, served, now())

    # --- changes: one request ---------------------------------------------------------------------------------------

    async def _changes(self, feed: Feed) -> None:
        answer = await self._answer(feed)
        if answer.epoch > self.network.identity.epoch:
            await self.renew_identity()
            feed = self.feed()
            if feed.followed.position != answer.since:  # what was held is void from here on
                raise GoneError("a new epoch closed what was held")
        self.touched = [change.key for change in answer.changes]
        self._accept(feed, answer)
        self.result.changed += len(answer.changes)
        self.tell(len(answer.changes), len(answer.changes))
        if answer.leaves:
            await self._fill(self.feed())

    async def _answer(self, feed: Feed) -> Answer:
        """What has changed; GoneError when that cannot be told, or is so much that pages take less memory."""
        try:
            fetched = await self.get(f"{self.circle}/changes?since={feed.followed.position}", MAX_CHANGE_BYTES)
        except LimitError as error:
            raise GoneError(error.detail) from None
        match fetched.status:
            case 200 if fetched.body.count(b"\n") > MAX_CHANGE_LINES:
                raise GoneError(f"{self.source.name}: more than {MAX_CHANGE_LINES} changes")
            case 200:
                answer = wire.parse_answer(fetched.body)
                self.shown = answer.checkpoint
                return answer
            case 409:
                self.shown = shown_checkpoint(fetched)
                raise self._behind(feed.followed.position)
            case 404 | 410:  # too far back, an older epoch, or a static host that answers no questions
                raise GoneError(error_detail(fetched))
            case _:
                raise UnreachableError(f"{self.source.name} answers {error_detail(fetched)}")

    def _accept(self, feed: Feed, answer: Answer) -> None:
        with self.home.store.writing() as db:
            after = accept(db, feed, self.network.identity, answer, now(), self.source.name)
        tombstones.keep(self.home.path, feed, after.followed.position, answer.changes)

    def _behind(self, accepted: Position) -> Exception:
        detail = f"{self.source.name} is behind what was already accepted ({accepted})"
        return RollbackError(detail) if self.source.origin else UnreachableError(detail)

    # --- pages: first sync and repair -------------------------------------------------------------------------------

    async def _descend(self) -> None:
        """Read the state page by page until it is what the newest edition signs."""
        await self.renew_identity()
        for _ in range(ATTEMPTS):
            feed = self.feed()
            step = await self._head(feed)
            try:
                await Descent(self, feed, step).run()
                break
            except NotFoundError:  # the state moved on while it was read: what is finished stays
                continue
        else:
            raise UnreachableError(f"{self.source.name}: the state moved on {ATTEMPTS} times while it was read")
        if self.result.changed > BATCH_RECORDS:
            with suppress(GoneError):
                await self._changes(self.feed())  # what was published meanwhile

    async def _head(self, feed: Feed) -> Step:
        """The newest checkpoint, with the leaf hashes since what is held, and the edition it ends with."""
        identity, epoch, held = self.network.identity, self.network.identity.epoch, feed.followed
        signed = note.parse((await self._found(f"{self.circle}/{epoch}/checkpoint", note.MAX_NOTE)).body)
        self.shown, witnesses = signed, tuple(policy_of(self.network).witnesses.values())
        checkpoint = follow.open_head(identity, self.circle, epoch, signed, witnesses)
        known = held.frontier.size if held.epoch == epoch else 0
        if checkpoint.size == 0:
            raise NotFoundError("nothing is published yet")
        with self.home.store.reading() as db:
            spoiled = any(log_problems(db, feed))
            known = 0 if spoiled else known  # our own damage is no split view of theirs
            leaves = feeds.leaf_hashes(db, feed, 0, known) if known else Hashes()
        leaves = await self._leaf_hashes(epoch, leaves, checkpoint.size)
        last = checkpoint.size - 1
        lines = await self._entries(epoch, 0, checkpoint.size)
        lines |= {} if last in lines else await self._entries(epoch, last, checkpoint.size)
        step = await asyncio.to_thread(  # a million editions take seconds
            follow.begin, identity, self.circle, epoch, signed, leaves, lines[0], lines[last], held=held
        )
        if any(tlog.leaf_hash(line) != leaves[index] for index, line in lines.items()):
            raise SplitViewError(f"{checkpoint.origin}: an edition line is not the leaf that the log holds")
        if held.position == BEGINNING and not self.network.own:
            self._check_erased(step.after.position)
        step = msgspec.structs.replace(step, lines=lines, leaves=leaves if spoiled else step.leaves)
        with self.home.store.reading() as db:
            check_decided(db, feed, step)
        return step

    def _check_erased(self, position: Position) -> None:
        """What was erased does not come back with an older state of a feed that was let go of, and is read anew."""
        erased = tombstones.newest(self.home.path, self.network.network, self.circle)
        if position < erased:
            raise self._behind(erased)

    async def _found(self, path: str, limit: int) -> Fetched:
        fetched = await self.get(path, limit)
        if fetched.status == 404:
            raise UnreachableError(f"{self.source.name} has no {path}: {error_detail(fetched)}")
        if fetched.status != 200:
            raise UnreachableError(f"{self.source.name} answers {error_detail(fetched)}")
        return fetched

    async def _leaf_hashes(self, epoch: int, known: Hashes, size: int) -> Hashes:
        """The leaf hashes that are known, and those up to `size` from level-0 tiles."""
        packed = bytearray(known.packed)
        for tile in tlog.tiles_of(size):
            if tile.start + tile.width > len(known):
                raw = await self._found(f"{self.circle}/{epoch}/{tile.path}", MAX_TILE)
                found = tlog.parse_tile(tile, raw.body)
                packed += b"".join(found[max(len(known) - tile.start, 0) :])
        return Hashes(packed)

    async def _entries(self, epoch: int, index: int, size: int) -> dict[int, bytes]:
        """The edition lines of the entry bundle that holds `index`: all are kept, so that others can read them here."""
        number = index // tlog.TILE_WIDTH
        tile = Tile(-1, number, min(tlog.TILE_WIDTH, size - number * tlog.TILE_WIDTH))
        raw = await self._found(f"{self.circle}/{epoch}/{tile.path}", MAX_TILE)
        return dict(enumerate(tlog.parse_entries(tile, raw.body), tile.start))

    async def _fill(self, feed: Feed) -> None:
        """Read the lines at both ends of a log of which editions were skipped: whoever begins here needs them."""
        size = feed.followed.frontier.size
        with suppress(FednetError):
            for index in sorted({0, tlog.tiles_of(size)[-1].start}):
                lines = await self._entries(feed.followed.epoch, index, size)
                with self.home.store.writing() as db:
                    feeds.add_lines(db, feed, lines)

    def tell(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(self.network.name, done, total)
