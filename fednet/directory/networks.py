"""Which networks this node knows: who each is, what of it is verified, how old that is, and what went wrong.

Everybody may see that a network is shown here, its fingerprint and its public feed; addresses, errors, partners and
what others offer are the operator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import freshness
from fednet.directory.freshness import Counts, Silence
from fednet.directory.search import KIND_NAMES, Reader, head, is_forgotten, readable
from fednet.feed.edition import parse_edition
from fednet.feed.identity import fingerprint
from fednet.listing.network import USUAL_DAYS
from fednet.store import feeds, sources
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Source


class Circle(msgspec.Struct, frozen=True):
    """One feed of a network. `lag_seconds` is how long ago it was last verified; `kinds` counts what is shown.

    `visible` is false while a first sync is under way; `error` is the last failure, None after a success. `witnessed`
    is None where nobody is asked for, else whether enough witnesses have cosigned the newest edition. `ahead` says that
    it is dated in the future, `forgotten` that it expired so long ago that it is in no view. `opened` is when the
    network began the epoch, with new keys; nothing that the old ones signed after `believed` counts. `counts` are of
    organisations: complete, stale, never confirmed (`fednet.directory.freshness`).
    """

    circle: str
    visible: bool
    epoch: int
    edition: int
    records: int
    erased: int
    kinds: dict[str, int]
    issued: str | None
    expires: str | None
    expired: bool
    ahead: bool
    witnessed: bool | None
    opened: str | None
    believed: str | None
    verified_at: str | None
    lag_seconds: int | None
    tried_at: str | None
    error: str | None
    source: str | None
    forgotten: bool = False
    counts: Counts = Counts()


class Offer(msgspec.Struct, frozen=True):
    """A network that another one speaks of; never followed by itself."""

    network: str
    name: str
    urls: tuple[str, ...]


class Network(msgspec.Struct, frozen=True):
    """A network as this node knows it; `circles` are those the reader may see, `public` first.

    `frozen` is the kind of the evidence because of which it is not advanced: what is shown was agreed before that.
    `silent` says why nothing is to be expected of it, `confirm_within_days` how long its confirmations hold. `withheld`
    counts the records that this node's own network keeps from the public, for the operator; of others nobody tells it.
    `itself` is what the network says of itself, None where it says nothing.
    """

    network: str
    name: str
    own: bool
    partner: bool
    blocked: bool
    frozen: str | None
    fingerprint: str
    pinned_at: str
    circles: tuple[Circle, ...]
    sources: tuple[str, ...]
    mentions: tuple[Offer, ...]
    silent: Silence | None = None
    confirm_within_days: int = USUAL_DAYS
    withheld: int | None = None
    itself: listing.Network | None = None

    @property
    def public(self) -> Circle | None:
        """The public feed; None when nothing of it has been asked for yet."""
        return next((circle for circle in self.circles if circle.circle == "public"), None)


def networks(store: Store, reader: Reader, now: datetime, *, counted: bool = True) -> list[Network]:
    """All networks known here, this node's own first, then by name; for others than the operator only those shown.

    Without `counted` their organisations are not counted by age: half the time, where there are very many.
    """
    with store.reading() as db:
        oldest = now - store.forget_after
        sources = readable(db, reader, oldest)
        said = freshness.themselves(db, sources)
        view = _View(reader, now, oldest, sources, freshness.terms_in(said, sources), said, counted)
        found = [_network(db, network, view) for network in feeds.networks(db)]
    return found if _tells_all(reader) else [network for network in found if network.circles and not network.blocked]


def silent(db: Database, now: datetime) -> dict[str, Silence]:
    """The networks that are silent, by id."""
    public = [feed for feed in feeds.feeds(db) if feed.circle == "public"]
    found = ((feed.network.network, _silence(feed, now)) for feed in public)
    return {network: silence for network, silence in found if silence is not None}


class _View(NamedTuple):
    """Who asks, when, and what they may read; `terms` are the days for which a confirmation holds, by feed, `said` what
    networks say of themselves, by id."""

    reader: Reader
    now: datetime
    oldest: datetime
    sources: Mapping[int, Source]
    terms: Mapping[int, int]
    said: Mapping[str, listing.Network]
    counted: bool


def _network(db: Database, network: feeds.Network, view: _View) -> Network:
    reader = view.reader
    held = [
        (feed, forgotten)
        for feed in _shown(db, network, reader)
        if not (forgotten := _is_forgotten(feed, view.oldest)) or _tells_all(reader)
    ]
    circles = tuple([_circle(db, feed, view, forgotten) for feed, forgotten in held])
    public = next((feed for feed, _ in held if feed.circle == "public"), None)
    offers = [Offer(o.network, o.name, o.urls) for o in sources.mentions(db) if o.by == network.name]
    return Network(
        network=network.network,
        name=network.name,
        own=network.own,
        partner=network.partner and _tells_all(reader),
        blocked=network.blocked,
        frozen=network.frozen,
        fingerprint=fingerprint(network.network),
        pinned_at=network.pinned_at,
        circles=circles,
        sources=tuple(sources.urls(db, network)) if _tells_all(reader) else (),
        mentions=tuple(offers) if _tells_all(reader) else (),
        silent=_silence(public, view.now) if public else None,
        confirm_within_days=view.terms.get(public.id, USUAL_DAYS) if public else USUAL_DAYS,
        withheld=_withheld(held) if network.own and _tells_all(reader) else None,
        itself=view.said.get(network.network),
    )


def _silence(public: feeds.Feed, now: datetime) -> Silence | None:
    newest = head(public.followed.edition.line if public.followed.edition else None, now)
    return freshness.silence(
        own=public.network.own,
        visible=public.visible,
        expires=newest.expires,
        expired=newest.expired,
        verified_at=public.verified_at,
        now=now,
    )


def _withheld(held: list[tuple[feeds.Feed, bool]]) -> int:
    return sum(feed.records for feed, _ in held if feed.circle != "public")


def _counts(db: Database, feed: feeds.Feed, view: _View) -> Counts:
    """Of organisations in a feed; contacts count as far as the reader may read them."""
    contacts = [feed_id for feed_id, source in view.sources.items() if source.network == feed.network.network]
    days = view.terms.get(feed.id, USUAL_DAYS)
    return freshness.counts(db, feed.id, freshness.today(view.now) - days, contacts)


def _tells_all(reader: Reader) -> bool:
    return reader.everything


def _shown(db: Database, network: feeds.Network, reader: Reader) -> list[feeds.Feed]:
    """The feeds a reader may see, `public` first. One that is not verified yet is the operator's to know of."""
    may = [
        feed
        for feed in feeds.feeds(db, network)
        if reader.may_read(feed.circle, network.own) and (feed.visible or _tells_all(reader))
    ]
    return sorted(may, key=lambda feed: (feed.circle != "public", feed.circle))


