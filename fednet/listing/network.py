"""Networks: what a network says of itself, in a record of its own kind, of which it lists one, in public.

Followers judge by it: an organisation that was not confirmed within `confirm_within_days` counts as stale everywhere.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fednet.listing.fields import CountryCode, Email, LanguageTag, Record, RequiredTexts, Texts, Url

USUAL_DAYS = 365
"""Of a network that says nothing."""
MAX_DAYS = 3_650

Days = Annotated[int, Meta(ge=1, le=MAX_DAYS)]


class Network(Record, frozen=True):
    """The listing network in its own words: names, what it is for, where, and how long a confirmation holds.

    `emails` are where its office is told that an entry is wrong: everybody reads them. `countries` are those it works
    in (ISO 3166 codes or UN M49 regions). What it signs as, its keys and its name in
    lists are its identity (SPEC, section 3); these are words beside it.
    """

    names: RequiredTexts
    description: Texts = msgspec.field(default_factory=dict)
    website: Url | None = None
    emails: tuple[Email, ...] = ()
    languages: tuple[LanguageTag, ...] = ()
    countries: tuple[CountryCode, ...] = ()
    confirm_within_days: Days = USUAL_DAYS
