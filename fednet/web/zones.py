"""The zone in whose hours a page tells times: the one that is asked for, else the reader's own choice, else the node's.

A choice that is made in a form of ours is kept in a cookie. A link from elsewhere may name a zone and changes nothing:
browsers say where a request comes from (Fetch Metadata), and without that nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fednet.directory.query import zone as zone_asked
from fednet.errors import UsageError
from fednet.node.home import Home
from fednet.web.asking import Asked, given

COOKIE = "zone"
"""The name of a zone, and nothing else of whoever reads."""
A_YEAR = 365 * 86_400
_ZONES = (
    "UTC America/Toronto America/Vancouver America/New_York America/Mexico_City America/Bogota America/Sao_Paulo "
    "Europe/London Europe/Zurich Europe/Athens Africa/Lagos Africa/Cairo Africa/Nairobi Africa/Johannesburg "
    "Asia/Beirut Asia/Amman Asia/Tehran Asia/Kabul Asia/Karachi Asia/Kolkata Asia/Kathmandu Asia/Dhaka Asia/Yangon "
    "Asia/Bangkok Asia/Jakarta Asia/Kuala_Lumpur Asia/Manila Asia/Hong_Kong Asia/Tokyo Asia/Seoul Australia/Sydney "
    "Pacific/Auckland"
)
ZONES = _ZONES.split()
"""Zones that forms offer; any other can be typed."""
MOST = 20
"""Zones of events that a form offers besides."""


def offered(home: Home, events: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """Zones for a form, those of the events on its page first, then the node's, then many of the world."""
    named = {zone for fields in events if isinstance(zone := fields.get("zone"), str)}
    own = sorted(zone for zone in named if is_zone(zone))[:MOST]
    return list(dict.fromkeys([*own, home.config.zone, *ZONES]))


def is_zone(text: str) -> bool:
    """Whether there is a zone of this name."""
    try:
        return bool(zone_asked(text, COOKIE))
    except UsageError:
        return False


def usual(home: Home, request: Request) -> str:
    """The reader's own zone, without regard to what is asked for."""
    try:
        return zone_asked(request.cookies.get(COOKIE, ""), COOKIE)
    except UsageError:
        return home.config.zone


def shown_in(home: Home, request: Request, asked: Asked) -> str:
    """The zone of this page; raises UsageError for one that there is not."""
    return zone_asked(given(asked)["zone"], "zone") if asked.get("zone", [""]) != [""] else usual(home, request)


def keep(home: Home, request: Request, zone: str, answer: Response) -> None:
    """Remember the zone that was chosen on a page of this node."""
    ours = request.headers.get("sec-fetch-site") == "same-origin"
    if ours and request.query_params.get("zone") and zone != usual(home, request):
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, zone, max_age=A_YEAR, secure=secure, httponly=True, samesite="lax")
