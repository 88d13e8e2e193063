"""Pages of the shared calendar. A cursor holds a position in time, not a count: whatever comes and goes between two
pages, what stayed where it was is shown once. It holds what its reader has been shown anyway.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from fednet.directory.agenda import MAX_LETTERS, Occurrence, Place, place_of
from fednet.directory.query import MAX_LIMIT
from fednet.errors import UsageError

MAX_CURSOR = 1_000

_Seconds = Annotated[int, Meta(ge=-(2**40), le=2**40)]
_Word = Annotated[str, Meta(max_length=16)]


class _After(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a cursor says: see `place_of`."""

    start: _Seconds
    timed: bool
    part: bool
    title: Annotated[str, Meta(max_length=MAX_LETTERS)]
    uid: _Word
    end: _Seconds
    status: _Word


def page(found: Sequence[Occurrence], limit: int, cursor: str | None) -> tuple[Sequence[Occurrence], str | None]:
    """The occurrences behind a position, of those of a question in order, and the cursor to the next page.

    Raises UsageError for a limit or a cursor that cannot be.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"a limit of {limit}: from 1 to {MAX_LIMIT} are shown at once", hint="page with the cursor")
    first = bisect_right(found, _read(cursor), key=place_of) if cursor else 0
    shown = found[first : first + limit]
    return shown, _cursor(place_of(shown[-1])) if first + limit < len(found) else None


def _cursor(place: Place) -> str:
    return urlsafe_b64encode(msgspec.json.encode(_After(*place))).decode()


def _read(cursor: str) -> Place:
    try:
        given = cursor.encode("ascii")
        found = _AFTER.decode(urlsafe_b64decode(given)) if len(given) <= MAX_CURSOR else None
    except (ValueError, msgspec.MsgspecError):
        found = None
    if found is None:
        raise UsageError(f"cursor: {cursor[:40]!r} is none", hint="take `next` of an earlier answer as it is")
    return msgspec.structs.astuple(found)


_AFTER = msgspec.json.Decoder(_After)
