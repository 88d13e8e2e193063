"""The tombstones beside the high-water mark: what was erased, in a file that no backup holds (SPEC 6.5).

```
<network id> <circle> <epoch>.<edition> <key in hex>
<network id> <circle> <epoch>.<edition> <key in hex> hidden      this network dropped it to hide it: it is hidden again
```
A line is added, durably, before the edition that erases is signed here, and after one of another network was accepted.
A database that was put back from an older day destroys again what they name, before it is served. The file tells keys
only, which are hashes.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from sqlite_utils import Database

from fednet.errors import BrokenStoreError, FednetError
from fednet.feed.checkpoint import check_circle, check_network
from fednet.feed.record import Change, Drop, Erase, Put, erase
from fednet.feed.text import hex_bytes
from fednet.feed.tlog import HASH_SIZE
from fednet.feed.wire import BEGINNING, Position, parse_position
from fednet.node.files import sync_directory
from fednet.node.home import Home
from fednet.store import feeds, hidden, records
from fednet.store.feeds import Feed

NAME = "tombstones"
LONGEST_LINE = 256
HIDDEN = "hidden"


class Tombstone(NamedTuple):
    network: str
    circle: str
    position: Position
    key: bytes
    hidden: bool = False

    @property
    def line(self) -> str:
        words = f"{self.network} {self.circle} {self.position} {self.key.hex()}"
        return f"{words} {HIDDEN}\n" if self.hidden else f"{words}\n"


def keep(
    home: Path, feed: Feed, position: Position, changes: Iterable[Change], hidden: Container[bytes] = frozenset()
) -> None:
    """Remember what the edition at a position of a feed erases, and drops of `hidden` keys; durable when this returns."""
    lines = [
        Tombstone(feed.network.network, feed.circle, position, change.key, isinstance(change, Drop)).line
        for change in changes
        if isinstance(change, Erase) or (isinstance(change, Drop) and change.key in hidden)
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
    network, circle, position, key, *hidden = line.removesuffix("\n").split(" ")
    if hidden not in ([], [HIDDEN]):
        raise ValueError(hidden)
    return Tombstone(
        check_network(network), check_circle(circle), parse_position(position), hex_bytes(key, HASH_SIZE, "key"),
        bool(hidden),
    )  # fmt: skip


def reapply(home: Home, tombstones: Iterable[Tombstone] | None = None) -> int:
    """Destroy again what was erased after the positions that the database holds; how many records it was.

    A feed in which something was destroyed is no longer the state of the edition it holds: it is hidden until it was
    read again from whoever has the newest. What was hidden is hidden again, to be put back.
    """
    found = list(kept(home.path) if tombstones is None else tombstones)
    if not found:
        return 0
    with home.store.writing() as db:
        now = datetime.now(UTC)
        return sum(_destroyed(db, feed, found, now) for feed in feeds.feeds(db))


def _destroyed(db: Database, feed: Feed, tombstones: Iterable[Tombstone], now: datetime) -> int:
    mine = (feed.network.network, feed.circle)
    later = [one for one in tombstones if one[:2] == mine and one.position > feed.followed.position]
    erased = {one.key for one in later if not one.hidden}
    changes: list[Change] = []
    for key in sorted({one.key for one in later}):
        held = records.record(db, feed.id, feed.commitments, key)
        if isinstance(held, Put) and key not in erased:
            if hidden.taken_out(db, held.handle) is None:
                hidden.keep(db, [(held.handle, held.handle, feed.circle, held.body, None)], now)
            changes.append(Drop(key))
        elif held is not None and not isinstance(held, Erase):
            changes.append(erase(feed.commitments, key))
    if changes:
        records.apply(db, feed.id, changes, feed.followed.position.edition)
        feeds.hide(db, feed)
    return len(changes)
