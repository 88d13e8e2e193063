"""What was hidden, signed or not yet, in a file beside the high-water mark that no backup holds.

A database of an older day hides it again before anything is served (`hiding.reapply`).
```
hide <key in hex>
show <key in hex>
```
The last line of a key counts. A line is added, durably, before hiding is committed, and after a record was put back; a
crash between leaves hidden what may have been. The file tells keys only, which are hashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from fednet.errors import BrokenStoreError, FednetError
from fednet.feed.record import key_of
from fednet.feed.text import hex_bytes
from fednet.feed.tlog import HASH_SIZE
from fednet.node import tombstones

NAME = "hidden"


def note(home: Path, act: Literal["hide", "show"], handles: Iterable[str]) -> None:
    """Remember that these records were hidden, or put back; durable when this returns."""
    lines = "".join(f"{act} {key_of(handle).hex()}\n" for handle in handles)
    if lines:
        tombstones.append(home / NAME, lines.encode())


def kept(home: Path) -> set[bytes]:
    """The keys of what is hidden. A last line that a crash cut is of an act that was never done."""
    path = home / NAME
    found: set[bytes] = set()
    if not path.exists():
        return set()
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            act, key = line.decode().split(" ")
            {"hide": found.add, "show": found.discard}[act](hex_bytes(key, HASH_SIZE, "key"))
        except (FednetError, ValueError, KeyError):
            raise BrokenStoreError(f"{path}: line {number} names nothing hidden", hint="fednet doctor") from None
    return found
