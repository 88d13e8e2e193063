"""What this node answers about a feed it has verified, its own or a mirrored one: the resources of SPEC section 7.

Each function reads one snapshot of the database and gives bytes; who may ask and how it travels is the web's matter.
"""

from __future__ import annotations

import msgspec
from sqlite_utils import Database

from fednet.errors import GoneError, NotFoundError, RollbackError
from fednet.feed import tlog, tree, wire
from fednet.feed.proof import Proof
from fednet.feed.record import Put, check_handle, key_of
from fednet.feed.text import base64_text
from fednet.feed.tlog import Tile
from fednet.feed.wire import Answer, EntriesPage, Page, PageName, Position, RecordsPage
from fednet.node.home import Home
from fednet.store import feeds, records, sources
from fednet.store.feeds import Feed

LEAF_BYTES = 43  # a hash in base64
ROOM = wire.MAX_ANSWER // 4  # bodies and leaves of one changes answer: whoever needs more reads pages


class AheadError(RollbackError):
    """The asker is ahead of this node; carries our newest checkpoint so that it can tell why."""

    def __init__(self, detail: str, checkpoint: bytes) -> None:
        super().__init__(detail)
        self.checkpoint = checkpoint


def checkpoint(feed: Feed, epoch: int) -> bytes:
    if feed.followed.checkpoint is None or epoch != feed.followed.epoch:
        raise NotFoundError("no such log here")
    return feed.followed.checkpoint.encoded


def changes(db: Database, feed: Feed, since: Position) -> bytes:
    """All that leads from `since` to this node's newest accepted edition, in one answer."""
    followed = feed.followed
    if followed.checkpoint is None or followed.edition is None:
        raise NotFoundError("no such feed here")
    _check_answerable(db, feed, since)
    size = followed.frontier.size
    start = max(since.edition - followed.closes.edition, 0) if since.epoch else 0
    lines = feeds.edition_lines(db, feed, max(start, size - wire.MAX_EDITION_LINES), size)
    head = Answer(followed.network, followed.circle, since, followed.epoch, followed.checkpoint)
    if size - start > len(lines) or None in lines:
        leaves = feeds.leaf_hashes(db, feed)
        inclusion, skipped = tlog.inclusion_proof(size - 1, leaves), leaves[start : size - 1]
        answer = msgspec.structs.replace(
            head, editions=(followed.edition.line,), inclusion=tuple(inclusion), leaves=tuple(skipped)
        )
    else:
        answer = msgspec.structs.replace(head, editions=tuple(line for line in lines if line is not None))
    changed = records.changed_since(db, feed.id, feed.commitments, since.edition) if start < size else []
    return msgspec.structs.replace(answer, changes=tuple(changed)).encoded


def _check_answerable(db: Database, feed: Feed, since: Position) -> None:
    followed = feed.followed
    if since > followed.position:
        held = followed.checkpoint.encoded if followed.checkpoint else b""
        raise AheadError(f"asked for changes since {since}, the newest here is {followed.position}", held)
    if since.epoch == 0 and since.edition:
        raise GoneError(f"there is no position {since}")
    if 0 < since.epoch < followed.epoch and since.edition > followed.closes.edition:
        raise GoneError(f"closed: epoch {since.epoch} is believed up to edition {followed.closes.edition} only")
    if since.epoch and since.edition < feed.floor:
        raise GoneError(f"gone: changes since {since} are no longer known here, only since edition {feed.floor}")
    skipped = (followed.position.edition - since.edition) * LEAF_BYTES
    if skipped + records.weight_since(db, feed.id, since.edition) > ROOM:
        raise GoneError("too-much: the changes do not fit into one answer")


def page(db: Database, feed: Feed, name: PageName) -> Page:
    """The part of the state that adds up to the hash in its name, if that is how it stands now."""
    read = records.tree_reader(db, feed.id)
    entry = tree.entry_at(read, name.prefix)
    if entry is None or tree.entry_hash(entry) != name.hash:
        raise NotFoundError("the state has moved on: read the checkpoint again")
    if tree.count(entry) <= wire.PAGE_RECORDS and records.weight_below(db, feed.id, name.prefix) <= wire.MAX_PAGE:
        return RecordsPage(name.prefix, tuple(records.records_below(db, feed.id, feed.commitments, name.prefix)))
    return EntriesPage(name.prefix, tuple(tree.children(read, name.prefix)))


def tile(db: Database, feed: Feed, epoch: int, asked: Tile) -> bytes:
    """A C2SP tile of the current log: hashes, or (level -1) entries."""
    span = tlog.TILE_WIDTH ** max(asked.level, 0)
    start, end = asked.start * span, (asked.start + asked.width) * span
    if epoch != feed.followed.epoch or end > feed.followed.frontier.size:
        raise NotFoundError("no such tile here")
    if asked.level >= 0:
        return tlog.tile_bytes(asked, feeds.leaf_hashes(db, feed, start, end))
    lines = feeds.edition_lines(db, feed, start, end)
    if None in lines:
        raise NotFoundError("this mirror does not have these entries")
    return tlog.entries_bytes(line for line in lines if line is not None)


def proof(db: Database, feed: Feed, handle: str) -> bytes:
    """The offline proof of what the newest edition says of a handle."""
    key = key_of(check_handle(handle))
    followed = feed.followed
    if followed.edition is None or followed.checkpoint is None:
        raise NotFoundError("no such feed here")
    index = followed.frontier.size - 1
    found = records.record(db, feed.id, feed.commitments, key)
    return Proof(
        circle=feed.circle,
        epoch=followed.epoch,
        handle=handle,
        identity=feed.network.identity,
        path=tree.path(records.tree_reader(db, feed.id), key),
        put=found if isinstance(found, Put) else None,
        edition=followed.edition.line,
        index=index,
        inclusion=tuple(tlog.inclusion_proof(index, feeds.leaf_hashes(db, feed))),
        checkpoint=followed.checkpoint,
    ).encoded


def well_known(db: Database, home: Home, *, base: str = "/") -> bytes:
    """`/.well-known/fednet`: hints for whoever comes here first. Whom we follow is named only if settings say so."""
    own = feeds.own(db)
    follows = []
    if home.config.introduce:
        for network in feeds.peers(db):
            feed = feeds.feed(db, network, "public")
            if feed is not None and feed.visible:
                follows.append({"network": network.network, "name": network.name, "urls": sources.urls(db, network)})
    return msgspec.json.encode(
        {
            "protocols": list(wire.VERSIONS),
            "network": own.network,
            "name": own.name,
            "feeds": {"public": f"{base}feeds/{own.network}/public/"},
            "follows": follows,
        }
    )


def ahead_body(error: AheadError) -> bytes:
    """The body of a 409: our words, and the checkpoint."""
    return msgspec.json.encode(
        {"error": error.word, "detail": error.detail, "checkpoint": base64_text(error.checkpoint)}
    )
