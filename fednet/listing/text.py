"""Text in many scripts, made findable: what the search index is given, and what a person's words ask of it.

The index is an SQLite FTS5 table with `TOKENIZER`. That tokenizer folds case and the accents of Latin letters by
itself; `fold` does what it cannot: letters that are one letter to a reader (Arabic forms, dotless i, traditional and
simplified Chinese), marks in one order (`fednet.listing.scripts`), and scripts written without spaces between words,
where every code point becomes a token of its own. A query in such a script is a phrase of those tokens, so that any run
of characters is found, even one or two of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from fednet.listing import han
from fednet.listing.scripts import shaped, unmarked

TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
"""What `fold` and `query` are written for: marks are part of a word, as Thai, Burmese and Indic scripts need."""

MAX_QUERY_CHARACTERS = 512
MAX_QUERY_WORDS = 32
PREFIX_LETTERS = 2

_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),  # Myanmar: Burmese, Shan, Karen, Mon
    (0x1780, 0x17FF),  # Khmer
    (0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF),  # Hangul
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),  # Han
    (0xF900, 0xFAFF), (0x20000, 0x3FFFF),  # Han, compatibility and beyond the basic plane
    (0x3041, 0x30FF), (0x31F0, 0x31FF), (0x3100, 0x312F), (0x31A0, 0x31BF),  # kana, bopomofo
)  # fmt: skip

# Most text in Latin letters needs nothing: this finds what lies outside Latin-1, or is changed by folding within it.
_WORK = re.compile(
    r"[^\0-\x9f\xa1-\xa7\xa9\xab\xac\xae\xb0\xb1\xb6\xb7\xbb\xbf-\xc5\xc7-\xcf\xd1-\xd7\xd9-\xdd"
    r"\xe0-\xe5\xe7-\xef\xf1-\xf7\xf9-\xfd\xff]"
)
_TWO_DOTS = re.compile(r"\.\w\.")
_DOTTED = re.compile(r"(?<![\w.])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?")


def _letters() -> dict[int, str]:
    pairs = {
        "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l",
        "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ħ": "h", "Ħ": "h", "ŋ": "n", "Ŋ": "n",
        "ŧ": "t", "Ŧ": "t", "ı": "i", "İ": "i", "ĸ": "k", "ə": "e", "Ə": "e", "ς": "σ",
        # Cyrillic: letters of Ukrainian and Belarusian as a Russian keyboard types them.
        "ё": "е", "Ё": "е", "є": "е", "Є": "е", "і": "и", "І": "и", "ї": "и", "Ї": "и", "ґ": "г", "Ґ": "г", "ў": "у",
        "Ў": "у", "\u02bb": "'", "\u02bc": "'", "\u02b9": "'", "\u02bf": "", "\u02be": "",
        # Arabic script: one letter, however it is written in Arabic, Persian, Urdu, Kurdish or Pashto.
        "آ": "ا", "أ": "ا", "إ": "ا", "ٱ": "ا", "ٲ": "ا", "ٳ": "ا", "ؤ": "و", "ۇ": "و", "ئ": "ي", "ى": "ي",
        "ی": "ي", "ې": "ي", "ۍ": "ي", "ێ": "ي", "ک": "ك", "ڪ": "ك", "ة": "ه", "ۃ": "ه", "ہ": "ه", "ھ": "ه", "ۀ": "ه",
        "ۂ": "ه", "ە": "ه", "ء": "", "ں": "ن", "ۓ": "ے",
        "ー": "",  # the long mark of katakana is written or left out
    }  # fmt: skip
    return {ord(letter): other for letter, other in pairs.items()}


def _unaccented_greek() -> dict[int, str]:
    """Greek letters with tonos, breathing or dialytika: the tokenizer folds accents of Latin letters only."""
    found = {}
    for point in (*range(0x0386, 0x03D0), *range(0x1F00, 0x2000)):
        base = unicodedata.normalize("NFD", chr(point))[0]
        if base != chr(point) and "\u0391" <= base <= "\u03c9":
            found[point] = base
    return found


def _dropped() -> dict[int, str]:
    """Marks that are written or left out at will, and characters nobody sees."""
    spans = [
        (0x00AD, 0x00AD), (0x0300, 0x036F),
        (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7),
        (0x0610, 0x061A), (0x061C, 0x061C), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC),
        (0x06DF, 0x06E8), (0x06EA, 0x06ED), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2069), (0xD800, 0xDFFF),
        (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    ]  # fmt: skip
    return {point: "" for first, last in spans for point in range(first, last + 1)}


_KNOWN = _dropped() | _unaccented_greek() | _letters()
_KATAKANA = range(0x30A1, 0x30F7)
_TO_HIRAGANA = 0x3041 - 0x30A1


def fold(text: str) -> str:
    """`text` as the index is given it: the same words, letter variants unified, unspaced scripts cut into code points.

    ASCII comes back unchanged, but for the dots of `U.N.`. Case and Latin accents are left to the tokenizer. Folding
    twice changes nothing that a search could notice.
    """
    if "." in text and _TWO_DOTS.search(text):
        text = _DOTTED.sub(_without_dots, text)
    if text.isascii() or not _WORK.search(text):
        return text
    return shaped(unicodedata.normalize("NFKC", text)).translate(_FOLDED)


def key(text: str) -> str:
    """`text` reduced to what two spellings of one name share: no case, accents, punctuation or spacing differences.

    For comparing short names (terms, countries, languages), not for showing and not for the index.
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", unified(text).casefold())
        text = "".join(_key_character(character) for character in decomposed)
    return _NOT_PLAIN.sub(" ", text.casefold()).strip() if text.isascii() else " ".join(text.split())


