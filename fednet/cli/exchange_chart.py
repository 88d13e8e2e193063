"""`exchange chart`: what is needed, offered and funded, by region and theme."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fednet.cli.options import json_option, opened
from fednet.cli.output import counted, say, show_json, show_table

if TYPE_CHECKING:
    from fednet.directory.chart import Chart


@click.command()
@click.option("--by", type=click.Choice(["region", "theme"]), default="region", help="What rows are gathered under.")
@click.option("--type", "types", multiple=True, metavar="T", help="need, offer or funding")
@click.option("--theme", "themes", multiple=True, metavar="T", help="A service or a client group, by code or name.")
@click.option("--region", "regions", multiple=True, metavar="M49", help="A UN M49 region, by code or name.")
@click.option("--country", "countries", multiple=True, metavar="CC", help="A country, by code or name.")
@click.option("--network", "networks", multiple=True, metavar="N", help="Listed by: a network's id, name or initials.")
@click.option("--all", "everything", is_flag=True, help="Also what is over, agreed or closed.")
@click.option("--public", is_flag=True, help="Only what everybody may read: for a chart that is passed on.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it as CSV, for a spreadsheet.",
)
@json_option
def chart(by: str, everything: bool, public: bool, output: Path | None, as_json: bool, **filters: Any) -> None:
    """Show the chart of needs, offers and funding: a line for each entry in each region and theme that it names.

    Unmet needs stand first. What is not public is on it, too, and is marked; --public leaves it out.

    \b
        fednet exchange chart --by theme
        fednet exchange chart --public -o chart.csv
    """
    from fednet.directory import chart as charts
    from fednet.directory.exchange import parse_asked
    from fednet.directory.search import OPERATOR, PUBLIC
    from fednet.formats.export import csv_of
    from fednet.node.home import now

    home = opened()
    singular = {"types": "type", "themes": "theme", "regions": "region", "countries": "country", "networks": "network"}
    asked = parse_asked(**{singular[name]: list(values) for name, values in filters.items() if values},
                        **({"state": "all"} if everything else {}))  # fmt: skip
    found = charts.chart(home.store, asked, PUBLIC if public else OPERATOR, now(), by)  # type: ignore[arg-type]
    if output:
        output.write_bytes(csv_of(charts.table(found.rows)))
        say(f"written: {output}")
    elif as_json:
        show_json(charts.lines(found.rows))
    else:
        rows = charts.table(found.rows)
        shown = [[*line[:-4], "" if line[-3] == "public" else line[-3], line[-1]] for line in rows[1:]]
        show_table([*rows[0][:-4], rows[0][-3], rows[0][-1]], shown)
    _sum_up(found)


def _sum_up(found: Chart) -> None:
    totals = found.totals
    unmet = f"{totals.unmet} of them unmet" if totals.needs else ""
    parts = [counted(totals.needs, "need"), unmet, counted(totals.offers, "offer"),
             counted(totals.funding, "source of funding", "sources of funding")]  # fmt: skip
    say(f"{', '.join(filter(None, parts))}; as of {found.at}")
    if totals.restricted:
        say(f"note: {counted(totals.restricted, 'entry', 'entries')} on it not public; --public leaves these out")
    for one in found.missing:
        say(f"note: what is new of {one.name} may be missing: {_WHY[one.reason].format(since=one.since)}")


_WHY = {
    "expired": "its newest edition was to be renewed by {since}",
    "unheard": "nothing of it was verified since {since}",
    "frozen": "it has contradicted itself",
    "many": "it lists very much, of which only a part is here",
    "unread": "nothing of it has been read yet",
}
