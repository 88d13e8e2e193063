"""`proof make`, `proof check`: that a network lists a record, erased it or does not list it, told by one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Any

import click

from fednet.cli.options import handle_argument, home_path, json_option, may_write, named_network, opened, yes_option
from fednet.cli.output import say, show_fields, show_json, written
from fednet.errors import FednetError, RefusedError


@click.group()
def proof() -> None:
    """Offline proofs of what a network signed, for anyone to check.

    \b
        fednet proof make HANDLE -o listing.proof
        fednet proof check listing.proof
    """


@proof.command()
@handle_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Default: stdout."
)
@click.option("--network", metavar="N", help="Whose proof, when the record is in no feed: that N does not list it.")
@yes_option
def make(handle: str, output: Path | None, network: str | None, yes: bool) -> None:
    """Write the proof that a record is listed, erased or absent.

    \b
        fednet proof make 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e -o listing.proof
    """
    from fednet.feed.proof import check as check_proof
    from fednet.feed.proof import parse_proof
    from fednet.node import proofs
    from fednet.node.files import write_atomically

    home = opened()
    made = proofs.make(home, handle, named_network(home, network) if network is not None else None)
    if output is not None and not may_write(home, output, yes):
        return
    proven = check_proof(parse_proof(made))
    if output is None:
        sys.stdout.buffer.write(made)
    else:
        write_atomically(output, made, mode=0o644 if proven.circle == "public" else 0o600)
    say(f"{proven.name}, edition {proven.edition.edition}: {handle} is {proven.verdict}")
    if proven.circle != "public":
        say(f"the proof holds a record of circle {proven.circle}: give it only to those who may read it")
    if output is not None:
        say(f"hint: fednet proof check {output}")


@proof.command()
@click.argument("file", type=click.File("rb"), metavar="FILE")
@click.option("--network", metavar="FINGERPRINT", help="Refuse a proof of any other network.")
@json_option
def check(file: IO[bytes], network: str | None, as_json: bool) -> None:
    """Check a proof, with nothing but the file; exit 3 when it is refused.

    Who the network is, only its fingerprint tells: compare it with the one you know, or name it.

    \b
        fednet proof check listing.proof --network "mzxw 6ytb oi2d ..."
    """
    from fednet.feed.proof import MAX_PROOF, parse_proof
    from fednet.feed.proof import check as check_proof

    proven = check_proof(parse_proof(file.read(MAX_PROOF + 1)))
    if network is not None and _squeezed(network) != proven.network:
        raise RefusedError(f"the proof is of network {proven.network}, expected {_squeezed(network)}")
    verdict = _verdict(proven)
    if as_json:
        show_json([verdict])
    else:
        show_fields((name, written(value)) for name, value in verdict.items())
        if not verdict["pinned"] and network is None:
            say("hint: this node does not know the network; compare its fingerprint before you believe the name")


def _verdict(proven: Any) -> dict[str, Any]:
    import msgspec

    from fednet.feed.identity import fingerprint
    from fednet.feed.text import utc_text

    try:
        fields = msgspec.json.decode(proven.body) if proven.body else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # signed all the same, in a form we do not show
        fields = None
    return {
        "verdict": proven.verdict,
        "network": proven.network,
        "name": proven.name,
        "fingerprint": fingerprint(proven.network),
        "pinned": _is_pinned(proven.network),
        "circle": proven.circle,
        "handle": proven.handle,
        "edition": proven.edition.edition,
        "issued": utc_text(proven.edition.issued_at),
        "expires": utc_text(proven.edition.expires_at),
        "fields": fields,
    }


def _is_pinned(network: str) -> bool:
    """Whether this node follows that network, or is it; a proof is checked without a node as well."""
    from fednet.store import feeds

    if not home_path().exists():
        return False
    try:
        home = opened()
        with home.store.reading() as db:
            return any(known.network == network for known in feeds.networks(db))
    except FednetError:
        return False


def _squeezed(fingerprint: str) -> str:
    return fingerprint.replace(" ", "").replace("-", "").lower()
