"""The order in which Unicode wants the letters of a Burmese syllable (UTN #11), whatever order they were typed in."""

from __future__ import annotations

import re

CONSONANTS = "\u1000-\u102a\u103f\u104e"
KINZI = "\u1004\u103a\u1039"

_ORDER = {mark: place for place, mark in enumerate("\u103b\u103c\u103d\u103e\u1031\u102d\u102e\u1032\u102f\u1030")}
_AA = "\u102b\u102c"
_MARKS = re.compile("(?P<marks>[\u102b-\u1032\u1036-\u1038\u103a-\u103e]{2,})")
_LATE = "\u102b-\u1032\u1036-\u1038\u103b-\u103e"
_STACKED_LATE = re.compile(rf"(?<![{_LATE}])([{_LATE}]+)((?:\u1039[{CONSONANTS}])+)")
_ZERO = re.compile(
    "(?<![\u1040-\u1049])\u1040(?=[\u1000-\u1021\u102b-\u103e])|(?<=[\u102b-\u103f])\u1040(?![\u1040-\u1049])"
)
_TWICE = (
    ("\u1025\u103a", "\u1009\u103a"), ("\u1025\u1037\u103a", "\u1009\u1037\u103a"), ("\u1025\u1039", "\u1009\u1039"),
    ("\u1025\u102e", "\u1026"), ("\u1005\u103b", "\u1008"), ("\u101e\u103c\u1031\u102c\u103a", "\u102a"),
    ("\u101e\u103c", "\u1029"),
)  # fmt: skip


def ordered(text: str) -> str:
    """The same Burmese in one order and one spelling: medials, vowels, tones; a zero that was typed for WA is WA."""
    text = _ZERO.sub("\u101d", text)
    text = _STACKED_LATE.sub(r"\2\1", text)
    text = _MARKS.sub(_in_order, text)
    for typed, meant in _TWICE:
        text = text.replace(typed, meant)
    return text


def _in_order(found: re.Match[str]) -> str:
    marks = dict.fromkeys(found["marks"])
    first = sorted((mark for mark in marks if mark in _ORDER), key=_ORDER.__getitem__)
    tall = [mark for mark in marks if mark in _AA]
    killed = ["\u103a"] if "\u103a" in marks else []
    if "\u102d" in first and "\u102e" in first:
        first.remove("\u102d")
    if "\u102f" in first and "\u1030" in first:
        first.remove("\u1030")
    last = [mark for mark in "\u1036\u1037" if mark in marks]
    end = ["\u1038"] if "\u1038" in marks else []
    # Asat follows the long vowel of ော်; elsewhere it belongs to the consonant.
    if tall and ("\u1031" in marks or "\u102b" in marks):
        parts = [*first, *tall, *killed, *last, *end]
    elif killed and not (first or tall):
        parts = [*last, *killed, *end]
    else:
        parts = [*killed, *first, *tall, *last, *end]
    return "".join(parts)
