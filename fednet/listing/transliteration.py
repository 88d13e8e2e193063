"""Names of other scripts in Latin letters, for whoever knows how a name sounds and has no keyboard to write it.

Letter by letter (anyascii, ISC): Cyrillic, Greek, Georgian and Ethiopic come out as people write them, Arabic and
Hebrew without their vowels, Thai, Burmese and Khmer rudely, Chinese characters as Mandarin reads them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fednet.listing.text import key, unified

LEAST_CONSONANTS = 2
"""One is the bone of too many words."""

_MARK = "xq"  # begins no word of any language; what follows are consonants
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_ALIF_FIRST = re.compile(r"(?<![\u0621-\u06ff])ا")
_ARTICLE = re.compile("(?<![\u0621-\u06ff])(?:وال|بال|لل|ال)(?=[\u0621-\u06ff]{3})")
_WORD = re.compile(r"[a-z0-9]+")
_SAME_SOUND = (
    (re.compile("shch|sch|sh|ch"), "s"), (re.compile("kh"), "h"), (re.compile("gh"), "g"), (re.compile("ph"), "f"),
    (re.compile("dh|zh"), "z"), (re.compile("th"), "t"), (re.compile("[qc]"), "k"), (re.compile("ou|oo"), "u"),
    (re.compile(r"h\b"), ""), (re.compile("[aeiouyw]"), ""), (re.compile(r"(.)\1+"), r"\1"),
)  # fmt: skip


def romanized(text: str) -> str:
    """`text` in lower-case ASCII letters and digits, one space between words; comparable with other such texts.

    Помощь беженцам -> pomoshch bezhentsam        أسايل -> asayl
    """
    if not text.isascii():
        from anyascii import anyascii

        text = anyascii(_ALIF_FIRST.sub("a", unified(text)).replace("ا", "a"))
    return key(text.replace("'", "").replace("`", ""))


def is_latin(text: str) -> bool:
    """Whether any letter is Latin: such a name can be typed as it is."""
    return text.isascii() or _LATIN.search(text) is not None


def sounds(name: str) -> str:
    """The words by which the index finds a name without Latin letters: each in Latin letters, and its consonants."""
    words = romanized(_ARTICLE.sub("", unified(name))).split()
    return " ".join([*words, *filter(None, map(consonants, words))])


@lru_cache(4096)
def consonants(word: str) -> str:
    """One word of the index for all that have the same consonants in Latin letters; empty when they are too few.

    munazzama, mnzmh -> xqmnzm
    """
    for sound, letter in _SAME_SOUND:
        word = sound.sub(letter, word)
    return _MARK + word if len(word) >= LEAST_CONSONANTS and _WORD.fullmatch(word) else ""
