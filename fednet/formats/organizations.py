"""Rows to organisations, and to their contacts, which are records of their own so that they can stay with partners.

Two sorts of table are told apart. A *list of members* has one row for each organisation; a place or country in it is
where the organisation has its seat. A *table of presence* ("who does what where") has many rows for each: every row
adds the country, the service, and the area in which it is offered.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePath
from typing import Any

import msgspec

from fednet.formats.admission import admitted
from fednet.formats.columns import Table
from fednet.formats.reading import Context, Entry, RowError, identity, shown
from fednet.formats.rows import RowReader, cell, nested, stated_source
from fednet.listing import places

ROWS_PER_NAME = 1.2
"""With more rows than this for each name, a table that tells areas or activities is one of presence."""

MAX_PLACES_CHARACTERS = 4_000

MAX_NAMED = 500
"""Characters of a name in which an acronym is looked for."""

MAX_JOINED = 10
"""Organisations that stand in several rows of a list, told to a person; `--json` gives all."""
MAX_LINES = 8

_WORKS_IN = {"en": "Works in", "fr": "Intervient à", "es": "Trabaja en", "pt": "Atua em", "ar": "تعمل في"}
_ACRONYM_AFTER = re.compile(r"(.{2,}?\S)\s*[(\[]([^()\[\]]{2,20})[)\]]\s*")
_PRESENCE = frozenset({"area", "area_code", "district", "activity", "countries"})


class _Gathered(msgspec.Struct):
    """One organisation while its rows are read: flat fields, where it does what, its contacts by person."""

    line: int
    key: str
    lines: list[int] = []
    flat: dict[str, Any] = {}
    language: str = "en"
    places: dict[str, dict[str, None]] = {}
    contacts: dict[str, dict[str, Any]] = {}


def read_organizations(reader: RowReader, context: Context, notes: list[str]) -> list[Entry]:
    """The organisations of a table, in the order they first appear, each followed by its contacts.

    `context` says how: `presence` whether this is a table of presence, `country` the one of rows that tell none.
    """
    table, refused, presence = reader.table, reader.refused, bool(context.presence)
    gathered: dict[str, _Gathered] = {}
    for row in table.rows:
        flat = _completed(reader.read(row), presence, context.country)
        if "names" not in flat:
            refused.append(RowError(row.line, reader.headers.get("names", "name"), "", "the row names no organisation"))
            continue
        key = stated_source(table, flat) or _key(flat, presence)
        one = gathered.setdefault(key, _Gathered(row.line, key, language=reader.edition or table.language))
        one.lines.append(row.line)
        _add(one, flat, presence)
    named = sum(len(one.lines) for one in gathered.values())
    if len(gathered) < named:
        joined = [] if presence else [one for one in gathered.values() if len(one.lines) > 1]
        made, told = len(gathered), _joined(joined)
        plain = f"{named:,} rows became {_organisations(made)}"
        notes.append(f"{named:,} rows became {_organisations(made)}: {told}" if told else plain)
    return [entry for one in gathered.values() for entry in _entries(one, reader)]


def _organisations(number: int) -> str:
    return "1 organisation" if number == 1 else f"{number:,} organisations"


def _joined(found: list[_Gathered]) -> str:
    """Which rows of a list are one organisation, in words; of many the first."""
    told = [
        f"lines {', '.join(map(str, one.lines[:MAX_LINES]))}{', ...' * (len(one.lines) > MAX_LINES)} "
        f"({shown(next(iter(one.flat['names'].values())), 60)})"
        for one in found[:MAX_JOINED]
    ]
    more = f"; and {len(found) - MAX_JOINED:,} more" * (len(found) > MAX_JOINED)
    return f"{'; '.join(told)}{more}" * bool(told)


def presence_of(table: Table, file_name: str, notes: list[str]) -> tuple[bool, str | None]:
    """Whether this is a table of presence; and of such a table the country that none of its columns tells."""
    presence = _is_presence(table)
    return presence, _country_of_file(table, file_name, notes) if presence else None


def _is_presence(table: Table) -> bool:
    if not _PRESENCE & {column.field for column in table.columns}:
        return False
    name = table.having("names") or table.having("acronym")
    counts = Counter(identity(text) for row in table.rows if name and (text := cell(row, name[0])))
    return bool(counts) and counts.total() > ROWS_PER_NAME * len(counts)


def _country_of_file(table: Table, file_name: str, notes: list[str]) -> str | None:
    """A table of presence without a column that tells the country: the name of the file or of the sheet may."""
    told = {column.field for column in table.columns} & {"countries", "seat.country"}
    if told:
        return None
    coded = [column.header for column in table.having("area_code")]
    if coded:
        notes.append(f"the country was taken from the place codes in column {coded[0]!r}")
    country = _country_named(PurePath(file_name).stem) or _country_named(table.sheet)
    if country and not coded:
        notes.append(f"no column tells the country; {places.name(country, 'en')} was taken from the name of the file")
    return country


def _country_named(text: str) -> str | None:
    words = [word for word in re.split(r"[\W_\d]+", text) if word]
    for size in (3, 2, 1):
        for at in range(len(words) - size + 1):
            candidate = " ".join(words[at : at + size])
            # Short words are too often something else: "no", "all", "may".
            if len(candidate) > 3 and (country := places.country_code(candidate)):
                return country
    return None


def _completed(flat: dict[str, Any], presence: bool, fallback: str | None) -> dict[str, Any]:
    """The row with its name, acronym and countries where they are to be found."""
    if presence and "names" not in flat and "acronym" in flat:
        flat["names"] = {"und": flat["acronym"]}
    if "names" in flat:
        _split_acronym(flat)
    coded = flat.pop("area_code", None)
    if presence and "countries" not in flat:
        country = flat.pop("seat.country", None)
        flat["countries"] = [country] if country else coded or ([fallback] if fallback else [])
    elif not presence:
        place = flat.pop("area", "") or flat.pop("district", "")
        flat |= {"seat.place": place} if place and "seat.place" not in flat else {}
        flat |= {"seat.country": coded[0]} if coded and "seat.country" not in flat else {}
    return flat


def _split_acronym(flat: dict[str, Any]) -> None:
    """`Danish Refugee Council (DRC)` is a name and an acronym; a name of capitals without a space is both."""
    for language, name in flat["names"].items():
        found = _ACRONYM_AFTER.fullmatch(name) if len(name) < MAX_NAMED else None
        if found and flat.get("acronym", found[2]) == found[2] and _looks_like_acronym(found[2]):
            flat["names"][language] = found[1]
            flat["acronym"] = found[2]
        elif " " not in name and 2 <= len(name) <= 12 and name.isupper():
            flat.setdefault("acronym", name)


def _looks_like_acronym(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return len(text.split()) <= 3 and sum(char.isupper() for char in letters) * 2 > len(letters)


def _key(flat: dict[str, Any], presence: bool) -> str:
    name = identity(next(iter(flat["names"].values())))
    country = "" if presence else flat.get("seat.country", "")
    return f"{name}|{country}" if country else name


def _add(one: _Gathered, flat: dict[str, Any], presence: bool) -> None:
    activity, area, district = flat.pop("activity", ""), flat.pop("area", ""), flat.pop("district", "")
    if presence or activity:
        one.places.setdefault(activity, {}).update({area or district: None} if area or district else {})
    contact = {name.partition(".")[2]: flat.pop(name) for name in list(flat) if name.startswith("contact.")}
    if contact:
        _extend(one.contacts.setdefault(identity(contact.get("person", "")), {}), contact)
    _extend(one.flat, flat)


def _extend(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Lists and language maps grow; of a single value the first one stays."""
    for name, value in more.items():
        known = into.get(name)
        if isinstance(known, list) and isinstance(value, list):
            known.extend(item for item in value if item not in known)
        elif isinstance(known, dict) and isinstance(value, dict):
            into[name] = value | known
        elif known is None:
            into[name] = list(value) if isinstance(value, list) else value


