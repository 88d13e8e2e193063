"""Which records may be about one thing: the words they share, and the pairs that were found. All of it is derived.

Nothing here holds a text: words are hashes, reasons are bits. What is known of a record goes when the record goes
(`forget`, which `store/index.py` calls), and can be worked out again (`directory/matching.py`).

A word that more than `CROWD` records of one feed bear tells nothing there. Each feed is counted by itself: how crowded
a word is in a restricted circle makes no difference to what is found in public ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from fednet.listing import KIND_NUMBERS
from fednet.store.database import integers

CROWD = 6
"""Records of one feed that may bear a word before it tells nothing: as many offices of one parent, as a rule."""

MAX_SPEAKING = 16
"""Contacts and opinions of one feed about one record that are listened to, the newest ones."""

AT_ONCE = 500
"""Values bound to one statement."""

MATCHED_KINDS = tuple(KIND_NUMBERS[kind] for kind in ("organization", "event"))
SPEAKING_KINDS = tuple(KIND_NUMBERS[kind] for kind in ("contact", "opinion"))
"""Kinds that tell something about a record that they name."""


class Pair(NamedTuple):
    """One row of what is known of two records: the feeds that tell it, the reasons as bits, the order among equals.

    Records and feeds are in the order of the record ids, the smaller one first.
    """

    one: int
    other: int
    one_feed: int
    other_feed: int
    reasons: int
    joins: int
    tie: int


class Body(NamedTuple):
    """A record as matching reads it."""

    record_id: int
    feed_id: int
    key: bytes
    kind: int
    body: bytes


class Bearer(NamedTuple):
    """Who bears a word."""

    word: int
    feed_id: int
    record_id: int


# --- what others ask --------------------------------------------------------------------------------------------------


def stamp(db: Database) -> int:
    """A number that is another one whenever pairs have changed."""
    return _setting(db, "pairs")


def joining(db: Database) -> list[tuple[int, ...]]:
    """Rows as `Pair`, plain tuples, of all pairs that may be joined for somebody, and of all that somebody spoke of;
    those of one pair follow each other."""
    return db.conn.execute(
        "SELECT one, other, one_feed, other_feed, reasons, joins, tie FROM pair INDEXED BY pair_joins "
        "WHERE joins ORDER BY one, other, one_feed, other_feed"
    ).fetchall()


def between(db: Database, cards: Mapping[int, int]) -> list[tuple[int, ...]]:
    """Rows as `joining`, of all other pairs of two records that have the same number among these."""
    rows = _rows(db, "SELECT * FROM pair WHERE NOT joins AND one IN ({})", cards)
    return sorted(row for row in rows if cards.get(row[1]) == cards[row[0]])


def all_pairs(db: Database) -> Iterator[tuple[int, ...]]:
    """Rows as `Pair` of all pairs, those with the newest record first; those of one pair follow each other."""
    return iter(db.conn.execute("SELECT * FROM pair ORDER BY other DESC, one DESC, one_feed, other_feed"))


# --- what goes --------------------------------------------------------------------------------------------------------


def forget(db: Database, records: Collection[tuple[int, int, Sequence[bytes]]]) -> None:
    """Everything about records that go, given as (id, kind, keys they name). Whom a contact or an opinion spoke of is
    matched again."""
    keys = [(key,) for _, kind, named in records if kind in SPEAKING_KINDS for key in named]
    db.conn.executemany("INSERT OR IGNORE INTO rematch (key) VALUES (?)", keys)
    ids = [record_id for record_id, kind, _ in records if kind in MATCHED_KINDS or kind in SPEAKING_KINDS]
    sql = "INSERT OR IGNORE INTO rematch SELECT key FROM record WHERE id = ? AND key IN (SELECT key FROM reference)"
    db.conn.executemany(sql, [(record_id,) for record_id, kind, _ in records if kind in MATCHED_KINDS])
    if _unbear(db, ids):
        drop_pairs(db, ids)
        changed(db)


def again(db: Database, record_ids: Iterable[int]) -> None:
    """Match records once more that were taken out, and are back."""
    sql = "INSERT OR IGNORE INTO rematch SELECT key FROM record WHERE id = ?"
    db.conn.executemany(sql, [(record_id,) for record_id in record_ids])


def _unbear(db: Database, record_ids: Iterable[int]) -> int:
    """Take away the words of records; how many words."""
    borne = [(word, record_id) for record_id in record_ids for word in words_of(db, record_id) or ()]
    crowded = "SELECT feed_id FROM signal WHERE word = ?1 AND record_id = ?2"
    db.conn.executemany(f"UPDATE crowded SET thinned = 1 WHERE word = ?1 AND feed_id IN ({crowded})", borne)
    db.conn.executemany("DELETE FROM signal WHERE word = ? AND record_id = ?", borne)
    db.conn.executemany("DELETE FROM matched WHERE record_id = ?", [(record_id,) for record_id in record_ids])
    return len(borne)


def drop_pairs(db: Database, record_ids: Iterable[int]) -> None:
    ids = [(record_id,) for record_id in record_ids]
    db.conn.executemany("DELETE FROM pair WHERE one = ?", ids)
    db.conn.executemany("DELETE FROM pair WHERE other = ?", ids)


def forget_all(db: Database) -> None:
    """Nothing has been matched."""
    for table in ("signal", "matched", "rematch", "crowded", "pair"):
        db.execute(f"DELETE FROM {table}")
    _set(db, "matched", 0)
    changed(db)


def changed(db: Database) -> None:
    """Whoever keeps joins in memory works them out again."""
    _set(db, "pairs", stamp(db) + 1)


# --- what a pass reads and writes -------------------------------------------------------------------------------------


def reached(db: Database) -> int:
    """Records up to this id have been matched."""
    return _setting(db, "matched")


def reach(db: Database, record_id: int) -> None:
    _set(db, "matched", record_id)


def is_waiting(db: Database) -> bool:
    """Whether there is anything to match."""
    asked = ("SELECT 1 FROM rematch LIMIT 1", "SELECT 1 FROM crowded WHERE thinned LIMIT 1")
    return newest(db) > reached(db) or any(db.conn.execute(sql).fetchone() for sql in asked)


def newest(db: Database) -> int:
    """The highest id of a record."""
    return db.conn.execute("SELECT max(id) FROM record").fetchone()[0] or 0


def unmatched(db: Database, limit: int) -> list[Body]:
    """The next records that have not been matched, by id."""
    kinds = integers((*MATCHED_KINDS, *SPEAKING_KINDS))
    rows = db.conn.execute(
        "SELECT r.id, r.feed_id, r.key, f.kind, r.body FROM record r JOIN facet f ON f.record_id = r.id "
        f"WHERE r.id > ? AND f.kind IN ({kinds}) ORDER BY r.id LIMIT ?",
        (reached(db), limit),
    )
    return [Body(*row) for row in rows]


def bodies(db: Database, record_ids: Iterable[int]) -> list[Body]:
    """Records by their ids; those that are gone are left out."""
    sql = (
        "SELECT r.id, r.feed_id, r.key, f.kind, r.body FROM record r JOIN facet f ON f.record_id = r.id WHERE r.id = ?"
    )
    found = (db.conn.execute(sql, (record_id,)).fetchone() for record_id in record_ids)
    return [Body(*row) for row in found if row is not None]


def speaking_of(db: Database, key: bytes) -> list[Body]:
    """The contacts and opinions that name a handle by its key: of each feed the newest `MAX_SPEAKING`."""
    kinds = integers(SPEAKING_KINDS)
    rows = db.conn.execute(
        "SELECT f.feed_id, f.record_id FROM reference n JOIN facet f ON f.record_id = n.record_id "
        f"WHERE n.key = ? AND f.kind IN ({kinds}) ORDER BY f.record_id DESC",
        (key,),
    ).fetchall()
    heard: Counter[int] = Counter()
    chosen = []
    for feed, record_id in rows:
        heard[feed] += 1
        if heard[feed] <= MAX_SPEAKING:
            chosen.append(record_id)
    return bodies(db, sorted(chosen))


def bearing_key(db: Database, key: bytes, feeds: Iterable[int]) -> list[int]:
    """The records of these feeds with a key."""
    sql = "SELECT id FROM record WHERE feed_id = ? AND key = ? AND body NOT NULL"
    return [row[0] for feed in feeds for row in db.conn.execute(sql, (feed, key))]


def taken_for_rematch(db: Database, limit: int) -> list[bytes]:
    """Keys to match again; they are not asked for a second time."""
    keys = [key for (key,) in db.conn.execute("SELECT key FROM rematch ORDER BY key LIMIT ?", (limit,))]
    db.conn.executemany("DELETE FROM rematch WHERE key = ?", [(key,) for key in keys])
    return keys


def thinned(db: Database, limit: int) -> set[int]:
    """Records that bear a word which tells something again, since others went; they are not asked for twice."""
    rows = db.conn.execute("SELECT word, feed_id FROM crowded WHERE thinned LIMIT ?", (limit,)).fetchall()
    again = [(word, feed, found) for word, feed in rows if len(found := _bearing(db, word, feed)) <= CROWD]
    db.conn.executemany("UPDATE crowded SET thinned = 0 WHERE word = ? AND feed_id = ?", rows)
    db.conn.executemany("DELETE FROM crowded WHERE word = ? AND feed_id = ?", [one[:2] for one in again])
    return {record_id for _, _, found in again for record_id in found}


def _bearing(db: Database, word: int, feed_id: int) -> list[int]:
    """Who bears a word in a feed: one more than a crowd at most."""
    sql = "SELECT record_id FROM signal WHERE word = ? AND feed_id = ? LIMIT ?"
    return [row[0] for row in db.conn.execute(sql, (word, feed_id, CROWD + 1))]


def words_of(db: Database, record_id: int) -> list[int] | None:
    """The words that a record was matched by; None for one that was not."""
    row = db.conn.execute("SELECT words FROM matched WHERE record_id = ?", (record_id,)).fetchone()
    if row is None:
        return None
    return [int.from_bytes(row[0][at : at + 8], "big") for at in range(0, len(row[0]), 8)]


def bear(db: Database, bearers: Sequence[tuple[int, int, Collection[int]]]) -> set[int]:
    """Give records, as (id, feed, words), exactly these words. Records of which a word was taken away that has become
    crowded by it: they are to be matched again."""
    fresh = [(record_id, feed, words) for record_id, feed, words in bearers if words_of(db, record_id) != [*words]]
    _unbear(db, [record_id for record_id, _, _ in fresh])
    rows = sorted((word, feed, record_id) for record_id, feed, words in fresh for word in words)
    db.conn.executemany("INSERT OR IGNORE INTO signal (word, feed_id, record_id) VALUES (?, ?, ?)", rows)
    db.conn.executemany(
        "INSERT OR REPLACE INTO matched (record_id, words) VALUES (?, ?)",
        [(record_id, b"".join(word.to_bytes(8, "big") for word in words)) for record_id, _, words in fresh],
    )
    return _crowd(db, dict.fromkeys((word, feed) for word, feed, _ in rows))


def _crowd(db: Database, words: Collection[tuple[int, int]]) -> set[int]:
    """Note which of these words, given with their feeds, have become crowded; the records that bear them."""
    known = crowded(db, [word for word, _ in words])
    quiet = [word for word, feed in words if (word, feed) not in known]
    full = _rows(db, f"{_BEARERS} GROUP BY word, feed_id HAVING count(*) > {CROWD}", quiet)
    fresh = {(word, feed) for word, feed, _ in full} - known
    db.conn.executemany("INSERT INTO crowded (word, feed_id) VALUES (?, ?)", fresh)
    sql = "SELECT record_id FROM signal WHERE word = ? AND feed_id = ?"
    return {row[0] for one in fresh for row in db.conn.execute(sql, one)}


def crowded(db: Database, words: Iterable[int]) -> set[tuple[int, int]]:
    """Where which of these words tells nothing."""
    rows = _rows(db, "SELECT word, feed_id FROM crowded WHERE word IN ({})", words)
    return {(word, feed) for word, feed in rows}


def sharing(db: Database, words: Iterable[int]) -> Iterator[Bearer]:
    """Who bears any of these words, in the feeds where it is not crowded."""
    return (Bearer(*row) for row in _rows(db, _BEARERS, words))


_BEARERS = (
    "SELECT word, feed_id, record_id FROM signal s WHERE word IN ({}) "
    "AND NOT EXISTS (SELECT 1 FROM crowded c WHERE c.word = s.word AND c.feed_id = s.feed_id)"
)


def _rows(db: Database, sql: str, words: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Rows for any of the words, which are integers of our own."""
    unique = sorted(set(words))
    for start in range(0, len(unique), AT_ONCE):
        part = unique[start : start + AT_ONCE]
        yield from db.conn.execute(sql.format(",".join("?" * len(part))), part)


def put(db: Database, pairs: Iterable[Pair]) -> None:
    db.conn.executemany("INSERT OR REPLACE INTO pair VALUES (?, ?, ?, ?, ?, ?, ?)", pairs)


def own_network(db: Database) -> str | None:
    """This node's own network, when it has one."""
    row = db.conn.execute("SELECT network FROM network WHERE own").fetchone()
    return row[0] if row else None


def networks(db: Database) -> dict[int, str]:
    """The network id of each feed, whatever is shown of it."""
    rows = db.conn.execute("SELECT f.id, n.network FROM feed f JOIN network n ON n.id = f.network_id")
    return dict(rows.fetchall())


def _setting(db: Database, name: str) -> int:
    row = db.conn.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def _set(db: Database, name: str, value: int) -> None:
    db.conn.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, str(value)))
