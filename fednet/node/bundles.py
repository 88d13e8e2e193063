"""Bundles: feeds in a file, for whoever has no connection. Reading one is the ordinary sync over another source.

Nobody is believed for having written a file: networks are pinned by their fingerprint, and what the bundle holds is
judged like what a mirror serves.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import msgspec
import pyrage
import zstandard
from sqlite_utils import Database

from fednet.errors import (
    FednetError,
    GoneError,
    IdentityError,
    LimitError,
    MalformedError,
    RefusedError,
    RollbackError,
    SplitViewError,
    UnreachableError,
    UsageError,
)
from fednet.feed import bundle, note, tlog, wire
from fednet.feed.bundle import SEALED, Resource
from fednet.feed.follow import open_head
from fednet.feed.identity import MAX_IDENTITY, Identity, check_pinned, fingerprint, parse_identity
from fednet.feed.wire import BEGINNING, MAX_ANSWER, Position
from fednet.node import answers, erasure, following, gossip, sites, sync
from fednet.node.coding import MAX_WINDOW
from fednet.node.fetch import REQUEST_SECONDS, Fetched
from fednet.node.files import replacing
from fednet.node.following import Offer
from fednet.node.home import Home
from fednet.node.reading import MAX_CHANGES, Reading, Synced
from fednet.store import blocks, circles, feeds
from fednet.store.feeds import Feed, Network

LEVEL = 9  # of zstd: a bundle may have to fit into a letter
PIECE = 64 * 1024
WHOLE_HINT = "ask for a whole bundle: fednet bundle write FILE"


# --- writing ----------------------------------------------------------------------------------------------------------


class Packed(msgspec.Struct, frozen=True):
    """One feed in a bundle that was written: up to where, and since where (`0.0`: all of it)."""

    network: str
    name: str
    circle: str
    position: str
    since: str
    records: int


class Written(msgspec.Struct, frozen=True):
    """A bundle that was written. `sealed_for` is the network id of the only reader of its restricted circles."""

    bytes: int
    feeds: tuple[Packed, ...]
    sealed_for: str | None = None


def write(
    home: Home,
    file: Path,
    *,
    since: Position = BEGINNING,
    recipient: Network | None = None,
    mirrors: bool = False,
) -> Written:
    """Write what this node shows of its own network, since an edition or all of it, to a file that is there when whole.

    With a `recipient`, the restricted circles that it may read are sealed to its bundle key, always as a whole; with
    `mirrors`, the public feeds of others that this node holds come along. One snapshot of the database is written.
    """
    packing = _Packing(home, since, recipient, mirrors)
    with replacing(file, mode=0o644) as out, home.store.reading() as db:
        for piece in _compressed(bundle.packed(packing.resources(db))):
            out.write(piece)
        size = out.tell()
    return Written(size, tuple(packing.packed), recipient.network if recipient else None)


class _Packing:
    """Choosing what goes into a bundle; `packed` says what went in."""

    def __init__(self, home: Home, since: Position, recipient: Network | None, mirrors: bool) -> None:
        self.home, self.since, self.recipient, self.mirrors = home, since, recipient, mirrors
        self.packed: list[Packed] = []

    def resources(self, db: Database) -> Iterator[tuple[str, bytes]]:
        own, *others = sites.shared(db, mirrors=self.mirrors)
        yield from self._named(own, self._since(db, own))
        if self.recipient is not None:
            yield SEALED, self._sealed(db, own, self.recipient)
        for feed in others:
            yield from self._named(feed, self._whole(db, feed))

    def _named(self, feed: Feed, found: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """With the path of the network before, and its identity first of all."""
        yield f"{feed.network.network}/identity", feed.network.identity.encoded
        for path, content in found:
            yield f"{feed.network.network}/{path}", content

    def _whole(self, db: Database, feed: Feed) -> Iterator[tuple[str, bytes]]:
        self._note(feed, BEGINNING)
        for path, content in sites.resources(db, feed, whole_log=False):
            if path != "identity":
                yield path, content

    def _since(self, db: Database, feed: Feed) -> Iterator[tuple[str, bytes]]:
        """The changes since an edition, in one answer; all of the feed where one answer cannot tell them."""
        changes = None
        if self.since != BEGINNING:
            try:
                changes = answers.changes(db, feed, self.since)
            except GoneError:
                pass
            except RollbackError as error:
                raise UsageError(error.detail, hint="fednet status") from None
        if changes is None or len(changes) > MAX_CHANGES:
            yield from self._whole(db, feed)
            return
        self._note(feed, self.since)
        yield f"{feed.circle}/changes?since={self.since}", changes
        epoch = feed.followed.epoch
        yield f"{feed.circle}/{epoch}/checkpoint", answers.checkpoint(feed, epoch)

    def _sealed(self, db: Database, own: Feed, recipient: Network) -> bytes:
        """Another bundle, that only the recipient can open. It is there also when there is nothing to tell."""
        inner = BytesIO()
        for piece in _compressed(bundle.packed(self._restricted(db, own, recipient))):
            inner.write(piece)
        try:
            reader = pyrage.x25519.Recipient.from_str(recipient.identity.current.bundle_key)
        except pyrage.RecipientError:
            raise UsageError(
                f"nobody can seal anything to {recipient.name}: its bundle key is no age recipient"
            ) from None
        sealed: bytes = pyrage.encrypt(inner.getvalue(), [reader])
        return sealed

    def _restricted(self, db: Database, own: Feed, recipient: Network) -> Iterator[tuple[str, bytes]]:
        yield f"{own.network.network}/identity", own.network.identity.encoded
        for circle in circles.readable(db, own.network.network, recipient):
            feed = circles.readable_feed(db, own.network.network, circle, recipient)
            for path, content in self._whole(db, feed) if feed else ():
                yield f"{own.network.network}/{path}", content

    def _note(self, feed: Feed, since: Position) -> None:
        network = feed.network
        at = str(feed.followed.position)
        self.packed.append(Packed(network.network, network.name, feed.circle, at, str(since), feed.records))


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


# --- a bundle that is read --------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a resource lies: from `offset`, in `stored` bytes of zstd that make `length`."""

    offset: int
    stored: int
    length: int


