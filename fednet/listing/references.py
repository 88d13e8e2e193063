"""References between records: handles in a body, wherever they stand.

A handle is random and never reused, so whatever equals one is a reference to it: in fields of every kind, in those that
a newer version may know as well.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fednet.listing.record import encode, parse


def repointed(body: bytes, old: str, new: str | None) -> bytes | None:
    """The body with references to `old` pointing to `new`; for None they are taken out.

    None when what is left is no record of its kind: a contact is nothing without its organisation.
    """
    fields = _replaced(msgspec.json.decode(body), old, new)
    written = encode(fields)
    return None if parse(written) is None and parse(body) is not None else written


def _replaced(value: Any, old: str, new: str | None) -> Any:
    match value:
        case dict():
            kept = {name: _replaced(found, old, new) for name, found in value.items() if new or found != old}
            return {name: found for name, found in kept.items() if found != [] or value[name] == []}
        case list():
            return [_replaced(found, old, new) for found in value if new or found != old]
        case _:
            return new if value == old else value
