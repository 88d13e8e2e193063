"""What people ask for, as they type it: parameters read into codes, or refused with what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args

import msgspec

from fednet import listing
from fednet.errors import UsageError
from fednet.listing import places, text, vocabulary
from fednet.listing.check import country, language, term
from fednet.listing.check import zone as known_zone

DEFAULT_LIMIT = 20
MAX_LIMIT = 1_000
MAX_VALUES = 300
"""Values of one filter."""
MAX_KILOMETRES = 20_100
MAX_PLACE = 200
USUAL_KILOMETRES = 50


Sort = Literal["relevance", "title", "confirmed", "near"]
Scope = Literal["own", "followed", "all"]
"""Whose opinions count: those of the own network; of every followed one in good standing, too; of all."""
Confirmed = Literal["fresh", "stale"]


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, in codes. A record must fit every filter that is not empty, by any of its values.

    `regions` are M49 codes, `networks` ids or names, `kinds` as in bodies. `countries` and `regions` are where it has
    its seat or works, `seats` (countries) its seat alone. `confirmed` asks for records whose confirmation holds
    (`fresh`) or does not. `near` is latitude and longitude in millionths of a degree, or a place that records name,
    `within` kilometres of it (without, it only orders). `opinions`: whose word counts on what is one organisation.
    `why` asks for reasons with each hit. `apart`: every statement by itself. `cursor` is the `next` of an earlier
    answer.
    """

    text: str = ""
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    client_groups: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    seats: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    refugee_led: bool | None = None
    confirmed: Confirmed | None = None
    near: tuple[int, int] | str | None = None
    within: int | None = None
    sort: Sort = "relevance"
    opinions: Scope = "followed"
    why: bool = False
    apart: bool = False
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def parse_query(**asked: Any) -> Query:
    """A query from what people give: codes, or names of terms, places and languages in any language we carry.

    Parameters are those of the command line and the API (`PARAMETERS`), a filter a text or several; what is None or
    empty counts as not given.

    >>> parse_query(country="Thaïlande", service=["aide juridique"])
    Query(text='', countries=('TH',), regions=(), services=('legal-aid',), ...)

    Raises UsageError with what was probably meant.
    """
    query = Query(**read_parameters(asked, PARAMETERS))
    if query.within is not None and query.near is None:
        raise UsageError("within: kilometres of what?", hint="say near which place: near=16.71,98.57 or near=Mae Sot")
    if query.sort == "near" and query.near is None:
        raise UsageError("sort: near what?", hint="say near which place: near=16.71,98.57 or near=Mae Sot")
    if query.within is None and query.near is not None:
        return msgspec.structs.replace(query, within=USUAL_KILOMETRES)
    return query


Parameter = tuple[str, Callable[[Any, str], Any]]
"""The field it fills, and how what was given is read."""


