"""One record: `add`, `edit`, `show`, `withdraw`."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import IO, Any

import click
import msgspec

from fednet import listing
from fednet.cli.options import agreed, circle_option, handle_argument, json_option, opened, yes_option
from fednet.cli.output import say, show_fields, show_json, written
from fednet.errors import UsageError

MAX_INPUT = 1024 * 1024

fields_option = click.option(
    "--json", "file", type=click.File("rb"), required=True, metavar="FILE|-", help="A JSON object with fields."
)


@click.command()
@click.argument("kind", metavar="KIND")
@fields_option
@circle_option
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
    fields = fields_in(file)
    own = edits.add(opened(), kind, fields, now(), circle)
    click.echo(own.handle)
    _warn_of_unknown(kind, fields)
    say(f"added to circle {own.circle}; fednet publish signs it")


@click.command()
@handle_argument
@fields_option
def edit(handle: str, file: IO[bytes]) -> None:
    """Change the given fields of a record; a field given as null is taken out.

    \b
        echo '{"website": "https://aid.example", "acronym": null}' | fednet edit HANDLE --json -
    """
    from fednet.node import edits
    from fednet.node.home import now

    fields = fields_in(file)
    own = edits.edit(opened(), handle, fields, now())
    click.echo(own.handle)
    _warn_of_unknown(own.fields["kind"], fields)
    say("changed; fednet publish signs it" if own.draft else "nothing differs")


@click.command()
@handle_argument
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
@handle_argument
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


def _warn_of_unknown(kind: str, fields: dict[str, Any]) -> None:
    """Unknown fields are kept, for other programs may know them; but a slip of the pen looks just the same."""
    known = [field.name for field in msgspec.structs.fields(listing.KINDS[kind])]
    for name in sorted(set(fields) - {*known, "kind"}):
        meant = get_close_matches(name, known, 1)
        say(f"note: {name!r} is no field of a record of kind {kind}; it is kept" +
            (f". Did you mean {meant[0]!r}?" if meant else ""))  # fmt: skip


def fields_in(file: IO[bytes]) -> dict[str, Any]:
    """The fields of a record as a person wrote them."""
    try:
        return msgspec.json.decode(file.read(MAX_INPUT), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"not the fields of a record: {error}", hint='one object, such as {"names": {"en": "Example"}}'
        ) from None


def _found(handle: str) -> dict[str, Any]:
    """A record with its provenance: this network's draft, else what a verified edition lists.

    `draft` says what waits for the next edition: `put`, `drop`, `erase` or nothing.
    """
    from fednet.cli.directory import hit_object
    from fednet.directory.search import OPERATOR, record
    from fednet.node.home import now
    from fednet.store import drafts

    home = opened()
    with home.store.reading() as db:
        waiting = drafts.draft(db, handle)
    if waiting is None or waiting.body is None:
        listed = hit_object(record(home.store, handle, OPERATOR, now()))
        return {**listed, "draft": waiting.action if waiting else None}
    fields = msgspec.json.decode(waiting.body)
    network = home.network
    return {
        "handle": handle,
        "kind": fields["kind"],
        "network": network.network,
        "network_name": network.name,
        "networks": [{"network": network.network, "name": network.name}],
        "circle": waiting.circle,
        "epoch": None,
        "edition": None,
        "verified_at": None,
        "fields": fields,
        "draft": waiting.action,
    }


def _described(found: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "handle", found["handle"]
    yield "kind", found["kind"]
    yield "listed by", ", ".join(network["name"] for network in found["networks"])
    yield "circle", found["circle"]
    if found["edition"] is not None:
        yield "edition", f"{found['edition']} of epoch {found['epoch']}, verified {found['verified_at']}"
    if found["draft"] is not None:
        waiting = "these fields wait to be signed" if found["draft"] == "put" else "its withdrawal waits to be signed"
        yield "draft", f"{waiting}: fednet publish"
    for name, value in found["fields"].items():
        if name != "kind":
            yield name, written(value)
