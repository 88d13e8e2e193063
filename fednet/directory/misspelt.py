"""When nothing fits the words as typed: what may have been meant, as far as somebody lists it.

A word may be one letter off (one put in, left out, replaced, or two swapped), a name of another script as it sounds in
Latin letters, a term with a slip, or a country's name in a language that is rarely asked for. Nothing is stored for
this: the index's own words are asked, of the feeds that the reader may read and of no other.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
from sqlite_utils import Database

from fednet.directory import words
from fednet.listing import text, transliteration
from fednet.store import spelling
from fednet.store.search import Clause

LEAST_LETTERS = 4
"""Of a word that may be misspelt."""
MOST_LETTERS = 24
MOST_WORDS = 4
"""Words of one query that are looked at."""
MOST_SHOWN = 5
"""Spellings that are taken for one word."""

_ALPHABETS = (
    ("abcdefghijklmnopqrstuvwxyz", "a", "z"),
    ("абвгдежзийклмнопрстуфхцчшщъыьэюя", "а", "џ"),
    ("ابتثجحخدذرزسشصضطظعغفقكلمنهويپچژگٹڈڑےټډړښڼ", "\u0621", "\u06d3"),
    ("αβγδεζηθικλμνξοπρστυφχψω", "α", "ω"),
    ("אבגדהוזחטיךכלםמןנסעףפץצקרשת", "א", "ת"),
    ("".join(map(chr, (*range(0x902, 0x915), *range(0x915, 0x93A), *range(0x93E, 0x94E)))), "\u0900", "\u097f"),
    ("".join(map(chr, (*range(0x982, 0x9BA), *range(0x9BE, 0x9CE)))), "\u0980", "\u09ff"),
    ("".join(map(chr, (*range(0xB83, 0xBBA), *range(0xBBE, 0xBCE)))), "\u0b80", "\u0bff"),
    ("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", "ა", "ჰ"),
)
_VOWELS = frozenset("aeiou")
_ETHIOPIC = ("\u1200", "\u137f")


def relaxed(db: Database, clauses: Sequence[Clause], feeds: Collection[int]) -> Iterator[tuple[Clause, ...]]:
    """Clauses that do find something, each by itself, instead of those that together found nothing: first those in
    which only words that are nowhere were replaced, then those in which any word was.

    Where a word was replaced its clause says by what (`shown`). Words in quotes and with a minus stay as they are.
    """
    further = words.clauses(_typed(clauses), further=True)
    if further != tuple(clauses) and _each_finds(db, further, feeds):
        yield further
    clauses = _with_slips(clauses)
    lost = {at for at, one in enumerate(clauses) if not one.excluded and not spelling.finds(db, one, feeds)}
    if len(lost) > MOST_WORDS or not all(_may_be_misspelt(clauses[at]) for at in lost):
        return
    found = {at: _nearest(db, clauses[at], feeds) for at in sorted(lost)}
    if not all(found.values()):
        return
    closer = _replaced(clauses, found)
    if understood(closer) and _each_finds(db, closer, feeds):
        yield closer
    found |= {at: _nearest(db, clauses[at], feeds) for at in _doubted(db, clauses, closer, lost, feeds)}
    further = _replaced(clauses, found)
    if further != closer and _each_finds(db, further, feeds):
        yield further


def _replaced(clauses: Sequence[Clause], found: Mapping[int, Clause | None]) -> tuple[Clause, ...]:
    return tuple(found.get(at) or one for at, one in enumerate(clauses))


def _each_finds(db: Database, clauses: Sequence[Clause], feeds: Collection[int]) -> bool:
    return all(one.excluded or spelling.finds(db, one, feeds) for one in clauses)


def _doubted(
    db: Database, clauses: Sequence[Clause], closer: Sequence[Clause], lost: Collection[int], feeds: Collection[int]
) -> list[int]:
    """Which of the other words may be a slip for another, although somebody lists them ("refuge" for "refugee"). Of
    many words only those without which the rest finds something."""
    doubted = [at for at, one in enumerate(clauses) if at not in lost and _may_be_misspelt(one)]
    if len(lost) + len(doubted) > MOST_WORDS:
        doubted = [at for at in doubted if spelling.all_find(db, [*closer[:at], *closer[at + 1 :]], feeds)]
    return doubted[: MOST_WORDS - len(lost)]


def understood(clauses: Sequence[Clause]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What was typed and found nowhere, with what was taken for it."""
    return tuple((one.typed, one.shown) for one in clauses if one.shown)


def variants(word: str) -> Iterator[str]:
    """All that is one letter off a folded word: left out, swapped with the next, replaced, put in. None is too short
    to be a misspelt word itself: three letters are somebody's initials."""
    seen = {word}
    for one in _edits(word, _alphabet(word)):
        if one not in seen and len(one) >= LEAST_LETTERS:
            seen.add(one)
            yield one


def near_run(run: str, folded: str) -> Iterator[str]:
    """Runs of single letters in a folded text that are at most one letter off `run`."""
    from rapidfuzz.distance import OSA

    letters = [token if len(token) == 1 else " " for token in folded.split()]
    for start in range(len(letters)):
        for size in (len(run), len(run) - 1, len(run) + 1):
            window = "".join(letters[start : start + size])
            if len(window) == size and " " not in window and OSA.distance(run, window, score_cutoff=1) <= 1:
                yield window


# --- several words ----------------------------------------------------------------------------------------------------


