"""Comparing what others hold of a network: whoever shows two histories is found out as soon as two that were shown
different ones have a peer, a mirror or a witness in common.

What others say is believed only where the network's own key signed it. A peer that lies, stalls or sends too much harms
nobody but itself; a few are asked, for small answers, within one deadline.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from fednet.errors import FednetError, UnreachableError
from fednet.feed import evidence as proofs
from fednet.feed import note, tlog
from fednet.feed.checkpoint import origin, parse_policy
from fednet.feed.evidence import SplitView, parse_evidence
from fednet.feed.follow import open_head
from fednet.feed.note import Note
from fednet.feed.text import base64_bytes, utf8
from fednet.feed.tlog import Tile
from fednet.feed.witness import origin_hash
from fednet.node import evidence, witnessing
from fednet.node.fetch import Fetched, Fetcher, error_detail
from fednet.node.home import Home, now
from fednet.node.sources import Address, Source
from fednet.store import evidence as held_evidence
from fednet.store import feeds, sources
from fednet.store.feeds import Feed, Network

PEERS = 3  # asked in one sync of one network
GOSSIP_SECONDS = 5.0  # for all that is asked in one sync
MAX_LIST = 256 * 1024
MAX_FILES = 2  # of evidence that are read from one peer in one sync


async def compare(home: Home, fetcher: Fetcher, network: Network) -> bool:
    """Ask a few others what they hold of a network's public log; True when that ended in new evidence."""
    with home.store.reading() as db:
        network = feeds.again(db, network)
        feed = feeds.feed(db, network, "public")
        places = sources.named(db, network)
        peers = [sources.origin(db, peer) for peer in feeds.peers(db)]
    if feed is None or feed.followed.checkpoint is None:
        return False
    mirrors = (place.url for place in places if not place.origin)
    others = sorted({*filter(None, peers), *mirrors} - {place.url for place in places if place.origin})
    asked = random.sample(others, min(PEERS, len(others)))
    asking = [_asked(home, fetcher, feed, url) for url in asked]
    asking += [_witness(home, fetcher, feed, url) for url in [*_policy_urls(network), *(f"{u}/witness" for u in asked)]]
    return any(await asyncio.gather(*map(_bounded, [_own_witness(home, feed), *asking])))


async def _bounded(asking: Awaitable[bool]) -> bool:
    """One who does not answer, or answers what makes no sense, says nothing."""
    with suppress(FednetError, TimeoutError):
        async with asyncio.timeout(GOSSIP_SECONDS):
            return await asking
    return False


async def _asked(home: Home, fetcher: Fetcher, feed: Feed, url: str) -> bool:
    """What another node mirrors of the log, and what evidence it holds."""
    source = Address(fetcher, url, feed.network.network)
    with suppress(FednetError):
        fetched = await source.get(f"public/{feed.followed.epoch}/checkpoint", limit=note.MAX_NOTE)
        if fetched.status == 200 and await weigh(home, feed.network, note.parse(fetched.body), source):
            return True
    return await _evidence(home, fetcher, feed.network, url)


async def _witness(home: Home, fetcher: Fetcher, feed: Feed, url: str) -> bool:
    """What a witness cosigned last of the log, at its monitoring address."""
    log = origin(feed.network.network, "public", feed.followed.epoch)
    fetched = await fetcher.get(f"{url}/{origin_hash(log)}/checkpoint", limit=note.MAX_NOTE)
    return fetched.status == 200 and await weigh(home, feed.network, note.parse(fetched.body), None)


async def _own_witness(home: Home, feed: Feed) -> bool:
    """What this node itself cosigned last of the log: it may have been shown another history than the one followed."""
    cosigned = witnessing.cosigned(home, origin(feed.network.network, "public", feed.followed.epoch))
    return cosigned is not None and await weigh(home, feed.network, cosigned)


def _policy_urls(network: Network) -> list[str]:
    """The addresses that a network's policy gives for its witnesses."""
    return [] if network.policy is None else list(parse_policy(network.policy).urls.values())[:PEERS]