def read_parameters(asked: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Fields from what was given by name. Raises UsageError for a parameter that there is not."""
    fields = {}
    for name, given in asked.items():
        if name not in parameters:
            raise UsageError(f"there is no parameter {name!r}", hint=f"use {', '.join(parameters)}")
        if given is not None and given != "":
            field, read = parameters[name]
            fields[field] = read(given, name)
    return fields


def one(given: Any, name: str) -> str:
    """A single text."""
    if isinstance(given, list | tuple) and len(given) == 1:
        given = given[0]
    if not isinstance(given, str):
        raise UsageError(f"{name}: one text is expected, found {str(given)[:60]!r}")
    return given


def many(rule: Callable[[Any, str], str]) -> Callable[[Any, str], tuple[str, ...]]:
    """Several values, each as `rule` reads it: a list, or one text with commas where it is not a name as a whole."""

    def read(given: Any, name: str) -> tuple[str, ...]:
        values = given if isinstance(given, list | tuple) else [given]
        found = dict.fromkeys(code for value in values for code in _split(rule, value, name) if code)
        if len(found) > MAX_VALUES:
            raise UsageError(f"{name}: {len(found)} values, at most {MAX_VALUES} are taken")
        return tuple(found)

    return read


def _split(rule: Callable[[Any, str], str], value: Any, name: str) -> list[str]:
    if not isinstance(value, str) or "," not in value:
        return [rule(value, name)]
    try:
        return [rule(value, name)]
    except UsageError:
        return [rule(part, name) for part in value.split(",") if part.strip()]


def zone(given: Any, name: str) -> str:
    """A time zone that this machine knows."""
    found = known_zone(one(given, name), name)
    if not found:
        raise UsageError(f"{name}: a time zone is expected", hint="write it as Asia/Bangkok")
    return found


def _whole(given: Any, name: str) -> int:
    plain = one(given, name).strip() if not isinstance(given, int) else str(given)
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise UsageError(f"{name}: {plain[:40]!r} is not a whole number")
    return int(plain)


def choice(*choices: str) -> Callable[[Any, str], str]:
    """One of these words."""

    def read(given: Any, name: str) -> str:
        wanted = one(given, name).strip().lower()
        if wanted not in choices:
            raise UsageError(f"{name}: {wanted[:40]!r} is not known", hint=f"one of {', '.join(choices)}")
        return wanted

    return read


def _whether(given: Any, name: str) -> bool:
    if isinstance(given, bool):
        return given
    wanted = str(given).lower() if isinstance(given, int) else one(given, name).strip().lower()
    if wanted not in _YES_OR_NO:
        raise UsageError(f"{name}: {wanted[:40]!r} is neither yes nor no", hint="yes or no")
    return _YES_OR_NO[wanted]


_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _kilometres(given: Any, name: str) -> int:
    found = _whole(given, name)
    if not 1 <= found <= MAX_KILOMETRES:
        raise UsageError(f"{name}: {found} km, from 1 to {MAX_KILOMETRES:,} can be asked for")
    return found


def _near(given: Any, name: str) -> tuple[int, int] | str:
    """Latitude and longitude in millionths of a degree, from degrees; else the name of a place."""
    wanted = one(",".join(map(str, given)) if isinstance(given, list | tuple) else given, name).strip()
    degrees = _DEGREES.fullmatch(wanted)
    if degrees is None:
        return wanted[:MAX_PLACE]
    latitude, longitude = (round(float(part) * 1e6) for part in degrees.groups())
    if abs(latitude) > 90_000_000 or abs(longitude) > 180_000_000:
        raise UsageError(f"{name}: {wanted[:40]!r} is no place on earth", hint="latitude first: near=16.71,98.57")
    return latitude, longitude


_NUMBER = r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,9})?)"
_DEGREES = re.compile(rf"{_NUMBER}(?:\s*[,;]\s*|\s+){_NUMBER}", re.ASCII)


def _region(given: Any, name: str) -> str:
    """An M49 code, from a code or a name; a country counts as a region of one."""
    wanted = one(given, name).strip()
    code = places.region_code(wanted) or places.country_code(wanted)
    if code is None and wanted:
        names = {text.key(places.name(region)): region for region in places.region_codes()}
        near = get_close_matches(text.key(wanted), names, n=1, cutoff=0.7)
        hint = (
            f"did you mean {places.name(names[near[0]])} ({names[near[0]]})?" if near else "give a UN M49 code, as 035"
        )
        raise UsageError(f"{name}: {wanted[:60]!r} is no region we know", hint=hint)
    return code or ""


def _kind(given: Any, name: str) -> str:
    wanted = one(given, name).strip().casefold()
    kind = _PLURALS.get(wanted, wanted).removesuffix("s").replace("isation", "ization")
    if kind not in listing.KINDS:
        near = get_close_matches(kind, listing.KINDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(listing.KINDS)}"
        raise UsageError(f"{name}: {wanted[:40]!r} is no kind of record", hint=hint)
    return kind


_PLURALS = {"people": "person"}

PARAMETERS: dict[str, Parameter] = {
    "text": ("text", one),
    "country": ("countries", many(country)),
    "region": ("regions", many(_region)),
    "service": ("services", many(term(vocabulary.SERVICES))),
    "client_group": ("client_groups", many(term(vocabulary.CLIENT_GROUPS))),
    "language": ("languages", many(language)),
    "network": ("networks", many(one)),
    "kind": ("kinds", many(_kind)),
    "seat": ("seats", many(country)),
    "type": ("types", many(term(vocabulary.ORGANIZATION_TYPES))),
    "refugee_led": ("refugee_led", _whether),
    "confirmed": ("confirmed", choice(*get_args(Confirmed))),
    "near": ("near", _near),
    "within": ("within", _kilometres),
    "sort": ("sort", choice(*get_args(Sort))),
    "opinions": ("opinions", choice(*get_args(Scope))),
    "why": ("why", _whether),
    "limit": ("limit", _whole),
    "cursor": ("cursor", one),
}
