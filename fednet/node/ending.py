"""Own needs, offers and funding that are open for a few more days, or are over: somebody is to see to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.listing import Exchange
from fednet.listing.check import is_handle
from fednet.listing.days import first_day
from fednet.listing.exchange import SOON, is_closed
from fednet.node.home import Home
from fednet.node.roll import GOING, roll


class Ending(NamedTuple):
    """An open entry that is open until a day: for `left` more days, or it is over since -`left`. `organization` is the
    handle of an own one, or empty."""

    handle: str
    title: str
    organization: str
    until: date
    left: int

    @property
    def is_over(self) -> bool:
        return self.left < 0


def ending(db: Database, home: Home, today: date) -> list[Ending]:
    """What is over or ends soon, as it stands, drafts included and what is hidden left out; the most urgent first."""
    standing = roll(db, home, "exchange")
    open_ones = [one for one in standing if not one.hidden and one.waits not in GOING]
    found = [each for one in open_ones for each in _ending(one.handle, one.record, today)]
    return sorted(found, key=lambda one: (one.until, one.handle))


def _ending(handle: str, record: listing.Listing, today: date) -> Iterator[Ending]:
    if not isinstance(record, Exchange) or is_closed(record):
        return
    until = first_day(record.open_until)
    if until is None:
        return
    left = (until - today).days
    if left <= _soon(until, first_day(record.posted)):
        about = record.organization if is_handle(record.organization) else ""
        yield Ending(handle, listing.title(record), about, until, left)


def _soon(until: date, posted: date | None) -> int:
    """Days before its last one on which somebody is reminded of an entry: half of its days, where these are few."""
    return SOON if posted is None else min(SOON, max(0, (until - posted).days) // 2)
