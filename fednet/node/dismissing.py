"""Pairs of a need and an offer that a person of this network looked at, and that do not fit.

They stay dismissed whatever becomes of the two records, until either is erased, or somebody puts them back.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from fednet.errors import NotFoundError, UsageError
from fednet.feed.record import check_handle, key_of
from fednet.listing import Exchange, parse
from fednet.node.home import Home
from fednet.store import exchanges
from fednet.store import search as index_search


def dismiss(home: Home, need: str, offer: str, now: datetime) -> None:
    """Say that two entries (handles, in either order) do not fit: this node shows them as a match no longer.

    Again changes nothing. Raises NotFoundError for an entry that is not listed here, UsageError for two that are no
    need and offer (or source of funding).
    """
    with home.store.writing() as db:
        exchanges.dismiss(db, *_ordered(db, need, offer), now)


def put_back(home: Home, need: str, offer: str) -> None:
    """Take that back. Raises NotFoundError for a pair that was not dismissed."""
    with home.store.writing() as db:
        if not (exchanges.put_back(db, need, offer) or exchanges.put_back(db, offer, need)):
            raise NotFoundError("nobody dismissed these two", hint="fednet exchange match --dismissed")


def dismissed(home: Home) -> list[tuple[str, str]]:
    """All dismissed pairs, need and offer, the newest first."""
    with home.store.reading() as db:
        return exchanges.dismissed(db)


def _ordered(db: Database, one: str, other: str) -> tuple[str, str]:
    types = [_type(db, handle) for handle in (one, other)]
    if types.count("need") != 1:
        raise UsageError("one need, and one offer or source of funding, are dismissed", hint="fednet exchange match")
    return (one, other) if types[0] == "need" else (other, one)


def _type(db: Database, handle: str) -> str:
    sources = {source.feed_id: source for source in index_search.sources(db)}
    listed = index_search.by_key(db, key_of(check_handle(handle)), sources)
    record = None if listed is None else parse(listed.body)
    if not isinstance(record, Exchange):
        raise NotFoundError(
            f"no need, offer or source of funding {handle[:60]} is listed here", hint="fednet exchange list"
        )
    return record.type
