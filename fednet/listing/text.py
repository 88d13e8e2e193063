"""Text in many scripts, made findable: what the search index is given, and what a person's words ask of it.

The index is an SQLite FTS5 table with `TOKENIZER`. That tokenizer folds case and the accents of Latin letters by
itself; `fold` does what it cannot: letters that are one letter to a reader (Arabic forms, dotless i, sharp s), and
scripts written without spaces between words, where every code point becomes a token of its own. A query in such a
script is a phrase of those tokens, so that any run of characters is found, even one or two of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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
_PIECE = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')


def _letters() -> dict[int, str]:
    pairs = {
        "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l",
        "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ħ": "h", "Ħ": "h", "ŋ": "n", "Ŋ": "n",
        "ŧ": "t", "Ŧ": "t", "ı": "i", "İ": "i", "ĸ": "k", "ə": "e", "Ə": "e", "ς": "σ", "ё": "е", "Ё": "е",
        # Arabic script: one letter, however it is written in Arabic, Persian, Urdu, Kurdish or Pashto.
        "آ": "ا", "أ": "ا", "إ": "ا", "ٱ": "ا", "ٲ": "ا", "ٳ": "ا", "ؤ": "و", "ۇ": "و", "ئ": "ي", "ى": "ي",
        "ی": "ي", "ې": "ي", "ۍ": "ي", "ێ": "ي", "ک": "ك", "ڪ": "ك", "ة": "ه", "ۃ": "ه", "ہ": "ه", "ھ": "ه", "ۀ": "ه",
        "ۂ": "ه", "ە": "ه", "ء": "",
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


def _digits() -> dict[int, str]:
    return {first + n: str(n) for first in (0x0660, 0x06F0) for n in range(10)}


_TABLE = _dropped() | _unaccented_greek() | _letters() | _digits()


def fold(text: str) -> str:
    """`text` as the index is given it: the same words, letter variants unified, unspaced scripts cut into code points.

    ASCII comes back unchanged. Case and Latin accents are left to the tokenizer. Folding twice changes nothing that
    a search could notice.
    """
    if text.isascii() or not _WORK.search(text):
        return text
    return unicodedata.normalize("NFKC", text).translate(_FOLDED)


def key(text: str) -> str:
    """`text` reduced to what two spellings of one name share: no case, accents, punctuation or spacing differences.

    For comparing short names (terms, countries, languages), not for showing and not for the index.
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", _unified(text).casefold())
        text = "".join(_key_character(character) for character in decomposed)
    return _NOT_PLAIN.sub(" ", text.casefold()).strip() if text.isascii() else " ".join(text.split())


def query(text: str) -> str | None:
    """A person's words as an FTS5 expression without column filter, or None when there is nothing to search for.

    Words must all occur; the last one may go on when it has at least two letters; `"quoted words"` stand side by
    side; `-word` must not occur. Never an FTS5 syntax error, whatever was typed: everything is sent quoted.

        legal aid -detention  ->  ("legal" AND "aid"*) NOT "detention"
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    pieces = list(_PIECE.finditer(text[:MAX_QUERY_CHARACTERS]))[:MAX_QUERY_WORDS]
    for piece in pieces:
        minus, quoted, word = piece.groups()
        words = fold(quoted if word is None else word).replace("\0", " ").replace('"', " ").strip()
        if not any(map(_is_token_character, words)):
            continue
        last = word is not None and piece is pieces[-1] and not text[piece.end() :].strip()
        star = "*" if last and not minus and _may_go_on(words) else ""
        (unwanted if minus else wanted).append(f'"{words}"{star}')
    if not wanted:
        return None
    found = " AND ".join(wanted)
    return f"({found}) NOT ({' OR '.join(unwanted)})" if unwanted else found


def has_script(text: str, script: str) -> bool:
    """Whether a letter of `text` belongs to the script of that Unicode name prefix (`"ARABIC"`, `"THAI"`, ...)."""
    return any(unicodedata.name(letter, "").startswith(script) for letter in text if letter.isalpha())


class _Folded(dict[int, str]):
    """A translation table that learns each code point once: unified letters, and unspaced ones set apart."""

    def __missing__(self, point: int) -> str:
        letter = _TABLE.get(point, chr(point))
        self[point] = folded = f" {letter} " if _is_unspaced(point) else letter
        return folded


_FOLDED = _Folded()


def _unified(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_TABLE)


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


def _may_go_on(words: str) -> bool:
    last = _NOT_PLAIN.split(words)[-1]
    return len(last) >= PREFIX_LETTERS and not _is_unspaced(ord(last[-1]))


def _is_unspaced(point: int) -> bool:
    return any(first <= point <= last for first, last in _UNSPACED)
