"""The text of an iCalendar file as it is written (RFC 5545, 3.1): content lines, escaped, folded, with CRLF.

Lines of a vCard are escaped and folded in the same way (RFC 6350, 3.2 and 3.4).

line("SUMMARY", text("Voies; issues"), LANGUAGE="fr")   ->   SUMMARY;LANGUAGE=fr:Voies\\; issues
"""

from __future__ import annotations

MAX_OCTETS = 75
"""Of one line, without its CRLF (RFC 5545, 3.1)."""

_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_CONTROLS = dict.fromkeys({*range(0x20), 0x7F} - {0x09, 0x0A})
_LINE_BREAKS = {0x2028: "\n", 0x2029: "\n", 0x85: "\n"}


def text(value: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11). Characters that the standard has no room for are left out."""
    return value.replace("\r\n", "\n").translate(_LINE_BREAKS).translate(_CONTROLS).translate(_ESCAPES)


def uri(value: str) -> str:
    """A URI as a value: nothing in it can end the line."""
    return "".join(value.split()).translate(_CONTROLS)


def line(name: str, value: str, **parameters: str) -> bytes:
    """One content line; empty parameters are left out, others quoted where they must be."""
    given = "".join(f";{key}={_parameter(given)}" for key, given in parameters.items() if given)
    return folded(f"{name}{given}:{value}")


def _parameter(value: str) -> str:
    plain = value.translate(_CONTROLS | {0x22: "'", 0x0A: " "})
    return f'"{plain}"' if any(mark in plain for mark in ":;,") else plain


def folded(content: str) -> bytes:
    """A line cut after at most 75 octets, never inside a character: the next begins with a space."""
    octets = content.encode("utf-8", "replace")
    if len(octets) <= MAX_OCTETS:
        return octets + b"\r\n"
    parts, at, room = [], 0, MAX_OCTETS
    while at < len(octets):
        end = min(at + room, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(octets[at:end])
        at, room = end, MAX_OCTETS - 1
    return b"\r\n ".join(parts) + b"\r\n"
