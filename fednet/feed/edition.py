"""Editions: one line a network signs (through its log) whenever its listings change.

```
{"edition":42,"issued":"2026-11-21T18:00:00Z","expires":"2026-12-21T18:00:00Z","records":1203,"erased":3,"state":"q83v..."}
```
The compact line without its newline is a leaf of the log. There is one spelling of it: fields in this order, no space.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from fednet.errors import LimitError, MalformedError
from fednet.feed.checkpoint import MAX_EPOCH
from fednet.feed.text import base64_bytes, base64_text, json_value, shown, utc_text, utc_time
from fednet.feed.tlog import EMPTY_ROOT, HASH_SIZE

MAX_LINE = 1024
MAX_LIFETIME = timedelta(days=90)
LIFETIME = timedelta(days=30)
MAX_EDITIONS = 1_000_000  # an epoch
MAX_A_DAY = 1_000  # editions that a publisher signs; a follower cannot tell, for dates are the publisher's to choose
MAX_EDITION = MAX_EPOCH * MAX_EDITIONS  # editions are counted on across epochs
MAX_RECORDS = 4_000_000  # records and tombstones of a feed


class Closes(msgspec.Struct, frozen=True):
    """Up to where an earlier epoch's log is to be believed: its size and root there, and its last edition."""

    epoch: int
    size: int
    root: str
    edition: int

    def __post_init__(self) -> None:
        root = base64_bytes(self.root, HASH_SIZE, "closes root")
        if not 0 <= self.epoch <= MAX_EPOCH or not 0 <= self.size <= self.edition <= MAX_EDITION:
            raise MalformedError("closes: impossible numbers")
        if self.size > MAX_EDITIONS or (self.size == 0 and root != EMPTY_ROOT):
            raise MalformedError(f"closes: no log of size {self.size} has that root")


NOTHING_CLOSED = Closes(0, 0, base64_text(EMPTY_ROOT), 0)


class Edition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parsed edition line. `records` counts live leaves, `erased` tombstones, `state` is the base64 state root."""

    edition: int
    issued: str
    expires: str
    records: int
    erased: int
    state: str
    closes: Closes | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.edition <= MAX_EDITION or self.records < 0 or self.erased < 0:
            raise MalformedError(f"edition {self.edition}: impossible numbers")
        if self.records + self.erased > MAX_RECORDS:
            raise LimitError(f"edition {self.edition}: more than {MAX_RECORDS} records and tombstones")
        base64_bytes(self.state, HASH_SIZE, "state root")
        lifetime = self.expires_at - self.issued_at
        if not timedelta() < lifetime <= MAX_LIFETIME:
            raise MalformedError(f"edition {self.edition}: expires {self.expires}, issued {self.issued}")

    @property
    def issued_at(self) -> datetime:
        return utc_time(self.issued, "issued")

    @property
    def expires_at(self) -> datetime:
        return utc_time(self.expires, "expires")

    @property
    def state_root(self) -> bytes:
        return base64_bytes(self.state, HASH_SIZE)

    @property
    def line(self) -> bytes:
        """The bytes of the log's leaf."""
        return msgspec.json.encode(self)


def edition(
    number: int, now: datetime, records: int, erased: int, state: bytes, closes: Closes | None = None
) -> Edition:
    """An edition issued `now`, for the usual lifetime."""
    return Edition(number, utc_text(now), utc_text(now + LIFETIME), records, erased, base64_text(state), closes)


_decoder = msgspec.json.Decoder(Edition)


def parse_edition(line: bytes) -> Edition:
    if len(line) > MAX_LINE:
        raise LimitError(f"an edition line of {len(line)} bytes, at most {MAX_LINE} are read")
    found = json_value(_decoder, line, "edition")
    if found.line != line:
        raise MalformedError(f"not the one spelling of an edition: {shown(line)}")
    return found
