"""Whom this node follows: `follow`, `peers`, `unfollow`, `block`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fednet.cli.options import agreed, json_option, opened, private_allowed, private_option, yes_option
from fednet.cli.output import plain, say, show_json, show_table
from fednet.errors import UsageError

if TYPE_CHECKING:
    from fednet.node.following import Offer


@click.command()
@click.argument("url")
@click.option("--fingerprint", metavar="F", help="The network's fingerprint, as it was told by telephone or on paper.")
@click.option("--partner", is_flag=True, help="Count the network as a partner.")
@yes_option
@private_option
@json_option
def follow(url: str, fingerprint: str | None, partner: bool, yes: bool, allow_private: bool, as_json: bool) -> None:
    """Verify the network that answers at URL and pin it; its records come with the next sync.

    Ask the network for its fingerprint by telephone, and compare.

    \b
        fednet follow https://node.example.org --fingerprint "mzxw 6ytb oi2d ..."
    """
    import asyncio

    from fednet.feed.identity import fingerprint as groups_of_four
    from fednet.node import following

    home = opened()
    network = asyncio.run(
        following.follow(
            home,
            url,
            fingerprint=fingerprint,
            confirm=lambda offer: yes or _compared(offer),
            partner=partner,
            allow_private=private_allowed(home, allow_private),
        )
    )
    if as_json:
        show_json([{"network": network.network, "name": network.name, "fingerprint": groups_of_four(network.network)}])
    else:
        click.echo(f"following {plain(network.name)}, {groups_of_four(network.network)}")
        say("hint: fednet sync")


def _compared(offer: Offer) -> bool:
    """Whether a person says that the fingerprint is the right one."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"{offer.url} says it is {offer.name}, fingerprint {offer.fingerprint}; nobody can be asked to compare it here",
            hint=f'compare it by telephone, then add --fingerprint "{offer.fingerprint}", or --yes to take it on trust',
        )
    say(f"{offer.url} says it is {offer.name}")
    say(f"fingerprint: {offer.fingerprint}")
    return click.confirm("Did the network tell you the same fingerprint?", err=True)


@click.command()
@json_option
def peers(as_json: bool) -> None:
    """List the networks that this node follows, and those that they introduce.

    \b
        fednet peers
    """
    from fednet.feed.identity import fingerprint
    from fednet.store import feeds

    home = opened()
    with home.store.reading() as db:
        rows = [
            {
                "network": network.network,
                "name": network.name,
                "fingerprint": fingerprint(network.network),
                "following": True,
                "partner": network.partner,
                "blocked": network.blocked,
                "urls": feeds.sources(db, network),
                "pinned_at": network.pinned_at,
                "introduced_by": None,
            }
            for network in feeds.networks(db)
            if not network.own
        ]
        rows += [
            {
                "network": offered.network,
                "name": offered.name,
                "fingerprint": fingerprint(offered.network),
                "following": False,
                "partner": False,
                "blocked": False,
                "urls": list(offered.urls),
                "pinned_at": None,
                "introduced_by": offered.by,
            }
            for offered in feeds.introductions(db)
        ]
    if as_json:
        show_json(rows)
        return
    if not rows:
        say("nobody is followed yet")
        say("hint: fednet follow https://node.example.org")
        return
    show_table(
        ["name", "fingerprint", "how", "address"],
        [(row["name"], row["fingerprint"], _how(row), next(iter(row["urls"]), "")) for row in rows],
    )


def _how(row: dict[str, object]) -> str:
    if row["introduced_by"]:
        return f"introduced by {row['introduced_by']}"
    return "blocked" if row["blocked"] else "partner" if row["partner"] else "followed"


@click.command()
@click.argument("name", metavar="N")
@yes_option
def unfollow(name: str, yes: bool) -> None:
    """Let go of a network: its records and its pin are removed from this node.

    \b
        fednet unfollow "Example Network" --yes
    """
    from fednet.node import following
    from fednet.store import feeds

    home = opened()
    with home.store.reading() as db:
        network = feeds.named(db, name)
    if agreed(f"Remove {network.name} and all that it lists from this node?", yes):
        following.unfollow(home, network)
        say(f"{network.name} is no longer followed")


@click.command()
@click.argument("name", metavar="N")
@click.option("--undo", is_flag=True, help="Show and read it again.")
@yes_option
def block(name: str, undo: bool, yes: bool) -> None:
    """Hide a network and stop reading it; its pin stays.

    \b
        fednet block "Example Network" --yes
    """
    from fednet.node import following
    from fednet.store import feeds

    home = opened()
    with home.store.reading() as db:
        network = feeds.named(db, name)
    if undo or agreed(f"Hide all that {network.name} lists, and stop reading it?", yes):
        following.block(home, network, blocked=not undo)
        say(f"{network.name} is {'followed again' if undo else 'blocked'}")
