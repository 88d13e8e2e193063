"""Twinnings: two organisations that work as partners for a year or so, as the listing network states it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fednet.listing.fields import Code, Handle, PartialDate, Record, Texts

USUAL_MONTHS = 12
"""How long a twinning is planned for, when nobody says otherwise."""


class Twin(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One of the two: its `name`, and where it is listed: 32 characters of network id and its handle there, or neither.

    A handle without a network is one of the listing network's own.
    """

    name: str
    network: Annotated[str, Meta(max_length=64)] = ""
    handle: Annotated[str, Meta(max_length=64)] = ""


class Activity(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something that the two did or mean to do: on a day, in a month or a year, in words."""

    date: PartialDate | None = None
    text: Texts = msgspec.field(default_factory=dict)


class Twinning(Record, frozen=True):
    """Two organisations that learn from one another: goals, what they do, and what came of it.

    Each of their networks may state it in a record of its own: `uid` is the same in both. `resources` are handles of
    what they wrote down (models, lessons), `exchanges` of the needs and offers from which it grew; both are this
    network's. The `end`, unlike an event's, is a part of it.
    """

    organizations: Annotated[tuple[Twin, ...], Meta(min_length=2, max_length=2)]
    titles: Texts = msgspec.field(default_factory=dict)
    goals: Texts = msgspec.field(default_factory=dict)
    start: PartialDate | None = None
    end: PartialDate | None = None
    activities: tuple[Activity, ...] = ()
    outcome: Texts = msgspec.field(default_factory=dict)
    state: Code | None = None
    themes: tuple[Code, ...] = ()
    resources: tuple[Handle, ...] = ()
    exchanges: tuple[Handle, ...] = ()
    uid: str | None = None


def called(record: Twinning) -> str:
    """What a twinning without a title is called: the names of the two."""
    return " – ".join(twin.name for twin in record.organizations)