async def _evidence(home: Home, fetcher: Fetcher, network: Network, url: str) -> bool:
    """Take over what another node can prove about the network."""
    listed = await fetcher.get(f"{url}/evidence", limit=MAX_LIST)
    if listed.status != 200:
        return False
    lines = [line.split(" ") for line in utf8(listed.body, "evidence").splitlines()]
    digests = [line[2] for line in lines if len(line) == 3 and line[1] == network.network and len(line[2]) == 64]
    with home.store.reading() as db:
        unknown = [digest for digest in digests if digest.isalnum() and held_evidence.found(db, digest) is None]
    found = False
    for digest in unknown[:MAX_FILES]:
        fetched = await fetcher.get(f"{url}/evidence/{digest}", limit=proofs.MAX_EVIDENCE)
        if fetched.status == 200 and evidence.is_public(held_evidence.place_of(fetched.body)):
            proof = await asyncio.to_thread(parse_evidence, fetched.body)  # a long identity takes a while
            found = _kept(home, network, proof) or found
    return found


def _kept(home: Home, network: Network, found: proofs.Evidence) -> bool:
    with home.store.writing() as db:
        network = feeds.again(db, network)
        evidence.keep(db, network, found, now())
        circle = found.circle if isinstance(found, SplitView) else "public"
        return evidence.freeze_of(db, network, circle) is not None


def shown_checkpoint(fetched: Fetched) -> Note | None:
    """The checkpoint that a 409 to `changes` carries, base64 in its JSON; None when there is none to read."""
    try:
        found = msgspec.json.decode(fetched.body, type=dict[str, Any]).get("checkpoint")
        return note.parse(base64_bytes(str(found)))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, FednetError):
        return None


# --- one checkpoint against what is held ------------------------------------------------------------------------------


async def weigh(
    home: Home, network: Network, shown: Note, source: Source | None = None, circle: str = "public"
) -> bool:
    """Compare a checkpoint that somebody showed with what is held; True when the two became evidence.

    A checkpoint that the network's key did not sign, or of another epoch, says nothing. One that is longer than what is
    held needs `source`, whoever showed it, for the tiles that tell its first leaves.
    """
    with home.store.reading() as db:
        network = feeds.again(db, network)
        feed = feeds.feed(db, network, circle)
    if feed is None:
        return False
    try:
        path = await _their_path(source, feed, shown) if source else None
    except FednetError:  # whoever shows it cannot show what it is made of
        path = None
    found = await asyncio.to_thread(_contradiction, home, feed, shown, path)
    return found is not None and _kept(home, network, found)


def _contradiction(home: Home, feed: Feed, shown: Note, path: list[bytes] | None) -> SplitView | None:
    with home.store.reading() as db:
        return evidence.contradiction(db, feed, shown, path)


async def _their_path(source: Source, feed: Feed, shown: Note) -> list[bytes] | None:
    """The path through the tiles of whoever shows a longer log: a few, however long it is."""
    held = feed.followed
    head = open_head(feed.network.identity, feed.circle, held.epoch, shown)
    if head.size <= held.frontier.size:
        return None
    ranges = proofs.prefix_ranges(held.frontier.size, head.size)
    subtrees = [one for start, end in ranges for one in tlog.perfect_subtrees(start, end)]
    wanted = {tlog.tile_of(height, index, head.size) for height, index in subtrees}
    tiles = {tile: await _tile(source, feed, tile) for tile in wanted}
    return [tlog.range_root(start, end, tiles.__getitem__, head.size) for start, end in ranges]


async def _tile(source: Source, feed: Feed, tile: Tile) -> Sequence[bytes]:
    path = f"{feed.circle}/{feed.followed.epoch}/{tile.path}"
    fetched = await source.get(path, limit=tile.width * tlog.HASH_SIZE)
    if fetched.status != 200:
        raise UnreachableError(f"{source.name} answers {error_detail(fetched)}")
    return tlog.parse_tile(tile, fetched.body)
