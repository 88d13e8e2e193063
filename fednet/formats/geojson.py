"""GeoJSON (RFC 7946) in: features with flat properties are rows of a table, one property a column."""

from __future__ import annotations

from typing import Any

from fednet.formats.reading import MAX_CELL_CHARACTERS, MAX_ROWS, UnreadableFileError
from fednet.formats.table import Row, Sheet, cleaned
from fednet.formats.workbook import MAX_COLUMNS


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

    Properties that are numbers are codes of the map's own, and left out.
    """
    properties = [f["properties"] if isinstance(f.get("properties"), dict) else {} for f in features]
    return table_of_objects([{k: v for k, v in one.items() if not isinstance(v, int | float)} for one in properties])


def table_of_objects(objects: list[dict[str, Any]]) -> Sheet:
    """Plain JSON objects as a sheet: texts, numbers and lists of them are cells; other values are left out."""
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
        case _:
            return ""
