"""Asking the index: which records match, what they list, and who may be told.

Every function takes the feeds that the reader may see; rows of other feeds never leave this module.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pysqlite3.dbapi2 as sqlite
from sqlite_utils import Database

from fednet import listing
from fednet.listing.text import TOKENIZER
from fednet.store import index
from fednet.store.database import integers

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

BATCH = 500
"""Values bound to one statement."""
MOST = 500
"""Records that one question about a handle is answered with."""


class Source(NamedTuple):
    """A feed that may be shown: visible, of a network that is not blocked. `edition` is its newest signed line."""

    feed_id: int
    circle: str
    network: str
    name: str
    own: bool
    epoch: int
    edition: bytes | None
    verified_at: str | None
    frozen: str | None


class Clause(msgspec.Struct, frozen=True):
    """Satisfied by a record whose words match `text` (an FTS5 expression), or that bears any of the facet `words`.

    `excluded`: satisfied by all others. `typed` is what a person wrote, `meant` what it names as (parameter, code),
    `shown` the words that were taken for it when what was typed is nowhere.
    """

    text: str | None = None
    words: tuple[str, ...] = ()
    typed: str = ""
    meant: tuple[tuple[str, str], ...] = ()
    excluded: bool = False
    shown: tuple[str, ...] = ()


class Listed(NamedTuple):
    record_id: int
    feed_id: int
    handle: str
    body: bytes


def sources(db: Database) -> list[Source]:
    """The feeds that may be shown, this node's own first, then in the order in which networks were pinned."""
    rows = db.conn.execute(
        "SELECT f.id, f.circle, n.network, n.name, n.own, f.epoch, f.edition, f.verified_at, n.frozen "
        "FROM feed f JOIN network n ON n.id = f.network_id WHERE f.visible "
        "AND n.network NOT IN (SELECT network FROM blocked) "
        "ORDER BY n.own DESC, n.id, f.circle = 'public' DESC, f.circle"
    )
    return [Source(*row) for row in rows]


def record_ids(db: Database, clauses: Sequence[Clause], feeds: Collection[int]) -> NDArray[int64]:
    """Ids, ascending, of every record that satisfies all clauses, in the text indexes that hold these feeds.

    Unlike all else here they may be of other feeds of the same indexes: whoever asks looks at the feed of each.
    """
    expression = expression_of(clauses)
    return _ids(db, expression, feeds) if expression else _no_ids()


def named_ids(db: Database, clause: Clause, others: Sequence[Clause], feeds: Collection[int]) -> NDArray[int64]:
    """As `record_ids`, of those in whose names the words of one clause stand and that satisfy the others."""
    rest = expression_of(others)
    return _ids(db, f"({rest}) AND {{names}} : ({clause.text})" if rest else f"{{names}} : ({clause.text})", feeds)


def whole_name_ids(db: Database, key: str, feeds: Collection[int]) -> NDArray[int64]:
    """As `record_ids`, of those that are called exactly that, by a key of `fednet.listing.text`."""
    return _ids(db, f'facets : ("{index.name_token(key)}")', feeds)


def _ids(db: Database, expression: str, feeds: Collection[int]) -> NDArray[int64]:
    """A hundred thousand rows of Python cost 30 ms, as one text 7."""
    import numpy as np  # only searches pay for it

    found = []
    for table in tables_of(db, feeds):
        sql = f"SELECT group_concat(rowid) FROM (SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid)"
        (joined,) = db.conn.execute(sql, (expression,)).fetchone()
        found.append(np.fromstring(joined or "", np.int64, sep=","))
    return found[0] if len(found) == 1 else np.unique(np.concatenate(found))


def _no_ids() -> NDArray[int64]:
    import numpy as np

    return np.zeros(0, np.int64)


