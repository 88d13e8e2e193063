"""The page of an organisation, an event or an entry of the exchange in other forms: JSON-LD in the page itself, and by
`Accept` or `format`.

```
GET /organizations/7e6d8c1e-...     Accept: text/vcard           an address book's card, with its contacts
GET /events/7e6d8c1e-...            Accept: text/calendar        as /events/7e6d8c1e-....ics
GET /events/7e6d8c1e-...?format=jsonld                           schema.org, as it stands in the page
```
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from fednet.directory.agenda import announced_event
from fednet.directory.cards import Card, card
from fednet.directory.exchange import Entry, entry
from fednet.directory.search import Hit, Reader
from fednet.errors import NotFoundError
from fednet.formats import export, linked, vcard
from fednet.formats.linked import Party
from fednet.listing.check import is_handle
from fednet.node.home import Home
from fednet.web.asking import Clock
from fednet.web.programs import calendars, files
from fednet.web.programs.addresses import Address
from fednet.web.programs.files import VARY, Form
from fednet.web.sending import base_of, sent

HTML = "text/html"
MAX_IN_PAGE = 16_000
"""Characters of JSON-LD in a page: beyond it goes without descriptions, then without it."""

ORGANIZATION = ("vcf", "jsonld")
EVENT = ("ics", "jsonld")
EXCHANGE = ("jsonld",)
"""The forms of a page besides HTML, by the names that `format` takes."""

_NODE = {"type": "object", "required": ["@context", "@type", "@id"]}

ADDRESSES = (
    Address(
        path="/organizations/{handle}",
        summary="An organisation's page, card or schema.org document",
        parameters=("format",),
        answers={HTML: None, "text/vcard": None, linked.MEDIA_TYPE: _NODE},
        tag="pages",
    ),
    Address(
        path="/events/{handle}",
        summary="An event's page, calendar file or schema.org document",
        parameters=("format", "zone"),
        answers={HTML: None, calendars.ICALENDAR: None, linked.MEDIA_TYPE: _NODE},
        tag="pages",
    ),
    Address(
        path="/exchange/{handle}",
        summary="The page of a need, an offer or a source of funding, or its schema.org document",
        parameters=("format",),
        answers={HTML: None, linked.MEDIA_TYPE: _NODE},
        tag="pages",
    ),
)


class Alternates:
    """What one node answers instead of a page."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.home, self.clock = home, clock

    def organization(self, request: Request, form: Form, reader: Reader) -> Response:
        found = card(self.home.store, request.path_params["handle"], reader, self.clock())
        base = base_of(self.home, request)
        if form.media_type == linked.MEDIA_TYPE:
            return self._linked(request, organization(found, base), reader)
        asked = found.statements[found.asked].hit
        rows = files.rows_of([asked, *contacts_of(found)])
        body = vcard.cards_of(export.without_controls(rows), page=files.pages_below(base))
        return sent(request, body, form.media_type, reader, vary=VARY, headers=_named(asked.handle, form))

    def event(self, request: Request, form: Form, reader: Reader) -> Response:
        handle = request.path_params["handle"]
        base = base_of(self.home, request)
        found = announced_event(self.home.store, handle, reader, self.clock())
        if form.media_type == linked.MEDIA_TYPE:
            return self._linked(request, event(found.hit.fields, handle, base), reader)
        body = calendars.event_file(found, base, f"{base}/events/{handle}.ics")
        return sent(request, body, form.media_type, reader, vary=VARY, headers=_named(handle, form))

    def exchange(self, request: Request, form: Form, reader: Reader) -> Response:
        found = entry(self.home.store, request.path_params["handle"], reader, self.clock())
        node = exchange(found, base_of(self.home, request))
        if node is None:
            raise NotFoundError("schema.org has no word for an entry of this type")
        return self._linked(request, node, reader)

    def _linked(self, request: Request, node: Mapping[str, Any], reader: Reader) -> Response:
        body = msgspec.json.encode(linked.standing_alone(node))
        return sent(request, body, linked.MEDIA_TYPE, reader, vary=VARY)


def contacts_of(found: Card) -> list[Hit]:
    """The contacts that the network of the asked statement lists of it: a file of one statement has nobody else's."""
    asked = found.statements[found.asked].hit
    named = (one.hit for one in found.contacts if one.hit.network == asked.network)
    return [hit for hit in named if hit.fields.get("organization") == asked.handle]


def _named(handle: str, form: Form) -> dict[str, str]:
    return {"Content-Disposition": f'inline; filename="{handle}.{form.suffix}"'}


def organization(found: Card, base: str) -> dict[str, Any]:
    """The asked statement of a card in the words of schema.org; the others are the same thing elsewhere."""
    page = files.pages_below(base)
    asked = found.statements[found.asked].hit
    same = [str(page("organization", one.hit.handle)) for one in found.statements]
    contacts = [hit.fields for hit in contacts_of(found)]
    url = str(page("organization", asked.handle))
    return linked.organization(asked.fields, url, same=same, contacts=contacts)


def event(
    fields: Mapping[str, Any], handle: str, base: str, hosts: Iterable[Party] | None = None
) -> dict[str, Any]:  # fmt: skip
    """An event in the words of schema.org; hosts that are only handles are left out unless they are given by name."""
    page = files.pages_below(base)
    parent = fields.get("parent")
    superior = page("event", parent) if isinstance(parent, str) and is_handle(parent) else None
    return linked.event(fields, str(page("event", handle)), hosts=hosts, parent=superior)


def exchange(found: Entry, base: str) -> dict[str, Any] | None:
    """A need, an offer or a source of funding in the words of schema.org; None for what is none of these."""
    page = files.pages_below(base)
    by = found.organization
    party = Party(by.name, page("organization", by.handle) if by.handle else None) if by else None
    return linked.exchange(found.hit.fields, str(page("exchange", found.hit.handle)), by=party)


def in_page(node: dict[str, Any] | None) -> Markup | None:
    """JSON-LD for a page's head; None where there is too much of it, or none."""
    if node is None:
        return None
    for one in (node, {name: value for name, value in node.items() if name != "description"}):
        written = linked.in_page(one)
        if len(written) <= MAX_IN_PAGE:
            return Markup(written)
    return None
