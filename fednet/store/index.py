"""What is searched: the text index and the narrow facet row of each shown record.

Both follow from the body alone, so a record can be taken out again with exactly the words it was put in with (FTS5
needs them to delete from a contentless table), and everything rebuilt at any time. `VERSION` changes when the words for
a body change.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.feed.record import key_of
from fednet.listing import (
    Event,
    Exchange,
    Group,
    Organization,
    Person,
    Place,
    Resource,
    Twinning,
    places,
    text,
    vocabulary,
)
from fednet.listing.organization import missing
from fednet.store import exchanges, matching, references

VERSION = 3
NOTES = 20_000  # kept of what was put in and taken out
SCRUB_PAGES = 1_000  # of the text index, written anew in one transaction: others wait no longer

ALL_BUT_WEBSITE, ALL = 1, 2
"""What `facet.complete` says of an organisation's entry, besides 0."""

OPEN, CLOSED = "search", "closed"
TABLES = (OPEN, CLOSED)
"""Public feeds have a text index of their own: how it ranks must tell nothing of what restricted feeds list."""

_INSERT = "INSERT INTO {} (rowid, names, text, facets) VALUES (?, ?, ?, ?)"
_DELETE = "INSERT INTO {0} ({0}, rowid, names, text, facets) VALUES ('delete', ?, ?, ?, ?)"
_FACET = f"INSERT INTO facet VALUES ({', '.join('?' * 19)})"


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """The columns of a text index, those of `facet` after the record's id, the keys of the records it names, and of an
    entry of the exchange how it is compared."""

    words: tuple[str, str, str]
    facets: tuple[int | str | None, ...]
    named: tuple[bytes, ...]
    compared: exchanges.Compared | None = None


def indexed(feed_id: int, body: bytes, issued: int | None = None) -> Indexed | None:
    """How a body is indexed; None for one that is not shown.

    `issued` is the day (since 1970) of the edition that lists it: nothing was confirmed on a later one.
    """
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
            type_token(terms.kind, terms.type),
            feed_token(feed_id),
            *map(country_token, terms.countries),
            service_tokens,
            group_tokens,
            language_tokens,
            *map(name_token, sorted(whole_names(listed))),
        )
    )
    row: tuple[int | str | None, ...] = (
        feed_id,
        terms.kind,
        countries,
        services,
        groups,
        languages,
        terms.starts,
        terms.ends,
    )
    words, title, title_more = _title(terms.title)
    row += (*_seat(listed, issued), words, title, title_more, _complete(listed))
    compared = exchanges.compared(listed, title) if isinstance(listed, Exchange) else None
    return Indexed((terms.names, terms.text, tokens), row, references.keys(listed), compared)


def _seat(listed: listing.Listing, issued: int | None) -> tuple[int | str | None, ...]:
    """Country of the seat, type, day of the last confirmation, coordinates, whether refugees lead it."""
    confirmed = confirmed_day(listed.confirmed.at) if listed.confirmed else None
    if confirmed is not None and issued is not None:
        confirmed = min(confirmed, issued)
    if not isinstance(listed, Organization):
        return "", "", confirmed, None, None, 0
    seat = listed.seat or _NOWHERE
    country = seat.country if seat.country and places.is_country(seat.country) else ""
    point = (seat.latitude_e6, seat.longitude_e6)
    if None in point:
        point = (None, None)
    kind = listed.type if listed.type in vocabulary.ORGANIZATION_TYPES else ""
    return country, kind, confirmed, *point, int(listed.refugee_led is True)


_NOWHERE = Place()


def _complete(listed: listing.Listing) -> int:
    """What an organisation's entry says of what every one should: `ALL`, `ALL_BUT_WEBSITE`, else 0."""
    if not isinstance(listed, Organization):
        return 0
    lacks = missing(listed)
    return ALL_BUT_WEBSITE if lacks == ("website",) else 0 if lacks else ALL


@lru_cache(maxsize=4096)
def confirmed_day(at: str) -> int | None:
    """Days since 1970 of a moment or day as records write it; None for one that there is not."""
    try:
        return (date.fromisoformat(at[:10]) - _EPOCH).days
    except ValueError:
        return None


_EPOCH = date(1970, 1, 1)


def whole_names(listed: listing.Listing) -> set[str]:
    """The keys of the names by which a record as a whole is called: in each language, and its acronym."""
    match listed:
        case Organization():
            names = (*listed.names.values(), listed.acronym)
        case Person():
            names = (listed.name,)
        case Group():
            names = tuple(listed.names.values())
        case Event() | Exchange() | Resource() | Twinning():
            names = tuple(listed.titles.values())
        case _:
            names = ()
    return {key for name in names if (key := text.key(name))}


