"""Events: what stands in the shared calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from fednet.listing.fields import Code, LanguageTag, LocalTime, Record, RequiredTexts, Texts, Url, Zone
from fednet.listing.organization import Place


class Override(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One occurrence that differs. `recurrence_id` is the start it would have had (RFC 5545, 3.8.4.4)."""

    recurrence_id: LocalTime
    start: LocalTime | None = None
    end: LocalTime | None = None
    zone: Zone | None = None
    titles: Texts = msgspec.field(default_factory=dict)
    description: Texts = msgspec.field(default_factory=dict)
    status: Code | None = None
    place: str | Place | None = None
    join_url: Url | None = None


class Event(Record, frozen=True):
    """A meeting, webinar, consultation, ...: `start` and `end` are wall-clock times in `zone`, or days when `all_day`.

    As in RFC 5545 the `end` is not part of the event: one that lasts all of 1 and 2 May ends on 3 May. `rrule`,
    `exdates`, `rdates` and `overrides` are the recurrence (RFC 5545, 3.8.5), local times like `start`. `uid` is that of
    the calendar it came from; `sequence` counts the revisions that matter to those who come (see `revised`). `hosts`,
    `convenors` and `speakers` are handles or names, `parent` the handle or UID of the event it is a part of. `website`
    is a page about it.
    """

    titles: RequiredTexts
    type: Code
    start: LocalTime
    end: LocalTime | None = None
    zone: Zone | None = None
    all_day: bool = False
    rrule: str | None = None
    exdates: tuple[LocalTime, ...] = ()
    rdates: tuple[LocalTime, ...] = ()
    overrides: tuple[Override, ...] = ()
    status: Code | None = None
    sequence: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    uid: str | None = None
    mode: Code | None = None
    place: str | Place | None = None
    join_url: Url | None = None
    registration_url: Url | None = None
    website: Url | None = None
    description: Texts = msgspec.field(default_factory=dict)
    audience: tuple[str, ...] = ()
    languages: tuple[LanguageTag, ...] = ()
    themes: tuple[Code, ...] = ()
    hosts: tuple[str, ...] = ()
    convenors: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    parent: str | None = None
    fund_note: Texts = msgspec.field(default_factory=dict)


WHEN = frozenset(("start", "end", "zone", "all_day", "rrule", "exdates", "rdates", "overrides"))
"""Fields that say together when an event takes place: one of them without the others means something else."""
MATTERING = WHEN | {"status", "place", "join_url"}
"""Fields of which those who mean to come must hear (RFC 5546, 2.1.4, and where it takes place)."""
MAX_SEQUENCE = 2**31 - 1
MAX_GIVEN_SEQUENCE = MAX_SEQUENCE - 1_000_000
"""What people and files may give, and what counts of others' copies: an edit can always announce something newer."""
MIN_UID = 8
"""Shorter UIDs are counters of one calendar, not globally unique."""


def revised(fields: Mapping[str, Any], signed: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it is to be signed, its `sequence` above that of the signed version when a field of `MATTERING`
    differs from it, and never below."""
    before = sequence_of(signed)
    matters = any(_said(fields, name) != _said(signed, name) for name in MATTERING)
    sequence = max(sequence_of(fields), min(before + matters, MAX_SEQUENCE))
    return {**fields, "sequence": sequence} if sequence else dict(fields)


def sequence_of(fields: Mapping[str, Any]) -> int:
    """The `sequence` of a record's fields, 0 without one."""
    found = fields.get("sequence", 0)
    return found if isinstance(found, int) else 0


def _said(fields: Mapping[str, Any], name: str) -> Any:
    """What a field says, whether or not it is written down."""
    return fields.get(name) or ("confirmed" if name == "status" else None)
