"""A person's words as clauses for the index: the words themselves, or what they name in our vocabularies.

"aide juridique" also finds whoever lists the service `legal-aid`, whatever language its texts are in; "泰国" whoever
works in Thailand, "birman" who speaks Burmese. Words in quotes mean themselves only. A minus takes away exactly what
the same words would find without it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby

from fednet import listing
from fednet.listing import languages, places, searched, text
from fednet.listing.initials import SMALL
from fednet.listing.stems import stem
from fednet.listing.term import Vocabulary
from fednet.listing.text import Piece
from fednet.listing.vocabulary import (
    CLIENT_GROUPS,
    EVENT_TYPES,
    EXCHANGE_TYPES,
    GROUP_TYPES,
    ORGANIZATION_TYPES,
    RESOURCE_TYPES,
    SERVICES,
)
from fednet.store import index
from fednet.store.search import Clause

MAX_TERM_WORDS = 5
MIN_LETTERS = 4
"""Of the name of a country or language in Latin letters: shorter words are mostly something else ("per" is Peru)."""
MAX_RUN = 40
"""Characters without a space that are searched for terms."""
MAX_TERM_CHARACTERS = 12
"""Of a term in a script without spaces."""

Meaning = tuple[str, str]
"""The parameter that it would be given as, and the code: ("service", "legal-aid"), ("region", "035")."""

# Names of terms that are too much else to mean the term in small letters.
_CAPITALS_ONLY = frozenset("same ash log min tip etc ame mena data multi un io tel nut hea edu mon lai".split())

_VOCABULARIES: tuple[tuple[str, Vocabulary], ...] = (
    ("service", SERVICES),
    ("client_group", CLIENT_GROUPS),
    ("organization_type", ORGANIZATION_TYPES),
    ("group_type", GROUP_TYPES),
    ("event_type", EVENT_TYPES),
    ("exchange_type", EXCHANGE_TYPES),
    ("resource_type", RESOURCE_TYPES),
)

# Of a question, what asks: "who speaks Burmese near Mae Sot".
_ASKING = SMALL | frozenset(
    "who whom which where what speak speaks speaking spoken qui que parle parlent quien quienes habla hablan".split()
)

# In which languages a place or language is looked up, by the script of the word: loading all takes longer than the
# search.
_LOCALES = (
    (re.compile("[\u0600-\u06ff]"), ("ar", "fa", "ur", "ps")),
    (re.compile("[\u0e00-\u0e7f]"), ("th",)),
    (re.compile("[\u0e80-\u0eff]"), ("lo",)),
    (re.compile("[\u1000-\u109f]"), ("my",)),
    (re.compile("[\u1780-\u17ff]"), ("km",)),
    (re.compile("[\u3040-\u30ff\u3400-\u9fff]"), ("zh", "zh_Hant", "ja")),
    (re.compile("[\uac00-\ud7ff]"), ("ko",)),
    (re.compile("[\u0400-\u04ff]"), ("ru", "uk")),
    (re.compile("[\u0370-\u03ff]"), ("el",)),
    (re.compile("[\u0590-\u05ff]"), ("he",)),
    (re.compile("[\u1200-\u137f]"), ("am", "ti")),
    (re.compile("[\u0900-\u097f]"), ("hi", "ne")),
    (re.compile("[\u0980-\u09ff]"), ("bn",)),
    (re.compile("[\u0b80-\u0bff]"), ("ta",)),
    (re.compile("[ğışİĞŞ]"), ("tr", "en", "fr", "es")),
    (re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]"), ("vi",)),
    (re.compile("[A-Za-z]"), ("en", "fr", "es")),
)
FURTHER_LOCALES = ("pt", "de", "tr", "vi", "id", "ms", "so", "sw", "it", "nl")
"""Of Latin letters: asked only when the words as typed find nothing."""


def clauses(wanted: str, *, further: bool = False) -> tuple[Clause, ...]:
    """What a record must satisfy to be found by these words: every clause. None at all for a text without words.

    Small words ("for", "de") that stand beside others narrow nothing. `further`: places and languages by their names in
    `FURTHER_LOCALES` as well.
    """
    found: list[Clause] = []
    for plain, pieces in groupby(text.pieces(wanted), lambda piece: not (piece.quoted or piece.excluded)):
        if plain:
            found += _named_together(_segmented(pieces), further)
        else:
            found += (_clause(piece, further=further) for piece in pieces)
    told = [clause for clause in found if clause.excluded or clause.meant or not _is_small(clause)]
    return tuple(told if any(not clause.excluded for clause in told) else found)


@lru_cache(4096)
def named(phrase: str, further: bool = False) -> tuple[Meaning, ...]:
    """What a phrase names in any language: services, client groups, types, kinds, places, languages; mostly nothing."""
    sought = text.key(phrase)
    if not sought or (sought in _CAPITALS_ONLY and not phrase.isupper()) or _is_abbreviation(phrase):
        return ()
    locales = _locales(phrase)
    if further and locales[:1] == ("en",):
        locales += FURTHER_LOCALES
    kind = _kinds().get(stem(sought))
    found = (*_terms(phrase, sought), *((("kind", kind),) if kind else ()), *_world(phrase, locales))
    return tuple(dict.fromkeys(found))


def tokens(meant: Sequence[Meaning]) -> tuple[str, ...]:
    """The facet words of the index that stand for what is meant; a region is its countries."""
    return tuple(dict.fromkeys(token for parameter, code in meant for token in _tokens(parameter, code)))


def slips(phrases: Iterable[str]) -> tuple[Meaning, ...]:
    """What those of the phrases, given as keys, name that name a term or a place: for words that are one letter off."""
    found: dict[Meaning, None] = {}
    known: dict[str, tuple[Meaning, ...]] | None = None
    for phrase in phrases:
        known = _by_name(_locales(phrase)) if known is None else known
        found.update(dict.fromkeys(known.get(phrase, ())))
    return tuple(found)


def shown(meant: Sequence[Meaning]) -> tuple[str, ...]:
    """The English names of what is meant."""
    return tuple(dict.fromkeys(_shown(which, code) for which, code in meant))


def _shown(which: str, code: str) -> str:
    if which in ("country", "region"):
        return places.name(code)
    if which == "kind":
        return code
    return languages.name(code) if which == "language" else dict(_VOCABULARIES)[which].name(code)


# --- one clause after the other ---------------------------------------------------------------------------------------


def _clause(*pieces: Piece, further: bool = False) -> Clause:
    """Words that must all occur, or what they name together."""
    first = pieces[0]
    typed = " ".join(piece.words for piece in pieces)
    meant = () if first.quoted else named(typed, further)
    telling = [piece for piece in pieces if len(pieces) == 1 or text.key(piece.words) not in SMALL] or list(pieces)
    return Clause(
        " AND ".join(map(text.expression, telling)),
        tokens(meant),
        f'"{typed}"' if first.quoted else typed,
        meant,
        first.excluded,
    )


def _named_together(pieces: list[Piece], further: bool) -> Iterator[Clause]:
    """The words in order, those that name something together as one clause, the longest first."""
    start = 0
    while start < len(pieces):
        longest = min(len(pieces), start + MAX_TERM_WORDS)
        end = next((end for end in range(longest, start + 1, -1) if _names(pieces[start:end], further)), start + 1)
        yield _clause(*pieces[start:end], further=further)
        start = end


def _names(pieces: list[Piece], further: bool) -> bool:
    """Whether several words name something together; small words may be between the others."""
    if text.key(pieces[0].words) in SMALL or text.key(pieces[-1].words) in SMALL:
        return False
    return bool(named(" ".join(piece.words for piece in pieces), further))


def _segmented(pieces: Iterator[Piece]) -> list[Piece]:
    """Words of scripts without spaces, cut where terms begin and end: 泰国法律援助 is Thailand and legal aid.

    Whoever lists the whole run lists its parts, so this only ever finds more.
    """
    return [part for piece in pieces for part in _segments(piece)]


def _segments(piece: Piece) -> list[Piece]:
    run = piece.words
    if not 4 <= len(run) <= MAX_RUN or not text.is_unspaced(run) or named(run):
        return [piece]
    parts, rest, start = [], "", 0
    while start < len(run):
        ends = range(min(len(run), start + MAX_TERM_CHARACTERS), start + 1, -1)
        end = next((end for end in ends if _is_term(run, start, end)), 0)
        if end:
            parts += [rest] * bool(rest) + [run[start:end]]
            rest = ""
        else:
            rest += run[start]
        start = end or start + 1
    parts += [rest] * bool(rest)
    return [Piece(part) for part in parts] if len(parts) > 1 else [piece]


def _is_term(run: str, start: int, end: int) -> bool:
    return text.may_end(run, start) and text.may_end(run, end) and bool(named(run[start:end]))


def _is_small(clause: Clause) -> bool:
    return not clause.typed.startswith('"') and text.key(clause.typed) in _ASKING


# --- what words name --------------------------------------------------------------------------------------------------


def _is_abbreviation(phrase: str) -> bool:
    """Whether it is too short to be a name, and not in capitals."""
    return phrase.isascii() and len(phrase) < MIN_LETTERS and not phrase.isupper()


def _terms(phrase: str, sought: str) -> tuple[Meaning, ...]:
    """Terms of exactly that name; if there are none, those whose name has the same stem."""
    bare = stem(sought)
    found = ((which, terms.find(phrase) or searched.stems(which).get(bare)) for which, terms in _VOCABULARIES)
    return _exactly(sought) or _known(found)


def _exactly(sought: str) -> tuple[Meaning, ...]:
    found = ((which, terms.by_key.get(sought) or searched.names(which).get(sought)) for which, terms in _VOCABULARIES)
    return _known(found)


@cache
def _by_name(locales: tuple[str, ...]) -> dict[str, tuple[Meaning, ...]]:
    """What every exact name of some letters means: of terms in any language, of places and languages in these."""
    found: dict[str, dict[Meaning, None]] = {}
    for which, terms in _VOCABULARIES:
        for name, code in (*terms.by_key.items(), *searched.names(which).items()):
            if code != "other":
                found.setdefault(name, {})[which, code] = None
    for locale in locales:
        for which, name, code in places.names(locale):
            found.setdefault(name, {})[which, code] = None
        for name, tag in languages.names(locale).items():
            found.setdefault(name, {})["language", tag.partition("-")[0]] = None
    return {name: tuple(meant) for name, meant in found.items() if len(name) > MIN_LETTERS or not name.isascii()}


def _known(found: Iterable[tuple[str, str | None]]) -> tuple[Meaning, ...]:
    return tuple((which, code) for which, code in found if code and code != "other")


def _world(phrase: str, locales: tuple[str, ...]) -> Iterator[Meaning]:
    """The country, region and language of that name. Of the world as a whole nobody can be told apart."""
    if phrase.isascii() and len(phrase) < MIN_LETTERS:
        code = places.country_coded(phrase) if len(phrase) == MIN_LETTERS - 1 else None
        if code:
            yield "country", code
        return
    country, region = places.country_named(phrase, locales), places.region_named(phrase, locales)
    language = languages.named(phrase, locales)
    if country:
        yield "country", country
    if region and region != places.WORLD:
        yield "region", region
    if language:
        yield "language", language.partition("-")[0]


def _locales(phrase: str) -> tuple[str, ...]:
    phrase = unicodedata.normalize("NFKC", phrase)
    found = next((locales for script, locales in _LOCALES if script.search(phrase)), ())
    return found if not found or found[0] == "en" else tuple(dict.fromkeys((*found, "en")))


def _tokens(parameter: str, code: str) -> Iterator[str]:
    match parameter:
        case "service":
            yield index.service_token(code)
        case "client_group":
            yield index.client_group_token(code)
        case "country":
            yield index.country_token(code)
        case "region":
            yield from map(index.country_token, sorted(places.countries_in(code)))
        case "language":
            yield index.language_token(code)
        case "kind":
            yield index.kind_token(listing.KIND_NUMBERS[code])
        case _:
            yield index.type_token(listing.KIND_NUMBERS[parameter.removesuffix("_type")], code)


@cache
def _kinds() -> dict[str, str]:
    return {stem(text.key(name)): kind for kind, names in searched.KINDS.items() for name in names.split(" | ")}
