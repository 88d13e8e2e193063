"""Parts of dates as the reader's language writes them (CLDR): months, days of the week."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date, format_skeleton

from fednet.web import translation


def month_name(day: date) -> str:
    """ "December 2026"."""
    return str(format_skeleton("yMMMM", day, locale=translation.locale()))


def weekday(day: date) -> str:
    """ "Monday"."""
    return str(format_date(day, "EEEE", locale=translation.locale()))


def weekday_short(day: date) -> str:
    """ "Mon"."""
    return str(format_date(day, "EEE", locale=translation.locale()))


def short_day(day: date) -> str:
    """A day beside others of its month: "Mon 14"."""
    return str(format_skeleton("Ed", day, locale=translation.locale()))


FILTERS = {function.__name__: function for function in (month_name, weekday, weekday_short, short_day)}
