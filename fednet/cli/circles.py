"""Who may read what this node lists: `circle add|list|member`, `partner`."""

from __future__ import annotations

import click
import msgspec

from fednet.cli.options import agreed, chosen_circle, json_option, named_network, opened, yes_option
from fednet.cli.output import plain, say, show_json, show_table


class Shown(msgspec.Struct, frozen=True):
    """A circle of this node: who may read it, and what it lists. Everybody reads `public`, so nobody is named there."""

    circle: str
    members: tuple[str, ...]
    networks: tuple[str, ...]
    edition: int = 0
    records: int = 0
    drafts: int = 0


@click.group()
def circle() -> None:
    """Audiences: circles of this node, and the networks that may read them.

    \b
        fednet circle add board
        fednet circle member board "Example Network"
        fednet edit HANDLE --circle board
    """


@circle.command("add")
@click.argument("name", metavar="NAME", callback=chosen_circle)
def add(name: str) -> None:
    """Make a circle; nobody may read it until it has members.

    Its members see its name, nobody else does: small letters, digits and hyphens, at most 32.

    \b
        fednet circle add board
    """
    from fednet.node import circles
    from fednet.node.home import now

    circles.add(opened(), name, now())
    say(f"made circle {name}")
    say(f"hint: fednet circle member {name} NETWORK")


@circle.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the circles of this node, and who may read each.

    \b
        fednet circle list
    """
    found = _circles()
    if as_json:
        show_json(found)
    else:
        show_table(
            ["circle", "members", "edition", "records", "drafts"],
            [(one.circle, _members(one), one.edition or "", one.records, one.drafts or "") for one in found],
        )


def _members(one: Shown) -> str:
    return "everybody" if one.circle == "public" else ", ".join(one.members) or "nobody yet"


def _circles() -> list[Shown]:
    from fednet.store import circles, drafts, feeds

    home = opened()
    with home.store.reading() as db:
        held = {feed.circle: feed for feed in feeds.feeds(db, home.network)}
        found = []
        for one in circles.circles(db):
            feed = held.get(one.circle)
            members = one.members if one.circle != circles.PUBLIC else ()
            found.append(
                Shown(
                    one.circle,
                    tuple(network.name for network in members),
                    tuple(network.network for network in members),
                    feed.followed.position.edition if feed else 0,
                    feed.records if feed else 0,
                    len(drafts.drafts(db, one.circle)),
                )
            )
    return found


@circle.command("member")
@click.argument("name", metavar="NAME")
@click.argument("network_name", metavar="N")
@click.option("--remove", is_flag=True, help="It may read the circle no longer.")
@yes_option
def member(name: str, network_name: str, remove: bool, yes: bool) -> None:
    """Let a followed network read a circle, or no longer.

    What it has read it keeps until its node asks again: then it finds nothing, and lets go of what it holds.

    \b
        fednet circle member board "Example Network" --yes
    """
    from fednet.node import circles

    home = opened()
    network = named_network(home, network_name)
    shown = plain(network.name)
    asked = f"Take circle {name} away from {shown}?" if remove else f"Let {shown} read all of circle {name}?"
    if agreed(asked, yes):
        circles.set_member(home, name, network, not remove)
        say(f"{shown} {'no longer reads' if remove else 'may read'} circle {name}")


@click.command()
@click.argument("network_name", metavar="N")
@click.option("--undo", is_flag=True, help="It is a partner no longer; what it gave in confidence is destroyed here.")
@yes_option
def partner(network_name: str, undo: bool, yes: bool) -> None:
    """Count a followed network as a partner.

    It may then read circle partners here, and this node asks it for what it lets us read. Both sides decide: the
    other network runs the same command for ours.

    \b
        fednet partner "Example Network" --yes
    """
    from fednet.node import following
    from fednet.store.circles import own_circles_of

    home = opened()
    network = named_network(home, network_name)
    shown = plain(network.name)
    asked = (
        f"End the partnership with {shown}, and destroy what it gave this node in confidence?"
        if undo
        else f"Let {shown} read circle partners of this node?"
    )
    if agreed(asked, yes):
        following.partner(home, network, partner=not undo)
        say(f"{shown} is {'no longer a partner' if undo else 'a partner; fednet sync asks for what it lets us read'}")
        with home.store.reading() as db:
            left = sorted(own_circles_of(db, network)) if undo else []
        for circle in left:
            say(f"it still reads circle {circle}")
            say(f'hint: fednet circle member {circle} "{shown}" --remove')
