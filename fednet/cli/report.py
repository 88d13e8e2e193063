"""`report`: the evaluation of a period."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from fednet.cli.options import json_option, opened
from fednet.cli.output import counted, say, show_json, show_table
from fednet.errors import UsageError

if TYPE_CHECKING:
    from fednet.directory.evaluation import Report, Row

ROWS = 8
"""Themes and regions that the terminal shows; --csv and --json have all."""


@click.command()
@click.option("--from", "since", metavar="D", help="The first day, 2026-01-31. Default: twelve months ago.")
@click.option("--to", "until", metavar="D", help="The last day. Default: today, of UTC.")
@click.option("--network", default="", metavar="N", help="What one network posted: a name or network id. Default: all.")
@click.option("--csv", "as_csv", is_flag=True, help="A table, one figure a line.")
@json_option
def report(since: str | None, until: str | None, network: str, as_csv: bool, as_json: bool) -> None:
    """What was posted, matched, introduced, met, and what nobody met; and whether this way of doing it works.

    Counts from 1 to 4 that are not public are not told, nor is what would give them away: introductions are counted by
    whole years.

    \b
        fednet report
        fednet report --from 2026-01-01 --to 2026-12-31 --csv > report.csv
    """
    from fednet.directory import evaluation
    from fednet.node.home import now

    if as_csv and as_json:
        raise UsageError("either --csv or --json")
    home, at = opened(), now()
    usual = evaluation.usual(at.date())
    last = _day("--to", until) or usual.until
    first = _day("--from", since) or (usual.since if until is None else evaluation.usual(last).since)
    found = evaluation.report(home.store, evaluation.Period(first, last), network, at)
    if as_csv:
        from fednet.directory import figures

        click.echo(figures.as_csv(found), nl=False)
    elif as_json:
        show_json([_object(found)])
    else:
        _show(found)


def _day(option: str, given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise UsageError(f"{option}: {given!r} is no day", hint="write it as 2026-01-31") from None


def _object(found: Report) -> dict[str, Any]:
    """The report as JSON: sentences in English beside their codes and figures; a count that is not told is a word."""
    import msgspec

    from fednet.directory.answers import is_met, is_needed, sentence

    plain: dict[str, Any] = msgspec.to_builtins(found)
    for name, said in (("is_needed", is_needed(found)), ("is_met", is_met(found))):
        plain[name] = [{"text": sentence(one), **msgspec.structs.asdict(one)} for one in said]
    return plain


def _show(found: Report) -> None:
    from fednet.directory.answers import MET, NEEDED, is_met, is_needed, sentence
    from fednet.listing import places
    from fednet.listing.vocabulary import THEMES

    whose = found.network[1] if found.network else "all networks"
    say(f"{found.since} to {found.until}, {whose}; made on {found.made}")
    for question, said in ((NEEDED, is_needed(found)), (MET, is_met(found))):
        click.echo(f"\n{question}")
        for one in said:
            click.echo(f"  {sentence(one)}")
    _show_rows("theme", found.public.themes, THEMES.name)
    _show_rows("region", found.public.regions, places.name)


def _show_rows(heading: str, rows: tuple[Row, ...], name: Any) -> None:
    if not rows:
        return
    click.echo("")
    cells = [
        (name(row.code) if row.code else "(not said)", row.needs, row.matched, row.unmet, row.offers, row.funding)
        for row in rows[:ROWS]
    ]
    show_table([heading, "needs", "with a match", "without", "offers", "funding"], cells)
    if len(rows) > ROWS:
        say(f"and {counted(len(rows) - ROWS, 'more row')}: --csv")
