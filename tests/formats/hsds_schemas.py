"""The judge of HSDS: its own schemas, closed, so that no unknown field passes, and with formats that are checked.

They are not part of the repository (CC BY-SA 4.0), but lie beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from fednet.formats.hsds_profile import PATCHES

SCHEMAS = Path(__file__).parents[2] / "../shared/data/schemas"
HSDS = SCHEMAS / "hsds-3.0"
MOCKS = SCHEMAS / "oruk-mocks"
FORMATS = FormatChecker()

needed = pytest.mark.skipif(
    not HSDS.exists() and not os.environ.get("CI"), reason="the schemas of HSDS are not on this machine"
)


def merged(schema: Any, patch: Any) -> Any:
    """RFC 7386, section 2."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(schema) if isinstance(schema, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def closed(schema: Any) -> Any:
    """The schema with every object closed, and with days and instants as formats."""
    match schema:
        case dict():
            found = {name: closed(value) for name, value in schema.items()}
            if isinstance(found.get("properties"), dict):
                found["additionalProperties"] = False
            if found.get("datapackage_type") == "date":
                found["format"] = "date"
            return found
        case list():
            return [closed(one) for one in schema]
        case _:
            return schema


def schemas(profile: bool) -> dict[str, Any]:
    """The schemas by file name, those that answers of the API have in addition put in, as HSDS compiles them."""
    found = {path.name: json.loads(path.read_text("utf-8")) for path in (HSDS / "schema").glob("*.json")}
    found["organization.json"]["properties"]["services"] = {"type": "array", "items": {"$ref": "service.json"}}
    found["service_at_location.json"]["properties"]["service"] = {"$ref": "service.json"}
    if profile:
        found = {name: merged(schema, PATCHES.get(name, {})) for name, schema in found.items()}
    page = found.pop("openapi.json")["components"]["schemas"]["Page"]
    page["properties"]["contents"] = {"type": "array"}
    page["required"] = list(page["properties"])
    return {name: closed(schema) for name, schema in found.items()} | {"page.json": closed(page)}


def validator(name: str, profile: bool = False) -> Draft202012Validator:
    """Judges one object of that schema."""
    every = schemas(profile)
    registry: Registry[Any] = Registry().with_resources(
        (file, Resource.from_contents(schema, default_specification=DRAFT202012)) for file, schema in every.items()
    )
    return Draft202012Validator({"$ref": name}, registry=registry, format_checker=FORMATS)


def formats(schema: Any) -> Iterator[str]:
    """Every format that a schema names."""
    if isinstance(schema, dict):
        if isinstance(named := schema.get("format"), str) and schema.get("type") == "string":
            yield named
        for value in schema.values():
            yield from formats(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from formats(value)
