"""Days of the week as the reader's language writes them (CLDR), in as much room as there is."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date, format_skeleton

from fednet.web.translation import locale


def weekday(day: date) -> str:
    """ "Monday"."""
    return str(format_date(day, "EEEE", locale=locale()))


def weekday_short(day: date) -> str:
    """ "Mon"."""
    return str(format_date(day, "EEE", locale=locale()))


def weekday_narrow(day: date) -> str:
    """ "Mo": where there is room for two letters."""
    return str(format_date(day, "EEEEEE", locale=locale()))


def short_day(day: date) -> str:
    """A day beside others of its month: "Mon 14"."""
    return str(format_skeleton("Ed", day, locale=locale()))


def short_date(day: date) -> str:
    """A day beside others of about that time: "2 Dec"."""
    return str(format_skeleton("MMMd", day, locale=locale()))


FILTERS = {function.__name__: function for function in (short_date, short_day, weekday, weekday_narrow, weekday_short)}
