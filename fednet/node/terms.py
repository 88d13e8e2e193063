"""For how long somebody is a member: terms that end, and letting them go on."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from fednet import listing
from fednet.errors import NotFoundError, UsageError
from fednet.listing.days import last_day
from fednet.node import edits
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.store import drafts, feeds

NOTICE = 60
"""Days before the end from which on the desk speaks of it."""


class Term(NamedTuple):
    """The membership of an own organisation. `until` is its last day, `left` are the days until then, fewer
    than 0 when it has ended."""

    handle: str
    title: str
    category: str
    since: str
    until: date
    left: int


def today(home: Home, now: datetime) -> date:
    """The day it is for this network."""
    return now.astimezone(ZoneInfo(home.config.zone)).date()


def later(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def term(own: Own, today: date) -> Term | None:
    """The term of a record; None when it is no organisation, or its membership does not end."""
    record = listing.parse(own.body)
    if not isinstance(record, listing.Organization) or record.membership is None:
        return None
    until = last_day(record.membership.until)
    if until is None:
        return None
    said = record.membership
    return Term(own.handle, listing.title(record), said.category or "", said.since or "", until, (until - today).days)


def term_of(home: Home, handle: str, now: datetime) -> Term | None:
    """The term of an own organisation as it stands; None when there is none that ends."""
    with home.store.reading() as db:
        try:
            return term(edits.find(db, home, handle), today(home, now))
        except NotFoundError:
            return None


def terms(db: Database, home: Home, today: date) -> list[Term]:
    """The terms of all own organisations as they stand, those that end first first."""
    own = [feed.id for feed in feeds.feeds(db, home.network)]
    handles = dict.fromkeys(handle for handle, _ in drafts.bodies_with(db, own, '"until":'))
    found = []
    for handle in handles:
        try:
            one = term(edits.find(db, home, handle), today)
        except NotFoundError:  # withdrawn
            continue
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda one: (one.until, one.title, one.handle))


def ending(home: Home, now: datetime, within: int = NOTICE) -> list[Term]:
    """Terms that have ended, or end within so many days."""
    with home.store.reading() as db:
        return [one for one in terms(db, home, today(home, now)) if one.left <= within]


def renew(
    home: Home,
    handles: Collection[str],
    now: datetime,
    months: int | None = None,
    seen: Mapping[str, date] | None = None,
) -> list[Term]:
    """Let memberships go on for another term, all or none: from their end, or from today when that is long past.

    One that does not end any more on the day on which it was `seen` to end has been renewed, and is left as it is.
    `months` is by default what the settings say. Raises UsageError when that is none, or one has no end.
    """
    months = home.config.joining.term_months if months is None else months
    if not 0 < months <= 600:
        raise UsageError("membership has no term here", hint="set term_months in the settings")
    day = today(home, now)
    with home.store.writing() as db:
        ends = {handle: (seen or {}).get(handle) for handle in handles}
        return [_renewed(db, home, handle, day, months, now, end) for handle, end in ends.items()]


def _renewed(db: Database, home: Home, handle: str, day: date, months: int, now: datetime, seen: date | None) -> Term:
    own = edits.find(db, home, handle)
    before = term(own, day)
    if before is None:
        raise UsageError("this membership does not end")
    if seen is not None and seen != before.until:
        return before
    until = later(before.until, months)
    if until <= day:
        until = later(day, months)
    membership = {**own.fields["membership"], "until": until.isoformat()}
    changed = edits.edit_in(db, home, handle, {"membership": membership}, now)
    renewed = term(changed, day)
    if renewed is None:
        raise UsageError("this membership does not end")
    return renewed
