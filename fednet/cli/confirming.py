"""Saying that records are still right: `confirm`, `due`."""

from __future__ import annotations

import sys
from datetime import date

import click

from fednet.cli.options import json_option, opened
from fednet.cli.output import counted, say, show_entries, show_json
from fednet.errors import MalformedError, UsageError


def _day(ctx: click.Context, parameter: click.Parameter, given: str | None) -> date | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise UsageError(f"{given[:40]!r} is not a day", hint="write it as 2026-11-21") from None


@click.command()
@click.argument("handles", metavar="HANDLE...|-", nargs=-1, required=True)
@click.option("--by", metavar="NAME", help="Who says so: a role or an organisation. Default: this network.")
@click.option("--at", metavar="DAY", callback=_day, help="When they said so. Default: today.")
@json_option
def confirm(handles: tuple[str, ...], by: str | None, at: date | None, as_json: bool) -> None:
    """Say of own records that they are still right; with -, of those whose handles stand on standard input.

    All are confirmed or, when one of them is not listed by this network, none. Nobody need be named: a role will do.

    \b
        fednet confirm 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --by "the secretariat"
        fednet due --json | jq -r .handle | fednet confirm -
    """
    from fednet.node import edits
    from fednet.node.home import now

    moment = now()
    confirmed = edits.confirm(opened(), _handles(handles), by, at or moment.date(), moment)
    if as_json:
        show_json({"handle": own.handle, "circle": own.circle, **own.fields["confirmed"]} for own in confirmed)
    say(f"{counted(len(confirmed), 'record')} confirmed; fednet publish signs it")


def _handles(given: tuple[str, ...]) -> list[str]:
    """Handles from the command line and, for `-`, the first word of each line of standard input."""
    from fednet.feed.record import check_handle

    found: list[str] = []
    for one in given:
        found += [line.split()[0] for line in sys.stdin if line.strip()] if one == "-" else [one]
    try:
        return [check_handle(handle.strip().lower()) for handle in found]
    except MalformedError as error:
        raise UsageError(error.detail, hint="fednet due shows handles") from None


@click.command()
@click.option(
    "--before", metavar="DAY", callback=_day, help="Last confirmed, or if never then listed, before that day."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many. Default: all.")
@json_option
def due(before: date | None, limit: int | None, as_json: bool) -> None:
    """List own records that are due for confirmation, the oldest first: ask those concerned, then fednet confirm.

    Due is what was never confirmed, or longer ago than the term that this network sets (fednet network): organisations,
    contacts, persons and groups.

    \b
        fednet due --limit 20
    """
    from fednet.directory.due import due as found_due
    from fednet.node.home import now

    total, shown, _never = found_due(opened().store, now(), before, limit)
    if as_json:
        show_json(shown)
        return
    rows = [(one.title, one.kind, _since(one.state, one.since), one.circle, one.handle) for one in shown]
    if rows:
        show_entries(["title", "kind", "since", "circle", "handle"], rows, heading=3)
    say(f"{counted(total, 'record')} due" + (f", {len(shown)} shown" if len(shown) < total else ""))
    if total:
        say("hint: fednet confirm HANDLE")


def _since(state: str, since: str | None) -> str:
    return f"confirmed {since}" if state == "stale" else f"never, listed {since or 'nobody knows since when'}"
