"""The tombstones beside the high-water mark: what was erased, in a file that no backup holds (SPEC 6.5).

```
<network id> <circle> <epoch>.<edition> <key in hex>
```
A line is added, durably, before the edition that erases is signed here, and after one of another network was accepted.
A database that was put back from an older day destroys again what they name, before it is served. The file tells keys
only, which are hashes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from sqlite_utils import Database

from fednet.errors import BrokenStoreError, FednetError
from fednet.feed.checkpoint import check_circle, check_network
from fednet.feed.record import Change, Erase, erase
from fednet.feed.text import hex_bytes
from fednet.feed.tlog import HASH_SIZE
from fednet.feed.wire import BEGINNING, Position, parse_position
from fednet.node.files import sync_directory
from fednet.node.home import Home
from fednet.store import feeds, records
from fednet.store.feeds import Feed

NAME = "tombstones"
LONGEST_LINE = 256


class Tombstone(NamedTuple):
    network: str
    circle: str
    position: Position
    key: bytes

    @property
    def line(self) -> str:
        return f"{self.network} {self.circle} {self.position} {self.key.hex()}\n"


def keep(home: Path, feed: Feed, position: Position, changes: Iterable[Change]) -> None:
    """Remember what the edition at a position of a feed erases; durable when this returns."""
    lines = [
        Tombstone(feed.network.network, feed.circle, position, change.key).line
        for change in changes
        if isinstance(change, Erase)
    ]
    if lines:
        append(home / NAME, "".join(lines).encode())


def keep_those_of(home: Path, other: Path) -> None:
    """Remember what is remembered in another place."""
    if (other / NAME).exists():
        append(home / NAME, (other / NAME).read_bytes())


def append(path: Path, lines: bytes) -> None:
    """Add whole lines to a file, durably, in the place of one that a crash cut."""
    fresh = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+b") as file:
        file.truncate(_whole(file))
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    if fresh:
        sync_directory(path.parent)


def _whole(file: IO[bytes]) -> int:
    """How much of the file is whole lines: a crash may have cut the last one."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - LONGEST_LINE))
    return end - len(file.read().rpartition(b"\n")[2])


def kept(home: Path) -> Iterator[Tombstone]:
    """Every tombstone in the file. A last line that a crash cut was of an edition that was never signed."""
    path = home / NAME
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                try:
                    yield _parsed(line.decode())
                except (FednetError, ValueError):
                    raise BrokenStoreError(f"{path}: line {number} is no tombstone", hint="fednet doctor") from None


def newest(home: Path, network: str, circle: str) -> Position:
    """The last position of a feed that is known here to erase something, also of one that was let go of; or 0.0."""
    return max((one.position for one in kept(home) if one[:2] == (network, circle)), default=BEGINNING)


def _parsed(line: str) -> Tombstone:
    network, circle, position, key = line.removesuffix("\n").split(" ")
    return Tombstone(
        check_network(network), check_circle(circle), parse_position(position), hex_bytes(key, HASH_SIZE, "key")
    )


def reapply(home: Home, tombstones: Iterable[Tombstone] | None = None) -> int:
    """Destroy again what was erased after the positions that the database holds; how many records it was.

    A feed in which something was destroyed is no longer the state of the edition it holds: it is hidden until it was
    read again from whoever has the newest.
    """
    found = list(kept(home.path) if tombstones is None else tombstones)
    if not found:
        return 0
    with home.store.writing() as db:
        return sum(_destroyed(db, feed, found) for feed in feeds.feeds(db))


def _destroyed(db: Database, feed: Feed, tombstones: Iterable[Tombstone]) -> int:
    mine = (feed.network.network, feed.circle)
    keys = {one.key for one in tombstones if one[:2] == mine and one.position > feed.followed.position}
    changes: list[Change] = []
    for key in sorted(keys):
        held = records.record(db, feed.id, feed.commitments, key)
        if held is not None and not isinstance(held, Erase):
            changes.append(erase(feed.commitments, key))
    if changes:
        records.apply(db, feed.id, changes, feed.followed.position.edition)
        feeds.hide(db, feed)
    return len(changes)
