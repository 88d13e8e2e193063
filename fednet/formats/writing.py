"""What every writer is given: records as rows, and where each can be read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Exported = tuple[str, str, dict[str, Any]]
"""Network, handle and fields of one record."""

Circles = Mapping[tuple[str, str], str]
"""Who may read a record, by its network and handle: a handle alone is anybody's."""

PageOf = Callable[[str, str], str | None]
"""The address of the page of a record, by kind and handle; None for one that has none."""


def degrees(millionths: int) -> str:
    """A coordinate in degrees with a point, without trailing zeros (RFC 5870, 3.3)."""
    return f"{millionths / 1_000_000:.6f}".rstrip("0").rstrip(".")


def without_controls(value: Any) -> Any:
    """A value whose texts hold no control character but tab and line end, and its names none at all."""
    match value:
        case str():
            return value.translate(_CONTROLS)
        case dict():
            return {name.translate(_CONTROLS | _SPACING): without_controls(inner) for name, inner in value.items()}
        case list():
            return [without_controls(one) for one in value]
        case _:
            return value


_SPACING = dict.fromkeys((0x09, 0x0A))
_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF} - _SPACING.keys())