class Piece(NamedTuple):
    """A word that somebody typed, or several in quotes. `goes_on`: it may be only the beginning of a word."""

    words: str
    quoted: bool = False
    excluded: bool = False
    goes_on: bool = False


def pieces(text: str) -> list[Piece]:
    """What was typed, taken apart: `word`, `"quoted words"`, and either with a minus before it.

    Quotes of any language count; one that is not closed reaches to the end. Of no piece is nothing left by `fold`.

        legal aid -"mae sot"  ->  legal, aid, not "mae sot"
    """
    typed = unmarked(text[:MAX_QUERY_CHARACTERS]).translate(_QUOTES).replace("\0", " ")
    found = list(_PIECE.finditer(typed))[:MAX_QUERY_WORDS]
    parts = [Piece(plain[2] or plain[3] or "", plain[3] is None, bool(plain[1])) for plain in found]
    if found and not (parts[-1].quoted or parts[-1].excluded) and not typed[found[-1].end() :].strip():
        parts[-1] = parts[-1]._replace(goes_on=_may_go_on(parts[-1].words))
    return [part for part in parts if any(map(_is_token_character, fold(part.words)))]


def expression(piece: Piece) -> str:
    """A piece as an FTS5 expression without column filter; never a syntax error, for everything is sent quoted.

    Quoted words stand as they are; of others every spelling counts: `("لاجيين" OR "اللاجيين" OR ...)`.
    """
    forms = (fold(piece.words),) if piece.quoted else spellings(piece.words)
    star = "*" if piece.goes_on else ""
    found = " OR ".join(f'"{_plain(form)}"{star}' for form in forms)
    return f"({found})" if len(forms) > 1 else found


def query(text: str) -> str | None:
    """A person's words as one FTS5 expression, or None when there is nothing to search for.

    Words must all occur; the last one may go on when it has at least two letters; `"quoted words"` stand side by
    side; `-word` must not occur.

        legal aid -detention  ->  ("legal" AND "aid"*) NOT ("detention")
    """
    parts = pieces(text)
    wanted = " AND ".join(expression(part) for part in parts if not part.excluded)
    unwanted = " OR ".join(expression(part) for part in parts if part.excluded)
    if not wanted:
        return None
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def spellings(word: str) -> tuple[str, ...]:
    """How a word may stand in the index, folded, the likeliest first: mostly in one way.

    Arabic and Hebrew write articles and short prepositions onto the word; Persian writes parts of a word with or
    without a space; a few letters of Burmese may be Zawgyi or not.
    """
    forms = [fold(word)]
    if _SPLIT.search(word):
        forms.append(fold(_SPLIT.sub(" ", word)))
    if has_script(word, "MYANMAR"):
        from fednet.listing import zawgyi

        if zawgyi.DOUBTFUL < zawgyi.probability(word) < zawgyi.SURE:
            forms.append(fold(zawgyi.to_unicode(word)))
    return tuple(dict.fromkeys(form for one in forms for form in _with_prefixes(one)))


