"""Evidence of misbehaviour: kept for ever; the network that it speaks of is frozen until a person has decided.

A frozen network is not advanced; what was agreed last stays readable, with a warning. Only two things that the
network's own keys signed make evidence: nobody else can freeze it. What is about a restricted circle stops that circle
alone: everybody sees that a network is frozen, and must not learn from it that there is such a circle.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from sqlite_utils import Database

from fednet.errors import NotFoundError, ProofError, RefusedError, UsageError
from fednet.feed import evidence as proofs
from fednet.feed import tlog
from fednet.feed.checkpoint import Checkpoint
from fednet.feed.edition import Closes
from fednet.feed.evidence import Evidence, IdentityFork, SplitView, parse_evidence
from fednet.feed.follow import open_head
from fednet.feed.identity import Identity
from fednet.feed.note import Note
from fednet.node.home import Home
from fednet.store import evidence as held_evidence
from fednet.store import feeds, records
from fednet.store.evidence import Held, Named
from fednet.store.feeds import Feed, Network

MAX_KEPT = 100  # files about one network that freeze nothing


def keep(db: Database, network: Network, found: Evidence, now: datetime) -> bool:
    """Check evidence against a pinned network, keep it, and freeze the network if it must be; True when it was new.

    Of each network, kind, and epoch or statement one file is kept, and a decision about it stands; beyond `MAX_KEPT`
    only what freezes a network anew. Raises a RefusedError when it proves nothing, UsageError when it speaks of another
    network.
    """
    proofs.check(found)
    if found.network != network.network:
        raise UsageError(f"the evidence speaks of {found.network}, not of {network.name}")
    file = found.encoded
    freezes = network.frozen is None and stopped_by(held_evidence.place_of(file), network) == "public"
    if not freezes and held_evidence.count(db, network.network) >= MAX_KEPT:
        return False
    new = held_evidence.keep(db, network.network, found.kind, file, now)
    if new or network.frozen is None:
        freeze_undecided(db, network)
    return new


def freeze_undecided(db: Database, network: Network) -> None:
    """Freeze a network about which there is evidence that nobody has decided yet."""
    network = feeds.again(db, network)
    kind = _undecided(db, network, "public")
    if kind is not None:
        feeds.freeze(db, network, kind)


def freeze_of(db: Database, network: Network, circle: str) -> str | None:
    """The kind of the evidence because of which a circle is not advanced, None when it is."""
    return feeds.again(db, network).frozen or _undecided(db, network, circle)


def _undecided(db: Database, network: Network, circle: str) -> str | None:
    places = held_evidence.undecided(db, network.network)
    kinds = {place.split(" ")[2] for place in places if stopped_by(place, network) == circle}
    return next((kind for kind in reversed(proofs.KINDS) if kind in kinds), None)


def stopped_by(place: str, network: Network) -> str | None:
    """The circle that evidence of this first line stops, the whole network for `public`; None when it stops nothing.

    A split view counts while its key is in office; a close that contradicts a log is told, for the log is closed.
    """
    match place.split(" "):
        case _ if network.own:
            return None
        case [_, _, SplitView.kind, _, circle, epoch] if int(epoch) >= network.identity.epoch:
            return circle
        case [_, _, IdentityFork.kind, *_]:
            return "public"
    return None


def contradiction(db: Database, feed: Feed, shown: Note, path: list[bytes] | None = None) -> SplitView | None:
    """What a checkpoint that somebody showed proves against what is held of the same log; None when the two agree.

    For one that is longer than what is held, `path` are the hashes of its `prefix_ranges`; without them nobody can
    tell. A checkpoint of another epoch, or that the network's key did not sign, contradicts nothing.
    """
    held, identity = feed.followed, feed.network.identity
    if held.checkpoint is None:
        return None
    try:
        head = open_head(identity, feed.circle, held.epoch, shown)
        if head.size < held.frontier.size:
            path = _own_path(db, feed, head)
        return proofs.split_view(identity, feed.circle, held.epoch, held.checkpoint, shown, path or ())
    except RefusedError:
        return None


def _own_path(db: Database, feed: Feed, head: Checkpoint) -> list[bytes]:
    leaves = feeds.leaf_hashes(db, feed)
    if tlog.root_of(leaves[: head.size]) == head.root:
        raise ProofError("the log has only grown since")
    return [tlog.root_of(leaves[start:end]) for start, end in proofs.prefix_ranges(head.size, len(leaves))]


def keep_fork(db: Database, network: Network, served: Identity, now: datetime) -> bool:
    """Keep the chain that is held and a verified one that differs from it."""
    return keep(db, network, proofs.identity_fork(network.identity, served), now)


def keep_broken_close(db: Database, feed: Feed, closes: Closes, now: datetime) -> bool:
    """Keep what a statement closes otherwise than it was signed; False when it agrees, or what is held is too short.

    `feed` is what is held of the closed log, its leaves not yet discarded; its network's identity has the statement.
    """
    followed = feed.followed
    if followed.checkpoint is None or followed.frontier.size < closes.size:
        return False
    leaves = feeds.leaf_hashes(db, feed)
    ranges = proofs.prefix_ranges(closes.size, len(leaves))
    path = [tlog.root_of(leaves[start:end]) for start, end in ranges]
    with suppress(ProofError):  # it was closed as it was signed
        found = proofs.broken_close(feed.network.identity, followed.epoch, followed.checkpoint, path)
        return keep(db, feed.network, found, now)
    return False


def outlived(db: Database, network: Network, now: datetime) -> Network:
    """A new epoch ends the freeze of a split view by itself: the key that signed both is out of office."""
    network = feeds.again(db, network)
    if network.frozen is None or _undecided(db, network, "public"):
        return network
    held_evidence.resolve(db, network.network, f"the network has opened epoch {network.identity.epoch}", now)
    feeds.freeze(db, network, None)
    return feeds.again(db, network)


def unresolved_of(db: Database, network: Network) -> list[Held]:
    """What a person has not decided about a network yet."""
    return [held for held in held_evidence.evidence(db, network.network) if held.resolved_at is None]


# --- what others may read ---------------------------------------------------------------------------------------------


def listed(home: Home) -> bytes:
    """`/evidence`: kind, network and digest of all evidence that may be shown to everybody, a line each."""
    with home.store.reading() as db:
        return lines(one for one in held_evidence.named(db) if is_public(one.place))


def shown(db: Database) -> list[Held]:
    """The evidence that may be shown to everybody."""
    return [one for one in held_evidence.evidence(db) if is_public(one.place)]


def lines(held: Iterable[Held | Named]) -> bytes:
    return "".join(f"{one.kind} {one.network} {one.digest}\n" for one in held).encode()


def file(home: Home, digest: str) -> bytes:
    """The file of that digest, if it may be shown to everybody."""
    with home.store.reading() as db:
        held = held_evidence.found(db, digest)
    if held is None or not is_public(held.place):
        raise NotFoundError("no such evidence here")
    return held.file


def is_public(place: str) -> bool:
    """What speaks of a restricted circle tells that there is one."""
    return " public " in place or f" {IdentityFork.kind} " in place


# --- what a person decides --------------------------------------------------------------------------------------------


def resolve(home: Home, network: Network, accept: str | None, now: datetime) -> None:
    """End a freeze: go on with what is held here, or (`accept`, the beginning of a side's digest) with the other side.

    The other side of a split view: what is held of that feed is let go of and read anew, and only a log that contains
    that side is taken. Of an identity fork: the chain with that statement is pinned, and all feeds are read anew.
    """
    with home.store.writing() as db:
        unresolved = unresolved_of(db, network)
        if not unresolved:
            raise NotFoundError(f"there is nothing to decide about {network.name}", hint="fednet evidence list")
        verdict = "went on with what is held here"
        if accept is not None:
            verdict = _accept_side(db, network, [parse_evidence(held.file) for held in unresolved], accept.lower(), now)
        held_evidence.resolve(db, network.network, verdict, now)
        feeds.freeze(db, network, None)


def _accept_side(db: Database, network: Network, unresolved: list[Evidence], digest: str, now: datetime) -> str:
    fits = [(found, side) for found in unresolved for side in sides(found) if side.startswith(digest)]
    if len(fits) != 1 or len(digest) < 8:
        raise UsageError(f"{digest!r} names no side of the evidence", hint="fednet evidence show; 8 digits or more")
    found, side = fits[0]
    if side != held_side(db, network, found):
        if isinstance(found, IdentityFork):
            feeds.pin(db, next(chain for chain in found.chains if chain.current.digest == side), now)
            _read_anew(db, network, None)
        elif isinstance(found, SplitView):
            _read_anew(db, network, found.circle)
            signed = next(one for one in found.checkpoints if proofs.head_of(found, one).root.hex() == side)
            feeds.decide(db, feeds.open_feed(db, network, found.circle), signed)
    return f"went on with {side[:16]}"


def _read_anew(db: Database, network: Network, circle: str | None) -> None:
    """Let go of what is held of a circle, or of all: the next sync begins from nothing."""
    network = feeds.again(db, network)
    for feed in feeds.feeds(db, network):
        if circle in (None, feed.circle):
            records.forget(db, feed.id)
            feeds.remove_feed(db, feed)
    feeds.open_feed(db, network, "public")


def sides(found: Evidence) -> tuple[str, ...]:
    """What a person may choose between, in hex: the roots of a split view, the digests of a fork's statements."""
    match found:
        case SplitView():
            return tuple(proofs.head_of(found, signed).root.hex() for signed in found.checkpoints)
        case IdentityFork():
            return tuple(chain.current.digest for chain in found.chains)
        case _:
            return ()


def held_side(db: Database, network: Network, found: Evidence) -> str | None:
    """The side that this node holds; None when it holds neither."""
    match found:
        case IdentityFork():
            digests = {statement.digest for statement in network.identity.statements}
            return next((side for side in sides(found) if side in digests), None)
        case SplitView():
            feed = feeds.feed(db, network, found.circle)
            if feed is None or feed.followed.epoch != found.epoch:
                return None
            leaves = feeds.leaf_hashes(db, feed)
            heads = [proofs.head_of(found, signed) for signed in found.checkpoints]
            agreed = [h for h in heads if h.size <= len(leaves) and tlog.root_of(leaves[: h.size]) == h.root]
            return agreed[-1].root.hex() if agreed else None
        case _:
            return None
