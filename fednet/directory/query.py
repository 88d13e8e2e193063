"""What people ask for, as they type it: parameters read into codes, or refused with what was probably meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

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


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, in codes. A record must fit every filter that is not empty, by any of its values.

    `regions` are M49 codes, `networks` ids or names, `kinds` as in bodies. `cursor` is the `next` of an earlier answer.
    """

    text: str = ""
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    client_groups: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def parse_query(**asked: Any) -> Query:
    """A query from what people give: codes, or names of terms, places and languages in any language we carry.

    Parameters are those of the command line and the API: `text`, `country`, `region`, `service`, `client_group`,
    `language`, `network`, `kind` (a text or several), `limit`, `cursor`; what is None or empty counts as not given.

    >>> parse_query(country="Thaïlande", service=["aide juridique"])
    Query(text='', countries=('TH',), regions=(), services=('legal-aid',), ...)

    Raises UsageError with what was probably meant.
    """
    return Query(**read_parameters(asked, PARAMETERS))


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
    "limit": ("limit", _whole),
    "cursor": ("cursor", one),
}
