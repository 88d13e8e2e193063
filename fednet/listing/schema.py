"""JSON Schemas of record bodies, generated from the types: `python -m fednet.listing.schema protocol/schemas`.

One file a kind, JSON Schema draft 2020-12. They say what a body must be to be shown; unknown fields are allowed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from fednet.listing.record import KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = "https://fednet.example/schemas/v1/{kind}.json"


def schema(kind: str) -> dict[str, Any]:
    """The schema of one kind of record; every definition it needs is in its `$defs`."""
    (reference,), definitions = msgspec.json.schema_components([KINDS[kind]], ref_template="#/$defs/{name}")
    name = reference["$ref"].rpartition("/")[2]
    body: dict[str, Any] = definitions.pop(name)
    head = {"$schema": DIALECT, "$id": IDENTIFIER.format(kind=kind)}
    return head | body | ({"$defs": definitions} if definitions else {})


def files() -> dict[str, str]:
    """File name to content, the same on every run."""
    return {
        f"{kind}.json": json.dumps(schema(kind), indent=2, ensure_ascii=False, sort_keys=True) + "\n" for kind in KINDS
    }


def main(folder: str) -> None:
    """Writes all schemas into a folder."""
    for name, content in files().items():
        (Path(folder) / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
