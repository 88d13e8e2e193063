"""Whether two records are about the same thing: what they have in common, and what follows from that.

register number                                        joined
own website + name or short form alike, or one seat    joined, unless the seats are in two countries
own mail domain, mailbox or telephone + name alike     joined, likewise
name and short form the same + one country             joined
any one of them alone, names that are close            suggested to a person
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from functools import lru_cache

from fednet.listing import names
from fednet.listing.hosts import domain
from fednet.listing.names import Likeness
from fednet.listing.signals import Signals

NEAR_E6 = 50_000
"""Coordinates closer than this, in millionths of a degree both ways, are of one place: some five kilometres."""


class Reason(IntFlag):
    """What speaks for or against two records being one thing. Stored: a bit keeps its meaning."""

    LISTED = 1 << 0  # both records themselves are known: without it nothing else counts
    SAID_SAME = 1 << 1
    SAID_DIFFERENT = 1 << 2
    UID = 1 << 3
    REGISTER = 1 << 4
    OTHER_REGISTER = 1 << 5
    SITE = 1 << 6
    DOMAIN = 1 << 7  # two hosts below one domain
    OTHER_SITE = 1 << 8
    MAIL = 1 << 9
    MAILBOX = 1 << 10
    PHONE = 1 << 11
    ACRONYM = 1 << 12
    INITIALS = 1 << 13
    NAME = 1 << 14
    NAME_CLOSE = 1 << 15
    NAME_LIKE = 1 << 16
    COUNTRY = 1 << 17
    OTHER_COUNTRY = 1 << 18
    TYPE = 1 << 19
    OTHER_TYPE = 1 << 20
    PLACE = 1 << 21
    NAME_PART = 1 << 22
    NOWHERE = 1 << 23  # neither says of any country


class Level(IntEnum):
    """What follows: nothing, something to show to a person, or one card."""

    APART = 0
    SUGGESTED = 1
    JOINED = 2


def compared(one: Signals, other: Signals) -> int:
    """What two organisations' records say of each other, as bits of `Reason`."""
    found = int(Reason.LISTED)
    found |= _registers(one, other)
    found |= _sites(one, other)
    found |= _names(one, other)
    if one.acronyms & other.acronyms:
        found |= Reason.ACRONYM
    elif _spell_out(one, other) or _spell_out(other, one):
        found |= Reason.INITIALS
    found |= _places(one, other)
    if one.type and other.type:
        found |= Reason.TYPE if one.type == other.type else Reason.OTHER_TYPE
    return found


def _registers(one: Signals, other: Signals) -> int:
    if one.registers & other.registers:
        return Reason.REGISTER
    schemes = {scheme for scheme, _ in one.registers} & {scheme for scheme, _ in other.registers}
    return Reason.OTHER_REGISTER if schemes else 0


def _sites(one: Signals, other: Signals) -> int:
    if not one.site or not other.site:
        return 0
    if one.site == other.site:
        return Reason.SITE
    return Reason.DOMAIN if domain(one.site) == domain(other.site) else Reason.OTHER_SITE


_NAMES = {
    Likeness.SAME: Reason.NAME,
    Likeness.CLOSE: Reason.NAME_CLOSE,
    Likeness.PART: Reason.NAME_PART,
    Likeness.LIKE: Reason.NAME_LIKE,
    Likeness.UNLIKE: Reason(0),
}


def _names(one: Signals, other: Signals) -> int:
    best = max((names.likeness(mine, theirs) for mine in one.names for theirs in other.names), default=Likeness.UNLIKE)
    return _NAMES[best]


def _spell_out(short: Signals, long: Signals) -> bool:
    """Whether the short form of one is what the words of the other's name begin with."""
    given = short.acronyms | {name[0] for name in short.names if len(name) == 1}
    return any(len(name) > 2 and names.initials(name) in given for name in long.names)


def _places(one: Signals, other: Signals) -> int:
    if one.seat and other.seat:
        found = Reason.COUNTRY if one.seat == other.seat else Reason.OTHER_COUNTRY
    elif ({one.seat} if one.seat else one.served) & ({other.seat} if other.seat else other.served):
        found = Reason.COUNTRY
    else:
        found = Reason(0) if one.seat or other.seat or one.served or other.served else Reason.NOWHERE
    return found | Reason.PLACE if _is_near(one, other) or (one.place and one.place == other.place) else found


def _is_near(one: Signals, other: Signals) -> bool:
    if one.at is None or other.at is None:
        return False
    return all(abs(mine - theirs) < NEAR_E6 for mine, theirs in zip(one.at, other.at, strict=True))


