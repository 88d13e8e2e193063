"""Opinions: that two records are the same organisation, or are not."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fednet.listing.fields import Handle, Record


class Subject(msgspec.Struct, frozen=True, gc=False):
    """A record of a network: 32 characters of network id, and its handle."""

    network: Annotated[str, Meta(max_length=64)]
    handle: Handle


class Opinion(Record, frozen=True):
    """ "This organisation and that one are the same", or "are different", as the listing network sees it."""

    verdict: Literal["same", "different"]
    subjects: Annotated[tuple[Subject, ...], Meta(min_length=2, max_length=2)]
    reason: str = ""
