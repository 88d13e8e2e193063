"""The card of an organisation for programs: every statement, where they differ, why they are one.

```
GET /api/v1/organizations/7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e
{"handle": "...", "names": {...}, "statements": [{...}, {...}], "differences": ["website"], "fields": [...], ...}
```
The answer is the statement that the handle names, as a search gives it, with the card beside its fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import cards
from fednet.directory.cards import Card, Related, Statement
from fednet.directory.freshness import State
from fednet.directory.query import PARAMETERS as SEARCHED
from fednet.directory.query import Parameter, read_parameters
from fednet.directory.search import Reader
from fednet.listing.differences import Compared
from fednet.node.home import Home
from fednet.web.asking import Asked, Clock, asked, given
from fednet.web.callers import Callers
from fednet.web.programs.addresses import JSON, Address, listed
from fednet.web.programs.api import Provenance, item
from fednet.web.sending import sent


class Standing(msgspec.Struct, frozen=True):
    """Whether a statement can be relied on still, and for how many days its network's confirmations hold."""

    state: State
    confirm_within_days: int


class Claim(msgspec.Struct, frozen=True):
    """One thing that is said in a field, and the positions of the statements that say it.

    `value` is as in a body; of a field of texts, an object with `language` and `text`.
    """

    value: Any
    by: tuple[int, ...]


class Field(msgspec.Struct, frozen=True):
    """All that is said in a field; `differs` are the positions of the statements that contradict another one."""

    name: str
    differs: tuple[int, ...]
    said: tuple[Claim, ...]


class Subject(msgspec.Struct, frozen=True):
    """A record of a network."""

    network: str
    handle: str


class Opinion(msgspec.Struct, frozen=True):
    """What a network holds about a statement on the card and another record."""

    network: str
    network_name: str
    verdict: str
    reason: str
    subjects: tuple[Subject, ...]


class Beside(msgspec.Struct, frozen=True):
    """What stands on the card beside the fields of the statement asked for; newest confirmation first."""

    state: State
    confirm_within_days: int
    statements: list[listed("organization", Provenance, Standing)]  # type: ignore[valid-type]
    differences: tuple[str, ...]
    fields: list[Field]
    joins: tuple[cards.Why, ...]
    opinions: list[Opinion]
    contacts: list[listed("contact", Provenance)]  # type: ignore[valid-type]
    groups: list[listed("group", Provenance)]  # type: ignore[valid-type]
    events: list[listed("event", Provenance)]  # type: ignore[valid-type]
    exchanges: list[listed("exchange", Provenance)]  # type: ignore[valid-type]


PARAMETERS: dict[str, Parameter] = {"opinions": ("scope", SEARCHED["opinions"][1]), "network": SEARCHED["network"]}
"""Whose opinions count; whose record of that handle is meant. Spelt as everywhere."""

ADDRESSES = (
    Address(
        path="/api/v1/organizations/{handle}",
        summary="One organisation: what each network says of it, where they differ, why they are one",
        parameters=tuple(PARAMETERS),
        answers={JSON: listed("organization", Provenance, Beside)},
    ),
)


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    def answer(handle: str, wanted: Asked, reader: Reader) -> dict[str, Any]:
        scope = read_parameters(given(wanted), PARAMETERS)
        return card_item(cards.card(home.store, handle, reader, clock(), **scope))

    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        found = await run_in_threadpool(answer, request.path_params["handle"], await asked(request), reader)
        return sent(request, msgspec.json.encode(found), JSON, reader)

    return [Route("/api/v1/organizations/{handle}", endpoint, methods=["GET"])]


def card_item(card: Card) -> dict[str, Any]:
    """The statement asked for as an item, and the card; no field of a record overrules it."""
    return {
        **statement_item(card.statements[card.asked]),
        "statements": [statement_item(statement) for statement in card.statements],
        "differences": card.differences,
        "fields": [_field(field) for field in card.fields],
        "joins": card.why,
        "opinions": [
            Opinion(one.network, one.network_name, one.verdict, one.reason, tuple(Subject(*s) for s in one.subjects))
            for one in card.opinions
        ],
        "contacts": _items(card.contacts),
        "groups": _items(card.groups),
        "events": _items(card.events),
        "exchanges": _items(card.exchanges),
    }


def statement_item(statement: Statement) -> dict[str, Any]:
    """A statement as a search gives it, and whether it can be relied on still."""
    return {**item(statement.hit), "state": statement.state, "confirm_within_days": statement.days}


def _items(related: Iterable[Related]) -> list[dict[str, Any]]:
    return [item(one.hit) for one in related]


def _field(field: Compared) -> Field:
    return Field(field.name, field.differs, tuple([Claim(_value(said.value), said.by) for said in field.said]))


def _value(value: Any) -> Any:
    match value:
        case (str() as tag, str() as text):
            return {"language": tag, "text": text}
        case _:
            return value
