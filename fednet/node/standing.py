"""Where this node stands with its own logs: what its database holds of them, and has prepared."""

from __future__ import annotations

from sqlite_utils import Database

from fednet.errors import FednetError, RollbackError
from fednet.feed.edition import parse_edition
from fednet.feed.tlog import Frontier, leaf_hash, root_of
from fednet.node.home import Home
from fednet.node.mark import Log, Signed
from fednet.store import drafts, feeds
from fednet.store.feeds import Feed, Network


def halted(home: Home) -> FednetError | None:
    """Why this node signs nothing at this moment, if that is so; with a hint what to do."""
    try:
        home.mark.check_place()
        with home.store.reading() as db:
            own = feeds.own(db)
            home.mark.check_known(logs(db, own))
        stopped = home.mark.stopped(own.identity.epoch)
    except FednetError as error:
        return error
    return RollbackError(f"this node signs nothing: {stopped.detail}", hint=stopped.hint) if stopped else None


def logs(db: Database, own: Network) -> dict[str, Log]:
    """Circle -> where its log stands. What it says of earlier sizes is read while this snapshot is open."""
    return {feed.circle: log(db, feed) for feed in feeds.feeds(db, own)}


def log(db: Database, feed: Feed) -> Log:
    """As `logs`, of one feed."""
    prepared = drafts.prepared(db, feed.id)
    return Log(
        feed.followed.epoch,
        feed.followed.frontier,
        None if prepared is None else _next(feed, prepared.line),
        lambda size: root_of(feeds.leaf_hashes(db, feed, 0, size)),
    )


def _next(feed: Feed, line: bytes) -> Signed:
    """What is signed once the edition in `line` is; with `closes`, it is the first of a later epoch."""
    epoch, frontier = feed.followed.epoch, feed.followed.frontier
    if parse_edition(line).closes is not None:
        stated = feed.network.identity.epoch
        epoch, frontier = stated + 1 if feed.followed.edition and epoch == stated else stated, Frontier()
    return Signed.of(epoch, frontier.extended([leaf_hash(line)]))
