"""The one way in: an answer to `changes`, from a peer or from this node's own publishing, becomes what is listed.

And a longer identity chain becomes what a network is, with what it says of the logs before it.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from fednet.errors import BusyError
from fednet.feed import tree
from fednet.feed.edition import Closes
from fednet.feed.follow import advance
from fednet.feed.identity import Identity, newer
from fednet.feed.wire import Answer
from fednet.store import feeds, records
from fednet.store.feeds import Feed, Network


class MovedOnError(BusyError):
    """Someone else, of another thread or process, has advanced the feed since it was read."""


def accept(db: Database, feed: Feed, identity: Identity, answer: Answer, now: datetime, source: str | None) -> Feed:
    """Verify an answer, apply it, and switch to it; raises a RefusedError and the transaction leaves no trace."""
    check_unmoved(db, feed)
    step = advance(feed.followed, identity, answer)
    edition = step.after.edition
    if edition is None or step.after.position == feed.followed.position:
        feeds.accept(db, feed, step, step.after, now, source)
        return _again(db, feed)
    totals = records.apply(db, feed.id, answer.changes, edition.edition)
    followed = step.confirmed(tree.root_hash(totals.root), totals.records, totals.erased)
    feeds.accept(db, feed, step, followed, now, source)
    return _again(db, feed)


def accept_identity(db: Database, network: Network, served: Identity, now: datetime) -> Network:
    """Keep the longer of the chain that is held and the one served, and void what it closes.

    Raises IdentityForkError when the two differ in a statement that both hold.
    """
    held = feeds.again(db, network).identity
    chain = newer(held, served)
    if chain is held:
        return feeds.again(db, network)
    network = feeds.pin(db, chain, now)
    for statement in chain.statements[len(held.statements) :]:
        if statement.closes is not None:
            _close(db, network, statement.closes)
    return network


def _close(db: Database, network: Network, closes: Closes) -> None:
    """Believe the public log up to where it was closed; a feed that held more is hidden until what follows is read."""
    feed = feeds.feed(db, network, "public")
    if feed is None or feed.followed.epoch != closes.epoch:
        return
    if feed.followed.frontier.size > closes.size:
        feeds.void(db, feed, closes)


def check_unmoved(db: Database, feed: Feed) -> None:
    """Compare before the swap: what is about to be replaced must be what the new state was made from."""
    if _again(db, feed).followed != feed.followed:
        raise MovedOnError(f"{feed.network.name} was advanced by another process meanwhile", hint="try again")


def _again(db: Database, feed: Feed) -> Feed:
    found = feeds.feed(db, feed.network, feed.circle)
    if found is None:
        raise MovedOnError(f"{feed.network.name} is no longer followed")
    return found
