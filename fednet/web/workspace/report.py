"""The evaluation of a period on a page that prints, and as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import answers, evaluation, figures
from fednet.directory.answers import Said
from fednet.directory.evaluation import Period, Report
from fednet.directory.introduced import Introduced, Networked
from fednet.directory.search import PUBLIC, readable
from fednet.directory.suppressing import Told
from fednet.errors import NotFoundError, UsageError
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

SENTENCES = {
    "needs-few": noted("Needs posted: %(needs)s. That is too few to say anything."),
    "needs": noted("Of %(needs)s needs posted, %(matched)s had a match and %(unmet)s had none."),
    "offers": noted("Offers posted: %(offers)s. Sources of funding: %(funding)s."),
    "days": noted("Days until the first match of a need could be seen, at the median: %(days)s."),
    "theme": noted("Most needs without a match are about %(theme)s: %(unmet)s of %(needs)s."),
    "none-asked": noted("No introduction was asked in %(year)s."),
    "introduced": noted("Of %(asked)s introductions asked in %(year)s, %(accepted)s were accepted."),
    "introduced-partly": noted("Introductions asked in %(year)s: %(asked)s. Accepted: %(accepted)s."),
    "introduced-least": noted("Introductions asked in %(year)s: at least %(least)s. Accepted: %(accepted)s."),
    "answered": noted("Days until an answer came, at the median: %(days)s."),
    "outcomes": noted(
        "What came of those accepted in %(year)s: met %(met)s, partly %(partly_met)s, not met %(not_met)s."
    ),
    "closed": noted("Needs closed as met through this exchange, wholly or in part: %(met)s."),
    "closed-none": noted("No need was closed as met through this exchange."),
    "twinnings": noted("Twinnings begun: %(begun)s. Ended: %(ended)s."),
    "too-few": noted("That is too few to say whether this way works."),
    "unknown": noted("Introductions between other networks are not known here."),
}
"""Those of `fednet.directory.answers`, for catalogues."""
COUNTS = {"few": noted("fewer than 5"), "many": noted("5 or more"), "untold": noted("not told")}
ANSWERS = {
    "accepted": noted("accepted"),
    "declined": noted("declined"),
    "taken-back": noted("taken back before an answer"),
    "unanswered": noted("without an answer"),
}
OUTCOMES = {
    "met": noted("met"),
    "partly-met": noted("met in part"),
    "not-met": noted("not met"),
    "not-told": noted("nobody said what came of it"),
}
TABLES = (
    ("themes", noted("By theme"), noted("Theme")),
    ("regions", noted("By region"), noted("Region")),
    ("stages", noted("By stage of resettlement"), noted("Stage")),
)


class Table(NamedTuple):
    """What was posted, by theme, region or stage: each row with what it is called."""

    id: str
    title: str
    heading: str
    rows: list[tuple[str, evaluation.Row]]
    more: int


class Year(NamedTuple):
    """The introductions of a year: what is counted, and how many, in words; by network, where that may be told."""

    year: int
    figures: list[tuple[str, str]]
    networks: list[tuple[str, str, str]]


MAX_ROWS = 60
"""Rows of one table that the page shows; the file has all."""


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Reports(home, templates, clock)
    return [
        doors.route("GET", "/workspace/report", site.report),
        doors.route("GET", "/workspace/report.csv", site.csv),
    ]


class Reports:
    """The report of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def report(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The form, and the report of what it says; of twelve months where it says nothing."""
        usual = evaluation.usual(self.clock().date())
        typed = {name: first(asked, name) for name in ("from", "to", "network")}
        typed = {"from": usual.since.isoformat(), "to": usual.until.isoformat()} | {
            name: value for name, value in typed.items() if value
        }
        values: dict[str, Any] = {"asked": typed, "networks": self._networks(), "error": None, "report": None}
        try:
            found = self._report(asked)
        except (UsageError, NotFoundError) as error:
            return self.page("desk/report.html", request, **values | {"error": error})
        return self.page("desk/report.html", request, **values | self._shown(found, typed))

    def csv(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        found = self._report(asked)
        name = f"report-{found.since}-{found.until}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(figures.as_csv(found), media_type="text/csv; charset=utf-8", headers=headers)

    def _report(self, asked: Asked) -> Report:
        now = self.clock()
        usual = evaluation.usual(now.date())
        until = _day(asked, "to", usual.until)
        since = _day(asked, "from", evaluation.usual(until).since)
        return evaluation.report(self.home.store, Period(since, until), first(asked, "network"), now)

    def _networks(self) -> list[tuple[str, str]]:
        store = self.home.store
        with store.reading() as db:
            shown = readable(db, PUBLIC, self.clock() - store.forget_after)
        return [("", _("All networks")), *{one.network: show.fit(one.name, 160) for one in shown.values()}.items()]

    def _shown(self, found: Report, typed: dict[str, str]) -> dict[str, Any]:
        names = dict(self._networks())
        return {
            "report": found,
            "is_needed": list(map(sentence, answers.is_needed(found))),
            "is_met": list(map(sentence, answers.is_met(found))),
            "tables": list(_tables(found)),
            "closed": [
                (show.term(code) if code else _("not said"), count) for code, count in found.public.closed.items()
            ],
            "restricted": [(one.year, *map(counted, _counts(one))) for one in found.restricted if any(_counts(one))],
            "years": [_year(one, found, names) for one in found.introduced if one.asked != 0],
            "file": show.address("/workspace/report.csv", [(name, value) for name, value in typed.items() if value]),
        }


def _day(asked: Asked, name: str, usual: date) -> date:
    given = first(asked, name)
    try:
        return date.fromisoformat(given) if given else usual
    except ValueError:
        raise UsageError(f"{name}: {given[:40]!r} is not a day", hint="write it as 2026-11-21") from None


def counted(count: Told) -> str:
    """A count in the reader's language, or why there is none."""
    return show.number(count) if isinstance(count, int) else _(COUNTS[count])


def sentence(said: Said) -> str:
    """One of the answers in the reader's language."""
    values = dict(said.values)
    filled = {name: counted(value) for name, value in values.items() if name not in ("year", "theme")}
    filled |= {"year": str(values["year"])} if "year" in values else {}
    filled |= {"theme": show.term(values["theme"])} if "theme" in values else {}
    return _(SENTENCES[said.code]) % filled


def _tables(found: Report) -> Iterable[Table]:
    named = {"themes": show.term, "regions": show.country, "stages": show.term}
    for id_, title, heading in TABLES:
        rows = getattr(found.public, id_)
        shown = [(named[id_](row.code) if row.code else _("not said"), row) for row in rows[:MAX_ROWS]]
        if shown:
            yield Table(id_, _(title), _(heading), shown, max(0, len(rows) - MAX_ROWS))


def _counts(own: evaluation.Restricted) -> tuple[Told, ...]:
    return own.needs, own.matched, own.unmet, own.offers, own.funding


def _year(year: Introduced, found: Report, names: dict[str, str]) -> Year:
    if found.network is not None:
        of = year.networks.get(found.network[0], Networked("untold", "untold"))
        return Year(year.year, [(_("asked"), counted(of.asked)), (_(ANSWERS["accepted"]), counted(of.accepted))], [])
    lines = [(_("asked"), counted(year.asked))]
    lines += [(_(ANSWERS[name]), counted(count)) for name, count in year.answers.items()]
    if any(count not in (0, "untold") for count in year.outcomes.values()):
        lines += [(_("%(accepted)s: %(outcome)s") % {"accepted": _(ANSWERS["accepted"]), "outcome": _(OUTCOMES[name])},
                   counted(count)) for name, count in year.outcomes.items()]  # fmt: skip
    rows = [
        (names.get(network, network[:8]), counted(of.asked), counted(of.accepted))
        for network, of in year.networks.items()
        if of.asked not in (0, "untold")
    ]
    return Year(year.year, lines, rows[:MAX_ROWS])
