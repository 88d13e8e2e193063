"""`bundle write`, `bundle read`: feeds in a file, for whoever has no connection."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from fednet.cli.options import (
    exit_with,
    find_matches,
    forget_old,
    json_option,
    may_write,
    named_network,
    opened,
    yes_option,
)
from fednet.cli.output import counted, plain, say, show_json, show_table
from fednet.errors import MalformedError, UsageError

if TYPE_CHECKING:
    from fednet.feed.wire import Position
    from fednet.node.bundles import Carried
    from fednet.node.following import Offer

SAID = {
    "advanced": "verified",
    "unchanged": "nothing new",
    "late": "older than what is held",
    "offered": "not followed",
    "own": "this node's own",
    "blocked": "blocked",
    "sealed": "sealed for another network",
    "unasked": "not a partner",
    "told": "introductions",
    "refused": "refused",
    "failed": "failed",
}


@click.group()
def bundle() -> None:
    """Directories in a file, by USB stick or letter.

    \b
        fednet bundle write directory.fednet
        fednet bundle read directory.fednet
    """


def _position(ctx: click.Context, parameter: click.Parameter, given: str | None) -> Position:
    from fednet.feed.wire import BEGINNING, parse_position

    try:
        return BEGINNING if given is None else parse_position(given)
    except MalformedError:
        raise UsageError(f"{given!r} is no edition", hint="give it as fednet status shows it, such as 1.42") from None


@bundle.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--since", callback=_position, metavar="E.N", help="Only what changed since that edition of ours.")
@click.option("--for", "recipient", metavar="N", help="With the circles that N may read, sealed so that only N can.")
@click.option("--include-mirrors", "mirrors", is_flag=True, help="With the public directories of others.")
@yes_option
@json_option
def write(file: Path, since: Position, recipient: str | None, mirrors: bool, yes: bool, as_json: bool) -> None:
    """Write what this network lists to FILE.

    \b
        fednet bundle write directory.fednet
        fednet bundle write news.fednet --since 1.42 --for "Example Network"
    """
    from fednet.node import bundles

    home = opened()
    reader = named_network(home, recipient) if recipient is not None else None
    if reader is not None and reader.own:
        raise UsageError("this node needs no bundle of its own", hint="--for N: a network that is followed")
    if not may_write(home, file, yes):
        return
    forget_old(home)
    written = bundles.write(home, file, since=since, recipient=reader, mirrors=mirrors)
    if as_json:
        show_json([written])
        return
    show_table(
        ["network", "circle", "edition", "since", "records"],
        [(one.name, one.circle, one.position, "" if one.since == "0.0" else one.since, one.records)
         for one in written.feeds],
    )  # fmt: skip
    say(f"{file}: {counted(written.bytes, 'byte')}")
    if written.introductions:
        told = counted(written.introductions, "introduction")
        say(f"it tells {plain(reader.name) if reader else ''} of {told}, new to it: {written.untold}")
    say(f"hint: fednet bundle read {file.name}, at the other end")


@bundle.command()
@click.argument("file", type=click.File("rb"), metavar="FILE")
@click.option("--fingerprint", metavar="F", help="The network's fingerprint, as it was told by telephone or on paper.")
@yes_option
@json_option
def read(file: BinaryIO, fingerprint: str | None, yes: bool, as_json: bool) -> None:
    """Take what FILE holds of the networks that this node follows.

    The network that wrote it is pinned, if it is not yet, when its fingerprint is the right one. Exit 3 when something
    was refused by verification, 1 when something in the file was not enough.

    \b
        fednet bundle read directory.fednet --fingerprint "mzxw 6ytb oi2d ..."
    """
    from fednet.node import bundles

    home = opened()
    forget_old(home)
    carried = asyncio.run(
        bundles.read(
            home, file, Path(file.name).name, expected=fingerprint, confirm=lambda offer: yes or _compared(offer)
        )
    )
    find_matches(home)
    if as_json:
        show_json(carried)
    else:
        _show(carried)
    outcomes = {one.outcome for one in carried}
    if outcomes <= {"offered", "sealed"}:
        raise UsageError("nothing in it is of a network that this node follows")
    exit_with(refused="refused" in outcomes, failed="failed" in outcomes)


def _compared(offer: Offer) -> bool:
    """Whether a person says that the fingerprint is the right one; nobody does where nobody can be asked."""
    if not sys.stdin.isatty():
        return False
    say(f"{offer.url} says it is from {offer.name}")
    say(f"fingerprint: {offer.fingerprint}")
    return click.confirm("Did the network tell you the same fingerprint?", err=True)


def _show(carried: list[Carried]) -> None:
    show_table(
        ["network", "circle", "edition", "records", "changed", "outcome"],
        [
            (one.name or one.network, one.circle, f"{one.epoch}.{one.edition}" if one.epoch else "", one.records,
             one.changed, SAID[one.outcome])
            for one in carried
        ],
    )  # fmt: skip
    for one in carried:
        if one.error:
            say(f"{plain(one.name or one.network)}: {one.error}")
        if one.hint:
            say(f"hint: {one.hint}")
