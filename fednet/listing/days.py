"""The days that records say: whole ones, or only a month or a year."""

from __future__ import annotations

import calendar
from datetime import date


def first_day(said: str | None) -> date | None:
    """The first day of a day, a month or a year; None where nothing is said, or what there is not, as 30 February."""
    try:
        return date.fromisoformat(f"{said}-01-01"[:10]) if said else None
    except ValueError:
        return None


def last_day(said: str | None) -> date | None:
    """The last day of a day, a month or a year; None as for `first_day`."""
    first = first_day(said)
    match first, len(said or ""):
        case date(year=year), 4:
            return date(year, 12, 31)
        case date(year=year, month=month), 7:
            return date(year, month, calendar.monthrange(year, month)[1])
        case _:
            return first
