"""One record: `add`, `edit`, `show`, `withdraw`, `erase`."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import IO, TYPE_CHECKING, Any

import click
import msgspec

from fednet import listing
from fednet.cli.options import agreed, chosen_circle, circle_option, handle_argument, json_option, opened, yes_option
from fednet.cli.output import say, show_fields, show_json, written
from fednet.errors import UsageError
from fednet.listing.check import is_handle
from fednet.listing.exchange import open_day

if TYPE_CHECKING:
    from datetime import datetime

    from fednet.node.erasure import Erased
    from fednet.node.home import Home

MAX_INPUT = 1024 * 1024
WAITING = {
    "put": "these fields wait to be signed",
    "drop": "its withdrawal waits to be signed",
    "erase": "its erasure waits to be signed",
}

fields_option = click.option(
    "--json", "file", type=click.File("rb"), required=True, metavar="FILE|-", help="A JSON object with fields."
)


@click.command()
@click.argument("kind", metavar="KIND")
@fields_option
@circle_option
def add(kind: str, file: IO[bytes], circle: str | None) -> None:
    """Add a record and print its handle.

    KIND is organization, contact, person, group, event, exchange, twinning, resource, opinion or network.

    \b
        echo '{"names": {"en": "Example Legal Aid"}, "seat": {"country": "TH"}}' |
          fednet add organization --json -
    """
    from fednet.node import edits
    from fednet.node.home import now

    check_kind(kind)
    fields = fields_in(file)
    own = edits.add(opened(), kind, fields, now(), circle)
    click.echo(own.handle)
    _warn_of_unknown(kind, fields)
    _note_entry(own.fields, fields, now())
    say(f"added to circle {own.circle}; fednet publish signs it")


@click.command()
@handle_argument
@click.option("--json", "file", type=click.File("rb"), metavar="FILE|-", help="A JSON object with fields.")
@click.option("--circle", metavar="C", callback=chosen_circle, help="Move it there: see fednet circle list.")
@click.option("--as-signed", is_flag=True, help="Take back what waits to be signed: it stays as it was signed.")
def edit(handle: str, file: IO[bytes] | None, circle: str | None, as_signed: bool) -> None:
    """Change the given fields of a record; a field given as null is taken out.

    A signed record that moves to another circle gets a new handle, which is printed; in the circle that it leaves it
    is erased, or just dropped when all who read that one may read the other.

    \b
        echo '{"website": "https://aid.example", "acronym": null}' | fednet edit HANDLE --json -
        fednet edit HANDLE --circle partners
    """
    from fednet.node import edits
    from fednet.node.home import now

    if as_signed:
        _take_back(handle, alone=file is None and circle is None)
        return
    if file is None and circle is None:
        raise UsageError("nothing to change is given", hint="--json FILE, or --circle C")
    fields = fields_in(file) if file else {}
    own = edits.edit(opened(), handle, fields, now(), circle)
    click.echo(own.handle)
    _warn_of_unknown(own.fields["kind"], fields)
    _note_entry(own.fields, fields, now())
    if own.handle != handle:
        say(f"moved to circle {own.circle} under a new handle; fednet publish signs it, and takes the old one away")
    else:
        say(f"changed, in circle {own.circle}; fednet publish signs it" if own.draft else "nothing differs")


def _take_back(handle: str, *, alone: bool) -> None:
    from fednet.node import own
    from fednet.node.home import now

    if not alone:
        raise UsageError("--as-signed stands alone", hint="first take back, then edit")
    click.echo(own.restore_signed(opened(), handle, now()).handle)
    say("taken back: it stays as it was signed")


@click.command()
@handle_argument
@json_option
def show(handle: str, as_json: bool) -> None:
    """Show a record of any network, and what it rests on; own drafts too.

    Of an organisation that other networks list as well, what they say is shown beside it, and why it is the same one.

    \b
        fednet show 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e
    """
    found = _found(handle)
    if as_json:
        show_json([found])
    else:
        show_fields(_described(found))
        _show_contacts(found)
        _show_others(found)


@click.command()
@handle_argument
@click.option("--cancel", is_flag=True, help="An event stays listed, as cancelled: only so do calendars say it.")
@yes_option
def withdraw(handle: str, cancel: bool, yes: bool) -> None:
    """Take a record out of what this network lists, with the next edition.

    An event that is withdrawn disappears from calendars without a word. With --cancel it stays, crossed out, and those
    who meant to come hear of it.

    \b
        fednet withdraw 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --yes
        fednet withdraw 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --cancel
    """
    from fednet.formats.recurrence import is_to_come
    from fednet.node import edits
    from fednet.node.home import now
    from fednet.node.own import title_of

    home = opened()
    with home.store.reading() as db:
        own = edits.find(db, home, handle)
    if cancel:
        if own.fields["kind"] != "event":
            raise UsageError("only events are cancelled", hint=f"fednet withdraw {handle}")
        edits.edit(home, handle, {"status": "cancelled"}, now())
        say("cancelled; fednet publish tells everyone")
        return
    if is_to_come(own.fields, now()):
        say("hint: it has not taken place yet; with --cancel it stays in calendars, as cancelled")
    if agreed(f"Withdraw {title_of(own.body)!r}?", yes):
        edits.withdraw(home, handle, now())
        say("withdrawn; fednet publish tells everyone")


@click.command()
@handle_argument
@yes_option
def erase(handle: str, yes: bool) -> None:
    """Destroy a record: here, and at every follower as it hears of it. It cannot come back under this handle.

    The next edition says so, and goes on saying it; fednet show HANDLE tells who has confirmed. A record that was
    withdrawn can be erased as well.

    \b
        fednet erase 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --yes
    """
    from fednet.node import erasure
    from fednet.node.home import now

    home = opened()
    if agreed(f"Erase {_title(home, handle)} for good?", yes):
        erasing = erasure.erase(home, handle, now())
        if erasing.circle is None:
            say("erased: it was never signed, and is gone")
        else:
            say("to be erased: it is destroyed, here and everywhere, by the next edition")
            say("hint: fednet publish")


def _title(home: Home, handle: str) -> str:
    """What the record is called, as far as it is still here."""
    from fednet.errors import NotFoundError
    from fednet.node import edits
    from fednet.node.own import title_of

    try:
        with home.store.reading() as db:
            return repr(title_of(edits.find(db, home, handle).body))
    except NotFoundError:
        return handle


def _warn_of_unknown(kind: str, fields: dict[str, Any]) -> None:
    """Unknown fields are kept, for other programs may know them; but a slip of the pen looks just the same."""
    known = [field.name for field in msgspec.structs.fields(listing.KINDS[kind])]
    for name in sorted(set(fields) - {*known, "kind"}):
        meant = get_close_matches(name, known, 1)
        say(f"note: {name!r} is no field of a record of kind {kind}; it is kept" +
            (f". Did you mean {meant[0]!r}?" if meant else ""))  # fmt: skip


def _note_entry(kept: dict[str, Any], given: dict[str, Any], moment: datetime) -> None:
    """Of a need, an offer or funding, what its author may not have meant: nobody's organisation, a day that is past."""
    if kept["kind"] != "exchange":
        return
    named, ends = kept.get("organization"), kept.get("open_until", "")
    if named and "organization" in given and not is_handle(named):
        say(f"note: this network lists no organisation {named!r}, or several of that name: just the name is kept")
    if "open_until" in given and ends and ends < open_day(moment).isoformat():
        say(f"note: it was open until {ends}, which is past: nobody is shown it as open")


