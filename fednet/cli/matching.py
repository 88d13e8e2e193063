"""One organisation, several networks: `matches`, `same`, `different`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import click

from fednet.cli.options import chosen_circle, json_option, opened
from fednet.cli.output import counted, say, show_entries, show_json

if TYPE_CHECKING:
    from fednet.directory.matches import Match, Side
    from fednet.node.home import Home

reason_option = click.option("--reason", metavar="TEXT", default="", help="Why: others read it.")
take_back_option = click.option("--withdraw", is_flag=True, help="Take back what this network has said of the two.")
circle_option = click.option(
    "--circle",
    metavar="C",
    callback=chosen_circle,
    help="Who may read it. Default: everybody, when everybody may read both records; else partners.",
)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also what is joined, and what somebody has decided.")
@click.option(
    "--opinions",
    type=click.Choice(["own", "followed", "all"]),
    default="followed",
    help="Whose opinions count. Default: followed networks in good standing.",
)
@click.option("--limit", type=click.IntRange(1), default=50, metavar="N", help="At most so many. Default: 50.")
@json_option
def matches(everything: bool, opinions: Literal["own", "followed", "all"], limit: int, as_json: bool) -> None:
    """List records that may be about one organisation, with the reasons; say which are: same, different.

    The newest come first. Suggested: too little speaks for it to be joined. Left: enough does, but no join is made of
    two records in one network's list, nor where that would put together what somebody says is different. What the
    evidence joins by itself is on one card already: see it with --all.

    \b
        fednet matches
    """
    from fednet.directory.matches import found_matches
    from fednet.directory.search import OPERATOR
    from fednet.node.home import now

    answer = found_matches(opened().store, OPERATOR, now(), opinions, everything=everything, limit=limit)
    found = answer.shown
    if as_json:
        show_json(found)
        return
    headers = ["one", "other", "state", "reasons", "same, says", "different, says", "handles"]
    show_entries(headers, [_row(one) for one in found], heading=3)
    say(f"{counted(answer.total, 'pair')}{f', {len(found):,} shown' if len(found) < answer.total else ''}")
    if any(one.state == "left" for one in found):
        say("left: much speaks for it, but both are in one network's list, or something says that they are different")
    if any(one.state in ("suggested", "left") for one in found):
        say("hint: fednet same HANDLE HANDLE, or fednet different HANDLE HANDLE")


def _row(found: Match) -> tuple[str, ...]:
    return (
        _side(found.one),
        _side(found.other),
        found.state,
        ", ".join(found.reasons),
        ", ".join(found.same),
        ", ".join(found.different),
        f"{found.one.handle} {found.other.handle}",
    )


def _side(side: Side) -> str:
    return f"{side.title} ({', '.join(filter(None, (side.network_name, side.country)))})"


@click.command()
@click.argument("handles", nargs=2, metavar="HANDLE HANDLE")
@reason_option
@circle_option
@take_back_option
@json_option
def same(handles: tuple[str, str], reason: str, circle: str | None, withdraw: bool, as_json: bool) -> None:
    """Say that two records are about the same organisation, or the same event: they come on one card.

    A handle is one that search shows, or NETWORK:HANDLE where several networks list the same. Readers may choose whose
    word counts; for this node, its own network's does. Saying the contrary later changes it, --withdraw takes it back.

    \b
        fednet same 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e 1c9d2e3f-4a5b-4c7d-8e7e-6d8c1e5f0a4b --reason "they merged"
    """
    _say("same", handles, reason, circle, withdraw, as_json)


@click.command()
@click.argument("handles", nargs=2, metavar="HANDLE HANDLE")
@reason_option
@circle_option
@take_back_option
@json_option
def different(handles: tuple[str, str], reason: str, circle: str | None, withdraw: bool, as_json: bool) -> None:
    """Say that two records are not about the same: they are never on one card, whatever they have in common.

    \b
        fednet different 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e 1c9d2e3f-4a5b-4c7d-8e7e-6d8c1e5f0a4b
    """
    _say("different", handles, reason, circle, withdraw, as_json)


def _say(
    verdict: Literal["same", "different"],
    handles: tuple[str, str],
    reason: str,
    circle: str | None,
    withdraw: bool,
    as_json: bool,
) -> None:
    from fednet.node import opinions
    from fednet.node.home import now

    home, moment = opened(), now()
    if withdraw:
        _take_back(home, handles, moment, as_json)
        return
    own = opinions.say(home, verdict, handles, moment, reason=reason, circle=circle)
    if as_json:
        show_json([{"handle": own.handle, "circle": own.circle, **own.fields}])
    else:
        click.echo(own.handle)
    say(f"said in circle {own.circle}: {verdict}; fednet publish signs it")


def _take_back(home: Home, handles: tuple[str, str], moment: datetime, as_json: bool) -> None:
    from fednet.node import opinions

    gone = opinions.take_back(home, handles, moment)
    if as_json:
        show_json({"handle": own.handle, "circle": own.circle, **own.fields} for own in gone)
    say("taken back; fednet publish signs it")
