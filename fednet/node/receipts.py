"""Receipts: a node tells a network, signed, how much of it it holds, once all that was erased is destroyed (SPEC 7.9).

```
POST /receipt
{"network":"mzxw6ytboi...","circle":"public","epoch":1,"edition":42}
```
They are sent to the network's own address only, after a sync; one that does not arrive is sent again after the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from fednet.errors import FednetError, GoneError, NotFoundError, RollbackError
from fednet.feed.text import json_value
from fednet.feed.wire import Position
from fednet.node import circles, erasure
from fednet.node.home import Home
from fednet.store import destruction, feeds, receipts, sources
from fednet.store.feeds import Feed, Network
from fednet.store.receipts import Told

if TYPE_CHECKING:  # `status` reads receipts, and starts faster without what sends them
    from fednet.node.fetch import Fetched, Fetcher
    from fednet.node.signatures import Signer

MAX_RECEIPT = 1024
SECONDS = 20.0
TAKEN = 204


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever signs this holds (circle, epoch, edition) of a network; what was erased until then is destroyed there."""

    network: str
    circle: str
    epoch: int
    edition: int

    @property
    def encoded(self) -> bytes:
        return msgspec.json.encode(self)

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.edition)


_receipt = msgspec.json.Decoder(Receipt)


def parse_receipt(raw: bytes) -> Receipt:
    return json_value(_receipt, raw, "receipt")


# --- taking -----------------------------------------------------------------------------------------------------------


def take(home: Home, asker: Network, receipt: Receipt, now: datetime) -> None:
    """Keep what a network confirms of a feed of ours that it may read.

    Raises NotFoundError alike for any other feed, RollbackError for what we have not signed (or no longer know of),
    GoneError for what our present epoch has closed.
    """
    with home.store.writing() as db:
        own = feeds.own(db)
        if receipt.network != own.network or asker.own:
            raise NotFoundError("no such feed here")
        _check_signed(circles.feed_for(db, own.network, receipt.circle, asker), receipt.position)
        receipts.keep(db, asker, receipt.circle, receipt.position, now)


def _check_signed(feed: Feed, position: Position) -> None:
    followed = feed.followed
    if position.epoch < 1 or position.edition < 1 or position > followed.position:
        raise RollbackError(f"a receipt for {position}, the newest here is {followed.position}")
    if position.epoch < followed.epoch and position.edition > followed.closes.edition:
        raise GoneError(f"closed: epoch {position.epoch} is believed up to edition {followed.closes.edition} only")


class Received(NamedTuple):
    """What a network has confirmed of one of our circles, and when."""

    circle: str
    network: Network
    told: Told


def received(home: Home) -> list[Received]:
    """The newest receipt of each network that may read it, for each circle of ours."""
    with home.store.reading() as db:
        return [
            Received(feed.circle, network, told[network.id])
            for feed in feeds.feeds(db, home.network)
            if (told := receipts.told(db, feed.circle))
            for network in erasure.audience(db, feed.circle)
            if network.id in told
        ]


# --- sending ----------------------------------------------------------------------------------------------------------


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
        followed = [network for network in feeds.networks(db) if not network.own]
    await asyncio.gather(*(confirm(home, fetcher, network) for network in followed))


async def _send(home: Home, fetcher: Fetcher, network: Network, reached: Collection[str | None] | None) -> None:
    with home.store.reading() as db:
        network, origin = feeds.again(db, network), sources.origin(db, network)
        waiting = [] if destruction.is_owed(db) else [feed for feed in feeds.feeds(db, network) if _waits(feed)]
    if origin is None or (reached is not None and origin not in reached) or network.blocked or not waiting:
        return
    from fednet.node.signatures import signer

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
    """The answer; asked once more when it says that our clock is wrong."""
    fetched = await _once(fetcher, signing, url, body)
    if fetched.status == 401 and signing.corrected(fetched.body):
        return await _once(fetcher, signing, url, body)
    return fetched


async def _once(fetcher: Fetcher, signing: Signer, url: str, body: bytes) -> Fetched:
    headers = {"Content-Type": "application/json", **signing.headers("POST", url, body)}
    return await fetcher.post(url, body, headers=headers, limit=MAX_RECEIPT * 16, seconds=SECONDS)
