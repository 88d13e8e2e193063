"""The one way in: an answer to `changes`, from a peer or from this node's own publishing, becomes what is listed.

And a longer identity chain becomes what a network is, with what it says of the logs before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlite_utils import Database

from fednet.errors import BusyError, IdentityForkError, RollbackError, SplitViewError
from fednet.feed import note, tlog, tree
from fednet.feed.checkpoint import Policy, origin, parse_checkpoint, parse_policy
from fednet.feed.edition import Closes
from fednet.feed.follow import Followed, Step, advance, closes_root
from fednet.feed.identity import Identity, newer
from fednet.feed.note import MAX_SIGNATURES, Note, Verifier, open_note
from fednet.feed.record import Drop
from fednet.feed.wire import Answer
from fednet.node import evidence
from fednet.store import blocks, feeds, records, witnesses
from fednet.store.database import Store
from fednet.store.feeds import Feed, Network


class MovedOnError(BusyError):
    """Someone else, of another thread or process, has advanced the feed since it was read."""


def accept(db: Database, feed: Feed, identity: Identity, answer: Answer, now: datetime, source: str | None) -> Feed:
    """Verify an answer, apply it, and switch to it; raises a RefusedError and the transaction leaves no trace."""
    check_unmoved(db, feed)
    step = advance(feed.followed, identity, answer, policy_of(feed.network).witnesses.values())
    edition = step.after.edition
    if edition is None or step.after.position == feed.followed.position:
        switch(db, feed, step, step.after, now, source)
        return _again(db, feed)
    drops = [change.key for change in answer.changes if isinstance(change, Drop)]
    gap = skips(step) and not all(records.holds(db, feed.id, key) for key in drops)
    totals = records.apply(db, feed.id, answer.changes, edition.edition, issued=edition.issued)
    records.unstage(db, feed.id)  # pages of a repair that was never finished may hold what is erased now
    followed = step.confirmed(tree.root_hash(totals.root), totals.records, totals.erased)
    switch(db, feed, step, followed, now, source, gap=gap)
    return _again(db, feed)


def skips(step: Step) -> bool:
    """Whether a step leads over editions whose own changes are not seen, only what they add up to."""
    return len(step.leaves) > 1 or step.after.epoch != step.before.epoch


def switch(
    db: Database, feed: Feed, step: Step, followed: Followed, now: datetime, source: str | None, *, gap: bool = False
) -> None:
    """Switch a feed to a confirmed step, and note whether enough witnesses have cosigned it.

    A missing quorum delays that note, never the feed. Of one checkpoint the cosignatures add up.
    """
    check_decided(db, feed, step)
    policy, signed = policy_of(feed.network), followed.checkpoint
    if signed is not None and feed.followed.checkpoint is not None:
        signed = cosigned_by(policy.witnesses.values(), feed.followed.checkpoint, signed)
        followed = msgspec.structs.replace(followed, checkpoint=signed)
    feeds.accept(db, feed, step, followed, now, source, gap=gap)
    if signed is not None and feed.network.policy is not None:
        log = feed.network.identity.log_verifier(feed.circle, followed.epoch)
        if policy.satisfied_by(open_note(signed, (log, *policy.witnesses.values()))):
            witnesses.witnessed(db, feed, followed.frontier.size)


def check_decided(db: Database, feed: Feed, step: Step) -> None:
    """Raise unless a step contains the side that a person accepted, when the log's key had signed two."""
    if feed.decided is None:
        return
    decided, after = parse_checkpoint(note.parse(feed.decided).text), step.after
    if decided.origin != origin(after.network, after.circle, after.epoch):
        return  # a later epoch: the recovery keys have said which history counts
    if feed.followed.epoch == after.epoch and feed.followed.frontier.size >= decided.size:
        return
    if after.frontier.size < decided.size:
        raise RollbackError(
            f"{decided.origin}: {decided.size} editions were accepted here, {after.frontier.size} shown"
        )
    leaves = [*feeds.leaf_hashes(db, feed, 0, after.frontier.size - len(step.leaves)), *step.leaves]
    if tlog.root_of(leaves[: decided.size]) != decided.root:
        raise SplitViewError(
            f"{decided.origin}: the first {decided.size} editions are not those of the side that was accepted here",
            hint=f"fednet evidence show {after.network}",
        )


def policy_of(network: Network) -> Policy:
    """Whose cosignatures count for a network; nobody's when no policy was given."""
    return Policy() if network.policy is None else parse_policy(network.policy)


def cosigned_by(known: Iterable[Verifier], held: Note, offered: Note) -> Note:
    """What is offered, with the cosignatures that are held of the same checkpoint and are not among them."""
    wanted = {(one.name, one.id) for one in known} - {(one.name, one.id) for one in offered.signatures}
    kept = [one for one in held.signatures if (one.name, one.id) in wanted]
    if held.text != offered.text or len(offered.signatures) + len(kept) > MAX_SIGNATURES:
        return offered
    return offered.with_signatures(kept)


def learn_identity(store: Store, network: Network, served: Identity, now: datetime) -> Network:
    """`accept_identity`, which writes nothing when the chain that is held is as long; a fork is kept as evidence."""
    with store.reading() as db:
        held = feeds.again(db, network)
    try:
        if newer(held.identity, served) is held.identity:
            return held
    except IdentityForkError:
        with store.writing() as db:
            evidence.keep_fork(db, held, served, now)
        raise
    with store.writing() as db:
        return accept_identity(db, network, served, now)


def accept_identity(db: Database, network: Network, served: Identity, now: datetime) -> Network:
    """Keep the longer of the chain that is held and the one served, and void what it closes.

    Raises IdentityForkError when the two differ in a statement that both hold.
    """
    held = feeds.again(db, network).identity
    chain = newer(held, served)
    if chain is held:
        return feeds.again(db, network)
    network = feeds.pin(db, chain, now)
    for statement in chain.statements[len(held.statements) :]:
        if statement.closes is not None:
            _close(db, network, statement.closes, now)
    return evidence.outlived(db, network, now)


def _close(db: Database, network: Network, closes: Closes, now: datetime) -> None:
    """Believe the public log up to its close; a feed that held more, or another log, is hidden until read anew."""
    feed = feeds.feed(db, network, "public")
    if feed is None or feed.followed.epoch != closes.epoch:
        return
    evidence.keep_broken_close(db, feed, closes, now)
    held = feed.followed.frontier
    if held.size > closes.size or (held.size == closes.size and held.root != closes_root(closes)):
        feeds.void(db, feed, closes)


def check_unmoved(db: Database, feed: Feed) -> None:
    """Compare before the swap: what is about to be replaced must be what the new state was made from."""
    blocks.check(db, feed.network.network, feed.network.name)
    if _again(db, feed).followed != feed.followed:
        raise MovedOnError(f"{feed.network.name} was advanced by another process meanwhile", hint="try again")


def _again(db: Database, feed: Feed) -> Feed:
    found = feeds.feed(db, feed.network, feed.circle)
    if found is None:
        raise MovedOnError(f"{feed.network.name} is no longer followed")
    return found
