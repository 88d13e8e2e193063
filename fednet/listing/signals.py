"""What may tell that two records, perhaps of two networks, are about the same thing: never a name alone.

An event is the same by its calendar UID (RFC 5545, 3.8.4.7). Of an organisation there is more: numbers in registers,
its own website, the mailboxes and telephones of its contacts, short forms, names. Each becomes a word, and only hashes
of words are stored: finding the others that bear it is a search.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from fednet.listing.contact import Contact
from fednet.listing.event import MIN_UID, Event
from fednet.listing.hosts import domain, mail_domain, own_host
from fednet.listing.names import BEGINNING, Words, acronyms, forms
from fednet.listing.organization import Organization, Place
from fednet.listing.text import key

MAX_IDENTIFIERS = 8
MAX_REACHED = 8
"""Mailboxes, and telephones, of one contact that are looked at."""
MAX_NAMES, MAX_FORMS = 24, 10
"""Names of an organisation that are looked at, and forms of them that are compared."""

FEW_COUNTRIES = 3
"""Who serves more countries than this tells little about itself by them."""

_SEPARATORS = re.compile(r"[\W_]+")


class Signals(msgspec.Struct, frozen=True, gc=False):
    """What an organisation's record says that may be compared with another one's.

    `names` are the words of each form of each name, `served` the countries that it serves when they are few, `place`
    the folded name of its town, `at` its coordinates in millionths of a degree.
    """

    names: tuple[Words, ...] = ()
    acronyms: frozenset[str] = frozenset()
    registers: frozenset[tuple[str, str]] = frozenset()
    site: str | None = None
    seat: str | None = None
    served: frozenset[str] = frozenset()
    type: str | None = None
    place: str = ""
    at: tuple[int, int] | None = None

    @property
    def country(self) -> str | None:
        """Where it is: its seat, or the one country that it serves."""
        return self.seat or (next(iter(self.served)) if len(self.served) == 1 else None)


class Word(NamedTuple):
    """What records may share: of which kind (`site`, `mailbox`, `phone`, ...), as 63 bits of SHA-256."""

    kind: str
    number: int


# --- signals ----------------------------------------------------------------------------------------------------------


def signals(listing: Organization) -> Signals:
    """What an organisation says of itself."""
    names = tuple(dict.fromkeys((*listing.names.values(), *listing.former_names)))[:MAX_NAMES]
    seat = listing.seat or Place()
    located = seat.latitude_e6 is not None and seat.longitude_e6 is not None
    served = frozenset(listing.countries)
    return Signals(
        names=tuple(dict.fromkeys(form for name in names for form in forms(name)))[:MAX_FORMS],
        acronyms=acronyms(listing.acronym, names),
        registers=frozenset(_registers(listing)),
        site=own_host(listing.website) if listing.website else None,
        seat=seat.country,
        served=served if len(served) <= FEW_COUNTRIES else frozenset(),
        type=listing.type,
        place=key(seat.place),
        at=(seat.latitude_e6, seat.longitude_e6) if located else None,  # type: ignore[arg-type]
    )


def _registers(listing: Organization) -> Iterator[tuple[str, str]]:
    """Scheme and number, without case and separators. What has no digit is no number."""
    for identifier in listing.identifiers[:MAX_IDENTIFIERS]:
        value = _SEPARATORS.sub("", identifier.value).casefold()
        if identifier.scheme and any(map(str.isdigit, value)):
            yield identifier.scheme.casefold(), value


# --- words ------------------------------------------------------------------------------------------------------------


def words(found: Signals) -> tuple[Word, ...]:
    """What an organisation is looked up by, each word once."""
    return _numbered(_pieces(found))


def words_of_event(event: Event) -> tuple[Word, ...]:
    """The UID of an event that has one which can be unique."""
    return _numbered([("uid", event.uid)] if event.uid and len(event.uid) >= MIN_UID else [])


def words_of_contact(contact: Contact, country: str | None) -> tuple[Word, ...]:
    """How to reach an organisation: mailboxes, their domains when they are its own, telephones.

    Numbers without a country code are read as of the country of its seat.
    """
    return _numbered(_reached(contact, country))


def _pieces(found: Signals) -> Iterator[tuple[str, str]]:
    for scheme, value in found.registers:
        yield "register", f"{scheme} {value}"
    if found.site:
        yield "domain", domain(found.site)
    for short in found.acronyms:
        yield "acronym", short
        for country in {found.seat, *found.served} - {None}:
            yield "acronym", f"{short} {country}"
    for form in found.names:
        yield from _of_name(form)


def _of_name(form: Words) -> Iterator[tuple[str, str]]:
    """The name, all of it but a word, and how its words begin: names a word or some letters apart share one of them."""
    ordered = sorted(form)
    yield "name", " ".join(ordered)
    yield "begins", " ".join(word[:BEGINNING] for word in ordered)
    for at, left_out in enumerate(ordered):
        rest = ordered[:at] + ordered[at + 1 :]
        if len(rest) > 1 or (rest and len(rest[0]) > 5 and rest[0] != left_out):
            yield "name", " ".join(rest)


def _reached(contact: Contact, country: str | None) -> Iterator[tuple[str, str]]:
    for email in contact.emails[:MAX_REACHED]:
        own = mail_domain(email)
        yield "mailbox", email.casefold()
        if own:
            yield "domain", own
    for phone in contact.phones[:MAX_REACHED]:
        number = _e164(phone, country)
        if number:
            yield "phone", number


def _e164(phone: str, country: str | None) -> str | None:
    """A telephone number as it is dialled from anywhere (ITU-T E.164), or None for what can be none."""
    if sum(map(str.isdigit, phone)) < 6:
        return None
    import phonenumbers

    try:
        parsed = phonenumbers.parse(phone[:64], country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _numbered(pieces: Iterable[tuple[str, str]]) -> tuple[Word, ...]:
    return tuple(dict.fromkeys(Word(kind, number(f"{kind} {piece}")) for kind, piece in pieces))


def number(piece: str) -> int:
    """63 bits of SHA-256 of a text: what is stored of it."""
    return int.from_bytes(sha256(piece.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 1
