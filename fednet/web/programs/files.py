"""What is found as a file: the API's answers in other forms, by `format=csv` or an Accept header (RFC 9110, 12).

A file holds every statement of every network by itself, so that it can be imported again, and all that was found, not
one page of it: up to `MAX_RECORDS` records and `MAX_BYTES` of them. With `limit`, and `cursor` from the `next` of an
earlier answer, it holds that page, and a Link header leads to the following one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fednet.directory.agenda import Occurrence
from fednet.directory.cards import contacts_of
from fednet.directory.query import MAX_LIMIT, Query
from fednet.directory.search import Hit, Reader, search
from fednet.errors import LimitError, UsageError
from fednet.formats import export, linked, vcard
from fednet.formats.calendar_writer import calendar_of
from fednet.formats.writing import Circles, Exported, PageOf
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked
from fednet.web.programs.addresses import JSON
from fednet.web.sending import sent, tagged

MAX_RECORDS = 5_000
MAX_SHEET = 2_000
MAX_BYTES = 32 << 20
"""What one file holds at most: records (of a workbook fewer, which takes longest to write), bytes of their bodies."""
MAX_CONTACTS = 2_000
"""Contacts that are put onto cards."""

VARY = "Accept"


class Form(NamedTuple):
    """A sort of file: its media type, the end of its name, and how records are written."""

    media_type: str
    suffix: str
    written: Callable[[list[Exported], Circles, PageOf], bytes]


FORMS = {
    "csv": Form("text/csv", "csv", lambda rows, circles, _: export.as_csv(rows, circles)),
    "xlsx": Form(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
        lambda rows, circles, _: export.as_xlsx(rows, circles),
    ),
    "vcf": Form(
        "text/vcard", "vcf", lambda rows, _, page: vcard.cards_of(export.without_controls(rows), page=page)
    ),
    "jsonl": Form("application/x-ndjson", "jsonl", lambda rows, circles, _: export.as_json_lines(rows, circles)),
    "jsonld": Form(
        linked.MEDIA_TYPE, "jsonld", lambda rows, _, page: msgspec.json.encode(linked.document(rows, page=page))
    ),
}  # fmt: skip

FORMS["ics"] = Form("text/calendar", "ics", lambda rows, _, __: calendar_of(export.without_controls(rows)))

_TABLES = ("csv", "xlsx", "jsonl")
_MORE: dict[str, Sequence[str]] = {
    "organization": ("vcf", "jsonld"),
    "group": ("vcf",),
    "person": ("vcf", "jsonld"),
    "event": ("jsonld",),
    "exchange": ("jsonld",),
}


def offered(kind: str) -> Sequence[str]:
    """The forms in which records of a kind are given."""
    return (*_TABLES, *_MORE.get(kind, ()))


def answers(kind: str) -> dict[str, Any]:
    """The media types besides JSON, for an address's description."""
    graph = {"type": "object", "required": ["@context", "@graph"]}
    return {FORMS[name].media_type: graph if name == "jsonld" else None for name in offered(kind)}


def wanted(request: Request, given: Asked, offered: Sequence[str], usual: str = JSON) -> Form | None:
    """The form that is asked for, which is taken out of the parameters; None for the `usual` one."""
    named = given.pop("format", [])
    if named:
        name, plain = named[0].strip().lower(), usual.partition("/")[2]
        if len(named) > 1 or name not in (*offered, plain):
            hint = f"one of {', '.join((plain, *offered))}"
            raise UsageError(f"format: {name[:40]!r} is none of this address", hint=hint)
        return FORMS.get(name)
    types = {FORMS[name].media_type: name for name in offered}
    chosen = preferred(request.headers.get("accept", ""), [usual, *types])
    return FORMS.get(types.get(chosen or usual, ""))


def preferred(accept: str, offered: Sequence[str]) -> str | None:
    """Which media type an Accept header prefers (RFC 9110, 12.5.1), the first offered on a tie; None for none of them.

    A header that cannot be read, or that is not there, prefers the first.
    """
    if not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    weights = {one: max(((fit, weight) for fit, weight in _fitting(ranges, one)), default=(0, 0.0)) for one in offered}
    best = max(offered, key=lambda one: (weights[one][1], -offered.index(one)))
    return best if weights[best][1] > 0 else None


def _fitting(ranges: Iterable[tuple[str, float]], media_type: str) -> Iterator[tuple[int, float]]:
    """How closely each range that fits a type names it, and its weight: the closest counts."""
    whole = media_type.partition("/")[0] + "/*"
    for named, weight in ranges:
        if named in (media_type, whole, "*/*"):
            yield 3 if named == media_type else 2 if named == whole else 1, weight


