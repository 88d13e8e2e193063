"""What pages and letters say, in the reader's language: gettext messages, English as written in the code.

Catalogues are `locale/<language>.po`; `python -m fednet.web.catalogue` brings them up to date. The language of a
request is a context variable, as its answer is made in a thread of its own; starlette hands it on.

Rooms below this one speak English only (errors, reasons). Their sentences stand in the catalogues as well, marked as
phrases; `phrase` finds by its pattern which one it is, and says it in the reader's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from fednet.listing import languages, places, vocabulary

LANGUAGES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}
"""Languages of the pages, by BCP 47 tag, each as it calls itself."""
SOURCE = "en"
COOKIE = "language"
"""What a reader chose; it tells nothing else of them."""
LOCALE = Path(__file__).parent / "locale"
PHRASE = "phrase"
"""The comment in a catalogue that marks a sentence of the rooms below."""
MAX_PHRASE = 1_000
"""Characters of a sentence that is looked for among the phrases; longer ones are shown as they are."""
MAX_TAGS = 50
"""Languages of an Accept-Language header that are read."""

_CLDR = {"en": "en_GB", "fr": "fr", "es": "es", "ar": "ar"}  # British, as the code is written

_speaking: ContextVar[str] = ContextVar("speaking", default=SOURCE)


# --- which language ---------------------------------------------------------------------------------------------------


def speaking() -> str:
    """The language of the answer that is being made."""
    return _speaking.get()


def speak(language: str) -> None:
    """From now on, in this request."""
    _speaking.set(language if language in LANGUAGES else SOURCE)


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """For as long as the block lasts."""
    before = _speaking.set(language if language in LANGUAGES else SOURCE)
    try:
        yield
    finally:
        _speaking.reset(before)


def locale() -> Locale:
    """CLDR's rules of the language that is spoken."""
    return _locale(speaking())


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(_CLDR[language])


def direction() -> str:
    """`ltr` or `rtl`, of the page as a whole."""
    return locale().text_direction


def negotiated(choice: str | None, accept: str) -> str:
    """The language to answer in: the one that was chosen, else the best of Accept-Language (RFC 9110, 12.5.4)."""
    if choice in LANGUAGES:
        return choice
    ranked = []
    for at, part in enumerate(accept.split(",", MAX_TAGS)[:MAX_TAGS]):
        tag, _, weight = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in LANGUAGES and (how_much := _weight(weight)) > 0:
            ranked.append((-how_much, at, primary))
    return min(ranked)[2] if ranked else SOURCE


def _weight(parameter: str) -> float:
    """What follows a tag's semicolon: 1 where nothing does, 0 where it cannot be read (RFC 9110, 12.4.2)."""
    found = re.fullmatch(r"\s*(?:q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", parameter, re.IGNORECASE)
    return min(float(found[1] or 1), 1.0) if found else 0.0


# --- messages ---------------------------------------------------------------------------------------------------------


def gettext(message: str) -> str:
    return catalogue(speaking()).messages.gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return catalogue(speaking()).messages.ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """For one English word that is two elsewhere: `pgettext("verb", "Open")`."""
    return str(catalogue(speaking()).messages.pgettext(context, message))


def noted(message: str) -> str:
    """Marks a message that is translated where it is shown: `gettext(noted("..."))` later, by a constant."""
    return message


def noted_many(one: str, many: str) -> tuple[str, str]:
    """The same of a message with a number: `ngettext(*noted_many("%(number)s event", "%(number)s events"), count)`."""
    return one, many


class Phrase(NamedTuple):
    """A sentence of the rooms below: its pattern, and what it is here, `%(name)s` standing for the groups.

    One that says little itself is `doubtful`: it counts only if what stands in it is known as well.
    """

    pattern: re.Pattern[str]
    said: str
    doubtful: bool


class Catalogue(NamedTuple):
    """What is said in one language. `plain` are phrases as they are, `phrases` those with something to fill in, and
    reasons behind what they speak of; those first that say most themselves.
    """

    messages: NullTranslations
    plain: Mapping[str, str]
    phrases: tuple[Phrase, ...]


@cache
def catalogue(language: str) -> Catalogue:
    """The messages of a language; English has none, as it is what the code says."""
    path = LOCALE / f"{language}.po"
    if language == SOURCE or not path.exists():
        return Catalogue(NullTranslations(), {}, ())
    with path.open("rb") as file:
        return compiled(read_po(file, locale=language))


