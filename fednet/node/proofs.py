"""Making offline proofs from what this node has verified."""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from fednet.errors import NotFoundError
from fednet.feed.record import Put, check_handle, key_of
from fednet.node import answers
from fednet.node.home import Home
from fednet.store import feeds, records
from fednet.store.feeds import Feed, Network


def make(home: Home, handle: str, network: Network | None = None) -> bytes:
    """The proof file for a handle: of the feed that lists or erased it, else of the network's public feed (or ours)."""
    check_handle(handle)
    with home.store.reading() as db:
        return answers.proof(db, _feed(db, home, handle, network), handle)


def listed(home: Home, handle: str, network: str | None, may_read: Callable[[str, bool], bool]) -> bytes:
    """The proof that a record is listed, by the network of that id where one is named, else by whichever lists it.

    `may_read` says of a circle, and whether it is our own, if the asker may know of it. NotFoundError is the same
    whether nobody lists the record or the asker may not see it.
    """
    with home.store.reading() as db:
        for feed in feeds.feeds(db):
            if _is_shown(feed, network, may_read):
                found = records.record(db, feed.id, feed.commitments, key_of(handle))
                if isinstance(found, Put):
                    return answers.proof(db, feed, handle)
    raise NotFoundError("no such record is listed here")


def _is_shown(feed: Feed, network: str | None, may_read: Callable[[str, bool], bool]) -> bool:
    return (
        feed.visible
        and feed.followed.edition is not None
        and not feed.network.blocked
        and network in (None, feed.network.network)
        and may_read(feed.circle, feed.network.own)
    )


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
