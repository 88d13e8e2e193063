"""Introductions that somebody forgot here, in a file beside the high-water mark that no backup holds.

```
<key in hex>
```
A database of an older day forgets them again before anything is served (`introductions.forget_again`). A line is added,
durably, before forgetting is committed. The file tells keys only, which are hashes of their ids.
"""

from __future__ import annotations

from pathlib import Path

from fednet.errors import BrokenStoreError, FednetError
from fednet.feed.record import key_of
from fednet.feed.text import hex_bytes
from fednet.feed.tlog import HASH_SIZE
from fednet.node import tombstones

NAME = "forgotten"


def note(home: Path, introduction: str) -> None:
    """Remember that this introduction was forgotten; durable when this returns."""
    tombstones.append(home / NAME, f"{key_of(introduction).hex()}\n".encode())


def kept(home: Path) -> set[bytes]:
    """The keys of what was forgotten. A last line that a crash cut is of what was not forgotten then."""
    path = home / NAME
    found: set[bytes] = set()
    if not path.exists():
        return found
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            found.add(hex_bytes(line.decode(), HASH_SIZE, "key"))
        except (FednetError, ValueError):
            raise BrokenStoreError(f"{path}: line {number} names nothing forgotten", hint="fednet doctor") from None
    return found
