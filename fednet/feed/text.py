"""The strict spellings that every line of the protocol is made of: numbers, base64, hexadecimal, times.

A spelling that two parsers could read differently is refused: no sign, underscore, leading zero or non-ASCII digit
in a number, no unpadded or non-canonical base64, no upper-case hexadecimal.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from fednet.errors import MalformedError

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


def number(text: str, what: str = "a number") -> int:
    """ASCII decimal digits without sign, underscore or leading zero, below 10^19."""
    if not _NUMBER.fullmatch(text):
        raise MalformedError(f"{what}: expected decimal digits, found {shown(text)}")
    return int(text)


def base64_bytes(text: str | bytes, size: int | None = None, what: str = "base64") -> bytes:
    """RFC 4648 section 4, padded, canonical; of exactly `size` bytes when given."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        found = a2b_base64(raw, strict_mode=True)
    except (Base64Error, ValueError):
        raise MalformedError(f"{what}: not base64: {shown(raw)}") from None
    if b64encode(found) != raw:
        raise MalformedError(f"{what}: not canonical base64: {shown(raw)}")
    if size is not None and len(found) != size:
        raise MalformedError(f"{what}: expected {size} bytes, found {len(found)}")
    return found


def base64_text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def hex_bytes(text: str, size: int | None = None, what: str = "hexadecimal") -> bytes:
    """Lower-case hexadecimal; of exactly `size` bytes when given."""
    if not _HEX.fullmatch(text):
        raise MalformedError(f"{what}: expected lower-case hexadecimal, found {shown(text)}")
    if size is not None and len(text) != 2 * size:
        raise MalformedError(f"{what}: expected {2 * size} digits, found {len(text)}")
    return bytes.fromhex(text)


_PARTS = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))


def utc_time(text: str, what: str = "a time") -> datetime:
    """`2026-11-21T18:00:00Z`: RFC 3339, whole seconds, UTC."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        year, month, day, hour, minute, second = (int(text[start:end]) for start, end in _PARTS)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise MalformedError(f"{what}: expected a time like 2026-11-21T18:00:00Z, found {shown(text)}") from None


def utc_text(moment: datetime) -> str:
    """The spelling of `utc_time`; fractions of a second are cut off."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y}".zfill(4) + f"{moment:-%m-%dT%H:%M:%SZ}"


def utf8(raw: bytes, what: str = "text") -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError(f"{what}: not valid UTF-8") from None


def shown(found: str | bytes, limit: int = 60) -> str:
    """Foreign text made safe and short for a message."""
    text = repr(found)
    return text if len(text) <= limit else text[:limit] + "..."


_INVISIBLE = {"Cc", "Cs", "Co", "Zl", "Zp"}
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: object) -> str:
    """Foreign text as one line that a terminal shows and does not obey: no control characters, no forced directions."""
    shown = str(text)
    if shown.isascii() and shown.isprintable():
        return shown
    kept = (" " if unicodedata.category(char) in _INVISIBLE else char for char in shown if char not in _DIRECTIONS)
    return " ".join("".join(kept).split())


T = TypeVar("T")


def json_value(decoder: msgspec.json.Decoder[T], raw: bytes, what: str) -> T:
    """What a typed decoder makes of foreign JSON, or MalformedError."""
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"{what}: {shown(str(error), 200)}") from None  # it may repeat foreign text at length
