"""Whom this node follows: `follow`, `peers`, `unfollow`, `block`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from fednet.cli.options import agreed, json_option, named_network, opened, private_allowed, private_option, yes_option
from fednet.cli.output import plain, say, show_json, show_table
from fednet.errors import NotFoundError, UsageError
from fednet.feed.identity import fingerprint as fingerprint_of

if TYPE_CHECKING:
    from fednet.directory.freshness import Silence
    from fednet.node.following import Offer
    from fednet.node.home import Home
    from fednet.store.feeds import Network
    from fednet.store.sources import Mention


@click.command()
@click.argument("url")
@click.option("--fingerprint", metavar="F", help="The network's fingerprint, as it was told by telephone or on paper.")
@click.option("--partner", is_flag=True, help="Count the network as a partner.")
@yes_option
@private_option
@json_option
def follow(url: str, fingerprint: str | None, partner: bool, yes: bool, allow_private: bool, as_json: bool) -> None:
    """Verify the network that answers at URL and pin it; its records come with the next sync.

    Ask the network for its fingerprint by telephone, and compare. URL may be an invitation from the network's page.

    \b
        fednet follow https://node.example.org --fingerprint "mzxw 6ytb oi2d ..."
    """
    import asyncio

    from fednet.node import following
    from fednet.node.invitation import parse_invitation

    home = opened()
    invited = parse_invitation(url)
    network = asyncio.run(
        following.follow(
            home,
            invited.url,
            fingerprint=fingerprint or (invited.network if yes else None),
            confirm=lambda offer: yes or _compared(offer, invited.network),
            partner=partner,
            allow_private=private_allowed(home, allow_private),
        )
    )
    if as_json:
        show_json([{"network": network.network, "name": network.name, "fingerprint": fingerprint_of(network.network)}])
    else:
        click.echo(f"following {plain(network.name)}, {fingerprint_of(network.network)}")
        say("hint: fednet sync")


def _compared(offer: Offer, invited: str | None) -> bool:
    """Whether a person says that the fingerprint is the right one; that of an invitation has to be it in any case."""
    if invited not in (None, offer.network):
        raise UsageError(
            f"the invitation is to {fingerprint_of(invited)}, {offer.url} is {offer.fingerprint}",
            hint="do not follow it; ask the network, by telephone, which fingerprint is theirs",
        )
    if not sys.stdin.isatty():
        raise UsageError(
            f"{offer.url} says it is {offer.name}, fingerprint {offer.fingerprint}; nobody can be asked here",
            hint=f'compare it by telephone, then add --fingerprint "{offer.fingerprint}", or --yes to take it on trust',
        )
    say(f"{offer.url} says it is {offer.name}")
    say(f"fingerprint: {offer.fingerprint}")
    return click.confirm("Did the network tell you the same fingerprint?", err=True)


@click.command()
@json_option
def peers(as_json: bool) -> None:
    """List the networks that this node follows, those that they mention, and those that are blocked.

    \b
        fednet peers
    """
    from fednet.directory import networks
    from fednet.node.home import now
    from fednet.store import blocks, feeds, sources

    home = opened()
    with home.store.reading() as db:
        silent = networks.silent(db, now())
        found = [
            _pinned(network, sources.urls(db, network), silent.get(network.network))
            for network in feeds.networks(db)
            if not network.own
        ]
        found += map(_mentioned, sources.mentions(db))
        found += map(_refused, blocks.unpinned(db))
    if as_json:
        show_json(found)
    elif found:
        rows = [(one.name, one.fingerprint, one.how, next(iter(one.urls), "")) for one in found]
        show_table(["name", "fingerprint", "how", "address"], rows)
    else:
        say("nobody is followed yet")
        say("hint: fednet follow https://node.example.org")


class Peer(msgspec.Struct, frozen=True):
    """A network that is followed, or one that a followed network speaks of (`mentioned_by`).

    `silent` says why nothing is to be expected of it: its newest edition has `expired`, or it is `unheard` of.
    """

    network: str
    name: str
    fingerprint: str
    following: bool
    urls: tuple[str, ...]
    partner: bool = False
    blocked: bool = False
    pinned_at: str | None = None
    mentioned_by: str | None = None
    silent: str | None = None
    silent_since: str | None = None

    @property
    def how(self) -> str:
        if self.mentioned_by:
            return f"mentioned by {self.mentioned_by}"
        known = "blocked" if self.blocked else "partner" if self.partner else "followed"
        return f"{known}, silent since {self.silent_since}" if self.silent else known


def _pinned(network: Network, urls: list[str], silent: Silence | None) -> Peer:
    return Peer(
        network=network.network,
        name=network.name,
        fingerprint=fingerprint_of(network.network),
        following=True,
        urls=tuple(urls),
        partner=network.partner,
        blocked=network.blocked,
        pinned_at=network.pinned_at,
        silent=silent.reason if silent else None,
        silent_since=silent.since if silent else None,
    )


def _mentioned(offered: Mention) -> Peer:
    return Peer(
        network=offered.network,
        name=offered.name,
        fingerprint=fingerprint_of(offered.network),
        following=False,
        urls=offered.urls,
        mentioned_by=offered.by,
    )


def _refused(network: str) -> Peer:
    """A network that is blocked, and that nobody has brought here."""
    return Peer(network=network, name="", fingerprint=fingerprint_of(network), following=False, urls=(), blocked=True)


@click.command()
@click.argument("name", metavar="N")
@yes_option
def unfollow(name: str, yes: bool) -> None:
    """Let go of a network: its records and its pin are removed from this node.

    \b
        fednet unfollow "Example Network" --yes
    """
    from fednet.node import following

    home = opened()
    network = named_network(home, name)
    if agreed(f"Remove {network.name} and all that it lists from this node?", yes):
        following.unfollow(home, network)
        say(f"{network.name} is no longer followed")


@click.command()
@click.argument("name", metavar="N")
@click.option("--undo", is_flag=True, help="Read it again.")
@yes_option
def block(name: str, undo: bool, yes: bool) -> None:
    """Destroy all that is held of network N, and take nothing of it any more, whoever brings it.

    N may be the network id of one that is not followed: it is refused then, should anybody ever bring it.

    \b
        fednet block "Example Network" --yes
    """
    from fednet.node import following

    home = opened()
    network, network_id, shown_name = _meant(home, name)
    if undo:
        if network is not None:
            following.block(home, network, blocked=False)
        else:
            following.block_unknown(home, network_id, blocked=False)
        say(f"{shown_name} is not blocked any more")
        say("hint: fednet sync" if network is not None else "hint: fednet follow URL")
    elif agreed(f"Destroy all that is held of {shown_name}, and refuse it from now on?", yes):
        if network is not None:
            following.block(home, network)
        else:
            following.block_unknown(home, network_id)
        say(f"{shown_name} is blocked")


def _meant(home: Home, name: str) -> tuple[Network | None, str, str]:
    """The pinned network that a person means, its id and name; or the id of a network that is not pinned."""
    from fednet.node.following import parse_fingerprint
    from fednet.store import feeds

    with home.store.reading() as db:
        try:
            network = feeds.named(db, name)
        except NotFoundError:
            try:
                network_id = parse_fingerprint(name)
            except UsageError:
                detail = f"no network called {name!r} is followed here"
                raise NotFoundError(detail, hint="give its network id") from None
            pinned = feeds.pinned(db, network_id)
            return pinned, network_id, pinned.name if pinned else network_id
    return network, network.network, network.name