def _with_slips(clauses: Sequence[Clause]) -> Sequence[Clause]:
    """The clauses, words that together are one letter off a term as one: `legl aid`."""
    for size in range(min(len(clauses), MOST_WORDS), 1, -1):
        for start in range(len(clauses) - size + 1):
            several = clauses[start : start + size]
            if not all(map(_may_be_together, several)) or not any(map(_is_plain, several)):
                continue
            meant = words.slips(variants(text.key(" ".join(one.typed for one in several))))
            if meant:
                return (*clauses[:start], _term(several, meant), *clauses[start + size :])
    return clauses


def _term(several: Sequence[Clause], meant: tuple[words.Meaning, ...]) -> Clause:
    typed = " ".join(one.typed for one in several)
    together = " AND ".join(f"({one.text})" for one in several if one.text)
    return Clause(together, words.tokens(meant), typed, meant, shown=words.shown(meant)[:MOST_SHOWN])


# --- one word ---------------------------------------------------------------------------------------------------------


def _typed(clauses: Sequence[Clause]) -> str:
    return " ".join(f"-{one.typed}" if one.excluded else one.typed for one in clauses)


def _may_be_together(clause: Clause) -> bool:
    return not (clause.excluded or clause.typed.startswith('"'))


def _is_plain(clause: Clause) -> bool:
    return _may_be_together(clause) and not clause.meant


def _may_be_misspelt(clause: Clause) -> bool:
    return _may_be_together(clause) and not clause.shown and LEAST_LETTERS <= len(_token(clause.typed)) <= MOST_LETTERS


def _token(typed: str) -> str:
    """A word as the index has it; empty when it is more than one."""
    folded = text.fold(typed).split()
    if len(folded) > 1 and not all(len(one) == 1 for one in folded):
        return ""
    word = "".join(_unaccented(letter) for letter in "".join(folded).lower())
    return word if word.replace("\u094d", "").isalnum() or _is_run(typed) or not word.isascii() else ""


def _unaccented(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter


def _is_run(typed: str) -> bool:
    return text.is_unspaced(text.unified(typed).strip())


def _nearest(db: Database, clause: Clause, feeds: Collection[int]) -> Clause | None:
    if _is_run(clause.typed):
        shown = _runs(db, _token(clause.typed), feeds)
        return _instead(clause, shown, [f'"{" ".join(run)}"' for run in shown])
    word = _token(clause.typed)
    meant = words.slips(variants(word))
    found = spelling.occurring(db, variants(word), feeds)[:MOST_SHOWN]
    if not found and word.isascii():
        found = _sounding(db, word, feeds)
    if meant:
        meant = tuple(dict.fromkeys((*clause.meant, *meant)))
        clause = msgspec.structs.replace(clause, words=words.tokens(meant), meant=meant)
        found = found or list(words.shown(meant))[:MOST_SHOWN]
    return _instead(clause, found, [f'"{one}"' for one in found])


def _instead(clause: Clause, shown: list[str], expressions: list[str]) -> Clause | None:
    if not shown:
        return None
    found = " OR ".join([clause.text, *expressions] if clause.text else expressions)
    return msgspec.structs.replace(clause, text=f"({found})", shown=tuple(shown))


def _sounding(db: Database, word: str, feeds: Collection[int]) -> list[str]:
    """The words, in Latin letters, of names in other scripts that have a word's consonants and begin as it does."""
    sound = transliteration.consonants(word)
    if not sound or not spelling.occurring(db, [sound], feeds):
        return []
    heard = Counter(other for name in spelling.names(db, f'"{sound}"', feeds) for other in name.split())
    alike = (other for other, _ in heard.most_common() if transliteration.consonants(other) == sound)
    return [other for other in alike if other[0] == word[0] or {other[0], word[0]} <= _VOWELS][:MOST_SHOWN]


def _runs(db: Database, run: str, feeds: Collection[int]) -> list[str]:
    """Runs of a script without spaces that stand in names one letter off, the most frequent first."""
    found: Counter[str] = Counter()
    for name in spelling.names(db, _around(run), feeds):
        found.update(set(near_run(run, name)))
    return [one for one, _ in found.most_common(MOST_SHOWN)]


def _around(run: str) -> str:
    """An FTS5 expression for what is left of a run when one letter is off: all of it but the end, or both sides."""
    swapped = (run[:at] + run[at + 1] + run[at] + run[at + 2 :] for at in range(len(run) - 1))
    sides = [(run[:at], run[at + gap :]) for gap in (0, 1) for at in range(2, len(run) - 1 - gap)]
    apart = (f'NEAR("{" ".join(left)}" "{" ".join(right)}", 1)' for left, right in sides if len(right) > 1)
    ends = (
        f'"{" ".join(run[1:])}"', f'"{" ".join(run[:-1])}"',
        f'("{run[0]}" AND "{" ".join(run[2:])}")', f'("{run[-1]}" AND "{" ".join(run[:-2])}")',
    )  # fmt: skip
    return " OR ".join((*ends, *apart, *(f'"{" ".join(one)}"' for one in swapped)))


# --- letters ----------------------------------------------------------------------------------------------------------


def _edits(word: str, letters: str) -> Iterator[str]:
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        yield from (word[:at] + letter + word[at + 1 :] for letter in _replacing(word[at], letters))
    for at in range(len(word) + 1):
        yield from (word[:at] + letter + word[at:] for letter in letters)


def _alphabet(word: str) -> str:
    """The letters of the script of the word's first letter; none where a script has hundreds."""
    return next((letters for letters, first, last in _ALPHABETS if first <= word[0] <= last), "") if word else ""


def _replacing(letter: str, letters: str) -> str:
    """What may stand in a letter's place: in Ethiopic the same consonant with another vowel."""
    if not letters and _ETHIOPIC[0] <= letter <= _ETHIOPIC[1]:
        row = ord(letter) & ~7
        return "".join(map(chr, range(row, row + 8)))
    return letters
