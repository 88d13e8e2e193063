"""Sync: bring what this node holds of other networks to what they signed last (SPEC section 7).

One bad peer costs only itself: each has its own deadline and byte budget, and is refused, never the sync.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence

from fednet.errors import FednetError, RefusedError, SplitViewError, UnreachableError
from fednet.feed.checkpoint import check_circle
from fednet.feed.identity import check_pinned, parse_identity
from fednet.feed.text import utf8
from fednet.node.accept import accept_identity
from fednet.node.fetch import Fetcher, error_detail
from fednet.node.following import MAX_IDENTITY, keep_introductions, read_well_known
from fednet.node.home import Home, now
from fednet.node.reading import Progress, Reading, Synced
from fednet.node.sources import Address, Source
from fednet.store import feeds, records
from fednet.store.feeds import Network

__all__ = ["Progress", "Synced", "repair", "sync", "sync_from", "sync_network"]

SYNC_SECONDS = 2 * 3600.0  # one peer, one sync
IDENTITY_SECONDS = 10.0  # another source is asked who the network is, and may be slow
PEERS_AT_ONCE = 64
MAX_CIRCLES = 256
MAX_CIRCLES_BYTES = MAX_CIRCLES * 33


async def sync(
    home: Home, networks: Sequence[Network] | None = None, *, allow_private: bool, progress: Progress | None = None
) -> list[Synced]:
    """One pass over these networks (default: all that are followed and not blocked), side by side."""
    if networks is None:
        with home.store.reading() as db:
            networks = [n for n in feeds.networks(db) if not n.own and not n.blocked]
    room = asyncio.Semaphore(PEERS_AT_ONCE)

    async def one(fetcher: Fetcher, network: Network) -> list[Synced]:
        async with room:
            return await sync_network(home, fetcher, network, progress)

    async with Fetcher(allow_private=allow_private) as fetcher:
        passes = await asyncio.gather(*(one(fetcher, network) for network in networks))
    return [synced for one_pass in passes for synced in one_pass]


async def repair(home: Home, network: Network, *, allow_private: bool) -> Synced:
    """Hash everything held of a network's public feed anew, and fetch what is not as it was signed."""
    async with Fetcher(allow_private=allow_private) as fetcher:
        return (await sync_network(home, fetcher, network, repair=True))[0]


async def sync_network(
    home: Home, fetcher: Fetcher, network: Network, progress: Progress | None = None, *, repair: bool = False
) -> list[Synced]:
    """Sync a network's feeds: `public` from the first of its sources that can, restricted ones from itself.

    Failures are told, not raised. The first of the results is that of the public feed.
    """
    with home.store.reading() as db:
        urls = feeds.sources(db, network)
    sources = [Address(fetcher, url, network.network, origin=rank == 0) for rank, url in enumerate(urls)]
    other = asyncio.create_task(_second_opinion(home, fetcher, network, urls))
    if sources:
        await _hints(home, sources[0], network)
    public = await sync_from(home, sources, network, progress=progress, repair=repair)
    if await other:  # someone else knew of a later statement: once more, by what it says
        public = await sync_from(home, sources, network, progress=progress, repair=repair)
    return [public, *(await _restricted(home, sources, network, progress) if sources else [])]


async def sync_from(
    home: Home,
    sources: Iterable[Source],
    network: Network,
    circle: str = "public",
    *,
    progress: Progress | None = None,
    repair: bool = False,
) -> Synced:
    """Sync one feed from the first of these sources that can; failures are told, not raised."""
    result = Synced(network=network.network, name=network.name, circle=circle)
    began = asyncio.get_running_loop().time()
    result.error, result.hint = f"{network.name} has no address", "fednet follow URL"
    for source in sources:
        try:
            with home.store.reading() as db:
                network = feeds.again(db, network)
            check_going(network)
            reading = Reading(home, source, network, result, progress)
            async with asyncio.timeout(SYNC_SECONDS):
                await (reading.repair() if repair else reading.sync())
            result.verified, result.refused = True, False
            result.source, result.error, result.hint = source.name, None, None
            break
        except FednetError as error:
            failure: FednetError = error
        except TimeoutError:
            failure = UnreachableError(f"{source.name}: not done within {SYNC_SECONDS:.0f} s")
        result.error, result.hint = failure.detail, failure.hint
        result.refused = result.refused or isinstance(failure, RefusedError)
    result.seconds = round(asyncio.get_running_loop().time() - began, 3)
    _report(home, network, result)
    return result


