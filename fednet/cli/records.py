"""One record: `add`, `edit`, `show`, `withdraw`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import click
import msgspec

from fednet import listing
from fednet.cli.options import agreed, json_option, opened, yes_option
from fednet.cli.output import say, show_fields, show_json, written
from fednet.errors import NotFoundError, UsageError

fields_option = click.option(
    "--json", "file", type=click.File("rb"), required=True, metavar="FILE|-", help="A JSON object with fields."
)


@click.command()
@click.argument("kind", metavar="KIND")
@fields_option
@click.option("--circle", metavar="C", help="Who may read it. Default: partners for contacts and persons, else public.")
def add(kind: str, file: IO[bytes], circle: str | None) -> None:
    """Add a record and print its handle.

    KIND is organization, contact, person, group, event, exchange, resource or opinion.

    \b
        echo '{"names": {"en": "Example Legal Aid"}, "seat": {"country": "TH"}}' |
          fednet add organization --json -
    """
    from fednet.node import edits
    from fednet.node.home import now

    if kind not in listing.KINDS:
        raise UsageError(f"there is no kind {kind!r}", hint=f"choose one of: {', '.join(listing.KINDS)}")
    own = edits.add(opened(), kind, fields_in(file), now(), circle)
    click.echo(own.handle)
    say(f"added to circle {own.circle}; fednet publish signs it")


@click.command()
@click.argument("handle")
@fields_option
def edit(handle: str, file: IO[bytes]) -> None:
    """Change the given fields of a record; a field given as null is taken out.

    \b
        echo '{"website": "https://aid.example", "acronym": null}' | fednet edit HANDLE --json -
    """
    from fednet.node import edits
    from fednet.node.home import now

    own = edits.edit(opened(), handle, fields_in(file), now())
    click.echo(own.handle)
    say("changed; fednet publish signs it" if own.draft else "nothing differs")


@click.command()
@click.argument("handle")
@json_option
def show(handle: str, as_json: bool) -> None:
    """Show a record of any network, and what it rests on; own drafts too.

    \b
        fednet show 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e
    """
    found = _found(handle)
    if as_json:
        show_json([found])
    else:
        show_fields(_described(found))


@click.command()
@click.argument("handle")
@yes_option
def withdraw(handle: str, yes: bool) -> None:
    """Take a record out of what this network lists, with the next edition.

    \b
        fednet withdraw 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --yes
    """
    from fednet.node import edits
    from fednet.node.home import now
    from fednet.node.imports import title_of

    home = opened()
    with home.store.reading() as db:
        own = edits.find(db, home, handle)
    if agreed(f"Withdraw {title_of(own.body)!r}?", yes):
        edits.withdraw(home, handle, now())
        say("withdrawn; fednet publish tells everyone")


def fields_in(file: IO[bytes]) -> dict[str, Any]:
    """The fields of a record as a person wrote them."""
    try:
        return msgspec.json.decode(file.read(), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name}: {error}", hint='one object, such as {"names": {"en": "Example"}}') from None


def _found(handle: str) -> dict[str, Any]:
    """A record with its provenance: this network's draft, else what a verified edition lists."""
    from fednet.directory.search import OPERATOR, record
    from fednet.feed.record import check_handle
    from fednet.node import edits

    home = opened()
    check_handle(handle)
    try:
        with home.store.reading() as db:
            own = edits.find(db, home, handle)
    except NotFoundError:
        own = None
    if own is None or not own.draft:
        return {**msgspec.to_builtins(record(home.store, handle, OPERATOR)), "draft": False}
    network = home.network
    return {
        "handle": handle,
        "kind": own.fields["kind"],
        "network": network.network,
        "network_name": network.name,
        "networks": [[network.network, network.name]],
        "circle": own.circle,
        "epoch": None,
        "edition": None,
        "verified_at": None,
        "fields": own.fields,
        "draft": True,
    }


def _described(found: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "handle", found["handle"]
    yield "kind", found["kind"]
    yield "listed by", ", ".join(name for _, name in found["networks"])
    yield "circle", found["circle"]
    if found["draft"]:
        yield "edition", "a draft: fednet publish signs it"
    else:
        yield "edition", f"{found['edition']} of epoch {found['epoch']}, verified {found['verified_at']}"
    for name, value in found["fields"].items():
        if name != "kind":
            yield name, written(value)