def _entries(one: _Gathered, reader: RowReader) -> list[Entry]:
    fields = nested("organization", one.flat)
    fields.setdefault("original", next(iter(fields["names"])))
    if fields["original"] == "und":
        del fields["original"]
    if "description" not in fields and (text := _where(one)):
        fields["description"] = {one.language: text}
    entry = admitted(one.line, one.key, fields, reader.refused, reader.headers, one.lines)
    if entry is None:
        return []
    contacts = [_contact(one, person, contact, reader) for person, contact in one.contacts.items()]
    return [entry, *(contact for contact in contacts if contact)]


def _where(one: _Gathered) -> str:
    """What it does where, in the words of the table: `Cash aid (Irbid, Zarqa); Legal counselling (Amman)`."""
    parts: list[str] = []
    for activity, areas in one.places.items():
        named = ("، " if one.language == "ar" else ", ").join(areas)
        if activity:
            parts.append(f"{activity} ({named})" if named else activity)
        elif named:
            parts.append(f"{_WORKS_IN.get(one.language, _WORKS_IN['en'])} {named}")
    text = ("؛ " if one.language == "ar" else "; ").join(parts)
    return text if len(text) <= MAX_PLACES_CHARACTERS else text[: MAX_PLACES_CHARACTERS - 1] + "…"


def _contact(one: _Gathered, person: str, contact: dict[str, Any], reader: RowReader) -> Entry | None:
    name = next(iter(one.flat["names"].values()))
    source = f"{one.key}#contact" + (f"/{person}" if person else "")
    reference = {"source": one.key, "name": name}
    headers = {column.field.removeprefix("contact."): column.header for column in reader.table.columns}
    fields = {"kind": "contact", "organization": reference} | contact
    return admitted(one.line, source, fields, reader.refused, headers, one.lines)
