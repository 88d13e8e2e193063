"""What the form of a new twinning begins with: another network's statement of it, or an introduction that went well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from fednet.directory import exchange, twinnings
from fednet.directory.exchange import Entry
from fednet.directory.search import OPERATOR
from fednet.errors import NotFoundError
from fednet.listing import Twin
from fednet.listing.twinning import USUAL_MONTHS
from fednet.node import introductions, terms
from fednet.node.home import Home
from fednet.node.introductions import Introduction, Party
from fednet.node.own_names import OwnNames
from fednet.store.circles import PUBLIC
from fednet.web.entry.entries import NOTHING

THEIRS = ("titles", "goals", "start", "end", "activities", "outcome", "state", "themes", "original")
"""Fields of another network's statement that ours begins with: what it names of its own stays with it."""


class Begun(NamedTuple):
    """Fields that a form begins with, and those that are not shown in it and saved as they are."""

    starts: Mapping[str, Any] = NOTHING
    given: Mapping[str, Any] = NOTHING


def begun(home: Home, kind: str, asked: Mapping[str, str], now: datetime) -> Begun:
    """What an address asks for: `from` a record of another network, or an `introduction`; else an empty form.

    Other kinds than twinnings begin with nothing. Raises NotFoundError for what is not here.
    """
    if kind != "twinning":
        return Begun()
    if handle := asked.get("from", ""):
        return _stated(home, handle, now)
    if id_ := asked.get("introduction", ""):
        return Begun(_introduced(home, introductions.introduction(home, id_), now))
    return Begun()


def _stated(home: Home, handle: str, now: datetime) -> Begun:
    """The same from our side: the same `uid`, by which the two are known to be one."""
    statement = twinnings.twinning(home.store, handle, OPERATOR, now).first
    fields: dict[str, Any] = msgspec.to_builtins(statement.record)
    twins = [_known(home, twin) for twin in twinnings.resolved(statement)]
    starts = {name: fields[name] for name in THEIRS if fields.get(name)}
    return Begun({**starts, "organizations": twins}, {"uid": fields["uid"]} if fields.get("uid") else NOTHING)


def _known(home: Home, twin: Twin) -> dict[str, Any]:
    """One of the two, with its handle where it is of this network and the other one knew only its name."""
    found: dict[str, Any] = msgspec.to_builtins(twin)
    handle = None if twin.handle else OwnNames(home).handle(twin.name, ("organization",))
    return {**found, "network": home.network.network, "handle": handle} if handle else found


def _introduced(home: Home, found: Introduction, now: datetime) -> dict[str, Any]:
    """The organisations of both sides, what both entries are about, and a year from today. No word that was said in
    confidence; nothing is published before somebody saves it."""
    sides = [(one, _entry(home, one, now)) for one in (found.asker, found.asked)]
    own = home.network.network
    themes = [code for _, entry in sides if entry for code in entry.record.themes]
    public = [one.handle for one, entry in sides if entry and one.network == own and entry.hit.circle == PUBLIC]
    today = now.date()
    starts = {
        "organizations": [_twin(one, entry) for one, entry in sides],
        "state": "planned",
        "start": today.isoformat(),
        "end": (terms.later(today, USUAL_MONTHS) - timedelta(days=1)).isoformat(),
        "themes": list(dict.fromkeys(themes)),
        "exchanges": public,
    }
    return {name: value for name, value in starts.items() if value}


def _entry(home: Home, side: Party, now: datetime) -> Entry | None:
    """The need or offer of a side, if it is still listed."""
    try:
        return exchange.entry(home.store, side.handle, OPERATOR, now) if side.handle else None
    except NotFoundError:
        return None


def _twin(side: Party, entry: Entry | None) -> dict[str, str]:
    """The organisation of a side: where it is listed, if it is; else by the name that its network gave it."""
    named = entry.organization if entry else None
    if named is not None and named.handle:
        return {"name": named.name, "network": side.network, "handle": named.handle}
    return {"name": side.organization or (named.name if named else side.network_name)}
