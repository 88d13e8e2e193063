"""The HSDS profile: what a network's listing says that HSDS 3.0 has no field for.

A profile is one JSON Merge Patch (RFC 7386) for each schema that it changes, under that schema's file name (HSDS 3.0,
"Profiles Reference"): `python -m fednet.formats.hsds_profile protocol/hsds/profile` writes them. Everything is optional
and added; nothing of HSDS is changed, so that an object without these fields is one of plain HSDS.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROFILE_VERSION = "1.0.0"
TITLE = "Networks for refugee rights: members, circles and sources"

_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


def _field(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "title": name.replace("_", " ").title(), "description": description, **schema}


def _object(required: list[str], **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_MEMBERSHIP = _object(
    [],
    category=_field("category", "What kind of member, in the words of the network.", _TEXT),
    since=_field("since", "The day, month or year in which it became a member (ISO 8601).", _TEXT),
    until=_field("until", "The day, month or year in which the membership ends or ended (ISO 8601).", _TEXT),
)
_CONFIRMED = _object(
    ["at"],
    at=_field("at", "The day or instant (ISO 8601).", _TEXT),
    by=_field("by", "Who said so: a role or an organisation.", _TEXT),
)
_SOURCE = _object(
    ["network", "network_name", "handle", "epoch", "edition"],
    network=_field("network", "The id of the network that signed the statement: it names its keys.", _TEXT),
    network_name=_field("network_name", "What the network calls itself.", _TEXT),
    handle=_field("handle", "The record's handle within its network.", {"type": "string", "format": "uuid"}),
    epoch=_field("epoch", "The period of the network's keys.", {"type": "integer"}),
    edition=_field("edition", "The newest signed edition in which the record stands.", {"type": "integer"}),
    verified_at=_field(
        "verified_at", "When this node last verified that edition.", {"type": "string", "format": "date-time"}
    ),
    confirmed=_field("confirmed", "When and by whom it was last said that all is still right.", _CONFIRMED),
    expired=_field("expired", "The network should have signed a newer edition by now.", {"type": "boolean"}),
    frozen=_field(
        "frozen", "The network has contradicted itself; this is what was agreed before.", {"type": "boolean"}
    ),
)

PATCHES: dict[str, dict[str, Any]] = {
    "organization.json": {
        "properties": {
            "names": _field("names", "The name by language (BCP 47 tag).", _TEXTS),
            "descriptions": _field("descriptions", "The description by language (BCP 47 tag).", _TEXTS),
            "original_language": _field("original_language", "In which language the texts were written.", _TEXT),
            "former_names": _field("former_names", "Names that it had before.", _list(_TEXT)),
            "countries_served": _field(
                "countries_served",
                "Where it works: ISO 3166-1 alpha-2 codes, or UN M49 codes of regions.",
                _list(_TEXT),
            ),
            "languages_spoken": _field("languages_spoken", "Languages that it works in (BCP 47).", _list(_TEXT)),
            "groups": _field("groups", "Handles of the network's groups that it belongs to.", _list(_TEXT)),
            "refugee_led": _field(
                "refugee_led", "Whether it is led by refugees, by its own word alone.", {"type": "boolean"}
            ),
            "membership": _field(
                "membership", "What kind of member of the network it is, and since when.", _MEMBERSHIP
            ),
            "circle": _field("circle", "Who may read the record: `public`, or a circle that the asker is in.", _TEXT),
            "source": _field("source", "Which network says this, in which edition.", _SOURCE),
            "same_as": _field(
                "same_as",
                "Ids of what other networks say of the same organisation, as far as this node can tell.",
                _list({"type": "string", "format": "uuid"}),
            ),
        }
    },
    "openapi.json": {
        "info": {"title": TITLE, "version": PROFILE_VERSION},
        "components": {
            "parameters": {
                "profile": {
                    "name": "profile",
                    "in": "query",
                    "required": False,
                    "description": "Write the fields of the profile, too. Without it the answer is plain HSDS 3.0.",
                    "schema": {"type": "boolean"},
                }
            }
        },
    },
}
"""Merge patch by the file name of the HSDS schema that it extends."""


def description(address: str) -> dict[str, Any]:
    """What stands at the profile's own address: what it is, and where its files are."""
    return {
        "name": "fednet",
        "title": TITLE,
        "version": PROFILE_VERSION,
        "hsds": "3.0",
        "profile": {name: f"{address}/{name}" for name in PATCHES},
    }


def files() -> dict[str, str]:
    """File name to content, the same on every run."""
    return {name: json.dumps(patch, indent=2, sort_keys=True) + "\n" for name, patch in PATCHES.items()}


def main(folder: str) -> None:
    """Writes the patches into a folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (Path(folder) / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
