"""Records that may be about one thing, for a person to decide on, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.directory import joining
from fednet.directory.joining import Between, Why
from fednet.directory.query import Scope
from fednet.directory.search import OPERATOR, Reader, readable
from fednet.feed.record import key_of
from fednet.listing import Opinion
from fednet.listing.likeness import Level, in_words, strength
from fednet.store import freshness as dates
from fednet.store import matching
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Listed, Source

State = Literal["joined", "suggested", "said", "left"]
"""On one card now; for a person to decide; somebody has said that they are different; the evidence would do, but one of
them is on another card that the other may not be on."""


class Side(msgspec.Struct, frozen=True):
    """One of two records, and the network that lists it."""

    handle: str
    title: str
    kind: str
    country: str
    network: str
    network_name: str
    circle: str


class Match(msgspec.Struct, frozen=True):
    """Two records, what they have in common in words, and the names of networks that have said something of them."""

    one: Side
    other: Side
    state: State
    reasons: tuple[str, ...]
    strength: int
    same: tuple[str, ...]
    different: tuple[str, ...]


def matches(
    store: Store, reader: Reader, now: datetime, scope: Scope = "followed", *, everything: bool = False, limit: int = 50
) -> list[Match]:
    """What waits for a person's word, the pairs with the newest record first; with `everything` what is settled, too.

    What one other network lists twice waits for nobody here: why it does is known to it alone.
    """
    return found_matches(store, reader, now, scope, everything=everything, limit=limit).shown


class Matches(msgspec.Struct, frozen=True):
    """The newest of the pairs asked for, and how many there are in all."""

    shown: list[Match]
    total: int


def found_matches(
    store: Store, reader: Reader, now: datetime, scope: Scope = "followed", *, everything: bool = False, limit: int = 50
) -> Matches:
    """As `matches`, with their number. What the own network has said counts at once, for whoever may see its drafts."""
    found: list[Match] = []
    total = 0
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        together = joining.joins(db, sources, scope, now)
        speakers = joining.speakers(sources, scope, now)
        unsigned = _unsigned(db, sources) if reader == OPERATOR else {}
        rows = (row for row in matching.all_pairs(db) if row[2] in sources and row[3] in sources)
        for pair in joining.between(rows, sources):
            why = joining.why(pair, sources, speakers)
            if verdict := unsigned.get(frozenset((pair.one, pair.other))):
                why = _said_by(why, verdict, sources)
            state = _state(why, pair.other in together.members(pair.one))
            if state and (everything or (state in ("suggested", "left") and _is_ours_to_say(pair, sources))):
                total += 1
                if len(found) < limit:
                    one, other = index_search.listed(db, [pair.one, pair.other])
                    found.append(_match(one, other, state, why, sources))
    return Matches(found, total)


def _unsigned(db: Database, sources: Mapping[int, Source]) -> dict[frozenset[int], str]:
    """Ids of two records -> what the own network says of them in an edit that waits to be signed."""
    found: dict[frozenset[int], str] = {}
    for edit in dates.edited(db):
        said = listing.parse(edit.body) if edit.body and b'"opinion"' in edit.body else None
        if isinstance(said, Opinion):
            rows = [
                index_search.by_key(
                    db, key_of(at.handle), [feed for feed, one in sources.items() if one.network == at.network]
                )
                for at in said.subjects
            ]
            found[frozenset(row.record_id for row in rows if row)] = said.verdict
    return found


def _said_by(why: Why, verdict: str, sources: Mapping[int, Source]) -> Why:
    """What speaks for a pair, with the own network's newest word in the place of its signed one."""
    own = {source.network for source in sources.values() if source.own}
    same, different = (
        tuple(sorted({*said} - own | (own if verdict == word else set())))
        for said, word in ((why.same, "same"), (why.different, "different"))
    )
    return msgspec.structs.replace(why, same=same, different=different)


def _state(why: Why, joined: bool) -> State | None:
    if joined:
        return "joined"
    if why.different or why.same:
        return "said"
    match why.level:
        case Level.JOINED:
            return "left"
        case Level.SUGGESTED:
            return "suggested"
        case _:
            return None


def _is_ours_to_say(pair: Between, sources: Mapping[int, Source]) -> bool:
    own = {source.network for source in sources.values() if source.own}
    return pair.networks[0] != pair.networks[1] or pair.networks[0] in own


def _match(one: Listed, other: Listed, state: State, why: Why, sources: Mapping[int, Source]) -> Match:
    names = {source.network: source.name for source in sources.values()}
    return Match(
        one=_side(one, sources[one.feed_id]),
        other=_side(other, sources[other.feed_id]),
        state=state,
        reasons=in_words(why.reasons),
        strength=strength(why.reasons),
        same=tuple(names[network] for network in why.same),
        different=tuple(names[network] for network in why.different),
    )


def _side(listed: Listed, source: Source) -> Side:
    record = listing.parse(listed.body)
    title = listing.terms(record).title if record else ""
    seat = getattr(record, "seat", None)
    return Side(
        handle=listed.handle,
        title=title,
        kind=type(record).__name__.lower() if record else "",
        country=(seat.country if seat else None) or "",
        network=source.network,
        network_name=source.name,
        circle=source.circle,
    )
