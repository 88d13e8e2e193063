"""`witness`: whom this node asks to cosign its public log. `policy`: whose cosignatures count for another network."""

from __future__ import annotations

import asyncio
from typing import IO, TYPE_CHECKING

import click
import msgspec

from fednet.cli.options import agreed, json_option, named_network, opened, private_allowed, private_option, yes_option
from fednet.cli.output import plain, say, show_json, show_table
from fednet.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from fednet.store.feeds import Network


@click.group()
def witness() -> None:
    """Witnesses see that this node shows everybody the same.

    \b
        fednet witness add https://node.example.org
        fednet witness list
    """


class Row(msgspec.Struct, frozen=True):
    """A witness; `cosigned` tells whether the newest public edition bears its cosignature."""

    url: str
    name: str
    key: str
    network: str | None
    cosigned: bool
    asked_at: str | None
    error: str | None


@witness.command()
@click.argument("url")
@click.option("--key", metavar="VKEY", help="The witness's verifier key, when it is no node that this one follows.")
@private_option
@json_option
def add(url: str, key: str | None, allow_private: bool, as_json: bool) -> None:
    """Ask the witness at URL to cosign every public edition from now on.

    URL is the address of a node that this one follows, or with --key the submission prefix of any C2SP witness. A node
    cosigns for the networks that it follows: ask those who run it to follow this one.

    \b
        fednet witness add https://node.example.org
    """
    from fednet.node import cosigning

    home = opened()
    added = asyncio.run(cosigning.add(home, url, key, allow_private=private_allowed(home, allow_private)))
    if as_json:
        show_json([{"url": added.url, "name": added.name, "key": added.key, "network": added.network}])
    else:
        click.echo(f"{plain(added.name)} is asked at {plain(added.url)}")
        say("hint: fednet publish, then: fednet witness list")


@witness.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the witnesses of this node, and how each answered last.

    \b
        fednet witness list
    """
    from fednet.node import cosigning
    from fednet.store import feeds

    home = opened()
    with home.store.reading() as db:
        known = cosigning.asked(db)
        feed = feeds.feed(db, home.network, "public")
    newest = feed.followed.checkpoint if feed else None
    rows = [
        Row(
            one.url, one.name, one.key, one.network, newest is not None and cosigning.has_cosigned(newest, one),
            one.asked_at, one.error,
        )
        for one in known
    ]  # fmt: skip
    if as_json:
        show_json(rows)
    elif rows:
        show_table(
            ["witness", "address", "newest edition", "asked", "problem"],
            [(r.name, r.url, "cosigned" if r.cosigned else "not yet", r.asked_at or "never", r.error) for r in rows],
        )
    else:
        say("no witness is asked yet")
        say("hint: fednet witness add https://node.example.org")


@witness.command()
@click.argument("url")
@yes_option
def remove(url: str, yes: bool) -> None:
    """Ask the witness at URL no more.

    \b
        fednet witness remove https://node.example.org/witness --yes
    """
    from fednet.node.address import base_url
    from fednet.store import witnesses

    home = opened()
    with home.store.reading() as db:
        known = [one.url for one in witnesses.witnesses(db)]
    meant = [one for one in known if one in (base_url(url), f"{base_url(url)}/witness")]
    if not meant:
        raise NotFoundError(f"{url} is no witness of this node", hint="fednet witness list")
    if agreed(f"Ask {meant[0]} no more?", yes):
        with home.store.writing() as db:
            witnesses.remove(db, meant[0])
        say(f"{meant[0]} is asked no more")


@witness.command()
@json_option
def key(as_json: bool) -> None:
    """Show the key under which this node cosigns for others, as a line for their policy.

    \b
        fednet witness key
    """
    home = opened()
    cosigner = home.network.identity.cosigner
    address = f"{home.config.url}/witness" if home.config.url else None
    if as_json:
        show_json([{"name": cosigner.name, "key": cosigner.vkey, "url": address}])
    else:
        click.echo(" ".join(filter(None, ["witness", home.network.network, cosigner.vkey, address])))


@click.command()
@click.argument("name", metavar="N")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--none", "nobody", is_flag=True, help="Ask for nobody's cosignature any more.")
@yes_option
@json_option
def policy(name: str, file: IO[bytes] | None, nobody: bool, yes: bool, as_json: bool) -> None:
    """Say whose cosignatures make an edition of N count as witnessed: a C2SP tlog-policy FILE. Without FILE, show it.

    What lacks a quorum is shown all the same, and marked; what bears a false cosignature is refused.

    \b
        fednet policy "Example Network" policy.txt --yes
    """
    from fednet.feed.checkpoint import MAX_POLICY, parse_policy
    from fednet.store import witnesses

    home = opened()
    network = named_network(home, name)
    if network.own:
        raise UsageError("a policy is for a network that this node follows", hint="fednet witness add URL")
    if file is None and not nobody:
        _show_policy(network, as_json)
        return
    raw = None if file is None else file.read(MAX_POLICY + 1)
    wanted = parse_policy(raw) if raw is not None else None
    if agreed(f"Set the witness policy of {network.name}?", yes):
        with home.store.writing() as db:
            witnesses.set_policy(db, network, raw)
        say(
            f"{network.name}: {f'{len(wanted.witnesses)} witnesses, quorum {wanted.quorum}' if wanted else 'no policy'}"
        )
        say(f"hint: fednet sync {network.network}")


def _show_policy(network: Network, as_json: bool) -> None:
    text = network.policy.decode("utf-8", "replace") if network.policy is not None else None
    if as_json:
        show_json([{"network": network.network, "name": network.name, "policy": text}])
    elif text is None:
        say(f"{network.name} has no witness policy")
    else:
        click.echo("\n".join(map(plain, text.splitlines())))
