"""OpenAPI 3.1 of this node, made from the lists of addresses and the types of their answers; and a page that shows it.

`/openapi.json` is for programs, `/docs` for people: the same, without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.exchange import Wanted
from fednet.directory.query import Confirmed, Scope, Sort
from fednet.directory.search import PUBLIC
from fednet.listing import vocabulary
from fednet.node.address import base_url
from fednet.node.home import Home
from fednet.web.programs.addresses import JSON, Address, Described, Refusal
from fednet.web.sending import sent
from fednet.web.show import Templates

SPEC = "3.1.0"
VERSION = "1"

HTML = "text/html"
FORM = "application/x-www-form-urlencoded"

TEXT = {"type": "string"}
DAY = {"type": "string", "format": "date"}
YES = {"type": "string", "enum": ["yes", "no", "true", "false", "1", "0"]}


def several(values: Iterable[str] = ()) -> dict[str, Any]:
    """The schema of a parameter that may be given several times; `values` are codes, and names will do as well."""
    examples = list(values)
    return {"type": "array", "items": {"type": "string"} | ({"examples": examples} if examples else {})}


def _one_of(choices: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(get_args(choices))}


_DESCRIBED = (
    Described("text", "Words, in any language and script; `q` for short.", TEXT, "legal aid"),
    Described("country", "Country served or of seat: ISO 3166 code or name.", several(), ["TH"]),
    Described("region", "UN M49 region, by code or name, with all countries in it.", several(), ["035"]),
    Described("service", "What is done: a code, or a name in any language.", several(vocabulary.SERVICES.codes)),
    Described("client_group", "For whom: a code, or a name.", several(vocabulary.CLIENT_GROUPS.codes)),
    Described("language", "Language spoken: BCP 47 tag or name.", several(), ["my"]),
    Described("network", "Listed by: a network's id, name or initials.", several()),
    Described("kind", "Kind of record.", several()),
    Described("seat", "Country of the seat, wherever it works.", several(), ["CH"]),
    Described("refugee_led", "Led by refugees, by its own word; or not.", YES),
    Described("confirmed", "Whether the last confirmation holds.", _one_of(Confirmed)),
    Described("near", "Latitude and longitude in degrees, or a place that records name.", TEXT, "16.71,98.57"),
    Described("within", "Kilometres from there; else 50.", {"type": "integer", "minimum": 1, "maximum": 20_100}),
    Described("sort", "The order.", _one_of(Sort)),
    Described("opinions", "Whose word counts on what is one organisation.", _one_of(Scope)),
    Described("why", "Say with each item why it was found.", YES),
    Described("limit", "At most so many, from 1 to 1000.", {"type": "integer", "minimum": 1, "maximum": 1000}),
    Described("cursor", "`next` of an earlier answer.", TEXT),
    Described("since", "First day; `from` is the same.", DAY, "2026-11-21"),
    Described("from", "First day.", DAY, "2026-11-21"),
    Described("until", "Last day; `to` is the same.", DAY, "2026-12-21"),
    Described("to", "Last day.", DAY, "2026-12-21"),
    Described("type", "Type of event, or of organisation: a code or a name.", several()),
    Described("zone", "Time zone that times are given in, as Asia/Bangkok.", TEXT, "Asia/Bangkok"),
    Described("start", "When it begins: a local time of `zone`.", TEXT, "2026-12-02T10:00"),
    Described("end", "When it ends: a local time of `zone`.", TEXT, "2026-12-02T11:30"),
    Described("rrule", "How it repeats (RFC 5545, 3.3.10).", TEXT, "FREQ=WEEKLY;COUNT=6"),
    Described("audience", "For whom an event is, as its record says it.", several()),
    Described("theme", "What it is about: a service or client group.", several(vocabulary.THEMES.codes)),
    Described("modality", "How something is done: a code or a name.", several(vocabulary.MODALITIES.codes)),
    Described("stage", "Traditional, new or emerging resettlement country.", several(vocabulary.STAGES.codes)),
    Described("state", "How it stands today; else what is open, also where somebody was introduced.", _one_of(Wanted)),
    Described("unmet", "Only open needs that nothing fits.", YES),
    Described("host", "Who holds an event, convenes it or speaks: a name or a handle.", several()),
    Described("uid", "The UID or handle of the event that is planned, which is no clash with itself.", TEXT),
    Described("handle", "The handle of a record.", TEXT),
    Described("format", "Another form of the same answer, instead of an Accept header.", TEXT),
)
PARAMETERS = {one.name: one for one in _DESCRIBED}
"""What each parameter is, by its name, which is the same everywhere."""

_ALWAYS = (400, 401, 408, 413, 421, 429, 503)
"""How any address may refuse; more than that an address says itself."""


def routes(home: Home, templates: Templates, addresses: Iterable[Address]) -> list[Route]:
    """`/openapi.json` and `/docs` for all addresses."""
    known = tuple(addresses)
    described = document(known, home.config.name, base_url(home.config.url) if home.config.url else "/")
    encoded = msgspec.json.encode(described)

    def openapi(request: Request) -> Response:
        return sent(request, encoded, JSON, PUBLIC)

    def docs(request: Request) -> Response:
        page = templates.page("docs.html", request, tags=told(known), shapes=shapes(described))
        return sent(request, bytes(page.body), "text/html; charset=utf-8", PUBLIC)

    return [Route("/openapi.json", openapi, methods=["GET"]), Route("/docs", docs, methods=["GET"])]


OWN = (
    Address(
        path="/openapi.json",
        summary="This description",
        answers={JSON: {"type": "object", "required": ["openapi", "info", "paths"]}},
        tag="node",
    ),
    Address(path="/docs", summary="This description, as a page", answers={HTML: None}, tag="node"),
    Address(path="/healthz", summary="`ok` while the node answers", answers={"text/plain": None}, tag="node"),
    Address(
        path="/readyz",
        summary="`ok` while its database answers, too",
        answers={"text/plain": None},
        refusals=(404, 500),
        tag="node",
    ),
)
"""What belongs to no other module."""


def document(addresses: Iterable[Address], name: str, url: str) -> dict[str, Any]:
    """The OpenAPI document of a node of that name, at that address."""
    known = tuple(addresses)
    types = list(dict.fromkeys(answer for one in known for answer in one.answers.values() if _is_type(answer)))
    references, schemas = msgspec.json.schema_components([*types, Refusal], ref_template="#/components/schemas/{name}")
    referred = dict(zip([*types, Refusal], references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in known:
        for method in one.methods:
            paths.setdefault(one.path, {})[method.lower()] = _operation(one, method, referred)
    return {
        "openapi": SPEC,
        "info": {
            "title": name,
            "version": VERSION,
            "summary": "What networks list, verified by this node.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in known)],
        "paths": paths,
        "components": {"schemas": schemas, "responses": _refusals(known, referred[Refusal])},
    }


def _is_type(answer: Any) -> bool:
    return answer is not None and not isinstance(answer, Mapping)


def _operation(address: Address, method: str, referred: Mapping[Any, Any]) -> dict[str, Any]:
    asked = [parameter(one) for one in address.parameters]
    parts = [parameter(part) for part in re.findall(r"{(\w+)}", address.path)]
    described = {"description": address.description} if address.description else {}
    body = {"requestBody": _body(asked)} if method == "POST" else {}
    return {
        "operationId": f"{method.lower()}{_words(address.path)}",
        "tags": [address.tag],
        "summary": address.summary,
        **described,
        "parameters": [
            *(_parameter(one, "path") for one in parts),
            *(_parameter(one, "query") for one in asked if method != "POST"),
        ],
        **body,
        "responses": _responses(address, referred),
    }


def _words(path: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", path)) or "Search"


def parameter(named: str | Described) -> Described:
    """What a parameter is; one that nobody has described is a text."""
    return named if isinstance(named, Described) else PARAMETERS.get(named) or Described(named, "")


def _parameter(one: Described, place: str) -> dict[str, Any]:
    example = {"example": one.example} if one.example is not None else {}
    several = {"style": "form", "explode": True} if one.schema.get("type") == "array" else {}
    required = {"required": True} if place == "path" else {}
    return {
        "name": one.name,
        "in": place,
        "description": one.description,
        **required,
        **several,
        "schema": dict(one.schema) if place == "path" else _or_nothing(one.schema),
        **example,
    }


_NOTHING: tuple[dict[str, Any], ...] = ({"type": "string", "maxLength": 0}, {"type": "array", "maxItems": 0})


def _or_nothing(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What is empty counts as not given."""
    told = schema.keys() & {"enum", "format", "pattern", "minLength"}
    plain = schema.get("type") == "array" or (schema.get("type") == "string" and not told)
    return dict(schema) if plain else {"anyOf": [dict(schema), _NOTHING[0]]}


