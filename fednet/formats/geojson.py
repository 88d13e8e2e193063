"""GeoJSON (RFC 7946) in: features with flat properties are rows of a table, one property a column."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fednet.formats.reading import MAX_CELL_CHARACTERS, MAX_ROWS, UnreadableFileError, shown
from fednet.formats.table import Row, Sheet, cleaned
from fednet.formats.workbook import MAX_COLUMNS

MAX_DEPTH = 3
"""Objects in objects that have columns of their own."""


def features_in(document: Any) -> list[dict[str, Any]] | None:
    """The features of a FeatureCollection, or of a bare array of them; None when the document is neither."""
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        document = document.get("features")
    if not isinstance(document, list) or not document:
        return None
    features = [one for one in document if isinstance(one, dict) and one.get("type") == "Feature"]
    return features if len(features) == len(document) else None


def table_of_features(features: list[dict[str, Any]]) -> Sheet:
    """The properties as a sheet. Line 1 is the header, so feature n (from 1) is line n + 1.

    Properties that are numbers are codes of the map's own, and left out. Where a feature is stands in the last column.
    """
    properties = [f["properties"] if isinstance(f.get("properties"), dict) else {} for f in features]
    numbers = {name: None for one in properties for name, value in one.items() if _is_number(value)}
    told = [
        {name: value for name, value in one.items() if not _is_number(value)} | _point(feature.get("geometry"))
        for one, feature in zip(properties, features, strict=True)
    ]
    notes = [f"properties that are numbers are left out: {', '.join(map(shown, numbers))}"] if numbers else []
    return msgspec.structs.replace(table_of_objects(told), notes=notes)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _point(geometry: Any) -> dict[str, str]:
    at = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if not isinstance(at, list) or len(at) < 2 or not all(map(_is_number, at)):
        return {}
    return {"geometry": f"{at[1]}, {at[0]}"}


def table_of_objects(objects: list[dict[str, Any]]) -> Sheet:
    """Plain JSON objects as a sheet: texts, numbers and lists of them are cells, and so are objects of answers.

    Of `{"Syrians only": true, "Women": false}` that is `Syrians only`. Other objects have a column for each member,
    `seat.country`; what is nested in any other way is JSON.
    """
    objects = [_flat(one) for one in objects[: MAX_ROWS + 1]]
    if len(objects) > MAX_ROWS:
        raise UnreadableFileError(f"more than {MAX_ROWS:,} objects", hint="split the file and import its parts")
    headers = list(dict.fromkeys(name for one in objects for name, value in one.items() if _cell(value)))[:MAX_COLUMNS]
    rows = [Row(1, headers)]
    too_long: list[int] = []
    for line, one in enumerate(objects, 2):
        cells = [_cell(one.get(header)) for header in headers]
        if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
            too_long.append(line)
        else:
            rows.append(Row(line, cells))
    return Sheet("", rows, too_long)


def _flat(value: dict[str, Any], within: str = "", depth: int = 0) -> dict[str, Any]:
    """Without objects in objects, but for those of answers."""
    found: dict[str, Any] = {}
    for name, one in value.items():
        if isinstance(one, dict) and not _is_answers(one) and depth < MAX_DEPTH:
            found |= _flat(one, f"{within}{name}.", depth + 1)
        else:
            found[f"{within}{name}"] = one
    return found


def _is_answers(value: dict[str, Any]) -> bool:
    return all(isinstance(one, bool | int | float) for one in value.values())


def _cell(value: Any) -> str:
    match value:
        case str():
            return cleaned(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list() if all(isinstance(item, str | int) for item in value):
            return "; ".join(str(item) for item in value)
        case dict() if _is_answers(value):
            given = (
                cleaned(name) if one in (True, 1) else f"{cleaned(name)}: {one}" for name, one in value.items() if one
            )
            return "; ".join(given)
        case list() | dict() if value:
            return _json(value)
        case _:
            return ""


def _json(value: Any) -> str:
    try:
        return cleaned(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "..."
