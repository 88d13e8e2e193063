"""Making offline proofs from what this node has verified."""

from __future__ import annotations

from sqlite_utils import Database

from fednet.errors import NotFoundError
from fednet.feed.record import check_handle, key_of
from fednet.node import answers
from fednet.node.home import Home
from fednet.store import feeds, records
from fednet.store.feeds import Feed, Network


def make(home: Home, handle: str, network: Network | None = None) -> bytes:
    """The proof file for a handle: of the feed that lists or erased it, else of the network's public feed (or ours)."""
    check_handle(handle)
    with home.store.reading() as db:
        return answers.proof(db, _feed(db, home, handle, network), handle)


def _feed(db: Database, home: Home, handle: str, network: Network | None) -> Feed:
    known = [feed for feed in feeds.feeds(db, network) if feed.visible and feed.followed.edition is not None]
    key = key_of(handle)
    for feed in known:
        if records.record(db, feed.id, feed.commitments, key) is not None:
            return feed
    wanted = network or home.network
    for feed in known:
        if feed.circle == "public" and feed.network.id == wanted.id:
            return feed  # a proof of absence
    raise NotFoundError(f"{wanted.name} has published nothing yet", hint="fednet publish, or fednet sync")