class Opened:
    """A bundle whose form is checked, and whose resources can be asked for by their paths; use as a context.

    They lie in a file without a name in the node's home, which is gone with this process however that ends. There they
    are compressed again one by one, so that what unfolds to gigabytes of nothing takes no room.
    """

    def __init__(self, directory: Path, raw: BinaryIO, *, sealed: bool = False) -> None:
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115
        self._places: dict[str, Place] = {}
        try:
            self._keep(bundle.unpacked(_decompressed(raw), sealed=sealed))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _keep(self, parts: Iterator[Resource | bytes]) -> None:
        """Write each resource, compressed by itself, behind the one before."""
        open_resource: Resource | None = None
        writer = _Frame(self._file)
        for part in parts:
            if isinstance(part, bytes):
                writer.write(part)
                continue
            self._close(open_resource, writer)
            open_resource, writer = part, _Frame(self._file)
        self._close(open_resource, writer)

    def _close(self, resource: Resource | None, writer: _Frame) -> None:
        if resource is not None:
            self._places[resource.path] = Place(writer.offset, writer.close(), resource.length)

    def content(self, path: str, limit: int = MAX_ANSWER) -> bytes | None:
        place = self._places.get(path)
        if place is None:
            return None
        if place.length > limit:
            raise LimitError(f"{path} has {place.length} bytes, at most {limit} are read")
        self._file.seek(place.offset)
        stored = self._file.read(place.stored)
        return zstandard.ZstdDecompressor().decompress(stored, max_output_size=place.length) if place.length else b""

    @property
    def networks(self) -> list[str]:
        """Whose identities are in it; the first is that of the network that wrote it."""
        return [path.removesuffix("/identity") for path in self._places if path.endswith("/identity")]

    def feeds(self, network: str) -> list[str]:
        """The circles of a network of which something is in it."""
        parts = (path.split("/", 2) for path in self._places if path.startswith(f"{network}/"))
        return list(dict.fromkeys(part[1] for part in parts if len(part) == 3))

    def heads(self, network: str, circle: str) -> list[int]:
        """The epochs whose checkpoints are in it."""
        start = f"{network}/{circle}/"
        ends = (path.removeprefix(start) for path in self._places if path.startswith(start))
        return [int(end.removesuffix("/checkpoint")) for end in ends if end.endswith("/checkpoint")]

    def asked(self, network: str, circle: str) -> list[Position]:
        """The positions since which it tells changes."""
        start = f"{network}/{circle}/changes?since="
        return [wire.parse_position(path.removeprefix(start)) for path in self._places if path.startswith(start)]


