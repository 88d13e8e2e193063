"""Networks, their identities, and how far each of their feeds is verified."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlite_utils import Database

from fednet.errors import NotFoundError, UsageError
from fednet.feed import note, tlog
from fednet.feed.edition import NOTHING_CLOSED, Closes, parse_edition
from fednet.feed.follow import Followed, Step
from fednet.feed.identity import Identity, parse_identity
from fednet.feed.record import Commitments
from fednet.feed.text import utc_text
from fednet.feed.tlog import Frontier, Hashes


class Network(msgspec.Struct, frozen=True):
    """A pinned network: this node's own, or one that it follows."""

    id: int
    network: str
    name: str
    own: bool
    partner: bool
    blocked: bool
    identity: Identity
    pinned_at: str
    frozen: str | None = None
    policy: bytes | None = None


class Feed(msgspec.Struct, frozen=True):
    """One circle of one network: what is trusted of it, and how it went lately."""

    id: int
    network: Network
    followed: Followed
    visible: bool
    records: int
    erased: int
    floor: int
    verified_at: str | None
    source: str | None
    tried_at: str | None
    error: str | None
    witnessed: int | None = None
    receipted: str | None = None
    decided: bytes | None = None

    @property
    def circle(self) -> str:
        return self.followed.circle

    @property
    def commitments(self) -> Commitments:
        return Commitments(self.network.network, self.circle)


_NETWORK = (
    "SELECT id, network, name, own, partner, network IN (SELECT network FROM blocked), "
    "identity, pinned_at, frozen, policy FROM network"
)
_FEED = (
    "SELECT id, network_id, circle, visible, epoch, size, frontier, edition, checkpoint, closes, "
    "records, erased, floor, verified_at, source, tried_at, error, witnessed, receipted, decided FROM feed"
)


_identity = lru_cache(maxsize=64)(parse_identity)
"""A chain is verified once a process, not at each look: one of a thousand statements takes seconds."""


def _network(row: Sequence[Any]) -> Network:
    id_, network, name, own, partner, blocked, identity, *rest = row
    return Network(id_, network, name, bool(own), bool(partner), bool(blocked), _identity(identity), *rest)


def networks(db: Database) -> list[Network]:
    """All pinned networks, this node's own first, then by name."""
    return [_network(row) for row in db.execute(f"{_NETWORK} ORDER BY own DESC, name, id")]


def peers(db: Database) -> list[Network]:
    """The networks that this node follows, by name; blocked ones are not among them."""
    return [network for network in networks(db) if not network.own and not network.blocked]


def own(db: Database) -> Network:
    row = db.execute(f"{_NETWORK} WHERE own").fetchone()
    if row is None:
        raise NotFoundError("this node has no network of its own yet", hint="fednet init --name NAME")
    return _network(row)


def pinned(db: Database, network_id: str) -> Network | None:
    """The network of that id, if this node knows it."""
    row = db.execute(f"{_NETWORK} WHERE network = ?", (network_id,)).fetchone()
    return None if row is None else _network(row)


def named(db: Database, name: str) -> Network:
    """The pinned network that a person means: see `meant`."""
    known = {network.network: network for network in networks(db)}
    return known[meant({network.network: network.name for network in known.values()}, name)]


