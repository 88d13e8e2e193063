"""Hostile company for a follower: networks that serve every kind of trouble, and a follower that can be weighed.

One server stands for all of them: `http://.../<kind>` is the address of the network of that kind. Run as a program, it
syncs everything that a home follows, and tells how much memory that took over being idle.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from fednet.feed import record, tlog, tree, wire
from fednet.feed.checkpoint import Checkpoint
from fednet.feed.edition import Edition, edition
from fednet.feed.identity import Statement, sign_statement
from fednet.feed.note import sign
from fednet.feed.text import base64_text
from fednet.feed.tlog import Hashes
from fednet.node import following, sync
from fednet.node.accept import accept
from fednet.node.home import Home
from fednet.store import blocks, feeds, sources
from fednet.store.feeds import Network as Pinned
from tests.feed.network import BEGAN, Network, handle, seed

Body = bytes | Iterator[bytes]


class Publisher:
    """An honest network, as a static host serves it. Kinds of trouble override what they falsify."""

    editions_held = 0  # how many editions a follower has accepted before the trouble begins
    pause = 0.0  # between the pieces of an answer
    seconds = 60.0  # that it gets when it is weighed

    def __init__(self, records: int = 3) -> None:
        self.network = Network(type(self).__name__)
        self.network.publish(*(self.put(number) for number in range(records)))

    def put(self, number: int) -> record.Put:
        return self.network.put(number)

    def answer(self, path: str) -> Body | None:
        """What is at a path below the network's address; None for nothing."""
        if path == ".well-known/fednet":
            return self.well_known()
        kind, _, rest = path.removeprefix(f"feeds/{self.network.id}/").removeprefix("public/").partition("/")
        match kind:
            case "identity":
                return self.identity()
            case "page":
                return self.page(wire.parse_page_name(rest))
            case "1" if rest == "checkpoint":
                return self.checkpoint()
            case "1":
                return self.tile(tlog.parse_tile_path(rest))
            case "changes":
                return self.changes()
        return None

    def well_known(self) -> Body:
        return msgspec.json.encode({"protocols": [1], "network": self.network.id, "name": self.network.name})

    def identity(self) -> Body:
        return self.network.identity.encoded

    def checkpoint(self) -> Body:
        return self.network.checkpoint().encoded

    def tile(self, tile: tlog.Tile) -> Body:
        lines = self.network.lines[tile.start : tile.start + tile.width]
        return tlog.entries_bytes(lines) if tile.level < 0 else b"".join(map(tlog.leaf_hash, lines))

    def page(self, name: wire.PageName) -> Body | None:
        entry = tree.entry_at(self.network.pages.get, name.prefix)
        if tree.entry_hash(entry) != name.hash:
            return None
        records = self.network.page(name.prefix).encoded
        fits = tree.count(entry) <= wire.PAGE_RECORDS and len(records) <= wire.MAX_PAGE
        return records if fits else self.network.page(name.prefix, "entries").encoded

    def changes(self) -> Body | None:
        return None


# --- networks that say more than anybody should read


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


class EndlessIdentity(Publisher):
    def identity(self) -> Body:
        return endless(b"A" * 65_536)


class EndlessCheckpoint(Publisher):
    def checkpoint(self) -> Body:
        return endless(b"x" * 65_536)


class EndlessTile(Publisher):
    def tile(self, tile: tlog.Tile) -> Body:
        return endless(bytes(65_536))


class EndlessPage(Publisher):
    def page(self, name: wire.PageName) -> Body:
        return endless(b"records\n" * 8_192)


class EndlessHints(Publisher):
    def well_known(self) -> Body:
        return endless(b"[" * 65_536)


class EndlessChanges(Publisher):
    editions_held = 1

    def changes(self) -> Body:
        return endless((b"drop " + b"0" * 64 + b"\n") * 1_000)

    def identity(self) -> Body:
        return endless(b"\n" * 65_536)


class GiantLine(Publisher):
    def page(self, name: wire.PageName) -> Body:
        return b"records\n" + b"put " + b"x" * (wire.MAX_PAGE - 20) + b"\n"


class EmptyLines(Publisher):
    """Short lines make many objects of few bytes."""

    def page(self, name: wire.PageName) -> Body:
        return b"records\n" + b"\n" * (wire.MAX_PAGE - 20)


class EmptyChanges(Publisher):
    editions_held = 1

    def changes(self) -> Body:
        return b"\n" * (15 * 1024 * 1024)


