"""Own needs and offers, for the desk and for members alike: what could meet them, and how they end.

What fits is told by `fednet.directory.exchange`; here it becomes lines of a page, with the introduction that is under
way between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from fednet.directory import exchange
from fednet.directory.exchange import Entry, Match
from fednet.directory.search import Reader
from fednet.errors import ChangedError, FednetError, NotFoundError, UsageError
from fednet.listing import ListingError, vocabulary
from fednet.node import closing, introductions, preview
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.preview import Exposed
from fednet.store.circles import PUBLIC
from fednet.web import show, translation
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import see
from fednet.web.entry.entries import base, refused
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
    between the two that is asked or answered, `declined` of one to which somebody said no."""

    match: Match
    other: Entry
    name: Text
    page: str | None
    grade: str
    why: list[Markup]
    under_way: str = ""
    declined: str = ""


class Between(NamedTuple):
    """The introductions of an own entry: the other's handle -> the id of the newest."""

    under_way: dict[str, str]
    declined: dict[str, str]


NONE = Between({}, {})


class Line(NamedTuple):
    """An own entry with the best of what fits."""

    entry: Entry
    name: Text
    fits: list[Fit]


def fits(home: Home, handle: str, reader: Reader, now: datetime, most: int, between: Between) -> list[Fit]:
    """What fits an own entry best, as far as this reader may know; `between`: see `introductions_of`."""
    found = exchange.matches(home.store, handle, reader, now, limit=most)
    return [fit(one, handle, between) for one in found]


def fit(match: Match, handle: str, between: Between = NONE) -> Fit:
    """A match of the own entry of that handle, in words."""
    other = match.other(handle)
    return Fit(
        match,
        other,
        show.names(other.record, show.PARTY_NAME)[0],
        page_of("exchange", other.hit.handle),
        fitting.grade(match.score),
        fitting.why(match, most=REASONS),
        between.under_way.get(other.hit.handle, ""),
        between.declined.get(other.hit.handle, ""),
    )


def line(home: Home, entry: Entry, reader: Reader, now: datetime, between: Mapping[str, Between]) -> Line:
    """An own entry as a list shows it."""
    handle = entry.hit.handle
    found = fits(home, handle, reader, now, SHOWN, between.get(handle, NONE)) if entry.matches else []
    return Line(entry, show.names(entry.record, show.PARTY_NAME)[0], found)


def introductions_of(home: Home) -> dict[str, Between]:
    """The introductions of each own entry, those aside that were taken back."""
    found: dict[str, Between] = {}
    for one in introductions.introductions(home):
        if one.state != "taken-back":
            for handle, other in ((one.asker.handle, one.asked.handle), (one.asked.handle, one.asker.handle)):
                between = found.setdefault(handle, Between({}, {}))
                kept = between.declined if one.state == "declined" else between.under_way
                kept.setdefault(other, one.id)
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
            if first(asked, "base") not in ("", base(own)):
                raise ChangedError(
                    "somebody else changed this entry meanwhile", hint="nothing is saved: look at it as it stands now"
                )
            word, changes = self._changes(asked, own)
            if told := _exposed(own, changes, asked):
                return self._shown(request, asked, own, layout, back, exposed=told)
            said = save(changes) or word
        except FednetError as error:
            return self._shown(request, asked, own, layout, back, error)
        return see(f"{back}?done={said}")

    def _changes(self, asked: Asked, own: Own) -> tuple[str, dict[str, Any]]:
        now, until = self.clock(), first(asked, "open_until")
        match first(asked, "do"):
            case "close":
                note = asked.get("outcome_note", [""])[0].replace("\r\n", "\n").strip()
                if len(note) > MAX_NOTE:
                    raise ListingError("outcome_note", None, f"is longer than {MAX_NOTE} characters")
                outcome, language = first(asked, "outcome"), translation.speaking()
                return "closed", closing.closed(own.fields, outcome, note or None, now, language)
            case "longer":
                return "longer", closing.extended(own.fields, until, now)
            case "again":
                return "again", closing.reopened(own.fields, now, until or None)
            case _:
                raise UsageError("choose what to do")

    def _shown(
        self,
        request: Request,
        asked: Asked,
        own: Own,
        layout: str,
        back: str,
        error: FednetError | None = None,
        exposed: Sequence[Exposed] = (),
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
            "base": base(own),
            "exposed": exposed,
            "asking": sum(one.state == "waiting" for one in introductions.introductions(self.home, ours=own.handle)),
        }
        if isinstance(error, ListingError):
            values["errors"] = {**values["errors"], error.field.partition(".")[0]: refused(error)}
        status = error.status if isinstance(error, ChangedError) else 422 if error or exposed else 200
        return self.page("exchange-close.html", request, status, own=own, error=error, **values)


def _exposed(own: Own, changes: Mapping[str, Any], asked: Asked) -> tuple[Exposed, ...]:
    """What everybody would read of somebody in what is written now, unless it was said that this is meant."""
    if own.circle != PUBLIC or "understood" in asked or not changes.get("outcome_note"):
        return ()
    return tuple(preview.exposed({"kind": "exchange", "outcome_note": changes["outcome_note"]}))
