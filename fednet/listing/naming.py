"""What a text names: terms of the vocabularies and countries, by any name that we carry.

A hint, never a statement: people leave fields empty, and say in the title for whom it is and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from fednet.listing import places, searched
from fednet.listing.stems import FILLERS, stem
from fednet.listing.text import is_unspaced, key
from fednet.listing.vocabulary import CLIENT_GROUPS, MODALITIES, SERVICES

MOST_LETTERS = 4_000
"""Of a text; what a person writes about one need is shorter."""
LONGEST = 6
"""Words of a phrase."""
SHORT = 4
"""Letters up to which a word in Latin letters names something only when it is written in capitals (RSD, WASH, UK)."""

UNTOLD = frozenset("training research coordination refugee-response emergency-telecommunications".split())
"""Services whose names are everyday words in this trade: a text that has them says nothing by it."""

_EVERYDAY = (
    "information | return | recovery | relief | registration | orientation | supply | general public | transport | "
    "legal | work | travail | trabajo | عمل | flat | transporte | urgence | advice | event to attend | resilience | "
    "parents | financial assistance | multi | displaced | immigrants | partnership | pairing | accompagnement | "
    "partenariat | asociación | شراكة | bourse | beca | prácticas | stage | etc | same | min | log | fellowship"
)
"""Names and synonyms that stand in too many sentences in which they mean something else."""

_BESIDES = {
    "sponsorship-resettlement": (
        "resettle | resettled | resettling | sponsor | sponsors | réinstaller | réinstallés | parrainer | reasentar | "
        "reasentados | patrocinar"
    ),
    "settlement-integration": "integrate | integrating | intégrer | integrar",
    "psychosocial": "trauma | burnout | exhausted | exhaustion | nightmares | épuisement | cauchemars | agotamiento",
    "grants": (
        "grant | costs | travel costs | money | frais | coûts | argent | gastos | costos | costes | fondo | dinero | "
        "تكاليف | مال | منحة"
    ),
}
"""Phrases that name a service in a text, and would be no name of it in a form."""

Meant = tuple[str, str]
"""What is named: the field of `Named`, and the code."""


class Named(NamedTuple):
    """Codes that texts name, each once, in alphabetical order; regions stand among countries."""

    services: tuple[str, ...] = ()
    client_groups: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


def named(texts: Iterable[tuple[str, str]]) -> Named:
    """What texts name, given with their language tags.

    Terms are found by their names in any language, for what people say of the language of a text is often wrong;
    countries by those in English and in that language.
    """
    found: dict[str, set[str]] = {field: set() for field in Named._fields}
    for tag, text in texts:
        for field, code in _standing(text[:MOST_LETTERS], tag):
            found[field].add(code)
    return Named(*(tuple(sorted(found[field])) for field in Named._fields))


def _standing(text: str, tag: str) -> Iterator[Meant]:
    whole = key(text)
    capitals = {word.lower() for word in _CAPITALS.findall(text)}
    words = [word for word in whole.split() if word not in FILLERS]
    is_telling = [_is_telling(word, capitals) for word in words]
    yield from _among(_terms().spaced, list(map(stem, words)), is_telling)
    for countries in map(_countries, dict.fromkeys(("en", _locale(tag)))):
        yield from _among(countries.spaced, words, is_telling)
        yield from _within(countries.unspaced, whole)
    yield from _within(_terms().unspaced, whole)


_CAPITALS = re.compile(r"\b([A-Z]{2,})s?\b")


def _is_telling(word: str, capitals: set[str]) -> bool:
    """Whether a word can be a name alone."""
    if len(word) > SHORT or not word.isascii() or word in _SHORT_NAMES:
        return True
    return word in capitals or word.removesuffix("s") in capitals


_SHORT_NAMES = frozenset("chad cuba fiji food girl girls iran iraq irak laos list mali oman peru togo".split())


def _among(table: Mapping[str, Meant], words: list[str], is_telling: list[bool]) -> Iterator[Meant]:
    """What stands in a text; of two phrases that overlap the one that begins first, and the longer one."""
    at = 0
    while at < len(words):
        lengths = range(min(LONGEST, len(words) - at), 0 if is_telling[at] else 1, -1)
        length = next((n for n in lengths if " ".join(words[at : at + n]) in table), 0)
        if length:
            yield table[" ".join(words[at : at + length])]
        at += length or 1


def _within(table: Mapping[str, Meant], whole: str) -> Iterator[Meant]:
    return (meant for phrase, meant in table.items() if phrase in whole)


# --- names ------------------------------------------------------------------------------------------------------------


class Phrases(NamedTuple):
    """Phrases by how they are looked for: as words one after another, and of scripts without spaces as letters."""

    spaced: dict[str, Meant]
    unspaced: dict[str, Meant]


@cache
def _terms() -> Phrases:
    found = Phrases({}, {})
    everyday = {key(one) for one in _EVERYDAY.split(" | ")}
    for phrase, meant in _names():
        if phrase in everyday or not phrase:
            continue
        if is_unspaced(phrase.replace(" ", "")):
            found.unspaced.setdefault(phrase, meant)
        else:
            spaced = " ".join(stem(word) for word in phrase.split() if word not in FILLERS)
            found.spaced.setdefault(spaced, meant)
    found.spaced.pop("", None)
    return found


def _names() -> Iterator[tuple[str, Meant]]:
    """Every name of a term as a key; those of the vocabularies before what people say besides."""
    for field, vocabulary in (
        ("client_groups", CLIENT_GROUPS),
        ("services", SERVICES),
        ("modalities", MODALITIES),
    ):
        untold = UNTOLD if vocabulary is SERVICES else ()
        yield from ((name, (field, code)) for name, code in vocabulary.by_key.items() if code not in untold)
    for code, said in _BESIDES.items():
        yield from ((key(name), ("services", code)) for name in said.split(" | "))
    for field, parameter in (("client_groups", "client_group"), ("services", "service")):
        for name, code in searched.names(parameter).items():
            if code not in UNTOLD:
                yield name, (field, code)


@cache
def _countries(locale: str) -> Phrases:
    found = Phrases({}, {})
    for _, name, code in places.names(locale):
        table = found.unspaced if is_unspaced(name.replace(" ", "")) else found.spaced
        table.setdefault(name, ("countries", code))
    return found


def _locale(tag: str) -> str:
    """The language of a tag, if its names of countries are carried; else English."""
    language = tag.partition("-")[0].lower()
    return language if language in places.LOCALES else "en"
