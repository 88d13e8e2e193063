"""What this network says of two records: that they are the same, or that they are not; and taking it back.

An opinion is a record of its own, signed and federated like any other (`listing/opinion.py`). There is one about two
records at most: saying the contrary changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.errors import NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.listing import Event, Opinion, Organization
from fednet.node import circles, edits
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.store import drafts, feeds
from fednet.store import search as index_search

Verdict = Literal["same", "different"]


class Meant(NamedTuple):
    """A record that a person means: who lists it, under which handle, in which circle, and what it lists."""

    network: str
    handle: str
    circle: str
    record: Organization | Event


def meant(db: Database, home: Home, given: str) -> Meant:
    """The organisation or event of a handle, or of `network:handle` where several networks list that handle.

    The network is given as for `--network`. Own drafts count as well.
    """
    name, _, handle = given.strip().rpartition(":")
    found = list(_listed(db, home, handle.lower()))
    if name:
        wanted = feeds.named(db, name).network
        found = [one for one in found if one.network == wanted]
    if len({one.network for one in found}) > 1:
        raise UsageError(
            f"several networks list {handle[:60]}",
            hint=f"say which one: {' or '.join(f'{one.network[:8]}:{one.handle}' for one in found)}",
        )
    if not found:
        raise NotFoundError(
            f"no organisation or event {given[:120]} is listed here", hint="`fednet search` shows handles"
        )
    return found[0]


def _listed(db: Database, home: Home, handle: str) -> Iterator[Meant]:
    waiting = drafts.draft(db, handle)
    if waiting is not None and waiting.body is not None:
        yield from _of(home.network.network, handle, waiting.circle, waiting.body)
    for source in index_search.sources(db):
        row = index_search.by_key(db, key_of(handle), [source.feed_id])
        if row is not None and not (waiting and source.own):
            yield from _of(source.network, handle, source.circle, row.body)


def _of(network: str, handle: str, circle: str, body: bytes) -> Iterator[Meant]:
    record = listing.parse(body)
    if isinstance(record, Organization | Event):
        yield Meant(network, handle, circle, record)


def say(
    home: Home, verdict: Verdict, given: tuple[str, str], now: datetime, *, reason: str = "", circle: str | None = None
) -> Own:
    """Say of two records, given as for `meant`, that they are the same or not: a draft until it is signed.

    It is for everybody when both records are, else for the partners: it tells that they exist.
    """
    with home.store.writing() as db:
        one, other = (meant(db, home, text) for text in given)
        if (one.network, one.handle) == (other.network, other.handle):
            raise UsageError(f"{one.handle} was given twice", hint="name two records")
        if type(one.record) is not type(other.record):
            raise UsageError("an organisation and an event cannot be the same", hint="fednet show HANDLE")
        open_to_all = one.circle == other.circle == "public"
        if circle == "public" and not open_to_all:
            raise UsageError(
                "one of them is in a restricted circle: everybody would learn of it", hint="leave --circle out"
            )
        before = _said(db, home, one, other)
        chosen = circle or (before[0].circle if before else "public" if open_to_all else "partners")
        fields = {
            "kind": "opinion",
            "verdict": verdict,
            "subjects": [{"network": at.network, "handle": at.handle} for at in (one, other)],
            **({"reason": reason} if reason else {}),
        }
        for extra in before[1:]:
            edits.withdraw_in(db, home, extra, now)
        own = Own(before[0].handle if before else edits.new_handle(), chosen, edits.body_of(fields), True)
        if before and before[0].circle != chosen:
            return edits.move(db, home, before[0], own, now)
        circles.check_known(db, chosen)
        drafts.save(db, [drafts.Draft(own.handle, chosen, "put", own.body)], now)
        return own


def take_back(home: Home, given: tuple[str, str], now: datetime) -> list[Own]:
    """Withdraw what this network says of two records. NotFoundError when it says nothing."""
    with home.store.writing() as db:
        one, other = (meant(db, home, text) for text in given)
        said = _said(db, home, one, other)
        if not said:
            raise NotFoundError("this network says nothing of these two", hint="fednet matches --all")
        for own in said:
            edits.withdraw_in(db, home, own, now)
        return said


def _said(db: Database, home: Home, one: Meant, other: Meant) -> list[Own]:
    """Own opinions about two records, drafts included."""
    about = {(at.network, at.handle) for at in (one, other)}
    return [
        own
        for own in edits.referring(db, home, one.handle)
        if isinstance(said := listing.parse(own.body), Opinion)
        and {(subject.network, subject.handle) for subject in said.subjects} == about
    ]
