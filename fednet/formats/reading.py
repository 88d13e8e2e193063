"""What every reader answers, whatever the file was.

A reader turns bytes into a `Reading`: entries to import, values that were refused in words a secretariat understands,
and notes on what was guessed. One wrong row never stops the others. Only a file that cannot be read at all raises, and
then `UnreadableFileError`.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Self

import msgspec

from fednet.errors import FednetError, UsageError

MAX_FILE_BYTES = 64 << 20
MAX_ROWS = 200_000
MAX_CELL_CHARACTERS = 32 << 10
MAX_REFUSED = 10_000
"""Refusals kept for one file; the count of those beyond goes into a note."""

TRANSLATED = frozenset({"names", "titles", "description", "outcome_note", "goals", "outcome"})
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
    the importer puts the handle there. To update a record that exists, use `merge`. `lines`: those of the file, or
    sheet, that tell of it; empty where a reader does not count them. `circle`: where the file says that it belongs;
    `network`: whose record it is, where the file says that.
    """

    source: str
    fields: dict[str, Any]
    lines: tuple[int, ...] = ()
    circle: str | None = None
    network: str | None = None


class RowError(msgspec.Struct, frozen=True):
    """One refused value or row: `line` counts from 1 in the file or sheet, `column` is the header as written."""

    line: int
    column: str
    found: str
    reason: str


class Example(msgspec.Struct, frozen=True):
    """A cell as it stands in the file, and what became of it; `becomes` is empty when nothing did."""

    raw: str
    becomes: str


class Seen(msgspec.Struct, frozen=True):
    """What was made of one column of a table; `field` is empty when it was left out.

    `why`: what the guess rests on. `language`: of its texts, several with commas. Of its `filled` cells, `understood`
    were read without anything refused.
    """

    file: str
    header: str
    field: str
    language: str
    why: str
    filled: int
    understood: int
    examples: tuple[Example, ...] = ()


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that the reading of a row depends on beside its own cells, so that it can be read alone, and later."""

    source: str
    kind: str | None = None
    columns: dict[str, str] = {}
    presence: bool | None = None
    country: str | None = None
    edition: str = ""
    day_first: dict[str, bool] = {}


class Rows(msgspec.Struct, frozen=True):
    """The rows of a table as they were read, by line: where a corrected file takes those from that were refused.

    `delimiter`: between the cells of a text file.
    """

    headers: list[str]
    tags: list[str]
    rows: dict[int, list[str]]
    context: Context
    delimiter: str = ""


class Reading(msgspec.Struct, frozen=True):
    """All that was understood of a file. `columns`: header as written -> field it was read as; `seen` says more.

    `named`: the sources that were read, with the keys (see `key`) of what each names. `partial`: these are some
    rows of a source (corrected ones, an export), so that what it does not name has not disappeared. `rows`: those of
    each table.
    """

    entries: list[Entry]
    refused: list[RowError]
    notes: list[str]
    columns: dict[str, str] = {}
    seen: tuple[Seen, ...] = ()
    named: dict[str, frozenset[str]] = {}
    partial: bool = False
    rows: tuple[Rows, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """What a person says of a file before it is read.

    `kind` is what its rows are, `mapping` what columns are (header -> field); `remembered` is what was said of the same
    source before: what does not fit any more is left out and told. `source` names it where its file name does not.
    """

    kind: str | None = None
    mapping: dict[str, str] = {}
    remembered: dict[str, str] = {}
    source: str = ""
    keep_zawgyi: bool = False


def key(entry: Entry) -> str:
    """How an entry is known: one source may name an organisation and an event alike."""
    return f"{entry.fields['kind']}:{entry.source}"


_VERSION = re.compile(
    r"(?<![^\W_])(v|version|ver|rev)?[\s._-]*\d+|\d+"
    r"|(?<![^\W_])(final|finale|copy|copie|copia|new|updated|latest|draft)(?![^\W_])",
    re.IGNORECASE,
)


def source_of(name: str) -> str:
    """What versions of one file have in common: its name in lower case without ending, dates, numbers and versions.

    >>> source_of("Members 2026-11-22 (final).xlsx"), source_of("members_v2.csv")
    ('members', 'members')
    """
    stem = name.rpartition("/")[2].rpartition("\\")[2].casefold()
    stem = stem.rpartition(".")[0] or stem
    return " ".join(re.sub(r"[\W_]+", " ", _VERSION.sub(" ", stem)).split()) or stem


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
    merged: dict[str, Entry] = {}
    for entry in (entry for reading in readings for entry in reading.entries):
        before = merged.get(key(entry))
        merged[key(entry)] = _both(before, entry) if before else entry
    named: dict[str, frozenset[str]] = {}
    for reading in readings:
        for source, keys in reading.named.items():
            named[source] = named.get(source, frozenset()) | keys
    return Reading(
        entries=list(merged.values()),
        refused=[refusal for reading in readings for refusal in reading.refused],
        notes=list(dict.fromkeys(note for reading in readings for note in reading.notes)),
        columns={header: field for reading in readings for header, field in reading.columns.items()},
        seen=tuple(one for reading in readings for one in reading.seen),
        named=named,
        partial=any(reading.partial for reading in readings),
        rows=tuple(rows for reading in readings for rows in reading.rows),
    )


def _both(before: Entry, entry: Entry) -> Entry:
    lines = (*before.lines, *entry.lines)
    fields = merge(before.fields, entry.fields)
    return Entry(entry.source, fields, lines, entry.circle or before.circle, entry.network or before.network)


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


class Refusals(list[RowError]):
    """What was refused of one file, at most `MAX_REFUSED` of it; `beyond` counts the rest."""

    beyond = 0

    def append(self, error: RowError) -> None:
        if len(self) < MAX_REFUSED:
            super().append(error)
        else:
            self.beyond += 1

    def extend(self, errors: Iterable[RowError]) -> None:
        for error in errors:
            self.append(error)

    def __iadd__(self, errors: Iterable[RowError]) -> Self:  # type: ignore[override, misc]
        self.extend(errors)
        return self


def bounded(refused: list[RowError], notes: list[str]) -> list[RowError]:
    """At most `MAX_REFUSED` refusals in the order of their lines, with a note on the rest."""
    beyond = getattr(refused, "beyond", 0) + max(0, len(refused) - MAX_REFUSED)
    if beyond:
        notes.append(f"{beyond} more refused values are not shown")
    return sorted(refused[:MAX_REFUSED], key=lambda error: error.line)


def _nearest(found: str, choices: Sequence[str], least: float) -> str:
    near = difflib.get_close_matches(found.casefold(), [choice.casefold() for choice in choices], 1, least)
    return next((choice for choice in choices if near and choice.casefold() == near[0]), "")


def unknown_choice(what: str, found: str, choices: list[str], also: Sequence[str] = ()) -> UsageError:
    """The error for a name that is none of the choices, which it lists; the one that was probably meant comes first.

    `also`: other names of them, too many to list.
    """
    meant = _nearest(found, choices, 0.8) or _nearest(found, also, 0.8) or _nearest(found, choices, 0.6)
    detail = f"unknown {what} {shown(found)!r}" + (f"; did you mean {shown(meant)!r}?" if meant else "")
    return UsageError(detail, hint="choose one of: " + ", ".join(choices))