_ARABIC_PREFIXES = ("", "ال", "وال", "بال", "لل", "و", "ل", "ب")
_ARABIC_WORD = re.compile("(?:ولل|وال|بال|كال|فال|ال|لل)?([\u0621-\u064a\u0671-\u06d3]{3,})")
_HEBREW_PREFIXES = ("", "ה", "ו", "ב", "ל", "מ", "וה")
_HEBREW_WORD = re.compile("ה?([\u05d0-\u05ea]{3,})")


def _with_prefixes(word: str) -> list[str]:
    if found := _ARABIC_WORD.fullmatch(word):
        stems = [found[1]]
        if found.start(1) and word[found.start(1) - 2 : found.start(1)] == "لل":
            stems.append("ل" + found[1])  # of "for the" and a word that begins with L, one L is not written
        return [word, *(_prefixed(prefix, stem) for stem in stems for prefix in _ARABIC_PREFIXES)]
    if found := _HEBREW_WORD.fullmatch(word):
        return [word, *(prefix + found[1] for prefix in _HEBREW_PREFIXES)]
    return [word]


def _prefixed(prefix: str, stem: str) -> str:
    return prefix + (stem[1:] if prefix == "لل" and stem[0] == "ل" else stem)


_PIECE = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»「」『』＂"), '"') | {ord("－"): "-"}
_SPLIT = re.compile("(?<=[\u0620-\u06ff])\u200c(?=[\u0620-\u06ff])")


def is_unspaced(word: str) -> bool:
    """Whether all of it is written without spaces between words."""
    return all(_is_unspaced(ord(letter)) for letter in word)


def may_end(run: str, at: int) -> bool:
    """Whether words may meet there: not before a mark that belongs to the letter before."""
    return at >= len(run) or unicodedata.category(run[at])[0] != "M"


def _plain(words: str) -> str:
    return words.replace("\0", " ").replace('"', " ")


def _may_go_on(words: str) -> bool:
    last = _NOT_PLAIN.split(fold(words).rstrip())[-1]
    return len(last) >= PREFIX_LETTERS and not _is_unspaced(ord(last[-1]))


def has_script(text: str, script: str) -> bool:
    """Whether a letter of `text` belongs to the script of that Unicode name prefix (`"ARABIC"`, `"THAI"`, ...)."""
    return any(unicodedata.name(letter, "").startswith(script) for letter in text if letter.isalpha())


def unified(text: str) -> str:
    """`text` as `fold` writes it, but with its unspaced scripts left whole."""
    return shaped(unicodedata.normalize("NFKC", text)).translate(_LETTERS)


class _Letters(dict[int, str]):
    """A translation table that learns each code point once: the letter that stands for it."""

    def __missing__(self, point: int) -> str:
        self[point] = letter = _KNOWN[point] if point in _KNOWN else _letter(point)
        return letter


class _Folded(dict[int, str]):
    """The same, with what belongs to an unspaced script set apart. Digits never: a number is one word."""

    def __missing__(self, point: int) -> str:
        letter = _LETTERS[point]
        self[point] = folded = f" {letter} " if _is_unspaced(point) and not letter.isdigit() else letter
        return folded


_LETTERS = _Letters()
_FOLDED = _Folded()


def _letter(point: int) -> str:
    character = chr(point)
    if point in _KATAKANA:
        return chr(point + _TO_HIRAGANA)
    if _is_han(point):
        return han.simplified(character)
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _without_dots(initials: re.Match[str]) -> str:
    return initials[0].replace(".", "")


_NOT_PLAIN = re.compile(r"[\W_]+")


@lru_cache(4096)
def _is_token_character(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or category in ("Co", "Mn", "Mc")


@lru_cache(4096)
def _key_character(character: str) -> str:
    if "\u0300" <= character <= "\u036f":
        return ""
    return character if _is_token_character(character) else " "


def _is_unspaced(point: int) -> bool:
    return any(first <= point <= last for first, last in _UNSPACED)


def _is_han(point: int) -> bool:
    return 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x3FFFF
