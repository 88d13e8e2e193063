"""`source add`, `source list`, `source remove`: where else a network can be read, when it does not answer itself."""

from __future__ import annotations

import click
import msgspec

from fednet.cli.options import agreed, json_option, opened, yes_option
from fednet.cli.output import say, show_json, show_table
from fednet.errors import NotFoundError, UsageError


@click.group()
def source() -> None:
    """Where a network can be read: its own address first, then mirrors, in order.

    What a mirror serves is verified like what the network serves: it can keep something back, and nothing else.

    \b
        fednet source add "Example Network" https://mirror.example.org
        fednet source list
    """


@source.command()
@click.argument("name", metavar="N")
@click.argument("url", metavar="URL")
@click.option("--origin", is_flag=True, help="URL is the network's own address; the former one becomes a mirror.")
def add(name: str, url: str, origin: bool) -> None:
    """Read network N at URL too, when the addresses before it do not give it.

    \b
        fednet source add "Example Network" https://mirror.example.org
    """
    from fednet.node.address import base_url
    from fednet.store import feeds, sources

    home = opened()
    base = base_url(url)
    with home.store.writing() as db:
        network = feeds.named(db, name)
        if network.own:
            raise UsageError("a node reads its own network from its own disk")
        (sources.set_origin if origin else sources.add_mirror)(db, network, base)
    say(f"{network.name} is read at {base} as well" if not origin else f"{network.name} is at {base}")
    say("hint: fednet sync")


class Source(msgspec.Struct, frozen=True):
    """One address of a network. `kind` is origin, mirror, or mentioned (by the network `by`: a last resort)."""

    network: str
    name: str
    url: str
    kind: str
    by: str


@source.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List where each network is read, in the order in which addresses are tried.

    \b
        fednet source list
    """
    from fednet.store import feeds, sources

    home = opened()
    with home.store.reading() as db:
        found = [
            Source(network.network, network.name, *place)
            for network in feeds.networks(db)
            if not network.own
            for place in (*sources.named(db, network), *sources.mentioned(db, network))
        ]
    if as_json:
        show_json(found)
        return
    show_table(
        ["network", "address", "kind"],
        [(one.name, one.url, f"mentioned by {one.by}" if one.by else one.kind) for one in found],
    )


@source.command()
@click.argument("name", metavar="N")
@click.argument("url", metavar="URL")
@yes_option
def remove(name: str, url: str, yes: bool) -> None:
    """Read network N at URL no more.

    \b
        fednet source remove "Example Network" https://mirror.example.org
    """
    from fednet.node.address import base_url
    from fednet.store import feeds, sources

    home = opened()
    with home.store.reading() as db:
        network = feeds.named(db, name)
        last = [place.url for place in sources.named(db, network)] == [base_url(url)]
    if last and not agreed(f"It is the last address of {network.name}: nothing will be read any more. Remove it?", yes):
        return
    with home.store.writing() as db:
        if not sources.remove(db, network, base_url(url)):
            raise NotFoundError(f"{network.name} is not read at {base_url(url)}", hint="fednet source list")
    say(f"{network.name} is not read at {base_url(url)} any more")
