"""What an address for programs is: its path, its parameters, what it answers. `openapi` tells all of them.

Each module that answers programs lists its addresses as `ADDRESSES`; `app` hands them to `openapi`. So a parameter or
an answer is said once: in the mapping that reads it, and in the Struct that is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from fednet.listing import KINDS

T = TypeVar("T")

JSON = "application/json"


class Described(msgspec.Struct, frozen=True):
    """A parameter as it is told: what it does, and the JSON Schema of its value, an array where it may be repeated."""

    name: str
    description: str
    schema: Mapping[str, Any] = msgspec.field(default_factory=lambda: {"type": "string"})
    example: Any = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One address. `path` names its variable parts in braces; `openapi.PARAMETERS` describes the `parameters` that are
    given by name, and those parts.

    `answers` says what there is by media type, the usual one first: a type (its JSON Schema is made by msgspec), a JSON
    Schema, or None for a file. What takes POST takes the same parameters in the body. `refusals` are statuses besides
    those that any address may answer with. `tag` is the heading under which it is told.
    """

    path: str
    summary: str
    answers: Mapping[str, Any]
    parameters: tuple[str | Described, ...] = ()
    methods: tuple[str, ...] = ("GET",)
    refusals: tuple[int, ...] = ()
    tag: str = "directory"
    description: str = ""


class Understood(msgspec.Struct, frozen=True):
    """Words that are nowhere, and those that were looked for instead."""

    typed: str
    shown: tuple[str, ...]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of what was found. `facets` counts all of it; `next` is the cursor of the next page, null at the end.

    What several networks list is one item and counts once.
    """

    total: int
    items: list[T]
    facets: dict[str, dict[str, int]]
    next: str | None
    understood: list[Understood] = []


class Naming(msgspec.Struct, frozen=True):
    """A network's id and what it calls itself."""

    network: str
    name: str


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not answered: a word for programs, a sentence for people, and what to do about it."""

    error: str
    detail: str
    hint: str | None = None


@cache
def listed(kind: str, provenance: type[msgspec.Struct], *more: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The type of an item: the fields of a kind of record beside those that say where it comes from; one a name."""
    fields = [
        (field.name, field.type, field.default_factory() if callable(field.default_factory) else field.default)
        for struct in (provenance, *more)
        for field in msgspec.structs.fields(struct)
    ]
    written = [
        (name, type_) if default is msgspec.NODEFAULT else (name, type_, default) for name, type_, default in fields
    ]
    base = KINDS[kind]
    more_of_it = "".join(struct.__name__ for struct in more)
    return msgspec.defstruct(f"Listed{base.__name__}{more_of_it}", written, bases=(base,), tag=kind, kw_only=True)