def _is_forgotten(feed: feeds.Feed, oldest: datetime) -> bool:
    edition = feed.followed.edition
    return is_forgotten(feed.network.own, edition.line if edition else None, oldest)


def _opened(db: Database, feed: feeds.Feed) -> str | None:
    """When the first edition of a later epoch was issued, where this node has seen it."""
    if feed.followed.epoch == 1:
        return None
    return next((parse_edition(line).issued for line in feeds.edition_lines(db, feed, 0, 1) if line), None)


def _believed(feed: feeds.Feed) -> str | None:
    """The last position of earlier epochs that counts."""
    followed, identity = feed.followed, feed.network.identity
    if followed.epoch == 1:
        return None
    closes = identity.opening(followed.epoch).closes if feed.circle == "public" else followed.closes
    return f"{closes.epoch}.{closes.edition}" if closes else None


def _circle(db: Database, feed: feeds.Feed, view: _View, forgotten: bool) -> Circle:
    reader, now = view.reader, view.now
    kinds = index_search.counts(db, feed.id)
    newest = head(feed.followed.edition.line if feed.followed.edition else None, now)
    verified = datetime.fromisoformat(feed.verified_at) if feed.verified_at else None
    return Circle(
        circle=feed.circle,
        visible=feed.visible,
        epoch=feed.followed.epoch,
        edition=newest.edition,
        records=feed.records,
        erased=feed.erased,
        kinds={KIND_NAMES[kind]: count for kind, count in sorted(kinds.items())},
        issued=newest.issued,
        expires=newest.expires,
        expired=newest.expired,
        ahead=newest.ahead,
        witnessed=None if feed.network.policy is None else feed.witnessed == feed.followed.frontier.size,
        opened=_opened(db, feed),
        believed=_believed(feed),
        verified_at=feed.verified_at,
        lag_seconds=None if verified is None else max(0, (now - verified) // timedelta(seconds=1)),
        tried_at=feed.tried_at if _tells_all(reader) else None,
        error=feed.error if _tells_all(reader) else None,
        source=feed.source if _tells_all(reader) else None,
        forgotten=forgotten,
        counts=_counts(db, feed, view) if view.counted else Counts(),
    )