def fields_matching(texts: Sequence[str], expressions: Sequence[str]) -> list[set[int]]:
    """For each FTS5 expression which of these folded texts it finds, by the very rules of the index."""
    with closing(sqlite.connect(":memory:", isolation_level=None)) as conn:
        conn.execute(f'CREATE VIRTUAL TABLE field USING fts5 (words, tokenize = "{TOKENIZER}")')
        conn.executemany("INSERT INTO field (rowid, words) VALUES (?, ?)", enumerate(texts))
        sql = "SELECT rowid FROM field WHERE field MATCH ?"
        return [{row for (row,) in conn.execute(sql, (one,))} for one in expressions]


def events(db: Database, since: int, until: int, feeds: Collection[int]) -> list[int]:
    """Events that may take place in [since, until), in minutes since 1970 UTC, by their first start."""
    rows = db.conn.execute(
        f"SELECT record_id FROM facet WHERE kind = 5 AND starts < ? AND (ends IS NULL OR ends >= ?) "
        f"AND feed_id IN ({integers(feeds)}) ORDER BY starts, record_id",
        (until, since),
    )
    return [record_id for (record_id,) in rows]


def starting(db: Database, minutes: Collection[int], feeds: Collection[int]) -> list[int]:
    """Events that begin first in one of these minutes since 1970 UTC."""
    rows = db.conn.execute(
        f"SELECT record_id FROM facet WHERE kind = 5 AND starts IN ({integers(minutes)}) "
        f"AND feed_id IN ({integers(feeds)}) ORDER BY record_id"
    )
    return [record_id for (record_id,) in rows]


def bearing(db: Database, keys: Sequence[bytes], feeds: Collection[int]) -> list[int]:
    """The records of these feeds that bear one of these keys (`store/references.py`), by id."""
    found: set[int] = set()
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        rows = db.conn.execute(
            "SELECT x.record_id FROM reference x CROSS JOIN record r ON r.id = x.record_id "
            f"WHERE x.key IN ({','.join('?' * len(part))}) AND r.feed_id IN ({integers(feeds)})",
            part,
        )
        found.update(record_id for (record_id,) in rows)
    return sorted(found)


def listed(db: Database, record_ids: Sequence[int]) -> list[Listed]:
    """What those records list, in the order asked for."""
    found: dict[int, Listed] = {}
    for start in range(0, len(record_ids), BATCH):
        part = integers(record_ids[start : start + BATCH])
        rows = db.conn.execute(f"SELECT id, feed_id, handle, body FROM record WHERE id IN ({part}) AND body NOT NULL")
        found.update((row[0], Listed(*row)) for row in rows)
    return [found[record_id] for record_id in record_ids if record_id in found]


def by_handle(db: Database, record_ids: Iterable[int], start: str, most: int) -> list[int]:
    """Those of the records with the first handles, from that one on; no body is read."""
    sql = f"SELECT id FROM record WHERE id IN ({integers(record_ids)}) AND handle >= ? ORDER BY handle LIMIT ?"
    return [record_id for (record_id,) in db.conn.execute(sql, (start, most))]


def by_key(db: Database, key: bytes, feeds: Iterable[int]) -> Listed | None:
    """The record with that key in the first of these feeds that lists it."""
    hidden = index.concealed(db)
    sql = "SELECT id, feed_id, handle, body FROM record WHERE feed_id = ? AND key = ? AND body NOT NULL"
    rows = (db.conn.execute(sql, (feed_id, key)).fetchone() for feed_id in feeds)
    return next((Listed(*row) for row in rows if row is not None and row[0] not in hidden), None)


def feeds_of(db: Database, record_ids: Iterable[int]) -> set[int]:
    """The feeds that list those records, of those that are shown."""
    sql = f"SELECT DISTINCT feed_id FROM facet WHERE record_id IN ({integers(record_ids)})"
    return {feed_id for (feed_id,) in db.conn.execute(sql)}


def located(db: Database, record_ids: Sequence[int], feeds: Collection[int], most: int) -> list[Listed]:
    """Those of the records, in these feeds, that say where they are; no more than `most` of each feed."""
    found: dict[int, list[int]] = {feed_id: [] for feed_id in feeds}
    for start in range(0, len(record_ids), BATCH):
        wanted = [feed_id for feed_id, several in found.items() if len(several) < most]
        part = integers(record_ids[start : start + BATCH])
        sql = f"SELECT feed_id, record_id FROM facet WHERE record_id IN ({part}) "
        sql += f"AND feed_id IN ({integers(wanted)}) AND latitude_e6 NOT NULL"
        for feed_id, record_id in db.conn.execute(sql) if wanted else ():
            found[feed_id].append(record_id)
    return listed(db, [record_id for several in found.values() for record_id in several[:most]])


