"""Words without the endings that number, gender and case give them: enough to find "refugee" by "réfugiées".

Not linguistics. Two words with one stem are taken for one only where a closed list of terms is looked up, never in
texts.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LATIN_LEAST, _CYRILLIC_LEAST, _ARABIC_LEAST = 4, 4, 3
_VOWELS_FROM = 5  # letters: shorter words are told apart by their vowel ("data", "date")
_CYRILLIC = re.compile("[а-яёђ-џґ]+")
_CYRILLIC_END = re.compile(  # a key has no breve: й is и
    "(?:иями|ями|ами|иях|иям|иеи|ого|его|ому|ему|ыми|ими|ов|ев|ив|ам|ям|ах|ях|ом|ем|им|ым|их|ых|ои|еи|ая|яя|ое|ее|ые|ие"
    "|ии|ыи|ую|юю|ою|ею|ию|ия|а|я|о|е|ы|и|у|ю|ь)$"
)
_ARABIC = re.compile("(?:وال|بال|لل|ال)?([\u0621-\u06d3]+)")
_ARABIC_END = re.compile("(?:ين|ون|ات|ان|يه|ه|ي)$")
FILLERS = frozenset(
    """a al and aux d da das de del des do dos du e el en et for fur i in l la las le les los of the u un una une und
    y""".split()
)


@lru_cache(16384)
def stem(phrase: str) -> str:
    """The stems of a phrase's words in their order, small words left out; `phrase` is a key (`fednet.listing.text`)."""
    words = phrase.split()
    told = [word for word in words if word not in FILLERS] or words
    return " ".join(map(_stem, told))


def _stem(word: str) -> str:
    if word.isascii():
        return _latin(word)
    if _CYRILLIC.fullmatch(word):
        short = _CYRILLIC_END.sub("", word)
        return short if len(short) >= _CYRILLIC_LEAST - 1 and len(word) >= _CYRILLIC_LEAST else word
    if found := _ARABIC.fullmatch(word):
        bare = found[1] if len(found[1]) >= _ARABIC_LEAST else word
        if word.startswith("للاج"):
            bare = word[1:]  # "for the refugees": of article and word, which both begin with L, one is not written
        short = _ARABIC_END.sub("", bare)
        return short if len(short) >= _ARABIC_LEAST else bare
    return word


def _latin(word: str) -> str:
    if len(word) < _LATIN_LEAST:
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word[-1] in "sx" and not word.endswith("ss"):
        word = word[:-1]
    return word.rstrip("aeo") if len(word) >= _VOWELS_FROM else word
