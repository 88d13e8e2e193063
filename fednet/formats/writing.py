"""What every writer is given: records as rows, and where each can be read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Exported = tuple[str, str, dict[str, Any]]
"""Network, handle and fields of one record."""

PageOf = Callable[[str, str], str | None]
"""The address of the page of a record, by kind and handle; None for one that has none."""


def degrees(millionths: int) -> str:
    """A coordinate in degrees with a point, without trailing zeros (RFC 5870, 3.3)."""
    return f"{millionths / 1_000_000:.6f}".rstrip("0").rstrip(".")
