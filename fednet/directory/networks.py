"""Which networks this node knows: who each is, what of it is verified, how old that is, and what went wrong.

Everybody may see that a network is shown here, its fingerprint and its public feed; addresses, errors, partners and
what others offer are the operator's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlite_utils import Database

from fednet.directory.search import KIND_NAMES, Reader, head, is_forgotten
from fednet.feed.edition import parse_edition
from fednet.feed.identity import fingerprint
from fednet.store import feeds, sources
from fednet.store import search as index_search
from fednet.store.database import Store


class Circle(msgspec.Struct, frozen=True):
    """One feed of a network. `lag_seconds` is how long ago it was last verified; `kinds` counts what is shown.

    `visible` is false while a first sync is under way; `error` is the last failure, None after a success. `witnessed`
    is None where nobody is asked for, else whether enough witnesses have cosigned the newest edition. `ahead` says that
    it is dated in the future, `forgotten` that it expired so long ago that it is in no view. `opened` is when the
    network began the epoch, with new keys; nothing that the old ones signed after `believed` counts.
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


class Offer(msgspec.Struct, frozen=True):
    """A network that another one speaks of; never followed by itself."""

    network: str
    name: str
    urls: tuple[str, ...]


class Network(msgspec.Struct, frozen=True):
    """A network as this node knows it; `circles` are those the reader may see, `public` first.

    `frozen` is the kind of the evidence because of which it is not advanced: what is shown was agreed before that.
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
    introduces: tuple[Offer, ...]

    @property
    def public(self) -> Circle | None:
        """The public feed; None when nothing of it has been asked for yet."""
        return next((circle for circle in self.circles if circle.circle == "public"), None)


def networks(store: Store, reader: Reader, now: datetime) -> list[Network]:
    """All networks known here, this node's own first, then by name; for others than the operator only those shown."""
    with store.reading() as db:
        found = [_network(db, network, reader, now, now - store.forget_after) for network in feeds.networks(db)]
    return found if _tells_all(reader) else [network for network in found if network.circles and not network.blocked]


def _network(db: Database, network: feeds.Network, reader: Reader, now: datetime, oldest: datetime) -> Network:
    circles = tuple(
        _circle(feed, _opened(db, feed), index_search.counts(db, feed.id), reader, now, forgotten)
        for feed in _shown(db, network, reader)
        if not (forgotten := _is_forgotten(feed, oldest)) or _tells_all(reader)
    )
    offers = [Offer(o.network, o.name, o.urls) for o in sources.introductions(db) if o.by == network.name]
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
        introduces=tuple(offers) if _tells_all(reader) else (),
    )


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


def _circle(
    feed: feeds.Feed, opened: str | None, counts: dict[int, int], reader: Reader, now: datetime, forgotten: bool
) -> Circle:
    newest = head(feed.followed.edition.line if feed.followed.edition else None, now)
    verified = datetime.fromisoformat(feed.verified_at) if feed.verified_at else None
    return Circle(
        circle=feed.circle,
        visible=feed.visible,
        epoch=feed.followed.epoch,
        edition=newest.edition,
        records=feed.records,
        erased=feed.erased,
        kinds={KIND_NAMES[kind]: count for kind, count in sorted(counts.items())},
        issued=newest.issued,
        expires=newest.expires,
        expired=newest.expired,
        ahead=newest.ahead,
        witnessed=None if feed.network.policy is None else feed.witnessed == feed.followed.frontier.size,
        opened=opened,
        believed=_believed(feed),
        verified_at=feed.verified_at,
        lag_seconds=None if verified is None else max(0, (now - verified) // timedelta(seconds=1)),
        tried_at=feed.tried_at if _tells_all(reader) else None,
        error=feed.error if _tells_all(reader) else None,
        source=feed.source if _tells_all(reader) else None,
        forgotten=forgotten,
    )
