"""Bundles: feeds in a file, for whoever has no connection. Reading one is the ordinary sync over another source.

Nobody is believed for having written a file: networks are pinned by their fingerprint, and what the bundle holds is
judged like what a mirror serves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard
from sqlite_utils import Database

from fednet.errors import (
    FednetError,
    GoneError,
    IdentityError,
    RefusedError,
    RollbackError,
    SplitViewError,
    UsageError,
    WrongKeyError,
)
from fednet.feed import bundle, note, tlog
from fednet.feed.bundle import MESSAGE, SEALED
from fednet.feed.follow import open_head
from fednet.feed.identity import MAX_IDENTITY, Identity, check_pinned, fingerprint, parse_identity
from fednet.feed.message import MAX_MESSAGE
from fednet.feed.wire import BEGINNING, Position
from fednet.node import answers, erasure, following, gossip, messages, sites, sync
from fednet.node.bundle_source import BundleSource, Opened
from fednet.node.files import replacing
from fednet.node.following import Offer
from fednet.node.home import Home, now
from fednet.node.reading import MAX_CHANGE_BYTES, Reading, Synced
from fednet.store import blocks, circles, feeds
from fednet.store.feeds import Feed, Network
from fednet.store.introductions import unconfirmed, versions

LEVEL = 9  # of zstd: a bundle may have to fit into a letter


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
    """A bundle that was written. `sealed_for` is the network id of the only reader of what is sealed in it.

    `introductions`: of how many it tells that reader; `untold`: of how many what that has not confirmed yet.
    """

    bytes: int
    feeds: tuple[Packed, ...]
    sealed_for: str | None = None
    introductions: int = 0
    untold: int = 0


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
    reader = recipient.network if recipient else None
    return Written(size, tuple(packing.packed), reader, packing.introductions, packing.untold)


class _Packing:
    """Choosing what goes into a bundle; `packed` says what went in."""

    def __init__(self, home: Home, since: Position, recipient: Network | None, mirrors: bool) -> None:
        self.home, self.since, self.recipient, self.mirrors = home, since, recipient, mirrors
        self.packed: list[Packed] = []
        self.introductions = self.untold = 0

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
        if changes is None or len(changes) > MAX_CHANGE_BYTES:
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
        return messages.sealed(inner.getvalue(), recipient)

    def _restricted(self, db: Database, own: Feed, recipient: Network) -> Iterator[tuple[str, bytes]]:
        yield f"{own.network.network}/identity", own.network.identity.encoded
        message = messages.composed(db, self.home, recipient, now())
        self.introductions = len(message.sides)
        self.untold = sum(one.count for one in unconfirmed(db) if one.network_id == recipient.id)
        yield f"{own.network.network}/{MESSAGE}", messages.signed(self.home, message)
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


# --- reading ----------------------------------------------------------------------------------------------------------


class Carried(msgspec.Struct, kw_only=True):
    """What became of one feed in a bundle.

    `outcome`: `advanced`; `unchanged`; `late` (older than what is held: nothing was done); `offered` (a network that is
    not followed); `own`; `blocked`; `sealed` (for another reader); `unasked` (a restricted circle, of a network that is
    not a partner here: not taken); `told` (no feed, but something new of so many introductions, which are its
    `records`); `refused`; `failed`.
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
        if circle != circles.PUBLIC and not network.partner:
            hint = f"fednet partner {network.network}, then read the file again"
            return Carried(network=network.network, name=network.name, circle=circle, outcome="unasked", hint=hint)
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
            inner = messages.unsealed(self.home, raw)
        except WrongKeyError:
            return [Carried(network=writer, name=name, circle="", outcome="sealed")]
        try:
            with Opened(self.home.path, BytesIO(inner), sealed=True) as opened:
                reader = _Reader(self.home, opened, self.name)
                carried = [one for network in opened.networks for one in await reader.network(network)]
                carried += reader.message(writer)
        except FednetError as error:
            return [_failed(writer, name, "", error)]
        return [one for one in carried if one.outcome not in ("offered", "own", "blocked")]

    def message(self, writer: str) -> list[Carried]:
        """What the network that wrote the bundle tells this one of introductions between the two.

        Its identity was renewed before. What keys of an earlier epoch have signed is late, and passed over: whoever
        holds them now may have written it, and the network tells it all again.
        """
        raw = self.opened.content(f"{writer}/{MESSAGE}", MAX_MESSAGE)
        with self.home.store.reading() as db:
            known = feeds.pinned(db, writer)
            held = versions(db, writer)
        if raw is None or known is None or known.own or known.blocked or known.frozen:
            return []
        if self.identity(writer).epoch < known.identity.epoch:
            return []
        try:
            told = messages.take(self.home, known, raw, now())
        except FednetError as error:
            return [_failed(writer, known.name, "", error)]
        count = sum(side.version > held.get(side.introduction, 0) for side in told.sides)
        return [Carried(network=writer, name=known.name, circle="", outcome="told", records=count)] if count else []


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