class _Frame:
    """One resource on its way into the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = file.tell()
        self._compressor = zstandard.ZstdCompressor(level=1).compressobj()

    def write(self, piece: bytes) -> None:
        self._file.write(self._compressor.compress(piece))

    def close(self) -> int:
        """How many bytes it took."""
        self._file.write(self._compressor.flush())
        return self._file.tell() - self.offset


def _decompressed(raw: BinaryIO) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(raw, read_across_frames=True)
    while True:
        try:
            piece = reader.read(PIECE)
        except zstandard.ZstdError as error:
            raise MalformedError(f"not a bundle, or a damaged one: {error}") from None
        if not piece:
            return
        yield piece


class BundleSource:
    """A bundle as a source of one network's resources."""

    origin = False

    def __init__(self, opened: Opened, network: str, name: str) -> None:
        self.opened, self.network, self.name = opened, network, name

    async def get(
        self, path: str, *, limit: int = MAX_ANSWER, seconds: float = REQUEST_SECONDS, signed: bool = False
    ) -> Fetched:
        """A resource; where a node would say that the state has moved on, the bundle is not enough, and says so."""
        circle, _, kind = path.partition("/")
        if kind.startswith("changes?since="):
            found = self._changes(circle, wire.parse_position(kind.removeprefix("changes?since=")), limit)
            return Fetched(404, b"", 0) if found is None else Fetched(200, found, len(found))
        content = self.opened.content(f"{self.network}/{path}", limit)
        if content is None:
            raise self._not_enough(circle)
        return Fetched(200, content, len(content))

    def _changes(self, circle: str, position: Position, limit: int) -> bytes | None:
        """An answer since this position or since an earlier one, the latest there is."""
        for since in sorted(self.opened.asked(self.network, circle), reverse=True):
            if since <= position:
                raw = self.opened.content(f"{self.network}/{circle}/changes?since={since}", limit)
                answer = wire.parse_answer(raw or b"")
                if answer.since != since:
                    raise MalformedError(f"{self.name}: an answer since {answer.since} is called one since {since}")
                found = bundle.asked_from(answer, position)
                return None if found is None else found.encoded
        return None

    def _not_enough(self, circle: str) -> FednetError:
        since = self.opened.asked(self.network, circle)
        if since:
            return UnreachableError(
                f"{self.name} tells only what changed since edition {max(since)}; what is held here is not on that way",
                hint=WHOLE_HINT,
            )
        return UnreachableError(f"{self.name} does not hold all of the feed", hint=WHOLE_HINT)


# --- reading ----------------------------------------------------------------------------------------------------------


class Carried(msgspec.Struct, kw_only=True):
    """What became of one feed in a bundle.

    `outcome`: `advanced`; `unchanged`; `late` (older than what is held: nothing was done); `offered` (a network that is
    not followed); `own`; `blocked`; `sealed` (for another reader); `refused`; `failed`.
    """

    network: str
    name: str
    circle: str = "public"
    outcome: str
    epoch: int = 0
    edition: int = 0
    records: int = 0
    changed: int = 0
    error: str | None = None
    hint: str | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.network)


async def read(
    home: Home, raw: BinaryIO, name: str, *, expected: str | None, confirm: Callable[[Offer], bool]
) -> list[Carried]:
    """Take from a bundle what it holds of networks that are followed; `name` is what people call the file.

    The network that wrote it is pinned if it has the `expected` fingerprint, or if `confirm` says so; with `expected`,
    any network in it. The others are offered. Raises a RefusedError when the file is no bundle, IdentityError when
    nobody in it has the fingerprint; what is wrong with one network is told and costs only that network.
    """
    with Opened(home.path, raw) as opened:
        reader = _Reader(home, opened, name)
        reader.pin(expected, confirm)
        carried = [one for network in opened.networks for one in await reader.network(network)]
        carried += await reader.sealed()
    await asyncio.to_thread(erasure.settle_promptly, home)
    return carried


