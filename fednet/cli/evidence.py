"""`evidence`: proofs that a network signed two things that contradict each other, and what a person decides."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
import msgspec

from fednet.cli.options import agreed, json_option, may_write, named_network, opened, yes_option
from fednet.cli.output import say, show_fields, show_json, show_table
from fednet.errors import NotFoundError, RefusedError, UsageError

if TYPE_CHECKING:
    from sqlite_utils import Database

    from fednet.store.evidence import Held


@click.group()
def evidence() -> None:
    """Proofs of misbehaviour: two things that one network signed and that cannot both be so.

    \b
        fednet evidence list
        fednet evidence check FILE
    """


class Row(msgspec.Struct, frozen=True):
    """Evidence that is held. `sides` are what a person may choose between, `held_here` the one that this node holds.

    `frozen` tells whether the network, or its restricted circle, is not advanced because of it.
    """

    digest: str
    kind: str
    network: str
    name: str
    says: str
    sides: tuple[str, ...]
    held_here: str | None
    frozen: bool
    found_at: str
    resolved_at: str | None
    verdict: str | None


@evidence.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the evidence that this node holds; it is kept for ever.

    \b
        fednet evidence list
    """
    from fednet.store import evidence as held_evidence

    home = opened()
    with home.store.reading() as db:
        rows = [_row(db, held) for held in held_evidence.evidence(db)]
    if as_json:
        show_json(rows)
    elif rows:
        show_table(
            ["network", "kind", "found", "decided", "digest"],
            [(row.name, row.kind, row.found_at, row.verdict or "not yet", row.digest[:16]) for row in rows],
        )
    else:
        say("this node holds no evidence against anybody")


@evidence.command()
@click.argument("name", metavar="N")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the file as well."
)
@yes_option
@json_option
def show(name: str, output: Path | None, yes: bool, as_json: bool) -> None:
    """Show what is held about N, a network or the beginning of a digest, and what can be decided.

    \b
        fednet evidence show "Example Network" -o two-faces.evidence
    """
    from fednet.node.files import write_atomically

    home = opened()
    with home.store.reading() as db:
        meant = _meant(db, name)
        rows = [_row(db, held) for held in meant]
    if output is not None:
        if len(meant) != 1:
            raise UsageError(f"there are {len(meant)} files", hint="name one by the beginning of its digest")
        if may_write(home, output, yes):
            write_atomically(output, meant[0].file)
    if as_json:
        show_json(rows)
        return
    for row in rows:
        _show(row)


def _show(row: Row) -> None:
    sides = [f"{side[:16]}{' (held here)' if side == row.held_here else ''}" for side in row.sides]
    show_fields(
        [
            ("network", row.name),
            ("fingerprint", row.network),
            ("kind", row.kind),
            ("says", row.says),
            *(("side", side) for side in sides),
            ("found", row.found_at),
            ("decided", f"{row.verdict}, {row.resolved_at}" if row.verdict else "not yet"),
            ("digest", row.digest),
        ]
    )
    if row.frozen:
        say("ask the network by another way, telephone or in person, what happened and which side is true; then")
        say(f"hint: fednet evidence resolve {row.network} --keep, or --accept SIDE, or: fednet unfollow {row.network}")


@evidence.command()
@click.argument("file", type=click.File("rb"), metavar="FILE")
@click.option("--network", metavar="FINGERPRINT", help="Refuse evidence about any other network.")
@json_option
def check(file: IO[bytes], network: str | None, as_json: bool) -> None:
    """Check evidence, with nothing but the file; exit 3 when it proves nothing.

    \b
        fednet evidence check two-faces.evidence
    """
    from fednet.feed.evidence import MAX_EVIDENCE, parse_evidence
    from fednet.feed.evidence import check as checked
    from fednet.feed.identity import fingerprint

    verdict = checked(parse_evidence(file.read(MAX_EVIDENCE + 1)))
    wanted = verdict.network if network is None else network.replace(" ", "").replace("-", "").lower()
    if wanted != verdict.network:
        raise RefusedError(f"the evidence is about network {verdict.network}, expected {wanted}")
    if as_json:
        show_json([verdict])
    else:
        show_fields(
            [
                ("proves", verdict.kind),
                ("network", verdict.name),
                ("fingerprint", fingerprint(verdict.network)),
                ("circle", verdict.circle),
                ("epoch", verdict.epoch),
                ("says", verdict.says),
            ]
        )


@evidence.command()
@click.argument("name", metavar="N")
@click.option("--keep", is_flag=True, help="Go on with what this node holds.")
@click.option("--accept", metavar="SIDE", help="Go on with that side, of which `evidence show` tells the beginning.")
@yes_option
def resolve(name: str, keep: bool, accept: str | None, yes: bool) -> None:
    """Decide about a frozen network: it is advanced again. The evidence stays.

    With --accept, what this node holds of the network is let go of where it is of the other side, and read anew.

    \b
        fednet evidence resolve "Example Network" --keep --yes
    """
    from fednet.node import evidence as keeping
    from fednet.node.home import now

    if keep == (accept is not None):
        raise UsageError("say which side is true: --keep, or --accept SIDE", hint=f"fednet evidence show {name}")
    home = opened()
    network = named_network(home, name)
    if agreed(f"Go on with {'what this node holds' if keep else accept} of {network.name}?", yes):
        keeping.resolve(home, network, accept, now())
        say(f"{network.name} is no longer frozen")
        say(f"hint: fednet sync {network.network}")


def _meant(db: Database, name: str) -> list[Held]:
    """The evidence about a network, or with a digest that begins so."""
    from fednet.store import evidence as held_evidence
    from fednet.store import feeds

    every = held_evidence.evidence(db)
    found = [held for held in every if name.lower() in (held.network, held.digest[: max(len(name), 8)])]
    if found:
        return found
    network = feeds.named(db, name).network
    found = [held for held in every if held.network == network]
    if not found:
        raise NotFoundError(f"there is no evidence about {name}", hint="fednet evidence list")
    return found


def _row(db: Database, held: Held) -> Row:
    from fednet.feed.evidence import check as checked
    from fednet.feed.evidence import parse_evidence
    from fednet.node.evidence import held_side, sides, stopped_by
    from fednet.store import feeds

    found = parse_evidence(held.file)
    verdict = checked(found)
    network = feeds.pinned(db, held.network)
    return Row(
        digest=held.digest,
        kind=held.kind,
        network=held.network,
        name=network.name if network else verdict.name,
        says=verdict.says,
        sides=sides(found),
        held_here=held_side(db, network, found) if network else None,
        frozen=network is not None and held.resolved_at is None and stopped_by(held.place, network) is not None,
        found_at=held.found_at,
        resolved_at=held.resolved_at,
        verdict=held.verdict,
    )
