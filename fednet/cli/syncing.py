"""`sync` brings what this node holds up to what others signed; `verify` re-hashes everything that it holds."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from fednet.cli.options import (
    exit_with,
    find_matches,
    forget_old,
    json_option,
    named_network,
    named_networks,
    opened,
    private_allowed,
    private_option,
)
from fednet.cli.output import counted, say, show_json, show_table

if TYPE_CHECKING:
    from fednet.node.home import Home
    from fednet.node.sync import Progress, Synced
    from fednet.node.verify import Verified

WATCH_SECONDS = 60


@click.command()
@click.argument("names", nargs=-1, metavar="[N]...")
@click.option("--watch", is_flag=True, help=f"Again every {WATCH_SECONDS} seconds, until Ctrl-C.")
@private_option
@json_option
def sync(names: tuple[str, ...], watch: bool, allow_private: bool, as_json: bool) -> None:
    """Bring the networks that this node follows up to date; N is a name or network id, all by default.

    Exit 3 when something was refused by verification, 1 when a network could not be reached.

    \b
        fednet sync
        fednet sync "Example Network" --watch
    """
    home = opened()
    done = _pass(home, names, private_allowed(home, allow_private), as_json)
    while watch:
        time.sleep(WATCH_SECONDS)
        done = _pass(home, names, private_allowed(home, allow_private), as_json)
    exit_with(refused=any(one.refused for one in done), failed=any(one.error for one in done))


def _pass(home: Home, names: tuple[str, ...], allow_private: bool, as_json: bool) -> Sequence[Synced]:
    from fednet.node import sync as syncing

    forget_old(home)
    with progress_bars() as progress:
        done = asyncio.run(
            syncing.sync(home, named_networks(home, names), allow_private=allow_private, progress=progress)
        )
    find_matches(home)
    if as_json:
        show_json(done)
    else:
        _show(done)
    return done


def _show(done: Sequence[Synced]) -> None:
    if not done:
        say("there is no network to sync: nobody is followed, or all are blocked")
        say("hint: fednet follow https://node.example.org")
        return
    show_table(
        ["network", "circle", "edition", "records", "changed", "bytes", "seconds", "outcome"],
        [
            (one.name, one.circle, f"{one.epoch}.{one.edition}", one.records, one.changed, one.bytes, one.seconds,
             _outcome(one))
            for one in done
        ],
    )  # fmt: skip
    for one in done:
        if one.error:
            say(f"{one.name}: {one.error}")
        if one.hint:
            say(f"hint: {one.hint}")


def _outcome(one: Synced) -> str:
    return "refused" if one.refused else "failed" if one.error else "verified"


@contextmanager
def progress_bars() -> Iterator[Progress | None]:
    """A bar for each network while it is read, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from fednet.cli.output import plain

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def progress(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(escape(plain(name)), total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield progress


@click.command()
@click.argument("names", nargs=-1, metavar="[N]...")
@click.option("--repair", is_flag=True, help="Read again what is damaged, from the network it came from.")
@private_option
@json_option
def verify(names: tuple[str, ...], repair: bool, allow_private: bool, as_json: bool) -> None:
    """Re-hash everything that is stored against what was signed; exit 3 and name the records on any difference.

    \b
        fednet verify
        fednet verify "Example Network" --repair
    """
    from fednet.node import verify as verifying

    home = opened()
    found = _verified(verifying.verify(home, named_networks(home, names)), as_json)
    broken = tuple(dict.fromkeys(one.network for one in found if not one.ok))
    if broken and repair:
        for network in broken:
            _repair(home, network, private_allowed(home, allow_private))
        found = _verified(verifying.verify(home, named_networks(home, broken)), as_json)
    elif broken:
        say("hint: fednet verify --repair")
    exit_with(refused=not all(one.ok for one in found))


def _repair(home: Home, network: str, allow_private: bool) -> None:
    from fednet.node import sync as syncing

    broken = named_network(home, network)
    if broken.own:
        say(f"{broken.name} is this node's own network: nobody else can sign it anew")
        say("hint: stop the node and restore the newest backup")
        return
    done = asyncio.run(syncing.repair(home, broken, allow_private=allow_private))
    say(f"{broken.name}: {done.error or f'read again from {done.source}'}")
    if done.hint:
        say(f"hint: {done.hint}")


def _verified(verdicts: Iterator[Verified], as_json: bool) -> list[Verified]:
    found = list(verdicts)
    if as_json:
        show_json(found)
        return found
    show_table(
        ["network", "circle", "edition", "records", "verdict"],
        [(one.name, one.circle, f"{one.epoch}.{one.edition}", one.records, _verdict(one)) for one in found],
    )
    for one in found:
        for problem in one.problems:
            say(f"{one.name}, circle {one.circle}: {problem}")
    return found


def _verdict(one: Verified) -> str:
    return "as signed" if one.ok else f"{counted(len(one.problems), 'difference')}"
