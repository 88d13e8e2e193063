"""The one way in: an answer to `changes`, from a peer or from this node's own publishing, becomes what is listed."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from fednet.errors import BusyError
from fednet.feed import tree
from fednet.feed.follow import advance
from fednet.feed.identity import Identity
from fednet.feed.wire import Answer
from fednet.store import feeds, records
from fednet.store.feeds import Feed


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


def check_unmoved(db: Database, feed: Feed) -> None:
    """Compare before the swap: what is about to be replaced must be what the new state was made from."""
    if _again(db, feed).followed != feed.followed:
        raise MovedOnError(f"{feed.network.name} was advanced by another process meanwhile", hint="try again")


def _again(db: Database, feed: Feed) -> Feed:
    found = feeds.feed(db, feed.network, feed.circle)
    if found is None:
        raise MovedOnError(f"{feed.network.name} is no longer followed")
    return found
