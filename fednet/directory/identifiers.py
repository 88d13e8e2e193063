"""Ids of another standard that are hashes, and cannot be turned back: which records have which, kept in memory.

From the first time that one is asked for, 16 bytes each. What they are hashes of is told in `fednet.formats.hsds`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from hashlib import sha1
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlite_utils import Database

from fednet import listing
from fednet.formats import hsds_objects
from fednet.listing import vocabulary
from fednet.store import statements
from fednet.store.database import Store

if TYPE_CHECKING:
    from numpy import int64, uint64
    from numpy.typing import NDArray

ORGANIZATION, SERVICE, AT_LOCATION = "organization", "service", "service at location"
"""What has an id: an organisation, each of its services, each of these at its seat."""
HASHED = 50_000
"""Ids that are hashed before they become an array."""

_KIND = listing.KIND_NUMBERS["organization"]
_IGNORED = 0xFFFF_FFFF_FFFF_0FFF
"""Of the first eight bytes of a UUID all but its version is hash."""
_NAMESPACE = hsds_objects.NAMESPACE.bytes


class Ids:
    """Which records have a part of which id: hashes ascending, and the record of each.

    A record id is never given to another record, and what a record says never changes, so only what is new is read, and
    what has gone is not found in the database any more.
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._lock = threading.Lock()
        self._last = self._seen = 0
        self._hashes: NDArray[uint64] | None = None
        self._records: NDArray[int64] | None = None

    def records(self, db: Database, id: str) -> list[int]:
        """Record ids that may have a part of that id: the hash is cut short, so the caller looks again."""
        import numpy as np

        try:
            sought = np.uint64(int.from_bytes(UUID(id).bytes[:8], "big") & _IGNORED)
        except ValueError:
            return []
        hashes, records = self._brought_up(db)
        first, last = np.searchsorted(hashes, sought, "left"), np.searchsorted(hashes, sought, "right")
        return sorted(map(int, records[first:last]))

    def _brought_up(self, db: Database) -> tuple[NDArray[uint64], NDArray[int64]]:
        import numpy as np

        with self._lock:
            if self._hashes is None or self._records is None:
                self._hashes, self._records = np.zeros(0, np.uint64), np.zeros(0, np.int64)
            new = list(self._new(db))
            if new:
                hashes, records = zip((self._hashes, self._records), *new, strict=True)
                self._hashes, self._records = np.concatenate(hashes), np.concatenate(records)
                order = np.argsort(self._hashes, kind="stable")
                self._hashes, self._records = self._hashes[order], self._records[order]
            self._last = self._seen
            return self._hashes, self._records

    def _new(self, db: Database) -> Iterator[tuple[NDArray[uint64], NDArray[int64]]]:
        """Hashes and records that were not read before, some thousands at a time."""
        import numpy as np

        named = self._named(db)
        while batch := list(islice(named, HASHED)):
            hashes = np.frombuffer(b"".join(hashed for hashed, _ in batch), ">u8").astype(np.uint64)
            yield hashes & np.uint64(_IGNORED), np.array([record_id for _, record_id in batch], np.int64)

    def _named(self, db: Database) -> Iterator[tuple[bytes, int]]:
        codes = _Codes()
        for record_id, network, handle, mask in statements.after(db, self._last, _KIND):
            named = f"{network}\n{handle}"
            names = [named] if self._part == ORGANIZATION else [f"{named}\n{self._part}\n{c}" for c in codes[mask]]
            for name in names:
                yield sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()[:8], record_id
            self._seen = record_id


class _Codes(dict[int, list[str]]):
    """The service codes of a bit mask."""

    def __missing__(self, mask: int) -> list[str]:
        found = self[mask] = [term.code for term in vocabulary.SERVICES if mask >> term.bit & 1]
        return found


_KEPT: WeakKeyDictionary[Store, dict[str, Ids]] = WeakKeyDictionary()


def ids(store: Store, part: str) -> Ids:
    """Those of a part, as this process keeps them."""
    return _KEPT.setdefault(store, {name: Ids(name) for name in (ORGANIZATION, SERVICE, AT_LOCATION)})[part]