class ManyDrops(Publisher):
    """As many changes as one answer holds; none of them adds up."""

    editions_held = 1

    def changes(self) -> Body:
        followed = self.network.start()
        self.network.publish()
        answer = self.network.answer(followed)
        since = wire.Position(1, 1)
        drops = b"".join(b"drop %064x\n" % number for number in range(220_000))
        head = msgspec.structs.replace(answer, since=since, editions=answer.editions[1:], changes=()).encoded
        self.network.lines.pop()
        return head.removesuffix(b"end 0\n") + drops + b"end 220000\n"


class TenThousandStatements(Publisher):
    def identity(self) -> Body:
        return self.network.identity.encoded * 10_000


class AThousandStatements(Publisher):
    """As many as there may be, each with keys of its own: all of them count."""

    @cached_property
    def chain(self) -> bytes:
        notes = [base64_text(self.network.identity.notes[0].encoded)]
        last: Statement = self.network.identity.current
        for sequence in range(1, 1_000):
            last = msgspec.structs.replace(
                last, sequence=sequence, network=self.network.id, previous=last.digest, name=f"Name {sequence}"
            )
            notes.append(base64_text(sign_statement(last, self.network.recovery_seeds).encoded))
        return ("\n".join(notes) + "\n").encode()

    def identity(self) -> Body:
        return self.chain


class ManyMentions(Publisher):
    def well_known(self) -> Body:
        follows = [
            {"network": f"{number:032d}".replace("0", "a").replace("1", "b").replace("8", "c").replace("9", "d"),
             "name": "\u202e" * 40, "urls": [f"https://n{number}.example"]}
            for number in range(1_000)
        ]  # fmt: skip
        hints = {"protocols": [1], "network": self.network.id, "name": "x", "follows": follows}
        return msgspec.json.encode(hints)[: following.MAX_WELL_KNOWN]


class DeepHints(Publisher):
    def well_known(self) -> Body:
        return b'{"protocols":[1],"network":"' + self.network.id.encode() + b'","x":' + b"[" * 200_000


class ManyEditions(Publisher):
    """A log of empty editions. Only lines at its ends are ever read: what lies between are hashes of nothing."""

    size = 50_000

    def __init__(self) -> None:
        super().__init__()
        opening = msgspec.json.decode(self.network.lines[0], type=Edition)
        ends = (*range(tlog.TILE_WIDTH), *range(self.size - tlog.TILE_WIDTH, self.size))
        self.lines = {index: msgspec.structs.replace(opening, edition=index + 1).line for index in ends}
        between = bytes(32) * (self.size - len(ends))
        first, last = (b"".join(map(tlog.leaf_hash, list(self.lines.values())[half])) for half in HALVES)
        self.leaves = Hashes(first + between + last)
        signer = self.network.signer
        root = tlog.Frontier().extended(self.leaves).root
        self.signed = sign(Checkpoint(signer.name, self.size, root).text, signer).encoded

    def checkpoint(self) -> Body:
        return self.signed

    def tile(self, tile: tlog.Tile) -> Body:
        span = range(tile.start, tile.start + tile.width)
        if tile.level < 0:
            return tlog.entries_bytes(self.lines[index] for index in span)
        return bytes(self.leaves[span.start : span.stop].packed)


HALVES = (slice(tlog.TILE_WIDTH), slice(tlog.TILE_WIDTH, None))


class EndlessTree(Publisher):
    """Nodes below nodes, all alike, so that one page stands for all. It signs more records than there are."""

    records_signed = 4_000
    depth = tree.MAX_PAGE_DEPTH + 1

    def __init__(self) -> None:
        super().__init__()
        self.hashes = [seed("deepest")]
        for _ in range(self.depth):
            self.hashes.append(tree.entry_hash(tree.fold([tree.Node(self.hashes[-1], 4_000)] * 16)))
        self.network.lines = [edition(1, BEGAN, self.records_signed, 0, self.hashes[-1]).line]

    def page(self, name: wire.PageName) -> Body | None:
        if len(name.prefix) >= self.depth:
            return None
        below = tree.Node(self.hashes[-2 - len(name.prefix)], 4_000)
        return wire.EntriesPage(name.prefix, (below,) * 16).encoded


class WideTree(EndlessTree):
    """As many pages as a state of that size might have, and never a record."""

    depth = 5

    def page(self, name: wire.PageName) -> Body | None:
        return super().page(name) or b"records\n"


class LargeRecords(Publisher):
    """Bodies as large as they may be, more than a page holds: honest, and 50 MB."""

    def __init__(self) -> None:
        super().__init__(800)

    def put(self, number: int) -> record.Put:
        text = b'{"kind":"organization","names":{"en":"Large %d"},"x":"%s"}' % (number, b"w " * 32_700)
        return record.put(self.network.feed, handle(number), seed(f"salt {number}"), text)


