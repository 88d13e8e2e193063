"""Which language a text is in, guessed well enough to tag it: by script, and within Latin script by small words.

A guess, not a fact: it only decides the tag of a text whose file does not say. Whoever knows better uses a column with
a language (`name:fr`) or corrects the record.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_BY_SCRIPT = {
    "ARABIC": "ar", "THAI": "th", "MYANMAR": "my", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko",
    "CYRILLIC": "ru", "GREEK": "el", "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "KHMER": "km",
    "LAO": "lo", "TIBETAN": "bo", "ETHIOPIC": "am", "ARMENIAN": "hy", "GEORGIAN": "ka", "SINHALA": "si", "TELUGU": "te",
    "GUJARATI": "gu", "GURMUKHI": "pa", "KANNADA": "kn", "MALAYALAM": "ml", "THAANA": "dv",
}  # fmt: skip
_LETTERS_OF = {"fa": set("پچژگ"), "ur": set("ٹڈڑںےہ"), "ps": set("ټډړښږڼۍ"), "uk": set("іїєґІЇЄҐ")}
_SMALL_WORDS = {
    "en": "the of and for in with to on a",
    "fr": "le la les des du de et pour aux au en une dans sur l d",
    "es": "el la los las del de y para por en una con",
    "pt": "o os as do da dos das de e para por em uma com ao",
}
# Lone letters ("E-mail", "Plan A") tell nothing.
_WORDS_OF = {language: frozenset(w for w in words.split() if len(w) > 1) for language, words in _SMALL_WORDS.items()}
_ADDRESS = re.compile(r"://|@|\w\.[a-z]")  # "networks.example.com" is not Portuguese
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=4096)
def language_of(text: str, latin: str = "en", least: int = 1) -> str:
    """A BCP 47 language for the text; `latin` for text in Latin letters that tells nothing, or without letters.

    `least`: how many small words of a language make it that language.
    """
    if text.isascii():
        return _latin(text, latin, least)
    scripts = Counter(_script(char) for char in text[:2000] if char.isalpha())
    scripts.pop("DIGIT", None)
    if not scripts:
        return latin
    script = scripts.most_common(1)[0][0]
    if script == "LATIN":
        return _latin(text, latin, least)
    if script == "CJK" and scripts.keys() & {"HIRAGANA", "KATAKANA"}:
        return "ja"
    language = _BY_SCRIPT.get(script, latin)
    return _by_letters(text, language) if script in {"ARABIC", "CYRILLIC"} else language


def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0]


def _by_letters(text: str, language: str) -> str:
    letters = set(text)
    counts = {tag: len(letters & of) for tag, of in _LETTERS_OF.items() if (tag == "uk") == (language == "ru")}
    best = max(counts, key=lambda tag: counts[tag])
    return best if counts[best] else language


def _latin(text: str, fallback: str, least: int) -> str:
    told = " ".join(part for part in text.split() if not _ADDRESS.search(part))
    words = Counter(word.lower() for word in _WORD.findall(told))
    scores = {language: sum(words[word] for word in small) for language, small in _WORDS_OF.items()}
    best = max(scores.values())
    winners = [language for language, score in scores.items() if score == best]
    return winners[0] if best >= least and len(winners) == 1 else fallback
