"""A person's words as clauses for the index: the words themselves, or a term of our vocabularies that they name.

"aide juridique" also finds whoever lists the service `legal-aid`, whatever language its texts are in; "泰国" whoever
works in Thailand. Words in quotes and words with a minus mean themselves only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from fednet.listing import places, text
from fednet.listing.vocabulary import CLIENT_GROUPS, SERVICES
from fednet.store import index
from fednet.store.search import Clause

MAX_TERM_WORDS = 5
MIN_LETTERS = 4
"""Of a country's name in a script with spaces: shorter words are mostly something else ("Oman" yes, "per" no)."""

_LITERAL = re.compile(r'"|(?:^|\s)-\S')
_NO_PREFIX = ' ""'
"""Put behind words that are not the last: only the word that a person may still be typing is a beginning."""

# In which languages a country is looked up, by the script of the word: loading all takes longer than the search.
_LOCALES = (
    (re.compile("[\u0600-\u06ff]"), ("ar", "fa", "ur")),
    (re.compile("[\u0e00-\u0e7f]"), ("th",)),
    (re.compile("[\u1000-\u109f]"), ("my",)),
    (re.compile("[\u1780-\u17ff]"), ("km",)),
    (re.compile("[\u3040-\u30ff\u3400-\u9fff]"), ("zh", "zh_Hant", "ja")),
    (re.compile("[\uac00-\ud7ff]"), ("ko",)),
    (re.compile("[\u0400-\u04ff]"), ("ru", "uk")),
    (re.compile("[A-Za-z]"), ("en", "fr", "es")),
)


def clauses(wanted: str) -> tuple[Clause, ...]:
    """What a record must satisfy to be found by these words: every clause. None at all for a text without words."""
    wanted = wanted[: text.MAX_QUERY_CHARACTERS]
    parts = [wanted] if _LITERAL.search(wanted) else list(_phrases(wanted.split()[: text.MAX_QUERY_WORDS]))
    found = []
    for part in parts:
        words = () if _LITERAL.search(part) else named(part)
        expression = text.query(part if part is parts[-1] else part + _NO_PREFIX)
        if expression or words:
            found.append(Clause(expression, words))
    return tuple(found)


@lru_cache(4096)
def named(phrase: str) -> tuple[str, ...]:
    """The facet words of the service, client group and country that a phrase names in any language; mostly none."""
    service, group, country = SERVICES.find(phrase), CLIENT_GROUPS.find(phrase), _country(phrase)
    words = (
        service and index.service_token(service),
        group and index.client_group_token(group),
        country and index.country_token(country),
    )
    return tuple(word for word in words if word)


def _phrases(words: list[str]) -> Iterator[str]:
    """The words in order, those together that name a term together, the longest first."""
    start = 0
    while start < len(words):
        longest = min(len(words), start + MAX_TERM_WORDS)
        ends = (end for end in range(longest, start, -1) if named(" ".join(words[start:end])))
        end = next(ends, start + 1)
        yield " ".join(words[start:end])
        start = end


def _country(phrase: str) -> str | None:
    if phrase.isascii() and len(phrase) < MIN_LETTERS:
        return places.country_code(phrase) if phrase.isupper() and len(phrase) == MIN_LETTERS - 1 else None
    sought = text.key(phrase)
    locales = next((locales for script, locales in _LOCALES if script.search(phrase)), ())
    return next((code for locale in locales if (code := _countries(locale).get(sought))), None) if sought else None


@cache
def _countries(locale: str) -> dict[str, str]:
    """Country codes by the key of their name in a language: the whole `Myanmar (Burma)`, and either part."""
    found: dict[str, str] = {}
    for code in places.codes():
        shown = places.name(code, locale)
        for one in (shown, *re.split(r"[()（）]", shown)):
            found.setdefault(text.key(one), code)
    return found
