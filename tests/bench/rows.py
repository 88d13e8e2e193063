"""A database of so many organisations in two networks, built as a sync builds it but without verifying."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.feed.identity import begun, sign_statement
from fednet.feed.record import key_of
from fednet.listing.likeness import Reason
from fednet.node import home
from fednet.store import feeds, index, matching
from fednet.store.database import Store
from tests.bench.records import Maker
from tests.feed.network import first_statement, seed

BATCH = 20_000
SAME = int(Reason.LISTED | Reason.SITE | Reason.NAME | Reason.COUNTRY)
JOINED = 20  # one organisation in so many is listed by the second network, too: a tenth of all rows belong together


def build(path: Path, count: int) -> Store:
    """A store of `count` organisations; the search index is as after a sync."""
    store = Store(path)
    with store.writing() as db:
        feed_ids = [_feed(db, name) for name in ("First", "Second")]
    ids = random.Random(2)
    for bodies in _batches(count):
        with store.writing() as db:
            first = index.next_id(db)
            rows = [
                (first + at, feed_ids[which], body, str(uuid.UUID(int=ids.getrandbits(128), version=4)))
                for at, (which, body) in enumerate(bodies)
            ]
            db.conn.executemany(
                "INSERT INTO record VALUES (?, ?, ?, ?, x'00', ?, 1)",
                [(row_id, feed_id, key_of(name), name, body) for row_id, feed_id, body, name in rows],
            )
            index.add(db, [row[:3] for row in rows])
            _join(db, [(row_id, which) for (row_id, *_), (which, _) in zip(rows, bodies, strict=True)], feed_ids)
    return store


def _join(db: Database, rows: list[tuple[int, int]], feed_ids: list[int]) -> None:
    """What matching would find: a record of the second network is about what the one before it is about."""
    pairs = [(row_id - 1, row_id, *feed_ids, SAME, 1, row_id) for row_id, which in rows if which == 1]
    db.conn.executemany("INSERT INTO pair VALUES (?, ?, ?, ?, ?, ?, ?)", pairs)
    matching.changed(db)


def _feed(db: Database, name: str) -> int:
    identity = begun(sign_statement(first_statement(name), [seed(f"{name} recovery 0")]))
    feed = feeds.open_feed(db, feeds.pin(db, identity, home.now()), "public", visible=True)
    return feed.id


def _batches(count: int) -> Iterator[list[tuple[int, bytes]]]:
    maker = Maker(1)
    number = 0
    for start in range(0, count, BATCH):
        bodies: list[tuple[int, bytes]] = []
        while len(bodies) < min(BATCH, count - start):
            body = maker.organization(number)
            bodies.append((0, body))
            if number % (JOINED - 1) == 0:
                bodies.append((1, _again(body)))
            number += 1
        yield bodies[: count - start]


def _again(body: bytes) -> bytes:
    """The same organisation as another network lists it."""
    fields = msgspec.json.decode(body)
    fields["services"] = fields["services"][:1]
    return listing.encode(fields)