def name_token(key: str) -> str:
    """One word of the index for a whole name: a hash, so that it is found by nothing but itself."""
    return "n" + blake2b(key.encode("utf-8", "surrogatepass"), digest_size=7).hexdigest()


# The alphabet of the packed title: nothing and a space are the same, for a key neither ends with a space nor has two.
_PLACES = {" ": 0} | {sign: number for number, sign in enumerate("0123456789abcdefghijklmnopqrstuvwxyz", 1)}
_BEYOND = 37
_BASE = 38
TITLE_LETTERS, TITLE_MORE = 12, 6


def _title(title: str) -> tuple[int, int, int]:
    """How many words the title has, and where it stands in the alphabet."""
    sought = text.key(title)
    words = len(text.fold(sought).split()) if not sought.isascii() else sought.count(" ") + 1
    return min(words, 255), *title_place(sought)


def title_place(key: str) -> tuple[int, int]:
    """A key's first letters as two numbers that compare as the keys do, as far as those letters go.

    A letter outside ASCII takes four places: a mark that it is beyond, and its code point.
    """
    signs: list[int] = []
    for letter in key[: TITLE_LETTERS + TITLE_MORE]:
        place = _PLACES.get(letter)
        if place is None:
            point = min(ord(letter), _BASE**3 - 1)
            signs += (_BEYOND, point // _BASE**2, point // _BASE % _BASE, point % _BASE)
        else:
            signs.append(place)
    signs += [0] * (TITLE_LETTERS + TITLE_MORE)
    return _number(signs[:TITLE_LETTERS]), _number(signs[TITLE_LETTERS : TITLE_LETTERS + TITLE_MORE])


def _number(signs: list[int]) -> int:
    number = 0
    for sign in signs:
        number = number * _BASE + sign
    return number


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


def type_token(kind: int, code: str) -> str:
    """Kinds have types of their own: a training is an event, and something else that is offered."""
    return f"t{kind}{_plain(code)}"


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


def add(db: Database, records: Iterable[tuple[int, int, bytes]], issued: str | None = None) -> None:
    """Index records that are not indexed yet, given as (record id, feed id, body), of an edition `issued` then."""
    day = confirmed_day(issued) if issued else None
    hidden = concealed(db)
    _put(db, _shown((*record, day) for record in records if record[0] not in hidden))


def _put(db: Database, rows: list[tuple[int, Indexed]]) -> None:
    db.conn.executemany(_FACET, ((record_id, *row.facets) for record_id, row in rows))
    _write(db, _INSERT, rows)
    references.add(db, _references(rows))
    exchanges.add(db, ((record_id, int(row.facets[0] or 0), row.compared) for record_id, row in rows if row.compared))
    _note(db, [record_id for record_id, _ in rows], taken=False)


def remove(db: Database, records: Iterable[tuple[int, int, bytes]]) -> None:
    """Take records out again; the bodies must be those that were indexed. What is not indexed is passed over."""
    rows = _shown((*record, None) for record in records if _is_in(db, record[0]))
    _write(db, _DELETE, rows)
    references.remove(db, _references(rows))
    exchanges.remove(db, [record_id for record_id, row in rows if row.compared])
    matching.forget(db, [(record_id, int(row.facets[1] or 0), row.named) for record_id, row in rows])
    db.conn.executemany("DELETE FROM facet WHERE record_id = ?", [(record_id,) for record_id, _ in rows])
    _note(db, [record_id for record_id, _ in rows], taken=True)


def _is_in(db: Database, record_id: int) -> bool:
    return db.conn.execute("SELECT 1 FROM facet WHERE record_id = ?", (record_id,)).fetchone() is not None


def concealed(db: Database) -> set[int]:
    """The own records that are hidden, and still listed for want of a signature: nobody finds them here."""
    if not db.conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'hidden'").fetchone():  # an older database
        return set()
    handles = [handle for (handle,) in db.conn.execute("SELECT handle FROM hidden WHERE after IS NULL")]
    return {record_id for record_id, *_ in _own(db, handles)}


def conceal(db: Database, handles: Iterable[str]) -> None:
    """Let what is searched and shown of own records follow whether they are hidden."""
    hidden = concealed(db)
    standing = [row for row in _own(db, handles) if row[2] is not None]
    remove(db, [row[:3] for row in standing if row[0] in hidden])
    issued = _issued(db)
    back = [row for row in standing if row[0] not in hidden and not _is_in(db, row[0])]
    _put(db, _shown((*row[:3], issued.get((row[1], row[3]))) for row in back))
    matching.again(db, [row[0] for row in back])


def _own(db: Database, handles: Iterable[str]) -> list[tuple[int, int, bytes, int]]:
    """Id, feed, body and edition of the own records with these handles."""
    feeds = db.conn.execute("SELECT f.id FROM feed f JOIN network n ON n.id = f.network_id WHERE n.own").fetchall()
    sql = "SELECT id, feed_id, body, edition FROM record WHERE feed_id = ? AND key = ?"
    found = (db.conn.execute(sql, (feed_id, key_of(handle))).fetchone() for handle in handles for (feed_id,) in feeds)
    return [row for row in found if row is not None]


def _shown(records: Iterable[tuple[int, int, bytes, int | None]]) -> list[tuple[int, Indexed]]:
    """How each is indexed, by its id, given with the day of its edition; those that are not shown are left out."""
    found = ((record_id, indexed(feed_id, body, issued)) for record_id, feed_id, body, issued in records)
    return [(record_id, row) for record_id, row in found if row is not None]


def _references(rows: Iterable[tuple[int, Indexed]]) -> list[references.Row]:
    return [(key, record_id) for record_id, row in rows for key in row.named]


def next_id(db: Database) -> int:
    """The id of the next record. None is used twice, so whoever keeps something about one knows what it is about."""
    (highest,) = db.conn.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()
    return max(int(highest), _noted(db)[1]) + 1


def _noted(db: Database) -> tuple[int, int]:
    """The newest stamp, and the highest record id that was ever given."""
    row = db.conn.execute("SELECT stamp, highest FROM reindexed ORDER BY stamp DESC LIMIT 1").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _note(db: Database, record_ids: Iterable[int], *, taken: bool) -> None:
    """Tell those who keep the facets in memory (`fednet.store.columns`) what has changed."""
    newest, highest = _noted(db)
    for first, last in _runs(sorted(record_ids)):
        newest, highest = newest + 1, max(highest, last)
        row = (newest, first, last, taken, highest, secrets.token_bytes(8))
        db.conn.execute("INSERT INTO reindexed VALUES (?, ?, ?, ?, ?, ?)", row)
    db.conn.execute("DELETE FROM reindexed WHERE stamp <= ?", (newest - NOTES,))


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as runs without a gap: the first and the last of each."""
    for _, run in groupby(enumerate(numbers), key=lambda one: one[1] - one[0]):
        found = [number for _, number in run]
        yield found[0], found[-1]


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


def _forget_notes(db: Database) -> None:
    """Whoever keeps facets in memory reads them all again; what ids were given is not forgotten."""
    stamp, highest = _noted(db)
    db.execute("DELETE FROM reindexed")
    row = (stamp + 1, 1, 0, 0, max(highest, next_id(db) - 1), secrets.token_bytes(8))
    db.conn.execute("INSERT INTO reindexed VALUES (?, ?, ?, ?, ?, ?)", row)


def rebuild(db: Database) -> int:
    """Index everything anew; the number of records."""
    for table in TABLES:
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
    db.execute("DELETE FROM facet")
    _forget_notes(db)
    references.clear(db)
    exchanges.clear(db)
    matching.forget_all(db)
    issued = _issued(db)
    hidden = concealed(db)
    rows = db.execute("SELECT id, feed_id, body, edition FROM record WHERE body IS NOT NULL")
    total = 0
    while batch := rows.fetchmany(5_000):
        _put(db, _shown((*row[:3], issued.get((row[1], row[3]))) for row in batch if row[0] not in hidden))
        total += len(batch)
    db.table("setting").upsert({"name": "index", "value": str(VERSION)}, pk="name")
    return total


class _Line(msgspec.Struct):
    edition: int
    issued: str


_LINES = msgspec.json.Decoder(_Line)


def _issued(db: Database) -> dict[tuple[int, int], int | None]:
    """The day of each edition that this node has seen, by its feed and number; of damaged lines nothing."""
    rows = db.conn.execute(
        "SELECT feed_id, line FROM leaf WHERE line NOT NULL "
        "UNION ALL SELECT id, edition FROM feed WHERE edition NOT NULL"
    )
    found = ((feed_id, _line(line)) for feed_id, line in rows)
    return {(feed_id, line.edition): confirmed_day(line.issued) for feed_id, line in found if line}


def _line(line: bytes) -> _Line | None:
    try:
        return _LINES.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
