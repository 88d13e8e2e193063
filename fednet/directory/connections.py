"""Who follows and who witnesses whom, as far as this node knows: the lines between networks.

That this node shows a network tells everybody that it follows it. What others say of whom they follow is told to
anybody only of networks that are shown here anyway: nobody puts a name onto our pages by mentioning it. A network
witnesses another one when its cosignature, checked with the key of its own identity, stands on a checkpoint that is
held here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sqlite_utils import Database

from fednet.directory.search import Reader, readable
from fednet.feed.note import Note, Verifier
from fednet.store import feeds, sources, witnesses
from fednet.store.database import Store
from fednet.store.feeds import Feed, Network

How = Literal["follows", "witnesses"]
MAX_SAID = 200
"""Networks that one network says it follows, as far as they are looked at."""


class Point(NamedTuple):
    """A network, or a witness that is none. `known`: it has a page here; else only somebody speaks of it."""

    id: str
    name: str
    own: bool = False
    known: bool = True


class Line(NamedTuple):
    """One network (an id) follows or witnesses another."""

    one: str
    how: How
    other: str


class Connections(NamedTuple):
    """Points by id, this node's own network first, then by name; lines in the order of their points."""

    points: tuple[Point, ...]
    lines: tuple[Line, ...]

    def around(self, network: str) -> Connections:
        """The lines that touch one network, and the points at their ends; that network first."""
        lines = tuple([line for line in self.lines if network in (line.one, line.other)])
        ends = {network, *(end for line in lines for end in (line.one, line.other))}
        points = sorted((one for one in self.points if one.id in ends), key=lambda one: one.id != network)
        return Connections(tuple(points), lines)


def connections(store: Store, reader: Reader, now: datetime) -> Connections:
    """What is known of the networks that a reader is shown; whoever is shown everything learns of others as well."""
    with store.reading() as db:
        shown = {source.network for source in readable(db, reader, now - store.forget_after).values()}
        networks = [one for one in feeds.networks(db) if one.network in shown]
        points = {one.network: Point(one.network, one.name, one.own) for one in networks}
        points |= _spoken_of(db, points) if reader.everything else {}
        lines = [*_followed(networks), *_said(db, networks, points)]
        for witness, line in _witnessed(db, networks):
            points.setdefault(witness.id, witness)
            lines.append(line)
    ordered = sorted(points.values(), key=lambda one: (not one.own, not one.known, one.name.casefold(), one.id))
    places = {one.id: at for at, one in enumerate(ordered)}
    lines = sorted(set(lines), key=lambda line: (places[line.one], line.how, places[line.other]))
    return Connections(tuple(ordered), tuple(lines))


def _followed(networks: Sequence[Network]) -> Iterator[Line]:
    """This node follows whatever it shows."""
    own = next((one for one in networks if one.own), None)
    for network in networks:
        if own is not None and not network.own:
            yield Line(own.network, "follows", network.network)


def _spoken_of(db: Database, points: Mapping[str, Point]) -> dict[str, Point]:
    """Networks that others say they follow, and that are not followed here."""
    offered = sources.mentions(db)
    return {one.network: Point(one.network, one.name, known=False) for one in offered if one.network not in points}


def _said(db: Database, networks: Sequence[Network], points: Mapping[str, Point]) -> Iterator[Line]:
    """Whom the others say they follow."""
    names = {network.id: network.network for network in networks if not network.own}
    for by, spoken in sources.spoken_of(db, MAX_SAID):
        if by in names and spoken in points and spoken != names[by]:
            yield Line(names[by], "follows", spoken)


def _witnessed(db: Database, networks: Sequence[Network]) -> Iterator[tuple[Point, Line]]:
    """The cosignatures under the newest checkpoints of public feeds."""
    verifiers = {network.network: network.identity.cosigner for network in networks}
    asked = {one.network or one.name: (one.name, one.verifier) for one in witnesses.witnesses(db)}
    names = {network.network: network.name for network in networks}
    for network in networks:
        known = verifiers if not network.own else verifiers | {id_: key for id_, (_, key) in asked.items()}
        for witness in _cosigners(feeds.feed(db, network, "public"), known):
            if witness != network.network:
                name = names.get(witness) or asked[witness][0]
                point = Point(witness, name, known=witness in names)
                yield point, Line(witness, "witnesses", network.network)


def _cosigners(feed: Feed | None, verifiers: Mapping[str, Verifier]) -> Iterable[str]:
    checkpoint = feed.followed.checkpoint if feed else None
    return [] if checkpoint is None else [id_ for id_, key in verifiers.items() if _has_signed(checkpoint, key)]


def _has_signed(note: Note, verifier: Verifier) -> bool:
    """Whether one of its signatures is there and verifies; what fails is no cosignature."""
    return any(
        one.name == verifier.name and one.id == verifier.id and verifier.accepts(note.text, one.value)
        for one in note.signatures
    )
