"""Rows to events, persons, exchanges and resources: one row is one record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from fednet.formats import eventkinds
from fednet.formats.admission import admitted
from fednet.formats.columns import REQUIRED
from fednet.formats.reading import Entry, RowError, identity, shown
from fednet.formats.recurrence import local_text
from fednet.formats.rows import RowReader, nested, stated_source
from fednet.formats.table import Row
from fednet.listing.vocabulary import EXCHANGE_TYPES


def read_records(reader: RowReader) -> list[Entry]:
    """The records of a table whose kind is not organisation, each with a contact after it where a person gave one."""
    table, refused = reader.table, reader.refused
    entries: list[Entry] = []
    for row in table.rows:
        flat = reader.read(row)
        _named(table.kind, flat)
        if REQUIRED[table.kind] not in flat:
            header = reader.headers.get(REQUIRED[table.kind], REQUIRED[table.kind])
            refused.append(RowError(row.line, header, "", f"the row gives no name to this {table.kind}"))
        else:
            entries += _entries(reader, row, flat)
    return entries


def _named(kind: str, flat: dict[str, Any]) -> None:
    if kind == "person":
        parts = [flat.pop("first_name", ""), flat.pop("last_name", "")]
        if "name" not in flat and any(parts):
            flat["name"] = " ".join(part for part in parts if part)


def _entries(reader: RowReader, row: Row, flat: dict[str, Any]) -> list[Entry]:
    kind = reader.table.kind
    if kind == "event" and not _timed(flat, row, reader):
        return []
    contact = {name.partition(".")[2]: flat.pop(name) for name in list(flat) if name.startswith("contact.")}
    if kind == "exchange" and not _typed(flat, row, reader):
        return []
    amount = flat.pop("amount", "") if kind == "exchange" else ""
    fields = nested(kind, flat)
    if amount:
        _note_amount(fields, f"{reader.headers.get('amount', 'amount')}: {amount}")
    if isinstance(organization := fields.get("organization"), str):
        fields["organization"] = {"source": identity(organization), "name": organization}
    if kind == "event":
        fields = eventkinds.guessed(fields, []) | fields
    if "titles" in fields:
        fields.setdefault("original", next(iter(fields["titles"])))
    source = stated_source(reader.table, flat) or _source(fields)
    entry = admitted(row.line, source, fields, reader.refused, reader.headers)
    if entry is None:
        return []
    reachable = _contact(entry, contact, row, reader) if contact else None
    return [entry, reachable] if reachable else [entry]


def _note_amount(fields: dict[str, Any], line: str) -> None:
    """No field holds an amount of money: it is a line of the description, in the language of the title."""
    said = fields.get("description") or {}
    language = next(iter(said or fields["titles"]))
    fields["description"] = said | {language: "\n".join(filter(None, [said.get(language), line]))}


def _typed(flat: dict[str, Any], row: Row, reader: RowReader) -> bool:
    """Whether a row says what it is; in a table without a column for that, the header of its titles may (`Needs`)."""
    header = reader.headers.get("titles", "")
    if "type" not in reader.headers and (told := EXCHANGE_TYPES.find(header)):
        flat["type"] = told
    if "type" in flat:
        return True
    column = reader.headers.get("type", "type")
    if not any(refusal.line == row.line and refusal.column == column for refusal in reader.refused[-MAX_LOOKED_BACK:]):
        reader.refused.append(RowError(row.line, column, "", "the row says neither need nor offer nor funding"))
    return False


MAX_LOOKED_BACK = 50
"""Refusals of a row among which is the one of its type: a row has fewer columns."""


def _source(fields: dict[str, Any]) -> str:
    if uid := fields.get("uid"):
        return str(uid)
    named = fields.get("name") or next(iter(fields["titles"].values()))
    told_apart = [fields.get("type") if fields["kind"] == "exchange" else "", (fields.get("start") or "")[:10]]
    organization = fields.get("organization")
    told_apart.append(organization["source"] if isinstance(organization, dict) else fields.get("country", ""))
    return "|".join([identity(named), *(part for part in told_apart if part)])


def _contact(entry: Entry, contact: dict[str, Any], row: Row, reader: RowReader) -> Entry | None:
    organization = entry.fields.get("organization")
    if not organization:
        reason = "can be kept only with an organisation: add a column that names it"
        header = next((c.header for c in reader.table.columns if c.field.startswith("contact.")), "")
        reader.refused.append(RowError(row.line, header, shown(next(iter(contact.values()))), reason))
        return None
    fields = {"kind": "contact", "organization": organization, "person": entry.fields["name"]} | contact
    return admitted(row.line, f"{entry.source}#contact", fields, reader.refused)


def _timed(flat: dict[str, Any], row: Row, reader: RowReader) -> bool:
    """Bring start, end, their times of day and the zone together in `flat`; False (and a refusal) when it cannot be."""

    def refuse(field: str, found: str, reason: str) -> bool:
        reader.refused.append(RowError(row.line, reader.headers.get(field, field), shown(found), reason))
        return False

    start, start_time = flat.get("start"), flat.pop("start_time", "")
    end, end_time = flat.pop("end", ""), flat.pop("end_time", "")
    if not start:
        return refuse("start", "", "the event has no start")
    if start_time and "T" not in start:
        start = f"{start}T{start_time}"
    end = f"{(end or start)[:10]}T{end_time}" if end_time and "T" not in end else end
    if "T" not in start:
        flat |= {"start": start, "all_day": True}
        return _all_day_until(flat, end[:10], refuse)
    flat.pop("all_day", None)
    start, end = _without_offset(flat, start), _without_offset(flat, end)
    if "zone" not in flat:
        return refuse("zone", start, "has a time but no time zone: add a column “zone” with, for example, Asia/Bangkok")
    flat["start"] = start
    if end and ("T" not in end or end <= start):
        refuse("end", end, "is not after the start, so the end was left out")
    elif end:
        flat["end"] = end
    return True


def _all_day_until(flat: dict[str, Any], last: str, refuse: Any) -> bool:
    """In a table the end of an event that lasts whole days is its last day; in a record it is the day after."""
    if last and last < flat["start"]:
        refuse("end", last, "is before the start, so the end was left out")
    elif last > flat["start"]:
        flat["end"] = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    return True


def _without_offset(flat: dict[str, Any], moment: str) -> str:
    """A local time; one that was written with an offset is changed to UTC, which becomes the zone."""
    if "T" not in moment:
        return moment
    when = datetime.fromisoformat(moment)
    if when.tzinfo is None:
        return moment
    flat["zone"] = "UTC"
    return local_text(when.astimezone(UTC).replace(tzinfo=None))
