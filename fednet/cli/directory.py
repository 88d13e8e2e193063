"""Asking the global directory and the shared calendar: `search`, `agenda`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from fednet.cli.options import filters, json_option, opened
from fednet.cli.output import counted, plain, say, show_json, show_table

if TYPE_CHECKING:
    from fednet.directory.search import Hit, Results

FACETS_SHOWN = 6


@click.command()
@click.argument("text", required=False, default="")
@filters
@click.option("--kind", "kinds", multiple=True, metavar="K", help="organization, event, group, ... Default: all.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many.")
@click.option("--facets", is_flag=True, help="Print counts by country, service, ... instead of the list.")
@json_option
def search(text: str, limit: int, facets: bool, as_json: bool, **asked: tuple[str, ...]) -> None:
    """Search what all followed networks and this one list; each answer says who lists it and in which edition.

    \b
        fednet search "legal aid" --country TH --client-group "unaccompanied minors" --language Burmese
    """
    from fednet.directory.search import OPERATOR
    from fednet.directory.search import search as search_directory
    from fednet.node.home import now

    home = opened()
    results = search_directory(home.store, parsed(text, limit, asked), OPERATOR, now())
    if facets:
        _show_facets(list(_facets(results)), as_json)
    elif as_json:
        show_json(results.hits)
    else:
        _show(results)


def parsed(text: str, limit: int, asked: dict[str, tuple[str, ...]], cursor: str | None = None) -> Any:
    """A query from the options of a command: `countries` given there is the parameter `country`."""
    from fednet.directory.search import parse_query

    singular = {
        "countries": "country",
        "regions": "region",
        "services": "service",
        "client_groups": "client_group",
        "languages": "language",
        "networks": "network",
        "kinds": "kind",
    }
    given = {singular[name]: list(values) for name, values in asked.items() if values}
    return parse_query(text=text, limit=limit, cursor=cursor, **given)


def _show(results: Results) -> None:
    rows = [(hit.title, hit.kind, _countries(hit), listed_by(hit), edition_of(hit), hit.handle) for hit in results.hits]
    if rows:
        show_table(["title", "kind", "country", "listed by", "edition", "handle"], rows)
    say(f"{counted(results.total, 'record')} found" + (f", {len(rows)} shown" if len(rows) < results.total else ""))
    for facet, counts in _by_facet(results).items():
        if len(counts) > 1:
            shown = ", ".join(f"{one['name']} {one['count']}" for one in counts[:FACETS_SHOWN])
            say(f"{facet}: {plain(shown)}{', ...' if len(counts) > FACETS_SHOWN else ''}")


def listed_by(hit: Hit) -> str:
    return ", ".join(name for _, name in hit.networks)


def edition_of(hit: Hit) -> str:
    """`1.12, verified 2026-11-21 18:00 UTC`."""
    verified = (hit.verified_at or "").replace("T", " ")[:16]
    return f"{hit.epoch}.{hit.edition}, verified {verified} UTC" + (", expired" if hit.expired else "")


def _countries(hit: Hit) -> str:
    seat = hit.fields.get("seat")
    found = [seat.get("country")] if isinstance(seat, dict) else [hit.fields.get("country")]
    listed = hit.fields.get("countries")
    found += listed if isinstance(listed, list) else []
    return " ".join(dict.fromkeys(code for code in found if isinstance(code, str)))


def _facets(results: Results) -> Iterator[dict[str, Any]]:
    from fednet.listing import languages, places, vocabulary

    networks = {network: name for hit in results.hits for network, name in hit.networks}
    named = {
        "country": places.name,
        "language": languages.name,
        "service": vocabulary.SERVICES.name,
        "client_group": vocabulary.CLIENT_GROUPS.name,
        "network": lambda network: networks.get(network, network),
    }
    for facet, counts in results.facets.items():
        for code, count in counts.items():
            name = named[facet](code) if facet in named else code
            yield {"facet": facet, "code": code, "name": name, "count": count}


def _by_facet(results: Results) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in _facets(results):
        found.setdefault(one["facet"], []).append(one)
    return found


def _show_facets(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        show_table(["facet", "code", "name", "count"], [tuple(one.values()) for one in found])
