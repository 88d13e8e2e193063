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

_EMBEDDED = re.compile(
    r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Za-z_/-]+"
)
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


def zone_told_by(written: str) -> str | None:
    """The zone behind a longer description that has an offset in it, or None.

    >>> zone_told_by("(UTC+07:00) Bangkok, Hanoi, Jakarta")
    'Asia/Bangkok'
    >>> zone_told_by("UTC+11")
    'Etc/GMT-11'
    """
    found = _OFFSET.match(written.strip())
    if not found:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0)) * (-1 if found[1] == "-" else 1)
    for name in _hinted(written):
        # Descriptions give the offset of winter, which is January in one half of the world and July in the other.
        if offset in {datetime(2026, month, 1, tzinfo=zoneinfo.ZoneInfo(name)).utcoffset() for month in (1, 7)}:
            return name
    sign = "-" if found[1] == "+" else "+"  # POSIX counts west of Greenwich as positive
    return _by_folded_name().get(f"etc/gmt{sign}{int(found[2])}") if not int(found[3] or 0) else None


def _hinted(written: str) -> list[str]:
    """Zones that a description names: an IANA name within it, Windows' name for a region, or a zone's city."""
    embedded = [name for part in _EMBEDDED.findall(written) if (name := _by_folded_name().get(part.casefold()))]
    region = _OFFSET.sub("", written).replace("Time (US & Canada)", "Standard Time").strip()
    windows = _windows_names().get(region.casefold())
    words = re.split(r"(?:(?<!\s)\s+)?[,;()/]\s*", written.casefold())
    cities = [name for word in words if (name := _by_city().get(word.strip().replace(" ", "_")))]
    return [*embedded, *([windows] if windows else []), *cities]


@cache
def _by_city() -> dict[str, str]:
    return {name.rpartition("/")[2].casefold(): name for name in reversed(_well_known())}


@cache
def _well_known() -> tuple[str, ...]:
    """Candidates in order of preference: zones of many people, those of Windows' names, every other."""
    usable = zoneinfo.available_timezones()
    rest = sorted(name for name in usable if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))
    return tuple(name for name in dict.fromkeys([*LARGE, *_windows_names().values(), *rest]) if name in usable)


LARGE = (
    "Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Athens", "Europe/Istanbul", "Europe/Moscow",
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Toronto", "America/Vancouver", "America/Edmonton", "America/Winnipeg", "America/Halifax",
    "America/Mexico_City", "America/Bogota", "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires", "Africa/Lagos", "Africa/Nairobi", "Africa/Johannesburg", "Africa/Cairo",
    "Asia/Beirut", "Asia/Amman", "Asia/Dubai", "Asia/Tehran", "Asia/Karachi", "Asia/Kolkata", "Asia/Kathmandu",
    "Asia/Dhaka", "Asia/Yangon", "Asia/Bangkok", "Asia/Jakarta", "Asia/Shanghai", "Asia/Kuala_Lumpur",
    "Asia/Manila", "Asia/Tokyo", "Asia/Seoul", "Australia/Sydney", "Australia/Perth", "Pacific/Auckland",
)  # fmt: skip
"""Zones where many people live."""


def zone_behaving_like(defined: tzinfo, around: datetime, written: str) -> str | None:
    """The IANA zone with the same offsets as `defined` in the year after `around` (naive), or None.

    Many zones have the same offsets in one year: one that the description names is preferred, then well-known ones.
    """
    moments = [around + timedelta(days=13 * step) for step in range(29)]
    try:
        offsets = [moment.replace(tzinfo=defined).utcoffset() for moment in moments]
    except Exception:  # a tzinfo built from a hostile VTIMEZONE may fail in any way
        return None
    for name in dict.fromkeys([*_hinted(written), *_well_known()]):
        zone = zoneinfo.ZoneInfo(name)
        if all(m.replace(tzinfo=zone).utcoffset() == o for m, o in zip(moments, offsets, strict=True)):
            return name
    return None