class Bombs(Publisher):
    """Every answer unfolds to 2 GB."""

    coding = "zstd"

    @cached_property
    def bomb(self) -> bytes:
        coder = zstandard.ZstdCompressor().compressobj()
        zeros = bytes(1 << 20)
        return b"".join(coder.compress(zeros) for _ in range(2_000)) + coder.flush()

    def answer(self, path: str) -> Body | None:
        return self.bomb


class Dripping(Publisher):
    """A byte now and then, of every answer, for longer than it gets."""

    pause = 0.05
    seconds = 0.5

    def answer(self, path: str) -> Body | None:
        return iter([b"x"] * 50)


class DrippingPage(Dripping):
    def answer(self, path: str) -> Body | None:
        return super().answer(path) if "page" in path else Publisher.answer(self, path)


TROUBLE: tuple[type[Publisher], ...] = (
    EndlessIdentity, EndlessCheckpoint, EndlessTile, EndlessPage, EndlessChanges, GiantLine, EmptyLines,
    TenThousandStatements, EndlessTree, WideTree, Bombs, Dripping, DrippingPage,
)  # fmt: skip
"""What is refused, or left when its time is over."""
TAKEN: tuple[type[Publisher], ...] = (
    EndlessHints, EmptyChanges, ManyDrops, AThousandStatements, ManyMentions, DeepHints, ManyEditions,
    LargeRecords,
)  # fmt: skip
"""Not nice, and not wrong: what is signed is taken."""


class Company:
    """An ASGI application: all of these networks at one address."""

    def __init__(self, *kinds: type[Publisher]) -> None:
        self.publishers = {kind.__name__: kind() for kind in kinds}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        kind, _, path = scope["path"].lstrip("/").partition("/")
        publisher = self.publishers[kind]
        body = await asyncio.to_thread(publisher.answer, path)
        headers = [(b"content-encoding", publisher.coding.encode())] if isinstance(publisher, Bombs) else []
        await send({"type": "http.response.start", "status": 404 if body is None else 200, "headers": headers})
        if body is None or isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body or b""})
            return
        while (await receive())["type"] != "http.request":
            pass
        left = asyncio.create_task(receive())  # done when the follower has hung up
        for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(publisher.pause)
            if left.done():
                return


def pin(follower: Home, publisher: Publisher, url: str) -> Pinned:
    """Let a home follow a network; it holds what the network published before the trouble began."""
    with follower.store.writing() as db:
        pinned = feeds.pin(db, publisher.network.identity, BEGAN)
        sources.add_origin(db, pinned, url)
        feed = feeds.open_feed(db, pinned, "public")
        if publisher.editions_held:
            accept(db, feed, pinned.identity, publisher.network.answer(feed.followed), BEGAN, url)
    return pinned


# --- a follower that is weighed


def memory(line: str) -> int:
    """A line of /proc/self/status in bytes: VmRSS now, VmHWM at most since `forget`."""
    status = Path("/proc/self/status").read_text()
    return next(int(found.split()[1]) * 1024 for found in status.splitlines() if found.startswith(line))


def weighed(home: Home, honest: str, troubles: Sequence[str]) -> list[dict[str, Any]]:
    """A sync with each of these networks in turn, given as `<id> <seconds>`, and with the honest one beside it.

    `over_idle` is how much more memory there was at its height than before all of them, in bytes.
    """
    with home.store.reading() as db:
        networks = {n.network: n for n in feeds.networks(db)}
    asyncio.run(sync.sync(home, [networks[honest]], allow_private=True))
    idle = memory("VmRSS")
    return [_weighed(home, networks[network], networks[honest], float(seconds), idle)
            for network, seconds in map(str.split, troubles)]  # fmt: skip


def _weighed(home: Home, trouble: Pinned, honest: Pinned, seconds: float, idle: int) -> dict[str, Any]:
    """Nobody else is followed meanwhile, so nobody else is asked for anything."""
    with home.store.writing() as db:
        for network in feeds.networks(db):
            if network.id in (trouble.id, honest.id):
                blocks.unblock(db, network.network)
            elif not network.own:
                blocks.block(db, network.network, BEGAN)
    for limit in ("SYNC_SECONDS", "IDENTITY_SECONDS", "HINTS_SECONDS"):
        setattr(sync, limit, seconds)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM counts from here on
    results = asyncio.run(sync.sync(home, [trouble, honest], allow_private=True))
    by_network = {one.network: msgspec.to_builtins(one) for one in results}
    return {
        "over_idle": memory("VmHWM") - idle,
        "trouble": by_network[trouble.network],
        "honest": by_network[honest.network],
    }


if __name__ == "__main__":
    path, honest, *troubles = sys.argv[1:]
    print(json.dumps(weighed(Home(Path(path)), honest, troubles)))
