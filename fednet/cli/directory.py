"""Asking the global directory and the shared calendar: `search`, `agenda`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import msgspec

from fednet.cli.options import filters, json_option, more_filters, opened
from fednet.cli.output import counted, say, show_entries, show_json, show_table

if TYPE_CHECKING:
    from fednet.directory.agenda import Difference, Occurrence
    from fednet.directory.search import Hit, Query, Results
    from fednet.node.home import Home

FACETS_SHOWN = ("country", "service", "client_group", "language", "kind")
VALUES_SHOWN = 6
COUNTRIES_SHOWN = 6
SINGULAR = {
    "countries": "country",
    "regions": "region",
    "services": "service",
    "client_groups": "client_group",
    "languages": "language",
    "networks": "network",
    "kinds": "kind",
    "seats": "seat",
    "types": "type",
}
"""The parameter of the directory for each option that may be given several times."""


@click.command()
@click.argument("text", required=False, default="")
@filters
@click.option("--kind", "--as", "kinds", multiple=True, metavar="K", help="organization, event, ... Default: all.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@more_filters
@click.option("--sort", metavar="BY", help="relevance, title, confirmed or near. Default: relevance.")
@click.option("--opinions", metavar="WHOSE", help="Whose word counts on what is one organisation: own, followed, all.")
@click.option("--why", is_flag=True, help="Say why each was found.")
@click.option(
    "--cursor", metavar="C", help="Go on behind an earlier answer: with --json its last line of talk says where."
)
@click.option("--facets", is_flag=True, help="Print counts by country, service, ... instead of the list.")
@json_option
def search(text: str, limit: int, facets: bool, as_json: bool, cursor: str | None, **asked: Any) -> None:
    """Search what all followed networks and this one list; each answer says who lists it and in which edition.

    \b
        fednet search "legal aid" --country TH --client-group "unaccompanied minors" --language Burmese
        fednet search clinic --near "Mae Sot" --within 20 --why
    """
    from fednet.directory.search import OPERATOR
    from fednet.directory.search import search as search_directory
    from fednet.node.home import now

    home = opened()
    results = search_directory(home.store, parsed(text, limit, asked, cursor), OPERATOR, now())
    for typed, shown in results.understood:
        say(f'nothing was found for "{typed}"; shown: {", ".join(shown)}')
    if facets:
        _show_facets(_named_facets(results, network_names(home)), as_json)
    elif as_json:
        show_json(map(hit_object, results.hits))
        if results.next:
            say(f"the next ones: --cursor {results.next}")
    else:
        _show(results)


def parsed(text: str, limit: int, asked: dict[str, Any], cursor: str | None = None) -> Query:
    """A query from the options of a command: `countries` given there is the parameter `country`."""
    from fednet.directory.search import parse_query

    given = {
        SINGULAR.get(name, name): list(values) if isinstance(values, tuple) else values
        for name, values in asked.items()
        if values or values is False
    }
    return parse_query(text=text, limit=limit, cursor=cursor, **given)


def _show(results: Results) -> None:
    rows = [(hit.title, hit.kind, _countries(hit), listed_by(hit), edition_of(hit), hit.handle) for hit in results.hits]
    if rows:
        show_entries(["title", "kind", "country", "listed by", "edition", "handle"], rows, heading=3)
    for hit in results.hits:
        for reason in hit.why:
            say(f"{hit.title} ({listed_by(hit)}): {reason}")
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
@click.argument("text", required=False, default="")
@click.option("--from", "since", metavar="D", help="First day, as 2026-11-21. Default: today.")
@click.option("--to", "until", metavar="D", help="Last day. Default: 90 days later.")
@click.option("--type", "types", multiple=True, metavar="T", help="webinar, consultation, training, ...")
@filters
@click.option("--zone", metavar="TZ", help="Times as a clock there shows them, as Asia/Bangkok. Default: node.toml.")
@json_option
def agenda(
    text: str, since: str | None, until: str | None, zone: str | None, as_json: bool, **asked: tuple[str, ...]
) -> None:
    """Show the shared calendar, every occurrence in one time zone. fednet plan looks at one that is not in it yet.

    \b
        fednet agenda --from 2027-01-01 --to 2027-01-31 --zone Asia/Bangkok
        fednet agenda "detention" --type webinar --language Burmese
    """
    from fednet.directory.agenda import agenda as shared_calendar
    from fednet.directory.agenda import parse_agenda
    from fednet.directory.search import OPERATOR
    from fednet.node.home import now

    home = opened()
    zone = zone or home.config.zone
    given: dict[str, Any] = {SINGULAR[name]: list(values) for name, values in asked.items()}
    given |= {"from": since, "to": until, "zone": zone, "text": text}
    query = parse_agenda(**{name: value for name, value in given.items() if value})
    found = shared_calendar(home.store, query, OPERATOR, now())
    if as_json:
        show_json(map(_occurrence, found))
    elif found:
        headers = ["when", "title", "type", "announced by", "edition", "handle"]
        show_entries(headers, [_row(one) for one in found], heading=3)
        say(f"{counted(len(found), 'occurrence')}, times of {zone}")
        for line in dict.fromkeys(line for one in found for line in _otherwise(one)):
            say(line)
    else:
        say("nothing takes place in that time")


def _otherwise(one: Occurrence) -> Iterator[str]:
    """What other networks say of an event."""
    for other in one.differs:
        status = "" if other.status == "confirmed" else f" ({other.status})"
        title = "" if other.title == one.title else f", {other.title!r}"
        yield f"{other.network_name} says of {one.title!r}: {when(other)}{status}{title}"


def _occurrence(one: Occurrence) -> dict[str, Any]:
    """An occurrence with ISO times: with offset, or days (the end exclusive) when it lasts whole days."""
    hit = one.hit
    return {
        **_iso(one),
        "title": one.title,
        "type": hit.fields.get("type"),
        "mode": hit.fields.get("mode"),
        "zone": hit.fields.get("zone"),
        "uid": one.uid,
        "parent": one.parent or None,
        "sequence": hit.fields.get("sequence", 0),
        "handle": hit.handle,
        "network": hit.network,
        "network_name": hit.network_name,
        "networks": hit_object(hit)["networks"],
        "epoch": hit.epoch,
        "edition": hit.edition,
        "verified_at": hit.verified_at,
        "differs": [
            {"network": other.network, "network_name": other.network_name, "handle": other.handle, **_iso(other)}
            for other in one.differs
        ],
    }


def _iso(one: Occurrence | Difference) -> dict[str, Any]:
    start, end = (one.start.date(), one.end.date()) if one.all_day else (one.start, one.end)
    return {"start": start.isoformat(), "end": end.isoformat(), "all_day": one.all_day, "status": one.status}


def _row(one: Occurrence) -> tuple[str, ...]:
    title = one.title if one.status == "confirmed" else f"{one.title} ({one.status})"
    title = f"- {title}" if one.parent else title
    return (
        when(one),
        title,
        str(one.hit.fields.get("type", "")),
        listed_by(one.hit),
        edition_of(one.hit),
        one.hit.handle,
    )


def when(one: Occurrence | Difference) -> str:
    """`2026-11-21 18:00-19:30`, `2026-11-21` or `2026-11-21 to 2026-11-23`."""
    if one.all_day:
        last = max(one.start, one.end - timedelta(days=1))
        return f"{one.start:%Y-%m-%d}" + (f" to {last:%Y-%m-%d}" if last.date() > one.start.date() else "")
    until = f"{one.end:%H:%M}" if one.end.date() == one.start.date() else f"{one.end:%Y-%m-%d %H:%M}"
    return f"{one.start:%Y-%m-%d %H:%M}" + (f"-{until}" if one.end > one.start else "")
