"""What every reader answers, whatever the file was.

A reader turns bytes into a `Reading`: entries to import, values that were refused in words a secretariat understands,
and notes on what was guessed. One wrong row never stops the others. Only a file that cannot be read at all raises, and
then `UnreadableFileError`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

from fednet.errors import FednetError, UsageError

MAX_FILE_BYTES = 64 << 20
MAX_ROWS = 200_000
MAX_CELL_CHARACTERS = 32 << 10
MAX_REFUSED = 10_000
"""Refusals kept for one file; the count of those beyond goes into a note."""

TRANSLATED = frozenset({"names", "titles", "description"})
"""Fields that are language maps: when a record is imported again, the languages of both are kept."""

_COMBINING = re.compile("[\u0300-\u036f]")


class UnreadableFileError(FednetError):
    """The file as a whole is not what its name or its first bytes promise."""

    word = "unreadable-file"
    status = 422


class Entry(msgspec.Struct, frozen=True):
    """One record to import.

    `source` names the thing inside its file and stays the same in the next version and in other language editions of
    that file, so that importing again updates. `fields` is a normalised body with its `kind`. A contact or a person
    points to an organisation of the same import as `{"source": SOURCE}` (and `"name"` where only a name was given);
    the importer puts the handle there. To update a record that exists, use `merge`.
    """

    source: str
    fields: dict[str, Any]


class RowError(msgspec.Struct, frozen=True):
    """One refused value or row: `line` counts from 1 in the file or sheet, `column` is the header as written."""

    line: int
    column: str
    found: str
    reason: str


class Reading(msgspec.Struct, frozen=True):
    """All that was understood of a file. `columns`: header as written -> field it was read as."""

    entries: list[Entry]
    refused: list[RowError]
    notes: list[str]
    columns: dict[str, str] = {}


def merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`old` brought up to `new`: language maps keep the languages of both, every other field given by `new` replaces.

    Fields that only `old` has stay (another edition or a person may have given them); `original` is never moved.
    """
    merged = old | new
    for name in TRANSLATED & old.keys() & new.keys():
        if isinstance(old[name], dict) and isinstance(new[name], dict):
            merged[name] = old[name] | new[name]
    if "original" in old:
        merged["original"] = old["original"]
    return merged


def joined(readings: list[Reading]) -> Reading:
    """Several files as one: entries of the same source and kind are merged in the order given."""
    merged: dict[tuple[str, str], Entry] = {}
    for entry in (entry for reading in readings for entry in reading.entries):
        key = (entry.fields["kind"], entry.source)
        before = merged.get(key)
        merged[key] = Entry(entry.source, merge(before.fields, entry.fields)) if before else entry
    return Reading(
        entries=list(merged.values()),
        refused=[refusal for reading in readings for refusal in reading.refused],
        notes=list(dict.fromkeys(note for reading in readings for note in reading.notes)),
        columns={header: field for reading in readings for header, field in reading.columns.items()},
    )


def identity(text: str) -> str:
    """A name as a key: case, accents, punctuation and spacing do not count; letters of every script do."""
    flat = _COMBINING.sub("", unicodedata.normalize("NFKD", text))
    # \W would eat the vowel signs of Thai, Burmese or Arabic: those are marks, and marks are part of the word there.
    words = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in flat)
    return unicodedata.normalize("NFC", " ".join(words.casefold().split()))


def shown(value: object, width: int = 80) -> str:
    """A found value as it can be shown in one line of a message."""
    text = " ".join(str(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def bounded(refused: list[RowError], notes: list[str]) -> list[RowError]:
    """At most `MAX_REFUSED` refusals, with a note on the rest."""
    if len(refused) > MAX_REFUSED:
        notes.append(f"{len(refused) - MAX_REFUSED} more refused values are not shown")
    return refused[:MAX_REFUSED]


def unknown_choice(what: str, found: str, choices: list[str]) -> UsageError:
    """The error for a name that is none of the choices, which it lists."""
    return UsageError(f"unknown {what} {shown(found)!r}", hint="choose one of: " + ", ".join(choices))
