"""Organisations of all networks by what they are called, for whoever writes one down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from fednet import listing
from fednet.directory.query import Query
from fednet.directory.search import Reader, readable, search
from fednet.feed.record import key_of
from fednet.listing.text import key
from fednet.store import index
from fednet.store import search as index_search
from fednet.store.database import Store

MOST = 8
"""That are offered to choose from."""


class Called(NamedTuple):
    """An organisation as one network lists it."""

    network: str
    network_name: str
    handle: str
    name: str


class Organizations:
    """Those that a reader may see, at a moment."""

    def __init__(self, store: Store, reader: Reader, now: datetime) -> None:
        self._store, self._reader, self._now = store, reader, now

    def called(self, name: str) -> list[Called]:
        """Those that bear exactly this name or acronym, in any language; this node's own first."""
        sought = key(name)
        if not sought:
            return []
        with self._store.reading() as db:
            sources = readable(db, self._reader, self._now - self._store.forget_after)
            ids = [int(one) for one in index_search.whole_name_ids(db, sought, list(sources))]
            shown = [record_id for record_id in ids if record_id not in index.concealed(db)]
            found = [one for one in index_search.listed(db, shown) if one.feed_id in sources]
            order = {feed_id: at for at, feed_id in enumerate(sources)}
            found.sort(key=lambda one: order[one.feed_id])
            return list(_named(((sources[one.feed_id], one) for one in found), sought))

    def found(self, words: str) -> list[Called]:
        """Those that a search for these words finds, each network's by itself, best first."""
        query = Query(text=words[:200], kinds=("organization",), apart=True, limit=MOST)
        hits = search(self._store, query, self._reader, self._now, facets=()).hits
        return [Called(one.network, one.network_name, one.handle, one.title) for one in hits]

    def one(self, network: str, handle: str) -> Called | None:
        """The one that a network lists under a handle."""
        with self._store.reading() as db:
            sources = readable(db, self._reader, self._now - self._store.forget_after)
            theirs = {feed_id: source for feed_id, source in sources.items() if source.network == network}
            listed = index_search.by_key(db, key_of(handle), theirs)
            return next(_named([(theirs[listed.feed_id], listed)]), None) if listed else None


def _named(found: Iterable[tuple[index_search.Source, index_search.Listed]], sought: str = "") -> Iterator[Called]:
    """Organisations by the name that was sought, if it is one of theirs in some language; else by their titles."""
    for source, one in found:
        record = listing.parse(one.body)
        if isinstance(record, listing.Organization):
            meant = (name for name in record.names.values() if key(name) == sought)
            yield Called(source.network, source.name, one.handle, next(meant, listing.title(record)))
