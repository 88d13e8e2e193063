"""Resources: recordings, guides, policies, newsletters: what can be read, seen or joined."""

from __future__ import annotations

import msgspec

from fednet.listing.fields import Code, LanguageTag, PartialDate, Record, RequiredTexts, Texts, Url


class Resource(Record, frozen=True):
    """A recording, guide, handbook, policy, resolution, newsletter or list to join."""

    titles: RequiredTexts
    type: Code | None = None
    description: Texts = msgspec.field(default_factory=dict)
    url: Url | None = None
    date: PartialDate | None = None
    language: LanguageTag | None = None
    themes: tuple[Code, ...] = ()
