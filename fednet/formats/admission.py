"""The last check of an entry: what the listing refuses is left out of it and said, and the entry stays if it can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from fednet import listing
from fednet.formats.reading import Entry, RowError, shown

MAX_BODY_BYTES = 60_000
"""A body on the wire is at most 64 KiB (SPEC, section 8); the rest is room for what the node adds."""

_ESSENTIAL = {
    "organization": {"names"},
    "contact": {"organization"},
    "person": {"name"},
    "group": {"names"},
    "event": {"titles", "type", "start", "zone", "all_day"},
    "exchange": {"titles", "type"},
    "resource": {"titles"},
    "opinion": {"verdict", "subjects"},
    "network": {"names"},
    "twinning": {"organizations"},
}
_REFERRING = ("organization",)
_PLACEHOLDER = "00000000-0000-4000-8000-000000000000"


def admitted(
    line: int,
    source: str,
    fields: dict[str, Any],
    refused: list[RowError],
    columns: dict[str, str] | None = None,
    lines: Iterable[int] = (),
) -> Entry | None:
    """The entry with normalised fields; None when what it cannot do without was refused.

    `columns` maps a field to the header it came from, for the words of the refusal; `lines` tell of the entry when it
    is not `line` alone.
    """
    fields = dict(fields)
    references = {name: fields.pop(name) for name in _REFERRING if isinstance(fields.get(name), dict)}
    while True:
        try:
            checked = listing.normalize(fields | dict.fromkeys(references, _PLACEHOLDER))
            listing.check(checked)
            break
        except listing.ListingError as error:
            name = error.field.replace("[", ".").split(".")[0]
            column = (columns or {}).get(name, error.field)
            refused.append(RowError(line, column, shown(error.found), error.reason))
            if name not in fields or name == "kind" or name in _ESSENTIAL[fields["kind"]]:
                return None
            del fields[name]
    entry = Entry(source, checked | references, tuple(lines) or ((line,) if line else ()))
    if len(msgspec.json.encode(entry.fields)) > MAX_BODY_BYTES:
        refused.append(RowError(line, "", shown(source), "there is more text in it than one record can hold"))
        return None
    return entry
