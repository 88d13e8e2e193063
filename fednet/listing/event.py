"""Events: what stands in the shared calendar."""

from __future__ import annotations

from typing import Annotated

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
    `exdates`, `rdates` and `overrides` are the recurrence (RFC 5545, 3.8.5), local times like `start`. `sequence`
    and `uid` are those of the calendar it came from. `hosts`, `convenors` and `speakers` are handles or names,
    `parent` the handle of the event it is a part of.
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
    description: Texts = msgspec.field(default_factory=dict)
    audience: tuple[str, ...] = ()
    languages: tuple[LanguageTag, ...] = ()
    themes: tuple[Code, ...] = ()
    hosts: tuple[str, ...] = ()
    convenors: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    parent: str | None = None
    fund_note: Texts = msgspec.field(default_factory=dict)
