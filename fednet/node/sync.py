"""Sync: bring what this node holds of other networks to what they signed last (SPEC section 7).

One bad peer costs only itself: each has its own deadline and byte budget, and is refused, never the sync.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress

from fednet.errors import FednetError, IdentityForkError, RefusedError, SplitViewError, UnreachableError, UsageError
from fednet.feed.checkpoint import check_circle
from fednet.feed.text import utf8
from fednet.node import evidence, gossip, messages
from fednet.node.accept import learn_identity
from fednet.node.circles import forget_restricted
from fednet.node.confirming import confirm
from fednet.node.fetch import Fetcher, error_detail
from fednet.node.following import forget_long_expired, keep_mentions, read_identity, read_well_known
from fednet.node.home import Home, now
from fednet.node.reading import Progress, Reading, Synced
from fednet.node.signatures import signer
from fednet.node.sources import Address, Source
from fednet.store import blocks, feeds
from fednet.store import sources as sources_of
from fednet.store.feeds import Network

__all__ = ["Progress", "Synced", "repair", "sync", "sync_from", "sync_network"]

SYNC_SECONDS = 2 * 3600.0  # one peer, one sync
IDENTITY_SECONDS = 10.0  # another source is asked who the network is, and may be slow
HINTS_SECONDS = 10.0  # whom a peer follows
PEERS_AT_ONCE = 64
PEERS_ASKED = 8  # for a network that none of its own addresses gives
MAX_CIRCLES = 256
MAX_CIRCLES_BYTES = MAX_CIRCLES * 33


async def sync(
    home: Home, networks: Sequence[Network] | None = None, *, allow_private: bool, progress: Progress | None = None
) -> list[Synced]:
    """One pass over these networks (default: all that are followed and not blocked), side by side."""
    if networks is None:
        with home.store.reading() as db:
            networks = feeds.peers(db)
    room = asyncio.Semaphore(PEERS_AT_ONCE)

    async def one(fetcher: Fetcher, network: Network) -> list[Synced]:
        async with room:
            return await sync_network(home, fetcher, network, progress, at_once=True)

    async with Fetcher(allow_private=allow_private) as fetcher:
        passes = await asyncio.gather(*(one(fetcher, network) for network in networks))
    return [synced for one_pass in passes for synced in one_pass]


async def repair(home: Home, network: Network, *, allow_private: bool) -> Synced:
    """Hash everything held of a network's public feed anew, and fetch what is not as it was signed."""
    async with Fetcher(allow_private=allow_private) as fetcher:
        return (await sync_network(home, fetcher, network, repair=True))[0]


async def sync_network(
    home: Home,
    fetcher: Fetcher,
    network: Network,
    progress: Progress | None = None,
    *,
    repair: bool = False,
    at_once: bool = False,
) -> list[Synced]:
    """Sync a network's feeds: `public` from the first of its sources that can, restricted ones from itself.

    Failures are told, not raised. The first of the results is that of the public feed. Then the two exchange messages,
    `at_once` or when it is time to.
    """
    try:
        with home.store.reading() as db:
            blocks.check(db, network.network, network.name)
            named = sources_of.named(db, network)
    except UsageError as error:
        blocked = Synced(network=network.network, name=network.name)
        blocked.failed(error)
        return [blocked]
    urls = [place.url for place in named]
    sources = [Address(fetcher, place.url, network.network, origin=place.origin) for place in named]
    other = asyncio.create_task(_second_opinion(home, fetcher, network, urls))
    try:
        if sources:
            await _hints(home, sources[0], network)
        public = await sync_from(home, sources, network, progress=progress, repair=repair)
        if await other:  # someone else knew of a later statement: once more, by what it says
            public = await sync_from(home, sources, network, progress=progress, repair=repair)
    finally:
        other.cancel()
    if public.error:
        public = await _last_resort(home, fetcher, network, public, progress, repair)
    await _compared(home, fetcher, network, public)
    results = [public, *(await _restricted(home, sources, network, progress, public))]
    await asyncio.to_thread(forget_long_expired, home, network, now())
    reached = {result.source for result in results if result.verified}
    await confirm(home, fetcher, network, reached)
    await messages.deliver(home, fetcher, network, reached, at_once=at_once)  # it may be unable to reach us
    return results


async def _compared(home: Home, fetcher: Fetcher, network: Network, public: Synced) -> None:
    """Compare what is held with what others hold; whoever shows two histories is refused from then on.

    Also after a failure: whoever has lied once could go on by answering nothing that makes sense.
    """
    if not await gossip.compare(home, fetcher, network):
        return
    try:
        _check_not_frozen(home, network, "public")
    except RefusedError as error:
        public.failed(error)
        _report(home, network, public)


async def _last_resort(
    home: Home, fetcher: Fetcher, network: Network, failed: Synced, progress: Progress | None, repair: bool
) -> Synced:
    """Read a network from peers that say they follow it, when no address that a person named gives it.

    Peers are asked again whom they follow. They are not trusted: what they serve is judged like everything else.
    """
    with home.store.reading() as db:
        network = feeds.again(db, network)
        peers = {n.id: (n, sources_of.origin(db, n)) for n in feeds.peers(db)}
    if network.blocked or network.frozen:
        return failed
    peers.pop(network.id, None)
    asked = random.sample(list(peers.values()), min(len(peers), PEERS_ASKED))
    await asyncio.gather(*(_mentions(home, fetcher, peer, url) for peer, url in asked if url))
    with home.store.reading() as db:
        mentioned = sources_of.mentioned(db, network)
    if not mentioned:
        return failed
    sources = [Address(fetcher, place.url, network.network) for place in mentioned]
    found = await sync_from(home, sources, network, progress=progress, repair=repair)
    return found if found.verified else failed


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
        failure = await _failure(home, source, network, result, progress, repair=repair)
        if failure is None:
            result.verified, result.refused = True, False
            result.source, result.word, result.error, result.hint = source.name, None, None, None
            break
        result.failed(failure)
    result.seconds = round(asyncio.get_running_loop().time() - began, 3)
    _report(home, network, result)
    return result