_REACHED = Reason.MAIL | Reason.MAILBOX | Reason.PHONE
_SPELLING = Reason.NAME | Reason.NAME_CLOSE | Reason.NAME_PART


@lru_cache(4096)
def level(reasons: int) -> Level:
    """What follows from reasons, opinions left aside."""
    found = Reason(reasons)
    if not found & Reason.LISTED:
        return Level.APART
    if _is_joined(found):
        return Level.JOINED
    return Level.SUGGESTED if _is_suggested(found) else Level.APART


_AGAINST = Reason.OTHER_REGISTER | Reason.OTHER_COUNTRY


@lru_cache(4096)
def speaks_for(reasons: int) -> bool:
    """Whether two records may be on one card that others brought together: at least suggested, and nothing against."""
    follows = level(reasons)
    return follows is Level.JOINED or (follows is Level.SUGGESTED and not reasons & _AGAINST)


def _is_joined(found: Reason) -> bool:
    if found & (Reason.UID | Reason.REGISTER):
        return True
    if found & _AGAINST:
        return False
    if found & Reason.SITE:
        return bool(found & (_SPELLING | Reason.NAME_LIKE | Reason.ACRONYM | Reason.COUNTRY))
    if found & _REACHED:
        return bool(found & (_SPELLING | Reason.ACRONYM))
    return bool(
        found & _SPELLING
        and found & Reason.ACRONYM
        and found & (Reason.COUNTRY | Reason.NOWHERE)
        and not found & (Reason.OTHER_SITE | Reason.OTHER_TYPE)
    )


def _is_suggested(found: Reason) -> bool:
    if found & (Reason.SITE | _REACHED):
        return True
    if found & _AGAINST:
        return False
    if found & (Reason.NAME | Reason.NAME_CLOSE):
        return True
    alike = found & (Reason.NAME_PART | Reason.NAME_LIKE)
    if found & Reason.OTHER_SITE:
        return bool(found & Reason.NAME_PART and found & Reason.ACRONYM)
    if found & Reason.ACRONYM:
        return bool(alike or found & (Reason.COUNTRY | Reason.TYPE))
    return bool(alike and found & Reason.COUNTRY and found & (Reason.PLACE | Reason.INITIALS))


_WEIGHTS = {
    Reason.UID: 16,
    Reason.REGISTER: 8,  # no more than a website: anybody can write either, and what agrees in more goes first
    Reason.SITE: 8,
    Reason.MAILBOX: 6,
    Reason.PHONE: 6,
    Reason.MAIL: 6,
    Reason.NAME: 4,
    Reason.NAME_CLOSE: 3,
    Reason.ACRONYM: 3,
    Reason.DOMAIN: 2,
    Reason.NAME_PART: 2,
    Reason.PLACE: 2,
    Reason.NAME_LIKE: 1,
    Reason.COUNTRY: 1,
    Reason.INITIALS: 1,
    Reason.TYPE: 1,
    Reason.OTHER_TYPE: -1,
    Reason.OTHER_SITE: -2,
    Reason.OTHER_COUNTRY: -4,
    Reason.OTHER_REGISTER: -16,
}


@lru_cache(4096)
def strength(reasons: int) -> int:
    """How much speaks for two records being one: which join is made first when not all can be, and which suggestion is
    shown first."""
    return sum(weight for bit, weight in _WEIGHTS.items() if reasons & bit)


_IN_WORDS = {
    Reason.UID: "the same calendar UID",
    Reason.REGISTER: "the same number in a register",
    Reason.SITE: "the same website",
    Reason.DOMAIN: "websites below one domain",
    Reason.MAIL: "mail at the same domain",
    Reason.MAILBOX: "the same mail address",
    Reason.PHONE: "the same telephone",
    Reason.NAME: "the same name",
    Reason.NAME_CLOSE: "nearly the same name",
    Reason.NAME_PART: "one name within the other",
    Reason.NAME_LIKE: "names alike",
    Reason.ACRONYM: "the same short form",
    Reason.INITIALS: "a short form that fits the other's name",
    Reason.COUNTRY: "one country",
    Reason.PLACE: "one place",
    Reason.TYPE: "the same type",
    Reason.OTHER_REGISTER: "but different numbers in one register",
    Reason.OTHER_COUNTRY: "but seats in two countries",
    Reason.OTHER_SITE: "but different websites",
    Reason.OTHER_TYPE: "but different types",
}


def in_words(reasons: int) -> tuple[str, ...]:
    """Reasons for a person, the strongest first, those against last."""
    return tuple(told for bit, told in _IN_WORDS.items() if reasons & bit)
