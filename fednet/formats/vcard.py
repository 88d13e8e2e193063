"""vCard 4.0 out (RFC 6350): organisations with their contacts, persons and groups, for address books."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fednet.formats.calendar_writer import Exported
from fednet.listing import places, vocabulary

_ESCAPES = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\r": ""})


def cards_of(rows: Iterable[Exported]) -> bytes:
    """One card for each organisation, person and group; a contact's addresses go onto its organisation's card.

    A contact whose organisation is not among `rows` gets a card of its own.
    """
    listed = list(rows)
    known = {handle for _, handle, fields in listed if fields.get("kind") == "organization"}
    contacts: dict[str, list[dict[str, Any]]] = {}
    for _, _, fields in listed:
        if fields.get("kind") == "contact" and fields.get("organization") in known:
            contacts.setdefault(fields["organization"], []).append(fields)
    lines = [line for row in listed for line in _card(row, contacts.get(row[1], []), known)]
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()


def _card(row: Exported, contacts: list[dict[str, Any]], known: set[str]) -> Iterator[str]:
    _, handle, fields = row
    match fields.get("kind"):
        case "organization":
            body = [*_organization(fields), *(line for contact in contacts for line in _contact(contact))]
        case "person":
            body = list(_person(fields))
        case "group":
            body = ["KIND:group", *_names(fields["names"], fields.get("original"))]
        case "contact" if fields.get("organization") not in known:
            shown = fields.get("person") or next(iter(fields.get("emails", [])), handle)
            body = ["KIND:individual", f"FN:{_text(shown)}", *_contact(fields)]
        case _:
            return
    yield from ("BEGIN:VCARD", "VERSION:4.0", f"UID:urn:uuid:{handle}", *body, "END:VCARD")


def _organization(fields: dict[str, Any]) -> Iterator[str]:
    yield "KIND:org"
    yield from _names(fields["names"], fields.get("original"))
    yield f"ORG:{_text(_original(fields['names'], fields))}"
    if fields.get("acronym"):
        yield f"NICKNAME:{_text(fields['acronym'])}"
    if fields.get("website"):
        yield f"URL:{fields['website']}"
    seat = fields.get("seat") or {}
    if seat.get("place") or seat.get("country"):
        yield _address(locality=seat.get("place", ""), country=places.name(seat.get("country", "")))
    if fields.get("services"):
        yield "CATEGORIES:" + ",".join(_text(vocabulary.SERVICES.name(code)) for code in fields["services"])
    yield from (f"LANG:{_tag(tag)}" for tag in fields.get("languages", ()))
    if fields.get("description"):
        yield f"NOTE:{_text(_original(fields['description'], fields))}"


def _person(fields: dict[str, Any]) -> Iterator[str]:
    yield "KIND:individual"
    yield f"FN:{_text(fields['name'])}"
    if fields.get("role"):
        yield f"TITLE:{_text(fields['role'])}"
    if fields.get("country"):
        yield _address(country=places.name(fields["country"]))
    yield from (f"LANG:{_tag(tag)}" for tag in fields.get("languages", ()))
    if fields.get("expertise"):
        yield "CATEGORIES:" + ",".join(_text(one) for one in fields["expertise"])


def _contact(fields: dict[str, Any]) -> Iterator[str]:
    yield from (f"EMAIL:{_text(address)}" for address in fields.get("emails", ()))
    yield from (f"TEL;VALUE=text:{_text(number)}" for number in fields.get("phones", ()))
    if fields.get("address"):
        yield _address(street=fields["address"])
    if fields.get("hours"):
        yield f"NOTE:{_text(fields['hours'])}"


def _names(names: dict[str, str], original: str | None) -> Iterator[str]:
    """FN in each language, the original preferred; ALTID says that they are one name (RFC 6350, 5.4)."""
    for language, name in names.items():
        preferred = ";PREF=1" if language == original and len(names) > 1 else ""
        tagged = f";ALTID=1;LANGUAGE={_tag(language)}{preferred}" if language != "und" else ""
        yield f"FN{tagged}:{_text(name)}"


def _original(texts: dict[str, str], fields: dict[str, Any]) -> str:
    return texts.get(fields.get("original", "")) or next(iter(texts.values()))


def _address(*, street: str = "", locality: str = "", country: str = "") -> str:
    return f"ADR:;;{_text(street)};{_text(locality)};;;{_text(country)}"


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _tag(language: str) -> str:
    """A language tag as it can stand in a line: what peers published need not be one."""
    return "".join(char for char in language if char.isascii() and (char.isalnum() or char == "-"))


def folded(line: str) -> str:
    """The line cut so that none is longer than 75 octets (RFC 6350, 3.2), never inside a character."""
    parts: list[str] = []
    current, size = "", 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if size + width > 75:
            parts.append(current)
            current, size = "", 1  # the space that marks a continuation counts
        current += char
        size += width
    return "\r\n ".join([*parts, current])
