"""Burmese that was typed in Zawgyi: code points of Unicode's Myanmar block with other letters behind them.

Zawgyi has no order of its own but that of the pen: the vowel E and the medial RA stand before their consonant, kinzi
behind it, and stacked or joined letters have code points of their own. `to_unicode` gives every code point its letters
(as CLDR's transform `my-t-my-s0-zawgyi` does) and puts each syllable in the order of Unicode (UTN #11).
"""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING

from fednet.listing.burmese import CONSONANTS, KINZI, ordered

if TYPE_CHECKING:
    from myanmartools import ZawgyiDetector

SURE = 0.95
"""From this probability on a text is taken for Zawgyi: what myanmartools recommends."""
DOUBTFUL = 0.05
"""Above this one it may be: a query of few letters is then asked for both ways."""

_MYANMAR = re.compile("[\u1000-\u109f]")
_KINZI = "\ue000"  # stands for it until it is put before its consonant; no Zawgyi text has it

_STACKED = {
    "ၠ": "က", "ၡ": "ခ", "ၢ": "ဂ", "ၣ": "ဃ", "ၥ": "စ", "ၦ": "ဆ", "ၧ": "ဆ", "ၨ": "ဇ", "ၩ": "ဈ", "ၬ": "ဋ", "ၭ": "ဌ",
    "ၰ": "ဏ", "ၱ": "တ", "ၲ": "တ", "ၳ": "ထ", "ၴ": "ထ", "ၵ": "ဒ", "ၶ": "ဓ", "ၷ": "န", "ၸ": "ပ", "ၹ": "ဖ", "ၺ": "ဗ",
    "ၻ": "ဘ", "\u1093": "ဘ", "ၼ": "မ", "ႅ": "လ",
}  # fmt: skip
_LETTERS = {
    0x1033: "\u102f", 0x1034: "\u1030", 0x1039: "\u103a", 0x103A: "\u103b", 0x103B: "\u103c", 0x103C: "\u103d",
    0x103D: "\u103e", 0x104E: "၎င်း", 0x105A: "\u102b\u103a", 0x1064: _KINZI, 0x106A: "ဉ", 0x106B: "ည",
    0x106E: "ဍ္ဍ", 0x106F: "ဍ္ဎ", 0x107D: "\u103b", **dict.fromkeys(range(0x107E, 0x1085), "\u103c"), 0x1086: "ဿ",
    0x1087: "\u103e", 0x1088: "\u103e\u102f", 0x1089: "\u103e\u1030", 0x108A: "\u103d\u103e",
    0x108B: _KINZI + "\u102d", 0x108C: _KINZI + "\u102e", 0x108D: _KINZI + "\u1036", 0x108E: "\u102d\u1036",
    0x108F: "န", 0x1090: "ရ", 0x1091: "ဏ္ဍ", 0x1092: "ဋ္ဌ", 0x1094: "\u1037", 0x1095: "\u1037",
    0x1096: "\u1039တ\u103d", 0x1097: "ဋ္ဋ",
}  # fmt: skip
_TABLE = _LETTERS | {ord(one): "\u1039" + letter for one, letter in _STACKED.items()}

_SPACE = re.compile("(?<![ \u00a0])[ \u00a0]+(?=[\u102b-\u1032\u1036-\u103e])")
_SYLLABLE = re.compile(
    rf"(?P<before>(?:(?<![\u1031\u103c])[\u1031\u103c]+)?)(?P<letter>[{CONSONANTS}])"
    rf"(?P<marks>(?:[\u102b-\u1030\u1032\u1036-\u1038\u103a\u103b\u103d\u103e{_KINZI}]|\u1039[{CONSONANTS}])*)"
)


# What Unicode has no reason to write: letters of Zawgyi alone, a virama under nothing, a vowel sign behind an asat, a
# sign before its consonant. Almost every word of Zawgyi has one of them, and looking is fast.
_SIGNS = re.compile(
    "[\u1033\u1034\u105a\u1060-\u1097]|\u1039(?![\u1000-\u1021])|\u103a[\u102b-\u1030\u1032]"
    "|(?<![\u1000-\u102a\u103a-\u103f])[\u1031\u103b\u103c]"
)


def is_zawgyi(text: str) -> bool:
    """Whether Burmese letters in `text` were surely typed in Zawgyi."""
    return _SIGNS.search(text) is not None and probability(text) >= SURE


def probability(text: str) -> float:
    """How likely it is Zawgyi, from 0 to 1; 0 for a text without Burmese letters."""
    return max(0.0, _detector().get_zawgyi_probability(text)) if _MYANMAR.search(text) else 0.0


def to_unicode(text: str) -> str:
    """A Zawgyi text as Unicode writes it. Any other text comes out wrong: ask `is_zawgyi` before."""
    mapped = _SPACE.sub("", text.translate(_TABLE))
    return ordered(_SYLLABLE.sub(_from_pen_to_letter, mapped).replace(_KINZI, ""))


def _from_pen_to_letter(syllable: re.Match[str]) -> str:
    marks = syllable["marks"]
    kinzi = KINZI if _KINZI in marks else ""
    return kinzi + syllable["letter"] + marks.replace(_KINZI, "") + syllable["before"]


@cache
def _detector() -> ZawgyiDetector:
    with warnings.catch_warnings():  # it reads its model in a way that Python 3.11 means to give up
        warnings.simplefilter("ignore", DeprecationWarning)
        from myanmartools import ZawgyiDetector

        return ZawgyiDetector()
