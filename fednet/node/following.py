"""Whom this node follows: pinning a network after its fingerprint was compared, letting go, blocking, partners."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import (
    FednetError,
    IdentityError,
    MalformedError,
    NotFoundError,
    UnreachableError,
    UsageError,
)
from fednet.feed.checkpoint import check_network
from fednet.feed.identity import MAX_IDENTITY, Identity, check_pinned, parse_identity
from fednet.feed.identity import fingerprint as groups_of_four
from fednet.feed.text import json_value, shown, utc_time
from fednet.feed.wire import check_version
from fednet.node import circles, erasure, evidence
from fednet.node.accept import accept_identity
from fednet.node.address import base_url
from fednet.node.fetch import REQUEST_SECONDS, Fetcher, error_detail
from fednet.node.home import Home, now
from fednet.store import blocks, feeds, records, sources
from fednet.store.circles import leave
from fednet.store.feeds import Feed, Network

MAX_WELL_KNOWN = 256 * 1024
MAX_MENTIONS = 1_000
MAX_URLS = 8


class Offer(NamedTuple):
    """Who answered at an address, before it is pinned: a person compares the fingerprint."""

    network: str
    name: str
    fingerprint: str
    url: str


class Mentioned(msgspec.Struct, frozen=True):
    """A network that a peer follows, as its /.well-known/fednet says; a hint, trusted for nothing."""

    network: str
    name: str = ""
    urls: tuple[str, ...] = ()


class WellKnown(msgspec.Struct, frozen=True):
    """`/.well-known/fednet`."""

    protocols: list[int]
    network: str
    name: str = ""
    follows: tuple[Mentioned, ...] = ()


class Looked(NamedTuple):
    """What was read of a network at its address, the identity verified, before anything of it is pinned."""

    offer: Offer
    identity: Identity
    hints: WellKnown


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
    found = await look(home, url, allow_private=allow_private)
    _check_wanted(found, fingerprint, confirm)
    return take(home, found, partner=partner)


async def look(home: Home, url: str, *, allow_private: bool) -> Looked:
    """Who answers at an address. Raises UsageError when that is this node's own network; nothing is changed."""
    base = base_url(url)
    async with Fetcher(allow_private=allow_private) as fetcher:
        hints = await read_well_known(fetcher, base)
        identity = await read_identity(fetcher, base, check_network(hints.network))
    if identity.network == home.network.network:
        raise UsageError("that is this node's own network")
    offer = Offer(identity.network, identity.current.name, groups_of_four(identity.network), base)
    return Looked(offer, identity, hints)


def take(home: Home, found: Looked, *, partner: bool = False) -> Network:
    """Pin a network whose fingerprint was compared."""
    with home.store.writing() as db:
        network = pin(db, found.identity)
        sources.add_origin(db, network, found.offer.url)
        feeds.set_partner(db, network, partner or network.partner)
        keep_mentions(db, network, found.hints)
        return feeds.again(db, network)


def pin(db: Database, identity: Identity) -> Network:
    """Pin an identity whose fingerprint was compared; one that is pinned already is never made shorter."""
    blocks.check(db, identity.network, identity.current.name)
    held = feeds.pinned(db, identity.network)
    network = accept_identity(db, held, identity, now()) if held else feeds.pin(db, identity, now())
    feeds.open_feed(db, network, "public")
    evidence.freeze_undecided(db, network)
    return network


def _check_wanted(found: Looked, expected: str | None, confirm: Callable[[Offer], bool]) -> None:
    if expected is not None:
        check_fingerprint(found.identity.network, expected)
    elif not confirm(found.offer):
        raise UsageError(
            "nothing was followed", hint="compare the fingerprint by telephone, then give it: --fingerprint"
        )


def parse_fingerprint(text: str) -> str:
    """The network id that a person means by a fingerprint, in groups of four or not."""
    try:
        return check_network(text.replace(" ", "").replace("-", "").lower())
    except MalformedError:
        raise UsageError(f"{shown(text)} is no fingerprint: expected 8 groups of 4 letters and digits") from None


