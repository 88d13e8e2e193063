"""What this network's own records are called, as they stand, drafts included: handles by name, names by handle."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.errors import NotFoundError
from fednet.listing.text import key
from fednet.node.edits import find
from fednet.node.home import Home
from fednet.store import drafts, feeds
from fednet.store import search as index_search

MOST = 5_000
"""Records of one kind that are looked through."""


class OwnName(NamedTuple):
    """A record with its title, and all that it is called."""

    handle: str
    kind: str
    title: str
    names: tuple[str, ...]


class OwnNames:
    """The names of own records in some circles (None: all); each kind is read once, when it is first asked for."""

    def __init__(self, home: Home, circles: Collection[str] | None = None) -> None:
        self.home, self.circles = home, circles
        self._of_kind: dict[str, list[OwnName]] = {}

    def name(self, handle: str) -> str | None:
        """What the record of that handle is called; None when it is none of these."""
        with self.home.store.reading() as db:
            try:
                own = find(db, self.home, handle)
            except NotFoundError:
                return None
        record = listing.parse(own.body) if self._shown(own.circle) else None
        return listing.title(record) if record is not None else None

    def handle(self, name: str, kinds: Collection[str]) -> str | None:
        """The handle of the one record of these kinds that bears a name; None for none, and for several."""
        sought = key(name)
        found = {one.handle for kind in kinds for one in self._kind(kind) if sought in map(key, one.names)}
        return found.pop() if len(found) == 1 and sought else None

    def offered(self, kinds: Collection[str]) -> list[tuple[str, str]]:
        """Handle and title of all of these kinds, by title."""
        found = [(one.handle, one.title) for kind in kinds for one in self._kind(kind)]
        return sorted(found, key=lambda one: key(one[1]))

    def _kind(self, kind: str) -> list[OwnName]:
        if kind not in self._of_kind:
            with self.home.store.reading() as db:
                self._of_kind[kind] = list(self._read(db, kind))
        return self._of_kind[kind]

    def _read(self, db: Database, kind: str) -> Iterator[OwnName]:
        bodies = {
            one.handle: one.body
            for one in index_search.of_kind(db, listing.KIND_NUMBERS[kind], [feed.id for feed in self._feeds(db)])
        }
        for circle in drafts.circles_with_drafts(db):
            for draft in drafts.drafts(db, circle):
                if draft.body is None or not self._shown(circle):
                    bodies.pop(draft.handle, None)
                else:
                    bodies[draft.handle] = draft.body
        for handle, body in list(bodies.items())[:MOST]:
            record = listing.parse(body)
            if record is not None and record.__struct_config__.tag == kind:
                texts = getattr(record, "names", None) or getattr(record, "titles", None) or {}
                title = listing.title(record)
                yield OwnName(handle, kind, title, tuple(dict.fromkeys([title, *texts.values()])))

    def _feeds(self, db: Database) -> list[feeds.Feed]:
        return [feed for feed in feeds.feeds(db, self.home.network) if self._shown(feed.circle)]

    def _shown(self, circle: str) -> bool:
        return self.circles is None or circle in self.circles
