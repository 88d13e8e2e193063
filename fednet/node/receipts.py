"""Receipts: a node tells a network, signed, how much of it it holds, once all that was erased is destroyed (SPEC 7.9).

```
POST /receipt
{"network":"mzxw6ytboi...","circle":"public","epoch":1,"edition":42}
```
Here they are taken; `fednet.node.confirming` sends ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from fednet.errors import GoneError, NotFoundError, RollbackError
from fednet.feed.text import json_value
from fednet.feed.wire import Position
from fednet.node import circles, erasure
from fednet.node.home import Home
from fednet.store import feeds, receipts
from fednet.store.feeds import Feed, Network
from fednet.store.receipts import Told

MAX_RECEIPT = 1024
Counted = Annotated[int, msgspec.Meta(ge=1)]
TAKEN = 204


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever signs this holds (circle, epoch, edition) of a network; what was erased until then is destroyed there."""

    network: str
    circle: str
    epoch: Counted
    edition: Counted

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
    if position > followed.position:
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