def _body(asked: Iterable[Described]) -> dict[str, Any]:
    """The parameters of a GET as an object: one value, several where that makes sense, or null for none."""
    described = list(asked)
    nothing = [*_NOTHING, {"type": "null"}]
    number = {"type": "integer"}  # is taken for the text that it is written as
    properties = {one.name: {"anyOf": [*_values(one.schema), number, *nothing]} for one in described}
    schema = {"type": "object", "properties": properties, "additionalProperties": {"anyOf": nothing}}
    fields = {one.name: _or_nothing(one.schema) for one in described}
    form = {"type": "object", "properties": fields, "additionalProperties": _NOTHING[0]}
    return {
        "description": "The same parameters, for what no log should keep. What is empty counts as not given.",
        "content": {JSON: {"schema": schema}, FORM: {"schema": form}},
    }


def _values(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    single = schema.get("items") if schema.get("type") == "array" else None
    return [dict(schema), *([dict(single)] if single else [])]


def _responses(address: Address, referred: Mapping[Any, Any]) -> dict[str, Any]:
    page = "Page" if HTML in address.answers else ""
    refused = {str(status): {"$ref": f"#/components/responses/Refused{page}{status}"} for status in _statuses(address)}
    content = {media: {"schema": _schema(answer, referred)} for media, answer in address.answers.items()}
    return {
        "200": {"description": address.summary, "content": content},
        "304": {"description": "Nothing has changed since the answer that the If-None-Match header names."},
        **refused,
    }


def _schema(answer: Any, referred: Mapping[Any, Any]) -> dict[str, Any]:
    if answer is None:
        return {"type": "string"}
    return dict(referred[answer] if _is_type(answer) else answer)


def _statuses(address: Address) -> list[int]:
    found = {*_ALWAYS, *address.refusals, *([404] if "{" in address.path or "network" in address.parameters else [])}
    return sorted(found)


def _refusals(addresses: Iterable[Address], reference: Any) -> dict[str, Any]:
    """Each refusal once: in JSON, and for addresses that are pages as a page, too."""
    known = list(addresses)
    content = {JSON: {"schema": reference}}
    found: dict[str, Any] = {}
    for address in known:
        page = HTML in address.answers
        for status in _statuses(address):
            name = f"Refused{'Page' if page else ''}{status}"
            media = content | ({HTML: {"schema": {"type": "string"}}} if page else {})
            found[name] = {"description": HTTPStatus(status).phrase, "content": media}
    return dict(sorted(found.items()))


# --- for people -------------------------------------------------------------------------------------------------------


def told(addresses: Iterable[Address]) -> dict[str, list[tuple[Address, list[Described]]]]:
    """The addresses under their headings, each with its parameters."""
    found: dict[str, list[tuple[Address, list[Described]]]] = {}
    for one in addresses:
        found.setdefault(one.tag, []).append((one, [parameter(name) for name in one.parameters]))
    return found


def shapes(described: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The types of all answers: their fields, and what each is, in words."""
    schemas = described["components"]["schemas"]
    return {
        name: [(field, in_words(schema)) for field, schema in one.get("properties", {}).items()]
        for name, one in schemas.items()
        if one.get("properties")
    }


def in_words(schema: Mapping[str, Any]) -> str:
    """`list of Naming`, `text or null`, `object of whole numbers`."""
    match schema:
        case {"$ref": reference}:
            return str(reference).rpartition("/")[2]
        case {"anyOf": options}:
            return " or ".join(map(in_words, options))
        case {"enum": values}:
            return ", ".join(map(str, values))
        case {"type": "array", "items": items}:
            return f"list of {in_words(items)}"
        case {"type": "object", "additionalProperties": dict() as values}:
            return f"object of {in_words(values)}"
        case {"type": str() as name}:
            return _WORDS.get(name, name)
        case _:
            return "anything"


_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}


def every(*lists: Iterable[Address]) -> Iterator[Address]:
    """The addresses of all modules, in the order told, each path once."""
    seen: set[str] = set()
    for one in (address for addresses in lists for address in addresses):
        if one.path not in seen:
            seen.add(one.path)
            yield one
