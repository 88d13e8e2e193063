"""`/feed.json`: what changed in what networks list, as a JSON Feed (jsonfeed.org/version/1.1) for feed readers.

```
GET /feed.json?country=TH&kind=organization
{"version": "https://jsonfeed.org/version/1.1", "title": "...", "items": [{"id": "...", "title": "Port House", ...}],
 "next_url": "https://node.example/feed.json?country=TH&cursor=..."}
```
An item is a change: its id stays the same, and a record that changes again makes another item in place of the first. A
record that was withdrawn is told as one that has no name; of one that was erased nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.changes import Change, recent
from fednet.directory.query import PARAMETERS, parse_query
from fednet.directory.search import Reader
from fednet.errors import UsageError
from fednet.feed.text import utc_text
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock, asked, given
from fednet.web.callers import Callers
from fednet.web.programs import files
from fednet.web.programs.addresses import Address
from fednet.web.sending import base_of, sent

MEDIA_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"
LIMIT = 50
ACCEPTED = tuple(name for name in PARAMETERS if name not in ("sort", "why"))
"""The parameters of a search, but for those that say in which order, and with which reasons."""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What fednet adds to an item (JSON Feed 1.1, extensions). `change`: `listed`, for the first time or anew, or
    `withdrawn`; `key` is the SHA-256 of the handle, in hex."""

    change: Literal["listed", "withdrawn"]
    network: str
    network_name: str
    epoch: int
    edition: int
    key: str
    kind: str | None = None
    handle: str | None = None


class Author(msgspec.Struct, frozen=True):
    """The network that lists it."""

    name: str
    url: str


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change."""

    id: str
    title: str
    content_text: str
    date_modified: str
    authors: list[Author]
    tags: list[str]
    _fednet: Said
    url: str | None = None


class Feed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A JSON Feed."""

    version: str
    title: str
    home_page_url: str
    feed_url: str
    description: str
    items: list[Item]
    next_url: str | None = None


ADDRESSES = (
    Address(
        path="/feed.json",
        summary="What changed, newest first, as a JSON Feed",
        description="With the filters of a search; without any, what networks withdrew is told, too.",
        parameters=ACCEPTED,
        answers={MEDIA_TYPE: Feed},
        tag="directory",
    ),
)


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    def answer(base: str, wanted: Asked, reader: Reader) -> bytes:
        refused = wanted.keys() - set(ACCEPTED)
        if refused:
            raise UsageError(f"there is no parameter {min(refused)!r}", hint=f"use {', '.join(ACCEPTED)}")
        query = parse_query(**{"limit": str(LIMIT), **given(wanted)})
        found = recent(home.store, query, reader, clock())
        feed = Feed(
            version=VERSION,
            title=home.config.name,
            home_page_url=f"{base}/",
            feed_url=_address(base, wanted),
            description="What networks list, and what changed in it.",
            items=[item(change, base) for change in found.items],
            next_url=_address(base, wanted | {"cursor": [found.next]}) if found.next else None,
        )
        return msgspec.json.encode(feed)

    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        body = await run_in_threadpool(answer, base_of(home, request), await asked(request), reader)
        return sent(request, body, MEDIA_TYPE, reader)

    return [Route("/feed.json", endpoint, methods=["GET"])]


def _address(base: str, wanted: Asked) -> str:
    return base + show.address("/feed.json", ((name, one) for name, values in wanted.items() for one in values))


def item(change: Change, base: str) -> Item:
    """A change in the words of JSON Feed."""
    hit = change.hit
    said = Said(
        change="withdrawn" if hit is None else "listed",
        network=change.network,
        network_name=change.network_name,
        epoch=change.epoch,
        edition=change.edition,
        key=change.key,
        kind=hit.kind if hit else None,
        handle=hit.handle if hit else None,
    )
    return Item(
        id=f"urn:fednet:{change.network}:{change.circle}:{change.key}:{change.edition}",
        title=hit.title if hit else "A record was withdrawn",
        content_text=_text(change),
        date_modified=utc_text(change.at),
        authors=[Author(change.network_name, f"{base}/networks/{change.network}")],
        tags=_tags(hit.fields, hit.kind) if hit else ["withdrawn"],
        _fednet=said,
        url=files.pages_below(base)(hit.kind, hit.handle) if hit else None,
    )


def _text(change: Change) -> str:
    if change.hit is None:
        return f"{change.network_name} withdrew a record in edition {change.edition}."
    told = f"Listed by {change.network_name} in edition {change.edition}."
    texts = change.hit.fields.get("description")
    original = str(change.hit.fields.get("original"))
    described = (texts.get(original) or next(iter(texts.values()))) if isinstance(texts, dict) and texts else ""
    return f"{show.short(str(described), show.LIST_TEXT)}\n\n{told}" if described else told


def _tags(fields: dict[str, Any], kind: str) -> list[str]:
    codes: Iterable[Any] = fields.get("services") or fields.get("themes") or ()
    return [kind, *(str(code) for code in codes)]
