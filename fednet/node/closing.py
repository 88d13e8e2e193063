"""Closing a need, an offer or a source of funding with what came of it; opening it again, or for longer.

`closed`, `reopened` and `extended` give the changes of fields, as `edits.edit` and `proposals.submit` take them: a
member's may wait for approval. The others make them at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from fednet.errors import UsageError
from fednet.listing import ListingError
from fednet.listing.check import UNDETERMINED, day, term
from fednet.listing.exchange import CLOSED, open_day
from fednet.listing.vocabulary import EXCHANGE_OUTCOMES
from fednet.node import edits
from fednet.node.edits import Own
from fednet.node.home import Home

OPEN = "open"
_OUTCOME = term(EXCHANGE_OUTCOMES)


def closed(
    fields: Mapping[str, Any], outcome: str, note: str | None, now: datetime, language: str | None = None
) -> dict[str, Any]:
    """What closing changes. `outcome` by any of its names; `note` in that `language`, else in the record's own.

    Of one that is closed already the day stays. A `note` that is None leaves what is there, as long as it was said of
    the same outcome; an empty one takes it out.
    """
    _check_kind(fields)
    code = _OUTCOME(outcome, "outcome")
    if not code:
        accepted = ", ".join(EXCHANGE_OUTCOMES.codes)
        raise ListingError("outcome", None, "is missing: say what came of it", hint=f"accepted: {accepted}")
    since = fields.get("closed") if fields.get("state") == CLOSED else None
    changes: dict[str, Any] = {"state": CLOSED, "closed": since or _today(fields, now), "outcome": code}
    if since and note is None and code != fields.get("outcome"):
        changes["outcome_note"] = None
    if note is not None:
        tag = language or fields.get("original") or UNDETERMINED
        kept = {known: text for known, text in (fields.get("outcome_note") or {}).items() if known != tag}
        changes["outcome_note"] = (kept | ({tag: note} if note.strip() else {})) or None
    return changes


def reopened(fields: Mapping[str, Any], now: datetime, until: str | None = None) -> dict[str, Any]:
    """What opening a closed one again changes: what came of it goes. `until` is a new last day, where the old is past.

    Raises ListingError when it would be over at once, UsageError when it is open and no day is given.
    """
    _check_kind(fields)
    ends = until or fields.get("open_until")
    if fields.get("state", OPEN) == OPEN and not until and not (ends and ends < open_day(now).isoformat()):
        raise UsageError("it is open", hint="fednet exchange close HANDLE --until DAY keeps it open for longer")
    return {
        "state": OPEN,
        "closed": None,
        "outcome": None,
        "outcome_note": None,
        "open_until": _to_come(ends, now) if ends else None,
    }


def extended(fields: Mapping[str, Any], until: str, now: datetime) -> dict[str, Any]:
    """What it changes that an open one is open until another day. Raises ListingError for a day that is past."""
    _check_kind(fields)
    if fields.get("state") == CLOSED:
        raise UsageError("it is closed", hint="fednet exchange close HANDLE --reopen opens it again")
    return {"open_until": _to_come(until, now)}


def close(home: Home, handle: str, outcome: str, note: str | None, now: datetime, language: str | None = None) -> Own:
    """Close an own need, offer or funding with an outcome; the next edition says so."""
    with home.store.writing() as db:
        own = edits.find(db, home, handle)
        return edits.edit_in(db, home, handle, closed(own.fields, outcome, note, now, language), now)


def reopen(home: Home, handle: str, now: datetime, until: str | None = None) -> Own:
    """Open a closed one again."""
    with home.store.writing() as db:
        own = edits.find(db, home, handle)
        return edits.edit_in(db, home, handle, reopened(own.fields, now, until), now)


def extend(home: Home, handle: str, until: str, now: datetime) -> Own:
    """Keep one open until another day."""
    with home.store.writing() as db:
        own = edits.find(db, home, handle)
        return edits.edit_in(db, home, handle, extended(own.fields, until, now), now)


def _today(fields: Mapping[str, Any], now: datetime) -> str:
    """The day it is (UTC), no day before it was posted: that may be tomorrow, where it is that already."""
    return max(now.date().isoformat(), str(fields.get("posted", "")))


def _check_kind(fields: Mapping[str, Any]) -> None:
    if fields["kind"] != "exchange":
        raise UsageError(
            f"only needs, offers and funding are closed, and this is of kind {fields['kind']}",
            hint="fednet withdraw takes a record out",
        )


def _to_come(until: str | date, now: datetime) -> str:
    last = day(until, "open_until")
    if last < open_day(now).isoformat():
        raise ListingError("open_until", last, "is past", hint="give a day that is to come")
    return last
