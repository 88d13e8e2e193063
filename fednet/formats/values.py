"""One cell of a spreadsheet as the value of a field, or why it is none, in words for whoever filled it in."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any, NamedTuple

from fednet.formats.reading import identity
from fednet.formats.zones import zone_name
from fednet.listing import languages, places, searched, vocabulary
from fednet.listing.stems import stem
from fednet.listing.text import key

# A run of spaces is tried from its beginning alone: else it takes the square of its length.
_BETWEEN = re.compile(r"(?:(?<!\s)\s+)?[;|\n•]\s*")
_COMMA = re.compile(r"(?:(?<!\s)\s+)?[,،、]\s*")
_SLASH = re.compile(r"(?:(?<!\s)\s+)?/\s*")
_ANY_CUT = re.compile("[;|\n•,،、/]")
_EMAIL = re.compile(r"[^@\s<>\"']+@[^@\s<>\"']+\.[^@\s<>\"'.]+")
_URL = re.compile(r"https?://[^\s<>\"']+\.[^\s<>\"']+", re.IGNORECASE)
_BARE_DOMAIN = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:/[^\s<>\"']*)?", re.IGNORECASE)
_MONTH_OR_YEAR = re.compile(r"[12][0-9]{3}(-[0-9]{2})?")
_TRUE = frozenset(["yes", "y", "true", "1", "x", "oui", "o", "vrai", "sí", "si", "verdadero", "sim", "نعم", "✓", "✔"])
_FALSE = frozenset(["no", "n", "false", "0", "non", "faux", "falso", "não", "nao", "لا", "-"])


class Value(NamedTuple):
    """What a cell means: `value` (None when nothing usable), and a reason for each part that was refused."""

    value: Any
    refused: tuple[tuple[str, str], ...] = ()


def read(shape: str, text: str, *, day_first: bool | None = None, near: bool = True) -> Value:
    """The cell's value in the way of its `shape` (see `columns.FIELDS`). Never raises.

    `near`: whether to say of an unknown term which one was probably meant, which takes a millisecond or two.
    """
    if shape == "date" and _MONTH_OR_YEAR.fullmatch(text):
        return Value(text)
    if shape == "last-day" and (last := _last_day_of(text)):
        return Value(last)
    if shape in DATES:
        return _date(text, shape == "moment", day_first)
    return _read_again(shape, text, near) if len(text) < REPEATED else _read(shape, text, near)


DATES = frozenset({"moment", "date", "last-day"})
"""Shapes of which the cells of a column may have to be read together: 3/4/2026 is one of two days."""
REPEATED = 200
"""Characters up to which a cell is likely to be written in many rows: its value is kept."""


@lru_cache(maxsize=32_768)
def _read_again(shape: str, text: str, near: bool) -> Value:
    return _read(shape, text, near)


def _read(shape: str, text: str, near: bool) -> Value:
    if shape in _ONE_TERM:
        return _one(_ONE_TERM[shape], text, near)
    if shape in _TERMS:
        return _many(_TERMS[shape], text, near)
    return _SHAPES.get(shape, Value)(text)


class _Terms(NamedTuple):
    """Terms that a cell may name: `find` gives the code, `near` the name of the term that was probably meant."""

    what: str
    find: Callable[[str], str | None]
    near: Callable[[str], str | None]

    def unknown(self, text: str, near: bool) -> tuple[str, str]:
        """The text and why it was refused."""
        meant = self.near(text) if near and len(text) < REPEATED else None
        return text, f"is no {self.what} we know" + (f"; did you mean “{meant}”?" if meant else "")


def _of(terms: vocabulary.Vocabulary, *searched_as: str) -> _Terms:
    """Terms by their own names and, under these parameters, by all by which a search knows them."""

    def find(text: str) -> str | None:
        return terms.find(text) or next(filter(None, (_searched(one, text) for one in searched_as)), None)

    return _Terms(terms.what, find, lambda text: terms.name(near) if (near := terms.near(text)) else None)


def _searched(parameter: str, text: str) -> str | None:
    if len(text) >= REPEATED:
        return None
    bare = key(text)
    return searched.names(parameter).get(bare) or searched.stems(parameter).get(stem(bare))


def _near_country(text: str) -> str | None:
    return places.name(near) if (near := places.near_country(text)) else None


def _near_language(text: str) -> str | None:
    return languages.name(near) if (near := languages.near(text)) else None


def _one(terms: _Terms, text: str, near: bool) -> Value:
    found = terms.find(text)
    return Value(found) if found else Value(None, (terms.unknown(text, near),))


MAX_TERMS = 300
"""In one cell: no vocabulary of ours is longer, and what is looks like a mistake."""


def _many(terms: _Terms, text: str, near: bool) -> Value:
    """Terms of a cell: cut at semicolons, bars, lines; at commas and slashes only where the whole is no term."""
    if len(_ANY_CUT.findall(text)) > MAX_TERMS:
        return Value(None, ((text, f"lists more than {MAX_TERMS} terms"),))
    found: dict[str, None] = {}
    refused: list[tuple[str, str]] = []
    for part in _parts(text):
        for term in _cut(terms.find, part):
            code = terms.find(term)
            if code:
                found[code] = None
            else:
                refused.append(terms.unknown(term, near))
    return Value(list(found) or None, tuple(refused))


def _cut(find: Callable[[str], str | None], part: str) -> list[str]:
    if find(part):
        return [part]
    for cut in (_COMMA, _SLASH):
        pieces = [piece for piece in cut.split(part) if piece]
        if len(pieces) > 1 and (cut is _COMMA or any(find(piece) for piece in pieces)):
            return [term for piece in pieces for term in _cut(find, piece)]
    return [part]


def _parts(text: str) -> list[str]:
    return [part for part in _BETWEEN.split(text) if part]


def _texts(text: str) -> Value:
    """Several plain texts: semicolons, bars or lines between them; commas belong to the text. Or a JSON array."""
    if text.startswith("["):
        return _json(text)
    return Value(list(dict.fromkeys(_parts(text))) or None)


def _emails(text: str) -> Value:
    parts = [part.removeprefix("mailto:") for part in re.split(r"[\s;,|<>]+", text) if part]
    good = [part for part in parts if _EMAIL.fullmatch(part) and len(part) <= 254]
    refused = tuple((part, "is no e-mail address") for part in parts if "@" in part and part not in good)
    if not good and not refused:
        refused = ((text, "is no e-mail address"),)
    return Value(list(dict.fromkeys(good)) or None, refused)


def _phones(text: str) -> Value:
    parts = re.split(r"(?:(?<!\s)\s+)?[;|\n]\s*|,\s*(?=[+(0])|(?<!\s)\s+/\s+", text)
    good = [part for part in parts if 5 <= sum(char.isdecimal() for char in part) <= 20 and len(part) <= 40]
    refused = tuple((part, "is no telephone number") for part in parts if part and part not in good)
    return Value(list(dict.fromkeys(good)) or None, refused)


def _url(text: str) -> Value:
    address = text if _URL.match(text) else f"https://{text}" if _BARE_DOMAIN.fullmatch(text) else text
    if _URL.fullmatch(address) and len(address) <= 2048:
        return Value(address)
    return Value(None, ((text, "is no web address (it should look like https://example.org)"),))


def _boolean(text: str) -> Value:
    word = text.casefold()
    if word in _TRUE or word in _FALSE:
        return Value(word in _TRUE)
    return Value(None, ((text, "is neither yes nor no"),))


def _degrees(text: str) -> Value:
    try:
        degrees = Decimal(text.replace(",", ".").rstrip("°"))
        if abs(degrees) <= 180:
            return Value(int((degrees * 1_000_000).to_integral_value()))
    except InvalidOperation:
        pass
    return Value(None, ((text, "is no position in degrees"),))


def _identifiers(text: str) -> Value:
    found, refused = [], []
    for part in _parts(text):
        scheme, colon, value = part.partition(":")
        if colon and scheme.strip() and value.strip():
            found.append({"scheme": scheme.strip(), "value": value.strip()})
        else:
            refused.append((part, "names no register (it should look like CA-CRA_ACR:118833714RR0001)"))
    return Value(found or None, tuple(refused))


def _integer(text: str) -> Value:
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return Value(int(text))
    return Value(None, ((text, "is no whole number"),))


def _json(text: str) -> Value:
    try:
        return Value(json.loads(text))
    except (ValueError, RecursionError):
        return Value(None, ((text, "cannot be read"),))


def _text_or_json(text: str) -> Value:
    return _json(text) if text.startswith("{") else Value(text)


def _zone(text: str) -> Value:
    found = zone_name(text)
    return (
        Value(found) if found else Value(None, ((text, "is no time zone we know (it should look like Asia/Bangkok)"),))
    )


def _area_code(text: str) -> Value:
    """The country of a place code: `TD19` and `TCD19` are in Chad. Other codes say nothing, and that is no error."""
    found = re.match(r"[A-Z]{2,3}(?=\d)", text)
    country = places.country_code(found[0]) if found else None
    return Value([country] if country else None)


_CLOCK = re.compile(r"(\d{1,2})(?:\s*[:.hH]\s*(\d{2})?)?(?::(\d{2}))?\s*([ap])?\.?\s*(?:m\.?)?", re.IGNORECASE)


def _time(text: str) -> Value:
    found = _CLOCK.fullmatch(text.strip())
    if found:
        hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
        if found[4]:
            hour = hour % 12 + (12 if found[4].lower() == "p" else 0) if hour <= 12 else 99
        if hour < 24 and minute < 60 and second < 60:
            return Value(time(hour, minute, second).isoformat("seconds" if second else "minutes"))
    return Value(None, ((text, "is no time of day (it should look like 14:30)"),))


_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(.+?))?")
_NUMBERS = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})(?:[T ,]+(.+))?")
_NAMED = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?"  # the day of the week
    r"(?:(\d{1,2})(?:st|nd|rd|th|er|º)?\s+(?:de\s+)?([^\W\d]+)\.?|([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?),?"
    r"\s+(?:de\s+)?(\d{4})(?:,?\s+(?:at\s+|à\s+)?(.+))?"
)


def day_first_in(cells: list[str]) -> bool | None:
    """Whether dates like 3/4/2026 in one column begin with the day: told by those where only one way is possible."""
    pairs = [(int(found[1]), int(found[2])) for cell in cells if (found := _NUMBERS.fullmatch(cell))]
    if any(first > 12 for first, _ in pairs):
        return True
    return False if any(second > 12 for _, second in pairs) else None


def _date(text: str, with_time: bool, day_first: bool | None) -> Value:
    found = _dated(text, day_first)
    if isinstance(found, str):
        return Value(None, ((text, found),))
    day, rest = found
    if not rest or not with_time:
        return Value(day.isoformat())
    clock = rest.removesuffix("Z")
    if (moment := _time(re.sub(r"\.\d+$", "", clock))).value:
        return Value(f"{day.isoformat()}T{moment.value}" + ("Z" if rest.endswith("Z") else ""))
    try:
        return Value(datetime.fromisoformat(f"{day.isoformat()}T{rest}").replace(microsecond=0).isoformat())
    except ValueError:
        return Value(None, ((text, "has a time of day we cannot read (it should look like 2026-05-31 14:30)"),))


def _dated(text: str, day_first: bool | None) -> tuple[date, str] | str:
    """The day and what follows it, or why there is none."""
    try:
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3])), found[4] or ""
        if found := _NUMBERS.fullmatch(text):
            first, second, year = int(found[1]), int(found[2]), int(found[3])
            if day_first is None and first <= 12 and second <= 12 and first != second:
                return (
                    f"may be two different days: write {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}"
                )
            day, month = (second, first) if day_first is False or second > 12 else (first, second)
            return date(year, month, day), found[4] or ""
        if found := _NAMED.fullmatch(text):
            named = _months().get(identity(found[2] or found[3]))
            if named:
                return date(int(found[5]), named, int(found[1] or found[4])), found[6] or ""
    except ValueError:
        return "is a day that does not exist"
    return "is no date (it should look like 2026-05-31)"


_MONTH = re.compile(r"(?:([12]\d{3})(?:-(\d{2}))?|(\d{1,2})\s*/\s*([12]\d{3})|([^\W\d]+)\.?\s+(?:de\s+)?([12]\d{3}))")


_END_OF = re.compile(r"(?i)(?:(?:the )?end(?: of)?|(?:à la )?fin(?: de)?|(?:a )?finales de|fim de|نهاية|أواخر)\s+")


def _last_day_of(text: str) -> str | None:
    """The last day of a month or a year that is written as `2026-05`, `05/2026`, `May 2026`, `end of May 2026` or
    `2026`."""
    found = _MONTH.fullmatch(_END_OF.sub("", text.strip()))
    if found is None:
        return None
    year = int(found[1] or found[4] or found[6])
    month = int(found[2] or found[3] or 0) if not found[5] else _months().get(identity(found[5]), 0)
    if not found[2] and not found[3] and not found[5]:
        month = 12
    return date(year, month, monthrange(year, month)[1]).isoformat() if 1 <= month <= 12 else None


@cache
def _months() -> dict[str, int]:
    from babel.dates import get_month_names

    return {
        identity(name): number
        for language in ("ar", "pt", "es", "fr", "en")
        for width in ("abbreviated", "wide")
        for number, name in get_month_names(width, locale=language).items()
    }


def _country_or_region(text: str) -> str | None:
    return places.country_code(text) or places.region_code(text)


_ONE_TERM = {
    "country": _Terms("country", places.country_code, _near_country),
    "language": _Terms("language", languages.find, _near_language),
    "organization-type": _of(vocabulary.ORGANIZATION_TYPES, "organization_type"),
    "event-type": _of(vocabulary.EVENT_TYPES, "event_type"),
    "event-status": _of(vocabulary.EVENT_STATUSES),
    "event-mode": _of(vocabulary.EVENT_MODES),
    "exchange-type": _of(vocabulary.EXCHANGE_TYPES),
    "exchange-state": _of(vocabulary.EXCHANGE_STATES),
    "outcome": _of(vocabulary.EXCHANGE_OUTCOMES),
    "modality": _of(vocabulary.MODALITIES),
    "stage": _of(vocabulary.STAGES),
    "resource-type": _of(vocabulary.RESOURCE_TYPES),
    "twinning-state": _of(vocabulary.TWINNING_STATES),
}
_TERMS = {
    "services": _of(vocabulary.SERVICES, "service"),
    "client-groups": _of(vocabulary.CLIENT_GROUPS, "client_group"),
    "themes": _of(vocabulary.THEMES, "service", "client_group"),
    "languages": _Terms("language", languages.find, _near_language),
    "countries": _Terms("country", _country_or_region, _near_country),
}
_SHAPES: dict[str, Callable[[str], Value]] = {
    "texts": _texts,
    "emails": _emails,
    "phones": _phones,
    "url": _url,
    "boolean": _boolean,
    "degrees": _degrees,
    "identifiers": _identifiers,
    "integer": _integer,
    "json": _json,
    "text-or-json": _text_or_json,
    "zone": _zone,
    "time": _time,
    "area-code": _area_code,
}
