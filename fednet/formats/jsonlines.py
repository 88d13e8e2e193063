"""JSON lines, and arrays of records, in: each object is a record body as `fednet export` writes it, or a plain row.

What may stand beside the body's own fields: `source` (the key of the record in the file it comes from), or the `handle`
and `network` that an export adds.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fednet.formats.admission import admitted
from fednet.formats.reading import Entry, RowError, identity, shown
from fednet.listing import record

_NAMING = ("names", "titles", "name")


def objects_in(text: str, refused: list[RowError]) -> list[tuple[int, dict[str, Any]]]:
    """Line and object of each line that holds one; every other line that is not empty is refused."""
    found: list[tuple[int, dict[str, Any]]] = []
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            value = json.loads(written)
        except (ValueError, RecursionError):
            refused.append(RowError(line, "", shown(written), "is not JSON"))
            continue
        if isinstance(value, dict):
            found.append((line, value))
        else:
            refused.append(RowError(line, "", shown(written), "is not a JSON object"))
    return found


def is_record(value: dict[str, Any], kind: str | None) -> bool:
    """Whether the object is a record body rather than a plain row with columns of somebody's own."""
    if _is_kind(value.get("kind")):
        return True
    return _is_kind(kind) and any(isinstance(value.get(name), dict) for name in ("names", "titles"))


def _is_kind(found: object) -> bool:
    return isinstance(found, str) and found in record.KINDS


def read_bodies(objects: list[tuple[int, dict[str, Any]]], kind: str | None, refused: list[RowError]) -> list[Entry]:
    """An entry for each body; a body without `kind` is of the given one."""
    entries = [_entry(line, value, kind, refused) for line, value in objects]
    return [entry for entry in entries if entry]


def _entry(line: int, value: dict[str, Any], kind: str | None, refused: list[RowError]) -> Entry | None:
    fields = {name: found for name, found in value.items() if name not in {"source", "handle", "network", "circle"}}
    fields.setdefault("kind", kind)
    if not _is_kind(fields["kind"]):
        refused.append(RowError(line, "kind", shown(fields["kind"]), "is no kind of record we know"))
        return None
    entry = admitted(line, _source(value, fields, line), fields, refused)
    told = {name: value[name] for name in ("circle", "network") if isinstance(value.get(name), str) and value[name]}
    return msgspec.structs.replace(entry, **told) if entry else None


def _source(value: dict[str, Any], fields: dict[str, Any], line: int) -> str:
    if isinstance(source := value.get("source"), str) and source:
        return source
    if isinstance(handle := value.get("handle"), str) and handle:
        return f"handle:{handle}"
    if isinstance(uid := fields.get("uid"), str) and uid:
        return uid
    name = next((fields[field] for field in _NAMING if fields.get(field)), "")
    named = next(iter(name.values()), "") if isinstance(name, dict) else name or _twins(fields.get("organizations"))
    about = fields.get("organization")
    told_apart = [fields.get("type"), str(fields.get("start") or "")[:10], about if isinstance(about, str) else ""]
    return "|".join([identity(str(named)) or f"line {line}", *(str(part) for part in told_apart if part)])


def _twins(found: object) -> str:
    """The names of the two of a twinning that has no title."""
    twins = found if isinstance(found, list) else []
    return "|".join(str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in twins)
