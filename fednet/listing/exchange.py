"""Exchanges: what somebody needs, offers, or funds."""

from __future__ import annotations

import msgspec

from fednet.listing.fields import Code, CountryCode, Date, LanguageTag, Record, RequiredTexts, Texts


class Exchange(Record, frozen=True):
    """A need, an offer or a funding source (`type`), by an organisation (handle or name), open until a day."""

    type: Code
    titles: RequiredTexts
    description: Texts = msgspec.field(default_factory=dict)
    organization: str = ""
    themes: tuple[Code, ...] = ()
    client_groups: tuple[Code, ...] = ()
    modality: Code | None = None
    countries: tuple[CountryCode, ...] = ()
    languages: tuple[LanguageTag, ...] = ()
    stage: Code | None = None
    open_until: Date | None = None
    state: Code | None = None
