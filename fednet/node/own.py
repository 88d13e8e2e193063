"""This network's records as they stand, drafts included, for whoever changes many of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.record import Put, key_of
from fednet.node import revisions
from fednet.node.edits import Own, check_names
from fednet.node.home import Home
from fednet.store import drafts, feeds, hidden, records
from fednet.store.drafts import Draft
from fednet.store.feeds import Feed


def title_of(body: bytes) -> str:
    """What a record is called."""
    listed = listing.parse(body)
    return listing.title(listed) if listed is not None else ""


class OwnRecords:
    """Drafts, before those being signed, before those of the newest edition. All of one snapshot."""

    def __init__(self, db: Database, home: Home) -> None:
        self.db, self.network = db, home.network.network
        self.feeds = feeds.feeds(db, home.network)
        self.signing = {key: own for feed in self.feeds for key, own in _prepared(db, feed)}

    def find(self, handle: str) -> Own | None:
        waiting = drafts.draft(self.db, handle)
        if waiting is None:
            return self.listed(handle)
        return None if waiting.body is None else Own(handle, waiting.circle, waiting.body, True)

    def listed(self, handle: str) -> Own | None:
        """The record as the newest edition has it, or the one that is being signed."""
        key = key_of(handle)
        if key in self.signing:
            return self.signing[key]
        for feed in self.feeds:
            found = records.record(self.db, feed.id, feed.commitments, key)
            if isinstance(found, Put):
                return Own(handle, feed.circle, found.body, False)
        return None

    def title(self, body: bytes) -> str:
        """What a record is called; a contact of nobody in person, as its organisation."""
        fields = msgspec.json.decode(body)
        about = fields.get("organization")
        if fields.get("kind") != "contact" or fields.get("person") or not isinstance(about, str):
            return title_of(body)
        try:
            own = self.find(about)
        except FednetError:  # no handle, but a name
            return about
        return title_of(own.body) if own else ""

    def put(self, own: Own, now: datetime) -> None:
        """Let a record be as it is given here; an event with a higher `sequence` than anybody was told before."""
        listed = self.listed(own.handle)
        if listed is not None:
            drafts.forget_withdrawn(self.db, own.handle)
        own = own._replace(body=revisions.body_above(self.db, self.network, own, listed.body if listed else None))
        if listed is not None and listed.body == own.body:
            drafts.discard(self.db, own.handle)
        else:
            drafts.save(self.db, [Draft(own.handle, own.circle, "put", own.body)], now)

    def withdraw(self, own: Own, now: datetime) -> None:
        listed = self.listed(own.handle)
        if listed is None:
            drafts.discard(self.db, own.handle)
        else:
            drafts.save(self.db, [Draft(own.handle, own.circle, "drop", None)], now)
            revisions.remember_withdrawn(self.db, self.network, own, listed.body)


def restore_signed(home: Home, handle: str, now: datetime) -> Own:
    """Take back what waits for a record that an edition lists: it stays as that edition has it.

    NotFoundError when nothing waits that could be taken back: a record that no edition lists yet is withdrawn instead,
    and an erasure stands. UsageError for one that is hidden, or would name one that is.
    """
    with home.store.writing() as db:
        own = OwnRecords(db, home)
        waiting, listed = drafts.draft(db, handle), own.listed(handle)
        if waiting is None or listed is None or waiting.action == "erase":
            raise NotFoundError("nothing waits here that could be taken back", hint="fednet preview")
        if hidden.taken_out(db, handle) is not None:
            raise UsageError("this entry is hidden", hint="it can be put back where it was hidden")
        check_names(db, listed.body, waiting.body or b"")
        own.put(listed, now)
        return listed


def _prepared(db: Database, feed: Feed) -> Iterator[tuple[bytes, Own | None]]:
    """Key and record of each change of an edition that is about to be signed; None for what it takes out."""
    for change in drafts.prepared_changes(db, feed):
        yield change.key, Own(change.handle, feed.circle, change.body, False) if isinstance(change, Put) else None
