"""An evaluation report as a table to compute with: one figure a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fednet.directory import answers
from fednet.directory.evaluation import Report, Row
from fednet.directory.introduced import Introduced
from fednet.directory.suppressing import Told
from fednet.formats.export import csv_of
from fednet.listing import places
from fednet.listing.vocabulary import EXCHANGE_OUTCOMES, STAGES, THEMES

HEADER = ["part", "of", "what", "count"]
NOT_SAID = "not said"

Line = list[str]


def as_csv(report: Report) -> bytes:
    """The whole report: the figures, and the sentences that answer the two questions."""
    return csv_of([HEADER, *lines(report)])


def lines(report: Report) -> Iterator[Line]:
    """Each figure with the part of the report it stands in, what it is of, and what is counted."""
    network = report.network[1] if report.network else "all networks"
    yield ["report", network, "from", report.since.isoformat()]
    yield ["report", network, "to", report.until.isoformat()]
    yield ["report", network, "made", report.made.isoformat()]
    yield from _answers(report)
    yield from _public(report)
    for own in report.restricted:
        counts = own.needs, own.matched, own.unmet, own.offers, own.funding
        yield from _figures("own entries that are not public", str(own.year), zip(_COLUMNS, counts, strict=True))
    for year in report.introduced:
        yield from _introduced(report, year)


def _answers(report: Report) -> Iterator[Line]:
    for question, said in ((answers.NEEDED, answers.is_needed(report)), (answers.MET, answers.is_met(report))):
        yield from (["answer", question, answers.sentence(one), ""] for one in said)


_COLUMNS = ("needs", "needs with a match", "needs without a match", "offers", "funding")


def _public(report: Report) -> Iterator[Line]:
    public = report.public
    yield from _row("posted", "all", public.all)
    for part, rows, name in (
        ("theme", public.themes, THEMES.name),
        ("region", public.regions, places.name),
        ("stage", public.stages, STAGES.name),
    ):
        for row in rows:
            yield from _row(part, name(row.code) if row.code else NOT_SAID, row)
    medians = [("median of best scores", public.score), ("median of days until the first match", public.days)]
    yield from _figures("matched", "all", [(name, count) for name, count in medians if count is not None])
    closed = [(EXCHANGE_OUTCOMES.name(code) if code else NOT_SAID, count) for code, count in public.closed.items()]
    yield from _figures("closed", "all", [*closed, ("needs met through this exchange", public.met)])
    yield from _figures("over", "all", [("not closed", public.over)])
    yield from _figures("twinnings", "all", [("begun", public.begun), ("ended", public.ended)])


def _introduced(report: Report, year: Introduced) -> Iterator[Line]:
    part, at = "introductions", str(year.year)
    if report.network is None:
        yield from _figures(part, at, [("asked", year.asked), *year.answers.items()])
        yield from _figures("outcomes of introductions", at, year.outcomes.items())
        if year.days is not None:
            yield [part, at, "median of days until an answer", str(year.days)]
    elif report.network[0] in year.networks:
        found = year.networks[report.network[0]]
        yield from _figures(part, at, [("asked", found.asked), ("accepted", found.accepted)])


def _row(part: str, of: str, row: Row) -> Iterator[Line]:
    counts = row.needs, row.matched, row.unmet, row.offers, row.funding
    return _figures(part, of, zip(_COLUMNS, counts, strict=True))


def _figures(part: str, of: str, figures: Iterable[tuple[str, Told]]) -> Iterator[Line]:
    return ([part, of, name, _plain(count)] for name, count in figures)


def _plain(count: Told) -> str:
    return str(count) if isinstance(count, int) else answers.counted(count)
