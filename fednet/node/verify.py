"""Checking everything that is stored against what was signed: bodies, salts, tree, log, checkpoint, identity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
from sqlite_utils import Database

from fednet.errors import FednetError
from fednet.feed import tree
from fednet.feed.checkpoint import parse_checkpoint
from fednet.feed.follow import open_head
from fednet.feed.record import Put
from fednet.feed.tlog import Frontier, leaf_hash
from fednet.feed.tree import Leaf
from fednet.node.home import Home
from fednet.store import feeds, records
from fednet.store.feeds import Feed, Network

MAX_PROBLEMS = 100


class Verified(msgspec.Struct, frozen=True):
    """What re-hashing one feed showed. `problems` name records, at most 100 of them."""

    network: str
    name: str
    circle: str
    epoch: int
    edition: int
    records: int
    ok: bool
    problems: tuple[str, ...]


def verify(home: Home, networks: Sequence[Network] | None = None) -> Iterator[Verified]:
    """Re-hash every feed that is shown, this node's own included; nothing that was computed before is believed."""
    with home.store.reading() as db:
        for network in networks or feeds.networks(db):
            for feed in feeds.feeds(db, network):
                if feed.visible and feed.followed.edition is not None:
                    yield _verified(db, feed)


def _verified(db: Database, feed: Feed) -> Verified:
    found = tuple(islice(problems(db, feed), MAX_PROBLEMS))
    epoch, edition = feed.followed.position
    return Verified(
        feed.network.network, feed.network.name, feed.circle, epoch, edition, feed.records, not found, found
    )


def problems(db: Database, feed: Feed) -> Iterator[str]:
    """Each difference between what is stored of a feed and what was signed, in words."""
    yield from log_problems(db, feed)
    edition = feed.followed.edition
    if edition is None:
        return
    planted = {leaf.key: leaf.commitment for leaf in tree.leaves_below(records.tree_reader(db, feed.id))}
    found: list[Leaf] = []
    live = 0
    for key, record in records.stored(db, feed.id, feed.commitments):
        expected = planted.pop(key, None)
        if record is None or record.commitment != expected:
            yield f"record {record.handle if isinstance(record, Put) else key.hex()} is not what was signed"
        if record is not None:
            found.append(Leaf(key, record.commitment))
            live += isinstance(record, Put)
    for key in planted:
        yield f"the record at key {key.hex()} is missing"
    if tree.root_hash(tree.fold_leaves(found)) != edition.state_root:
        yield f"the records do not add up to the state that edition {edition.edition} signs"
    if tree.root_hash(tree.root(records.tree_reader(db, feed.id))) != edition.state_root:
        yield f"the state tree is not the one that edition {edition.edition} signs"
    if not (live, len(found) - live) == (edition.records, edition.erased) == (feed.records, feed.erased):
        yield f"edition {edition.edition} signs {edition.records} records, {live} are here, {feed.records} are counted"


def log_problems(db: Database, feed: Feed) -> Iterator[str]:
    """The differences between what is stored of a feed's log and the checkpoint that signs it."""
    followed = feed.followed
    try:
        if followed.checkpoint is None or followed.edition is None:
            return
        head = open_head(feed.network.identity, feed.circle, followed.epoch, followed.checkpoint)
        leaves = feeds.leaf_hashes(db, feed)
        if Frontier().extended(leaves).root != head.root or head != parse_checkpoint(followed.checkpoint.text):
            yield "the log does not add up to its checkpoint"
        if not leaves or leaf_hash(followed.edition.line) != leaves[-1]:
            yield "the newest edition is not the newest leaf of the log"
        for position, line in enumerate(feeds.edition_lines(db, feed, 0, len(leaves))):
            if line is not None and leaf_hash(line) != leaves[position]:
                yield f"leaf {position} of the log is not the hash of its edition line"
    except FednetError as error:
        yield f"the checkpoint: {error.detail}"
