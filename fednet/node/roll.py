"""All own records of a kind as they stand: signed, waiting to be signed, hidden; for lists that people go through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.listing import Listing
from fednet.node.home import Home
from fednet.store import drafts, feeds, hidden
from fednet.store import search as index_search

Waits = Literal["", "new", "changed", "withdrawn", "erased"]
GOING: frozenset[Waits] = frozenset({"withdrawn", "erased"})


class Standing(NamedTuple):
    """A record as it stands. `waits`: what the next edition does to it; `hidden`: it is in no circle for now."""

    handle: str
    circle: str
    record: Listing
    waits: Waits = ""
    hidden: bool = False


def roll(db: Database, home: Home, kind: str) -> list[Standing]:
    """The own records of a kind, in no particular order."""
    feed_circles = {feed.id: feed.circle for feed in feeds.feeds(db, home.network)}
    found = {
        one.handle: (feed_circles[one.feed_id], one.body, "")
        for one in index_search.of_kind(db, listing.KIND_NUMBERS[kind], list(feed_circles))
    }
    for circle in drafts.circles_with_drafts(db):
        for draft in drafts.drafts(db, circle):
            listed = draft.handle in found
            if draft.body is not None:
                found[draft.handle] = (circle, draft.body, "changed" if listed else "new")
            elif listed:
                found[draft.handle] = (circle, found[draft.handle][1], _GOES[draft.action])
    taken = {one.handle: one for one in hidden.hidden(db) if one.after is None}
    rows = [(handle, *one, False) for handle, one in found.items() if handle not in taken]
    rows += [(one.handle, one.circle, one.body, "", True) for one in taken.values()]
    return list(_standing(rows, kind))


_GOES = {"put": "changed", "drop": "withdrawn", "erase": "erased"}


def _standing(rows: list[tuple[str, str, bytes, str, bool]], kind: str) -> Iterator[Standing]:
    for handle, circle, body, waits, is_hidden in rows:
        record = listing.parse(body)
        if record is not None and record.__struct_config__.tag == kind:
            yield Standing(handle, circle, record, waits, is_hidden)  # type: ignore[arg-type]
