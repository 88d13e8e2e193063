"""Persons: individual members of a network."""

from __future__ import annotations

from fednet.listing.fields import CountryCode, LanguageTag, Record


class Person(Record, frozen=True):
    """An individual member, in circle `partners` unless they chose otherwise; `organization` is a handle or a name."""

    name: str
    role: str = ""
    expertise: tuple[str, ...] = ()
    organization: str = ""
    country: CountryCode | None = None
    languages: tuple[LanguageTag, ...] = ()
