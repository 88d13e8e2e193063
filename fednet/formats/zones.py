"""Time zone names as calendars write them, brought to IANA zones.

A calendar may name a zone by its IANA name, behind a vendor's prefix, by Windows' name, or by a name of its own that a
VTIMEZONE in the same file defines. Only IANA names are kept in records; a definition that behaves like no IANA zone is
left to the caller, who converts such times to UTC.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime, timedelta, tzinfo
from functools import cache, lru_cache

_OFFSET = re.compile(r"\(?(?:UTC|GMT)\s*([+-])\s*(\d{1,2}):?(\d{2})?\)?", re.IGNORECASE)


@cache
def _by_folded_name() -> dict[str, str]:
    return {name.casefold(): name for name in zoneinfo.available_timezones() if name != "localtime"}


@cache
def _windows_names() -> dict[str, str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


@lru_cache(maxsize=1024)
def zone_name(written: str) -> str | None:
    """The IANA name for a zone as written, or None. `UTC` for every way to write it.

    >>> zone_name("/mozilla.org/20070129_1/America/New_York")
    'America/New_York'
    >>> zone_name("Tokyo Standard Time")
    'Asia/Tokyo'
    """
    name = written.strip().strip("\"'").strip()
    if name.upper() in {"UTC", "Z", "GMT", "ETC/UTC", "UCT", "ZULU", "ETC/GMT"}:
        return "UTC"
    parts = name.replace(" ", "_").casefold().strip("/").split("/")
    for start in range(len(parts)):
        found = _by_folded_name().get("/".join(parts[start:]))
        # The last part alone is taken only when nothing was before it: `/Europe/CUSTOM` is not a zone "Custom".
        if found and (start == 0 or "/" in found):
            return found
    return _windows_names().get(name.casefold()) or _windows_names().get(name.casefold().split(",")[0])


def fixed_offset_zone(written: str) -> str | None:
    """`Etc/GMT-2` for `UTC+2`, `(GMT+02:00) Cairo` and the like; None for half hours and for anything else."""
    found = _OFFSET.match(written.strip())
    if not found or int(found[3] or 0):
        return None
    sign = "-" if found[1] == "+" else "+"  # POSIX counts west of Greenwich as positive
    return "UTC" if int(found[2]) == 0 else _by_folded_name().get(f"etc/gmt{sign}{int(found[2])}")


@cache
def _well_known() -> tuple[str, ...]:
    """Candidates in order of preference: the city that Windows' names stand for, then every other Region/City."""
    first = dict.fromkeys(_windows_names().values())
    rest = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    usable = zoneinfo.available_timezones()
    return tuple(name for name in [*first, *rest] if name in usable)


def zone_behaving_like(defined: tzinfo, around: datetime) -> str | None:
    """The best known IANA zone with the same offsets as `defined` in the year after `around` (naive), or None."""
    moments = [around + timedelta(days=13 * step) for step in range(29)]
    try:
        offsets = [moment.replace(tzinfo=defined).utcoffset() for moment in moments]
    except (ValueError, OverflowError, ArithmeticError, AttributeError, TypeError):
        return None
    for name in _well_known():
        zone = zoneinfo.ZoneInfo(name)
        if all(m.replace(tzinfo=zone).utcoffset() == o for m, o in zip(moments, offsets, strict=True)):
            return name
    return None
