"""What fields of records are made of: the types that every kind shares, and the base of all kinds.

Types hold what a reader may rely on in anything that a peer published: shapes, sizes, and that an address is http or
https. They are lenient about *terms*: a code that this version does not know stays as it is, for a newer peer's term
must not hide its record. What our own users enter is held to the vocabularies by `fednet.listing.check`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fednet.errors import UsageError

MAX_E6 = 1_000_000

_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_END = r"$(?!\n)"  # in Python "$" alone would let a final line end through

Code = Annotated[str, Meta(max_length=64)]
"""A vocabulary code, lower-case English with hyphens when it is one of ours."""

CountryCode = Annotated[str, Meta(max_length=3)]
"""ISO 3166-1 alpha-2, upper case (or, in `countries`, a UN M49 region of three digits)."""

LanguageTag = Annotated[str, Meta(max_length=35)]
"""BCP 47, as `fr` or `zh-Hant`."""

Handle = Annotated[str, Meta(max_length=64)]
"""A record's name within its network: a UUID in lower case."""

Texts = dict[LanguageTag, str]
"""One text in one or more languages: BCP 47 tag to text."""

RequiredTexts = Annotated[dict[LanguageTag, str], Meta(min_length=1)]

Url = Annotated[str, Meta(pattern=rf"^https?://[^\s<>\"']+{_END}", max_length=2048)]
"""An absolute http or https address; anything else (javascript:, data:) is not a web address here."""

Date = Annotated[str, Meta(pattern=f"^{_DAY}{_END}")]
"""ISO 8601 day, `YYYY-MM-DD`."""

PartialDate = Annotated[str, Meta(pattern=rf"^[0-9]{{4}}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?{_END}")]
"""A day, a month or a year: `2026-11-21`, `2026-11` or `2026`."""

Moment = Annotated[str, Meta(pattern=f"^{_DAY}({_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}}))?{_END}")]
"""A day, or an instant with its offset: `2026-11-21` or `2026-11-21T18:00:00Z`."""

LocalTime = Annotated[str, Meta(pattern=f"^{_DAY}({_TIME})?{_END}")]
"""A wall-clock time without offset, `YYYY-MM-DDTHH:MM[:SS]`, or a day for what lasts all day."""

Zone = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_+/-]+{_END}", max_length=64)]
"""An IANA time zone, as `Asia/Bangkok`."""

Email = Annotated[str, Meta(pattern=rf"^[^@\s<>\"']+@[^@\s<>\"']+{_END}", max_length=254)]


class ListingError(UsageError):
    """A field of a record is not what it must be: `field` is where, `found` what was there (None: nothing)."""

    word = "listing"

    def __init__(self, field: str, found: object, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{field}: {reason}" if found is None else f"{field}: {_shown(found)} {reason}", hint=hint)
        self.field = field
        self.found = found
        self.reason = reason


class Confirmed(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """When and by whom someone last said "this is still right"."""

    at: Moment
    by: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag=str.lower, gc=False):
    """What every kind of record has. `original` is the language of the original text among its translations."""

    original: LanguageTag | None = None
    confirmed: Confirmed | None = None


def _shown(found: object) -> str:
    shown = f'"{found}"' if isinstance(found, str) else msgspec.json.encode(found, enc_hook=str).decode()
    return shown if len(shown) <= 80 else shown[:77] + "..."
