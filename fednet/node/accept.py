"""The one way in: an answer to `changes`, from a peer or from this node's own publishing, becomes what is listed."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from fednet.errors import StateMismatchError
from fednet.feed import tree
from fednet.feed.follow import advance
from fednet.feed.identity import Identity
from fednet.feed.wire import Answer
from fednet.store import feeds, records
from fednet.store.feeds import Feed


def accept(db: Database, feed: Feed, identity: Identity, answer: Answer, now: datetime, source: str | None) -> Feed:
    """Verify an answer, apply it, and switch to it; raises a RefusedError and the transaction leaves no trace."""
    step = advance(feed.followed, identity, answer)
    edition = step.after.edition
    if edition is None or step.after.position == feed.followed.position:
        feeds.accept(db, feed, step, step.after, now, source)
        return _again(db, feed)
    totals = records.apply(db, feed.id, answer.changes, edition.edition)
    followed = step.confirmed(tree.root_hash(totals.root), totals.records, totals.erased)
    feeds.accept(db, feed, step, followed, now, source)
    return _again(db, feed)


def _again(db: Database, feed: Feed) -> Feed:
    found = feeds.feed(db, feed.network, feed.circle)
    if found is None:
        raise StateMismatchError("the feed went away while it was read")
    return found
