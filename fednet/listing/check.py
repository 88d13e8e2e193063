"""What our own users enter, held to the rules: every term known, every day real, or a plain reason why not.

`normalize` reads what people write (a name or synonym in any language we carry, an alpha-3 code, `yes`) and returns
what belongs into a body (codes, tags, true). `RULES` says for each field of each kind how it is read. Reading what
peers published is `fednet.listing.record.parse`, and lenient; this is not.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from fednet.listing import languages, places, vocabulary
from fednet.listing.event import MIN_UID
from fednet.listing.fields import MAX_E6, ListingError
from fednet.listing.network import MAX_DAYS
from fednet.listing.record import KINDS, MAX_DEPTH, Listing
from fednet.listing.term import Vocabulary
from fednet.listing.text import key

Rule = Callable[[Any, str], Any]
"""Takes what was found and the field's name; returns what the body holds, or raises `ListingError`."""

UNDETERMINED = "und"
"""The BCP 47 tag for a text whose language nobody said."""

_HANDLE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_URL = re.compile(r"https?://[^\s<>\"'/?#]+\.?[^\s<>\"']*", re.IGNORECASE)
_BARE_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,}(:\d+)?([/?#][^\s<>\"']*)?", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s<>\"'(),;:]+@[\w-]+(\.[\w-]+)+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARTIAL = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})")
_TRUE = frozenset(map(key, ["true", "yes", "y", "1", "oui", "sí", "si", "نعم", "sim", "да", "ใช่", "x"]))
_FALSE = frozenset(map(key, ["false", "no", "n", "0", "non", "لا", "não", "нет", "ไม่"]))


def check(fields: Mapping[str, Any]) -> Listing:
    """The record that `fields` describe, normalised. A `ListingError` names the field, what was found and what fits."""
    return _record(_body(fields))


def normalize(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` as they belong into a body: codes for names, NFC text, nothing empty, unknown fields kept as they are.

    Raises `ListingError` for the first field that cannot be read. What is returned is shown when it is read again.
    """
    read = _body(fields)
    _record(read)
    return read


def text(found: Any, field: str) -> str:
    """One text: NFC, without surrounding space or control characters other than tab and line end."""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise ListingError(field, found, "is not text")
    try:
        str(found).encode()
    except UnicodeEncodeError as error:
        raise ListingError(field, ascii(found), "is not Unicode text") from error
    plain = unicodedata.normalize("NFC", str(found))
    if not plain.isprintable():
        plain = "".join(c for c in plain if c in "\n\t" or unicodedata.category(c) != "Cc")
    return plain.strip()


def texts(found: Any, field: str) -> dict[str, str]:
    """A text in one or more languages. A bare text is taken to be in the record's original language."""
    if not isinstance(found, Mapping):
        found = {UNDETERMINED: found}
    tags = {tag if tag == UNDETERMINED else language(tag, field): tag for tag in found}
    return _filled({tag: text(found[given], field) for tag, given in tags.items() if found[given] is not None})


def term(terms: Vocabulary) -> Rule:
    """A term of a vocabulary, given by any of its names."""

    def read(found: Any, field: str) -> str:
        given = text(found, field)
        code = terms.find(given)
        if code is None and given:
            near = terms.near(given)
            accepted = ", ".join(terms.codes)
            raise ListingError(field, given, _unknown(terms.what, near), hint=f"accepted: {accepted}")
        return code or ""

    return read


def many(rule: Rule) -> Rule:
    """A list of what `rule` reads, each once, in the order given. A single one counts as a list."""

    def read(found: Any, field: str) -> list[Any]:
        items = found if isinstance(found, list | tuple | set | frozenset) else [found]
        kept: list[Any] = []
        for item in (rule(one, field) for one in items if one is not None):
            if not _empty(item) and item not in kept:
                kept.append(item)
        return kept

    return read


def shape(rules: Mapping[str, Rule], bare: str | None = None) -> Rule:
    """An object with those fields. When `bare` is given, anything else is taken for that field's value."""

    def read(found: Any, field: str) -> dict[str, Any]:
        if not isinstance(found, Mapping):
            if bare is None:
                raise ListingError(field, found, f"is not an object with {', '.join(rules)}")
            found = {bare: found}
        return _read(found, rules, f"{field}.")

    return read


def integer(low: int, high: int) -> Rule:
    """A whole number within bounds."""

    def read(found: Any, field: str) -> int:
        try:
            number = int(found) if isinstance(found, str) else found
        except ValueError:
            number = None
        if isinstance(number, bool) or not isinstance(number, int):
            raise ListingError(field, found, "is not a whole number")
        if not low <= number <= high:
            raise ListingError(field, found, f"is not between {low} and {high}")
        return number

    return read


def boolean(found: Any, field: str) -> bool:
    """True or false, or yes or no in a language or two."""
    answer = key(str(found))
    if answer in _TRUE or answer in _FALSE:
        return answer in _TRUE
    raise ListingError(field, found, "is neither yes nor no")


def country(found: Any, field: str) -> str:
    """An ISO 3166 alpha-2 code, from a code or a name in any language."""
    given = text(found, field)
    code = places.country_code(given)
    if code is None and given:
        raise ListingError(field, given, _unknown("country", _named(places.near_country(given))))
    return code or ""


def territory(found: Any, field: str) -> str:
    """A country as `country` reads it, or a region's M49 code from its code or name."""
    given = text(found, field)
    return places.country_code(given) or places.region_code(given) or country(given, field)


def language(found: Any, field: str) -> str:
    """A BCP 47 tag, from a tag or a language's name."""
    given = text(found, field)
    tag = languages.find(given)
    if tag is None and given:
        raise ListingError(field, given, _unknown("language", _spoken(languages.near(given))))
    return tag or ""


def url(found: Any, field: str) -> str:
    """An http or https address; a bare host name gets https."""
    given = text(found, field)
    address = f"https://{given}" if _BARE_HOST.fullmatch(given) else given
    if given and not _URL.fullmatch(address):
        raise ListingError(field, given, "is not a web address", hint="write it as https://example.org")
    scheme, colon, rest = address.partition(":")
    return scheme.lower() + colon + rest


def email(found: Any, field: str) -> str:
    """An e-mail address, its domain in lower case."""
    given = text(found, field).removeprefix("mailto:")
    if given and not _EMAIL.fullmatch(given):
        raise ListingError(field, given, "is not an e-mail address", hint="write it as name@example.org")
    name, _, domain = given.rpartition("@")
    return f"{name}@{domain.lower()}" if given else ""


def day(found: Any, field: str) -> str:
    """A day, `YYYY-MM-DD`."""
    given = _iso(found, field)
    if given and not (_DATE.fullmatch(given) and _exists(given)):
        raise ListingError(field, given, "is not a day", hint="write it as 2026-11-21")
    return given


def partial_day(found: Any, field: str) -> str:
    """A day, a month or a year."""
    given = _iso(found, field)
    if given and not (_PARTIAL.fullmatch(given) and _exists(given + "-01-01"[len(given) - 4 :])):
        raise ListingError(field, given, "is not a day, a month or a year", hint="write it as 2026-11-21 or 2026")
    return given


def moment(found: Any, field: str) -> str:
    """A day, or an instant with its offset."""
    given = _iso(found, field)
    if given and not ((_DATE.fullmatch(given) or _INSTANT.fullmatch(given)) and _exists(given)):
        raise ListingError(field, given, "is not a day or an instant", hint="write it as 2026-11-21T18:00:00Z")
    return given


def local_time(found: Any, field: str) -> str:
    """A wall-clock time without offset, or a day."""
    given = _LOCAL.sub(r"\1T\2", _iso(found, field))
    if given and not ((_DATE.fullmatch(given) or _LOCAL.fullmatch(given)) and _exists(given)):
        reason = "is not a local time or a day"
        raise ListingError(field, given, reason, hint="write it as 2026-11-21T18:00 and name the zone in `zone`")
    return given


def zone(found: Any, field: str) -> str:
    """An IANA time zone that this machine knows."""
    given = text(found, field)
    if given and not known_zone(given):
        near = difflib.get_close_matches(given.replace(" ", "_"), available_timezones(), n=1)
        hint = "write it as Asia/Bangkok"
        raise ListingError(field, given, _unknown("time zone", near[0] if near else None), hint=hint)
    return given


def is_handle(found: object) -> bool:
    """Whether that is the handle of a record as it is written: a UUID in lower case."""
    return isinstance(found, str) and _HANDLE.fullmatch(found) is not None


def parent(found: Any, field: str) -> str:
    """The event that one is a part of: its handle, or the UID that its calendar gave it."""
    given = text(found, field)
    if given and not is_handle(given) and (len(given) < MIN_UID or " " in given):
        raise ListingError(field, given, "is no handle of an event and no UID", hint="`fednet agenda` shows handles")
    return given


def handle(found: Any, field: str) -> str:
    """The handle of a record: a UUID."""
    given = text(found, field).lower()
    if given and not is_handle(given):
        raise ListingError(field, given, "is not a handle", hint="`fednet search` shows handles")
    return given


def verdict(found: Any, field: str) -> str:
    """What an opinion says."""
    if found not in ("same", "different"):
        raise ListingError(field, found, "is no verdict", hint="accepted: same, different")
    return str(found)


def place(found: Any, field: str) -> Any:
    """A place's name, or an object with its country."""
    return _PLACE(found, field) if isinstance(found, Mapping) else text(found, field)


@lru_cache(1024)
def known_zone(name: str) -> bool:
    """Whether that is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


_SERVICES = many(term(vocabulary.SERVICES))
_CLIENT_GROUPS = many(term(vocabulary.CLIENT_GROUPS))
_THEMES = many(term(vocabulary.THEMES))
_LANGUAGES = many(language)
_TERRITORIES = many(territory)
_TEXT_LIST = many(text)
_PLACE = shape(
    {
        "country": country,
        "place": text,
        "latitude_e6": integer(-90 * MAX_E6, 90 * MAX_E6),
        "longitude_e6": integer(-180 * MAX_E6, 180 * MAX_E6),
    }
)
_RECORD: dict[str, Rule] = {"original": language, "confirmed": shape({"at": moment, "by": text}, bare="at")}

RULES: dict[str, dict[str, Rule]] = {
    "organization": _RECORD
    | {
        "names": texts,
        "acronym": text,
        "former_names": _TEXT_LIST,
        "description": texts,
        "website": url,
        "identifiers": many(shape({"scheme": text, "value": text})),
        "type": term(vocabulary.ORGANIZATION_TYPES),
        "seat": _PLACE,
        "countries": _TERRITORIES,
        "services": _SERVICES,
        "client_groups": _CLIENT_GROUPS,
        "languages": _LANGUAGES,
        "groups": many(handle),
        "membership": shape({"category": text, "since": partial_day, "until": partial_day}, bare="category"),
        "refugee_led": boolean,
    },
    "contact": _RECORD
    | {
        "organization": handle,
        "emails": many(email),
        "phones": _TEXT_LIST,
        "address": text,
        "hours": text,
        "person": text,
    },
    "person": _RECORD
    | {
        "name": text,
        "role": text,
        "expertise": _TEXT_LIST,
        "organization": text,
        "country": country,
        "languages": _LANGUAGES,
    },
    "group": _RECORD
    | {
        "names": texts,
        "type": term(vocabulary.GROUP_TYPES),
        "countries": _TERRITORIES,
        "description": texts,
        "roles": many(
            shape(
                {"role": text, "holder": text, "country": country, "since": partial_day, "until": partial_day},
                bare="role",
            )
        ),
    },
    "event": _RECORD
    | {
        "titles": texts,
        "type": term(vocabulary.EVENT_TYPES),
        "start": local_time,
        "end": local_time,
        "zone": zone,
        "all_day": boolean,
        "rrule": text,
        "exdates": many(local_time),
        "rdates": many(local_time),
        "overrides": many(
            shape(
                {
                    "recurrence_id": local_time,
                    "start": local_time,
                    "end": local_time,
                    "zone": zone,
                    "titles": texts,
                    "description": texts,
                    "status": term(vocabulary.EVENT_STATUSES),
                    "place": place,
                    "join_url": url,
                }
            )
        ),
        "status": term(vocabulary.EVENT_STATUSES),
        "sequence": integer(0, 2**31 - 1),
        "uid": text,
        "mode": term(vocabulary.EVENT_MODES),
        "place": place,
        "join_url": url,
        "registration_url": url,
        "website": url,
        "description": texts,
        "audience": _TEXT_LIST,
        "languages": _LANGUAGES,
        "themes": _THEMES,
        "hosts": _TEXT_LIST,
        "convenors": _TEXT_LIST,
        "speakers": _TEXT_LIST,
        "parent": parent,
        "fund_note": texts,
    },
    "exchange": _RECORD
    | {
        "type": term(vocabulary.EXCHANGE_TYPES),
        "titles": texts,
        "description": texts,
        "organization": text,
        "themes": _THEMES,
        "client_groups": _CLIENT_GROUPS,
        "modality": term(vocabulary.MODALITIES),
        "countries": _TERRITORIES,
        "languages": _LANGUAGES,
        "stage": term(vocabulary.STAGES),
        "posted": day,
        "open_until": day,
        "state": term(vocabulary.EXCHANGE_STATES),
        "closed": day,
        "outcome": term(vocabulary.EXCHANGE_OUTCOMES),
        "outcome_note": texts,
    },
    "resource": _RECORD
    | {
        "titles": texts,
        "type": term(vocabulary.RESOURCE_TYPES),
        "description": texts,
        "url": url,
        "date": partial_day,
        "language": language,
        "themes": _THEMES,
    },
    "opinion": _RECORD
    | {
        "verdict": verdict,
        "subjects": many(shape({"network": text, "handle": handle})),
        "reason": text,
    },
    "network": _RECORD
    | {
        "names": texts,
        "description": texts,
        "website": url,
        "emails": many(email),
        "languages": _LANGUAGES,
        "countries": _TERRITORIES,
        "confirm_within_days": integer(1, MAX_DAYS),
    },
    "twinning": _RECORD
    | {
        "titles": texts,
        "organizations": many(shape({"network": text, "handle": handle, "name": text}, bare="name")),
        "goals": texts,
        "start": partial_day,
        "end": partial_day,
        "activities": many(shape({"date": partial_day, "text": texts}, bare="text")),
        "outcome": texts,
        "state": term(vocabulary.TWINNING_STATES),
        "themes": _THEMES,
        "resources": many(handle),
        "exchanges": many(handle),
        "uid": text,
    },
}
"""For each kind the fields it has and how each is read; a test holds it to the types."""


def _body(fields: Mapping[str, Any]) -> dict[str, Any]:
    kind = _kind(fields.get("kind"))
    read = {"kind": kind} | _read(fields, RULES[kind], "")
    if kind == "event":
        read = _event(read)
    _tag_texts(read)
    _require(read, KINDS[kind])
    return read


def _record(body: dict[str, Any]) -> Listing:
    """The last word is with the types: lengths, mostly, that no rule above looks at."""
    try:
        return msgspec.convert(body, KINDS[body["kind"]])
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`").split("[")[0] or "record"
        raise ListingError(field, body.get(field), f"does not fit: {reason.lower()}") from error


def _kind(found: Any) -> str:
    if isinstance(found, str) and found in KINDS:
        return found
    near = difflib.get_close_matches(str(found), KINDS, n=1)
    accepted = ", ".join(KINDS)
    reason = _unknown("kind of record", near[0] if near else None)
    raise ListingError("kind", found, reason, hint=f"accepted: {accepted}")


def _read(fields: Mapping[str, Any], rules: Mapping[str, Rule], within: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, found in fields.items():
        if _empty(found) or (name == "kind" and not within):
            continue
        rule = rules.get(name)
        read[name] = rule(found, within + name) if rule else _kept(found, within + str(name), 2)
    return _filled(read)


def _kept(found: Any, field: str, depth: int) -> Any:
    """What we know nothing of, in the form that a body has."""
    if depth > MAX_DEPTH:
        raise ListingError(field, "...", f"is nested deeper than {MAX_DEPTH}")
    match found:
        case str():
            return text(found, field)
        case date():
            return found.isoformat()
        case Mapping():
            return {str(name): _kept(item, field, depth + 1) for name, item in found.items()}
        case list() | tuple():
            return [_kept(item, field, depth + 1) for item in found]
        case float():
            raise ListingError(field, found, "is not a whole number")
        case _:
            return found


def _event(read: dict[str, Any]) -> dict[str, Any]:
    """The rules that join an event's times: days last all day, hours need a zone, the end is not before the start."""
    start = read.get("start", "")
    days = bool(start) and "T" not in start
    if days and read.setdefault("all_day", True) is False:
        raise ListingError("start", start, "has no time of day", hint="add one, or set all_day")
    if read.get("all_day") is True and not days and start:
        read |= {name: read[name][:10] for name in ("start", "end") if name in read}
    if read.get("all_day") is False:
        del read["all_day"]
    if start and "zone" not in read and not read.get("all_day"):
        hint = "name the zone of its place, as Asia/Bangkok"
        raise ListingError("zone", None, f"is missing: {start} is a time of day, and nothing says where", hint=hint)
    end = read.get("end", read.get("start", ""))
    if ("T" in end) != ("T" in read.get("start", "")):
        raise ListingError("end", end, "must be a day if the start is, and a time if the start is")
    if end < read.get("start", ""):
        raise ListingError("end", end, f"is before the start, {read['start']}")
    return read


def _tag_texts(read: dict[str, Any]) -> None:
    """Gives texts without a language that of the record, when it is said."""
    original = read.get("original")
    told = [activity.get("text") for activity in read.get("activities", ()) if isinstance(activity, dict)]
    for found in (*read.values(), *told):
        if original and isinstance(found, dict) and UNDETERMINED in found:
            found.setdefault(original, found.pop(UNDETERMINED))


def _require(read: dict[str, Any], kind: type[Listing]) -> None:
    for name in _required(kind):
        if name not in read:
            raise ListingError(name, None, f"is missing: every {read['kind']} has one")
    if read["kind"] == "opinion" and len(read["subjects"]) != 2:
        raise ListingError("subjects", read["subjects"], "are not two different records")
    if read["kind"] == "twinning":
        _check_twins(read)
    if read["kind"] == "exchange":
        _check_closing(read)


def _check_closing(read: dict[str, Any]) -> None:
    """What came of a need or an offer is said of one that is not open, and it was not closed before it was posted."""
    posted, closed = read.get("posted", ""), read.get("closed", "")
    if "outcome" in read and read.get("state") == "open":
        hint = "give it the state closed, or no outcome"
        raise ListingError("outcome", read["outcome"], "says what came of it, and it is open", hint=hint)
    if closed and closed < posted:
        raise ListingError("closed", closed, f"is before it was posted, {posted}")


def _check_twins(read: dict[str, Any]) -> None:
    """Two organisations that are not the same, each with a name; it does not end before it starts."""
    twins = read["organizations"]
    if len(twins) != 2:
        raise ListingError("organizations", twins, "are not two different organisations")
    if len({twin.get("handle") or key(twin.get("name", "")) or twin.get("name") for twin in twins}) != 2:
        raise ListingError("organizations", twins, "are not two different organisations")
    for twin in twins:
        if "name" not in twin:
            raise ListingError("organizations.name", None, "is missing: each of the two is named")
    start, end = read.get("start", ""), read.get("end", "")
    length = min(len(start), len(end))
    if end[:length] < start[:length]:
        raise ListingError("end", end, f"is before the start, {start}")


@cache
def _required(kind: type[Listing]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.required)


def _iso(found: Any, field: str) -> str:
    return found.isoformat() if isinstance(found, date) else text(found, field)


def _exists(given: str) -> bool:
    try:
        datetime.fromisoformat(given)
    except ValueError:
        return False
    return True


def _unknown(what: str, near: str | None) -> str:
    return f"is no {what} we know" + (f'; did you mean "{near}"?' if near else "")


def _named(code: str | None) -> str | None:
    return places.name(code) if code else None


def _spoken(tag: str | None) -> str | None:
    return languages.name(tag) if tag else None


def _empty(found: Any) -> bool:
    return found is None or (isinstance(found, str | list | tuple | dict) and not found)


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in fields.items() if not _empty(found)}