def compiled(found: Catalog) -> Catalogue:
    out = BytesIO()
    write_mo(out, found)
    out.seek(0)
    known = {
        message.id: str(message.string)
        for message in found
        if isinstance(message.id, str) and message.string and PHRASE in message.auto_comments
    }
    longest = sorted(known, key=_letters, reverse=True)
    return Catalogue(
        Translations(out),
        {english: said for english, said in known.items() if "%(" not in english},
        tuple(phrase for english in longest for phrase in _phrases(english, known[english])),
    )


def _phrases(english: str, said: str) -> Iterator[Phrase]:
    """A phrase with something to fill in; a reason once more, behind what it speaks of."""
    doubtful = "%(" in english and _letters(english) < SURE
    if _REASON.match(english):
        behind = f"%({SUBJECT})s {as_pattern(english, said)}"
        yield Phrase(pattern(f"%({SUBJECT})s {english}"), behind, doubtful)
    if "%(" in english:
        yield Phrase(pattern(english), said, doubtful)


SURE = 10
"""Letters of its own from which on a phrase is one, whatever stands in it."""
SUBJECT = "its_subject"
_PLACE = re.compile(r"%\((\w+)\)s")
_REASON = re.compile(r"(?:is|are|has|may be|must be|lies|lists|holds|names|does not|cannot be) ")
"""How a reason begins: `names.en: "<b>" is not text` (`listing/fields.py: ListingError`)."""


def pattern(message: str) -> re.Pattern[str]:
    """What a message with `%(name)s` in it looks like once it is filled in."""
    parts = _PLACE.split(message)
    text = (f"(?P<{part}>.+?)" if at % 2 else re.escape(part.replace("%%", "%")) for at, part in enumerate(parts))
    return re.compile("".join(text), re.DOTALL)


def as_pattern(english: str, said: str) -> str:
    """A translation to be filled in by `%`, whether or not there was anything to fill in."""
    return said if "%(" in english else said.replace("%", "%%")


def _letters(message: str) -> int:
    """How much a phrase says itself: the more, the less likely it is that another one was meant."""
    return len(_PLACE.sub("", message))


# --- phrases of the rooms below ---------------------------------------------------------------------------------------


class Told(NamedTuple):
    """A phrase in the reader's language: `%(name)s` in `text` stand for `values`, which are somebody's words."""

    text: str
    values: Mapping[str, str]


def told(text: str) -> Told | None:
    """A sentence of a lower room in the reader's language; None where no catalogue knows it."""
    known = catalogue(speaking())
    if (said := known.plain.get(text)) is not None:
        return Told(as_pattern(text, said), {})
    for one in known.phrases if len(text) <= MAX_PHRASE else ():
        found = one.pattern.fullmatch(text)
        if found and not (one.doubtful and _is_unknown(found.groupdict())):
            return Told(one.said, {name: value(name, part) for name, part in found.groupdict().items()})
    return None


def _is_unknown(filled: Mapping[str, str]) -> bool:
    """Whether there are phrases or names to be expected in a phrase, and none is known."""
    return all(value(name, part) == part for name, part in filled.items())


def phrase(text: str) -> str:
    """A sentence of a lower room in the reader's language, as plain text; as it is where nobody translated it."""
    found = told(text) if speaking() != SOURCE else None
    return found.text % found.values if found else text


NESTED = frozenset(
    {"what", "how", "reason", "error", "detail", "fits", "words", "counted", "most_gone", "told", "joined"}
)
"""Places in phrases where another phrase may stand; what stands elsewhere is somebody's words."""


def value(name: str, text: str) -> str:
    """What was filled into a phrase: the English names of terms, countries and languages; at some places a phrase."""
    names = _names(speaking())
    parts = text.split(", ")
    if all(part in names for part in parts):
        return _COMMA.get(speaking(), ", ").join(names[part] for part in parts)
    return _SEMICOLON.get(speaking(), "; ").join(map(phrase, text.split("; "))) if name in NESTED else text


_COMMA = {"ar": "، "}
_SEMICOLON = {"ar": "؛ ", "fr": "\u202f; "}


@cache
def _names(language: str) -> dict[str, str]:
    """What terms, countries and languages are called in English, and in another language."""
    terms = {one.names[SOURCE]: one.names[language] for known in vocabulary.ALL for one in known}
    countries = {places.name(code): places.name(code, language) for code in (*places.codes(), *places.region_codes())}
    tongues = {str(name): languages.name(tag, language) for tag, name in _locale(SOURCE).languages.items()}
    return {**tongues, **countries, **terms}
