"""What several commands share: the node they work on, their common options, and how they ask."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fednet.cli.output import say
from fednet.errors import FednetError, MalformedError, NotFoundError, RefusedError, UsageError
from fednet.feed.text import shown

if TYPE_CHECKING:
    from fednet.node.home import Home
    from fednet.store.feeds import Network

MANY = 20_000
"""New records of which it takes some ten seconds to find what belongs together."""

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
private_option = click.option(
    "--allow-private-addresses",
    "allow_private",
    is_flag=True,
    envvar="FEDNET_ALLOW_PRIVATE_ADDRESSES",
    help="Let peers live on loopback or private networks.",
)


def chosen_handle(ctx: click.Context, parameter: click.Parameter, given: str) -> str:
    """A handle that a person typed: a slip is a matter of usage, not of verification."""
    from fednet.feed.record import check_handle

    try:
        return check_handle(given.strip().lower())
    except MalformedError as error:
        raise UsageError(error.detail, hint="fednet search shows handles") from None


def chosen_circle(ctx: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    from fednet.feed.checkpoint import check_circle

    if given is None:
        return None
    try:
        return check_circle(given)
    except MalformedError as error:
        raise UsageError(error.detail, hint="fednet circle list") from None


handle_argument = click.argument("handle", callback=chosen_handle)
circle_option = click.option(
    "--circle",
    metavar="C",
    callback=chosen_circle,
    help="Who may read it. Default: partners for contacts and persons, else public.",
)


def filters(command: F) -> F:
    """What `search` and `export` narrow by; each may be given several times, as a code or a name in any language."""
    for option in reversed(
        [
            click.option("--country", "countries", multiple=True, metavar="CC", help="Where: TH, Thailand, ..."),
            click.option("--region", "regions", multiple=True, metavar="M49", help="Where: 035, South-eastern Asia"),
            click.option("--service", "services", multiple=True, metavar="S", help="What is done: legal-aid, ..."),
            click.option("--client-group", "client_groups", multiple=True, metavar="G", help="For whom: children, ..."),
            click.option("--language", "languages", multiple=True, metavar="L", help="Spoken: my, Burmese, ..."),
            click.option("--network", "networks", multiple=True, metavar="N", help="Listed by: a name or network id."),
        ]
    ):
        command = option(command)
    return command


def more_filters(command: F) -> F:
    """What `search` and `export` narrow organisations by besides."""
    for option in reversed(
        [
            click.option("--seat", "seats", multiple=True, metavar="CC", help="Country of its seat alone."),
            click.option("--type", "types", multiple=True, metavar="T", help="ngo, un-agency, network, ..."),
            click.option(
                "--refugee-led/--not-refugee-led", default=None, help="Led by refugees, by its own word; or not."
            ),
            click.option("--confirmed", metavar="HOW", help="fresh: confirmed within its network's term; stale: not."),
            click.option("--near", metavar="PLACE", help="Within some distance of 16.71,98.57 or a place, as Mae Sot."),
            click.option("--within", metavar="KM", help="That distance in kilometres. Default: 50."),
        ]
    ):
        command = option(command)
    return command


def home_path() -> Path:
    """The directory that `--node` names."""
    path: Path = click.get_current_context().find_root().params["node"]
    return path


def opened() -> Home:
    """The node of this command; closed when the command ends."""
    from fednet.node.home import Home

    home = Home(home_path())
    click.get_current_context().call_on_close(home.close)
    return home


def private_allowed(home: Home, allow_private: bool) -> bool:
    return allow_private or home.config.allow_private_addresses


def named_network(home: Home, name: str) -> Network:
    """The pinned network that a person means: by id, name or a beginning of either."""
    from fednet.store import feeds

    with home.store.reading() as db:
        return feeds.named(db, name)


def named_networks(home: Home, names: tuple[str, ...]) -> list[Network] | None:
    """As `named_network`, of several; None when none are named, which means all."""
    return [named_network(home, name) for name in names] if names else None


def forget_old(home: Home) -> None:
    """Destroy what introductions said that ended long ago: a node that nobody serves does so when it is used."""
    from fednet.errors import BusyError
    from fednet.node import introductions
    from fednet.node.home import now

    with suppress(BusyError):  # the next time will do
        introductions.sweep(home, now())


def chosen_entry(home: Home, given: str) -> str:
    """The handle of the need, offer or source of funding that a person means: the whole of it, or its beginning."""
    from fednet.listing.check import is_handle
    from fednet.store import exchanges

    text = given.strip().lower()
    if is_handle(text):
        return text
    if not re.fullmatch(r"[0-9a-f-]{4,35}", text, re.ASCII):
        raise UsageError(f"{shown(given)} is no handle, nor the beginning of one", hint="fednet exchange list")
    with home.store.reading() as db:
        several = exchanges.beginning(db, text)
    if len(several) > 1:
        raise UsageError(f"several entries have a handle that begins with {text}", hint="give more of it")
    if not several:
        raise NotFoundError(f"no entry has a handle that begins with {text}", hint="fednet exchange list")
    return several[0]


def find_matches(home: Home, most: int | None = None) -> None:
    """Find which of the records that have come belong on one card; where a command brought some, it ends with this.

    While another process writes, or when there are more than `most`, it is left to the next `sync`, or to `serve`.
    """
    from fednet.errors import BusyError
    from fednet.store import matching

    with home.store.reading() as db:
        if not matching.is_waiting(db):
            return
        new = matching.newest(db) - matching.reached(db)
    if most is not None and new > most:
        return
    from fednet.directory.matching import bring_up_to_date

    if new >= MANY:
        say(f"finding which of {new:,} new records belong together; to leave it for later, press Ctrl-C")
    with suppress(BusyError, KeyboardInterrupt):
        bring_up_to_date(home.store)


def exit_with(*, refused: bool = False, failed: bool = False) -> None:
    """End the command as it went: 3 when verification refused something, 1 when something else failed, 0 else."""
    code = RefusedError.exit_code if refused else FednetError.exit_code if failed else 0
    click.get_current_context().exit(code)


def may_write(home: Home, file: Path, yes: bool) -> bool:
    """Whether to write a file that a person named; they are asked when there is one. UsageError as `check_output`."""
    from fednet.node.files import check_output

    check_output(home.path, file)
    return not file.exists() or agreed(f"Overwrite {file}?", yes)


def agreed(question: str, yes: bool) -> bool:
    """Whether the person agrees. Without a terminal nobody is asked: only `--yes` decides."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody can be asked here.", hint="add --yes if so")
    return click.confirm(question, err=True)
