"""What is due for confirmation: own records that nobody has confirmed, or longer ago than this network's own term."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import freshness
from fednet.directory.freshness import State
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


def due(store: Store, now: datetime, before: date | None = None) -> list[Due]:
    """Own records of `KINDS` that were never confirmed, or longer ago than the term, the oldest first.

    With `before`: those confirmed, or if never then listed, before that day.
    """
    with store.reading() as db:
        own = {source.feed_id: source for source in index_search.sources(db) if source.own}
        limits = freshness.stale_before(db, own, now)
        limit = min(limits.values(), default=freshness.usually_stale_before(now))
        until = limit if before is None else freshness.day_number(before)
        edited = {edit.handle: edit for edit in dates.edited(db)}
        found = [*_listed(db, own, edited, until), *_drafted(edited.values(), until)]
    if before is not None:
        found = [one for one in found if one.since is None or one.since < before.isoformat()]
    return sorted(found, key=lambda one: (one.since or "", one.title, one.handle))


def _listed(db: Database, own: Mapping[int, Source], edited: Collection[str], until: int) -> Iterator[Due]:
    rows = dates.due(db, list(own), [listing.KIND_NUMBERS[kind] for kind in KINDS], until)
    rows = [row for row in rows if row.handle not in edited]
    bodies = {listed.record_id: listed.body for listed in index_search.listed(db, [row.record_id for row in rows])}
    never = {
        feed_id: {row.edition for row in rows if row.feed_id == feed_id and row.confirmed is None} for feed_id in own
    }
    issued = {feed_id: _issued(db, feed_id, editions) for feed_id, editions in never.items()}
    for row in rows:
        record = listing.parse(bodies[row.record_id])
        if record is not None:
            since = issued[row.feed_id].get(row.edition)
            yield _due(row.handle, own[row.feed_id].circle, record, since)


def _drafted(edited: Collection[Edited], until: int) -> Iterator[Due]:
    for edit in edited:
        record = listing.parse(edit.body) if edit.body else None
        if record is not None and _kind(record) in KINDS:
            confirmed = freshness.day_of(record)
            if confirmed is None or confirmed < until:
                yield msgspec.structs.replace(_due(edit.handle, edit.circle, record, edit.at[:10]), draft=True)


def _due(handle: str, circle: str, record: Listing, listed: str | None) -> Due:
    confirmed = record.confirmed.at[:10] if record.confirmed and freshness.day_of(record) is not None else None
    return Due(
        handle=handle,
        kind=_kind(record),
        title=listing.terms(record).title,
        circle=circle,
        state="stale" if confirmed else "never",
        since=confirmed or listed,
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
