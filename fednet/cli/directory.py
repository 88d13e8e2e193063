"""Asking the global directory and the shared calendar: `search`, `agenda`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import msgspec

from fednet.cli.options import filters, json_option, opened
from fednet.cli.output import counted, say, show_entries, show_json, show_table

if TYPE_CHECKING:
    from fednet.directory.agenda import Occurrence
    from fednet.directory.search import Hit, Query, Results
    from fednet.node.home import Home

FACETS_SHOWN = ("country", "service", "client_group", "language", "kind")
VALUES_SHOWN = 6
COUNTRIES_SHOWN = 6


@click.command()
@click.argument("text", required=False, default="")
@filters
@click.option("--kind", "kinds", multiple=True, metavar="K", help="organization, event, group, ... Default: all.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
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
        _show_facets(_named_facets(results, network_names(home)), as_json)
    elif as_json:
        show_json(map(hit_object, results.hits))
    else:
        _show(results)


def parsed(text: str, limit: int, asked: dict[str, tuple[str, ...]], cursor: str | None = None) -> Query:
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
        show_entries(["title", "kind", "country", "listed by", "edition", "handle"], rows, heading=3)
    for name in sorted({hit.network_name for hit in results.hits if hit.frozen}):
        say(f"{name} has signed two things that contradict each other: what was agreed before is shown")
    say(f"{counted(results.total, 'record')} found" + (f", {len(rows)} shown" if len(rows) < results.total else ""))
    for facet in FACETS_SHOWN:
        counts = list(results.facets.get(facet, {}).items())
        if len(counts) > 1:
            more = ", ..." if len(counts) > VALUES_SHOWN else ""
            say(f"{facet}: {', '.join(f'{code} {count}' for code, count in counts[:VALUES_SHOWN])}{more}")


def hit_object(hit: Hit) -> dict[str, Any]:
    """A hit as `--json` shows it: who lists it, in which edition, verified when, and the record in `fields`."""
    named = [{"network": network, "name": name} for network, name in hit.networks]
    return {**msgspec.structs.asdict(hit), "networks": named}


def listed_by(hit: Hit) -> str:
    return ", ".join(name for _, name in hit.networks)


def edition_of(hit: Hit) -> str:
    """`1.12, verified 2026-11-21 18:00 UTC`."""
    verified = (hit.verified_at or "").replace("T", " ")[:16]
    marks = {"frozen": hit.frozen, "expired": hit.expired, "dated in the future": hit.ahead}
    marked = "".join(f", {mark}" for mark, is_so in marks.items() if is_so)
    return f"{hit.epoch}.{hit.edition}, verified {verified} UTC{marked}"


def _countries(hit: Hit) -> str:
    seat, served = hit.fields.get("seat"), hit.fields.get("countries")
    found = [seat.get("country") if isinstance(seat, dict) else hit.fields.get("country")]
    found += served if isinstance(served, list) else []
    codes = list(dict.fromkeys(code for code in found if isinstance(code, str)))
    return " ".join(codes[:COUNTRIES_SHOWN]) + (" ..." if len(codes) > COUNTRIES_SHOWN else "")


def network_names(home: Home) -> dict[str, str]:
    from fednet.store import feeds

    with home.store.reading() as db:
        return {network.network: network.name for network in feeds.networks(db)}


def _named_facets(results: Results, networks: dict[str, str]) -> list[dict[str, Any]]:
    from fednet.listing import languages, places, vocabulary

    named: dict[str, Callable[[str], str]] = {
        "country": places.name,
        "language": languages.name,
        "service": vocabulary.SERVICES.name,
        "client_group": vocabulary.CLIENT_GROUPS.name,
        "network": lambda network: networks.get(network, network),
    }
    return [
        {"facet": facet, "code": code, "name": named.get(facet, str)(code), "count": count}
        for facet, counts in results.facets.items()
        for code, count in counts.items()
    ]


def _show_facets(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        show_table(["facet", "code", "name", "count"], [tuple(one.values()) for one in found])


@click.command()
@click.option("--from", "since", metavar="D", help="First day, as 2026-11-21. Default: today.")
@click.option("--to", "until", metavar="D", help="Last day. Default: 90 days later.")
@click.option("--type", "types", multiple=True, metavar="T", help="webinar, consultation, training, ...")
@click.option("--network", "networks", multiple=True, metavar="N", help="Announced by: a name or network id.")
@click.option("--zone", metavar="TZ", help="Times as a clock there shows them, as Asia/Bangkok. Default: node.toml.")
@json_option
def agenda(
    since: str | None,
    until: str | None,
    types: tuple[str, ...],
    networks: tuple[str, ...],
    zone: str | None,
    as_json: bool,
) -> None:
    """Show the shared calendar, every occurrence in one time zone.

    \b
        fednet agenda --from 2027-01-01 --to 2027-01-31 --zone Asia/Bangkok
    """
    from fednet.directory.agenda import agenda as shared_calendar
    from fednet.directory.agenda import parse_agenda
    from fednet.directory.search import OPERATOR
    from fednet.node.home import now

    home = opened()
    zone = zone or home.config.zone
    asked = {"from": since, "to": until, "type": list(types), "network": list(networks), "zone": zone}
    query = parse_agenda(**{name: value for name, value in asked.items() if value})
    found = shared_calendar(home.store, query, OPERATOR, now())
    if as_json:
        show_json(map(_occurrence, found))
    elif found:
        headers = ["when", "title", "type", "announced by", "edition", "handle"]
        show_entries(headers, [_row(one) for one in found], heading=3)
        say(f"{counted(len(found), 'occurrence')}, times of {zone}")
    else:
        say("nothing takes place in that time")


def _occurrence(one: Occurrence) -> dict[str, Any]:
    """An occurrence with ISO times: with offset, or days (the end exclusive) when it lasts whole days."""
    hit = one.hit
    return {
        "start": one.start.date().isoformat() if one.all_day else one.start.isoformat(),
        "end": one.end.date().isoformat() if one.all_day else one.end.isoformat(),
        "all_day": one.all_day,
        "title": one.title,
        "type": hit.fields.get("type"),
        "status": one.status,
        "mode": hit.fields.get("mode"),
        "zone": hit.fields.get("zone"),
        "handle": hit.handle,
        "network": hit.network,
        "network_name": hit.network_name,
        "networks": hit_object(hit)["networks"],
        "epoch": hit.epoch,
        "edition": hit.edition,
        "verified_at": hit.verified_at,
    }


def _row(one: Occurrence) -> tuple[str, ...]:
    title = one.title if one.status == "confirmed" else f"{one.title} ({one.status})"
    return (
        when(one),
        title,
        str(one.hit.fields.get("type", "")),
        listed_by(one.hit),
        edition_of(one.hit),
        one.hit.handle,
    )


def when(one: Occurrence) -> str:
    """`2026-11-21 18:00-19:30`, `2026-11-21` or `2026-11-21 to 2026-11-23`."""
    if one.all_day:
        last = max(one.start, one.end - timedelta(days=1))
        return f"{one.start:%Y-%m-%d}" + (f" to {last:%Y-%m-%d}" if last.date() > one.start.date() else "")
    until = f"{one.end:%H:%M}" if one.end.date() == one.start.date() else f"{one.end:%Y-%m-%d %H:%M}"
    return f"{one.start:%Y-%m-%d %H:%M}" + (f"-{until}" if one.end > one.start else "")
