"""Resources and groups: what can be read or joined, newest first; who does what in which group, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory.query import PARAMETERS as SEARCHED
from fednet.directory.query import Parameter, Query, many, read_parameters
from fednet.directory.search import Hit, Reader, among, fitting, hits, joined, readable
from fednet.feed.record import key_of
from fednet.listing import Group, Organization, Resource, vocabulary
from fednet.listing.check import term
from fednet.listing.group import Role
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Listed, Source

MAX_LOOKED_AT = 6_000
"""Records of a kind that are put in order. Of more, each network has its share: a flood drowns only itself."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for of resources: any of each, as in a search; `themes` are services or client groups."""

    types: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    text: str = ""


class Shelf(NamedTuple):
    """Some of `total` records that fit, in their order."""

    total: int
    hits: list[Hit]


def parse_wanted(**asked: object) -> Wanted:
    """What people give, codes or names of terms; raises UsageError with what was probably meant."""
    return Wanted(**read_parameters(asked, PARAMETERS))


PARAMETERS: dict[str, Parameter] = {
    "type": ("types", many(term(vocabulary.RESOURCE_TYPES))),
    "theme": ("themes", many(term(vocabulary.THEMES))),
    "language": ("languages", SEARCHED["language"][1]),
    "network": ("networks", SEARCHED["network"][1]),
    "text": SEARCHED["text"],
}


def resources(store: Store, wanted: Wanted, reader: Reader, now: datetime, start: int, most: int) -> Shelf:
    """Resources that this reader may see and that fit, newest first, then by title; `most` from number `start` on.

    Raises NotFoundError for a network that is not shown.
    """
    query = Query(kinds=("resource",), languages=wanted.languages, networks=wanted.networks, text=wanted.text)
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        read = looked_at(store, db, query, sources, now)
        found = [(row, record) for row, record in read if isinstance(record, Resource) and _fits(record, wanted)]
        found.sort(key=lambda pair: (listing.title(pair[1]).casefold(), pair[0].handle))
        found.sort(key=lambda pair: pair[1].date or "", reverse=True)
        page = [row for row, _ in found[start : start + most]]
        return Shelf(len(found), hits(db, page, sources, now, joined(store, db, sources, now)))


def looked_at(
    store: Store, db: Database, query: Query, sources: Mapping[int, Source], now: datetime
) -> list[tuple[Listed, listing.Listing | None]]:  # fmt: skip
    """The records that a query finds, each statement by itself, in no order; no more than `MAX_LOOKED_AT`."""
    ids = fitting(store, db, query, sources, now)
    if len(ids) > MAX_LOOKED_AT:
        feeds = among(sources, query.networks)
        networks = list(dict.fromkeys(sources[feed_id].network for feed_id in feeds))
        alone = (msgspec.structs.replace(query, networks=(network,)) for network in networks)
        share = MAX_LOOKED_AT // len(networks)
        ids = [one for each in alone for one in fitting(store, db, each, sources, now)[-share:]]
    return [(row, listing.parse(row.body)) for row in index_search.listed(db, ids)]


def _fits(record: Resource, wanted: Wanted) -> bool:
    return (not wanted.types or record.type in wanted.types) and (
        not wanted.themes or bool(set(wanted.themes) & set(record.themes))
    )


# --- groups -----------------------------------------------------------------------------------------------------------


class Roles(NamedTuple):
    """The roles of a group on one day: held, held before, and to be held."""

    now: tuple[Role, ...]
    before: tuple[Role, ...]
    later: tuple[Role, ...]


def roles_on(roles: Iterable[Role], day: date) -> Roles:
    """Roles by whether they are held on a day. A year or month counts from its first day to its last, a role without
    an end goes on."""
    sides: tuple[list[Role], list[Role], list[Role]] = ([], [], [])
    for role in roles:
        over = role.until is not None and _cut(day, role.until) > role.until
        early = role.since is not None and _cut(day, role.since) < role.since
        sides[1 if over else 2 if early else 0].append(role)
    return Roles(*map(tuple, sides))


def _cut(day: date, like: str) -> str:
    """A day as exact as a partial date ("2026", "2026-11")."""
    return day.isoformat()[: len(like)]


def groups(
    store: Store, reader: Reader, now: datetime, networks: Sequence[str] = (), start: int = 0, most: int = MAX_LOOKED_AT
) -> Shelf:  # fmt: skip
    """The groups that this reader may see, by network, then by type and title; `most` of them from number `start` on.

    `networks` (ids or names) narrow; raises NotFoundError for one that is not shown.
    """
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        order = {network: at for at, network in enumerate(dict.fromkeys(one.network for one in sources.values()))}
        read = looked_at(store, db, Query(kinds=("group",), networks=tuple(networks)), sources, now)
        found = [(row, record) for row, record in read if isinstance(record, Group)]
        found.sort(key=lambda pair: (pair[1].type or "~", listing.title(pair[1]).casefold(), pair[0].handle))
        found.sort(key=lambda pair: order[sources[pair[0].feed_id].network])
        page = [row for row, _ in found[start : start + most]]
        return Shelf(len(found), hits(db, page, sources, now, joined(store, db, sources, now)))


class Parts(NamedTuple):
    """The groups in which somebody has a role, with these roles."""

    hit: Hit
    roles: tuple[Role, ...]


def members_of(store: Store, hit: Hit, reader: Reader, now: datetime, most: int) -> list[Hit]:
    """The organisations that say that they take part in a group, of the network that lists it, by title."""
    rows = _naming(store, hit, reader, now)
    found = [one for one, record in rows if isinstance(record, Organization) and hit.handle in record.groups]
    return sorted(found, key=lambda one: (one.title.casefold(), one.handle))[:most]


def roles_of(store: Store, hit: Hit, reader: Reader, now: datetime, most: int) -> list[Parts]:
    """The groups of its own network in which a person or organisation holds a role, by title."""
    rows = _naming(store, hit, reader, now)
    found = [
        Parts(one, tuple([role for role in record.roles if role.holder == hit.handle]))
        for one, record in rows
        if isinstance(record, Group)
    ]
    return sorted((one for one in found if one.roles), key=lambda one: one.hit.title.casefold())[:most]


def _naming(store: Store, hit: Hit, reader: Reader, now: datetime) -> list[tuple[Hit, listing.Listing]]:
    """The records of a network that name one of its records."""
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        feeds = [feed_id for feed_id, source in sources.items() if source.network == hit.network]
        rows = index_search.naming(db, key_of(hit.handle), feeds)
        found = hits(db, rows, sources, now, joined(store, db, sources, now))
        read = [(one, listing.parse(row.body)) for one, row in zip(found, rows, strict=True)]
    return [(one, record) for one, record in read if record is not None]
