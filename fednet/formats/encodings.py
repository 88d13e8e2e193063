"""Bytes of a text file whose encoding nobody states.

A byte order mark decides. Else it is UTF-8 where that fits; UTF-16 by its zeros; and of the code pages of Windows the
one in which most of the bytes above ASCII are letters in use: Thai (874), Arabic (1256), else Western European (1252).
Lines that somebody pasted in from another encoding are read by themselves. Whatever was guessed is told.
"""

from __future__ import annotations

import codecs
import re

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NAMES = {
    "cp1252": "Windows-1252 (Western European)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp874": "Windows-874 (Thai)",
}
_LOOK = "if its letters look wrong, save it as UTF-8 and import it again"
_MOSTLY = 0.9
"""Of the lines with letters beyond ASCII: with more of them in UTF-8, that is what the file is."""

_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_THAI_CONSONANTS = frozenset(range(0xA1, 0xC0))  # in the Arabic code page signs that hardly occur
_ARABIC_LETTERS = frozenset(b"\xc7\xe1\xed\xe3\xe4\xe6\xd1\xca\xc8\xe5\xcf\xda\xc9\xcd\xd3\xdd\xde\xdf")


def decoded(content: bytes, notes: list[str]) -> str:
    """The text; what was guessed is added to `notes`. Never raises: what cannot be read becomes U+FFFD."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").removeprefix("\ufeff")
    if encoding := _utf16(content[:4096]):
        notes.append(f"the file was read as UTF-16; {_LOOK}")
        return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _mixed(content, notes)


def _utf16(sample: bytes) -> str:
    """UTF-16 without a mark: of the bytes of a comma or a line's end, whatever the script, every other one is zero.

    No other text has zeros, but for one that got in by mistake: what reads well without them, and has few, is UTF-8.
    """
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    few = (odd + even) * 4 < len(sample)
    if (odd + even) * 50 <= len(sample) or (few and _reads_well(sample.replace(b"\0", b""))):
        return ""
    return "utf-16-le" if odd > 9 * even else "utf-16-be" if even > 9 * odd else ""


def _reads_well(sample: bytes) -> bool:
    """Whether the beginning of a file is UTF-8 without control characters."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(text) is None


def _mixed(content: bytes, notes: list[str]) -> str:
    lines = content.splitlines(keepends=True)
    foreign = [at for at, line in enumerate(lines) if not line.isascii() and not _is_utf8(line)]
    beyond = sum(not line.isascii() for line in lines)
    page = _code_page(b"".join(lines[at] for at in foreign[:2_000]))
    if len(foreign) > (1 - _MOSTLY) * beyond:
        notes.append(f"the file is not UTF-8; it was read as {_NAMES[page]}; {_LOOK}")
        return content.decode(page, "replace")
    where = ", ".join(str(at + 1) for at in foreign[:5]) + (", ..." if len(foreign) > 5 else "")
    notes.append(f"{len(foreign)} lines are not UTF-8 like the others; read as {_NAMES[page]}: {where}; {_LOOK}")
    for at in foreign:
        lines[at] = lines[at].decode(page, "replace").encode()
    return b"".join(lines).decode("utf-8", "replace")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _code_page(sample: bytes) -> str:
    """The code page in which the bytes above ASCII make words; letters with accents stand alone among ASCII ones."""
    runs = _HIGH.findall(sample[: 256 << 10])
    high = b"".join(runs)
    if len(high) < 2 * len(runs):
        return "cp1252"
    thai = sum(byte in _THAI_CONSONANTS for byte in high)
    arabic = sum(byte in _ARABIC_LETTERS for byte in high)
    if thai * 5 > len(high):
        return "cp874"
    return "cp1256" if arabic * 2 > len(high) else "cp1252"