def check_kind(kind: str) -> None:
    if kind not in listing.KINDS:
        raise UsageError(f"there is no kind {kind!r}", hint=f"choose one of: {', '.join(listing.KINDS)}")


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

    `draft` says what waits for the next edition: `put`, `drop`, `erase` or nothing. A record that was erased has no
    fields, but `receipts`: who has confirmed that it is destroyed there.
    """
    from fednet.cli.directory import hit_object
    from fednet.directory.search import OPERATOR, record
    from fednet.node import erasure
    from fednet.node.home import now
    from fednet.store import drafts

    home = opened()
    with home.store.reading() as db:
        waiting = drafts.draft(db, handle)
    gone = erasure.erased(home, handle) if waiting is None else None
    if gone is not None:
        return _tombstone(gone)
    if waiting is None or waiting.body is None:
        listed = hit_object(record(home.store, handle, OPERATOR, now()))
        return {**listed, "draft": waiting.action if waiting else None, **_card(home, listed)}
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


def _card(home: Home, listed: dict[str, Any]) -> dict[str, Any]:
    """What other networks say of an organisation: their `statements`, where they contradict each other, why they are
    one."""
    if listed["kind"] != "organization":
        return {}
    from fednet.directory.cards import card
    from fednet.directory.search import OPERATOR
    from fednet.node.home import now

    found = card(home.store, listed["handle"], OPERATOR, now(), networks=[listed["network"]])
    statements = [
        {
            "network": one.hit.network,
            "network_name": one.hit.network_name,
            "handle": one.hit.handle,
            "circle": one.hit.circle,
            "state": one.state,
            "fields": one.hit.fields,
        }
        for one in found.statements
    ]
    return {
        "state": found.statements[found.asked].state,
        "statements": statements,
        "differences": found.differences,
        "joins": [one for one in found.why if found.asked in (one.one, one.other)],
        "opinions": found.opinions,
        "contacts": [
            {
                "handle": one.hit.handle,
                "network_name": one.hit.network_name,
                "circle": one.hit.circle,
                "fields": one.hit.fields,
            }
            for one in found.contacts
        ],
    }


def _show_contacts(found: dict[str, Any]) -> None:
    """How the organisation is reached, and who may know that."""
    for one in found.get("contacts", []):
        click.echo()
        named = [
            (name, written(value)) for name, value in one["fields"].items() if name not in ("kind", "organization")
        ]
        listed = f"{one['network_name']}, circle {one['circle']}"
        show_fields([("contact", one["handle"]), ("listed by", listed), *named])


def _show_others(found: dict[str, Any]) -> None:
    """The statements of other networks about the same organisation, what differs, and why they are one."""
    statements = found.get("statements", [])
    named = found["network"], found["handle"]
    asked = next((at for at, one in enumerate(statements) if (one["network"], one["handle"]) == named), 0)
    for at, one in enumerate(statements):
        if at == asked:
            continue
        click.echo()
        why = (reason for why in found["joins"] if at in (why.one, why.other) for reason in why.reasons)
        differing = {name: value for name, value in one["fields"].items() if name in found["differences"]}
        show_fields(
            [
                ("also listed by", one["network_name"]),
                ("handle", one["handle"]),
                ("because", ", ".join(why)),
                ("confirmed", written(one["fields"].get("confirmed", {}))),
                *((f"{name} there", written(value)) for name, value in differing.items()),
            ]
        )


def _tombstone(gone: Erased) -> dict[str, Any]:
    network = {"network": gone.network.network, "name": gone.network.name}
    return {
        "handle": gone.handle,
        "kind": None,
        "network": gone.network.network,
        "network_name": gone.network.name,
        "networks": [network],
        "circle": gone.circle,
        "epoch": gone.position.epoch,
        "edition": gone.position.edition,
        "verified_at": None,
        "fields": {},
        "draft": None,
        "erased": True,
        "destroyed": gone.done,
        "receipts": [
            {
                "network": one.network.network,
                "name": one.network.name,
                "confirmed": one.confirmed,
                "newest": str(one.told.position) if one.told else None,
                "at": one.told.at if one.told else None,
            }
            for one in gone.confirmations
        ],
    }


def _described_tombstone(found: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "handle", found["handle"]
    yield "erased by", found["network_name"]
    yield "circle", found["circle"]
    yield "edition", f"{found['edition']} of epoch {found['epoch']}"
    yield "destroyed here", "yes" if found["destroyed"] else "not wholly yet: others are reading; fednet serve goes on"
    for confirmed, name in ((True, "confirmed by"), (False, "unconfirmed by")):
        yield name, ", ".join(_spoken(one) for one in found["receipts"] if one["confirmed"] is confirmed)


def _spoken(receipt: dict[str, Any]) -> str:
    if receipt["newest"] is None:
        return f"{receipt['name']} (never sent a receipt)"
    return f"{receipt['name']} (holds {receipt['newest']} since {receipt['at']})"


def _described(found: dict[str, Any]) -> Iterator[tuple[str, object]]:
    if found.get("erased"):
        yield from _described_tombstone(found)
        return
    yield "handle", found["handle"]
    yield "kind", found["kind"]
    yield "listed by", ", ".join(network["name"] for network in found["networks"])
    yield "circle", found["circle"]
    if found["edition"] is not None:
        yield "edition", f"{found['edition']} of epoch {found['epoch']}, verified {found['verified_at']}"
    if found["draft"] is not None:
        waiting = WAITING[found["draft"]]
        yield "draft", f"{waiting}: fednet publish"
    for name, value in found["fields"].items():
        if name != "kind":
            yield name, written(value)
