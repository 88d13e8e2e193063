"""Whom this node follows: pinning a network after its fingerprint was compared, letting go, blocking, partners."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import FednetError, IdentityError, MalformedError, UnreachableError, UsageError
from fednet.feed.checkpoint import check_network
from fednet.feed.identity import Identity, check_pinned, newer, parse_identity
from fednet.feed.identity import fingerprint as groups_of_four
from fednet.feed.text import json_value, shown
from fednet.feed.wire import check_version
from fednet.node.address import base_url
from fednet.node.fetch import Fetcher, error_detail
from fednet.node.home import Home, now
from fednet.store import feeds, records
from fednet.store.feeds import Network

MAX_WELL_KNOWN = 256 * 1024
MAX_IDENTITY = 16 * 1024 * 1024
MAX_INTRODUCTIONS = 1_000
MAX_URLS = 8


class Offer(NamedTuple):
    """Who answered at an address, before it is pinned: a person compares the fingerprint."""

    network: str
    name: str
    fingerprint: str
    url: str


class Introduced(msgspec.Struct, frozen=True):
    """A network that a peer follows, as its /.well-known/fednet says; a hint, trusted for nothing."""

    network: str
    name: str = ""
    urls: tuple[str, ...] = ()


class WellKnown(msgspec.Struct, frozen=True):
    """`/.well-known/fednet`."""

    protocols: list[int]
    network: str
    name: str = ""
    follows: tuple[Introduced, ...] = ()


_well_known = msgspec.json.Decoder(WellKnown)


async def follow(
    home: Home,
    url: str,
    *,
    fingerprint: str | None,
    confirm: Callable[[Offer], bool],
    partner: bool = False,
    allow_private: bool,
) -> Network:
    """Pin the network that answers at `url`, if its fingerprint is the expected one or `confirm` says so.

    Raises IdentityError when it is another network than expected. Its records come with the next sync.
    """
    base = base_url(url)
    async with Fetcher(allow_private=allow_private) as fetcher:
        hints = await read_well_known(fetcher, base)
        identity = await read_identity(fetcher, base, check_network(hints.network))
    _check_wanted(home, identity, base, fingerprint, confirm)
    with home.store.writing() as db:
        network = _pinned(db, identity)
        feeds.add_source(db, network, base)
        feeds.mark(db, network, partner=partner or network.partner)
        feeds.open_feed(db, network, "public")
        keep_introductions(db, network, hints)
    return network


def _pinned(db: Database, identity: Identity) -> Network:
    """Pin an identity; one that is pinned already is never made shorter."""
    held = next((n.identity for n in feeds.networks(db) if n.network == identity.network), identity)
    return feeds.pin(db, newer(held, identity), now())


def _check_wanted(
    home: Home, identity: Identity, url: str, expected: str | None, confirm: Callable[[Offer], bool]
) -> None:
    if identity.network == home.network.network:
        raise UsageError("that is this node's own network")
    if expected is not None:
        _check_fingerprint(identity, expected)
        return
    offer = Offer(identity.network, identity.current.name, groups_of_four(identity.network), url)
    if not confirm(offer):
        raise UsageError(
            "nothing was followed", hint="compare the fingerprint by telephone, then give it: --fingerprint"
        )


def _check_fingerprint(identity: Identity, expected: str) -> None:
    try:
        wanted = check_network(expected.replace(" ", "").replace("-", "").lower())
    except MalformedError:
        raise UsageError(f"{shown(expected)} is no fingerprint: expected 8 groups of 4 letters and digits") from None
    if identity.network != wanted:
        raise IdentityError(
            f"expected the fingerprint {groups_of_four(wanted)}, found {groups_of_four(identity.network)}",
            hint="do not follow it; ask the network, by telephone, which fingerprint is theirs",
        )


async def read_well_known(fetcher: Fetcher, base: str) -> WellKnown:
    """The hints of the node at an address; refuses a node that speaks no version of ours."""
    fetched = await fetcher.get(f"{base}/.well-known/fednet", limit=MAX_WELL_KNOWN)
    if fetched.status != 200:
        raise UnreachableError(f"{base} answers {error_detail(fetched)}: no fednet node there?")
    try:
        hints = json_value(_well_known, fetched.body, f"{base}/.well-known/fednet")
    except MalformedError:
        raise UnreachableError(f"{base} is no fednet node, or one of another version") from None
    check_version(hints.protocols)
    return hints


async def read_identity(fetcher: Fetcher, base: str, network: str) -> Identity:
    """The identity chain served at an address, verified, of the network that is expected."""
    fetched = await fetcher.get(f"{base}/feeds/{network}/identity", limit=MAX_IDENTITY)
    if fetched.status != 200:
        raise UnreachableError(f"{base} has no identity of {network}: {error_detail(fetched)}")
    return check_pinned(parse_identity(fetched.body), network)


def keep_introductions(db: Database, network: Network, hints: WellKnown) -> None:
    """Remember whom a peer follows, to offer it; nothing is followed by itself."""
    if hints.network != network.network:
        return
    offered = []
    for one in hints.follows[:MAX_INTRODUCTIONS]:
        try:
            urls = [base_url(url) for url in one.urls[:MAX_URLS]]
            offered.append((check_network(one.network), one.name[:200], urls))
        except FednetError:
            continue  # a hint that makes no sense is no hint
    feeds.introduce(db, network, offered)


def unfollow(home: Home, network: Network) -> None:
    """Let go of a network: its records, its place in search, and the pin."""
    if network.own:
        raise UsageError("a node cannot unfollow its own network")
    with home.store.writing() as db:
        for feed in feeds.feeds(db, network):
            records.forget(db, feed.id)
        feeds.remove(db, network)


def block(home: Home, network: Network, blocked: bool = True) -> None:
    """Hide a network and stop reading it; the pin stays, so that nobody else can take its place."""
    if network.own:
        raise UsageError("a node cannot block its own network")
    with home.store.writing() as db:
        feeds.mark(db, network, blocked=blocked)


def partner(home: Home, network: Network, partner: bool = True) -> None:
    """Count a network as a partner of ours."""
    if network.own:
        raise UsageError("a network is no partner of itself")
    with home.store.writing() as db:
        feeds.mark(db, network, partner=partner)
