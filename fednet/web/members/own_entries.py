"""Own needs and offers, for the desk and for members alike: what could meet them, and how they end.

What fits is told by `fednet.directory.exchange`; here it becomes lines of a page, with the introduction that is under
way between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from fednet.directory import exchange
from fednet.directory.exchange import Entry, Match
from fednet.directory.search import Reader
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.listing import ListingError, vocabulary
from fednet.node import closing, introductions
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.web import show, translation
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import see
from fednet.web.entry.entries import NOTHING, refused
from fednet.web.public import fitting
from fednet.web.public.parties import page_of
from fednet.web.show import Templates, Text
from fednet.web.translation import noted

SHOWN = 3
"""Matches that a list shows of each entry."""
MOST = 10
"""Matches that the page of one entry shows."""
REASONS = 4
MAX_NOTE = 2_000
"""Characters of what is written beside an outcome."""

CLOSED = {
    "closed": noted("Closed. That leaves with the next edition."),
    "longer": noted("It is open for longer. That leaves with the next edition."),
    "again": noted("It is open again. That leaves with the next edition."),
    "proposed": noted("What you changed waits for the secretariat's approval."),
}
PAIRS = {
    "dismissed": noted("Said that the two do not fit. They are shown as a match no more."),
    "back": noted("Put back: the two are shown as a match again."),
}


class Fit(NamedTuple):
    """Somebody's entry that fits an own one: how well and why, in words. `under_way`: the id of an introduction
    between the two that is asked or answered."""

    match: Match
    other: Entry
    name: Text
    page: str | None
    grade: str
    why: list[Markup]
    under_way: str = ""


class Line(NamedTuple):
    """An own entry with the best of what fits."""

    entry: Entry
    name: Text
    fits: list[Fit]


def fits(home: Home, handle: str, reader: Reader, now: datetime, most: int, under_way: Mapping[str, str]) -> list[Fit]:
    """What fits an own entry best, as far as this reader may know; `under_way`: see `introductions_of`."""
    found = exchange.matches(home.store, handle, reader, now, limit=most)
    return [fit(one, handle, under_way) for one in found]


def fit(match: Match, handle: str, under_way: Mapping[str, str] = NOTHING) -> Fit:
    """A match of the own entry of that handle, in words."""
    other = match.other(handle)
    return Fit(
        match,
        other,
        show.names(other.record, show.PARTY_NAME)[0],
        page_of("exchange", other.hit.handle),
        fitting.grade(match.score),
        fitting.why(match, most=REASONS),
        under_way.get(other.hit.handle, ""),
    )


def line(home: Home, entry: Entry, reader: Reader, now: datetime, under_way: Mapping[str, Mapping[str, str]]) -> Line:
    """An own entry as a list shows it."""
    handle = entry.hit.handle
    found = fits(home, handle, reader, now, SHOWN, under_way.get(handle, {})) if entry.matches else []
    return Line(entry, show.names(entry.record, show.PARTY_NAME)[0], found)


def introductions_of(home: Home) -> dict[str, dict[str, str]]:
    """Of each own entry: the other entry of an introduction that has not ended without effect -> its id."""
    found: dict[str, dict[str, str]] = {}
    for one in introductions.introductions(home):
        if one.state in ("waiting", "accepted", "introduced"):
            asker, asked = one.asker.handle, one.asked.handle
            found.setdefault(asker, {})[asked] = one.id
            found.setdefault(asked, {})[asker] = one.id
    return found


# --- how an entry ends ------------------------------------------------------------------------------------------------

Save = Callable[[dict[str, Any]], str]
"""Saves changed fields of an entry, or proposes them; the word (of `CLOSED`) for what became of that, if not saved."""


class Closing:
    """The page on which an own need or offer is closed, opened again, or left open for longer."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def answer(self, request: Request, asked: Asked, own: Own, layout: str, back: str, save: Save) -> Response:
        """The form of GET; of POST what was chosen, and then the page `back`. What is wrong is shown beside what was
        typed (422)."""
        if own.fields["kind"] != "exchange":
            raise NotFoundError("this is neither a need nor an offer")
        if request.method != "POST":
            return self._shown(request, asked, own, layout, back)
        try:
            word, changes = self._changes(asked, own)
            said = save(changes) or word
        except FednetError as error:
            return self._shown(request, asked, own, layout, back, error)
        return see(f"{back}?done={said}")

    def _changes(self, asked: Asked, own: Own) -> tuple[str, dict[str, Any]]:
        now, until = self.clock(), first(asked, "open_until")
        match first(asked, "do"):
            case "close":
                note = asked.get("outcome_note", [""])[0].replace("\r\n", "\n").strip()[:MAX_NOTE]
                outcome, language = first(asked, "outcome"), translation.speaking()
                return "closed", closing.closed(own.fields, outcome, note or None, now, language)
            case "longer":
                return "longer", closing.extended(own.fields, until, now)
            case "again":
                return "again", closing.reopened(own.fields, now, until or None)
            case _:
                raise UsageError("choose what to do")

    def _shown(
        self, request: Request, asked: Asked, own: Own, layout: str, back: str, error: FednetError | None = None
    ) -> Response:
        values: dict[str, Any] = {
            "layout": layout,
            "back": back,
            "title": title_of(own.body),
            "outcomes": [(one.code, show.term(one.code)) for one in vocabulary.EXCHANGE_OUTCOMES],
            "chosen": first(asked, "outcome"),
            "note": first(asked, "outcome_note"),
            "until": first(asked, "open_until") or own.fields.get("open_until", ""),
            "closed": own.fields.get("state") == "closed",
            "errors": {"outcome": "", "open_until": "", "outcome_note": ""},
        }
        if isinstance(error, ListingError):
            values["errors"] = {**values["errors"], error.field.partition(".")[0]: refused(error)}
        return self.page("exchange-close.html", request, 422 if error else 200, own=own, error=error, **values)
