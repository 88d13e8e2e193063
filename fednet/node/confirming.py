"""Sending receipts (`fednet.node.receipts`): to a network's own address only, after a sync.

One that does not arrive is sent again after the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from fednet.errors import FednetError
from fednet.node import erasure
from fednet.node.fetch import Fetched, Fetcher
from fednet.node.home import Home
from fednet.node.receipts import MAX_RECEIPT, TAKEN, Receipt
from fednet.node.signatures import Signer, signer
from fednet.store import destruction, feeds, receipts, sources
from fednet.store.feeds import Feed, Network

SECONDS = 20.0


async def confirm(
    home: Home, fetcher: Fetcher, network: Network, reached: Collection[str | None] | None = None
) -> None:
    """Finish what erasures left to do, and send the receipts that a network does not have yet; never raises.

    Nothing is sent while anything that was erased is not destroyed, nor to an address that is not among those `reached`
    just now, when they are given.
    """
    try:
        if await asyncio.to_thread(erasure.settle_promptly, home):
            await _send(home, fetcher, network, reached)
    except FednetError:
        return  # the next sync tries again


async def confirm_all(home: Home, fetcher: Fetcher) -> None:
    """`confirm` for all networks that are followed."""
    with home.store.reading() as db:
        peers = feeds.peers(db)
    await asyncio.gather(*(confirm(home, fetcher, network) for network in peers))


async def _send(home: Home, fetcher: Fetcher, network: Network, reached: Collection[str | None] | None) -> None:
    with home.store.reading() as db:
        network, origin = feeds.again(db, network), sources.origin(db, network)
        waiting = [] if destruction.is_owed(db) else [feed for feed in feeds.feeds(db, network) if _waits(feed)]
    if origin is None or (reached is not None and origin not in reached) or network.blocked or not waiting:
        return
    signing = signer(home)
    for feed in waiting:
        position = feed.followed.position
        receipt = Receipt(network.network, feed.circle, *position)
        if (await _posted(fetcher, signing, f"{origin}/receipt", receipt.encoded)).status == TAKEN:
            with home.store.writing() as db:
                receipts.sent(db, feed, position)


def _waits(feed: Feed) -> bool:
    return feed.visible and feed.followed.edition is not None and feed.receipted != str(feed.followed.position)


async def _posted(fetcher: Fetcher, signing: Signer, url: str, body: bytes) -> Fetched:
    async def ask(signed: dict[str, str]) -> Fetched:
        headers = {"Content-Type": "application/json", **signed}
        return await fetcher.post(url, body, headers=headers, limit=MAX_RECEIPT * 16, seconds=SECONDS)

    return await signing.asked(ask, "POST", url, body)
