"""What is searched: the text index and the narrow facet row of each shown record.

Both follow from the body alone, so a record can be taken out again with exactly the words it was put in with (FTS5
needs them to delete from a contentless table), and everything rebuilt at any time. `VERSION` changes when the words for
a body change.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.listing import vocabulary
from fednet.listing.evidence import evidence

VERSION = 1

_INSERT = "INSERT INTO search (rowid, names, text, facets) VALUES (?, ?, ?, ?)"
_DELETE = "INSERT INTO search (search, rowid, names, text, facets) VALUES ('delete', ?, ?, ?, ?)"
_FACET = "INSERT INTO facet VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """The columns of `search`, and those of `facet` after the record's id."""

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
    db.conn.executemany(_INSERT, ((record_id, *row.words) for record_id, row in rows))


def remove(db: Database, records: Iterable[tuple[int, int, bytes]]) -> None:
    """Take records out again; the bodies must be those that were indexed."""
    words: list[tuple[Any, ...]] = []
    for record_id, feed_id, body in records:
        found = indexed(feed_id, body)
        if found is not None:
            words.append((record_id, *found.words))
    db.conn.executemany(_DELETE, words)
    db.conn.executemany("DELETE FROM facet WHERE record_id = ?", [(row[0],) for row in words])


def scrub(db: Database) -> None:
    """Write the text index anew from its own rows, so that no word of a record that was removed is left in the file."""
    db.execute("INSERT INTO search (search) VALUES ('optimize')")


def rebuild(db: Database) -> int:
    """Index everything anew; the number of records."""
    db.execute("INSERT INTO search (search) VALUES ('delete-all')")
    db.execute("DELETE FROM facet")
    rows = db.execute("SELECT id, feed_id, body FROM record WHERE body IS NOT NULL")
    total = 0
    while batch := rows.fetchmany(5_000):
        add(db, batch)
        total += len(batch)
    db.table("setting").upsert({"name": "index", "value": str(VERSION)}, pk="name")
    return total