class _Reader:
    """Reading one bundle, or what is sealed in it."""

    def __init__(self, home: Home, opened: Opened, name: str) -> None:
        self.home, self.opened, self.name = home, opened, name
        with home.store.reading() as db:
            self.pinned = {network.network: network for network in feeds.networks(db)}
            self.blocked = {network for network in opened.networks if blocks.is_blocked(db, network)}

    def identity(self, network: str) -> Identity:
        return check_pinned(parse_identity(self.opened.content(f"{network}/identity", MAX_IDENTITY) or b""), network)

    def pin(self, expected: str | None, confirm: Callable[[Offer], bool]) -> None:
        """Pin the network that is expected, or the one that wrote the bundle if a person says so."""
        wanted = following.parse_fingerprint(expected) if expected is not None else self.opened.networks[0]
        if wanted not in self.opened.networks:
            others = ", ".join(fingerprint(network) for network in self.opened.networks)
            raise IdentityError(
                f"expected the fingerprint {fingerprint(wanted)}, the bundle holds {others}",
                hint="ask the network, by telephone, which fingerprint is theirs",
            )
        if wanted in self.pinned or wanted in self.blocked:
            return
        try:
            identity = self.identity(wanted)
        except FednetError:
            if expected is not None:
                raise
            return  # it is told with what becomes of the others
        offer = Offer(wanted, identity.current.name, fingerprint(wanted), self.name)
        if expected is not None or confirm(offer):
            with self.home.store.writing() as db:
                self.pinned[wanted] = following.pin(db, identity)

    async def network(self, network: str) -> list[Carried]:
        """What becomes of the feeds of one network."""
        known = self.pinned.get(network)
        try:
            if network in self.blocked:
                return [Carried(network=network, name=known.name if known else "", outcome="blocked")]
            if known is None:
                return [self._offered(network)]
            if known.own:
                return [Carried(network=network, name=known.name, outcome="own")]
            source = BundleSource(self.opened, network, self.name)
            await Reading(self.home, source, known, Synced(network=network, name=known.name)).renew_identity()
        except FednetError as error:
            return [_failed(network, known.name if known else "", "public", error)]
        return [await self._feed(source, known, circle) for circle in self.opened.feeds(network)]

    def _offered(self, network: str) -> Carried:
        return Carried(
            network=network,
            name=self.identity(network).current.name,
            outcome="offered",
            hint=f'fednet bundle read {self.name} --fingerprint "{fingerprint(network)}"',
        )

    async def _feed(self, source: BundleSource, network: Network, circle: str) -> Carried:
        with self.home.store.reading() as db:
            network = feeds.again(db, network)
            before = feeds.feed(db, network, circle)
        try:
            late = before is not None and await self._late(before)
        except FednetError as error:
            return _failed(network.network, network.name, circle, error)
        if late and before is not None:
            epoch, edition = before.followed.position
            return Carried(
                network=network.network,
                name=network.name,
                circle=circle,
                outcome="late",
                epoch=epoch,
                edition=edition,
                records=before.records,
            )
        result = await sync.sync_from(self.home, [source], network, circle)
        moved = before is None or before.followed.position != (result.epoch, result.edition) or not before.visible
        return Carried(
            network=network.network,
            name=network.name,
            circle=circle,
            outcome=_outcome(result, moved),
            epoch=result.epoch,
            edition=result.edition,
            records=result.records,
            changed=result.changed,
            error=result.error,
            hint=result.hint,
        )

    async def _late(self, feed: Feed) -> bool:
        """Whether the newest checkpoint in the bundle is older than the one held; it must then be of the same log."""
        network = feed.network
        epochs = self.opened.heads(network.network, feed.circle)
        if not epochs or not feed.visible or max(epochs) > feed.followed.epoch:
            return False
        if (epoch := max(epochs)) < feed.followed.epoch:
            return True
        raw = self.opened.content(f"{network.network}/{feed.circle}/{epoch}/checkpoint", note.MAX_NOTE) or b""
        shown = note.parse(raw)
        head = open_head(network.identity, feed.circle, epoch, shown)
        if head.size >= feed.followed.frontier.size:
            return False
        with self.home.store.reading() as db:
            held = tlog.root_of(feeds.leaf_hashes(db, feed, 0, head.size))
        if held != head.root:
            await gossip.weigh(self.home, network, shown, None, feed.circle)
            raise SplitViewError(f"{head.origin} size {head.size}: the bundle shows another history than the one held")
        return True

    async def sealed(self) -> list[Carried]:
        """What is sealed, if it is for this node."""
        raw = self.opened.content(SEALED)
        if raw is None:
            return []
        writer = self.opened.networks[0]
        known = self.pinned.get(writer)
        name = known.name if known else ""
        try:
            inner = pyrage.decrypt(raw, [pyrage.x25519.Identity.from_str(self.home.keys.bundle)])
        except pyrage.DecryptError:
            return [Carried(network=writer, name=name, circle="", outcome="sealed")]
        try:
            with Opened(self.home.path, BytesIO(inner), sealed=True) as opened:
                reader = _Reader(self.home, opened, self.name)
                carried = [one for network in opened.networks for one in await reader.network(network)]
        except FednetError as error:
            return [_failed(writer, name, "", error)]
        return [one for one in carried if one.outcome not in ("offered", "own", "blocked")]


def _failed(network: str, name: str, circle: str, error: FednetError) -> Carried:
    return Carried(
        network=network,
        name=name,
        circle=circle,
        outcome="refused" if isinstance(error, RefusedError) else "failed",
        error=error.detail,
        hint=error.hint,
    )


def _outcome(result: Synced, moved: bool) -> str:
    if result.error is not None:
        return "refused" if result.refused else "failed"
    return "advanced" if moved else "unchanged"