async def _failure(
    home: Home, source: Source, network: Network, result: Synced, progress: Progress | None, *, repair: bool
) -> FednetError | None:
    """Read the feed from one source; why that failed, None when it did not."""
    try:
        with home.store.reading() as db:
            blocks.check(db, network.network, network.name)
            network = feeds.again(db, network)
        reading = Reading(home, source, network, result, progress)
        if network.frozen:  # a new epoch ends what a split view began
            with suppress(FednetError, TimeoutError):
                async with asyncio.timeout(IDENTITY_SECONDS):
                    await reading.renew_identity()
        _check_not_frozen(home, reading.network, result.circle)
        async with asyncio.timeout(SYNC_SECONDS):
            await (reading.repair() if repair else reading.sync())
    except FednetError as error:
        return error
    except TimeoutError:
        return UnreachableError(f"{source.name}: not done within {SYNC_SECONDS:.0f} s")
    return None


def _check_not_frozen(home: Home, network: Network, circle: str) -> None:
    """Raise for a network, or a circle of one, that said two things: not advanced until a person has decided."""
    with home.store.reading() as db:
        frozen = evidence.freeze_of(db, network, circle)
    if frozen:
        kind = IdentityForkError if frozen == IdentityForkError.word else SplitViewError
        raise kind(
            f"{network.name} is frozen ({frozen}): what was agreed last stays readable",
            hint=f"fednet evidence show {network.network}",
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
    await _mentions(home, origin.fetcher, network, origin.url)


async def _mentions(home: Home, fetcher: Fetcher, peer: Network, url: str) -> None:
    """Whom a peer says that it follows."""
    try:
        async with asyncio.timeout(HINTS_SECONDS):
            hints = await read_well_known(fetcher, url)
        with home.store.writing() as db:
            keep_mentions(db, peer, hints)
    except (FednetError, TimeoutError):
        return


# --- who the network is, asked elsewhere ------------------------------------------------------------------------------


async def _second_opinion(home: Home, fetcher: Fetcher, network: Network, urls: Sequence[str]) -> bool:
    """Ask one other place for the network's identity: whoever holds its host must not be able to hide a recovery.

    True when that was a longer chain, which is kept now.
    """
    with home.store.reading() as db:
        peers = [sources_of.urls(db, peer)[:1] for peer in feeds.peers(db)]
    others = {*urls[1:], *(url for first in peers for url in first)} - {*urls[:1]}
    if not others:
        return False
    url = random.choice(sorted(others))
    try:
        served = await read_identity(fetcher, url, network.network, network.identity, seconds=IDENTITY_SECONDS)
        return learn_identity(home.store, network, served, now()).identity != network.identity
    except FednetError:
        return False


# --- restricted circles -----------------------------------------------------------------------------------------------


async def _restricted(
    home: Home, sources: Sequence[Address], network: Network, progress: Progress | None, public: Synced
) -> list[Synced]:
    """Sync the circles that a partner lets us read, from itself; what it no longer does is destroyed here.

    So is whatever is held of a network that is not a partner, however it came.
    """
    if not _is_partner(home, network):
        with home.store.writing() as db:
            forget_restricted(db, network)
        return []
    origin = next((source for source in sources if source.origin), None)
    if origin is None:
        return []
    try:
        origin.signer = signer(home)
        circles = await readable_circles(origin)
    except FednetError as error:
        return _none_readable(home, network, error, public)
    with home.store.writing() as db:
        forget_restricted(db, network, frozenset(circles))
    results = [await sync_from(home, [origin], network, circle, progress=progress) for circle in circles]
    if not _is_partner(home, network):  # somebody ended it meanwhile
        with home.store.writing() as db:
            forget_restricted(db, network)
    return results


def _none_readable(home: Home, network: Network, error: FednetError, public: Synced) -> list[Synced]:
    """Tell of each restricted circle that is held, or with the public feed when none is, why it could not be read."""
    with home.store.reading() as db:
        held = [feed for feed in feeds.feeds(db, network) if feed.circle != "public"]
    if not held and public.hint is None:
        public.hint = f"nothing for partners was read ({error.detail}): {network.name} must follow us too"
    failed = [Synced(network=network.network, name=network.name, circle=feed.circle) for feed in held]
    for result in failed:
        result.failed(error)
        _report(home, network, result)
    return failed


def _is_partner(home: Home, network: Network) -> bool:
    """Whether the network is a partner now: `serve` hears of it while it runs."""
    with home.store.reading() as db:
        found = feeds.pinned(db, network.network)
    return found is not None and found.partner


async def readable_circles(origin: Source) -> list[str]:
    """The restricted circles that the network lets this node read; none when there is nothing for us."""
    fetched = await origin.get("circles", limit=MAX_CIRCLES_BYTES)
    match fetched.status:
        case 200:
            names = utf8(fetched.body, "circles").split("\n")[:-1]
            return sorted({check_circle(name) for name in names} - {"public"})
        case 404 if error_detail(fetched).startswith("404 not-found:"):  # a fednet node says so, nobody in its place
            return []
        case _:
            raise UnreachableError(f"{origin.name} answers {error_detail(fetched)}")
