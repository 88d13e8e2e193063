"""Terms and the vocabularies they make up: found by any name, written as one code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from fednet.listing.stems import stem
from fednet.listing.text import key

LANGUAGES = ("en", "fr", "es", "ar")
"""The languages in which every term has a name, in the order in which `term` takes them."""

MAX_TERMS = 62
"""Bits in a facet mask that fits a signed 64-bit integer with room to spare."""

_TAIL = re.compile(
    r"^(?:sous |sub )?(?:cluster|sector|secteur) (?:de la |de l |du |des |de )?"
    r"| (?:(?:sub )?cluster|sector|secteur|aor|wg|services?|program(?:me|s|mes|ming)?|activities)$"
)


class Term(msgspec.Struct, frozen=True, gc=False):
    """One thing that people name: its code and facet `bit` never change once published.

    `hsds` is the nearest term of the Open Eligibility taxonomy (CC BY-SA 3.0, its slugs), for HSDS `taxonomy_term`;
    empty when there is none. `broader` is the code of the term of the same vocabulary that holds this one (SKOS
    `broader`); empty at the top.
    """

    bit: int
    code: str
    names: dict[str, str]
    definition: str
    synonyms: tuple[str, ...] = ()
    hsds: str = ""
    broader: str = ""


def term(
    bit: int, code: str, names: str, definition: str, synonyms: str = "", hsds: str = "", *, broader: str = ""
) -> Term:
    """A term as the tables of this package write it: names in `LANGUAGES` order and synonyms, separated by ` | `."""
    split = tuple(names.split(" | "))
    return Term(
        bit=bit,
        code=code,
        names=dict(zip(LANGUAGES, split, strict=True)),
        definition=definition,
        synonyms=tuple(synonyms.split(" | ")) if synonyms else (),
        hsds=hsds,
        broader=broader,
    )


class Vocabulary:
    """A closed list of terms. `what` is the word for one of them in messages ("service")."""

    def __init__(self, what: str, terms: Iterable[Term]) -> None:
        self.what = what
        self.terms = tuple(terms)
        self.codes = tuple(term.code for term in self.terms)
        self._by_code = {term.code: term for term in self.terms}

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms)

    def __len__(self) -> int:
        return len(self.terms)

    def term(self, code: str) -> Term | None:
        """The term of that code, or None for a code we do not know (a newer peer's)."""
        return self._by_code.get(code)

    def above(self, code: str) -> tuple[str, ...]:
        """The broader terms of a term, nearest first; none for a code we do not know."""
        found = self._by_code.get(code)
        return (found.broader, *self.above(found.broader)) if found is not None and found.broader else ()

    def find(self, text: str) -> str | None:
        """The code of the term that `text` names (by code, name or synonym in any language we carry), or None."""
        if text in self._by_code:
            return text
        sought = key(text)
        bare = _TAIL.sub("", sought)
        return self.by_key.get(sought) or self.by_key.get(bare) or self._by_stem.get(stem(bare))

    def near(self, text: str) -> str | None:
        """The code that was probably meant by a misspelt `text`, or None."""
        close = difflib.get_close_matches(key(text), self.by_key, n=1, cutoff=0.75)
        return self.by_key[close[0]] if close else None

    def name(self, code: str, language: str = "en") -> str:
        """What to show for a code: its name in that language, else in English, else the code itself."""
        found = self._by_code.get(code)
        if found is None:
            return code
        return found.names.get(language.split("-")[0].lower()) or found.names["en"]

    def mask(self, codes: Iterable[str]) -> int:
        """The facet bits of those codes that we know, as one integer below 2^62."""
        bits = 0
        for code in codes:
            found = self._by_code.get(code)
            if found is not None:
                bits |= 1 << found.bit
        return bits

    @cached_property
    def _by_stem(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for known, code in self.by_key.items():
            found.setdefault(stem(known), code)
        return found

    @cached_property
    def by_key(self) -> dict[str, str]:
        """The code by every name and synonym, as keys (`fednet.listing.text`)."""
        found: dict[str, str] = {}
        for name_of in (_own_names, _synonyms):
            for term in self.terms:
                for name in name_of(term):
                    found.setdefault(key(name), term.code)
        return found


def _own_names(term: Term) -> Iterator[str]:
    yield term.code
    yield from term.names.values()


def _synonyms(term: Term) -> Iterator[str]:
    yield from term.synonyms
