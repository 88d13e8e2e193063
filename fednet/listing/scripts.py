"""One spelling for what a reader takes for one word, script by script: marks in another order, twins that look alike.

Each function is given text in NFKC and keeps every letter that tells words apart. Scripts are listed with the mistakes
that keyboards invite: two vowel signs for one, a tone before or after its vowel, a zero for a round letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def shaped(text: str) -> str:
    """`text` with each of its scripts in one spelling; what is in Latin letters comes back unchanged."""
    if not _ANY.search(text):
        return text
    for script, rule in _RULES:
        if script.search(text):
            text = rule(text)
    return text


def _thai(text: str) -> str:
    """Two E are one AE; a tone stands before the circle of AM (which NFKC takes apart)."""
    return re.sub("\u0e4d([\u0e48-\u0e4b])", "\\1\u0e4d", text.replace("\u0e40\u0e40", "\u0e41"))


def _lao(text: str) -> str:
    text = text.replace("\u0ec0\u0ec0", "\u0ec1").replace("\u0eab\u0ea5", "\u0eab\u0ebc")
    return re.sub("\u0ecd([\u0ec8-\u0ecb])", "\\1\u0ecd", text)


def _burmese(text: str) -> str:
    """Each line by itself: names in Zawgyi and in Unicode may stand one below the other."""
    from fednet.listing import burmese, zawgyi  # their patterns take longer to build than most commands run

    lines = text.split("\n")
    return "\n".join(zawgyi.to_unicode(line) if zawgyi.is_zawgyi(line) else burmese.ordered(line) for line in lines)


_COENG_RO = re.compile("\u17d2\u179a(\u17d2[\u1780-\u17a2])")
_KHMER_SIGNS = re.compile("([\u17b6-\u17c8\u17cb-\u17d1\u17dd])([\u17c9\u17ca])")


def _khmer(text: str) -> str:
    """Below a letter DA and TA look the same; RO is written last; a shifter stands before the vowel; two vowel signs
    may be one."""
    text = text.replace("\u17d2\u178a", "\u17d2\u178f").replace("\u17a3", "\u17a2").replace("\u17a4", "\u17a2\u17b6")
    text = text.replace("\u17c1\u17b8", "\u17be").replace("\u17c1\u17b6", "\u17c4")
    text = text.replace("\u17b4", "").replace("\u17b5", "")
    return _KHMER_SIGNS.sub(r"\2\1", _COENG_RO.sub("\\1\u17d2\u179a", text))


_NASALS = (("ङ", "क-घ"), ("ञ", "च-झ"), ("ण", "ट-ढ"), ("न", "त-ध"), ("म", "प-भ"))
_NASAL = re.compile("|".join(f"{nasal}\u094d(?=[{stops}])" for nasal, stops in _NASALS))


def _devanagari(text: str) -> str:
    """A nasal before its own stop is a dot above (हिन्दी, हिंदी); the moon with it; the dot below may be left out."""
    return _NASAL.sub("\u0902", text.replace("\u093c", "")).replace("\u0901", "\u0902")


def _bengali(text: str) -> str:
    return text.replace("\u09ce", "\u09a4\u09cd").replace("\u0981", "\u0982")


_HEBREW_MARKS = re.compile("(?<=[\u05d0-\u05ea])[\"'\u05f3\u05f4\u2018\u2019\u201c\u201d](?=[\u05d0-\u05ea])")


def unmarked(text: str) -> str:
    """Hebrew abbreviations without their marks, which may be plain quotes: או״ם, או"ם, אום."""
    return _HEBREW_MARKS.sub("", text)


# Homophones that Amharic writes for one another; Tigrinya tells some of them apart, and loses nothing that matters.
_HOMOPHONES = str.maketrans(
    {other + n: base + n for base, other in ((0x1200, 0x1210), (0x1200, 0x1280), (0x1230, 0x1220)) for n in range(8)}
    | {0x12D0 + n: 0x12A0 + n for n in range(8)}
    | {0x1340 + n: 0x1338 + n for n in range(8)}
    | {0x1203: 0x1200, 0x1213: 0x1200, 0x1283: 0x1200, 0x12A3: 0x12A0, 0x12D3: 0x12A0}
)


def _ethiopic(text: str) -> str:
    return text.translate(_HOMOPHONES)


_RULES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile("[\u0e31-\u0e4d]"), _thai),
    (re.compile("[\u0e80-\u0eff]"), _lao),
    (re.compile("[\u1000-\u109f]"), _burmese),
    (re.compile("[\u1780-\u17ff]"), _khmer),
    (re.compile("[\u0900-\u097f]"), _devanagari),
    (re.compile("[\u0980-\u09ff]"), _bengali),
    (re.compile("[\u0590-\u05ff]"), unmarked),
    (re.compile("[\u1200-\u137f]"), _ethiopic),
)
_ANY = re.compile("[\u0590-\u05ff\u0900-\u09ff\u0e31-\u0eff\u1000-\u109f\u1200-\u137f\u1780-\u17ff]")