def check_fingerprint(network: str, expected: str) -> None:
    """Raise IdentityError for another network than the one that a person named by its fingerprint."""
    wanted = parse_fingerprint(expected)
    if network != wanted:
        raise IdentityError(
            f"expected the fingerprint {groups_of_four(wanted)}, found {groups_of_four(network)}",
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


async def read_identity(
    fetcher: Fetcher, base: str, network: str, held: Identity | None = None, *, seconds: float = REQUEST_SECONDS
) -> Identity:
    """The identity chain served at an address, verified, of the network that is expected.

    What begins like `held`, a chain that is verified already, costs less.
    """
    fetched = await fetcher.get(f"{base}/feeds/{network}/identity", limit=MAX_IDENTITY, seconds=seconds)
    if fetched.status != 200:
        raise UnreachableError(f"{base} has no identity of {network}: {error_detail(fetched)}")
    return check_pinned(await asyncio.to_thread(parse_identity, fetched.body, held), network)


def keep_mentions(db: Database, network: Network, hints: WellKnown) -> None:
    """Remember whom a peer follows, to offer it; nothing is followed by itself."""
    if hints.network != network.network:
        return
    offered = []
    for one in hints.follows[:MAX_MENTIONS]:
        try:
            urls = [base_url(url) for url in one.urls[:MAX_URLS]]
            offered.append((check_network(one.network), one.name[:200], urls))
        except FednetError:
            continue  # a hint that makes no sense is no hint
    sources.mention(db, network, offered)


def unfollow(home: Home, network: Network) -> None:
    """Let go of a network: its records, its place in search, and the pin."""
    if network.own:
        raise UsageError("a node cannot unfollow its own network")
    with home.store.writing() as db:
        for feed in feeds.feeds(db, network):
            records.forget(db, feed.id)
        feeds.remove(db, network)
    erasure.settle(home)


def block(home: Home, network: Network, blocked: bool = True) -> None:
    """Destroy all that is held of a network, and take nothing of it any more, whoever brings it.

    The pin and how far its log was verified stay, so that nobody takes its place and nothing is rolled back later. What
    it was trusted with ends for good: after the block is undone, it is neither partner nor member.
    """
    if network.own:
        raise UsageError("a node cannot block its own network")
    with home.store.writing() as db:
        if not blocked:
            blocks.unblock(db, network.network)
            return
        blocks.block(db, network.network, now())
        feeds.set_partner(db, network, False)
        leave(db, network)
        circles.forget_restricted(db, network)
        for feed in feeds.feeds(db, network):
            records.forget(db, feed.id)
            feeds.hide(db, feed)
        sources.mention(db, network, [])
    erasure.settle(home)


def forget_long_expired(home: Home, network: Network, now: datetime) -> None:
    """Destroy what is held of a network's feeds that expired, and that nobody has shown us, for twice as long as they
    are kept in view.

    As with a block, how far they were verified stays: what comes again may be newer, never older.
    """
    limit = now - 2 * home.store.forget_after
    with home.store.reading() as db:
        gone = any(_is_long_expired(feed, limit) for feed in feeds.feeds(db, network))
    if not gone:
        return
    with home.store.writing() as db:
        for feed in feeds.feeds(db, network):
            if _is_long_expired(feed, limit):
                records.forget(db, feed.id)
                feeds.hide(db, feed)
    erasure.settle(home)


def _is_long_expired(feed: Feed, limit: datetime) -> bool:
    edition, verified = feed.followed.edition, feed.verified_at
    over = not feed.network.own and edition is not None and edition.expires_at < limit
    return feed.visible and over and (verified is None or utc_time(verified) < limit)


def block_unknown(home: Home, network: str, blocked: bool = True) -> None:
    """Refuse a network that is not pinned here, by its network id, should anybody ever bring it; or no longer."""
    with home.store.writing() as db:
        if blocked:
            blocks.block(db, network, now())
        elif blocks.is_blocked(db, network):
            blocks.unblock(db, network)
        else:
            raise NotFoundError(f"{network} is not blocked", hint="fednet peers")


def partner(home: Home, network: Network, partner: bool = True) -> None:
    """Count a network as a partner: it may read our circle `partners`, and we ask for what it lets us read.

    When that ends, what it gave us in confidence is destroyed here.
    """
    if network.own:
        raise UsageError("a network is no partner of itself")
    with home.store.writing() as db:
        feeds.set_partner(db, network, partner)
        if not partner:
            circles.forget_restricted(db, network)
    if not partner:
        erasure.settle(home)
