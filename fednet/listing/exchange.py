"""Exchanges: what somebody needs, offers, or funds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec

from fednet.listing.fields import Code, CountryCode, Date, LanguageTag, Record, RequiredTexts, Texts

CLOSED = "closed"
"""The `state` of an entry that somebody closed."""
SOON = 14
"""So many days before its last one an entry ends soon."""


class Exchange(Record, frozen=True):
    """A need, an offer or a funding source (`type`), by an organisation (handle or name), open until a day.

    `posted` is the day on which it was first said, `closed` the day on which somebody ended it, and `outcome` what
    came of it then, in a code and in words (`outcome_note`).
    """

    type: Code
    titles: RequiredTexts
    description: Texts = msgspec.field(default_factory=dict)
    organization: str = ""
    themes: tuple[Code, ...] = ()
    client_groups: tuple[Code, ...] = ()
    modality: Code | None = None
    countries: tuple[CountryCode, ...] = ()
    languages: tuple[LanguageTag, ...] = ()
    stage: Code | None = None
    posted: Date | None = None
    open_until: Date | None = None
    state: Code | None = None
    closed: Date | None = None
    outcome: Code | None = None
    outcome_note: Texts = msgspec.field(default_factory=dict)


def is_closed(record: Exchange) -> bool:
    """Whether somebody closed it."""
    return record.state == CLOSED


def open_day(now: datetime) -> date:
    """The day that it still is somewhere: an entry is open until its last day has passed everywhere, on all nodes
    alike."""
    return (now.astimezone(UTC) - timedelta(hours=12)).date()


def is_over(record: Exchange, today: str) -> bool:
    """Whether it was open until a day before `today` (`YYYY-MM-DD`, see `open_day`): then it is over without being
    edited."""
    return record.open_until is not None and record.open_until < today
