"""This node's circles: making them, who may read them, partners; and what an asker is given of a network's feeds.

Whoever may not read is answered as if there were nothing: the same error in the same words, found by the same question.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from fednet.errors import NotFoundError, UsageError
from fednet.feed.checkpoint import check_circle
from fednet.node.home import Home
from fednet.store import circles, feeds, records
from fednet.store.circles import ALWAYS, PARTNERS, PUBLIC
from fednet.store.feeds import Feed, Network

RESERVED = frozenset({*ALWAYS, "local"})  # what is local is in no feed


# --- what an asker is given -------------------------------------------------------------------------------------------


def feed_for(db: Database, network_id: str, circle: str, asker: Network | None) -> Feed:
    """The feed, if this asker may read it here: a public one anybody, a restricted one our members, or its owner."""
    if circle == PUBLIC:
        return feeds.public_feed(db, network_id)
    found = circles.readable_feed(db, network_id, circle, asker) if asker else None
    if found is None:
        raise NotFoundError("no such feed here")
    return found


def names_for(db: Database, network_id: str, asker: Network | None) -> list[str]:
    """The restricted circles that this asker may read of a network here; raises as `feed_for` when there is none."""
    found = circles.readable(db, network_id, asker) if asker else []
    if not found:
        raise NotFoundError("no such feed here")
    return found


# --- own circles ------------------------------------------------------------------------------------------------------


def add(home: Home, name: str, now: datetime) -> None:
    """A new circle, without members yet."""
    check_circle(name)
    with home.store.writing() as db:
        if name in RESERVED or name in circles.names(db):
            raise UsageError(f"the name {name!r} is taken", hint="fednet circle list")
        circles.add(db, name, now)


def check_known(db: Database, name: str) -> str:
    """The name of a circle that this node has; UsageError for any other."""
    known = circles.names(db)
    if name not in known:
        raise UsageError(
            f"there is no circle {name!r}: choose one of {', '.join(known)}", hint="fednet circle add NAME makes one"
        )
    return name


def set_member(home: Home, name: str, network: Network, member: bool = True) -> None:
    """Let a pinned network read a named circle from now on, or no longer: then it finds nothing there."""
    with home.store.writing() as db:
        check_known(db, name)
        if name == PUBLIC:
            raise UsageError("everybody reads the public circle", hint="fednet block N hides a network")
        if name == PARTNERS:
            raise UsageError("the members of partners are our partners", hint="fednet partner N [--undo]")
        if network.own:
            raise UsageError("a network is no member of its own circle: it reads it anyway")
        circles.set_member(db, name, network, member)


def forget_restricted(db: Database, network: Network, but: frozenset[str] = frozenset()) -> None:
    """Destroy what is held of a network's restricted circles, save those named."""
    for feed in feeds.feeds(db, network):
        if feed.circle != PUBLIC and feed.circle not in but:
            records.forget(db, feed.id)
            feeds.remove_feed(db, feed)


def reads(db: Database, wide: str, narrow: str) -> bool:
    """Whether everybody who may read the circle `narrow` may read `wide`.

    Of two restricted circles one includes the other only when someone is in it: an empty one may be filled yet.
    """
    if wide in (PUBLIC, narrow) or narrow == PUBLIC:
        return wide in (PUBLIC, narrow)
    inner = circles.audience(db, narrow)
    return bool(inner) and inner <= circles.audience(db, wide)
