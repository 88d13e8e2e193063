"""vCard 4.0 out (RFC 6350): organisations with their contacts, persons and groups, for address books.

```
BEGIN:VCARD                                 one card each; lines folded at 75 octets
VERSION:4.0
UID:urn:uuid:5d0b7c1e-...                   of its network and handle, as in HSDS: a card replaces itself, no other
SOURCE:https://node.example/organizations/0190a6a4-...
KIND:org
FN;ALTID=1;LANGUAGE=fr;PREF=1:Maison du port
FN;ALTID=1;LANGUAGE=th:...
```
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fednet.formats.calendar_lines import folded, text, uri
from fednet.formats.hsds import identifier
from fednet.formats.writing import Exported, PageOf, degrees
from fednet.listing import places, vocabulary


def cards_of(rows: Iterable[Exported], *, page: PageOf | None = None) -> bytes:
    """One card for each organisation, person and group; a contact's addresses go onto its organisation's card.

    A contact speaks for what its own network lists, and for nobody else's record. One whose organisation is not among
    `rows` gets a card of its own. `page` tells where a card is read again.
    """
    listed = list(rows)
    known = {(network, handle) for network, handle, fields in listed if fields.get("kind") == "organization"}
    contacts: dict[_Key, list[dict[str, Any]]] = {}
    for network, _, fields in listed:
        if fields.get("kind") == "contact" and (network, fields.get("organization")) in known:
            contacts.setdefault((network, fields["organization"]), []).append(fields)
    lines = [line for row in listed for line in _card(row, contacts.get(row[:2], []), known, page)]
    return b"".join(map(folded, lines))


_Key = tuple[str, str]
"""A network and a handle, which other networks may use as well."""


def _card(row: Exported, contacts: list[dict[str, Any]], known: set[_Key], page: PageOf | None) -> Iterator[str]:
    network, handle, fields = row
    address = page(str(fields.get("kind")), handle) if page else None
    source = [f"SOURCE:{address}"] if address else []
    match fields.get("kind"):
        case "organization":
            body = [*_organization(fields), *(line for contact in contacts for line in _contact(contact))]
        case "person":
            body = list(_person(fields))
        case "group":
            body = ["KIND:group", *_texts("FN", fields["names"], fields.get("original"), "1")]
        case "contact" if (network, fields.get("organization")) not in known:
            shown = fields.get("person") or next(iter(fields.get("emails", [])), handle)
            body = ["KIND:individual", f"FN:{text(shown)}", *_contact(fields)]
        case _:
            return
    yield from (
        "BEGIN:VCARD",
        "VERSION:4.0",
        f"UID:urn:uuid:{identifier(network, handle)}",
        *source,
        *body,
        "END:VCARD",
    )


def _organization(fields: dict[str, Any]) -> Iterator[str]:
    yield "KIND:org"
    original = fields.get("original")
    yield from _texts("FN", fields["names"], original, "1")
    yield from _texts("ORG", fields["names"], original, "2")
    if fields.get("acronym"):
        yield f"NICKNAME:{text(fields['acronym'])}"
    if fields.get("website"):
        yield f"URL:{uri(fields['website'])}"
    seat = fields.get("seat") or {}
    if seat.get("latitude_e6") is not None and seat.get("longitude_e6") is not None:
        yield f"GEO:geo:{degrees(seat['latitude_e6'])},{degrees(seat['longitude_e6'])}"
    if seat.get("place") or seat.get("country"):
        yield _address(locality=seat.get("place", ""), country=places.name(seat.get("country", "")))
    if fields.get("services"):
        yield "CATEGORIES:" + ",".join(text(vocabulary.SERVICES.name(code)) for code in fields["services"])
    yield from (f"LANG:{_tag(tag)}" for tag in fields.get("languages", ()))
    yield from _texts("NOTE", fields.get("description") or {}, original, "3")


def _person(fields: dict[str, Any]) -> Iterator[str]:
    yield "KIND:individual"
    yield f"FN:{text(fields['name'])}"
    if fields.get("role"):
        yield f"TITLE:{text(fields['role'])}"
    if fields.get("country"):
        yield _address(country=places.name(fields["country"]))
    yield from (f"LANG:{_tag(tag)}" for tag in fields.get("languages", ()))
    if fields.get("expertise"):
        yield "CATEGORIES:" + ",".join(text(one) for one in fields["expertise"])


def _contact(fields: dict[str, Any]) -> Iterator[str]:
    yield from (f"EMAIL:{text(address)}" for address in fields.get("emails", ()))
    yield from (f"TEL;VALUE=text:{text(number)}" for number in fields.get("phones", ()))
    if fields.get("address"):
        yield _address(street=fields["address"])
    if fields.get("hours"):
        yield f"NOTE:{text(fields['hours'])}"


def _texts(name: str, texts: dict[str, str], original: str | None, alternatives: str) -> Iterator[str]:
    """A text in each language, the original preferred; ALTID says that they are one (RFC 6350, 5.4)."""
    for language, said in texts.items():
        preferred = ";PREF=1" if language == original and len(texts) > 1 else ""
        one = f";ALTID={alternatives}" if len(texts) > 1 else ""
        tagged = f";LANGUAGE={_tag(language)}" if language != "und" and _tag(language) else ""
        yield f"{name}{one}{tagged}{preferred}:{text(said)}"


def _address(*, street: str = "", locality: str = "", country: str = "") -> str:
    return f"ADR:;;{text(street)};{text(locality)};;;{text(country)}"


def _tag(language: str) -> str:
    """A language tag as it can stand in a line: what peers published need not be one."""
    return "".join(char for char in language if char.isascii() and (char.isalnum() or char == "-"))
