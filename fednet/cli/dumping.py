"""`dump`: everything that is accepted and shown here, byte for byte, for programs that check or move it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from fednet.cli.options import named_networks, opened
from fednet.cli.output import show_json
from fednet.errors import BrokenStoreError

if TYPE_CHECKING:
    from sqlite_utils import Database

    from fednet.store.feeds import Feed


@click.command()
@click.argument("names", nargs=-1, metavar="[N]...")
def dump(names: tuple[str, ...]) -> None:
    """Write every record that is held and shown, exactly as it was signed, one JSON object a line.

    For each feed one line with its position, then its records by key: `body` is the exact text, `erased` a tombstone.

    \b
        fednet dump
        fednet dump "Example Network"
    """
    from fednet.store import feeds

    home = opened()
    chosen = named_networks(home, names)
    with home.store.reading() as db:
        for network in feeds.networks(db) if chosen is None else chosen:
            for feed in feeds.feeds(db, network):
                if feed.visible and feed.followed.edition is not None and not network.blocked:
                    show_json(_lines(db, feed))


def _lines(db: Database, feed: Feed) -> Iterator[dict[str, Any]]:
    from fednet.feed.record import Put
    from fednet.store import records

    of = {"network": feed.network.network, "circle": feed.circle}
    epoch, edition = feed.followed.position
    yield {**of, "epoch": epoch, "edition": edition}
    for key, held in records.stored(db, feed.id, feed.commitments):
        if held is None:
            raise BrokenStoreError(f"the record at {key.hex()} is damaged", hint="fednet verify --repair")
        line = {**of, "key": key.hex(), "commitment": held.commitment.hex()}
        yield {**line, "handle": held.handle, "body": held.body.decode()} if isinstance(held, Put) else {
            **line, "erased": True
        }  # fmt: skip
