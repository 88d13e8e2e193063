"""What the columns of a spreadsheet mean, by their headers in several languages and by HXL tags.

`FIELDS` says which columns each kind of record can have: a field's shape (how a cell is read, see `values`) and the
headers it goes by. A header counts whatever its case, accents and punctuation; a language may follow it (`name:fr`,
`nom (fr)`, `name_ar`).
HXL tags (hxlstandard.org), in the row under the headers or above them, count more than the headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

import msgspec

from fednet.formats.headers import TABLES
from fednet.formats.reading import identity, unknown_choice
from fednet.formats.table import Row, Sheet
from fednet.formats.tongues import language_of
from fednet.listing import languages
from fednet.listing.vocabulary import EXCHANGE_TYPES

HEADER_WITHIN_ROWS = 30
"""Titles and remarks may stand above the header, but not more of them than this."""

MAX_HEADER = 300
"""Characters of a cell that may be a header, or a tag; in the first rows of a file every cell is asked."""

IGNORE = "ignore"


class Field(NamedTuple):
    """`shape` is how a cell is read; `headers` what the column is called, English first."""

    shape: str
    headers: list[str]


def _fields(text: str) -> dict[str, Field]:
    """The fields of one kind out of `headers.TABLES`."""
    fields: dict[str, Field] = {}
    for block in re.split(r"\n(?=\S)", text.strip()):
        first, _, rest = block.partition("\n")
        name, _, shape = first.partition(": ")
        fields[name] = Field(shape, [" ".join(header.split()) for header in rest.split(",")])
    return fields


FIELDS: dict[str, dict[str, Field]] = {kind: _fields(text) for kind, text in TABLES.items()}
"""For each kind of record that a table can hold: its fields, dotted where nested, in the order of an export."""

REQUIRED = {"organization": "names", "event": "titles", "person": "name", "exchange": "titles", "resource": "titles"}
_TELLING = {
    "event": {"start"},
    "person": {"first_name", "last_name", "role", "expertise"},
    "exchange": {"type", "open_until"},
    "resource": {"url"},
}
"""Columns without which a table is not taken for that kind unless someone says so."""


class Column(NamedTuple):
    """Column number `at` (from 0) of the table holds `field`, in `language` where the header says so.

    `why`: what that rests on, in words.
    """

    at: int
    header: str
    field: str
    language: str = ""
    why: str = ""

    @property
    def target(self) -> str:
        """As `--map` takes it: `names:fr`."""
        return f"{self.field}:{self.language}" if self.language else self.field


class Table(msgspec.Struct, frozen=True):
    """A sheet understood: what its columns are, and the rows below the header. `language` is that of the headers.

    `left_out`: filled columns that were not read, by number (from 0), with header and why. `lost`: remembered columns
    that are not here any more.
    """

    sheet: str
    kind: str
    columns: list[Column]
    rows: list[Row]
    language: str
    left_out: dict[int, tuple[str, str]] = {}
    lost: list[str] = []
    headers: list[str] = []
    tags: list[str] = []

    def having(self, field: str) -> list[Column]:
        return [column for column in self.columns if column.field == field]


def folded(header: str) -> str:
    """A header as it is looked up: `TypeOrganisation`, `type_organisation` and `Type d'organisation` come close."""
    return identity(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header[:MAX_HEADER]))


@cache
def _fields_by_header(kind: str) -> dict[str, str]:
    by_header: dict[str, str] = {}
    for field, (_, headers) in FIELDS[kind].items():
        for header in [field, field.rpartition(".")[2], *headers]:
            by_header.setdefault(folded(header), field)
    # Names of nested fields must not hide an own field of that name.
    return by_header | {folded(field): field for field in FIELDS[kind]}


_HXL = re.compile(r"#[a-z][a-z0-9_]*(\s*\+[a-z][a-z0-9_]*)*", re.IGNORECASE)
_HXL_FIELDS: tuple[tuple[str, set[str], str], ...] = (
    ("#org", {"acronym", "code"}, "acronym"),
    ("#org", {"type"}, "type"),
    ("#org", {"url"}, "website"),
    ("#org", {"id"}, "source"),
    ("#org", set(), "names"),
    ("#sector", set(), "services"),
    ("#subsector", set(), "services"),
    ("#service", set(), "services"),
    ("#activity", set(), "activity"),
    ("#country", set(), "countries"),
    ("#adm1", {"code", "pcode"}, "area_code"),
    ("#adm2", {"code", "pcode"}, "area_code"),
    ("#adm1", set(), "area"),
    ("#adm2", set(), "district"),
    ("#adm3", set(), "district"),
    ("#loc", set(), "district"),
    ("#geo", {"lat"}, "seat.latitude_e6"),
    ("#geo", {"lon"}, "seat.longitude_e6"),
    ("#contact", {"email"}, "contact.emails"),
    ("#contact", {"phone"}, "contact.phones"),
    ("#contact", {"name"}, "contact.person"),
    ("#contact", {"url"}, "website"),
    ("#beneficiary", set(), "client_groups"),
    ("#description", set(), "description"),
)


def understood(
    sheet: Sheet, kind: str | None, mapping: Mapping[str, str], remembered: Mapping[str, str] | None = None
) -> Table:
    """The sheet with a meaning for each column that has one; the kind is guessed when None.

    `mapping` (header -> field) overrides what was guessed, and what is `remembered` of earlier files wherever that
    still fits. Raises UsageError for a header or a field in `mapping` that does not exist.
    """
    remembered = remembered or {}
    at, tags = _header_row(sheet, kind, {**remembered, **mapping})
    if at is None:
        return Table(sheet.name, kind or "organization", [], [], "en", lost=list(remembered))
    headers = sheet.rows[at].cells
    kind = kind or _likely_kind(headers, {**remembered, **mapping})
    known, lost = _still_there(headers, kind, remembered)
    wanted = _mapped(headers, kind, known, _REMEMBERED) | _mapped(headers, kind, mapping, _SAID)
    columns = _columns(headers, tags, kind, wanted)
    first = at + 1
    while first < len(sheet.rows) and _is_hxl(sheet.rows[first]):
        first += 1
    rows = sheet.rows[first:]
    columns += _area_codes(headers, wanted, columns, rows) if kind == "organization" else []
    left_out = _left_out(headers, tags, kind, {column.at for column in columns} | wanted.keys(), rows)
    written = [tags.get(index, "") for index in range(len(headers))] if tags else []
    return Table(sheet.name, kind, columns, rows, _language(headers, columns), left_out, lost, headers, written)


_SAID = "you said so"
_REMEMBERED = "you said so before"


def _still_there(headers: list[str], kind: str, remembered: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What is remembered of columns that are here, and the headers of those that are not."""
    here = {folded(header) for header in headers}
    lost = [header for header in remembered if folded(header) not in here]
    known = {header: target for header, target in remembered.items() if header not in lost}
    return {header: target for header, target in known.items() if _known_field(target, kind)}, lost


