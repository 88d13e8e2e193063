"""Entries that introductions are about, and what may be told of them: what the other side reads anyway, as signed."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.introduction import (
    MAX_TITLE,
    MAX_TITLES,
    Held,
    Spoken,
)
from fednet.feed.record import key_of
from fednet.listing import Exchange
from fednet.listing.check import is_handle
from fednet.node import edits
from fednet.node.home import Home
from fednet.node.ownership import OF_MEMBERS
from fednet.store import circles, drafts, feeds
from fednet.store import search as index_search
from fednet.store.circles import PUBLIC
from fednet.store.introductions import Body


class SeveralListError(FednetError):
    """Several networks list an entry under one handle: an ask could go to another than somebody looked at."""

    word = "several-list"
    status = 409

    def __init__(self, handle: str, networks: Collection[tuple[str, str]]) -> None:
        names = ", ".join(sorted(name for _network, name in networks))
        super().__init__(
            f"several networks list an entry under this handle, so that nobody can tell whom you mean: {names}",
            hint=f"name one: fednet exchange introduce {min(networks)[0][:8]}:{handle}",
        )


class Entry(NamedTuple):
    """A need or an offer, by whom it is listed, and in which circle. `spoken`: what may be told of it.

    `organization`: the handle of the one that is named in that; the name goes when its record is erased.
    """

    network: str
    network_name: str
    own: bool
    handle: str
    circle: str
    record: Exchange
    spoken: Spoken
    organization: str = ""


def asked_about(db: Database, home: Home, given: str, readable: Collection[str] | None) -> Entry:
    """The entry that a person means, among those that they may read."""
    name, _, handle = given.strip().rpartition(":")
    wanted = _named(db, name, readable) if name else None
    found = []
    for source in index_search.sources(db):
        row = index_search.by_key(db, key_of(handle.lower()), [source.feed_id])
        if row is None or wanted not in (None, source.network):
            continue
        if readable is None or source.circle == PUBLIC or (source.own and source.circle in readable):
            found.append((source, row))
    with suppress(NotFoundError):
        if not found and wanted in (None, home.network.network) and readable is None:
            return own_entry(db, home, handle.lower())  # not signed yet
    several = {(source.network, source.name) for source, _row in found}
    if len(several) > 1:
        raise SeveralListError(found[0][1].handle, several)
    for source, row in found:
        record = listing.parse(row.body)
        if isinstance(record, Exchange):
            if source.own:  # as it stands, signed or not: it may be closed already
                return own_entry(db, home, row.handle)
            spoken = _spoken(row.handle, record, _organization_name(db, record, [source.feed_id]))
            organization = organization_handle(record)
            return Entry(
                source.network, source.name, source.own, row.handle, source.circle, record, spoken, organization
            )
    raise NotFoundError("no such need or offer is listed here", hint="fednet exchange list")


def _named(db: Database, name: str, readable: Collection[str] | None) -> str:
    """The network that somebody names; whoever does not read all does not hear which others are known here."""
    try:
        return feeds.named(db, name).network
    except FednetError:
        if readable is None:
            raise
        raise NotFoundError("no such need or offer is listed here", hint="fednet exchange list") from None


def readers_of(db: Database, home: Home, network: str) -> frozenset[str]:
    """The own circles that the other side reads: another network, or members of this one."""
    if network == home.network.network:
        return OF_MEMBERS
    known = feeds.pinned(db, network)
    return frozenset({PUBLIC}) | (circles.own_circles_of(db, known) if known else frozenset())


def own_entry(db: Database, home: Home, handle: str, readers: Collection[str] = OF_MEMBERS) -> Entry:
    """An own entry as it stands; what is told of it is as it was signed, and nothing but what `readers` may read."""
    own = edits.find(db, home, handle)
    record = listing.parse(own.body)
    if not isinstance(record, Exchange):
        raise UsageError(f"{handle} is no need, offer or source of funding", hint="fednet exchange list")
    told = signed_entry(db, home, handle, readers) or record
    spoken = _spoken(handle, told, own_organization(db, home, told, readers))
    organization = organization_handle(told)
    return Entry(home.network.network, home.network.name, True, handle, own.circle, record, spoken, organization)


def signed_entry(db: Database, home: Home, handle: str, readers: Collection[str]) -> Exchange | None:
    """An own entry as the newest edition of a circle that `readers` read has it."""
    for feed in feeds.feeds(db, home.network):
        body = drafts.listed(db, feed.id, handle) if feed.circle in readers else None
        if body is not None and isinstance(record := listing.parse(body), Exchange):
            return record
    return None


def own_organization(db: Database, home: Home, record: Exchange, readers: Collection[str] | None) -> str:
    """The name of whose entry it is, as far as readers of these circles (None: of any) may read that."""
    if not is_handle(record.organization):
        return record.organization
    with suppress(FednetError):
        own = edits.find(db, home, record.organization)
        found = listing.parse(own.body) if readers is None or own.circle in readers else None
        return listing.title(found) if found else ""
    return ""


def _organization_name(db: Database, record: Exchange, feed_ids: list[int]) -> str:
    """The name of whose entry it is, as the same feed lists it."""
    if not is_handle(record.organization):
        return record.organization
    row = index_search.by_key(db, key_of(record.organization), feed_ids)
    found = listing.parse(row.body) if row else None
    return listing.title(found) if found else ""


def _spoken(handle: str, record: Exchange, organization: str) -> Spoken:
    titles = list(record.titles.items())[:MAX_TITLES]
    return Spoken(
        handle,
        record.type[:40],
        {language: title[:MAX_TITLE] for language, title in titles},
        organization[:MAX_TITLE],
    )


def organization_handle(record: Exchange) -> str:
    """The handle of whose entry it is, where that is a record."""
    return record.organization if is_handle(record.organization) else ""


def body_of(held: Held, about: Entry, asking: Entry | None) -> Body:
    return Body(held, about.spoken, asking_of=asking.organization if asking else "", about_of=about.organization)