def check_going(network: Network) -> None:
    """Raise for a network that is not advanced: it said two things, and a person has to decide."""
    if network.frozen:
        raise SplitViewError(
            f"{network.name} is frozen ({network.frozen}): what was agreed last stays readable",
            hint=f"fednet evidence list, then: fednet evidence resolve {network.network}",
        )


def _report(home: Home, network: Network, result: Synced) -> None:
    """Fill in where the feed stands now, and remember a failure."""
    with home.store.reading() as db:
        feed = feeds.feed(db, network, result.circle)
    if feed is None:
        return
    result.epoch, result.edition = feed.followed.position
    result.records = feed.records
    if result.error is not None:
        with home.store.writing() as db:
            feeds.failed(db, feed, now(), result.error)


async def _hints(home: Home, origin: Address, network: Network) -> None:
    """What the peer says of itself and of others, read at a first sync; nothing depends on it."""
    with home.store.reading() as db:
        feed = feeds.feed(db, network, "public")
    if feed is not None and feed.visible:
        return
    try:
        hints = await read_well_known(origin.fetcher, origin.url)
    except FednetError:
        return
    with home.store.writing() as db:
        keep_introductions(db, network, hints)


# --- who the network is, asked elsewhere ------------------------------------------------------------------------------


async def _second_opinion(home: Home, fetcher: Fetcher, network: Network, urls: Sequence[str]) -> bool:
    """Ask one other place for the network's identity: whoever holds its host must not be able to hide a recovery.

    True when that was a longer chain, which is kept now.
    """
    with home.store.reading() as db:
        peers = [feeds.sources(db, n)[:1] for n in feeds.networks(db) if not n.own and not n.blocked]
    others = {*urls[1:], *(url for first in peers for url in first)} - {*urls[:1]}
    if not others:
        return False
    source = Address(fetcher, random.choice(sorted(others)), network.network)
    try:
        fetched = await source.get("identity", limit=MAX_IDENTITY, seconds=IDENTITY_SECONDS)
        if fetched.status != 200:
            return False
        served = check_pinned(parse_identity(fetched.body), network.network)
        with home.store.writing() as db:
            return accept_identity(db, network, served, now()).identity != network.identity
    except FednetError:
        return False


# --- restricted circles -----------------------------------------------------------------------------------------------


async def _restricted(
    home: Home, sources: Sequence[Source], network: Network, progress: Progress | None
) -> list[Synced]:
    """Sync the circles that a partner lets us read; what it no longer does is destroyed here."""
    if not network.partner:
        return []
    try:
        circles = await _circles(sources[0])
    except FednetError as error:
        with home.store.reading() as db:
            held = [feed for feed in feeds.feeds(db, network) if feed.circle != "public"]
        failed = [Synced(network=network.network, name=network.name, circle=feed.circle) for feed in held]
        for result in failed:
            result.error, result.hint, result.refused = error.detail, error.hint, isinstance(error, RefusedError)
            _report(home, network, result)
        return failed
    _forget_closed(home, network, circles)
    return [await sync_from(home, sources[:1], network, circle, progress=progress) for circle in circles]


async def _circles(origin: Source) -> list[str]:
    """The restricted circles that the network lets this node read; none when it does not say who we are to it."""
    fetched = await origin.get("circles", limit=MAX_CIRCLES_BYTES, signed=True)
    match fetched.status:
        case 200:
            names = utf8(fetched.body, "circles").split("\n")[:-1]
            return sorted({check_circle(name) for name in names} - {"public"})
        case 404:
            return []
        case _:
            raise UnreachableError(f"{origin.name} answers {error_detail(fetched)}")


def _forget_closed(home: Home, network: Network, circles: Sequence[str]) -> None:
    with home.store.writing() as db:
        for feed in feeds.feeds(db, network):
            if feed.circle != "public" and feed.circle not in circles:
                records.forget(db, feed.id)
                feeds.remove_feed(db, feed)
