"""What is due for confirmation: own records that nobody has confirmed, or longer ago than this network's own term."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import freshness
from fednet.directory.freshness import State
from fednet.feed.record import key_of
from fednet.listing import Listing
from fednet.store import freshness as dates
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.freshness import Edited
from fednet.store.search import Source

KINDS = ("organization", "contact", "person", "group")
"""Kinds whose records go out of date without anybody's doing; events and offers have days of their own."""


class Due(msgspec.Struct, frozen=True):
    """An own record that somebody should confirm, drafts as they stand (`draft`: it waits to be signed).

    `since` is the day of its last confirmation, of one that was never confirmed the day since which it is listed as it
    stands; None when nobody knows.
    """

    handle: str
    kind: str
    title: str
    circle: str
    state: State
    since: str | None
    draft: bool = False


class Found(NamedTuple):
    """The oldest of what is due, of `total`; `never` of these were never confirmed at all."""

    total: int
    due: list[Due]
    never: int


class _Row(NamedTuple):
    """What is due, before anybody has looked at what it says."""

    since: str | None
    handle: str
    circle: str
    confirmed: bool
    body: bytes | int
    draft: bool


def due(store: Store, now: datetime, before: date | None = None, limit: int | None = None) -> Found:
    """Own records of `KINDS` that were never confirmed, or longer ago than the term, the oldest first.

    With `before`: those confirmed, or if never then listed, before that day.
    """
    with store.reading() as db:
        own = {source.feed_id: source for source in index_search.sources(db) if source.own}
        stale = min(freshness.stale_before(db, own, now).values(), default=freshness.usually_stale_before(now))
        until = stale if before is None else freshness.day_number(before)
        edited = {edit.handle: edit for edit in dates.edited(db)}
        rows = [*_listed(db, own, edited, until), *_drafted(edited.values(), until, now)]
        if before is not None:
            rows = [row for row in rows if row.since is None or row.since < before.isoformat()]
        oldest = sorted(rows, key=lambda row: (row.since or "", row.handle))[:limit]
        ids = [row.body for row in oldest if isinstance(row.body, int)]
        bodies = {listed.record_id: listed.body for listed in index_search.listed(db, ids)}
        titles = _Titles(db, own, edited)
        found = [_due(row, row.body if isinstance(row.body, bytes) else bodies[row.body], titles) for row in oldest]
    never = sum(not row.confirmed for row in rows)
    return Found(len(rows), sorted(found, key=lambda one: (one.since or "", one.title, one.handle)), never)


class _Titles:
    """What own records are called, drafts as they stand; a contact by its organisation."""

    def __init__(self, db: Database, own: Mapping[int, Source], edited: Mapping[str, Edited]) -> None:
        self._db, self._own, self._edited = db, own, edited

    def title(self, record: Listing) -> str:
        if isinstance(record, listing.Contact):
            about = self._record(record.organization)
            return listing.terms(about or record).title
        return listing.terms(record).title

    def _record(self, handle: str) -> Listing | None:
        edit = self._edited.get(handle)
        if edit is not None:
            return listing.parse(edit.body) if edit.body else None
        listed = index_search.by_key(self._db, key_of(handle), self._own)
        return listing.parse(listed.body) if listed else None


def _listed(db: Database, own: Mapping[int, Source], edited: Collection[str], until: int) -> Iterator[_Row]:
    """What the newest editions list; `body` is the id of the record."""
    found = dates.due(db, list(own), [listing.KIND_NUMBERS[kind] for kind in KINDS], until)
    issued = {
        feed_id: _issued(db, feed_id, {one.edition for one in found if one.feed_id == feed_id}) for feed_id in own
    }
    for one in found:
        if one.handle not in edited:
            confirmed = freshness.day(one.confirmed).isoformat() if one.confirmed is not None else None
            since = confirmed or issued[one.feed_id].get(one.edition)
            yield _Row(since, one.handle, own[one.feed_id].circle, confirmed is not None, one.record_id, False)


def _drafted(edited: Iterable[Edited], until: int, now: datetime) -> Iterator[_Row]:
    for edit in edited:
        record = listing.parse(edit.body) if edit.body else None
        if record is not None and edit.body is not None and _kind(record) in KINDS:
            confirmed = freshness.day_of(record, now)
            if confirmed is None or confirmed < until:
                since = edit.at[:10] if confirmed is None else freshness.day(confirmed).isoformat()
                yield _Row(since, edit.handle, edit.circle, confirmed is not None, edit.body, True)


def _due(row: _Row, body: bytes, titles: _Titles) -> Due:
    record = listing.parse(body)
    return Due(
        handle=row.handle,
        kind=_kind(record) if record else "",
        title=titles.title(record) if record else "",
        circle=row.circle,
        state="stale" if row.confirmed else "never",
        since=row.since,
        draft=row.draft,
    )


def _kind(record: Listing) -> str:
    return str(record.__struct_config__.tag)


class _Line(msgspec.Struct):
    edition: int
    issued: str


_LINE = msgspec.json.Decoder(_Line)


def _issued(db: Database, feed_id: int, editions: Collection[int]) -> dict[int, str]:
    """The days on which these editions of a feed were signed."""
    if not editions:
        return {}
    lines = map(_LINE.decode, dates.edition_lines(db, feed_id))
    return {line.edition: line.issued[:10] for line in lines if line.edition in editions}