_OURS = {"", "kind", "network"}
"""Columns of our own export that say nothing about the record itself."""


def _left_out(
    headers: list[str], tags: dict[int, str], kind: str, read: set[int], rows: list[Row]
) -> dict[int, tuple[str, str]]:
    filled = {at for row in rows for at, cell in enumerate(row.cells) if cell}
    unread = {at: header for at, header in enumerate(headers) if header not in _OURS and at in filled - read}
    return {at: (header, _why_not(tags.get(at, ""), header, kind)) for at, header in unread.items()}


def _why_not(tag: str, header: str, kind: str) -> str:
    field, _, _ = _guess(tag, header, kind)
    return f"another column is the {field} already" if field else "nobody knows this header"


def _is_hxl(row: Row) -> bool:
    filled = [cell for cell in row.cells if cell]
    return bool(filled) and all(_HXL.fullmatch(cell) for cell in filled)


def _header_row(sheet: Sheet, kind: str | None, mapping: dict[str, str]) -> tuple[int | None, dict[int, str]]:
    """Where the header is, and the HXL tags by column. The tags themselves are the header when there is no other."""
    head = sheet.rows[:HEADER_WITHIN_ROWS]
    hxl = next((i for i, row in enumerate(head) if _is_hxl(row)), None)
    scores = [0 if _is_hxl(row) else _score(row.cells, kind, mapping) for row in head]
    best = max(range(len(head)), key=lambda i: scores[i], default=None)
    tags = dict(enumerate(head[hxl].cells)) if hxl is not None else {}
    if hxl is not None and best is not None:
        beside = [i for i in (hxl - 1, hxl + 1) if 0 <= i < len(head) and scores[i]]
        return (beside[0] if beside else hxl), tags
    return (best if best is not None and scores[best] else None), tags


def _score(cells: list[str], kind: str | None, mapping: dict[str, str]) -> int:
    kinds = [kind] if kind else list(FIELDS)
    mapped = sum(folded(cell) in {folded(header) for header in mapping} for cell in cells if cell)
    fields = max(len({c.field for c in _columns(cells, {}, k, {}) if c.field != IGNORE}) for k in kinds)
    return fields + 2 * mapped


def _likely_kind(headers: list[str], mapping: dict[str, str]) -> str:
    wanted = {target.partition(":")[0] for target in mapping.values()}
    scores: dict[str, int] = {}
    for kind, required in REQUIRED.items():
        columns = _columns(headers, {}, kind, {})
        fields = {column.field for column in columns} | (wanted & FIELDS[kind].keys())
        telling = kind not in _TELLING or bool(_TELLING[kind] & fields) or (kind == "exchange" and _told_type(columns))
        known = required in fields or (kind == "person" and "last_name" in fields)
        scores[kind] = len(fields) if telling and known else 0
    return max(scores, key=lambda kind: scores[kind])  # on a tie the first: organisations are what is mostly listed


def _told_type(columns: list[Column]) -> bool:
    """Whether the column of the titles says of all of them that they are needs, or offers."""
    return any(column.field == "titles" and EXCHANGE_TYPES.find(column.header) for column in columns)