def meant(names: Mapping[str, str], wanted: str) -> str:
    """Which network id (of id -> name) is meant by an id, a name, the beginning of either, or a name's initials.

    Letter case and spaces do not matter. Raises UsageError when several fit, NotFoundError when none does. A name is
    whatever its bearer likes: what has the form of an id means that id alone, and a name never hides the beginning of
    another one's.
    """
    sought = _squeezed(wanted)
    if _ID.fullmatch(" ".join(wanted.lower().split())):
        sought = sought.replace("-", "")
        names = {network: name for network, name in names.items() if network == sought}
    for fits in (
        [
            network
            for network, name in names.items()
            if sought in (network, _squeezed(name)) or (len(sought) >= TOLD_APART and network.startswith(sought))
        ],
        [
            network
            for network, name in names.items()
            if network.startswith(sought) or _squeezed(name).startswith(sought)
        ],
        [network for network, name in names.items() if sought in _initials(name)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise UsageError(f"{wanted!r} may be {' or '.join(names[n] for n in fits)}", hint="give the network id")
    raise NotFoundError(f"no network called {wanted!r} is followed here", hint="fednet peers")


_ID = re.compile(r"[a-z2-7]{4}(?:[ -]?[a-z2-7]{4}){7}", re.ASCII)  # as one word, or as people read it to each other
TOLD_APART = 8
"""So many characters of an id are no name by accident: two of the groups that people read to each other."""


def _squeezed(name: str) -> str:
    return "".join(name.split()).casefold()


def _initials(name: str) -> set[str]:
    """CCR and CCfR for "Canadian Council for Refugees", in small letters."""
    words = [word for word in name.split() if word[0].isalpha()]
    return {"".join(w[0] for w in words).casefold(), "".join(w[0] for w in words if not w[0].islower()).casefold()}


def pin(db: Database, identity: Identity, now: datetime, *, own: bool = False) -> Network:
    """Keep a verified identity; again for one that is pinned already, it only updates the chain and the name."""
    db.execute(
        "INSERT INTO network (network, name, own, identity, pinned_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (network) DO UPDATE SET identity = excluded.identity, name = excluded.name",
        (identity.network, identity.current.name, own, identity.encoded, utc_text(now)),
    )
    return _network(db.execute(f"{_NETWORK} WHERE network = ?", (identity.network,)).fetchone())


def again(db: Database, network: Network) -> Network:
    """The network as it is pinned now."""
    row = db.execute(f"{_NETWORK} WHERE id = ?", (network.id,)).fetchone()
    if row is None:
        raise NotFoundError(f"{network.name} is no longer followed", hint="fednet peers")
    return _network(row)


def freeze(db: Database, network: Network, kind: str | None) -> None:
    """Stop advancing a network, for the kind of evidence there is; None: go on."""
    db.execute("UPDATE network SET frozen = ? WHERE id = ?", (kind, network.id))


def remove_feed(db: Database, feed: Feed) -> None:
    """Let go of one circle. The caller has taken its records out of the index."""
    db.execute("DELETE FROM feed WHERE id = ?", (feed.id,))


def remove(db: Database, network: Network) -> None:
    """Unpin a network; everything of it goes. The caller has taken its records out of the index."""
    db.execute("DELETE FROM network WHERE id = ?", (network.id,))


def set_partner(db: Database, network: Network, partner: bool) -> None:
    db.execute("UPDATE network SET partner = ? WHERE id = ?", (partner, network.id))


# --- feeds ------------------------------------------------------------------------------------------------------------


def _feed(network: Network, row: Sequence[Any]) -> Feed:
    (id_, _, circle, visible, epoch, size, hashes, edition, checkpoint, closes,
     records, erased, floor, *lately) = row  # fmt: skip
    followed = Followed(
        network=network.network,
        circle=circle,
        epoch=epoch,
        frontier=Frontier(size, tuple(hashes[i : i + tlog.HASH_SIZE] for i in range(0, len(hashes), tlog.HASH_SIZE))),
        edition=None if edition is None else parse_edition(edition),
        checkpoint=None if checkpoint is None else note.parse(checkpoint),
        closes=NOTHING_CLOSED if closes is None else msgspec.json.decode(closes, type=Closes),
    )
    return Feed(id_, network, followed, bool(visible), records, erased, floor, *lately)


def feeds(db: Database, network: Network | None = None) -> list[Feed]:
    """Every feed, or those of one network."""
    known = {n.id: n for n in ([network] if network else networks(db))}
    rows = db.execute(f"{_FEED} ORDER BY network_id, circle DESC").fetchall()
    return [_feed(known[row[1]], row) for row in rows if row[1] in known]


def feed(db: Database, network: Network, circle: str) -> Feed | None:
    row = db.execute(f"{_FEED} WHERE network_id = ? AND circle = ?", (network.id, circle)).fetchone()
    return None if row is None else _feed(network, row)


def public_feed(db: Database, network_id: str) -> Feed:
    """The verified public feed of a network, for whoever asks this node for it."""
    network = pinned(db, network_id)
    found = feed(db, network, "public") if network and not network.blocked else None
    if found is None or not found.visible:
        raise NotFoundError("no such feed here")
    return found


def open_feed(db: Database, network: Network, circle: str, *, visible: bool = False) -> Feed:
    """The feed, made when it is not there yet; it lists nothing."""
    db.execute(
        "INSERT OR IGNORE INTO feed (network_id, circle, epoch, visible) VALUES (?, ?, ?, ?)",
        (network.id, circle, network.identity.epoch, visible),
    )
    found = feed(db, network, circle)
    if found is None:
        raise NotFoundError("no such feed here")
    return found


def decide(db: Database, feed: Feed, side: note.Note) -> None:
    """Remember the checkpoint of the side that a person accepted of a split view."""
    db.execute("UPDATE feed SET decided = ? WHERE id = ?", (side.encoded, feed.id))


def accept(
    db: Database, feed: Feed, step: Step, followed: Followed, now: datetime, source: str | None, *, gap: bool = False
) -> None:
    """Switch a feed to a confirmed step: log leaves, position, checkpoint; in the transaction that applied it.

    `gap`: records may have come and gone between the editions that were skipped, unseen here. Who is in between cannot
    be told of them.
    """
    start = followed.frontier.size - len(step.leaves)
    db.conn.executemany(
        "INSERT OR REPLACE INTO leaf (feed_id, epoch, position, hash, line) VALUES (?, ?, ?, ?, ?)",
        (
            (feed.id, followed.epoch, position, found, step.lines.get(position))
            for position, found in enumerate(step.leaves, start)
        ),
    )
    if followed.epoch > feed.followed.epoch:
        _discard(db, feed, followed.closes)
        _restamp(db, feed, followed)
    floor = feed.floor if feed.visible and not gap else (followed.edition.edition if followed.edition else 0)
    closes = None if followed.closes == NOTHING_CLOSED else msgspec.json.encode(followed.closes)
    db.execute(
        "UPDATE feed SET visible = 1, epoch = ?, size = ?, frontier = ?, edition = ?, checkpoint = ?, closes = ?, "
        "floor = ?, verified_at = ?, source = ?, tried_at = ?, error = NULL WHERE id = ?",
        (
            followed.epoch,
            followed.frontier.size,
            b"".join(followed.frontier.hashes),
            followed.edition.line if followed.edition else None,
            followed.checkpoint.encoded if followed.checkpoint else None,
            closes,
            floor,
            utc_text(now),
            source,
            utc_text(now),
            feed.id,
        ),
    )


def _discard(db: Database, feed: Feed, closes: Closes) -> None:
    """Forget the leaves of closed logs that are not believed."""
    db.execute(
        "DELETE FROM leaf WHERE feed_id = ? AND epoch = ? AND position >= ?", (feed.id, closes.epoch, closes.size)
    )


def _restamp(db: Database, feed: Feed, followed: Followed) -> None:
    """What was accepted at editions that are void, and stands, counts as accepted now: their numbers come again."""
    newest = followed.edition.edition if followed.edition else followed.closes.edition
    for table in ("record", "dropped"):
        db.execute(f"UPDATE {table} SET edition = ? WHERE feed_id = ? AND edition > ?", (newest, feed.id, newest))


def void(db: Database, feed: Feed, closes: Closes) -> None:
    """Hide a feed that holds more than its network stands by: what it holds becomes the state of nothing signed."""
    _discard(db, feed, closes)
    db.execute(
        "UPDATE feed SET visible = 0, epoch = ?, size = 0, frontier = x'', edition = NULL, checkpoint = NULL, "
        "closes = NULL, witnessed = NULL, receipted = NULL, error = ? WHERE id = ?",
        (
            closes.epoch + 1,
            f"what was signed after edition {closes.edition} is void: the network has opened a new epoch",
            feed.id,
        ),
    )


def hide(db: Database, feed: Feed) -> None:
    """Show and serve nothing of a feed until it was read again; how far its log was verified is remembered."""
    db.execute("UPDATE feed SET visible = 0 WHERE id = ?", (feed.id,))


def failed(db: Database, feed: Feed, now: datetime, error: str) -> None:
    """Remember why the last attempt failed; what was verified stays."""
    db.execute("UPDATE feed SET tried_at = ?, error = ? WHERE id = ?", (utc_text(now), error, feed.id))


def leaf_hashes(db: Database, feed: Feed, start: int = 0, end: int | None = None) -> Hashes:
    """Leaf hashes [start, end) of the feed's current log."""
    end = feed.followed.frontier.size if end is None else end
    rows = db.conn.execute(
        "SELECT hash FROM leaf WHERE feed_id = ? AND epoch = ? AND position >= ? AND position < ? ORDER BY position",
        (feed.id, feed.followed.epoch, start, end),
    )
    packed = bytearray()
    for (found,) in rows:
        packed += found
    return Hashes(packed)


def forget_failure(db: Database, feed: Feed) -> None:
    """Forget that the last attempt to read a feed failed."""
    db.execute("UPDATE feed SET error = NULL WHERE id = ?", (feed.id,))


def add_lines(db: Database, feed: Feed, lines: Mapping[int, bytes]) -> None:
    """Keep edition lines of the current log, by leaf index; a line that is not the leaf held there is left out."""
    db.conn.executemany(
        "UPDATE leaf SET line = ? WHERE feed_id = ? AND epoch = ? AND position = ? AND hash = ?",
        [(line, feed.id, feed.followed.epoch, index, tlog.leaf_hash(line)) for index, line in lines.items()],
    )


def edition_lines(db: Database, feed: Feed, start: int, end: int) -> list[bytes | None]:
    """Edition lines [start, end) of the current log; None for one that this node never saw."""
    rows = db.execute(
        "SELECT line FROM leaf WHERE feed_id = ? AND epoch = ? AND position >= ? AND position < ? ORDER BY position",
        (feed.id, feed.followed.epoch, start, end),
    )
    return [line for (line,) in rows]


class _Line(msgspec.Struct):
    edition: int = 0
    issued: str = ""


_LINE = msgspec.json.Decoder(_Line)


def signed(db: Database, record_ids: Collection[int]) -> dict[int, datetime]:
    """When the edition was signed with which each record came, by record id.

    Of an edition whose line this node never saw, the moment of the next one that it did see.
    """
    found: dict[int, datetime] = {}
    known: dict[tuple[int, int], datetime | None] = {}
    ids = ",".join(str(int(record_id)) for record_id in record_ids)
    rows = db.conn.execute(
        "SELECT r.id, r.feed_id, r.edition, f.epoch, f.closes, f.edition "
        f"FROM record r JOIN feed f ON f.id = r.feed_id WHERE r.id IN ({ids})"
    ).fetchall()
    for record_id, feed_id, edition, epoch, closes, newest in rows:
        if (feed_id, edition) not in known:
            known[feed_id, edition] = _signed(db, feed_id, edition, epoch, closes) or _issued(newest)
        when = known[feed_id, edition]
        if when is not None:
            found[record_id] = when
    return found


def edition_signed(db: Database, feed_id: int, edition: int) -> datetime | None:
    """When an edition of a feed was signed, as `signed` says it."""
    epoch, closes, newest = db.execute("SELECT epoch, closes, edition FROM feed WHERE id = ?", (feed_id,)).fetchone()
    return _signed(db, feed_id, edition, epoch, closes) or _issued(newest)


def _signed(db: Database, feed_id: int, edition: int, epoch: int, closes: bytes | None) -> datetime | None:
    closed = _LINE.decode(closes).edition if closes else 0
    if edition > closed:
        sql = "SELECT line FROM leaf WHERE feed_id = ? AND epoch = ? AND position >= ? AND line IS NOT NULL LIMIT 1"
        row = db.conn.execute(sql, (feed_id, epoch, edition - closed - 1)).fetchone()
        return _issued(row[0]) if row else None
    sql = "SELECT line FROM leaf WHERE feed_id = ? AND epoch < ? AND line IS NOT NULL ORDER BY epoch, position"
    for (line,) in db.conn.execute(sql, (feed_id, epoch)):  # of an epoch that is over: seldom
        if _LINE.decode(line).edition >= edition:
            return _issued(line)
    return None


def _issued(line: bytes | None) -> datetime | None:
    issued = _LINE.decode(line).issued if line else ""
    return datetime.fromisoformat(issued) if issued else None
