"""`plan`: what to think of before an event is announced."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from fednet.cli.directory import network_names
from fednet.cli.options import json_option, opened
from fednet.cli.output import counted, say, show_entries, show_json, show_table

if TYPE_CHECKING:
    from datetime import datetime

    from fednet.directory.planning import Clash, Place, Planning


@click.command()
@click.option("--start", metavar="T", help="When it begins, on the clocks of the zone: 2026-12-02T10:00")
@click.option("--end", metavar="T", help="When it ends.")
@click.option("--zone", metavar="TZ", help="The zone of these times, as Asia/Bangkok. Default: node.toml.")
@click.option("--rrule", metavar="RULE", help="How it repeats, as FREQ=WEEKLY;COUNT=6 (RFC 5545)")
@click.option("--country", "countries", multiple=True, metavar="CC", help="Invited: a country or a region.")
@click.option("--audience", multiple=True, metavar="A", help="Whom it is for, as other events say it.")
@click.option("--theme", "themes", multiple=True, metavar="T", help="What it is about: legal-aid, detention, ...")
@click.option("--language", "languages", multiple=True, metavar="L", help="Spoken there.")
@click.option("--host", "hosts", multiple=True, metavar="H", help="Who holds it or speaks: a name or a handle.")
@click.option("--event", "file", type=click.File("rb"), metavar="FILE|-", help="The fields of an event, as for add.")
@json_option
def plan(file: IO[bytes] | None, as_json: bool, **asked: Any) -> None:
    """Show what an event would clash with, what time it is for those invited, and what the change of clocks does.

    A clash is what takes place at the same time and has an audience, theme, language, host or speaker in common; when
    none is named, all that takes place then.

    \b
        fednet plan --start 2027-03-17T10:00 --end 2027-03-17T11:30 --zone America/Toronto \\
          --country CA --country TH --country CH --language en --theme detention
    """
    from fednet.cli.records import fields_in
    from fednet.directory.planning import asked_of, parse_plan, planning
    from fednet.directory.search import OPERATOR
    from fednet.node.home import now

    home = opened()
    singular = {"countries": "country", "themes": "theme", "languages": "language", "hosts": "host"}
    given = {singular.get(name, name): list(value) if isinstance(value, tuple) else value
             for name, value in asked.items() if value}  # fmt: skip
    given = (asked_of(fields_in(file)) if file else {}) | given
    wanted = parse_plan(**{"zone": home.config.zone, **given})
    if "zone" not in given:
        say(f"no zone is named: times are in {wanted.zone}, the zone of node.toml; --zone names another")
    moment = now()
    found = planning(home.store, wanted, OPERATOR, moment)
    if as_json:
        show_json([found])
    else:
        _show(found, wanted.zone, network_names(home), moment)


_BY_TIME = ": all that takes place then; --audience, --theme, --language and --host leave those for the same people"


def _show(found: Planning, zone: str, networks: dict[str, str], moment: datetime) -> None:
    first = found.dates[0]
    if found.dates[-1] < moment:
        say("note: that date is over")
    say(f"{first:%A %Y-%m-%d %H:%M} in {zone}" + (f", and {len(found.dates) - 1} more" if found.dates[1:] else ""))
    if found.places:
        show_table(["country", "there", "starts", "ends", ""], list(map(_row, found.places)))
        say(f"hours of that day that suit them best: {', '.join(found.best)} in {zone} ({found.suits})")
    for warning in found.warnings:
        say(f"clocks change: {warning.text}")
    rows = [(_when(one), one.title, ", ".join(one.networks), "; ".join(one.shared), one.handle)
            for one in found.clashes]  # fmt: skip
    if rows:
        show_entries(["when", "title", "announced by", "in common", "handle"], rows, heading=2)
    say(f"{counted(len(rows), 'clash', 'clashes')}" + (_BY_TIME if rows and not any(row[3] for row in rows) else ""))
    for network, days in found.overview.items():
        busiest = ", ".join(f"{day[-2:]}: {count}" for day, count in days.items())
        say(f"{first:%B %Y}, {networks.get(network, network)}: {busiest}")


def _row(place: Place) -> tuple[str, ...]:
    mark = "" if place.part == "work" else place.part
    return place.country, place.zone, f"{place.start:%a %Y-%m-%d %H:%M}", f"{place.end:%H:%M}", mark


def _when(clash: Clash) -> str:
    if clash.all_day:
        return f"{clash.start:%Y-%m-%d}"
    return f"{clash.start:%Y-%m-%d %H:%M}" + (f"-{clash.end:%H:%M}" if clash.end > clash.start else "")