def _columns(headers: list[str], tags: dict[int, str], kind: str, wanted: _Wanted) -> list[Column]:
    named = {folded(header) for header in headers}
    said = {(field, language) for field, language, _ in wanted.values()}
    columns: list[Column] = []
    single: set[tuple[str, str]] = set()
    for index, header in enumerate(headers):
        field, language, why = wanted.get(index) or _guess(tags.get(index, ""), header, kind)
        if not field or field == IGNORE:
            continue
        if index not in wanted and FIELDS[kind][field].shape not in _MANY:
            # Of two columns for one value the one that bears the field's own name counts, else the first.
            other_named = not language and folded(field) in named and folded(header) != folded(field)
            if other_named or (field, language) in single or (field, language) in said:
                continue
        single.add((field, language))
        columns.append(Column(index, header or tags.get(index, ""), field, language, why))
    return columns


_MANY = frozenset(
    {"services", "countries", "client-groups", "languages", "texts", "emails", "phones", "themes", "area-code"}
)

_Wanted = dict[int, tuple[str, str, str]]
"""Number of a column -> its field, language and why, where a person said."""


def _mapped(headers: list[str], kind: str, mapping: Mapping[str, str], why: str) -> _Wanted:
    by_header = {folded(header): index for index, header in reversed(list(enumerate(headers))) if header}
    wanted: _Wanted = {}
    for header, target in mapping.items():
        if folded(header) not in by_header:
            raise unknown_choice("column", header, [h for h in headers if h])
        known = _known_field(target, kind)
        if known is None:
            words = [word for _, headers in FIELDS[kind].values() for word in headers]
            raise unknown_choice(f"field of {kind}", target, [*FIELDS[kind], IGNORE], words)
        wanted[by_header[folded(header)]] = (known, target.partition(":")[2], why)
    return wanted


def _known_field(target: str, kind: str) -> str | None:
    field = target.partition(":")[0]
    return field if field in FIELDS[kind] or field == IGNORE else _fields_by_header(kind).get(folded(field))


def _guess(tag: str, header: str, kind: str) -> tuple[str, str, str]:
    """Field, language and what they rest on."""
    if tagged := _by_tag(tag, kind):
        return *tagged, f"the tag {tag}"
    field, language = _by_header(header, kind)
    return field, language, "its header" if field else ""


def _by_tag(tag: str, kind: str) -> tuple[str, str] | None:
    if kind != "organization" or not _HXL.fullmatch(tag):
        return None
    base, *attributes = (part.strip().lower() for part in tag.split("+"))
    stated = next((a for a in attributes if re.fullmatch("i_[a-z]{2,3}", a)), "").removeprefix("i_")
    for known, needed, field in _HXL_FIELDS:
        if base == known and (not needed or needed & set(attributes)):
            return field, stated if FIELDS[kind][field].shape == "translated" else ""
    return None


_WITH_LANGUAGE = re.compile(r"(.+?)[\s_:@(\[/-]+([^\s_:@(\[\])]+)[)\]]?\s*")


@lru_cache(maxsize=16_384)
def _by_header(header: str, kind: str) -> tuple[str, str]:
    if len(header) > MAX_HEADER:
        return "", ""
    by_header = _fields_by_header(kind)
    if field := by_header.get(folded(header)):
        return field, ""
    if found := _WITH_LANGUAGE.fullmatch(header):
        field = by_header.get(folded(found[1]), "")
        if field and FIELDS[kind][field].shape == "translated" and (tag := languages.find(found[2])):
            return field, tag
    return "", ""


_PCODE = re.compile(r"[A-Z]{2,3}\d{2,10}")


def _area_codes(headers: list[str], wanted: _Wanted, columns: list[Column], rows: list[Row]) -> list[Column]:
    """Columns that hold place codes (`TD19`, `SO2502`) whatever they are called."""
    taken = {column.at for column in columns} | wanted.keys()
    found: list[Column] = []
    for index, header in enumerate(headers):
        values = [row.cells[index] for row in rows[:200] if index < len(row.cells) and row.cells[index]]
        if index not in taken and len(values) > 2 and all(_PCODE.fullmatch(value) for value in values):
            found.append(Column(index, header, "area_code", why="its cells are place codes"))
    return found


def _language(headers: list[str], columns: list[Column]) -> str:
    """The language of the headers: by their script or small words, or by the words that only one language uses."""
    found = {tag: len(_OWN_WORDS[tag] & {folded(c.header) for c in columns}) for tag in _OWN_WORDS}
    best = max(found, key=lambda tag: found[tag])
    words = " ".join(header for header in headers if header)
    return best if found[best] else language_of(words, "en", least=2)


_OWN_WORDS = {
    "fr": {"nom", "pays", "ville", "sigle", "acronyme", "secteur", "courriel", "langues", "titre", "lieu", "adresse"},
    "es": {"nombre", "ciudad", "correo", "idiomas", "siglas", "lugar", "fecha", "servicios", "direccion"},
    "pt": {"nome", "cidade", "sigla", "setor", "linguas", "data", "servicos", "endereco"},
}
