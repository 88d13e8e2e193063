"""What is searched: the text index and the narrow facet row of each shown record.

Both follow from the body alone, so a record can be taken out again with exactly the words it was put in with (FTS5
needs them to delete from a contentless table), and everything rebuilt at any time. `VERSION` changes when the words for
a body change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.listing import vocabulary
from fednet.listing.evidence import evidence

VERSION = 1
SCRUB_PAGES = 1_000  # of the text index, written anew in one transaction: others wait no longer

OPEN, CLOSED = "search", "closed"
TABLES = (OPEN, CLOSED)
"""Public feeds have a text index of their own: how it ranks must tell nothing of what restricted feeds list."""

_INSERT = "INSERT INTO {} (rowid, names, text, facets) VALUES (?, ?, ?, ?)"
_DELETE = "INSERT INTO {0} ({0}, rowid, names, text, facets) VALUES ('delete', ?, ?, ?, ?)"
_FACET = "INSERT INTO facet VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """The columns of a text index, and those of `facet` after the record's id."""

    words: tuple[str, str, str]
    facets: tuple[int, int, str, int, int, str, int | None, int | None]


def indexed(feed_id: int, body: bytes) -> Indexed | None:
    """How a body is indexed; None for one that is not shown."""
    listed = listing.parse(body)
    if listed is None:
        return None
    terms = listing.terms(listed)
    services, service_tokens = _services(terms.services)
    groups, group_tokens = _client_groups(terms.client_groups)
    languages, language_tokens = _languages(terms.languages)
    countries = "".join(terms.countries)
    tokens = " ".join(
        (
            kind_token(terms.kind),
            feed_token(feed_id),
            *map(country_token, terms.countries),
            service_tokens,
            group_tokens,
            language_tokens,
            *evidence(listed),
        )
    )
    row = (feed_id, terms.kind, countries, services, groups, languages, terms.starts, terms.ends)
    return Indexed((terms.names, terms.text, tokens), row)


# Few combinations of codes, many records: what follows from a combination is worked out once.


@lru_cache(maxsize=16384)
def _services(codes: tuple[str, ...]) -> tuple[int, str]:
    return vocabulary.SERVICES.mask(codes), " ".join(map(service_token, codes))


@lru_cache(maxsize=16384)
def _client_groups(codes: tuple[str, ...]) -> tuple[int, str]:
    return vocabulary.CLIENT_GROUPS.mask(codes), " ".join(map(client_group_token, codes))


@lru_cache(maxsize=16384)
def _languages(tags: tuple[str, ...]) -> tuple[str, str]:
    return " ".join(tags), " ".join(map(language_token, tags))


# One word a facet, so that FTS5 intersects filters as it intersects words. Codes keep letters and digits only.


def _plain(code: str) -> str:
    plain = code.replace("-", "")
    return plain if plain.isascii() and plain.isalnum() else ""


def kind_token(kind: int) -> str:
    return f"k{kind}"


def feed_token(feed_id: int) -> str:
    return f"f{feed_id}"


def country_token(code: str) -> str:
    return f"c{code}"


def service_token(code: str) -> str:
    return f"s{_plain(code)}"


def client_group_token(code: str) -> str:
    return f"g{_plain(code)}"


def language_token(tag: str) -> str:
    return f"l{_plain(tag)}"


def add(db: Database, records: Iterable[tuple[int, int, bytes]]) -> None:
    """Index records that are not indexed yet, given as (record id, feed id, body)."""
    rows: list[tuple[int, Indexed]] = []
    for record_id, feed_id, body in records:
        found = indexed(feed_id, body)
        if found is not None:
            rows.append((record_id, found))
    db.conn.executemany(_FACET, ((record_id, *row.facets) for record_id, row in rows))
    _write(db, _INSERT, rows)


def remove(db: Database, records: Iterable[tuple[int, int, bytes]]) -> None:
    """Take records out again; the bodies must be those that were indexed."""
    rows: list[tuple[int, Indexed]] = []
    for record_id, feed_id, body in records:
        found = indexed(feed_id, body)
        if found is not None:
            rows.append((record_id, found))
    _write(db, _DELETE, rows)
    db.conn.executemany("DELETE FROM facet WHERE record_id = ?", [(record_id,) for record_id, _ in rows])


def _write(db: Database, statement: str, rows: Sequence[tuple[int, Indexed]]) -> None:
    """Run a statement over the words of each row, in the text index of its feed."""
    closed = {feed_id for (feed_id,) in db.conn.execute("SELECT id FROM feed WHERE circle <> 'public'")}
    for table in TABLES:
        db.conn.executemany(
            statement.format(table),
            ((record_id, *row.words) for record_id, row in rows if (row.facets[0] in closed) == (table == CLOSED)),
        )


def begin_scrub(db: Database) -> None:
    """Begin to write the text index anew from its own rows, so that no word of a record that was removed is left."""
    for table in TABLES:
        db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (-SCRUB_PAGES,))


def scrub_on(db: Database) -> bool:
    """Go on with it for some pages; whether there is more to do (FTS5, section 6.8: the `merge` command)."""
    return any(_merged_more(db, table) for table in TABLES)


def _merged_more(db: Database, table: str) -> bool:
    before = db.conn.total_changes
    db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (SCRUB_PAGES,))
    return int(db.conn.total_changes) - before >= 2


def rebuild(db: Database) -> int:
    """Index everything anew; the number of records."""
    for table in TABLES:
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
    db.execute("DELETE FROM facet")
    rows = db.execute("SELECT id, feed_id, body FROM record WHERE body IS NOT NULL")
    total = 0
    while batch := rows.fetchmany(5_000):
        add(db, batch)
        total += len(batch)
    db.table("setting").upsert({"name": "index", "value": str(VERSION)}, pk="name")
    return total