def of_kind(db: Database, kind: int, feeds: Collection[int]) -> list[Listed]:
    """Every record of a kind in these feeds, by feed and handle: for kinds of which there are few."""
    rows = db.conn.execute(
        "SELECT r.id, r.feed_id, r.handle, r.body FROM facet f JOIN record r ON r.id = f.record_id "
        f"WHERE f.kind = ? AND f.feed_id IN ({integers(feeds)}) ORDER BY r.feed_id, r.handle",
        (kind,),
    )
    return [Listed(*row) for row in rows]


def containing(db: Database, kind: int, piece: str, feeds: Collection[int], most: int) -> list[Listed]:
    """The records of a kind in whose bodies a text stands, in the order in which they came; at most so many a feed."""
    rows = db.conn.execute(
        "SELECT id, feed_id, handle, body FROM ("
        "SELECT r.id, r.feed_id, r.handle, r.body, row_number() OVER (PARTITION BY r.feed_id ORDER BY r.id) AS at "
        f"FROM facet f JOIN record r ON r.id = f.record_id WHERE f.kind = ? AND f.feed_id IN ({integers(feeds)}) "
        "AND instr(r.body, ?)) WHERE at <= ? ORDER BY id",
        (kind, piece.encode(), most),
    )
    return [Listed(*row) for row in rows]


def naming(db: Database, key: bytes, feeds: Collection[int]) -> list[Listed]:
    """The records of these feeds that name the record of that key, in the order in which they came; at most `MOST`."""
    rows = db.conn.execute(
        "SELECT r.id, r.feed_id, r.handle, r.body FROM reference x JOIN record r ON r.id = x.record_id "
        f"WHERE x.key = ? AND r.feed_id IN ({integers(feeds)}) AND r.body NOT NULL ORDER BY r.id LIMIT ?",
        (key, MOST),
    )
    return [Listed(*row) for row in rows]


def counts(db: Database, feed_id: int) -> dict[int, int]:
    """How many shown records of each kind a feed lists."""
    sql = "SELECT kind, count(*) FROM facet WHERE feed_id = ? AND kind BETWEEN 1 AND ? GROUP BY kind"
    return dict(db.conn.execute(sql, (feed_id, len(listing.KIND_NUMBERS))).fetchall())


def tables_of(db: Database, feeds: Collection[int]) -> tuple[str, ...]:
    """The text indexes that hold these feeds; that of restricted ones is not even opened for others."""
    sql = f"SELECT 1 FROM feed WHERE circle <> 'public' AND id IN ({integers(feeds)}) LIMIT 1"
    return index.TABLES if db.conn.execute(sql).fetchone() else (index.OPEN,)


def expression_of(clauses: Iterable[Clause]) -> str | None:
    """All clauses as one FTS5 expression; None when there are none. What is excluded is taken from the rest, or from
    everything."""
    clauses = list(clauses)
    wanted = " AND ".join(filter(None, (_alternatives(clause) for clause in clauses if not clause.excluded)))
    unwanted = " OR ".join(filter(None, (_alternatives(clause) for clause in clauses if clause.excluded)))
    if not unwanted:
        return wanted or None
    return f"({wanted or _alternatives(Clause(words=_ALL_KINDS))}) NOT ({unwanted})"


_ALL_KINDS = tuple(map(index.kind_token, listing.KIND_NUMBERS.values()))


def _alternatives(clause: Clause) -> str:
    parts = [f"{{names text}} : ({clause.text})"] if clause.text else []
    if clause.words:
        quoted = " OR ".join('"' + word.replace('"', "") + '"' for word in clause.words)
        parts.append(f"facets : ({quoted})")
    return f"({' OR '.join(parts)})" if parts else ""