def _range(part: str) -> tuple[str, float]:
    named, *parameters = (one.strip().lower() for one in part.split(";"))
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        found = float(weight)
    except ValueError:
        found = 0.0
    return named, found if 0 <= found <= 1 else 0.0


class Rows(NamedTuple):
    """Records to be written, who may read each, and the cursor of those that follow."""

    rows: list[Exported]
    circles: Circles
    next: str | None


def gathered(home: Home, form: Form, query: Query, reader: Reader, now: datetime, paged: bool) -> Rows:
    """All statements that fit; when `paged`, one page of them. LimitError when that is more than one file holds."""
    most = min(MAX_RECORDS, MAX_SHEET) if form.suffix == "xlsx" else MAX_RECORDS
    found: list[Hit] = []
    asked = msgspec.structs.replace(query, apart=True, limit=query.limit if paged else MAX_LIMIT)
    size = 0
    while True:
        results = search(home.store, asked, reader, now, facets=())
        if not paged and results.total > most:
            raise LimitError(
                f"{results.total:,} records were found, one such file holds at most {most:,}",
                hint=f"narrow the search, or ask for parts: limit={MAX_LIMIT}, and cursor from the Link header",
            )
        size += sum(len(msgspec.json.encode(hit.fields)) for hit in results.hits)
        if size > MAX_BYTES:
            raise LimitError(
                f"the records found are larger than the {MAX_BYTES >> 20} MiB that one file holds",
                hint="narrow the search, or ask for parts with limit and cursor",
            )
        found += results.hits
        if paged or results.next is None:
            break
        asked = msgspec.structs.replace(asked, cursor=results.next)
    return Rows(rows_of(found), circles_of(found), results.next)


def of_hits(form: Form, found: Sequence[Hit], total: int, following: str | None = None) -> Rows:
    """Records that were found, of `total` that were asked for. LimitError as `gathered`."""
    most = min(MAX_RECORDS, MAX_SHEET) if form.suffix == "xlsx" else MAX_RECORDS
    if total > most or sum(len(msgspec.json.encode(hit.fields)) for hit in found) > MAX_BYTES:
        raise LimitError(
            f"{total:,} records were found: more than one such file holds",
            hint=f"narrow the search, or ask for parts: limit={MAX_LIMIT}, and cursor from the Link header",
        )
    return Rows(rows_of(found), circles_of(found), following)


def of_occurrences(found: Sequence[Occurrence]) -> Rows:
    """The events that take place, each once. LimitError when they are more than one file holds."""
    hits = {(one.hit.network, one.hit.handle): one.hit for one in found}
    if len(hits) > MAX_RECORDS:
        raise LimitError(f"{len(hits):,} events, one file holds at most {MAX_RECORDS:,}", hint="ask for fewer days")
    return Rows(rows_of(hits.values()), circles_of(hits.values()), None)


def rows_of(hits: Iterable[Hit]) -> list[Exported]:
    return [(hit.network, hit.handle, hit.fields) for hit in hits]


def circles_of(hits: Iterable[Hit]) -> Circles:
    return {(hit.network, hit.handle): hit.circle for hit in hits}


def with_contacts(home: Home, found: Rows, reader: Reader, now: datetime) -> Rows:
    """With what the network of each organisation tells this reader of how to reach it."""
    listed = [(network, handle) for network, handle, _ in found.rows]
    contacts = contacts_of(home.store, listed, reader, now, MAX_CONTACTS)
    return found._replace(rows=[*found.rows, *rows_of(contacts)])


def file(
    request: Request, form: Form, found: Rows, reader: Reader, name: str, page: PageOf, given: Asked
) -> Response:  # fmt: skip
    """The file, named as it may be saved. Its ETag is of the records: some formats hold the time when they are made."""
    tag = tagged(form.suffix.encode(), export.as_json_lines(found.rows, found.circles))
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form.suffix}"'}
    if found.next and request.method != "POST":
        asked = [(key, one) for key, values in given.items() if key != "cursor" for one in values]
        asked += [("cursor", found.next), ("format", form.suffix)]
        headers["Link"] = f'<{show.address(request.url.path, asked)}>; rel="next"'
    body = form.written(found.rows, found.circles, page)
    return sent(request, body, form.media_type, reader, vary=VARY, tag=tag, headers=headers)


_PAGES = {"organization": "organizations", "event": "events", "exchange": "exchange"}


def pages_below(base: str) -> PageOf:
    """The addresses of records' pages on a node."""

    def page(kind: str, handle: str) -> str | None:
        return f"{base}/{_PAGES[kind]}/{handle}" if kind in _PAGES else None

    return page
