"""What this network says of itself: `network show|edit`."""

from __future__ import annotations

from typing import IO

import click

from fednet.cli.options import json_option, opened
from fednet.cli.output import say, show_fields, show_json, written
from fednet.cli.records import fields_in


@click.group()
def network() -> None:
    """What this network says of itself, in public and signed: names, what it is for, how long a confirmation holds.

    \b
        echo '{"confirm_within_days": 180}' | fednet network edit --json -
        fednet network show
    """


@network.command("show")
@json_option
def show(as_json: bool) -> None:
    """Show what this network says of itself, drafts included, and the term in which it confirms what it lists.

    \b
        fednet network show
    """
    from fednet.listing.network import USUAL_DAYS
    from fednet.node import edits

    home = opened()
    with home.store.reading() as db:
        own = edits.of_itself(db, home)
    fields = {"names": {}, "confirm_within_days": USUAL_DAYS} | (own.fields if own else {})
    if as_json:
        show_json([{"handle": own and own.handle, "draft": bool(own and own.draft), "fields": fields}])
        return
    show_fields((name, written(value)) for name, value in fields.items() if name != "kind")
    if own is None:
        say(f"it says nothing of itself yet: confirmations hold {USUAL_DAYS} days")
        say("hint: fednet network edit --json FILE")
    elif own.draft:
        say("these fields wait to be signed: fednet publish")


@network.command("edit")
@click.option(
    "--json", "file", type=click.File("rb"), required=True, metavar="FILE|-", help="A JSON object with fields."
)
def edit(file: IO[bytes]) -> None:
    """Change what this network says of itself; a field given as null is taken out. The first time, it is made.

    Fields: names, description, website, emails, languages, countries, confirm_within_days.

    \b
        echo '{"description": {"en": "Whom we bring together"}}' | fednet network edit --json -
    """
    from fednet.node import edits
    from fednet.node.home import now

    home, fields = opened(), fields_in(file)
    with home.store.reading() as db:
        known = edits.of_itself(db, home)
    if known is None:
        named = {"names": {"und": home.network.name}} | {name: one for name, one in fields.items() if one is not None}
        own = edits.add(home, edits.NETWORK, named, now())
    else:
        own = edits.edit(home, known.handle, fields, now())
    click.echo(own.handle)
    say("changed; fednet publish signs it" if own.draft else "nothing differs")
