"""A small world for the directory: networks whose records went through the real apply, verified at a fixed moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fednet import listing
from fednet.directory import matching
from fednet.feed import tree
from fednet.feed.edition import edition
from fednet.feed.identity import begun, sign_statement
from fednet.feed.record import Drop, key_of, put
from fednet.store import feeds, records
from fednet.store.database import Store
from fednet.store.feeds import Network
from tests.feed.network import first_statement, handle, seed

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


class World:
    def __init__(self, path: Path) -> None:
        self.store = Store(path / "node.db")
        self._count = 0

    def network(self, name: str, *, own: bool = False) -> Network:
        identity = begun(sign_statement(first_statement(name), [seed(f"{name} recovery 0")]))
        with self.store.writing() as db:
            return feeds.pin(db, identity, NOW, own=own)

    def lists(
        self, network: Network, *bodies: dict[str, Any], circle: str = "public", issued: datetime = NOW
    ) -> list[str]:
        """The network lists these in one more edition; their handles."""
        handles = [handle(self._count + number) for number in range(len(bodies))]
        self._count += len(bodies)
        with self.store.writing() as db:
            feed = feeds.open_feed(db, network, circle, visible=True)
            puts = [
                put(feed.commitments, name, seed(f"salt {name}"), listing.encode(body))
                for name, body in zip(handles, bodies, strict=True)
            ]
            number = feed.followed.edition.edition + 1 if feed.followed.edition else 1
            totals = records.apply(db, feed.id, puts, number, issued=f"{issued:%Y-%m-%dT%H:%M:%SZ}")
            line = edition(number, issued, totals.records, 0, tree.root_hash(totals.root)).line
            db.execute(
                "UPDATE feed SET edition = ?, verified_at = ? WHERE id = ?",
                (line, f"{NOW:%Y-%m-%dT%H:%M:%SZ}", feed.id),
            )
        matching.bring_up_to_date(self.store)
        return handles

    def puts(self, network: Network, name: str, body: dict[str, Any], circle: str = "public") -> None:
        """The network puts a record again under its handle."""
        with self.store.writing() as db:
            feed = feeds.open_feed(db, network, circle)
            again = put(feed.commitments, name, seed(f"salt {name}"), listing.encode(body))
            records.apply(db, feed.id, [again], 2)

    def drops(self, network: Network, name: str, circle: str = "public") -> None:
        with self.store.writing() as db:
            records.apply(db, feeds.open_feed(db, network, circle).id, [Drop(key_of(name))], 2)


def organization(name: str | dict[str, str], **fields: Any) -> dict[str, Any]:
    names = name if isinstance(name, dict) else {"en": name}
    return {"kind": "organization", "names": names, "original": next(iter(names)), **fields}


def event(title: str, start: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "event", "titles": {"en": title}, "type": "webinar", "start": start, **fields}


LONG_AGO = NOW - timedelta(days=60)
