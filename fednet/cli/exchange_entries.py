"""Entries of the exchange: `exchange list`, `exchange match`, `exchange dismiss`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from fednet.cli.options import chosen_entry, filters, json_option, opened
from fednet.cli.output import counted, plain, say, show_entries, show_json, show_table

if TYPE_CHECKING:
    from fednet.directory.exchange import Asked, Entry, Match, Matched

MOST = 20
"""Own entries whose matches are shown, unless asked for more."""
PARAMETERS = {
    "types": "type",
    "themes": "theme",
    "services": "service",
    "client_groups": "client_group",
    "regions": "region",
    "countries": "country",
    "languages": "language",
    "modalities": "modality",
    "stages": "stage",
    "networks": "network",
}
"""The parameter of the directory for each option that may be given several times."""


@click.command("list")
@click.argument("text", required=False, default="")
@click.option("--type", "types", multiple=True, metavar="T", help="need, offer or funding.")
@click.option("--theme", "themes", multiple=True, metavar="T", help="A service or a client group.")
@filters
@click.option("--modality", "modalities", multiple=True, metavar="M", help="How: twinning, training, ...")
@click.option("--stage", "stages", multiple=True, metavar="S", help="traditional, new or emerging country.")
@click.option(
    "--state",
    metavar="S",
    default="open",
    show_default=True,
    help="open, introduced, matched, over, closed; or all.",
)
@click.option("--unmet", is_flag=True, help="Only open needs that nothing fits.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N")
@click.option("--cursor", metavar="C", help="Go on behind an earlier answer: its last line of talk says where.")
@click.option("--facets", is_flag=True, help="Print counts by type, service, country, ... instead of the list.")
@json_option
def list_(facets: bool, as_json: bool, unmet: bool, **given: Any) -> None:
    """List what is needed, offered and funded; needs that nothing fits come first.

    What is over, agreed or closed is left out unless --state asks for it.

    \b
        fednet exchange list --unmet --region Asia
        fednet exchange list "housing" --type offer --language fr
    """
    from fednet.directory.exchange import entries
    from fednet.directory.search import OPERATOR
    from fednet.node.home import now

    page = entries(opened().store, _asked(given, unmet), OPERATOR, now())
    if facets:
        rows = [(facet, code, count) for facet, counts in page.facets.items() for code, count in counts.items()]
        _shown(["facet", "code", "count"], rows, as_json)
    elif as_json:
        show_json(map(entry_object, page.entries))
    else:
        _show(page.entries)
        shown = f", {len(page.entries)} shown" if len(page.entries) < page.total else ""
        say(f"{counted(page.total, 'entry', 'entries')}{shown}")
    if page.next and not facets:
        say(f"the next ones: --cursor {page.next}")


def _asked(given: dict[str, Any], unmet: bool) -> Asked:
    from fednet.directory.exchange import parse_asked

    asked = {PARAMETERS.get(name, name): list(one) if isinstance(one, tuple) else one for name, one in given.items()}
    return msgspec.structs.replace(parse_asked(**{name: one for name, one in asked.items() if one}), unmet=unmet)


def _shown(headers: Sequence[str], rows: Iterable[Sequence[Any]], as_json: bool) -> None:
    if as_json:
        show_json(dict(zip(headers, row, strict=True)) for row in rows)
    else:
        show_table(headers, rows)


def _show(found: Sequence[Entry]) -> None:
    rows = [
        (
            one.hit.title,
            one.record.type,
            state_of(one),
            one.organization.name if one.organization else "",
            one.hit.network_name,
            _fits(one),
            one.hit.handle,
        )
        for one in found
    ]
    if rows:
        show_entries(["title", "type", "state", "by", "listed by", "fits", "handle"], rows, heading=3)


def state_of(one: Entry) -> str:
    """`open until 2026-12-01`, `unmet until ...`, `over`, ..."""
    state = "unmet" if one.is_unmet else one.state
    return f"{state} until {one.record.open_until}" if one.days_left is not None else state


def _fits(one: Entry) -> str:
    if one.state not in ("open", "introduced"):
        return ""
    return f"{one.matches}, best {one.best}" if one.matches else "nothing yet"


def entry_object(one: Entry) -> dict[str, Any]:
    """An entry as `--json` shows it: as a hit, with its state and how many fit."""
    from fednet.cli.directory import hit_object

    return {
        **hit_object(one.hit),
        "state": one.state,
        "days_left": one.days_left,
        "organization": one.organization,
        "unmet": one.is_unmet,
        "matches": one.matches,
        "best": one.best,
    }


@click.command()
@click.argument("handle", required=False)
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, metavar="N", help="For each entry.")
@click.option(
    "--entries",
    "most",
    type=click.IntRange(1, 10_000),
    default=MOST,
    show_default=True,
    metavar="N",
    help="Own entries at most.",
)
@click.option("--dismissed", is_flag=True, help="Only pairs that somebody dismissed.")
@click.option("--why", is_flag=True, help="Say the points of each reason, and what a score is made of.")
@json_option
def match(handle: str | None, limit: int, most: int, dismissed: bool, why: bool, as_json: bool) -> None:
    """Show what fits an entry, best first and with the reasons; without HANDLE what fits own entries that are open.

    A score goes from 30 to 100 and follows from the two entries alone. Needs that nothing fits come first. HANDLE may
    be cut short.

    \b
        fednet exchange match
        fednet exchange match 7e6d8c1e --why
    """
    from fednet.directory.exchange import Asked, Matched, entry, matches, matches_of
    from fednet.directory.search import OPERATOR
    from fednet.node.home import now

    home, moment = opened(), now()
    if handle:
        one = chosen_entry(home, handle)
        fitting = matches(home.store, one, OPERATOR, moment, limit, dismissed)
        found: Sequence[Matched] = [Matched(entry(home.store, one, OPERATOR, moment), fitting)]
        total = 1
    else:
        asked = Asked(networks=(home.network.network,))
        total, found = matches_of(home.store, asked, OPERATOR, moment, most, limit, dismissed)
    if as_json:
        show_json(_match_object(one) for each in found for one in each.matches)
    else:
        _show_matches(found, why)
        if why:
            say("a score is the sum of these points, at most 100; below 30 it is no match. docs/matching.md lists all")
        if not any(each.matches for each in found):
            say("nobody dismissed any pair" if dismissed else "nothing fits yet")
    if len(found) < total:
        told = f"{len(found):,} of {counted(total, 'own entry', 'own entries')}"
        say(f"{told}; more: --entries N, or exchange match HANDLE")


def _show_matches(found: Sequence[Matched], why: bool) -> None:
    """On a terminal each own entry with what fits it below; elsewhere one table, a line for each pair."""
    headers = ["score", "title", "type", "by", "why", "handle"]
    if sys.stdout.isatty():
        for each in found:
            one = each.entry
            click.echo(plain(f"{one.record.type} {one.hit.title!r} ({one.hit.handle}), {state_of(one)}:"))
            if each.matches:
                show_entries(headers, _rows(each, why), heading=3)
            else:
                click.echo("  nothing fits yet")
        return
    own = ["own entry", "own type", "own state", "own handle"]
    lines = [
        (one.hit.title, one.record.type, state_of(one), one.hit.handle, *row)
        for one, rows in ((each.entry, _rows(each, why)) for each in found)
        for row in rows or [("", "nothing fits yet", "", "", "", "")]
    ]
    if lines:
        show_table([*own, *headers], lines)


def _rows(each: Matched, why: bool) -> list[tuple[str, ...]]:
    found = ((match, match.other(each.entry.hit.handle)) for match in each.matches)
    return [
        (str(match.score), other.hit.title, other.record.type, _by(other), _reasons(match, why), other.hit.handle)
        for match, other in found
    ]


def _by(one: Entry) -> str:
    names = one.organization.name if one.organization else "", one.hit.network_name
    return ", ".join(filter(None, names))


def _reasons(match: Match, why: bool) -> str:
    from fednet.directory.why import told

    return "; ".join(told(one) + (f" ({one.points:+})" if why else "") for one in match.reasons)


def _match_object(match: Match) -> dict[str, Any]:
    from fednet.directory.why import told

    return {
        "score": match.score,
        "need": entry_object(match.need),
        "offer": entry_object(match.offer),
        "reasons": [{**msgspec.structs.asdict(one), "text": told(one)} for one in match.reasons],
        "dismissed": match.dismissed,
    }


@click.command()
@click.argument("need")
@click.argument("offer")
@click.option("--undo", is_flag=True, help="Put a dismissed pair back.")
@json_option
def dismiss(need: str, offer: str, undo: bool, as_json: bool) -> None:
    """Say that a need and an offer (or a source of funding) do not fit: this node shows them as a match no longer.

    It stays so whatever is imported or edited, until --undo. Nobody else is told. Handles may be cut short.

    \b
        fednet exchange dismiss 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e 1c9d2e3f-4a5b-4c7d-8e7e-6d8c1e5f0a4b
    """
    from fednet.node import dismissing
    from fednet.node.home import now

    home = opened()
    need, offer = chosen_entry(home, need), chosen_entry(home, offer)
    if undo:
        dismissing.put_back(home, need, offer)
    else:
        dismissing.dismiss(home, need, offer, now())
    if as_json:
        show_json([{"need": need, "offer": offer, "dismissed": not undo}])
    say("put back" if undo else "dismissed; --undo puts it back")
