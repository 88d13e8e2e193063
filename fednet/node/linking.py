"""Own organisations that a need, an offer or a twinning names: their handles instead, so that they know of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlite_utils import Database

from fednet import listing
from fednet.formats.reading import identity
from fednet.listing.check import is_handle
from fednet.node import circles
from fednet.node.home import Home
from fednet.node.roll import GOING, Standing, roll

NAMING = frozenset({"exchange", "twinning"})
"""Kinds that may name an organisation instead of giving its handle."""


class OwnOrganizations:
    """The own organisations of one snapshot by what they are called; read when a name is first looked up."""

    def __init__(self, db: Database, home: Home) -> None:
        self.db, self.home = db, home

    def linked(self, fields: Mapping[str, Any], circle: str) -> dict[str, Any]:
        """The fields of a record of `NAMING` with the handles of own organisations that it names.

        A name stays that several bear, or one of which whoever reads that `circle` may not know.
        """
        if fields["kind"] == "exchange":
            handle = self._only(fields.get("organization", ""), circle)
            return {**fields, "organization": handle} if handle else dict(fields)
        return {**fields, "organizations": [self._twin(one, circle) for one in fields["organizations"]]}

    def unknown(self, fields: Mapping[str, Any]) -> list[str]:
        """The names in an exchange that no own organisation bears."""
        name = fields.get("organization", "") if fields["kind"] == "exchange" else ""
        return [name] if name and not is_handle(name) and identity(name) not in self._called else []

    def _twin(self, one: Mapping[str, Any], circle: str) -> dict[str, Any]:
        here = self.home.network.network
        named = not one.get("handle") and one.get("network") in (None, "", here)
        handle = self._only(one.get("name", ""), circle) if named else None
        return {**one, "network": here, "handle": handle} if handle else dict(one)

    def _only(self, name: str, circle: str) -> str | None:
        found = self._called.get(identity(name), ()) if name and not is_handle(name) else ()
        return found[0].handle if len(found) == 1 and circles.reads(self.db, found[0].circle, circle) else None

    @cached_property
    def _called(self) -> dict[str, list[Standing]]:
        """As they stand by each of their names, and their acronyms."""
        found: dict[str, list[Standing]] = {}
        for one in roll(self.db, self.home, "organization"):
            if isinstance(one.record, listing.Organization) and not one.hidden and one.waits not in GOING:
                for name in {identity(name) for name in (*one.record.names.values(), one.record.acronym) if name}:
                    found.setdefault(name, []).append(one)
        return found
