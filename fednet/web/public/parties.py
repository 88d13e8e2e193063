"""What a record points to, made ready for a page: a handle becomes a name and a link, if the reader may see it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from fednet.directory.search import Hit, Reader, readable, record
from fednet.errors import NotFoundError
from fednet.listing.check import is_handle
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Clock
from fednet.web.public import views
from fednet.web.show import Text

MAX_NAMED = 20
"""Handles in one field that a page looks up to show names instead."""

PAGES = {
    "organization": "/organizations/",
    "event": "/events/",
    "exchange": "/exchange/",
    "group": "/groups/",
    "resource": "/resources/",
    "person": "/people/",
    "twinning": "/twinnings/",
}
"""Kinds of records that have pages of their own, and where."""

_NETWORK = re.compile(r"[a-z2-7]{32}")


class Party(NamedTuple):
    """Somebody or something a record points to: a name, and a page if there is one."""

    name: Text
    url: str | None = None


def page_of(kind: str, handle: str) -> str | None:
    """The address of a record's page; None for kinds that have none."""
    return PAGES[kind] + handle if kind in PAGES else None


class Parties:
    """Looks up, for one reader at a time, what records of one node point to."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.home, self.clock = home, clock

    def entry(self, handle: str, reader: Reader) -> views.Entry:
        """The record of a handle; NotFoundError alike for none and for one that the reader may not see."""
        found = views.entry_of(self.hit(handle, reader))
        if found is None:
            raise NotFoundError("that record cannot be shown by this version")
        return found

    def is_ours(self, hit: Hit) -> bool:
        """Whether this node's own network lists it."""
        return hit.network == self.home.network.network

    def hit(self, handle: str, reader: Reader) -> Hit:
        return record(self.home.store, handle, reader, self.clock())

    def parties(self, named: Iterable[str], reader: Reader) -> list[Party]:
        return [party for one in list(named)[:MAX_NAMED] if (party := self.party(one, reader))]

    def party(self, named: str, reader: Reader, network: str = "") -> Party | None:
        """A handle becomes a name and a link, or nothing when it is not for the reader, or of another `network` than
        the one said; other text stays as it is."""
        if not is_handle(named):
            name = self.network_names(reader).get(named) if _NETWORK.fullmatch(named) else None
            return Party(Text(None, show.fit(name or named, show.PARTY_NAME)), name and f"/networks/{named}")
        try:
            hit, found = self.entry(named, reader)
        except NotFoundError:
            return None
        if network not in ("", hit.network):
            return None
        return Party(show.names(found, show.PARTY_NAME)[0], page_of(hit.kind, hit.handle))

    def network_names(self, reader: Reader) -> dict[str, str]:
        """Names by id of the networks that the reader is shown, this node's own first."""
        store = self.home.store
        with store.reading() as db:
            shown = readable(db, reader, self.clock() - store.forget_after)
        return {source.network: source.name for source in shown.values()}
