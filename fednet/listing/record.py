"""Bodies of records: the union of all kinds, read from bytes and written to them.

A body is one line of JSON (SPEC, section 5). Reading is lenient and total: what cannot be shown is None, never an
error, for one odd record must not stop a feed. Writing is RFC 8785 with integers only, so that equal records are
equal bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from fednet.listing.contact import Contact
from fednet.listing.event import Event
from fednet.listing.exchange import Exchange
from fednet.listing.fields import ListingError
from fednet.listing.group import Group
from fednet.listing.network import Network
from fednet.listing.opinion import Opinion
from fednet.listing.organization import Organization
from fednet.listing.person import Person
from fednet.listing.resource import Resource
from fednet.listing.twinning import Twinning

Listing = Organization | Contact | Person | Group | Event | Exchange | Resource | Opinion | Network | Twinning

KINDS: dict[str, type[Listing]] = {
    "organization": Organization,
    "contact": Contact,
    "person": Person,
    "group": Group,
    "event": Event,
    "exchange": Exchange,
    "resource": Resource,
    "opinion": Opinion,
    "network": Network,
    "twinning": Twinning,
}

MAX_DEPTH = 32
"""JSON nested deeper is stored, not shown (SPEC, section 8)."""

MAX_INTEGER = 2**53 - 1

_DECODER: msgspec.json.Decoder[Listing] = msgspec.json.Decoder(Listing)
_VALUES = msgspec.json.Decoder()
_SORTED = msgspec.json.Encoder(order="deterministic")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)  # one that never ends is gone through once
_BRACKETS = re.compile(rb"[\[{}\]]")


def parse(body: bytes) -> Listing | None:
    """The record in a body, or None when it is not shown.

    That is: no JSON object, not in the form that publishers write (RFC 8785), an unknown kind, a wrong shape, too deep.
    Never raises. Unknown fields are passed over (the exact bytes are kept elsewhere), unknown codes are kept.
    """
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        return None
    try:
        value = _VALUES.decode(body)
        return _DECODER.decode(body) if _SORTED.encode(value) == body or encode(value) == body else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ListingError):
        return None


def encode(fields: Mapping[str, Any]) -> bytes:
    """The body of a record: RFC 8785 canonical JSON, one line without its newline, integers below 2^53 only.

    Raises `ListingError` for what that form cannot hold: floats, larger integers, text that is not Unicode.
    """
    try:
        return msgspec.json.encode(_ordered(fields, "record", 1))
    except UnicodeEncodeError as error:
        raise ListingError("record", error.object, "is not Unicode text") from error


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _ordered(found: Any, field: str, depth: int) -> Any:
    match found:
        case str() | bool() | None:
            return found
        case int() if abs(found) <= MAX_INTEGER:
            return found
        case Mapping() | list() | tuple() if depth > MAX_DEPTH:
            raise ListingError(field, "...", f"is nested deeper than {MAX_DEPTH}")
        case Mapping():
            if not all(isinstance(name, str) for name in found):
                raise ListingError(field, str(found), "has a name that is not text")
            names = sorted(found, key=_utf16)
            return {name: _ordered(found[name], name, depth + 1) for name in names}
        case list() | tuple():
            return [_ordered(item, field, depth + 1) for item in found]
        case _:
            raise ListingError(
                field, str(found), "is not text, a whole number below 2^53, true, false, a list or an object"
            )


def _utf16(name: str) -> bytes:
    """RFC 8785, 3.2.3: names are sorted as arrays of UTF-16 code units."""
    return name.encode("utf-16-be", "surrogatepass")
