"""What the index's own words tell of a word that it does not have: which of its near spellings somebody lists.

Only records of the given feeds are asked. Whoever may not read a feed learns of none of its words, not even by what a
mistyped word is taken for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlite_utils import Database

from fednet import listing
from fednet.store.database import integers
from fednet.store.search import BATCH, Clause, expression_of, tables_of

MOST_NAMES = 100
"""Records whose names are read to see what stands in them."""


def finds(db: Database, clause: Clause, feeds: Collection[int]) -> bool:
    """Whether any record of these feeds satisfies a clause by itself."""
    return all_find(db, [clause], feeds)


def all_find(db: Database, clauses: Sequence[Clause], feeds: Collection[int]) -> bool:
    """Whether any record of these feeds satisfies all of them."""
    expression = expression_of(clauses)
    return expression is not None and _any(db, expression, feeds)


def occurring(db: Database, words: Iterable[str], feeds: Collection[int]) -> list[str]:
    """Those of the words that stand in the name of a record of these feeds; words are single words, folded."""
    found = []
    for word in words:
        expression = f'names : "{word}"'
        if any(_stands(db, table, expression) for table in tables_of(db, feeds)) and _any(db, expression, feeds):
            found.append(word)
    return found


def names(db: Database, expression: str, feeds: Collection[int]) -> list[str]:
    """The folded names of the first records of these feeds whose names match an expression."""
    found: list[str] = []
    for table in tables_of(db, feeds):
        sql = f"SELECT s.rowid FROM {table} s CROSS JOIN facet f ON f.record_id = s.rowid "
        sql += f"WHERE {table} MATCH ? AND f.feed_id IN ({integers(feeds)}) LIMIT ?"
        rows = db.conn.execute(sql, (f"names : ({expression})", MOST_NAMES)).fetchall()
        found += _names(db, [row[0] for row in rows])
    return found


def _names(db: Database, record_ids: Sequence[int]) -> list[str]:
    rows = db.conn.execute(f"SELECT body FROM record WHERE id IN ({integers(record_ids[:BATCH])}) AND body NOT NULL")
    parsed = (listing.parse(body) for (body,) in rows)
    return [listing.terms(one).names for one in parsed if one]


def _stands(db: Database, table: str, expression: str) -> bool:
    return db.conn.execute(f"SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT 1", (expression,)).fetchone() is not None


def _any(db: Database, expression: str, feeds: Collection[int]) -> bool:
    sql = "SELECT 1 FROM {0} s CROSS JOIN facet f ON f.record_id = s.rowid "
    sql += f"WHERE {{0}} MATCH ? AND f.feed_id IN ({integers(feeds)}) LIMIT 1"
    return any(db.conn.execute(sql.format(table), (expression,)).fetchone() for table in tables_of(db, feeds))
