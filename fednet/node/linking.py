"""Own organisations that a need, an offer or a twinning names: their handles instead, so that they know of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec
from sqlite_utils import Database

from fednet.errors import UsageError
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

        A name stays that several bear, or one of which whoever reads that `circle` may not know. Raises UsageError for
        one that only a hidden one bears.
        """
        if fields["kind"] == "exchange":
            handle = self._only(fields.get("organization", ""), circle)
            return {**fields, "organization": handle} if handle else dict(fields)
        return {**fields, "organizations": [self._twin(one, circle) for one in fields["organizations"]]}

    def unknown(self, fields: Mapping[str, Any]) -> list[str]:
        """The organisations of an exchange that are named, and are none of ours."""
        said = names(fields) if fields["kind"] == "exchange" else []
        return [name for name in said if identity(name) not in self._called]

    def _twin(self, one: Mapping[str, Any], circle: str) -> dict[str, Any]:
        here = self.home.network.network
        named = not one.get("handle") and one.get("network") in (None, "", here)
        handle = self._only(one.get("name", ""), circle) if named else None
        return {**one, "network": here, "handle": handle} if handle else dict(one)

    def _only(self, name: str, circle: str) -> str | None:
        found = self._called.get(identity(name), ()) if name and not is_handle(name) else ()
        if not found and name and identity(name) in self._hidden:
            raise UsageError("it names an entry that is hidden", hint="take the name out, or put that back first")
        return found[0].handle if len(found) == 1 and circles.reads(self.db, found[0].circle, circle) else None

    @cached_property
    def _called(self) -> dict[str, list[Standing]]:
        """As they stand by each of their names, and their acronyms."""
        found: dict[str, list[Standing]] = {}
        for one in self._standing:
            if not one.hidden and one.waits not in GOING:
                for name in _names(one):
                    found.setdefault(name, []).append(one)
        return found

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return frozenset(name for one in self._standing if one.hidden for name in _names(one))

    @cached_property
    def _standing(self) -> list[Standing]:
        return roll(self.db, self.home, "organization")


def names(fields: Mapping[str, Any]) -> list[str]:
    """The organisations that a record of `NAMING` names without a handle."""
    if fields["kind"] == "exchange":
        said = [fields.get("organization", "")]
    else:
        said = [one.get("name", "") for one in fields["organizations"] if not one.get("handle")]
    return [name for name in said if name and not is_handle(name)]


def called(fields: Mapping[str, Any]) -> frozenset[str]:
    """What an organisation is called, as keys."""
    said = (*fields.get("names", {}).values(), fields.get("acronym") or "")
    return frozenset(name for text in said if text and (name := identity(text)))


def _names(one: Standing) -> frozenset[str]:
    return called(msgspec.to_builtins(one.record))
